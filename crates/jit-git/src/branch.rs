//! The branch that a worktree is on.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use thiserror::Error;

use crate::git_files::{Head, parse_head, parse_reference};
use crate::probe;
use crate::program::{GitProgram, ProgramError};
use crate::repo::Repo;

/// The short name of a branch: `main` for `refs/heads/main`. Never empty; bytes, because Git
/// promises no encoding. Displayed with what is not UTF-8 replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Branch(Vec<u8>);

impl Branch {
    pub(crate) fn new(short: &[u8]) -> Option<Self> {
        (!short.is_empty()).then(|| Self(short.to_vec()))
    }

    /// The name as Git keeps it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// Why it cannot be said which branch a worktree is on.
#[derive(Debug, Error)]
pub enum BranchError {
    /// `HEAD` could not be read.
    #[error("cannot read {}: {source}; allow this process to read it", path.display())]
    Unreadable {
        /// The `HEAD` file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `HEAD` holds neither a reference nor a commit.
    #[error(
        "{} holds {found:?}, which is neither a reference nor a commit; \
         check out a branch in that worktree to write it anew", path.display()
    )]
    Malformed {
        /// The `HEAD` file.
        path: PathBuf,
        /// What it holds, shortened.
        found: String,
    },
    /// The references are kept in a reftable, which only Git reads, and Git could not.
    #[error("cannot ask Git for the branch (the references are not kept in files): {0}")]
    Program(#[from] ProgramError),
}

impl Repo {
    /// The branch that this worktree is on; `None` where `HEAD` is detached. A branch without
    /// commits counts. `git` is asked only where the references are not kept in files.
    ///
    /// # Errors
    /// [`BranchError`] where `HEAD` is unreadable or damaged, or Git was needed and failed.
    pub fn branch(&self, git: &dyn GitProgram) -> Result<Option<Branch>, BranchError> {
        branch_of(self.git_dir(), git)
    }
}

pub(crate) fn branch_of(git_dir: &Path, git: &dyn GitProgram) -> Result<Option<Branch>, BranchError> {
    match head_of(git_dir)? {
        Head::Branch(branch) => Ok(Some(branch)),
        Head::Detached => Ok(None),
        Head::Elsewhere => ask_git(git_dir, git),
    }
}

/// The branch that a rebase goes back to when it ends; until then, `HEAD` is detached.
pub(crate) fn rebased(git_dir: &Path) -> Option<Branch> {
    let read = |dir: &str| probe::read_small(&git_dir.join(dir).join("head-name")).ok().flatten();
    let name = read("rebase-merge").or_else(|| read("rebase-apply"))?;
    match parse_reference(name.trim_ascii()) {
        Some(Head::Branch(branch)) => Some(branch),
        _ => None,
    }
}

/// Reads `HEAD` of a Git directory, without Git.
pub(crate) fn head_of(git_dir: &Path) -> Result<Head, BranchError> {
    let path = git_dir.join("HEAD");
    let unreadable = |source: io::Error| BranchError::Unreadable { path: path.clone(), source };
    let content = probe::read_small(&path).map_err(unreadable)?;
    match content.as_deref().and_then(parse_head) {
        Some(Head::Branch(branch)) => Ok(Head::Branch(branch)),
        Some(Head::Elsewhere) => Ok(Head::Elsewhere),
        // Old versions made HEAD a symlink to the branch, which may not exist yet.
        detached => match rustix::fs::readlink(&path, Vec::new()) {
            Ok(target) => {
                parse_reference(target.as_bytes()).ok_or_else(|| malformed(&path, target.as_bytes()))
            }
            Err(Errno::INVAL) => {
                detached.ok_or_else(|| malformed(&path, content.as_deref().unwrap_or_default()))
            }
            Err(errno) => Err(unreadable(errno.into())),
        },
    }
}

fn malformed(path: &Path, content: &[u8]) -> BranchError {
    let shown = &content[..content.len().min(80)];
    BranchError::Malformed { path: path.to_path_buf(), found: String::from_utf8_lossy(shown).into_owned() }
}

fn ask_git(git_dir: &Path, git: &dyn GitProgram) -> Result<Option<Branch>, BranchError> {
    // Not --short: that gives "heads/x" where a tag x exists.
    let output = git.run(git_dir, &["symbolic-ref", "-q", "HEAD"], b"")?;
    if output.status == Some(1) {
        return Ok(None);
    }
    let output = output.successful()?;
    match parse_reference(output.stdout.trim_ascii()) {
        Some(Head::Branch(branch)) => Ok(Some(branch)),
        _ => Ok(None),
    }
}
