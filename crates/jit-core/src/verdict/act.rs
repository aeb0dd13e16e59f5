//! Whether somebody may change paths now, and what it has to know of its leases.

use super::commit::{Commit, Committed};
use super::replaced_by;
use crate::{Ended, Lease, Now, Query, Successor, Touch, View};

/// Asks it before an action, of the paths that this changes: perhaps none.
#[derive(Clone, Debug)]
pub struct Act(pub Touch);

/// What there is to say before an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acted {
    /// What the paths come to.
    pub paths: Committed,
    /// The actor's leases that lapsed and are still its to lose.
    pub lapsed: Vec<Lease>,
    /// Those that it lost and has not abandoned, and who took each over, if anybody did.
    pub lost: Vec<(Ended, Option<Successor>)>,
}

impl Query for Act {
    type Answer = Acted;

    fn asks_much(&self) -> bool {
        self.0.asks_much()
    }

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Acted, V::Error> {
        let actor = &self.0.actor;
        let paths = Commit { touch: self.0.clone(), issues: Vec::new(), ended: Vec::new() };
        let paths = paths.ask(view, now)?;
        let mut lapsed = view.held_by(actor)?;
        lapsed.retain(|lease| lease.lapsed(&now.stamp));
        let mut lost = Vec::new();
        for ended in view.lost_in(&actor.worktree)? {
            if !ended.lease.holder.acts_for(actor) {
                continue;
            }
            let by = replaced_by(view, &ended)?;
            // Otherwise its own holder took it again.
            if by.is_some() || view.successor(&ended.lease.id)?.is_none() {
                lost.push((ended, by));
            }
        }
        Ok(Acted { paths, lapsed, lost })
    }
}
