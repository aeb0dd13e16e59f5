//! Everything that a view can be asked, in a form that two views can be compared by.

use std::collections::BTreeMap;

use jit_core::{
    ControlPlaneId, Facts, Holder, Known, Lease, LeaseId, Now, Query, Reference, Seq, Stamp, Successor, View,
    WorktreeId,
};

use super::claimed;

/// Paths in, above and beside each other, which a dump asks about.
pub const PATHS: [&str; 6] = ["@p", "@p/q", "@p/*.rs", "@r/s/t.rs", "@**/t.rs", "@."];

/// Asks a view about all of these.
pub struct Dump {
    pub names: Vec<Reference>,
    pub holders: Vec<Holder>,
    pub leases: Vec<LeaseId>,
}

/// The answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Dumped {
    pub control_plane: Option<ControlPlaneId>,
    pub next: Seq,
    pub live: Vec<Lease>,
    pub covering: BTreeMap<Reference, LeaseId>,
    pub lost: BTreeMap<Reference, LeaseId>,
    pub held: BTreeMap<Holder, Vec<LeaseId>>,
    pub lost_by: BTreeMap<Holder, Vec<LeaseId>>,
    pub over: BTreeMap<String, Vec<LeaseId>>,
    pub lost_over: BTreeMap<String, Vec<LeaseId>>,
    pub in_worktree: BTreeMap<WorktreeId, (Vec<LeaseId>, Vec<LeaseId>)>,
    pub successors: BTreeMap<LeaseId, Successor>,
    pub facts: BTreeMap<Reference, Facts>,
    pub known: BTreeMap<LeaseId, Known>,
    pub lapsed: Vec<LeaseId>,
    pub unsighted: bool,
}

impl Dumped {
    /// Whether the two say the same; one may have been asked about more, of which nothing is
    /// known. A checkpoint counts on without changing anything.
    pub fn like(&self, other: &Self) -> bool {
        let known = |leases: &BTreeMap<Holder, Vec<LeaseId>>| {
            let known = leases.iter().filter(|(_, leases)| !leases.is_empty());
            known.map(|(holder, leases)| (holder.clone(), leases.clone())).collect::<Vec<_>>()
        };
        self.control_plane == other.control_plane
            && self.next == other.next
            && self.live == other.live
            && self.covering == other.covering
            && self.lost == other.lost
            && self.facts == other.facts
            && self.over == other.over
            && self.lost_over == other.lost_over
            && self.successors == other.successors
            && known(&self.held) == known(&other.held)
            && known(&self.lost_by) == known(&other.lost_by)
            && self.known == other.known
            && self.lapsed == other.lapsed
    }
}

/// What counts of a lease on this clock: when it lapses, not which sightings say so.
fn on_clock(mut lease: Lease, now: &Stamp) -> Lease {
    let deadline = lease.deadline_ns(now);
    lease.sighted.clear();
    if let Some(deadline) = deadline {
        lease.renewed = Stamp { boot: now.boot, ns: deadline - lease.ttl.nanos() };
    }
    lease
}

fn known_on_clock(known: Known, now: &Stamp) -> Known {
    match known {
        Known::Live(lease) => Known::Live(on_clock(lease, now)),
        Known::Ended(mut ended) => {
            // Whoever decides asks `lost`, `successor` and `lost_in`, not this.
            ended.unclaimed.clear();
            ended.superseded_by = None;
            ended.abandoned = false;
            Known::Ended(ended)
        }
    }
}

impl Query for Dump {
    type Answer = Dumped;

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Dumped, V::Error> {
        let stamp = &now.stamp;
        let mut dumped = Dumped {
            control_plane: view.control_plane(),
            next: view.next_seq(),
            live: view.live()?.into_iter().map(|lease| on_clock(lease, stamp)).collect(),
            covering: BTreeMap::new(),
            lost: BTreeMap::new(),
            held: BTreeMap::new(),
            lost_by: BTreeMap::new(),
            over: BTreeMap::new(),
            lost_over: BTreeMap::new(),
            in_worktree: BTreeMap::new(),
            successors: BTreeMap::new(),
            facts: BTreeMap::new(),
            known: BTreeMap::new(),
            lapsed: view.lapsed(stamp, usize::MAX)?.into_iter().map(|lease| lease.id).collect(),
            unsighted: view.has_unsighted(stamp)?,
        };
        dumped.lapsed.sort();
        for name in &self.names {
            dumped.covering.extend(view.covering(name)?.map(|lease| (name.clone(), lease.id)));
            dumped
                .facts
                .extend(Some(view.facts(name)?).filter(|facts| !facts.is_none()).map(|f| (name.clone(), f)));
            dumped.lost.extend(view.lost(name)?.map(|ended| (name.clone(), ended.lease.id)));
        }
        for holder in &self.holders {
            let held = view.held_by(holder)?.into_iter().map(|lease| lease.id).collect();
            dumped.held.insert(holder.clone(), held);
            let lost = view.lost_by(holder)?.into_iter().map(|ended| ended.lease.id).collect();
            dumped.lost_by.insert(holder.clone(), lost);
            let held = view.held_in(&holder.worktree)?.into_iter().map(|lease| lease.id).collect();
            let lost = view.lost_in(&holder.worktree)?.into_iter().map(|ended| ended.lease.id).collect();
            dumped.in_worktree.insert(holder.worktree, (held, lost));
        }
        for path in PATHS {
            let path = claimed(path).scope().clone();
            let path_name = path.patterns()[0].to_string();
            let over = view.overlapping(&path)?.into_iter().map(|lease| lease.id).collect();
            dumped.over.insert(path_name.clone(), over);
            let lost = view.lost_over(&path)?.into_iter().map(|ended| ended.lease.id).collect();
            dumped.lost_over.insert(path_name, lost);
        }
        for id in &self.leases {
            dumped.successors.extend(view.successor(id)?.map(|successor| (*id, successor)));
            dumped.known.extend(view.lease(id)?.map(|known| (*id, known_on_clock(known, stamp))));
        }
        Ok(dumped)
    }
}
