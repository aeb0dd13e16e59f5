//! Group commit: one flush serves every record that was appended before it.
//!
//! Whoever needs the log durable tries the flush lock. Who gets it leads: it flushes for all that
//! was appended by then, and says so in the shared words. The others sleep until a flush has
//! ended. A leader marks the flush before it starts: when it fails, or its owner dies in it, the
//! kernel may have told nobody else of the loss, so the whole segment is in doubt from then on
//! (dev/log-format.md argues why an acknowledgement is never wrong).

use std::time::Duration;

use jit_core::Seq;

use crate::clock::Clock;
use crate::disk::{Disk, DiskFile};
use crate::segment::Position;
use crate::shared::{Bell, Doubt, Shared};

/// What a step appended and has yet to see durable.
pub(crate) struct Unflushed<F> {
    /// The segment that it was appended to.
    pub(crate) log: F,
    /// Behind its last record there.
    pub(crate) end: Position,
    /// The count of failures when it was appended.
    pub(crate) epoch: u64,
}

/// The record was not seen durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InDoubt {
    /// Its segment was put in doubt before that.
    Segment,
    /// Nobody can say: whoever leads the flush does not end it, or there was other trouble.
    Nobody,
}

/// How long somebody else's flush is waited for at least: one that takes longer hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// In case a leader dies: how long its followers sleep before one of them tries to lead.
pub(crate) const NAP: Duration = Duration::from_millis(20);

/// Waits until the record is durable, leading a flush where nobody else does. A leader that is
/// alive and does not end, stopped or on a hanging disk, is waited for `most` at most.
pub(crate) fn confirm<D: Disk, C: Clock>(
    lock: &D::File,
    shared: &Shared<D::Words>,
    unflushed: &Unflushed<D::File>,
    clock: &C,
    most: Duration,
) -> Result<(), InDoubt> {
    let mut began: Option<u64> = None;
    loop {
        let heard = shared.hear(Bell::Flushed);
        // In this order: a later epoch's flushes say nothing of what this one appended.
        let durable = shared.durable();
        if shared.epoch() != unflushed.epoch {
            return Err(InDoubt::Segment);
        }
        if durable >= unflushed.end.seq {
            return Ok(());
        }
        match lock.try_lock() {
            Ok(true) => {
                let led = lead(shared, unflushed);
                let unlocked = lock.unlock();
                // One who found the lock taken may have fallen asleep after the flush rang.
                shared.ring(Bell::Flushed, true);
                led?;
                unlocked.map_err(|_| InDoubt::Nobody)?;
            }
            Ok(false) => {
                let now = clock.now().map_err(|_| InDoubt::Nobody)?.stamp.ns;
                let waited = Duration::from_nanos(now.saturating_sub(*began.get_or_insert(now)));
                if waited >= most {
                    return Err(InDoubt::Nobody);
                }
                shared.wait(Bell::Flushed, heard, NAP);
            }
            Err(_) => return Err(InDoubt::Nobody),
        }
    }
}

/// Flushes, under the flush lock.
fn lead<W: crate::disk::Words, F: DiskFile>(
    shared: &Shared<W>,
    unflushed: &Unflushed<F>,
) -> Result<(), InDoubt> {
    if shared.flushing() {
        shared.poison(Doubt::Unknown);
    }
    // A segment is only ever replaced under this lock, with all of it durable or in doubt. So as
    // long as the record is neither, the file at hand is the live segment.
    if shared.epoch() != unflushed.epoch {
        return Err(InDoubt::Segment);
    }
    if shared.durable() >= unflushed.end.seq {
        return Ok(());
    }
    if flush(shared, &unflushed.log, shared.appended()) { Ok(()) } else { Err(InDoubt::Segment) }
}

/// Flushes the live segment, which ends with the record `all` or a later one; when that fails, the
/// segment is in doubt. Only under the flush lock.
pub(crate) fn flush<W: crate::disk::Words, F: DiskFile>(shared: &Shared<W>, log: &F, all: Seq) -> bool {
    // Before it starts: should this process die in it, nobody else may learn of a failure.
    shared.set_flushing(true);
    let flushed = log.sync().is_ok();
    if flushed {
        shared.set_durable(all);
        shared.set_flushing(false);
    } else {
        shared.poison(Doubt::Failed);
    }
    flushed
}

/// Runs `work` while no flush can be under way; a flush whose owner died counts as failed.
///
/// Returns `None` when a living leader kept the lock for all of `tries`.
pub(crate) fn excluded<D: Disk, T>(
    lock: &D::File,
    shared: &Shared<D::Words>,
    tries: u32,
    work: impl FnOnce() -> T,
) -> std::io::Result<Option<T>> {
    for attempt in 1..=tries {
        let heard = shared.hear(Bell::Flushed);
        if lock.try_lock()? {
            if shared.flushing() {
                shared.poison(Doubt::Unknown);
            }
            let done = work();
            lock.unlock()?;
            shared.ring(Bell::Flushed, true);
            return Ok(Some(done));
        }
        if attempt < tries {
            shared.wait(Bell::Flushed, heard, NAP);
        }
    }
    Ok(None)
}
