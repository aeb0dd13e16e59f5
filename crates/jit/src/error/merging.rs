//! What merging, importing and exporting the data plane say when they do not work.

use std::path::Path;
use std::time::Duration;

use jit_core::decide::Unearned;
use jit_core::{Reference, span};
use jit_git::ProgramError;
use jit_tracker::merge::Clash;
use serde_json::{Value, json};

use super::{Code, Failure, shown};
use crate::shell::quoted;

impl Failure {
    /// Both sides changed the same fields of an issue, or are of two.
    pub(crate) fn merge_conflict(file: &str, clashes: &[Clash]) -> Self {
        let fields: Vec<&str> = clashes.iter().map(|clash| clash.field).collect();
        let both = |Clash { field, ours, theirs }: &Clash| {
            format!("{field}: ours is \"{}\", theirs is \"{}\"", shown(ours), shown(theirs))
        };
        Self::new(
            Code::MergeConflict,
            format!("{file}: each side has a value of its own: {}", fields.join(", ")),
        )
        .details(clashes.iter().map(both).collect())
        .hint(choose(file))
        .context(json!({ "file": file, "fields": fields, "clashes": clashes.iter().map(clash_json).collect::<Vec<_>>() }))
    }

    /// A file that is no issue was merged by lines, with a conflict.
    pub(crate) fn merged_by_lines(file: &str, what: &str) -> Self {
        Self::new(Code::MergeConflict, what).hint(choose(file)).context(json!({ "file": file }))
    }

    /// What ends a conflict in a file at `path` that nobody but a person can solve.
    pub(crate) fn choose(self, root: &Path, path: &Path) -> Self {
        let file = path.strip_prefix(root).unwrap_or(path).to_string_lossy();
        self.hint(format!(
            "keep one of each two sides that are marked (of sets, what either has), and then: git -C {} add -- {}",
            quoted(&root.to_string_lossy()),
            quoted(&file)
        ))
    }

    /// A line of a stream that is to be imported.
    pub(crate) fn bad_stream(file: &str, line: usize, problem: &str) -> Self {
        Self::new(Code::BadUsage, format!("{file}, {problem}"))
            .hint("nothing was imported: correct that line, or take it out")
            .context(json!({ "file": file, "line": line }))
    }

    /// What is to be imported says that issues are done that are not done here.
    pub(crate) fn done_by_import(unearned: &[Unearned]) -> Self {
        let issues: Vec<&Reference> = unearned.iter().map(|unearned| &unearned.issue).collect();
        let named = issues.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let gated = unearned.iter().find(|unearned| unearned.gated);
        let (code, needed, hint) = match (unearned.iter().find(|unearned| !unearned.gated), gated) {
            (Some(Unearned { issue, .. }), _) => (
                Code::NeedsLease,
                "done needs a lease",
                format!("jit claim acquire {issue} && jit claim release {issue} --done"),
            ),
            (None, gated) => {
                let issue = gated.map(|unearned| unearned.issue.to_string()).unwrap_or_default();
                (Code::GateOpen, "gates are open", format!("see which: jit issue show {issue}"))
            }
        };
        Self::new(code, format!("done there and not here, where {needed}: {named}"))
            .hint(hint)
            .context(json!({ "issues": issues }))
    }

    /// Another process of this worktree changes issues.
    pub(crate) fn issues_locked(lock: &Path, by: Option<&str>, waited: Duration) -> Self {
        let who = by.map(|by| format!(" by {by}")).unwrap_or_default();
        let what = format!("the issues of this worktree are locked{who}; gave up after {}", span(waited));
        Self::new(Code::Locked, what).context(json!({ "lock": lock.display().to_string(), "held_by": by }))
    }

    /// Git could not do what was asked of it.
    pub(crate) fn git(error: &ProgramError) -> Self {
        Self::new(Code::GitFailed, error.to_string())
    }
}

fn clash_json(clash: &Clash) -> Value {
    json!({ "field": clash.field, "ours": clash.ours, "theirs": clash.theirs })
}

/// What ends a conflict.
fn choose(file: &str) -> String {
    format!("keep one of each two sides that are marked, and then: git add -- {}", quoted(file))
}
