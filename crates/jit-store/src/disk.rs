//! What the store asks of a disk, so that tests can fail it or stop it at any operation.
//!
//! Paths are relative to the control plane's directory and written with `/`; the empty path is
//! that directory itself.

use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// To read what is there.
    Read,
    /// To read and write what is there.
    Write,
    /// The same, made empty if it is not there.
    Create,
    /// Empty, whatever was there.
    Fresh,
}

/// A directory tree with durability: what was not synced may be lost with the power, names
/// (made by creating and renaming) until their directory is synced.
pub trait Disk {
    /// An open file.
    type File: DiskFile;
    /// A small region that every process that maps it shares.
    type Words: Words;

    /// Makes the control plane's directory, if it is not there, and its name durable. One that was
    /// made and whose name can't be made durable is taken away again.
    fn make_root(&self) -> io::Result<()>;

    /// Opens a file.
    fn open(&self, path: &str, how: Open) -> io::Result<Self::File>;

    /// Writes behind whatever a file holds, made if it is not there; what others write there at the
    /// same time stands before it or after it. Returns how long the file is then.
    fn append(&self, path: &str, bytes: &[u8]) -> io::Result<u64>;

    /// Maps a file's shared words; to write them ([`Open::Create`]), they are made, all zero, if
    /// they are not there. Words that were opened to read must not be stored to.
    fn words(&self, path: &str, how: Open) -> io::Result<Self::Words>;

    /// Makes a directory; nothing when it is there.
    fn make_dir(&self, path: &str) -> io::Result<()>;

    /// The names in a directory, in order; none when it is not there.
    fn list(&self, path: &str) -> io::Result<Vec<String>>;

    /// Whether there is something of this name.
    fn exists(&self, path: &str) -> io::Result<bool>;

    /// Gives a file or a directory a name, taking it from any other file or empty directory.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Takes a name away; nothing when it is not there.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Makes the names in a directory durable.
    fn sync_dir(&self, path: &str) -> io::Result<()>;

    /// How many bytes this user may still write.
    fn free(&self) -> io::Result<u64>;

    /// The kind of file system, when its locks may be local to each machine that mounts it.
    fn locks_may_be_local(&self) -> io::Result<Option<&'static str>>;
}

/// An open file. It is closed, and its lock let go, when it is dropped.
#[allow(clippy::len_without_is_empty, reason = "its length is all that anybody asks")]
pub trait DiskFile {
    /// Its length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Fills the buffer from `offset` on as far as the file reaches; returns how far.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of it at `offset`, growing the file where needed.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes the content durable.
    fn sync(&self) -> io::Result<()>;

    /// Takes the file's one advisory lock if nobody has it.
    fn try_lock(&self) -> io::Result<bool>;

    /// Lets the lock go.
    fn unlock(&self) -> io::Result<()>;

    /// All of it from `offset` on.
    fn read_from(&self, offset: u64) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.len()?.saturating_sub(offset)).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        let read = self.read_at(&mut bytes, offset)?;
        bytes.truncate(read);
        Ok(bytes)
    }
}

/// Words in memory that processes share. They mean nothing after a reboot.
pub trait Words {
    /// How many counters there are.
    const LONGS: usize = 32;
    /// How many bells there are.
    const BELLS: usize = 8;

    /// A counter; `i` is below [`Self::LONGS`].
    fn long(&self, i: usize) -> &AtomicU64;

    /// A word that can be waited on; `i` is below [`Self::BELLS`].
    fn bell(&self, i: usize) -> &AtomicU32;

    /// Sleeps until the bell is rung, unless its value is no longer `seen`; not longer than
    /// `most`, perhaps shorter.
    fn wait(&self, i: usize, seen: u32, most: Duration);

    /// Wakes one or all of those who wait on a bell.
    fn wake(&self, i: usize, all: bool);
}
