//! What hooks ask: may this be changed, committed, put on a branch, pushed, received. Nothing is
//! changed by asking.

mod arrival;
mod at_work;
mod branch;
mod commit;
mod push;
mod receive;

pub use arrival::{Arrival, not_built_on};
pub use at_work::AtWork;
pub use branch::{Branch, Replaced};
pub use commit::{Commit, Committed};
pub use push::{Overtaken, Push, Pushed};
pub use receive::{Highest, PushId, Received, ReceivedError, Stale};

use crate::{Ended, Successor, View};

/// Who took the place of a lost lease, and whoever took that one's place: the first of them that is
/// not the loser's own.
fn replaced_by<V: View>(view: &V, lost: &Ended) -> Result<Option<Successor>, V::Error> {
    let mut next = view.successor(&lost.lease.id)?;
    // A chain has an end; a damaged log's may not.
    for _ in 0..64 {
        match next {
            Some(own) if own.holder.acts_for(&lost.lease.holder) => next = view.successor(&own.lease)?,
            other => return Ok(other),
        }
    }
    Ok(None)
}
