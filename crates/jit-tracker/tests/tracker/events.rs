//! Events: lines, files, order.

use std::fs;

use jit_core::{Fence, LeaseId, Seq, WorktreeId};
use jit_tracker::{
    Actor, Change, Dir, Event, EventId, Held, Issue, Origin, SchemaVersion, State, changes, events,
};
use uuid::Uuid;

use crate::support::{at, full, id, issue};

fn worktree(n: u128) -> WorktreeId {
    WorktreeId::new(Uuid::from_u128(n))
}

pub fn event(n: u128, secs: u64, change: Change) -> Event {
    let lease = Held { lease_id: LeaseId::new(Uuid::from_u128(7)), fence: Fence(Seq(42)) };
    Event {
        schema_version: SchemaVersion,
        id: EventId::new(Uuid::from_u128(n)),
        at: at(secs),
        actor: Actor {
            agent: "agent:ann".parse().unwrap(),
            worktree: worktree(1),
            lease: n.is_multiple_of(2).then_some(lease),
        },
        issue: id(1),
        change,
    }
}

#[test]
fn each_change_is_one_line() {
    let before = issue(1);
    let after =
        Issue { state: State::Done, updated_at: at(99), description: "äh".parse().unwrap(), ..full(1) };
    assert_eq!(changes(None, Some(&before)), [Change::Created]);
    assert_eq!(changes(Some(&before), None), [Change::Deleted]);
    assert_eq!(changes(Some(&before), Some(&Issue { updated_at: at(99), ..before.clone() })), []);
    let all = changes(Some(&before), Some(&after));
    let lines: String = all
        .into_iter()
        .chain([Change::Created])
        .zip(1..)
        .map(|(change, n)| events::line(&event(n, 1, change)))
        .collect();
    insta::assert_snapshot!(lines);
    // A description of the same length is another one all the same.
    let other = Issue { description: "oh".parse().unwrap(), ..before.clone() };
    assert_eq!(changes(Some(&Issue { description: "ah".parse().unwrap(), ..before }), Some(&other)).len(), 1);
}

#[test]
fn what_is_written_is_read_again() {
    let change = Change::Changed { field: "state".into(), from: "ready".into(), to: "done".into() };
    for (n, change) in [(1, Change::Created), (2, Change::Deleted), (4, change)] {
        let event = event(n, 1, change);
        assert_eq!(events::parse(events::line(&event).trim_end().as_bytes()).unwrap(), event);
    }
}

#[test]
fn all_files_are_one_history() {
    let home = tempfile::tempdir().unwrap();
    let dir = Dir::below(home.path(), ".jit/events", Origin::Worktree).unwrap();
    let [one, two, three] = [(1, 5), (2, 5), (3, 1)].map(|(n, secs)| event(n, secs, Change::Created));
    events::append(&dir, worktree(1), &[two.clone(), one.clone()]).unwrap();
    events::append(&dir, worktree(2), &[three.clone(), two.clone()]).unwrap();
    events::append(&dir, worktree(2), &[]).unwrap();
    let all = events::read(&[&dir]);
    assert_eq!(all.events, [three, one, two]);
    assert!(all.damaged.is_empty() && all.unreadable.is_empty());
}

#[test]
fn damage_is_told_and_swallows_nothing() {
    let home = tempfile::tempdir().unwrap();
    let dir = Dir::open(home.path(), Origin::Worktree).unwrap();
    let [one, two] = [1, 2].map(|n| event(n, n as u64, Change::Created));
    let path = home.path().join(events::file_name(worktree(1)));
    let newer = events::line(&one).replacen('1', "2", 1);
    let torn = &events::line(&one)[..30];
    fs::write(&path, format!("{}<<<<<<< ours\n\n{newer}{torn}", events::line(&one))).unwrap();
    events::append(&dir, worktree(1), std::slice::from_ref(&two)).unwrap();
    let all = events::read(&[&dir]);
    assert_eq!(all.events, [one, two]);
    let place = format!("{}, ", path.display());
    let said: Vec<_> = all.damaged.iter().map(|damaged| damaged.to_string().replace(&place, "")).collect();
    insta::assert_snapshot!(said.join("\n"));
}

/// Whatever the file ends in, the next event is read, and nothing that was whole is lost.
#[test]
fn a_torn_line_of_any_length_swallows_nothing() {
    let home = tempfile::tempdir().unwrap();
    let dir = Dir::open(home.path(), Origin::Worktree).unwrap();
    let [one, two, three] = [1, 2, 3].map(|n| event(n, n as u64, Change::Created));
    let torn = events::line(&two);
    for length in 0..=torn.len() {
        let path = home.path().join(events::file_name(worktree(1)));
        fs::write(&path, events::line(&one) + &torn[..length]).unwrap();
        events::append(&dir, worktree(1), std::slice::from_ref(&three)).unwrap();
        let all = events::read(&[&dir]);
        assert!(all.events.contains(&one) && all.events.contains(&three), "{length}");
        assert!(all.damaged.len() <= 1);
    }
}
