//! Something else happens at every operation of a command.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use jit_core::Operation;
use jit_store::StoreError;

use crate::support::ask::{Ask, Outcome, acquire, ask, begin, outcome, release};
use crate::support::machine::{Fault, Op};
use crate::support::past::{Past, trace};
use crate::support::scenarios::{held, is_flush};
use crate::support::{SEC, SimStore, check, holder, options, process, process_with, reader};

/// Calls `each` with a fork of the past, for every operation of a command and once more; it
/// arranges for what happens there, and is told to go on by a closure that asks.
fn at_every_op(past: &Past, actor: &str, request: &Ask, each: impl Fn(&Past, u64, &SimStore)) {
    let (ops, _) = trace(past, actor, request);
    assert!(ops.len() > 10);
    for k in 0..=ops.len() as u64 {
        let past = past.fork();
        let store = past.process();
        each(&past, k, &store);
    }
}

fn meanwhile(store: &SimStore, k: u64, action: impl FnOnce() + 'static) {
    store.disk().process(|process| process.meanwhile = Some((process.ops + k, Box::new(action))));
}

fn power_goes(past: &Past, promised: &[Operation]) {
    for survive in [false, true] {
        let machine = past.machine.fork();
        machine.lose_power(|_| survive);
        check::all(&machine, promised, &[]);
    }
}

/// What came of it for the other process, if it did not have to wait.
type Told = Rc<RefCell<Vec<Outcome>>>;

/// Somebody else's flush, failing or not, at every operation of a claim: nobody is promised what
/// that flush lost.
#[test]
fn a_flush_by_somebody_else_at_every_operation() {
    let faults = [
        None,
        Some(Fault::LoseSync { at_once: true }),
        Some(Fault::LoseSync { at_once: false }),
        Some(Fault::LoseSyncAndDie { at_once: true }),
        Some(Fault::LoseSyncAndDie { at_once: false }),
    ];
    let failed = Cell::new(0);
    for fault in faults {
        let (claim, compact) = (acquire(11, "v"), Ask::Compact);
        for (request, index) in [(&claim, true), (&compact, true), (&claim, false)] {
            at_every_op(&held(), "d", request, |past, k, store| {
                let told = Told::default();
                let other = past.process();
                let pending = begin(&other, "c", &acquire(10, "u")).waiting();
                if !index {
                    past.machine.tear_off("index");
                }
                other.disk().process(|process| {
                    process.dies_waiting = true;
                    process.fault_at_flush = fault;
                });
                let tell = told.clone();
                meanwhile(store, k, move || {
                    let answer = outcome(other.confirm(pending, &holder("c")));
                    if !other.disk().machine.is_dead(other.disk().pid) {
                        tell.borrow_mut().push(answer);
                    }
                });
                let mut promised = past.promised.clone();
                if let Outcome::Granted(granted) = ask(store, "d", request) {
                    promised.extend(granted);
                }
                failed.set(failed.get() + u32::from(matches!(told.borrow()[..], [Outcome::Unknown(_)])));
                for told in told.take() {
                    if let Outcome::Granted(granted) = told {
                        promised.extend(granted);
                    }
                }
                power_goes(past, &promised);
                check::all(&past.machine, &promised, &[]);
            });
        }
    }
    assert!(failed.get() > 50, "flushes did fail: {failed:?}");
}

/// At every operation of a claim, its flush too, somebody else's record is appended: it is
/// promised only when a flush that came after has covered it.
#[test]
fn an_append_by_somebody_else_at_every_operation() {
    for fault in
        [None, Some(Fault::LoseSync { at_once: true }), Some(Fault::LoseSyncAndDie { at_once: false })]
    {
        at_every_op(&held(), "c", &acquire(10, "u"), |past, k, store| {
            let (other, begun) = (past.process(), Rc::new(RefCell::new(None)));
            other.disk().process(|process| process.dies_waiting = true);
            store.disk().process(|process| process.fault_at_flush = fault);
            let (other, begins) = (Rc::new(other), begun.clone());
            let its = other.clone();
            meanwhile(store, k, move || *begins.borrow_mut() = Some(begin(&its, "d", &acquire(11, "v"))));
            let mut promised = past.promised.clone();
            if let Outcome::Granted(granted) = ask(store, "c", &acquire(10, "u")) {
                promised.extend(granted);
            }
            let begun = begun.take().map(|begun| begun.confirm(&other, "d"));
            if let Some(Outcome::Granted(granted)) = begun {
                promised.extend(granted);
            }
            power_goes(past, &promised);
            check::all(&past.machine, &promised, &[]);
        });
    }
}

/// At every operation of a claim somebody else claims the same: one of them gets it.
#[test]
fn two_who_want_the_same() {
    for past in [Past::new(), held()] {
        at_every_op(&past, "c", &acquire(10, "u"), |past, k, store| {
            let told = Told::default();
            let other = past.process();
            other.disk().process(|process| process.dies_waiting = true);
            let tell = told.clone();
            meanwhile(store, k, move || {
                let answer = ask(&other, "d", &acquire(11, "u"));
                if !other.disk().machine.is_dead(other.disk().pid) {
                    tell.borrow_mut().push(answer);
                }
            });
            let first = ask(store, "c", &acquire(10, "u"));
            let mut all = told.take();
            all.push(first);
            let mut promised = past.promised.clone();
            assert!(all.iter().filter(|outcome| outcome.is_granted()).count() <= 1, "{all:?}");
            for outcome in all {
                match outcome {
                    Outcome::Granted(granted) => promised.extend(granted),
                    Outcome::Refused(_) => {}
                    other => panic!("at {k}: {other:?}"),
                }
            }
            power_goes(past, &promised);
            check::all(&past.machine, &promised, &[]);
        });
    }
}

/// At every operation of a reader a writer comes by: the reader sees what was before or what is
/// after, and never a mixture.
#[test]
fn a_reader_sees_before_or_after() {
    let mut past = held();
    past.grant("c", acquire(3, "u"));
    for request in [release("x"), acquire(10, "v"), Ask::Heartbeat, Ask::Compact] {
        let before = check::index_agrees(&past.machine);
        let after = past.fork();
        assert!(ask(&after.process(), "a", &request).is_granted());
        let after = check::index_agrees(&after.machine);
        // The writer comes whole, or is killed between any two changes of the index.
        let (ops, _) = trace(&past, "a", &request);
        let changes = |op: &Op| matches!(op, Op::Write { path, .. } if path == "index");
        let kills = ops.iter().zip(0u64..).filter(|(op, _)| changes(op)).map(|(_, at)| Some(at));
        for kill in kills.chain([None]) {
            for k in 0.. {
                let past = past.fork();
                let (store, writer) = (reader(&past.machine), past.process());
                writer.disk().process(|process| process.fault = kill.map(|at| (at, Fault::Die)));
                let request = request.clone();
                meanwhile(&store, k, move || {
                    assert!(ask(&writer, "a", &request).is_granted() || kill.is_some())
                });
                let seen = store.read(&check::dump_of(&before, &after)).unwrap();
                assert!(seen.like(&before) || seen.like(&after), "at {k}, killed at {kill:?}: {seen:?}");
                check::history(&store).unwrap();
                if store.disk().process(|process| process.meanwhile.is_some()) {
                    break;
                }
            }
        }
    }
}

/// A lock that somebody keeps is waited for only so long, and who keeps it is told.
#[test]
fn a_lock_never_strands_anyone() {
    let past = held();
    let (ops, _) = trace(&past, "c", &acquire(10, "u"));
    let inside = ops.iter().position(|op| matches!(op, Op::Write { .. })).unwrap() as u64;
    let store = past.process();
    let (other, told) = (past.process(), Told::default());
    let tell = told.clone();
    meanwhile(&store, inside, move || tell.borrow_mut().push(ask(&other, "d", &acquire(11, "v"))));
    assert!(ask(&store, "c", &acquire(10, "u")).is_granted());
    match &told.take()[..] {
        [Outcome::Trouble(StoreError::Locked { by: Some(by), waited })] => {
            assert_eq!(by, "agent:c");
            assert!((Duration::from_secs(5)..Duration::from_secs(6)).contains(waited));
        }
        other => panic!("{other:?}"),
    }
    // It dies with its process.
    let killed = past.process();
    killed.disk().process(|process| process.fault = Some((inside, Fault::Die)));
    ask(&killed, "c", &acquire(12, "w"));
    let patience = jit_store::Options { lock_timeout: Duration::ZERO, ..options() };
    assert!(ask(&process_with(&past.machine, patience), "d", &acquire(11, "v")).is_granted());
    // The flush lock, too: it has it when it dies in its flush.
    let leader = past.process();
    leader.disk().process(|process| process.fault_at_flush = Some(Fault::Die));
    ask(&leader, "c", &acquire(13, "s"));
    assert!(past.machine.is_dead(leader.disk().pid));
    assert!(ask(&process(&past.machine), "d", &acquire(14, "t")).is_granted());
}

/// The clock goes back at every operation of a compaction and of a carrying over: leases still
/// lapse, a TTL after somebody saw them on the clock as it is.
#[test]
fn a_clock_that_goes_back_strands_no_lease() {
    let mut in_doubt = held();
    in_doubt.fault("c", &acquire(3, "u"), is_flush, 0, Fault::LoseSync { at_once: false });
    for (past, request) in [(held(), Ask::Compact), (in_doubt, acquire(4, "v"))] {
        at_every_op(&past, "d", &request, |past, k, store| {
            let machine = past.machine.clone();
            meanwhile(store, k, move || machine.monotonic_ns.set(machine.monotonic_ns.get() - 500 * SEC));
            ask(store, "d", &request);
            let dead = past.fork();
            for past in [past, &dead] {
                assert!(matches!(ask(&past.process(), "e", &acquire(20, "x")), Outcome::Refused(_)));
                past.machine.pass_ns(100 * SEC);
                assert!(ask(&past.process(), "e", &acquire(21, "x")).is_granted(), "at {k}");
                check::all(&past.machine, &[], &[]);
            }
        });
    }
}
