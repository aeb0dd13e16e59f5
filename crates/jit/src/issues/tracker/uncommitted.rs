//! Issues that were made in the main worktree, and that no commit has yet.

use jit_core::{IssueId, Lease, Reference};
use jit_git::{GitEnv, Repo};
use jit_tracker::{Origin, Source, issue_file};

use super::{ISSUES, Tracker, head::Head, main_root};
use crate::error::Failure;
use crate::shell::quoted;
use crate::world::World;

/// Warns of what was just granted and whose only file is the main worktree's, not committed there:
/// a merge into the main worktree would find that file in its way.
pub(crate) fn warn_of_uncommitted(world: &World<'_>, granted: &[Lease]) {
    // It is granted: what can't be found out is not told.
    let _ = warn(world, granted);
}

fn warn(world: &World<'_>, granted: &[Lease]) -> Result<(), Failure> {
    if !world.repo()?.is_linked() {
        return Ok(());
    }
    let ids: Vec<IssueId> =
        granted.iter().flat_map(|lease| &lease.issues).filter_map(Reference::issue).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let tracker = Tracker::around(world)?;
    let mut only_there = Vec::new();
    for id in ids {
        if tracker.find(id)?.is_some_and(|found| found.origin == Origin::Main) {
            only_there.push(issue_file::file_name(id));
        }
    }
    let (false, Some(root)) = (only_there.is_empty(), main_root(world)?) else { return Ok(()) };
    let main = Repo::discover_from(&root, &GitEnv::default())?;
    let head = Head::of(&main, ISSUES);
    only_there.retain(|name| head.identity(name).is_ok_and(|identity| identity.is_none()));
    if only_there.is_empty() {
        return Ok(());
    }
    let files: String = only_there.iter().map(|name| format!(" {ISSUES}/{name}")).collect();
    let git = format!("git -C {}", quoted(&root.to_string_lossy()));
    world.warn(format!(
        "not committed in the main worktree, where a merge of this work will fail until it is:{files}; \
         {git} add --{files} && {git} commit -m 'issues to work on' --{files}"
    ));
    Ok(())
}
