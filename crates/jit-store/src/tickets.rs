//! The queue: who waits, in the order in which they came.
//!
//! A waiter keeps a ticket's file locked for as long as it waits. The files are slots that are
//! used again; an unlocked one is free, whatever it says, so a waiter that died is out of the
//! queue at once.

use std::time::Duration;

use jit_core::{AgentId, Holder, References, Waiter, WallTime};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::disk::{Disk, DiskFile, Open};
use crate::error::{Doing, StoreError};
use crate::names::ticket;
use crate::shared::{Bell, Shared};
use crate::store::Store;

/// A place in the queue, for as long as it is kept.
pub struct Ticket<'s, D: Disk> {
    number: u64,
    file: D::File,
    shared: &'s Shared<D::Words>,
}

impl<D: Disk> Ticket<'_, D> {
    /// The place: lower came first.
    pub fn number(&self) -> u64 {
        self.number
    }
}

impl<D: Disk> Drop for Ticket<'_, D> {
    fn drop(&mut self) {
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
    issues: References,
    since: WallTime,
}

/// What a waiter has seen of the changes so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen(u32);

/// Slots are bounded, so that the files are.
const MOST: u64 = 1024;

impl<D: Disk, C: Clock> Store<D, C> {
    /// Takes the next place in the queue for these references.
    ///
    /// # Errors
    /// Trouble with the store, or more than 1,024 waiters.
    pub fn queue(&self, actor: &Holder, issues: &References) -> Result<Ticket<'_, D>, StoreError> {
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
                issues: issues.clone(),
                since: entered.now.wall,
            };
            let text = serde_json::to_vec(&slip).map_err(std::io::Error::other).writing(&name)?;
            let length = file.len().writing(&name)?;
            let mut padded = text;
            padded.resize(padded.len().max(length as usize), b' ');
            file.write_at(&padded, 0).writing(&name)?;
            shared.set_tickets(shared.tickets().max(slot + 1));
            return Ok(Ticket { number, file, shared });
        }
        Err(StoreError::QueueFull(MOST))
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

/// The living waiters in the order of their tickets. Only under the writers' lock, which whoever
/// writes a ticket holds.
pub(crate) fn living<D: Disk>(disk: &D, shared: &Shared<D::Words>) -> Result<Vec<Waiter>, StoreError> {
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
        if let Ok(Slip { ticket, agent, issues, since }) = serde_json::from_slice(&text) {
            waiting.push(Waiter { ticket, agent, issues, since });
        }
    }
    if used < slots {
        shared.set_tickets(used);
    }
    waiting.sort_by_key(|waiter| waiter.ticket);
    Ok(waiting)
}
