//! Issues as they are now: what their files say, with what the log knows of them.

use jit_core::decide::{Candidate, Step};
use jit_core::{AgentId, Facts, Holder, Lease, Now, Outcome, Policy, Query, Reference, Scene, View};
use jit_tracker::{Dependency, Issue, Listed, Origin, Outline, State};

use crate::error::Failure;
use crate::tracker::Tracker;
use crate::world::World;

/// An issue as it is now.
#[derive(Clone, Debug)]
pub(crate) struct Known<I = Outline> {
    pub(crate) issue: I,
    pub(crate) origin: Origin,
    pub(crate) facts: Facts,
    /// Who has it.
    pub(crate) lease: Option<Lease>,
}

/// How far an issue has come, as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Somebody works on it.
    InProgress,
    /// As its file says, or the log where that knows more.
    At(State),
}

impl Stage {
    /// As it is written.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::At(state) => state.as_str(),
        }
    }
}

impl<D> Known<Issue<D>> {
    /// How far it has come.
    pub(crate) fn stage(&self) -> Stage {
        match (&self.lease, self.facts.outcome) {
            (Some(_), _) => Stage::InProgress,
            (None, Some(Outcome::Done)) => Stage::At(State::Done),
            (None, Some(Outcome::Gated)) => Stage::At(State::Gated),
            (None, Some(Outcome::Rejected)) => Stage::At(State::Rejected),
            (None, None) => Stage::At(self.issue.state),
        }
    }

    /// Whether it failed too often.
    pub(crate) fn quarantined(&self, policy: &Policy) -> bool {
        self.facts.failures >= policy.max_failures
    }

    /// Whether others than this agent may not pick it.
    pub(crate) fn kept_from(&self, agent: &AgentId) -> bool {
        let assigned = self.facts.assigned.as_ref();
        assigned.is_some_and(|assigned| assigned != agent && *assigned != agent.base())
    }
}

/// How a file says that an issue ended.
pub(crate) fn ended(state: State) -> Option<Outcome> {
    match state {
        State::Done => Some(Outcome::Done),
        State::Gated => Some(Outcome::Gated),
        State::Rejected => Some(Outcome::Rejected),
        State::Backlog | State::Ready => None,
    }
}

/// All issues, what is broken among them, and when the log was asked.
pub(crate) struct All {
    pub(crate) issues: Vec<Known>,
    pub(crate) broken: Vec<jit_tracker::FileError>,
}

impl All {
    /// Every issue that this worktree sees.
    pub(crate) fn here(world: &World<'_>) -> Result<Self, Failure> {
        let listing = Tracker::around(world)?.list()?;
        let references: Vec<Reference> =
            listing.issues.iter().map(|listed| listed.issue.reference()).collect();
        let log = world.read(&Log::about(world, references)?)?;
        let issues = listing.issues.into_iter().zip(log);
        let known = |(Listed { issue, origin }, (facts, lease))| Known { issue, origin, facts, lease };
        Ok(Self { issues: issues.map(known).collect(), broken: listing.broken })
    }

    /// Whether files say that an issue which another waits for is done.
    pub(crate) fn met(&self) -> impl Fn(&Dependency) -> bool + use<> {
        let done = self.issues.iter().filter(|known| known.origin != Origin::Main);
        let done = done.filter(|known| known.issue.state == State::Done);
        let done: std::collections::HashSet<Reference> = done.map(|known| known.issue.reference()).collect();
        move |on| done.contains(on.reference())
    }

    /// As a claim of it is judged.
    pub(crate) fn candidate(issue: &Outline, met: impl Fn(&Dependency) -> bool) -> Candidate {
        let waits_for = jit_tracker::dependencies::blockers(issue, met);
        Candidate {
            reference: issue.reference(),
            ended: ended(issue.state),
            waits_for: waits_for.iter().map(|on| on.reference().clone()).collect(),
        }
    }
}

/// What the log knows of issues, with lapses that were not evicted yet counted as they will be.
pub(crate) struct Log<'a> {
    references: Vec<Reference>,
    reader: Holder,
    policy: &'a Policy,
}

impl<'a> Log<'a> {
    pub(crate) fn about(world: &'a World<'_>, references: Vec<Reference>) -> Result<Self, Failure> {
        Ok(Self { references, reader: world.reading_holder()?, policy: world.policy()? })
    }
}

impl Query for Log<'_> {
    type Answer = Vec<(Facts, Option<Lease>)>;

    fn asks_much(&self) -> bool {
        self.references.len() > 16
    }

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Self::Answer, V::Error> {
        let scene = Scene { now: *now, actor: &self.reader, policy: self.policy, waiting: &[] };
        let mut step = Step::looking(view, &scene);
        self.references.iter().map(|reference| step.issue(reference)).collect()
    }
}
