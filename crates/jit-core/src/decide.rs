//! The decision: (view, request) → operations, and a grant or a refusal.
//!
//! Every change of a lease goes through [`decide`]; a backend calls it inside its atomic step and
//! appends what it returns, evictions too when the request is refused.

mod abandon;
mod acquire;
mod assign;
mod change;
mod claimable;
mod close;
mod evict;
mod extend;
mod next;
mod own;
mod refusal;
mod release;
mod renew;
mod resume;
mod step;
mod take;
mod transfer;
mod unrecorded;

pub use abandon::Abandon;
pub use acquire::{Acquire, Terms};
pub use assign::{Assign, Distribute, Share};
pub use change::Change;
pub use claimable::{Bar, Candidate, Standing, WaitsFor};
pub use close::{Close, Concluded, Ending, Reopen, ResetFailures, Settle};
pub use evict::{ForceEvict, Sweep};
pub use extend::Extend;
pub use next::Next;
pub use own::Target;
pub use refusal::{Barred, Refusal, Wanted};
pub use release::{Attempted, Release, ReleaseAll, Released};
pub use renew::{Beat, Heartbeat, Renew, Renewed, lost_since};
pub use resume::Resume;
pub use step::Step;
pub use take::{Take, Taken, Took, Unearned};
pub use transfer::Transfer;
pub use unrecorded::{Finish, SaysEnded, Unrecorded};

use crate::{Holder, Lease, Now, Operation, Policy, View, Waiter};

/// What a decision goes by besides the leases.
#[derive(Clone, Debug)]
pub struct Scene<'a> {
    /// Both clocks, read inside the atomic step.
    pub now: Now,
    /// Who asks.
    pub actor: &'a Holder,
    /// The rules.
    pub policy: &'a Policy,
    /// The living waiters, in the order in which they came; none for a request that does not heed
    /// them.
    pub waiting: &'a [Waiter],
}

/// What is to be appended, and what the caller is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<T> {
    /// In this order, as one append. Not empty when the answer is a grant that changed anything.
    pub operations: Vec<Operation>,
    /// The grant, or why not.
    pub answer: Result<T, Refusal>,
}

/// Something that an actor asks for.
pub trait Request {
    /// What it is told when it is granted.
    type Answer;

    /// Whether it looks at those who wait; to ask who lives costs something for each of them.
    fn heeds_waiters(&self) -> bool {
        false
    }

    /// Which leases an answer is of: they are told of when nobody knows whether it will stand.
    fn leases(_answer: &Self::Answer) -> Vec<&Lease> {
        Vec::new()
    }

    /// Judges the request, pushing what must be appended to the step. Operations that a refused
    /// request pushed are appended too: they may only be what anybody's request would bring about.
    ///
    /// # Errors
    /// Trouble in reading the view.
    fn judge<V: View>(&self, step: &mut Step<'_, V>) -> Result<Result<Self::Answer, Refusal>, V::Error>;
}

/// How many lapsed leases that a request does not touch one step evicts; the rest is left to the
/// next, so that a claim after a bad night does not pay for all of it.
const EVICTIONS_A_STEP: usize = 64;

/// Decides one request.
///
/// # Errors
/// Trouble in reading the view.
pub fn decide<R: Request, V: View>(
    request: &R,
    view: &V,
    scene: &Scene<'_>,
) -> Result<Decision<R::Answer>, V::Error> {
    let mut step = Step::new(view, scene);
    step.tidy(EVICTIONS_A_STEP)?;
    let answer = request.judge(&mut step)?;
    Ok(Decision { operations: step.into_operations(), answer })
}
