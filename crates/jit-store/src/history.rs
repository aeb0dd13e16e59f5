//! All records, across segments.

use jit_core::{Checkpoint, ControlPlaneId, Operation, Record, Seq};

use crate::chain::{corrupt, first_line};
use crate::clock::Clock;
use crate::disk::{Disk, DiskFile, Open};
use crate::error::{Doing, StoreError};
use crate::names::{ARCHIVE, LOG, sealed, segment_of};
use crate::read::read_again;
use crate::segment::{Position, Scanned, scan};
use crate::store::Store;

/// Where a segment stands in the order of all records, by what it begins with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) segment: u64,
    pub(crate) control_plane: ControlPlaneId,
    /// The first record that need not stand in an earlier segment: this one's own first, or that
    /// behind which a salvage says that records are missing.
    pub(crate) begins: Seq,
}

impl Head {
    pub(crate) fn read<F: DiskFile>(file: &F, name: &str) -> Result<Self, StoreError> {
        let first = first_line(file, name)?.record;
        let Operation::Checkpoint(Checkpoint { segment, control_plane, missing, .. }) = first.operation
        else {
            return Err(corrupt(name, 0, "it does not begin with a checkpoint".into()));
        };
        let begins = missing.map_or(first.seq, |missing| missing.after.next());
        Ok(Self { segment, control_plane, begins })
    }

    /// Records from `first` on are not there any more, nor is this segment of the archive that had
    /// some of them.
    pub(crate) fn lacks(&self, segment: u64, first: Seq) -> StoreError {
        StoreError::SegmentMissing { file: sealed(segment), first, last: Seq(self.begins.0 - 1) }
    }
}

/// What a sealed segment has of history.
pub(crate) struct Archived {
    pub(crate) records: Vec<Record>,
    /// Why they don't lead up to the next segment, if they don't.
    pub(crate) breaks_off: Option<StoreError>,
}

impl<D: Disk, C: Clock> Store<D, C> {
    /// Shows records to `visit`, newest segment first and each segment from its beginning, for as
    /// long as it says so after a segment.
    ///
    /// # Errors
    /// As for [`Self::read`], after all newer segments were shown.
    pub fn history(&self, mut visit: impl FnMut(Vec<Record>) -> bool) -> Result<(), StoreError> {
        let Some((log, durable)) = self.log_to_read()? else { return Ok(()) };
        let live = read_again(|| records(&log, LOG, durable))?.0;
        let mut newer = Head::read(&log, LOG)?;
        if !visit(live) {
            return Ok(());
        }
        for segment in self.sealed_before(newer.segment)? {
            let (file, head) = self.sealed(segment, &newer)?;
            let Archived { records, breaks_off } = archived(&file, segment, &newer)?;
            breaks_off.map_or(Ok(()), Err)?;
            newer = head;
            if !visit(records) {
                return Ok(());
            }
        }
        match newer.begins {
            Seq(0 | 1) => Ok(()),
            // What is before it was sealed, and is not there any more.
            _ => Err(newer.lacks(1, Seq(1))),
        }
    }

    /// The numbers of the segments in the archive, in order.
    pub(crate) fn sealed_segments(&self) -> Result<Vec<u64>, StoreError> {
        let names = self.disk.list(ARCHIVE).reading(ARCHIVE)?;
        let mut segments: Vec<u64> = names.iter().filter_map(|name| segment_of(name)).collect();
        segments.sort_unstable();
        Ok(segments)
    }

    /// Those before this one, newest first. One of a higher number is no part of its history.
    pub(crate) fn sealed_before(
        &self,
        segment: u64,
    ) -> Result<impl Iterator<Item = u64> + use<D, C>, StoreError> {
        Ok(self.sealed_segments()?.into_iter().rev().filter(move |sealed| *sealed < segment))
    }

    /// A sealed segment, and where it stands before the next one.
    pub(crate) fn sealed(&self, segment: u64, newer: &Head) -> Result<(D::File, Head), StoreError> {
        let name = sealed(segment);
        let file = self.disk.open(&name, Open::Read).reading(&name)?;
        let head = Head::read(&file, &name)?;
        let begins = head.begins.min(newer.begins);
        Ok((file, Head { segment, begins, ..head }))
    }
}

/// What a sealed segment, the one of this number, has of history before the next one.
pub(crate) fn archived<F: DiskFile>(file: &F, segment: u64, newer: &Head) -> Result<Archived, StoreError> {
    let name = sealed(segment);
    let (mut records, scanned) = records(file, &name, Seq::default())?;
    let last = records.last().map_or(Seq(0), |record| record.seq);
    records.retain(|record| record.seq < newer.begins);
    // The copy of a segment that was not replaced after all may end earlier than it.
    let goes_on = records.is_empty() || last.next() >= newer.begins;
    let missing = |offset| corrupt(&name, offset, format!("record {} is missing", last.next()));
    let breaks_off = match scanned.torn {
        _ if !goes_on && segment + 1 < newer.segment => Some(newer.lacks(segment + 1, last.next())),
        Some(torn) => Some(missing(torn.offset)),
        None => (!goes_on).then(|| missing(scanned.end.offset)),
    };
    Ok(Archived { records, breaks_off })
}

/// All records of a segment, and how far it could be read.
fn records<F: DiskFile>(file: &F, name: &str, durable: Seq) -> Result<(Vec<Record>, Scanned), StoreError> {
    let mut records = Vec::new();
    let scanned = scan(file, name, Position::default(), durable, |_, record| {
        records.push(record.clone());
        Ok(())
    })?;
    Ok((records, scanned))
}
