//! One decision under way: the view with what this step has already done to it.

use std::collections::BTreeMap;

use crate::claim::overlap;
use crate::decide::Wanted;
use crate::state::FACTS_A_RECORD;
use crate::{
    Cause, Claim, End, Ended, EndedBy, Facts, Fence, Item, Known, Lease, LeaseId, Operation, Reference,
    Scene, Scope, Task, View,
};

/// Reads through to the view, with lapsed leases evicted as they are met.
pub struct Step<'v, V> {
    view: &'v V,
    scene: &'v Scene<'v>,
    operations: Vec<Operation>,
    evicted: BTreeMap<LeaseId, Ended>,
    noted: BTreeMap<Reference, Facts>,
}

impl<'v, V: View> Step<'v, V> {
    pub(super) fn new(view: &'v V, scene: &'v Scene<'v>) -> Self {
        Self { view, scene, operations: Vec::new(), evicted: BTreeMap::new(), noted: BTreeMap::new() }
    }

    /// A look at what a decision would find; nothing comes of it.
    pub fn looking(view: &'v V, scene: &'v Scene<'v>) -> Self {
        Self::new(view, scene)
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
            self.evict(lease)?;
        }
        Ok(())
    }

    /// Evicts a lease that has lapsed. That counts as a failure of its issues, unless the holder
    /// may have lapsed because the machine was started anew.
    pub(super) fn evict(&mut self, lease: Lease) -> Result<(), V::Error> {
        let Fence(seq) = self.next_fence();
        self.push(Operation::AutoEvict(lease.clone()));
        if lease.renewed.boot == self.scene.now.stamp.boot {
            let reason = Task::lapsed(&lease.holder.agent);
            self.fail(&lease.issues, &reason)?;
        }
        self.evicted.insert(lease.id, Ended::lost(lease, End::Lapsed, self.scene.now.wall, seq));
        Ok(())
    }

    /// Counts a failed attempt at each of these that is an issue.
    pub(super) fn fail(&mut self, attempted: &[Reference], reason: &Task) -> Result<(), V::Error> {
        let mut failed = Vec::new();
        for issue in attempted.iter().filter(|reference| reference.is_issue()) {
            failed.push(self.facts(issue)?.failed(reason.clone()));
        }
        self.note(Cause::Failed, failed);
        Ok(())
    }

    /// What is known of an issue, as this step left it.
    pub(super) fn facts(&self, issue: &Reference) -> Result<Facts, V::Error> {
        match self.noted.get(issue) {
            Some(facts) => Ok(facts.clone()),
            None => self.view.facts(issue),
        }
    }

    /// Notes facts, so many in a record: whoever looks one up reads all of its record.
    pub(super) fn note(&mut self, cause: Cause, facts: Vec<Facts>) {
        for some in facts.chunks(FACTS_A_RECORD) {
            self.push(Operation::Facts(cause, some.to_vec()));
        }
        self.noted.extend(facts.into_iter().map(|facts| (facts.issue.clone(), facts)));
    }

    /// Facts of what the actor ends, on this branch, unless somebody did the work before.
    pub(super) fn by_actor(&self, facts: Facts, branch: Option<&str>) -> Facts {
        let (at, by) = (self.scene.now.wall, self.scene.actor.clone());
        let ended_by =
            facts.ended_by.unwrap_or_else(|| Box::new(EndedBy { at, by, branch: branch.map(str::to_owned) }));
        Facts { ended_by: Some(ended_by), ..facts }
    }

    /// A lease from the view if it still stands, as this step's sighting left it; evicts it if it
    /// has lapsed.
    fn standing(&mut self, mut lease: Lease) -> Result<Option<Lease>, V::Error> {
        lease.sight(self.scene.now.stamp);
        if self.evicted.contains_key(&lease.id) {
            return Ok(None);
        }
        if lease.lapsed(&self.scene.now.stamp) {
            self.evict(lease)?;
            return Ok(None);
        }
        Ok(Some(lease))
    }

    /// What is known of a lease id; `Live` only while it stands.
    pub(super) fn lease(&mut self, id: &LeaseId) -> Result<Option<Known>, V::Error> {
        let known = match self.view.lease(id)? {
            Some(Known::Live(lease)) => match self.standing(lease)? {
                Some(lease) => Some(Known::Live(lease)),
                None => self.evicted.get(id).cloned().map(Known::Ended),
            },
            known => known,
        };
        Ok(known)
    }

    /// The lease that covers a reference and stands.
    pub(super) fn covering(&mut self, reference: &Reference) -> Result<Option<Lease>, V::Error> {
        match self.view.covering(reference)? {
            Some(lease) => self.standing(lease),
            None => Ok(None),
        }
    }

    /// The leases that stand and share a possible path with this scope.
    fn overlapping(&mut self, scope: &Scope) -> Result<Vec<Lease>, V::Error> {
        let mut over = Vec::new();
        if !scope.is_none() {
            for lease in self.view.overlapping(scope)? {
                over.extend(self.standing(lease)?);
            }
        }
        Ok(over)
    }

    /// Every lease that keeps some of this from whoever wants all of it, whoever has it.
    pub(super) fn in_the_way(
        &mut self,
        references: &[Reference],
        scope: &Scope,
    ) -> Result<Vec<Wanted<Lease>>, V::Error> {
        let mut held = Vec::new();
        for reference in references {
            if let Some(blocker) = self.covering(reference)? {
                held.push(Wanted { item: Item::Reference(reference.clone()), blocker });
            }
        }
        for blocker in self.overlapping(scope)? {
            let items = overlap(scope, &blocker.scope).into_iter();
            held.extend(items.map(|item| Wanted { item, blocker: blocker.clone() }));
        }
        Ok(held)
    }

    /// The leases that whoever is granted this supersedes, sorted, each once.
    pub(super) fn superseded(&self, claim: &Claim) -> Result<Vec<LeaseId>, V::Error> {
        let mut superseded = Vec::new();
        for reference in claim.references() {
            superseded.extend(self.lost(reference)?.map(|ended| ended.lease.id));
        }
        if !claim.scope().is_none() {
            let here =
                self.evicted.values().filter(|ended| !ended.lease.scope.overlaps(claim.scope()).is_empty());
            superseded.extend(here.map(|ended| ended.lease.id));
            superseded.extend(self.view.lost_over(claim.scope())?.iter().map(|ended| ended.lease.id));
        }
        superseded.sort_unstable();
        superseded.dedup();
        Ok(superseded)
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

    /// The leases that were lost in the actor's worktree, newest first.
    pub(super) fn lost_here(&self) -> Result<Vec<Ended>, V::Error> {
        let worktree = self.scene.actor.worktree;
        let here = self.evicted.values().filter(|ended| ended.lease.holder.worktree == worktree);
        let mut here: Vec<Ended> = here.cloned().collect();
        here.sort_unstable_by_key(|ended| std::cmp::Reverse(ended.seq));
        here.extend(self.view.lost_in(&worktree)?);
        Ok(here)
    }

    /// The leases of all who act for the actor, and stand.
    pub(super) fn held(&mut self) -> Result<Vec<Lease>, V::Error> {
        let mut held = Vec::new();
        for lease in self.view.held_by(self.scene.actor)? {
            held.extend(self.standing(lease)?);
        }
        Ok(held)
    }
}
