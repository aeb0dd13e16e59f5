//! A lock in a directory: a file that is made once and never taken away.

use std::fs::File;
use std::io;

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::{Dir, hand_over};

/// So much of the file says who has the lock. It is written over in place: to truncate it would
/// free a block each time.
const OWNER: usize = 128;

/// A lock, held until this goes, or its process.
#[derive(Debug)]
pub struct DirLock {
    file: File,
}

/// A part in a lock that others may have too, until this goes, or its process.
#[derive(Debug)]
pub struct SharedLock {
    _file: File,
}

impl DirLock {
    /// For people: nobody waits because of it, so that it may fail.
    fn set_owner(&self, who: &str) {
        let mut bytes = [b' '; OWNER];
        let length = who.len().min(OWNER);
        bytes[..length].copy_from_slice(&who.as_bytes()[..length]);
        let _ = rustix::io::pwrite(&self.file, &bytes, 0);
    }
}

impl Drop for DirLock {
    fn drop(&mut self) {
        self.set_owner("");
    }
}

impl Dir {
    /// Takes the lock `name` for `who`, or says who has it, as far as that is known.
    ///
    /// # Errors
    /// When it can't be made or locked.
    pub fn try_lock(&self, name: &str, who: &str) -> io::Result<Result<DirLock, Option<String>>> {
        let file = self.lock_file(name)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                let lock = DirLock { file };
                lock.set_owner(who);
                Ok(Ok(lock))
            }
            Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(Err(owner(&file))),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes part in the lock `name`, as any number of processes can at once.
    ///
    /// # Errors
    /// When it can't be made or locked.
    pub fn share_lock(&self, name: &str) -> io::Result<SharedLock> {
        let file = self.lock_file(name)?;
        rustix::io::retry_on_intr(|| rustix::fs::flock(&file, FlockOperation::LockShared))?;
        Ok(SharedLock { _file: file })
    }

    /// Whether some process takes part in the lock `name`. Makes nothing.
    ///
    /// # Errors
    /// When that can't be told.
    pub fn is_shared(&self, name: &str) -> io::Result<bool> {
        let Some(file) = self.open_file(name)? else { return Ok(false) };
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(false),
            Err(Errno::WOULDBLOCK) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    fn lock_file(&self, name: &str) -> io::Result<File> {
        let dir = self.made()?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = File::from(rustix::fs::openat(dir, name, flags, Mode::from_raw_mode(0o600))?);
        hand_over(dir, &file)?;
        // Who may be in the directory may take the lock.
        let mode = rustix::fs::fstat(dir)?.st_mode & 0o666;
        if rustix::fs::fstat(&file)?.st_mode & 0o777 != mode {
            rustix::fs::fchmod(&file, Mode::from_raw_mode(mode)).ok();
        }
        Ok(file)
    }
}

/// Whoever said last that it has the lock.
fn owner(file: &File) -> Option<String> {
    let mut bytes = [0; OWNER];
    let length = rustix::io::pread(file, &mut bytes, 0).ok()?;
    let who = String::from_utf8_lossy(&bytes[..length]).trim().to_owned();
    (!who.is_empty()).then_some(who)
}
