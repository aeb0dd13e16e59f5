//! A damaged segment is set aside whole, and what can be known goes on: no lease that stands is
//! forgotten, no fence given twice, and history says what is missing.

use jit_core::{Now, Operation, Query, Seq, View};
use jit_store::StoreError;

use crate::support::ask::{Ask, Outcome, acquire, ask, release};
use crate::support::dump::{Dump, Dumped};
use crate::support::machine::{LOG, Machine};
use crate::support::past::{Past, at_every_step};
use crate::support::random::chance;
use crate::support::{SimStore, check, keeper, process, reader, things};

const DAMAGED: usize = 2;

/// One checkpoint and five claims, then `u` is released and `y` taken; claim number
/// [`DAMAGED`], of `v`, is damaged. And how many bytes are before it.
fn damaged() -> (Past, usize) {
    let mut past = Past::new();
    for (n, name) in (1..).zip(["u", "v", "w", "x"]) {
        past.grant("a", acquire(n, name));
    }
    past.grant("a", release("u")).grant("b", acquire(5, "y"));
    let at = past.damage(DAMAGED);
    (past, at)
}

fn seen(past: &Past) -> Dumped {
    let names = things("u v w x y new");
    reader(&past.machine).read(&Dump { names, holders: vec![], leases: vec![] }).unwrap()
}

fn covered(past: &Past) -> Vec<String> {
    seen(past).covering.keys().map(ToString::to_string).collect()
}

fn kept(machine: &Machine, bytes: &[u8]) -> bool {
    let archived = machine.names().into_iter().filter(|name| name.starts_with("archive/damaged-after-"));
    archived.into_iter().any(|name| machine.content(&name).unwrap() == bytes)
}

/// The damaged log without its padding.
fn content(past: &Past) -> Vec<u8> {
    let mut log = past.machine.content(LOG).unwrap();
    let length = log.iter().rposition(|byte| *byte != b'\n').unwrap() + 1;
    log.truncate(length);
    log
}

/// All that must hold after a salvage.
fn goes_on(past: &Past, log: &[u8]) {
    assert_eq!(covered(past), ["name:v", "name:w", "name:x", "name:y"], "before, in and behind the damage");
    let records = check::all(&past.machine.fork(), &[], &[]);
    let missing = records.iter().find_map(|record| match &record.operation {
        Operation::Checkpoint(checkpoint) => checkpoint.missing.clone(),
        _ => None,
    });
    assert_eq!(missing.expect("history says so").after, Seq(2));
    assert!(kept(&past.machine, log));
    for held in ["v", "w"] {
        let refused = ask(&past.process(), "c", &acquire(20, held));
        assert!(matches!(refused, Outcome::Refused(_)), "{held}: {refused:?}");
    }
    let Operation::Acquire(lease) = &ask(&past.process(), "c", &acquire(20, "u")).granted()[0] else {
        panic!("an acquisition");
    };
    assert!(lease.fence.0 > Seq(7), "{:?} may have been given before", lease.fence);
}

#[test]
fn what_stands_is_carried_over_and_what_is_missing_is_said() {
    let (past, before) = damaged();
    for rebooted in [false, true] {
        let mut past = past.fork();
        if rebooted {
            past.reboot();
        }
        let log = content(&past);
        let error = ask(&past.process(), "c", &Ask::Compact);
        assert!(
            matches!(error, Outcome::Trouble(StoreError::Corrupt { offset, .. }) if offset == before as u64)
        );
        let salvaged = past.salvage();
        assert_eq!((salvaged.after, salvaged.carried), (Seq(2), 4));
        assert!(salvaged.next > Seq(7));
        goes_on(&past, &log);
        assert_eq!(process(&past.machine).salvage(&keeper()).unwrap(), None, "it is sound now");
        past.grant("d", Ask::Compact).grant("d", Ask::Compact);
        check::all(&past.machine.fork(), &[], &[]);
    }
}

/// The segment's checkpoint itself, after it was sealed once and in the very first one.
#[test]
fn without_its_checkpoint_a_segment_goes_on_from_the_archive() {
    let mut past = Past::new();
    past.grant("a", acquire(1, "u"));
    let mut later = past.fork();
    later.grant("a", acquire(2, "v")).grant("a", Ask::Compact).grant("b", acquire(3, "w"));
    past.grant("b", acquire(3, "w"));
    for (mut past, stands) in [(past, &["name:u", "name:w"][..]), (later, &["name:u", "name:v", "name:w"])] {
        past.damage(0);
        let log = content(&past);
        let salvaged = past.salvage();
        assert_eq!(covered(&past), stands);
        assert!(kept(&past.machine, &log));
        let records = check::all(&past.machine.fork(), &[], &[]);
        assert!(records.iter().any(|record| record.seq == salvaged.next));
        past.grant("c", Ask::Compact);
        check::all(&past.machine.fork(), &[], &[]);
    }
}

/// A number that only the damaged bytes name, and those that can't be read at all.
#[test]
fn no_fence_is_given_twice() {
    let (mut past, before) = damaged();
    past.reboot();
    let log = content(&past);
    // All of it is gone but a number.
    past.machine.tamper(LOG, |log| {
        log[before..].fill(0);
        log[before + 100..before + 112].copy_from_slice(b"\"fence\":4711");
    });
    past.machine.tear_off("index");
    assert!(matches!(past.process().salvage(&keeper()), Ok(None)), "nobody knows that it was durable");
    past.machine.tamper(LOG, |bytes| {
        let last = log[..log.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        bytes.resize(before, b'\n');
        bytes.extend_from_slice(b"{\"fence\":4711,\0\0\n");
        bytes.extend_from_slice(&log[last..]);
        bytes.push(b'\n');
    });
    let salvaged = past.salvage();
    assert!(salvaged.next > Seq(4711), "{salvaged:?}");
}

/// Nothing is left of the log, or it is gone. Whatever else knows of its fences, alone: the index
/// (after a reboot too), the words, what is in the archive. Only what the archive holds stands.
#[test]
fn a_log_that_is_lost_goes_on_above_whatever_knows_of_it() {
    let mut sealed = Past::new();
    sealed.grant("a", acquire(1, "u")).grant("a", Ask::Compact).grant("b", acquire(2, "v"));
    let mut never_sealed = Past::new();
    never_sealed.grant("a", acquire(1, "u")).grant("b", acquire(2, "v"));
    type Lose = fn(&Machine);
    let lost: [Lose; 2] = [|machine| machine.tear_off(LOG), |machine| machine.tamper(LOG, Vec::clear)];
    let witnesses: [&[&str]; 4] = [&[], &["index"], &["locks/shared"], &["index", "locks/shared"]];
    for (past, archived) in [(&sealed, true), (&never_sealed, false)] {
        for (lose, gone, rebooted) in lost
            .iter()
            .flat_map(|lose| witnesses.iter().map(move |gone| (lose, gone)))
            .flat_map(|(lose, gone)| [false, true].map(|rebooted| (lose, gone, rebooted)))
        {
            let mut past = past.fork();
            if rebooted {
                past.reboot();
            }
            let last = reader(&past.machine).read(&Last).unwrap();
            lose(&past.machine);
            gone.iter().for_each(|name| past.machine.tear_off(name));
            let told = !gone.contains(&"index") || (!gone.contains(&"locks/shared") && !rebooted);
            if past.machine.content(LOG).is_none() && !archived && !told {
                assert_eq!(past.process().salvage(&keeper()).unwrap(), None, "nobody knows of any");
                continue;
            }
            // Otherwise the new segment begins above all that a segment can have held.
            past.options.compact_at = if told { 1 } else { 4000 };
            let salvaged = past.salvage();
            past.options = crate::support::options();
            assert_eq!((salvaged.readable, salvaged.kept), (false, None));
            assert!(salvaged.next > last, "{gone:?} {rebooted}: {} after {last}", salvaged.next);
            assert_eq!(covered(&past), if archived { &["name:u"][..] } else { &[] });
            past.grant("c", acquire(20, "new")).grant("c", Ask::Compact);
            let broken = reader(&past.machine).examine();
            let whole = broken.iter().any(|finding| matches!(finding, jit_store::Finding::History { .. }));
            assert!(whole, "{broken:?}");
            check::all(&past.machine.fork(), &[], &[]);
        }
    }
}

/// What an earlier salvage kept has numbers above the newest sealed segment's.
#[test]
fn a_log_that_is_lost_after_a_salvage() {
    let (mut past, _) = damaged();
    past.salvage();
    let before = Seq(7);
    past.reboot();
    for name in [LOG, "index", "locks/shared"] {
        past.machine.tear_off(name);
    }
    past.options.compact_at = 1;
    assert!(past.salvage().next > before);
}

/// The last record.
struct Last;

impl Query for Last {
    type Answer = Seq;

    fn ask<V: View>(&self, view: &V, _: &Now) -> Result<Seq, V::Error> {
        Ok(Seq(view.next_seq().0 - 1))
    }
}

#[test]
fn what_is_sound_or_torn_or_of_another_version_is_left_alone() {
    let mut past = Past::new();
    assert_eq!(past.process().salvage(&keeper()).unwrap(), None);
    past.grant("a", acquire(1, "u"));
    past.reboot();
    let end = content(&past).len() + 1;
    let newer = &b"{\"schema_version\":2}\n"[..];
    for (tail, foreign, damaged) in [
        (&b""[..], false, None),
        (b"{\"torn", false, None),
        (newer, true, None),
        // Damage does not make it ours.
        (newer, true, Some(0)),
    ] {
        let past = past.fork();
        past.machine.tamper(LOG, |log| log[end..end + tail.len()].copy_from_slice(tail));
        if let Some(n) = damaged {
            past.damage(n);
        }
        let log = past.machine.content(LOG);
        let salvaged = past.process().salvage(&keeper());
        assert!(matches!(salvaged, Err(StoreError::Foreign { .. })) == foreign, "{salvaged:?}");
        assert_eq!((foreign || salvaged.unwrap().is_none(), past.machine.content(LOG)), (true, log));
    }
}

/// Whatever befalls it at whichever of its operations, the log is damaged as before or salvaged.
#[test]
fn at_every_step_it_is_done_or_can_be_done_again() {
    let (past, _) = damaged();
    let log = content(&past);
    let work = |store: &SimStore| matches!(store.salvage(&keeper()), Ok(Some(_)));
    at_every_step(&past, work, |past, done, fault| {
        for power in [None, Some(1), Some(2), Some(3)] {
            let past = past.fork();
            if let Some(seed) = power {
                past.machine.lose_power(|what| seed > 1 && chance(seed, what) % 2 == 0);
            }
            let again = past.process().salvage(&keeper()).unwrap();
            assert!(!done || again.is_none(), "{fault}: it was done");
            goes_on(&past, &log);
        }
    });
}
