//! The log followed record by record: the state, and where each lease's latest record stands.

use std::collections::HashMap;

use jit_core::{Known, LeaseId, Operation, Record, Reference, Seq, State};

use crate::error::StoreError;
use crate::names::LOG;
use crate::segment::Extent;

/// What following a segment from its checkpoint gives.
#[derive(Default)]
pub(crate) struct Replay {
    /// What the segment says.
    pub(crate) state: State,
    /// Where the latest record of each lease stands.
    pub(crate) extents: HashMap<LeaseId, Extent>,
    /// Where the latest facts of each issue stand: the record, and which of its facts.
    pub(crate) facts: HashMap<Reference, (Extent, usize)>,
    /// Where it stands what superseded a lease that was lost: the record, and which of the leases
    /// that it superseded.
    pub(crate) successors: HashMap<LeaseId, (Extent, usize)>,
    /// The byte behind the last record of the checkpoint.
    pub(crate) checkpoint_end: u64,
    checkpoint_last: Seq,
}

impl Replay {
    /// Follows one record more.
    ///
    /// # Errors
    /// When it can't come next, the log is not what a jit wrote.
    pub(crate) fn follow(&mut self, extent: Extent, record: &Record) -> Result<(), StoreError> {
        self.state.apply(record).map_err(|error| StoreError::Corrupt {
            file: LOG.into(),
            offset: extent.offset,
            reason: error.to_string(),
        })?;
        if let Operation::Checkpoint(checkpoint) = &record.operation {
            self.extents.clear();
            self.facts.clear();
            self.successors.clear();
            self.checkpoint_last = record.seq.plus(checkpoint.carried);
        }
        if record.seq <= self.checkpoint_last {
            self.checkpoint_end = extent.offset + u64::from(extent.length) + 1;
        }
        self.extents.extend(record.operation.leases().iter().map(|lease| (lease.id, extent)));
        if let Operation::Facts(_, facts) = &record.operation {
            let places = facts.iter().enumerate().map(|(i, facts)| (facts.issue.clone(), (extent, i)));
            self.facts.extend(places);
        }
        self.note_successors(extent, record);
        Ok(())
    }

    fn note_successors(&mut self, extent: Extent, record: &Record) {
        let superseded = match &record.operation {
            Operation::Carry(Known::Ended(ended)) if ended.superseded_by.is_some() => {
                std::slice::from_ref(&ended.lease.id)
            }
            Operation::Acquire(lease) | Operation::Extend(lease) | Operation::Carry(Known::Live(lease)) => {
                &lease.supersedes[..]
            }
            _ => &[],
        };
        for (i, id) in superseded.iter().enumerate() {
            self.successors.entry(*id).or_insert((extent, i));
        }
    }
}
