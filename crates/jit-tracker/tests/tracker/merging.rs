//! Merging issues: the rules as a table, and what holds for any two edits.

use jit_tracker::merge::{Clash, Conflict, Merged, merge};
use jit_tracker::{
    FilesMerged, GateResult, Issue, Priority, Problem, Side, State, issue_file, merge_files, side_by_side,
};
use proptest::prelude::*;

use crate::support::{at, cases, failed, id, issue, passed, passed_for};

fn clean(merged: Merged) -> Issue {
    match merged {
        Merged::Clean(issue) => *issue,
        Merged::Conflict(conflict) => panic!("{conflict:?}"),
    }
}

fn conflict(merged: Merged) -> Conflict {
    match merged {
        Merged::Conflict(conflict) => *conflict,
        Merged::Clean(issue) => panic!("{issue:?}"),
    }
}

fn with(change: impl Fn(&mut Issue)) -> Issue {
    let mut issue = issue(1);
    change(&mut issue);
    issue
}

#[test]
fn the_state_that_both_changed_follows_an_order() {
    use State::{Backlog, Done, Gated, Ready, Rejected};
    // Base, ours, theirs, merged.
    for (base, ours, theirs, merged) in [
        (Ready, Done, Ready, Done),
        (Ready, Done, Rejected, Done),
        (Ready, Rejected, Backlog, Rejected),
        (Ready, Rejected, Gated, Gated),
        (Ready, Gated, Backlog, Gated),
        (Backlog, Ready, Done, Done),
        // Reopened on one side only: taken.
        (Done, Ready, Done, Ready),
        (Rejected, Ready, Rejected, Ready),
        // Reopened here, rejected there.
        (Done, Ready, Rejected, Rejected),
        (Rejected, Ready, Done, Done),
        (Done, Ready, Backlog, Ready),
    ] {
        let of = |state| with(|issue| issue.state = state);
        for (ours, theirs) in [(ours, theirs), (theirs, ours)] {
            let one = clean(merge(Some(&of(base)), &of(ours), &of(theirs)));
            assert_eq!(one.state, merged, "{base} {ours} {theirs}");
        }
    }
    let gated = |state, result: GateResult| {
        with(|issue| {
            issue.state = state;
            issue.gates.insert("review".parse().unwrap(), result.clone());
        })
    };
    // Done here, a gate added there; finished here, its last gate passed there.
    let (ready, done) = (with(|_| ()), with(|issue| issue.state = Done));
    assert_eq!(clean(merge(Some(&ready), &done, &gated(Ready, GateResult::Open))).state, Gated);
    let open = gated(Ready, GateResult::Open);
    assert_eq!(
        clean(merge(Some(&open), &gated(Gated, GateResult::Open), &gated(Ready, passed_for(9, None)))).state,
        Done
    );
    // What passed there was another attempt; or nobody knows what it was.
    for other in [passed_for(9, Some(2)), passed(9)] {
        for ended in [gated(Gated, GateResult::Open), gated(Done, passed_for(5, Some(1)))] {
            let other = gated(Ready, other.clone());
            for merged in [merge(Some(&open), &ended, &other), merge(Some(&open), &other, &ended)] {
                assert_eq!(clean(merged), ended);
            }
        }
    }
    // What both sides have is left alone.
    let odd = gated(Done, GateResult::Open);
    assert_eq!(clean(merge(Some(&odd), &odd, &odd)), odd);
}

#[test]
fn each_field_has_its_rule() {
    let base = with(|issue| {
        issue.labels = ["a", "b"].map(|label| label.parse().unwrap()).into();
        issue.gates.insert("old".parse().unwrap(), GateResult::Open);
        issue.gates.insert("kept".parse().unwrap(), GateResult::Open);
    });
    let mut ours = base.clone();
    ours.priority = Priority::Low;
    ours.labels = ["a", "c"].map(|label| label.parse().unwrap()).into();
    ours.gates = [("tests".parse().unwrap(), passed(5)), ("kept".parse().unwrap(), GateResult::Open)].into();
    ours.title = "ours".parse().unwrap();
    ours.updated_at = at(10);
    let mut theirs = base.clone();
    theirs.priority = Priority::Critical;
    theirs.labels = ["a", "b", "d"].map(|label| label.parse().unwrap()).into();
    theirs.gates.insert("tests".parse().unwrap(), failed(6));
    theirs.gates.remove(&"kept".parse().unwrap());
    theirs.dependencies = [id(2).into()].into();
    theirs.description = "theirs".parse().unwrap();
    theirs.updated_at = at(20);
    insta::assert_snapshot!(issue_file::text(&clean(merge(Some(&base), &ours, &theirs))));
}

#[test]
fn a_gate_with_a_new_result_outlives_its_removal() {
    let name = || "tests".parse().unwrap();
    let base = with(|issue| drop(issue.gates.insert(name(), GateResult::Open)));
    let tried = with(|issue| drop(issue.gates.insert(name(), failed(5))));
    assert_eq!(clean(merge(Some(&base), &tried, &issue(1))).gates[&name()], failed(5));
    assert_eq!(clean(merge(Some(&base), &base, &issue(1))).gates.len(), 0);
}

#[test]
fn texts_that_both_changed_are_shown_side_by_side_and_found_again() {
    let base = issue(1);
    let ours = with(|issue| {
        issue.title = "ours".parse().unwrap();
        issue.description = "one\ntwo".parse().unwrap();
        issue.state = State::Done;
    });
    let theirs = with(|issue| {
        issue.title = "theirs".parse().unwrap();
        issue.description = "one\nthree".parse().unwrap();
        issue.assignee = Some("ann".parse().unwrap());
    });
    let conflict = conflict(merge(Some(&base), &ours, &theirs));
    let fields: Vec<_> = conflict.clashes().into_iter().map(|clash| clash.field).collect();
    assert_eq!(fields, ["title", "description"]);
    insta::assert_snapshot!(conflict.text());
    let problem = issue_file::parse(id(1), conflict.text().as_bytes()).unwrap_err();
    assert!(matches!(problem, Problem::Conflicted { line: 4, .. }), "{problem}");
    // A person keeps one side.
    for (side, wanted) in [(0, &conflict.ours), (1, &conflict.theirs)] {
        assert_eq!(issue_file::parse(id(1), chosen(&conflict.text(), side).as_bytes()).unwrap(), *wanted);
    }
}

/// The text with one side of each conflict.
fn chosen(text: &str, wanted: usize) -> String {
    let mut side = None;
    let mut kept = String::new();
    for line in text.lines() {
        match line.split(' ').next() {
            Some("<<<<<<<") => side = Some(0),
            Some("=======") => side = Some(1),
            Some(">>>>>>>") => side = None,
            _ if side.is_none_or(|side| side == wanted) => kept.extend([line, "\n"]),
            _ => {}
        }
    }
    kept
}

/// Values so few that both sides often touch the same ones.
fn any_issue() -> impl Strategy<Value = Issue> {
    let result = prop_oneof![
        Just(GateResult::Open),
        (1..4u64).prop_map(passed),
        (1..4u64, proptest::option::of(1..3u128)).prop_map(|(at, under)| passed_for(at, under)),
        (1..4u64).prop_map(failed),
    ];
    let word = "[abc]";
    (
        (word, word, proptest::option::of(word)),
        (0..5usize, 0..4usize),
        proptest::collection::btree_set("[abcd]", 0..4),
        proptest::collection::btree_set(2..6u128, 0..4),
        proptest::collection::btree_map("[gh]", result, 0..3),
        (1..4u64, 4..9u64),
    )
        .prop_map(|((title, description, assignee), (state, priority), labels, on, gates, times)| {
            Issue {
                title: title.parse().unwrap(),
                description: description.parse().unwrap(),
                assignee: assignee.map(|name| name.parse().unwrap()),
                state: State::ALL[state],
                priority: Priority::ALL[priority],
                labels: labels.iter().map(|label| label.parse().unwrap()).collect(),
                dependencies: on.into_iter().map(|n| id(n).into()).collect(),
                gates: gates.into_iter().map(|(name, result)| (name.parse().unwrap(), result)).collect(),
                created_at: at(times.0),
                updated_at: at(times.1),
                ..issue(1)
            }
        })
}

/// A version of `base` with some of `other`'s fields: what an edit makes.
fn edited(base: &Issue, other: &Issue, fields: u8) -> Issue {
    let mut issue = base.clone();
    let take = |bit: u8| fields & (1 << bit) != 0;
    if take(0) {
        issue.title = other.title.clone()
    }
    if take(1) {
        issue.description = other.description.clone()
    }
    if take(2) {
        issue.assignee = other.assignee.clone()
    }
    if take(3) {
        issue.state = other.state
    }
    if take(4) {
        issue.priority = other.priority
    }
    if take(5) {
        issue.labels = other.labels.clone()
    }
    if take(6) {
        issue.dependencies = other.dependencies.clone()
    }
    if take(7) {
        issue.gates = other.gates.clone()
    }
    issue.updated_at = other.updated_at;
    issue
}

/// A base, if any is known, and two versions that were edited from one.
fn edits() -> impl Strategy<Value = (Option<Issue>, Issue, Issue)> {
    (any_issue(), any_issue(), any_issue(), any::<u8>(), any::<u8>(), proptest::bool::weighted(0.8)).prop_map(
        |(base, x, y, xs, ys, known)| {
            let (x, y) = (edited(&base, &x, xs), edited(&base, &y, ys));
            (known.then_some(base), x, y)
        },
    )
}

/// Every edit of `side` is in `merged`, or gave way to one of `other` by a rule.
fn keeps(base: Option<&Issue>, side: &Issue, other: &Issue, merged: &Issue, sides: [&Issue; 2]) {
    let text = |of: fn(&Issue) -> String| {
        if base.is_none_or(|base| of(base) != of(side)) {
            assert!(sides.map(of).contains(&of(side)), "{} is gone", of(side));
        }
    };
    text(|issue| issue.title.to_string());
    text(|issue| issue.description.to_string());
    text(|issue| format!("{:?}", issue.assignee));
    for label in &side.labels {
        if base.is_none_or(|base| !base.labels.contains(label)) {
            assert!(merged.labels.contains(label), "{label} was added");
        }
    }
    for on in base.iter().flat_map(|base| &base.dependencies) {
        if !side.dependencies.contains(on) {
            assert!(!merged.dependencies.contains(on), "{on} was taken away");
        }
    }
    for (name, result) in &side.gates {
        let over = |state| matches!(state, State::Gated | State::Done);
        let other_attempt = over(other.state) && over(merged.state) && !over(side.state) && result.passed();
        if base.is_none_or(|base| base.gates.get(name) != Some(result)) && !other_attempt {
            let there = merged.gates.get(name).expect("a gate with a new result stays");
            assert!(there == result || other.gates.get(name) == Some(there), "{name}");
            assert!(there.at() >= result.at(), "{name}: the later one");
        }
    }
    if base.is_some_and(|base| base.priority == other.priority) {
        assert_eq!(merged.priority, side.priority);
    }
    assert!(merged.priority == side.priority || merged.priority == other.priority);
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn no_edit_is_lost((base, x, y) in edits()) {
        let base = base.as_ref();
        let merged = merge(base, &x, &y);
        let (ours, theirs) = match &merged {
            Merged::Clean(one) => (one.as_ref(), one.as_ref()),
            Merged::Conflict(conflict) => (&conflict.ours, &conflict.theirs),
        };
        keeps(base, &x, &y, ours, [ours, theirs]);
        keeps(base, &y, &x, theirs, [ours, theirs]);
    }

    #[test]
    fn the_sides_can_be_swapped((base, x, y) in edits()) {
        match (merge(base.as_ref(), &x, &y), merge(base.as_ref(), &y, &x)) {
            (Merged::Conflict(one), Merged::Conflict(other)) => {
                prop_assert_eq!(one.ours, other.theirs);
                prop_assert_eq!(one.theirs, other.ours);
            }
            (one, other) => prop_assert_eq!(one, other),
        }
    }

    #[test]
    fn merging_again_changes_nothing((base, x, y) in edits()) {
        if let Merged::Clean(one) = merge(base.as_ref(), &x, &y) {
            for side in [&x, &y, &*one] {
                prop_assert_eq!(clean(merge(base.as_ref(), &one, side)), (*one).clone());
                prop_assert_eq!(clean(merge(Some(side), &one, side)), (*one).clone());
            }
        }
    }

    #[test]
    fn one_side_alone_is_taken_whole((base, x, _) in edits()) {
        if let Some(base) = base {
            let merged = clean(merge(Some(&base), &x, &base));
            prop_assert_eq!(&merged.title, &x.title);
            prop_assert_eq!(merged.state, x.state);
            prop_assert_eq!(&merged.labels, &x.labels);
            prop_assert_eq!(&merged.gates, &x.gates);
        }
    }

    #[test]
    fn a_conflict_has_both_sides_in_it((base, x, y) in edits()) {
        if let Merged::Conflict(conflict) = merge(base.as_ref(), &x, &y) {
            let text = conflict.text();
            prop_assert!(issue_file::parse(id(1), text.as_bytes()).is_err());
            prop_assert_eq!(issue_file::parse(id(1), chosen(&text, 0).as_bytes()).unwrap(), conflict.ours);
            prop_assert_eq!(issue_file::parse(id(1), chosen(&text, 1).as_bytes()).unwrap(), conflict.theirs);
        }
    }
}

proptest! {
    #![proptest_config(cases(500))]

    /// As files: the same bytes whichever side is which, and a merge with a side again is the same.
    #[test]
    fn files_merge_to_the_same_bytes((base, x, y) in edits()) {
        let base = base.as_ref().map(issue_file::text).unwrap_or_default();
        let (x, y) = (issue_file::text(&x), issue_file::text(&y));
        let files = |ours: &str, theirs: &str| merge_files(base.as_bytes(), ours.as_bytes(), theirs.as_bytes());
        match (files(&x, &y), files(&y, &x)) {
            (FilesMerged::Clean(one), FilesMerged::Clean(other)) => {
                prop_assert_eq!(&one, &other);
                let again = files(&one, &x);
                prop_assert!(matches!(&again, FilesMerged::Clean(again) if *again == one), "{:?}", again);
            }
            (FilesMerged::Conflict { text, .. }, FilesMerged::Conflict { text: mirrored, .. }) => {
                let sides = |text: Vec<u8>| [0, 1].map(|side| chosen(std::str::from_utf8(&text).unwrap(), side));
                let mut mirrored = sides(mirrored);
                mirrored.reverse();
                prop_assert_eq!(sides(text), mirrored);
            }
            (one, other) => prop_assert!(false, "{one:?} {other:?}"),
        }
    }
}

#[test]
fn files_that_are_no_issues_are_told_by_side() {
    let whole = issue_file::text(&issue(1));
    for (texts, wanted) in [
        ([&*whole, "{", &whole], Side::Ours),
        ([&whole, &whole, ""], Side::Theirs),
        (["<<<<<<< ours\n", &whole, &whole], Side::Base),
    ] {
        let merged = merge_files(texts[0].as_bytes(), texts[1].as_bytes(), texts[2].as_bytes());
        assert!(matches!(merged, FilesMerged::NoIssue { side, .. } if side == wanted), "{merged:?}");
    }
    let other = issue_file::text(&issue(2));
    match merge_files(whole.as_bytes(), whole.as_bytes(), other.as_bytes()) {
        FilesMerged::Conflict { text, clashes } => {
            let clash = Clash { field: "id", ours: id(1).to_string(), theirs: id(2).to_string() };
            assert_eq!(clashes, [clash]);
            let text = String::from_utf8(text).unwrap();
            assert_eq!([0, 1].map(|side| chosen(&text, side)), [whole, other]);
        }
        merged => panic!("{merged:?}"),
    }
    assert_eq!(side_by_side(b"a", b""), b"<<<<<<< ours\na\n=======\n>>>>>>> theirs\n");
}
