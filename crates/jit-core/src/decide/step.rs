//! One decision under way: the view with what this step has already done to it.

use std::collections::BTreeMap;

use crate::{End, Ended, Fence, Known, Lease, LeaseId, Operation, Reference, Scene, View};

/// Reads through to the view, with lapsed leases evicted as they are met.
pub struct Step<'v, V> {
    view: &'v V,
    scene: &'v Scene<'v>,
    operations: Vec<Operation>,
    evicted: BTreeMap<LeaseId, Ended>,
}

impl<'v, V: View> Step<'v, V> {
    pub(super) fn new(view: &'v V, scene: &'v Scene<'v>) -> Self {
        Self { view, scene, operations: Vec::new(), evicted: BTreeMap::new() }
    }

    pub(super) fn into_operations(self) -> Vec<Operation> {
        self.operations
    }

    pub(super) fn scene(&self) -> &'v Scene<'v> {
        self.scene
    }

    pub(super) fn view(&self) -> &'v V {
        self.view
    }

    pub(super) fn push(&mut self, operation: Operation) {
        self.operations.push(operation);
    }

    /// The fence of the operation that is pushed next.
    pub(super) fn next_fence(&self) -> Fence {
        Fence(self.view.next_seq().plus(self.operations.len() as u64))
    }

    /// What any writer does first: sight what is foreign, evict what has lapsed.
    pub(super) fn tidy(&mut self, most: usize) -> Result<(), V::Error> {
        let now = self.scene.now.stamp;
        if self.view.has_unsighted(&now)? {
            self.push(Operation::Sighting);
        }
        for lease in self.view.lapsed(&now, most)? {
            self.evict(lease);
        }
        Ok(())
    }

    pub(super) fn evict(&mut self, lease: Lease) {
        let Fence(seq) = self.next_fence();
        self.push(Operation::AutoEvict(lease.clone()));
        self.evicted.insert(lease.id, Ended::lost(lease, End::Lapsed, self.scene.now.wall, seq));
    }

    /// A lease from the view if it still stands, as this step's sighting left it; evicts it if it
    /// has lapsed.
    fn standing(&mut self, mut lease: Lease) -> Option<Lease> {
        lease.sight(self.scene.now.stamp);
        if self.evicted.contains_key(&lease.id) {
            return None;
        }
        if lease.lapsed(&self.scene.now.stamp) {
            self.evict(lease);
            return None;
        }
        Some(lease)
    }

    /// What is known of a lease id; `Live` only while it stands.
    pub(super) fn lease(&mut self, id: &LeaseId) -> Result<Option<Known>, V::Error> {
        let known = match self.view.lease(id)? {
            Some(Known::Live(lease)) => match self.standing(lease) {
                Some(lease) => Some(Known::Live(lease)),
                None => self.evicted.get(id).cloned().map(Known::Ended),
            },
            known => known,
        };
        Ok(known)
    }

    /// The lease that covers a reference and stands.
    pub(super) fn covering(&mut self, reference: &Reference) -> Result<Option<Lease>, V::Error> {
        Ok(self.view.covering(reference)?.and_then(|lease| self.standing(lease)))
    }

    /// The lease that was lost last on a reference that nobody has acquired since.
    pub(super) fn lost(&self, reference: &Reference) -> Result<Option<Ended>, V::Error> {
        let here = self.evicted.values().find(|ended| ended.lease.issues.contains(reference));
        match here {
            Some(ended) => Ok(Some(ended.clone())),
            None => self.view.lost(reference),
        }
    }

    /// The leases that those who act for the actor lost, newest first.
    pub(super) fn lost_by_actor(&self) -> Result<Vec<Ended>, V::Error> {
        let actor = self.scene.actor;
        let mut here: Vec<Ended> =
            self.evicted.values().filter(|ended| ended.lease.holder.acts_for(actor)).cloned().collect();
        here.sort_unstable_by_key(|ended| std::cmp::Reverse(ended.seq));
        here.extend(self.view.lost_by(actor)?);
        Ok(here)
    }

    /// The leases of all who act for the actor, and stand.
    pub(super) fn held(&mut self) -> Result<Vec<Lease>, V::Error> {
        let held = self.view.held_by(self.scene.actor)?;
        Ok(held.into_iter().filter_map(|lease| self.standing(lease)).collect())
    }
}
