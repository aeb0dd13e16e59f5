//! Ends that are not in the nearest file, but in one that was written later.

use jit_core::IssueId;
use jit_git::SystemGit;
use jit_tracker::issues::later_end;
use jit_tracker::{Issue, Listed, Source, State, issue_file};

use super::head::MAIN_HEAD;
use super::{ISSUES, Tracker};
use crate::error::Failure;

impl Tracker<'_> {
    /// Notes of issues how they ended, as HEAD, the main worktree's or its files say later than the
    /// file that was found; that one was deleted has no time. Git is asked once for all.
    pub(crate) fn note_later<D>(&self, found: &mut [Listed<Issue<D>>]) -> Result<(), Failure> {
        let open = |listed: &&mut Listed<Issue<D>>| !listed.issue.state.is_ended();
        let mut open: Vec<_> = found.iter_mut().filter(open).collect();
        let repo = self.world.repo()?;
        let heads = [Some("HEAD"), repo.is_linked().then_some(MAIN_HEAD)];
        let heads: Vec<&str> = heads.into_iter().flatten().collect();
        let ids = open.iter().map(|listed| listed.issue.id);
        let names = ids.flat_map(|id| {
            heads.iter().flat_map(move |head| [committed(head, id), committed_deletion(head, id)])
        });
        let named: Vec<String> = names.collect();
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        // What can't be read says nothing, here and below.
        let texts = repo.committed_contents(&SystemGit::on_path(), &named);
        let texts = texts.unwrap_or_else(|_| vec![None; named.len()]);
        for (listed, committed) in open.iter_mut().zip(texts.chunks(2 * heads.len())) {
            let id = listed.issue.id;
            let filed =
                [self.in_main(&issue_file::file_name(id)), self.in_main(&issue_file::deleted_name(id))];
            let places = || committed.chunks(2).chain([&filed[..]]);
            let is_deleted = |place: &[Option<Vec<u8>>]| matches!(place, [None, Some(_)]);
            if places().any(is_deleted) {
                listed.later = Some(State::Rejected);
                continue;
            }
            let texts = places().filter_map(|place| place.first()?.as_ref());
            let others = texts.filter_map(|text| issue_file::parse(id, text).ok());
            let later = others
                .filter_map(|other| later_end(&listed.issue, &other).map(|end| (other.updated_at, end)));
            listed.later = later.max_by_key(|(at, _)| *at).map(|(_, end)| end);
        }
        Ok(())
    }

    fn in_main(&self, name: &str) -> Option<Vec<u8>> {
        self.main.as_ref()?.read(name).ok()?
    }
}

/// A committed file, as Git names it.
pub(super) fn committed(commit: &str, id: IssueId) -> String {
    format!("{commit}:{ISSUES}/{}", issue_file::file_name(id))
}

/// A committed word that an issue was deleted, as Git names it.
fn committed_deletion(commit: &str, id: IssueId) -> String {
    format!("{commit}:{ISSUES}/{}", issue_file::deleted_name(id))
}
