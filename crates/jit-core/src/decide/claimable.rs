//! Whether an issue that nobody holds may be claimed.

use crate::decide::step::Step;
use crate::policy::Dependencies;
use crate::{AgentId, Facts, Filed, Lease, Outcome, Reference, Task, View, WallTime};

/// Something that is to be claimed, with what files say of it. They are read before the atomic
/// step; what the log knows is asked inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What it is.
    pub reference: Reference,
    /// Whether it is to be picked by whoever wants to work: its file says that it is ready.
    pub ready: bool,
    /// Whether it is about other issues, and no work of its own.
    pub meta: bool,
    /// What files say of its end.
    pub filed: Filed,
    /// The issues that it waits for.
    pub waits_for: Vec<WaitsFor>,
}

/// An issue that another waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitsFor {
    /// Which.
    pub on: Reference,
    /// If a file of the asker says that it is done: when that was written.
    pub done_at: Option<WallTime>,
}

impl From<Reference> for Candidate {
    /// Something of which no file says anything.
    fn from(reference: Reference) -> Self {
        Self { reference, ready: false, meta: false, filed: Filed::default(), waits_for: Vec::new() }
    }
}

/// Why an issue that nobody holds can't be claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bar {
    /// It ended.
    Ended(Outcome),
    /// Its file was taken away, by whoever decided that nobody will do it.
    Deleted,
    /// It failed too often.
    Quarantined {
        /// How often.
        failures: u32,
        /// Why the last time.
        reason: Option<Task>,
    },
    /// It waits for these.
    Blocked(Vec<Reference>),
    /// It is reserved for somebody else.
    Assigned(AgentId),
}

/// What is known of something that may be claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What the log knows of it, with a lapse that was not evicted yet as its eviction will count.
    pub facts: Facts,
    /// The lease that covers it and stands. Few of many issues have one, so it stands apart.
    pub lease: Option<Box<Lease>>,
    /// What bars a claim of it by whoever is free to, assignments aside.
    pub bar: Option<Bar>,
}

impl Standing {
    /// Whether the candidate that it is of may be picked without taking it from anybody: by this
    /// agent, or for whoever will be chosen.
    pub fn is_free(&self, candidate: &Candidate, to: Option<&AgentId>) -> bool {
        let kept = match to {
            Some(agent) => self.facts.is_kept_from(agent),
            None => self.facts.assigned.is_some(),
        };
        candidate.ready && !candidate.meta && !kept && self.lease.is_none() && self.bar.is_none()
    }
}

impl<V: View> Step<'_, V> {
    /// What is known of a candidate.
    ///
    /// # Errors
    /// Trouble in reading the view.
    pub fn known(&mut self, candidate: &Candidate) -> Result<Standing, V::Error> {
        // A lapse is met first, so that it is among the facts.
        let lease = self.covering(&candidate.reference)?.map(Box::new);
        let facts = self.facts(&candidate.reference)?;
        let bar = self.barred_by(&facts, candidate, false)?;
        Ok(Standing { facts, lease, bar })
    }

    /// What bars a claim of an issue, assignments aside.
    pub(super) fn bar(
        &mut self,
        candidate: &Candidate,
        despite_failures: bool,
    ) -> Result<Option<Bar>, V::Error> {
        if !candidate.reference.is_issue() {
            return Ok(None);
        }
        let facts = self.facts(&candidate.reference)?;
        self.barred_by(&facts, candidate, despite_failures)
    }

    fn barred_by(
        &mut self,
        facts: &Facts,
        candidate: &Candidate,
        despite_failures: bool,
    ) -> Result<Option<Bar>, V::Error> {
        if !candidate.reference.is_issue() {
            return Ok(None);
        }
        if facts.deleted {
            return Ok(Some(Bar::Deleted));
        }
        if let Some(outcome) = facts.with_files(&candidate.filed) {
            return Ok(Some(Bar::Ended(outcome)));
        }
        if facts.failures >= self.scene().policy.max_failures && !despite_failures {
            let reason = facts.last_failure.clone();
            return Ok(Some(Bar::Quarantined { failures: facts.failures, reason }));
        }
        let mut waits_for = Vec::new();
        for WaitsFor { on, done_at } in &candidate.waits_for {
            let facts = self.facts(on)?;
            let is_here = done_at.is_some_and(|at| !facts.contradicts(at));
            let recorded = self.scene().policy.dependencies == Dependencies::Recorded;
            if !(is_here || recorded && facts.outcome == Some(Outcome::Done)) {
                waits_for.push(on.clone());
            }
        }
        Ok(if waits_for.is_empty() { None } else { Some(Bar::Blocked(waits_for)) })
    }
}
