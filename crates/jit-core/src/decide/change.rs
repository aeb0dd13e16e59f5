//! Who may change an issue.

use crate::decide::own::Judged;
use crate::decide::step::Step;
use crate::decide::{Refusal, Request};
use crate::{Enforcement, Lease, Reference, View};

/// Issues are changed in ways of which only their files tell.
#[derive(Clone, Debug)]
pub struct Change {
    /// Which.
    pub issues: Vec<Reference>,
}

impl Request for Change {
    /// The leases of others that it goes over, where that is to be warned of.
    type Answer = Vec<Lease>;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Vec<Lease>, Refusal>, V::Error> {
        let mut over = Vec::new();
        for issue in &self.issues {
            match step.may_change(issue)? {
                Ok(lease) => over.extend(lease.map(|lease| *lease)),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        Ok(Ok(over))
    }
}

impl<V: View> Step<'_, V> {
    /// Only the holder changes an issue that somebody holds, as strictly as the policy says. A lease
    /// that a change goes over is told where that is to be warned of.
    pub(super) fn may_change(&mut self, issue: &Reference) -> Judged<Option<Box<Lease>>, V::Error> {
        let actor = self.scene().actor;
        let holder = self.covering(issue)?.map(Box::new);
        let other = holder.filter(|lease| !lease.holder.acts_for(actor));
        Ok(match self.scene().policy.enforcement(&actor.agent) {
            Enforcement::Strict => other.map_or(Ok(None), |lease| Err(Refusal::NotYours(lease))),
            Enforcement::Warn => Ok(other),
            Enforcement::Off => Ok(None),
        })
    }
}
