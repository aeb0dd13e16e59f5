//! Work that was done and is not in this worktree's files: it is said where it is, and what brings it
//! here, in commands that work as they are printed.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::elsewhere::merge;
use crate::gates::seen;
use crate::support::Repo;
use crate::support::hint::shell;
use crate::support::issue::{commit, file, issue, listed, text};
use crate::support::repo::Agent;

/// An issue, another one that waits for it, and a worktree that has done the first.
fn done_in<'r>(repo: &'r Repo, name: &str) -> (Agent<'r>, Agent<'r>, String, String) {
    let ann = repo.agent("ann");
    let (id, waiting) = (issue(&ann, "work", &[]), issue(&ann, "more", &[]));
    ann.jit(["dep", "add", &waiting, &id]).ok();
    commit(repo, repo.main(), "issues");
    let bob = repo.agent("bob").at(repo.worktree(name));
    bob.claim(&id);
    bob.jit(["claim", "release", &id, "--done"]).ok();
    (ann, bob, id, waiting)
}

/// The command in a text behind these words, up to the next of several.
#[track_caller]
fn behind<'t>(text: &'t str, words: &str) -> &'t str {
    let (_, command) = text.split_once(words).unwrap_or_else(|| panic!("{words:?} in {text}"));
    command.split(';').next().unwrap().trim()
}

#[track_caller]
pub(crate) fn run(agent: &Agent<'_>, text: &str, words: &str) {
    let done = shell(agent, behind(text, words));
    assert_eq!(done.status, Some(0), "{done:?}");
}

/// What the doctor has to say of work that is nowhere: its exit status, and the hint.
pub(crate) fn nowhere(agent: &Agent<'_>) -> (Option<i32>, Option<String>) {
    let answer = agent.jit(["doctor"]);
    let data: Value = serde_json::from_str(&answer.stdout).unwrap();
    let findings = data["data"]["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["code"] == "end_nowhere");
    (answer.status, found.map(|found| found["hint"].as_str().unwrap().to_owned()))
}

/// Who waits for it is told who did it, where, and what brings it here.
#[test]
fn what_was_done_elsewhere_says_where() {
    let repo = Repo::warm();
    let (ann, bob, id, waiting) = done_in(&repo, "two");
    let uncommitted = seen(&ann, &id);
    assert!(uncommitted["next"].as_str().unwrap().starts_with("it is not committed there"), "{uncommitted}");
    commit(&repo, &repo.dir().join("two"), "done");
    let known = seen(&ann, &id);
    assert_eq!((&known["state"], &known["ended_by"]["by"]["agent"]), (&"done".into(), &bob.id().into()));
    assert_eq!(known["ended_elsewhere"]["by"]["branch"], "two");
    assert_eq!(known["ended_elsewhere"]["path"], repo.dir().join("two").to_str().unwrap());
    let said = ann.say(["issue", "show", &id]).stdout;
    assert!(said.contains("on branch two") && said.contains("not in your files"), "{said}");
    assert_eq!(seen(&bob, &id)["ended_elsewhere"], Value::Null);

    let blocked = listed(&ann, &["query", "blocked"])["issues"][0].clone();
    assert_eq!(
        (&blocked["awaited"][0]["issue"], &blocked["awaited"][0]["why"]),
        (&id.clone().into(), &"done_elsewhere".into())
    );
    let listed = ann.say(["query", "all"]);
    assert!(
        listed.stdout.contains(&format!("waits for {} (done, not in your files)", &id[..8])),
        "{listed:?}"
    );
    let blocked = ann.say(["query", "blocked"]).stderr;
    assert!(blocked.contains("merge two"), "{blocked}");
    let refused = ann.jit(["claim", "acquire", &waiting]);
    let hint = refused.refused(7).hint.unwrap();
    let told = ann.say(["claim", "acquire", &waiting]).stderr;
    assert!(told.contains("done by agent:bob at") && told.contains("is not in your files"), "{told}");
    assert_eq!(nowhere(&ann).1, None);
    run(&ann, &hint, "to have it here: ");
    ann.jit(["claim", "acquire", &waiting]).lease();
}

/// A branch is enough, here or of another repository; without any, a person says what counts.
#[test]
fn what_is_nowhere_needs_a_person() {
    let repo = Repo::warm();
    let (ann, _, id, waiting) = done_in(&repo, "two");
    let two = repo.dir().join("two");
    assert_eq!(nowhere(&ann).1, None, "its worktree has it");
    repo.git(&two, &["checkout", "-q", "-b", "three"]);
    commit(&repo, &two, "done");
    repo.git(repo.main(), &["worktree", "remove", "--force", two.to_str().unwrap()]);
    assert_eq!(nowhere(&ann).1, None, "a branch has it that nobody named");
    assert!(seen(&ann, &id)["next"].as_str().unwrap().ends_with(" merge three"));
    repo.git(repo.main(), &["update-ref", "refs/remotes/origin/three", "three"]);
    repo.git(repo.main(), &["branch", "-q", "-D", "three"]);
    assert_eq!(nowhere(&ann).1, None, "one of another repository has it");
    let refused = ann.jit(["claim", "acquire", &waiting]).refused(7).hint.unwrap();
    assert!(behind(&refused, "to have it here: ").ends_with(" merge origin/three"), "{refused}");
    repo.git(repo.main(), &["update-ref", "-d", "refs/remotes/origin/three"]);
    assert!(seen(&ann, &id)["next"].as_str().unwrap().ends_with("jit doctor"));
    let (status, hint) = nowhere(&ann);
    assert_eq!(status, Some(9));
    ann.jit(["doctor", "--fix"]);
    assert_eq!(nowhere(&ann).1, hint, "nothing was decided for anybody");
    run(&ann, &hint.unwrap(), "be done anew: ");
    assert_eq!(nowhere(&ann), (Some(0), None));
    ann.jit(["claim", "acquire", &waiting]).refused(7);
    ann.claim(&id);
}

/// Where no branch is checked out, the commit is merged.
#[test]
fn what_was_done_on_no_branch() {
    let repo = Repo::warm();
    let (ann, bob, id, waiting) = done_in(&repo, "two");
    let two = repo.dir().join("two");
    repo.git(&two, &["checkout", "-q", "--detach"]);
    commit(&repo, &two, "done");
    let next = seen(&ann, &id)["next"].as_str().unwrap().to_owned();
    assert!(next.ends_with(repo.git(&two, &["rev-parse", "HEAD"]).trim()), "{next}");
    run(&ann, &next, "to have it here: ");
    ann.jit(["claim", "acquire", &waiting]).lease();
    assert_eq!(seen(&bob, &id)["ended_elsewhere"], Value::Null);
}

/// A file that was put back says again what the log knows, if somebody says so.
#[test]
fn a_file_that_was_put_back() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    let (id, waiting) = (issue(&ann, "work", &[]), issue(&ann, "more", &[]));
    let gated = issue(&ann, "gated", &["--gate", "review"]);
    ann.jit(["dep", "add", &waiting, &id]).ok();
    commit(&repo, repo.main(), "issues");
    ann.jit(["issue", "close", &id]).refused(2);
    for id in [&id, &gated] {
        ann.claim(id);
        ann.jit(["claim", "release", id, "--done"]).ok();
    }
    repo.git(repo.main(), &["checkout", "-q", "--", ".jit/issues"]);
    let exported = ann.say(["export"]).stdout;
    let states = |state: &str| exported.matches(&format!("\"state\":\"{state}\"")).count();
    assert_eq!((states("done"), states("gated"), states("ready")), (1, 1, 1), "{exported}");
    assert_eq!(nowhere(&ann).0, Some(9));
    assert!(ann.say(["claim", "acquire", &waiting]).stderr.contains("jit doctor"));
    for _ in 0..2 {
        let hint = nowhere(&ann).1.unwrap();
        run(&ann, &hint, "file say so: ");
    }
    assert_eq!(nowhere(&ann), (Some(0), None));
    assert!(text(&repo, &id).contains("\"done\"") && text(&repo, &gated).contains("\"gated\""));
    ann.jit(["claim", "acquire", &waiting]).lease();
    ann.jit(["gate", "pass", &gated, "review"]).ok();
    assert_eq!(seen(&ann, &gated)["state"], "done");
}

/// The state that an issue's file has in a worktree.
#[track_caller]
pub(crate) fn filed(root: &Path, id: &str) -> String {
    let text = fs::read_to_string(file(root, id)).unwrap();
    text.split("\"state\": \"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// A change of a field says nothing of the work: who waits for it waits, a reopening is not undone by a
/// merge, and what is lost is told.
#[test]
fn a_change_of_what_was_done_elsewhere_leaves_its_state() {
    for change in [&["issue", "update", "ID", "--label", "note"][..], &["dep", "add", "ID", "OTHER"]] {
        let repo = Repo::warm();
        let (ann, bob, id, waiting) = done_in(&repo, "two");
        let other = issue(&ann, "other", &[]);
        let words = change.iter().map(|word| match *word {
            "ID" => id.as_str(),
            "OTHER" => other.as_str(),
            word => word,
        });
        let changed = ann.jit(words).ok();
        assert_eq!(changed["issue"]["state"], "done", "as the log knows it");
        assert_eq!(filed(repo.main(), &id), "ready");
        ann.jit(["claim", "acquire", &waiting]).refused(7);
        commit(&repo, repo.main(), "note");
        let two = repo.dir().join("two");
        commit(&repo, &two, "done");
        bob.jit(["issue", "reopen", &id]).ok();
        commit(&repo, &two, "reopened");
        merge(&repo, "two");
        assert_eq!(filed(repo.main(), &id), "ready");
    }
    let repo = Repo::warm();
    let (ann, _, id, _) = done_in(&repo, "two");
    repo.git(repo.main(), &["worktree", "remove", "--force", repo.dir().join("two").to_str().unwrap()]);
    ann.jit(["issue", "update", &id, "--label", "note"]).ok();
    assert_eq!(nowhere(&ann).0, Some(9));
}

/// The same of an issue of which only the main worktree has a file.
#[test]
fn a_change_of_what_only_the_main_worktree_has_leaves_its_state() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let two = repo.worktree("two");
    let bob = repo.agent("bob").at(&two);
    let (id, waiting) = (issue(&ann, "work", &[]), issue(&ann, "more", &[]));
    ann.jit(["dep", "add", &waiting, &id]).ok();
    ann.claim(&id);
    ann.jit(["claim", "release", &id, "--done"]).ok();
    bob.jit(["issue", "update", &id, "--label", "note"]).ok();
    assert_eq!((&*filed(&two, &id), &*filed(repo.main(), &id)), ("ready", "done"));
    bob.jit(["claim", "acquire", &waiting]).refused(7);
    bob.jit(["claim", "acquire", &id]).refused(7);
}

/// A gate that is passed or taken away where the work is not ends the issue for the leases, and in the
/// file where both come together.
#[test]
fn a_gate_of_work_elsewhere_leaves_the_state() {
    for settle in [&["gate", "pass", "ID", "review"][..], &["gate", "rm", "ID", "review"]] {
        let repo = Repo::warm();
        let ann = repo.agent("ann");
        ann.jit(["init"]).ok();
        ann.jit(["gate", "define", "review", "--manual"]).ok();
        let (id, waiting) = (issue(&ann, "work", &["--gate", "review"]), issue(&ann, "more", &[]));
        ann.jit(["dep", "add", &waiting, &id]).ok();
        commit(&repo, repo.main(), "issues");
        let two = repo.worktree("two");
        let bob = repo.agent("bob").at(&two);
        bob.claim(&id);
        bob.jit(["claim", "release", &id, "--done"]).ok();
        commit(&repo, &two, "done");
        ann.jit(settle.iter().map(|word| if *word == "ID" { &id } else { *word })).ok();
        assert_eq!(
            (filed(repo.main(), &id), seen(&bob, &id)["state"].clone()),
            ("ready".into(), "done".into())
        );
        ann.jit(["claim", "acquire", &waiting]).refused(7);
        commit(&repo, repo.main(), "reviewed");
        merge(&repo, "two");
        assert_eq!(filed(repo.main(), &id), "done");
        ann.jit(["claim", "acquire", &waiting]).lease();
    }
}

/// Only what is lost is closed without the work.
#[test]
fn what_another_branch_has_is_not_closed_here() {
    let repo = Repo::warm();
    let (ann, bob, id, _) = done_in(&repo, "two");
    ann.jit(["issue", "close", &id]).refused(7);
    commit(&repo, &repo.dir().join("two"), "done");
    let refused = ann.jit(["issue", "close", &id]);
    assert_eq!(filed(repo.main(), &id), "ready");
    run(&ann, &refused.refused(7).hint.unwrap(), "to have it here: ");
    for agent in [&ann, &bob] {
        agent.jit(["issue", "close", &id]).ok();
    }
}

/// Deleted is told from rejected in other worktrees, until somebody wants it back.
#[test]
fn what_was_deleted_elsewhere() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let (id, waiting) = (issue(&ann, "work", &[]), issue(&ann, "more", &[]));
    ann.jit(["dep", "add", &waiting, &id]).ok();
    commit(&repo, repo.main(), "issues");
    let bob = repo.agent("bob").at(repo.worktree("two"));
    let lost = issue(&ann, "never committed", &[]);
    let recall = "it can't be had back";
    assert!(ann.say(["issue", "delete", &lost]).stderr.contains(recall));
    let deleted = ann.say(["issue", "delete", &id]);
    assert!(deleted.stdout.contains("state     deleted") && !deleted.stderr.contains(recall), "{deleted:?}");
    assert_eq!(seen(&bob, &id)["state"], "deleted");
    assert_eq!(listed(&bob, &["query", "all", "--state", "deleted"])["issues"][0]["id"], *id);
    let refused = bob.say(["claim", "acquire", &id]).stderr;
    assert!(refused.contains("is deleted"), "{refused}");
    assert_eq!(bob.jit(["claim", "acquire", &id]).trouble().context["barred"][0]["outcome"], "deleted");
    let hint = bob.jit(["claim", "acquire", &waiting]).refused(7).hint.unwrap();
    assert!(hint.contains(&format!("dep rm {waiting} {id}")), "{hint}");
    let updated = bob.say(["issue", "update", &id, "--label", "q"]).stderr;
    assert!(updated.contains("was deleted in another worktree by agent:ann"), "{updated}");
    bob.jit(["issue", "update", &id, "--state", "backlog"]).refused(7);
    run(&bob, seen(&bob, &id)["next"].as_str().unwrap(), "to have it back: ");
    bob.jit(["claim", "acquire", &id]).lease();
    assert!(file(&repo.dir().join("two"), &id).exists());
}

/// Whoever waits for several that nobody will do is told of each.
#[test]
fn each_that_is_waited_for_is_told() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let [waiting, rejected, deleted] = ["more", "one", "two"].map(|title| issue(&ann, title, &[]));
    ann.jit(["dep", "add", &waiting, &rejected, &deleted]).ok();
    commit(&repo, repo.main(), "issues");
    let bob = repo.agent("bob").at(repo.worktree("two"));
    ann.jit(["issue", "close", &rejected, "--rejected"]).warned();
    ann.jit(["issue", "delete", &deleted]).warned();
    let hint = bob.jit(["claim", "acquire", &waiting]).refused(7).hint.unwrap();
    for on in [&rejected, &deleted] {
        assert!(hint.contains(&format!("dep rm {waiting} {on}")), "{hint}");
    }
    let assigned = bob.jit(["claim", "assign", &deleted]).refused(7);
    assert!(assigned.message.ends_with("is deleted"), "{assigned:?}");
}

/// What a person ended while somebody worked on it: whoever says that it is done is told.
#[test]
fn what_was_ended_meanwhile() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let boss = |words: &[&str]| ann.say([&["--agent", "human:boss"], words].concat());
    let [rejected, deleted] = ["one", "two"].map(|title| issue(&ann, title, &[]));
    for id in [&rejected, &deleted] {
        ann.claim(id);
    }
    assert_eq!(boss(&["issue", "close", &rejected, "--rejected"]).status, Some(0));
    let answer = boss(&["issue", "delete", &deleted]);
    assert!(answer.stdout.contains("state     deleted"), "{answer:?}");
    let warned = ann.jit(["claim", "release", &rejected, "--done"]).warned();
    assert!(warned.len() == 1 && warned[0].contains("was rejected by human:boss"), "{warned:?}");
    run(&ann, &warned[0], "if it is not wanted: ");
    assert_eq!(seen(&ann, &rejected)["state"], "rejected");
    let refused = ann.jit(["claim", "release", &deleted, "--done"]).refused(3);
    assert!(refused.message.contains("was deleted by human:boss"), "{refused:?}");
    run(&ann, &refused.hint.unwrap(), "give it up undone: ");
}
