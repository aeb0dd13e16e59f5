//! What a Git hook is told: that jit does not manage this, that nothing is in the way, what is, or
//! that this can't be told.

use jit_core::{AgentId, AgentKind, Enforcement, Holder, Name, Now, Policy, Query, View, WorktreeId};
use uuid::Uuid;

use crate::error::{Code, Failure};
use crate::output::Output;
use crate::world::World;

/// What speaks against something.
pub(crate) struct Objection {
    pub(crate) failure: Failure,
    /// Whether it is refused where others are warned of: somebody else works on it, instead of the
    /// one who is told.
    pub(crate) replaced: bool,
}

/// Judges what a hook asks about, and answers as strictly as the policy says.
pub(crate) fn given(
    world: &World<'_>,
    judge: impl FnOnce(&Holder) -> Result<Vec<Objection>, Failure>,
) -> Result<Output, Failure> {
    if !is_managed(world)? {
        return Ok(nothing());
    }
    let enforcement = enforcement(world);
    if enforcement == Enforcement::Off {
        return Ok(nothing());
    }
    answered(world, enforcement, committer(world).and_then(|by| judge(&by)))
}

/// The answer to what was judged, or could not be.
pub(crate) fn answered(
    world: &World<'_>,
    enforcement: Enforcement,
    objections: Result<Vec<Objection>, Failure>,
) -> Result<Output, Failure> {
    let refused = match objections.map_err(Failure::untold) {
        Ok(objections) => refused(world, objections, enforcement),
        Err(failure) if enforcement == Enforcement::Strict => Some(failure),
        Err(failure) => {
            world.warn(failure.message);
            None
        }
    };
    refused.map_or_else(|| Ok(nothing()), Err)
}

/// Whether anybody ever claimed anything in this repository.
pub(crate) fn is_managed(world: &World<'_>) -> Result<bool, Failure> {
    Ok(world.control_plane()?.exists())
}

/// Who commits. Where nobody said who it is, it is the one who holds something in this worktree, if
/// that is one.
pub(crate) fn committer(world: &World<'_>) -> Result<Holder, Failure> {
    let identity = world.repo()?.read_identity()?;
    let worktree = WorktreeId::new(identity.map_or_else(Uuid::nil, |identity| identity.id));
    let agent = match world.named_agent()? {
        Some(agent) => Some(agent),
        None => world.read(&AtWork(worktree))?,
    };
    let agent = match agent.map_or_else(|| world.agent(), Ok) {
        // Whoever can claim nothing has nothing, and can still be in others' way.
        Err(failure) if failure.code == Code::NoIdentity => nobody().ok_or(failure)?,
        other => other?,
    };
    Ok(Holder { agent, worktree })
}

fn nobody() -> Option<AgentId> {
    Name::fitted("nobody").map(|name| AgentId::new(AgentKind::Agent, name))
}

/// The only agent, sub-agents aside, that holds something in a worktree.
struct AtWork(WorktreeId);

impl Query for AtWork {
    type Answer = Option<AgentId>;

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Self::Answer, V::Error> {
        let held = view.held_in(&self.0)?;
        let mut agents: Vec<AgentId> = held
            .iter()
            .filter(|lease| !lease.lapsed(&now.stamp))
            .map(|lease| lease.holder.agent.base())
            .collect();
        agents.sort_unstable();
        agents.dedup();
        Ok(agents.pop().filter(|_| agents.is_empty()))
    }
}

pub(crate) fn nothing() -> Output {
    Output::Text(String::new())
}

/// As the policy says, or where that can't be told, as it says by default.
fn enforcement(world: &World<'_>) -> Enforcement {
    let default = Policy::default();
    let policy = world.policy().unwrap_or(&default);
    match world.named_agent() {
        Ok(Some(agent)) => policy.enforcement(&agent),
        Ok(None) if crate::identity::somebody_is_there() => policy.enforce_people,
        _ => policy.enforce_agents,
    }
}

/// The refusal, if it comes to that; all else is warned of.
fn refused(world: &World<'_>, objections: Vec<Objection>, enforcement: Enforcement) -> Option<Failure> {
    let stops = |objection: &Objection| enforcement == Enforcement::Strict || objection.replaced;
    let (stopping, others): (Vec<_>, Vec<_>) = objections.into_iter().partition(stops);
    let mut stopping = stopping.into_iter().map(|objection| objection.failure);
    let first = stopping.next();
    for failure in others.into_iter().map(|objection| objection.failure).chain(stopping) {
        let lines = [failure.message].into_iter().chain(failure.details);
        world.warn(lines.collect::<Vec<_>>().join("\n  "));
    }
    first
}
