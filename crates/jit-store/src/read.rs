//! Reading without the lock, and without writing anything.

use std::io;

use jit_core::{Now, Query, Seq, State};

use crate::clock::Clock;
use crate::disk::{Disk, Open};
use crate::error::{Doing, StoreError};
use crate::index::{self, Ahead, InFile, Index, IndexView};
use crate::names::LOG;
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

    pub(crate) fn now(&self) -> Result<Now, StoreError> {
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
        let durable = self.shared_to_read(&now.stamp).map_or_else(Seq::default, |shared| shared.durable());
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
