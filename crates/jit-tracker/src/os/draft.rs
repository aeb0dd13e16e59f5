//! Files that are to take another one's place, and what is left of them by killed writers.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, Stat};

use super::{Dir, hand_over};
use crate::source::{Sink, Source};

/// How many are written at one moment: each is an open file.
pub(super) const MOST_DRAFTS: usize = 128;

/// A file to become `name`. It is taken away again unless it does.
pub(super) struct Draft<'d> {
    dir: &'d OwnedFd,
    name: &'d str,
    draft: String,
    file: File,
    published: bool,
}

impl<'d> Draft<'d> {
    /// Writes it. The disk need not have it yet.
    pub(super) fn written(dir: &'d OwnedFd, name: &'d str, content: &[u8]) -> io::Result<Self> {
        let (draft, file) = own_draft(dir, name)?;
        let mut draft = Self { dir, name, draft, file, published: false };
        hand_over(dir, &draft.file)?;
        draft.file.write_all(content)?;
        Ok(draft)
    }

    /// Waits for the disk, and gives it its name.
    pub(super) fn published(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        rustix::fs::renameat(self.dir, &self.draft, self.dir, self.name)?;
        self.published = true;
        Ok(())
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if !self.published {
            // The failure that matters is the first one.
            rustix::fs::unlinkat(self.dir, &self.draft, AtFlags::empty()).ok();
        }
    }
}

/// How many may write one file at one moment.
const MOST_WRITERS: u32 = 64;

/// A new file for a draft. Hidden, so that it is not taken for an issue, and locked by its writer:
/// what a killed one left is nobody's, and the next writes over it.
fn own_draft(dir: &OwnedFd, name: &str) -> io::Result<(String, File)> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut failed = ErrorKind::ResourceBusy.into();
    for n in 0..MOST_WRITERS {
        let draft = if n == 0 { format!(".{name}.draft") } else { format!(".{name}.{n}.draft") };
        // One that another user left, say, need not be ours.
        let file = match rustix::fs::openat(dir, &draft, flags, Mode::from_raw_mode(0o666)) {
            Ok(fd) => File::from(fd),
            Err(error) => {
                failed = error.into();
                continue;
            }
        };
        if is_free(dir, &draft, &file) {
            file.set_len(0)?;
            return Ok((draft, file));
        }
    }
    Err(failed)
}

/// Takes a draft's lock; says whether it was free, and the file still has that name.
fn is_free(dir: &OwnedFd, draft: &str, file: &File) -> bool {
    let inode = |stat: rustix::io::Result<Stat>| stat.ok().map(|stat| stat.st_ino);
    rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive).is_ok()
        && inode(rustix::fs::fstat(file)) == inode(rustix::fs::statat(dir, draft, AtFlags::SYMLINK_NOFOLLOW))
}

impl Dir {
    /// The drafts that killed writers left, and that nobody writes now.
    ///
    /// # Errors
    /// When the directory can't be read.
    pub fn leftovers(&self) -> io::Result<Vec<String>> {
        let names = self.names()?.into_iter();
        Ok(names.filter(|name| self.left(name).is_some()).collect())
    }

    /// Takes those drafts away.
    ///
    /// # Errors
    /// When one can't be taken away.
    pub fn tidy(&self) -> io::Result<()> {
        for name in self.names()? {
            let left = self.left(&name);
            if left.is_some() {
                self.remove(&name)?;
            }
        }
        Ok(())
    }

    /// A draft that nobody writes, with its lock.
    fn left(&self, name: &str) -> Option<File> {
        let is_draft = name.starts_with('.') && name.ends_with(".draft");
        let file = is_draft.then(|| self.open_file(name))?.ok()??;
        is_free(self.fd.get()?, name, &file).then_some(file)
    }
}
