//! Ending leases that are not one's own.

use crate::decide::step::Step;
use crate::decide::{Refusal, Request, Target};
use crate::{Lease, Operation, Task, View};

/// Ends anybody's lease; who did it and why is on record.
#[derive(Clone, Debug)]
pub struct ForceEvict {
    /// Which lease.
    pub target: Target,
    /// Why.
    pub reason: Task,
}

impl Request for ForceEvict {
    type Answer = Lease;

    fn leases(answer: &Lease) -> Vec<&Lease> {
        vec![answer]
    }

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Lease, Refusal>, V::Error> {
        let judged = step.anyones(&self.target)?;
        if let Ok(lease) = &judged {
            let reason = self.reason.clone();
            step.push(Operation::ForceEvict { lease: lease.clone(), reason });
        }
        Ok(judged)
    }
}

/// Evicts whatever has lapsed, and nothing else.
#[derive(Clone, Debug)]
pub struct Sweep;

impl Request for Sweep {
    type Answer = ();

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<(), Refusal>, V::Error> {
        let now = step.scene().now.stamp;
        for lease in step.view().lapsed(&now, usize::MAX)? {
            // What is met twice is evicted once.
            step.lease(&lease.id)?;
        }
        Ok(Ok(()))
    }
}
