//! All worktrees of the repository, from the directory in which Git keeps book of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::branch::{self, Branch, BranchError};
use crate::contents::named;
use crate::core_config::{ConfigError, CoreConfig};
use crate::git_files;
use crate::identity::{self, IdentityError, WorktreeIdentity};
use crate::paths;
use crate::probe;
use crate::program::GitProgram;
use crate::repo::Repo;
use crate::salvage::SalvageError;

/// What kind of worktree an entry of the list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorktreeKind {
    /// The repository's first, whose Git directory is the common directory.
    Main,
    /// None at all: the repository is bare, and the path is the repository's.
    Bare,
    /// One that `git worktree add` made.
    Linked,
}

/// One entry of the list of worktrees. What is broken in one of them is told in it, so that
/// the others can still be listed.
#[derive(Debug)]
pub struct Worktree {
    /// Its root, which may be gone.
    pub path: PathBuf,
    /// Its own Git directory.
    pub git_dir: PathBuf,
    /// What it is.
    pub kind: WorktreeKind,
    /// The branch that it is on; `None` where `HEAD` is detached.
    pub branch: Result<Option<Branch>, BranchError>,
    /// Its identity; `None` where jit has not yet been used there.
    pub identity: Result<Option<WorktreeIdentity>, IdentityError>,
    /// Why it is locked (empty where no reason was given); `None` where it is not.
    pub locked: Option<String>,
    /// Whether `git worktree prune` would drop it: it is gone, and not locked.
    pub prunable: bool,
}

/// Why the worktrees cannot be listed.
#[derive(Debug, Error)]
pub enum WorktreesError {
    /// Git's book of worktrees could not be read.
    #[error("cannot read {}: {source}; allow this process to read it", path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Whether the repository is bare could not be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl Worktree {
    /// The branch that is being rebased there: `HEAD` is detached until that ends.
    pub fn rebased(&self) -> Option<Branch> {
        branch::rebased(&self.git_dir)
    }

    /// Whether Git has noted what is checked out there; it fills a worktree only after that.
    pub fn has_head(&self) -> bool {
        let found = self.git_dir.join("HEAD").symlink_metadata();
        !found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    }

    /// Whether what stands at its place is this worktree, as Git tells it: a `.git` file that leads
    /// back to its Git directory.
    ///
    /// # Errors
    /// [`SalvageError::Gone`], [`SalvageError::Replaced`]; where its `.git` can't be read.
    pub fn is_at_its_place(&self) -> Result<(), SalvageError> {
        let dot_git = self.path.join(".git");
        let is_file = match fs::metadata(&dot_git) {
            Ok(found) => found.is_file(),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Err(SalvageError::Gone { path: self.path.clone(), locked: self.locked.is_some() });
            }
            Err(error) => return Err(named(&dot_git, error).into()),
        };
        let content =
            if is_file { probe::read_small(&dot_git).map_err(|error| named(&dot_git, error))? } else { None };
        let target = content.as_deref().and_then(|content| git_files::parse_git_file(content).ok());
        let target = target.map(|target| paths::resolve(&self.path, target));
        match target.is_some_and(|target| paths::real(&target) == paths::real(&self.git_dir)) {
            true => Ok(()),
            false => Err(SalvageError::Replaced(self.path.clone())),
        }
    }
}

impl Repo {
    /// All worktrees: the main one, or the bare repository, then the linked ones by path.
    /// `git` is asked for branches only where references are not kept in files. Entries that
    /// name no path (one that is being added just now) are left out, as Git does.
    ///
    /// # Errors
    /// [`WorktreesError`] where Git's book of them, or the configuration, is unreadable.
    pub fn worktrees(&self, git: &dyn GitProgram) -> Result<Vec<Worktree>, WorktreesError> {
        let mut linked = Vec::new();
        let book = self.common_dir().join("worktrees");
        for git_dir in subdirectories(&book)? {
            linked.extend(linked_worktree(git_dir, git)?);
        }
        linked.sort_by(|a, b| a.path.cmp(&b.path));
        linked.insert(0, self.main_worktree(git)?);
        Ok(linked)
    }

    /// The roots of the worktrees that are there and have an identity. Starts no program and leaves
    /// out what can't be read: only to tell people where somebody works.
    pub fn roots(&self) -> Vec<(WorktreeIdentity, PathBuf)> {
        let main = self.main_root().map(|(_, root)| (self.common_dir().to_path_buf(), root));
        let linked = subdirectories(&self.common_dir().join("worktrees")).unwrap_or_default();
        let linked = linked.into_iter().filter_map(|git_dir| {
            let dot_git = dot_git_of(&git_dir).ok().flatten().filter(|dot_git| dot_git.exists())?;
            Some((git_dir, without_dot_git(&dot_git)))
        });
        main.into_iter()
            .chain(linked)
            .filter_map(|(git_dir, root)| Some((identity_in(&git_dir).ok().flatten()?, root)))
            .collect()
    }

    fn main_worktree(&self, git: &dyn GitProgram) -> Result<Worktree, WorktreesError> {
        let (kind, path) = self.main_root()?;
        let git_dir = self.common_dir().to_path_buf();
        Ok(Worktree {
            path,
            kind,
            branch: branch::branch_of(&git_dir, git),
            identity: identity_in(&git_dir),
            git_dir,
            locked: None,
            prunable: false,
        })
    }

    fn main_root(&self) -> Result<(WorktreeKind, PathBuf), WorktreesError> {
        let git_dir = self.common_dir();
        let core = CoreConfig::read(git_dir)?;
        let kind = match core.bare {
            Some(true) => WorktreeKind::Bare,
            _ => WorktreeKind::Main,
        };
        let own = self.worktree().filter(|_| !self.is_linked());
        let path = match (own, core.worktree) {
            (Some(root), _) => root.to_path_buf(),
            (None, Some(configured)) if kind == WorktreeKind::Main => {
                let root = git_dir.join(configured);
                fs::canonicalize(&root).unwrap_or(root)
            }
            (None, _) => without_dot_git(git_dir),
        };
        Ok((kind, path))
    }
}

fn read(git_dir: &Path, name: &str) -> Result<Option<Vec<u8>>, WorktreesError> {
    let path = git_dir.join(name);
    probe::read_small(&path).map_err(|source| WorktreesError::Unreadable { path, source })
}

/// Where the `.git` file of a linked worktree is, or was.
fn dot_git_of(git_dir: &Path) -> Result<Option<PathBuf>, WorktreesError> {
    let content = read(git_dir, "gitdir")?.unwrap_or_default();
    Ok(git_files::parse_path_line(&content).map(|dot_git| paths::resolve(git_dir, dot_git)))
}

fn linked_worktree(git_dir: PathBuf, git: &dyn GitProgram) -> Result<Option<Worktree>, WorktreesError> {
    let Some(dot_git) = dot_git_of(&git_dir)? else { return Ok(None) };
    let locked = read(&git_dir, "locked")?.map(|reason| {
        let reason = String::from_utf8_lossy(&reason);
        reason.trim_end_matches(['\n', '\r']).to_owned()
    });
    Ok(Some(Worktree {
        path: without_dot_git(&dot_git),
        kind: WorktreeKind::Linked,
        branch: branch::branch_of(&git_dir, git),
        identity: identity_in(&git_dir),
        prunable: locked.is_none() && !dot_git.exists(),
        git_dir,
        locked,
    }))
}

fn identity_in(git_dir: &Path) -> Result<Option<WorktreeIdentity>, IdentityError> {
    Ok(identity::read(git_dir)?.map(|stored| stored.identity))
}

fn without_dot_git(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if path.ends_with(".git") => parent.to_path_buf(),
        _ => path.to_path_buf(),
    }
}

fn subdirectories(book: &Path) -> Result<Vec<PathBuf>, WorktreesError> {
    let unreadable = |source| WorktreesError::Unreadable { path: book.to_path_buf(), source };
    let entries = match fs::read_dir(book) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(unreadable(source)),
    };
    let mut directories = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        if entry.file_type().map_err(unreadable)?.is_dir() {
            directories.push(entry.path());
        }
    }
    Ok(directories)
}
