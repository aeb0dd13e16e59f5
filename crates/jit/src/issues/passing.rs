//! Passing gates: of which work, and whether that is still what was looked at.

use std::collections::BTreeMap;

use jit_core::{LeaseId, Outcome, Round};
use jit_tracker::gates::Gate;
use jit_tracker::{GateName, GateResult, Issue, PassedAs, State, Work};

use crate::error::Failure;
use crate::issues::elsewhere::not_lost;
use crate::issues::filed::{ended, is_worked};
use crate::issues::gates::{Defined, Verdict};
use crate::issues::known::{Known, Stage};
use crate::issues::tracker::Tracker;
use crate::world::World;

impl Known<Issue> {
    /// What its gates are passed for now.
    pub(crate) fn work(&self) -> Work {
        let facts = &self.standing.facts;
        // A file of an attempt before says nothing of this one.
        let filed = ended(self.issue.state).filter(|_| !facts.contradicts(self.issue.updated_at));
        match (&self.standing.lease, facts.outcome.or(filed)) {
            (Some(lease), _) => Work::Under(lease.id),
            (None, Some(Outcome::Done | Outcome::Gated)) => Work::Done,
            (None, Some(Outcome::Rejected) | None) => Work::None,
        }
    }

    /// Opens what was passed for other work, or as something else. What is done stays as it is.
    pub(crate) fn open_what_is_stale(&mut self, world: &World<'_>) -> Result<(), Failure> {
        if self.stage() != Stage::At(State::Done) {
            let work = self.work();
            opened(world, &mut self.issue, work)?;
        }
        Ok(())
    }
}

/// Opens the gates of an issue that were not passed for this work, and says which.
pub(crate) fn opened(world: &World<'_>, issue: &mut Issue, work: Work) -> Result<Vec<GateName>, Failure> {
    if !issue.gates.values().any(GateResult::passed) {
        return Ok(Vec::new());
    }
    Ok(issue.open_unless_passed_for(work, Defined::here(world)?.all()))
}

/// What a pass is of.
pub(crate) struct Of {
    lease: Option<LeaseId>,
    passed_as: PassedAs,
}

impl Of {
    /// This work, and the gate as it is defined. Nothing is passed of what nobody has begun.
    pub(crate) fn now(known: &Known<Issue>, defined: &Defined, name: &GateName) -> Result<Self, Failure> {
        let passed_as = defined.get(name)?.check.passed_as();
        let lease = match known.work() {
            Work::None => return Err(nothing_to_pass(known)),
            Work::Under(lease) => Some(lease),
            Work::Done => None,
        };
        Ok(Self { lease, passed_as })
    }

    /// As the file has it.
    pub(crate) fn passed(self, by: jit_core::AgentId, at: jit_core::WallTime) -> GateResult {
        GateResult::Passed { by, at, lease: self.lease, passed_as: Some(self.passed_as) }
    }
}

fn nothing_to_pass(known: &Known<Issue>) -> Failure {
    let (id, facts) = (known.issue.id, &known.standing.facts);
    let is_of_before = is_worked(&known.issue) && facts.contradicts(known.issue.updated_at);
    match known.ended_elsewhere() {
        None if is_of_before => Failure::of_an_attempt_before(id),
        ended => Failure::nothing_to_pass(id, ended.is_some_and(Outcome::is_worked)),
    }
}

/// Refuses to look here at work that is not here, or that nobody has begun.
pub(crate) fn work_is_here(
    world: &World<'_>,
    tracker: &Tracker<'_>,
    known: &Known<Issue>,
) -> Result<(), Failure> {
    let id = known.issue.id;
    match known.work() {
        Work::None => Err(nothing_to_pass(known)),
        Work::Done if known.ended_elsewhere().is_some() => {
            let way = not_lost(world, known)?.map(|place| place.way);
            let root = tracker.done_in(id, &known.standing.facts)?;
            Err(Failure::work_elsewhere(id, root, way, &world.repeated()))
        }
        Work::Under(_) | Work::Done => Ok(()),
    }
}

/// What a check began with. It takes its time, and what it finds is of that only.
pub(crate) struct Began {
    work: Work,
    round: Round,
    gates: BTreeMap<GateName, GateResult>,
    passed_as: BTreeMap<GateName, PassedAs>,
}

impl Began {
    /// With an issue as it is known, to check these.
    pub(crate) fn with(known: &Known<Issue>, commands: &[(GateName, Gate)]) -> Self {
        let passed_as = commands.iter().map(|(name, gate)| (name.clone(), gate.check.passed_as()));
        Self {
            work: known.work(),
            round: known.standing.facts.round(),
            gates: known.issue.gates.clone(),
            passed_as: passed_as.collect(),
        }
    }

    /// Refuses to record what was found if it is not of what is there now. A gate that was taken away
    /// is no longer asked about; one that another check passed meanwhile is passed.
    pub(crate) fn is_still(
        &self,
        known: &Known<Issue>,
        defined: &Defined,
        verdicts: &[(GateName, Verdict)],
    ) -> Result<(), Failure> {
        let changed = |(name, verdict): &(GateName, Verdict)| {
            let (now, as_begun) = (known.issue.gates.get(name)?, self.passed_as.get(name)?);
            let is_defined = defined.get(name).is_ok_and(|gate| gate.check.passed_as() == *as_begun);
            let agrees = matches!(verdict, Verdict::Passed) && self.is_passed(known, now, as_begun);
            match (is_defined, agrees, self.is_work(known)) {
                (false, ..) => Some("its definition"),
                (true, true, _) => None,
                (true, false, false) => Some("its work"),
                (true, false, true) => (self.gates.get(name) != Some(now)).then_some("what is said of it"),
            }
        };
        match verdicts.iter().find_map(|verdict| Some((&verdict.0, changed(verdict)?))) {
            Some((name, what)) => Err(Failure::checked_something_else(known.issue.id, name, what)),
            None => Ok(()),
        }
    }

    fn is_work(&self, known: &Known<Issue>) -> bool {
        self.work == known.work() && self.round == known.standing.facts.round()
    }

    /// Whether another check passed it for the same work.
    fn is_passed(&self, known: &Known<Issue>, now: &GateResult, as_begun: &PassedAs) -> bool {
        if self.round.reopened != known.standing.facts.reopened {
            return false;
        }
        let of = match self.work {
            Work::None => return false,
            Work::Under(lease) => Some(lease),
            Work::Done => None,
        };
        matches!(now, GateResult::Passed { lease, passed_as, .. } if *lease == of && *passed_as == Some(*as_begun))
    }
}
