//! Granting a new lease.

use crate::decide::step::Step;
use crate::decide::{Barred, Candidate, Refusal, Request, Wanted};
use crate::{Claim, Lease, LeaseId, Operation, Policy, Task, TokenHash, Ttl, View, Waiter};

/// All of these references and paths, or nothing.
#[derive(Clone, Debug)]
pub struct Acquire {
    /// Minted at the edge.
    pub id: LeaseId,
    /// Of the secret, minted at the edge.
    pub token: TokenHash,
    /// What is wanted.
    pub claim: Claim,
    /// What files say of those that are issues.
    pub filed: Vec<Candidate>,
    /// Whether what failed too often is wanted all the same.
    pub despite_failures: bool,
    /// What the lease says.
    pub terms: Terms,
    /// The asker's own place, if it has been waiting.
    pub ticket: Option<u64>,
}

/// What a new lease says besides what it is of.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// What for.
    pub task: Option<Task>,
    /// The branch that is checked out.
    pub branch: Option<String>,
    /// For how long; the policy says when this doesn't.
    pub ttl: Option<Ttl>,
}

impl Request for Acquire {
    type Answer = Lease;

    fn leases(answer: &Lease) -> Vec<&Lease> {
        vec![answer]
    }

    fn heeds_waiters(&self) -> bool {
        true
    }

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Lease, Refusal>, V::Error> {
        let ttl = match allowed_ttl(self.terms.ttl, step.scene().policy) {
            Ok(ttl) => ttl,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let held = step.in_the_way(self.claim.references(), self.claim.scope())?;
        if !held.is_empty() {
            return Ok(Err(Refusal::Held(held)));
        }
        let awaited = awaited(&self.claim, self.ticket, step.scene().waiting);
        if !awaited.is_empty() {
            return Ok(Err(Refusal::Awaited(awaited)));
        }
        let barred = self.barred(step)?;
        if !barred.is_empty() {
            return Ok(Err(Refusal::Barred(barred)));
        }
        let lease = self.terms.granted(step, self.id, self.token, &self.claim, ttl)?;
        step.push(Operation::Acquire(lease.clone()));
        Ok(Ok(lease))
    }
}

impl Acquire {
    /// The issues that can't be claimed whoever asks.
    fn barred<V: View>(&self, step: &mut Step<'_, V>) -> Result<Vec<Barred>, V::Error> {
        let mut barred = Vec::new();
        for reference in self.claim.references() {
            let filed = self.filed.iter().find(|candidate| candidate.reference == *reference);
            let candidate = filed.cloned().unwrap_or_else(|| reference.clone().into());
            let bar = step.bar(&candidate, self.despite_failures)?;
            barred.extend(bar.map(|bar| Barred { reference: reference.clone(), bar }));
        }
        Ok(barred)
    }
}

/// The waiters that came before whoever has this ticket and want some of the same: they are not
/// overtaken.
pub(super) fn awaited(claim: &Claim, ticket: Option<u64>, waiting: &[Waiter]) -> Vec<Wanted<Waiter>> {
    let earlier = waiting.iter().filter(|waiter| ticket.is_none_or(|own| waiter.ticket < own));
    let contested = |waiter: &Waiter| {
        let items = claim.contested(waiter.claim.references(), waiter.claim.scope());
        items.into_iter().map(|item| Wanted { item, blocker: waiter.clone() }).collect::<Vec<_>>()
    };
    earlier.flat_map(contested).collect()
}

impl Terms {
    /// The lease that the next operation grants.
    pub(super) fn granted<V: View>(
        &self,
        step: &Step<'_, V>,
        id: LeaseId,
        token: TokenHash,
        claim: &Claim,
        ttl: Ttl,
    ) -> Result<Lease, V::Error> {
        let supersedes = step.superseded(claim)?;
        let scene = step.scene();
        Ok(Lease {
            id,
            fence: step.next_fence(),
            issues: claim.references().to_vec(),
            scope: claim.scope().clone(),
            task: self.task.clone(),
            holder: scene.actor.clone(),
            branch: self.branch.clone(),
            ttl,
            own_ttl: None,
            acquired_at: scene.now.wall,
            renewed: scene.now.stamp,
            sighted: Vec::new(),
            lived_ns: 0,
            token,
            supersedes,
        })
    }
}

/// The TTL that a request gets: as asked or by default, within the policy's limits.
pub(super) fn allowed_ttl(asked: Option<Ttl>, policy: &Policy) -> Result<Ttl, Refusal> {
    match asked {
        Some(asked) if asked > policy.max_ttl => Err(Refusal::TtlTooLong { asked, most: policy.max_ttl }),
        Some(asked) => Ok(within_lifetime(asked, policy)),
        None => Ok(within_lifetime(policy.ttl, policy)),
    }
}

fn within_lifetime(ttl: Ttl, policy: &Policy) -> Ttl {
    policy.max_lifetime.map_or(ttl, |most| ttl.min(most))
}
