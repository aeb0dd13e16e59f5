//! Export and import.

use std::collections::{BTreeMap, HashSet};

use jit_tracker::gates::{Check, Gate, Gates};
use jit_tracker::stream::{Entry, Here, Import, import, line, read};
use jit_tracker::{Change, Issue};

use crate::events::event;
use crate::support::{at, full, id, issue};

fn stream() -> Vec<Entry> {
    let gate = Gate { check: Check::Manual, description: None };
    vec![
        Entry::Gate { name: "review".parse().unwrap(), gate },
        Entry::Issue(Box::new(full(1))),
        Entry::Issue(Box::new(issue(2))),
        Entry::Event(Box::new(event(1, 1, Change::Created))),
    ]
}

#[test]
fn what_is_exported_is_read_again() {
    let text: String = stream().iter().map(line).collect();
    insta::assert_snapshot!(text);
    assert_eq!(read(&text).unwrap(), stream());
    assert_eq!(read(&format!("\n{text}\n")).unwrap(), stream());
}

#[test]
fn a_bad_line_is_named() {
    let good = line(&stream()[1]);
    let said: String = [
        "{\"schema_version\":1}\n".to_owned(),
        "{\"schema_version\":2,\"colour\":{}}\n".to_owned(),
        good.replace("\"state\"", "\"stat\""),
        good[..40].to_owned(),
    ]
    .iter()
    .map(|bad| format!("{}\n", read(&format!("{good}{bad}")).unwrap_err()))
    .collect();
    insta::assert_snapshot!(said);
}

#[test]
fn importing_twice_writes_once() {
    let nothing = Here { issues: &BTreeMap::new(), gates: &Gates::new(), events: &HashSet::new() };
    let twice = [stream(), stream()].concat();
    let first = import(twice, &nothing);
    assert_eq!((first.issues.len(), first.gates.len(), first.events.len()), (2, 1, 1));
    let events = first.events.iter().map(|event| event.id).collect();
    let here = Here { issues: &first.issues, gates: &first.gates, events: &events };
    let same = first.issues.keys().copied().collect();
    assert_eq!(import(stream(), &here), Import { same, ..Import::default() });
}

#[test]
fn what_is_later_here_stays() {
    let later =
        |n, secs, title: &str| Issue { updated_at: at(secs), title: title.parse().unwrap(), ..issue(n) };
    let issues = [later(1, 50, "here"), later(2, 60, "here"), later(3, 60, "here")];
    let issues: BTreeMap<_, _> = issues.into_iter().map(|issue| (issue.id, issue)).collect();
    let gates =
        [("review".parse().unwrap(), Gate { check: Check::Manual, description: Some("x".parse().unwrap()) })];
    let here = Here { issues: &issues, gates: &gates.into(), events: &HashSet::new() };
    let entries = [later(1, 60, "there"), later(2, 50, "there"), later(3, 60, "there")];
    let mut entries: Vec<_> = entries.into_iter().map(|issue| Entry::Issue(Box::new(issue))).collect();
    entries.extend(stream().into_iter().take(1));
    let import = import(entries, &here);
    assert_eq!(import.issues.keys().copied().collect::<Vec<_>>(), [id(1)]);
    assert_eq!(import.kept, [id(2), id(3)]);
    assert_eq!(import.other_gates, ["review".parse().unwrap()]);
}
