//! Finding the repository: the hot path, in as few system calls as it takes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::discover_error::DiscoverError;
use crate::env::GitEnv;
use crate::git_files;
use crate::paths;
use crate::place::{self, GitFile, Place};
use crate::probe::{Presence, Probe};
use crate::repo::Repo;
use crate::superproject;

impl Repo {
    /// The repository that `cwd` is in, as `git rev-parse` would say.
    ///
    /// `cwd` is what `getcwd` answers (`std::env::current_dir`): absolute and without
    /// symlinks. Any other path goes through [`Repo::discover_from`]. In a submodule, the
    /// outermost superproject that has a `.jit` directory is the answer (see
    /// [`Repo::submodule`]).
    ///
    /// # Errors
    /// [`DiscoverError`]: outside of any repository, or in one whose `.git` is broken.
    pub fn discover(cwd: &Path, env: &GitEnv) -> Result<Self, DiscoverError> {
        if !cwd.is_absolute() {
            return Self::discover_from(cwd, env);
        }
        let mut search = Search { probe: Probe::new(cwd), env, cwd };
        let place = match &env.git_dir {
            Some(git_dir) => search.explicit(git_dir.as_ref())?,
            None => {
                let ceilings = env.ceilings();
                match search.upwards(cwd, &ceilings)? {
                    Some(found) => search.place(&found)?,
                    None => {
                        return Err(DiscoverError::NotARepository { start: cwd.to_path_buf() });
                    }
                }
            }
        };
        let (place, submodule) = superproject::adopt(place)?;
        Ok(Self::new(place, submodule, cwd))
    }

    /// The same for a path that may be relative or lead through symlinks.
    ///
    /// # Errors
    /// As [`Repo::discover`]; [`DiscoverError::Unreadable`] where the path is not there.
    pub fn discover_from(path: &Path, env: &GitEnv) -> Result<Self, DiscoverError> {
        let cwd = fs::canonicalize(path).map_err(unreadable(path))?;
        Self::discover(&cwd, env)
    }
}

/// What the walk upwards stopped at.
pub(crate) enum Found {
    /// A `.git` directory in `root`.
    DotGitDir { root: PathBuf },
    /// A `.git` file in `root`, with its content.
    DotGitFile { root: PathBuf, content: Vec<u8> },
    /// A Git directory itself: a bare repository, or the inside of `.git`.
    GitDir { dir: PathBuf },
}

/// One search: what it may ask, and where it began.
pub(crate) struct Search<'a> {
    pub(crate) probe: Probe,
    pub(crate) env: &'a GitEnv,
    pub(crate) cwd: &'a Path,
}

impl Search<'_> {
    /// Walks from `start` to the root directory, not into any of `ceilings`.
    pub(crate) fn upwards(
        &mut self,
        start: &Path,
        ceilings: &[PathBuf],
    ) -> Result<Option<Found>, DiscoverError> {
        let mut dir = start;
        loop {
            if let Some(found) = self.found_in(dir)? {
                return Ok(Some(found));
            }
            match paths::parent(dir) {
                Some(parent) if !ceilings.iter().any(|c| c == parent) => dir = parent,
                _ => return Ok(None),
            }
        }
    }

    fn found_in(&mut self, dir: &Path) -> Result<Option<Found>, DiscoverError> {
        // One look tells all three: a `.git` directory, a `.git` file, neither.
        match self.look(dir, ".git/HEAD")? {
            Presence::There => Ok(Some(Found::DotGitDir { root: dir.to_path_buf() })),
            Presence::UnderAFile => match self.read(dir, ".git")? {
                Some(content) => Ok(Some(Found::DotGitFile { root: dir.to_path_buf(), content })),
                None => Ok(None),
            },
            Presence::Absent => Ok(self.is_git_dir(dir)?.then(|| Found::GitDir { dir: dir.to_path_buf() })),
        }
    }

    /// Whether `dir` itself is a Git directory: `HEAD`, and objects and references in it or
    /// in its common directory.
    fn is_git_dir(&mut self, dir: &Path) -> Result<bool, DiscoverError> {
        if self.look(dir, "HEAD")? != Presence::There {
            return Ok(false);
        }
        if self.is_dir(dir, "objects")? && self.is_dir(dir, "refs")? {
            return Ok(true);
        }
        let Some(content) = self.read(dir, "commondir")? else {
            return Ok(false);
        };
        match git_files::parse_path_line(&content) {
            Some(target) => self.is_dir(&paths::resolve_common_dir(dir, target), "objects"),
            None => Ok(false),
        }
    }

    /// What `found` says about the Git directory, the common directory and the worktree.
    pub(crate) fn place(&mut self, found: &Found) -> Result<Place, DiscoverError> {
        match found {
            Found::DotGitDir { root } => place::discovered(self, root.join(".git"), Some(root)),
            Found::GitDir { dir } => place::discovered(self, dir.clone(), None),
            Found::DotGitFile { root, content } => {
                let file = GitFile::parse(root.join(".git"), content)?;
                place::named(self, file, root)
            }
        }
    }

    /// The Git directory that the `.git` file in `GIT_DIR` names; it must be one.
    fn git_file_target(&mut self, path: PathBuf, content: &[u8]) -> Result<PathBuf, DiscoverError> {
        let file = GitFile::parse(path, content)?;
        if self.look(&file.target, "HEAD")? == Presence::There {
            return Ok(file.target);
        }
        Err(DiscoverError::GitFileTargetMissing { path: file.path, target: file.target })
    }

    /// `GIT_DIR` is set: no search.
    fn explicit(&mut self, git_dir: &Path) -> Result<Place, DiscoverError> {
        let named = paths::resolve(self.cwd, paths::bytes(git_dir));
        let not_there = || DiscoverError::Environment {
            variable: "GIT_DIR",
            value: git_dir.to_path_buf(),
            wanted: "Git directory",
        };
        if paths::bytes(git_dir).is_empty() {
            return Err(not_there());
        }
        let git_dir = match self.look(&named, "HEAD")? {
            Presence::There => named,
            Presence::Absent => return Err(not_there()),
            Presence::UnderAFile => {
                let content = crate::probe::read_small(&named).map_err(unreadable(&named))?;
                let content = content.ok_or_else(not_there)?;
                self.git_file_target(named, &content)?
            }
        };
        place::explicit(self, git_dir)
    }

    pub(crate) fn look(&mut self, dir: &Path, name: &str) -> Result<Presence, DiscoverError> {
        let seen = self.probe.look(dir, name);
        seen.map_err(|source| unreadable(&dir.join(name))(source))
    }

    pub(crate) fn is_dir(&mut self, dir: &Path, name: &str) -> Result<bool, DiscoverError> {
        let seen = self.probe.is_dir(dir, name);
        seen.map_err(|source| unreadable(&dir.join(name))(source))
    }

    pub(crate) fn read(&mut self, dir: &Path, name: &str) -> Result<Option<Vec<u8>>, DiscoverError> {
        let content = self.probe.read(dir, name);
        content.map_err(|source| unreadable(&dir.join(name))(source))
    }
}

pub(crate) fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> DiscoverError + '_ {
    |source| DiscoverError::Unreadable { path: path.to_path_buf(), source }
}
