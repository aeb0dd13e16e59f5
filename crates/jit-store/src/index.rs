//! The index: from what a command names to where its record stands in the log.
//!
//! It is derived, disposable, and never synced. It is believed only when its header proves that
//! it was finished by a process of this boot, and that the log at hand holds, at the very place
//! where the index says it stopped, the record that it says it stopped at. It is changed in
//! place under the writers' lock; readers without the lock see by the header's version whether a
//! writer came between.

mod build;
mod cells;
mod ended;
mod facts;
mod header;
mod keys;
mod paths;
mod slots;
mod table;
mod view;

use std::io;

use jit_core::{Lease, LeaseId, Operation, Record, Stamp};

pub(crate) use build::{build, install};
pub(crate) use cells::{Ahead, Cells, InFile};
pub(crate) use header::Header;
pub(crate) use view::IndexView;

use crate::disk::{Disk, DiskFile, Open};
use crate::segment::{Extent, Position};
use slots::{NONE, Slot};
use table::{Key, Table, Value};

/// The index's file.
pub(crate) const INDEX: &str = "index";

/// An index that was proven, in some cells.
pub(crate) struct Index<C> {
    cells: C,
    header: Header,
}

/// An index on a disk.
pub(crate) type Stored<D> = Index<InFile<<D as Disk>::File>>;

/// The index on this disk, if its header is whole.
pub(crate) fn opened<D: Disk>(disk: &D, how: Open) -> Option<Stored<D>> {
    Index::open(InFile::new(disk.open(INDEX, how).ok()?)).ok()?
}

impl<C: Cells> Index<Ahead<C>> {
    /// Whether no writer has touched the index since it was opened.
    pub(crate) fn unchanged(&self) -> io::Result<bool> {
        Ok(Header::read(self.cells.base())?.is_some_and(|header| header == *self.cells.began_at()))
    }
}

impl<C: Cells> Index<C> {
    /// Takes the index that is in the cells, if its header is whole.
    ///
    /// # Errors
    /// Trouble in reading.
    pub(crate) fn open(cells: C) -> io::Result<Option<Self>> {
        Ok(Header::read(&cells)?.map(|header| Self { cells, header }))
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// The index to follow more records in memory only.
    pub(crate) fn ahead(self) -> Index<Ahead<C>> {
        Index { cells: Ahead::of(self.cells, self.header.clone()), header: self.header }
    }

    fn table(&self) -> Table<'_, C> {
        Table { cells: &self.cells, capacity: self.header.table_capacity }
    }

    fn slot(&self, i: u32) -> io::Result<Slot> {
        Slot::read(&self.cells, &self.header, i)
    }

    fn put(&self, i: u32, slot: &Slot) -> io::Result<()> {
        slot.write(&self.cells, &self.header, i)
    }

    /// The slot of a lease that stands.
    fn slot_of(&self, id: &LeaseId) -> io::Result<Option<(u32, Slot)>> {
        for value in self.table().find(Key::lease(id))? {
            if let Value::Slot(i) = value {
                let slot = self.slot(i)?;
                if slot.lease == *id {
                    return Ok(Some((i, slot)));
                }
            }
        }
        Ok(None)
    }

    /// Follows records that were appended to the log, each with its place; the header is written
    /// last.
    ///
    /// The cells are marked as being changed before the first change and, if anything fails, stay
    /// so: the next writer makes the index anew.
    ///
    /// # Errors
    /// Trouble in reading or writing; `Ok(false)` when the records have outgrown the index, or
    /// are of a kind or a clock that it can't follow.
    pub(crate) fn follow<F: DiskFile>(
        &mut self,
        records: &[(Extent, Record)],
        end: Position,
        log: &F,
    ) -> io::Result<bool> {
        if records.is_empty() {
            return Ok(true);
        }
        self.header.begin(&self.cells)?;
        for (extent, record) in records {
            if !self.header.serves(&record.stamp) || !self.apply(*extent, record, log)? {
                return Ok(false);
            }
            self.header.clock_ns = record.stamp.ns;
        }
        self.header.log = end;
        self.header.finish(&self.cells)?;
        Ok(true)
    }

    /// Notes the result of a look at every deadline.
    pub(crate) fn set_next_deadline(&mut self, ns: u64) {
        self.header.next_deadline = ns;
    }

    fn apply<F: DiskFile>(&mut self, extent: Extent, record: &Record, log: &F) -> io::Result<bool> {
        // On this clock every lease in it has a deadline.
        let now = &record.stamp;
        match &record.operation {
            Operation::Acquire(lease) => {
                self.claim(&lease.issues, log)?;
                self.settle(lease, log)?;
                return Ok(self.supersede(lease, extent, log)? && self.insert(lease, extent, now)?);
            }
            Operation::Extend(lease) => {
                let Some((i, mut slot)) = self.slot_of(&lease.id)? else { return Ok(false) };
                self.leave_paths(slot.paths)?;
                let Some(paths) = self.enter_paths(&lease.scope, Value::Slot(i))? else { return Ok(false) };
                slot.describe(lease, extent, now);
                slot.paths = paths;
                self.put(i, &slot)?;
                self.expect_by(slot.deadline);
                self.settle(lease, log)?;
                return self.supersede(lease, extent, log);
            }
            Operation::Abandon => self.abandon(&record.actor.worktree, log)?,
            Operation::Resume(lease) => self.update(lease, extent, now)?,
            Operation::Renew(leases) => {
                for lease in leases {
                    self.update(lease, extent, now)?;
                }
            }
            Operation::Transfer(lease) => {
                // Its new holder may not have had any before.
                let Some((i, mut slot)) = self.slot_of(&lease.id)?.filter(|_| self.room(1)) else {
                    return Ok(false);
                };
                self.unlink(i, &slot)?;
                slot.describe(lease, extent, now);
                self.link(i, slot)?;
                self.expect_by(slot.deadline);
                self.settle(lease, log)?;
            }
            Operation::Release { lease, released, .. } if !lease.issues.is_empty() => {
                let Some((i, mut slot)) = self.slot_of(&lease.id)? else { return Ok(false) };
                for reference in released {
                    self.take(Key::reference(reference), Value::Slot(i))?;
                }
                slot.describe(lease, extent, now);
                self.put(i, &slot)?;
            }
            Operation::Release { lease, released, .. } => return self.end(lease, released, false, extent),
            Operation::AutoEvict(lease) | Operation::ForceEvict { lease, .. } => {
                return self.end(lease, &lease.issues, true, extent);
            }
            Operation::Facts(_, facts) => return self.note(facts, extent, log),
            // These change what every entry means: the index is made anew.
            Operation::Sighting | Operation::Checkpoint(_) | Operation::Carry(_) => return Ok(false),
        }
        Ok(true)
    }

    fn room(&self, keys: usize) -> bool {
        self.header.table_used + keys as u32 <= self.header.table_capacity / 2
    }

    fn add(&mut self, key: Key, value: Value) -> io::Result<()> {
        self.table().insert(key, value)?;
        self.header.table_used += 1;
        Ok(())
    }

    fn take(&mut self, key: Key, value: Value) -> io::Result<()> {
        self.table().remove(key, value)?;
        // A reader whom a writer crosses may find more than the header counts.
        self.header.table_used = self.header.table_used.saturating_sub(1);
        Ok(())
    }

    /// Enters a lease that stands; `false` when there is no room.
    fn insert(&mut self, lease: &Lease, extent: Extent, now: &Stamp) -> io::Result<bool> {
        let Some(i) = self.free_slot()?.filter(|_| self.room(lease.issues.len() + 2)) else {
            return Ok(false);
        };
        let Some(paths) = self.enter_paths(&lease.scope, Value::Slot(i))? else { return Ok(false) };
        let mut slot = Slot { paths, ..Slot::empty() };
        slot.describe(lease, extent, now);
        self.link(i, slot)?;
        self.add(Key::lease(&lease.id), Value::Slot(i))?;
        for reference in &lease.issues {
            self.add(Key::reference(reference), Value::Slot(i))?;
        }
        self.expect_by(slot.deadline);
        Ok(true)
    }

    fn update(&mut self, lease: &Lease, extent: Extent, now: &Stamp) -> io::Result<()> {
        let Some((i, mut slot)) = self.slot_of(&lease.id)? else {
            return Err(io::Error::other("the index has no slot for a lease that stands"));
        };
        slot.describe(lease, extent, now);
        self.put(i, &slot)?;
        self.expect_by(slot.deadline);
        Ok(())
    }

    fn free_slot(&mut self) -> io::Result<Option<u32>> {
        let i = self.header.free_slot;
        if i != NONE {
            self.header.free_slot = self.slot(i)?.next;
            return Ok(Some(i));
        }
        let i = self.header.slots_used;
        if i >= self.header.slots_capacity() {
            return Ok(None);
        }
        self.header.slots_used += 1;
        Ok(Some(i))
    }

    /// Writes a slot as the first of its worktree's.
    fn link(&mut self, i: u32, mut slot: Slot) -> io::Result<()> {
        let key = Key::from_hash(slot.worktree);
        let first = self.table().find(key)?.into_iter().next();
        slot.previous = NONE;
        slot.next = NONE;
        match first {
            Some(value @ Value::Slot(head)) => {
                let mut second = self.slot(head)?;
                second.previous = i;
                self.put(head, &second)?;
                slot.next = head;
                self.table().replace(key, value, Value::Slot(i))?;
            }
            _ => self.add(key, Value::Slot(i))?,
        }
        self.put(i, &slot)
    }

    /// Takes a slot out of its worktree's list.
    fn unlink(&mut self, i: u32, slot: &Slot) -> io::Result<()> {
        let key = Key::from_hash(slot.worktree);
        if slot.next != NONE {
            let mut next = self.slot(slot.next)?;
            next.previous = slot.previous;
            self.put(slot.next, &next)?;
        }
        if slot.previous != NONE {
            let mut previous = self.slot(slot.previous)?;
            previous.next = slot.next;
            return self.put(slot.previous, &previous);
        }
        if slot.next == NONE {
            return self.take(key, Value::Slot(i));
        }
        self.table().replace(key, Value::Slot(i), Value::Slot(slot.next))
    }

    fn expect_by(&mut self, deadline: u64) {
        self.header.next_deadline = self.header.next_deadline.min(deadline);
    }
}

impl<F: DiskFile> Index<Ahead<InFile<F>>> {
    /// Reads all of it at once, for one who asks about much.
    pub(crate) fn read_whole(&self) -> io::Result<()> {
        self.cells.base().read_whole()
    }
}

#[cfg(test)]
mod tests;
