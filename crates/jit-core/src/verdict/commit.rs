//! Whether paths and issues may be changed or committed.

use super::replaced_by;
use crate::decide::Wanted;
use crate::{Ended, Item, Lease, Now, Outcome, Query, Reference, Successor, Touch, Touched, View};

/// Paths and issues whose changes are to be made or committed.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The paths, and who commits.
    pub touch: Touch,
    /// The issues whose files are committed too.
    pub issues: Vec<Reference>,
    /// Those of them whose files come to say that the work ended so.
    pub ended: Vec<(Reference, Outcome)>,
}

/// What is in the way of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// What the paths come to.
    pub touched: Touched,
    /// Others' leases of the issues.
    pub issues: Vec<Wanted<Lease>>,
    /// The issues that are said to have ended so by whoever has no lease of them, while the log knows
    /// nothing of it.
    pub unleased: Vec<Reference>,
    /// Whether one of those who are in the way took over what was lost here.
    pub replaced: bool,
    /// The committer's leases that stand.
    pub own: Vec<Lease>,
    /// Those that lapsed and are still the committer's to lose.
    pub lapsed: Vec<Lease>,
    /// Those that the committer lost and has not abandoned, and who took each over, if anybody did.
    pub lost: Vec<(Ended, Option<Successor>)>,
}

impl Commit {
    /// Paths alone.
    pub fn of_paths(touch: Touch) -> Self {
        Self { touch, issues: Vec::new(), ended: Vec::new() }
    }
}

impl Query for Commit {
    type Answer = Committed;

    fn asks_much(&self) -> bool {
        self.touch.asks_much() || self.issues.len() > 16
    }

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Committed, V::Error> {
        let actor = &self.touch.actor;
        let touched = self.touch.ask(view, now)?;
        let mut issues = Vec::new();
        for issue in &self.issues {
            let lease = view.covering(issue)?.filter(|lease| !lease.lapsed(&now.stamp));
            let other = lease.filter(|lease| !lease.holder.acts_for(actor));
            issues.extend(other.map(|blocker| Wanted { item: Item::Reference(issue.clone()), blocker }));
        }
        let mut unleased = Vec::new();
        for (issue, end) in &self.ended {
            let known = view.facts(issue)?.outcome;
            let is_known = known == Some(*end) || known == Some(Outcome::Done);
            let is_held = view.covering(issue)?.is_some_and(|lease| !lease.lapsed(&now.stamp));
            if !is_known && !is_held {
                unleased.push(issue.clone());
            }
        }
        let lost_here = view.lost_in(&actor.worktree)?;
        let took = |wanted: &Wanted<Lease>| {
            lost_here.iter().any(|lost| wanted.blocker.supersedes.contains(&lost.lease.id))
        };
        let replaced = touched.held.iter().chain(&issues).any(took);
        let held = view.held_by(actor)?.into_iter();
        let (lapsed, own) = held.partition(|lease| lease.lapsed(&now.stamp));
        let mut lost = Vec::new();
        for ended in lost_here.into_iter().filter(|ended| ended.lease.holder.acts_for(actor)) {
            let by = replaced_by(view, &ended)?;
            lost.push((ended, by));
        }
        Ok(Committed { touched, issues, unleased, replaced, own, lapsed, lost })
    }
}
