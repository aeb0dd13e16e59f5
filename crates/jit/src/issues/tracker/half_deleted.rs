//! Issues that are there, and of which it is said that they were deleted.

use std::collections::BTreeSet;

use jit_core::IssueId;
use jit_git::SystemGit;
use jit_tracker::Source;
use jit_tracker::issue_file::{self, Named};

use super::{ISSUES, Tracker};
use crate::error::Failure;
use crate::shell::quoted;

impl Tracker<'_> {
    /// Whether a merge, or a deletion that was stopped, left an issue's file and the word that it was
    /// deleted, side by side.
    pub(crate) fn is_half_deleted(&self, id: IssueId) -> bool {
        let Some(own) = &self.own else { return false };
        let is_there = |name: &String| own.identity(name).is_ok_and(|identity| identity.is_some());
        [issue_file::file_name(id), issue_file::deleted_name(id)].iter().all(is_there)
    }

    /// All such, and those whose file only one side of a merge under way has.
    pub(crate) fn all_half_deleted(&self) -> Result<BTreeSet<IssueId>, Failure> {
        let (Some(own), git) = (&self.own, SystemGit::on_path()) else { return Ok(BTreeSet::new()) };
        let mut said = Vec::new();
        let named = own.tell_names(&mut |name| {
            if let Named::Deleted(id) = Named::new(name) {
                said.push(id);
            }
        });
        named.map_err(|error| Failure::not_read(&self.root().join(ISSUES), &error))?;
        let mut found: BTreeSet<IssueId> = said.into_iter().filter(|id| self.is_half_deleted(*id)).collect();
        let unmerged = self.world.repo()?.unmerged_files(&git, ISSUES);
        for file in unmerged.map_err(|error| Failure::git(&error))? {
            let name = file.path.strip_prefix(&format!("{ISSUES}/")).unwrap_or_default();
            let is_there = || own.identity(name).is_ok_and(|identity| identity.is_some());
            if let ([_, ours, theirs], Named::Issue(id)) = (&file.versions, Named::new(name))
                && ours.is_some() != theirs.is_some()
                && is_there()
            {
                found.insert(id);
            }
        }
        Ok(found)
    }

    /// What is said of one of them, and what ends it.
    pub(crate) fn half_deleted(&self, id: IssueId) -> (String, String) {
        let (jit, root) = (format!("jit {}", self.world.repeated()), quoted(&self.root().to_string_lossy()));
        (
            format!(
                "{id} is here, and its deletion too: a merge has left both, or a command that deleted it was stopped"
            ),
            format!(
                "to keep it: {jit}issue reopen {id}; to let it be deleted: {jit}issue delete {id}; then, either way: git -C {root} add -A -- '{ISSUES}/{id}.*'"
            ),
        )
    }
}
