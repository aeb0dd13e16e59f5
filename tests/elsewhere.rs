//! Ends that are not in this worktree's files: they bar claims all the same, and it is said where
//! they are.

use std::path::PathBuf;

use serde_json::Value;

use crate::gates::seen;
use crate::support::Repo;
use crate::support::issue::{commit, file, ids, issue, listed};
use crate::support::repo::Agent;

/// A clone whose main worktree has an issue as done, and another one of a branch from before. The
/// log of the clone knows nothing.
fn cloned(repo: &Repo, bare: bool) -> (String, PathBuf) {
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    commit(repo, repo.main(), "issue");
    repo.git(repo.main(), &["branch", "before"]);
    ann.claim(&id);
    ann.jit(["claim", "release", &id, "--done"]).ok();
    commit(repo, repo.main(), "done");
    let clone = repo.dir().join("clone");
    let options: &[&str] = if bare { &["clone", "-q", "--bare"] } else { &["clone", "-q"] };
    let [from, to] = [repo.main(), &clone].map(|path| path.to_str().unwrap());
    repo.git(repo.dir(), &[options, &[from, to]].concat());
    let old = repo.dir().join("old");
    let start = if bare { "before" } else { "origin/before" };
    repo.git(&clone, &["worktree", "add", "-q", "-b", "old", old.to_str().unwrap(), start]);
    (id, old)
}

/// Merges a branch into the main worktree, as Git does it where jit is on PATH.
#[track_caller]
pub(crate) fn merge(repo: &Repo, branch: &str) {
    let path = std::path::Path::new(crate::support::repo::JIT).parent().unwrap().display().to_string();
    let merge = repo
        .hermetic("git")
        .env("PATH", format!("{path}:{}", std::env::var("PATH").unwrap()))
        .args(["merge", "-q", "--no-edit", branch])
        .current_dir(repo.main())
        .status();
    assert!(merge.unwrap().success());
}

#[track_caller]
fn is_barred(agent: &Agent<'_>, id: &str) {
    assert_eq!(ids(&agent.jit(["query", "available"]).ok()), [""; 0]);
    agent.jit(["claim", "next"]).refused(4);
    agent.jit(["claim", "acquire", id]).refused(7);
    assert_eq!(seen(agent, id)["state"], "done");
}

/// What the main worktree has committed as done is done in a worktree of an older branch too, until
/// somebody reopens it there.
#[test]
fn an_end_that_only_the_main_worktree_has_bars_claims() {
    for bare in [false, true] {
        let repo = Repo::warm();
        let (id, old) = cloned(&repo, bare);
        let bob = repo.agent("bob").at(&old);
        is_barred(&bob, &id);
        bob.jit(["issue", "update", &id, "--label", "note"]).ok();
        is_barred(&bob, &id);
        bob.jit(["issue", "reopen", &id]).ok();
        assert_eq!(ids(&bob.jit(["query", "available"]).ok()), [&*id]);
        bob.jit(["claim", "next"]).lease();
    }
}

/// What was deleted there, by its file or by what it has committed, bars too, until somebody reopens it.
#[test]
fn a_deletion_that_only_the_main_worktree_has_bars_claims() {
    for is_committed in [true, false] {
        let repo = Repo::warm();
        let ann = repo.agent("ann");
        let id = issue(&ann, "work", &[]);
        commit(&repo, repo.main(), "issue");
        repo.git(repo.main(), &["branch", "before"]);
        ann.jit(["issue", "delete", &id]).ok();
        commit(&repo, repo.main(), "deleted");
        let (clone, old) = (repo.dir().join("clone"), repo.dir().join("old"));
        repo.git(repo.dir(), &["clone", "-q", "main", "clone"]);
        repo.git(&clone, &["worktree", "add", "-q", "-b", "old", "../old", "origin/before"]);
        if !is_committed {
            repo.git(&clone, &["reset", "-q", "--soft", "origin/before"]);
        }
        let bob = repo.agent("bob").at(&old);
        bob.jit(["claim", "next"]).refused(4);
        bob.jit(["claim", "acquire", &id]).refused(7);
        bob.jit(["issue", "reopen", &id]).ok();
        bob.jit(["claim", "next"]).lease();
    }
}

/// The same where only its file says so, or this worktree's HEAD: whoever picks looks there.
#[test]
fn an_end_in_a_file_that_is_not_the_nearest_bars_claims() {
    let repo = Repo::warm();
    let (id, old) = cloned(&repo, false);
    let bob = repo.agent("bob").at(&old);
    let clone = repo.dir().join("clone");
    repo.git(&clone, &["checkout", "-q", "--detach", "origin/before"]);
    repo.git(&clone, &["checkout", "-q", "origin/main", "--", ".jit/issues"]);
    bob.jit(["claim", "next"]).refused(4);
    bob.jit(["claim", "acquire", &id]).refused(7);
    repo.git(&clone, &["reset", "-q", "--hard"]);
    assert_eq!(seen(&bob, &id)["state"], "ready");
    repo.git(&old, &["reset", "-q", "--hard", "origin/main"]);
    repo.git(&old, &["checkout", "-q", "origin/before", "--", ".jit/issues"]);
    bob.jit(["claim", "next"]).refused(4);
    bob.jit(["claim", "acquire", &id]).refused(7);
    // A file that was written since is right.
    let text = std::fs::read_to_string(file(&old, &id)).unwrap();
    let at = text.split("\"updated_at\": \"").nth(1).unwrap().split('"').next().unwrap();
    std::fs::write(file(&old, &id), text.replace(at, "2100-01-01T00:00:00.000Z")).unwrap();
    bob.jit(["claim", "next"]).lease();
}

/// A gate that another branch required meanwhile is open once both are merged: everywhere.
#[test]
fn a_gate_that_came_with_a_merge_is_open() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["init"]).ok();
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    ann.jit(["gate", "define", "docs", "--manual"]).ok();
    let (id, waiting) = (issue(&ann, "work", &[]), issue(&ann, "more", &[]));
    ann.jit(["dep", "add", &waiting, &id]).ok();
    commit(&repo, repo.main(), "issues");
    let [one, two] = ["one", "two"].map(|name| ann.clone().at(repo.worktree(name)));
    two.jit(["gate", "add", &id, "review", "docs"]).ok();
    commit(&repo, &repo.dir().join("two"), "gate");
    one.claim(&id);
    one.jit(["claim", "release", &id, "--done"]).ok();
    commit(&repo, &repo.dir().join("one"), "done");
    for branch in ["one", "two"] {
        merge(&repo, branch);
    }
    repo.git(&repo.dir().join("two"), &["merge", "-q", "main"]);
    let state = |agent: &Agent<'_>| seen(agent, &id)["state"].clone();
    assert_eq!((state(&ann), state(&two)), ("gated".into(), "gated".into()));
    assert_eq!(ann.jit(["claim", "acquire", &id]).refused(7).code, "gate_open");
    let all = |state: &str| ids(&listed(&ann, &["query", "all", "--state", state]));
    assert_eq!((all("gated"), all("done").len()), (vec![id.clone()], 0));
    let blocked = ann.say(["query", "blocked"]);
    assert!(blocked.stdout.contains(&format!("waits for {} (gated)", &id[..8])), "{blocked:?}");
    let shown = ann.say(["issue", "show", &id]).stdout;
    assert!(shown.contains(&format!("jit gate pass {id} docs review")), "{shown}");
    let hint = ann.jit(["claim", "acquire", &waiting]).refused(7).hint.unwrap();
    assert!(hint.contains(&format!("jit gate pass {id} docs review")), "{hint}");
    ann.jit(["gate", "pass", &id, "review"]).ok();
    assert_eq!(state(&ann), "gated", "one of two");
    ann.jit(["gate", "pass", &id, "docs"]).ok();
    assert_eq!((state(&ann), state(&two)), ("done".into(), "done".into()));
    ann.jit(["claim", "acquire", &waiting]).lease();
    let done: Value = "done".into();
    assert_eq!(state(&one), done, "it never had the gate");
}
