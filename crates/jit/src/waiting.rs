//! Waiting for a lease in turn: woken by whatever changes the leases, or by the nearest expiry.

use std::time::Duration;

use jit_core::decide::Acquire;
use jit_core::{Event, Lease, Lifetime, Now, Query, Reference, Refusal, View};
use jit_store::{StepError, StoreError};

use crate::error::{Code, Failure};
use crate::world::World;

/// A writer that died between changing the leases and saying so is noticed after so long, and a
/// waiter that looks as often is not taken to be stopped.
const LONGEST_NAP: Duration = Duration::from_secs(5);

/// Before the lock is tried again; it was waited for already.
const A_MOMENT: Duration = Duration::from_millis(100);

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
            // Whoever has the lock that long may yet let go of it.
            Err(StepError::Store(StoreError::Locked { .. }))
                if place.is_some() && waited(&began, &world.now()?) < most =>
            {
                let seen = store.seen().map_err(|error| world.trouble(error))?;
                store.wait(seen, A_MOMENT).map_err(|error| world.trouble(error))?;
                continue;
            }
            done => {
                if place.is_some() {
                    note(world, request.issues.to_vec(), waited(&began, &world.now()?));
                }
                return done.map_err(|error| world.step_failed(error));
            }
        };
        let now = world.now()?;
        let waited = waited(&began, &now);
        if waited >= most {
            note(world, request.issues.to_vec(), waited);
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

fn waited(began: &Now, now: &Now) -> Duration {
    Duration::from_nanos(now.stamp.ns.saturating_sub(began.stamp.ns))
}

/// For statistics.
fn note(world: &World<'_>, issues: Vec<Reference>, waited: Duration) {
    world.note(issues, Event::Waited { ms: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX) });
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
pub(crate) fn until_something(
    world: &World<'_>,
    most: Duration,
    ask: impl Fn() -> Result<Vec<Lease>, Failure>,
) -> Result<Vec<Lease>, Failure> {
    let store = world.store()?;
    let began = world.now()?;
    let mut at_once = true;
    loop {
        let seen = store.seen().map_err(|error| world.trouble(error));
        let failure = match ask() {
            Err(failure) if failure.code == Code::NothingToClaim => failure,
            Ok(leases) if !at_once => {
                let got = leases.iter().flat_map(|lease| lease.issues.clone()).collect();
                note(world, got, waited(&began, &world.now()?));
                return Ok(leases);
            }
            done => return done,
        };
        at_once = false;
        let waited = waited(&began, &world.now()?);
        if waited >= most {
            note(world, Vec::new(), waited);
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
