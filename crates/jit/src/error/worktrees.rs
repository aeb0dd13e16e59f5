//! What commands that make worktrees and take them away say when they say no.

use std::path::Path;
use std::time::Duration;

use jit_core::{Lease, span};
use jit_git::{Kept, ProgramError, SalvageError, Unsaved};
use serde_json::json;

use super::{Again, Code, Failure, shown};
use crate::look::Look;
use crate::render::json::lease as lease_json;
use crate::render::text::{lease_line, one_line, subject};
use crate::shell::quoted;

impl Failure {
    /// Another process makes a worktree, or takes one away.
    pub(crate) fn worktrees_locked(lock: &Path, by: Option<&str>, waited: Duration) -> Self {
        let who = by.map(|by| format!(" by {by}")).unwrap_or_default();
        let what = format!("worktrees or their hooks are being changed{who}; gave up after {}", span(waited));
        Self::new(Code::Locked, what).context(json!({ "lock": lock.display().to_string(), "held_by": by }))
    }

    /// A signal asked this process to stop before a worktree was whole.
    pub(crate) fn asked_to_stop(signal: i32) -> Self {
        let what = format!("asked to stop, by signal {signal}, before the worktree was whole");
        Self::new(Code::Interrupted, what)
            .hint("say it again to have it made")
            .context(json!({ "signal": signal }))
            .or_exit(128 + signal)
    }

    /// Neither a path nor a branch of a worktree.
    pub(crate) fn names_no_worktree(text: &str) -> Self {
        Self::new(
            Code::WorktreeNotFound,
            format!("`{}` is neither the path nor the branch of a worktree", shown(text)),
        )
        .hint("see which there are: jit worktree list")
    }

    /// Something stands where a worktree or a branch should be.
    pub(crate) fn occupied(what: String, hint: &str) -> Self {
        Self::new(Code::Occupied, what).hint(hint)
    }

    /// A worktree that is the repository's first, or no worktree.
    pub(crate) fn main_worktree(path: &Path) -> Self {
        Self::usage(
            &format!("{} is the repository itself, not a worktree that was added", path.display()),
            "jit worktree list",
        )
    }

    /// One can't take away what one stands in.
    pub(crate) fn inside_of_it(path: &Path, main: &Path) -> Self {
        let [path, main] = [path, main].map(|path| quoted(&path.to_string_lossy()));
        Self::usage(
            "this is the worktree that you are in",
            &format!("go elsewhere first: cd {main} && jit worktree remove {path}"),
        )
    }

    /// A worktree whose directory is gone.
    pub(crate) fn worktree_is_gone(path: &Path, locked: bool) -> Self {
        let what = format!("{} is not there", path.display());
        Self::new(Code::WorktreeNotFound, what).hint(format!(
            "if it was moved, run in its new place: git worktree repair; if not: {}",
            forgetting(path, locked)
        ))
    }

    /// Something else stands where a worktree was.
    pub(crate) fn worktree_is_elsewhere(path: &Path, what: String) -> Self {
        let place = quoted(&path.to_string_lossy());
        Self::new(Code::WorktreeNotFound, what).hint(format!(
            "see whose it is: git -C {place} rev-parse --git-common-dir; if the worktree was moved, run in its \
             new place: git worktree repair"
        ))
    }

    /// Git has a worktree where one is to be, and nothing stands there.
    pub(crate) fn place_of_gone(path: &Path, locked: bool) -> Self {
        let what = format!("Git has a worktree at {}, which is gone", path.display());
        Self::occupied(what, &format!("forget what is gone: {}", forgetting(path, locked)))
    }

    /// Somebody holds leases in a worktree that is to go.
    pub(crate) fn leased(path: &Path, leases: &[Lease], look: &Look, options: &str) -> Self {
        let place = quoted(&path.to_string_lossy());
        let lines = leases.iter().map(|lease| format!("{}: {}", subject(lease), lease_line(lease, look)));
        let ends = leases.iter().map(|lease| match look.by.as_ref() {
            Some(by) if lease.holder.agent.acts_for(&by.agent) => {
                format!("jit -C {place} --agent {} claim release {}", lease.holder.agent, lease.id)
            }
            _ => format!("jit {options}claim force-evict {} --reason 'its worktree is to go'", lease.id),
        });
        Self::new(Code::Held, format!("somebody holds a lease in {}", path.display()))
            .details(lines.collect())
            .hint(format!(
                "wait until it is released, or, if nobody works there any more: {}",
                ends.collect::<Vec<_>>().join(" && ")
            ))
            .context(
                json!({ "leases": leases.iter().map(|lease| lease_json(lease, look)).collect::<Vec<_>>() }),
            )
    }

    /// Somebody locked it, by Git.
    pub(crate) fn locked_worktree(path: &Path, reason: &str) -> Self {
        let why = if reason.is_empty() { String::new() } else { format!(": {}", shown(reason)) };
        Self::new(Code::WorktreeLocked, format!("{} is locked{why}", path.display()))
            .hint(format!(
                "if it may go all the same: git worktree unlock {}",
                quoted(&path.to_string_lossy())
            ))
            .context(json!({ "reason": reason }))
    }

    /// What would be lost.
    pub(crate) fn unsaved(path: &Path, unsaved: &Unsaved, going: Option<&str>) -> Self {
        let place = quoted(&path.to_string_lossy());
        let mut ways = vec![match unsaved.commits.is_empty() {
            true => format!("commit it: git -C {place} status"),
            false => "merge or push it".to_owned(),
        }];
        if let (Some(_), false) = (going, unsaved.has_files()) {
            ways.push(format!("keep its branch: jit worktree remove {place} --keep-branch"));
        }
        ways.push(format!(
            "let jit keep it where it can be got back from: jit worktree remove {place} --force"
        ));
        Self::new(Code::UnsavedWork, format!("{} has what is nowhere else", path.display()))
            .details(unsaved.lines())
            .hint(ways.join("; or "))
            .context(json!({
                "staged": unsaved.staged,
                "changed": unsaved.changed,
                "unmerged": unsaved.unmerged,
                "untracked": unsaved.untracked,
                "commits": unsaved.commits,
                "under_way": unsaved.under_way,
            }))
    }

    /// Repositories inside of a worktree.
    pub(crate) fn nested(path: &Path, repositories: &[String]) -> Self {
        let first = repositories.first().map(|first| path.join(first)).unwrap_or_default();
        Self::new(
            Code::NestedRepository,
            format!("{} has repositories of their own in it, which jit can't keep", path.display()),
        )
        .details(repositories.to_vec())
        .hint(format!(
            "see that nothing is only there, then move it elsewhere or take it away: git -C {} status",
            quoted(&first.to_string_lossy())
        ))
        .context(json!({ "repositories": repositories }))
    }

    /// Somebody writes where nobody should.
    pub(crate) fn still_in_use(path: &Path, kept: Option<&str>) -> Self {
        let kept_as = kept.map(|kept| format!("; what was kept by then is {kept}")).unwrap_or_default();
        Self::new(
            Code::UnsavedWork,
            format!("{} changed while it was looked at, and was not removed{kept_as}", path.display()),
        )
        .hint(format!(
            "end what works there, and say it again; see what does: fuser -v {}",
            quoted(&path.to_string_lossy())
        ))
        .context(json!({ "kept": kept }))
    }

    /// Nothing was kept under this name.
    pub(crate) fn no_such_salvage(text: &str, candidates: &[Kept]) -> Self {
        let what = match candidates {
            [] => format!("nothing was kept as `{}`", shown(text)),
            _ => format!("`{}` was kept {} times", shown(text), candidates.len()),
        };
        let code = if candidates.is_empty() { Code::SalvageNotFound } else { Code::Ambiguous };
        let names: Vec<&str> = candidates.iter().map(|kept| &*kept.name).collect();
        let line = |kept: &Kept| {
            let first = kept.about.first().map(|about| format!(": {}", one_line(about)));
            format!("{}{}", one_line(&kept.name), first.unwrap_or_default())
        };
        Self::new(code, what)
            .details(candidates.iter().map(line).collect())
            .hint("see what was: jit worktree salvage list")
            .context(json!({ "candidates": names }))
    }

    /// A lease that was lost while its worktree was made, with what asks for both again.
    pub(crate) fn or_begin_anew(self, again: &Again) -> Self {
        let hint = format!("nothing of its worktree is left; begin anew: {}{}", again.head, again.tail);
        self.hint(hint)
    }

    /// The same where a lease that was taken for it could not be given back.
    pub(crate) fn not_given_back(mut self, lease: &Lease, why: &Self) -> Self {
        self.details.push(format!(
            "lease {} could not be given back, and lapses by itself: {}",
            lease.id, why.message
        ));
        self
    }
}

/// The command that lets Git forget a worktree that is gone.
fn forgetting(path: &Path, locked: bool) -> String {
    let unlock = format!("git worktree unlock {} && ", quoted(&path.to_string_lossy()));
    format!("{}git worktree prune", if locked { &unlock } else { "" })
}

impl From<SalvageError> for Failure {
    fn from(error: SalvageError) -> Self {
        match &error {
            SalvageError::Git(git) => Self::git(git),
            SalvageError::Io(_) => Self::new(Code::NotReadable, error.to_string()),
            SalvageError::Malformed { .. } => Self::new(Code::UnknownVersion, error.to_string()),
            SalvageError::Gone { path, locked } => Self::worktree_is_gone(path, *locked),
            SalvageError::Replaced(path) => Self::worktree_is_elsewhere(path, error.to_string()),
            SalvageError::Changed(path) => Self::still_in_use(path, None),
            SalvageError::Occupied(_) => Self::occupied(
                error.to_string(),
                "name another place: jit worktree salvage restore NAME --at DIR",
            ),
        }
    }
}

impl From<ProgramError> for Failure {
    fn from(error: ProgramError) -> Self {
        Self::git(&error)
    }
}
