//! A check-up says what is so, and names the file and the byte where it is not.

use std::rc::Rc;

use jit_core::Seq;
use jit_store::disk::Disk;
use jit_store::{Finding, Gap, StoreError};

use crate::support::ask::{Ask, acquire, ask};
use crate::support::machine::Machine;
use crate::support::past::{Past, place};
use crate::support::{holder, process, reader};

const FIRST: &str = "archive/claims-00000001.jsonl";
const SECOND: &str = "archive/claims-00000002.jsonl";

/// Two sealed segments and a live one.
fn past() -> Past {
    let mut past = Past::new();
    past.grant("a", acquire(1, "x")).grant("a", Ask::Compact);
    past.grant("a", acquire(2, "y")).grant("a", Ask::Compact);
    past.grant("a", acquire(3, "z"));
    past
}

/// The places in the archive where history is broken; `None` where it is whole.
fn broken(machine: &Rc<Machine>) -> Option<Vec<(String, u64, String)>> {
    let findings = reader(machine).examine();
    let whole = findings.iter().any(|finding| matches!(finding, Finding::History { .. }));
    let broken: Vec<_> = findings
        .into_iter()
        .filter_map(|finding| match finding {
            Finding::Broken(StoreError::Corrupt { file, offset, reason }) => Some((file, offset, reason)),
            Finding::Broken(StoreError::SegmentMissing { file, first, last }) => {
                Some((file, 0, format!("records {first} to {last}")))
            }
            Finding::Broken(error) => panic!("{error:?}"),
            _ => None,
        })
        .collect();
    assert_eq!(whole, broken.is_empty(), "{broken:?}");
    (!whole).then_some(broken)
}

#[test]
fn history_that_reaches_back_to_the_first_record() {
    let past = past();
    let findings = reader(&past.machine).examine();
    let expected = |finding: &Finding| matches!(finding, Finding::History { segments: 3, records: 9, missing } if missing.is_empty());
    assert!(findings.iter().any(expected), "{findings:?}");
}

/// History goes on after a salvage, and is not said to be whole.
#[test]
fn history_that_a_salvage_left_a_gap_in() {
    let mut past = past();
    past.damage(3);
    let next = past.salvage().next;
    past.grant("b", acquire(4, "w"));
    let findings = reader(&past.machine).examine();
    let gap = Gap { after: Seq(8), before: next };
    let expected =
        |finding: &Finding| matches!(finding, Finding::History { missing, .. } if *missing == [gap]);
    assert!(findings.iter().any(expected), "{gap:?} in {findings:?}");
}

#[test]
fn a_segment_that_is_missing() {
    for (missing, records) in [(FIRST, "records 1 to 2"), (SECOND, "records 3 to 5")] {
        let machine = past().machine.fork();
        machine.tear_off(missing);
        let broken = broken(&machine).expect("it is missing");
        assert_eq!(broken.len(), 1, "{broken:?}");
        let (file, offset, reason) = &broken[0];
        assert_eq!((file.as_str(), *offset), (missing, 0));
        assert_eq!(reason, records);
        // History is shown as far as it goes, and names the same.
        let ended = reader(&machine).history(|_| true);
        let Err(StoreError::SegmentMissing { file, first, last }) = ended else { panic!("{ended:?}") };
        assert_eq!((&*file, format!("records {first} to {last}")), (missing, records.to_owned()));
    }
}

/// One of a number that the log has not reached: the doctor names it, and history passes over it.
#[test]
fn a_segment_above_the_live_one() {
    let machine = past().machine.fork();
    let before = crate::support::check::history(&reader(&machine)).unwrap();
    let first = machine.content(FIRST).unwrap();
    for (n, stray) in [(3, false), (4, true), (9, true)] {
        let machine = machine.fork();
        let name = format!("archive/claims-{n:08}.jsonl");
        place(&machine, &name, &first);
        assert_eq!(crate::support::check::history(&reader(&machine)).unwrap(), before, "{n}");
        let named: Vec<_> = reader(&machine)
            .examine()
            .into_iter()
            .filter_map(|finding| match finding {
                Finding::Stray { file, live: 3 } => Some(file),
                _ => None,
            })
            .collect();
        assert_eq!(named, if stray { vec![name] } else { vec![] });
        assert_eq!(broken(&machine), None);
    }
}

/// Room for the log's copy, and as much again with the padding.
#[test]
fn a_disk_without_room_for_the_next_segment() {
    let machine = past().machine.fork();
    let needed = 2 * machine.content("claims.jsonl").unwrap().len() as u64 + (128 << 10);
    for (free, full) in [(needed, false), (needed - 1, true)] {
        machine.free.set(free);
        let found = reader(&machine).examine();
        let told = |finding: &Finding| matches!(finding, Finding::NoRoom { .. });
        assert_eq!(found.iter().any(told), full, "{found:?}");
    }
}

/// Whole by itself, but not what was followed up on.
#[test]
fn a_segment_of_another_past() {
    let mut other = Past::new();
    other.grant("b", acquire(7, "w")).grant("b", Ask::Compact);
    let bytes = other.machine.content(FIRST).expect("it was sealed");
    let machine = past().machine.fork();
    machine.tamper(FIRST, |file| *file = bytes.clone());
    let broken = broken(&machine).expect("it is another's");
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert_eq!((broken[0].0.as_str(), broken[0].1), (SECOND, 0));
    assert!(broken[0].2.contains("was not written after record 2"), "{broken:?}");
}

#[test]
fn a_segment_that_ends_early_or_is_damaged() {
    let sealed = past().machine.content(SECOND).expect("it was sealed");
    let last = sealed[..sealed.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let machine = past().machine.fork();
    machine.tamper(SECOND, |file| file.truncate(last));
    let early = broken(&machine).expect("it ends early");
    assert_eq!((early[0].0.as_str(), early[0].1), ("claims.jsonl", 0), "{early:?}");
    let machine = past().machine.fork();
    machine.tamper(SECOND, |file| file[last + 30] ^= 1);
    let damaged = broken(&machine).expect("it is damaged");
    assert_eq!(damaged.len(), 1, "said once: {damaged:?}");
    assert_eq!((damaged[0].0.as_str(), damaged[0].1), (SECOND, last as u64));
}

/// A copy of the live segment that did not come to replace it is no break.
#[test]
fn a_seal_that_was_cut_short() {
    let machine = past().machine.fork();
    let live = machine.content("claims.jsonl").unwrap();
    place(&machine, "archive/claims-00000003.jsonl", &live[..live.len() / 2]);
    assert_eq!(broken(&machine), None);
}

#[test]
fn what_stands_in_the_way_is_moved_aside() {
    let machine = past().machine.fork();
    place(&machine, "config.toml.new", b"half");
    machine.tear_off("index");
    process(&machine).disk().make_dir("index").unwrap();
    let found = reader(&machine).examine();
    assert!(
        matches!(found[..], [.., Finding::IndexUnusable(_), Finding::Leftover("config.toml.new")]),
        "{found:?}"
    );
    process(&machine).tidy(&holder("a")).unwrap();
    let found = reader(&machine).examine();
    assert!(matches!(found[..], [.., Finding::Index]), "{found:?}");
    assert!(machine.names().iter().any(|name| name == "archive/aside-index-0"));
    assert!(machine.content("config.toml.new").is_none());
    assert!(machine.content("config.toml").is_none());
    assert!(ask(&process(&machine), "a", &acquire(4, "w")).is_granted());
}
