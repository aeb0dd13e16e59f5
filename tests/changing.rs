//! Changing issues: what is judged when, and what is said besides.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::gates::seen;
use crate::support::Repo;
use crate::support::control::contents;
use crate::support::hint::shell;
use crate::support::issue::{commit, file, issue};
use crate::support::repo::{Agent, Running, write};

/// Lets a file say another state, as another process or a merge might.
fn set_state(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    let (from, to) = (format!("\"state\": \"{from}\""), format!("\"state\": \"{to}\""));
    assert!(text.contains(&from), "{text}");
    fs::write(path, text.replace(&from, &to)).unwrap();
}

/// The lock of the main worktree's issues.
fn lock(repo: &Repo) -> fs::File {
    let lock = fs::File::open(repo.main().join(".git/jit/issues.lock")).unwrap();
    lock.lock().unwrap();
    lock
}

/// Returns when the process waits for the lock of the issues: nothing else lets it nap so often.
#[cfg(target_os = "linux")]
fn waits_for_lock(running: &Running) {
    let status = format!("/proc/{}/status", running.pid());
    let naps = || {
        let text = fs::read_to_string(&status).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|naps| naps.trim().parse::<u32>().ok()).unwrap_or_default()
    };
    let began = Instant::now();
    while naps() < 100 {
        assert!(began.elapsed() < Duration::from_secs(20), "it never waited for the lock");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// An issue may be done while somebody waits to say something of its gates.
#[test]
#[cfg(target_os = "linux")]
fn done_is_looked_for_under_the_lock() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    ann.jit(["gate", "define", "docs", "--manual"]).ok();
    let id = issue(&ann, "work", &["--gate", "review"]);
    let passed = r#""review": {"passed": {"by": "agent:ann", "at": "2026-01-01T00:00:00Z"}}"#;
    let path = file(repo.main(), &id);
    write(&path, fs::read_to_string(&path).unwrap().replace("\"review\": \"open\"", passed));
    for command in [&["gate", "add", &id, "docs"][..], &["gate", "fail", &id, "review", "--reason", "no"]] {
        let held = lock(&repo);
        let running = ann.start([command, &["--lock-timeout", "30s"]].concat());
        waits_for_lock(&running);
        set_state(&file(repo.main(), &id), "ready", "done");
        drop(held);
        let refused = running.within(Duration::from_secs(20));
        assert_eq!(refused.refused(7).code, "issue_ended");
        let gates = &seen(&ann, &id)["gates"];
        assert!(gates["review"]["passed"].is_object() && gates["docs"].is_null(), "{gates}");
        set_state(&file(repo.main(), &id), "done", "ready");
    }
}

/// Git is asked as often for many words as for one.
#[test]
fn many_words_are_looked_up_at_once() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let ids: Vec<String> = (0..9).map(|_| issue(&ann, "work", &[])).collect();
    let short: Vec<&str> = ids.iter().map(|id| &id[..13]).collect();
    let asked = repo.dir().join("asked");
    let path = std::env::var("PATH").unwrap();
    write(
        &repo.dir().join("bin/git"),
        format!("#!/bin/sh\necho \"$*\" >> '{}'\nPATH='{path}'\nexec git \"$@\"\n", asked.display()),
    );
    let git = repo.dir().join("bin/git");
    rustix::fs::chmod(&git, rustix::fs::Mode::from_raw_mode(0o755)).unwrap();
    let spied = ann.clone().env("PATH", format!("{}:{path}", repo.dir().join("bin").display()));
    let count = |arguments: &[&str]| {
        write(&asked, "");
        spied.jit(arguments).ok();
        fs::read_to_string(&asked).unwrap().lines().filter(|line| line.contains("ls-tree")).count()
    };
    for command in ["add", "rm"] {
        let one = count(&["dep", command, short[0], short[1]]);
        assert!(one > 0, "nobody asked Git: this test counts nothing");
        let many = count(&[&["dep", command, short[0]], &short[2..]].concat());
        assert_eq!(one, many, "dep {command}");
    }
}

/// Who keeps the lock of the issues is named, if it is known.
#[test]
fn who_has_the_issues_lock_is_named() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    let update = || ann.jit(["issue", "update", &id, "--label", "a", "--lock-timeout", "0"]).refused(8);
    let held = lock(&repo);
    assert_eq!(update().context["held_by"], serde_json::Value::Null, "whoever had it let go");
    fs::write(repo.main().join(".git/jit/issues.lock"), "agent:slow    ").unwrap();
    let refused = update();
    assert!(refused.message.contains("locked by agent:slow"), "{refused:?}");
    assert_eq!(refused.context["held_by"], "agent:slow");
    drop(held);
}

/// Where the policy warns, whatever changes an issue that another holds is done, and says so; what
/// its holder does with it afterwards counts.
#[test]
fn what_is_warned_of_is_done() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    ann.claim(&id);
    for (command, state) in [(&["close", "--rejected"][..], "rejected"), (&["reopen"], "ready")] {
        let said = ann.say([&["--agent", "human:bob", "issue"], command, &[&id]].concat());
        assert!(said.status == Some(0) && said.stderr.contains("agent:ann works on it"), "{said:?}");
        assert!(!said.stderr.contains("you still hold it"), "{said:?}");
        let text = fs::read_to_string(file(repo.main(), &id)).unwrap();
        assert!(text.contains(&format!("\"state\": \"{state}\"")), "{text}");
    }
    ann.jit(["claim", "release", &id, "--done"]).ok();
    let other = issue(&ann, "work", &[]);
    ann.claim(&other);
    let said = ann.say(["--agent", "human:bob", "issue", "delete", &other]);
    assert!(said.status == Some(0) && said.stderr.contains("agent:ann works on it"), "{said:?}");
    ann.jit(["config", "set", "enforce_people", "strict"]).ok();
    let third = issue(&ann, "work", &[]);
    ann.claim(&third);
    for command in [&["close", "--rejected"][..], &["reopen"], &["delete"], &["update", "--label", "x"]] {
        let refused = ann.jit([&["--agent", "human:bob", "issue"], command, &[&third]].concat());
        assert_eq!(refused.refused(6).code, "not_yours");
    }
}

/// Runs what a warning prints behind its last colon or semicolon.
#[track_caller]
fn run(agent: &Agent<'_>, warning: &str, before: &str) {
    let done = shell(agent, warning.rsplit_once(before).unwrap().1);
    assert_eq!(done.status, Some(0), "{done:?}");
}

/// An issue that ends undone is waited for in vain, and its holder holds it still: both are said,
/// with the commands that end it.
#[test]
fn what_ends_undone_is_not_left_to_itself() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    for command in [&["issue", "close", "--rejected"][..], &["issue", "delete"]] {
        let [on, waits, over] = [(); 3].map(|()| issue(&ann, "work", &[]));
        ann.jit(["dep", "add", &waits, &on]).ok();
        ann.jit(["dep", "add", &over, &on]).ok();
        ann.jit(["issue", "close", "--rejected", &over]).ok();
        commit(&repo, repo.main(), "issues");
        ann.claim(&on);
        let said = ann.jit([command, &[&on]].concat()).warned();
        let [held, waiting] = &said[..] else { panic!("{said:?}") };
        assert!(held.contains("you still hold it") && waiting.contains(&waits), "{said:?}");
        said.iter().for_each(|warning| run(&ann, warning, ": "));
        assert!(ann.jit(["claim", "list"]).leases().is_empty());
        assert_eq!(seen(&ann, &waits)["bar"], serde_json::Value::Null);
    }
    let on = issue(&ann, "work", &[]);
    (0..12).for_each(|_| drop(ann.jit(["dep", "add", &issue(&ann, "work", &[]), &on]).ok()));
    commit(&repo, repo.main(), "issues");
    let said = ann.jit(["issue", "delete", &on]).warned();
    assert!(said.len() == 11 && said[10].contains("2 more wait for it: jit query blocked"), "{said:?}");
}

/// The failure that is one too many says so, and how it is forgiven.
#[test]
fn the_last_failure_says_that_it_was() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    for failures in 1..=3 {
        ann.jit(["claim", "acquire", &id]).lease();
        let said = ann.jit(["claim", "release", &id, "--failed", "--reason", "no"]).warned();
        assert_eq!(said.len(), usize::from(failures == 3), "{said:?}");
        for warning in said {
            assert!(warning.contains("quarantined"), "{warning}");
            run(&ann, &warning, ": ");
        }
    }
    ann.claim(&id);
}

/// What is handed out in one worktree and committed in none would be in the way of the merge: it is
/// said where that helps, and what is said helps.
#[test]
fn what_is_not_committed_is_said_when_it_is_claimed() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["init"]).ok();
    commit(&repo, repo.main(), "init");
    let two = repo.worktree("two");
    let there = ann.clone().at(&two);
    let id = issue(&ann, "work", &[]);
    assert!(ann.jit(["claim", "acquire", &id]).warned().is_empty(), "its own file");
    ann.jit(["claim", "release", &id]).ok();
    for command in [&["claim", "acquire", &id][..], &["claim", "next"]] {
        let said = there.jit(command).warned();
        let [warning] = &said[..] else { panic!("{said:?}") };
        assert!(warning.contains(&id) && warning.contains("git -C"), "{warning}");
        there.jit(["claim", "release", &id]).ok();
        if command[1] == "next" {
            run(&ann, warning, "; ");
        }
    }
    assert!(there.jit(["claim", "acquire", &id]).warned().is_empty(), "main has committed it");
    there.jit(["claim", "release", &id, "--done"]).ok();
    commit(&repo, &two, "done");
    assert_eq!(shell(&ann, "git merge --quiet --no-edit two").status, Some(0));
    assert_eq!(seen(&ann, &id)["state"], "done");
}

/// Who may change what another holds is said by the command that is refused or warned.
#[test]
fn the_help_of_update_says_who_is_refused() {
    let help = Repo::warm().agent("ann").say(["issue", "update", "--help"]).stdout;
    assert!(help.contains("enforce_agents") && help.contains("enforce_people"), "{help}");
}

/// What is so already is not said to be done: nothing is written, nothing told, and a typing error
/// in a gate's name is refused.
#[test]
fn what_changes_nothing_says_so() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    let (on, id) = (issue(&ann, "before", &[]), issue(&ann, "work", &["--label", "old", "--gate", "review"]));
    ann.jit(["dep", "add", &id, &on]).ok();
    ann.jit(["issue", "close", &on, "--rejected"]).warned();
    let written = || {
        let files = [".jit", ".git/jit"].map(|dir| contents(&repo.main().join(dir))).concat();
        files.into_iter().filter(|(path, _)| !is_note(path)).collect::<Vec<_>>()
    };
    for command in [
        &["dep", "add", &id, &on][..],
        &["gate", "add", &id, "review"],
        &["issue", "update", &id, "--title", "work", "--label", "old"],
        &["issue", "update", &id, "--no-label", "odl"],
        &["issue", "reopen", &id],
    ] {
        let before = written();
        let answer = ann.say(command);
        let after = written();
        assert!(answer.status == Some(0) && answer.stdout.starts_with("unchanged "), "{answer:?}");
        assert!(answer.stderr.contains("nothing changed"), "{answer:?}");
        assert_eq!(answer.stderr.contains("has no label `odl`"), command.contains(&"odl"), "{answer:?}");
        assert!(before == after, "{command:?} wrote something");
    }
    for command in [&["gate", "rm", &id, "reveiw"][..], &["issue", "update", &id, "--no-gate", "reveiw"]] {
        let refused = ann.jit(command).refused(3);
        assert!(refused.message.contains("did you mean `review`?"), "{refused:?}");
    }
    let changed = ann.say(["issue", "update", &id, "--no-label", "old", "--no-gate", "review"]);
    assert!(changed.stdout.starts_with("updated ") && changed.stderr.is_empty(), "{changed:?}");
    let reopened = ann.say(["issue", "reopen", &on]);
    assert!(reopened.stdout.starts_with("reopened ") && reopened.stderr.is_empty(), "{reopened:?}");
}

/// Whether a file is one that any command may write.
fn is_note(path: &Path) -> bool {
    path.ends_with("issues.lock") || path.ends_with("issues.cache")
}

/// One word ends all that the caller holds here: as failed, or as done, with the command that lets
/// Git know of every file that says so.
#[test]
fn all_that_is_held_has_one_outcome() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let [one, two, others] = ["one", "two", "others"].map(|title| issue(&ann, title, &[]));
    commit(&repo, repo.main(), "issues");
    bob.claim(&others);
    let take = || [&one, &two].map(|id| ann.claim(id));
    take();
    ann.claim("name:x");
    ann.jit(["claim", "release", "--all", "--failed", "--reason", "no disk"]).ok();
    assert_eq!([&one, &two, &others].map(|id| seen(&ann, id)["failures"].clone()), [1, 1, 0]);
    take();
    ann.jit(["claim", "release", "--all", "--failed", "--infra"]).ok();
    assert_eq!(seen(&ann, &one)["failures"], 1);
    take();
    let outside = ann.clone().at(repo.dir());
    let released = outside.say(["-C", "main", "claim", "release", "--all", "--done"]);
    assert_eq!(released.status, Some(0), "{released:?}");
    assert_eq!(
        [&one, &two, &others].map(|id| seen(&ann, id)["state"].clone()),
        ["done", "done", "in_progress"]
    );
    let told: Vec<&str> =
        released.stdout.lines().filter_map(|line| line.strip_prefix("to be committed: ")).collect();
    assert_eq!(told.len(), 1, "{released:?}");
    assert_eq!(shell(&outside, told[0]).status, Some(0));
    let staged = repo.git(repo.main(), &["diff", "--cached", "--name-only"]);
    assert!(staged.contains(&one) && staged.contains(&two) && staged.contains(".jit/events/"), "{staged}");
    assert_eq!(ann.jit(["claim", "release", "--all", "--done"]).refused(6).code, "no_lease");
}

/// The answer to a change is what is asked a moment later.
#[test]
fn what_is_answered_is_what_is_there() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    for command in [
        &["issue", "close", &id, "--rejected"][..],
        &["issue", "reopen", &id],
        &["issue", "update", &id, "--state", "backlog"],
    ] {
        let mut answered = ann.jit(command).ok()["issue"].clone();
        let shown = seen(&ann, &id);
        assert_eq!(answered["unrecorded"].take(), serde_json::Value::Null, "nobody looked");
        answered["unrecorded"] = shown["unrecorded"].clone();
        assert_eq!(answered, shown, "{command:?}");
    }
}

/// What was changed by a clock that is ahead is changed later all the same.
#[test]
fn a_change_is_later_than_what_it_changes() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    let path = repo.dir().join("export");
    ann.jit(["export", path.to_str().unwrap()]).ok();
    let text = fs::read_to_string(&path).unwrap();
    let updated = seen(&ann, &id)["updated_at"].as_str().unwrap().to_owned();
    let ahead = |time: &str| {
        text.replace(&format!("\"updated_at\":\"{updated}"), &format!("\"updated_at\":\"{time}"))
    };
    write(&path, ahead("2126-01-01T00:00:00.000Z"));
    let warned = ann.jit(["import", path.to_str().unwrap()]).warned();
    assert!(warned.len() == 1 && warned[0].contains("2126-01-01T00:00:00.000Z"), "{warned:?}");
    ann.jit(["issue", "update", &id, "--label", "later"]).ok();
    assert_eq!(seen(&ann, &id)["updated_at"], "2126-01-01T00:00:00.001Z");
    // So an import of the older one, ahead as it is, does not undo it.
    assert!(ann.jit(["import", path.to_str().unwrap()]).warned().is_empty());
    assert_eq!(seen(&ann, &id)["labels"][0], "later");
}
