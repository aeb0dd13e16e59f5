//! What other worktrees' own files and other commits say.

use std::path::{Path, PathBuf};

use jit_core::{Facts, IssueId};
use jit_git::{SystemGit, Worktree};
use jit_tracker::{Issue, Origin, Source, issue_file};

use super::later::committed;
use super::{ISSUES, Tracker, opened};
use crate::error::Failure;
use crate::filed::is_worked;

impl Tracker<'_> {
    /// The other worktree whose own file says that the work on an issue was done, and is not of an attempt
    /// before, if one does.
    pub(crate) fn done_in(&self, id: IssueId, facts: &Facts) -> Result<Option<PathBuf>, Failure> {
        let here = self.root();
        let says_done = |issue: Issue| is_worked(&issue) && !facts.contradicts(issue.updated_at);
        let mut others = self.worktrees()?.into_iter().map(|worktree| worktree.path);
        Ok(others.find(|root| *root != here && own_file(root, id).is_some_and(says_done)))
    }

    /// Another worktree whose own file was written later than this one's, and says that an issue is open.
    pub(crate) fn open_in(&self, id: IssueId) -> Option<PathBuf> {
        let here = self.root();
        let filed = own_file(&here, id)?;
        let knows = |other: Issue| !other.state.is_ended() && other.updated_at > filed.updated_at;
        let mut others = self.worktrees().ok()?.into_iter().map(|worktree| worktree.path);
        others.find(|root| *root != here && own_file(root, id).is_some_and(knows))
    }

    /// Whether this worktree's own file says that the work on an issue was done.
    pub(crate) fn says_done_here(&self, id: IssueId) -> bool {
        self.own.is_some() && own_file(&self.root(), id).is_some_and(|issue| is_worked(&issue))
    }

    /// All worktrees of the repository.
    pub(crate) fn worktrees(&self) -> Result<Vec<Worktree>, Failure> {
        Ok(self.world.repo()?.worktrees(&SystemGit::on_path())?)
    }

    /// Of each of these, the issue as its file at this commit says; nothing where there is none that
    /// can be read. Git is asked once.
    pub(crate) fn issues_at(&self, asked: &[(IssueId, &str)]) -> Result<Vec<Option<Issue>>, Failure> {
        let named: Vec<String> = asked.iter().map(|(id, commit)| committed(commit, *id)).collect();
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        let texts = self.world.repo()?.committed_contents(&SystemGit::on_path(), &named);
        let texts = texts.map_err(|error| Failure::git(&error))?;
        let there =
            |((id, _), text): (&(IssueId, &str), Option<Vec<u8>>)| issue_file::parse(*id, &text?).ok();
        Ok(asked.iter().zip(texts).map(there).collect())
    }

    /// Whether a branch, or what is checked out somewhere, has an issue's file.
    pub(crate) fn is_on_a_branch(&self, id: IssueId) -> Result<bool, Failure> {
        let commits = self.commits()?;
        let asked: Vec<(IssueId, &str)> = commits.iter().map(|commit| (id, commit.as_str())).collect();
        Ok(self.issues_at(&asked)?.iter().any(Option::is_some))
    }

    /// Every branch, and what is checked out somewhere, perhaps without one.
    pub(crate) fn commits(&self) -> Result<Vec<String>, Failure> {
        let branches = self.world.repo()?.branches(&SystemGit::on_path());
        let branches = branches.map_err(|error| Failure::git(&error))?;
        let worktrees = self.worktrees()?;
        Ok(branches.into_iter().chain(worktrees.iter().filter_map(head_name)).collect())
    }

    /// What `git merge` is told of one of those: what is checked out may be another a moment later.
    pub(crate) fn to_merge(&self, name: &str) -> Result<String, Failure> {
        match name.strip_prefix(HEADS).or(name.strip_prefix("refs/remotes/")) {
            Some(branch) => Ok(branch.to_owned()),
            None => {
                let commit = self.world.repo()?.commit(&SystemGit::on_path(), name);
                let commit = commit.map_err(|error| Failure::git(&error))?;
                Ok(commit.unwrap_or_else(|| name.to_owned()))
            }
        }
    }
}

/// Before the name of a branch.
pub(crate) const HEADS: &str = "refs/heads/";

/// What is checked out in a worktree, as it is called in all of them.
pub(crate) fn head_name(worktree: &Worktree) -> Option<String> {
    let name = worktree.git_dir.file_name()?.to_str()?;
    let is_linked = worktree.git_dir.parent().is_some_and(|book| book.ends_with("worktrees"));
    Some(if is_linked { format!("worktrees/{name}/HEAD") } else { super::head::MAIN_HEAD.to_owned() })
}

/// An issue as the own file of the worktree at this root says; nothing where there is none that can be
/// read.
pub(crate) fn own_file(root: &Path, id: IssueId) -> Option<Issue> {
    let text = opened(root, ISSUES, Origin::Main).ok()?.read(&issue_file::file_name(id)).ok()??;
    issue_file::parse(id, &text).ok()
}
