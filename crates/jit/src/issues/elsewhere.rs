//! Issues that ended, and not in this worktree's files: which say so, and how that gets here.

use std::path::{Path, PathBuf};

use jit_core::{EndedBy, IssueId, Outcome, WallTime};
use jit_git::Worktree;
use jit_tracker::{Issue, Origin};

use crate::error::Failure;
use crate::issues::filed::said_by;
use crate::issues::known::{All, Known};
use crate::issues::tracker::{HEADS, Said, Tracker, head_name};
use crate::shell::quoted;
use crate::world::World;

/// Where an end is said that is not said here.
#[derive(Clone, Debug)]
pub(crate) struct Elsewhere {
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// Whether it was rejected by taking its file away.
    pub(crate) deleted: bool,
    /// By whom; not known where only files say so.
    pub(crate) by: Option<EndedBy>,
    /// In which worktree, if that is there.
    pub(crate) root: Option<PathBuf>,
    /// What brings it here.
    pub(crate) way: String,
    /// Whether a branch or a worktree has it.
    pub(crate) found: bool,
}

impl Elsewhere {
    /// How it ended, by whom, when and where, as far as that is known.
    pub(crate) fn told(&self) -> String {
        let by = self.by.as_ref().map(|EndedBy { at, by, branch }| {
            let branch = branch.as_ref().map(|branch| format!(", on branch {branch}")).unwrap_or_default();
            format!(" by {} at {at}{branch}", by.agent)
        });
        let root = self.root.as_ref().map(|root| format!(", in {}", root.display()));
        let how = match self.outcome {
            Outcome::Done | Outcome::Gated => "done",
            Outcome::Rejected if self.deleted => "deleted",
            Outcome::Rejected => "rejected",
        };
        format!("{how}{}{}", by.unwrap_or_default(), root.unwrap_or_default())
    }
}

impl<D> Known<Issue<D>> {
    /// How it ended, if it did and neither this worktree's own file nor its HEAD says so.
    pub(crate) fn ended_elsewhere(&self) -> Option<Outcome> {
        let facts = &self.standing.facts;
        let is_before = facts.outcome.is_some() && facts.contradicts(self.issue.updated_at);
        let here = said_by(&self.issue).filter(|_| self.origin != Origin::Main && !is_before);
        let is_elsewhere = |ended: &Outcome| !here.is_some_and(|here| here.agrees_with(*ended));
        self.outcome().filter(is_elsewhere)
    }
}

/// Where the end of each of these is said that ended elsewhere. Looks first where it ought to be: on
/// the branch of whoever ended it and on the main worktree's, and in the files there.
pub(crate) fn places<D>(
    world: &World<'_>,
    issues: &[&Known<Issue<D>>],
) -> Result<Vec<Option<Elsewhere>>, Failure> {
    if !issues.iter().any(|known| known.ended_elsewhere().is_some()) {
        return Ok(issues.iter().map(|_| None).collect());
    }
    let tracker = Tracker::around(world)?;
    let worktrees = tracker.worktrees()?;
    let likely = |known: &&Known<Issue<D>>| {
        // Of what is half deleted, the word is here.
        let ended = known.ended_elsewhere().filter(|_| !tracker.is_half_deleted(known.issue.id))?;
        Some(Likely::of(known, ended, &worktrees, &tracker.root()))
    };
    let likely: Vec<Option<Likely>> = issues.iter().map(likely).collect();
    let asked: Vec<_> = likely.iter().flatten().map(|one| (one.end, one.commits.as_slice())).collect();
    let committed = first_with(&tracker, &asked)?;
    let near = likely.iter().flatten().zip(committed);
    let near: Vec<_> = near
        .map(|(one, commit)| commit.map(At::Commit).or_else(|| uncommitted(&tracker, &one.roots, one.end)))
        .collect();
    let missing = likely.iter().flatten().zip(&near).filter(|(_, at)| at.is_none());
    let missing: Vec<End> = missing.map(|(one, _)| one.end).collect();
    let mut far = anywhere(&tracker, &worktrees, &missing)?.into_iter();
    let mut found = near.into_iter().map(|at| at.or_else(|| far.next().flatten()));
    let mut placed = |one: Likely| one.at(world, &tracker, found.next().flatten());
    likely.into_iter().map(|one| one.map(&mut placed).transpose()).collect()
}

/// How an issue ended, as files are to say that were written since it was open.
#[derive(Clone, Copy)]
struct End {
    id: IssueId,
    outcome: Outcome,
    since: Option<WallTime>,
}

impl End {
    fn is_said(self, said: &Said) -> bool {
        let is_of_this = |issue: &&Issue| self.since.is_none_or(|since| issue.updated_at > since);
        let end = said.issue.as_ref().filter(is_of_this).and_then(said_by);
        end.is_some_and(|end| end.agrees_with(self.outcome))
            || (said.deleted && self.outcome == Outcome::Rejected)
    }
}

/// What says so.
enum At {
    /// A branch, by its full name, or what is checked out in a worktree.
    Commit(String),
    /// The files of the worktree at this root, and no commit.
    Files(PathBuf),
}

/// Of each end, the first of its commits whose file says so.
fn first_with(tracker: &Tracker<'_>, asked: &[(End, &[String])]) -> Result<Vec<Option<String>>, Failure> {
    let each = asked.iter().flat_map(|(end, commits)| commits.iter().map(|commit| (end.id, commit.as_str())));
    let mut said = tracker.said_at(&each.collect::<Vec<_>>())?.into_iter();
    let mut first = |end: &End, commits: &[String]| {
        let there: Vec<_> = said.by_ref().take(commits.len()).collect();
        commits.get(there.iter().position(|said| end.is_said(said))?).cloned()
    };
    Ok(asked.iter().map(|(end, commits)| first(end, commits)).collect())
}

fn uncommitted(tracker: &Tracker<'_>, roots: &[PathBuf], end: End) -> Option<At> {
    let here = tracker.root();
    let says = |root: &PathBuf| end.is_said(&Said::in_worktree(root, end.id));
    roots.iter().find(|root| **root != here && says(root)).cloned().map(At::Files)
}

/// The same on every branch, and in every worktree.
fn anywhere(
    tracker: &Tracker<'_>,
    worktrees: &[Worktree],
    missing: &[End],
) -> Result<Vec<Option<At>>, Failure> {
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let commits = tracker.commits()?;
    let asked: Vec<_> = missing.iter().map(|end| (*end, commits.as_slice())).collect();
    let roots: Vec<PathBuf> = worktrees.iter().map(|worktree| worktree.path.clone()).collect();
    let found = missing.iter().zip(first_with(tracker, &asked)?);
    Ok(found
        .map(|(end, commit)| commit.map(At::Commit).or_else(|| uncommitted(tracker, &roots, *end)))
        .collect())
}

/// Where an end ought to be said.
struct Likely {
    end: End,
    by: Option<EndedBy>,
    commits: Vec<String>,
    roots: Vec<PathBuf>,
    root: Option<PathBuf>,
    deleted: bool,
    /// What is checked out here.
    head: Option<String>,
}

impl Likely {
    fn of<D>(known: &Known<Issue<D>>, outcome: Outcome, worktrees: &[Worktree], here: &Path) -> Self {
        let by = known.standing.facts.ended_by.as_deref().cloned();
        let is_its = |worktree: &&Worktree| {
            let id = worktree.identity.as_ref().ok().and_then(|identity| Some(identity.as_ref()?.id));
            id.is_some() && id == by.as_ref().map(|by| by.by.worktree.uuid())
        };
        let own = worktrees.iter().find(is_its);
        let places: Vec<&Worktree> = own.into_iter().chain(worktrees.first()).collect();
        let recorded = by.as_ref().and_then(|by| by.branch.as_ref().map(|branch| format!("{HEADS}{branch}")));
        let checked_out = |worktree: &&Worktree| match &worktree.branch {
            Ok(Some(branch)) => Some(format!("{HEADS}{branch}")),
            Ok(None) | Err(_) => head_name(worktree),
        };
        let mut commits: Vec<String> =
            recorded.into_iter().chain(places.iter().filter_map(checked_out)).collect();
        commits.dedup();
        let roots = places.iter().map(|worktree| worktree.path.clone()).collect();
        let root = own.map(|worktree| worktree.path.clone()).filter(|root| root.exists());
        let end = End { id: known.issue.id, outcome, since: known.standing.facts.undone_at };
        let deleted = known.standing.facts.deleted;
        let head = worktrees.iter().find(|worktree| worktree.path == here).as_ref().and_then(checked_out);
        Self { end, by, commits, roots, root, deleted, head }
    }

    fn at(self, world: &World<'_>, tracker: &Tracker<'_>, at: Option<At>) -> Result<Elsewhere, Failure> {
        let git = |root: &Path| format!("git -C {}", quoted(&root.to_string_lossy()));
        let found = at.is_some();
        let (id, jit) = (self.end.id, format!("jit {}", world.repeated()));
        let way = match at {
            Some(At::Commit(name)) if self.head.as_ref() == Some(&name) && self.deleted => {
                format!(
                    "to delete it here, too: {jit}issue delete {id}; if it is open again: {jit}issue reopen {id}"
                )
            }
            Some(At::Commit(name)) if self.head.as_ref() == Some(&name) => format!(
                "the file here says otherwise than HEAD: to have it as it is there: {} checkout HEAD -- {}; if it is open again: {jit}issue reopen {id}",
                git(&tracker.root()),
                tracker.file(id)
            ),
            Some(At::Commit(name)) => {
                let merged = tracker.to_merge(&name)?;
                format!("to have it here: {} merge {}", git(&tracker.root()), quoted(&merged))
            }
            Some(At::Files(root)) => {
                format!("it is not committed there: {} status; then merge it here", git(&root))
            }
            None => format!("no branch and no worktree has it: {jit}doctor"),
        };
        Ok(Elsewhere {
            outcome: self.end.outcome,
            deleted: self.deleted,
            by: self.by,
            root: self.root,
            way,
            found,
        })
    }
}

/// The ends that no worktree's files say, and no branch.
pub(crate) fn nowhere(world: &World<'_>) -> Result<Vec<(IssueId, Elsewhere)>, Failure> {
    let all = All::here(world)?;
    let ended: Vec<&Known> = all.issues.iter().filter(|known| known.ended_elsewhere().is_some()).collect();
    let places = ended.iter().zip(places(world, &ended)?);
    Ok(places
        .filter_map(|(known, place)| Some((known.issue.id, place.filter(|place| !place.found)?)))
        .collect())
}

/// Where the end of an issue is said that ended elsewhere, unless that is nowhere.
pub(crate) fn not_lost<D>(world: &World<'_>, known: &Known<Issue<D>>) -> Result<Option<Elsewhere>, Failure> {
    Ok(places(world, &[known])?.pop().flatten().filter(|place| place.found))
}
