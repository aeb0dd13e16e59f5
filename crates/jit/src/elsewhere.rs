//! Work that was done, and is not in this worktree's files: where it is, and how it gets here.

use std::path::{Path, PathBuf};

use jit_core::{EndedBy, IssueId};
use jit_git::Worktree;
use jit_tracker::{Issue, Origin};

use crate::error::Failure;
use crate::known::{All, Known};
use crate::shell::quoted;
use crate::tracker::{HEADS, Tracker, head_name, is_worked, says_done};
use crate::world::World;

/// Where work that is not here was done.
#[derive(Clone, Debug)]
pub(crate) struct Elsewhere {
    /// By whom; not known where only files say that it was done.
    pub(crate) by: Option<EndedBy>,
    /// In which worktree, if that is there.
    pub(crate) root: Option<PathBuf>,
    /// What brings it here.
    pub(crate) way: String,
    /// Whether a branch or a worktree has it.
    pub(crate) found: bool,
}

impl Elsewhere {
    /// Who did it, when and where, as far as that is known.
    pub(crate) fn told(&self) -> String {
        let by = self.by.as_ref().map(|EndedBy { at, by, branch }| {
            let branch = branch.as_ref().map(|branch| format!(", on branch {branch}")).unwrap_or_default();
            format!(" by {} at {at}{branch}", by.agent)
        });
        let root = self.root.as_ref().map(|root| format!(", in {}", root.display()));
        format!("done{}{}", by.unwrap_or_default(), root.unwrap_or_default())
    }
}

impl<D> Known<Issue<D>> {
    /// Whether its work was done, and neither this worktree's own file nor its HEAD says so.
    pub(crate) fn is_done_elsewhere(&self) -> bool {
        let is_here = self.origin != Origin::Main && is_worked(self.issue.state);
        !is_here && self.outcome().is_some_and(jit_core::Outcome::is_worked)
    }
}

/// Where the work on each of these is that was done elsewhere. Looks first where it ought to be: on
/// the branch of whoever did it and on the main worktree's, and in the files there.
pub(crate) fn places<D>(
    world: &World<'_>,
    issues: &[&Known<Issue<D>>],
) -> Result<Vec<Option<Elsewhere>>, Failure> {
    if !issues.iter().any(|known| known.is_done_elsewhere()) {
        return Ok(issues.iter().map(|_| None).collect());
    }
    let tracker = Tracker::around(world)?;
    let worktrees = tracker.worktrees()?;
    let likely: Vec<Option<Likely>> =
        issues.iter().map(|known| known.is_done_elsewhere().then(|| Likely::of(known, &worktrees))).collect();
    let asked: Vec<_> = likely.iter().flatten().map(|one| (one.id, one.commits.as_slice())).collect();
    let committed = first_with(&tracker, &asked)?;
    let near = likely.iter().flatten().zip(committed);
    let near: Vec<_> = near
        .map(|(one, commit)| commit.map(At::Commit).or_else(|| uncommitted(&tracker, &one.roots, one.id)))
        .collect();
    let missing = likely.iter().flatten().zip(&near).filter(|(_, at)| at.is_none());
    let missing: Vec<IssueId> = missing.map(|(one, _)| one.id).collect();
    let mut far = anywhere(&tracker, &worktrees, &missing)?.into_iter();
    let mut found = near.into_iter().map(|at| at.or_else(|| far.next().flatten()));
    let mut placed = |one: Likely| one.at(world, &tracker, found.next().flatten());
    likely.into_iter().map(|one| one.map(&mut placed).transpose()).collect()
}

/// What has work.
enum At {
    /// A branch, by its full name, or what is checked out in a worktree.
    Commit(String),
    /// The files of the worktree at this root, and no commit.
    Files(PathBuf),
}

/// Of each issue, the first of its commits whose file says that the work was done.
fn first_with(tracker: &Tracker<'_>, asked: &[(IssueId, &[String])]) -> Result<Vec<Option<String>>, Failure> {
    let each = asked.iter().flat_map(|(id, commits)| commits.iter().map(|commit| (*id, commit.as_str())));
    let mut states = tracker.states_at(&each.collect::<Vec<_>>())?.into_iter();
    let mut first = |commits: &[String]| {
        let there: Vec<_> = states.by_ref().take(commits.len()).collect();
        commits.get(there.iter().position(|state| state.is_some_and(is_worked))?).cloned()
    };
    Ok(asked.iter().map(|(_, commits)| first(commits)).collect())
}

fn uncommitted(tracker: &Tracker<'_>, roots: &[PathBuf], id: IssueId) -> Option<At> {
    let here = tracker.root();
    roots.iter().find(|root| **root != here && says_done(root, id)).cloned().map(At::Files)
}

/// The same on every branch, and in every worktree.
fn anywhere(
    tracker: &Tracker<'_>,
    worktrees: &[Worktree],
    missing: &[IssueId],
) -> Result<Vec<Option<At>>, Failure> {
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let commits = tracker.commits()?;
    let asked: Vec<_> = missing.iter().map(|id| (*id, commits.as_slice())).collect();
    let roots: Vec<PathBuf> = worktrees.iter().map(|worktree| worktree.path.clone()).collect();
    let found = missing.iter().zip(first_with(tracker, &asked)?);
    Ok(found
        .map(|(id, commit)| commit.map(At::Commit).or_else(|| uncommitted(tracker, &roots, *id)))
        .collect())
}

/// Where the work on an issue ought to be.
struct Likely {
    id: IssueId,
    by: Option<EndedBy>,
    commits: Vec<String>,
    roots: Vec<PathBuf>,
    root: Option<PathBuf>,
}

impl Likely {
    fn of<D>(known: &Known<Issue<D>>, worktrees: &[Worktree]) -> Self {
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
        Self { id: known.issue.id, by, commits, roots, root }
    }

    fn at(self, world: &World<'_>, tracker: &Tracker<'_>, at: Option<At>) -> Result<Elsewhere, Failure> {
        let git = |root: &Path| format!("git -C {}", quoted(&root.to_string_lossy()));
        let found = at.is_some();
        let way = match at {
            Some(At::Commit(name)) => {
                let merged = tracker.to_merge(&name)?;
                format!("to have it here: {} merge {}", git(&tracker.root()), quoted(&merged))
            }
            Some(At::Files(root)) => {
                format!("it is not committed there: {} status; then merge it here", git(&root))
            }
            None => format!("no branch and no worktree has it: jit {}doctor", world.repeated()),
        };
        Ok(Elsewhere { by: self.by, root: self.root, way, found })
    }
}

/// The work that is in no worktree's files, and on no branch.
pub(crate) fn nowhere(world: &World<'_>) -> Result<Vec<(IssueId, Elsewhere)>, Failure> {
    let all = All::here(world)?;
    let done: Vec<&Known> = all.issues.iter().filter(|known| known.is_done_elsewhere()).collect();
    let places = done.iter().zip(places(world, &done)?);
    Ok(places
        .filter_map(|(known, place)| Some((known.issue.id, place.filter(|place| !place.found)?)))
        .collect())
}

/// Where the work on an issue is that was done elsewhere, unless it is nowhere.
pub(crate) fn not_lost<D>(world: &World<'_>, known: &Known<Issue<D>>) -> Result<Option<Elsewhere>, Failure> {
    Ok(places(world, &[known])?.pop().flatten().filter(|place| place.found))
}
