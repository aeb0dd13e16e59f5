//! What was kept, as a list.

use std::path::PathBuf;

use crate::program::{GitProgram, ProgramError};
use crate::repo::Repo;
use crate::salvage::REFERENCES;
use crate::salvage::message::Message;

/// What was kept of a worktree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// `<branch>/<time>`.
    pub name: String,
    /// The reference that leads to it.
    pub reference: String,
    /// The commit that holds it.
    pub commit: String,
    /// The branch that was checked out; `None` where `HEAD` was detached.
    pub branch: Option<String>,
    /// The commit that was checked out; `None` where there was none yet.
    pub head: Option<String>,
    /// Where the worktree was.
    pub worktree: Option<PathBuf>,
    /// Who had it kept.
    pub agent: String,
    /// When, for people.
    pub kept_at: String,
    /// What there was to keep, a line each.
    pub about: Vec<String>,
}

impl Repo {
    /// All that was kept, by name. What else stands below `refs/jit/salvage/` is left out.
    ///
    /// # Errors
    /// [`ProgramError`] where Git could not be asked.
    pub fn salvages(&self, git: &dyn GitProgram) -> Result<Vec<Kept>, ProgramError> {
        let format = "--format=%(refname)%00%(objectname)%00%(contents)%00";
        let listed = self.shared().ask(git, &["for-each-ref", format, REFERENCES])?;
        let text = String::from_utf8_lossy(&listed).into_owned();
        let fields: Vec<&str> = text.split('\0').collect();
        let kept = fields.chunks_exact(3).filter_map(|fields| {
            let [reference, commit, text] = fields else { return None };
            let reference = reference.trim_start_matches('\n');
            let Message { branch, head, worktree, agent, kept_at, about } = Message::parse(text)?;
            let (name, commit) = (reference.strip_prefix(REFERENCES)?.to_owned(), (*commit).to_owned());
            let reference = reference.to_owned();
            Some(Kept { name, reference, commit, branch, head, worktree, agent, kept_at, about })
        });
        Ok(kept.collect())
    }
}
