//! Writing to the live segment.

use jit_core::{Holder, Now, Operation, Record, Seq};

use crate::disk::{Disk, DiskFile, Open};
use crate::error::{Doing, StoreError};
use crate::line::encode;
use crate::names::{ARCHIVE, ARCHIVE_DRAFT, LOG, SEALING, torn};
use crate::segment::{Extent, Position, Torn};

/// Records as they will stand in a segment.
pub(crate) struct Batch {
    /// Their lines.
    pub(crate) bytes: Vec<u8>,
    /// Each with its place.
    pub(crate) records: Vec<(Extent, Record)>,
    /// Behind the last of them.
    pub(crate) end: Position,
}

/// Makes the records of these operations, to stand behind `from`.
pub(crate) fn batch(
    operations: Vec<Operation>,
    actor: &Holder,
    now: &Now,
    durable: Seq,
    from: Position,
) -> Result<Batch, StoreError> {
    let mut batch =
        Batch { bytes: Vec::with_capacity(1024), records: Vec::with_capacity(operations.len()), end: from };
    let mut more = operations.len();
    for operation in operations {
        more -= 1;
        let seq = batch.end.seq.next();
        let record = Record { seq, operation, actor: actor.clone(), at: now.wall, stamp: now.stamp, durable };
        let (line, sum) = encode(&record, batch.end.sum, more).map_err(|error| StoreError::Foreign {
            file: LOG.into(),
            offset: batch.end.offset,
            error,
        })?;
        let extent = Extent { offset: batch.end.offset, length: line.len() as u32 - 1 };
        batch.end = Position { offset: batch.end.offset + line.len() as u64, seq, sum };
        batch.bytes.extend_from_slice(&line);
        batch.records.push((extent, record));
    }
    Ok(batch)
}

/// The log grows by so much at a time, filled with line breaks: inside written space, a flush
/// needs no second one for the file's size.
const GROWTH: usize = 128 << 10;

/// The room that a log of this length needs to be sealed and to go on: for its copy in the archive,
/// and for a checkpoint, which may be as long, with the padding behind it.
pub(crate) fn room(length: u64) -> u64 {
    length.saturating_mul(2).saturating_add(GROWTH as u64)
}

/// Whether bytes that could not be written are known not to stand in the log.
pub(crate) enum NotWritten {
    /// Nothing of them does.
    Cleanly(StoreError),
    /// They may.
    Perhaps,
}

/// Writes lines at the end of the live segment.
pub(crate) fn append<F: DiskFile>(log: &F, bytes: &[u8], at: u64) -> Result<(), NotWritten> {
    let length = log.len().writing(LOG).map_err(NotWritten::Cleanly)?;
    if at + bytes.len() as u64 > length {
        let mut grown = Vec::with_capacity(bytes.len() + GROWTH);
        grown.extend_from_slice(bytes);
        grown.resize(bytes.len() + GROWTH, b'\n');
        // Where the disk has no room for the padding, it may have some for the lines.
        if log.write_at(&grown, at).is_ok() {
            return Ok(());
        }
    }
    log.write_at(bytes, at).writing(LOG).map_err(|error| match blank(log, at, bytes.len()) {
        Ok(()) => NotWritten::Cleanly(error),
        Err(_) => NotWritten::Perhaps,
    })
}

/// Turns what stands there into padding, as far as the file reaches.
fn blank<F: DiskFile>(log: &F, at: u64, length: usize) -> Result<(), StoreError> {
    let there = log.len().writing(LOG)?.saturating_sub(at).min(length as u64);
    log.write_at(&vec![b'\n'; there as usize], at).writing(LOG)
}

/// Cuts what was torn off the live segment, after keeping it in the archive.
pub(crate) fn cut<D: Disk>(disk: &D, log: &D::File, tear: &Torn, after: Seq) -> Result<(), StoreError> {
    archive(disk, &unused(disk, |n| torn(after, n))?, &tear.bytes)?;
    blank(log, tear.offset, tear.bytes.len())
}

/// The first of these names in the archive that is not taken.
pub(crate) fn unused<D: Disk>(disk: &D, name: impl Fn(u32) -> String) -> Result<String, StoreError> {
    let mut n = 0;
    while disk.exists(&name(n)).reading(ARCHIVE)? {
        n += 1;
    }
    Ok(name(n))
}

/// Keeps bytes in the archive, durably, under a name that never shows less than all of them.
pub(crate) fn archive<D: Disk>(disk: &D, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    make_archive(disk)?;
    replace(disk, SEALING, name, bytes)?;
    disk.sync_dir(ARCHIVE).writing(ARCHIVE)
}

/// Makes the archive's directory, durably.
pub(crate) fn make_archive<D: Disk>(disk: &D) -> Result<(), StoreError> {
    if disk.list(ARCHIVE).reading(ARCHIVE)?.is_empty() {
        // Nothing is put in it before its name is durable. So an empty one may be what a sync that
        // failed has left, and is made anew.
        disk.make_dir(ARCHIVE_DRAFT).writing(ARCHIVE_DRAFT)?;
        disk.rename(ARCHIVE_DRAFT, ARCHIVE).writing(ARCHIVE)?;
        disk.sync_dir("").writing("")?;
    }
    Ok(())
}

/// Writes a file under another name and gives it this one when its content is durable. The name
/// is not durable yet.
pub(crate) fn replace<D: Disk>(disk: &D, draft: &str, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    drafted(disk, draft, bytes)?;
    disk.rename(draft, name).writing(name)
}

/// Writes a file, durably, under a name that means nothing yet.
pub(crate) fn drafted<D: Disk>(disk: &D, draft: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let file = disk.open(draft, Open::Fresh).writing(draft)?;
    let written = file.write_at(bytes, 0).and_then(|()| file.sync()).writing(draft);
    if written.is_err() {
        // On a full disk, half a draft would keep the room that others need.
        let _ = disk.remove(draft);
    }
    written
}
