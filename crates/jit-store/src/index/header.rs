//! The index's header: what it reflects, and the proof of it.

use std::io;

use jit_core::{ClockId, ControlPlaneId, Seq, Stamp, View};
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

use super::cells::{Cells, longs};
use super::paths;
use super::slots::{NONE, SLOT};
use super::table::ENTRY;
use crate::line::Sum;
use crate::replay::Replay;
use crate::segment::Position;

/// What the index says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Grows with every change; odd while one is under way.
    pub(crate) version: u64,
    /// The clock that the deadlines are readings of, and so the boot that wrote the index: what
    /// was not synced has not survived another.
    pub(crate) boot: ClockId,
    /// Up to where the log is reflected.
    pub(crate) log: Position,
    /// The control plane.
    pub(crate) control_plane: ControlPlaneId,
    /// The byte of the log behind its checkpoint.
    pub(crate) checkpoint_end: u64,
    /// The clock's reading at the last change. A clock that reads less is another one.
    pub(crate) clock_ns: u64,
    /// No lease lapses before.
    pub(crate) next_deadline: u64,
    /// Entries that the table has: a power of two.
    pub(crate) table_capacity: u32,
    /// Entries that are taken.
    pub(crate) table_used: u32,
    /// Slots that were ever taken.
    pub(crate) slots_used: u32,
    /// The first of the free slots among them.
    pub(crate) free_slot: u32,
    /// Entries of paths that there is room for.
    pub(crate) paths_capacity: u32,
    /// Entries of paths that were ever taken.
    pub(crate) paths_used: u32,
    /// The first of the free ones among them.
    pub(crate) free_path: u32,
}

const MAGIC: u64 = u64::from_le_bytes(*b"jitidx05");
const FIELDS: usize = 17;

impl Header {
    /// Its size in bytes; the table follows.
    pub(crate) const SIZE: usize = FIELDS * 8;

    /// The header of an index with room for so many keys, leases and entries of paths.
    pub(super) fn sized(
        keys: usize,
        leases: usize,
        paths: usize,
        replay: &Replay,
        log: Position,
        now: &Stamp,
    ) -> Self {
        let entries =
            ((keys + paths) * 4).max(leases * 2 * Self::ENTRIES_A_SLOT as usize).max(256).next_power_of_two();
        Self {
            version: 0,
            boot: now.boot,
            log,
            control_plane: replay.state.control_plane().unwrap_or(ControlPlaneId::new(Uuid::nil())),
            checkpoint_end: replay.checkpoint_end,
            clock_ns: now.ns,
            next_deadline: u64::MAX,
            table_capacity: entries as u32,
            table_used: 0,
            slots_used: 0,
            free_slot: NONE,
            paths_capacity: (paths * 2).max(64) as u32,
            paths_used: 0,
            free_path: NONE,
        }
    }

    const ENTRIES_A_SLOT: u32 = 4;

    pub(super) fn slots_capacity(&self) -> u32 {
        self.table_capacity / Self::ENTRIES_A_SLOT
    }

    /// Where the slots begin.
    pub(super) fn slots_at(&self) -> u64 {
        Self::SIZE as u64 + u64::from(self.table_capacity) * ENTRY as u64
    }

    /// Where the entries of paths begin.
    pub(super) fn paths_at(&self) -> u64 {
        self.slots_at() + u64::from(self.slots_capacity()) * SLOT as u64
    }

    /// The size of the whole index in bytes.
    pub(super) fn size(&self) -> usize {
        self.paths_at() as usize + self.paths_capacity as usize * paths::ENTRY
    }

    /// Whether deadlines can be told on this clock by this index.
    pub(crate) fn serves(&self, now: &Stamp) -> bool {
        self.boot == now.boot && self.clock_ns <= now.ns
    }

    /// The header in the cells; `None` when there is none, or a change of it is under way.
    pub(crate) fn read<C: Cells>(cells: &C) -> io::Result<Option<Self>> {
        let mut bytes = [0; Self::SIZE];
        cells.read(&mut bytes, 0)?;
        Ok(Self::parse(&bytes).filter(|header| header.version % 2 == 0))
    }

    /// The version in the cells, whether a change is under way or not.
    pub(super) fn version<C: Cells>(cells: &C) -> io::Result<u64> {
        let mut bytes = [0; Self::SIZE];
        cells.read(&mut bytes, 0)?;
        Ok(Self::parse(&bytes).map_or(0, |header| header.version))
    }

    fn parse(bytes: &[u8; Self::SIZE]) -> Option<Self> {
        let [
            magic,
            version,
            boot_high,
            boot_low,
            offset,
            seq,
            sum,
            plane_high,
            plane_low,
            clock_ns,
            next_deadline,
            table,
            slots,
            checkpoint_end,
            paths,
            free_path,
            check,
        ] = longs(bytes);
        (magic == MAGIC && check == xxh3_64(&bytes[..Self::SIZE - 8])).then(|| Self {
            version,
            boot: ClockId::new(Uuid::from_u64_pair(boot_high, boot_low)),
            log: Position { offset, seq: Seq(seq), sum: Sum(sum) },
            control_plane: ControlPlaneId::new(Uuid::from_u64_pair(plane_high, plane_low)),
            checkpoint_end,
            clock_ns,
            next_deadline,
            table_capacity: (table >> 32) as u32,
            table_used: table as u32,
            slots_used: (slots >> 32) as u32,
            free_slot: slots as u32,
            paths_capacity: (paths >> 32) as u32,
            paths_used: paths as u32,
            free_path: free_path as u32,
        })
    }

    fn to_bytes(&self) -> [u8; Self::SIZE] {
        let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        let (boot_high, boot_low) = self.boot.uuid().as_u64_pair();
        let (plane_high, plane_low) = self.control_plane.uuid().as_u64_pair();
        let fields = [
            MAGIC,
            self.version,
            boot_high,
            boot_low,
            self.log.offset,
            self.log.seq.0,
            self.log.sum.0,
            plane_high,
            plane_low,
            self.clock_ns,
            self.next_deadline,
            pair(self.table_capacity, self.table_used),
            pair(self.slots_used, self.free_slot),
            self.checkpoint_end,
            pair(self.paths_capacity, self.paths_used),
            u64::from(self.free_path),
        ];
        let mut bytes = [0; Self::SIZE];
        for (to, field) in bytes.chunks_exact_mut(8).zip(fields) {
            to.copy_from_slice(&field.to_le_bytes());
        }
        let check = xxh3_64(&bytes[..Self::SIZE - 8]);
        bytes[Self::SIZE - 8..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// Marks the cells as being changed.
    pub(super) fn begin<C: Cells>(&mut self, cells: &C) -> io::Result<()> {
        self.version += 1;
        cells.write(&self.to_bytes(), 0)
    }

    /// Marks the cells as whole again.
    pub(super) fn finish<C: Cells>(&mut self, cells: &C) -> io::Result<()> {
        self.version += 1;
        self.version += self.version % 2;
        cells.write(&self.to_bytes(), 0)
    }

    /// Makes whatever is in the cells prove nothing.
    pub(crate) fn spoil<C: Cells>(cells: &C) -> io::Result<()> {
        cells.write(&[0; Self::SIZE], 0)
    }

    /// Writes a header that was made elsewhere, with a version above all that readers have seen.
    pub(super) fn publish<C: Cells>(cells: &C, made: &[u8], before: u64) -> io::Result<()> {
        let made: &[u8; Self::SIZE] = made.try_into().map_err(io::Error::other)?;
        let mut header =
            Self::parse(made).ok_or_else(|| io::Error::other("the index was made without a header"))?;
        header.version = header.version.max(before) + 2;
        header.finish(cells)
    }
}
