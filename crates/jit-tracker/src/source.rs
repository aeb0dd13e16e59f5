//! Where files come from and go to. What is behind these traits is named by its place only.

use std::io;

use serde::{Deserialize, Serialize};

/// Which of the places a source is, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// The files of this worktree.
    Worktree,
    /// What is committed at this worktree's HEAD.
    Head,
    /// The files of the main worktree.
    Main,
}

/// What tells one content of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Identity {
    /// Of a file in a directory, which anybody may write to.
    File {
        /// In bytes.
        size: u64,
        /// When the content was changed, in nanoseconds since 1970. A program can set it.
        mtime: i64,
        /// When anything about the file was changed. No program can set it.
        ctime: i64,
        /// Which file it is.
        inode: u64,
    },
    /// Of content that has a name of its own and never changes: Git's object id, say, with zeros
    /// behind it where it is shorter.
    Content([u8; 32]),
}

/// A directory of files, as it is somewhere.
pub trait Source: Sync {
    /// Which of the places it is.
    fn origin(&self) -> Origin;

    /// How people call one of its files.
    fn place(&self, name: &str) -> String;

    /// Tells the names of its files; none where there is no such directory.
    ///
    /// # Errors
    /// When the directory is there and can't be read.
    fn tell_names(&self, tell: &mut dyn FnMut(&str)) -> io::Result<()>;

    /// The names of its files, where there are few.
    ///
    /// # Errors
    /// When the directory is there and can't be read.
    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        self.tell_names(&mut |name| names.push(name.to_owned()))?;
        Ok(names)
    }

    /// The identity of a file; `None` when it is gone.
    ///
    /// # Errors
    /// When that can't be found out, or it is no regular file.
    fn identity(&self, name: &str) -> io::Result<Option<Identity>>;

    /// The content of a file; `None` when there is none of that name.
    ///
    /// # Errors
    /// When it is there and can't be read, or is no regular file.
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>>;
}

/// A directory that can be written to. What has returned survives a crash of the machine.
pub trait Sink {
    /// Puts a file there in one step: whoever reads sees the old content or the new one.
    ///
    /// # Errors
    /// When it is not there, or not known to survive.
    fn put(&self, name: &str, content: &[u8]) -> io::Result<()>;

    /// Puts several there, each in one step. All are written before the first is waited for, so that
    /// the disk does most of it at once.
    ///
    /// # Errors
    /// When one is not there, or not known to survive; others may be.
    fn put_all(&self, files: &[(String, String)]) -> io::Result<()>;

    /// Takes a file away, if it is there.
    ///
    /// # Errors
    /// When it is there still, or not known to be gone.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Appends whole lines. Where the file ends in half a line, they begin on one of their own.
    ///
    /// # Errors
    /// When they are not there whole, or not known to survive.
    fn append(&self, name: &str, lines: &str) -> io::Result<()>;
}
