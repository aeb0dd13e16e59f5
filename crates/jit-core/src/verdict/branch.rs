//! Whether a worktree may still put commits on a branch.

use super::replaced_by;
use crate::{Ended, Now, Query, Successor, View, WorktreeId};

/// Asks it of a worktree.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Which.
    pub worktree: WorktreeId,
}

/// A lease that was lost, and what took its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// As it ended.
    pub lost: Ended,
    /// Somebody else's.
    pub by: Successor,
}

impl Query for Branch {
    /// What speaks against it: nothing while something is held there, or was lost to nobody; and
    /// when.
    type Answer = (Vec<Replaced>, Now);

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Self::Answer, V::Error> {
        if !view.held_in(&self.worktree)?.is_empty() {
            return Ok((Vec::new(), *now));
        }
        let mut replaced = Vec::new();
        for lost in view.lost_in(&self.worktree)? {
            let Some(by) = replaced_by(view, &lost)? else { return Ok((Vec::new(), *now)) };
            replaced.push(Replaced { lost, by });
        }
        Ok((replaced, *now))
    }
}
