//! What a salvage goes on with: who holds what and how long, and numbers that nobody was given.

use jit_core::Seq;
use jit_core::decide::Renew;
use jit_store::{Keeper, StoreError};

use crate::support::ask::{Ask, Outcome, acquire, acquire_for, ask, begin, of, release, renew};
use crate::support::machine::{Fault, LOG, Op};
use crate::support::past::{Past, at_every_step};
use crate::support::random::chance;
use crate::support::{SimStore, check, holder, keeper, policy, reader, things, ttl};

fn is_refused(past: &Past, request: &Ask) -> bool {
    let outcome = ask(&past.process(), "c", request);
    match outcome {
        Outcome::Refused(_) => true,
        Outcome::Granted(_) => false,
        other => panic!("{other:?}"),
    }
}

/// The renewal is what was damaged: the lease must stand for as long as that can have said.
#[test]
fn a_lease_stands_as_long_as_a_missing_renewal_can_have_given_it() {
    let mut past = Past::new();
    past.grant("a", acquire_for(1, "u", 100)).pass(90).grant("a", renew("u"));
    let mut longer = past.fork();
    let request = Renew { target: of("u"), ttl: Some(policy().max_ttl) };
    longer.process().transact(&request, &holder("a"), &policy()).unwrap();
    for (past, damaged) in [(&mut past, 2), (&mut longer, 3)] {
        past.grant("b", acquire(2, "v")).pass(20);
        past.damage(damaged);
        assert_eq!(past.salvage().least, policy().max_ttl);
        for passed in [0, 60 * 60, policy().max_ttl.secs() - 60 * 60 - 1] {
            past.pass(passed);
            assert!(is_refused(past, &acquire(3, "u")), "granted while the first holds it");
        }
        past.pass(1);
        assert!(!is_refused(past, &acquire(3, "u")), "a dead holder's lease lapses");
    }
}

/// The long TTL is for once: a renewal goes back to the lease's own, after two salvages too, and
/// one of part of it keeps that in mind.
#[test]
fn a_renewal_after_a_salvage_is_for_the_leases_own_ttl() {
    let mut past = Past::new();
    past.grant("a", acquire_for(1, "u v", 100)).grant("b", acquire_for(2, "w", 200)).grant("b", release("w"));
    for _ in 0..2 {
        past.grant("b", acquire(3, "x")).grant("b", release("x"));
        let lines = past
            .machine
            .content(LOG)
            .unwrap()
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .count();
        past.damage(lines - 2);
        past.salvage();
    }
    past.grant("a", release("v")).grant("d", Ask::Compact);
    let mut moved = past.fork();
    past.grant("a", renew("u")).pass(99);
    moved.grant("a", Ask::Heartbeat).pass(99);
    for past in [&mut past, &mut moved] {
        assert!(is_refused(past, &acquire(4, "u")));
        past.pass(1);
        assert!(!is_refused(past, &acquire(4, "u")), "it lapses");
    }
}

/// A lease that asked for more than the policy now lets anybody ask for.
#[test]
fn a_lease_keeps_its_own_ttl_where_that_is_longer() {
    let mut past = Past::new();
    past.grant("a", acquire_for(1, "u", 1_000)).grant("b", acquire(2, "v")).grant("b", release("v"));
    past.damage(2);
    past.process().salvage(&Keeper { least: ttl(10), ..keeper() }).unwrap().expect("it was damaged");
    past.pass(999);
    assert!(is_refused(&past, &acquire(3, "u")));
}

/// What a damaged record names is kept from others, in the lease of who asked for the salvage;
/// unless a later record says who has it, or that it was given back.
#[test]
fn what_unreadable_records_name_is_kept_from_others() {
    let mut past = Past::new();
    past.grant("a", acquire(1, "u v")).grant("b", acquire(2, "w")).grant("b", acquire(3, "x"));
    past.grant("a", release("u")).grant("c", acquire(4, "z"));
    // A byte of who acquired `u v`: all else of the line reads well. And all of x's but its names.
    let mut log = String::from_utf8(past.machine.content(LOG).unwrap()).unwrap();
    log = log.replacen("agent:a", "agent:q", 1);
    let from = log.match_indices("\n").nth(2).unwrap().0 + 1;
    let names = log.find("\"issues\":[\"name:x\"]").unwrap();
    log.replace_range(from..names, &"\0".repeat(names - from));
    past.machine.tamper(LOG, |bytes| *bytes = log.into_bytes());
    let kept = past.salvage().doubtful.expect("names");
    assert_eq!((&kept.holder, &kept.issues), (&holder("doctor"), &things("x")));
    assert_eq!(kept.ttl, policy().max_ttl);
    for kept in ["v", "x", "w", "z"] {
        assert!(is_refused(&past, &acquire(5, kept)), "{kept}");
    }
    assert!(!is_refused(&past, &acquire(5, "u")), "its release is known");
    past.grant("a", release("v"));
    let mut released = past.fork();
    released.grant("doctor", release("x"));
    assert!(!is_refused(&released, &acquire(6, "x")));
    check::all(&past.machine.fork(), &[], &[]);
    // After a compaction too, and for no longer than a renewal can have given.
    past.grant("d", Ask::Compact).pass(policy().max_ttl.secs() - 1);
    assert!(is_refused(&past, &acquire(7, "x")));
    past.pass(1);
    assert!(!is_refused(&past, &acquire(7, "x")));
}

/// What stands between two records that follow each other was torn once, and names nothing.
#[test]
fn what_was_torn_names_nothing() {
    let mut past = Past::new();
    past.grant("a", acquire(1, "u"));
    past.grant("c", acquire(3, "v")).grant("c", acquire(4, "w"));
    past.damage(1);
    past.machine.tamper(LOG, |log| {
        let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
        *log = [&lines[..3].concat()[..], b"{\"issues\":[\"name:torn\"]\n", &lines[3..].concat()].concat();
    });
    assert_eq!(past.salvage().doubtful.unwrap().issues, things("u"));
}

/// A leader is killed in its flush, and who then carries the records over before the log's name
/// moves; the power goes, and the same segment goes on with other records under the same numbers.
/// At every step of the first change after that, too.
#[test]
fn a_copy_of_what_a_power_loss_took_back_is_not_believed() {
    let mut past = Past::new();
    past.grant("a", acquire(1, "x")).grant("b", acquire(2, "y"));
    let stores = [past.process(), past.process(), past.process()];
    let begun: Vec<_> =
        (20..).zip(&stores).map(|(n, store)| begin(store, "c", &acquire(n, &format!("u{n}")))).collect();
    stores[0].disk().process(|process| process.fault_at_flush = Some(Fault::Die));
    begun.into_iter().next().unwrap().confirm(&stores[0], "c");
    past.fault("d", &acquire(4, "v"), |op| *op == Op::Rename(LOG.into()), 0, Fault::Die);
    past.machine.lose_power(|_| false);
    assert!(past.machine.content("archive/claims-00000001.jsonl").is_some(), "the copy");
    let first = |store: &SimStore| ask(store, "e", &acquire(5, "w")).is_granted();
    at_every_step(&past, first, |past, done, fault| {
        for power in [None, Some(1), Some(2), Some(3)] {
            let mut past = past.fork();
            if let Some(seed) = power {
                past.machine.lose_power(|what| seed > 1 && chance(seed, what) % 2 == 0);
            }
            if !done {
                ask(&past.process(), "e", &acquire(6, "w"));
            }
            past.grant("f", acquire(7, "s"));
            check::all(&past.machine.fork(), &past.promised, &[]);
            past.damage(1);
            past.salvage();
            assert!(is_refused(&past, &acquire(8, "w")), "{fault}: granted twice");
            assert!(is_refused(&past, &acquire(8, "s")), "{fault}: granted twice");
        }
    });
}

/// The archive is gone, and of the checkpoint only its first line is damaged.
#[test]
fn what_readable_lines_of_a_checkpoint_carry_is_known() {
    let mut past = Past::new();
    past.grant("a", acquire_for(1, "u", 100)).grant("a", acquire_for(2, "v", 10)).pass(11);
    past.grant("a", Ask::Compact).grant("b", acquire(3, "w"));
    past.machine.tear_off("archive/claims-00000001.jsonl");
    past.damage(0);
    past.salvage();
    assert!(is_refused(&past, &acquire(4, "u")));
    assert!(is_refused(&past, &renew("v")), "its loss is remembered");
    let by_loser = ask(&past.process(), "a", &renew("v"));
    assert!(matches!(by_loser, Outcome::Refused(jit_core::Refusal::Lost { .. })), "{by_loser:?}");
    assert!(!is_refused(&past, &acquire(4, "v")));
}

/// Whoever waits for a record of the damaged segment is not told that the new one's are his.
#[test]
fn whoever_still_waits_is_told_that_it_is_unknown() {
    let mut past = Past::new();
    past.grant("a", acquire(1, "u")).grant("a", acquire(2, "v"));
    let waiter = past.process();
    let waiting = begin(&waiter, "b", &acquire(3, "w"));
    past.damage(1);
    past.salvage();
    let outcome = waiting.confirm(&waiter, "b");
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
}

/// Cuts the log before this line, as if it had never been written.
fn cut(past: &Past, line: usize) {
    let log = past.machine.content(LOG).unwrap();
    let kept: usize = log.split_inclusive(|byte| *byte == b'\n').take(line).map(<[u8]>::len).sum();
    past.machine.tamper(LOG, |log| log.truncate(kept));
}

/// Written in this boot, not yet durable, and gone from the log: the words still know.
#[test]
fn a_number_that_only_this_boot_knows_of_is_not_given_again() {
    let mut past = Past::new();
    for n in 1..4 {
        past.grant("a", acquire(n, &format!("x{n}")));
    }
    let writer = past.process();
    for n in 4..8 {
        begin(&writer, "b", &acquire(n, &format!("x{n}")));
    }
    cut(&past, 2);
    past.machine.tear_off("index");
    let salvaged = past.salvage();
    assert!(salvaged.next > Seq(8), "{salvaged:?}");
}

/// The same after a reboot: what is left of the index still knows.
#[test]
fn a_number_that_only_the_index_knows_of_is_not_given_again() {
    let mut past = Past::new();
    past.grant("a", acquire(1, "x")).grant("a", acquire(2, "y"));
    for _ in 0..200 {
        past.grant("a", renew("x"));
    }
    past.reboot();
    cut(&past, 4);
    past.damage(1);
    let salvaged = past.salvage();
    assert!(salvaged.next > Seq(203), "{salvaged:?}");
}

/// The log is damaged in its checkpoint, and the archive's newest segment in its own: what that one
/// names, and what its unreadable bytes can have held, still counts. So does what was torn or set
/// aside.
#[test]
fn a_number_that_any_file_of_the_archive_names_is_not_given_again() {
    let newest = "archive/claims-00000002.jsonl";
    let mut past = Past::new();
    past.grant("a", acquire(1, "u")).grant("a", Ask::Compact).grant("a", acquire(2, "v"));
    for _ in 0..200 {
        past.grant("a", renew("u"));
    }
    past.grant("a", Ask::Compact);
    let sealed = check::history(&reader(&past.machine)).unwrap().last().unwrap().seq;
    past.reboot();
    past.machine.tear_off("index");
    past.machine.tamper(LOG, |log| *log = b"\0\n".to_vec());
    past.machine.tamper(newest, |segment| segment[50] ^= 1);
    let wiped = past.fork();
    wiped.machine.tamper(newest, |segment| segment.fill(0));
    for past in [past.fork(), wiped] {
        let salvaged = past.salvage();
        assert!(salvaged.next > sealed, "{salvaged:?}, {sealed}");
    }
    for kept in ["archive/torn-after-2-0", "archive/damaged-after-2-0.jsonl"] {
        let past = past.fork();
        past.machine.tear_off(newest);
        past.place(kept, b"{\"seq\":4711,");
        assert!(past.salvage().next > Seq(4711), "{kept}");
    }
}

/// What another version sealed is not passed over either.
#[test]
fn an_archive_of_another_version_is_left_alone() {
    let mut past = Past::new();
    past.grant("a", acquire(1, "u")).grant("a", Ask::Compact);
    past.damage(0);
    past.machine.tamper("archive/claims-00000001.jsonl", |segment| {
        *segment = b"{\"schema_version\":2}\n".to_vec();
    });
    let salvaged = past.process().salvage(&keeper());
    assert!(matches!(salvaged, Err(StoreError::Foreign { .. })), "{salvaged:?}");
}

/// Paths of a record that can't be read are kept from others too, but for those that somebody is
/// known to hold; a lease whose paths another got since is over.
#[test]
fn paths_that_can_not_be_read_are_kept() {
    let mut past = Past::new();
    past.grant("a", acquire(1, "@doc @lib/*.rs"))
        .grant("b", acquire(2, "v @src/[a],b @src/x"))
        .grant("a", Ask::Release { target: jit_core::Target::Lease(crate::support::lease_id(1)) })
        .grant("c", acquire(3, "@lib/a.rs"))
        .grant("d", acquire(4, "y"));
    past.damage(2);
    past.salvage();
    for (n, (paths, refused)) in (10..).zip([
        ("@src/x/y", true),
        ("@src/a,b", true),
        ("@lib/a.rs", true),
        ("v", true),
        ("@doc", false),
        ("@src/z", false),
    ]) {
        assert_eq!(is_refused(&past, &acquire(n, paths)), refused, "{paths}");
    }
}
