//! What hooks and their verdicts say when they say no.

use std::path::Path;

use jit_core::verdict::{Overtaken, ReceivedError, Replaced, Stale};
use jit_core::{Item, Lease, Pattern, Reference};
use jit_git::{HookChange, HooksError};
use serde_json::json;

use super::held::{anew, there};
use super::{Code, Failure};
use crate::hooks::{Did, Hook, HookChanged};
use crate::input::paths;
use crate::look::Look;
use crate::render::text::{ending, one_line};
use crate::shell::quoted;

impl Failure {
    /// A name that is no hook's in which jit has something to say.
    pub(crate) fn no_such_hook(name: &str) -> Self {
        let known = Hook::all().map(Hook::name).collect::<Vec<_>>().join(", ");
        Self::usage(
            &format!("jit has nothing to say in a hook {:?}; it has in {known}", super::shown(name)),
            "jit hooks status",
        )
    }

    /// One hook could not be changed, and these were.
    pub(crate) fn of_one_hook(mut self, changes: &[HookChanged]) -> Self {
        let of_note = changes.iter().filter(|change| change.did != Did::Changed(HookChange::Nothing));
        let (lines, paths): (Vec<_>, Vec<_>) = of_note
            .map(|change| (format!("{}: {}", change.did.name(), change.path.display()), &change.path))
            .unzip();
        self.details.extend(lines);
        self.context["changed"] = json!(paths);
        self
    }

    /// A hook could not be answered.
    pub(crate) fn untold(self) -> Self {
        Self { message: format!("jit can't tell whether this may be done: {}", self.message), ..self }
    }

    /// The file of an issue that somebody else holds is staged.
    pub(crate) fn issue_is_anothers(item: &Item, refused: Self) -> Self {
        let issue = item.reference().map(ToString::to_string).unwrap_or_default();
        let file = format!(".jit/issues/{issue}.json");
        Self { message: format!("{file} is staged, and somebody else works on that issue"), ..refused }
            .hint(format!("leave it out: git restore --staged :/{file}"))
    }

    /// The file of an issue is staged that says that it was done, and nobody did that under a lease.
    pub(crate) fn ends_without_lease(issue: &Reference) -> Self {
        let file = format!(".jit/issues/{issue}.json");
        Self::new(
            Code::NeedsLease,
            format!("{file} is staged and says that the work was done, and nobody did it under a lease"),
        )
        .hint(format!(
            "put it back: git restore --staged --worktree :/{file}, and then: jit claim acquire {issue}, and at the end: jit claim release {issue} --done; or if whoever did it was stopped while it released: jit doctor --fix"
        ))
        .context(json!({ "issue": issue }))
    }

    /// Paths are staged that one's own leases leave out.
    pub(crate) fn outside(outside: &[Pattern], own: &[Lease]) -> Self {
        let shown: Vec<String> = outside.iter().take(MOST).map(|path| one_line(&path.to_string())).collect();
        let more = outside.len().checked_sub(MOST + 1).map(|more| format!(" and {} more", more + 1));
        let failure = Self::new(
            Code::OutsideScope,
            format!("your leases do not cover {}{}", shown.join(", "), more.unwrap_or_default()),
        )
        .context(
            json!({ "outside": outside, "leases": own.iter().map(|lease| lease.id).collect::<Vec<_>>() }),
        );
        match own.iter().find(|lease| !lease.scope.is_none()) {
            Some(lease) => {
                let paths = outside
                    .iter()
                    .take(MOST)
                    .map(|path| format!(" --path {}", quoted(&paths::argument(path))));
                failure.hint(format!(
                    "cover them too: jit claim extend {}{}",
                    lease.id,
                    paths.collect::<String>()
                ))
            }
            None => failure,
        }
    }

    /// All that was held in a worktree is others' now.
    pub(crate) fn branch_is_anothers(branch: &str, replaced: &[Replaced], look: &Look) -> Self {
        let branch = branch.strip_prefix("refs/heads/").unwrap_or(branch);
        Self::new(
            Code::LeaseLost,
            format!(
                "{} gets no commit from here: what was held in this worktree was lost, and others have it",
                one_line(branch)
            ),
        )
        .details(replaced.iter().map(|replaced| lost_line(replaced, look)).collect())
        .hint("your changes are still there; put them aside or hand them over, and then: jit claim abandon")
        .context(json!({ "branch": branch, "lost": replaced.iter().map(lost_json).collect::<Vec<_>>() }))
    }

    /// Commits are to be pushed that were made under a lease that was lost.
    pub(crate) fn push_is_anothers(commits: &[String], overtaken: &Overtaken, look: &Look) -> Self {
        const ON_TOP: &str = "git commit --allow-empty -m 'taken over'";
        let Overtaken { replaced, held, .. } = overtaken;
        let hint = match held.iter().find(|lease| look.is_own(lease)).or(held.last()) {
            Some(own) if look.is_own(own) => {
                format!("you have it now; put a commit on top that says so, under your lease: {ON_TOP}")
            }
            Some(own) if look.is_elsewhere(own) => there(own, look),
            Some(other) => format!(
                "leave it to {}; or take it when it is free, and put a commit on top: {} && {ON_TOP}",
                other.holder.agent,
                anew(&replaced.lost.lease, " --wait 10m")
            ),
            None => format!(
                "leave it out; or take it, which nobody has now, and put a commit on top: {} && {ON_TOP}",
                anew(&replaced.lost.lease, "")
            ),
        };
        Self::new(
            Code::LeaseLost,
            format!("pushed would be {}, made under a lease that somebody else took over", some_of(commits)),
        )
        .details(vec![lost_line(replaced, look)])
        .hint(hint)
        .context(json!({ "commits": commits, "lost": lost_json(replaced) }))
    }

    /// Commits come after work on the same issue under a later lease.
    pub(crate) fn came_late(Stale { issue, commits, highest }: &Stale) -> Self {
        let by = highest.agent.as_ref().map(|agent| format!(" of {agent}")).unwrap_or_default();
        Self::new(
            Code::LeaseLost,
            format!(
                "{} of {issue} comes too late: what was offered before was made under a later lease{by}, {}",
                some_of(commits),
                highest.lease
            ),
        )
        .hint(format!(
            "leave it to whoever has {issue} now, or let what you push build on what was pushed: git fetch"
        ))
        .context(json!({ "issue": issue, "commits": commits, "highest": highest }))
    }

    /// What was pushed before can't be told.
    pub(crate) fn pushed_unread(file: &Path, error: &ReceivedError) -> Self {
        Self::new(Code::Corrupt, format!("{}: {error}", file.display()))
            .hint("put it back, or move it away: what came before is then forgotten")
    }
}

/// Some of many commits, by the beginnings of their ids.
fn some_of(commits: &[String]) -> String {
    let shown: Vec<&str> =
        commits.iter().take(MOST).map(|commit| commit.get(..12).unwrap_or(commit)).collect();
    let more = commits.len().checked_sub(MOST + 1).map(|more| format!(" and {} more", more + 1));
    shown.join(", ") + &more.unwrap_or_default()
}

/// How many of many are named.
const MOST: usize = 10;

fn lost_line(Replaced { lost, by }: &Replaced, look: &Look) -> String {
    let place = look.places.get(&by.holder.worktree).map(|place| format!(", in {}", place.display()));
    format!(
        "{}; {} took over, as lease {}{}",
        ending(lost),
        by.holder.agent,
        by.lease,
        place.unwrap_or_default()
    )
}

fn lost_json(Replaced { lost, by }: &Replaced) -> serde_json::Value {
    json!({ "lease_id": lost.lease.id, "fence": lost.lease.fence, "ended": lost.end, "superseded_by": by })
}

const LOOK_AGAIN: &str = "let Git look for hooks again: git config unset core.hooksPath";

impl From<HooksError> for Failure {
    fn from(error: HooksError) -> Self {
        let message = error.to_string();
        match &error {
            HooksError::NoDirectory(path) => {
                Self::new(Code::GitFailed, message).hint(LOOK_AGAIN).context(json!({ "path": path }))
            }
            HooksError::Nowhere => Self::new(Code::GitFailed, message).hint(LOOK_AGAIN),
            HooksError::Occupied(path) => Self::new(Code::GitFailed, message)
                .hint(format!("see which of the two is wanted: ls -l {}*", quoted(&hook_of(path))))
                .context(json!({ "path": path })),
            HooksError::Torn(path) => Self::new(Code::GitFailed, message)
                .hint(format!("take the rest of the block out: {}", path.display()))
                .context(json!({ "path": path })),
            HooksError::Directory(path) => Self::new(Code::GitFailed, message)
                .hint(format!(
                    "move it out of the way: mv {0} {0}.aside",
                    quoted(&path.display().to_string())
                ))
                .context(json!({ "path": path })),
            HooksError::Io { path, source } => Self::not_made(path, source),
            HooksError::Worktrees(_) | HooksError::Config(_) | HooksError::Git(_) => {
                Self::new(Code::GitFailed, message)
            }
        }
    }
}

fn hook_of(aside: &Path) -> String {
    aside.with_extension("").display().to_string()
}
