//! The index and the log's records behind it, as a view for a decision.

use std::cell::{Cell, Ref, RefCell};
use std::io;

use jit_core::{
    ControlPlaneId, End, Ended, Facts, Holder, Known, Lease, LeaseId, Operation, Record, Reference, Scope,
    Seq, Stamp, Successor, View, WorktreeId,
};

use super::Index;
use super::cells::Cells;
use super::paths::shares;
use super::slots::{NONE, Slot};
use super::table::{Key, Value};
use crate::disk::DiskFile;
use crate::line::decode;
use crate::segment::Extent;

/// The index did not keep its word: it is set aside, and the log asked instead.
#[derive(Debug)]
pub(crate) struct Trouble;

impl From<io::Error> for Trouble {
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// An index over its log.
pub(crate) struct IndexView<'a, C, F> {
    pub(super) index: &'a Index<C>,
    log: &'a F,
    /// The earliest deadline that a look at every slot left standing.
    swept: Cell<Option<u64>>,
    /// The record that was read last: a heartbeat's is of many leases, which are asked for in turn.
    last: RefCell<Option<(Extent, Record)>>,
    /// Whose paths were looked for last: those of the living and of the lost are asked for in turn.
    over: RefCell<Option<(Scope, Vec<Value>)>>,
}

/// A record of this length or less is read with one call where its length is not known.
const GUESS: usize = 2048;

impl<'a, C: Cells, F: DiskFile> IndexView<'a, C, F> {
    pub(crate) fn new(index: &'a Index<C>, log: &'a F) -> Self {
        Self { index, log, swept: Cell::new(None), last: RefCell::new(None), over: RefCell::new(None) }
    }

    /// The earliest deadline after the lapsed leases that were shown are gone, if it was looked
    /// for.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.swept.get()
    }

    fn record(&self, extent: Extent) -> Result<Ref<'_, Record>, Trouble> {
        let known = self.last.borrow().as_ref().is_some_and(|(last, _)| *last == extent);
        if !known {
            let mut line = vec![0; extent.length as usize];
            let read = self.log.read_at(&mut line, extent.offset)?;
            if read < line.len() {
                return Err(Trouble);
            }
            let record = decode(&line).map_err(|_| Trouble)?.record;
            *self.last.borrow_mut() = Some((extent, record));
        }
        Ref::filter_map(self.last.borrow(), |last| last.as_ref().map(|(_, record)| record))
            .map_err(|_| Trouble)
    }

    pub(super) fn record_at(&self, offset: u64) -> Result<Record, Trouble> {
        let mut line = vec![0; GUESS];
        loop {
            let read = self.log.read_at(&mut line, offset)?;
            match line[..read].iter().position(|byte| *byte == b'\n') {
                Some(length) => return Ok(decode(&line[..length]).map_err(|_| Trouble)?.record),
                None if read < line.len() => return Err(Trouble),
                None => line.resize(line.len() * 4, 0),
            }
        }
    }

    /// The lease in a slot, with its deadline on the index's clock.
    fn live_in(&self, slot: &Slot) -> Result<Lease, Trouble> {
        let record = self.record(slot.extent)?;
        let lease = match &record.operation {
            Operation::Renew(leases) => leases.iter().find(|lease| lease.id == slot.lease),
            Operation::Acquire(lease)
            | Operation::Resume(lease)
            | Operation::Extend(lease)
            | Operation::Transfer(lease)
            | Operation::Release { lease, .. }
            | Operation::Carry(Known::Live(lease)) => Some(lease),
            _ => None,
        };
        let mut lease = lease.filter(|lease| lease.id == slot.lease).ok_or(Trouble)?.clone();
        // Sightings that came after the record are in the slot only.
        let from = slot.deadline.saturating_sub(lease.ttl.nanos());
        lease.sight(Stamp { boot: self.index.header.boot, ns: from });
        Ok(lease)
    }

    pub(super) fn ended_at(&self, offset: u64) -> Result<Ended, Trouble> {
        let record = self.record_at(offset)?;
        let (lease, end) = match record.operation {
            Operation::Carry(Known::Ended(ended)) => return Ok(ended),
            Operation::Release { lease, .. } => return Ok(Ended::released(lease, record.at, record.seq)),
            Operation::AutoEvict(lease) => (lease, End::Lapsed),
            Operation::ForceEvict { lease, reason } => {
                (lease, End::Evicted { by: record.actor.agent, reason })
            }
            _ => return Err(Trouble),
        };
        Ok(Ended::lost(lease, end, record.at, record.seq))
    }

    /// The lease that ended that an entry stands for.
    pub(super) fn ended_in(&self, value: Value) -> Result<Ended, Trouble> {
        let Value::Record(place) = value else { return Err(Trouble) };
        self.ended_at(place.offset)
    }

    /// The latest leases that were lost, by the key that they stand under, newest first.
    fn latest_lost(&self, key: Key) -> Result<Vec<Ended>, Trouble> {
        let values = self.index.table().find(key)?.into_iter();
        let mut lost = values.map(|value| self.ended_in(value)).collect::<Result<Vec<_>, _>>()?;
        lost.sort_unstable_by_key(|ended| std::cmp::Reverse(ended.seq));
        Ok(lost)
    }

    /// The lease that an entry of what was lost stands for, if it is of this reference.
    pub(super) fn lost_in_entry(
        &self,
        value: Value,
        reference: &Reference,
    ) -> Result<Option<Ended>, Trouble> {
        let Value::Record(place) = value else { return Err(Trouble) };
        let ended = self.ended_at(place.offset)?;
        let of_it = ended.lease.issues.get(usize::from(place.part)) == Some(reference);
        Ok(of_it.then_some(ended))
    }

    fn owners_over(&self, scope: &Scope) -> Result<Vec<Value>, Trouble> {
        let mut over = self.over.borrow_mut();
        if let Some((known, owners)) = &*over
            && known == scope
        {
            return Ok(owners.clone());
        }
        let owners = self.index.owners_over(scope)?;
        *over = Some((scope.clone(), owners.clone()));
        Ok(owners)
    }

    fn slots(&self) -> Result<Vec<Slot>, Trouble> {
        let mut slots = Slot::read_all(&self.index.cells, &self.index.header)?;
        slots.retain(|slot| !slot.is_free());
        Ok(slots)
    }
}

impl<C: Cells, F: DiskFile> View for IndexView<'_, C, F> {
    type Error = Trouble;

    fn next_seq(&self) -> Seq {
        self.index.header.log.seq.next()
    }

    fn lease(&self, id: &LeaseId) -> Result<Option<Known>, Trouble> {
        for value in self.index.table().find(Key::lease(id))? {
            match value {
                Value::Slot(i) => {
                    let slot = self.index.slot(i)?;
                    if slot.lease == *id {
                        return Ok(Some(Known::Live(self.live_in(&slot)?)));
                    }
                }
                Value::Record(place) => {
                    let ended = self.ended_at(place.offset)?;
                    if ended.lease.id == *id {
                        return Ok(Some(Known::Ended(ended)));
                    }
                }
            }
        }
        Ok(None)
    }

    fn covering(&self, reference: &Reference) -> Result<Option<Lease>, Trouble> {
        for value in self.index.table().find(Key::reference(reference))? {
            let Value::Slot(i) = value else { return Err(Trouble) };
            let lease = self.live_in(&self.index.slot(i)?)?;
            if lease.issues.contains(reference) {
                return Ok(Some(lease));
            }
        }
        Ok(None)
    }

    fn lost(&self, reference: &Reference) -> Result<Option<Ended>, Trouble> {
        for value in self.index.table().find(Key::lost(reference))? {
            if let Some(ended) = self.lost_in_entry(value, reference)? {
                return Ok(Some(ended));
            }
        }
        Ok(None)
    }

    fn facts(&self, issue: &Reference) -> Result<Facts, Trouble> {
        Ok(self.facts_of(issue)?.map_or_else(|| Facts::none(issue.clone()), |(_, facts)| facts))
    }

    fn overlapping(&self, scope: &Scope) -> Result<Vec<Lease>, Trouble> {
        let mut over = Vec::new();
        for owner in self.owners_over(scope)? {
            if let Value::Slot(i) = owner {
                over.push(self.live_in(&self.index.slot(i)?)?);
            }
        }
        over.retain(|lease| shares(lease, scope));
        over.sort_by_key(|lease| lease.fence);
        Ok(over)
    }

    fn lost_over(&self, scope: &Scope) -> Result<Vec<Ended>, Trouble> {
        let mut over = Vec::new();
        for owner in self.owners_over(scope)? {
            if matches!(owner, Value::Record(_)) {
                over.push(self.ended_in(owner)?);
            }
        }
        over.retain(|ended| shares(&ended.lease, scope));
        over.sort_unstable_by_key(|ended| ended.seq);
        Ok(over)
    }

    fn successor(&self, id: &LeaseId) -> Result<Option<Successor>, Trouble> {
        for value in self.index.table().find(Key::successor(id))? {
            if let Some(successor) = self.successor_in(value, id)? {
                return Ok(Some(successor));
            }
        }
        Ok(None)
    }

    fn lost_by(&self, holder: &Holder) -> Result<Vec<Ended>, Trouble> {
        let mut lost = self.latest_lost(Key::lost_by(holder))?;
        lost.retain(|ended| ended.lease.holder.acts_for(holder));
        Ok(lost)
    }

    fn lost_in(&self, worktree: &WorktreeId) -> Result<Vec<Ended>, Trouble> {
        let mut lost = self.latest_lost(Key::lost_in(worktree))?;
        lost.retain(|ended| ended.lease.holder.worktree == *worktree);
        Ok(lost)
    }

    fn held_in(&self, worktree: &WorktreeId) -> Result<Vec<Lease>, Trouble> {
        let mut held = Vec::new();
        let mut next = match self.index.table().find(Key::held_in(worktree))?.first() {
            Some(Value::Slot(i)) => *i,
            Some(Value::Record(_)) => return Err(Trouble),
            None => NONE,
        };
        while next != NONE {
            if held.len() > self.index.header.slots_used as usize {
                return Err(Trouble);
            }
            let slot = self.index.slot(next)?;
            held.push(self.live_in(&slot)?);
            next = slot.next;
        }
        held.retain(|lease| lease.holder.worktree == *worktree);
        held.sort_by_key(|lease| lease.fence);
        Ok(held)
    }

    fn live(&self) -> Result<Vec<Lease>, Trouble> {
        let live: Result<Vec<Lease>, Trouble> = self.slots()?.iter().map(|slot| self.live_in(slot)).collect();
        let mut live = live?;
        live.sort_by_key(|lease| lease.fence);
        Ok(live)
    }

    fn control_plane(&self) -> Option<ControlPlaneId> {
        Some(self.index.header.control_plane)
    }

    fn lapsed(&self, now: &Stamp, most: usize) -> Result<Vec<Lease>, Trouble> {
        if now.ns < self.index.header.next_deadline {
            return Ok(Vec::new());
        }
        let (lapsed, standing): (Vec<Slot>, Vec<Slot>) =
            self.slots()?.into_iter().partition(|slot| slot.deadline <= now.ns);
        let left = lapsed.iter().skip(most).chain(&standing).map(|slot| slot.deadline).min();
        self.swept.set(Some(left.unwrap_or(u64::MAX)));
        lapsed.iter().take(most).map(|slot| self.live_in(slot)).collect()
    }

    /// Never: an index is kept only while every lease has a deadline on its clock.
    fn has_unsighted(&self, _: &Stamp) -> Result<bool, Trouble> {
        Ok(false)
    }
}
