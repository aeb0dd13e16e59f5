//! Why no repository was found, or why the one found cannot be used.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::core_config::ConfigError;
use crate::git_files::GitFileFault;

/// Why [`Repo::discover`](crate::Repo::discover) gave no repository.
#[derive(Debug, Error)]
pub enum DiscoverError {
    /// Neither the directory nor any above it is in a repository.
    #[error(
        "{} is in no Git repository, nor is any directory above it", start.display()
    )]
    NotARepository {
        /// Where the search began.
        start: PathBuf,
    },
    /// A `.git` file does not say where the Git directory is.
    #[error(
        "{} does not say where the Git directory is: {fault} (it begins with {found:?}); \
         'git worktree repair' or 'git submodule update' writes it anew", path.display()
    )]
    GitFileMalformed {
        /// The `.git` file.
        path: PathBuf,
        /// What is wrong with it.
        fault: GitFileFault,
        /// How it begins.
        found: String,
    },
    /// A `.git` file names a directory that is no Git directory.
    #[error(
        "{} points to {}, which is no Git directory; if the repository was moved, \
         run 'git worktree repair' in it; if the worktree was removed there, delete this one",
        path.display(), target.display()
    )]
    GitFileTargetMissing {
        /// The `.git` file.
        path: PathBuf,
        /// The directory that it names.
        target: PathBuf,
    },
    /// A `commondir` file names a directory that is no Git directory.
    #[error(
        "{} points to {target:?}, which is no Git directory; \
         run 'git worktree repair' in the main worktree", path.display()
    )]
    CommonDirMissing {
        /// The `commondir` file.
        path: PathBuf,
        /// What it holds, shortened; empty where it holds no path.
        target: String,
    },
    /// An environment variable names what is not there.
    #[error("{variable} is set to {}, which is no {wanted}; correct it, or unset it", value.display())]
    Environment {
        /// The variable's name.
        variable: &'static str,
        /// What it is set to.
        value: PathBuf,
        /// What it should name.
        wanted: &'static str,
    },
    /// The system did not let the search look.
    #[error("cannot look at {}: {source}; allow this process to read it", path.display())]
    Unreadable {
        /// What was to be looked at.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Whether the repository is bare stands in its configuration, which cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
}
