//! Work that was done, and is not in this worktree's files: where it is, and how it gets here.

use std::path::PathBuf;

use jit_core::{EndedBy, IssueId};
use jit_git::Worktree;
use jit_tracker::{Issue, Origin};

use crate::error::Failure;
use crate::known::{All, Known};
use crate::shell::quoted;
use crate::tracker::{Tracker, is_worked, says_done};
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
    /// Whether a branch or a worktree has it, of those that were looked at.
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

/// Where the work on each of these is that was done elsewhere. Looks where it ought to be: on the
/// branch of whoever did it and on the main worktree's, and in the files there.
pub(crate) fn places<D>(
    world: &World<'_>,
    issues: &[&Known<Issue<D>>],
) -> Result<Vec<Option<Elsewhere>>, Failure> {
    if !issues.iter().any(|known| known.is_done_elsewhere()) {
        return Ok(issues.iter().map(|_| None).collect());
    }
    let tracker = Tracker::around(world)?;
    let worktrees = tracker.worktrees()?;
    let looked: Vec<Option<Likely>> =
        issues.iter().map(|known| known.is_done_elsewhere().then(|| Likely::of(known, &worktrees))).collect();
    let asked = |likely: &Likely| -> Vec<(IssueId, String)> {
        likely.branches.iter().map(|branch| (likely.id, format!("refs/heads/{branch}"))).collect()
    };
    let asked: Vec<_> = looked.iter().flatten().flat_map(asked).collect();
    let asked: Vec<_> = asked.iter().map(|(id, commit)| (*id, commit.as_str())).collect();
    let mut states = tracker.states_at(&asked)?.into_iter();
    Ok(looked
        .into_iter()
        .map(|likely| {
            let likely = likely?;
            let there: Vec<_> = states.by_ref().take(likely.branches.len()).collect();
            let has = there.iter().position(|state| state.is_some_and(is_worked));
            Some(likely.found(world, &tracker, has))
        })
        .collect())
}

/// Where the work on an issue ought to be.
struct Likely {
    id: IssueId,
    by: Option<EndedBy>,
    branches: Vec<String>,
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
        let branch = |worktree: &&Worktree| Some(worktree.branch.as_ref().ok()?.as_ref()?.to_string());
        let recorded = by.as_ref().and_then(|by| by.branch.clone());
        let mut branches: Vec<String> =
            recorded.into_iter().chain(places.iter().filter_map(branch)).collect();
        branches.dedup();
        let roots = places.iter().map(|worktree| worktree.path.clone()).collect();
        let root = own.map(|worktree| worktree.path.clone()).filter(|root| root.exists());
        Self { id: known.issue.id, by, branches, roots, root }
    }

    fn found(self, world: &World<'_>, tracker: &Tracker<'_>, has: Option<usize>) -> Elsewhere {
        let Self { id, by, branches, roots, root } = self;
        let git = |root: &PathBuf| format!("git -C {}", quoted(&root.to_string_lossy()));
        let branch = has.and_then(|at| branches.get(at));
        let uncommitted = || roots.iter().find(|root| **root != tracker.root() && says_done(root, id));
        let way = match (branch, uncommitted()) {
            (Some(branch), _) => {
                Some(format!("to have it here: {} merge {}", git(&tracker.root()), quoted(branch)))
            }
            (None, Some(root)) => {
                Some(format!("it is not committed there: {} status; then merge it here", git(root)))
            }
            (None, None) => None,
        };
        let found = way.is_some();
        let way =
            way.unwrap_or_else(|| format!("to look for it in every branch: jit {}doctor", world.repeated()));
        Elsewhere { by, root, way, found }
    }
}

/// The work that is in no worktree's files, and on no branch.
pub(crate) fn nowhere(world: &World<'_>) -> Result<Vec<(IssueId, Elsewhere)>, Failure> {
    let all = All::here(world)?;
    let done: Vec<&Known> = all.issues.iter().filter(|known| known.is_done_elsewhere()).collect();
    lost_of(world, &done)
}

/// Where the work on an issue is that was done elsewhere, unless it is nowhere.
pub(crate) fn not_lost<D>(world: &World<'_>, known: &Known<Issue<D>>) -> Result<Option<Elsewhere>, Failure> {
    let place = places(world, &[known])?.pop().flatten();
    let is_lost = place.is_some() && !lost_of(world, &[known])?.is_empty();
    Ok(place.filter(|_| !is_lost))
}

fn lost_of<D>(world: &World<'_>, done: &[&Known<Issue<D>>]) -> Result<Vec<(IssueId, Elsewhere)>, Failure> {
    let mut lost: Vec<(IssueId, Elsewhere)> = done
        .iter()
        .zip(places(world, done)?)
        .filter_map(|(known, place)| Some((known.issue.id, place.filter(|place| !place.found)?)))
        .collect();
    let tracker = Tracker::around(world)?;
    let worktrees = tracker.worktrees()?;
    lost.retain(|(id, _)| !worktrees.iter().any(|worktree| says_done(&worktree.path, *id)));
    if lost.is_empty() {
        return Ok(lost);
    }
    let commits = tracker.commits()?;
    let asked: Vec<(IssueId, &str)> =
        lost.iter().flat_map(|(id, _)| commits.iter().map(|commit| (*id, commit.as_str()))).collect();
    let states = tracker.states_at(&asked)?;
    let mut each = states.chunks(commits.len().max(1));
    lost.retain(|_| {
        !each.next().is_some_and(|states| states.iter().flatten().any(|state| is_worked(*state)))
    });
    Ok(lost)
}
