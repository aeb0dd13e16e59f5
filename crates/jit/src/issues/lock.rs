//! Processes of one worktree that change its issues exclude each other.

use std::path::{Path, PathBuf};
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
        let lock = self.lock_in(&path, LOCK, &who, self.lock_timeout()?);
        Ok(IssueLock { _lock: lock?.map_err(|busy| busy.failed(Failure::issues_locked))? })
    }

    /// Takes the lock `name` in a directory that is there; waits for it at most so long.
    pub(crate) fn lock_in(
        &self,
        path: &Path,
        name: &str,
        who: &str,
        most: Duration,
    ) -> Result<Result<DirLock, Busy>, Failure> {
        let began = self.now()?.stamp.ns;
        let dir = Dir::open(path, Origin::Worktree).map_err(|error| Failure::not_read(path, &error))?;
        loop {
            self.go_on()?;
            let tried = dir.try_lock(name, who);
            let by = match tried.map_err(|error| Failure::not_made(&path.join(name), &error))? {
                Ok(lock) => return Ok(Ok(lock)),
                Err(by) => by,
            };
            let waited = Duration::from_nanos(self.now()?.stamp.ns.saturating_sub(began));
            if waited >= most {
                return Ok(Err(Busy { path: path.join(name), by, waited }));
            }
            #[allow(clippy::disallowed_methods, reason = "nobody tells when a file's lock is let go")]
            std::thread::sleep(NAP.min(most - waited));
        }
    }
}

/// A lock that another process had all the while.
pub(crate) struct Busy {
    path: PathBuf,
    by: Option<String>,
    waited: Duration,
}

impl Busy {
    /// As its user is told.
    pub(crate) fn failed(self, told: fn(&Path, Option<&str>, Duration) -> Failure) -> Failure {
        told(&self.path, self.by.as_deref(), self.waited)
    }
}
