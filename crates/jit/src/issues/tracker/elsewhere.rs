//! What other worktrees' own files and other commits say.

use std::path::{Path, PathBuf};

use jit_core::{Facts, IssueId};
use jit_git::{SystemGit, Worktree};
use jit_tracker::{Issue, Origin, Source, issue_file};

use super::later::committed;
use super::{ISSUES, Tracker, opened};
use crate::error::Failure;
use crate::issues::filed::is_worked;

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

    /// What the files of each of these issues at this commit say. Git is asked once.
    pub(crate) fn said_at(&self, asked: &[(IssueId, &str)]) -> Result<Vec<Said>, Failure> {
        let names = |(id, commit): &(IssueId, &str)| {
            [issue_file::file_name(*id), issue_file::deleted_name(*id)].map(|name| committed(commit, &name))
        };
        let named: Vec<String> = asked.iter().flat_map(names).collect();
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        let texts = self.world.repo()?.committed_contents(&SystemGit::on_path(), &named);
        let texts = texts.map_err(|error| Failure::git(&error))?;
        Ok(asked.iter().zip(texts.chunks(2)).map(|((id, _), texts)| Said::by(*id, texts)).collect())
    }

    /// Whether a branch, or what is checked out somewhere, has an issue's file.
    pub(crate) fn is_on_a_branch(&self, id: IssueId) -> Result<bool, Failure> {
        let commits = self.commits()?;
        let asked: Vec<(IssueId, &str)> = commits.iter().map(|commit| (id, commit.as_str())).collect();
        Ok(self.said_at(&asked)?.iter().any(|said| said.issue.is_some()))
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

/// What files in one place say of an issue.
#[derive(Default)]
pub(crate) struct Said {
    /// As its own file has it; nothing where there is none that can be read.
    pub(crate) issue: Option<Issue>,
    /// Whether they say that it was deleted.
    pub(crate) deleted: bool,
}

impl Said {
    /// By the texts of its file, and of the one that says that it was deleted.
    fn by(id: IssueId, texts: &[Option<Vec<u8>>]) -> Self {
        let issue = texts.first().and_then(|text| issue_file::parse(id, text.as_ref()?).ok());
        Self { issue, deleted: matches!(texts, [_, Some(_)]) }
    }

    /// In the worktree at this root; what can't be read says nothing.
    pub(crate) fn in_worktree(root: &Path, id: IssueId) -> Self {
        let Ok(dir) = opened(root, ISSUES, Origin::Main) else { return Self::default() };
        let names = [issue_file::file_name(id), issue_file::deleted_name(id)];
        Self::by(id, &names.map(|name| dir.read(&name).ok().flatten()))
    }
}

fn own_file(root: &Path, id: IssueId) -> Option<Issue> {
    Said::in_worktree(root, id).issue
}
