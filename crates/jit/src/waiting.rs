//! Waiting for a lease in turn: woken by whatever changes the leases, or by the nearest expiry.

use std::time::Duration;

use jit_core::decide::Acquire;
use jit_core::{Lease, Lifetime, Now, Query, Refusal, View};
use jit_store::StepError;

use crate::error::{Code, Failure};
use crate::world::World;

/// A writer that died between changing the leases and saying so is noticed after so long, and a
/// waiter that looks as often is not taken to be stopped.
const LONGEST_NAP: Duration = Duration::from_secs(5);

/// Acquires, waiting at most so long for those who are in the way.
pub(crate) fn acquire(world: &World<'_>, mut request: Acquire, most: Duration) -> Result<Lease, Failure> {
    let (store, holder, policy) = (world.store()?, world.holder()?, world.policy()?);
    let began = world.now()?;
    let mut place = None;
    loop {
        let seen = match &mut place {
            None => None,
            Some(ticket) => {
                let looked = store.look(ticket).and_then(|()| store.seen());
                Some(looked.map_err(|error| world.trouble(error))?)
            }
        };
        let refusal = match store.transact(&request, &holder, policy) {
            Err(StepError::Refused(refusal @ (Refusal::Held(_) | Refusal::Awaited(_)))) => refusal,
            done => return done.map_err(|error| world.step_failed(error)),
        };
        let now = world.now()?;
        let waited = Duration::from_nanos(now.stamp.ns.saturating_sub(began.stamp.ns));
        if waited >= most {
            return Err(Failure::waited_in_vain(&refusal, &world.look(now), most));
        }
        match seen {
            // The queue is entered once; what came free meanwhile is tried again at once.
            None => {
                let ticket = store.queue(&holder, &request.issues).map_err(|error| world.trouble(error))?;
                request.ticket = Some(ticket.number());
                place = Some(ticket);
            }
            Some(seen) => {
                let nap = nearest_expiry(&refusal, &now).min(most - waited).min(LONGEST_NAP);
                store.wait(seen, nap).map_err(|error| world.trouble(error))?;
            }
        }
    }
}

/// When the first of the leases in the way may lapse.
fn nearest_expiry(refusal: &Refusal, now: &Now) -> Duration {
    let Refusal::Held(held) = refusal else { return LONGEST_NAP };
    let left = held.iter().map(|wanted| match wanted.blocker.lifetime(&now.stamp) {
        // A moment later, so that it has.
        Lifetime::Left(left) => left + Duration::from_millis(1),
        Lifetime::Lapsed(_) => Duration::ZERO,
        Lifetime::Unsighted => LONGEST_NAP,
    });
    left.min().unwrap_or(LONGEST_NAP)
}

/// Asks again, at most for so long, whenever something may have become available.
pub(crate) fn until_something<T>(
    world: &World<'_>,
    most: Duration,
    ask: impl Fn() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let store = world.store()?;
    let began = world.now()?;
    loop {
        let seen = store.seen().map_err(|error| world.trouble(error));
        let failure = match ask() {
            Err(failure) if failure.code == Code::NothingToClaim => failure,
            done => return done,
        };
        let now = world.now()?;
        let waited = Duration::from_nanos(now.stamp.ns.saturating_sub(began.stamp.ns));
        if waited >= most {
            return Err(failure.in_vain(most));
        }
        let nap = world.read(&NextLapse)?.map_or(LONGEST_NAP, |left| left.min(LONGEST_NAP));
        store.wait(seen?, nap.min(most - waited)).map_err(|error| world.trouble(error))?;
    }
}

/// In how long the next lease lapses.
struct NextLapse;

impl Query for NextLapse {
    type Answer = Option<Duration>;

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Self::Answer, V::Error> {
        let left = view.live()?.into_iter().filter_map(|lease| match lease.lifetime(&now.stamp) {
            Lifetime::Left(left) => Some(left + Duration::from_millis(1)),
            Lifetime::Lapsed(_) => Some(Duration::ZERO),
            Lifetime::Unsighted => None,
        });
        Ok(left.min())
    }
}
