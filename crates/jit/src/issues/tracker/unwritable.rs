//! Leases on issues in a place whose files can't say what became of them.

use jit_core::Lease;
use jit_store::os::may_write;

use super::ISSUES;
use crate::error::Failure;
use crate::world::World;

/// Warns of issues that were just granted where nobody can write that they are done.
pub(crate) fn warn_of_unwritable(world: &World<'_>, granted: &[Lease]) {
    // It is granted: what can't be found out is not told.
    let _ = warn(world, granted);
}

fn warn(world: &World<'_>, granted: &[Lease]) -> Result<(), Failure> {
    let Some(issue) = granted.iter().flat_map(|lease| &lease.issues).find(|issue| issue.is_issue()) else {
        return Ok(());
    };
    let Some(why) = unwritable(world)? else { return Ok(()) };
    let options = world.repeated();
    world.warn(format!(
        "{why}: nobody can say here that the work is done, only that it failed; to leave it to another worktree: jit {options}claim release {issue} --failed --infra"
    ));
    Ok(())
}

/// Why no issue's file can be written here.
fn unwritable(world: &World<'_>) -> Result<Option<String>, Failure> {
    let Some(root) = world.repo()?.worktree() else {
        return Ok(Some("this repository is bare, and has no files of issues".into()));
    };
    let below = [root.join(ISSUES), root.join(".jit"), root.to_owned()];
    let Some(dir) = below.iter().find(|dir| dir.exists()) else { return Ok(None) };
    Ok(may_write(dir).err().map(|error| format!("{} can't be written: {error}", dir.display())))
}
