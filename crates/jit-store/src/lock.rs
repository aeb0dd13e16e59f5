//! The writers' lock: advisory, gone with its process, and waited for only so long.

use std::time::Duration;

use crate::clock::Clock;
use crate::disk::{Disk, DiskFile};
use crate::error::{Doing, StoreError};
use crate::shared::{Bell, Shared};

/// The lock, held. Dropping it lets go and wakes one who waits.
pub(crate) struct Held<'s, D: Disk> {
    file: D::File,
    shared: &'s Shared<D::Words>,
}

impl<D: Disk> Drop for Held<'_, D> {
    fn drop(&mut self) {
        self.shared.set_owner("");
        // Closing the file lets go as well.
        let _ = self.file.unlock();
        self.shared.ring(Bell::Unlocked, false);
    }
}

/// A ringer that dies between letting go and ringing strands its waiters for so long.
const NAP: Duration = Duration::from_millis(10);

/// Takes the lock `path`, waiting at most `most` for it.
///
/// # Errors
/// [`StoreError::Locked`] with whoever had it last.
pub(crate) fn take<'s, D: Disk, C: Clock>(
    disk: &D,
    clock: &C,
    shared: &'s Shared<D::Words>,
    path: &str,
    most: Duration,
    who: &str,
) -> Result<Held<'s, D>, StoreError> {
    let file = disk.open(path, crate::disk::Open::Create).writing(path)?;
    let mut began: Option<u64> = None;
    loop {
        let heard = shared.hear(Bell::Unlocked);
        if file.try_lock().writing(path)? {
            shared.set_owner(who);
            return Ok(Held { file, shared });
        }
        let now = clock.now().map_err(StoreError::Clock)?.stamp.ns;
        let waited = Duration::from_nanos(now.saturating_sub(*began.get_or_insert(now)));
        if waited >= most {
            return Err(StoreError::Locked { by: shared.owner(), waited });
        }
        shared.wait(Bell::Unlocked, heard, NAP.min(most - waited));
    }
}
