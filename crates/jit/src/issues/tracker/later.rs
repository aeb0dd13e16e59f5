//! Ends that are not in the nearest file, but in one that was written later.

use jit_git::{ProgramError, Repo, SystemGit};
use jit_tracker::issues::later_end;
use jit_tracker::{Issue, Listed, Source, State, issue_file};

use super::head::MAIN_HEAD;
use super::{ISSUES, Tracker};
use crate::error::Failure;

/// To read the directory for each of so many files costs less than to start another Git.
const FEW: usize = 4;

impl Tracker<'_> {
    /// Notes of issues how they ended, as HEAD, the main worktree's or its files say later than the
    /// file that was found; that one was deleted has no time, and counts where its file is there, too. Git is asked about all of them at once.
    pub(crate) fn note_later<D>(&self, found: &mut [Listed<Issue<D>>]) -> Result<(), Failure> {
        let open = |listed: &&mut Listed<Issue<D>>| !listed.issue.state.is_ended();
        let mut open: Vec<_> = found.iter_mut().filter(open).collect();
        let repo = self.world.repo()?;
        let names = open.iter().map(|listed| listed.issue.id);
        let names: Vec<String> =
            names.flat_map(|id| [issue_file::file_name(id), issue_file::deleted_name(id)]).collect();
        // What can't be read says nothing, here and below.
        let texts = self.committed(repo, &names).unwrap_or_default();
        for (at, listed) in open.iter_mut().enumerate() {
            let id = listed.issue.id;
            let filed =
                [self.in_main(&issue_file::file_name(id)), self.in_main(&issue_file::deleted_name(id))];
            let committed = texts.chunks(names.len()).filter_map(|texts| texts.chunks(2).nth(at));
            let places = || committed.clone().chain([&filed[..]]);
            let is_deleted = |place: &[Option<Vec<u8>>]| matches!(place, [None, Some(_)]);
            if self.is_half_deleted(id) || places().any(is_deleted) {
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

    /// The contents of these files of issues at HEAD and, behind those, at the main worktree's HEAD. What
    /// a listing was told is not asked again; of the latter, it noted what is said there.
    fn committed(&self, repo: &Repo, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, ProgramError> {
        let git = SystemGit::on_path();
        let (listed, main) = (self.head.listed(), self.main_head.as_ref());
        let main = main.filter(|head| head.listed().is_none()).map(|_| MAIN_HEAD);
        let object = |name: &String| Some(listed?.get(listed?.place(name)?)?.object.to_owned());
        let mut objects: Vec<Option<String>> = Vec::new();
        if listed.is_some() {
            objects.extend(names.iter().map(object));
        }
        for head in listed.is_none().then_some("HEAD").into_iter().chain(main) {
            match names.len() <= FEW {
                true => objects.extend(names.iter().map(|name| Some(committed(head, name)))),
                false => objects.extend(repo.committed_objects(&git, head, ISSUES, names)?),
            }
        }
        let there: Vec<&str> = objects.iter().flatten().map(String::as_str).collect();
        let mut contents = repo.committed_contents(&git, &there)?.into_iter();
        Ok(objects.iter().map(|object| object.as_ref().and_then(|_| contents.next().flatten())).collect())
    }

    fn in_main(&self, name: &str) -> Option<Vec<u8>> {
        self.main.as_ref()?.read(name).ok()?
    }
}

/// A committed file, as Git names it.
pub(super) fn committed(commit: &str, name: &str) -> String {
    format!("{commit}:{ISSUES}/{name}")
}
