//! Letting the TTL count anew.

use crate::decide::acquire::allowed_ttl;
use crate::decide::step::Step;
use crate::decide::{Refusal, Request, Target};
use crate::{End, Ended, Known, Lease, Operation, Scene, Ttl, View};

/// Renews the asker's own leases; all that are named, or none.
#[derive(Clone, Debug)]
pub struct Renew {
    /// Which.
    pub target: Target,
    /// A new TTL; without one, each lease keeps its own.
    pub ttl: Option<Ttl>,
}

impl Request for Renew {
    type Answer = Vec<Lease>;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Vec<Lease>, Refusal>, V::Error> {
        let own = match step.own(&self.target)? {
            Ok(own) => own,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let renewed: Result<Vec<Lease>, Refusal> =
            own.into_iter().map(|lease| renewed(lease, self.ttl, step.scene())).collect();
        if let Ok(leases) = &renewed {
            step.push(Operation::Renew(leases.clone()));
        }
        Ok(renewed)
    }
}

/// Renews all that the asker holds, in one operation. What has reached the policy's
/// `max_lifetime` is left to lapse.
#[derive(Clone, Debug)]
pub struct Heartbeat;

impl Request for Heartbeat {
    type Answer = Vec<Lease>;

    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Vec<Lease>, Refusal>, V::Error> {
        let held = step.held()?;
        if held.is_empty() {
            return Ok(Err(Refusal::NoLease { lost: lapsed_just_now(step)? }));
        }
        let mut over = None;
        let mut beating = Vec::new();
        for lease in held {
            match renewed(lease, None, step.scene()) {
                Ok(lease) => beating.push(lease),
                Err(refusal) => over = Some(refusal),
            }
        }
        if let (true, Some(refusal)) = (beating.is_empty(), over) {
            return Ok(Err(refusal));
        }
        step.push(Operation::Renew(beating.clone()));
        Ok(Ok(beating))
    }
}

fn lapsed_just_now<V: View>(step: &mut Step<'_, V>) -> Result<Vec<Ended>, V::Error> {
    let actor = step.scene().actor;
    let mut lost = Vec::new();
    for lease in step.view().held_by(actor)? {
        if let Some(Known::Ended(ended @ Ended { end: End::Lapsed, .. })) = step.lease(&lease.id)? {
            lost.push(ended);
        }
    }
    Ok(lost)
}

/// The lease with its TTL counting anew, never past the policy's `max_lifetime`.
pub(super) fn renewed(lease: Lease, asked: Option<Ttl>, scene: &Scene<'_>) -> Result<Lease, Refusal> {
    let ttl = match asked {
        Some(_) => allowed_ttl(asked, scene.policy)?,
        // Granted under an older policy, it is cut to what is allowed now: nobody asked for more.
        None => lease.ttl.min(scene.policy.max_ttl),
    };
    let now = &scene.now.stamp;
    let Some(most) = scene.policy.max_lifetime else { return Ok(lease.renewed_at(now, ttl)) };
    let left_secs = most.nanos().saturating_sub(lease.held_ns(now)) / 1_000_000_000;
    match Ttl::from_secs(left_secs) {
        Ok(left) => Ok(lease.renewed_at(now, ttl.min(left))),
        Err(_) => Err(Refusal::LifetimeOver { lease: Box::new(lease), most }),
    }
}
