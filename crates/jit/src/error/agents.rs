//! What agents are told before they act.

use std::path::{Path, PathBuf};

use jit_core::{Ended, Lease, Now, Pattern, Successor};
use serde_json::json;

use super::held::anew;
use super::{Code, Failure};
use crate::agents::Program;
use crate::look::Look;
use crate::render::json::ended as ended_json;
use crate::render::text::{ending, left, one_line, whole};
use crate::setup::Tool;

impl Failure {
    /// What a program is about to do can't be made out.
    pub(crate) fn unread_call(program: Program, why: &str) -> Self {
        Self::new(Code::BadUsage, format!("what {} sent can't be read: {why}", program.name())).hint(format!(
            "show this to a person, who can take the hook out: jit setup {} --remove",
            program.name()
        ))
    }

    /// A name that is no tool's which jit can set up.
    pub(crate) fn no_such_tool(name: &str) -> Self {
        let known = Tool::ALL.map(Tool::name).join(", ");
        Self::usage(&format!("jit can't set {:?} up; it can {known}", super::shown(name)), "jit setup --help")
    }

    /// There is no worktree to set tools up in.
    pub(crate) fn not_set_up_here() -> Self {
        Self::new(Code::BadUsage, "programs are set up by files of a worktree, and this is a bare repository")
            .hint("go into one of its worktrees: jit worktree list")
    }

    /// Some tools could not be set up; these files are as they were asked for.
    pub(crate) fn not_all_set_up(failed: Vec<Self>, files: &[(PathBuf, &str)]) -> Option<Self> {
        let mut failed = failed.into_iter();
        let mut first = failed.next()?;
        let others: Vec<Self> = failed.collect();
        first.context["others"] = others.iter().map(|failure| failure.context.clone()).collect();
        first.context["files"] =
            files.iter().map(|(path, did)| json!({ "path": path, "did": did })).collect();
        first.details.extend(others.into_iter().map(|failure| failure.message));
        first.details.extend(files.iter().map(|(path, did)| format!("{did}  {}", path.display())));
        Some(first)
    }

    /// A file of a tool's is not of its format.
    pub(crate) fn malformed(path: &Path, line: usize, column: usize, what: &str) -> Self {
        Self::new(Code::BrokenFile, format!("{}, line {line}, column {column}: {what}", path.display()))
            .hint("correct that file, which is as it was, and run the same command again")
            .context(json!({ "file": path, "line": line, "column": column }))
    }

    /// It is, and not as the tool has it.
    pub(crate) fn unlike(path: &Path, what: &str) -> Self {
        Self::new(Code::BrokenFile, format!("{}: {what}", path.display()))
            .hint("correct that file, which is as it was, and run the same command again")
            .context(json!({ "file": path }))
    }

    /// No failure: what was claimed in the agent's place, by a lease of its own or by one that grew.
    pub(crate) fn was_claimed(lease: &Lease, paths: &[Pattern], grew: bool) -> Self {
        const MOST: usize = 10;
        let named: Vec<String> =
            paths.iter().take(MOST).map(|path| one_line(&path.plain().to_string())).collect();
        let more = paths.len().checked_sub(MOST + 1).map(|more| format!(" and {} more", more + 1));
        let what = format!("{}{}", named.join(", "), more.unwrap_or_default());
        Self::new(Code::Held, format!("jit claimed {what} for you, by lease {}, for {}", lease.id, lease.ttl))
            .hint(match grew {
                // It is more than what was claimed now.
                true => {
                    format!("it goes with that lease; before its time is over: jit claim renew {}", lease.id)
                }
                false => format!(
                    "before its time is over: jit claim renew {}; when you are done: jit claim release {}",
                    lease.id, lease.id
                ),
            })
            .context(json!({ "lease_id": lease.id }))
    }

    /// A lease has lapsed, and nobody has it yet.
    pub(crate) fn has_lapsed(lease: &Lease, now: &Now) -> Self {
        let what = whole(&lease.issues, &lease.scope);
        Self::new(Code::LeaseLost, format!("your lease {} of {what} {}", lease.id, left(lease, now)))
            .hint(format!("if you still work on it, take it anew: {}", anew(lease, "")))
            .context(json!({ "lease_id": lease.id }))
    }

    /// A lease was lost.
    pub(crate) fn was_lost(lost: &Ended, by: Option<&Successor>, look: &Look) -> Self {
        let failure = Self::new(Code::LeaseLost, ending(lost)).context(ended_json(lost));
        let Some(by) = by else {
            return failure.hint(format!(
                "if you still work on it, take it anew: {}; if not: jit claim abandon",
                anew(&lost.lease, "")
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
