//! The fold of the records: what can't follow is refused and changes nothing (invariants 3.1 and
//! 3.4), and what a checkpoint carries over (3.7).

#![allow(clippy::unwrap_used)]

mod common;

use common::{World, holder, lease_id, of, some_lease, stamp, thing, things, wall};
use jit_core::{ApplyError, Attempt, End, Ended, Known, Lease, Operation, Record, Seq, State, View};

fn record(seq: u64, operation: Operation) -> Record {
    Record { seq: Seq(seq), operation, actor: holder("b"), at: wall(0), stamp: stamp(1, 0), durable: Seq(0) }
}

/// Its lease 1 is of `x y`, its lease 2 of `z`; the next record is the fourth.
fn two_leases() -> World {
    let mut world = World::new();
    world.acquire("a", "x y").unwrap();
    world.acquire("b", "z").unwrap();
    world
}

fn lease(n: u64, names: &str) -> Lease {
    Lease { id: lease_id(n), issues: things(names), ..some_lease() }
}

/// The order is dense; nothing is granted twice; only what stands can change.
#[test]
fn a_record_that_cannot_follow_is_refused_and_changes_nothing() {
    let before = two_leases().state;
    let checkpoint = two_leases().log[0].operation.clone();
    let order = |found| ApplyError::Order { expected: Seq(4), found: Seq(found) };
    let covered = |name, holder| ApplyError::Covered {
        seq: Seq(4),
        what: thing(name).to_string(),
        holder: lease_id(holder),
    };
    let not_live = |lease| ApplyError::NotLive { seq: Seq(4), lease: lease_id(lease) };
    let reason = "stuck".parse().unwrap();
    let cases = [
        (3, Operation::Sighting, order(3)),
        (5, Operation::Sighting, order(5)),
        (0, Operation::Sighting, order(0)),
        (3, checkpoint, order(3)),
        (4, Operation::Acquire(lease(3, "w y")), covered("y", 1)),
        (4, Operation::Acquire(lease(1, "x y")), covered("x", 1)),
        (4, Operation::Carry(Known::Live(lease(3, "z"))), covered("z", 2)),
        (4, Operation::Renew(vec![lease(1, "x y"), lease(3, "w")]), not_live(3)),
        (4, Operation::Renew(vec![lease(2, "y z")]), covered("y", 1)),
        (4, Operation::Resume(lease(3, "w")), not_live(3)),
        (4, Operation::Transfer(lease(3, "w")), not_live(3)),
        (4, Operation::Transfer(lease(1, "x z")), covered("z", 2)),
        (
            4,
            Operation::Release { lease: lease(3, "w"), released: vec![], attempt: Attempt::Undone },
            not_live(3),
        ),
        (
            4,
            Operation::Release { lease: lease(3, ""), released: things("w"), attempt: Attempt::Undone },
            not_live(3),
        ),
        (4, Operation::AutoEvict(lease(3, "w")), not_live(3)),
        (4, Operation::ForceEvict { lease: lease(3, "w"), reason }, not_live(3)),
    ];
    for (seq, operation, error) in cases {
        let record = record(seq, operation);
        let mut state = before.clone();
        assert_eq!(state.apply(&record), Err(error), "{record:?}");
        assert_eq!(state, before, "{record:?}");
    }
}

/// 3.4: a log begins with a checkpoint, else what came before is missing.
#[test]
fn a_log_begins_with_a_checkpoint() {
    let mut state = State::default();
    let error = state.apply(&record(1, Operation::Acquire(some_lease())));
    assert_eq!((error, state.control_plane()), (Err(ApplyError::NoCheckpoint(Seq(1))), None));
}

/// 3.7: a later segment's checkpoint replaces what was known; the order goes on growing.
#[test]
fn a_checkpoint_begins_anew_and_the_order_goes_on() {
    let mut world = two_leases();
    let checkpoint = world.log[0].operation.clone();
    world.state.apply(&record(10, checkpoint)).unwrap();
    assert_eq!((world.state.last(), world.state.next_seq()), (Seq(10), Seq(11)));
    assert_eq!(world.who(), "");
    assert_eq!(world.known(&lease_id(1)), None);
    let lease = world.acquire("a", "x").unwrap();
    assert_eq!(lease.fence.0, Seq(11));
}

/// What a checkpoint would carry over that is written so many seconds from now.
fn carried(world: &World, secs: u64) -> String {
    let carried = world.state.carried(&world.now.wall.plus_secs(secs));
    let names = carried.into_iter().map(|known| match known {
        Operation::Carry(Known::Live(lease)) => lease.issues[0].to_string(),
        Operation::Carry(Known::Ended(ended)) => {
            format!("{} ({:?})", ended.lease.issues[0], matches!(ended.end, End::Lapsed))
        }
        other => panic!("{other:?}"),
    });
    names.collect::<Vec<_>>().join(", ").replace("name:", "")
}

/// The next segment, which is written so many seconds from now.
fn begun_anew(world: &World, secs: u64) -> World {
    let mut next = world.clone();
    append(&mut next, secs, world.log[0].operation.clone());
    for operation in world.state.carried(&world.now.wall) {
        append(&mut next, secs, operation);
    }
    next
}

/// A record that is written so many seconds from now.
fn append(world: &mut World, secs: u64, operation: Operation) {
    let at = world.now.wall.plus_secs(secs);
    let seq = world.state.next_seq().0;
    world.state.apply(&Record { at, ..record(seq, operation) }).unwrap();
}

/// 3.7: what a new lease superseded is kept for 30 days, what was given up is not; 3.5: a lapse
/// that nobody evicted is carried as it stands.
#[test]
fn a_checkpoint_carries_what_stands_and_30_days_of_what_was_lost() {
    let mut world = World::new();
    world.acquire_for("a", "lapsed", 10).unwrap();
    world.acquire("b", "evicted").unwrap();
    world.acquire("c", "released").unwrap();
    world.pass(10);
    world.force_evict("d", of("evicted")).unwrap();
    world.release("c", of("released")).unwrap();
    world.acquire("e", "stands").unwrap();
    world.acquire_for("f", "unevicted", 10).unwrap();
    world.pass(10);
    assert_eq!(carried(&world, 0), "lapsed (true), evicted (false), stands, unevicted");
    // They were lost ten seconds ago.
    let month = 30 * 24 * 60 * 60 - 10;
    for (secs, names) in
        [(month - 1, "lapsed (true), evicted (false), stands, unevicted"), (month, "stands, unevicted")]
    {
        let mut later = begun_anew(&world, secs);
        assert_eq!(carried(&later, secs), names);
        // All of the segment's records agree, or nothing is forgotten.
        append(&mut later, 0, Operation::Sighting);
        assert_eq!(carried(&later, secs), "lapsed (true), evicted (false), stands, unevicted");
    }
    assert_eq!(State::REMEMBERED_SECS, 2_592_000);
}

/// 3.7: a writer whose wall clock is far ahead forgets nothing, nor does the segment that it begins.
#[test]
fn a_wall_clock_that_is_ahead_forgets_nothing() {
    let mut world = World::new();
    world.acquire("a", "x").unwrap();
    world.force_evict("b", of("x")).unwrap();
    let years = 10 * 365 * 24 * 60 * 60;
    assert_eq!(carried(&world, years), "x (false)");
    let mut ahead = begun_anew(&world, years);
    assert_eq!(carried(&ahead, 0), "x (false)");
    append(&mut ahead, 0, Operation::Sighting);
    assert_eq!(carried(&ahead, years), "x (false)");
}

/// A wall clock that was set back forgets nothing: it decides nothing else than this.
#[test]
fn a_wall_clock_set_back_forgets_nothing() {
    let mut world = World::new();
    world.now.wall = wall(1_000_000_000);
    world.acquire("a", "x").unwrap();
    world.force_evict("b", of("x")).unwrap();
    assert_eq!(world.state.carried(&wall(0)).len(), 1);
}

/// Who holds a lease is found by whoever acts for it, and nobody else, in order of fences.
#[test]
fn leases_are_found_by_their_holders() {
    let mut world = World::new();
    for (actor, name) in [("a/s", "u"), ("a", "v"), ("b", "w"), ("a@2", "x"), ("a/t", "y")] {
        world.acquire(actor, name).unwrap();
    }
    world.resume("a/s", "u", common::secret(1).hash()).unwrap();
    let held = |actor| {
        let held = world.state.held_by(&holder(actor)).unwrap();
        held.iter()
            .map(|lease| lease.issues[0].to_string())
            .collect::<Vec<_>>()
            .join(" ")
            .replace("name:", "")
    };
    let cases =
        [("a", "v y u"), ("a/s", "v u"), ("a/t", "v y"), ("a/q", "v"), ("a@2", "x"), ("b/s", "w"), ("c", "")];
    for (actor, names) in cases {
        assert_eq!(held(actor), names, "{actor}");
    }
}

/// A lost lease remembers which of its references nobody has acquired since.
#[test]
fn what_nobody_acquired_since_is_remembered() {
    let mut world = World::new();
    world.acquire_for("a", "x y", 10).unwrap();
    world.pass(10);
    world.acquire("b", "x z").unwrap();
    let ended: Vec<&Ended> = world.state.ended();
    assert_eq!((ended.len(), &ended[0].unclaimed), (1, &things("y")));
    let lost = |world: &World, name| world.state.lost(&thing(name)).unwrap().map(|ended| ended.lease.id);
    assert_eq!((lost(&world, "x"), lost(&world, "y")), (None, Some(lease_id(1))));
    world.force_evict("c", of("x")).unwrap();
    assert_eq!((lost(&world, "x"), lost(&world, "y")), (Some(lease_id(2)), Some(lease_id(1))));
}

/// What is over leaves nothing among what stands: the state does not grow with the log.
#[test]
fn what_is_over_leaves_nothing_behind() {
    let mut world = World::new();
    world.acquire("a", "x y").unwrap();
    world.transfer("a", of("x y"), "b").unwrap();
    world.release("b", of("x")).unwrap();
    world.release("b", of("y")).unwrap();
    let state = format!("{:?}", world.state);
    assert!(state.contains("live: {}") && state.contains("covering: {}, lost: {}, worktrees: {}"), "{state}");
}
