//! Worktrees and branches that are made and taken away.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use crate::contents::named;
use crate::program::{At, GitProgram, ProgramError};
use crate::removing;
use crate::repo::Repo;
use crate::salvage::SalvageError;
use crate::unsaved::Unsaved;
use crate::worktrees::Worktree;

/// A worktree that is to be.
#[derive(Clone, Copy, Debug)]
pub struct NewWorktree<'a> {
    /// Where.
    pub path: &'a Path,
    /// The branch that it is on.
    pub branch: &'a str,
    /// Whether the branch is one without commits, which is made with it.
    pub orphan: bool,
    /// Why it is locked from the first moment on.
    pub reason: &'a str,
}

impl Repo {
    pub(crate) fn shared(&self) -> At<'_> {
        At { git_dir: self.common_dir(), root: None }
    }

    /// The commit that is checked out here; `None` where there is none yet.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not be asked.
    pub fn head(&self, git: &dyn GitProgram) -> Result<Option<String>, ProgramError> {
        commit(git, At { git_dir: self.git_dir(), root: None }, "HEAD")
    }

    /// The commit that a branch is at; `None` where there is no such branch.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not be asked.
    pub fn tip(&self, git: &dyn GitProgram, branch: &str) -> Result<Option<String>, ProgramError> {
        commit(git, self.shared(), &format!("refs/heads/{branch}"))
    }

    /// The commit that a name leads to; `None` where there is none.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not be asked.
    pub fn commit(&self, git: &dyn GitProgram, name: &str) -> Result<Option<String>, ProgramError> {
        commit(git, self.shared(), name)
    }

    /// Whether a branch may be called so.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not be asked.
    pub fn may_name_branch(&self, git: &dyn GitProgram, name: &str) -> Result<bool, ProgramError> {
        let reference = format!("refs/heads/{name}");
        let answer = self.shared().run(git, &["check-ref-format", &reference], b"")?;
        // A name that looks like an option is refused by Git's own commands.
        Ok(answer.status == Some(0) && !name.starts_with('-') && name != "HEAD")
    }

    /// Makes a worktree, locked, with its files.
    ///
    /// # Errors
    /// [`ProgramError`] where Git did not; something of it may be there then.
    pub fn add_worktree(&self, git: &dyn GitProgram, new: &NewWorktree<'_>) -> Result<(), ProgramError> {
        let mut arguments: Vec<&OsStr> =
            ["worktree", "add", "--quiet", "--lock", "--reason", new.reason].map(OsStr::new).into();
        match new.orphan {
            false => arguments.extend([new.path.as_os_str(), OsStr::new(new.branch)]),
            true => {
                arguments.extend(["--orphan", "-b", new.branch].map(OsStr::new));
                arguments.push(new.path.as_os_str());
            }
        }
        git.run_at(self.shared(), &arguments, &mut |_| Ok(()))?.successful().map(drop)
    }

    /// Keeps a worktree from being pruned.
    ///
    /// # Errors
    /// [`ProgramError`] where Git did not.
    pub fn lock_worktree(&self, git: &dyn GitProgram, path: &Path, reason: &str) -> Result<(), ProgramError> {
        let arguments = ["worktree", "lock", "--reason", reason].map(OsStr::new);
        self.on_worktree(git, &arguments, path)
    }

    /// Lets it be pruned again.
    ///
    /// # Errors
    /// [`ProgramError`] where Git did not.
    pub fn unlock_worktree(&self, git: &dyn GitProgram, path: &Path) -> Result<(), ProgramError> {
        self.on_worktree(git, &["worktree", "unlock"].map(OsStr::new), path)
    }

    /// Takes a worktree away with all that is in it, if it is still as it was seen, and kept as `kept` if
    /// there was something to keep. Its `.git` goes last: what is interrupted is still a worktree, and can
    /// be taken away again.
    ///
    /// # Errors
    /// [`SalvageError::Changed`]; where it is not at its place, a file can't be taken away, or Git did
    /// not let it go.
    pub fn remove_worktree(
        &self,
        git: &dyn GitProgram,
        worktree: &Worktree,
        seen: &Unsaved,
        kept: Option<&str>,
    ) -> Result<(), SalvageError> {
        if !worktree.is_unchanged(git, seen)? {
            return Err(SalvageError::Changed(worktree.path.clone()));
        }
        if let Some(kept) = kept {
            removing::begin(worktree, kept)?;
        }
        emptied(&worktree.path)?;
        Ok(self.dropped(git, &worktree.path)?)
    }

    /// Lets Git forget a worktree that is not at its place.
    ///
    /// # Errors
    /// [`ProgramError`] where Git did not; it does not where something stands there.
    pub fn forget_worktree(&self, git: &dyn GitProgram, worktree: &Worktree) -> Result<(), ProgramError> {
        // Git makes the directory first, and may have been stopped then.
        let _ = without_files(&worktree.path);
        self.dropped(git, &worktree.path)
    }

    /// Takes away a worktree without `HEAD`, which Git was stopped at: it has no files then but its
    /// `.git`. Git does not take such a one for a worktree, and would not.
    ///
    /// # Errors
    /// Where it has other files, or is not at its place; where Git did not let it go.
    pub fn remove_begun(&self, git: &dyn GitProgram, worktree: &Worktree) -> Result<(), SalvageError> {
        worktree.is_at_its_place()?;
        without_dot_git(&worktree.path).map_err(|error| named(&worktree.path, error))?;
        Ok(self.forget_worktree(git, worktree)?)
    }

    fn dropped(&self, git: &dyn GitProgram, path: &Path) -> Result<(), ProgramError> {
        self.on_worktree(git, &["worktree", "remove", "--force", "--force"].map(OsStr::new), path)
    }

    /// Makes a branch that is not there yet.
    ///
    /// # Errors
    /// [`ProgramError`] where it is there by now.
    pub fn make_branch(&self, git: &dyn GitProgram, branch: &str, at: &str) -> Result<(), ProgramError> {
        self.shared().ask(git, &["update-ref", &format!("refs/heads/{branch}"), at, ""]).map(drop)
    }

    /// Deletes a branch that is at this commit, with its configuration.
    ///
    /// # Errors
    /// [`ProgramError`] where it is at another one by now.
    pub fn delete_branch(&self, git: &dyn GitProgram, branch: &str, at: &str) -> Result<(), ProgramError> {
        let reference = format!("refs/heads/{branch}");
        self.shared().ask(git, &["update-ref", "-d", &reference, at])?;
        // Most have none.
        let _ = self.shared().run(git, &["config", "--remove-section", &format!("branch.{branch}")], b"");
        Ok(())
    }

    fn on_worktree(
        &self,
        git: &dyn GitProgram,
        arguments: &[&OsStr],
        path: &Path,
    ) -> Result<(), ProgramError> {
        let arguments: Vec<&OsStr> = arguments.iter().copied().chain([path.as_os_str()]).collect();
        git.run_at(self.shared(), &arguments, &mut |_| Ok(()))?.successful().map(drop)
    }
}

/// The commit that a name leads to.
pub(crate) fn commit(git: &dyn GitProgram, at: At<'_>, name: &str) -> Result<Option<String>, ProgramError> {
    let answer = at.run(git, &["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")], b"")?;
    let id = String::from_utf8_lossy(answer.stdout.trim_ascii()).into_owned();
    Ok((answer.status == Some(0) && !id.is_empty()).then_some(id))
}

/// Takes away a directory in which nothing is.
#[allow(clippy::disallowed_methods, reason = "the adapter that takes worktrees away")]
fn without_files(path: &Path) -> io::Result<()> {
    fs::remove_dir(path)
}

/// Takes away the `.git` of a directory that has nothing else.
#[allow(clippy::disallowed_methods, reason = "the adapter that takes worktrees away")]
fn without_dot_git(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        if entry?.file_name() != ".git" {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
    }
    fs::remove_file(path.join(".git"))
}

/// Takes away all that is in a directory, but for its `.git`; no symlink is followed.
#[allow(clippy::disallowed_methods, reason = "the adapter that takes worktrees away")]
fn emptied(path: &Path) -> Result<(), SalvageError> {
    for entry in fs::read_dir(path).map_err(|error| SalvageError::Io(named(path, error)))? {
        let entry = entry.map_err(|error| SalvageError::Io(named(path, error)))?;
        if entry.file_name() == ".git" {
            continue;
        }
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let gone = if is_dir { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
        gone.map_err(|error| SalvageError::Io(named(&entry.path(), error)))?;
    }
    Ok(())
}
