//! Growing the paths of a lease.

use crate::decide::step::Step;
use crate::decide::{Refusal, Request, Target};
use crate::{Claim, Lease, Operation, Scope, View};

/// Lets the asker's own lease cover these paths besides, with a new fence.
///
/// Other leases are in the way, the asker's own too. Those who wait are not: who waits for what
/// this lease covers already can't be granted it before this lease is over.
#[derive(Clone, Debug)]
pub struct Extend {
    /// Which lease.
    pub target: Target,
    /// What is to be covered besides. Not none.
    pub scope: Scope,
}

impl Request for Extend {
    type Answer = Lease;

    fn leases(answer: &Lease) -> Vec<&Lease> {
        vec![answer]
    }

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Lease, Refusal>, V::Error> {
        let mut lease = match step.own_one(&self.target)? {
            Ok(lease) => lease,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let asked = self.scope.mode();
        if !lease.scope.is_none() && lease.scope.mode() != asked {
            return Ok(Err(Refusal::OtherMode { lease: Box::new(lease), asked }));
        }
        let mut held = step.in_the_way(&[], &self.scope)?;
        held.retain(|wanted| wanted.blocker.id != lease.id);
        if !held.is_empty() {
            return Ok(Err(Refusal::Held(held)));
        }
        lease.scope = match lease.scope.with(&self.scope) {
            Ok(grown) => grown,
            Err(error) => return Ok(Err(Refusal::ScopeTooLarge(error))),
        };
        if let Ok(paths) = Claim::new(Vec::new(), self.scope.clone()) {
            lease.supersedes.extend(step.superseded(&paths)?);
            lease.supersedes.sort_unstable();
            lease.supersedes.dedup();
        }
        lease.fence = step.next_fence();
        step.push(Operation::Extend(lease.clone()));
        Ok(Ok(lease))
    }
}
