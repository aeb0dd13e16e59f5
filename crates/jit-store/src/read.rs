//! Reading without the lock, and without writing anything.

use std::io;

use jit_core::{Checkpoint, Now, Operation, Query, Record, Seq, State};

use crate::clock::Clock;
use crate::disk::{Disk, Open};
use crate::error::{Doing, StoreError};
use crate::index::{self, Ahead, InFile, Index, IndexView};
use crate::names::{ARCHIVE, LOG, sealed, segment_of};
use crate::replay::Replay;
use crate::segment::{Position, Scanned, scan};
use crate::store::Store;
use crate::tail::{self, Behind};

/// How often a reader that a writer crossed looks again: at the index before it reads the log, and
/// at the log before it says that it is corrupt.
const TRIES: u32 = 8;

/// What a reader has in hand when it need not read the log whole.
pub(crate) struct Proven<D: Disk> {
    pub(crate) log: D::File,
    pub(crate) index: Index<Ahead<InFile<D::File>>>,
    pub(crate) now: Now,
}

impl<D: Disk, C: Clock> Store<D, C> {
    /// Answers a question by one consistent view of the leases, which may show an operation that
    /// is not durable yet.
    ///
    /// # Errors
    /// Corruption, a log of another version, or trouble in reading.
    pub fn read<Q: Query>(&self, query: &Q) -> Result<Q::Answer, StoreError> {
        for _ in 0..TRIES {
            if let Some(answer) = self.by_index(query)? {
                return Ok(answer);
            }
        }
        let (state, _) = self.state()?;
        let now = self.now()?;
        Ok(query.ask(&state, &now).unwrap_or_else(|never| match never {}))
    }

    fn now(&self) -> Result<Now, StoreError> {
        self.clock.now().map_err(StoreError::Clock)
    }

    /// `None` where the index does not prove itself, or a writer came between.
    fn by_index<Q: Query>(&self, query: &Q) -> Result<Option<Q::Answer>, StoreError> {
        let Some(Proven { log, index, now }) = self.proven()? else { return Ok(None) };
        if query.asks_much() && index.read_whole().is_err() {
            return Ok(None);
        }
        let answer = query.ask(&IndexView::new(&index, &log), &now);
        let unchanged = index.unchanged().unwrap_or(false);
        Ok(answer.ok().filter(|_| unchanged))
    }

    /// The index, if it is of this boot and of the log at hand, as it will be once a writer has
    /// entered the records behind it.
    pub(crate) fn proven(&self) -> Result<Option<Proven<D>>, StoreError> {
        let Ok(log) = self.disk.open(LOG, Open::Read) else { return Ok(None) };
        let Some(index) = index::opened(&self.disk, Open::Read) else { return Ok(None) };
        let mut index = index.ahead();
        let log = match tail::behind(&log, index.header().log) {
            Some(Behind::End) => log,
            Some(Behind::More) => match self.followed(&mut index)? {
                Some(log) => log,
                None => return Ok(None),
            },
            None => return Ok(None),
        };
        // After all that: the clock must not seem to be behind that of whoever wrote it.
        let now = self.now()?;
        Ok(index.header().serves(&now.stamp).then_some(Proven { log, index, now }))
    }

    /// Lets the index follow the log's tail; returns the log that it followed.
    fn followed(&self, index: &mut Index<Ahead<InFile<D::File>>>) -> Result<Option<D::File>, StoreError> {
        let at = index.header().log;
        let Some((log, durable)) = self.log_to_read()? else { return Ok(None) };
        if tail::behind(&log, at).is_none() {
            return Ok(None);
        }
        // What is wrong with the log is for the one who reads it whole to say.
        let Ok((records, scanned)) = tail::read(&log, at, durable) else { return Ok(None) };
        let follows = index.follow(&records, scanned.end, &log).unwrap_or(false);
        Ok(follows.then_some(log))
    }

    /// What the log says, read whole.
    pub(crate) fn state(&self) -> Result<(State, Option<Scanned>), StoreError> {
        read_again(|| {
            let mut replay = Replay::default();
            let Some((log, durable)) = self.log_to_read()? else { return Ok((replay.state, None)) };
            let scanned = scan(&log, LOG, Position::default(), durable, |extent, record| {
                replay.follow(extent, record)
            })?;
            Ok((replay.state, Some(scanned)))
        })
    }

    /// The live segment, and up to where it was durable before it was opened; `None` where there
    /// is no control plane yet.
    pub(crate) fn log_to_read(&self) -> Result<Option<(D::File, Seq)>, StoreError> {
        let now = self.now()?;
        let shared = self.shared_to_read().filter(|shared| shared.serves(now.stamp.boot));
        let durable = shared.map_or_else(Seq::default, |shared| shared.durable());
        match self.disk.open(LOG, Open::Read) {
            Ok(log) => Ok(Some((log, durable))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => match self.log_may_be_missing() {
                Ok(()) => Ok(None),
                // Unless the first writer made it in between.
                Err(missing) => {
                    self.disk.open(LOG, Open::Read).map(|log| Some((log, durable))).map_err(|_| missing)
                }
            },
            Err(error) => Err(error).reading(LOG),
        }
    }

    /// Shows records to `visit`, newest segment first and each segment from its beginning, for as
    /// long as it says so after a segment.
    ///
    /// # Errors
    /// As for [`Self::read`], after all newer segments were shown.
    pub fn history(&self, mut visit: impl FnMut(Vec<Record>) -> bool) -> Result<(), StoreError> {
        let Some((log, durable)) = self.log_to_read()? else { return Ok(()) };
        let (live, _) = read_again(|| self.records(&log, LOG, durable))?;
        let mut oldest = begins(&live).unwrap_or(Seq(u64::MAX));
        let mut newer = number(&live).unwrap_or_default();
        if !visit(live) {
            return Ok(());
        }
        let mut segments = self.sealed_segments()?;
        // One of a higher number is no part of this history.
        segments.retain(|segment| *segment < newer);
        for segment in segments.into_iter().rev() {
            let name = sealed(segment);
            let file = self.disk.open(&name, Open::Read).reading(&name)?;
            let (mut records, end) = self.records(&file, &name, Seq::default())?;
            let last = records.last().map_or(Seq(0), |record| record.seq);
            records.retain(|record| record.seq < oldest);
            // The copy of a segment that was not replaced after all may end earlier than it.
            let goes_on = records.is_empty() || last.next() >= oldest;
            if !goes_on && segment + 1 < newer {
                let last_missing = Seq(oldest.0 - 1);
                return Err(StoreError::SegmentMissing {
                    file: sealed(segment + 1),
                    first: last.next(),
                    last: last_missing,
                });
            }
            if let Some(offset) = end.torn.map(|torn| torn.offset).or((!goes_on).then_some(end.end.offset)) {
                let reason = format!("record {} is missing", last.next());
                return Err(StoreError::Corrupt { file: name, offset, reason });
            }
            oldest = begins(&records).unwrap_or(oldest);
            newer = segment;
            if !visit(records) {
                return Ok(());
            }
        }
        match oldest {
            Seq(0 | 1) => Ok(()),
            // What is before it was sealed, and is not there any more.
            later => {
                Err(StoreError::SegmentMissing { file: sealed(1), first: Seq(1), last: Seq(later.0 - 1) })
            }
        }
    }

    /// The numbers of the segments in the archive, in order.
    pub(crate) fn sealed_segments(&self) -> Result<Vec<u64>, StoreError> {
        let names = self.disk.list(ARCHIVE).reading(ARCHIVE)?;
        let mut segments: Vec<u64> = names.iter().filter_map(|name| segment_of(name)).collect();
        segments.sort_unstable();
        Ok(segments)
    }

    fn records(
        &self,
        file: &D::File,
        name: &str,
        durable: Seq,
    ) -> Result<(Vec<Record>, Scanned), StoreError> {
        let mut records = Vec::new();
        let scanned = scan(file, name, Position::default(), durable, |_, record| {
            records.push(record.clone());
            Ok(())
        })?;
        Ok((records, scanned))
    }
}

/// Reads the live segment, and again where it seems corrupt: a record may have been half written when
/// the reader came by.
pub(crate) fn read_again<T>(mut read: impl FnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    for _ in 1..TRIES {
        match read() {
            Err(StoreError::Corrupt { .. }) => {}
            done => return done,
        }
    }
    read()
}

/// The number of a segment.
fn number(segment: &[Record]) -> Option<u64> {
    match &segment.first()?.operation {
        Operation::Checkpoint(checkpoint) => Some(checkpoint.segment),
        _ => None,
    }
}

/// The first record that need not stand in an earlier segment: this one's own first, or that behind
/// which a salvage says that records are missing.
fn begins(segment: &[Record]) -> Option<Seq> {
    let first = segment.first()?;
    Some(match &first.operation {
        Operation::Checkpoint(Checkpoint { missing: Some(missing), .. }) => missing.after.next(),
        _ => first.seq,
    })
}
