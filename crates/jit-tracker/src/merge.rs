//! Merging two versions of an issue that grew out of one: a rule for each field.
//!
//! The rules are in `dev/issue-format.md`. A field that one side changed is taken. Where both
//! did, sets and gates are merged by their elements, states, priorities and times by their order,
//! and texts are a conflict: no rule would be honest.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::issue::{GateResult, Issue, State};
use crate::issue_file;
use crate::set::Set;
use crate::text::GateName;

/// What became of two versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// One issue.
    Clean(Box<Issue>),
    /// A person has to choose.
    Conflict(Box<Conflict>),
}

/// Two versions of an issue that differ only in the fields that could not be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// With our side of each.
    pub ours: Issue,
    /// With their side of each.
    pub theirs: Issue,
}

/// A field of which both sides have a value of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// Its key.
    pub field: &'static str,
    /// Our value.
    pub ours: String,
    /// Their value.
    pub theirs: String,
}

impl Conflict {
    /// The fields in conflict, with both values.
    pub fn clashes(&self) -> Vec<Clash> {
        let (ours, theirs) = (&self.ours, &self.theirs);
        let assignee = |issue: &Issue| issue.assignee.as_ref().map(ToString::to_string).unwrap_or_default();
        [
            ("title", ours.title.to_string(), theirs.title.to_string()),
            ("assignee", assignee(ours), assignee(theirs)),
            ("description", ours.description.to_string(), theirs.description.to_string()),
        ]
        .into_iter()
        .filter(|(_, ours, theirs)| ours != theirs)
        .map(|(field, ours, theirs)| Clash { field, ours, theirs })
        .collect()
    }

    /// The file to leave for a person: both sides of each field, marked as Git marks them. A
    /// field in conflict is one line of the file, so that the two versions have equally many.
    pub fn text(&self) -> String {
        let (ours, theirs) = (issue_file::text(&self.ours), issue_file::text(&self.theirs));
        let mut text = String::with_capacity(ours.len() + theirs.len());
        for (our, their) in ours.lines().zip(theirs.lines()) {
            if our == their {
                text.extend([our, "\n"]);
            } else {
                text.extend(["<<<<<<< ours\n", our, "\n=======\n", their, "\n>>>>>>> theirs\n"]);
            }
        }
        text
    }
}

/// Merges two versions of one issue; `base` is what both grew out of, if anything is known of it.
pub fn merge(base: Option<&Issue>, ours: &Issue, theirs: &Issue) -> Merged {
    let mut one = Issue {
        state: pick(base.map(|b| b.state), ours.state, theirs.state, further),
        // `Critical` is the least.
        priority: pick(base.map(|b| b.priority), ours.priority, theirs.priority, |a, b| a.min(b)),
        labels: sets(base.map(|b| &b.labels), &ours.labels, &theirs.labels),
        dependencies: sets(base.map(|b| &b.dependencies), &ours.dependencies, &theirs.dependencies),
        created_at: ours.created_at.min(theirs.created_at),
        updated_at: ours.updated_at.max(theirs.updated_at),
        ..ours.clone()
    };
    let state = one.state;
    let (our_gates, their_gates) = (judged(base, ours, theirs, state), judged(base, theirs, ours, state));
    one.gates = gates(base.map(|b| &b.gates), &our_gates, &their_gates);
    one.state = settled(base, &one, ours, theirs);
    let mut other = one.clone();
    (one.title, other.title) = sides(base.map(|b| &b.title), &ours.title, &theirs.title);
    (one.assignee, other.assignee) = sides(base.map(|b| &b.assignee), &ours.assignee, &theirs.assignee);
    (one.description, other.description) =
        sides(base.map(|b| &b.description), &ours.description, &theirs.description);
    if one == other {
        Merged::Clean(Box::new(one))
    } else {
        Merged::Conflict(Box::new(Conflict { ours: one, theirs: other }))
    }
}

/// Of two states the one that an issue must not fall back from: what was worked on to its end is
/// not handed out again, and not thrown away by a rejection that did not know of it.
fn further(a: State, b: State) -> State {
    let rank = |state| match state {
        State::Backlog => 0,
        State::Ready => 1,
        State::Rejected => 2,
        State::Gated => 3,
        State::Done => 4,
    };
    if rank(a) >= rank(b) { a } else { b }
}

/// The value of the side that changed it; `both` decides where both did.
fn pick<T: PartialEq + Copy>(base: Option<T>, ours: T, theirs: T, both: impl Fn(T, T) -> T) -> T {
    match base {
        _ if ours == theirs => ours,
        Some(base) if base == ours => theirs,
        Some(base) if base == theirs => ours,
        _ => both(ours, theirs),
    }
}

/// The same where nothing can decide: both values, equal unless both sides changed it.
fn sides<T: PartialEq + Clone>(base: Option<&T>, ours: &T, theirs: &T) -> (T, T) {
    let (ours, theirs) = match base {
        Some(base) if base == ours => (theirs, theirs),
        Some(base) if base == theirs => (ours, ours),
        _ => (ours, theirs),
    };
    (ours.clone(), theirs.clone())
}

/// What either side added, and what neither took away.
fn sets<T: Ord + Clone>(base: Option<&Set<T>>, ours: &Set<T>, theirs: &Set<T>) -> Set<T> {
    let was = |element: &T| base.is_some_and(|base| base.contains(element));
    let stays = |element: &&T| !was(element) || (ours.contains(element) && theirs.contains(element));
    ours.iter().chain(theirs.iter()).filter(stays).cloned().collect()
}

type Gates = BTreeMap<GateName, GateResult>;

/// The gates of a side as they count for what is merged. Where only the other side says that the work
/// was done, what this side passed by itself was passed for an attempt that is not that work.
fn judged<'a>(base: Option<&Issue>, side: &'a Issue, other: &Issue, merged: State) -> Cow<'a, Gates> {
    let done = |state| matches!(state, State::Gated | State::Done);
    if !done(merged) || done(side.state) || !done(other.state) {
        return Cow::Borrowed(&side.gates);
    }
    let mut gates = side.gates.clone();
    for (name, result) in &mut gates {
        let known = base.is_some_and(|base| base.gates.get(name) == Some(result));
        if result.passed() && !result.passed_when_done() && !known {
            *result = other.gates.get(name).cloned().unwrap_or(GateResult::Open);
        }
    }
    Cow::Owned(gates)
}

/// As [`sets`], with the latest result of each. A gate that one side took away stays if the other
/// had a result for it: somebody still worked with it.
fn gates(base: Option<&Gates>, ours: &Gates, theirs: &Gates) -> Gates {
    let names: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let result = |name: &GateName| {
        let was = base.and_then(|base| base.get(name));
        match (ours.get(name), theirs.get(name)) {
            (Some(ours), Some(theirs)) => Some(match was {
                Some(was) if was == ours => theirs,
                Some(was) if was == theirs => ours,
                _ => later(ours, theirs),
            }),
            (one, other) => one.or(other).filter(|result| was != Some(result)),
        }
    };
    names.into_iter().filter_map(|name| Some((name.clone(), result(name)?.clone()))).collect()
}

/// The later of two results. Of one moment, the failure: who passed it can do so again.
fn later<'a>(a: &'a GateResult, b: &'a GateResult) -> &'a GateResult {
    let word = |word: Option<String>| word.unwrap_or_default();
    let rank = |result: &GateResult| match result {
        GateResult::Open => (None, false, String::new(), String::new()),
        GateResult::Passed { by, lease, passed_as, .. } => {
            let of = [lease.map(|lease| lease.to_string()), passed_as.map(|passed_as| passed_as.to_string())];
            (result.at(), false, by.to_string(), of.map(word).join(" "))
        }
        GateResult::Failed { by, note, .. } => {
            (result.at(), true, by.to_string(), word(note.as_ref().map(ToString::to_string)))
        }
    };
    if rank(a) >= rank(b) { a } else { b }
}

/// An issue with open gates does not become done by a merge, and one whose last gate was passed
/// does. What a side has already is its own affair; and the state that both sides left is not
/// gone back to, or the next merge would take it for unchanged.
fn settled(base: Option<&Issue>, merged: &Issue, ours: &Issue, theirs: &Issue) -> State {
    let settled = |issue: &Issue| match (issue.state, issue.open_gates().next()) {
        (State::Done, Some(_)) => State::Gated,
        (State::Gated, None) => State::Done,
        (state, _) => state,
    };
    let sides_are = [ours, theirs].iter().all(|side| settled(side) == side.state);
    let left = base.is_some_and(|base| {
        settled(merged) == base.state && ours.state != base.state && theirs.state != base.state
    });
    if sides_are && !left { settled(merged) } else { merged.state }
}
