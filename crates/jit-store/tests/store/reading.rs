//! Reading writes nothing, takes no lock, and works on whatever is there.

use jit_core::{Now, Operation, Query, Reference, View};

use crate::support::ask::{Ask, Outcome, acquire, acquire_for, ask, begin, of, release};
use crate::support::dump::Dump;
use crate::support::machine::{Fault, LOG, Machine, Op};
use crate::support::past::Past;
use crate::support::scenarios::{held, is_append};
use crate::support::{check, claimed, holder, lease_id, process, reader, things};

fn dump() -> Dump {
    Dump { names: things("x y z u"), holders: vec![holder("a")], leases: vec![lease_id(1)] }
}

/// Reads everything, with every change of a file, name or shared word failing the test.
fn reads(past: &Past) -> crate::support::dump::Dumped {
    let files = past.machine.contents();
    let words = past.machine.fingerprint();
    let seen = reader(&past.machine).read(&dump()).unwrap();
    check::history(&reader(&past.machine)).unwrap();
    assert_eq!(files, past.machine.contents());
    assert_eq!(words, past.machine.fingerprint());
    seen
}

#[test]
fn a_control_plane_that_is_not_there_is_empty_and_stays_away() {
    let past = Past::new();
    assert!(reads(&past).live.is_empty());
    assert!(past.machine.names().is_empty());
    // The first steps of making one.
    for names in [&["locks"][..], &["locks", "locks/claims"]] {
        let machine = Machine::new();
        use jit_store::disk::{Disk, Open};
        let disk = crate::support::disk::MemDisk::start(&machine);
        disk.make_root().unwrap();
        disk.make_dir("locks").unwrap();
        for name in &names[1..] {
            disk.open(name, Open::Create).unwrap();
        }
        reads(&Past { machine, promised: Vec::new(), options: crate::support::options() });
    }
}

#[test]
fn whatever_state_the_files_are_in() {
    let past = held();
    assert_eq!(reads(&past).live.len(), 2);
    let mut torn = past.fork();
    torn.fault("c", &acquire(3, "u"), is_append, 0, Fault::DieTorn(200));
    assert_eq!(reads(&torn).live.len(), 2);
    let mut rebooted = past.fork();
    rebooted.reboot();
    assert!(reads(&rebooted).unsighted, "only a writer sights");
    let without_locks = past.fork();
    for name in ["locks/shared", "locks/claims", "locks/flush", "index"] {
        without_locks.machine.tear_off(name);
    }
    assert_eq!(reads(&without_locks).live.len(), 2);
}

#[test]
fn lapsed_leases_are_shown_and_left_to_writers() {
    let mut past = held();
    past.grant("c", acquire_for(3, "u", 10)).pass(20);
    let seen = reads(&past);
    assert_eq!((seen.live.len(), seen.lapsed), (3, vec![lease_id(3)]));
}

/// Neither the writers' lock nor a flush under way holds a reader up.
#[test]
fn nobody_is_waited_for() {
    let past = held();
    let writer = past.process();
    let begun = begin(&writer, "c", &acquire(3, "u"));
    // Not durable, and seen.
    assert_eq!(reads(&past).live.len(), 3);
    writer.disk().process(|process| process.fault_at_flush = Some(Fault::Die));
    begun.confirm(&writer, "c");
    assert_eq!(reads(&past).live.len(), 3);
    let waited = process(&past.machine);
    waited.queue(&holder("d"), &claimed("x")).unwrap();
    let before = past.machine.monotonic_ns.get();
    reads(&past);
    assert_eq!(before, past.machine.monotonic_ns.get());
}

/// The history is of all segments, and of the newest ones first.
#[test]
fn history_reads_the_archive_and_stops_when_told() {
    let mut past = held();
    past.grant("a", Ask::Compact).grant("c", acquire(3, "u"));
    past.grant("a", Ask::Compact);
    let mut segments = 0;
    let store = reader(&past.machine);
    store
        .history(|records| {
            segments += 1;
            assert!(matches!(records[0].operation, Operation::Checkpoint(_)));
            segments < 2
        })
        .unwrap();
    assert_eq!(segments, 2);
    check::all(&past.machine, &past.promised, &[]);
}

/// Who covers what; a look at every lease would cost more than what is measured here.
struct Covered(Vec<Reference>);

impl Query for Covered {
    type Answer = usize;

    fn ask<V: View>(&self, view: &V, _: &Now) -> Result<usize, V::Error> {
        let mut covered = 0;
        for name in &self.0 {
            covered += usize::from(view.covering(name)?.is_some());
        }
        Ok(covered)
    }
}

/// A log that grew after the index was written is followed, by readers and by writers, from where
/// the index stopped: what that costs does not grow with the log.
#[test]
fn a_log_that_is_ahead_of_its_index() {
    let mut past = held();
    for n in 100..700 {
        past.grant("a", acquire(n, &format!("x{n}")));
    }
    past.grant("b", acquire_for(1401, "lost", 10)).pass(20);
    past.machine.tear_off("index");
    past.grant("b", acquire(1402, "v"));
    let log = past.machine.content(LOG).unwrap().len() as u64;
    let appends: [(&str, Ask); 5] = [
        ("c", acquire(3, "u")),
        ("c", acquire(3, "u lost")),
        ("a", release("x y x100")),
        ("b", Ask::Heartbeat),
        ("b", Ask::Transfer { target: of("v"), to: holder("c"), secret: 9 }),
    ];
    for (actor, request) in appends {
        let mut past = past.fork();
        let index = past.machine.content("index").unwrap();
        past.fault(
            actor,
            &request,
            |op| matches!(op, Op::Write { path, .. } if path == "index"),
            0,
            Fault::Die,
        );
        assert_eq!(past.machine.content("index").unwrap(), index, "killed before it published");
        check::index_agrees(&past.machine);
        let (reads, writes) = (reader(&past.machine), past.process());
        reads.read(&Covered(things("x y u v lost"))).unwrap();
        let refused = ask(&writes, "d", &acquire(4, "x300"));
        assert!(matches!(refused, Outcome::Refused(_)), "{refused:?}");
        for store in [reads, writes] {
            let read = store.disk().process(|process| process.bytes_read);
            // The padding, and little else.
            assert!(read < 150_000 && log > 350_000, "read {read} bytes of {log}");
        }
        check::all(&past.machine, &past.promised, &[]);
    }
}

/// One that is torn there as well is answered from, and cut by the next writer.
#[test]
fn a_tear_behind_records_that_the_index_lacks() {
    let mut past = held();
    let index = past.machine.content("index").unwrap();
    past.grant("c", acquire(3, "u"));
    past.fault("c", &acquire(4, "v"), is_append, 0, Fault::DieTorn(200));
    past.machine.tamper("index", |bytes| *bytes = index);
    assert_eq!(reads(&past).live.len(), 3);
    check::all(&past.machine, &past.promised, &[]);
    assert!(past.machine.content("archive/torn-after-4-0").is_some());
}
