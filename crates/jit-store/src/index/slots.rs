//! One slot for each lease that stands: where its latest record is, and when it lapses.

use std::io;

use jit_core::{Lease, LeaseId, Stamp};
use uuid::Uuid;

use super::cells::{Cells, longs};
use super::header::Header;
use super::table::Key;
use crate::segment::Extent;

/// The size of a slot in bytes.
pub(super) const SLOT: usize = 64;

/// No slot.
pub(super) const NONE: u32 = u32::MAX;

/// A lease that stands; a nil lease id is a free slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) lease: LeaseId,
    pub(super) extent: Extent,
    /// On the index's clock.
    pub(super) deadline: u64,
    /// The hash of the key of what is held in the holder's worktree.
    pub(super) worktree: u64,
    /// The worktree's lease before this one.
    pub(super) previous: u32,
    /// The worktree's next lease; of a free slot, the next free one.
    pub(super) next: u32,
    /// The first entry of its paths.
    pub(super) paths: u32,
}

impl Slot {
    pub(super) fn empty() -> Self {
        let lease = LeaseId::new(Uuid::nil());
        let (extent, deadline) = (Extent::default(), u64::MAX);
        Self { lease, extent, deadline, worktree: 0, previous: NONE, next: NONE, paths: NONE }
    }

    pub(super) fn is_free(&self) -> bool {
        self.lease.uuid().is_nil()
    }

    /// Takes over what a lease's latest record says.
    pub(super) fn describe(&mut self, lease: &Lease, extent: Extent, now: &Stamp) {
        self.lease = lease.id;
        self.extent = extent;
        // An index is only kept while every lease has a deadline on its clock.
        self.deadline = lease.deadline_ns(now).unwrap_or(u64::MAX);
        self.worktree = Key::held_in(&lease.holder.worktree).hash();
    }

    fn at(header: &Header, i: u32) -> u64 {
        header.slots_at() + u64::from(i) * SLOT as u64
    }

    pub(super) fn read<C: Cells>(cells: &C, header: &Header, i: u32) -> io::Result<Self> {
        if i >= header.slots_used {
            return Err(io::Error::other("the index names a slot that it does not have"));
        }
        let mut bytes = [0; SLOT];
        cells.read(&mut bytes, Self::at(header, i))?;
        Ok(Self::parse(&bytes))
    }

    /// All slots that were ever taken, in order.
    pub(super) fn read_all<C: Cells>(cells: &C, header: &Header) -> io::Result<Vec<Self>> {
        let mut bytes = vec![0; header.slots_used as usize * SLOT];
        cells.read(&mut bytes, Self::at(header, 0))?;
        Ok(bytes.chunks_exact(SLOT).map(Self::parse).collect())
    }

    fn parse(bytes: &[u8]) -> Self {
        let [high, low, offset, deadline, worktree, links, length, paths] = longs(bytes);
        Self {
            lease: LeaseId::new(Uuid::from_u64_pair(high, low)),
            extent: Extent { offset, length: length as u32 },
            deadline,
            worktree,
            previous: (links >> 32) as u32,
            next: links as u32,
            paths: paths as u32,
        }
    }

    pub(super) fn write<C: Cells>(&self, cells: &C, header: &Header, i: u32) -> io::Result<()> {
        let (high, low) = self.lease.uuid().as_u64_pair();
        let links = u64::from(self.previous) << 32 | u64::from(self.next);
        let longs = [
            high,
            low,
            self.extent.offset,
            self.deadline,
            self.worktree,
            links,
            u64::from(self.extent.length),
            u64::from(self.paths),
        ];
        let mut bytes = [0; SLOT];
        for (to, long) in bytes.chunks_exact_mut(8).zip(longs) {
            to.copy_from_slice(&long.to_le_bytes());
        }
        cells.write(&bytes, Self::at(header, i))
    }
}
