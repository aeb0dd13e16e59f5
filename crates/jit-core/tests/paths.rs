//! Leases on paths: who is in whose way, growing, sharing, and what becomes of those that are lost.

#![allow(clippy::unwrap_used)]

mod common;

use common::{World, asked_for, held_by, lease_id, scope, waiter};
use jit_core::decide::{Abandon, Extend};
use jit_core::{Known, Lease, Pattern, Query, Refusal, ScopeError, Target, Touch, View};

fn said(answer: Result<Lease, Refusal>) -> String {
    match answer {
        Ok(lease) => format!("#{}", lease.id.uuid().as_u128()),
        Err(Refusal::Held(held)) => held_by(&held),
        Err(Refusal::Awaited(awaited)) => {
            let awaited = awaited.iter().map(|w| format!("{}#{}", asked_for(&w.item), w.blocker.ticket));
            awaited.collect::<Vec<_>>().join(" ")
        }
        Err(other) => format!("{other:?}"),
    }
}

fn extend(world: &mut World, actor: &str, lease: u128, paths: &str) -> Result<Lease, Refusal> {
    let target = Target::Lease(lease_id(lease as u64));
    world.ask(actor, &Extend { target, scope: scope(paths) })
}

#[test]
fn paths_are_granted_once_and_whole_requests_or_nothing() {
    let mut world = World::new();
    for (actor, names, answer) in [
        ("a", "@src", "#1"),
        ("b", "@src/a.rs", "@src/a.rs<src:a"),
        ("b", "@src/*/a.rs @doc", "@src/*/a.rs<src:a"),
        ("b", "x @doc/*.md", "#2"),
        ("c", "x @doc/b.md @lib", "x:b @doc/b.md<doc/*.md:b"),
        ("c", "@lib", "#3"),
        // One's own is in the way too: another process may be at work under the same name.
        ("a", "@src/b.rs", "@src/b.rs<src:a"),
        ("c", "@.", "@.<src:a @.<doc/*.md:b @.<lib:c"),
        ("d", "y", "#4"),
    ] {
        let lease = world.acquire(actor, names);
        let lease = said(lease);
        // Refused requests mint an id too.
        let number = lease.strip_prefix('#').map_or_else(|| lease.clone(), |_| "granted".into());
        let expected = if answer.starts_with('#') { "granted" } else { answer };
        assert_eq!(number, expected, "{actor} {names}");
    }
}

#[test]
fn shared_paths_keep_out_only_who_wants_them_alone() {
    let mut world = World::new();
    assert!(world.acquire("a", "@@src").is_ok());
    assert!(world.acquire("b", "@@src/a.rs @@doc").is_ok());
    assert_eq!(said(world.acquire("c", "@src/a.rs")), "@src/a.rs<src:a @src/a.rs:b");
    assert_eq!(said(world.acquire("c", "@doc/x")), "@doc/x<doc:b");
}

#[test]
fn who_waits_for_paths_is_not_overtaken() {
    let mut world = World::new();
    world.waiting = vec![waiter(7, "b", "@src/a.rs")];
    assert_eq!(said(world.acquire("c", "@src")), "@src<src/a.rs#7");
    assert!(world.acquire("c", "@doc").is_ok());
    world.waiting = vec![waiter(7, "b", "@@src/a.rs")];
    assert!(world.acquire("c", "@@src").is_ok());
}

#[test]
fn a_scope_grows_against_others_with_a_new_fence() {
    let mut world = World::new();
    let first = world.acquire("a", "x @src").unwrap();
    world.acquire("b", "@doc").unwrap();
    let own = world.acquire("a", "@lib").unwrap();
    assert_eq!(said(extend(&mut world, "a", 1, "@doc/a.md")), "@doc/a.md<doc:b");
    // What it has already is not in its way; another lease of its own is.
    assert_eq!(said(extend(&mut world, "a", 1, "@lib/a")), "@lib/a<lib:a");
    let grown = extend(&mut world, "a", 1, "@src/a.rs @test").unwrap();
    assert!(grown.fence > own.fence && first.fence < own.fence);
    assert_eq!(grown.scope, scope("@src @src/a.rs @test"));
    assert_eq!(grown.issues, first.issues);
    assert_eq!(said(world.acquire("b", "@test/x")), "@test/x<test:a");
    assert!(matches!(extend(&mut world, "b", 1, "@q"), Err(Refusal::NotYours(_))));
    assert!(matches!(extend(&mut world, "a", 1, "@@q"), Err(Refusal::OtherMode { .. })));
}

#[test]
fn a_lease_of_references_alone_may_grow_into_shared_paths() {
    let mut world = World::new();
    world.acquire("a", "x").unwrap();
    assert_eq!(extend(&mut world, "a", 1, "@@src").unwrap().scope, scope("@@src"));
    let many: String = (0..1_100).map(|n| format!(" @@d{n}")).collect();
    let many: Vec<&str> = many.split_whitespace().collect();
    extend(&mut world, "a", 1, &many[..900].join(" ")).unwrap();
    let more = extend(&mut world, "a", 1, &many[900..].join(" "));
    assert!(matches!(more, Err(Refusal::ScopeTooLarge(ScopeError::Patterns { .. }))), "{more:?}");
}

#[test]
fn the_scope_stays_whole_until_the_last_reference_goes() {
    let mut world = World::new();
    world.acquire("a", "x y @src").unwrap();
    world.release("a", common::of("x")).unwrap();
    assert_eq!(said(world.acquire("b", "@src/a")), "@src/a<src:a");
    world.release("a", common::of("y")).unwrap();
    assert!(world.acquire("b", "@src/a").is_ok());
    // Of paths alone it ends by its id.
    let paths = world.acquire("a", "@lib").unwrap();
    world.release("a", Target::Lease(paths.id)).unwrap();
    assert!(world.acquire("b", "@lib").is_ok());
}

#[test]
fn whoever_gets_paths_supersedes_whoever_lost_them() {
    let mut world = World::new();
    let lost = world.acquire_for("a", "@src @doc", 10).unwrap();
    world.pass(11);
    let next = world.acquire("b", "@src/a.rs").unwrap();
    assert_eq!(next.supersedes, [lost.id]);
    let successor = world.state.successor(&lost.id).unwrap().unwrap();
    assert_eq!((successor.lease, successor.fence), (next.id, next.fence));
    // It was superseded as a whole: nobody after that supersedes it again.
    assert_eq!(world.acquire("c", "@doc").unwrap().supersedes, []);
    let refused = world.renew("a", Target::Lease(lost.id));
    let Err(Refusal::Lost { now_held, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(held_by(&now_held), "@src<src/a.rs:b @doc:c");
}

#[test]
fn growing_supersedes_too() {
    let mut world = World::new();
    let lost = world.acquire_for("a", "@src", 10).unwrap();
    world.acquire("b", "x").unwrap();
    world.pass(11);
    assert_eq!(extend(&mut world, "b", 2, "@src/a").unwrap().supersedes, [lost.id]);
    assert_eq!(world.state.successor(&lost.id).unwrap().unwrap().lease, lease_id(2));
}

#[test]
fn what_was_lost_in_a_worktree_is_told_until_somebody_there_abandons_it() {
    let mut world = World::new();
    let lost = world.acquire_for("a", "x", 10).unwrap();
    world.acquire_for("b", "@src", 10).unwrap();
    world.acquire_for("c@2", "y", 10).unwrap();
    world.pass(11);
    world.sweep();
    let told = |world: &World, worktree: &str| {
        let told = world.state.lost_in(&common::holder(worktree).worktree).unwrap();
        told.iter().map(|ended| ended.lease.id).collect::<Vec<_>>()
    };
    assert_eq!(told(&world, "a"), [lease_id(2), lease_id(1)]);
    let let_go = world.ask("z", &Abandon).unwrap();
    assert_eq!(let_go.len(), 2);
    assert_eq!(told(&world, "a"), []);
    assert_eq!(told(&world, "c@2"), [lease_id(3)]);
    // It stays lost: it can't be renewed, and whoever takes it supersedes it.
    assert!(matches!(world.known(&lost.id), Some(Known::Ended(_))));
    assert_eq!(world.acquire("b", "x").unwrap().supersedes, [lost.id]);
    assert_eq!(world.ask("z", &Abandon), Ok(Vec::new()));
}

/// Who is in the way of touching, and what is outside of one's own scope.
fn touch(world: &World, actor: &str, paths: &str) -> String {
    let query = Touch { actor: common::holder(actor), paths: scope(paths), against: None };
    let touched = query.ask(&world.state, &world.now).unwrap();
    let list = |paths: &[Pattern]| paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    format!("{} | {} | {}", held_by(&touched.held), list(&touched.free), list(&touched.outside))
}

#[test]
fn a_path_may_be_touched_by_whoever_acts_for_its_holder_and_where_nobody_has_it() {
    let mut world = World::new();
    world.acquire("a/x", "@src").unwrap();
    for (actor, answer) in [
        ("a/x", " | src/a.rs | "),
        ("a", " | src/a.rs | "),
        ("a/y", "@src/a.rs<src:a/x |  | "),
        ("b", "@src/a.rs<src:a/x |  | "),
        // Another worktree is another holder.
        ("a@2", "@src/a.rs<src:a/x |  | "),
    ] {
        assert_eq!(touch(&world, actor, "@src/a.rs"), answer, "{actor}");
    }
    assert_eq!(touch(&world, "b", "@src/a.rs @doc/b.md"), "@src/a.rs<src:a/x | doc/b.md | ");
    // One's own scope is no wall for others, and one for oneself.
    assert_eq!(touch(&world, "a", "@doc/b.md"), " | doc/b.md | doc/b.md");
    // References alone are no scope.
    world.acquire("c", "x").unwrap();
    assert_eq!(touch(&world, "c", "@doc/b.md"), " | doc/b.md | ");
}

#[test]
fn what_lapsed_is_in_nobodys_way() {
    let mut world = World::new();
    world.acquire_for("a", "@src", 10).unwrap();
    world.pass(9);
    assert_eq!(touch(&world, "b", "@src/a.rs"), "@src/a.rs<src:a |  | ");
    world.pass(1);
    assert_eq!(touch(&world, "b", "@src/a.rs"), " | src/a.rs | ");
}

#[test]
fn whoever_shares_a_path_may_touch_it_with_the_others() {
    let mut world = World::new();
    world.acquire("a", "@@src").unwrap();
    assert_eq!(touch(&world, "b", "@src/a.rs"), "@src/a.rs<src:a |  | ");
    world.acquire("b", "@@src/a.rs").unwrap();
    assert_eq!(touch(&world, "b", "@src/a.rs"), " | src/a.rs | ");
    assert_eq!(touch(&world, "b", "@src/b.rs"), "@src/b.rs<src:a |  | src/b.rs");
    // Not all of the directory is shared.
    assert_eq!(touch(&world, "b", "@src"), "@src:a |  | src");
}

/// A directory is covered when all of it is; and shared when all that the other has of it is.
#[test]
fn a_file_of_a_directory_is_not_the_directory() {
    let mut world = World::new();
    world.acquire("a", "@src/a").unwrap();
    for (paths, answer) in [
        ("@src/a", " | src/a | "),
        ("@src/a/b", " | src/a/b | "),
        ("@src", " | src | src"),
        ("@.", " | . | ."),
        ("@src/*", " | src/* | src/*"),
        ("@src/a/*", " | src/a/* | "),
    ] {
        assert_eq!(touch(&world, "a", paths), answer, "{paths}");
    }
    let mut world = World::new();
    world.acquire("a", "@@src/a").unwrap();
    world.acquire("b", "@@src/b").unwrap();
    assert_eq!(touch(&world, "a", "@src"), "@src<src/b:b |  | src");
    world.acquire("c", "@@src/b").unwrap();
    assert_eq!(touch(&world, "c", "@src"), "@src<src/a:a |  | src");
    world.acquire("c", "@@src/a").unwrap();
    assert_eq!(touch(&world, "c", "@src"), " | src | src");
    // Nor is all of it when the first is.
    world.acquire("d@2", "@@src/a @@src/c").unwrap();
    assert_eq!(touch(&world, "c", "@src"), "@src<src/a:d |  | src");
}
