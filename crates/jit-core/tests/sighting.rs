//! Time across reboots and clocks that disagree, invariant 3.6: a foreign stamp counts from the
//! first sighting that a writer on this clock recorded; nothing is evicted early, and nothing
//! stands longer than one TTL after the sighting.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::{SEC, World, clock, lease_id, of, some_lease, stamp, thing, ttl, wall};
use jit_core::decide::{Attempted, Release};
use jit_core::{Lease, Lifetime, Now, Stamp, View};
use proptest::prelude::*;

fn lifetime(world: &World) -> Lifetime {
    world.covering(&thing("x")).unwrap().lifetime(&world.now.stamp)
}

/// A stamp of another boot and one ahead of this clock are foreign; any other has an age.
#[test]
fn what_is_foreign() {
    let now = stamp(1, 500);
    let cases = [
        (stamp(1, 500), Some(0)),
        (stamp(1, 0), Some(500)),
        (stamp(1, 501), None),
        (stamp(2, 500), None),
        (stamp(2, 0), None),
    ];
    for (seen, age) in cases {
        assert_eq!(seen.age_at(&now), age, "{seen:?}");
    }
}

/// After a reboot, and on a clock that stepped back: the first writer records one sighting, and
/// the lease stands for one TTL from there.
#[test]
fn a_foreign_lease_counts_from_its_first_sighting() {
    for (boot, secs) in [(2, 5), (2, 5000), (1, 10)] {
        let mut world = World::new();
        world.acquire_for("a", "x", 60).unwrap();
        world.on_clock(boot, secs);
        assert_eq!(lifetime(&world), Lifetime::Unsighted, "a read sights nothing");
        world.acquire("b", "y").unwrap();
        assert_eq!(world.appended(), ["sighting", "acquire"]);
        assert_eq!(lifetime(&world), Lifetime::Left(Duration::from_secs(60)));

        world.pass(30);
        assert!(world.acquire("b", "x").is_err());
        assert_eq!(world.appended(), [""; 0], "seen already");
        world.pass_ns(30 * SEC - 1);
        assert!(world.acquire("b", "x").is_err());
        world.pass_ns(1);
        world.acquire("b", "x").unwrap();
        assert_eq!(world.appended(), ["auto-evict", "acquire"]);
    }
}

/// What nobody holds needs no sighting, and what ended is not sighted.
#[test]
fn nothing_foreign_no_sighting() {
    let mut world = World::new();
    world.acquire("a", "x").unwrap();
    world.release("a", of("x")).unwrap();
    world.on_clock(2, 5);
    world.sweep();
    assert_eq!(world.appended(), [""; 0]);
    assert_eq!(world.state.has_unsighted(&world.now.stamp), Ok(false));
}

/// A holder that comes back after a reboot carries on: its renewal counts on the new clock.
#[test]
fn a_renewal_after_a_reboot_counts_on_the_new_clock() {
    let mut world = World::new();
    world.acquire_for("a", "x", 60).unwrap();
    world.on_clock(2, 5);
    let renewed = world.renew("a", of("x")).unwrap();
    assert_eq!(world.appended(), ["sighting", "renew"]);
    assert_eq!((renewed[0].renewed, renewed[0].sighted.as_slice()), (stamp(2, 5 * SEC), [].as_slice()));
    world.pass(59);
    assert_eq!(lifetime(&world), Lifetime::Left(Duration::from_secs(1)));
}

/// The sighting that a step records is not undone by what else the step says of the lease, else
/// the TTL would count from a second sighting.
#[test]
fn a_release_of_a_part_keeps_the_sighting() {
    let mut world = World::new();
    world.acquire_for("a", "x y", 60).unwrap();
    world.on_clock(2, 5);
    world.ask("a", &Release { target: of("y"), attempted: Attempted::default() }).unwrap();
    assert_eq!(world.appended(), ["sighting", "release"]);
    world.pass(59);
    world.acquire("b", "z").unwrap();
    assert_eq!(world.appended(), ["acquire"], "one sighting on a clock is enough");
    world.pass(1);
    world.acquire("b", "x").unwrap();
}

/// A sighting notes only what is foreign, and one stamp for a clock.
#[test]
fn a_sighting_is_kept_once_for_a_clock() {
    let sighted = |stamps: &[Stamp]| {
        let mut lease = some_lease();
        stamps.iter().for_each(|stamp| lease.sight(*stamp));
        lease.sighted
    };
    let s = |n, secs: u64| stamp(n, secs * SEC);
    assert_eq!(sighted(&[s(1, 100)]), [], "it is of this clock");
    assert_eq!(sighted(&[s(2, 7), s(2, 9)]), [s(2, 7)], "the first counts");
    assert_eq!(sighted(&[s(2, 7), s(3, 1), s(2, 9)]), [s(2, 7), s(3, 1)]);
    assert_eq!(sighted(&[s(1, 50), s(1, 70)]), [s(1, 50)]);
    assert_eq!(sighted(&[s(2, 7), s(2, 3)]), [s(2, 3)], "7 is ahead of 3, so foreign itself");
}

/// What is known of a lease on a clock that stepped back: both stamps count once it has passed
/// both; the one that ends first decides.
#[test]
fn the_deadline_on_a_clock_that_stepped_back() {
    let mut lease = some_lease();
    lease.sight(stamp(1, 50 * SEC));
    let deadline = |lease: &Lease, secs| lease.deadline_ns(&stamp(1, secs * SEC)).map(|ns| ns / SEC);
    assert_eq!([49, 50, 99, 100].map(|secs| deadline(&lease, secs)), [None, Some(110), Some(110), Some(110)]);
    lease.sighted.clear();
    assert_eq!([50, 99, 100].map(|secs| deadline(&lease, secs)), [None, None, Some(160)]);
}

#[derive(Clone, Copy, Debug)]
enum Act {
    /// A writer that has nothing to do with the lease.
    Write,
    /// The holder gives a part of it up.
    Shrink,
    Renew,
    Read,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![3 => Just(Act::Write), 1 => Just(Act::Shrink), 1 => Just(Act::Renew), 2 => Just(Act::Read)]
}

const TTL: u64 = 60;

/// A lease of `x` and of parts that can be given up one by one.
fn lease_with_parts(world: &mut World) {
    let parts: Vec<String> = (0..40).map(|n| format!("part{n:02}")).collect();
    world.acquire_for("a", &format!("x {}", parts.join(" ")), TTL).unwrap();
}

/// Lets the actor act; whether a sighting was recorded.
fn perform(world: &mut World, act: Act) -> bool {
    let before = world.log.len();
    match act {
        Act::Write => world.sweep(),
        Act::Read => {}
        Act::Renew => drop(world.renew("a", of("x"))),
        Act::Shrink => {
            let issues = world.live(&lease_id(1)).map(|lease| lease.issues[0].to_string());
            let part = issues.map_or("part00".into(), |name| name.trim_start_matches("name:").to_owned());
            if part != "x" {
                drop(world.release("a", of(&part)));
            }
        }
    }
    world.log[before..].iter().any(|record| record.operation.name() == "sighting")
}

proptest! {
    #![proptest_config(common::cases(256))]

    /// Writers on clocks of different boots take turns, in any order. On each clock the TTL counts
    /// from the renewal there, or from the first sighting there, and from nothing else.
    #[test]
    fn on_alternating_clocks_each_has_its_own_count(
        steps in prop::collection::vec((0u64..3, 0u64..25, act()), 1..60)
    ) {
        let mut world = World::new();
        lease_with_parts(&mut world);
        // True time, which no clock shows, and when the count began on each clock.
        let mut time = 0;
        let mut renewed = 0;
        let mut began = BTreeMap::from([(1, 0)]);
        for (chosen, elapsed, act) in steps {
            time += elapsed;
            // Boot 1 began 1000 s before the lease, boots 2 and 3 at others.
            let clock = chosen + 1;
            world.on_clock(clock, time + 1000 / (chosen + 1));
            let due = began.get(&clock).is_some_and(|since| time >= since + TTL);
            if matches!(act, Act::Read) {
                match lifetime(&world) {
                    Lifetime::Unsighted => prop_assert!(!began.contains_key(&clock)),
                    Lifetime::Lapsed(_) => prop_assert!(due),
                    Lifetime::Left(left) => {
                        prop_assert!(!due && left.as_secs() == began[&clock] + TTL - time);
                    }
                }
                continue;
            }
            let sighted = perform(&mut world, act);
            let gone = world.live(&lease_id(1)).is_none();
            prop_assert_eq!(gone, due, "at {} on clock {}", time, clock);
            prop_assert!(!gone || time >= renewed + TTL, "evicted early");
            if gone {
                break;
            }
            if world.appended().is_empty() {
                prop_assert!(!sighted);
                continue;
            }
            prop_assert_eq!(sighted, !began.contains_key(&clock), "a sighting on each clock, once");
            began.entry(clock).or_insert(time);
            if matches!(act, Act::Renew) {
                renewed = time;
                began = BTreeMap::from([(clock, time)]);
            }
        }
    }

    /// A clock that keeps its identity and steps back now and then: nothing is evicted early, and
    /// nothing stands longer than a TTL after the first write that followed the last step.
    #[test]
    fn a_clock_that_steps_back_delays_by_a_ttl_at_most(
        steps in prop::collection::vec((0u64..25, prop::option::weighted(0.2, 1u64..300), act()), 1..60)
    ) {
        let mut world = World::new();
        lease_with_parts(&mut world);
        let mut time = 0;
        let mut reading = 1000;
        let mut renewed = 0;
        let mut since = Some(0);
        for (elapsed, back, act) in steps {
            time += elapsed;
            reading += elapsed;
            if let Some(back) = back {
                reading = reading.saturating_sub(back);
                since = None;
            }
            world.on_clock(1, reading);
            if let Lifetime::Left(left) = lifetime(&world) {
                prop_assert!(left <= ttl(TTL).duration());
            }
            if matches!(act, Act::Read) {
                continue;
            }
            perform(&mut world, act);
            let gone = world.live(&lease_id(1)).is_none();
            prop_assert!(!gone || time >= renewed + TTL, "evicted early");
            prop_assert!(gone || since.is_none_or(|since| time < since + TTL), "it stands too long");
            if gone {
                break;
            }
            if matches!(act, Act::Renew) {
                (renewed, since) = (time, Some(time));
            }
            since = since.or(Some(time));
        }
    }

    /// Whatever stamps a lease has gathered, and whatever a clock reads: what is left is never
    /// shown as more than the TTL, and whoever writes ends the doubt.
    #[test]
    fn what_is_left_is_never_more_than_the_ttl(
        stamps in prop::collection::vec((1u64..4, any::<u64>()), 0..6),
        boot in 1u64..4,
        ns in any::<u64>(),
    ) {
        let mut lease = some_lease();
        stamps.iter().for_each(|(n, ns)| lease.sight(stamp(*n, *ns)));
        let now = Stamp { boot: clock(boot), ns };
        if let Lifetime::Left(left) = lease.lifetime(&now) {
            prop_assert!(left <= lease.ttl.duration() && !left.is_zero());
        }
        lease.sight(now);
        prop_assert!(!matches!(lease.lifetime(&now), Lifetime::Unsighted));
        prop_assert!(lease.sighted.len() <= 3, "one for a clock");
    }
}

/// When a lease lapsed is one moment, whenever it is asked.
#[test]
fn a_lapse_stays_where_it_was() {
    let lease = some_lease();
    let Stamp { boot, ns } = lease.renewed;
    let asked = |ms: u64| {
        let stamp = Stamp { boot, ns: ns + lease.ttl.nanos() + ms * 1_000_000 };
        lease.expires_at(&Now { stamp, wall: wall(0).plus(Duration::from_millis(ms)) })
    };
    assert_eq!(asked(300), asked(1_900));
}
