//! Waiting: a request is made again whenever something changed that may have been in its way.

use std::time::Duration;

use jit_core::{Claim, Event, Holder, Lifetime, Now, Query, Reference, Refusal, Request, View};
use jit_store::{StepError, StoreError};

use crate::error::{Code, Failure};
use crate::world::World;

/// A writer that died between changing the leases and saying so is noticed after so long, and a
/// waiter that looks as often is not taken to be stopped.
const LONGEST_NAP: Duration = Duration::from_secs(5);

/// Before the lock is tried again; it was waited for already.
const A_MOMENT: Duration = Duration::from_millis(100);

/// Asks, at most for so long, until nothing is in the way any more; only once if no time is given.
///
/// `ask` makes the request anew for each try, because the files that it goes by may have changed.
/// It is told the asker's ticket: whoever names what it wants stands in the queue for it.
pub(crate) fn transact<R: Request>(
    world: &World<'_>,
    most: Option<Duration>,
    named: Option<&Claim>,
    ask: impl Fn(Option<u64>) -> Result<R, Failure>,
) -> Result<R::Answer, Failure> {
    match most {
        None => world.transact(&ask(None)?),
        Some(_) => transact_as(world, &world.holder()?, most, named, ask),
    }
}

/// The same for a holder who was told apart before.
pub(crate) fn transact_as<R: Request>(
    world: &World<'_>,
    holder: &Holder,
    most: Option<Duration>,
    named: Option<&Claim>,
    ask: impl Fn(Option<u64>) -> Result<R, Failure>,
) -> Result<R::Answer, Failure> {
    let Some(most) = most else { return world.transact_as(holder, &ask(None)?) };
    let (store, policy) = (world.store()?, world.policy()?);
    let trouble = |error| world.trouble(error);
    let began = world.now()?;
    let (mut place, mut at_once) = (None, true);
    loop {
        if let Some(ticket) = &mut place {
            store.look(ticket).map_err(trouble)?;
        }
        // Before the try: what changes after it wakes.
        let seen = store.seen();
        let request = match ask(place.as_ref().map(|ticket| ticket.number())) {
            // Whoever writes the file, Git for one, may be in the middle of it.
            Err(failure)
                if failure.code == Code::BrokenFile && !at_once && passed(&began, &world.now()?) < most =>
            {
                store.wait(seen.map_err(trouble)?, A_MOMENT).map_err(trouble)?;
                continue;
            }
            request => request?,
        };
        let tried = store.transact(&request, holder, policy);
        let now = world.now()?;
        let waited = passed(&began, &now);
        let in_the_way = match tried {
            Err(error) if may_pass(&error) && waited < most => error,
            Err(error) if may_pass(&error) => {
                note(world, about(named), waited);
                return Err(world.step_failed::<R>(error).in_vain(most));
            }
            done => {
                if !at_once {
                    note(world, done.as_ref().map_or_else(|_| about(named), issues::<R>), waited);
                }
                return done.map_err(|error| world.step_failed::<R>(error));
            }
        };
        at_once = false;
        // The queue is entered once; what came free meanwhile is tried again at once.
        if let (StepError::Refused(_), Some(named), None) = (&in_the_way, named, &place) {
            match store.queue(holder, named) {
                Ok(ticket) => {
                    place = Some(ticket);
                    continue;
                }
                Err(StoreError::Locked { .. }) => {}
                Err(error) => return Err(trouble(error)),
            }
        }
        let nap = nap(world, &in_the_way, &now)?.min(most - waited);
        store.wait(seen.map_err(trouble)?, nap).map_err(trouble)?;
    }
}

pub(crate) fn passed(began: &Now, now: &Now) -> Duration {
    Duration::from_nanos(now.stamp.ns.saturating_sub(began.stamp.ns))
}

/// Whether what was in the way may go away by itself.
fn may_pass<T>(error: &StepError<T>) -> bool {
    matches!(
        error,
        StepError::Refused(Refusal::Held(_) | Refusal::Awaited(_) | Refusal::NothingToClaim { .. })
            // Whoever has the lock that long may yet let go of it.
            | StepError::Store(StoreError::Locked { .. })
    )
}

/// How long to sleep at most, if nothing is heard.
fn nap<T>(world: &World<'_>, in_the_way: &StepError<T>, now: &Now) -> Result<Duration, Failure> {
    let lapse = match in_the_way {
        StepError::Store(_) => Some(A_MOMENT),
        StepError::Refused(Refusal::Held(held)) => {
            held.iter().filter_map(|wanted| until_lapse(wanted.blocker.lifetime(&now.stamp))).min()
        }
        StepError::Refused(Refusal::NothingToClaim { .. }) => world.read(&NextLapse)?,
        _ => None,
    };
    Ok(lapse.map_or(LONGEST_NAP, |lapse| lapse.min(LONGEST_NAP)))
}

/// A moment later than the lapse, so that it has happened.
pub(crate) fn until_lapse(lifetime: Lifetime) -> Option<Duration> {
    match lifetime {
        Lifetime::Left(left) => Some(left + Duration::from_millis(1)),
        Lifetime::Lapsed(_) => Some(Duration::ZERO),
        Lifetime::Unsighted => None,
    }
}

/// In how long the next lease lapses.
struct NextLapse;

impl Query for NextLapse {
    type Answer = Option<Duration>;

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Self::Answer, V::Error> {
        let live = view.live()?;
        Ok(live.iter().filter_map(|lease| until_lapse(lease.lifetime(&now.stamp))).min())
    }
}

fn about(named: Option<&Claim>) -> Vec<Reference> {
    named.map(|named| named.references().to_vec()).unwrap_or_default()
}

fn issues<R: Request>(answer: &R::Answer) -> Vec<Reference> {
    R::leases(answer).into_iter().flat_map(|lease| lease.issues.clone()).collect()
}

/// For statistics.
fn note(world: &World<'_>, issues: Vec<Reference>, waited: Duration) {
    world.note(issues, Event::Waited { ms: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX) });
}
