//! An issue as a file.

use jit_tracker::Problem;
use jit_tracker::issue_file::{self, Named};

use crate::support::{full, id, issue};

#[test]
fn a_file_reads_well() {
    insta::assert_snapshot!(issue_file::text(&full(1)));
}

#[test]
fn what_is_written_is_read_again() {
    for issue in [issue(1), full(2)] {
        let text = issue_file::text(&issue);
        assert!(text.ends_with("}\n") && !text.ends_with("\n\n"));
        assert_eq!(issue_file::parse(issue.id, text.as_bytes()).unwrap(), issue);
    }
}

#[test]
fn what_a_person_leaves_out_has_a_default() {
    let text = format!(
        r#"{{"schema_version":1,"id":"{}","title":"issue 1","state":"ready","created_at":"2026-11-21T05:00:01Z","updated_at":"2026-11-21T05:00:01Z"}}"#,
        id(1)
    );
    assert_eq!(issue_file::parse(id(1), text.as_bytes()).unwrap(), issue(1));
}

#[test]
fn what_a_person_lists_is_a_set() {
    let text = issue_file::text(&full(1));
    let listed = text.replacen("\"needs review\",", "\"ui\", \"ui\", \"needs review\",", 1);
    assert_ne!(listed, text);
    assert_eq!(issue_file::text(&issue_file::parse(id(1), listed.as_bytes()).unwrap()), text);
}

/// Each bad file, and what is said of it.
#[test]
fn what_is_wrong_is_said_with_its_place() {
    let good = issue_file::text(&full(1));
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    let long = "x".repeat(1_000_000);
    let table = [
        ("torn", good[..120].to_owned()),
        ("empty", String::new()),
        ("a comma too many", with("\"high\",", "\"high\",,")),
        ("an array", "\n [1]".to_owned()),
        ("a conflict from the first line on", format!("<<<<<<< HEAD\n{good}")),
        ("an unknown key", with("\"labels\"", "\"lables\"")),
        ("a key like no other", with("\"labels\"", "\"zzz\"")),
        ("an unknown key in a gate", with("\"by\"", "\"who\"")),
        ("a key twice", with("\"state\": \"ready\",", "\"state\": \"ready\", \"state\": \"done\",")),
        ("no title", with("\"title\": \"issue 1\",", "")),
        ("a newer version", with("\"schema_version\": 1,", "\"schema_version\": 2, \"colour\": 3,")),
        ("no version", with("\"schema_version\": 1,", "")),
        ("another id", issue_file::text(&full(2))),
        ("a bad id", with(&id(1).to_string(), "1234")),
        ("a state that is none", with("\"ready\"", "\"in_progress\"")),
        ("a long title", with("issue 1", &long)),
        ("a label with a line break", with("\"ui\"", "\"u\\ni\"")),
        ("a thing as a dependency", with(&id(90).to_string(), "name:deploy")),
        ("a prefix as a dependency", with(&id(90).to_string(), "abcd")),
        ("a bad time", with("2026-11-21T05:00:01.000Z", "yesterday")),
        ("both sides of a merge", with("  \"state\"", "<<<<<<< ours\n  \"state\"")),
    ];
    let said: String = table
        .iter()
        .map(|(what, text)| {
            let problem = issue_file::parse(id(1), text.as_bytes()).unwrap_err();
            format!("{what}: {problem}\n")
        })
        .collect();
    insta::assert_snapshot!(said);
}

#[test]
fn bytes_that_are_no_text_are_malformed() {
    let problem = issue_file::parse(id(1), b"{\"title\": \"\xff\"}").unwrap_err();
    assert!(matches!(problem, Problem::Malformed { .. }), "{problem}");
}

#[test]
fn a_file_is_known_by_its_name() {
    let of = |name: &str| Named::new(name);
    assert_eq!(of(&issue_file::file_name(id(1))), Named::Issue(id(1)));
    assert_eq!(of(&issue_file::deleted_name(id(1))), Named::Deleted(id(1)));
    for name in ["todo.json", &format!("{}.json", id(0xab)).to_uppercase().replace("JSON", "json")] {
        assert_eq!(of(name), Named::Misnamed, "{name}");
    }
    assert_eq!(of(&format!("{}.json", id(1).uuid().simple())), Named::Misnamed);
    for name in [".a.json", "README.md", "x.json~", "x.json.orig"] {
        assert_eq!(of(name), Named::Other, "{name}");
    }
}
