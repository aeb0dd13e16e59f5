//! What is said of an issue that ends undone: who holds it still, and who waits for it in vain.

use jit_core::{IssueId, Reference};
use jit_tracker::{Issue, State};

use crate::error::Failure;
use crate::issues::known::{All, Known, Stage};
use crate::world::World;

/// So many of those who wait are named; the rest is counted.
const MOST: usize = 10;

/// Warns of what is left to do after an issue ended undone.
pub(crate) fn warn_of_end(world: &World<'_>, ended: &Known<Issue>) {
    // It has ended: what can't be found out is not told.
    let _ = warn_of_own_lease(world, ended);
    let _ = warn_of_waiting(world, ended.issue.id);
}

fn warn_of_own_lease(world: &World<'_>, ended: &Known<Issue>) -> Result<(), Failure> {
    let reader = world.reading_holder()?;
    if let Some(lease) = ended.standing.lease.as_ref().filter(|lease| lease.holder.acts_for(&reader)) {
        world.warn(format!("you still hold it: jit {}claim release {}", world.repeated(), lease.id));
    }
    Ok(())
}

/// Each can be claimed again by a command of its own.
fn warn_of_waiting(world: &World<'_>, ended: IssueId) -> Result<(), Failure> {
    let on = Reference::Issue(ended);
    let all = All::here(world)?;
    let is_open =
        |known: &Known| matches!(known.stage(), Stage::InProgress | Stage::At(State::Backlog | State::Ready));
    let waits = |known: &&Known| {
        is_open(known) && known.issue.dependencies.iter().any(|dependency| *dependency.reference() == on)
    };
    let waiting: Vec<IssueId> = all.issues.iter().filter(waits).map(|known| known.issue.id).collect();
    let options = world.repeated();
    for id in waiting.iter().take(MOST) {
        world.warn(format!(
            "{id} waits for it, and nobody can claim that any more; if it need not wait: jit {options}dep rm {id} {ended}"
        ));
    }
    if let Some(more) = waiting.len().checked_sub(MOST).filter(|more| *more > 0) {
        world.warn(format!("{more} more wait for it: jit {options}query blocked"));
    }
    Ok(())
}
