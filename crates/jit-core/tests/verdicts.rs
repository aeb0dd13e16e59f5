//! What hooks ask of the leases: who took over what, and which leases are about to end.

#![allow(clippy::unwrap_used)]

mod common;

use common::{World, holder, of, scope, thing};
use jit_core::decide::Abandon;
use jit_core::verdict::{AtWork, Branch, Commit, Push};
use jit_core::{Carried, ControlPlaneId, Lease, LeaseId, Outcome, Query, Scope, Touch, View, trailers};

/// Who took over what was lost in a worktree, where that speaks against commits from it.
fn took_over(world: &World, actor: &str) -> Vec<String> {
    let asked = Branch { worktree: holder(actor).worktree };
    let (replaced, _) = asked.ask(&world.state, &world.now).unwrap_or_else(|never| match never {});
    replaced.iter().map(|replaced| replaced.by.holder.agent.to_string()).collect()
}

/// What commits made under a lease say.
fn said(world: &World, lease: &Lease) -> Carried {
    let plane = world.state.control_plane().unwrap();
    let written = Carried::of(lease, plane).written();
    trailers::read(written.iter().map(|(key, value)| (*key, value.as_str()))).remove(0)
}

/// Who took over what commits say they were made under, and what of it sets that right; and how many
/// leases of the pusher's are about to lapse.
fn pushed(world: &World, actor: &str, leases: &[&Lease]) -> (Vec<(String, Vec<LeaseId>)>, usize) {
    let carried = leases.iter().map(|lease| said(world, lease)).collect();
    let asked = Push { by: holder(actor), carried };
    let found = asked.ask(&world.state, &world.now).unwrap_or_else(|never| match never {});
    let overtaken = found.overtaken.iter().map(|overtaken| {
        let settled = overtaken.settled_by.iter().map(|carried| carried.lease).collect();
        (overtaken.replaced.by.holder.agent.to_string(), settled)
    });
    (overtaken.collect(), found.ending.len())
}

#[test]
fn a_worktree_is_stopped_when_all_it_had_is_anothers() {
    let mut world = World::new();
    assert_eq!(took_over(&world, "b@2"), [""; 0]);
    world.acquire("b@2", "x").unwrap();
    world.acquire("b@2", "y").unwrap();
    world.pass(601);
    assert_eq!(took_over(&world, "b@2"), [""; 0], "lapsed, and nobody has it");
    world.acquire("a", "x").unwrap();
    assert_eq!(took_over(&world, "b@2"), [""; 0], "nobody has y");
    world.acquire("c", "y").unwrap();
    assert_eq!(took_over(&world, "b@2"), ["agent:c", "agent:a"]);
    // Another agent of the worktree holds something.
    world.acquire("d@2", "z").unwrap();
    assert_eq!(took_over(&world, "b@2"), [""; 0]);
    world.pass(601);
    world.acquire("a", "z").unwrap();
    assert_eq!(took_over(&world, "b@2").len(), 3);
    world.ask("b@2", &Abandon).unwrap();
    assert_eq!(took_over(&world, "b@2"), [""; 0]);
}

#[test]
fn what_its_own_holder_took_again_is_no_reason_until_others_have_it() {
    let mut world = World::new();
    let first = world.acquire("b@2", "x").unwrap();
    world.pass(601);
    let second = world.acquire("b@2", "x").unwrap();
    assert_eq!(pushed(&world, "b@2", &[&first, &second]), (vec![], 0));
    world.pass(601);
    let third = world.acquire("a", "x").unwrap();
    assert_eq!(took_over(&world, "b@2"), ["agent:a"], "the first loss was settled");
    let both = vec![("agent:a".to_owned(), vec![third.id]); 2];
    assert_eq!(pushed(&world, "b@2", &[&first, &second, &third]), (both, 0));
    // Whoever has it after that will do as well.
    world.pass(601);
    let fourth = world.acquire("c", "x").unwrap();
    let later = vec![third.id, fourth.id];
    assert_eq!(pushed(&world, "b@2", &[&first, &third, &fourth]).0[0], ("agent:a".to_owned(), later));
}

/// A later lease of some of the same sets it right, whoever has it and whatever ended between; one of
/// something else, or of another control plane, or from before does not.
#[test]
fn whoever_has_it_properly_after_that_may_push_it() {
    let mut world = World::new();
    let lost = world.acquire("b@2", "x @src").unwrap();
    world.pass(601);
    let over = world.acquire("a", "x").unwrap();
    world.release("a", of("x")).unwrap();
    let settles = |world: &World, lease: &Lease| pushed(world, "b@2", &[&lost, lease]).0[0].1 == [lease.id];
    let again = world.acquire("b@2", "x").unwrap();
    assert!(settles(&world, &again));
    world.release("b@2", of("x")).unwrap();
    assert!(settles(&world, &again), "it was given up since");
    let part = world.acquire("c", "@src/a").unwrap();
    assert!(settles(&world, &part));
    let other = world.acquire("c", "y @doc").unwrap();
    assert!(!settles(&world, &other));
    let early = Lease { fence: lost.fence, ..again.clone() };
    assert!(!settles(&world, &early) && settles(&world, &Lease { fence: over.fence, ..again }));
    let foreign =
        Carried { fence: Some((ControlPlaneId::new(uuid::Uuid::nil()), part.fence)), ..said(&world, &part) };
    let asked = Push { by: holder("b@2"), carried: vec![said(&world, &lost), foreign] };
    let found = asked.ask(&world.state, &world.now).unwrap_or_else(|never| match never {});
    assert_eq!(found.overtaken[0].settled_by, []);
    let held =
        |overtaken: &jit_core::verdict::Overtaken| overtaken.held.iter().map(|lease| lease.id).collect();
    assert_eq!(found.overtaken.iter().map(held).collect::<Vec<Vec<_>>>(), [[part.id]]);
}

/// A loss is settled once its worktree has the same again, whoever had it between; not by a part of it.
#[test]
fn what_a_worktree_has_again_it_has_not_lost() {
    let lost = || {
        let mut world = World::new();
        world.acquire("b@2", "x y @src").unwrap();
        world.pass(601);
        world.acquire("a", "x @src").unwrap();
        world.release("a", of("x")).unwrap();
        assert_eq!(took_over(&world, "b@2"), ["agent:a"]);
        world
    };
    for (claim, settles) in [
        ("x y @src", true),
        ("x y z @src @doc", true),
        ("x @src", false),
        ("x y", false),
        ("x y @src/a", false),
        ("z", false),
    ] {
        let mut world = lost();
        world.acquire("c@2", claim).unwrap();
        world.release("c@2", of(claim.split(" @").next().unwrap())).unwrap();
        assert_eq!(took_over(&world, "b@2").is_empty(), settles, "{claim}");
    }
    let mut world = lost();
    world.acquire("c@3", "x y @src").unwrap();
    world.release("c@3", of("x y")).unwrap();
    assert_eq!(took_over(&world, "b@2"), ["agent:a"], "that was another worktree");
}

#[test]
fn what_its_own_holder_took_again_frees_nothing_else() {
    let mut world = World::new();
    world.acquire("b@2", "x").unwrap();
    world.acquire("b@2", "y").unwrap();
    world.pass(601);
    world.acquire("c", "y").unwrap();
    world.acquire("b@2", "x").unwrap();
    world.release("b@2", of("x")).unwrap();
    assert_eq!(took_over(&world, "b@2"), ["agent:c"]);
}

/// Nobody has the rest of it: not all is others'.
#[test]
fn what_is_taken_again_in_part_stops_nobody() {
    let mut world = World::new();
    world.acquire("b@2", "x y").unwrap();
    world.acquire("b@2", "z").unwrap();
    world.pass(601);
    world.acquire("c", "z").unwrap();
    assert_eq!(took_over(&world, "b@2"), [""; 0]);
    world.acquire("b@2", "x").unwrap();
    world.release("b@2", of("x")).unwrap();
    assert_eq!(took_over(&world, "b@2"), [""; 0]);
}

#[test]
fn a_lapsed_lease_bars_no_commit_and_binds_nobody() {
    let mut world = World::new();
    world.acquire("a", "#1").unwrap();
    world.acquire("b", "@src").unwrap();
    let paths = Touch { actor: holder("b"), paths: scope("@doc"), against: None };
    let ended = vec![(thing("#1"), Outcome::Done)];
    let commit = Commit { touch: paths, issues: vec![thing("#1")], ended };
    let asked = |world: &World| {
        let found = commit.ask(&world.state, &world.now).unwrap_or_else(|never| match never {});
        (found.issues.len(), found.unleased.len(), found.touched.outside.len(), found.own.len())
    };
    assert_eq!(asked(&world), (1, 0, 1, 1));
    world.pass(601);
    assert_eq!(asked(&world), (0, 1, 0, 0), "nor is anything done under it");
}

/// Whoever says nothing is the one who works there, as long as that is one.
#[test]
fn who_works_in_a_worktree() {
    let mut world = World::new();
    let who = |world: &World| {
        let asked = AtWork { worktree: holder("b@2").worktree };
        let found = asked.ask(&world.state, &world.now).unwrap_or_else(|never| match never {});
        found.map(|agent| agent.to_string())
    };
    world.acquire("a", "w").unwrap();
    assert_eq!(who(&world), None, "another worktree's");
    world.acquire("b@2", "x").unwrap();
    world.acquire("b/sub@2", "y").unwrap();
    assert_eq!(who(&world).as_deref(), Some("agent:b"));
    world.acquire("c@2", "z").unwrap();
    assert_eq!(who(&world), None, "two of them");
    world.release("c@2", of("z")).unwrap();
    assert_eq!(who(&world).as_deref(), Some("agent:b"));
    world.pass(601);
    assert_eq!(who(&world), None, "lapsed");
}

#[test]
fn a_lease_that_was_given_up_may_be_pushed_and_one_at_its_end_is_told() {
    let mut world = World::new();
    let lease = world.acquire("b", "x").unwrap();
    world.pass(479);
    assert_eq!(pushed(&world, "b", &[&lease]), (vec![], 0));
    world.pass(2);
    assert_eq!(pushed(&world, "b", &[&lease]), (vec![], 1));
    assert_eq!(pushed(&world, "a", &[&lease]), (vec![], 0), "it is not a's");
    world.release("b", of("x")).unwrap();
    world.acquire("a", "x").unwrap();
    assert_eq!(pushed(&world, "b", &[&lease]), (vec![], 0));
}

/// How many leases somebody is told of before it acts, as lapsed and as lost; and who took over.
fn told(world: &World, actor: &str) -> (usize, Vec<Option<String>>) {
    let asked = Commit::of_paths(Touch { actor: holder(actor), paths: Scope::none(), against: None });
    let found = asked.ask(&world.state, &world.now).unwrap_or_else(|never| match never {});
    let by = found.lost.iter().map(|(_, by)| by.as_ref().map(|by| by.holder.agent.to_string()));
    (found.lapsed.len(), by.collect())
}

#[test]
fn whoever_lost_a_lease_is_told_until_it_has_it_again_or_abandons_it() {
    let mut world = World::new();
    world.acquire("b@2", "x").unwrap();
    assert_eq!(told(&world, "b@2"), (0, vec![]));
    world.pass(601);
    assert_eq!(told(&world, "b@2"), (1, vec![]));
    world.acquire("c", "y").unwrap();
    assert_eq!(told(&world, "b@2"), (0, vec![None]), "the next writer evicted it");
    assert_eq!(told(&world, "d@2"), (0, vec![]), "it is not another's");
    world.acquire("b@2", "x").unwrap();
    assert_eq!(told(&world, "b@2"), (0, vec![]));
    world.pass(601);
    world.acquire("a", "x").unwrap();
    assert_eq!(told(&world, "b@2").1.first(), Some(&Some("agent:a".to_owned())));
    world.ask("b@2", &Abandon).unwrap();
    assert_eq!(told(&world, "b@2"), (0, vec![]));
}
