//! Changing issues: what is judged when, and what is said besides.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::gates::seen;
use crate::support::Repo;
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
    for command in [&["gate", "add", &id, "docs"][..], &["gate", "fail", &id, "review", "--reason", "no"]] {
        let held = lock(&repo);
        let running = ann.start([command, &["--lock-timeout", "30s"]].concat());
        waits_for_lock(&running);
        set_state(&file(repo.main(), &id), "ready", "done");
        drop(held);
        let refused = running.within(Duration::from_secs(20));
        assert_eq!(refused.refused(7).code, "issue_ended");
        assert_eq!(seen(&ann, &id)["gates"], serde_json::json!({ "review": "open" }));
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

/// Lets a process that releases an issue die between its file and the log.
#[track_caller]
fn killed_in_between(repo: &Repo, agent: &Agent<'_>, id: &str, state: &str) {
    let held = fs::File::open(repo.control().join("locks/claims")).unwrap();
    held.lock().unwrap();
    let running = agent.start(["claim", "release", id, "--done", "--lock-timeout", "30s"]);
    let began = Instant::now();
    while !fs::read_to_string(file(repo.main(), id)).unwrap().contains(state) {
        assert!(began.elapsed() < Duration::from_secs(20), "it never wrote the file");
    }
    running.kill();
}

/// The doctor's finding of an end that only a file knows, and how it ended.
#[track_caller]
fn unrecorded(agent: &Agent<'_>) -> (Option<i32>, serde_json::Value) {
    let said = agent.jit(["doctor"]);
    let document: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let findings = document["data"]["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["code"] == "unrecorded");
    (said.status, found.cloned().unwrap_or_default())
}

/// Whoever is killed between the file and the log of a release leaves work that only its worktree
/// knows to be done. That is shown, and made good by what is printed.
#[test]
fn a_release_that_never_came_to_the_log_is_made_good() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    let (id, gated) = (issue(&ann, "work", &[]), issue(&ann, "work", &["--gate", "review"]));
    commit(&repo, repo.main(), "issues");
    let bob = repo.agent("bob").at(repo.worktree("two"));
    ann.jit(["claim", "acquire", &id, "--ttl", "1s"]).lease();
    ann.jit(["claim", "acquire", &gated, "--ttl", "1s"]).lease();
    killed_in_between(&repo, &ann, &id, "\"done\"");
    killed_in_between(&repo, &ann, &gated, "\"gated\"");
    assert_eq!(seen(&ann, &id)["unrecorded"], true);
    let (status, found) = unrecorded(&ann);
    assert_eq!((status, &found["state"]), (Some(0), &"ok".into()), "it may be released yet: {found}");
    std::thread::sleep(Duration::from_millis(1100));
    let ready: Vec<serde_json::Value> =
        bob.jit(["query", "available"]).ok()["issues"].as_array().unwrap().clone();
    assert_eq!(ready.len(), 2, "this is what is to be noticed");
    let (status, found) = unrecorded(&ann);
    assert_eq!((status, &found["state"]), (Some(0), &"fixable".into()), "{found}");
    assert_eq!(unrecorded(&bob).1, serde_json::Value::Null, "its files say nothing of it");
    let shown = ann.say(["query", "all"]).stdout;
    assert_eq!(shown.matches("its file says that it was done, the log does not").count(), 2, "{shown}");
    let again = ann.jit(["claim", "release", &id, "--done"]).refused(6).hint.unwrap();
    run(&ann, &again, ": ");
    assert_eq!(unrecorded(&ann).1, serde_json::Value::Null);
    assert_eq!((&seen(&bob, &id)["state"], &seen(&bob, &gated)["state"]), (&"done".into(), &"gated".into()));
    assert_eq!(seen(&ann, &id)["unrecorded"], false);
    bob.jit(["claim", "next"]).refused(4);
    ann.jit(["gate", "pass", &gated, "review"]).ok();
    assert_eq!(seen(&bob, &gated)["state"], "done");
}

/// While its holder may come back, the command that it died in is given; where somebody does the
/// work again, a person says what counts.
#[test]
fn an_end_that_only_a_file_knows_and_somebody_holds() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    commit(&repo, repo.main(), "issues");
    let bob = repo.agent("bob").at(repo.worktree("two"));
    ann.claim(&id);
    killed_in_between(&repo, &ann, &id, "\"done\"");
    run(&bob.clone().at(repo.main()), unrecorded(&ann).1["hint"].as_str().unwrap(), ": ");
    assert_eq!(seen(&bob, &id)["state"], "done");
    ann.jit(["issue", "reopen", &id]).ok();
    ann.jit(["claim", "acquire", &id, "--ttl", "1s"]).lease();
    killed_in_between(&repo, &ann, &id, "\"done\"");
    std::thread::sleep(Duration::from_millis(1100));
    bob.claim(&id);
    let (status, found) = unrecorded(&ann);
    assert_eq!((status, &found["state"]), (Some(9), &"needs_a_person".into()), "{found}");
    ann.jit(["doctor", "--fix"]);
    assert_eq!(bob.holder_of(&id).as_deref(), Some("agent:bob"), "nothing was decided for anybody");
    let person = ann.clone().nameless().env("JIT_AGENT_ID", "human:cleo");
    run(&person, found["hint"].as_str().unwrap(), ": ");
    assert_eq!(unrecorded(&ann).1, serde_json::Value::Null);
    assert_eq!(bob.holder_of(&id).as_deref(), Some("agent:bob"));
}
