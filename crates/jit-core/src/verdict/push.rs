//! Whether commits that carry leases may be pushed.

use super::{Replaced, replaced_by};
use crate::{Holder, Known, Lease, LeaseId, Lifetime, Now, Query, View};

/// Commits that are to be pushed, by the leases that they carry.
#[derive(Clone, Debug)]
pub struct Push {
    /// Who pushes.
    pub by: Holder,
    /// Each lease once.
    pub leases: Vec<LeaseId>,
}

/// What is known of those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Leases that were lost to somebody else, each with all that came in its place, one after the
    /// other: what builds on a commit under one of them has it in order.
    pub replaced: Vec<(Replaced, Vec<LeaseId>)>,
    /// The pusher's leases that stand.
    pub own: Vec<LeaseId>,
    /// Leases of the pusher's that are about to lapse.
    pub ending: Vec<Lease>,
    /// When this was.
    pub now: Now,
}

impl Query for Push {
    type Answer = Pushed;

    fn asks_much(&self) -> bool {
        self.leases.len() > 16
    }

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Pushed, V::Error> {
        let mut replaced = Vec::new();
        for id in &self.leases {
            let Some(Known::Ended(lost)) = view.lease(id)? else { continue };
            if !lost.was_lost() {
                continue;
            }
            if let Some(by) = replaced_by(view, &lost)? {
                let later = later(view, by.lease)?;
                replaced.push((Replaced { lost, by }, later));
            }
        }
        let mut ending = view.held_by(&self.by)?;
        let own = ending.iter().filter(|lease| !lease.lapsed(&now.stamp)).map(|lease| lease.id).collect();
        ending.retain(|lease| match lease.lifetime(&now.stamp) {
            Lifetime::Left(left) => left < lease.ttl.duration() / 5,
            _ => false,
        });
        Ok(Pushed { replaced, own, ending, now: *now })
    }
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
