//! Two processes meet at a control plane, perhaps from two machines, and find out whether they
//! share what jit rests on: the locks, the words, the kernel's clock.
//!
//! Neither trusts anything at first but that what one writes into a file, the other can read in
//! time. Each keeps a slip in `locks/`, finds a living other's, and both go through the same
//! steps. No lock, word or file of the leases is touched.

use std::time::Duration;

use jit_core::ClockId;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::disk::{Disk, DiskFile, Open, Words};
use crate::error::{Doing, StoreError};
use crate::names::{LOCKS, MEETING_LOCK, MEETING_WORDS, slip, slip_of};
use crate::store::Store;

/// What two sides found out together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// Each side's lock kept the other out.
    pub locks: bool,
    /// What each side stored in memory, the other saw, and a bell that one rang woke the other.
    pub words: bool,
    /// Both are of one boot of one kernel, and so have one clock.
    pub one_kernel: bool,
}

/// Why two sides did not find out anything.
#[derive(Debug)]
pub enum MeetingError {
    /// There was no other side.
    NobodyCame,
    /// It left half way.
    Left,
    /// Trouble with the files.
    Store(StoreError),
}

impl From<StoreError> for MeetingError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What a side has to say, in its own file.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Slip {
    id: u64,
    /// Grows for as long as it waits: one that stands still was left by a dead process.
    beat: u64,
    /// Whom it has found.
    peer: Option<u64>,
    boot: ClockId,
    /// How far it has come.
    step: u8,
    /// Whether the other's lock kept it out.
    locks: bool,
    /// Whether it saw what the other stored.
    words: bool,
}

/// How often a slip is looked at.
const NAP: Duration = Duration::from_millis(20);
/// How long the other may take for one step, if it is waited for so long: file systems may show a
/// change late.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a word may take. Memory that is shared shows it at once.
const SOON: Duration = Duration::from_secs(2);
/// A slip is this long, so that a shorter text leaves nothing of a longer one.
const LENGTH: usize = 512;
/// The step at which a side has all that it needs.
const LAST: u8 = 6;
/// The bell that is tested, and one that nobody rings.
const BELL: usize = 0;
const SILENT: usize = 1;

impl<D: Disk, C: Clock> Store<D, C> {
    /// Meets another process that calls this within `wait`, under the random id `id`.
    ///
    /// # Errors
    /// See [`MeetingError`].
    pub fn meet(&self, id: u64, wait: Duration) -> Result<Meeting, MeetingError> {
        self.disk.make_root().writing("")?;
        self.disk.make_dir(LOCKS).writing(LOCKS)?;
        let words = self.disk.words(MEETING_WORDS, Open::Create).writing(MEETING_WORDS)?;
        let boot = self.clock.now().map_err(StoreError::Clock)?.stamp.boot;
        let mine = Slip { id, beat: 0, peer: None, boot, step: 0, locks: false, words: false };
        let patience = PATIENCE.min(wait);
        let mut side = Side { store: self, words, mine, dead: Vec::new(), patience };
        let met = side.find(wait).and_then(|peer| side.compare(&peer));
        side.leave();
        met
    }
}

/// One side of a meeting.
struct Side<'s, D: Disk, C> {
    store: &'s Store<D, C>,
    words: D::Words,
    mine: Slip,
    /// Slips that did not move for as long as they were looked at.
    dead: Vec<u64>,
    /// How long the other may take for one step.
    patience: Duration,
}

impl<D: Disk, C: Clock> Side<'_, D, C> {
    /// Waits for another living side that has found this one too.
    fn find(&mut self, wait: Duration) -> Result<Slip, MeetingError> {
        let began = self.now()?;
        let mut first_seen: Vec<(u64, u64)> = Vec::new();
        loop {
            self.mine.beat += 1;
            self.say()?;
            let others = self.others()?;
            let moves =
                |other: &&Slip| first_seen.iter().any(|(id, beat)| *id == other.id && *beat != other.beat);
            let living: Vec<&Slip> = others.iter().filter(moves).collect();
            if let Some(found) = living.iter().find(|other| other.peer == Some(self.mine.id)) {
                self.mine.peer = Some(found.id);
                return Ok((*found).clone());
            }
            // The least of those who are free; it finds this one if that is its least.
            self.mine.peer = living.iter().filter(|other| other.peer.is_none()).map(|other| other.id).min();
            self.dead = others.iter().filter(|other| !moves(other)).map(|other| other.id).collect();
            for other in &others {
                if !first_seen.iter().any(|(id, _)| *id == other.id) {
                    first_seen.push((other.id, other.beat));
                }
            }
            if self.now()?.saturating_sub(began) >= wait.as_nanos() as u64 {
                return Err(MeetingError::NobodyCame);
            }
            self.nap();
        }
    }

    /// Goes through the steps; the side with the lesser id goes first.
    fn compare(&mut self, peer: &Slip) -> Result<Meeting, MeetingError> {
        self.dead.clear();
        let peer = peer.id;
        let first = self.mine.id < peer;
        if first {
            self.hold_then_try(peer)?;
        } else {
            self.try_then_hold(peer)?;
        }
        self.mine.words = self.exchange_words(peer, first)?;
        self.done(5)?;
        let other = self.until(peer, 5)?;
        self.done(LAST)?;
        // Until then it may read this side's slip.
        let _ = self.until(peer, LAST);
        Ok(Meeting {
            locks: self.mine.locks && other.locks,
            words: self.mine.words && other.words,
            one_kernel: self.mine.boot == other.boot,
        })
    }

    fn hold_then_try(&mut self, peer: u64) -> Result<(), MeetingError> {
        let lock = self.lock()?;
        self.take(&lock)?;
        self.done(1)?;
        self.until(peer, 1)?;
        lock.unlock().writing(MEETING_LOCK)?;
        self.done(2)?;
        self.until(peer, 2)?;
        self.mine.locks = !lock.try_lock().writing(MEETING_LOCK)?;
        self.done(3)
    }

    fn try_then_hold(&mut self, peer: u64) -> Result<(), MeetingError> {
        let lock = self.lock()?;
        self.until(peer, 1)?;
        self.mine.locks = !lock.try_lock().writing(MEETING_LOCK)?;
        lock.unlock().writing(MEETING_LOCK)?;
        self.done(1)?;
        self.until(peer, 2)?;
        self.take(&lock)?;
        self.done(2)?;
        self.until(peer, 3)?;
        self.done(3)
    }

    /// Each stores its id where the other looks; then the first sleeps, and the second wakes it.
    fn exchange_words(&mut self, peer: u64, first: bool) -> Result<bool, MeetingError> {
        use std::sync::atomic::Ordering::SeqCst;
        let (here, there) = if first { (0, 1) } else { (1, 0) };
        let heard = self.words.bell(BELL).load(SeqCst);
        self.words.long(here).store(self.mine.id, SeqCst);
        self.done(4)?;
        self.until(peer, 4)?;
        let began = self.now()?;
        let late = |now: u64| now.saturating_sub(began) >= SOON.as_nanos() as u64;
        while self.words.long(there).load(SeqCst) != peer {
            if late(self.now()?) {
                return Ok(false);
            }
            self.nap();
        }
        if first {
            self.words.wait(BELL, heard, SOON);
            return Ok(!late(self.now()?) && self.words.bell(BELL).load(SeqCst) != heard);
        }
        // So that the first sleeps by then.
        (0..10).for_each(|_| self.nap());
        self.words.bell(BELL).fetch_add(1, SeqCst);
        self.words.wake(BELL, true);
        Ok(true)
    }

    fn lock(&self) -> Result<D::File, StoreError> {
        self.store.disk.open(MEETING_LOCK, Open::Create).writing(MEETING_LOCK)
    }

    /// Takes the lock, which a third side may have for a moment.
    fn take(&self, lock: &D::File) -> Result<(), MeetingError> {
        let began = self.now()?;
        while !lock.try_lock().writing(MEETING_LOCK)? {
            if self.now()?.saturating_sub(began) >= self.patience.as_nanos() as u64 {
                return Err(MeetingError::Left);
            }
            self.nap();
        }
        Ok(())
    }

    fn done(&mut self, step: u8) -> Result<(), MeetingError> {
        self.mine.step = step;
        Ok(self.say()?)
    }

    /// Waits until the other has come so far.
    fn until(&mut self, peer: u64, step: u8) -> Result<Slip, MeetingError> {
        let began = self.now()?;
        loop {
            match self.read(peer) {
                Some(other) if other.step >= step => return Ok(other),
                // It leaves when nobody needs it any more, or gives up.
                None if !self.store.disk.exists(&slip(peer)).reading(LOCKS)? => {
                    return Err(MeetingError::Left);
                }
                _ if self.now()?.saturating_sub(began) >= self.patience.as_nanos() as u64 => {
                    return Err(MeetingError::Left);
                }
                _ => {
                    // It may still be looking for one that moves and has found it.
                    self.mine.beat += 1;
                    self.say()?;
                    self.nap();
                }
            }
        }
    }

    fn say(&self) -> Result<(), StoreError> {
        let name = slip(self.mine.id);
        let mut text = serde_json::to_vec(&self.mine).map_err(std::io::Error::other).writing(&name)?;
        text.resize(text.len().max(LENGTH), b' ');
        // Opened each time: file systems between machines hand changes on when a file is closed.
        self.store.disk.open(&name, Open::Create).and_then(|file| file.write_at(&text, 0)).writing(&name)
    }

    fn others(&self) -> Result<Vec<Slip>, StoreError> {
        let names = self.store.disk.list(LOCKS).reading(LOCKS)?;
        let ids = names.iter().filter_map(|name| slip_of(name)).filter(|id| *id != self.mine.id);
        Ok(ids.filter_map(|id| self.read(id)).collect())
    }

    /// A slip; `None` while it is being written, or is gone.
    fn read(&self, id: u64) -> Option<Slip> {
        let text = self.store.disk.open(&slip(id), Open::Read).and_then(|file| file.read_from(0)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    fn now(&self) -> Result<u64, StoreError> {
        Ok(self.store.clock.now().map_err(StoreError::Clock)?.stamp.ns)
    }

    fn nap(&self) {
        let silent = self.words.bell(SILENT).load(std::sync::atomic::Ordering::SeqCst);
        self.words.wait(SILENT, silent, NAP);
    }

    /// Takes its slip away, and those that dead ones left.
    fn leave(&self) {
        for id in self.dead.iter().chain([&self.mine.id]) {
            // One that stays is passed over by the next who meet, and means nothing else.
            let _ = self.store.disk.remove(&slip(*id));
        }
    }
}
