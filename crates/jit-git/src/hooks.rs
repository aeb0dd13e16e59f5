//! Hooks: where Git looks for them in each worktree, and how a block of ours gets into them and out
//! again. What the block does is the caller's.

mod configured;
mod exclude;
mod file;
mod files;
mod script;

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

pub use self::file::{HookChange, HookState};

use crate::config_env::ConfigEnv;
use crate::core_config::ConfigError;
use crate::paths::{self, real};
use crate::place::Place;
use crate::program::{GitProgram, ProgramError};
use crate::repo::Repo;
use crate::worktrees::{WorktreeKind, WorktreesError};

/// A directory in which Git looks for hooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookDir {
    /// The directory, which may be absent.
    pub path: PathBuf,
    /// The worktrees whose hooks it has; the repository's path where there is none.
    pub worktrees: Vec<PathBuf>,
    /// The worktree that it is in, where its files may be committed.
    inside: Option<Inside>,
    common_dir: PathBuf,
}

/// A worktree that a directory is in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Inside {
    git_dir: PathBuf,
    root: PathBuf,
}

/// Why hooks could not be looked at or changed.
#[derive(Debug, Error)]
pub enum HooksError {
    /// The worktrees can't be told.
    #[error(transparent)]
    Worktrees(#[from] WorktreesError),
    /// Where the hooks are can't be told.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Git could not say what is tracked.
    #[error(transparent)]
    Git(#[from] ProgramError),
    /// `core.hooksPath` leads to something else than a directory.
    #[error("core.hooksPath leads to {}, which is no directory: Git runs no hooks there", .0.display())]
    NoDirectory(PathBuf),
    /// `core.hooksPath` is empty, and Git looks nowhere in the repository.
    #[error("core.hooksPath is empty: Git runs no hooks here")]
    Nowhere,
    /// A directory has a hook's name.
    #[error("{} is a directory, and Git can't run it", .0.display())]
    Directory(PathBuf),
    /// Something stands where a hook's original would be put.
    #[error("{} is there already, from an earlier hook", .0.display())]
    Occupied(PathBuf),
    /// A hook, or Git's list of what it ignores, has a mark of a block without the other.
    #[error("{} has one of the two marks of a block of jit's, not both", .0.display())]
    Torn(PathBuf),
    /// A file or directory could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl HooksError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_path_buf(), source }
    }
}

impl Repo {
    /// The directories in which Git looks for hooks, of all worktrees that are there.
    ///
    /// # Errors
    /// Where the worktrees or `core.hooksPath` can't be read, or that is empty or leads to no directory.
    pub fn hook_dirs(&self, git: &dyn GitProgram, env: &ConfigEnv) -> Result<Vec<HookDir>, HooksError> {
        let all = self.worktrees(git)?;
        let there = |kind| all.iter().filter(move |w| (w.kind == WorktreeKind::Bare) == kind && !w.prunable);
        // A bare repository's own hooks are those of its worktrees; without any, it has only itself.
        let mut seen: Vec<_> = there(false).collect();
        if seen.is_empty() {
            seen = there(true).collect();
        }
        let roots: Vec<Inside> = there(false)
            .map(|worktree| Inside { git_dir: worktree.git_dir.clone(), root: real(&worktree.path) })
            .collect();
        let mut dirs: Vec<HookDir> = Vec::new();
        for worktree in seen {
            let root = (worktree.kind != WorktreeKind::Bare).then(|| worktree.path.clone());
            let place = Place {
                git_dir: worktree.git_dir.clone(),
                common_dir: self.common_dir().to_path_buf(),
                worktree: root,
            };
            let path = real(&Repo::new(place, None, &worktree.path).hooks_path(env)?);
            match dirs.iter_mut().find(|dir| dir.path == path) {
                Some(dir) => dir.worktrees.push(worktree.path.clone()),
                None => {
                    let inside = self.worktree_around(&path, &roots);
                    let (worktrees, common_dir) =
                        (vec![worktree.path.clone()], self.common_dir().to_path_buf());
                    dirs.push(HookDir { path, worktrees, inside, common_dir });
                }
            }
        }
        match dirs.iter().find(|dir| dir.path.exists() && !dir.path.is_dir()) {
            Some(dir) => Err(HooksError::NoDirectory(dir.path.clone())),
            None => Ok(dirs),
        }
    }

    /// Where Git looks for this worktree's hooks.
    fn hooks_path(&self, env: &ConfigEnv) -> Result<PathBuf, HooksError> {
        Ok(match (self.setting(env, "core.hookspath")?.flatten(), &env.home) {
            (Some(path), _) if path.is_empty() => return Err(HooksError::Nowhere),
            (None, _) => self.common_dir().join("hooks"),
            (Some(path), Some(home)) if path.starts_with("~/") => home.join(&path[2..]),
            (Some(path), _) => paths::resolve(self.worktree().unwrap_or(self.common_dir()), path.as_bytes()),
        })
    }

    fn worktree_around(&self, path: &Path, roots: &[Inside]) -> Option<Inside> {
        if path.starts_with(real(self.common_dir())) {
            return None;
        }
        let around = roots.iter().filter(|inside| path.starts_with(&inside.root));
        around.max_by_key(|inside| inside.root.as_os_str().len()).cloned()
    }
}

impl HookDir {
    /// Whether it is neither in the repository nor in one of its worktrees, so that other
    /// repositories may use it too.
    pub fn is_elsewhere(&self) -> bool {
        self.inside.is_none() && !self.path.starts_with(real(&self.common_dir))
    }

    /// A hook's path from the root of the worktree that it is in.
    fn within(&self, name: &str) -> Option<(&Inside, String)> {
        let inside = self.inside.as_ref()?;
        let path = self.path.strip_prefix(&inside.root).ok()?.join(name);
        Some((inside, path.to_str()?.to_owned()))
    }

    /// Whether a hook is tracked, and so not ours to change.
    ///
    /// # Errors
    /// Where Git can't say.
    pub fn tracks(&self, git: &dyn GitProgram, name: &str) -> Result<bool, HooksError> {
        let Some((inside, path)) = self.within(name) else { return Ok(false) };
        let named = format!(":(top,literal){path}");
        let listed = git.run(&inside.git_dir, &["ls-files", "-z", "--", &named], b"")?.successful()?;
        Ok(!listed.stdout.is_empty())
    }
}
