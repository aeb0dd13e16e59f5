//! Issues that others wait for, and that are nowhere.

use std::collections::HashSet;

use jit_core::{IssueId, Reference};

use crate::error::{Code, Failure};
use crate::known::{All, Known};
use crate::tracker::Tracker;
use crate::world::World;

/// A refusal because of an issue that waits for one that is gone, with what ends that.
pub(crate) fn advised(world: &World<'_>, failure: Failure) -> Failure {
    match awaited(&failure).filter(|(_, on)| is_gone(world, on)) {
        Some((issue, on)) => failure.or_wait_no_more(&issue, &on),
        None => failure,
    }
}

/// The issue that is refused, and the first that it waits for.
fn awaited(failure: &Failure) -> Option<(Reference, IssueId)> {
    let barred = &failure.context["barred"][0];
    let word = |value: &serde_json::Value| value.as_str()?.parse::<Reference>().ok();
    let issue = word(&barred["reference"]).filter(|_| failure.code == Code::Blocked)?;
    Some((issue, word(&barred["waits_for"][0])?.issue()?))
}

fn is_gone(world: &World<'_>, on: &IssueId) -> bool {
    Tracker::around(world).and_then(|tracker| tracker.find(*on)).is_ok_and(|found| found.is_none())
}

/// Warns of those that wait for what is gone; what is broken is not gone.
pub(crate) fn warn_of_gone(world: &World<'_>, all: &All) {
    let there = all.issues.iter().map(|known| known.issue.id);
    let broken = all.broken.iter().filter_map(|error| error.issue);
    let there: HashSet<IssueId> = there.chain(broken).collect();
    let blocked = |known: &&Known| known.blocked();
    for known in all.issues.iter().filter(blocked) {
        for on in known.candidate.waits_for.iter().filter_map(Reference::issue) {
            if !there.contains(&on) {
                let id = known.issue.id;
                let options = world.repeated();
                world.warn(format!(
                    "{id} waits for {on}, and there is no such issue here; to wait no more: jit {options}dep rm {id} {on}"
                ));
            }
        }
    }
}
