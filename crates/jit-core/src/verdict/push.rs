//! Whether commits that carry leases may be pushed.

use super::{Replaced, replaced_by};
use crate::{Carried, Ended, Holder, Known, Lease, LeaseId, Lifetime, Now, Query, View};

/// Commits that are to be pushed, by the leases that they carry.
#[derive(Clone, Debug)]
pub struct Push {
    /// Who pushes.
    pub by: Holder,
    /// What they carry, each once.
    pub carried: Vec<Carried>,
}

/// What is known of those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Leases that were lost to somebody else.
    pub overtaken: Vec<Overtaken>,
    /// Leases of the pusher's that are about to lapse.
    pub ending: Vec<Lease>,
    /// When this was.
    pub now: Now,
}

/// A lease that was lost to somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overtaken {
    /// It, and who took over.
    pub replaced: Replaced,
    /// What of that which is carried sets it right: what came in its place, one after the other, and
    /// later leases of some of the same. What builds on a commit under it has it in order.
    pub settled_by: Vec<Carried>,
    /// Who has some of it now.
    pub held: Vec<Lease>,
}

impl Query for Push {
    type Answer = Pushed;

    fn asks_much(&self) -> bool {
        self.carried.len() > 16
    }

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Pushed, V::Error> {
        let mut overtaken: Vec<Overtaken> = Vec::new();
        for Carried { lease, .. } in &self.carried {
            let is_known = |known: &Overtaken| known.replaced.lost.lease.id == *lease;
            let Some(Known::Ended(lost)) = view.lease(lease)?.filter(|_| !overtaken.iter().any(is_known))
            else {
                continue;
            };
            if !lost.was_lost() {
                continue;
            }
            if let Some(by) = replaced_by(view, &lost)? {
                let replaced = Replaced { lost, by };
                let settled_by = self.settled_by(view, &replaced)?;
                let held = held(view, &replaced.lost, now)?;
                overtaken.push(Overtaken { replaced, settled_by, held });
            }
        }
        let mut ending = view.held_by(&self.by)?;
        ending.retain(|lease| match lease.lifetime(&now.stamp) {
            Lifetime::Left(left) => left < lease.ttl.duration() / 5,
            _ => false,
        });
        Ok(Pushed { overtaken, ending, now: *now })
    }
}

impl Push {
    fn settled_by<V: View>(&self, view: &V, replaced: &Replaced) -> Result<Vec<Carried>, V::Error> {
        let in_its_place = later(view, replaced.by.lease)?;
        let mut settled_by = Vec::new();
        for carried in &self.carried {
            if in_its_place.contains(&carried.lease) || is_later(view, carried, replaced)? {
                settled_by.push(carried.clone());
            }
        }
        Ok(settled_by)
    }
}

/// Whether what is carried is of some of what was lost, and came after what was taken over.
fn is_later<V: View>(
    view: &V,
    carried: &Carried,
    Replaced { lost, by }: &Replaced,
) -> Result<bool, V::Error> {
    let Some((plane, fence)) = carried.fence else { return Ok(false) };
    if view.control_plane() != Some(plane) || fence < by.fence {
        return Ok(false);
    }
    if carried.issues.iter().any(|issue| lost.lease.issues.contains(issue)) {
        return Ok(true);
    }
    let scope = match view.lease(&carried.lease)? {
        Some(Known::Live(lease)) => lease.scope,
        Some(Known::Ended(ended)) => ended.lease.scope,
        None => return Ok(false),
    };
    Ok(!scope.overlaps(&lost.lease.scope).is_empty())
}

/// The leases that stand, of some of what was lost.
fn held<V: View>(view: &V, lost: &Ended, now: &Now) -> Result<Vec<Lease>, V::Error> {
    let mut held = Vec::new();
    for issue in &lost.lease.issues {
        held.extend(view.covering(issue)?);
    }
    held.extend(view.overlapping(&lost.lease.scope)?);
    held.retain(|lease| !lease.lapsed(&now.stamp));
    held.sort_by_key(|lease| lease.fence);
    held.dedup_by_key(|lease| lease.id);
    Ok(held)
}

/// A lease, and those that came in its place.
fn later<V: View>(view: &V, first: LeaseId) -> Result<Vec<LeaseId>, V::Error> {
    let mut all = vec![first];
    let mut last = first;
    while let Some(next) = view.successor(&last)?
        && !all.contains(&next.lease)
    {
        last = next.lease;
        all.push(last);
    }
    Ok(all)
}
