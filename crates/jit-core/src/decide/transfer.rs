//! Handing a lease to another holder.

use crate::decide::renew::renewed;
use crate::decide::step::Step;
use crate::decide::{Refusal, Request, Target};
use crate::{Holder, Lease, Operation, TokenHash, View};

/// Gives the asker's own lease to somebody else, whole, with a new fence and a new token: the old
/// holder's would let it take the lease back.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// Which lease.
    pub target: Target,
    /// Who gets it.
    pub to: Holder,
    /// Of the new secret, minted at the edge.
    pub token: TokenHash,
}

impl Request for Transfer {
    type Answer = Lease;

    fn leases(answer: &Lease) -> Vec<&Lease> {
        vec![answer]
    }

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Lease, Refusal>, V::Error> {
        let target = self.target.named(step.view())?;
        let lease = match step.own_one(&target)? {
            Ok(lease) => lease,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Target::Issues(named) = &target {
            let missing = lease.issues.iter().filter(|r| !named.contains(r)).cloned();
            let missing: Vec<_> = missing.collect();
            if !missing.is_empty() {
                return Ok(Err(Refusal::Partial { lease: Box::new(lease), missing, to: self.to.clone() }));
            }
        }
        let mut lease = match renewed(lease, None, step.scene()) {
            Ok(lease) => lease,
            Err(refusal) => return Ok(Err(refusal)),
        };
        lease.fence = step.next_fence();
        if self.to.worktree != lease.holder.worktree {
            // What is checked out there is not known here.
            lease.branch = None;
        }
        lease.holder = self.to.clone();
        lease.token = self.token;
        step.push(Operation::Transfer(lease.clone()));
        Ok(Ok(lease))
    }
}
