//! What issues wait for, and why that is not done here.

use std::collections::{BTreeMap, HashMap};

use jit_core::{IssueId, Outcome, Reference};
use jit_tracker::{GateName, Issue};

use crate::error::{Code, Failure};
use crate::issues::elsewhere::{Elsewhere, places};
use crate::issues::gates::way_past;
use crate::issues::known::{All, Known, Stage, looked_closely};
use crate::issues::tracker::Tracker;
use crate::world::World;

/// So many of what is waited for are told; the rest is counted.
const MOST: usize = 10;

/// An issue that another waits for, and that will not become done here by anybody's work on it.
#[derive(Clone, Debug)]
pub(crate) struct Awaited {
    pub(crate) on: IssueId,
    pub(crate) why: Why,
}

/// Why it is not done here.
#[derive(Clone, Debug)]
pub(crate) enum Why {
    /// Nobody will do it.
    Deleted,
    /// The same.
    Rejected,
    /// Its work is done, and these gates are open.
    Gated(Vec<GateName>),
    /// Its work is done, and not in this worktree's files.
    Elsewhere(Box<Elsewhere>),
}

impl Why {
    /// For programs.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Rejected => "rejected",
            Self::Gated(_) => "gated",
            Self::Elsewhere(_) => "done_elsewhere",
        }
    }

    /// In a table.
    pub(crate) fn short(&self) -> &'static str {
        match self {
            Self::Elsewhere(_) => "done, not in your files",
            other => other.name(),
        }
    }

    fn of<D>(known: &Known<Issue<D>>, place: Option<Elsewhere>) -> Option<Self> {
        match (known.stage(), place) {
            (Stage::InProgress, _) => None,
            (Stage::Deleted, _) => Some(Self::Deleted),
            (Stage::At(_), place) => match (known.outcome(), place) {
                (Some(Outcome::Rejected), _) => Some(Self::Rejected),
                (_, Some(place)) => Some(Self::Elsewhere(Box::new(place))),
                (Some(Outcome::Gated), None) => {
                    Some(Self::Gated(known.issue.open_gates().cloned().collect()))
                }
                (Some(Outcome::Done) | None, None) => None,
            },
        }
    }
}

impl Awaited {
    /// The same for a list, with those that wait for it.
    fn said<D>(&self, world: &World<'_>, known: &Known<Issue<D>>, by: &[IssueId]) -> Option<String> {
        let (first, more) = by.split_first()?;
        let (what, way) = self.told(world, known, &Reference::Issue(*first));
        let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        Some(format!("{what}; {first}{more} waits for it; {way}"))
    }

    /// What stands in the way of whoever waits, and what ends that.
    fn told<D>(&self, world: &World<'_>, known: &Known<Issue<D>>, by: &Reference) -> (String, String) {
        let (on, options) = (self.on, world.repeated());
        let no_more = || format!("to wait no more: jit {options}dep rm {by} {on}");
        match &self.why {
            Why::Deleted => (format!("{on} was deleted"), no_more()),
            Why::Rejected => (format!("{on} was rejected"), no_more()),
            Why::Gated(gates) => {
                let names: Vec<&str> = gates.iter().map(GateName::as_str).collect();
                let what = format!("the work on {on} is done, and its gates are open: {}", names.join(", "));
                (what, way_past(world, &known.issue))
            }
            Why::Elsewhere(place) => {
                (format!("{on} was {}, and is not in your files", place.told()), place.way.clone())
            }
        }
    }
}

/// Notes of those that wait why what they wait for is not done here. Returns what is to be said of it.
pub(crate) fn mark(world: &World<'_>, all: &mut All) -> Result<Vec<String>, Failure> {
    let mut waiting: BTreeMap<IssueId, Vec<IssueId>> = BTreeMap::new();
    for known in all.issues.iter().filter(|known| known.blocked()) {
        known.waits_for().for_each(|on| waiting.entry(on).or_default().push(known.issue.id));
    }
    let found: Vec<&Known> =
        all.issues.iter().filter(|known| waiting.contains_key(&known.issue.id)).collect();
    let (mut awaited, mut said) = (HashMap::new(), Vec::new());
    let places = places(world, &found)?;
    for (known, place) in found.into_iter().zip(places) {
        let Some(why) = Why::of(known, place) else { continue };
        let one = Awaited { on: known.issue.id, why };
        if said.len() < MOST {
            let by = waiting.get(&one.on).map(Vec::as_slice).unwrap_or_default();
            said.extend(one.said(world, known, by));
        }
        awaited.insert(one.on, one);
    }
    if let Some(more) = awaited.len().checked_sub(MOST).filter(|more| *more > 0) {
        let show = format!("jit {}issue show ID", world.repeated());
        said.push(format!("{more} more that are waited for are not done here; {show} says why"));
    }
    for known in all.issues.iter_mut().filter(|known| known.blocked()) {
        known.awaited = known.waits_for().filter_map(|on| awaited.get(&on).cloned()).collect();
    }
    Ok(said)
}

/// A refusal because of what is waited for, with why that is not done here.
pub(crate) fn advised(world: &World<'_>, failure: Failure) -> Failure {
    let Some((issue, on)) = awaited(&failure) else { return failure };
    let told = on.into_iter().take(MOST).filter_map(|on| told(world, &issue, on).ok().flatten());
    let (details, mut ways): (Vec<_>, Vec<_>) = told.unzip();
    if details.is_empty() {
        return failure;
    }
    ways.push(format!("take something else: jit {}claim next", world.repeated()));
    Failure { details, hint: Some(ways.join("; ")), ..failure }
}

fn told(world: &World<'_>, issue: &Reference, on: IssueId) -> Result<Option<(String, String)>, Failure> {
    let tracker = Tracker::around(world)?;
    let Some(found) = tracker.find(on)? else { return Ok(None) };
    let known = looked_closely(world, &tracker, found)?;
    let place = places(world, &[&known])?.pop().flatten();
    let why = Why::of(&known, place);
    Ok(why.map(|why| Awaited { on, why }.told(world, &known, issue)))
}

/// The issue that is refused, and what it waits for.
pub(crate) fn awaited(failure: &Failure) -> Option<(Reference, Vec<IssueId>)> {
    let barred = &failure.context["barred"][0];
    let word = |value: &serde_json::Value| value.as_str()?.parse::<Reference>().ok();
    let issue = word(&barred["reference"]).filter(|_| failure.code == Code::Blocked)?;
    let on = barred["waits_for"].as_array()?.iter().filter_map(|on| word(on)?.issue());
    Some((issue, on.collect()))
}
