//! A clone of a repository with `.jit`, on another path: it works at once.

use std::path::Path;

use crate::support::Repo;
use crate::support::repo::JIT;

/// Reading needs nothing and writes nothing; what writes an issue configures the merge driver.
#[test]
fn a_clone_works_at_once() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    ann.jit(["init"]).ok();
    let made = ann.jit(["issue", "create", "--title", "one"]).ok();
    let id = made["issue"]["id"].as_str().unwrap();
    repo.git(repo.main(), &["add", "-A"]);
    repo.git(repo.main(), &["commit", "-qm", "an issue"]);
    let clone = repo.dir().join("a clone, é");
    repo.git(repo.dir(), &["clone", "-q", repo.main().to_str().unwrap(), clone.to_str().unwrap()]);
    let bob = repo.agent("bob").at(&clone);
    let driver = || repo.try_git(&clone, &["config", "merge.jit-issue.driver"]).status.success();

    assert_eq!(bob.jit(["query", "available"]).ok()["issues"][0]["id"], *id);
    assert_eq!(bob.jit(["issue", "show", id]).ok()["issue"]["title"], "one");
    assert!(!clone.join(".git/jit").join("claims.jsonl").exists(), "who reads writes nothing");
    bob.jit(["claim", "next"]).lease();
    assert!(!driver(), "a claim is no change of an issue");
    bob.jit(["claim", "release", id, "--done"]).ok();
    assert!(driver());
    repo.git(&clone, &["commit", "-qam", "done", "--allow-empty"]);
    repo.git(&clone, &["add", "-A"]);
    repo.git(&clone, &["commit", "-qm", "events"]);

    ann.jit(["issue", "update", id, "--priority", "high"]).ok();
    repo.git(repo.main(), &["add", "-A"]);
    repo.git(repo.main(), &["commit", "-qm", "urgent"]);
    let path = format!("{}:{}", Path::new(JIT).parent().unwrap().display(), std::env::var("PATH").unwrap());
    let pulled = repo
        .hermetic("git")
        .env("PATH", path)
        .args(["pull", "-q", "--no-rebase", "--no-edit"])
        .current_dir(&clone)
        .output()
        .unwrap();
    assert!(pulled.status.success(), "{pulled:?}");
    let issue = bob.jit(["issue", "show", id]).ok();
    assert_eq!([&issue["issue"]["state"], &issue["issue"]["priority"]], ["done", "high"]);
}

/// Where the driver can't be configured, the issue is written all the same, and it is said how.
#[test]
fn a_driver_that_cannot_be_configured_is_told() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    std::fs::write(repo.main().join(".git/config.lock"), "").unwrap();
    let answer = ann.say(["issue", "create", "--title", "one"]);
    assert_eq!(answer.status, Some(0), "{answer:?}");
    assert!(answer.stderr.contains("jit init"), "{answer:?}");
}
