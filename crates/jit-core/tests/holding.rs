//! Keeping leases: renewal by id and by reference, heartbeat, longest life (section 6), and that
//! a renewal is the holder's alone (invariant 3.7).

#![allow(clippy::unwrap_used)]

mod common;

use common::{SEC, World, holder, lease_id, of, some_lease, stamp, thing, ttl};
use jit_core::decide::Renew;
use jit_core::{Lease, Lifetime, Refusal, Target};

/// Seconds until the lease that covers `x` lapses.
fn left(world: &World) -> u64 {
    match world.covering(&thing("x")).unwrap().lifetime(&world.now.stamp) {
        Lifetime::Left(left) => left.as_secs(),
        other => panic!("{other:?}"),
    }
}

/// Section 6: by lease id, or by reference; the TTL counts anew, nothing else changes.
#[test]
fn the_holder_renews_by_id_and_by_reference() {
    for target in [Target::Lease(lease_id(1)), of("x"), of("y"), of("x y")] {
        let mut world = World::new();
        let before = world.acquire_for("a", "x y", 60).unwrap();
        world.pass(50);
        assert_eq!(left(&world), 10);
        let renewed = world.renew("a", target.clone()).unwrap();
        assert_eq!(world.appended(), ["renew"]);
        assert_eq!((renewed.len(), left(&world)), (1, 60), "{target:?}");
        let mut expected = before;
        expected.renewed = world.now.stamp;
        expected.lived_ns = 50 * SEC;
        assert_eq!((&renewed, &world.leases()), (&vec![expected.clone()], &vec![expected]));
    }
}

/// 3.7: every command that names a lease checks that it is that holder's. Section 5: the same
/// agent and worktree, with equal subs or one absent.
#[test]
fn only_who_acts_for_the_holder_renews() {
    // (holder, actor, may)
    let cases = [
        ("a", "a", true),
        ("a", "a/s", true),
        ("a/s", "a", true),
        ("a/s", "a/s", true),
        ("a/s", "a/t", false),
        ("a", "b", false),
        ("a", "a@2", false),
        ("a/s@2", "a/s", false),
    ];
    for (holds, actor, may) in cases {
        for target in [Target::Lease(lease_id(1)), of("x")] {
            let mut world = World::new();
            let lease = world.acquire(holds, "x").unwrap();
            match world.renew(actor, target) {
                Ok(renewed) => {
                    assert!(may, "{actor} renewed what {holds} holds");
                    assert_eq!(renewed[0].holder, holder(holds), "a renewal does not change hands");
                }
                Err(Refusal::NotYours(told)) => assert!(!may && *told == lease, "{actor} for {holds}"),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// 3.3 for renewals: all that is named, or none; in one operation.
#[test]
fn several_leases_are_renewed_together_or_not_at_all() {
    let mut world = World::new();
    world.acquire("a", "x").unwrap();
    world.acquire("a", "y").unwrap();
    world.acquire("b", "z").unwrap();
    world.pass(1);
    let before = world.leases();
    assert!(matches!(world.renew("a", of("x y z")), Err(Refusal::NotYours(_))));
    assert_eq!(world.renew("a", of("v x")), Err(Refusal::NotHeld(thing("v"))));
    let unknown = world.renew("a", Target::Lease(lease_id(77)));
    assert_eq!(unknown, Err(Refusal::Unknown(lease_id(77))));
    assert_eq!(world.leases(), before);
    assert_eq!(world.renew("a", of("x y")).unwrap().len(), 2);
    assert_eq!(world.appended(), ["renew"]);
}

/// A renewal may change the TTL, within the policy.
#[test]
fn a_renewal_may_ask_for_another_ttl() {
    let mut world = World::new();
    world.policy.max_ttl = ttl(100);
    world.acquire_for("a", "x", 60).unwrap();
    let mut renew = |secs: u64| world.ask("a", &Renew { target: of("x"), ttl: Some(ttl(secs)) });
    assert_eq!(renew(100).unwrap().leases[0].ttl, ttl(100));
    assert_eq!(renew(1).unwrap().leases[0].ttl, ttl(1));
    assert_eq!(renew(101), Err(Refusal::TtlTooLong { asked: ttl(101), most: ttl(100) }));
}

/// A holder who does not ask for a TTL is not refused because the policy became stricter: the
/// lease gets what is allowed now.
#[test]
fn a_stricter_policy_shortens_what_it_finds() {
    let mut world = World::new();
    world.acquire_for("a", "x", 600).unwrap();
    world.policy.ttl = ttl(30);
    world.policy.max_ttl = ttl(60);
    let mut beating = world.clone();
    let renew = Renew { target: of("x"), ttl: None };
    let renewed = world.ask("a", &renew).unwrap();
    assert_eq!((renewed.leases[0].ttl, renewed.cut[0].ttl), (ttl(60), ttl(600)), "and is told so");
    assert_eq!(world.ask("a", &renew).unwrap().cut, [], "once");
    let beat = beating.heartbeat("a").unwrap();
    assert_eq!((beat.renewed[0].ttl, beat.cut[0].ttl), (ttl(60), ttl(600)));
    assert_eq!(beating.heartbeat("a").unwrap().cut, []);
}

/// Section 6: `heartbeat` renews all of a holder's in one operation, and nobody else's.
#[test]
fn a_heartbeat_renews_all_of_a_holders_and_no_others() {
    let mut world = World::new();
    for (actor, name) in [("a", "p"), ("a/s", "q"), ("a/t", "r"), ("a@2", "s"), ("b", "t")] {
        world.acquire_for(actor, name, 60).unwrap();
    }
    world.pass(10);
    for (actor, names) in [("a", "p q r"), ("a/s", "p q"), ("a/u", "p"), ("a@2", "s")] {
        let renewed = world.clone().heartbeat(actor).unwrap().renewed;
        let issues: Vec<_> = renewed.iter().flat_map(|lease| lease.issues.clone()).collect();
        assert_eq!(issues, common::things(names), "{actor}, in order of fences");
        assert!(renewed.iter().all(|lease| lease.renewed == world.now.stamp));
    }
    world.heartbeat("a").unwrap();
    assert_eq!(world.appended(), ["renew"]);
    assert_eq!(world.heartbeat("c"), Err(Refusal::NoLease { lost: vec![] }));
}

/// A heartbeat does not revive what has lapsed, and says what was lost when nothing is left.
#[test]
fn a_heartbeat_does_not_revive() {
    let mut world = World::new();
    let lost = world.acquire_for("a", "x", 10).unwrap();
    world.acquire_for("a", "y", 60).unwrap();
    world.acquire_for("b", "z", 10).unwrap();
    world.pass(10);
    let mut alone = world.clone();
    alone.release("a", of("y")).unwrap();

    let renewed = world.heartbeat("a").unwrap().renewed;
    assert_eq!(renewed.iter().map(|lease| &lease.issues[0]).collect::<Vec<_>>(), [&thing("y")]);
    assert_eq!(world.appended(), ["auto-evict", "auto-evict", "renew"]);

    let mut world = World::new();
    world.acquire_for("a", "x", 10).unwrap();
    world.acquire_for("b", "z", 10).unwrap();
    world.pass(10);
    match world.heartbeat("a") {
        Err(Refusal::NoLease { lost: told }) => {
            assert_eq!(told.iter().map(|e| e.lease.id).collect::<Vec<_>>(), [lost.id], "its own only");
        }
        other => panic!("{other:?}"),
    }
}

/// Section 6: renewals stop at `max_lifetime`, so that a stuck agent that still beats lets go.
#[test]
fn nobody_holds_longer_than_the_longest_life() {
    // However the holder carries on, and however often.
    type CarryOn = fn(&mut World) -> bool;
    let ways: [(&str, CarryOn); 4] = [
        ("renew", |world| world.renew("a", of("x")).is_ok()),
        ("heartbeat", |world| world.heartbeat("a").is_ok()),
        ("resume", |world| world.resume("a", "x", common::secret(1).hash()).is_ok()),
        ("transfer", |world| world.transfer("a", of("x"), "a").is_ok()),
    ];
    for (name, carry_on) in ways {
        for step in [1, 7, 19, 20, 33, 59] {
            let mut world = World::new();
            world.policy.max_lifetime = Some(ttl(100));
            world.acquire_for("a", "x", 60).unwrap();
            let mut held = 0;
            while held < 150 && carry_on(&mut world) {
                world.pass(step);
                held += step;
            }
            let last = held - step;
            assert!(last < 100, "{name}: carried on after {last} s");
            assert!(last + step + 1 >= 100, "{name}: refused after {last} s already");
            world.pass(100_u64.saturating_sub(held));
            world.sweep();
            assert_eq!(world.who(), "", "{name}: it stands after 100 s");
        }
    }
}

/// The last renewal before the longest life is reached is cut to what is left of it.
#[test]
fn the_last_renewal_is_cut_to_the_longest_life() {
    let mut world = World::new();
    world.policy.max_lifetime = Some(ttl(100));
    let lease = world.acquire_for("a", "x", 60).unwrap();
    assert!(!lease.reaches(ttl(100), &world.now.stamp));
    world.pass(55);
    let lease = world.renew("a", of("x")).unwrap().remove(0);
    assert!(lease.ttl == ttl(45) && lease.reaches(ttl(100), &world.now.stamp));
    world.pass_ns(44 * SEC + 1);
    match world.renew("a", of("x")) {
        Err(Refusal::LifetimeOver { lease, most }) => {
            assert_eq!((lease.id, most), (lease_id(1), ttl(100)));
        }
        other => panic!("less than a second is left: {other:?}"),
    }
    assert_eq!(world.who(), "x:a", "it stands to its end all the same");
    assert!(matches!(world.heartbeat("a"), Err(Refusal::LifetimeOver { .. })));
    world.acquire("a", "y").unwrap();
    let beat = world.heartbeat("a").unwrap();
    let ids = |leases: &[Lease]| leases.iter().map(|lease| lease.id).collect::<Vec<_>>();
    assert_eq!((ids(&beat.renewed), ids(&beat.over)), (vec![lease_id(2)], vec![lease_id(1)]));
}

/// A renewal that the longest life cuts is cut to whole seconds, and still ends no lease sooner.
#[test]
fn a_cut_renewal_ends_no_lease_sooner() {
    for after_ms in [1, 500, 999, 1_000, 1_001, 30_500, 98_999] {
        let mut world = World::new();
        world.policy.max_lifetime = Some(ttl(100));
        let end = world.acquire_for("a", "x", 100).unwrap().deadline_ns(&world.now.stamp);
        world.pass_ns(after_ms * SEC / 1_000);
        let renewed = world.renew("a", of("x")).unwrap();
        assert_eq!(renewed[0].deadline_ns(&world.now.stamp), end, "after {after_ms} ms");
        assert!(renewed[0].reaches(ttl(100), &world.now.stamp), "after {after_ms} ms");
        assert!(!renewed[0].reaches(ttl(102), &world.now.stamp), "after {after_ms} ms");
    }
}

/// Section 3.7: who relies on heartbeats learns of what was lost meanwhile, whoever evicted it,
/// and of nothing that is older than what it holds or that it has taken again.
#[test]
fn a_heartbeat_names_what_was_lost() {
    let lost = |world: &mut World| {
        let beat = world.clone().heartbeat("a").unwrap();
        beat.lost.iter().map(|ended| ended.lease.id).collect::<Vec<_>>()
    };
    let mut world = World::new();
    world.acquire_for("a", "old", 1).unwrap();
    world.pass(1);
    world.acquire_for("a", "y", 600).unwrap();
    assert_eq!(lost(&mut world), [], "lost before anything that is held was granted");
    world.acquire_for("a", "x", 10).unwrap();
    world.acquire_for("b", "z", 10).unwrap();
    world.acquire_for("a@2", "w", 10).unwrap();
    world.pass(10);
    assert_eq!(lost(&mut world), [lease_id(3)], "by this very step");
    world.sweep();
    assert_eq!(lost(&mut world), [lease_id(3)], "by another's");
    world.acquire("b", "x").unwrap();
    assert_eq!(lost(&mut world), [lease_id(3)], "though somebody has it");
    world.acquire("a", "v").unwrap();
    world.force_evict("b", of("v")).unwrap();
    assert_eq!(lost(&mut world), [lease_id(7), lease_id(3)], "newest first");
    world.release("b", of("x")).unwrap();
    world.acquire("a", "x").unwrap();
    assert_eq!(lost(&mut world), [lease_id(7)], "what is held again is not missed");
    world.release("a", of("x y")).unwrap();
    match world.heartbeat("a") {
        Err(Refusal::NoLease { lost }) => assert_eq!(lost.len(), 3),
        other => panic!("{other:?}"),
    }
}

/// How long a lease was held is counted over renewals and reboots; time that no clock saw is not.
#[test]
fn the_time_held_adds_up() {
    let lease =
        some_lease().renewed_at(&stamp(1, 130 * SEC), ttl(60)).renewed_at(&stamp(1, 131 * SEC), ttl(60));
    assert_eq!(lease.lived_ns, 31 * SEC);
    assert_eq!(lease.held_ns(&stamp(1, 141 * SEC)), 41 * SEC);
    assert_eq!(lease.held_ns(&stamp(2, 5 * SEC)), 31 * SEC, "not sighted there");
    let mut sighted = lease;
    sighted.sight(stamp(2, 5 * SEC));
    assert_eq!(sighted.held_ns(&stamp(2, 9 * SEC)), 35 * SEC);
}
