//! What an import may write over what is here, and what it lets the log know.

use std::collections::BTreeMap;

use jit_core::IssueId;
use jit_core::decide::{Take, Taken};
use jit_tracker::gates::Check;
use jit_tracker::stream::Import;
use jit_tracker::{GateName, GateResult, Issue};

use crate::error::Failure;
use crate::issues::change::{enforced, warn_of};
use crate::issues::filed::{ended, said_by};
use crate::issues::gates::{Defined, open};
use crate::issues::tracker::{Changing, Rewrite};
use crate::world::World;

/// Writes what comes from elsewhere, the log follows what ends by it, and the gates are defined: refused,
/// nothing of it is written; said again, what stopped half way is completed.
pub(crate) fn take(
    world: &World<'_>,
    tracker: &Changing<'_>,
    here: &BTreeMap<IssueId, Issue>,
    defined: &Defined,
    import: &Import,
) -> Result<(), Failure> {
    let written = import.issues.values().filter_map(|issue| brought(here.get(&issue.id)?, issue));
    let same = import.same.iter().filter(|id| !import.issues.contains_key(id));
    let said = same.filter_map(|id| said(here.get(id)?));
    let take = Take {
        issues: import.issues.values().map(Issue::reference).collect(),
        ends: written.chain(said).collect(),
    };
    judged(world, &take)?;
    passes(world, here, defined, import)?;
    let rewrites: Vec<_> = import.issues.iter().map(|(id, issue)| Rewrite::of(here.get(id), issue)).collect();
    if take.ends.is_empty() {
        tracker.adopt(import.events.clone(), &rewrites)?;
    } else {
        // Of the others, the log has nothing to learn.
        let written = take.ends.iter().filter(|taken| taken.is_written);
        let ends = Take { issues: written.map(|taken| taken.issue.clone()).collect(), ends: take.ends };
        tracker.adopt_then(import.events.clone(), &rewrites, || world.transact(&ends))?;
    }
    // Last, for nothing takes them back; each is written behind the one before.
    import.gates.iter().try_for_each(|(name, gate)| Defined::here(world)?.define(name, gate))
}

/// The end that an issue brings.
fn brought(here: &Issue, issue: &Issue) -> Option<Taken> {
    let (was, becomes) = (said_by(here), ended(issue.state)?);
    Some(Taken { issue: issue.reference(), is_written: true, was, becomes, open: open(issue) })
}

/// The end that a file here says already: whoever wrote it may have died before the log knew.
fn said(here: &Issue) -> Option<Taken> {
    let becomes = said_by(here)?;
    let was = Some(becomes);
    Some(Taken { issue: here.reference(), is_written: false, was, becomes, open: open(here) })
}

fn judged(world: &World<'_>, take: &Take) -> Result<(), Failure> {
    let took = world.rehearse(take)?;
    warn_of(world, &took.over);
    if !took.unearned.is_empty() {
        world.warn(Failure::done_by_import(&took.unearned).message);
    }
    Ok(())
}

/// A gate with a command, or one of which nobody here knows what it is, is passed no more by an
/// import than by hand.
fn passes(
    world: &World<'_>,
    here: &BTreeMap<IssueId, Issue>,
    defined: &Defined,
    import: &Import,
) -> Result<(), Failure> {
    let is_passed =
        |issue: &Issue, name: &GateName| matches!(issue.gates.get(name), Some(GateResult::Passed { .. }));
    let by_hand = |name: &GateName| {
        let gate = defined.all().get(name).or_else(|| import.gates.get(name));
        gate.is_some_and(|gate| gate.check == Check::Manual)
    };
    for issue in import.issues.values() {
        let Some(before) = here.get(&issue.id) else { continue };
        let new =
            |name: &&GateName| is_passed(issue, name) && issue.gates.get(*name) != before.gates.get(*name);
        if let Some(name) = issue.gates.keys().filter(new).find(|name| !by_hand(name)) {
            enforced(world, Failure::passed_by_command(issue.id, name))?;
        }
    }
    Ok(())
}
