//! A repository as seen from one directory.

use std::path::{Path, PathBuf};

use crate::place::Place;

/// A repository, and the worktree of it that the current directory is in.
///
/// Found by [`Repo::discover`]. All paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repo {
    git_dir: PathBuf,
    common_dir: PathBuf,
    worktree: Option<PathBuf>,
    cwd: PathBuf,
    submodule: Option<Submodule>,
}

/// The submodule that the current directory is in, where its superproject answers for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submodule {
    path: PathBuf,
    git_dir: PathBuf,
}

impl Submodule {
    pub(crate) fn new(inner: &Place, outer: &Place) -> Option<Self> {
        let root = inner.worktree.as_deref()?;
        let path = root.strip_prefix(outer.worktree.as_deref()?).ok()?;
        Some(Self { path: path.to_path_buf(), git_dir: inner.git_dir.clone() })
    }

    /// The submodule's root, relative to the root of the superproject's worktree.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The submodule's own Git directory.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }
}

impl Repo {
    pub(crate) fn new(place: Place, submodule: Option<Submodule>, cwd: &Path) -> Self {
        Self {
            git_dir: place.git_dir,
            common_dir: place.common_dir,
            worktree: place.worktree,
            cwd: cwd.to_path_buf(),
            submodule,
        }
    }

    pub(crate) fn place(&self) -> Place {
        Place {
            git_dir: self.git_dir.clone(),
            common_dir: self.common_dir.clone(),
            worktree: self.worktree.clone(),
        }
    }

    /// The Git directory of this worktree.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The directory that all worktrees of the repository share.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// The root of this worktree; `None` in a bare repository and inside of a Git directory.
    pub fn worktree(&self) -> Option<&Path> {
        self.worktree.as_deref()
    }

    /// Whether this worktree was added to the repository (`git worktree add`).
    pub fn is_linked(&self) -> bool {
        self.git_dir.as_os_str() != self.common_dir.as_os_str()
    }

    /// The current directory relative to the worktree's root (empty at the root); `None`
    /// where it is not in the worktree, or there is none. In a submodule that the superproject
    /// answers for, the root is the superproject's.
    pub fn prefix(&self) -> Option<&Path> {
        self.cwd.strip_prefix(self.worktree.as_deref()?).ok()
    }

    /// The submodule that the current directory is in; `None` also in one whose superprojects
    /// have no `.jit`, because then it is a repository like any other.
    pub fn submodule(&self) -> Option<&Submodule> {
        self.submodule.as_ref()
    }
}
