//! Granting leases: at most one holder of a reference (invariant 3.1), all or nothing (3.3), no
//! overtaking of who waits, TTL and longest life within the policy (section 6).

mod common;

use common::{World, asked_for, held_by, holder, lease_id, things, ttl, waiter};
use jit_core::decide::{Acquire, Terms};
use jit_core::{Lease, Policy, Refusal, Ttl};

/// Who is in the way, as `x:a y:b`, if the request was refused for that.
fn in_the_way(answer: Result<Lease, Refusal>) -> String {
    match answer {
        Err(Refusal::Held(held)) => held_by(&held),
        other => panic!("not refused as held: {other:?}"),
    }
}

/// Which tickets are in the way, as `x#1 y#2`.
fn awaited(answer: Result<Lease, Refusal>) -> String {
    match answer {
        Err(Refusal::Awaited(awaited)) => {
            let each = awaited.iter().map(|w| format!("{}#{}", asked_for(&w.item), w.blocker.ticket));
            each.collect::<Vec<_>>().join(" ")
        }
        other => panic!("not refused as awaited: {other:?}"),
    }
}

/// 3.1, 3.3 and the words of section 1: what a grant says.
#[test]
fn a_grant_covers_all_that_was_asked_for_and_nothing_else() {
    let mut world = World::new();
    let request = Acquire {
        terms: Terms {
            task: Some("build".parse().unwrap()),
            branch: Some("main".into()),
            ttl: Some(ttl(90)),
        },
        ..world.acquisition("y x")
    };
    let lease = world.ask("a/sub@2", &request).unwrap();
    let expected = Lease {
        id: lease_id(1),
        issues: things("x y"),
        task: request.terms.task.clone(),
        holder: holder("a/sub@2"),
        branch: Some("main".into()),
        ttl: ttl(90),
        acquired_at: world.now.wall,
        renewed: world.now.stamp,
        token: request.token,
        ..common::some_lease()
    };
    assert_eq!(lease, expected);
    assert_eq!(world.leases(), [expected]);
    assert_eq!(world.appended(), ["acquire"]);
}

/// 3.3: one reference that is held refuses all of them; every holder is named.
#[test]
fn a_request_is_granted_whole_or_not_at_all_and_names_every_holder() {
    let mut world = World::new();
    world.acquire("a", "x y").unwrap();
    world.acquire("b", "z").unwrap();
    for (names, blocked) in
        [("x", "x:a"), ("v y", "y:a"), ("v w x z", "x:a z:b"), ("x y z", "x:a y:a z:b"), ("a v w z", "z:b")]
    {
        assert_eq!(in_the_way(world.acquire("c", names)), blocked, "{names}");
        assert_eq!(world.appended(), [""; 0], "a refusal changes nothing");
        assert_eq!(world.who(), "x:a y:a z:b");
    }
    world.acquire("c", "v w").unwrap();
}

/// Section 5: what the same identity holds is held like anything else, because two sub-agents may
/// share it.
#[test]
fn who_holds_it_already_is_refused_too() {
    let mut world = World::new();
    world.acquire("a", "x").unwrap();
    for actor in ["a", "a/sub", "a@2", "b"] {
        assert_eq!(in_the_way(world.acquire(actor, "x")), "x:a", "{actor}");
    }
}

/// Section 6: a plain acquire does not overtake a living waiter, and one waiter not an earlier
/// one; order binds only requests that overlap.
#[test]
fn earlier_waiters_for_the_same_are_not_overtaken() {
    let waiting = [waiter(1, "v", "x y"), waiter(3, "w", "y z"), waiter(5, "a", "x")];
    // (own ticket, wanted, who is in the way)
    let cases = [
        (None, "x", Some("x#1 x#5")),
        (None, "y", Some("y#1 y#3")),
        (None, "x y z", Some("x#1 y#1 y#3 z#3 x#5")),
        (None, "u", None),
        (Some(1), "x y", None),
        (Some(3), "y z", Some("y#1")),
        (Some(3), "z", None),
        (Some(5), "x", Some("x#1")),
        (Some(0), "x y z", None),
        (Some(9), "x", Some("x#1 x#5")),
    ];
    for (ticket, names, blocked) in cases {
        let mut world = World::new();
        world.waiting = waiting.to_vec();
        let request = Acquire { ticket, ..world.acquisition(names) };
        let answer = world.ask("a", &request);
        match blocked {
            Some(blocked) => assert_eq!(awaited(answer), blocked, "{ticket:?} {names}"),
            None => assert!(answer.is_ok(), "{ticket:?} {names}: {answer:?}"),
        }
        assert_eq!(world.log.len(), if blocked.is_some() { 1 } else { 2 });
    }
}

/// What is held is told before who waits for it: the holder is who can give it up.
#[test]
fn a_holder_is_named_before_a_waiter() {
    let mut world = World::new();
    world.acquire("a", "x").unwrap();
    world.waiting = vec![waiter(1, "v", "x y")];
    assert_eq!(in_the_way(world.acquire("b", "x y")), "x:a");
    assert_eq!(awaited(world.acquire("b", "y")), "y#1");
}

/// Section 6: from 1 s to `max_ttl`, by default the policy's; never more than `max_lifetime`.
#[test]
fn the_ttl_is_as_asked_within_the_policy() {
    let policy = |ttl_secs, max, life: Option<u64>| Policy {
        ttl: ttl(ttl_secs),
        max_ttl: ttl(max),
        max_lifetime: life.map(ttl),
        ..Policy::default()
    };
    let day = 24 * 60 * 60;
    // (policy, asked, granted; None: too long)
    let cases: [(Policy, Option<Ttl>, Option<u64>); 10] = [
        (Policy::default(), None, Some(600)),
        (Policy::default(), Some(Ttl::MIN), Some(1)),
        (Policy::default(), Some(ttl(day)), Some(day)),
        (Policy::default(), Some(ttl(day + 1)), None),
        (policy(30, 60, None), None, Some(30)),
        (policy(30, 60, None), Some(ttl(60)), Some(60)),
        (policy(30, 60, None), Some(ttl(61)), None),
        (policy(30, 60, Some(20)), None, Some(20)),
        (policy(30, 60, Some(20)), Some(ttl(60)), Some(20)),
        (policy(30, 60, Some(20)), Some(ttl(10)), Some(10)),
    ];
    for (policy, asked, granted) in cases {
        let mut world = World::new();
        world.policy = policy.clone();
        let request = Acquire { terms: Terms { ttl: asked, ..Terms::default() }, ..world.acquisition("x") };
        match (world.ask("a", &request), granted) {
            (Ok(lease), Some(secs)) => assert_eq!(lease.ttl.secs(), secs, "{policy:?} {asked:?}"),
            (Err(Refusal::TtlTooLong { asked: told, most }), None) => {
                assert_eq!((Some(told), most), (asked, policy.max_ttl));
                assert_eq!(world.who(), "");
            }
            (answer, _) => panic!("{policy:?} {asked:?}: {answer:?}"),
        }
    }
}
