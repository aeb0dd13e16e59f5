//! What a worktree has that is nowhere else, kept as a commit that Git alone can read
//! (`dev/salvage-format.md`), and put back from it.

mod keep;
mod kept;
mod message;
mod put_back;
mod state;

use std::io;
use std::path::PathBuf;

use thiserror::Error;

pub use self::keep::{KeptNow, Occasion};
pub use self::kept::Kept;
pub use self::put_back::Restored;

use crate::program::ProgramError;

/// Where what was kept is referred to.
pub(crate) const REFERENCES: &str = "refs/jit/salvage/";

/// The parts of what was kept, as directories of its tree.
pub(crate) mod part {
    /// The files.
    pub(crate) const FILES: &str = "worktree/";
    /// The entries of the index, by stage.
    pub(crate) const INDEX: &str = "index/";
    /// What the index remembers of conflicts that were resolved, by stage.
    pub(crate) const RESOLVED: &str = "resolved/";
    /// The worktree's own files in Git's directory.
    pub(crate) const GIT: &str = "git/";
    /// Trees that those name.
    pub(crate) const TREES: &str = "trees/";
    /// The references of the worktree alone.
    pub(crate) const REFERENCES: &str = "references";
}

/// Why something could not be kept, put back or taken away.
#[derive(Debug, Error)]
pub enum SalvageError {
    /// Git could not do its part.
    #[error(transparent)]
    Git(#[from] ProgramError),
    /// A file could not be read, written or taken away.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// What was kept is not of the form that it should have.
    #[error("{reference} was not made by jit, or not by this version: {what}")]
    Malformed {
        /// Which.
        reference: String,
        /// What is wrong.
        what: String,
    },
    /// There is no worktree at its place.
    #[error("{} is not there", path.display())]
    Gone {
        /// Its place.
        path: PathBuf,
        /// Whether it is locked against pruning.
        locked: bool,
    },
    /// Something else stands at a worktree's place.
    #[error("what stands at {} is not the worktree that was there", .0.display())]
    Replaced(PathBuf),
    /// Somebody writes in a worktree that is to go.
    #[error("{} changed while it was looked at, and was not removed", .0.display())]
    Changed(PathBuf),
    /// Something stands where it should be put.
    #[error("{} is there already", .0.display())]
    Occupied(PathBuf),
}

/// A path as Git reads it in a line: quoted, whatever is in it.
pub(crate) fn quoted(path: &[u8]) -> Vec<u8> {
    let mut line = vec![b'"'];
    for byte in path {
        match byte {
            b'"' | b'\\' => line.extend([b'\\', *byte]),
            b' '..=b'~' => line.push(*byte),
            _ => line.extend(format!("\\{byte:03o}").bytes()),
        }
    }
    line.push(b'"');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_as_git_reads_it() {
        assert_eq!(quoted(b"a b"), b"\"a b\"");
        assert_eq!(quoted("é\n\"\\".as_bytes()), b"\"\\303\\251\\012\\\"\\\\\"");
    }
}
