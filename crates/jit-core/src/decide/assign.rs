//! Reserving issues for agents: no lease, no TTL, no failures.

use crate::decide::claimable::{Bar, Candidate};
use crate::decide::step::Step;
use crate::decide::{Barred, Refusal, Request, Wanted};
use crate::{AgentId, Cause, Facts, Item, Reference, View};

/// Reserves all of these for one agent, or none; or takes what is reserved back.
#[derive(Clone, Debug)]
pub struct Assign {
    /// What is to be reserved.
    pub candidates: Vec<Candidate>,
    /// For whom; for nobody any more.
    pub to: Option<AgentId>,
}

impl Request for Assign {
    type Answer = Vec<Reference>;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Vec<Reference>, Refusal>, V::Error> {
        if let Some(to) = &self.to
            && let Some(refusal) = step.unassignable(&self.candidates, to)?
        {
            return Ok(Err(refusal));
        }
        let mut changed = Vec::new();
        for candidate in &self.candidates {
            let mut facts = step.facts(&candidate.reference)?;
            if facts.assigned != self.to {
                facts.assigned = self.to.clone();
                changed.push(facts);
            }
        }
        step.note(Cause::Assigned, changed);
        Ok(Ok(self.candidates.iter().map(|candidate| candidate.reference.clone()).collect()))
    }
}

/// Shares out what is free among agents, in turns; what is not free is passed over.
#[derive(Clone, Debug)]
pub struct Distribute {
    /// In the order of preference.
    pub candidates: Vec<Candidate>,
    /// Who gets some, each once.
    pub agents: Vec<AgentId>,
    /// How many each gets at most.
    pub most_each: Option<usize>,
}

/// What an agent got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Who.
    pub agent: AgentId,
    /// What, in the order of preference.
    pub issues: Vec<Reference>,
}

impl Request for Distribute {
    type Answer = Vec<Share>;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Vec<Share>, Refusal>, V::Error> {
        let mut shares: Vec<Share> =
            self.agents.iter().map(|agent| Share { agent: agent.clone(), issues: Vec::new() }).collect();
        let most = self.most_each.unwrap_or(usize::MAX).saturating_mul(shares.len());
        let mut changed = Vec::new();
        for candidate in &self.candidates {
            if changed.len() >= most {
                break;
            }
            let turn = changed.len() % shares.len().max(1);
            let Some(share) = shares.get_mut(turn) else { break };
            let standing = step.known(candidate)?;
            if standing.is_free(candidate, None) {
                share.issues.push(candidate.reference.clone());
                changed.push(Facts { assigned: Some(share.agent.clone()), ..standing.facts });
            }
        }
        if changed.is_empty() {
            return Ok(Err(Refusal::NothingToClaim { free: 0, wanted: 1 }));
        }
        step.note(Cause::Assigned, changed);
        Ok(Ok(shares))
    }
}

impl<V: View> Step<'_, V> {
    /// What keeps these from being reserved for an agent: each issue that is in the way is named.
    fn unassignable(&mut self, candidates: &[Candidate], to: &AgentId) -> Result<Option<Refusal>, V::Error> {
        let (mut held, mut barred) = (Vec::new(), Vec::new());
        for candidate in candidates {
            let reference = candidate.reference.clone();
            if let Some(blocker) = self.covering(&reference)? {
                if blocker.holder.agent.base() != to.base() {
                    held.push(Wanted { item: Item::Reference(reference), blocker });
                }
                continue;
            }
            let standing = self.known(candidate)?;
            let bar = match standing.bar {
                // What waits or is quarantined may be kept for whoever will do it.
                Some(bar @ (Bar::Ended(_) | Bar::Deleted)) => Some(bar),
                _ => standing.facts.assigned.filter(|agent| agent != to).map(Bar::Assigned),
            };
            barred.extend(bar.map(|bar| Barred { reference, bar }));
        }
        Ok(match (held.is_empty(), barred.is_empty()) {
            (false, _) => Some(Refusal::Held(held)),
            (true, false) => Some(Refusal::Barred(barred)),
            (true, true) => None,
        })
    }
}
