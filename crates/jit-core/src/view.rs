//! What a backend shows the decision, asked by key.

use crate::{
    AgentId, Claim, ControlPlaneId, Ended, Facts, Holder, Known, Lease, LeaseId, Now, Reference, Scope, Seq,
    Stamp, Successor, WallTime, WorktreeId,
};

/// How many of the leases that an agent lost in a worktree a view tells it of.
pub const LATEST_LOST: usize = 8;

/// The leases, as they are inside one atomic step (or one consistent read).
///
/// It is asked by key, so that the cost of a decision follows what it touches, and so that a
/// networked backend can serve it.
pub trait View {
    /// Trouble in reading.
    type Error;

    /// The position that the next record will have.
    fn next_seq(&self) -> Seq;

    /// What is known of a lease id.
    fn lease(&self, id: &LeaseId) -> Result<Option<Known>, Self::Error>;

    /// The lease that covers a reference, lapsed or not.
    fn covering(&self, reference: &Reference) -> Result<Option<Lease>, Self::Error>;

    /// The lease that covered a reference last, if it lapsed or was evicted and nobody has
    /// acquired the reference since.
    fn lost(&self, reference: &Reference) -> Result<Option<Ended>, Self::Error>;

    /// The leases with a path that this scope may have too, lapsed or not, shared or not, in order
    /// of their fences.
    fn overlapping(&self, scope: &Scope) -> Result<Vec<Lease>, Self::Error>;

    /// The leases with a path that this scope may have too, that lapsed or were evicted and that
    /// nothing has superseded since, in the order in which they ended.
    fn lost_over(&self, scope: &Scope) -> Result<Vec<Ended>, Self::Error>;

    /// What superseded a lease that was lost.
    fn successor(&self, id: &LeaseId) -> Result<Option<Successor>, Self::Error>;

    /// What is known of an issue besides its leases.
    fn facts(&self, issue: &Reference) -> Result<Facts, Self::Error>;

    /// The leases that those who act for this holder lost, newest first: of the
    /// [`LATEST_LOST`] that anybody of its agent and worktree lost.
    fn lost_by(&self, holder: &Holder) -> Result<Vec<Ended>, Self::Error>;

    /// The leases that were lost in a worktree since anybody there abandoned such or had the same
    /// again, newest first: of the latest [`LATEST_LOST`].
    fn lost_in(&self, worktree: &WorktreeId) -> Result<Vec<Ended>, Self::Error>;

    /// The leases that are held in a worktree, lapsed or not, in order of their fences.
    fn held_in(&self, worktree: &WorktreeId) -> Result<Vec<Lease>, Self::Error>;

    /// The leases of all who act for this holder, lapsed or not, in order of their fences.
    fn held_by(&self, holder: &Holder) -> Result<Vec<Lease>, Self::Error> {
        let mut held = self.held_in(&holder.worktree)?;
        held.retain(|lease| lease.holder.acts_for(holder));
        Ok(held)
    }

    /// Leases that have lapsed at `now`, at most `most` of them.
    fn lapsed(&self, now: &Stamp, most: usize) -> Result<Vec<Lease>, Self::Error>;

    /// Every lease, lapsed or not, in order of their fences.
    fn live(&self) -> Result<Vec<Lease>, Self::Error>;

    /// The control plane that these leases are of; `None` before the first write.
    fn control_plane(&self) -> Option<ControlPlaneId>;

    /// Whether a lease is foreign to `now`'s clock and was not sighted on it yet.
    fn has_unsighted(&self, now: &Stamp) -> Result<bool, Self::Error>;
}

/// A question about the leases that changes nothing.
pub trait Query {
    /// What is answered.
    type Answer;

    /// Whether it asks about so much that whatever answers by key had better be read whole first.
    fn asks_much(&self) -> bool {
        false
    }

    /// Asks one consistent view. A backend may have to ask again when a writer came between, so
    /// an answer depends on nothing that an earlier asking left behind.
    ///
    /// # Errors
    /// Trouble in reading the view.
    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Self::Answer, V::Error>;
}

/// Somebody who waits for something to become free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiter {
    /// Its place: lower came first.
    pub ticket: u64,
    /// Who waits.
    pub agent: AgentId,
    /// For what.
    pub claim: Claim,
    /// Since when, for people.
    pub since: WallTime,
}
