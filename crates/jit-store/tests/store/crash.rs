//! Crash at every step: whatever a process was doing when it was killed or the power went, what
//! was promised stands, and the next one goes on.

use std::collections::HashSet;
use std::rc::Rc;

use jit_core::Operation;

use crate::support::ask::{Ask, Outcome, acquire, ask, begin, release};
use crate::support::machine::{Fault, LOG, Machine, Op};
use crate::support::past::{Past, trace};
use crate::support::random::chance;
use crate::support::scenarios::{for_each_scenario, held};
use crate::support::{check, claimed, holder, process};

/// Checks a command in every way in which it can be interrupted.
fn at_every_step(past: &Past, actor: &str, request: &Ask) {
    let (ops, outcome) = trace(past, actor, request);
    let wanted = match outcome {
        Outcome::Granted(wanted) => wanted,
        Outcome::Refused(_) => Vec::new(),
        other => panic!("undisturbed: {other:?}"),
    };
    let mut met = HashSet::new();
    for k in 0..=ops.len() {
        for fault in ways_to_die(ops.get(k)) {
            let past = past.fork();
            let store = past.process();
            store.disk().process(|process| process.fault = Some((k as u64, fault)));
            let outcome = ask(&store, actor, request);
            let mut promised = past.promised.clone();
            if !past.machine.is_dead(store.disk().pid) {
                assert!(k == ops.len() || matches!(request, Ask::Acquire { .. }), "it was killed");
                if let Outcome::Granted(granted) = outcome {
                    promised.extend(granted);
                }
            }
            past.machine.kill(store.disk().pid);
            if met.insert(past.machine.fingerprint()) {
                check::all(&past.machine.fork(), &promised, &wanted);
                let sampled = !matches!(fault, Fault::DieTorn(length) if length % 48 != 1);
                if sampled {
                    a_later_promise(&past.machine, &promised);
                    power_loss(&past.machine, &promised, &wanted, k as u64);
                }
            }
        }
    }
    assert!(met.len() > 3, "the command did something");
}

/// Killed before the operation; for a write, also in the middle of it: after every byte of what
/// is appended to the log, and after some of the others.
fn ways_to_die(op: Option<&Op>) -> Vec<Fault> {
    let mut ways = vec![Fault::Die];
    if let Some(Op::Write { path, length }) = op {
        let lengths: Vec<usize> = match path == LOG {
            true => (1..(*length).min(1600)).chain([*length]).collect(),
            false => vec![1, length / 3, length / 2, length - 1, *length],
        };
        ways.extend(lengths.into_iter().map(Fault::DieTorn));
    }
    ways
}

/// The next process is promised something, and then the power goes: what it was promised rests on
/// nothing that could still be lost.
fn a_later_promise(machine: &Rc<Machine>, promised: &[Operation]) {
    let machine = machine.fork();
    let later = ask(&process(&machine), "later", &acquire(500, "later")).granted();
    machine.lose_power(|_| false);
    check::all(&machine, &[promised, &later].concat(), &[]);
}

/// The power goes before the next process comes: each subset of what was not synced may survive.
fn power_loss(machine: &Rc<Machine>, promised: &[Operation], wanted: &[Operation], seed: u64) {
    let unsynced = machine.unsynced();
    let mut masks: Vec<Box<dyn Fn(usize) -> bool>> = Vec::new();
    if unsynced.len() <= 5 {
        for mask in 0..1u32 << unsynced.len() {
            masks.push(Box::new(move |n| mask >> n & 1 == 1));
        }
    } else {
        masks.push(Box::new(|_| false));
        for way in 0..5 {
            masks.push(Box::new(move |n| chance(seed * 100 + way, n) % 2 == 0));
        }
    }
    for (n, mask) in masks.into_iter().enumerate() {
        let machine = machine.fork();
        machine.garble_words(if n % 2 == 0 { seed } else { 0 });
        let index = |what| unsynced.iter().position(|other| *other == what);
        machine.lose_power(|what| index(what).is_some_and(&mask));
        check::all(&machine, promised, wanted);
    }
}

for_each_scenario!(at_every_step);

/// One who steps while somebody waits looks at the queue.
#[test]
fn a_step_that_looks_at_the_queue() {
    let past = held();
    let waiter = process(&past.machine);
    let ticket = waiter.queue(&holder("c"), &claimed("x")).unwrap();
    at_every_step(&past, "a", &release("x"));
    drop(ticket);
}

/// Somebody waits for the disk while a compaction, or another's claim, is killed at any operation.
#[test]
fn one_who_waits_while_another_is_killed() {
    for request in [Ask::Compact, acquire(11, "v")] {
        let ops = trace(&held(), "d", &request).0;
        for k in 0..=ops.len() as u64 + 5 {
            let past = held();
            let waiter = past.process();
            let waiting = begin(&waiter, "c", &acquire(10, "u"));
            let killed = past.process();
            killed.disk().process(|process| process.fault = Some((k, Fault::Die)));
            ask(&killed, "d", &request);
            past.machine.kill(killed.disk().pid);
            let mut promised = past.promised.clone();
            if let Outcome::Granted(granted) = waiting.confirm(&waiter, "c") {
                promised.extend(granted);
            }
            let machine = past.machine.fork();
            machine.lose_power(|_| false);
            check::all(&machine, &promised, &[]);
            check::all(&past.machine, &promised, &[]);
        }
    }
}

/// The machine as such is believed only because it loses what was not synced.
#[test]
fn the_simulated_disk_loses_what_was_not_synced() {
    use jit_store::disk::{Disk, DiskFile, Open};
    let machine = Machine::new();
    let disk = crate::support::disk::MemDisk::start(&machine);
    disk.make_root().unwrap();
    let file = disk.open("a", Open::Create).unwrap();
    file.write_at(&[1; 1500], 0).unwrap();
    let lost = machine.fork();
    lost.lose_power(|_| false);
    assert_eq!(lost.content("a"), None);
    disk.sync_dir("").unwrap();
    let named = machine.fork();
    named.lose_power(|_| false);
    assert_eq!(named.content("a").unwrap(), b"");
    file.sync().unwrap();
    file.write_at(&[2; 1500], 0).unwrap();
    let mut seen = HashSet::new();
    for seed in 0..100 {
        let torn = machine.fork();
        torn.lose_power(|what| chance(seed, what) % 2 == 0);
        seen.insert(torn.content("a").unwrap());
    }
    assert_eq!(seen.len(), 8, "any subset of three pages");
    disk.rename("a", "b").unwrap();
    let back = machine.fork();
    back.lose_power(|_| false);
    assert_eq!(back.names(), ["", "a"]);
}
