//! What waits for what: blocked and available issues, cycles, and the order of `next`.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use jit_core::{IssueId, Reference, WallTime};
use thiserror::Error;

use crate::issue::{Dependency, Issue, Priority};

/// Why an issue can't wait for another.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LinkError {
    /// There is no such issue.
    #[error("there is no issue {on} to wait for")]
    Nothing {
        /// What was named.
        on: Dependency,
    },
    /// They would wait for each other.
    #[error("they would wait for each other: {}", spelled(cycle))]
    Cycle {
        /// Each waits for the one after it; the last is the first again.
        cycle: Vec<Reference>,
    },
}

fn spelled(cycle: &[Reference]) -> String {
    cycle.iter().map(ToString::to_string).collect::<Vec<_>>().join(" -> ")
}

/// Which issue waits for which.
pub struct Graph<'a> {
    waits: HashMap<Reference, Vec<&'a Dependency>>,
}

impl<'a> Graph<'a> {
    /// Of these issues.
    pub fn new<D: 'a>(issues: impl IntoIterator<Item = &'a Issue<D>>) -> Self {
        let waits = issues.into_iter().map(|issue| (issue.reference(), issue.dependencies.iter().collect()));
        Self { waits: waits.collect() }
    }

    /// Whether `issue` may wait for `on`.
    ///
    /// # Errors
    /// When there is no such issue, or `on` waits for `issue` already, however far away.
    pub fn link(&self, issue: &Reference, on: &Dependency) -> Result<(), LinkError> {
        if !self.waits.contains_key(on.reference()) {
            return Err(LinkError::Nothing { on: on.clone() });
        }
        match self.path(on.reference(), issue) {
            Some(path) => Err(LinkError::Cycle { cycle: [vec![issue.clone()], path].concat() }),
            None => Ok(()),
        }
    }

    /// A cycle, if there is one: merging two branches may make what neither of them had.
    pub fn cycle(&self) -> Option<Vec<Reference>> {
        let mut left = self.tangled();
        left.sort_unstable();
        // Each of them waits for another of them, so that whoever follows comes around.
        let next = |from: &Reference| {
            let mut on = self.waits.get(from)?.iter().map(|on| on.reference());
            on.find(|on| left.binary_search(on).is_ok())
        };
        let mut way = vec![*left.first()?];
        loop {
            let on = next(way.last()?)?;
            if let Some(begin) = way.iter().position(|seen| *seen == on) {
                return Some(way.split_off(begin).into_iter().chain([on]).cloned().collect());
            }
            way.push(on);
        }
    }

    /// The issues that are in a cycle or wait for one: what is left when those that wait for
    /// nothing are taken away, again and again.
    fn tangled(&self) -> Vec<&Reference> {
        let mut waiting: HashMap<&Reference, usize> = HashMap::new();
        let mut waited_for: HashMap<&Reference, Vec<&Reference>> = HashMap::new();
        for (issue, on) in &self.waits {
            let known: Vec<_> = on.iter().filter(|on| self.waits.contains_key(on.reference())).collect();
            waiting.insert(issue, known.len());
            known.into_iter().for_each(|on| waited_for.entry(on.reference()).or_default().push(issue));
        }
        let mut free: Vec<_> = waiting.iter().filter(|(_, on)| **on == 0).map(|(issue, _)| *issue).collect();
        while let Some(issue) = free.pop() {
            waiting.remove(issue);
            for after in waited_for.remove(issue).unwrap_or_default() {
                if let Some(on) = waiting.get_mut(after) {
                    *on -= 1;
                    if *on == 0 {
                        free.push(after);
                    }
                }
            }
        }
        waiting.into_keys().collect()
    }

    /// How `from` waits for `to`: all on the way, both ends too; the shortest such way.
    fn path(&self, from: &Reference, to: &Reference) -> Option<Vec<Reference>> {
        // Who is before whom on the shortest way from `from`.
        let mut before: HashMap<&Reference, Option<&Reference>> = HashMap::from([(from, None)]);
        let mut next = VecDeque::from([from]);
        while let Some(at) = next.pop_front() {
            if at == to {
                let mut way: Vec<_> =
                    std::iter::successors(Some(at), |at| *before.get(at)?).cloned().collect();
                way.reverse();
                return Some(way);
            }
            for on in self.waits.get(at).into_iter().flatten() {
                if let Entry::Vacant(new) = before.entry(on.reference()) {
                    new.insert(Some(at));
                    next.push_back(on.reference());
                }
            }
        }
        None
    }
}

/// What issues are sorted by to be picked: the more urgent, then the older; ids decide what is left.
pub fn pick_order<D>(issue: &Issue<D>) -> (Priority, WallTime, IssueId) {
    (issue.priority, issue.created_at, issue.id)
}
