//! Changing issues: what is judged when, and what is said besides.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::gates::seen;
use crate::support::Repo;
use crate::support::issue::{file, issue};
use crate::support::repo::{Running, write};

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

/// Returns when the process waits for the lock of the issues.
#[cfg(target_os = "linux")]
fn waits_for_lock(running: &Running) {
    let fds = format!("/proc/{}/fd", running.pid());
    let open = || {
        let links = fs::read_dir(&fds).into_iter().flatten().flatten();
        links.filter_map(|fd| fs::read_link(fd.path()).ok()).any(|path| path.ends_with("issues.lock"))
    };
    let began = Instant::now();
    while !open() {
        assert!(began.elapsed() < Duration::from_secs(20), "it never opened the lock");
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
