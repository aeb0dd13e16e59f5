//! The ends of issues, and beginning anew.

use std::collections::BTreeSet;

use crate::decide::step::Step;
use crate::decide::{Bar, Barred, Refusal, Request};
use crate::{Cause, Facts, FiledGates, Gate, Lease, Outcome, Reference, Round, View};

/// An issue ends without any work on it.
#[derive(Clone, Debug)]
pub struct Close {
    /// Which issue.
    pub issue: Reference,
    /// How.
    pub ending: Ending,
}

/// The ends that need no lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nobody will do it.
    Rejected,
    /// Its file is taken away: nobody will do it, unless it ended before.
    Deleted,
}

/// What the log knows of an issue after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concluded {
    /// All that it knows.
    pub facts: Facts,
    /// The lease of another that the change went over, where that is to be warned of.
    pub over: Option<Box<Lease>>,
}

impl Request for Close {
    type Answer = Concluded;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Concluded, Refusal>, V::Error> {
        let over = match step.may_change(&self.issue)? {
            Ok(over) => over,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let facts = step.facts(&self.issue)?;
        let ended = match (self.ending, facts.outcome) {
            (Ending::Deleted, Some(outcome)) if outcome.is_worked() || facts.deleted => {
                return Ok(Ok(Concluded { facts, over }));
            }
            (Ending::Deleted, _) => Facts { deleted: true, ..facts.ended(Outcome::Rejected) },
            (Ending::Rejected, Some(outcome @ Outcome::Done)) => {
                let bar = Bar::Ended(outcome);
                return Ok(Err(Refusal::Barred(vec![Barred { reference: self.issue.clone(), bar }])));
            }
            (Ending::Rejected, Some(Outcome::Rejected)) if !facts.deleted => {
                return Ok(Ok(Concluded { facts, over }));
            }
            (Ending::Rejected, _) => facts.ended(Outcome::Rejected),
        };
        let ended = step.by_actor(ended, None);
        step.note(Cause::Ended, vec![ended.clone()]);
        Ok(Ok(Concluded { facts: ended, over }))
    }
}

/// What became of gates of an issue. One whose work was done is done with the last of them.
#[derive(Clone, Debug)]
pub struct Settle {
    /// Which issue.
    pub issue: Reference,
    /// Those that were passed or taken away.
    pub settled: BTreeSet<Gate>,
    /// Those that were passed and are open again, or came to it.
    pub opened: BTreeSet<Gate>,
    /// Whether a file says that the work was done and no gate is open: the log does not go with a
    /// clone, so where it knows of no end and of no reopening, that decides.
    pub filed: bool,
    /// What the log was seen to say. Should it say something else by now (the issue was reopened,
    /// and perhaps ended again), nothing changes.
    pub seen: Round,
}

impl Request for Settle {
    type Answer = Concluded;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Concluded, Refusal>, V::Error> {
        let over = match step.may_change(&self.issue)? {
            Ok(over) => over,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let known = step.facts(&self.issue)?;
        if known.round() != self.seen {
            return Ok(Ok(Concluded { facts: known, over }));
        }
        let open = match known.outcome {
            // Another branch required a gate of which the log never heard.
            Some(Outcome::Done) => {
                let settled_gates = &known.settled_gates | &self.settled;
                let facts = Facts { settled_gates, ..known.clone() };
                if facts != known {
                    step.note(Cause::Ended, vec![facts.clone()]);
                }
                return Ok(Ok(Concluded { facts, over }));
            }
            Some(Outcome::Gated) => &(&known.open_gates - &self.settled) | &self.opened,
            None if self.filed && known.reopened.is_none() => BTreeSet::new(),
            _ => return Ok(Ok(Concluded { facts: known, over })),
        };
        let gates = FiledGates { open, passed: self.settled.clone() };
        let facts = step.by_actor(known.clone().done_with(gates), None);
        if facts != known {
            step.note(Cause::Ended, vec![facts.clone()]);
        }
        Ok(Ok(Concluded { facts, over }))
    }
}

/// An issue that ended may be claimed again.
#[derive(Clone, Debug)]
pub struct Reopen {
    /// Which issue.
    pub issue: Reference,
    /// Whether a file that is not written by this says that it ended: then the log says that it did not.
    pub filed: bool,
}

impl Request for Reopen {
    type Answer = Concluded;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Concluded, Refusal>, V::Error> {
        let over = match step.may_change(&self.issue)? {
            Ok(over) => over,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut facts = step.facts(&self.issue)?;
        if facts.outcome.is_some() || self.filed && facts.reopened.is_none() {
            facts = facts.reopened(step.next_fence(), step.scene().now.wall);
            step.note(Cause::Reopened, vec![facts.clone()]);
        }
        Ok(Ok(Concluded { facts, over }))
    }
}

/// The failures of an issue are forgiven.
#[derive(Clone, Debug)]
pub struct ResetFailures {
    /// Which issue.
    pub issue: Reference,
}

impl Request for ResetFailures {
    type Answer = Facts;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Facts, Refusal>, V::Error> {
        let known = step.facts(&self.issue)?;
        let facts = Facts { failures: 0, last_failure: None, ..known.clone() };
        if facts != known {
            step.note(Cause::Reset, vec![facts.clone()]);
        }
        Ok(Ok(facts))
    }
}
