//! What stands in a worktree: every file, whatever Git thinks of it.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::branch::{Branch, branch_of};
use crate::paths;
use crate::program::GitProgram;
use crate::salvage::SalvageError;
use crate::worktrees::Worktree;

/// The files below a root, by their path from there, without its own `.git`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) files: BTreeMap<Vec<u8>, Seen>,
    /// Directories that are repositories of their own; not looked into.
    pub(crate) repositories: Vec<Vec<u8>>,
    /// Sockets and the like, which hold nothing.
    pub(crate) special: Vec<Vec<u8>>,
}

/// A worktree at one moment: its files, its index, and what is checked out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) contents: Contents,
    pub(crate) branch: Option<Branch>,
    /// The commit; `None` where there is none yet.
    pub(crate) head: Option<String>,
    index: Option<Seen>,
}

impl Sight {
    pub(crate) fn of(git: &dyn GitProgram, worktree: &Worktree) -> Result<Self, SalvageError> {
        worktree.is_at_its_place()?;
        let git_dir = &worktree.git_dir;
        let branch = branch_of(git_dir, git).map_err(|error| io::Error::other(error.to_string()))?;
        let head = crate::adding::commit(git, worktree.at(), "HEAD")?;
        let index = git_dir.join("index").symlink_metadata().ok().as_ref().and_then(Seen::of);
        Ok(Self { contents: Contents::of(&worktree.path)?, branch, head, index })
    }

    /// Whether nothing was ever checked out or staged there.
    pub(crate) fn has_no_index(&self) -> bool {
        self.index.is_none()
    }
}

/// A file as it was seen: another content has another stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) kind: Kind,
    pub(crate) size: u64,
    stamp: [i64; 5],
}

/// What Git keeps of what a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Executable,
    Symlink,
}

impl Kind {
    /// As a tree has it.
    pub(crate) fn mode(self) -> &'static str {
        match self {
            Self::Plain => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
        }
    }
}

impl Contents {
    /// Walks from `root` down, through no symlink.
    pub(crate) fn of(root: &Path) -> io::Result<Self> {
        let mut contents = Self::default();
        let mut left = vec![PathBuf::new()];
        while let Some(dir) = left.pop() {
            let is_root = dir.as_os_str().is_empty();
            let whole = root.join(&dir);
            if !is_root && whole.join(".git").symlink_metadata().is_ok() {
                contents.repositories.push(paths::bytes(&dir).to_vec());
                continue;
            }
            for entry in fs::read_dir(&whole).map_err(|error| named(&whole, error))? {
                let entry = entry.map_err(|error| named(&whole, error))?;
                let name = dir.join(entry.file_name());
                if is_root && entry.file_name() == ".git" {
                    continue;
                }
                let found = entry.metadata().map_err(|error| named(&entry.path(), error))?;
                match Seen::of(&found) {
                    _ if found.is_dir() => left.push(name),
                    Some(seen) => drop(contents.files.insert(paths::bytes(&name).to_vec(), seen)),
                    None => contents.special.push(paths::bytes(&name).to_vec()),
                }
            }
        }
        Ok(contents)
    }
}

impl Seen {
    fn of(found: &Metadata) -> Option<Self> {
        let kind = match found.file_type() {
            kind if kind.is_symlink() => Kind::Symlink,
            kind if kind.is_file() && found.mode() & 0o100 != 0 => Kind::Executable,
            kind if kind.is_file() => Kind::Plain,
            _ => return None,
        };
        let stamp =
            [found.ino().cast_signed(), found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()];
        Some(Self { kind, size: found.len(), stamp })
    }
}

/// The error with the path that it is about.
pub(crate) fn named(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
