//! What agents are told before they act.

use jit_core::{Ended, Lease, Mode, Now, Successor};
use serde_json::json;

use super::{Code, Failure};
use crate::agents::Program;
use crate::look::Look;
use crate::paths::argument;
use crate::render::json::ended as ended_json;
use crate::render::text::{ending, left, whole};
use crate::shell::quoted;

impl Failure {
    /// What a program is about to do can't be made out.
    pub(crate) fn unread_call(program: Program, why: &str) -> Self {
        Self::new(Code::BadUsage, format!("what {} sent can't be read: {why}", program.name()))
            .hint("show this to a person: the program and jit may be of different times")
    }

    /// A lease has lapsed, and nobody has it yet.
    pub(crate) fn has_lapsed(lease: &Lease, now: &Now) -> Self {
        let what = whole(&lease.issues, &lease.scope);
        Self::new(Code::LeaseLost, format!("your lease {} of {what} {}", lease.id, left(lease, now)))
            .hint(format!("if you still work on it, take it anew: {}", anew(lease)))
            .context(json!({ "lease_id": lease.id }))
    }

    /// A lease was lost.
    pub(crate) fn was_lost(lost: &Ended, by: Option<&Successor>, look: &Look) -> Self {
        let failure = Self::new(Code::LeaseLost, ending(lost)).context(ended_json(lost));
        let Some(by) = by else {
            return failure.hint(format!(
                "if you still work on it, take it anew: {}; if not: jit claim abandon",
                anew(&lost.lease)
            ));
        };
        let place = look.places.get(&by.holder.worktree).map(|place| format!(", in {}", place.display()));
        let who =
            format!("{} took over, as lease {}{}", by.holder.agent, by.lease, place.unwrap_or_default());
        failure
            .details(vec![who])
            .hint("leave it to them; put your changes aside or hand them over, and then: jit claim abandon")
    }
}

/// The command that takes the same again; the one that shows what that was, where it is too much.
fn anew(lease: &Lease) -> String {
    const MOST: usize = 10;
    let (issues, paths) = (&lease.issues, lease.scope.patterns());
    if issues.len() + paths.len() > MOST {
        return format!("jit claim status {}", lease.id);
    }
    let issues = issues.iter().map(|issue| format!(" {issue}"));
    let paths = paths.iter().map(|path| format!(" --path {}", quoted(&argument(path))));
    let shared = (lease.scope.mode() == Mode::Shared).then(|| " --shared".to_owned());
    format!("jit claim acquire{}", issues.chain(paths).chain(shared).collect::<String>())
}
