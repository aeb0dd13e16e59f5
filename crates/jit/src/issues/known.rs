//! Issues as they are now: what their files say, with what the log knows of them.

use std::collections::HashMap;

use jit_core::decide::{Bar, Candidate, Standing, Step, WaitsFor};
use jit_core::{
    AgentId, Facts, Holder, IssueId, Now, Outcome, Policy, Query, Reference, Scene, View, WallTime,
};
use jit_tracker::{Dependency, Issue, Listed, Origin, Outline, State};

use crate::error::Failure;
use crate::issues::awaited::Awaited;
use crate::issues::elsewhere::Elsewhere;
use crate::issues::filed::{self, ended, said_by, state};
use crate::issues::tracker::Tracker;
use crate::world::World;

/// An issue as it is now.
#[derive(Clone, Debug)]
pub(crate) struct Known<I = Outline> {
    pub(crate) issue: Box<I>,
    pub(crate) origin: Origin,
    /// As a claim of it is judged.
    pub(crate) candidate: Candidate,
    /// What the leases know of it.
    pub(crate) standing: Standing,
    /// Whether its file here says that the work was done, and the log was never told; nothing where
    /// nobody looked.
    pub(crate) unrecorded: Option<bool>,
    /// Where its end is said, if not here; nothing where nobody looked.
    pub(crate) elsewhere: Option<Box<Elsewhere>>,
    /// What it waits for and will not be done here; nothing where nobody looked.
    pub(crate) awaited: Vec<Awaited>,
    /// What brings it on; nothing where nobody looked.
    pub(crate) next: Option<String>,
}

impl<I> Known<I> {
    /// What was found; what costs another look was not looked at.
    fn of(Listed { issue, origin, .. }: Listed<I>, candidate: Candidate, standing: Standing) -> Self {
        let (unrecorded, elsewhere, awaited, next) = (None, None, Vec::new(), None);
        Self { issue, origin, candidate, standing, unrecorded, elsewhere, awaited, next }
    }
}

/// How far an issue has come, as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Somebody works on it.
    InProgress,
    /// Its file was taken away elsewhere.
    Deleted,
    /// As its file says, or the log where that knows more.
    At(State),
}

impl Stage {
    /// As it is written.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Deleted => "deleted",
            Self::At(state) => state.as_str(),
        }
    }
}

impl<D> Known<Issue<D>> {
    /// How far it has come.
    pub(crate) fn stage(&self) -> Stage {
        match &self.standing.lease {
            Some(_) => Stage::InProgress,
            None if self.standing.facts.deleted => Stage::Deleted,
            None => Stage::At(self.outcome().map_or(self.issue.state, state)),
        }
    }

    /// How it ended, by the log and the files together.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.outcome_by(&self.standing.facts)
    }

    /// The same if the log knows this.
    pub(crate) fn outcome_by(&self, facts: &Facts) -> Option<Outcome> {
        facts.with_files(&filed::of(&self.issue, self.candidate.filed.later))
    }

    /// Whether it ended, if another file says so that was written later.
    pub(crate) fn is_ended_by(&self, later: State) -> bool {
        self.standing.facts.with_files(&filed::of(&self.issue, ended(later))).is_some()
    }

    /// Whether it can be picked: by this agent, or for anybody.
    pub(crate) fn available(&self, to: Option<&AgentId>) -> bool {
        self.standing.is_free(&self.candidate, to)
    }

    /// Whether nobody works on it and it waits for another.
    pub(crate) fn blocked(&self) -> bool {
        self.stage() == Stage::At(State::Ready) && matches!(self.standing.bar, Some(Bar::Blocked(_)))
    }

    /// The issues that keep it from being claimed, as the policy has it.
    pub(crate) fn waits_for(&self) -> impl Iterator<Item = IssueId> {
        let on = match &self.standing.bar {
            Some(Bar::Blocked(on)) => on.as_slice(),
            _ => &[],
        };
        on.iter().filter_map(Reference::issue)
    }

    /// Whether it failed too often.
    pub(crate) fn quarantined(&self) -> bool {
        self.standing.lease.is_none() && matches!(self.standing.bar, Some(Bar::Quarantined { .. }))
    }
}

impl Known {
    /// As a listing found it.
    pub(crate) fn listed(&self) -> Listed {
        Listed { issue: self.issue.clone(), origin: self.origin, later: None }
    }
}

/// Whether what waits for an issue need wait no more: only what is done here counts, because its code
/// is here too.
fn is_done_here<D>(found: &Listed<Issue<D>>) -> bool {
    found.origin != Origin::Main && said_by(&found.issue) == Some(Outcome::Done)
}

/// All issues, and what is broken among them.
pub(crate) struct All {
    pub(crate) issues: Vec<Known>,
    pub(crate) broken: Vec<jit_tracker::FileError>,
}

impl All {
    /// Every issue that this worktree sees.
    pub(crate) fn here(world: &World<'_>) -> Result<Self, Failure> {
        Self::of(world, &Tracker::around(world)?)
    }

    /// The same for whoever looks closer at some of them.
    pub(crate) fn of(world: &World<'_>, tracker: &Tracker<'_>) -> Result<Self, Failure> {
        let listing = tracker.list()?;
        let done = listing.issues.iter().filter(|listed| is_done_here(listed));
        let done: HashMap<Reference, WallTime> =
            done.map(|listed| (listed.issue.reference(), listed.issue.updated_at)).collect();
        let done_at = |on: &Dependency| done.get(on.reference()).copied();
        let candidates = listing.issues.iter().map(|listed| candidate(listed, done_at)).collect();
        let log = Log::about(world, candidates)?;
        let standings = world.read(&log)?;
        let issues = listing.issues.into_iter().zip(log.candidates).zip(standings);
        let known = |((listed, candidate), standing)| Known::of(listed, candidate, standing);
        Ok(Self { issues: issues.map(known).collect(), broken: listing.broken })
    }
}

/// An issue with what the leases know of it.
pub(crate) fn looked_up(
    world: &World<'_>,
    tracker: &Tracker<'_>,
    found: Listed<Issue>,
) -> Result<Known<Issue>, Failure> {
    let candidate = filed(tracker, &found)?;
    let standing = world.read(&Log::about(world, vec![candidate.clone()])?)?.remove(0);
    Ok(Known::of(found, candidate, standing))
}

/// The same with what farther files say later.
pub(crate) fn looked_closely(
    world: &World<'_>,
    tracker: &Tracker<'_>,
    mut found: Listed<Issue>,
) -> Result<Known<Issue>, Failure> {
    tracker.note_later(std::slice::from_mut(&mut found))?;
    looked_up(world, tracker, found)
}

/// Issues as a claim of them is judged, with what farther files say later.
pub(crate) fn all_filed(tracker: &Tracker<'_>, ids: &[IssueId]) -> Result<Vec<Candidate>, Failure> {
    let mut found = ids.iter().map(|id| tracker.read(*id)).collect::<Result<Vec<_>, _>>()?;
    tracker.note_later(&mut found)?;
    found.iter().map(|found| filed(tracker, found)).collect()
}

/// One issue as a claim of it is judged; the files of what it waits for are read.
pub(crate) fn filed<D>(tracker: &Tracker<'_>, found: &Listed<Issue<D>>) -> Result<Candidate, Failure> {
    let mut done = HashMap::new();
    for on in &found.issue.dependencies {
        if let Reference::Issue(id) = on.reference()
            && let Some(found) = tracker.find(*id)?.filter(is_done_here)
        {
            done.insert(on, found.issue.updated_at);
        }
    }
    Ok(candidate(found, |on| done.get(on).copied()))
}

/// `done_at` says of what is done here when that was written.
fn candidate<D>(found: &Listed<Issue<D>>, done_at: impl Fn(&Dependency) -> Option<WallTime>) -> Candidate {
    let issue = &found.issue;
    let waits_for = |on: &Dependency| WaitsFor { on: on.reference().clone(), done_at: done_at(on) };
    Candidate {
        reference: issue.reference(),
        ready: issue.state == State::Ready,
        meta: issue.is_meta(),
        filed: filed::of(issue, found.later.and_then(ended)),
        waits_for: issue.dependencies.iter().map(waits_for).collect(),
    }
}

/// What the log knows of issues, with lapses that were not evicted yet counted as they will be.
pub(crate) struct Log<'a> {
    candidates: Vec<Candidate>,
    reader: Holder,
    policy: &'a Policy,
}

impl<'a> Log<'a> {
    pub(crate) fn about(world: &'a World<'_>, candidates: Vec<Candidate>) -> Result<Self, Failure> {
        Ok(Self { candidates, reader: world.reading_holder()?, policy: world.policy()? })
    }
}

impl Query for Log<'_> {
    type Answer = Vec<Standing>;

    fn asks_much(&self) -> bool {
        self.candidates.len() > 16
    }

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Self::Answer, V::Error> {
        let scene = Scene { now: *now, actor: &self.reader, policy: self.policy, waiting: &[] };
        let mut step = Step::looking(view, &scene);
        // Collecting results would grow it step by step.
        let mut known = Vec::with_capacity(self.candidates.len());
        for candidate in &self.candidates {
            known.push(step.known(candidate)?);
        }
        Ok(known)
    }
}
