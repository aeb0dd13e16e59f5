//! An error at every step: a command never reports success for what is lost later, and nobody
//! acknowledges anything on a segment whose flush failed.

use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use jit_core::{Fence, Operation};
use jit_store::disk::{Disk, DiskFile, Open};

use crate::support::ask::{Ask, Outcome, acquire, ask, begin, renew};
use crate::support::machine::{Fault, LOG, Op};
use crate::support::past::{Past, trace};
use crate::support::random::chance;
use crate::support::scenarios::{for_each_scenario, held, is_flush};
use crate::support::{SEC, check, process, reader};

const EIO: ErrorKind = ErrorKind::Other;
const ENOSPC: ErrorKind = ErrorKind::StorageFull;

fn ways_to_fail(op: &Op) -> Vec<Fault> {
    match op {
        Op::Write { length, .. } => {
            let mut ways = vec![Fault::Fail(ENOSPC), Fault::Fail(EIO)];
            for done in [1, length / 3, 300.min(*length), length - 1] {
                ways.extend([Fault::FailTorn(done, ENOSPC), Fault::FailTorn(done, EIO)]);
            }
            ways
        }
        Op::Sync(_) => {
            vec![Fault::Fail(EIO), Fault::LoseSync { at_once: true }, Fault::LoseSync { at_once: false }]
        }
        // What others see of a directory stays as it is, whatever becomes of it on the disk.
        Op::SyncDir(_) => vec![Fault::Fail(EIO), Fault::LoseSync { at_once: false }],
        Op::Open { creates: true, .. } | Op::MakeDir(_) => vec![Fault::Fail(ENOSPC)],
        Op::Word | Op::Wait => Vec::new(),
        _ => vec![Fault::Fail(EIO)],
    }
}

/// Checks a command with an error at each of its operations; the process goes on after it, others
/// come, and the power goes at the end.
fn at_every_step(past: &Past, actor: &str, request: &Ask) {
    let (ops, outcome) = trace(past, actor, request);
    let wanted = if let Outcome::Granted(wanted) = outcome { wanted } else { Vec::new() };
    for (k, op) in ops.iter().enumerate() {
        for fault in ways_to_fail(op) {
            let past = past.fork();
            let store = past.process();
            store.disk().process(|process| process.fault = Some((k as u64, fault)));
            let mut promised = past.promised.clone();
            match ask(&store, actor, request) {
                Outcome::Granted(granted) => promised.extend(granted),
                Outcome::Trouble(error) => {
                    // Then nothing was granted, and the log does not say that it was.
                    let records = check::history(&reader(&past.machine)).unwrap();
                    let stands = |operation| records.iter().any(|record| record.operation == operation);
                    assert!(!wanted.iter().cloned().any(stands), "at {op:?} {fault:?}: {error:?}");
                }
                Outcome::Refused(_) | Outcome::Unknown(_) => {}
            }
            check::all(&past.machine.fork(), &promised, &[]);
            power_goes(&past, &promised);
            // Others, and the same process, come before the power goes.
            for (n, store) in [(900, process(&past.machine)), (901, store)] {
                let later = ask(&store, "z", &acquire(n, &format!("late{n}")));
                promised.extend(later.granted());
                power_goes(&past, &promised);
            }
        }
    }
}

/// What was promised stands, whatever of the rest survives.
fn power_goes(past: &Past, promised: &[Operation]) {
    for seed in 0..3 {
        let machine = past.machine.fork();
        machine.lose_power(|what| seed > 0 && chance(seed, what) % 2 == 0);
        check::all(&machine, promised, &[]);
    }
}

for_each_scenario!(at_every_step);

/// The kernel reports a failed flush to one process only; all whose records it covered hear of
/// it, also those who had not begun to wait. If that process dies of it, nobody knows: then they
/// are told that it is done only after it was, anew.
#[test]
fn a_failed_flush_is_in_doubt_for_everybody_whose_record_it_covered() {
    for (at_once, dies) in [(true, false), (false, false), (true, true), (false, true)] {
        let past = held();
        let stores: Vec<_> = (0..4).map(|_| past.process()).collect();
        let begun: Vec<_> = stores
            .iter()
            .zip(0..)
            .map(|(store, n)| begin(store, "c", &acquire(10 + n, &format!("n{n}"))).waiting())
            .collect();
        let mut begun = begun.into_iter();
        // One of those in the middle leads; it covers the later ones too.
        let (first, leads) = (begun.next().unwrap(), begun.next().unwrap());
        let fault = if dies { Fault::LoseSyncAndDie { at_once } } else { Fault::LoseSync { at_once } };
        let leader = stores[1].disk();
        leader.process(|process| process.fault_at_flush = Some(fault));
        let led = stores[1].confirm(leads, &crate::support::holder("c"));
        assert!(led.is_err());
        assert!(past.machine.is_dead(leader.pid) == dies);
        let rest = begun.zip(&stores[2..]);
        let mut promised = past.promised.clone();
        for (pending, store) in [(first, &stores[0])].into_iter().chain(rest) {
            match crate::support::ask::outcome(store.confirm(pending, &crate::support::holder("c"))) {
                // What reads well after its flush's owner died is carried over, durably.
                Outcome::Granted(granted) if dies && !at_once => promised.extend(granted),
                Outcome::Unknown(_) if !dies || at_once => {}
                outcome => panic!("{dies} {at_once}: {outcome:?}"),
            }
        }
        // The next writer carries over, and can promise again.
        promised.extend(ask(&past.process(), "d", &acquire(20, "later")).granted());
        assert!(past.machine.content("archive/claims-00000001.jsonl").is_some(), "a new segment");
        promised.extend(ask(&past.process(), "d", &acquire(21, "latest")).granted());
        assert_eq!(past.machine.content("archive/claims-00000002.jsonl"), None, "the new one is in no doubt");
        power_goes(&past, &promised);
    }
}

/// Sealing a segment flushes it first, for everybody like any other flush. What that lost is not
/// carried over from memory.
#[test]
fn a_flush_that_fails_while_sealing_is_in_doubt_for_everybody() {
    for at_once in [true, false] {
        for fault in [Fault::LoseSync { at_once }, Fault::LoseSyncAndDie { at_once }] {
            let past = held();
            let (other, compactor) = (past.process(), past.process());
            let pending = begin(&other, "c", &acquire(10, "u"));
            compactor.disk().process(|process| process.fault_at_flush = Some(fault));
            ask(&compactor, "d", &Ask::Compact);
            let mut promised = past.promised.clone();
            match (fault, pending.confirm(&other, "c")) {
                (Fault::LoseSyncAndDie { at_once: false }, Outcome::Granted(granted)) => {
                    promised.extend(granted)
                }
                (Fault::LoseSync { .. } | Fault::LoseSyncAndDie { at_once: true }, Outcome::Unknown(_)) => {}
                other => panic!("{other:?}"),
            }
            power_goes(&past, &promised);
            promised.extend(ask(&past.process(), "e", &acquire(11, "v")).granted());
            power_goes(&past, &promised);
            check::all(&past.machine, &promised, &[]);
        }
    }
}

/// One flush serves everybody who appended before it.
#[test]
fn one_flush_serves_all_who_came_before() {
    let past = held();
    let stores: Vec<_> = (0..3).map(|_| past.process()).collect();
    let begun: Vec<_> = stores
        .iter()
        .zip(0..)
        .map(|(store, n)| begin(store, "c", &acquire(10 + n, &format!("n{n}"))))
        .collect();
    stores.iter().for_each(|store| store.disk().process(|process| process.trace = Some(Vec::new())));
    let mut promised = past.promised.clone();
    for (begun, store) in begun.into_iter().zip(&stores) {
        promised.extend(begun.confirm(store, "c").granted());
    }
    let flushes = stores.iter().map(|store| {
        let ops = store.disk().process(|process| process.trace.take()).unwrap();
        ops.into_iter().filter(is_flush).count()
    });
    assert_eq!(flushes.sum::<usize>(), 1);
    power_goes(&past, &promised);
}

/// A claim on a warm control plane costs one flush and no renaming, and its cost does not grow
/// with the log.
#[test]
fn a_warm_acquisition_flushes_once_and_does_not_read_the_log() {
    let mut past = held();
    for n in 10..60 {
        past.grant("a", acquire(n, &format!("x{n}")));
    }
    let (ops, _) = trace(&past, "c", &acquire(100, "u"));
    assert_eq!(ops.iter().filter(|op| matches!(op, Op::Sync(_) | Op::SyncDir(_))).count(), 1);
    assert!(!ops.iter().any(|op| matches!(op, Op::Rename(_) | Op::Open { creates: true, .. })));
    let store = past.process();
    assert!(ask(&store, "c", &acquire(100, "u")).is_granted());
    let read = store.disk().process(|process| process.bytes_read);
    let log = past.machine.content(LOG).unwrap().len() as u64;
    assert!(read < 4096 && log > 20_000, "read {read} bytes; the log has {log}");
}

/// A sync of a directory that fails is reported once. Later ones succeed, and nothing rests on what
/// was named before it.
#[test]
fn a_name_whose_sync_failed_is_never_relied_upon() {
    let mut sealed = held();
    sealed.grant("a", Ask::Compact);
    let is_sync = |op: &Op| matches!(op, Op::SyncDir(_));
    for (past, request, dies) in [
        (Past::new(), acquire(1, "x"), false),
        (Past::new(), acquire(1, "x"), true),
        (held(), Ask::Compact, false),
        (held(), Ask::Compact, true),
        (sealed, Ask::Compact, true),
    ] {
        let syncs = trace(&past, "a", &request).0.into_iter().filter(is_sync).count();
        assert!(syncs > 0);
        for n in 0..syncs {
            let mut past = past.fork();
            let lost = Fault::LoseSync { at_once: false };
            let fault = if dies { Fault::LoseSyncAndDie { at_once: false } } else { lost };
            let failed = past.fault("a", &request, is_sync, n, fault);
            assert!(matches!(failed, Outcome::Trouble(_)), "{failed:?}");
            let mut promised = past.promised.clone();
            for n in [10, 11] {
                promised.extend(ask(&past.process(), "b", &acquire(n, &format!("n{n}"))).granted());
                power_goes(&past, &promised);
            }
            promised.extend(ask(&past.process(), "b", &Ask::Compact).granted());
            power_goes(&past, &promised);
        }
    }
}

/// The log's name is made durable before anything is put into the archive: wherever the next writer
/// is when the power goes, there is never an archive without a log.
#[test]
fn a_name_in_doubt_never_leaves_an_archive_without_a_log() {
    for dies in [false, true] {
        let mut past = Past::new();
        let lost = Fault::LoseSync { at_once: false };
        let fault = if dies { Fault::LoseSyncAndDie { at_once: false } } else { lost };
        let failed = past.fault("a", &acquire(1, "x"), |op| matches!(op, Op::SyncDir(_)), 0, fault);
        assert!(matches!(failed, Outcome::Trouble(_)), "{failed:?}");
        for request in [acquire(2, "y"), Ask::Compact] {
            let ops = trace(&past, "b", &request).0.len();
            for k in 0..=ops as u64 {
                let past = past.fork();
                let store = past.process();
                store.disk().process(|process| process.fault = Some((k, Fault::Die)));
                ask(&store, "b", &request);
                past.machine.kill(store.disk().pid);
                power_goes(&past, &[]);
            }
        }
    }
}

/// A sealing that fails is not tried again by every step, and is tried again.
#[test]
fn on_a_full_disk_sealing_waits_until_the_log_has_grown() {
    let mut past = held();
    past.options.compact_at = 16_000;
    let (mut tries, mut steps) = (0, 0);
    while tries < 4 {
        let mut ops = trace(&past, "a", &renew("x")).0.into_iter();
        let store = past.process();
        if let Some(at) = ops.position(|op| matches!(op, Op::Write { path, .. } if path.ends_with(".new"))) {
            tries += 1;
            store.disk().process(|process| process.fault = Some((at as u64, Fault::Fail(ENOSPC))));
        }
        past.promised.extend(ask(&store, "a", &renew("x")).granted());
        steps += 1;
        assert!(steps < 300);
    }
    assert!(steps > 35, "{tries} tries in {steps} steps");
    assert_eq!(past.machine.content("archive/claims-00000001.jsonl"), None);
    // With room again, it works; and the next one is due as soon as ever.
    while past.machine.content("archive/claims-00000002.jsonl").is_none() {
        past.promised.extend(ask(&past.process(), "a", &renew("x")).granted());
        steps += 1;
        assert!(steps < 400);
    }
    let second = past.machine.content("archive/claims-00000002.jsonl").unwrap();
    assert!(second.len() < 20_000, "{} bytes", second.len());
    check::all(&past.machine, &past.promised, &[]);
}

/// Where a new segment can't be written, the old one goes on, and nobody tries again at every step.
#[test]
fn a_draft_that_does_not_fit_stops_nobody() {
    let mut past = held();
    let draft = |op: &Op| matches!(op, Op::Write { path, .. } if path == "claims.jsonl.new");
    past.fault("a", &Ask::Compact, draft, 0, Fault::Fail(ErrorKind::StorageFull));
    let (ops, outcome) = trace(&past, "b", &acquire(10, "w"));
    assert!(outcome.is_granted(), "{outcome:?}");
    let writes_anew = |op: &&Op| {
        draft(op)
            || matches!(op, Op::Rename(_))
            || matches!(op, Op::Write { path, .. } if path.ends_with(".new"))
    };
    assert_eq!(ops.iter().find(writes_anew), None);
}

fn fence(operations: &[Operation]) -> Fence {
    match &operations[0] {
        Operation::Acquire(lease) => lease.fence,
        other => panic!("{other:?}"),
    }
}

/// What a failed flush lost was told to its writers as in doubt, fences and all: no later holder
/// gets the same.
#[test]
fn a_fence_in_doubt_is_not_given_again() {
    let past = held();
    let (first, second) = (past.process(), past.process());
    let begun = [begin(&first, "p", &acquire(10, "u")), begin(&second, "q", &acquire(11, "v"))];
    first.disk().process(|process| process.fault_at_flush = Some(Fault::LoseSync { at_once: true }));
    let in_doubt: Vec<_> = begun
        .into_iter()
        .zip([(&first, "p"), (&second, "q")])
        .map(|(begun, (store, actor))| match begun.confirm(store, actor) {
            Outcome::Unknown(operations) => fence(&operations),
            other => panic!("{other:?}"),
        })
        .collect();
    let granted = ask(&past.process(), "c", &acquire(12, "v")).granted();
    assert!(in_doubt.iter().all(|doubtful| *doubtful < fence(&granted)), "{in_doubt:?} {granted:?}");
    let all = [past.promised.clone(), granted].concat();
    power_goes(&past, &all);
    check::all(&past.machine, &all, &[]);
}

/// A write that fails half way, and whose beginning can't be turned into padding: told as unknown,
/// with a fence that nobody else gets. Who was waiting for an earlier record is told that it stands.
#[test]
fn a_fence_in_doubt_after_half_a_write_is_not_given_again() {
    let past = held();
    let waiter = past.process();
    let waiting = begin(&waiter, "w", &acquire(9, "w"));
    let ops = trace(&past, "c", &acquire(10, "u")).0;
    let write = ops.iter().position(|op| matches!(op, Op::Write { path, .. } if path == LOG)).unwrap() as u64;
    let store = Rc::new(past.process());
    let again = store.clone();
    store.disk().process(|process| {
        process.fault = Some((write, Fault::FailTorn(100, ErrorKind::Other)));
        let blanking = move || {
            again.disk().process(|process| process.fault = Some((write + 2, Fault::Fail(ErrorKind::Other))))
        };
        process.meanwhile = Some((write + 1, Box::new(blanking)));
    });
    let Outcome::Unknown(doubtful) = ask(&store, "c", &acquire(10, "u")) else { panic!("half a write") };
    assert!(waiting.confirm(&waiter, "w").is_granted());
    let granted = ask(&past.process(), "d", &acquire(11, "u")).granted();
    assert!(fence(&doubtful) < fence(&granted), "{doubtful:?} {granted:?}");
    check::all(&past.machine, &[past.promised.clone(), granted].concat(), &[]);
}

/// However short the lock is waited for: a record that is written waits for the flush that covers
/// it.
#[test]
fn no_haste_with_a_flush_under_way() {
    let mut past = held();
    past.options.lock_timeout = Duration::ZERO;
    let (hasty, other) = (past.process(), past.process());
    let begun = begin(&hasty, "h", &acquire(10, "u"));
    let before = past.machine.monotonic_ns.get();
    let lock = other.disk().open("locks/flush", Open::Create).unwrap();
    assert!(lock.try_lock().unwrap());
    let outcome = begun.confirm(&hasty, "h");
    assert!(matches!(outcome, Outcome::Unknown(_)), "nobody ends it: {outcome:?}");
    assert!(past.machine.monotonic_ns.get() - before >= 5 * SEC);
}
