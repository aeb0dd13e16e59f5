//! `jit worktree add` while it is at work: it is asked to stop, its lease is ended, others ask what it
//! holds.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::repo::write;
use crate::support::{Agent, Repo, Running, follow};

const LONG: Duration = Duration::from_secs(20);

/// One that adds a worktree, and waits in the hook that Git runs once the files are there.
struct Adding<'r> {
    running: Running,
    bob: Agent<'r>,
    go: PathBuf,
    hook: PathBuf,
}

fn adding<'r>(repo: &'r Repo, arguments: &[&str]) -> Adding<'r> {
    let [reached, go] = ["reached", "go"].map(|name| repo.dir().join(name));
    let hook = repo.main().join(".git/hooks/post-checkout");
    // Not for ever: what it is asked to do may be what fails.
    let waits = format!(
        "#!/bin/sh\ntouch '{}'; n=0; until [ -e '{}' ] || [ $n -gt 1000 ]; do sleep 0.02; n=$((n + 1)); done; echo late >late\n",
        reached.display(),
        go.display()
    );
    script(&hook, &waits);
    let bob = repo.agent("bob");
    let running = until(&reached, bob.start([&["worktree", "add"], arguments].concat()));
    Adding { running, bob, go, hook }
}

fn script(path: &Path, text: &str) {
    write(path, text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A process, once it made a mark.
fn until(mark: &Path, mut running: Running) -> Running {
    let began = Instant::now();
    while !mark.exists() {
        assert!(running.is_running() && began.elapsed() < LONG);
    }
    running
}

fn ask_to_stop(running: &Running, signal: Signal) {
    kill_process(Pid::from_raw(running.pid().try_into().unwrap()).unwrap(), signal).unwrap();
}

/// What there is besides the main worktree: its branches, and worktrees.
fn there(repo: &Repo) -> (String, usize) {
    let worktrees = repo.git(repo.main(), &["worktree", "list", "--porcelain"]);
    let branches = repo.git(repo.main(), &["branch", "--list", "--format=%(refname:short)"]);
    (branches, worktrees.lines().filter(|line| line.starts_with("worktree ")).count())
}

/// A signal for it alone ends the `git` that is at it as well, and all is as it was.
#[test]
fn one_that_is_asked_to_stop_leaves_nothing() {
    let path = std::env::var("PATH").unwrap();
    for (signal, status) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let repo = Repo::warm();
        let (git, reached) = (repo.dir().join("slow/git"), repo.dir().join("reached"));
        let slow = format!(
            "#!/bin/sh\nPATH='{path}'\ncase \" $* \" in *' worktree add '*) git \"$@\"; touch '{}'; exec sleep 15 ;; esac\nexec git \"$@\"\n",
            reached.display()
        );
        script(&git, &slow);
        let slow = repo.agent("bob").env("PATH", format!("{}:{path}", git.parent().unwrap().display()));
        let running = until(&reached, slow.start(["worktree", "add", "name:x"]));
        ask_to_stop(&running, signal);
        let stopped = running.within(Duration::from_secs(10)).refused(status);
        assert_eq!((&*stopped.code, stopped.retryable), ("interrupted", true));
        let bob = repo.agent("bob");
        assert_eq!((bob.holder_of("name:x"), there(&repo)), (None, ("main".into(), 1)));
        assert!(!repo.dir().join("main-x").exists());
        bob.jit(["worktree", "add", "name:x"]).ok();
        repo.healthy();
    }
}

/// A hook of Git's that goes on is waited for: what it writes is not lost.
#[test]
fn what_a_hook_writes_after_that_is_kept() {
    let repo = Repo::warm();
    let Adding { running, bob, go, .. } = adding(&repo, &["name:x"]);
    ask_to_stop(&running, Signal::TERM);
    write(&go, "");
    let stopped = running.within(LONG);
    assert_eq!(stopped.refused(143).code, "interrupted");
    assert!(stopped.stderr.contains("refs/jit/salvage/"), "{stopped:?}");
    assert_eq!((bob.holder_of("name:x"), there(&repo)), (None, ("main".into(), 1)));
}

/// Also where it waits for another to be done.
#[test]
fn one_that_waits_for_another_stops_at_once() {
    let repo = Repo::warm();
    let Adding { running, go, .. } = adding(&repo, &["name:x"]);
    let ann = repo.agent("ann");
    let mut waiting = ann.start(["worktree", "add", "name:y"]);
    let began = Instant::now();
    while ann.holder_of("name:y").is_none() {
        assert!(waiting.is_running() && began.elapsed() < LONG);
    }
    // It holds the lease, and may not have come to the lock yet: then it undoes that, too.
    ask_to_stop(&waiting, Signal::TERM);
    assert_eq!(waiting.within(Duration::from_secs(5)).refused(143).code, "interrupted");
    assert_eq!(ann.holder_of("name:y"), None);
    write(&go, "");
    running.within(LONG).ok();
    assert_eq!(there(&repo), ("jit/x\nmain".into(), 2));
}

/// A lease of a worktree that is being made is not one of a worktree that is gone.
#[test]
fn nobody_is_told_to_end_the_lease_of_one_that_is_being_made() {
    let repo = Repo::warm();
    let Adding { running, bob, hook, .. } = adding(&repo, &["name:x"]);
    let told = |agent: &Agent<'_>| {
        let doctor = agent.jit(["doctor"]).stdout;
        let ways = [&["claim", "acquire", "name:x"][..], &["worktree", "add", "name:x", "--branch", "y"]];
        let hints = ways.map(|way| bob.jit(way).refused(5).hint.unwrap());
        let all_say = |what: &str| hints.iter().all(|hint| hint.contains(what));
        [doctor.contains("force-evict"), all_say("force-evict"), all_say("is being made")]
    };
    assert_eq!(told(&repo.agent("ann")), [false, false, true]);
    running.kill();
    fs::remove_file(hook).unwrap();
    // Nobody makes it any more.
    assert_eq!(told(&repo.agent("ann")), [true, true, false]);
}

/// Whoever lost its lease meanwhile is told, and nothing is left of its worktree.
#[test]
fn one_whose_lease_was_ended_says_so() {
    let repo = Repo::warm();
    let Adding { running, bob, go, .. } = adding(&repo, &["name:x"]);
    repo.agent("ann").jit(["claim", "force-evict", "name:x", "--reason", "mine"]).ok();
    write(&go, "");
    let lost = running.within(LONG);
    let refused = lost.refused(6);
    assert!(refused.code == "lease_lost" && refused.names("agent:ann"), "{refused:?}");
    assert!(!lost.stderr.contains("lapses by itself"), "{lost:?}");
    assert_eq!((there(&repo), bob.holder_of("name:x")), (("main".into(), 1), None));
    // As its hint says.
    follow(&bob, &lost).ok();
    assert_eq!(there(&repo), ("jit/x\nmain".into(), 2));
    repo.healthy();
}
