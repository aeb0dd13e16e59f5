//! What is changed beside the log: a settings file, and what is in the way. Done or not at every
//! step, and what is reported as done survives the power.

use jit_store::disk::Disk;

use crate::support::ask::{acquire, ask};
use crate::support::past::{Past, at_every_step};
use crate::support::random::chance;
use crate::support::scenarios::held;
use crate::support::{SimStore, check, holder, process};

const SETTINGS: &str = "config.toml";
const OLD: &str = "ttl = 1";
const NEW: &str = "ttl = 22";

fn edit(store: &SimStore, text: &str) -> bool {
    store.edit::<()>(&holder("a"), SETTINGS, |_| Ok(text.into())).is_ok()
}

fn settings(past: &Past) -> String {
    String::from_utf8(past.machine.content(SETTINGS).unwrap_or_default()).unwrap()
}

/// The log is as it should be, now and after a loss of power, and others go on.
fn goes_on(past: &Past, fault: &str) {
    let later = ask(&past.process(), "z", &acquire(9, "q"));
    assert!(later.is_granted(), "{fault}: {later:?}");
    check::all(&past.machine, &past.promised, &[]);
}

#[test]
fn a_settings_file_is_the_old_or_the_new_one() {
    let fresh = held();
    let edited = fresh.fork();
    assert!(edit(&edited.process(), OLD));
    for (past, old) in [(Past::new(), ""), (fresh, ""), (edited, OLD)] {
        at_every_step(
            &past,
            |store| edit(store, NEW),
            |past, done, fault| {
                for power in [None, Some(1), Some(2), Some(3)] {
                    let past = past.fork();
                    if let Some(seed) = power {
                        past.machine.lose_power(|what| seed > 1 && chance(seed, what) % 2 == 0);
                    }
                    let text = settings(&past);
                    assert!(text == NEW || (!done && text == old), "{fault}: {text:?}");
                    goes_on(&past, fault);
                }
            },
        );
    }
}

/// A file that a writer left, and a directory where the index should be.
fn cluttered() -> Past {
    let past = held();
    past.place("config.toml.new", b"half");
    past.machine.tear_off("index");
    process(&past.machine).disk().make_dir("index").unwrap();
    past
}

#[test]
fn what_is_in_the_way_hinders_nobody_at_any_step() {
    at_every_step(
        &cluttered(),
        |store| store.tidy(&holder("a")).is_ok(),
        |past, done, fault| {
            let is_there = |path: &str| past.machine.names().iter().any(|name| name == path);
            assert!(!done || !is_there("config.toml.new"), "{fault}");
            assert!(!done || is_there("archive/aside-index-0"), "{fault}");
            for power in [false, true] {
                let past = past.fork();
                if power {
                    past.machine.lose_power(|_| false);
                }
                goes_on(&past, fault);
                process(&past.machine).tidy(&holder("a")).unwrap();
                assert!(past.machine.content("index").is_some(), "{fault}: it can be done again");
            }
        },
    );
}
