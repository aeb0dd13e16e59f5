//! Giving up what one holds.

use crate::decide::step::Step;
use crate::decide::{Refusal, Request, Target};
use crate::{Lease, Operation, Reference, View};

/// Gives up a lease, or some of the references of one's leases; all that is named, or nothing.
#[derive(Clone, Debug)]
pub struct Release {
    /// A lease as a whole, or references.
    pub target: Target,
}

/// What was given up of one lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// The lease with what is left of it; it is over when that is nothing.
    pub lease: Lease,
    /// What was given up.
    pub issues: Vec<Reference>,
}

impl Request for Release {
    type Answer = Vec<Released>;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Vec<Released>, Refusal>, V::Error> {
        let own = match step.own(&self.target)? {
            Ok(own) => own,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let released: Vec<Released> = own.into_iter().map(|lease| self.shrunk(lease)).collect();
        for Released { lease, issues } in &released {
            step.push(Operation::Release { lease: lease.clone(), released: issues.clone() });
        }
        Ok(Ok(released))
    }
}

impl Release {
    fn shrunk(&self, mut lease: Lease) -> Released {
        let (issues, left) =
            std::mem::take(&mut lease.issues).into_iter().partition(|reference| match &self.target {
                Target::Lease(_) => true,
                Target::Issues(named) => named.contains(reference),
            });
        lease.issues = left;
        Released { lease, issues }
    }
}

/// Gives up all that the asker holds; what has lapsed is gone anyway.
#[derive(Clone, Debug)]
pub struct ReleaseAll;

impl Request for ReleaseAll {
    type Answer = Vec<Released>;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Vec<Released>, Refusal>, V::Error> {
        let held = step.held()?;
        if held.is_empty() {
            return Ok(Err(Refusal::NoLease { lost: Vec::new() }));
        }
        let whole = held.into_iter().map(|lease| Release { target: Target::Lease(lease.id) }.shrunk(lease));
        let released: Vec<Released> = whole.collect();
        for Released { lease, issues } in &released {
            step.push(Operation::Release { lease: lease.clone(), released: issues.clone() });
        }
        Ok(Ok(released))
    }
}
