//! Issues that Git merged by lines, in a merge that is not over.

use std::path::Path;

use jit_git::SystemGit;
use jit_tracker::issue_file::{self, Named};
use jit_tracker::{FileError, Problem, Sink, Source, rejoined};

use super::{Changing, ISSUES, Tracker};
use crate::error::Failure;

/// An issue's file that is in conflict, and need not be, or less.
pub(crate) struct Unmerged {
    /// Its name in the directory.
    name: String,
    /// What it becomes if its fields are merged.
    joined: Vec<u8>,
    /// Whether that is an issue: nobody has to choose.
    pub(crate) is_solved: bool,
}

impl Unmerged {
    /// Where it is, from the worktree's root.
    pub(crate) fn path(&self) -> String {
        format!("{ISSUES}/{}", self.name)
    }
}

impl Tracker<'_> {
    /// The files that are as Git left them, where a merge of their fields is another one.
    pub(crate) fn unmerged(&self) -> Result<Vec<Unmerged>, Failure> {
        let (Some(own), repo, git) = (&self.own, self.world.repo()?, SystemGit::on_path()) else {
            return Ok(Vec::new());
        };
        let mut unmerged = Vec::new();
        for file in repo.unmerged_files(&git, ISSUES).map_err(|error| Failure::git(&error))? {
            let Some(name) = file.path.strip_prefix(&format!("{ISSUES}/")) else { continue };
            let [base, Some(ours), Some(theirs)] = &file.versions else { continue };
            let Named::Issue(id) = Named::new(name) else { continue };
            let objects: Vec<&str> = base.iter().chain([ours, theirs]).map(String::as_str).collect();
            let contents = repo.committed_contents(&git, &objects).map_err(|error| Failure::git(&error))?;
            let mut contents = contents.into_iter().map(Option::unwrap_or_default);
            let base = base.as_ref().and_then(|_| contents.next()).unwrap_or_default();
            let (ours, theirs) = (contents.next().unwrap_or_default(), contents.next().unwrap_or_default());
            // What can't be read is told as such.
            let Ok(Some(text)) = own.read(name) else { continue };
            if let Some(joined) = rejoined(&text, [&base, &ours, &theirs]) {
                let is_solved = issue_file::parse(id, &joined).is_ok();
                unmerged.push(Unmerged { name: name.to_owned(), joined, is_solved });
            }
        }
        Ok(unmerged)
    }
}

impl Tracker<'_> {
    /// What is said of a file that can't be used. A conflict that no merge of fields ends is for a
    /// person to solve.
    pub(crate) fn broken(&self, error: &FileError) -> Failure {
        let (root, path) = (self.root(), Path::new(&error.file));
        let is_marked = matches!(error.problem, Problem::Conflicted { .. }) && path.starts_with(&root);
        let is_this = |file: &Unmerged| root.join(file.path()) == path;
        match is_marked && !self.unmerged().is_ok_and(|files| files.iter().any(is_this)) {
            true => Failure::broken_file(error).choose(&root, path),
            false => Failure::broken_source(error, &root),
        }
    }
}

impl Changing<'_> {
    /// Merges them by their fields. That is no change of anybody's: each side has told its own.
    pub(crate) fn join(&self) -> Result<(), Failure> {
        let own = self.writable()?;
        let put = |file: Unmerged| own.put(&file.name, &file.joined);
        self.unmerged()?.into_iter().try_for_each(put).map_err(|error| self.not_written(&error))
    }
}
