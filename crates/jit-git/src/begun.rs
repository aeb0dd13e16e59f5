//! Branches that are made with a worktree: each is noted, as a reference, until that is whole, so that
//! one that a killed process made is told from all others.

use crate::program::{GitProgram, ProgramError};
use crate::repo::Repo;

const NOTES: &str = "refs/jit/adding/";

/// A branch that was made for a worktree which was not whole then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BegunBranch {
    /// Its name.
    pub name: String,
    start: String,
}

impl Repo {
    /// Makes a branch that is not there yet, and notes that, in one step.
    ///
    /// # Errors
    /// [`ProgramError`] where it is there by now.
    pub fn begin_branch(&self, git: &dyn GitProgram, branch: &str, at: &str) -> Result<(), ProgramError> {
        let steps = format!("create refs/heads/{branch} {at}\nupdate {NOTES}{branch} {at}\n");
        self.shared().run(git, &["update-ref", "--stdin"], steps.as_bytes())?.successful().map(drop)
    }

    /// Those that are noted.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not be asked.
    pub fn begun_branches(&self, git: &dyn GitProgram) -> Result<Vec<BegunBranch>, ProgramError> {
        let listed = self.shared().ask(git, &["for-each-ref", "--format=%(objectname) %(refname)", NOTES])?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let noted = |line: &str| {
            let (start, note) = line.split_once(' ')?;
            Some(BegunBranch { name: note.strip_prefix(NOTES)?.to_owned(), start: start.to_owned() })
        };
        Ok(listed.lines().filter_map(noted).collect())
    }

    /// Deletes one if it is where it was made and others lead there too; says whether it is gone.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not be asked, or somebody moved it just now.
    pub fn delete_begun(&self, git: &dyn GitProgram, begun: &BegunBranch) -> Result<bool, ProgramError> {
        let BegunBranch { name, start } = begun;
        let Some(tip) = self.tip(git, name)? else { return Ok(true) };
        let own = format!("--exclude=refs/heads/{name}");
        let others = [&own, "--exclude=refs/jit/*", "--glob=refs/*"];
        let only_its = [&["rev-list", "--max-count=1", start, "--not"][..], &others].concat();
        if tip != *start || !self.shared().ask(git, &only_its)?.is_empty() {
            return Ok(false);
        }
        self.delete_branch(git, name, start).map(|()| true)
    }

    /// Lets the note go.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not.
    pub fn forget_begun(&self, git: &dyn GitProgram, branch: &str) -> Result<(), ProgramError> {
        self.shared().ask(git, &["update-ref", "-d", &format!("{NOTES}{branch}")]).map(drop)
    }
}
