//! What the files of a control plane are called.

use jit_core::Seq;

/// The truth.
pub const LOG: &str = "claims.jsonl";
/// A segment before it takes the log's name.
pub(crate) const DRAFT: &str = "claims.jsonl.new";
/// Sealed segments, and what repairs set aside.
pub const ARCHIVE: &str = "archive";
/// Advisory locks, never unlinked.
pub(crate) const LOCKS: &str = "locks";
/// The writers' lock.
pub(crate) const WRITE_LOCK: &str = "locks/claims";
/// Whoever has it flushes for all.
pub(crate) const FLUSH_LOCK: &str = "locks/flush";
/// What the processes of a boot share.
pub(crate) const WORDS: &str = "locks/shared";

/// A sealed segment before it takes its name.
pub(crate) const SEALING: &str = "archive/sealing.new";

/// Where the `n`th segment is kept once it is sealed.
pub(crate) fn sealed(n: u64) -> String {
    format!("{ARCHIVE}/claims-{n:08}.jsonl")
}

/// Which segment a name in the archive is of, if of any.
pub(crate) fn segment_of(name: &str) -> Option<u64> {
    name.strip_prefix("claims-")?.strip_suffix(".jsonl")?.parse().ok()
}

/// Where what was torn after this record is kept, for the `n`th time.
pub(crate) fn torn(after: Seq, n: u32) -> String {
    format!("{ARCHIVE}/torn-after-{}-{n}", after.0)
}

/// Where a waiter's ticket is.
pub(crate) fn ticket(slot: u64) -> String {
    format!("{LOCKS}/ticket-{slot:04}")
}
