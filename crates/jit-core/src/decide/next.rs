//! Picking what to work on, and claiming it.

use crate::decide::acquire::{Terms, allowed_ttl, awaited};
use crate::decide::claimable::Candidate;
use crate::decide::step::Step;
use crate::decide::{Refusal, Request};
use crate::{Claim, Lease, LeaseId, Mode, Operation, Scope, TokenHash, View};

/// The first of the candidates that may be claimed, one lease each.
///
/// N askers get different ones: what another took is passed over.
#[derive(Clone, Debug)]
pub struct Next {
    /// In the order of preference.
    pub candidates: Vec<Candidate>,
    /// The paths that each lease covers besides. Of such that are not shared there is one lease.
    pub scope: Scope,
    /// Minted at the edge, one for each lease that is wanted.
    pub minted: Vec<(LeaseId, TokenHash)>,
    /// Whether fewer than wanted are not worth having.
    pub all_or_nothing: bool,
    /// What the leases say.
    pub terms: Terms,
}

impl Request for Next {
    type Answer = Vec<Lease>;

    fn leases(answer: &Vec<Lease>) -> Vec<&Lease> {
        answer.iter().collect()
    }

    fn heeds_waiters(&self) -> bool {
        true
    }

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Vec<Lease>, Refusal>, V::Error> {
        let ttl = match allowed_ttl(self.terms.ttl, step.scene().policy) {
            Ok(ttl) => ttl,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Ok(paths) = Claim::new(Vec::new(), self.scope.clone()) {
            let held = step.in_the_way(&[], &self.scope)?;
            if !held.is_empty() {
                return Ok(Err(Refusal::Held(held)));
            }
            let awaited = awaited(&paths, None, step.scene().waiting);
            if !awaited.is_empty() {
                return Ok(Err(Refusal::Awaited(awaited)));
            }
        }
        let alone = !self.scope.is_none() && self.scope.mode() == Mode::Exclusive;
        let most = if alone { 1 } else { self.minted.len() };
        let asker = &step.scene().actor.agent;
        let mut picked = Vec::new();
        for candidate in &self.candidates {
            if picked.len() == most {
                break;
            }
            let mut waiting = step.scene().waiting.iter();
            let awaited = waiting.any(|waiter| waiter.claim.references().contains(&candidate.reference));
            if !awaited && step.known(candidate)?.is_free(candidate, Some(asker)) {
                picked.push(candidate.reference.clone());
            }
        }
        if picked.is_empty() || self.all_or_nothing && picked.len() < self.minted.len() {
            let (free, wanted) = (picked.len(), self.minted.len());
            return Ok(Err(Refusal::NothingToClaim { free, wanted }));
        }
        let mut leases = Vec::with_capacity(picked.len());
        for (reference, (id, token)) in picked.into_iter().zip(&self.minted) {
            let lease =
                self.terms.granted(step, *id, *token, &Claim::of(reference, self.scope.clone()), ttl)?;
            step.push(Operation::Acquire(lease.clone()));
            leases.push(lease);
        }
        Ok(Ok(leases))
    }
}
