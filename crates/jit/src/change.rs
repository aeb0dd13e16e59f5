//! Changing an issue's file: who may, what is written, who is told.

use std::collections::BTreeMap;

use jit_core::decide::{Close, Ending};
use jit_core::{AgentKind, Enforcement, IssueId, Lease, Outcome, Refusal};
use jit_tracker::{Issue, Listed, Origin, State};

use crate::error::Failure;
use crate::known::{Known, Log, Stage, ended, looked_up};
use crate::output::Output;
use crate::tracker::{Changing, later};
use crate::world::World;

/// Changes an issue in this worktree's files. What was read from elsewhere is written here.
pub(crate) fn changed(
    world: &World<'_>,
    id: IssueId,
    did: &'static str,
    change: impl FnOnce(&mut Issue),
) -> Result<Output, Failure> {
    changed_if(world, id, did, |issue| {
        change(issue);
        Ok(())
    })
}

/// The same where a change may be refused, by what no other process can change meanwhile.
pub(crate) fn changed_if(
    world: &World<'_>,
    id: IssueId,
    did: &'static str,
    change: impl FnOnce(&mut Issue) -> Result<(), Failure>,
) -> Result<Output, Failure> {
    let known = rewritten(world, id, |issue, _| change(issue))?;
    Ok(Output::Issue { did: Some(did), known: Box::new(known) })
}

/// Changes the gates of an issue, or what is known of them. One that only waited for its gates is
/// done with the last of them: the file says so first, then the log, so that a process that dies in
/// between leaves it to be done again.
pub(crate) fn with_gates(
    world: &World<'_>,
    id: IssueId,
    change: impl FnOnce(&mut Issue),
) -> Result<Known<Issue>, Failure> {
    let mut ends = false;
    let mut known = rewritten(world, id, |issue, stage| {
        let state = issue.state;
        change(issue);
        ends =
            stage == Stage::At(State::Gated) && issue.state == state && issue.open_gates().next().is_none();
        if ends {
            issue.state = State::Done;
        }
        Ok(())
    })?;
    if ends {
        let ending = Ending::LastGate { seen: known.standing.facts.outcome };
        known.standing.facts = world.transact(&Close { issue: known.issue.reference(), ending })?;
    }
    Ok(known)
}

/// Writes what a change makes of an issue, which is told how far it has come.
fn rewritten(
    world: &World<'_>,
    id: IssueId,
    change: impl FnOnce(&mut Issue, Stage) -> Result<(), Failure>,
) -> Result<Known<Issue>, Failure> {
    let tracker = Changing::around(world)?;
    let Listed { issue: before, .. } = tracker.read(id)?;
    let known = looked_up(world, Listed { issue: before.clone(), origin: Origin::Worktree })?;
    may_change(world, known.standing.lease.as_deref())?;
    let mut after = before.clone();
    change(&mut after, known.stage())?;
    if after != before {
        after.updated_at = later(world.now()?.wall, before.updated_at);
        tracker.write(Some(&before), &after)?;
        world.something_changed();
    }
    Ok(Known { issue: after, ..known })
}

/// An issue that somebody holds is changed by its holder only, as strictly as the policy says.
pub(crate) fn may_change(world: &World<'_>, lease: Option<&Lease>) -> Result<(), Failure> {
    let Some(lease) = lease else { return Ok(()) };
    if lease.holder.acts_for(&world.reading_holder()?) {
        return Ok(());
    }
    let refused = Failure::refused(&Refusal::NotYours(Box::new(lease.clone())), &world.look(world.now()?));
    enforced(world, refused, &format!("; {} works on it", lease.holder.agent))
}

/// Whether these may be written as they come from elsewhere: as [`may_change`] says of each; and one
/// that is not done here becomes done by a lease only.
pub(crate) fn may_take<'i>(
    world: &World<'_>,
    issues: impl Iterator<Item = &'i Issue>,
    here: &BTreeMap<IssueId, Issue>,
) -> Result<(), Failure> {
    let issues: Vec<&Issue> = issues.collect();
    let standings =
        world.read(&Log::about(world, issues.iter().map(|issue| issue.reference().into()).collect())?)?;
    let mut done = Vec::new();
    for (issue, standing) in issues.into_iter().zip(standings) {
        may_change(world, standing.lease.as_deref())?;
        let was = here.get(&issue.id).and_then(|before| ended(before.state)).or(standing.facts.outcome);
        let over = |outcome| matches!(outcome, Some(Outcome::Done | Outcome::Gated));
        if here.contains_key(&issue.id) && over(ended(issue.state)) && !over(was) {
            done.push(issue.id);
        }
    }
    match done[..] {
        [] => Ok(()),
        _ => enforced(world, Failure::done_by_import(&done), ""),
    }
}

/// What breaks a rule is refused, warned of or let pass, as the policy says for whoever asks.
pub(crate) fn enforced(world: &World<'_>, refused: Failure, more: &str) -> Result<(), Failure> {
    let policy = world.policy()?;
    let enforcement = match world.agent()?.kind() {
        AgentKind::Human => policy.enforce_people,
        AgentKind::Agent | AgentKind::Ci => policy.enforce_agents,
    };
    match enforcement {
        Enforcement::Strict => Err(refused),
        Enforcement::Warn => {
            world.warn(format!("{}{more}", refused.message));
            Ok(())
        }
        Enforcement::Off => Ok(()),
    }
}
