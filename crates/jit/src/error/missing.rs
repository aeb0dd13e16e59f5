//! What is said of what is not there, or can't be used as it is.

use std::io;
use std::path::Path;

use jit_core::{Facts, IssueId, Lease, PolicyWarning, Reference, Spelled};
use jit_tracker::dependencies::LinkError;
use jit_tracker::{Dependency, ResolveError};
use serde_json::json;

use super::{Code, Failure, shown};
use crate::issues::elsewhere::Elsewhere;
use crate::shell::quoted;

impl Failure {
    pub(crate) fn no_such_issue(text: &str) -> Self {
        Self::new(Code::IssueNotFound, format!("there is no issue `{text}`"))
            .hint("see what there is: jit query all")
            .context(json!({ "reference": text }))
    }

    /// What was typed could be the beginning of too many.
    pub(crate) fn too_few_digits(text: &str, why: &ResolveError) -> Self {
        Self { message: why.to_string(), ..Self::no_such_issue(text) }
    }

    /// Work on an issue can't be called done where nothing is known of its gates.
    pub(crate) fn out_of_sight(id: IssueId, facts: &Facts) -> Self {
        let (what, first) = match &facts.ended_by {
            Some(by) if facts.deleted => (
                format!("{id} was deleted by {} at {}", by.by.agent, by.at),
                format!("ask {} whether it is to be had back", by.by.agent),
            ),
            _ => (
                format!("the file of {id} can't be seen from here, nor what gates it has"),
                "check out the branch that has it and say it again".to_owned(),
            ),
        };
        Self::new(Code::IssueNotFound, what)
            .hint(format!("{first}; or give it up undone: jit claim release {id}"))
            .context(json!({ "issue": id }))
    }

    /// Where an issue waits for one that is not there any more.
    pub(crate) fn or_wait_no_more(self, issue: &Reference, on: &IssueId) -> Self {
        self.hint(format!(
            "there is no issue {on} here any more; to wait for it no more: jit dep rm {issue} {on}"
        ))
    }

    /// What the leases don't have as done is not done by a word.
    pub(crate) fn not_done_yet(issue: IssueId) -> Self {
        Self::usage(
            "the leases do not know that it was done: say --rejected, or do it",
            &format!(
                "jit claim acquire {issue}, and when it is done: jit claim release {issue} --done; if nobody will do it: jit issue close {issue} --rejected"
            ),
        )
    }

    /// Of one that a merge has left together with its deletion, a person says which counts.
    pub(crate) fn half_deleted(issue: IssueId, what: &str, way: &str) -> Self {
        let what = format!("nothing was changed: {what}");
        Self::new(Code::HalfDeleted, what).hint(way).context(json!({ "issue": issue }))
    }

    /// Work that another branch or worktree has: this one's file says so once it is here.
    pub(crate) fn to_be_merged(issue: IssueId, place: &Elsewhere) -> Self {
        let what = format!("nothing was written: {issue} was {}, and is not in your files", place.told());
        Self::new(Code::WorkElsewhere, what).hint(&place.way).context(json!({ "issue": issue }))
    }

    /// Issues that this one does not wait for.
    pub(crate) fn not_waited_for(issue: IssueId, on: &Dependency) -> Self {
        Self::new(Code::IssueNotFound, format!("{issue} does not wait for {on}; nothing was changed"))
            .hint(format!("see what it waits for: jit issue show {issue}"))
            .context(json!({ "issue": issue, "on": on }))
    }

    /// Where a name would do as well.
    pub(crate) fn or_a_name(self, word: &str) -> Self {
        match format!("name:{word}").parse::<Spelled>() {
            Ok(_) => self.hint(format!(
                "see what issues there are: jit query all; for a thing outside any tracker, write name:{word}"
            )),
            Err(_) => self,
        }
    }

    /// It is a path of a lease that has no reference.
    pub(crate) fn by_its_id(self, lease: &Lease) -> Self {
        self.hint(format!("a lease of paths alone goes by its id: jit claim status {}", lease.id))
    }

    /// The beginning of several issues' ids.
    pub(crate) fn ambiguous(word: &str, candidates: &[IssueId]) -> Self {
        Self::new(
            Code::Ambiguous,
            format!("`{}` is the beginning of {} issues", shown(word), candidates.len()),
        )
        .details(candidates.iter().map(ToString::to_string).collect())
        .hint("write more of its digits")
        .context(json!({ "candidates": candidates }))
    }

    /// What can't be waited for. Each of a cycle but the first waits for the next already.
    pub(crate) fn no_dependency(error: &LinkError) -> Self {
        match error {
            LinkError::Nothing { .. } => {
                Self::new(Code::IssueNotFound, error.to_string()).hint("jit query all")
            }
            LinkError::Cycle { cycle } => {
                let failure = match &cycle[..] {
                    [_, on, next, ..] => Self::new(Code::Cycle, error.to_string())
                        .hint(format!("take one of them out, such as: jit dep rm {on} {next}")),
                    _ => Self::new(Code::Cycle, "an issue can't wait for itself")
                        .hint("name another: jit query all"),
                };
                failure.context(json!({ "cycle": cycle }))
            }
        }
    }

    /// Issues are written in a worktree.
    pub(crate) fn no_worktree() -> Self {
        Self::new(Code::BadUsage, "issues are files of a worktree, and this is a bare repository")
            .hint("go into one of its worktrees: jit worktree list")
    }

    /// A directory that is there and can't be read.
    pub(crate) fn not_read(path: &Path, error: &io::Error) -> Self {
        let failure = Self::new(Code::NotReadable, format!("{} can't be read: {error}", path.display()));
        match (error.kind(), path.parent()) {
            (io::ErrorKind::NotADirectory, Some(above)) => {
                let [above, path] = [above, path].map(|path| quoted(&path.to_string_lossy()));
                failure.hint(format!("look at what stands there: ls -ld {above} {path}"))
            }
            (io::ErrorKind::NotFound, _) if path.is_symlink() => {
                let path = quoted(&path.to_string_lossy());
                failure.hint(format!("it is a symlink to what is not there; look: ls -ld {path}"))
            }
            _ => failure,
        }
    }

    pub(crate) fn no_such_source(source: &str, text: &str) -> Self {
        Self::new(Code::IssueNotFound, format!("there is no issue source `{source}` here"))
            .hint("for a thing outside any tracker, write name:THING")
            .context(json!({ "reference": text }))
    }

    pub(crate) fn no_such_worktree(text: &str) -> Self {
        Self::new(Code::WorktreeNotFound, format!("there is no worktree of the id `{}`", shown(text)))
            .hint("jit worktree list")
    }

    /// A lease's id together with something else.
    pub(crate) fn lease_among_others(text: &str) -> Self {
        Self::usage(
            &format!("{text} is no issue that can be seen from here; a lease's id stands alone"),
            "name one lease, or references of any: jit claim status",
        )
    }

    pub(crate) fn no_such_lease(text: &str) -> Self {
        Self::new(Code::LeaseNotFound, format!("there is no lease {text}"))
            .hint("jit claim list")
            .context(json!({ "lease_id": text }))
    }

    pub(crate) fn no_such_setting(unknown: &PolicyWarning) -> Self {
        let meant = unknown.nearest.map(|key| format!("; did you mean `{key}`?")).unwrap_or_default();
        Self::new(Code::SettingNotFound, format!("there is no setting `{}`{meant}", shown(&unknown.key)))
            .hint("jit config list")
    }
}
