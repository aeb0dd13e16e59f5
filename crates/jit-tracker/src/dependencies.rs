//! What waits for what: blocked and available issues, cycles, and the order of `next`.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use jit_core::Reference;
use thiserror::Error;

use crate::issue::{Dependency, Issue, Outline, State};

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

    /// The dependencies of `issue` that are on nothing.
    pub fn missing<D>(&self, issue: &Issue<D>) -> Vec<Dependency> {
        issue.dependencies.iter().filter(|on| !self.waits.contains_key(on.reference())).cloned().collect()
    }

    /// A cycle, if there is one: merging two branches may make what neither of them had.
    pub fn cycle(&self) -> Option<Vec<Reference>> {
        let mut starts: Vec<_> = self.waits.keys().collect();
        starts.sort_unstable();
        starts.into_iter().find_map(|start| {
            let paths = self.waits.get(start)?.iter().filter_map(|on| self.path(on.reference(), start));
            paths.min_by_key(Vec::len).map(|path| [vec![start.clone()], path].concat())
        })
    }

    /// How `from` waits for `to`: all on the way, both ends too; the shortest such way.
    fn path(&self, from: &Reference, to: &Reference) -> Option<Vec<Reference>> {
        let mut seen = HashSet::from([from.clone()]);
        let mut ways = vec![vec![from.clone()]];
        while !ways.is_empty() {
            let mut longer = Vec::new();
            for way in ways {
                let last = way.last()?;
                if last == to {
                    return Some(way);
                }
                for next in self.waits.get(last).into_iter().flatten() {
                    if seen.insert(next.reference().clone()) {
                        longer.push([way.as_slice(), &[next.reference().clone()]].concat());
                    }
                }
            }
            ways = longer;
        }
        None
    }
}

/// What an issue still waits for, as `met` says.
pub fn blockers<D>(issue: &Issue<D>, met: impl Fn(&Dependency) -> bool) -> Vec<Dependency> {
    issue.dependencies.iter().filter(|on| !met(on)).cloned().collect()
}

/// Ready issues that wait for nothing, in the order in which they are to be picked.
pub fn available<'a>(
    issues: impl IntoIterator<Item = &'a Outline>,
    met: impl Fn(&Dependency) -> bool,
) -> Vec<&'a Outline> {
    let ready = issues.into_iter().filter(|issue| issue.state == State::Ready);
    let mut available: Vec<_> = ready.filter(|issue| issue.dependencies.iter().all(&met)).collect();
    available.sort_unstable_by(|a, b| pick_order(a, b));
    available
}

/// Ready issues that wait for something, with what for, in the same order.
pub fn blocked<'a>(
    issues: impl IntoIterator<Item = &'a Outline>,
    met: impl Fn(&Dependency) -> bool,
) -> Vec<(&'a Outline, Vec<Dependency>)> {
    let ready = issues.into_iter().filter(|issue| issue.state == State::Ready);
    let mut blocked: Vec<_> = ready.map(|issue| (issue, blockers(issue, &met))).collect();
    blocked.retain(|(_, on)| !on.is_empty());
    blocked.sort_unstable_by(|(a, _), (b, _)| pick_order(a, b));
    blocked
}

/// Which of two issues is picked first: the more urgent, then the older; ids decide what is left.
pub fn pick_order<D>(a: &Issue<D>, b: &Issue<D>) -> Ordering {
    (a.priority, a.created_at, a.id).cmp(&(b.priority, b.created_at, b.id))
}
