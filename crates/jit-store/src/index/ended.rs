//! What the index knows of leases that ended: their records, what was lost and by whom, and what
//! superseded them.

use std::io;

use jit_core::{
    Ended, Known, LATEST_LOST, Lease, LeaseId, Operation, Reference, Successor, View, WorktreeId,
};

use super::cells::Cells;
use super::slots::{NONE, Slot};
use super::table::{Key, Place, Value};
use super::view::Trouble;
use super::{Index, IndexView};
use crate::disk::DiskFile;
use crate::segment::Extent;

impl<C: Cells> Index<C> {
    /// These references are lost no more. Others may share their keys, so each is looked up.
    pub(super) fn claim<F: DiskFile>(&mut self, issues: &[Reference], log: &F) -> io::Result<()> {
        for reference in issues {
            let key = Key::lost(reference);
            for value in self.table().find(key)? {
                let lost = IndexView::new(self, log).lost_in_entry(value, reference);
                if lost.map_err(|_| io::Error::other("a lost lease has no record"))?.is_some() {
                    self.take(key, value)?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Notes what a grant supersedes, where nothing did before; `false` when there is no room.
    pub(super) fn supersede<F: DiskFile>(&mut self, lease: &Lease, at: Extent, log: &F) -> io::Result<bool> {
        for (i, id) in lease.supersedes.iter().enumerate() {
            let view = IndexView::new(self, log);
            let known = view.ended_entry(id).and_then(|end| Ok((end, view.successor(id)?)));
            let known = known.map_err(|_| io::Error::other("a superseded lease has no record"))?;
            let (Some(end), None) = known else { continue };
            if let Some(first) = self.lost_paths(id, end)? {
                self.leave_paths(first)?;
                self.take(Key::lost_paths(id), Value::Slot(first))?;
            }
            let Some(place) = Place::part(at.offset, i).filter(|_| self.room(1)) else { return Ok(false) };
            self.add(Key::successor(id), Value::Record(place))?;
        }
        Ok(true)
    }

    /// What was lost in this worktree does not matter there any more.
    pub(super) fn abandon<F: DiskFile>(&mut self, worktree: &WorktreeId, log: &F) -> io::Result<()> {
        self.forget_lost(worktree, log, |_| true)
    }

    /// What was lost in a lease's worktree and is had again does not matter there any more.
    pub(super) fn settle<F: DiskFile>(&mut self, lease: &Lease, log: &F) -> io::Result<()> {
        self.forget_lost(&lease.holder.worktree, log, |lost| lease.has_again(lost))
    }

    fn forget_lost<F: DiskFile>(
        &mut self,
        worktree: &WorktreeId,
        log: &F,
        is_settled: impl Fn(&Lease) -> bool,
    ) -> io::Result<()> {
        let key = Key::lost_in(worktree);
        for value in self.table().find(key)? {
            let lost = IndexView::new(self, log).ended_in(value);
            let lost = lost.map_err(|_| io::Error::other("a lost lease has no record"))?.lease;
            if lost.holder.worktree == *worktree && is_settled(&lost) {
                self.take(key, value)?;
            }
        }
        Ok(())
    }

    /// Turns a lease that stands into one that ended; `false` when there is no room.
    pub(super) fn end(
        &mut self,
        lease: &Lease,
        covered: &[Reference],
        lost: bool,
        at: Extent,
    ) -> io::Result<bool> {
        let Some((i, slot)) = self.slot_of(&lease.id)? else { return Ok(false) };
        self.unlink(i, &slot)?;
        let free = Slot { next: self.header.free_slot, ..Slot::empty() };
        self.put(i, &free)?;
        self.header.free_slot = i;
        self.take(Key::lease(&lease.id), Value::Slot(i))?;
        for reference in covered {
            self.take(Key::reference(reference), Value::Slot(i))?;
        }
        if !self.room(lease.issues.len() + 4) {
            return Ok(false);
        }
        let end = Value::Record(Place::whole(at.offset));
        self.add(Key::lease(&lease.id), end)?;
        // What its holder gave up leaves nothing behind.
        if !lost {
            self.leave_paths(slot.paths)?;
            return Ok(true);
        }
        self.remember_loss(lease, &lease.issues, false, at)?;
        if slot.paths != NONE {
            self.own_paths(slot.paths, end)?;
            self.add(Key::lost_paths(&lease.id), Value::Slot(slot.paths))?;
        }
        Ok(true)
    }

    /// Enters a lease that ended before the index was made; `false` when there is no room.
    pub(super) fn remember(
        &mut self,
        ended: &Ended,
        at: Extent,
        successor: Option<Place>,
    ) -> io::Result<bool> {
        let lease = &ended.lease;
        if !self.room(ended.unclaimed.len() + 4) {
            return Ok(false);
        }
        let end = Value::Record(Place::whole(at.offset));
        self.add(Key::lease(&lease.id), end)?;
        if ended.was_lost() {
            self.remember_loss(lease, &ended.unclaimed, ended.abandoned, at)?;
        }
        match successor {
            Some(place) => self.add(Key::successor(&lease.id), Value::Record(place))?,
            None if ended.was_lost() && !lease.scope.is_none() => {
                let Some(first) = self.enter_paths(&lease.scope, end)? else { return Ok(false) };
                self.add(Key::lost_paths(&lease.id), Value::Slot(first))?;
            }
            None => {}
        }
        Ok(true)
    }

    /// Enters a loss with its holder, with its worktree, and with what nobody has acquired since.
    fn remember_loss(
        &mut self,
        lease: &Lease,
        unclaimed: &[Reference],
        abandoned: bool,
        at: Extent,
    ) -> io::Result<()> {
        self.remember_latest(Key::lost_by(&lease.holder), at)?;
        if !abandoned {
            self.remember_latest(Key::lost_in(&lease.holder.worktree), at)?;
        }
        for reference in unclaimed {
            let i = lease.issues.iter().position(|issue| issue == reference);
            let place = i.and_then(|i| Place::part(at.offset, i));
            let place = place.ok_or_else(|| io::Error::other("a lease with too many references"))?;
            self.add(Key::lost(reference), Value::Record(place))?;
        }
        Ok(())
    }

    /// Enters a loss, and forgets the oldest one where there are too many.
    fn remember_latest(&mut self, key: Key, at: Extent) -> io::Result<()> {
        let known = self.table().find(key)?;
        if known.len() >= LATEST_LOST
            && let Some(oldest) = known.into_iter().min_by_key(|value| value.word())
        {
            self.take(key, oldest)?;
        }
        self.add(key, Value::Record(Place::whole(at.offset)))
    }
}

impl<C: Cells, F: DiskFile> IndexView<'_, C, F> {
    /// The entry of a lease that ended.
    fn ended_entry(&self, id: &LeaseId) -> Result<Option<Value>, Trouble> {
        for value in self.index.table().find(Key::lease(id))? {
            if let Value::Record(place) = value
                && self.ended_at(place.offset)?.lease.id == *id
            {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// What an entry of what superseded a lease says, if it is of this lease.
    pub(super) fn successor_in(&self, value: Value, id: &LeaseId) -> Result<Option<Successor>, Trouble> {
        let Value::Record(place) = value else { return Err(Trouble) };
        Ok(match self.record_at(place.offset)?.operation {
            Operation::Acquire(lease) | Operation::Extend(lease) | Operation::Carry(Known::Live(lease)) => {
                (lease.supersedes.get(usize::from(place.part)) == Some(id)).then(|| Successor::of(&lease))
            }
            Operation::Carry(Known::Ended(ended)) => ended.superseded_by.filter(|_| ended.lease.id == *id),
            _ => return Err(Trouble),
        })
    }
}
