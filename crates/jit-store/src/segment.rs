//! Reading a segment of the log, and telling what was never acknowledged from what was damaged.

use jit_core::{Operation, Record, Seq};

use crate::disk::DiskFile;
use crate::error::{Doing, StoreError};
use crate::line::{Line, LineError, Sum, decode};

/// Where in a segment a reader stands: behind a record that proved itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// The byte after that record's line break.
    pub(crate) offset: u64,
    /// Its place in the order of all records.
    pub(crate) seq: Seq,
    /// Its checksum.
    pub(crate) sum: Sum,
}

/// Where a record stands in its segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Its first byte.
    pub(crate) offset: u64,
    /// Its length, without the line break.
    pub(crate) length: u32,
}

/// Bytes at a segment's end that are no records and were never acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Torn {
    /// Where they begin.
    pub(crate) offset: u64,
    /// The bytes, without the padding after them.
    pub(crate) bytes: Vec<u8>,
}

/// How far a segment could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scanned {
    /// Behind the last record.
    pub(crate) end: Position,
    /// What follows it that is no record.
    pub(crate) torn: Option<Torn>,
}

/// Reads the records of a segment from a position on.
///
/// At the first bad record, if one that was written later proves that the bad one had been
/// durable, the segment is corrupt. Otherwise nobody was ever told that what begins there was
/// done, and it is reported as torn.
///
/// `known_durable` is what this boot's flushes know to be durable, read before the file was
/// opened.
///
/// # Errors
/// Corruption, a record of another version, whatever `visit` says, or trouble in reading.
pub(crate) fn scan<F: DiskFile>(
    file: &F,
    name: &str,
    from: Position,
    known_durable: Seq,
    mut visit: impl FnMut(Extent, &Record) -> Result<(), StoreError>,
) -> Result<Scanned, StoreError> {
    let bytes = file.read_from(from.offset).reading(name)?;
    let mut known_durable = known_durable;
    let mut end = from;
    // The records behind `end` are of one step, and more of it must follow.
    let mut step: Vec<(Extent, Record)> = Vec::new();
    let mut last = from;
    let mut bad = None;
    for (at, line) in lines(&bytes) {
        let offset = from.offset + at as u64;
        let whole = at + line.len() < bytes.len();
        let found = match checked(line, whole, &last, name, offset)? {
            Ok(found) => found,
            Err(reason) => {
                bad = Some((offset, reason));
                break;
            }
        };
        let seq = found.record.seq;
        if let Operation::Checkpoint(checkpoint) = &found.record.operation {
            // A segment gets its name after all of its checkpoint is durable.
            known_durable = known_durable.max(seq.plus(checkpoint.carried));
        }
        last = Position { offset: offset + line.len() as u64 + 1, seq, sum: found.sum };
        step.push((Extent { offset, length: line.len() as u32 }, found.record));
        if found.more == 0 {
            step.drain(..).try_for_each(|(extent, record)| visit(extent, &record))?;
            end = last;
        }
    }
    let (offset, reason) = match bad {
        Some(bad) => bad,
        None if known_durable > end.seq || end.offset == 0 => (last.offset, "it ends there".to_owned()),
        None if step.is_empty() => return Ok(Scanned { end, torn: None }),
        None => (last.offset, "the step is not whole".to_owned()),
    };
    let from_step = step.first().map_or(offset, |(extent, _)| extent.offset);
    let torn = &bytes[(from_step - from.offset) as usize..];
    if known_durable.max(durable_by(torn)) > end.seq || end.offset == 0 {
        let reason = format!("{reason}, and record {} is known to have been durable", last.seq.next());
        return Err(StoreError::Corrupt { file: name.to_owned(), offset, reason });
    }
    refuse_foreign(torn, name, from_step)?;
    let length = torn.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
    Ok(Scanned { end, torn: Some(Torn { offset: from_step, bytes: torn[..length].to_vec() }) })
}

/// What another version wrote is never cut, wherever it stands.
pub(crate) fn refuse_foreign(torn: &[u8], name: &str, offset: u64) -> Result<(), StoreError> {
    for (at, line) in perhaps_lines(torn) {
        if let Err(LineError::Foreign(error)) = decode(line) {
            return Err(StoreError::Foreign { file: name.to_owned(), offset: offset + at as u64, error });
        }
    }
    Ok(())
}

/// The lines, and what looks like one in a line whose beginning was lost together with the line
/// break before it.
fn perhaps_lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    const BEGINNING: &[u8] = b"{\"schema_version\":";
    lines(bytes).flat_map(|(at, line)| {
        let last = line.windows(BEGINNING.len()).rposition(|window| window == BEGINNING);
        let inside = last.filter(|inside| *inside > 0).map(|inside| (at + inside, &line[inside..]));
        std::iter::once((at, line)).chain(inside)
    })
}

/// The lines that are not empty, each with its first byte's place. Empty ones are padding.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    let padding = bytes.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
    bytes[..padding]
        .split(|byte| *byte == b'\n')
        .map(move |line| {
            let start = at;
            at += line.len() + 1;
            (start, line)
        })
        .filter(|(_, line)| !line.is_empty())
}

/// The line if it proves itself and comes next; otherwise what is wrong with it.
fn checked(
    line: &[u8],
    whole: bool,
    end: &Position,
    name: &str,
    offset: u64,
) -> Result<Result<Line, String>, StoreError> {
    match decode(line) {
        // What is appended next would become part of it.
        Ok(_) if !whole => Ok(Err("its line break is missing".into())),
        Ok(found) if end.offset == 0 => Ok(match found.record.operation {
            Operation::Checkpoint(_) => Ok(found),
            _ => Err(format!("record {} stands before any checkpoint", found.record.seq)),
        }),
        Ok(found) if found.prev == end.sum && found.record.seq == end.seq.next() => Ok(Ok(found)),
        Ok(found) => Ok(Err(format!(
            "record {} stands there, which does not follow record {}",
            found.record.seq, end.seq
        ))),
        Err(LineError::Damaged(reason)) => Ok(Err(reason)),
        Err(LineError::Foreign(error)) => Err(StoreError::Foreign { file: name.to_owned(), offset, error }),
    }
}

/// What stands in a line, or in what looks like one.
pub(crate) enum Readable<'b> {
    /// A record that proves itself.
    Record(Box<Record>),
    /// Anything else.
    Not(&'b [u8]),
}

/// The records that prove themselves, whatever stands between them, and that.
pub(crate) fn readable(bytes: &[u8]) -> impl Iterator<Item = Readable<'_>> {
    perhaps_lines(bytes).map(|(_, line)| match decode(line) {
        Ok(found) => Readable::Record(Box::new(found.record)),
        Err(_) => Readable::Not(line),
    })
}

/// The highest record that anything in these bytes proves to have been durable.
fn durable_by(bytes: &[u8]) -> Seq {
    let durable = readable(bytes).filter_map(|found| match found {
        Readable::Record(record) => Some(record.durable),
        Readable::Not(_) => None,
    });
    durable.max().unwrap_or_default()
}
