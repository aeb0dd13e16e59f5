//! Resuming, releasing, handing over and force-evicting: who may, and that each new claim to a
//! lease has a new and greater fence (invariant 3.7; sections 5 and 6).

mod common;

use common::{World, holder, lease_id, of, secret, short, thing, things, ttl};
use jit_core::decide::{Attempted, ReleaseAll};
use jit_core::{Attempt, End, Known, Refusal, Target};

/// Section 5: the owner carries on with the secret token; resuming gives a new fence (3.7) and
/// lets the TTL count anew.
#[test]
fn the_token_resumes_a_lease_with_a_new_fence() {
    for (actor, names) in [("a", "x y"), ("a", "y"), ("a/s", "x"), ("a", "x")] {
        let mut world = World::new();
        let before = world.acquire_for("a", "x y", 60).unwrap();
        world.pass(59);
        let resumed = world.resume(actor, names, secret(1).hash()).unwrap();
        assert_eq!(world.appended(), ["resume"]);
        assert!(resumed.fence > before.fence);
        let mut expected = before;
        expected.fence = resumed.fence;
        expected.renewed = world.now.stamp;
        expected.lived_ns = 59 * common::SEC;
        assert_eq!((&resumed, world.leases()), (&expected, vec![expected.clone()]));
    }
}

/// Section 5 and 3.7: neither a wrong token, nor another worktree or sub-agent, nor a lapse.
#[test]
fn who_may_not_resume() {
    let mut world = World::new();
    let lease = world.acquire_for("a/s", "x y", 60).unwrap();
    world.acquire_for("a/s", "z", 60).unwrap();
    let right = secret(1).hash();
    for actor in ["a/t", "a/s@2", "b"] {
        assert_eq!(
            world.resume(actor, "x", right),
            Err(Refusal::NotYours(Box::new(lease.clone()))),
            "{actor}"
        );
    }
    let wrong = Err(Refusal::WrongToken(Box::new(lease.clone())));
    assert_eq!(world.resume("a/s", "x", secret(2).hash()), wrong);
    assert_eq!(world.resume("a/s", "v x", right), Err(Refusal::NotHeld(thing("v"))));
    assert_eq!(world.resume("a/s", "x z", right), Err(Refusal::Several(vec![lease_id(1), lease_id(2)])));
    assert_eq!(world.appended(), [""; 0]);
    world.pass(60);
    match world.resume("a/s", "x", right) {
        Err(Refusal::Lost { lost, now_held }) => {
            assert_eq!((lost.lease, lost.end, now_held), (lease, End::Lapsed, vec![]));
        }
        other => panic!("{other:?}"),
    }
}

/// All that act for each other are released together, but what came of the work is said only of what
/// is held under exactly the asker's id.
#[test]
fn an_outcome_of_all_is_of_exactly_ones_own() {
    let mut world = World::new();
    for (holds, issue) in [("a", "#1"), ("a/s", "#2"), ("a/t", "#3"), ("a@2", "#4"), ("b", "#5")] {
        world.acquire(holds, issue).unwrap();
    }
    // (actor, released undone, released with an outcome)
    let cases = [
        ("a", "#1 #2 #3", "#1"),
        ("a/s", "#1 #2", "#2"),
        ("a/u", "#1", ""),
        ("a@2", "#4", "#4"),
        ("a/s@2", "#4", ""),
        ("b", "#5", "#5"),
        ("c", "", ""),
    ];
    let reason = || "no disk".parse().unwrap();
    let outcomes = [Attempt::Done, Attempt::Failed(reason()), Attempt::Infra(Some(reason()))];
    for (actor, undone, said) in cases {
        let attempts = outcomes.iter().map(|outcome| (outcome.clone(), said));
        for (attempt, expected) in attempts.chain([(Attempt::Undone, undone)]) {
            let attempted = Attempted { attempt: attempt.clone(), ..Attempted::default() };
            let mut world = world.clone();
            let released = match world.ask(actor, &ReleaseAll { attempted }) {
                Ok(released) => released.iter().flat_map(|each| &each.issues).map(short).collect::<Vec<_>>(),
                Err(refusal) => {
                    assert_eq!(refusal, Refusal::NoLease { lost: vec![] });
                    vec![]
                }
            };
            assert_eq!(released.join(" "), expected, "{actor}: {attempt:?}");
            assert_eq!(world.leases().len(), 5 - released.len(), "{actor}: {attempt:?}");
        }
    }
}

/// Sections 1 and 6: releasing one reference of several shrinks the lease; the last ends it.
#[test]
fn a_release_shrinks_a_lease_and_the_last_ends_it() {
    let mut world = World::new();
    let lease = world.acquire("a", "x y z").unwrap();
    world.pass(5);
    let released = world.release("a", of("y")).unwrap();
    let mut shrunk = lease.clone();
    shrunk.issues = things("x z");
    assert_eq!((&released[0].lease, &released[0].issues), (&shrunk, &things("y")), "the TTL counts on");
    assert_eq!((world.who().as_str(), world.leases()), ("x:a z:a", vec![shrunk]));
    world.acquire("b", "y").unwrap();

    world.release("a", of("x z")).unwrap();
    assert_eq!(world.who(), "y:b");
    match world.known(&lease.id) {
        Some(Known::Ended(ended)) => assert!(!ended.was_lost()),
        other => panic!("{other:?}"),
    }
}

/// Section 6: by id a lease is released as a whole; references may be of several leases, and then
/// all of them are released or none.
#[test]
fn a_release_is_of_all_that_is_named_or_of_nothing() {
    let mut world = World::new();
    world.acquire("a", "u v").unwrap();
    world.acquire("a/s", "x y").unwrap();
    world.acquire("b", "z").unwrap();
    for (actor, names) in [("a", "u x z"), ("a", "u w"), ("a/t", "u x"), ("a@2", "u")] {
        assert!(world.release(actor, of(names)).is_err(), "{actor} {names}");
        assert_eq!((world.who().as_str(), world.appended().len()), ("u:a v:a x:a/s y:a/s z:b", 0));
    }
    assert!(matches!(world.release("b", Target::Lease(lease_id(1))), Err(Refusal::NotYours(_))));
    let released = world.release("a", of("u x y")).unwrap();
    let issues: Vec<_> = released.into_iter().map(|released| released.issues).collect();
    assert_eq!(issues, [things("u"), things("x y")]);
    assert_eq!(world.who(), "v:a z:b");
    let released = world.release("a", Target::Lease(lease_id(1))).unwrap();
    assert_eq!(released[0].issues, things("v"));
    assert_eq!(world.who(), "z:b");
}

/// What was released is told as released, and supersedes nothing: its holder let go of it.
#[test]
fn a_released_lease_is_over_and_superseded_by_nobody() {
    let mut world = World::new();
    let lease = world.acquire("a", "x").unwrap();
    world.release("a", of("x")).unwrap();
    for target in [Target::Lease(lease.id)] {
        match world.renew("a", target) {
            Err(Refusal::Released(ended)) => assert_eq!(ended.lease.id, lease.id),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(world.renew("a", of("x")), Err(Refusal::NotHeld(thing("x"))));
    assert_eq!(world.acquire("b", "x").unwrap().supersedes, []);
}

/// 3.7: a transfer gives a new fence and kills the old token; the old holder is told who has it.
#[test]
fn a_transfer_changes_hands_fence_and_token() {
    for target in [Target::Lease(lease_id(1)), of("x y")] {
        let mut world = World::new();
        let before = world.acquire_for("a", "x y", 60).unwrap();
        world.pass(59);
        let after = world.transfer("a", target, "b@2").unwrap();
        assert_eq!(world.appended(), ["transfer"]);
        assert!(after.fence > before.fence);
        assert_eq!((&after.holder, after.id, &after.issues), (&holder("b@2"), before.id, &before.issues));
        assert_eq!(world.leases(), std::slice::from_ref(&after));
        assert_eq!(after.branch, None, "what is checked out there is not what was here");
        world.pass(59);

        let not_yours = Refusal::NotYours(Box::new(after.clone()));
        assert_eq!(world.renew("a", of("x")), Err(not_yours.clone()));
        assert_eq!(world.release("a", Target::Lease(lease_id(1))), Err(not_yours.clone()));
        assert_eq!(world.resume("a", "x", secret(1).hash()), Err(not_yours));
        assert_eq!(world.resume("b@2", "x", secret(1).hash()), Err(Refusal::WrongToken(Box::new(after))));
        world.resume("b@2", "x", secret(99).hash()).unwrap();
        assert_eq!(world.heartbeat("a"), Err(Refusal::NoLease { lost: vec![] }));
        assert_eq!(world.heartbeat("b@2").unwrap().renewed.len(), 1);
    }
}

/// A lease changes hands whole; part of one, several, or another's are refused.
#[test]
fn a_transfer_is_of_one_whole_lease_of_ones_own() {
    let mut world = World::new();
    let lease = world.acquire("a", "u v w").unwrap();
    world.acquire("a", "x").unwrap();
    world.acquire("b", "z").unwrap();
    let missing = things("u w");
    assert_eq!(
        world.transfer("a", of("v"), "b"),
        Err(Refusal::Partial { lease: Box::new(lease), missing, to: holder("b") })
    );
    let several = Refusal::Several(vec![lease_id(1), lease_id(2)]);
    assert_eq!(world.transfer("a", of("u v w x"), "b"), Err(several));
    assert!(matches!(world.transfer("a", of("z"), "a"), Err(Refusal::NotYours(_))));
    assert!(matches!(world.transfer("c", Target::Lease(lease_id(1)), "c"), Err(Refusal::NotYours(_))));
    assert_eq!(world.who(), "u:a v:a w:a x:a z:b");
}

/// Section 6: anybody may force-evict, and it is on record who did and why.
#[test]
fn a_forced_eviction_is_anybodys_and_on_record() {
    for target in [Target::Lease(lease_id(1)), of("x"), of("x y")] {
        let mut world = World::new();
        let lease = world.acquire("a", "x y").unwrap();
        assert_eq!(world.force_evict("b@2", target.clone()), Ok(lease.clone()));
        assert_eq!((world.appended(), world.who()), (vec!["force-evict"], String::new()));
        let end = End::Evicted { by: holder("b").agent, reason: "stuck".parse().unwrap() };
        match world.renew("a", Target::Lease(lease.id)) {
            Err(Refusal::Lost { lost, now_held }) => {
                assert_eq!((lost.lease, lost.end, lost.ended_at), (lease.clone(), end, world.now.wall));
                assert_eq!(now_held, []);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(world.acquire("b", "x").unwrap().supersedes, [lease.id]);
    }
}

/// What can't be evicted: several at once, nothing, or what is over.
#[test]
fn a_forced_eviction_is_of_one_standing_lease() {
    let mut world = World::new();
    world.acquire_for("a", "x", 10).unwrap();
    world.acquire_for("b", "y", 60).unwrap();
    let several = Refusal::Several(vec![lease_id(1), lease_id(2)]);
    assert_eq!(world.force_evict("c", of("x y")), Err(several));
    assert_eq!(world.force_evict("c", of("v")), Err(Refusal::NotHeld(thing("v"))));
    assert_eq!(world.force_evict("c", Target::Lease(lease_id(7))), Err(Refusal::Unknown(lease_id(7))));
    world.pass(10);
    let lapsed = world.force_evict("c", Target::Lease(lease_id(1)));
    assert!(matches!(lapsed, Err(Refusal::Lost { lost, .. }) if lost.end == End::Lapsed));
    assert_eq!(world.appended(), ["auto-evict"]);
    assert_eq!(world.force_evict("c", of("x")), Err(Refusal::NotHeld(thing("x"))));
    assert_eq!(world.who(), "y:b");
    assert_eq!(world.leases()[0].ttl, ttl(60));
}
