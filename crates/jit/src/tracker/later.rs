//! Ends that are not in the nearest file, but in one that was written later.

use jit_core::IssueId;
use jit_git::SystemGit;
use jit_tracker::issues::later_end;
use jit_tracker::{Issue, Listed, Source, issue_file};

use super::head::MAIN_HEAD;
use super::{ISSUES, Tracker};
use crate::error::Failure;

impl Tracker<'_> {
    /// Notes of issues how they ended, as HEAD, the main worktree's or its files say later than the
    /// file that was found. Git is asked once for all.
    pub(crate) fn note_later<D>(&self, found: &mut [Listed<Issue<D>>]) -> Result<(), Failure> {
        let open = |listed: &&mut Listed<Issue<D>>| !listed.issue.state.is_ended();
        let mut open: Vec<_> = found.iter_mut().filter(open).collect();
        let repo = self.world.repo()?;
        let heads = [Some("HEAD"), repo.is_linked().then_some(MAIN_HEAD)];
        let heads: Vec<&str> = heads.into_iter().flatten().collect();
        let ids = open.iter().map(|listed| listed.issue.id);
        let named: Vec<String> =
            ids.flat_map(|id| heads.iter().map(move |head| committed(head, id))).collect();
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        // What can't be read says nothing, here and below.
        let texts = repo.committed_contents(&SystemGit::on_path(), &named);
        let texts = texts.unwrap_or_else(|_| vec![None; named.len()]);
        for (listed, committed) in open.iter_mut().zip(texts.chunks(heads.len())) {
            let filed = self.in_main(listed.issue.id);
            let texts = committed.iter().flatten().chain(&filed);
            let others = texts.filter_map(|text| issue_file::parse(listed.issue.id, text).ok());
            let later = others
                .filter_map(|other| later_end(&listed.issue, &other).map(|end| (other.updated_at, end)));
            listed.later = later.max_by_key(|(at, _)| *at).map(|(_, end)| end);
        }
        Ok(())
    }

    fn in_main(&self, id: IssueId) -> Option<Vec<u8>> {
        self.main.as_ref()?.read(&issue_file::file_name(id)).ok()?
    }
}

/// A committed file, as Git names it.
pub(super) fn committed(commit: &str, id: IssueId) -> String {
    format!("{commit}:{ISSUES}/{}", issue_file::file_name(id))
}
