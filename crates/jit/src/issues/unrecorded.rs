//! Ends that this worktree's files say, while the log knows of none: the process that released the
//! work was stopped in between, and others may do it again; or it was reopened since.

use std::collections::{BTreeSet, HashMap};

use jit_core::decide::{Finish, SaysEnded, Unrecorded};
use jit_core::{Holder, IssueId, Now, Query, Reference, View};
use jit_tracker::{Issue, Origin};

use crate::error::{Code, Failure};
use crate::issues::filed::said_by;
use crate::issues::gates;
use crate::issues::known::{All, Known, looked_up};
use crate::issues::tracker::{Changing, Tracker};
use crate::world::World;

/// Says of each whether it is such.
pub(crate) fn mark<D>(world: &World<'_>, issues: &mut [Known<Issue<D>>]) -> Result<(), Failure> {
    let found = found(world, issues)?;
    for known in issues.iter_mut() {
        known.unrecorded = Some(found.contains_key(&known.candidate.reference));
    }
    Ok(())
}

fn found<D>(
    world: &World<'_>,
    issues: &[Known<Issue<D>>],
) -> Result<HashMap<Reference, Unrecorded>, Failure> {
    let finish = filed(issues);
    Ok(match finish.filed[..] {
        [] => HashMap::new(),
        _ => world.rehearse(&finish)?.into_iter().collect(),
    })
}

fn filed<D>(issues: &[Known<Issue<D>>]) -> Finish {
    let is_only =
        |known: &&Known<Issue<D>>| known.origin == Origin::Worktree && known.standing.facts.outcome.is_none();
    let said = |issue: &Issue<D>| {
        let (issue, outcome, gates, at) =
            (issue.reference(), said_by(issue)?, gates::filed(issue), issue.updated_at);
        Some(SaysEnded { issue, outcome, gates, at })
    };
    Finish { filed: issues.iter().filter(is_only).filter_map(|known| said(&known.issue)).collect() }
}

/// All that this worktree sees.
pub(crate) fn all(world: &World<'_>) -> Result<Vec<(IssueId, Unrecorded)>, Failure> {
    let found = found(world, &All::here(world)?.issues)?;
    let mut found: Vec<_> =
        found.into_iter().filter_map(|(reference, why)| Some((reference.issue()?, why))).collect();
    found.sort_unstable_by_key(|(id, _)| *id);
    Ok(found)
}

/// So many issues are looked at for such; the doctor looks at all.
const MOST: usize = 32;

/// Warns of such as this worktree's leases were of: whoever goes on here may have been stopped while
/// it released them.
pub(crate) fn warn_of_left(world: &World<'_>) -> Result<(), Failure> {
    let holder = world.reading_holder()?;
    let tracker = Tracker::around(world)?;
    let mut known = Vec::new();
    for id in world.read(&WorkedOn(&holder))?.into_iter() {
        if tracker.says_done_here(id) {
            known.push(looked_up(world, &tracker, tracker.read(id)?)?);
        }
    }
    let (options, mut found) = (world.repeated(), found(world, &known)?.into_iter().collect::<Vec<_>>());
    found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    for (issue, why) in found {
        let way = match why {
            Unrecorded::Left => format!("to let the leases know: jit {options}doctor --fix"),
            Unrecorded::DoneAgain(lease) => {
                format!("{} works on it again; what to do: jit {options}doctor", lease.holder.agent)
            }
            Unrecorded::Unreleased(lease) if lease.holder.acts_for(&holder) => {
                format!("to say so: jit {options}claim release {issue} --done")
            }
            Unrecorded::Unreleased(_) | Unrecorded::Undone { .. } => continue,
        };
        world.warn(format!(
            "the file of {issue} says that it was done, and whoever did it was stopped before the leases knew: {way}"
        ));
    }
    Ok(())
}

/// The issues that leases in this worktree were lost of, the newest first, and those of the holder's.
struct WorkedOn<'a>(&'a Holder);

impl Query for WorkedOn<'_> {
    type Answer = Vec<IssueId>;

    fn ask<V: View>(&self, view: &V, _: &Now) -> Result<Self::Answer, V::Error> {
        let held = view.held_by(self.0)?;
        let lost = view.lost_in(&self.0.worktree)?;
        let leases = held.iter().chain(lost.iter().map(|ended| &ended.lease));
        let mut issues = Vec::new();
        for id in leases.flat_map(|lease| &lease.issues).filter_map(Reference::issue) {
            if !issues.contains(&id) && issues.len() < MOST {
                issues.push(id);
            }
        }
        Ok(issues)
    }
}

/// Tells the log of those that nobody holds.
pub(crate) fn tell(world: &World<'_>) -> Result<(), Failure> {
    let is_left = |(_, why): &(IssueId, Unrecorded)| *why == Unrecorded::Left;
    if world.repo()?.worktree().is_none() || !all(world)?.iter().any(is_left) {
        return Ok(());
    }
    // Nobody reopens one meanwhile.
    let _changing = Changing::around(world)?;
    world.transact(&filed(&All::here(world)?.issues))?;
    world.something_changed();
    Ok(())
}

/// A refusal because of a lease that was lost, where the file says already what was to be said.
pub(crate) fn advised(world: &World<'_>, failure: Failure) -> Failure {
    if failure.code != Code::LeaseLost {
        return failure;
    }
    let is_left = |id| -> Result<bool, Failure> {
        let tracker = Tracker::around(world)?;
        let known = [looked_up(world, &tracker, tracker.read(id)?)?];
        Ok(found(world, &known)?.into_values().any(|why| why == Unrecorded::Left))
    };
    let about = failure.refused.iter().flatten().filter_map(Reference::issue);
    match about.map(is_left).any(|left| left.unwrap_or(false)) {
        true => {
            let hint = format!(
                "its file says already that it was done; let the log know: jit {}doctor --fix",
                world.repeated()
            );
            Failure { hint: Some(hint), ..failure }
        }
        false => failure,
    }
}

/// Those of these issues that this worktree's files say to be done.
pub(crate) fn says_done(world: &World<'_>, issues: Vec<Reference>) -> Result<BTreeSet<Reference>, Failure> {
    if !issues.iter().any(Reference::is_issue) {
        return Ok(BTreeSet::new());
    }
    let tracker = Tracker::around(world)?;
    let says = |issue: &Reference| issue.issue().is_some_and(|id| tracker.says_done_here(id));
    Ok(issues.into_iter().filter(says).collect())
}

/// Says of work that was given up undone that its file says otherwise. With the lease goes the last
/// that could tell the log.
pub(crate) fn warn_of_undone(world: &World<'_>, filed: &BTreeSet<Reference>) -> Result<(), Failure> {
    if filed.is_empty() {
        return Ok(());
    }
    let (tracker, jit) = (Tracker::around(world)?, format!("jit {}", world.repeated()));
    for id in filed.iter().filter_map(Reference::issue) {
        let file = tracker.file(id);
        world.warn(format!(
            "{file} says that the work was done, and it was released undone, so others do it again; to let the file say so too: {jit}issue reopen {id}; if it is done: {jit}issue reopen {id} && {jit}claim acquire {id} && {jit}claim release {id} --done"
        ));
    }
    Ok(())
}
