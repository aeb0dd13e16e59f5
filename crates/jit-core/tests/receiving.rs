//! What a repository that others push to takes, and what the trailers say that it goes by.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;

use common::{lease_id, some_lease, thing};
use jit_core::trailers::{quoted, read};
use jit_core::verdict::{Arrival, PushId, Received, ReceivedError, not_built_on};
use jit_core::{Carried, ControlPlaneId, Fence, Seq};
use proptest::prelude::*;
use uuid::Uuid;

fn plane(n: u128) -> ControlPlaneId {
    ControlPlaneId::new(Uuid::from_u128(n))
}

/// `ann:x:5`: made by ann on x, under fence 5 and lease 5; `ann:x:5:3`, under lease 3.
fn carried(text: &str) -> Carried {
    let words: Vec<&str> = text.split(':').collect();
    let fence: u64 = words[2].parse().unwrap();
    Carried {
        issues: words[1].split(',').map(thing).collect(),
        lease: lease_id(words.get(3).map_or(fence, |lease| lease.parse().unwrap())),
        fence: Some((plane(1), Fence(Seq(fence)))),
        agent: Some(format!("agent:{}", words[0]).parse().unwrap()),
    }
}

/// `c p1,p2 ann:x:5 bob:y:7`: a commit, its parents and what it carries.
fn arrival(text: &str) -> Arrival {
    let mut words = text.split(' ');
    let commit = words.next().unwrap().to_owned();
    let parents = words.next().unwrap_or("").split(',').filter(|parent| !parent.is_empty());
    Arrival { commit, parents: parents.map(str::to_owned).collect(), carried: words.map(carried).collect() }
}

fn nothing() -> Received {
    Received::parse("").unwrap()
}

/// What numbers a push, and its commits.
type Push<'p> = (u32, &'p [&'p str]);

/// Pushes one after the other, each of commits, with what numbers it; what came too late is shown.
fn pushed(pushes: &[Push<'_>]) -> String {
    let mut received = nothing();
    let mut said = Vec::new();
    for (push, commits) in pushes {
        let commits: Vec<Arrival> = commits.iter().map(|commit| arrival(commit)).collect();
        match received.clone().take(&PushId(push.to_string()), &commits) {
            Ok(now) => {
                received = Received::parse(&now.text().unwrap()).unwrap();
                assert_eq!(received, now, "what is written is read");
                said.push("taken".to_owned());
            }
            Err(stale) => {
                let each =
                    stale.iter().map(|stale| format!("{}<{}", stale.commits.join("+"), stale.highest.fence));
                said.push(each.collect::<Vec<_>>().join(" "));
            }
        }
    }
    said.join("; ")
}

#[test]
fn a_lower_fence_comes_too_late() {
    let nine: Push<'_> = (1, &["a  bob:x:9"]);
    let cases: &[(&str, &[Push<'_>])] = &[
        ("taken; b<9", &[nine, (2, &["b  ann:x:5"])]),
        ("taken; taken", &[nine, (2, &["b  ann:x:9"])]),
        ("taken; taken", &[nine, (2, &["b  ann:x:12"])]),
        ("taken; taken", &[nine, (2, &["b  ann:y:5"])]),
        ("taken; taken", &[nine, (2, &["b "])]),
        // Each issue by itself, and each commit.
        ("taken; b+d<9", &[nine, (2, &["b  ann:x,y:5", "c b ann:y:5", "d c ann:x:6"])]),
        // A commit says two things: the later counts.
        ("taken; taken", &[nine, (2, &["b  ann:x:5 bob:x:10"])]),
        // Nothing of a push that was refused is remembered.
        ("taken; b<9; taken", &[nine, (2, &["b  ann:x:5", "c  cat:y:50"]), (3, &["d  ann:y:7"])]),
        // The highest stays the highest.
        ("taken; taken; b<12", &[nine, (2, &["c  cat:x:12"]), (3, &["b  ann:x:10"])]),
    ];
    for (expected, pushes) in cases {
        assert_eq!(pushed(pushes), *expected, "{pushes:?}");
    }
}

#[test]
fn what_is_built_on_under_the_later_fence_passes() {
    let nine: Push<'_> = (1, &["a  bob:x:9"]);
    let cases: &[(&str, &[&str])] = &[
        ("taken", &["b  ann:x:5", "c b bob:x:9"]),
        ("taken", &["b  ann:x:5", "c b", "d c,z bob:x:11"]),
        ("b<9", &["b  ann:x:5", "c b bob:y:9"]),
        ("b<9", &["b  ann:x:5", "c z bob:x:9"]),
        // What is under it is not built on it.
        ("b<9", &["b c ann:x:5", "c  bob:x:9"]),
        // Who built on it came too late as well.
        ("b+c<9", &["b  ann:x:5", "c b cat:x:7"]),
    ];
    for (expected, commits) in cases {
        assert_eq!(pushed(&[nine, (2, commits)]), format!("taken; {expected}"), "{commits:?}");
    }
}

#[test]
fn a_push_is_compared_with_what_was_before_it() {
    // Reference by reference, as `update` is asked.
    assert_eq!(pushed(&[(1, &["a  bob:x:9"]), (1, &["b  ann:x:5"])]), "taken; taken");
    let three: Push<'_> = (0, &["z  cat:x:7"]);
    assert_eq!(pushed(&[three, (1, &["a  bob:x:9"]), (1, &["b  ann:x:8"])]), "taken; taken; taken");
    assert_eq!(pushed(&[three, (1, &["a  bob:x:9"]), (1, &["b  ann:x:5"])]), "taken; taken; b<7");
    assert_eq!(pushed(&[three, (1, &["a  bob:x:9"]), (2, &["b  ann:x:8"])]), "taken; taken; b<9");
    // The third part of a push that raised it twice.
    assert_eq!(
        pushed(&[three, (1, &["a  bob:x:9"]), (1, &["c  cat:x:10"]), (1, &["b  ann:x:6"])]),
        "taken; taken; taken; b<7"
    );
}

#[test]
fn ones_own_lease_extended_since_bars_nothing() {
    assert_eq!(pushed(&[(1, &["a  ann:x:9:1"]), (2, &["b  ann:x:5:1"])]), "taken; taken");
    assert_eq!(pushed(&[(1, &["a  ann/s:x:9:1"]), (2, &["b  ann:x:5:1"])]), "taken; taken");
    assert_eq!(pushed(&[(1, &["a  bob:x:9:1"]), (2, &["b  ann:x:5:1"])]), "taken; b<9", "handed over");
    assert_eq!(pushed(&[(1, &["a  ann:x:9:2"]), (2, &["b  ann:x:5:1"])]), "taken; b<9", "another lease");
}

#[test]
fn control_planes_have_nothing_to_do_with_each_other() {
    let mut elsewhere = arrival("b  ann:x:5");
    elsewhere.carried[0].fence = Some((plane(2), Fence(Seq(5))));
    let received = nothing().take(&PushId("1".into()), &[arrival("a  bob:x:9")]).unwrap();
    assert!(received.take(&PushId("2".into()), &[elsewhere]).is_ok());
}

#[test]
fn what_is_no_memory_is_none() {
    assert!(matches!(Received::parse("{"), Err(ReceivedError::Damaged(_))));
    assert!(matches!(Received::parse("{\"planes\":{}}"), Err(ReceivedError::Damaged(_))));
    let later = "{\"schema_version\":2,\"planes\":7}";
    assert!(matches!(Received::parse(later), Err(ReceivedError::Version(2))));
}

#[test]
fn trailers_are_read_as_they_are_written() {
    let mut lease = some_lease();
    lease.issues = vec![thing("x"), thing("y")];
    let other = {
        let mut other = some_lease();
        other.id = lease_id(9);
        other
    };
    let all = [&lease, &other].map(|lease| Carried::of(lease, plane(1)).written()).concat();
    let found = read(all.iter().map(|(key, value)| (*key, value.as_str())));
    let carried = |lease: &jit_core::Lease| Carried {
        issues: lease.issues.clone(),
        lease: lease.id,
        fence: Some((plane(1), lease.fence)),
        agent: Some(lease.holder.agent.clone()),
    };
    assert_eq!(found, [carried(&lease), carried(&other)]);
    // Somewhere in a message, they are quoted.
    let lines: Vec<String> = all.iter().map(|(key, value)| format!("{key}: {value}\r\n")).collect();
    assert_eq!(quoted(&format!("a: b\n\n{}\nc", lines.concat())), found);
    assert_eq!(quoted("    Jit-Lease: indented\nJit-Lease:\n"), []);
}

#[test]
fn of_trailers_that_somebody_changed_what_can_be_read_counts() {
    let lease = lease_id(3).to_string();
    let fence = format!("{}/7", plane(1));
    let full =
        [("Jit-Issue", "name:x"), ("Jit-Lease", &*lease), ("Jit-Fence", &*fence), ("Jit-Agent", "agent:ann")];
    let without = |key: &str| read(full.into_iter().filter(|(k, _)| *k != key));
    assert_eq!(without("Jit-Lease"), []);
    assert_eq!(without("Jit-Fence")[0].fence, None);
    assert_eq!(without("Jit-Agent")[0].agent, None);
    assert_eq!(without("Jit-Issue")[0].issues, []);
    let twice = read(full.into_iter().chain(full));
    assert_eq!(twice, [without(""), without("")].concat());
    for wrong in ["", "7", "x/7", "/7", &format!("{}/", plane(1)), &format!("{}/-7", plane(1))] {
        assert_eq!(read([full[1], ("Jit-Fence", wrong)])[0].fence, None, "{wrong}");
    }
    // What stands behind the next issue is of the next lease.
    let cut = [full[1], ("Jit-Issue", "name:y"), full[2], full[3]];
    assert_eq!((read(cut)[0].fence, &read(cut)[0].agent), (None, &None));
    let broken = [full[0], ("Jit-Lease", "none"), full[2], full[3], ("Jit-Issue", "name:y"), full[1]];
    let read = read(broken);
    assert_eq!(
        (read.len(), &*read[0].issues),
        (1, &[thing("y")][..]),
        "a broken one gives its issues to nobody"
    );
}

proptest! {
    #![proptest_config(common::cases(512))]

    /// What is left out is just what no path leads to from a commit of which it is true.
    #[test]
    fn what_is_built_on_is_what_can_be_reached(
        edges in proptest::collection::vec((0_usize..9, 0_usize..9), 0..16),
        marked in proptest::collection::vec(any::<bool>(), 9),
    ) {
        // Parents have lower numbers: there is no circle.
        let mut parents: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (a, b) in edges {
            if a != b { parents.entry(a.max(b)).or_default().push(a.min(b)); }
        }
        let commits: Vec<Arrival> = (0..9).map(|n| Arrival {
            commit: n.to_string(),
            parents: parents.get(&n).into_iter().flatten().map(ToString::to_string).collect(),
            carried: Vec::new(),
        }).collect();
        let mut reached = marked.clone();
        for n in (0..9).rev() {
            if reached[n] {
                for parent in parents.get(&n).into_iter().flatten() { reached[*parent] = true; }
            }
        }
        let left: Vec<usize> = not_built_on(&commits, |a| marked[a.commit.parse::<usize>().unwrap()])
            .iter().map(|a| a.commit.parse().unwrap()).collect();
        prop_assert_eq!(left, (0..9).filter(|n| !reached[*n]).collect::<Vec<_>>());
    }
}
