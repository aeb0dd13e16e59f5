//! Who works in a worktree.

use crate::{AgentId, Now, Query, View, WorktreeId};

/// Asks who acts in a worktree where nobody said who it is: the only agent that holds something there,
/// sub-agents aside. None where nobody does, or several do.
#[derive(Clone, Debug)]
pub struct AtWork {
    /// Which.
    pub worktree: WorktreeId,
}

impl Query for AtWork {
    type Answer = Option<AgentId>;

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Self::Answer, V::Error> {
        let held = view.held_in(&self.worktree)?;
        let live = held.iter().filter(|lease| !lease.lapsed(&now.stamp));
        let mut agents: Vec<AgentId> = live.map(|lease| lease.holder.agent.base()).collect();
        agents.sort_unstable();
        agents.dedup();
        Ok(agents.pop().filter(|_| agents.is_empty()))
    }
}
