//! What other worktrees' own files say.

use std::path::{Path, PathBuf};

use jit_core::IssueId;
use jit_tracker::{Origin, Source, State, issue_file};

use super::{ISSUES, Tracker, opened};
use crate::error::Failure;

impl Tracker<'_> {
    /// The other worktree whose own file says that the work on an issue was done, if one does.
    pub(crate) fn done_in(&self, id: IssueId) -> Result<Option<PathBuf>, Failure> {
        let here = self.root();
        let worktrees = self.world.repo()?.worktrees(&jit_git::SystemGit::on_path())?;
        let mut others = worktrees.into_iter().map(|worktree| worktree.path).filter(|root| *root != here);
        Ok(others.find(|root| is_done(root, id)))
    }
}

/// What can't be read says nothing.
fn is_done(root: &Path, id: IssueId) -> bool {
    let text =
        opened(root, ISSUES, Origin::Main).ok().and_then(|dir| dir.read(&issue_file::file_name(id)).ok()?);
    let issue = text.and_then(|text| issue_file::parse(id, &text).ok());
    issue.is_some_and(|issue| matches!(issue.state, State::Gated | State::Done))
}
