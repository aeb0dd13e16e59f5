//! What meets a dependency, and what does not.

use std::fs;

use crate::gates::seen;
use crate::support::Repo;
use crate::support::issue::{commit, file, ids, issue, listed, text};

/// `done` with open gates is gated: what waits for it waits on, in a list and for a claim.
#[test]
fn open_gates_meet_no_dependency() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    let id = issue(&ann, "work", &["--gate", "review"]);
    let after = issue(&ann, "after", &[]);
    ann.jit(["dep", "add", &after, &id]).ok();
    fs::write(file(repo.main(), &id), text(&repo, &id).replace("\"ready\"", "\"done\"")).unwrap();
    assert_eq!(seen(&ann, &id)["state"], "gated");
    assert_eq!(ids(&listed(&ann, &["query", "available"])), Vec::<String>::new());
    assert_eq!(ann.jit(["claim", "acquire", &after]).refused(7).code, "blocked");
}

/// Only what is done in the caller's own files, or at its HEAD, meets a dependency: what only the
/// main worktree's files say brings no code here.
#[test]
fn what_only_the_main_worktree_has_meets_no_dependency() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    fs::write(repo.main().join("README"), "").unwrap();
    commit(&repo, repo.main(), "before the issues");
    let two = repo.agent("bob").at(repo.worktree("two"));
    let [id, after] = ["work", "after"].map(|title| issue(&ann, title, &[]));
    ann.jit(["dep", "add", &after, &id]).ok();
    ann.claim(&id);
    ann.jit(["claim", "release", &id, "--done"]).ok();
    assert_eq!(ids(&listed(&ann, &["query", "available"])), std::slice::from_ref(&after));
    assert_eq!(ids(&listed(&two, &["query", "available"])), Vec::<String>::new());
    assert_eq!(two.jit(["claim", "acquire", &after]).refused(7).code, "blocked");
    ann.claim(&after);
}

/// Nor does a file that the log contradicts: somebody reopened it, and the next attempt is not here yet.
#[test]
fn an_attempt_before_meets_no_dependency() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let (id, waiting) = (issue(&ann, "work", &[]), issue(&ann, "more", &[]));
    ann.jit(["dep", "add", &waiting, &id]).ok();
    ann.claim(&id);
    ann.jit(["claim", "release", &id, "--done"]).ok();
    commit(&repo, repo.main(), "done");
    let two = repo.worktree("two");
    let bob = bob.at(&two);
    bob.jit(["issue", "reopen", &id]).ok();
    for done_anew in [false, true] {
        if done_anew {
            bob.claim(&id);
            bob.jit(["claim", "release", &id, "--done"]).ok();
            commit(&repo, &two, "done anew");
        }
        ann.jit(["claim", "next"]).refused(4);
        assert_eq!(ann.jit(["claim", "acquire", &waiting]).refused(7).code, "blocked");
        assert_eq!(listed(&ann, &["query", "blocked"])["issues"][0]["id"], *waiting);
    }
    repo.git(repo.main(), &["merge", "-q", "--no-edit", "two"]);
    ann.jit(["claim", "acquire", &waiting]).lease();
}
