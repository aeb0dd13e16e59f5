//! What a hook is told: that jit does not manage this, that nothing is in the way, what is, or
//! that this can't be told.

pub(crate) mod acting;
pub(crate) mod arrivals;
pub(crate) mod branches;
pub(crate) mod claiming;
pub(crate) mod matching;

use jit_core::verdict::{AtWork, Committed};
use jit_core::{AgentId, AgentKind, Enforcement, Holder, Name, Policy, WorktreeId};
use uuid::Uuid;

use crate::error::{Code, Failure};
use crate::look::Look;
use crate::output::Output;
use crate::world::World;

/// What speaks against something.
pub(crate) struct Objection {
    pub(crate) failure: Failure,
    /// Whether it is refused where others are warned of: somebody else works on it, instead of the
    /// one who is told.
    pub(crate) replaced: bool,
}

/// What a verdict comes to.
#[derive(Default)]
pub(crate) struct Verdict {
    /// What it is refused for.
    pub(crate) refused: Vec<Failure>,
    /// What is only said.
    pub(crate) said: Vec<Failure>,
}

impl Verdict {
    fn new(enforcement: Enforcement, objections: Result<Vec<Objection>, Failure>) -> Self {
        let untold = |failure: Failure| vec![Objection { failure: failure.untold(), replaced: false }];
        let stops = |objection: &Objection| enforcement == Enforcement::Strict || objection.replaced;
        let (refused, said): (Vec<_>, Vec<_>) =
            objections.unwrap_or_else(untold).into_iter().partition(stops);
        let failures = |objections: Vec<Objection>| objections.into_iter().map(|one| one.failure).collect();
        Self { refused: failures(refused), said: failures(said) }
    }

    /// As Git's hooks say it: what it is refused for first, and all else as warnings.
    fn answer(self, world: &World<'_>) -> Result<Output, Failure> {
        let mut refused = self.refused.into_iter();
        let first = refused.next();
        for failure in self.said.into_iter().chain(refused) {
            let lines = [failure.message].into_iter().chain(failure.details);
            world.warn(lines.collect::<Vec<_>>().join("\n  "));
        }
        first.map_or_else(|| Ok(nothing()), Err)
    }
}

/// Judges what one of Git's hooks asks about, and answers as strictly as the policy says.
pub(crate) fn given(
    world: &World<'_>,
    judge: impl FnOnce(&Holder) -> Result<Vec<Objection>, Failure>,
) -> Result<Output, Failure> {
    verdict(world, judge)?.answer(world)
}

/// Judges what any hook asks about, as strictly as the policy says.
pub(crate) fn verdict(
    world: &World<'_>,
    judge: impl FnOnce(&Holder) -> Result<Vec<Objection>, Failure>,
) -> Result<Verdict, Failure> {
    if !is_managed(world)? {
        return Ok(Verdict::default());
    }
    match enforcement(world) {
        Enforcement::Off => Ok(Verdict::default()),
        enforcement => Ok(Verdict::new(enforcement, committer(world).and_then(|by| judge(&by)))),
    }
}

/// What can't be told, as strictly as the policy says where it is asked: nothing in no repository.
pub(crate) fn untold(world: &World<'_>, failure: Failure) -> Verdict {
    match verdict(world, |_| Err(failure)) {
        Ok(verdict) => verdict,
        Err(failure) if failure.code == Code::NotARepository => Verdict::default(),
        Err(failure) => Verdict::new(enforcement(world), Err(failure)),
    }
}

/// The answer to what was judged, or could not be.
pub(crate) fn answered(
    world: &World<'_>,
    enforcement: Enforcement,
    objections: Result<Vec<Objection>, Failure>,
) -> Result<Output, Failure> {
    Verdict::new(enforcement, objections).answer(world)
}

/// What speaks against changing paths: somebody else covers them, or one's own leases of paths
/// leave them out.
pub(crate) fn of_paths(world: &World<'_>, by: &Holder, found: Committed) -> Vec<Objection> {
    let (touched, mut objections) = (found.touched.plain(), Vec::new());
    if !touched.held.is_empty() {
        let failure =
            Failure::in_the_way(&touched, &Look { by: Some(by.clone()), ..world.look(touched.now) });
        objections.push(Objection { failure, replaced: found.replaced });
    }
    if !touched.outside.is_empty() {
        let failure = Failure::outside(&touched.outside, &found.own);
        objections.push(Objection { failure, replaced: false });
    }
    objections
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
        None => world.read(&AtWork { worktree })?,
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

pub(crate) fn nothing() -> Output {
    Output::Text(String::new())
}

/// As the policy says, or where that can't be told, as it says by default.
fn enforcement(world: &World<'_>) -> Enforcement {
    let default = Policy::default();
    let policy = world.policy().unwrap_or(&default);
    match world.named_agent() {
        Ok(Some(agent)) => policy.enforcement(&agent),
        Ok(None) if crate::input::identity::somebody_is_there() => policy.enforce_people,
        _ => policy.enforce_agents,
    }
}
