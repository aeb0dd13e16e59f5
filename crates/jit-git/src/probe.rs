//! The few system calls of the hot path: is it there, and what does it hold.

use std::io;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::paths;

/// What stands under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Something, a dangling symlink included.
    There,
    /// Nothing.
    Absent,
    /// Something on the way is a file.
    UnderAFile,
}

/// Paths are put together in one buffer, which is allocated once.
pub(crate) struct Probe {
    path: Vec<u8>,
}

impl Probe {
    /// A probe for names in `start` and the directories above it.
    pub(crate) fn new(start: &Path) -> Self {
        Self { path: Vec::with_capacity(paths::bytes(start).len() + 64) }
    }

    /// Looks at `name` in `dir`, without following a symlink at its end.
    pub(crate) fn look(&mut self, dir: &Path, name: &str) -> io::Result<Presence> {
        match rustix::fs::statat(CWD, self.join(dir, name), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(Presence::There),
            Err(Errno::NOENT) => Ok(Presence::Absent),
            Err(Errno::NOTDIR) => Ok(Presence::UnderAFile),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Whether `name` in `dir` is a directory or a symlink to one.
    pub(crate) fn is_dir(&mut self, dir: &Path, name: &str) -> io::Result<bool> {
        match rustix::fs::statat(CWD, self.join(dir, name), AtFlags::empty()) {
            Ok(stat) => Ok(FileType::from_raw_mode(stat.st_mode) == FileType::Directory),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    /// The content of `name` in `dir`, where it is there.
    pub(crate) fn read(&mut self, dir: &Path, name: &str) -> io::Result<Option<Vec<u8>>> {
        read_small_bytes(self.join(dir, name), OFlags::empty())
    }

    fn join(&mut self, dir: &Path, name: &str) -> &[u8] {
        self.path.clear();
        self.path.extend_from_slice(paths::bytes(dir));
        if !self.path.ends_with(b"/") {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(name.as_bytes());
        &self.path
    }
}

/// No file that is read here is longer than a path and a few words.
const LIMIT: usize = 64 * 1024;

/// The content of a small file, where it is there; a symlink at its end is an error (`ELOOP`).
pub(crate) fn read_small_nofollow(path: &Path) -> io::Result<Option<Vec<u8>>> {
    read_small_bytes(paths::bytes(path), OFlags::NOFOLLOW)
}

/// The content of a small file, where it is there.
pub(crate) fn read_small(path: &Path) -> io::Result<Option<Vec<u8>>> {
    read_small_bytes(paths::bytes(path), OFlags::empty())
}

fn read_small_bytes(path: &[u8], flags: OFlags) -> io::Result<Option<Vec<u8>>> {
    // Non-blocking, so that a FIFO in a file's place reads as empty instead of hanging.
    let flags = flags | OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        Err(errno) => return Err(errno.into()),
    };
    let mut content = Vec::with_capacity(512);
    loop {
        let room = content.capacity() - content.len();
        let read = rustix::io::read(&file, rustix::buffer::spare_capacity(&mut content))?;
        // A regular file gives less than was asked for only at its end.
        if read < room {
            return Ok(Some(content));
        }
        if content.len() > LIMIT {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is longer than 64 KiB"));
        }
        content.reserve(content.len());
    }
}
