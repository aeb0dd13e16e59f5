//! `jit claim keep`: a lease stands for as long as a process of somebody else's lives.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::gate_commands::is_gone;
use crate::running::{SOON, last_release, pid};
use crate::support::Repo;

/// It is renewed while the process lives, and released when it is gone.
#[test]
fn a_lease_is_kept_for_a_process() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let lease = ann.jit(["claim", "acquire", "name:a", "--ttl", "1s"]).lease();
    let mut process = Command::new("sleep").arg("60").spawn().unwrap();
    let number = process.id().to_string();
    let mut keeping = ann.start(["claim", "keep", &lease.lease_id, "--pid", &number]);
    let began = Instant::now();
    sleep(Duration::from_millis(300));
    while began.elapsed() < Duration::from_millis(2_500) {
        bob.jit(["claim", "acquire", "name:a"]).refused(5);
        sleep(Duration::from_millis(100));
    }
    assert!(keeping.is_running());
    process.kill().unwrap();
    // It is gone although nobody has collected it.
    let kept = keeping.within(SOON).ok();
    assert_eq!(
        (&kept["pid"], &kept["release"]["released"][0]["issues"][0]),
        (&process.id().into(), &"name:a".into())
    );
    assert_eq!(last_release(&repo).0, "undone");
    process.wait().unwrap();
    let refused = ann.jit(["claim", "keep", "name:a", "--pid", &number]).refused(2);
    assert_eq!(refused.context["pid"], process.id());
}

/// A lost lease is told, and the process left alone unless its end was asked for.
#[test]
fn a_lease_that_cannot_be_kept() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    for on_lost in ["ignore", "kill"] {
        let mut process = Command::new("sh").args(["-c", "trap '' TERM; sleep 60"]).spawn().unwrap();
        let number = process.id().to_string();
        ann.jit(["claim", "acquire", "name:a", "--ttl", "1s"]).lease();
        let asked = ["claim", "keep", "name:a", "--pid", &number, "--on-lost", on_lost, "--grace", "0"];
        let mut keeping = ann.start(asked);
        sleep(Duration::from_millis(200));
        assert!(keeping.is_running());
        bob.jit(["claim", "force-evict", "name:a", "--reason", "mine now"]).ok();
        let lost = keeping.within(SOON);
        assert_eq!(lost.status, Some(6), "{lost:?}");
        assert!(lost.stderr.contains("\"lease_lost\""), "{lost:?}");
        assert_eq!(is_gone(pid(&process)), on_lost == "kill");
        let _ = process.kill();
        process.wait().unwrap();
    }
}

/// What its holder gives up need not be kept.
#[test]
fn a_lease_that_is_given_up_is_not_kept() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["claim", "acquire", "name:a", "--ttl", "1s"]).lease();
    let keeping = ann.start(["claim", "keep", "name:a", "--pid", &std::process::id().to_string()]);
    sleep(Duration::from_millis(200));
    ann.jit(["claim", "release", "name:a"]).ok();
    assert_eq!(keeping.within(SOON).ok()["release"], serde_json::Value::Null);
    assert_eq!(ann.jit(["claim", "keep", "name:a", "--pid", "x"]).refused(2).code, "bad_usage");
}
