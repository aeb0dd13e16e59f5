//! What the files of a control plane are called.

use jit_core::Seq;

/// The truth.
pub const LOG: &str = "claims.jsonl";
/// A segment before it takes the log's name.
pub(crate) const DRAFT: &str = "claims.jsonl.new";
/// The notes that were set aside when [`CONTROL`] had grown long.
pub(crate) const CONTROL_BEFORE: &str = "control.jsonl.1";
/// Sealed segments, and what repairs set aside.
pub const ARCHIVE: &str = "archive";
/// The archive's directory before it takes its name.
pub(crate) const ARCHIVE_DRAFT: &str = "archive.new";
/// Advisory locks, never unlinked.
pub(crate) const LOCKS: &str = "locks";
/// The writers' lock.
pub(crate) const WRITE_LOCK: &str = "locks/claims";
/// Whoever has it flushes for all.
pub(crate) const FLUSH_LOCK: &str = "locks/flush";
/// What the processes of a boot share.
pub(crate) const WORDS: &str = "locks/shared";

/// The lock that two sides try on each other.
pub(crate) const MEETING_LOCK: &str = "locks/meeting";
/// The words that two sides try on each other.
pub(crate) const MEETING_WORDS: &str = "locks/meeting-words";

/// The settings, which people may edit too.
pub const SETTINGS: &str = "config.toml";
/// The settings before they take their name.
pub(crate) const SETTINGS_DRAFT: &str = "config.toml.new";
/// What came by pushes, where a repository is pushed to.
pub const PUSHED: &str = "pushed.json";
/// The same before it takes its name.
pub(crate) const PUSHED_DRAFT: &str = "pushed.json.new";
/// Refusals and verdicts, for statistics.
pub const CONTROL: &str = "control.jsonl";

/// The main worktree's identity, which is not the store's.
pub const IDENTITY: &str = "worktree.json";

/// The main worktree's lock on its issues, and its cache of them, which are not the store's either.
pub(crate) const ISSUES: [&str; 2] = ["issues.lock", "issues.cache"];

/// The lock of whoever makes worktrees or takes them away, and what is noted of one that was made;
/// neither is the store's.
pub(crate) const WORKTREES: [&str; 2] = ["locks/worktrees", "added.json"];

/// What the commands of gates said in the main worktree, which is not the store's either.
pub(crate) const GATES: &str = "gates";

/// What the identity's name begins with before it has it.
pub(crate) const IDENTITY_DRAFT: &str = ".worktree.json.";

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

/// Whether a file of the archive holds records, or what is left of some.
pub(crate) fn holds_records(name: &str) -> bool {
    !name.starts_with(ASIDE)
}

const ASIDE: &str = "aside-";

/// Where what was torn after this record is kept, for the `n`th time.
pub(crate) fn torn(after: Seq, n: u32) -> String {
    format!("{ARCHIVE}/torn-after-{}-{n}", after.0)
}

/// What an interrupted writer leaves; worth nothing once the lock is free.
pub(crate) const LEFTOVERS: [&str; 4] = [DRAFT, SEALING, SETTINGS_DRAFT, PUSHED_DRAFT];

/// Where something that is in the way is moved, for the `n`th time.
pub(crate) fn aside(name: &str, n: u32) -> String {
    format!("{ARCHIVE}/{ASIDE}{name}-{n}")
}

/// Where a segment that was damaged after this record is kept, for the `n`th time.
pub(crate) fn damaged(after: Seq, n: u32) -> String {
    format!("{ARCHIVE}/damaged-after-{}-{n}.jsonl", after.0)
}

/// Where a waiter's ticket is.
pub(crate) fn ticket(slot: u64) -> String {
    format!("{LOCKS}/ticket-{slot:04}")
}

/// Where one side of a meeting says how far it is.
pub(crate) fn slip(id: u64) -> String {
    format!("{LOCKS}/meeting-{id:016x}")
}

/// Whose slip a name in `locks/` is, if one's.
pub(crate) fn slip_of(name: &str) -> Option<u64> {
    u64::from_str_radix(name.strip_prefix("meeting-")?, 16).ok()
}
