//! Whether paths and issues may be committed.

use crate::decide::Wanted;
use crate::{Item, Lease, Now, Outcome, Query, Reference, Touch, Touched, View};

/// Paths and issues whose changes are to be committed.
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
        let lost = view.lost_in(&actor.worktree)?;
        let took = |wanted: &Wanted<Lease>| {
            lost.iter().any(|lost| wanted.blocker.supersedes.contains(&lost.lease.id))
        };
        let replaced = touched.held.iter().chain(&issues).any(took);
        let mut own = view.held_by(actor)?;
        own.retain(|lease| !lease.lapsed(&now.stamp));
        Ok(Committed { touched, issues, unleased, replaced, own })
    }
}
