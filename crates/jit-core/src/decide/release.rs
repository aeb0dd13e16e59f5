//! Giving up what one holds.

use std::collections::{BTreeMap, BTreeSet};

use crate::decide::own::Judged;
use crate::decide::step::Step;
use crate::decide::{Refusal, Request, Target};
use crate::{Attempt, Cause, FiledGates, Lease, Operation, Reference, View};

/// Gives up a lease, or some of the references of one's leases; all that is named, or nothing.
#[derive(Clone, Debug)]
pub struct Release {
    /// A lease as a whole, or references.
    pub target: Target,
    /// What came of it.
    pub attempted: Attempted,
}

/// What came of the work, as the log will know it.
#[derive(Clone, Debug, Default)]
pub struct Attempted {
    /// What the holder says.
    pub attempt: Attempt,
    /// If it is done: what the file of each issue says of its gates.
    pub gates: BTreeMap<Reference, FiledGates>,
    /// If it is not done: the issues that a file says to be done.
    pub filed: BTreeSet<Reference>,
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

    fn leases(answer: &Vec<Released>) -> Vec<&Lease> {
        answer.iter().map(|released| &released.lease).collect()
    }

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Vec<Released>, Refusal>, V::Error> {
        let target = self.target.named(step.view())?;
        match step.own(&target)? {
            Ok(own) => {
                let released = own.into_iter().map(|lease| shrunk(lease, &target)).collect();
                self.attempted.release(step, released)
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }
}

/// Gives up all that the asker holds; what has lapsed is gone anyway. An outcome is said only of
/// what is held under exactly the asker's id: nobody knows how the work of others who act for each
/// other stands.
#[derive(Clone, Debug)]
pub struct ReleaseAll {
    /// What came of it, of each.
    pub attempted: Attempted,
}

impl Request for ReleaseAll {
    type Answer = Vec<Released>;

    fn leases(answer: &Vec<Released>) -> Vec<&Lease> {
        answer.iter().map(|released| &released.lease).collect()
    }

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Vec<Released>, Refusal>, V::Error> {
        let mut held = step.held()?;
        if self.attempted.attempt != Attempt::Undone {
            let actor = step.scene().actor;
            held.retain(|lease| lease.holder == *actor);
        }
        if held.is_empty() {
            return Ok(Err(Refusal::NoLease { lost: Vec::new() }));
        }
        let whole = held.into_iter().map(|lease| {
            let whole = Target::Lease(lease.id);
            shrunk(lease, &whole)
        });
        let released = whole.collect();
        self.attempted.release(step, released)
    }
}

fn shrunk(mut lease: Lease, target: &Target) -> Released {
    let (issues, left) = std::mem::take(&mut lease.issues).into_iter().partition(|reference| match target {
        Target::Lease(_) => true,
        Target::Issues(named) => named.contains(reference),
    });
    lease.issues = left;
    Released { lease, issues }
}

impl Attempted {
    fn release<V: View>(
        &self,
        step: &mut Step<'_, V>,
        released: Vec<Released>,
    ) -> Judged<Vec<Released>, V::Error> {
        for Released { lease, issues } in &released {
            step.push(Operation::Release {
                lease: lease.clone(),
                released: issues.clone(),
                attempt: self.attempt.clone(),
            });
            match &self.attempt {
                Attempt::Undone | Attempt::Infra(_) => {}
                Attempt::Failed(reason) => step.fail(issues, reason)?,
                Attempt::Done => self.end(step, lease, issues)?,
            }
            self.contradict(step, issues)?;
        }
        Ok(Ok(released))
    }

    /// With the lease goes the last that could make the file true: it is known from here on that it
    /// is not.
    fn contradict<V: View>(&self, step: &mut Step<'_, V>, issues: &[Reference]) -> Result<(), V::Error> {
        let now = step.scene().now.wall;
        let mut undone = Vec::new();
        for issue in issues.iter().filter(|issue| self.filed.contains(issue)) {
            undone.push(step.facts(issue)?.given_up(now));
        }
        undone.retain(|facts| facts.outcome.is_none());
        step.note(Cause::Reopened, undone);
        Ok(())
    }

    fn end<V: View>(
        &self,
        step: &mut Step<'_, V>,
        lease: &Lease,
        issues: &[Reference],
    ) -> Result<(), V::Error> {
        let mut ended = Vec::new();
        for issue in issues.iter().filter(|reference| reference.is_issue()) {
            let gates = self.gates.get(issue).cloned().unwrap_or_default();
            let facts = step.facts(issue)?.done_with(gates);
            ended.push(step.by_actor(facts, lease.branch.as_deref()));
        }
        step.note(Cause::Ended, ended);
        Ok(())
    }
}
