//! Changing an issue's file: who may, what is written, who is told.

use jit_core::{AgentKind, Enforcement, IssueId, Refusal};
use jit_tracker::{Issue, Listed, Origin};

use crate::error::Failure;
use crate::known::{Known, Log};
use crate::output::Output;
use crate::tracker::{Tracker, later};
use crate::world::World;

/// Changes an issue in this worktree's files. What was read from elsewhere is written here.
pub(crate) fn changed(
    world: &World<'_>,
    id: IssueId,
    did: &'static str,
    change: impl FnOnce(&mut Issue),
) -> Result<Output, Failure> {
    let tracker = Tracker::around(world)?;
    let Listed { issue: before, .. } = tracker.read(id)?;
    let known = looked_up(world, before.clone(), Origin::Worktree)?;
    may_change(world, &known)?;
    let mut after = before.clone();
    change(&mut after);
    if after != before {
        after.updated_at = later(world.now()?.wall, before.updated_at);
        tracker.write(Some(&before), &after)?;
        world.something_changed();
    }
    Ok(Output::Issue { did: Some(did), known: Box::new(Known { issue: after, ..known }) })
}

/// An issue with what the log knows of it.
pub(crate) fn looked_up(world: &World<'_>, issue: Issue, origin: Origin) -> Result<Known<Issue>, Failure> {
    let (facts, lease) = world.read(&Log::about(world, vec![issue.reference()])?)?.remove(0);
    Ok(Known { issue, origin, facts, lease })
}

/// An issue that somebody holds is changed by its holder only, as strictly as the policy says.
pub(crate) fn may_change(world: &World<'_>, known: &Known<Issue>) -> Result<(), Failure> {
    let Some(lease) = &known.lease else { return Ok(()) };
    if lease.holder.acts_for(&world.reading_holder()?) {
        return Ok(());
    }
    let refused = Failure::refused(&Refusal::NotYours(Box::new(lease.clone())), &world.look(world.now()?));
    let policy = world.policy()?;
    let enforcement = match world.agent()?.kind() {
        AgentKind::Human => policy.enforce_people,
        AgentKind::Agent | AgentKind::Ci => policy.enforce_agents,
    };
    match enforcement {
        Enforcement::Strict => Err(refused),
        Enforcement::Warn => {
            world.warn(format!("{}; {} works on it", refused.message, lease.holder.agent));
            Ok(())
        }
        Enforcement::Off => Ok(()),
    }
}
