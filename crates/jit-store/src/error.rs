//! Trouble, with the file and the offset where it was met.

use std::io;
use std::time::Duration;

use jit_core::{RecordError, Refusal, Seq};
use thiserror::Error;

use crate::names::LOG;

/// What can go wrong with the store itself. A refused request is no such thing.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Somebody kept the lock for too long.
    #[error("the leases are locked{}; gave up after {}", by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default(), jit_core::span(*waited))]
    Locked {
        /// Who has the lock, as far as it said.
        by: Option<String>,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The control plane can't be written.
    #[error("{file} can't be written: {source}")]
    NotWritable {
        /// Which file or directory of it.
        file: String,
        /// What the kernel says.
        source: io::Error,
    },
    /// The control plane can't be read.
    #[error("{file} can't be read: {source}")]
    NotReadable {
        /// Which file or directory of it.
        file: String,
        /// What the kernel says.
        source: io::Error,
    },
    /// Something else stands where the control plane's directory should.
    #[error("the control plane is no directory of its own")]
    NotADirectory,
    /// Something else, a directory say, stands where the log should.
    #[error("{file} should be a file, and is none")]
    NotAFile {
        /// Which file.
        file: String,
    },
    /// The locks of this file system may be local to each machine.
    #[error("the control plane is on {kind}, whose locks may be local to each machine")]
    SharedFilesystem {
        /// Which file system.
        kind: &'static str,
    },
    /// A record that was durable can't be read.
    #[error("{file} is corrupt at byte {offset}: {reason}")]
    Corrupt {
        /// Which file.
        file: String,
        /// Where the first bad record begins.
        offset: u64,
        /// What is wrong there.
        reason: String,
    },
    /// A sealed segment is not in the archive any more.
    #[error("{file} is missing, and with it records {first} to {last}")]
    SegmentMissing {
        /// Which file.
        file: String,
        /// The first record that is missing.
        first: Seq,
        /// The last.
        last: Seq,
    },
    /// There is no such record, or not any more: the log ends before it.
    #[error("there is no record {asked}: the newest is {newest}")]
    NoSuchRecord {
        /// The one that somebody wants to go on behind.
        asked: Seq,
        /// The log's last; 0 without any.
        newest: Seq,
    },
    /// A record was written by another version of jit.
    #[error("{file} at byte {offset}: {error}")]
    Foreign {
        /// Which file.
        file: String,
        /// Where the record begins.
        offset: u64,
        /// What is not known.
        error: RecordError,
    },
    /// Another version of jit uses the shared words in this boot, and means others by them.
    #[error(
        "{words} is used by another version of jit since this machine was started: it has layout {found}, and this jit knows {known}"
    )]
    OtherWords {
        /// The words' name.
        words: &'static str,
        /// Their layout.
        found: u64,
        /// The one that this jit knows.
        known: u64,
    },
    /// The log is not there although it once was.
    #[error("{log} is missing although {witness} is there")]
    LogMissing {
        /// The log's name.
        log: &'static str,
        /// What shows that there was one.
        witness: &'static str,
    },
    /// This process was given a boot id that others of the same kernel may not have.
    #[error("this container may have a boot id of its own, by which leases of others can't be timed: {0}")]
    OwnBootId(io::Error),
    /// The machine's clock can't be read or told from others.
    #[error("the clock can't be read: {0}")]
    Clock(io::Error),
    /// The disk is full.
    #[error("{file} can't grow: the disk is full")]
    Full {
        /// Which file.
        file: String,
    },
    /// There are as many waiters as there may be.
    #[error("{0} others wait already, as many as may")]
    QueueFull(u64),
    /// Anything else that the kernel refused.
    #[error("{doing} {file}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        file: String,
        /// What the kernel says.
        source: io::Error,
    },
}

/// Why a step did not end in a grant that is known to be durable.
#[derive(Debug)]
pub enum StepError<T> {
    /// The request was refused: an expected "no".
    Refused(Refusal),
    /// It was granted and written, but nobody can say whether it would survive a power loss.
    DurabilityUnknown {
        /// What was granted; it may stand.
        answer: T,
        /// The record that is in doubt.
        seq: Seq,
    },
    /// The store is in trouble, and nothing was granted.
    Store(StoreError),
}

impl<T> From<StoreError> for StepError<T> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Says what was being done to which file when the kernel refused.
pub(crate) trait Doing<T> {
    fn reading(self, file: &str) -> Result<T, StoreError>;
    fn writing(self, file: &str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn reading(self, file: &str) -> Result<T, StoreError> {
        self.map_err(|source| classed(source, "reading", file))
    }

    fn writing(self, file: &str) -> Result<T, StoreError> {
        self.map_err(|source| classed(source, "writing", file))
    }
}

fn classed(source: io::Error, doing: &'static str, file: &str) -> StoreError {
    let file = if file.is_empty() { "the control plane".to_owned() } else { file.to_owned() };
    match source.kind() {
        io::ErrorKind::NotADirectory => StoreError::NotADirectory,
        io::ErrorKind::IsADirectory if file == LOG => StoreError::NotAFile { file },
        io::ErrorKind::PermissionDenied if doing == "reading" => StoreError::NotReadable { file, source },
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StoreError::NotWritable { file, source }
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { file },
        _ => StoreError::Io { doing, file, source },
    }
}
