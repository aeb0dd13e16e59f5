//! Work that this worktree's files say was done, while the log knows of no end: the process that
//! released it was stopped in between, and others may do it again.

use std::collections::HashSet;

use jit_core::decide::Finish;
use jit_core::{Gate, Reference};
use jit_tracker::{Issue, Origin, State};

use crate::error::{Code, Failure};
use crate::known::{All, Known, looked_up};
use crate::tracker::{Changing, Tracker};
use crate::world::World;

/// Marks those whose lease lives still, or was lost: other files that the log knows nothing of come
/// from clones.
pub(crate) fn mark<D>(world: &World<'_>, issues: &mut [Known<Issue<D>>]) -> Result<(), Failure> {
    let finish = left(issues);
    let lost = if finish.filed.is_empty() { Vec::new() } else { world.rehearse(&finish)? };
    let lost: HashSet<Reference> = lost.into_iter().collect();
    for known in issues.iter_mut().filter(|known| is_filed_only(known)) {
        known.unrecorded = known.standing.lease.is_some() || lost.contains(&known.candidate.reference);
    }
    Ok(())
}

fn is_filed_only<D>(known: &Known<Issue<D>>) -> bool {
    known.origin == Origin::Worktree
        && matches!(known.issue.state, State::Done | State::Gated)
        && known.standing.facts.outcome.is_none()
}

/// What the log would be told, of those that nobody holds.
fn left<D>(issues: &[Known<Issue<D>>]) -> Finish {
    let unheld = issues.iter().filter(|known| is_filed_only(known) && known.standing.lease.is_none());
    let open = |issue: &Issue<D>| issue.open_gates().map(Gate::named).collect();
    Finish { filed: unheld.map(|known| (known.issue.reference(), open(&known.issue))).collect() }
}

/// All that this worktree sees, marked.
pub(crate) fn all(world: &World<'_>) -> Result<Vec<Known>, Failure> {
    let mut all = All::here(world)?.issues;
    mark(world, &mut all)?;
    Ok(all.into_iter().filter(|known| known.unrecorded).collect())
}

/// Tells the log of those that nobody holds.
pub(crate) fn tell(world: &World<'_>) -> Result<(), Failure> {
    let nobodys = |issues: Vec<Known>| issues.iter().any(|known| known.standing.lease.is_none());
    if world.repo()?.worktree().is_none() || !nobodys(all(world)?) {
        return Ok(());
    }
    // Nobody reopens one meanwhile.
    let _changing = Changing::around(world)?;
    world.transact(&left(&All::here(world)?.issues))?;
    world.something_changed();
    Ok(())
}

/// A refusal because of a lease that was lost, where the file says already what was to be said.
pub(crate) fn advised(world: &World<'_>, failure: Failure) -> Failure {
    if failure.code != Code::LeaseLost {
        return failure;
    }
    let is_unrecorded = |id| -> Result<bool, Failure> {
        let tracker = Tracker::around(world)?;
        let mut known = [looked_up(world, &tracker, tracker.read(id)?)?];
        mark(world, &mut known)?;
        Ok(known.iter().any(|known| known.unrecorded && known.standing.lease.is_none()))
    };
    let about = failure.refused.iter().flatten().filter_map(Reference::issue);
    match about.map(is_unrecorded).any(|found| found.unwrap_or(false)) {
        true => {
            let hint = "its file says already that it was done; let the log know: jit doctor --fix";
            Failure { hint: Some(hint.into()), ..failure }
        }
        false => failure,
    }
}
