//! Losing leases: a lease lapses exactly at its deadline, lapsed ones are evicted by the next
//! writer (section 1), and who lost one is told who has it now and can do nothing with it
//! (invariant 3.7).

mod common;

use common::{SEC, World, held_by, lease_id, of, secret, some_lease, stamp, thing, things, ttl, wall};
use jit_core::{End, Known, Lease, Lifetime, Now, Refusal, Target, View};
use proptest::prelude::*;

/// The lost lease's id, and who has its references now.
fn lost<T: std::fmt::Debug>(answer: Result<T, Refusal>) -> (u64, String) {
    match answer {
        Err(Refusal::Lost { lost, now_held }) => {
            let holders = held_by(&now_held);
            ((0..20).find(|n| lease_id(*n) == lost.lease.id).unwrap_or(99), holders)
        }
        other => panic!("not told that it was lost: {other:?}"),
    }
}

fn superseded(lease: &Lease) -> Vec<u64> {
    (0..20).filter(|n| lease.supersedes.contains(&lease_id(*n))).collect()
}

/// 3.6: one nanosecond before its deadline a lease stands, at its deadline it has lapsed.
#[test]
fn a_lease_lapses_exactly_at_its_deadline() {
    for (ns, lapses) in [(60 * SEC - 1, false), (60 * SEC, true), (60 * SEC + 1, true)] {
        let mut world = World::new();
        world.acquire_for("a", "x", 60).unwrap();
        world.pass_ns(ns);
        assert_eq!(world.clone().acquire("b", "x").is_ok(), lapses, "{ns}");
        assert_eq!(world.clone().renew("a", of("x")).is_err(), lapses);
        assert_eq!(world.clone().renew("a", Target::Lease(lease_id(1))).is_err(), lapses);
        assert_eq!(world.clone().heartbeat("a").is_err(), lapses);
        assert_eq!(world.clone().release("a", of("x")).is_err(), lapses);
        assert_eq!(world.clone().resume("a", "x", secret(1).hash()).is_err(), lapses);
        assert_eq!(world.clone().transfer("a", of("x"), "b").is_err(), lapses);
        assert_eq!(world.clone().force_evict("b", of("x")).is_err(), lapses);
        world.sweep();
        assert_eq!(world.who(), if lapses { "" } else { "x:a" });
    }
}

/// What people are shown: how much is left, never more than the TTL, and when it ends or ended.
#[test]
fn what_is_left_is_shown_as_it_is() {
    use std::time::Duration;
    let now = |secs: u64| Now { stamp: stamp(1, secs * SEC), wall: wall(secs) };
    let cases = [
        (100, Lifetime::Left(Duration::from_secs(60)), 160),
        (159, Lifetime::Left(Duration::from_secs(1)), 160),
        (160, Lifetime::Lapsed(Duration::ZERO), 160),
        (200, Lifetime::Lapsed(Duration::from_secs(40)), 160),
        (99, Lifetime::Unsighted, 159),
    ];
    for (secs, lifetime, expires) in cases {
        assert_eq!(some_lease().lifetime(&now(secs).stamp), lifetime, "{secs}");
        assert_eq!(some_lease().expires_at(&now(secs)), wall(expires), "{secs}");
    }
}

/// Section 1: the next writer evicts, whatever it came for, also when it is refused.
#[test]
fn evictions_are_appended_also_when_the_request_is_refused() {
    let mut world = World::new();
    world.acquire_for("a", "x", 10).unwrap();
    world.acquire_for("b", "y", 60).unwrap();
    world.pass(10);
    assert!(matches!(world.acquire("c", "x y"), Err(Refusal::Held(_))));
    assert_eq!((world.appended(), world.who().as_str()), (vec!["auto-evict"], "y:b"));
    assert!(world.acquire("c", "y").is_err());
    assert_eq!(world.appended(), [""; 0], "evicted once");
}

/// One step evicts at most 64 leases that the request does not touch, and all that it touches.
#[test]
fn a_step_evicts_what_it_touches_and_64_more() {
    let mut world = World::new();
    for n in 0..100 {
        world.acquire_for("a", &format!("n{n:03}"), 10).unwrap();
    }
    world.pass(10);
    let evictions = |world: &World| world.appended().iter().filter(|name| **name == "auto-evict").count();
    let mut other = world.clone();
    other.acquire("b", "other").unwrap();
    assert_eq!((evictions(&other), other.leases().len()), (64, 100 - 64 + 1));

    // Ids are minted in order, and so is what a step meets first: n099 is beyond the 64.
    let mut touched = world.clone();
    touched.acquire("b", "n000 n098 n099").unwrap();
    assert_eq!((evictions(&touched), touched.leases().len()), (66, 100 - 66 + 1));
    let mut own = world.clone();
    assert!(own.heartbeat("a").is_err());
    assert_eq!((evictions(&own), own.who().as_str()), (100, ""));

    world.sweep();
    assert_eq!((evictions(&world), world.who().as_str()), (100, ""));
    world.sweep();
    assert_eq!(world.appended(), [""; 0]);
}

/// Somebody had it in between and let go, or a third has it now: whoever lost it is still told so.
#[test]
fn a_loss_is_told_after_others_came_and_went() {
    let mut world = World::new();
    world.acquire_for("a", "x", 10).unwrap();
    world.pass(10);
    world.acquire("b", "x").unwrap();
    world.release("b", of("x")).unwrap();
    assert_eq!(lost(world.renew("a", of("x"))), (1, String::new()));
    assert!(matches!(world.renew("b", of("x")), Err(Refusal::NotHeld(_))), "it let go itself");
    assert!(matches!(world.renew("a", of("y")), Err(Refusal::NotHeld(_))), "another thing");
    world.acquire("c", "x").unwrap();
    assert_eq!(lost(world.release("a", of("x"))), (1, "x:c".into()));
    assert!(matches!(world.renew("b", of("x")), Err(Refusal::NotYours(_))));
}

/// 3.7: a new lease records the lost ones that it supersedes: lapsed and evicted ones, each once,
/// of its own references, not yet superseded by another, and never a released one.
#[test]
fn a_grant_records_what_it_supersedes() {
    let mut world = World::new();
    world.acquire_for("a", "u v", 10).unwrap();
    world.acquire("b", "w").unwrap();
    world.acquire("c", "x").unwrap();
    world.acquire_for("d", "z", 10).unwrap();
    world.force_evict("e", of("w")).unwrap();
    world.release("c", of("x")).unwrap();
    world.pass(10);

    let (first, w) = (world.acquire("e", "u x").unwrap(), world.acquire("e", "v w").unwrap());
    assert_eq!(superseded(&first), [1]);
    assert_eq!(superseded(&w), [1, 2], "each of its references counts for itself");
    world.release("e", of("u v w x")).unwrap();
    let again = world.acquire("f", "u v w x z").unwrap();
    assert_eq!(superseded(&again), [4], "a lost lease is superseded once for each reference");
}

/// 3.7: what lapses in the very step that grants it anew is superseded too.
#[test]
fn a_lapse_seen_by_the_grant_itself_is_superseded() {
    let mut world = World::new();
    world.acquire_for("a", "x y", 10).unwrap();
    world.pass(10);
    let lease = world.acquire("b", "y z").unwrap();
    assert_eq!((world.appended(), superseded(&lease)), (vec!["auto-evict", "acquire"], vec![1]));
    assert_eq!(superseded(&world.acquire("c", "x").unwrap()), [1]);
}

/// 3.7: whatever a superseded holder tries, it is told that the lease was lost and who has it
/// now, and the new holder's lease is untouched.
#[test]
fn a_superseded_holder_is_told_who_has_it_now() {
    for evicted in [true, false] {
        let mut world = World::new();
        world.acquire_for("a", "x y", 10).unwrap();
        if evicted {
            world.force_evict("z", of("x")).unwrap();
        } else {
            world.pass(10);
        }
        world.acquire_for("b", "x", 60).unwrap();
        let after = world.leases();
        for target in [Target::Lease(lease_id(1)), of("x")] {
            let told = (1, "x:b".to_owned());
            assert_eq!(lost(world.renew("a", target.clone())), told);
            assert_eq!(lost(world.release("a", target.clone())), told);
            assert_eq!(lost(world.transfer("a", target.clone(), "a/s")), told);
            assert_eq!(lost(world.renew("a/s", target)), told, "who acts for it is told too");
        }
        assert_eq!(lost(world.resume("a", "x", secret(1).hash())), (1, "x:b".into()));
        assert_eq!(lost(world.renew("a", of("y"))), (1, "x:b".into()), "nobody has y now");
        assert!(matches!(world.renew("c", of("x")), Err(Refusal::NotYours(_))), "it was never c's");
        assert_eq!(world.renew("c", of("y")), Err(Refusal::NotHeld(thing("y"))));
        assert_eq!(world.leases(), after);
    }
}

/// The lease that a holder is told it lost by reference is one that covered that reference.
#[test]
fn the_lost_lease_that_is_told_covered_the_reference() {
    let mut world = World::new();
    world.acquire_for("a", "x", 10).unwrap();
    world.acquire_for("b", "y", 10).unwrap();
    world.acquire_for("a", "z", 10).unwrap();
    world.pass(10);
    world.acquire("c", "x y z").unwrap();
    assert_eq!(lost(world.renew("a", of("x"))), (1, "x:c".into()));
    assert_eq!(lost(world.renew("a", of("z"))), (3, "z:c".into()));
    assert!(matches!(world.renew("a", of("y")), Err(Refusal::NotYours(_))), "y never was a's");
}

/// A holder that lost its lease and acquired again has the new one, and may not use the old.
#[test]
fn the_same_holder_has_the_new_lease_and_not_the_old() {
    let mut world = World::new();
    let old = world.acquire_for("a", "x", 10).unwrap();
    world.pass(10);
    let new = world.acquire_for("a", "x", 10).unwrap();
    assert!(new.fence > old.fence);
    assert_eq!(lost(world.renew("a", Target::Lease(old.id))), (1, "x:a".into()));
    assert_eq!(world.renew("a", of("x")).unwrap()[0].id, new.id);
}

/// 3.7: after others have had and lost it, each holder is still told who has it now.
#[test]
fn the_first_of_many_holders_is_still_told() {
    let mut world = World::new();
    for actor in ["a", "b", "c"] {
        world.acquire_for(actor, "x", 10).unwrap();
        world.pass(10);
    }
    world.acquire("d", "x").unwrap();
    for n in [1, 2, 3] {
        let actor = ["a", "b", "c"][n as usize - 1];
        for target in [Target::Lease(lease_id(n)), of("x")] {
            assert_eq!(lost(world.renew(actor, target)), (n, "x:d".into()));
        }
    }
}

/// A lapse that nobody has evicted yet is shown as lapsed and changes nothing (3.5).
#[test]
fn a_read_shows_a_lapse_and_evicts_nothing() {
    let mut world = World::new();
    let lease = world.acquire_for("a", "x", 10).unwrap();
    world.pass(10);
    assert!(world.covering(&thing("x")).unwrap().lapsed(&world.now.stamp));
    assert_eq!(world.state.lapsed(&world.now.stamp, 9), Ok(vec![lease.clone()]));
    assert_eq!(world.state.lapsed(&world.now.stamp, 0), Ok(vec![]));
    assert_eq!(world.state.lost(&thing("x")), Ok(None));
    world.sweep();
    match world.state.lost(&thing("x")).unwrap() {
        Some(ended) => {
            assert_eq!((ended.lease, ended.end, ended.unclaimed), (lease, End::Lapsed, things("x")))
        }
        None => panic!("a lapse is a loss"),
    }
    assert!(matches!(world.known(&lease_id(1)), Some(Known::Ended(_))));
}

proptest! {
    #![proptest_config(common::cases(256))]

    /// For any TTL and any instant: left and lapsed exclude each other, and the eviction that
    /// the next writer makes agrees with what a read showed before.
    #[test]
    fn reads_and_evictions_agree(secs in 1u64..100, ns in 0u64..(200 * SEC)) {
        let mut world = World::new();
        world.acquire_for("a", "x", secs).unwrap();
        world.pass_ns(ns);
        let shown = world.covering(&thing("x")).unwrap().lifetime(&world.now.stamp);
        world.sweep();
        match shown {
            Lifetime::Left(left) => {
                prop_assert!(left <= ttl(secs).duration() && left.as_nanos() == u128::from(secs * SEC - ns));
                prop_assert_eq!(world.who(), "x:a");
            }
            Lifetime::Lapsed(since) => {
                prop_assert_eq!(since.as_nanos(), u128::from(ns - secs * SEC));
                prop_assert_eq!(world.who(), "");
            }
            Lifetime::Unsighted => prop_assert!(false, "it was granted on this clock"),
        }
    }
}
