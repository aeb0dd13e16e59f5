//! What was rejected or deleted and is not so in this worktree's files, and what a clone says of ends.

use std::fs;

use serde_json::Value;

use crate::done_elsewhere::{filed, nowhere, run};
use crate::gates::seen;
use crate::support::Repo;
use crate::support::issue::{commit, file, issue, listed, text};
use crate::unrecorded::unrecorded;

/// The same of what nobody will do: it is said where that is written, and what is written nowhere needs
/// a person.
#[test]
fn what_was_rejected_elsewhere_says_where() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let (id, waiting) = (issue(&ann, "work", &[]), issue(&ann, "more", &[]));
    ann.jit(["dep", "add", &waiting, &id]).ok();
    commit(&repo, repo.main(), "issues");
    let two = repo.worktree("two");
    let bob = repo.agent("bob").at(&two);
    bob.jit(["issue", "close", &id, "--rejected"]).warned();
    assert_eq!(seen(&bob, &id)["ended_elsewhere"], Value::Null);
    commit(&repo, &two, "rejected");
    let known = seen(&ann, &id);
    assert_eq!(
        (&known["state"], &known["ended_elsewhere"]["outcome"]),
        (&"rejected".into(), &"rejected".into())
    );
    let said = ann.say(["issue", "show", &id]).stdout;
    assert!(said.contains("rejected by agent:bob at") && said.contains("not in your files"), "{said}");
    assert_eq!(listed(&ann, &["query", "blocked"])["issues"][0]["awaited"][0]["why"], "rejected");
    assert_eq!(nowhere(&ann).1, None);
    run(&ann, known["next"].as_str().unwrap(), "to have it here: ");
    assert_eq!((&*filed(repo.main(), &id), &seen(&ann, &id)["ended_elsewhere"]), ("rejected", &Value::Null));

    for (way, state) in
        [("let this worktree's file say so: ", "rejected"), ("to be done after all: ", "ready")]
    {
        let id = issue(&ann, "work", &[]);
        commit(&repo, repo.main(), "issue");
        ann.jit(["issue", "close", &id, "--rejected"]).ok();
        repo.git(repo.main(), &["checkout", "-q", "--", ".jit/issues"]);
        let (status, hint) = nowhere(&ann);
        assert_eq!(status, Some(9));
        run(&ann, &hint.unwrap(), way);
        assert_eq!(nowhere(&ann), (Some(0), None));
        assert_eq!((&*filed(repo.main(), &id), &seen(&ann, &id)["state"]), (state, &state.into()));
    }
}

/// A merge that takes a reopening back is told of, whatever it says.
#[test]
fn a_rejection_that_was_reopened_and_is_merged_is_told() {
    for (way, state) in [("let this file say so: ", "ready"), ("nobody is to do it: ", "rejected")] {
        let repo = Repo::warm();
        let ann = repo.agent("ann");
        let id = issue(&ann, "work", &[]);
        commit(&repo, repo.main(), "issue");
        let two = repo.worktree("two");
        ann.clone().at(&two).jit(["issue", "close", &id, "--rejected"]).ok();
        commit(&repo, &two, "rejected");
        ann.jit(["issue", "reopen", &id]).warned();
        repo.git(repo.main(), &["merge", "-q", "--no-edit", "two"]);
        assert_eq!(seen(&ann, &id)["unrecorded"], true);
        let (status, found) = unrecorded(&ann);
        assert_eq!(status, Some(9));
        let hint = found["hint"].as_str().unwrap();
        run(&ann, hint, way);
        assert_eq!(unrecorded(&ann).1, Value::Null);
        assert_eq!((&*filed(repo.main(), &id), &seen(&ann, &id)["state"]), (state, &state.into()));
    }
}

/// What is rejected once more is said so once more, in the file too.
#[test]
fn what_is_rejected_again_is_here() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    commit(&repo, repo.main(), "issue");
    ann.jit(["issue", "close", &id, "--rejected"]).ok();
    let said = ann.jit(["issue", "close", &id, "--rejected"]).warned();
    assert!(said[0].starts_with("nothing changed"), "{said:?}");
    let rejected = text(&repo, &id);
    ann.jit(["issue", "reopen", &id]).ok();
    ann.jit(["issue", "close", &id, "--rejected"]).ok();
    assert_eq!(nowhere(&ann), (Some(0), None));
    // The file of the first time says it of that only, until somebody says so.
    fs::write(file(repo.main(), &id), rejected).unwrap();
    run(&ann, &nowhere(&ann).1.unwrap(), "file say so: ");
    assert_eq!(nowhere(&ann), (Some(0), None));
}

/// The same of what was deleted: a clone hands it out where nothing says so.
#[test]
fn a_deletion_that_was_put_back() {
    for (way, state) in [("delete it here, too: ", None), ("to be done after all: ", Some("ready"))] {
        let repo = Repo::warm();
        let ann = repo.agent("ann");
        let id = issue(&ann, "work", &[]);
        commit(&repo, repo.main(), "issue");
        let two = ann.clone().at(repo.worktree("two"));
        ann.jit(["issue", "delete", &id]).ok();
        assert_eq!(nowhere(&two).1, None, "the files of another worktree say so");
        assert!(two.say(["issue", "show", &id]).stdout.contains("deleted by agent:ann"));
        fs::remove_file(file(repo.main(), &id).with_extension("deleted")).unwrap();
        repo.git(repo.main(), &["checkout", "-q", "--", ".jit/issues"]);
        run(&ann, &nowhere(&ann).1.unwrap(), way);
        assert_eq!(nowhere(&ann), (Some(0), None));
        assert_eq!(state.map(|_| filed(repo.main(), &id)).as_deref(), state);
    }
}

/// In a clone, whose log is new, an old worktree is told what to merge: of what was deleted, and of what
/// waits for its gates.
#[test]
fn a_clone_says_what_to_merge() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    let (gone, gated) = (issue(&ann, "gone", &[]), issue(&ann, "gated", &["--gate", "review"]));
    commit(&repo, repo.main(), "issues");
    repo.git(repo.main(), &["branch", "old"]);
    ann.jit(["issue", "delete", &gone]).ok();
    ann.claim(&gated);
    ann.jit(["claim", "release", &gated, "--done"]).ok();
    commit(&repo, repo.main(), "ends");
    let (clone, old) = (repo.dir().join("clone"), repo.dir().join("old"));
    repo.git(repo.dir(), &["clone", "-q", repo.main().to_str().unwrap(), clone.to_str().unwrap()]);
    repo.git(&clone, &["worktree", "add", "-q", old.to_str().unwrap(), "-b", "old", "origin/old"]);
    let bob = repo.agent("bob").at(&old);
    for id in [&gone, &gated] {
        assert!(seen(&bob, id)["next"].as_str().unwrap().ends_with(" merge main"), "{}", seen(&bob, id));
    }
    assert_eq!(nowhere(&bob), (Some(0), None));
    assert!(bob.jit(["claim", "acquire", &gated]).refused(7).hint.unwrap().ends_with(" merge main"));
    let trouble = bob.jit(["gate", "pass", &gated, "review"]).refused(7);
    assert!(trouble.hint.unwrap().ends_with(&format!("jit issue show {gated}")));
}

/// A file that says otherwise than its own HEAD is had from there, or says so once more.
#[test]
fn a_file_that_says_otherwise_than_head() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    ann.claim(&id);
    ann.jit(["claim", "release", &id, "--done"]).ok();
    commit(&repo, repo.main(), "done");
    let done = text(&repo, &id);
    fs::write(file(repo.main(), &id), done.replace("\"done\"", "\"ready\"")).unwrap();
    let next = seen(&ann, &id)["next"].as_str().unwrap().to_owned();
    run(&ann, &next, "as it is there: ");
    assert_eq!((text(&repo, &id), &seen(&ann, &id)["ended_elsewhere"]), (done, &Value::Null));
}
