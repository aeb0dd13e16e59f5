//! The ends of issues, and beginning anew.

use crate::decide::step::Step;
use crate::decide::{Refusal, Request};
use crate::{Cause, Facts, Outcome, Reference, View};

/// An issue ends without a lease on it: it is rejected, or its last gate passed.
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
    /// Its file is taken away: nobody will do it, unless it was done before.
    Deleted,
    /// The last gate of an issue whose work was done has passed.
    LastGate {
        /// What the log said of the issue when that was found out. Should it say something else by
        /// now (reopened, say), nothing ends.
        seen: Option<Outcome>,
    },
}

impl Request for Close {
    type Answer = Facts;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Facts, Refusal>, V::Error> {
        if let Some(refusal) = step.held_by_another(&self.issue)? {
            return Ok(Err(refusal));
        }
        let facts = step.facts(&self.issue)?;
        let outcome = match (self.ending, facts.outcome) {
            (Ending::Rejected, _) | (Ending::Deleted, None) => Outcome::Rejected,
            // That work was done may be known from a file alone: the log does not go with a clone.
            (Ending::LastGate { seen }, None | Some(Outcome::Gated)) if seen == facts.outcome => {
                Outcome::Done
            }
            (Ending::Deleted | Ending::LastGate { .. }, _) => return Ok(Ok(facts)),
        };
        let facts = facts.ended(outcome);
        step.note(Cause::Ended, vec![facts.clone()]);
        Ok(Ok(facts))
    }
}

/// An issue that ended may be claimed again.
#[derive(Clone, Debug)]
pub struct Reopen {
    /// Which issue.
    pub issue: Reference,
}

impl Request for Reopen {
    type Answer = Facts;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Facts, Refusal>, V::Error> {
        if let Some(refusal) = step.held_by_another(&self.issue)? {
            return Ok(Err(refusal));
        }
        let mut facts = step.facts(&self.issue)?;
        if facts.outcome.take().is_some() {
            step.note(Cause::Reopened, vec![facts.clone()]);
        }
        Ok(Ok(facts))
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

impl<V: View> Step<'_, V> {
    /// Only the holder changes an issue that somebody holds.
    fn held_by_another(&mut self, issue: &Reference) -> Result<Option<Refusal>, V::Error> {
        let actor = self.scene().actor;
        let holder = self.covering(issue)?;
        let other = holder.filter(|lease| !lease.holder.acts_for(actor));
        Ok(other.map(|lease| Refusal::NotYours(Box::new(lease))))
    }
}
