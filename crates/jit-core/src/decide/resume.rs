//! Carrying on with a lease after its process was lost.

use crate::decide::renew::renewed;
use crate::decide::step::Step;
use crate::decide::{Refusal, Request, Target};
use crate::{Lease, Operation, References, TokenHash, View};

/// The owner proves itself by the token and gets a new fence.
#[derive(Clone, Debug)]
pub struct Resume {
    /// What the lease covers, all or some of it.
    pub issues: References,
    /// Of the secret that was shown when the lease was granted.
    pub token: TokenHash,
}

impl Request for Resume {
    type Answer = Lease;

    fn leases(answer: &Lease) -> Vec<&Lease> {
        vec![answer]
    }

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Lease, Refusal>, V::Error> {
        let lease = match step.own_one(&Target::Issues(self.issues.clone()))? {
            Ok(lease) if lease.token == self.token => lease,
            Ok(lease) => return Ok(Err(Refusal::WrongToken(Box::new(lease)))),
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut lease = match renewed(lease, None, step.scene()) {
            Ok(lease) => lease,
            Err(refusal) => return Ok(Err(refusal)),
        };
        lease.fence = step.next_fence();
        step.push(Operation::Resume(lease.clone()));
        Ok(Ok(lease))
    }
}
