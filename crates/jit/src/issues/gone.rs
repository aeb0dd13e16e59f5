//! Issues that others wait for, and that are nowhere.

use std::collections::HashSet;

use jit_core::IssueId;
use jit_tracker::{FileError, Issue};

use crate::error::Failure;
use crate::issues::awaited::awaited;
use crate::issues::filed::ended;
use crate::issues::known::All;
use crate::issues::tracker::Tracker;
use crate::world::World;

/// A refusal because of an issue that waits for one that is gone, with what ends that.
pub(crate) fn advised(world: &World<'_>, failure: Failure) -> Failure {
    let Some((issue, on)) = awaited(&failure) else { return failure };
    match on.first().filter(|on| is_gone(world, on)) {
        Some(on) => failure.or_wait_no_more(&issue, on),
        None => failure,
    }
}

fn is_gone(world: &World<'_>, on: &IssueId) -> bool {
    Tracker::around(world).and_then(|tracker| tracker.find(*on)).is_ok_and(|found| found.is_none())
}

/// Those of these issues that wait for one that is nowhere, and for which; what is broken is not gone.
pub(crate) fn gone<'i, D: 'i>(
    issues: impl Iterator<Item = &'i Issue<D>> + Clone,
    broken: &[FileError],
) -> Vec<(IssueId, IssueId)> {
    let there = issues.clone().map(|issue| issue.id);
    let there: HashSet<IssueId> = there.chain(broken.iter().filter_map(|error| error.issue)).collect();
    let open = issues.filter(|issue| ended(issue.state).is_none());
    let waits_for = |issue: &'i Issue<D>| {
        let on = issue.dependencies.iter().filter_map(|on| on.reference().issue());
        on.map(|on| (issue.id, on))
    };
    open.flat_map(waits_for).filter(|(_, on)| !there.contains(on)).collect()
}

/// What is said of one of them, and what ends it.
pub(crate) fn said(world: &World<'_>, (id, on): (IssueId, IssueId)) -> (String, String) {
    let options = world.repeated();
    (
        format!("{id} waits for {on}, and there is no such issue here"),
        format!("to wait no more: jit {options}dep rm {id} {on}"),
    )
}

/// Warns of those that wait for what is gone.
pub(crate) fn warn_of_gone(world: &World<'_>, all: &All) {
    // The log may know more of an issue than its file here, which says that it is open.
    let blocked: HashSet<IssueId> =
        all.issues.iter().filter(|known| known.blocked()).map(|known| known.issue.id).collect();
    let gone = gone(all.issues.iter().map(|known| &*known.issue), &all.broken);
    for found in gone.into_iter().filter(|(id, _)| blocked.contains(id)) {
        let (what, hint) = said(world, found);
        world.warn(format!("{what}; {hint}"));
    }
}
