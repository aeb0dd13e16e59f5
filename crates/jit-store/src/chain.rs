//! Whether history reaches back to the first record, segment by segment.

use jit_core::{ControlPlaneId, Operation, Seq};

use crate::clock::Clock;
use crate::disk::{Disk, DiskFile, Open};
use crate::error::{Doing, StoreError};
use crate::line::{Line, Sum, decode};
use crate::names::{LOG, sealed};
use crate::read::read_again;
use crate::segment::{Position, scan};
use crate::store::Store;

/// What one segment says of its place in history.
struct Link {
    file: String,
    segment: u64,
    control_plane: ControlPlaneId,
    /// Its first record.
    first: Seq,
    /// The last record before what it says is missing.
    missing_after: Option<Seq>,
    /// The sum that the first record was written after.
    prev: Sum,
    /// Behind its last record.
    end: Position,
}

/// What following all segments showed.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    /// How many segments there are, the live one included.
    pub(crate) segments: usize,
    /// How many records they hold.
    pub(crate) records: u64,
    /// Where one can't be read, or does not go on where the one before ended.
    pub(crate) broken: Vec<StoreError>,
    /// What is in no segment, oldest first.
    pub(crate) missing: Vec<Gap>,
}

/// Records that a failed flush lost, or that a salvage could not read in order: a checkpoint says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The last record before them.
    pub after: Seq,
    /// The first behind them.
    pub before: Seq,
}

impl<D: Disk, C: Clock> Store<D, C> {
    /// Follows the segments from the first record up to the live one.
    ///
    /// # Errors
    /// Trouble with the live segment, or in reading; what is wrong in the archive is in the answer.
    pub(crate) fn chain(&self) -> Result<Chain, StoreError> {
        // Before the archive is listed: what is sealed meanwhile is this one.
        let Some(live) = self.live_link()? else { return Ok(Chain::default()) };
        // One of the live segment's number is a copy that did not come to replace it.
        let segments = self.sealed_segments()?.into_iter().filter(|n| *n < live.segment);
        let mut chain = Chain::default();
        let mut before = Before::Nothing;
        for segment in segments {
            let link = self.sealed_link(segment);
            before = chain.follow(before, link);
        }
        chain.follow(before, Ok(live));
        Ok(chain)
    }

    fn live_link(&self) -> Result<Option<Link>, StoreError> {
        read_again(|| {
            let Some((log, durable)) = self.log_to_read()? else { return Ok(None) };
            Ok(Some(link(&log, LOG, durable)?.0))
        })
    }

    fn sealed_link(&self, segment: u64) -> Result<Link, StoreError> {
        let name = sealed(segment);
        let file = self.disk.open(&name, Open::Read).reading(&name)?;
        let (link, torn) = link(&file, &name, Seq::default())?;
        match torn {
            // All of it was durable when it was sealed.
            Some(offset) => Err(corrupt(&name, offset, format!("record {} is missing", link.end.seq.next()))),
            None if link.segment != segment => {
                Err(corrupt(&name, 0, format!("it is segment {} by what it says", link.segment)))
            }
            None => Ok(link),
        }
    }
}

/// What is known of the segment before.
enum Before {
    /// There is none.
    Nothing,
    /// It can't be read, which was said already.
    Unreadable,
    Known(Link),
}

impl Before {
    /// Its last record, as far as that is known.
    fn end(&self) -> Seq {
        match self {
            Self::Nothing | Self::Unreadable => Seq(0),
            Self::Known(link) => link.end.seq,
        }
    }
}

impl Chain {
    fn follow(&mut self, before: Before, link: Result<Link, StoreError>) -> Before {
        self.segments += 1;
        let link = match link {
            Ok(link) => link,
            Err(error) => {
                self.broken.push(error);
                return Before::Unreadable;
            }
        };
        self.records += (link.end.seq.0 + 1).saturating_sub(link.first.0);
        match link.missing_after.filter(|after| *after == before.end()) {
            Some(after) => self.missing.push(Gap { after, before: link.first }),
            None => self.broken.extend(gap(&before, &link)),
        }
        Before::Known(link)
    }
}

/// Why a segment does not go on where the one before it ends.
fn gap(before: &Before, link: &Link) -> Option<StoreError> {
    let (segment, end) = match before {
        Before::Unreadable => return None,
        Before::Nothing => (0, Position::default()),
        Before::Known(before) => (before.segment, before.end),
    };
    if link.segment != segment + 1 {
        let file = sealed(segment + 1);
        return Some(StoreError::SegmentMissing { file, first: end.seq.next(), last: before_first(link) });
    }
    let other_plane = matches!(before, Before::Known(before) if before.control_plane != link.control_plane);
    let reason = if other_plane {
        "it is of another control plane than the segment before".to_owned()
    } else if link.first != end.seq.next() {
        format!("record {} stands there, and the segment before ends with {}", link.first, end.seq)
    } else if link.prev != end.sum {
        format!("record {} was not written after record {} as it reads now", link.first, end.seq)
    } else {
        return None;
    };
    Some(corrupt(&link.file, 0, reason))
}

fn before_first(link: &Link) -> Seq {
    Seq(link.first.0.saturating_sub(1))
}

/// Reads a segment whole; with where it is torn, if it is.
fn link<F: DiskFile>(file: &F, name: &str, durable: Seq) -> Result<(Link, Option<u64>), StoreError> {
    let scanned = scan(file, name, Position::default(), durable, |_, _| Ok(()))?;
    let Line { record, prev, .. } = first_line(file, name)?;
    let Operation::Checkpoint(checkpoint) = record.operation else {
        return Err(corrupt(name, 0, "it does not begin with a checkpoint".into()));
    };
    let link = Link {
        file: name.to_owned(),
        segment: checkpoint.segment,
        control_plane: checkpoint.control_plane,
        first: record.seq,
        missing_after: checkpoint.missing.map(|missing| missing.after),
        prev,
        end: scanned.end,
    };
    Ok((link, scanned.torn.map(|torn| torn.offset)))
}

/// The checkpoint's own line, which is a short one.
pub(crate) fn first_line<F: DiskFile>(file: &F, name: &str) -> Result<Line, StoreError> {
    let mut bytes = vec![0; 16 << 10];
    let read = file.read_at(&mut bytes, 0).reading(name)?;
    let line = bytes[..read].split(|byte| *byte == b'\n').next().unwrap_or_default();
    decode(line).map_err(|_| corrupt(name, 0, "its first record changed while it was read".into()))
}

pub(crate) fn corrupt(file: &str, offset: u64, reason: String) -> StoreError {
    StoreError::Corrupt { file: file.to_owned(), offset, reason }
}
