//! A check-up: what a reader can see of the control plane's health.

use std::io;

use jit_core::{Seq, View};

use crate::chain::{Chain, Gap};
use crate::clock::Clock;
use crate::disk::{Disk, DiskFile, Open};
use crate::error::{Doing, StoreError};
use crate::index::{INDEX, IndexView};
use crate::log;
use crate::names::{LEFTOVERS, LOG, aside, sealed};
use crate::read::Proven;
use crate::store::Store;

/// One thing that was looked at.
#[derive(Debug)]
pub enum Finding {
    /// Nothing was ever written here.
    Absent,
    /// The live segment is sound, up to this record.
    Log {
        /// Which segment it is.
        segment: u64,
        /// Its last record.
        last: Seq,
        /// How many leases stand or have lapsed unevicted.
        leases: usize,
    },
    /// Bytes at the log's end were never acknowledged; the next writer sets them aside.
    Torn {
        /// Where they begin.
        offset: u64,
        /// How many there are.
        length: usize,
    },
    /// History reaches back to the first record, without a gap but for those that are known.
    History {
        /// How many segments there are, the live one included.
        segments: usize,
        /// How many records they hold.
        records: u64,
        /// What checkpoints say is missing.
        missing: Vec<Gap>,
    },
    /// A segment of the archive can't be read, or does not go on where the one before ended.
    Broken(StoreError),
    /// The index proves itself and says what the log says.
    Index,
    /// There is no index that proves itself; the next writer makes it anew.
    NoIndex,
    /// Writers changed the index whenever it was compared with the log.
    IndexBusy,
    /// What stands in the index's place can't be used; it must be moved aside.
    IndexUnusable(io::Error),
    /// The index proves itself and says something else than the log.
    IndexDisagrees,
    /// So many leases have lapsed and wait for the next writer to evict them.
    Lapsed(usize),
    /// A file that an interrupted writer left; it means nothing.
    Leftover(&'static str),
    /// The disk has too little room for the next segment.
    NoRoom {
        /// How many bytes are free.
        free: u64,
        /// How many sealing the log may take.
        needed: u64,
    },
    /// The archive has a segment whose turn has not come: it is another log's, or the live one is
    /// older than it.
    Stray {
        /// Where it is, in the control plane.
        file: String,
        /// The live segment's number.
        live: u64,
    },
    /// Locks may be local to each machine here.
    SharedFilesystem(&'static str),
    /// Something can't be read, or is not what it was.
    Trouble(StoreError),
}

impl<D: Disk, C: Clock> Store<D, C> {
    /// Looks at everything; writes nothing. Trouble with one thing does not hide the others.
    pub fn examine(&self) -> Vec<Finding> {
        type Look<S> = fn(&S, &mut Vec<Finding>) -> Result<(), StoreError>;
        let mut findings = Vec::new();
        let looks: &[Look<Self>] = match self.look_at_log(&mut findings) {
            Ok(true) => &[Self::look_at_archive, Self::look_at_index, Self::look_around],
            Ok(false) => &[],
            // Whatever else is read of the log would say the same.
            Err(error) => {
                findings.push(Finding::Trouble(error));
                &[Self::look_around]
            }
        };
        for look in looks {
            if let Err(error) = look(self, &mut findings) {
                findings.push(Finding::Trouble(error));
            }
        }
        findings
    }

    /// Returns whether there is one.
    fn look_at_log(&self, findings: &mut Vec<Finding>) -> Result<bool, StoreError> {
        let (state, scanned) = self.state()?;
        let Some(scanned) = scanned else {
            findings.push(Finding::Absent);
            return Ok(false);
        };
        let live = state.live().unwrap_or_else(|never| match never {});
        findings.push(Finding::Log { segment: state.segment(), last: state.last(), leases: live.len() });
        if let Some(torn) = &scanned.torn {
            findings.push(Finding::Torn { offset: torn.offset, length: torn.bytes.len() });
        }
        let now = self.clock.now().map_err(StoreError::Clock)?;
        let lapsed = live.iter().filter(|lease| lease.lapsed(&now.stamp)).count();
        if lapsed > 0 {
            findings.push(Finding::Lapsed(lapsed));
        }
        Ok(true)
    }

    fn look_at_archive(&self, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
        findings.extend(self.strays()?);
        let chain = self.chain()?;
        if chain.broken.is_empty() {
            let Chain { segments, records, missing, .. } = chain;
            findings.push(Finding::History { segments, records, missing });
            return Ok(());
        }
        findings.extend(chain.broken.into_iter().map(Finding::Broken));
        Ok(())
    }

    /// Segments above the live one. They are listed before that is read: what is sealed meanwhile has
    /// its number, or a lower one.
    fn strays(&self) -> Result<Vec<Finding>, StoreError> {
        let segments = self.sealed_segments()?;
        let live = self.state()?.0.segment();
        let strays = segments.into_iter().filter(|segment| *segment > live);
        Ok(strays.map(|segment| Finding::Stray { file: sealed(segment), live }).collect())
    }

    fn look_at_index(&self, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
        findings.push(match self.index_in_the_way()? {
            Some(error) => Finding::IndexUnusable(error),
            None => self.index_finding()?,
        });
        Ok(())
    }

    fn look_around(&self, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
        for leftover in LEFTOVERS {
            if self.disk.exists(leftover).reading(leftover)? {
                findings.push(Finding::Leftover(leftover));
            }
        }
        findings.extend(self.no_room()?);
        if let (Some(kind), false) =
            (self.disk.locks_may_be_local().reading("")?, self.options.allow_shared_filesystem)
        {
            findings.push(Finding::SharedFilesystem(kind));
        }
        Ok(())
    }

    /// Whether a sealing, which comes by itself, would fail for want of room.
    fn no_room(&self) -> Result<Option<Finding>, StoreError> {
        let length = self.disk.open(LOG, Open::Read).and_then(|log| log.len()).unwrap_or_default();
        let (free, needed) = (self.disk.free().reading("")?, log::room(length));
        Ok((free < needed).then_some(Finding::NoRoom { free, needed }))
    }

    /// Why what stands in the index's place is none, and will not become one by itself. One that
    /// this user may only read is no such thing.
    fn index_in_the_way(&self) -> Result<Option<io::Error>, StoreError> {
        match self.disk.open(INDEX, Open::Read) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Ok(Some(error)),
            // A directory opens, and can't be read.
            Ok(index) => Ok(index.read_at(&mut [0], 0).err()),
        }
    }

    /// Compares the index with the log at one moment; a writer in between is waited out.
    fn index_finding(&self) -> Result<Finding, StoreError> {
        for _ in 0..100 {
            let Some(Proven { log, index, now }) = self.proven()? else { return Ok(Finding::NoIndex) };
            let by_index = IndexView::new(&index, &log).live();
            let (state, _) = self.state()?;
            if !index.unchanged().unwrap_or(false) || state.last() != index.header().log.seq {
                continue;
            }
            let by_log = state.live().unwrap_or_else(|never| match never {});
            let deadlines = |leases: &[jit_core::Lease]| -> Vec<_> {
                leases.iter().map(|lease| (lease.id, lease.fence, lease.deadline_ns(&now.stamp))).collect()
            };
            let agrees = by_index.is_ok_and(|by_index| deadlines(&by_index) == deadlines(&by_log));
            return Ok(if agrees { Finding::Index } else { Finding::IndexDisagrees });
        }
        Ok(Finding::IndexBusy)
    }

    /// Takes away what interrupted writers left, and moves aside what stands in the index's place.
    /// Locks and the archive's records stay.
    ///
    /// # Errors
    /// Trouble with the store.
    pub fn tidy(&self, actor: &jit_core::Holder) -> Result<(), StoreError> {
        let mut entered = self.enter(actor)?;
        entered.replayed(&self.disk)?;
        if self.index_in_the_way()?.is_some() {
            self.set_aside(INDEX)?;
        }
        let _ = entered.reindex(&self.disk);
        for leftover in LEFTOVERS {
            self.disk.remove(leftover).writing(leftover)?;
        }
        Ok(())
    }

    /// Moves what stands there into the archive. Only under the lock.
    fn set_aside(&self, name: &str) -> Result<(), StoreError> {
        let aside = log::unused(&self.disk, |n| aside(name, n))?;
        log::make_archive(&self.disk)?;
        self.disk.rename(name, &aside).writing(name)
    }
}
