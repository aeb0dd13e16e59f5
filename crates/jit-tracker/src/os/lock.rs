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
        let dir = self.made()?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = File::from(rustix::fs::openat(dir, name, flags, Mode::from_raw_mode(0o600))?);
        hand_over(dir, &file)?;
        // Who may be in the directory may take the lock.
        let mode = rustix::fs::fstat(dir)?.st_mode & 0o666;
        if rustix::fs::fstat(&file)?.st_mode & 0o777 != mode {
            rustix::fs::fchmod(&file, Mode::from_raw_mode(mode)).ok();
        }
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
}

/// Whoever said last that it has the lock.
fn owner(file: &File) -> Option<String> {
    let mut bytes = [0; OWNER];
    let length = rustix::io::pread(file, &mut bytes, 0).ok()?;
    let who = String::from_utf8_lossy(&bytes[..length]).trim().to_owned();
    (!who.is_empty()).then_some(who)
}
