//! Letting the TTL count anew.

use crate::decide::acquire::allowed_ttl;
use crate::decide::step::Step;
use crate::decide::{Refusal, Request, Target};
use crate::{Ended, Lease, Lifetime, Operation, Pattern, Reference, Scene, Ttl, View};

/// Renews the asker's own leases; all that are named, or none.
#[derive(Clone, Debug)]
pub struct Renew {
    /// Which.
    pub target: Target,
    /// A new TTL; without one, each lease keeps its own.
    pub ttl: Option<Ttl>,
}

/// What a renewal came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewed {
    /// The leases whose TTL counts anew.
    pub leases: Vec<Lease>,
    /// Those of them that had a longer TTL than `max_ttl` allows now, as they were before.
    pub cut: Vec<Lease>,
}

impl Request for Renew {
    type Answer = Renewed;

    fn leases(answer: &Renewed) -> Vec<&Lease> {
        answer.leases.iter().collect()
    }

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Renewed, Refusal>, V::Error> {
        let own = match step.own(&self.target)? {
            Ok(own) => own,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let over = |lease: &&Lease| self.ttl.is_none() && lease.usual_ttl() > step.scene().policy.max_ttl;
        let cut = own.iter().filter(over).cloned().collect();
        let leases: Result<Vec<Lease>, Refusal> =
            own.into_iter().map(|lease| renewed(lease, self.ttl, step.scene())).collect();
        Ok(leases.map(|leases| {
            step.push(Operation::Renew(leases.clone()));
            Renewed { leases, cut }
        }))
    }
}

/// Renews all that the asker holds, in one operation. What has reached the policy's
/// `max_lifetime` is left to lapse.
#[derive(Clone, Debug)]
pub struct Heartbeat;

/// What a heartbeat came to. An agent that relies on it learns here what it must let go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// The leases whose TTL counts anew.
    pub renewed: Vec<Lease>,
    /// Those of them that had a longer TTL than `max_ttl` allows now, as they were before.
    pub cut: Vec<Lease>,
    /// Those that stand and are not renewed any more.
    pub over: Vec<Lease>,
    /// Those that the asker lost since it got the oldest of what it holds, newest first.
    pub lost: Vec<Ended>,
}

impl Request for Heartbeat {
    type Answer = Beat;

    fn leases(answer: &Beat) -> Vec<&Lease> {
        answer.renewed.iter().collect()
    }

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Beat, Refusal>, V::Error> {
        let held = step.held()?;
        let mut lost = lost_since(&held, step.lost_by_actor()?);
        if held.is_empty() {
            // A view need not know what became of them since.
            for ended in &mut lost {
                ended.unclaimed.clear();
                for reference in &ended.lease.issues {
                    if step.covering(reference)?.is_none() {
                        ended.unclaimed.push(reference.clone());
                    }
                }
            }
            return Ok(Err(Refusal::NoLease { lost }));
        }
        let mut beat = Beat { renewed: Vec::new(), cut: Vec::new(), over: Vec::new(), lost };
        let mut refused = None;
        for lease in held {
            match renewed(lease.clone(), None, step.scene()) {
                Ok(renewed) => {
                    if lease.usual_ttl() > step.scene().policy.max_ttl {
                        beat.cut.push(lease);
                    }
                    beat.renewed.push(renewed);
                }
                Err(refusal) => {
                    beat.over.push(lease);
                    refused = Some(refusal);
                }
            }
        }
        if let (true, Some(refusal)) = (beat.renewed.is_empty(), refused) {
            return Ok(Err(refusal));
        }
        step.push(Operation::Renew(beat.renewed.clone()));
        Ok(Ok(beat))
    }
}

/// Of the leases that were lost, those that ended after the oldest that is held was granted and
/// whose references and paths are not all held again. Without any held, all.
pub fn lost_since(held: &[Lease], mut lost: Vec<Ended>) -> Vec<Ended> {
    let oldest = held.iter().map(|lease| lease.fence).min();
    let again = |reference: &Reference| held.iter().any(|lease| lease.issues.contains(reference));
    let covered = |path: &Pattern| held.iter().any(|lease| lease.scope.patterns().contains(path));
    lost.retain(|Ended { lease, seq, .. }| {
        let held_again = lease.issues.iter().all(again) && lease.scope.patterns().iter().all(covered);
        oldest.is_none_or(|fence| *seq > fence.0) && !held_again
    });
    lost
}

/// The lease with its TTL counting anew, never past the policy's `max_lifetime`.
pub(super) fn renewed(lease: Lease, asked: Option<Ttl>, scene: &Scene<'_>) -> Result<Lease, Refusal> {
    let ttl = match asked {
        Some(_) => allowed_ttl(asked, scene.policy)?,
        // Granted under an older policy, it is cut to what is allowed now: nobody asked for more.
        None => lease.usual_ttl().min(scene.policy.max_ttl),
    };
    let now = &scene.now.stamp;
    let Some(most) = scene.policy.max_lifetime else { return Ok(lease.renewed_at(now, ttl)) };
    let left_secs = most.nanos().saturating_sub(lease.held_ns(now)) / 1_000_000_000;
    let Ok(left) = Ttl::from_secs(left_secs) else {
        return Err(Refusal::LifetimeOver { lease: Box::new(lease), most });
    };
    match lease.lifetime(now) {
        // It stands until then already; whole seconds from now on would end it sooner.
        Lifetime::Left(stands) if left < ttl && stands.as_secs() == left_secs => Ok(lease),
        _ => Ok(lease.renewed_at(now, ttl.min(left))),
    }
}
