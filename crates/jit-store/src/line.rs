//! How a record stands in the log: one line of JSON that ends in two checksums.
//!
//! `{…,"prev":"<16 hex>","sum":"<16 hex>"}`: `sum` is the XXH3 hash of all bytes of the line
//! before `,"sum"`, and `prev` is the `sum` of the line before. So each line proves itself, and
//! the lines prove their order. Before them stands `"more":N` when N lines follow that were
//! appended together with this one: none of them counts without all.

use jit_core::{Record, RecordError};
use xxhash_rust::xxh3::xxh3_64;

/// The checksum of a line; zero before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum(pub u64);

impl Sum {
    /// The checksum that these lines end in; zero without any.
    pub(crate) fn of_last(lines: &[u8]) -> Self {
        lines.len().checked_sub(PROOF).and_then(|at| proof(&lines[at..])).unwrap_or_default()
    }
}

/// A line that proved itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// What it records.
    pub(crate) record: Record,
    /// The checksum of the line that it was written after.
    pub(crate) prev: Sum,
    /// Its own.
    pub(crate) sum: Sum,
    /// How many more lines belong to the same step.
    pub(crate) more: usize,
}

/// Why some bytes are no line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LineError {
    /// They are not what was written.
    Damaged(String),
    /// They are whole, and of another version of jit.
    Foreign(RecordError),
}

const MORE: &[u8] = b",\"more\":";
const PREV: &[u8] = b",\"prev\":\"";
const SUM: &[u8] = b",\"sum\":\"";
const HEX: usize = 16;
/// How many bytes the last checksum takes, with what follows it and the line break.
pub(crate) const PROOF: usize = HEX + b"\"}\n".len();

/// Writes a record as the line after the one with the checksum `prev`, line break included, when
/// `more` lines of the same step follow.
///
/// # Errors
/// See [`Record::to_json`].
pub(crate) fn encode(record: &Record, prev: Sum, more: usize) -> Result<(Vec<u8>, Sum), RecordError> {
    let mut line = record.to_json()?;
    line.pop();
    if more > 0 {
        line.extend_from_slice(MORE);
        line.extend_from_slice(more.to_string().as_bytes());
    }
    line.extend_from_slice(PREV);
    line.extend_from_slice(&hex(prev));
    line.push(b'"');
    let sum = Sum(xxh3_64(&line));
    line.extend_from_slice(SUM);
    line.extend_from_slice(&hex(sum));
    line.extend_from_slice(b"\"}\n");
    Ok((line, sum))
}

/// Reads a line, without its line break.
///
/// # Errors
/// When it does not prove itself, or is of another version.
pub(crate) fn decode(line: &[u8]) -> Result<Line, LineError> {
    match sums(line) {
        Some((rest, prev, sum)) => match Record::from_json(line) {
            Ok(record) => Ok(Line { record, prev, sum, more: more(rest) }),
            // The checksum says that these bytes are what was written: by a jit that knows more.
            Err(foreign) => Err(LineError::Foreign(foreign)),
        },
        // Another version may end its lines in another way; this one does not.
        None => match Record::from_json(line) {
            Err(foreign @ RecordError::Version(_)) => Err(LineError::Foreign(foreign)),
            Err(RecordError::Malformed(reason)) => {
                Err(LineError::Damaged(format!("its checksum does not fit: {reason}")))
            }
            Err(RecordError::Operation(_)) | Ok(_) => {
                Err(LineError::Damaged("its checksum does not fit".into()))
            }
        },
    }
}

/// The checksum that these bytes, the last [`PROOF`] of a line with its line break, end in.
pub(crate) fn proof(bytes: &[u8]) -> Option<Sum> {
    let digits = bytes.strip_suffix(b"\"}\n")?;
    unhex(digits.get(digits.len().checked_sub(HEX)?..)?)
}

/// What stands before the checksums, and these.
fn sums(line: &[u8]) -> Option<(&[u8], Sum, Sum)> {
    let rest = line.strip_suffix(b"\"}")?;
    let (rest, sum) = split_hex(rest)?;
    let signed = rest.strip_suffix(SUM)?;
    let (rest, prev) = split_hex(signed.strip_suffix(b"\"")?)?;
    let rest = rest.strip_suffix(PREV)?;
    (Sum(xxh3_64(signed)) == sum).then_some((rest, prev, sum))
}

fn more(rest: &[u8]) -> usize {
    let digits = rest.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (rest, digits) = rest.split_at(rest.len() - digits);
    let counted = rest.ends_with(MORE).then(|| std::str::from_utf8(digits).ok()?.parse().ok());
    counted.flatten().unwrap_or(0)
}

fn split_hex(bytes: &[u8]) -> Option<(&[u8], Sum)> {
    let (rest, digits) = bytes.split_at_checked(bytes.len().checked_sub(HEX)?)?;
    Some((rest, unhex(digits)?))
}

fn hex(sum: Sum) -> [u8; HEX] {
    let mut digits = [0; HEX];
    for (i, digit) in digits.iter_mut().enumerate() {
        let nibble = (sum.0 >> (60 - 4 * i)) & 0xf;
        *digit = b"0123456789abcdef"[nibble as usize];
    }
    digits
}

fn unhex(digits: &[u8]) -> Option<Sum> {
    digits
        .iter()
        .try_fold(0u64, |sum, digit| {
            let nibble = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            Some(sum << 4 | u64::from(nibble))
        })
        .map(Sum)
}
