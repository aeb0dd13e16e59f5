//! What the doctor says of ends that only a file in this worktree, or only the log, knows.

use std::path::{Path, PathBuf};

use jit_core::{IssueId, Lease, Outcome, WallTime};

use crate::finding::{Finding, Kind, Needs};
use crate::issues::elsewhere::Elsewhere;

impl Finding {
    /// Nobody holds it, and others would do it again.
    pub(crate) fn unrecorded(path: PathBuf) -> Self {
        let what = format!(
            "{} says that the work was done; whoever did it was stopped before the log knew, and others would do it again",
            path.display()
        );
        Self::new(Kind::Unrecorded, Needs::Fix, what).at(path)
    }

    /// Whoever did it holds it still: it is about to say so, or was stopped. `options` are the
    /// holder's.
    pub(crate) fn unreleased(path: PathBuf, issue: IssueId, lease: &Lease, options: &str) -> Self {
        let (file, agent) = (path.display(), &lease.holder.agent);
        let what = format!("{file} says that the work was done, and {agent} has not released it yet");
        let hint = format!("if it was stopped before it could: jit {options}claim release {issue} --done");
        Self::new(Kind::Unrecorded, Needs::Nothing, what).at(path).hint(hint)
    }

    /// The log knows that it ended, and no file in any worktree or on any branch.
    pub(crate) fn end_nowhere(path: PathBuf, issue: IssueId, place: &Elsewhere, options: &str) -> Self {
        let what = format!(
            "{issue} was {}, and no worktree's files and no branch say so: it may never have been committed",
            place.told()
        );
        let jit = format!("jit {options}issue");
        let hint = match place.outcome.is_worked() {
            true => format!(
                "if the work is there, let this worktree's file say so: {jit} close {issue}; if it is lost, let it be done anew: {jit} reopen {issue}"
            ),
            false if place.deleted => format!(
                "delete it here, too: {jit} delete {issue}; if it is to be done after all: {jit} reopen {issue}"
            ),
            false => format!(
                "let this worktree's file say so: {jit} close {issue} --rejected; if it is to be done after all: {jit} reopen {issue}"
            ),
        };
        Self::new(Kind::EndNowhere, Needs::Person, what).at(path).hint(hint)
    }

    /// It was said not to be done since; perhaps there is another worktree whose file knows that, too.
    pub(crate) fn undone(
        path: PathBuf,
        issue: IssueId,
        (at, outcome): (WallTime, Outcome),
        known_in: Option<&Path>,
        options: &str,
    ) -> Self {
        let what = format!(
            "{} says that it is {}, and since then, at {at}, it was reopened or released undone",
            path.display(),
            outcome.name()
        );
        let jit = format!("jit {options}");
        let (needs, hint) = match known_in {
            Some(root) => (
                Needs::Nothing,
                format!("the file in {} knows it: commit it there, and merge it here", root.display()),
            ),
            None => {
                let kept = match outcome {
                    Outcome::Rejected => {
                        format!("if nobody is to do it: {jit}issue close {issue} --rejected")
                    }
                    Outcome::Done | Outcome::Gated => format!(
                        "if it is done: {jit}issue reopen {issue} && {jit}claim acquire {issue} && {jit}claim release {issue} --done"
                    ),
                };
                let reopened = format!("let this file say so: {jit}issue reopen {issue}");
                (
                    Needs::Person,
                    format!("merge the branch that reopened it; if there is none, {reopened}; {kept}"),
                )
            }
        };
        Self::new(Kind::Unrecorded, needs, what).at(path).hint(hint)
    }

    /// Somebody in another worktree does it again.
    pub(crate) fn done_twice(path: PathBuf, issue: IssueId, lease: &Lease, options: &str) -> Self {
        let (file, agent) = (path.display(), &lease.holder.agent);
        let what =
            format!("{file} says that the work was done, and {agent} works on it again in another worktree");
        let hint = format!(
            "tell {agent}, who may take over what is here; if it does not count, a person says so: jit {options}issue reopen {issue}"
        );
        Self::new(Kind::Unrecorded, Needs::Person, what).at(path).hint(hint)
    }
}
