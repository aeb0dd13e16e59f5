//! What every backend must do. A new one is one line more at the end of this file.

use std::cell::Cell;
use std::rc::Rc;

use jit_core::decide::{Attempted, ForceEvict, Heartbeat, Release, Renew, Resume, Sweep};
use jit_core::{LATEST_LOST, Lease, Refusal, Request};
use jit_store::Store;
use jit_store::os::{Modes, OsDisk};

use crate::support::ask::{acquisition, of};
use crate::support::backend::{Backend, InMemory};
use crate::support::disk::SimClock;
use crate::support::dump::{Dump, Dumped};
use crate::support::machine::Machine;
use crate::support::{SEC, asked, holder, lease_id, options, policy, process, secret, things};

/// A backend, and the machine whose clock it goes by.
struct World<B> {
    backend: B,
    machine: Rc<Machine>,
}

impl<B: Backend> World<B> {
    fn ask<R: Request>(&self, actor: &str, request: &R) -> Result<R::Answer, Refusal> {
        self.backend.transact(request, &holder(actor), &policy())
    }

    fn acquire(&self, actor: &str, n: u64, names: &str) -> Result<Lease, Refusal> {
        self.ask(actor, &acquisition(n, names, 100))
    }

    fn seen(&self) -> Dumped {
        self.backend.read(&Dump {
            names: things("x y z"),
            holders: vec![holder("a"), holder("b"), holder("a/s")],
            leases: (1..9).map(lease_id).collect(),
        })
    }
}

fn nothing_is_held_at_first<B: Backend>(world: &World<B>) {
    let seen = world.seen();
    assert!(seen.live.is_empty() && seen.known.is_empty() && !seen.unsighted);
}

fn what_is_held_is_refused_to_others_and_shown<B: Backend>(world: &World<B>) {
    let lease = world.acquire("a", 1, "x y").unwrap();
    match world.acquire("b", 2, "y z") {
        Err(Refusal::Held(wanted)) => assert_eq!(wanted[0].blocker, lease),
        other => panic!("{other:?}"),
    }
    let seen = world.seen();
    assert_eq!(seen.live, std::slice::from_ref(&lease));
    assert_eq!(seen.covering.len(), 2, "z was not taken");
    assert_eq!(seen.held[&holder("a/s")], [lease.id], "a sub-agent acts for its agent");
    assert!(seen.held[&holder("b")].is_empty());
}

fn fences_grow_and_say_the_order<B: Backend>(world: &World<B>) {
    let first = world.acquire("a", 1, "x").unwrap();
    let second = world.acquire("b", 2, "y").unwrap();
    assert!(second.fence > first.fence);
    let resumed = world.ask("a", &Resume { issues: asked("x"), token: secret(1).hash() }).unwrap();
    assert!(resumed.fence > second.fence);
    assert_eq!(world.seen().live, [second, resumed]);
}

fn what_is_released_is_free<B: Backend>(world: &World<B>) {
    world.acquire("a", 1, "x y").unwrap();
    let left = world.ask("a", &Release { target: of("x"), attempted: Attempted::default() }).unwrap();
    assert_eq!(left[0].lease.issues, things("y"));
    world.acquire("b", 2, "x").unwrap();
    world.ask("a", &Release { target: of("y"), attempted: Attempted::default() }).unwrap();
    assert!(matches!(
        world.ask("a", &Release { target: of("y"), attempted: Attempted::default() }),
        Err(Refusal::NotHeld(_))
    ));
    assert!(world.seen().lost.is_empty());
}

fn a_lease_lapses_after_its_ttl_and_not_before<B: Backend>(world: &World<B>) {
    world.acquire("a", 1, "x").unwrap();
    world.machine.pass_ns(100 * SEC - 1);
    assert!(matches!(world.acquire("b", 2, "x"), Err(Refusal::Held(_))));
    assert!(world.seen().lapsed.is_empty());
    world.machine.pass_ns(1);
    assert_eq!(world.seen().lapsed, [lease_id(1)], "shown as lapsed");
    let next = world.acquire("b", 3, "x").unwrap();
    assert_eq!(next.supersedes, [lease_id(1)]);
    assert!(matches!(world.ask("a", &Renew { target: of("x"), ttl: None }), Err(Refusal::Lost { .. })));
}

fn a_renewal_counts_anew<B: Backend>(world: &World<B>) {
    world.acquire("a", 1, "x").unwrap();
    for _ in 0..5 {
        world.machine.pass(60);
        assert_eq!(world.ask("a", &Heartbeat).unwrap().renewed.len(), 1);
    }
    assert!(matches!(world.ask("b", &Heartbeat), Err(Refusal::NoLease { .. })));
    assert!(world.acquire("b", 2, "x").is_err());
}

fn after_a_reboot_the_ttl_counts_from_the_first_sighting<B: Backend>(world: &World<B>) {
    world.acquire("a", 1, "x").unwrap();
    world.machine.boot.set(77);
    world.machine.monotonic_ns.set(3);
    world.machine.pass(5000);
    assert!(world.seen().unsighted);
    assert!(world.acquire("b", 2, "x").is_err(), "sighted now");
    assert!(!world.seen().unsighted);
    world.machine.pass_ns(100 * SEC - 1);
    assert!(world.acquire("b", 3, "x").is_err());
    world.machine.pass_ns(1);
    world.acquire("b", 4, "x").unwrap();
}

fn the_wall_clock_decides_nothing<B: Backend>(world: &World<B>) {
    world.acquire("a", 1, "x").unwrap();
    let day = 24 * 60 * 60 * 1000;
    for days in [400, -800] {
        world.machine.wall_ms.set(world.machine.wall_ms.get() + days * day);
        assert!(world.acquire("b", 2, "x").is_err());
    }
}

fn a_refused_request_evicts_all_the_same<B: Backend>(world: &World<B>) {
    world.acquire("a", 1, "x").unwrap();
    world.machine.pass(60);
    world.acquire("a", 2, "y").unwrap();
    world.machine.pass(60);
    assert!(world.acquire("b", 3, "x y").is_err());
    assert_eq!(world.seen().live.len(), 1);
    world.ask("b", &Sweep).unwrap();
    assert_eq!(world.seen().lost.len(), 1);
}

fn many_leases_and_names<B: Backend>(world: &World<B>) {
    for n in 0..150 {
        world.acquire(["a", "b"][n as usize % 2], 100 + n, &format!("k{n} l{n} m{n}")).unwrap();
    }
    assert_eq!(world.seen().live.len(), 150);
    assert_eq!(world.seen().held[&holder("a")].len(), 75);
    for n in 0..150 {
        let actor = ["a", "b"][n as usize % 2];
        world
            .ask(actor, &Release { target: of(&format!("k{n} l{n} m{n}")), attempted: Attempted::default() })
            .unwrap();
    }
    assert!(world.seen().live.is_empty());
    for n in 0..150 {
        world.acquire("a", 300 + n, &format!("m{n}")).unwrap();
    }
}

fn the_latest_losses_of_a_holder_are_known<B: Backend>(world: &World<B>) {
    for n in 1..=LATEST_LOST as u64 + 3 {
        world.acquire("a", n, "x").unwrap();
        world.acquire("b", 100 + n, "y").unwrap();
        world.machine.pass(if n % 2 == 0 { 100 } else { 0 });
        let _ = world.ask("b", &Release { target: of("y"), attempted: Attempted::default() });
        let _ = world.ask("b", &ForceEvict { target: of("x"), reason: "stuck".parse().unwrap() });
        let last = (1..=n).rev().take(LATEST_LOST).map(lease_id).collect::<Vec<_>>();
        let seen = world.seen();
        assert_eq!(seen.lost_by[&holder("a/s")], last, "newest first");
        assert!(seen.lost_by[&holder("b")].len() as u64 == n / 2, "what was released is not lost");
    }
}

/// All cases, each in a world of its own.
fn keeps<B: Backend>(new: impl Fn(Rc<Machine>) -> B) {
    let cases: [fn(&World<B>); 11] = [
        nothing_is_held_at_first,
        what_is_held_is_refused_to_others_and_shown,
        fences_grow_and_say_the_order,
        what_is_released_is_free,
        a_lease_lapses_after_its_ttl_and_not_before,
        a_renewal_counts_anew,
        after_a_reboot_the_ttl_counts_from_the_first_sighting,
        the_wall_clock_decides_nothing,
        a_refused_request_evicts_all_the_same,
        many_leases_and_names,
        the_latest_losses_of_a_holder_are_known,
    ];
    for case in cases {
        let machine = Machine::new();
        case(&World { backend: new(machine.clone()), machine });
    }
}

fn clock(machine: Rc<Machine>) -> SimClock {
    SimClock { machine, wall_off_ms: 0 }
}

macro_rules! contract {
    ($($name:ident: $new:expr;)+) => {
        $(#[test]
        fn $name() {
            keeps($new);
        })+
    };
}

contract! {
    in_memory: |machine| InMemory::new(clock(machine));
    on_a_simulated_disk: |machine| process(&machine);
    on_the_real_disk: {
        let (dir, many) = (tempfile::tempdir().unwrap(), Cell::new(0));
        move |machine| {
            many.set(many.get() + 1);
            let path = dir.path().join(format!("jit{}", many.get()));
            Store::new(OsDisk::at(path, Modes::default()), clock(machine), options())
        }
    };
}
