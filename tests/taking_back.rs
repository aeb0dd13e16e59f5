//! What is written together, and what becomes of it when the log refuses to follow.

use std::fs;

use serde_json::{Value, json};

#[cfg(target_os = "linux")]
use crate::flush::fault;
#[cfg(target_os = "linux")]
use crate::gates::seen;
#[cfg(target_os = "linux")]
use crate::support::issue::text;
use crate::support::issue::{commit, file, issue};
#[cfg(target_os = "linux")]
use crate::support::strace::traced;
use crate::support::{Repo, skip};

/// The files are to the byte what they were, also where there was none; what was told of the change
/// is told back.
#[test]
fn what_is_refused_is_as_it_was() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    let root = repo.worktree("two");
    let two = ann.clone().at(&root);
    two.jit(["claim", "acquire", &id]).warned();
    let held = fs::File::open(repo.control().join("locks/claims")).unwrap();
    let refused = || {
        held.lock().unwrap();
        two.jit(["claim", "release", &id, "--done", "--lock-timeout", "0"]).refused(8);
        held.unlock().unwrap();
    };
    refused();
    assert!(!file(&root, &id).exists(), "a copy of the main worktree's file was left");
    let by_hand = fs::read_to_string(file(repo.main(), &id)).unwrap().replace("\n  ", "\n      ");
    fs::write(file(&root, &id), &by_hand).unwrap();
    refused();
    assert_eq!(fs::read_to_string(file(&root, &id)).unwrap(), by_hand);

    let names = fs::read_dir(root.join(".jit/events")).unwrap();
    let events: String = names.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    let events = events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let states: Vec<_> = events.map(|event| event["to"].clone()).collect();
    assert_eq!(states, ["done", "ready", "done", "ready"]);
}

/// However many issues are released, their events are flushed once, and so is the directory.
#[cfg(target_os = "linux")]
#[test]
fn many_are_written_at_once() {
    if !skip::has("many_are_written_at_once", "strace") {
        return;
    }
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let ids: Vec<String> = (0..5).map(|n| issue(&ann, &n.to_string(), &[])).collect();
    commit(&repo, repo.main(), "issues");
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    ann.jit([&["claim", "acquire"], &ids[..]].concat()).lease();
    let (answer, calls) = traced(&ann, &[&["claim", "release"], &ids[..], &["--done"]].concat());
    answer.ok();
    let flushes =
        |part: &str| calls.iter().filter(|call| call.name == "fsync" && call.line.contains(part)).count();
    assert_eq!(json!([flushes(".draft>"), flushes(".jit/issues>"), flushes(".jsonl>")]), json!([5, 1, 1]));
}

/// Where the log may have followed, the files stay as they were written: it is not known that nothing
/// was done.
#[cfg(target_os = "linux")]
#[test]
fn what_may_stand_is_not_taken_back() {
    let test = "what_may_stand_is_not_taken_back";
    let wrap = fault("error=EIO:when=1");
    let probe: Vec<&str> = wrap.iter().map(String::as_str).chain(["true"]).collect();
    if !skip::has(test, "strace") || !skip::works(test, &probe) {
        return;
    }
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    ann.claim(&id);
    let unsure = ann.clone().through(wrap).jit(["claim", "release", &id, "--done"]).refused(1);
    assert_eq!(unsure.code, "durability_unknown");
    assert!(text(&repo, &id).contains("\"done\""), "{}", text(&repo, &id));
    assert_eq!(seen(&ann, &id)["state"], "done");
}
