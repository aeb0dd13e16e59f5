//! Issues as files: what can't be used is named, who writes excludes others, and events tell of it.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::support::issue::{commit, file, ids, issue, text};
use crate::support::repo::write;
use crate::support::{Repo, Running, shell};

/// A torn file is never an empty list: what names it fails, lists show the rest and say so, `next`
/// passes it over.
#[test]
fn a_torn_file_is_named() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let (whole, torn) = (issue(&ann, "whole", &[]), issue(&ann, "torn", &[]));
    let path = repo.main().join(".jit/issues").join(format!("{torn}.json"));
    let text = fs::read_to_string(&path).unwrap();
    write(&path, &text[..text.len() / 2]);
    let trouble = ann.jit(["issue", "show", &torn]).refused(9);
    assert!(trouble.code == "broken_file" && trouble.message.contains(&torn), "{trouble:?}");
    ann.jit(["claim", "acquire", &torn]).refused(9);
    let listed = ann.jit(["issue", "list"]);
    assert_eq!(listed.status, Some(9), "{listed:?}");
    let said: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(ids(&said["data"]), std::slice::from_ref(&whole));
    assert!(said["data"]["broken"][0]["file"].as_str().unwrap().contains(&torn));
    let next = ann.jit(["claim", "next"]);
    assert_eq!(next.status, Some(0), "{next:?}");
    assert!(next.stdout.contains(&whole) && next.stdout.contains("passed over"), "{next:?}");
}

/// What nobody can read is what the doctor is asked for: issues, which nobody gets, and the gates. The
/// command in the hint works before anything is committed, too.
#[test]
fn the_doctor_finds_what_nobody_can_read() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "torn", &[]);
    let path = file(repo.main(), &id);
    let whole = text(&repo, &id);
    ann.jit(["doctor"]).ok();
    let conflict = format!("<<<<<<< ours\n{whole}=======\n{whole}>>>>>>> theirs\n");
    for torn in ["{", "", &conflict, &whole.replace("\"ready\"", "\"finished\"")] {
        write(&path, torn);
        let said = ann.say(["doctor"]);
        assert!(said.status == Some(9) && said.stdout.contains(path.to_str().unwrap()), "{said:?}");
    }
    let hint = ann.jit(["issue", "show", &id]).refused(9).hint.unwrap();
    let log = hint.rsplit_once(": ").unwrap().1;
    let shown = shell(&ann, log);
    assert!(shown.status == Some(0) && shown.stderr.is_empty(), "{shown:?}");
    write(&path, &whole);
    ann.jit(["doctor"]).ok();
    let gates = repo.main().join(".jit/gates.toml");
    write(&gates, "[x");
    let said = ann.say(["doctor"]);
    assert!(said.status == Some(9) && said.stdout.contains(gates.to_str().unwrap()), "{said:?}");
}

/// What people write into issues and their files and can't be used: named, and nothing is lost.
#[test]
fn what_cannot_be_used_is_named() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "one", &[]);
    let usage = |arguments: &[&str], says: &str| {
        let said = ann.say(arguments);
        let (status, stderr) = (said.status, said.stderr);
        assert_eq!(status, Some(2), "{stderr}");
        assert!(stderr.contains(says) && stderr.len() < 1000, "{says}: {stderr}");
    };
    usage(&["issue", "create", "--title", &"x".repeat(100_000)], "at most 500");
    usage(&["issue", "create", "--title", " "], "blank");
    usage(&["issue", "update", &id, "--label", "a\nb"], "not allowed");
    usage(&["issue", "update", &id], "say what is to change");
    usage(&["issue", "update", &id, "--priority", "urgent"], "critical");
    usage(&["issue", "update", &id, "--state", "in_progress"], "ready");
    let on_nothing = ann.jit(["dep", "add", &id, "0badcafe"]).refused(3);
    assert!(on_nothing.message.contains("0badcafe"), "{on_nothing:?}");

    let issues = repo.main().join(".jit/issues");
    let whole = fs::read_to_string(issues.join(format!("{id}.json"))).unwrap();
    let twin = |n: u8| format!("aaaaaaaa-0000-4000-8000-00000000000{n}");
    write(&issues.join(format!("{}.json", twin(1))), whole.replace(&id, &twin(1)));
    write(&issues.join(format!("{}.json", twin(2))), whole.replace(&id, &twin(2)));
    let few = ann.jit(["issue", "show", "aaa"]).refused(3);
    assert!(few.message.contains("at least 4"), "{few:?}");
    let ambiguous = ann.jit(["issue", "show", "aaaaaaaa"]).refused(2);
    assert!(ambiguous.names(&twin(1)) && ambiguous.names(&twin(2)), "{ambiguous:?}");

    let broken = |text: &str, says: &[&str]| {
        write(&issues.join(format!("{}.json", twin(3))), text);
        let trouble = ann.jit(["issue", "show", &twin(3)]).refused(9);
        says.iter().for_each(|says| assert!(trouble.message.contains(says), "{says}: {trouble:?}"));
        assert!(trouble.message.contains(&twin(3)), "{trouble:?}");
        let listed = ann.jit(["query", "all"]);
        assert!(listed.status == Some(9) && listed.stdout.contains(&id), "the rest is shown: {listed:?}");
    };
    broken("{\n  \"id\": ,\n", &["line 2, column 9"]);
    broken(&whole.replace(&id, &twin(3)).replace("\"labels\"", "\"lables\""), &["lables", "labels"]);
    broken(
        &whole.replace(&id, &twin(3)).replace("\"one\"", &format!("{:?}", "x".repeat(1 << 20))),
        &["at most 500"],
    );
    broken(&whole, &[&id]);
    broken(&whole.replace(&id, &twin(3)).replace("\"one\"", "\"two\\nlines\""), &["line 4", "not allowed"]);
    let before = fs::read_to_string(issues.join(format!("{}.json", twin(3)))).unwrap();
    ann.jit(["issue", "update", &twin(3), "--label", "x"]).refused(9);
    assert_eq!(fs::read_to_string(issues.join(format!("{}.json", twin(3)))).unwrap(), before);
}

/// A file that is no file, or of another jit, is not mended in an editor.
#[test]
fn what_no_editor_mends_says_so() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "x", &[]);
    let file = repo.main().join(format!(".jit/issues/{id}.json"));
    let text = fs::read_to_string(&file).unwrap();
    write(&file, text.replace("\"schema_version\": 1", "\"schema_version\": 9"));
    let hint = || ann.jit(["issue", "show", &id]).refused(9).hint.unwrap();
    assert!(hint().starts_with("update jit"), "{}", hint());
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(hint().contains("ls -ld "), "{}", hint());
}

/// Processes of one worktree that change one issue exclude each other from reading it to writing
/// it: no change is lost.
#[test]
fn eight_labels_at_once_are_eight_labels() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "one", &[]);
    let labels: Vec<String> = (0..8).map(|n| format!("label-{n}")).collect();
    let running: Vec<Running> = labels
        .iter()
        .map(|label| {
            repo.agent(label).start(["issue", "update", &id, "--label", label, "--lock-timeout", "20s"])
        })
        .collect();
    running.into_iter().for_each(|one| drop(one.within(Duration::from_secs(20)).ok()));
    assert_eq!(ann.jit(["issue", "show", &id]).ok()["issue"]["labels"], serde_json::json!(labels));
    let events = fs::read_dir(repo.main().join(".jit/events")).unwrap().next().unwrap().unwrap();
    assert_eq!(fs::read_to_string(events.path()).unwrap().lines().count(), 9);
}

/// Whoever holds the lock for too long is not waited for.
#[test]
fn a_lock_on_issues_is_waited_for_so_long() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "one", &[]);
    let lock = fs::File::open(repo.main().join(".git/jit/issues.lock")).unwrap();
    lock.lock().unwrap();
    let refused = ann.jit(["issue", "update", &id, "--label", "a", "--lock-timeout", "0"]).refused(8);
    assert!(refused.code == "locked" && refused.hint.unwrap().contains("--lock-timeout=30s"));
    ann.jit(["claim", "next"]).lease();
    drop(lock);
    ann.jit(["issue", "update", &id, "--label", "a"]).ok();
}

/// An event names the lease under which the change was made, if there is one: one that lapsed is
/// none.
#[test]
fn an_event_names_no_lease_that_lapsed() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "one", &[]);
    let events = || {
        let file = fs::read_dir(repo.main().join(".jit/events")).unwrap().next().unwrap().unwrap();
        fs::read_to_string(file.path()).unwrap().lines().last().unwrap().to_owned()
    };
    let lease = ann.jit(["claim", "acquire", &id, "--ttl", "1s"]).lease();
    ann.jit(["issue", "update", &id, "--label", "held"]).ok();
    assert!(events().contains(&lease.lease_id), "{}", events());
    sleep(Duration::from_millis(1_100));
    ann.jit(["issue", "update", &id, "--label", "lapsed"]).ok();
    assert!(!events().contains(&lease.lease_id), "{}", events());
}

/// What ends an issue is in the events, and the file is not changed without: said again after the
/// events could not be written, it is told.
#[test]
fn an_event_is_not_lost() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "one", &[]);
    ann.claim(&id);
    let events = fs::read_dir(repo.main().join(".jit/events")).unwrap().next().unwrap().unwrap().path();
    let aside = repo.dir().join("aside");
    fs::rename(&events, &aside).unwrap();
    fs::create_dir(&events).unwrap();
    ann.jit(["claim", "release", &id, "--done"]).refused(9);
    assert!(text(&repo, &id).contains("\"ready\""), "{}", text(&repo, &id));
    fs::remove_dir(&events).unwrap();
    fs::rename(&aside, &events).unwrap();
    ann.jit(["claim", "release", &id, "--done"]).ok();
    assert!(fs::read_to_string(&events).unwrap().contains("\"state\""));
}

/// The hints for a file that is broken elsewhere are about that place, from wherever they are run.
#[test]
fn what_is_broken_elsewhere_is_mended_there() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "uno", &[]);
    commit(&repo, repo.main(), "an issue");
    let there = repo.worktree("it's there");
    let bob = repo.agent("bob").at(repo.dir());
    let hint = || bob.jit(["-C", there.to_str().unwrap(), "issue", "show", &id]).refused(9).hint.unwrap();
    let before = |hint: &str| {
        let log = shell(&bob, hint.rsplit_once(": ").unwrap().1);
        assert!(log.status == Some(0) && log.stdout.contains("\"uno\""), "{hint}: {log:?}");
    };

    write(&file(&there, &id), "{");
    commit(&repo, &there, "broken");
    fs::remove_file(file(&there, &id)).unwrap();
    let committed = hint();
    before(&committed);
    let bring = committed.split_once("worktree: ").unwrap().1.split(';').next().unwrap();
    assert_eq!(shell(&bob, bring).status, Some(0), "{committed}");
    assert!(hint().starts_with("mend that file in an editor"), "{}", hint());
    before(&hint());

    fs::remove_file(file(&there, &id)).unwrap();
    commit(&repo, &there, "gone");
    write(&file(repo.main(), &id), "{");
    assert!(hint().contains(repo.main().to_str().unwrap()), "{}", hint());
    before(&hint());
}

/// A line of committed events that is none: correcting it here and committing that is enough.
#[test]
fn a_committed_line_that_is_no_event_is_mended_here() {
    let repo = Repo::warm();
    let ann = repo.agent("ann").at(repo.dir());
    issue(&repo.agent("ann"), "one", &[]);
    let events = fs::read_dir(repo.main().join(".jit/events")).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read_to_string(&events).unwrap();
    write(&events, format!("{whole}torn\n"));
    commit(&repo, repo.main(), "torn");
    let export = || ann.jit(["-C", "main", "export"]);
    assert!(export().refused(9).hint.unwrap().starts_with("correct that line in an editor"));
    let found = ann.say(["-C", "main", "doctor"]);
    let lines = || found.stdout.lines().filter(|line| line.contains(", line 2, column "));
    assert!(found.status == Some(9) && lines().count() == 1, "{found:?}");
    assert!(lines().all(|line| line.contains(events.to_str().unwrap())), "{found:?}");
    write(&events, &whole);
    let committed = export().refused(9).hint.unwrap();
    assert!(committed.contains(events.to_str().unwrap()), "{committed}");
    assert_eq!(shell(&ann, committed.split_once("commit it: ").unwrap().1).status, Some(0), "{committed}");
    assert_eq!(ann.say(["-C", "main", "export"]).status, Some(0));
}
