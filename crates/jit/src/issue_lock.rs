//! Processes of one worktree that change its issues exclude each other.

use std::time::Duration;

use jit_tracker::{Dir, DirLock, Origin};

use crate::error::Failure;
use crate::world::World;

/// The lock's file, in the worktree's Git directory; it is never taken away.
const LOCK: &str = "issues.lock";

/// It is held for some flushes of a disk, so that it is looked at about as often.
const NAP: Duration = Duration::from_millis(2);

/// The lock, held until this goes.
pub(crate) struct IssueLock {
    _lock: DirLock,
}

impl World<'_> {
    /// Takes the lock; waits for it as long as for that of the leases.
    pub(crate) fn lock_issues(&self) -> Result<IssueLock, Failure> {
        // Makes the directory.
        let who = self.holder()?.agent.to_string();
        let path = self.repo()?.git_dir().join("jit");
        let most = self.lock_timeout()?;
        let began = self.now()?.stamp.ns;
        let dir = Dir::open(&path, Origin::Worktree).map_err(|error| Failure::not_read(&path, &error))?;
        loop {
            let tried = dir.try_lock(LOCK, &who);
            let by = match tried.map_err(|error| Failure::not_made(&path.join(LOCK), &error))? {
                Ok(lock) => return Ok(IssueLock { _lock: lock }),
                Err(by) => by,
            };
            let waited = Duration::from_nanos(self.now()?.stamp.ns.saturating_sub(began));
            if waited >= most {
                return Err(Failure::issues_locked(&path.join(LOCK), by.as_deref(), waited));
            }
            #[allow(clippy::disallowed_methods, reason = "nobody tells when a file's lock is let go")]
            std::thread::sleep(NAP.min(most - waited));
        }
    }
}
