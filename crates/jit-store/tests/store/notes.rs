//! Notes for statistics: read back in order, bounded, and in nobody's way.

use jit_core::{Event, Note, WallTime};
use jit_store::disk::{Disk, DiskFile, Open};

use crate::support::machine::Machine;
use crate::support::{holder, process, things};

fn note(n: u64) -> Note {
    let event = Event::Waited { ms: n };
    Note {
        at: WallTime::new(chrono::DateTime::UNIX_EPOCH),
        agent: holder("a").agent,
        issues: things("x"),
        event,
    }
}

/// They are read as they were written, and are never many; half a line is passed over.
#[test]
fn the_latest_notes_are_kept() {
    let machine = Machine::new();
    let store = process(&machine);
    assert!(store.notes().unwrap().is_empty());
    store.edit(&holder("a"), "config.toml", Ok::<_, ()>).unwrap().unwrap();
    let many = 40_000;
    (0..many).for_each(|n| store.note(&note(n)));
    let kept = store.notes().unwrap();
    let expected: Vec<Note> = (many - kept.len() as u64..many).map(note).collect();
    assert_eq!(kept, expected);
    let bytes = |name: &str| store.disk().open(name, Open::Read).unwrap().len().unwrap();
    let total = bytes("control.jsonl") + bytes("control.jsonl.1");
    assert!((1 << 20..(2 << 20) + 1000).contains(&total), "{total}");
    let file = store.disk().open("control.jsonl", Open::Write).unwrap();
    file.write_at(b"{\"at\":\"20", file.len().unwrap()).unwrap();
    assert_eq!(store.notes().unwrap().len(), kept.len());
}

/// Where nothing can be noted, nothing happens.
#[test]
fn a_note_that_cannot_be_written_is_no_trouble() {
    let machine = Machine::new();
    let store = process(&machine);
    store.note(&note(1));
    assert!(store.notes().unwrap().is_empty(), "there is no control plane");
}
