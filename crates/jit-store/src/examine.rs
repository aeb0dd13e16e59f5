//! A check-up: what a reader can see of the control plane's health.

use jit_core::{Seq, View};

use crate::clock::Clock;
use crate::disk::{Disk, Open};
use crate::entered::proven;
use crate::error::{Doing, StoreError};
use crate::index::IndexView;
use crate::names::{DRAFT, LOG, SEALING};
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
    /// The archive is sound: so many records in all, the live segment's included.
    History {
        /// How many.
        records: usize,
    },
    /// The index proves itself and says what the log says.
    Index,
    /// There is no index that proves itself; the next writer makes it anew.
    NoIndex,
    /// The index proves itself and says something else than the log.
    IndexDisagrees,
    /// So many leases have lapsed and wait for the next writer to evict them.
    Lapsed(usize),
    /// A file that an interrupted writer left; it means nothing.
    Leftover(&'static str),
    /// Locks may be local to each machine here.
    SharedFilesystem(&'static str),
    /// Something can't be read, or is not what it was.
    Trouble(StoreError),
}

impl<D: Disk, C: Clock> Store<D, C> {
    /// Looks at everything; writes nothing.
    pub fn examine(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Err(error) = self.examined(&mut findings) {
            findings.push(Finding::Trouble(error));
        }
        findings
    }

    fn examined(&self, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
        let (state, scanned) = self.state()?;
        let Some(scanned) = scanned else {
            findings.push(Finding::Absent);
            return Ok(());
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
        findings.push(self.index_finding()?);
        for leftover in [DRAFT, SEALING] {
            if self.disk.exists(leftover).reading(leftover)? {
                findings.push(Finding::Leftover(leftover));
            }
        }
        if let (Some(kind), false) =
            (self.disk.locks_may_be_local().reading("")?, self.options.allow_shared_filesystem)
        {
            findings.push(Finding::SharedFilesystem(kind));
        }
        let mut records = 0;
        self.history(|segment| {
            records += segment.len();
            true
        })?;
        findings.push(Finding::History { records });
        Ok(())
    }

    /// Compares the index with the log at one moment; a writer in between is waited out.
    fn index_finding(&self) -> Result<Finding, StoreError> {
        for _ in 0..100 {
            let log = self.disk.open(LOG, Open::Read).reading(LOG)?;
            let now = || self.clock.now().ok();
            let Some((index, now)) = proven(&self.disk, Open::Read, &log, now) else { break };
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
        Ok(Finding::NoIndex)
    }

    /// Takes away what interrupted writers left. Locks and the archive's records stay.
    ///
    /// # Errors
    /// Trouble with the store.
    pub fn tidy(&self, actor: &jit_core::Holder) -> Result<(), StoreError> {
        let mut entered = self.enter(actor)?;
        entered.replayed(&self.disk)?;
        let _ = entered.reindex(&self.disk);
        for leftover in [DRAFT, SEALING] {
            self.disk.remove(leftover).writing(leftover)?;
        }
        Ok(())
    }
}
