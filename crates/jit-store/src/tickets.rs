//! The queue: who waits, in the order in which they came.
//!
//! A waiter keeps a ticket's file locked for as long as it waits. The files are slots that are
//! used again; an unlocked one is free, whatever it says, so a waiter that died is out of the
//! queue at once. One that was stopped keeps its lock: it is passed over, and has its place again
//! when it goes on, because each waiter notes on its slip when it looked last. That note is
//! written without the writers' lock; should it ever be read half written, a waiter is overtaken
//! once, and nothing is granted twice by that.

use std::time::Duration;

use jit_core::{AgentId, Claim, Holder, Now, Stamp, Waiter, WallTime};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::disk::{Disk, DiskFile, Open};
use crate::error::{Doing, StoreError};
use crate::names::{WORDS, ticket};
use crate::shared::{Bell, Shared};
use crate::store::Store;

/// A place in the queue, for as long as it is kept.
pub struct Ticket<'s, D: Disk> {
    slip: Slip,
    name: String,
    file: D::File,
    shared: &'s Shared<D::Words>,
}

impl<D: Disk> Ticket<'_, D> {
    /// The place: lower came first.
    pub fn number(&self) -> u64 {
        self.slip.ticket
    }
}

impl<D: Disk> Drop for Ticket<'_, D> {
    fn drop(&mut self) {
        // For those who read without a lock.
        if let Ok(length) = self.file.len() {
            let _ = self.file.write_at(&vec![b' '; length as usize], 0);
        }
        // Closing the file lets go as well.
        let _ = self.file.unlock();
        self.shared.ring(Bell::Changed, true);
    }
}

/// What a ticket's file says while it is locked.
#[derive(Serialize, Deserialize)]
struct Slip {
    ticket: u64,
    agent: AgentId,
    #[serde(flatten)]
    claim: Claim,
    since: WallTime,
    looked: Stamp,
}

impl Slip {
    /// Over whatever the file said.
    fn write(&self, file: &impl DiskFile, name: &str) -> Result<(), StoreError> {
        let mut text = serde_json::to_vec(self).map_err(std::io::Error::other).writing(name)?;
        let length = file.len().writing(name)?;
        text.resize(text.len().max(length as usize), b' ');
        file.write_at(&text, 0).writing(name)
    }

    /// The waiter, if it looked not too long ago. What a slip says of a clock ahead of this one
    /// is believed.
    fn waiter(self, now: &Stamp) -> Option<Waiter> {
        let Self { ticket, agent, claim, since, looked } = self;
        let silent_ns = looked.age_at(now).unwrap_or(0);
        (silent_ns <= SILENCE.as_nanos() as u64).then_some(Waiter { ticket, agent, claim, since })
    }
}

/// What a waiter has seen of the changes so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen(u32);

/// Slots are bounded, so that the files are.
const MOST: u64 = 1024;

/// How long a waiter may be silent and still count.
const SILENCE: Duration = Duration::from_secs(15);

impl<D: Disk, C: Clock> Store<D, C> {
    /// Takes the next place in the queue for all of this.
    ///
    /// # Errors
    /// Trouble with the store, or more than 1,024 waiters.
    pub fn queue(&self, actor: &Holder, claim: &Claim) -> Result<Ticket<'_, D>, StoreError> {
        let entered = self.enter(actor)?;
        let shared = entered.shared;
        for slot in 0..MOST {
            let name = ticket(slot);
            let file = self.disk.open(&name, Open::Create).writing(&name)?;
            if !file.try_lock().writing(&name)? {
                continue;
            }
            let number = shared.next_ticket();
            let slip = Slip {
                ticket: number,
                agent: actor.agent.clone(),
                claim: claim.clone(),
                since: entered.now.wall,
                looked: entered.now.stamp,
            };
            slip.write(&file, &name)?;
            shared.set_tickets(shared.tickets().max(slot + 1));
            return Ok(Ticket { slip, name, file, shared });
        }
        Err(StoreError::QueueFull(MOST))
    }

    /// Says that a waiter is about to look again. One that has not for 15 seconds is passed over.
    ///
    /// # Errors
    /// When the ticket can't be written.
    pub fn look(&self, ticket: &mut Ticket<'_, D>) -> Result<(), StoreError> {
        ticket.slip.looked = self.clock.now().map_err(StoreError::Clock)?.stamp;
        ticket.slip.write(&ticket.file, &ticket.name)
    }

    /// Who waits, in order, as far as can be told without any lock: one that was killed is among
    /// them for 15 seconds more, and what can't be read is left out.
    pub fn waiting(&self) -> Vec<Waiter> {
        let Ok(Now { stamp, .. }) = self.clock.now() else { return Vec::new() };
        let shared = self.shared_to_read(&stamp);
        let slots = shared.map_or(0, |shared| shared.tickets().min(MOST));
        let read = |slot| {
            let text = self.disk.open(&ticket(slot), Open::Read).ok()?.read_from(0).ok()?;
            serde_json::from_slice::<Slip>(&text).ok()?.waiter(&stamp)
        };
        let mut waiting: Vec<Waiter> = (0..slots).filter_map(read).collect();
        waiting.sort_by_key(|waiter| waiter.ticket);
        waiting
    }

    /// Wakes those who wait, because something changed that is not in the log.
    pub fn tell(&self) {
        // Nobody waits where there is nothing to share.
        if let Ok(words) = self.disk.words(WORDS, Open::Write) {
            Shared::new(words).ring(Bell::Changed, true);
        }
    }

    /// What has been seen of the changes so far; take it before looking.
    ///
    /// # Errors
    /// When the control plane can't be written.
    pub fn seen(&self) -> Result<Seen, StoreError> {
        Ok(Seen(self.shared()?.hear(Bell::Changed)))
    }

    /// Sleeps until something changed after `seen`, at most so long.
    ///
    /// # Errors
    /// When the control plane can't be written.
    pub fn wait(&self, seen: Seen, most: Duration) -> Result<(), StoreError> {
        self.shared()?.wait(Bell::Changed, seen.0, most);
        Ok(())
    }
}

/// The living waiters that are not silent, in the order of their tickets. Only under the writers'
/// lock, which whoever writes a ticket holds.
pub(crate) fn living<D: Disk>(
    disk: &D,
    shared: &Shared<D::Words>,
    now: &Stamp,
) -> Result<Vec<Waiter>, StoreError> {
    let slots = shared.tickets();
    let mut waiting = Vec::new();
    let mut used = 0;
    for slot in 0..slots {
        let name = ticket(slot);
        let file = disk.open(&name, Open::Create).writing(&name)?;
        if file.try_lock().writing(&name)? {
            continue;
        }
        used = slot + 1;
        let text = file.read_from(0).reading(&name)?;
        // One who is about to be refused its place has locked the slot and written nothing.
        waiting.extend(serde_json::from_slice(&text).ok().and_then(|slip: Slip| slip.waiter(now)));
    }
    if used < slots {
        shared.set_tickets(used);
    }
    waiting.sort_by_key(|waiter| waiter.ticket);
    Ok(waiting)
}
