//! What the log says behind the place where the index stopped.

use jit_core::{Record, Seq};

use crate::disk::DiskFile;
use crate::error::StoreError;
use crate::line::{PROOF, proof};
use crate::names::LOG;
use crate::segment::{Extent, Position, Scanned, scan};

/// What stands behind the record that ends at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behind {
    /// Nothing.
    End,
    /// More records, or what was torn.
    More,
}

/// Looks at the place where the index stopped; `None` where the record that it stopped at does
/// not stand there, and so this is not the log that it reflects.
pub(crate) fn behind<F: DiskFile>(log: &F, at: Position) -> Option<Behind> {
    let mut bytes = [0; PROOF + 1];
    let read = log.read_at(&mut bytes, at.offset.checked_sub(PROOF as u64)?).ok()?;
    let (record, next) = bytes[..read].split_at_checked(PROOF)?;
    (proof(record)? == at.sum).then_some(())?;
    Some(if matches!(next, [] | [b'\n']) { Behind::End } else { Behind::More })
}

/// The records behind a position, each with its place, and how far they could be read.
///
/// # Errors
/// As for [`scan`].
pub(crate) fn read<F: DiskFile>(
    log: &F,
    at: Position,
    known_durable: Seq,
) -> Result<(Vec<(Extent, Record)>, Scanned), StoreError> {
    let mut records = Vec::new();
    let scanned = scan(log, LOG, at, known_durable, |extent, record| {
        records.push((extent, record.clone()));
        Ok(())
    })?;
    Ok((records, scanned))
}
