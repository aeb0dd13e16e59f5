//! Damage is named by file and byte, stops writing, and changes nothing; what was never promised
//! is no damage.

use std::rc::Rc;
use std::sync::atomic::Ordering;

use jit_core::Seq;
use jit_store::StoreError;
use jit_store::disk::{Disk, Open, Words};

use crate::support::ask::{Ask, Outcome, acquire, acquire_for, ask};
use crate::support::dump::Dump;
use crate::support::machine::{LOG, Machine};
use crate::support::past::Past;
use crate::support::random::Random;
use crate::support::{check, holder, lease_id, process, reader, things};

/// Six records, each durable before the next, and the offset at which each begins.
fn past() -> (Past, Vec<usize>) {
    let mut past = Past::new();
    for (n, name) in (1..).zip(["u", "v", "w", "x", "y"]) {
        past.grant("a", acquire(n, name));
    }
    let log = past.machine.content(LOG).unwrap();
    let mut begins = vec![0];
    begins.extend(log.iter().zip(1..).filter(|(byte, _)| **byte == b'\n').map(|(_, next)| next).take(6));
    (past, begins)
}

fn damaged(past: &Past, file: &str, change: impl FnOnce(&mut Vec<u8>)) -> Rc<Machine> {
    let machine = past.machine.fork();
    machine.tamper(file, change);
    machine
}

/// Without an index, a writer and both kinds of readers say the same, and nothing is changed.
fn fails_alike(machine: &Rc<Machine>, expected: impl Fn(&StoreError) -> bool) {
    if machine.content("index").is_some() {
        machine.tear_off("index");
    }
    let files = machine.contents();
    let dump = Dump { names: things("x"), holders: vec![holder("a")], leases: vec![lease_id(1)] };
    let errors = [
        reader(machine).read(&dump).map(|_| ()),
        check::history(&reader(machine)).map(|_| ()),
        Err(trouble(ask(&process(machine), "b", &acquire(9, "new")))),
        Err(trouble(ask(&process(machine), "b", &Ask::Compact))),
    ];
    for (error, who) in errors.into_iter().zip(["a view", "history", "a claim", "a compaction"]) {
        let error = error.expect_err(who);
        assert!(expected(&error), "{error:?}");
    }
    let mut after = machine.contents();
    after.retain(|name, _| files.contains_key(name) || !name.starts_with("locks"));
    assert_eq!(files, after, "nothing was changed");
}

fn trouble(outcome: Outcome) -> StoreError {
    match outcome {
        Outcome::Trouble(error) => error,
        other => panic!("{other:?}"),
    }
}

fn corrupt_at(offset: usize) -> impl Fn(&StoreError) -> bool {
    move |error| matches!(error, StoreError::Corrupt { file, offset: at, .. } if file == LOG && *at == offset as u64)
}

/// Within the boot that made them durable, all records are known to be durable.
#[test]
fn a_flipped_blanked_or_deleted_byte_of_any_record_is_corruption() {
    let (past, begins) = past();
    let mut random = Random::new(7);
    for (n, begin) in begins[..6].iter().enumerate() {
        let end = begins[n + 1];
        for at in (*begin..end).step_by(23).chain([end - 1]) {
            let flipped = damaged(&past, LOG, |log| log[at] ^= 1 << random.below(7));
            fails_alike(&flipped, corrupt_at(*begin));
        }
        let blanked = damaged(&past, LOG, |log| log[*begin..end].fill(b'\n'));
        let next = if n == 5 { *begin } else { end };
        fails_alike(&blanked, corrupt_at(next));
        fails_alike(&damaged(&past, LOG, |log| log[*begin..end].fill(0)), corrupt_at(*begin));
        let cut = damaged(&past, LOG, |log| log.truncate(begin + 10));
        fails_alike(&cut, corrupt_at(*begin));
        fails_alike(&damaged(&past, LOG, |log| log.truncate(*begin)), corrupt_at(*begin));
        if n > 0 {
            let deleted = damaged(&past, LOG, |log| drop(log.drain(*begin..end)));
            fails_alike(&deleted, corrupt_at(*begin));
        }
    }
}

/// After a reboot a record is known to have been durable when a later one says so.
#[test]
fn after_a_reboot_a_later_record_proves_that_one_was_durable() {
    let (past, begins) = past();
    past.machine.reboot();
    for (n, begin) in begins[..5].iter().enumerate() {
        let flipped = damaged(&past, LOG, |log| log[begin + 40] ^= 1);
        fails_alike(&flipped, corrupt_at(*begin));
        let end = begins[n + 1];
        fails_alike(&damaged(&past, LOG, |log| log[*begin..end].fill(0)), corrupt_at(*begin));
    }
    // Of the last one nobody knows: it is kept and cut.
    let flipped = damaged(&past, LOG, |log| log[begins[5] + 40] ^= 1);
    check::all(&flipped, &past.promised[..4], &[]);
    assert!(flipped.content("archive/torn-after-5-0").is_some());
}

/// Another version's line is never damage and never cut: at the end, before others, behind a tear.
#[test]
fn a_line_of_another_version_is_refused_wherever_it_stands() {
    let (past, begins) = past();
    past.machine.reboot();
    let foreign = *b"{\"schema_version\":2,\"anything\":[1]}\n";
    // An operation that a later jit of this version brought proves itself like the others.
    let signed = "{\"schema_version\":1,\"seq\":9,\"op\":\"conquer\",\"prev\":\"0000000000000000\"";
    let unknown = format!("{signed},\"sum\":\"{:016x}\"}}\n", xxhash_rust::xxh3::xxh3_64(signed.as_bytes()));
    for line in [&foreign[..], unknown.as_bytes()] {
        for at in [begins[0], begins[3], begins[6]] {
            let machine = damaged(&past, LOG, |log| drop(log.splice(at..at, line.iter().copied())));
            fails_alike(
                &machine,
                |error| matches!(error, StoreError::Foreign { file, offset, .. } if file == LOG && *offset == at as u64),
            );
        }
        let end = begins[6];
        let torn = [&b"{\"schema_ver\n"[..], line].concat();
        let machine = damaged(&past, LOG, |log| drop(log.splice(end..end, torn)));
        fails_alike(
            &machine,
            |error| matches!(error, StoreError::Foreign { offset, .. } if *offset == end as u64 + 13),
        );
    }
}

#[test]
fn a_log_that_is_missing_is_not_made_anew() {
    let (past, _) = past();
    let mut compacted = past.fork();
    compacted.grant("a", Ask::Compact);
    compacted.machine.tear_off("index");
    for (machine, witness) in [(past.machine.fork(), "index"), (compacted.machine.fork(), "archive")] {
        machine.tear_off(LOG);
        let files = machine.names();
        let missing = |error: StoreError| {
            assert!(
                matches!(error, StoreError::LogMissing { witness: found, .. } if found == witness),
                "{error:?}"
            );
        };
        missing(trouble(ask(&process(&machine), "b", &acquire(9, "new"))));
        missing(check::history(&reader(&machine)).unwrap_err());
        let dump = Dump { names: things("x"), holders: vec![], leases: vec![] };
        missing(reader(&machine).read(&dump).unwrap_err());
        assert_eq!(files, machine.names());
    }
    // With nothing else to show for it, this boot's words know.
    past.machine.tear_off(LOG);
    past.machine.tear_off("index");
    let error = trouble(ask(&process(&past.machine), "b", &acquire(9, "new")));
    assert!(matches!(error, StoreError::LogMissing { witness: "locks/shared", .. }), "{error:?}");
    assert_eq!(past.machine.content(LOG), None);
}

/// An archive with a hole is no history.
#[test]
fn damage_in_the_archive_is_named() {
    let mut past = past().0;
    past.grant("a", Ask::Compact).grant("a", acquire(20, "s")).grant("a", Ask::Compact);
    let sealed = "archive/claims-00000001.jsonl";
    check::all(&past.machine.fork(), &past.promised, &[]);
    let length = past.machine.content(sealed).unwrap().len();
    type Change<'a> = &'a dyn Fn(&mut Vec<u8>);
    let changes: [Change<'_>; 4] = [
        &|bytes| bytes[length / 2] ^= 1,
        &|bytes| bytes.truncate(length - 5),
        &|bytes| bytes.truncate(bytes[..length - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1),
        &Vec::clear,
    ];
    for change in changes {
        let machine = damaged(&past, sealed, change);
        let error = check::history(&reader(&machine)).unwrap_err();
        assert!(matches!(&error, StoreError::Corrupt { file, .. } if file == sealed), "{error:?}");
        // Claims go by the live segment.
        assert!(ask(&process(&machine), "b", &acquire(9, "new")).is_granted());
    }
    past.machine.tear_off("archive/claims-00000002.jsonl");
    assert!(check::history(&reader(&past.machine)).is_err());
}

/// Nothing is dropped silently: where the oldest segments are gone, what is newer is shown, and then
/// that they are missing.
#[test]
fn an_archive_without_its_oldest_segment_says_so() {
    let mut past = past().0;
    past.grant("a", Ask::Compact).grant("a", acquire(20, "s"));
    past.machine.tear_off("archive/claims-00000001.jsonl");
    let mut shown = 0;
    let error = reader(&past.machine)
        .history(|records| {
            shown += records.len();
            true
        })
        .unwrap_err();
    assert!(
        shown > 0 && error.to_string().ends_with("is missing, and with it records 1 to 6"),
        "{shown} {error}"
    );
}

/// Whatever is in the index's file, answers are the log's.
#[test]
fn an_index_is_never_believed_without_proof() {
    let (mut past, _) = past();
    let older = past.machine.content("index").unwrap();
    past.grant("b", acquire_for(10, "lapsing", 10)).grant("b", Ask::Heartbeat).pass(20);
    let newer = past.machine.content("index").unwrap();
    let same = |machine: &Rc<Machine>| {
        check::index_agrees(machine);
        let taken = ask(&process(machine), "c", &acquire(30, "u"));
        assert!(matches!(taken, Outcome::Refused(_)), "{taken:?}");
        check::all(machine, &[], &[]);
    };
    same(&damaged(&past, "index", |index| *index = older));
    same(&damaged(&past, "index", Vec::clear));
    let mut random = Random::new(3);
    for length in [1, 64, 127, 128, 129, 4096, newer.len() - 1] {
        same(&damaged(&past, "index", |index| index.truncate(length)));
        same(&damaged(&past, "index", |index| index.iter_mut().for_each(|byte| *byte = random.next() as u8)));
    }
    for at in 0..128 {
        same(&damaged(&past, "index", |index| index[at] ^= 1 << random.below(8)));
    }
    // Of another boot.
    let rebooted = past.fork();
    rebooted.machine.reboot();
    rebooted.machine.monotonic_ns.set(past.machine.monotonic_ns.get());
    check::index_agrees(&rebooted.machine);
    check::all(&rebooted.machine, &past.promised, &[]);
    // Newer than the log.
    let mut shorter = past.fork();
    shorter.grant("c", acquire(40, "more"));
    let newest = shorter.machine.content("index").unwrap();
    same(&damaged(&past, "index", |index| *index = newest));
}

/// A record behind a torn one starts on its own line.
#[test]
fn a_torn_line_does_not_swallow_the_next_record() {
    let (past, begins) = past();
    past.machine.reboot();
    for torn in [&b"{\"schema_version\":1,\"seq\":7"[..], b"{", b"\0\0\0\0", b"x\n\ny", &[b'x'; 3000]] {
        let end = begins[6];
        let machine = damaged(&past, LOG, |log| {
            log.truncate(end);
            log.extend_from_slice(torn);
        });
        check::all(&machine, &past.promised, &[]);
        assert_eq!(machine.content("archive/torn-after-6-0").unwrap(), torn);
    }
    // A record that is whole but for its line break.
    let last = past.promised.len() - 1;
    let machine = damaged(&past, LOG, |log| log.truncate(begins[6] - 1));
    check::all(&machine, &past.promised[..last], &[]);
}

/// What an earlier tear left behind does not follow a record that took the place of another, even
/// where its number fits.
#[test]
fn a_record_of_another_past_does_not_count() {
    let (past, begins) = past();
    past.machine.reboot();
    let (lost, mut kept) = (past.fork(), past.fork());
    for (n, name) in [(20, "p"), (21, "q"), (22, "r")] {
        assert!(ask(&lost.process(), "b", &acquire(n, name)).is_granted());
    }
    kept.grant("b", acquire(30, "p")).grant("b", acquire(31, "s"));
    let (lost, log) = (lost.machine.content(LOG).unwrap(), kept.machine.content(LOG).unwrap());
    let ends = |log: &[u8]| -> Vec<usize> {
        log.iter().zip(1..).filter(|(byte, _)| **byte == b'\n').map(|(_, next)| next).take(10).collect()
    };
    let (from, to) = (ends(&lost)[8], ends(&lost)[9]);
    assert_eq!(from, ends(&log)[8], "the same length up to there");
    assert!(begins[6] < from);
    kept.machine.reboot();
    kept.machine.tamper(LOG, |log| log[from..to].copy_from_slice(&lost[from..to]));
    let records = check::all(&kept.machine, &kept.promised, &[]);
    let counts = records.iter().any(|record| format!("{:?}", record.operation).contains("name:r"));
    assert!(!counts, "nobody was promised it on this past");
}

/// People and tools find lines of JSON in the log, and padding that they pass over.
#[test]
fn the_log_is_lines_of_json() {
    let (past, _) = past();
    let log = String::from_utf8(past.machine.content(LOG).unwrap()).unwrap();
    let lines: Vec<serde_json::Value> =
        log.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 6);
    assert!(lines.iter().all(|line| line["schema_version"] == 1 && line["prev"].is_string()));
}

/// A writer that goes by the index meets the damage as soon as it needs the record.
#[test]
fn damage_is_seen_by_whoever_needs_the_record() {
    let (past, begins) = past();
    for (n, name) in (0..).zip(["u", "v", "w", "x", "y"]) {
        let begin = begins[n + 1];
        let machine = damaged(&past, LOG, |log| log[begin + 40] ^= 1);
        let index = machine.content("index");
        for request in [acquire(9, name), crate::support::ask::release(name)] {
            let error = trouble(ask(&process(&machine), "a", &request));
            assert!(corrupt_at(begin)(&error), "{error:?}");
        }
        let dump = Dump { names: things(name), holders: vec![], leases: vec![] };
        assert!(corrupt_at(begin)(&reader(&machine).read(&dump).unwrap_err()));
        assert_eq!(machine.content("index"), index);
    }
}

/// What a boot finds was read from the disk, and is made durable before anything rests on it: its
/// damage is no tear, though nobody of that boot wrote it.
#[test]
fn what_an_earlier_boot_left_is_known_to_be_durable() {
    let mut past = Past::new();
    past.grant("a", acquire(1, "u")).grant("a", acquire(2, "v"));
    past.reboot();
    past.grant("a", acquire(3, "w"));
    let records = check::history(&reader(&past.machine)).unwrap();
    assert!(records.last().unwrap().durable >= Seq(3), "{:?}", records.last());
    past.reboot();
    past.machine.tamper(LOG, |log| {
        let line = log.split(|byte| *byte == b'\n').take(2).map(|line| line.len() + 1).sum::<usize>();
        log[line + 40] ^= 1;
    });
    let outcome = ask(&past.process(), "c", &acquire(4, "w"));
    assert!(matches!(outcome, Outcome::Trouble(StoreError::Corrupt { .. })), "{outcome:?}");
}

/// A writer whose index proves itself does not meet the damage before it; whoever has to seal the
/// segment does, and says so although its own step was done.
#[test]
fn damage_that_only_sealing_meets_is_heard_of() {
    let (past, begins) = past();
    let sound = past.fork();
    past.machine.tamper(LOG, |log| log[begins[2] + 40] ^= 1);
    for (mut past, damaged) in [(past, true), (sound, false)] {
        past.options.compact_at = 1;
        let store = past.process();
        assert!(ask(&store, "b", &acquire(9, "new")).is_granted());
        let met = matches!(store.unsealed(), Some(StoreError::Corrupt { offset, .. }) if *offset == begins[2] as u64);
        assert_eq!(met, damaged, "{:?}", store.unsealed());
    }
}

/// jit was replaced by one whose shared words mean something else: it writes nothing in this boot,
/// and reads on.
#[test]
fn words_of_another_layout_are_not_understood() {
    let (mut past, _) = past();
    let words = past.process().disk().words("locks/shared", Open::Write).unwrap();
    words.long(2).fetch_add(1, Ordering::SeqCst);
    let log = past.machine.content(LOG);
    let outcome = ask(&past.process(), "b", &acquire(9, "new"));
    assert!(
        matches!(outcome, Outcome::Trouble(StoreError::OtherWords { found: 3, known: 2, .. })),
        "{outcome:?}"
    );
    assert_eq!(past.machine.content(LOG), log);
    assert!(!check::history(&reader(&past.machine)).unwrap().is_empty());
    past.reboot();
    past.grant("b", acquire(9, "new"));
}
