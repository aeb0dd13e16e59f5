//! What the processes of one boot share in memory: how far the log is durable, who flushes it,
//! who has the lock, who waits. All of it is worthless after a reboot.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use jit_core::{ClockId, Seq};

use crate::disk::Words;

/// The meaning of the words.
pub(crate) struct Shared<W> {
    words: W,
}

/// What can be waited for.
#[derive(Clone, Copy)]
pub(crate) enum Bell {
    /// A flush ended.
    Flushed = 0,
    /// The log grew, or a waiter left.
    Changed = 1,
    /// The lock was let go.
    Unlocked = 2,
}

/// Each bell's count of those who wait for it. One who dies waiting leaves it too high, which
/// costs the ringer a needless call.
const WAITERS: usize = 4;

/// These, and the bells, stand where they do in every layout: they are used before that is known.
const BOOT: [usize; 2] = [0, 1];
const LAYOUT: usize = 2;
const OWNER: usize = 3;
/// Room for the longest agent's id.
const OWNER_WORDS: usize = 17;

const DURABLE: usize = OWNER + OWNER_WORDS;
const APPENDED: usize = DURABLE + 1;
const EPOCH: usize = DURABLE + 2;
const FLUSHING: usize = DURABLE + 3;
const POISONED: usize = DURABLE + 4;
const NAMES: usize = DURABLE + 5;
const TICKETS: usize = DURABLE + 6;
const NEXT_TICKET: usize = DURABLE + 7;
const SEAL_FROM: usize = DURABLE + 8;
const FAILED: usize = DURABLE + 9;

/// What the words mean and where they stand; another jit may have others, or not know all that this
/// one writes to the log.
pub(crate) const LAYOUT_KNOWN: u64 = 2;

/// Why a segment is put in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// A flush of it failed: what was not durable may be lost although it still reads well.
    Failed,
    /// The owner of a flush died in it: it may have failed, and nobody was told.
    Unknown,
}

/// Whether the control plane's names lead, after a power loss too, to what they lead to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// Nobody has synced them in this boot.
    Unsynced = 0,
    /// They do.
    Durable = 1,
    /// The log was given its name and the sync after it failed, or nobody lived to say that it
    /// did not. A later sync may succeed and prove nothing.
    InDoubt = 2,
}

impl<W: Words> Shared<W> {
    pub(crate) fn new(words: W) -> Self {
        Self { words }
    }

    fn get(&self, i: usize) -> u64 {
        self.words.long(i).load(SeqCst)
    }

    fn set(&self, i: usize, value: u64) {
        self.words.long(i).store(value, SeqCst);
    }

    /// Forgets what another boot left. Only under the lock.
    pub(crate) fn attach(&self, boot: ClockId) {
        if self.of_boot(boot) {
            return;
        }
        (BOOT[1] + 1..W::LONGS).for_each(|i| self.set(i, 0));
        (WAITERS..W::BELLS).for_each(|i| self.words.bell(i).store(0, SeqCst));
        self.set(LAYOUT, LAYOUT_KNOWN);
        let (high, low) = boot.uuid().as_u64_pair();
        self.set(BOOT[0], high);
        self.set(BOOT[1], low);
    }

    /// Whether the words are of this boot.
    pub(crate) fn of_boot(&self, boot: ClockId) -> bool {
        (self.get(BOOT[0]), self.get(BOOT[1])) == boot.uuid().as_u64_pair()
    }

    /// Which layout they have.
    pub(crate) fn layout(&self) -> u64 {
        self.get(LAYOUT)
    }

    /// Whether the words are of this boot, and mean what is known here.
    pub(crate) fn serves(&self, boot: ClockId) -> bool {
        self.of_boot(boot) && self.layout() == LAYOUT_KNOWN
    }

    /// The last record that a flush confirmed.
    pub(crate) fn durable(&self) -> Seq {
        Seq(self.get(DURABLE))
    }

    pub(crate) fn set_durable(&self, seq: Seq) {
        self.words.long(DURABLE).fetch_max(seq.0, SeqCst);
    }

    /// The last record that was written to the log. Only writers set it, under the lock.
    pub(crate) fn appended(&self) -> Seq {
        Seq(self.get(APPENDED))
    }

    pub(crate) fn set_appended(&self, seq: Seq) {
        self.set(APPENDED, seq.0);
    }

    /// Grows each time that a flush failed: what was appended before and is not durable is in
    /// doubt for good.
    pub(crate) fn epoch(&self) -> u64 {
        self.get(EPOCH)
    }

    /// Whether a flush is known to have failed since the epoch was this.
    pub(crate) fn failed_since(&self, epoch: u64) -> bool {
        self.get(FAILED) > epoch
    }

    /// Whether a flush is under way, or its owner died in it.
    pub(crate) fn flushing(&self) -> bool {
        self.get(FLUSHING) != 0
    }

    pub(crate) fn set_flushing(&self, flushing: bool) {
        self.set(FLUSHING, flushing.into());
    }

    /// Whether a flush of the segment at hand failed, so that nothing is acknowledged on it.
    pub(crate) fn poisoned(&self) -> bool {
        self.get(POISONED) != 0
    }

    /// Puts the segment at hand in doubt. Only under the flush lock.
    pub(crate) fn poison(&self, why: Doubt) {
        self.set(POISONED, 1);
        // Before the epoch, by which others learn of it.
        if why == Doubt::Failed {
            self.set(FAILED, self.epoch() + 1);
        }
        self.words.long(EPOCH).fetch_add(1, SeqCst);
        self.set_flushing(false);
        self.ring(Bell::Flushed, true);
    }

    /// A new segment has taken the place of the one in doubt. Only under both locks.
    pub(crate) fn heal(&self) {
        self.set(POISONED, 0);
    }

    pub(crate) fn names(&self) -> Names {
        match self.get(NAMES) {
            0 => Names::Unsynced,
            1 => Names::Durable,
            _ => Names::InDoubt,
        }
    }

    pub(crate) fn set_names(&self, names: Names) {
        self.set(NAMES, names as u64);
    }

    /// The byte that the live segment has to pass before its sealing is tried again after it
    /// failed. Only under the lock.
    pub(crate) fn seal_from(&self) -> u64 {
        self.get(SEAL_FROM)
    }

    pub(crate) fn set_seal_from(&self, offset: u64) {
        self.set(SEAL_FROM, offset);
    }

    /// No ticket slot at or above this one is in use.
    pub(crate) fn tickets(&self) -> u64 {
        self.get(TICKETS)
    }

    pub(crate) fn set_tickets(&self, slots: u64) {
        self.set(TICKETS, slots);
    }

    /// The next place in the queue. Only under the lock.
    pub(crate) fn next_ticket(&self) -> u64 {
        self.words.long(NEXT_TICKET).fetch_add(1, SeqCst) + 1
    }

    /// Says who has the lock, for those who wait for it; cut to what fits.
    pub(crate) fn set_owner(&self, who: &str) {
        let mut bytes = [0; OWNER_WORDS * 8];
        let length = who.len().min(bytes.len());
        bytes[..length].copy_from_slice(&who.as_bytes()[..length]);
        for (i, word) in bytes.as_chunks().0.iter().enumerate() {
            self.set(OWNER + i, u64::from_le_bytes(*word));
        }
    }

    pub(crate) fn owner(&self) -> Option<String> {
        let bytes: Vec<u8> = (0..OWNER_WORDS)
            .flat_map(|i| self.get(OWNER + i).to_le_bytes())
            .take_while(|byte| *byte != 0)
            .collect();
        let who = String::from_utf8_lossy(&bytes).into_owned();
        (!who.is_empty()).then_some(who)
    }

    /// What a later [`Self::wait`] compares with: take it before looking at what is waited for.
    pub(crate) fn hear(&self, bell: Bell) -> u32 {
        self.words.bell(bell as usize).load(SeqCst)
    }

    /// Sleeps until the bell is rung after `heard`, at most so long.
    pub(crate) fn wait(&self, bell: Bell, heard: u32, most: Duration) {
        let waiters = self.words.bell(bell as usize + WAITERS);
        waiters.fetch_add(1, SeqCst);
        self.words.wait(bell as usize, heard, most);
        // Another boot's reset may have come between; below zero nobody would be woken again.
        let _ = waiters.fetch_update(SeqCst, SeqCst, |waiting| Some(waiting.saturating_sub(1)));
    }

    /// Wakes those who wait: all of them, or one.
    pub(crate) fn ring(&self, bell: Bell, all: bool) {
        self.words.bell(bell as usize).fetch_add(1, SeqCst);
        if self.words.bell(bell as usize + WAITERS).load(SeqCst) > 0 {
            self.words.wake(bell as usize, all);
        }
    }
}
