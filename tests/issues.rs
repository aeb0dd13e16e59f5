//! An issue from its claim to its end: who may do what to it, and what every worktree knows of that.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use crate::support::issue::{commit, issue, text};
use crate::support::{Agent, Repo};

/// An abbreviation is resolved before anything else: a prefix and the full id are one claim.
#[test]
fn a_prefix_and_the_full_id_are_one_claim() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let id = issue(&ann, "one", &[]);
    assert_eq!(ann.claim(&id[..8]).issues, std::slice::from_ref(&id));
    assert!(bob.jit(["claim", "acquire", &id]).refused(5).names("agent:ann"));
    assert_eq!(bob.jit(["claim", "status", &id[..8]]).lease().agent, "agent:ann");
    assert_eq!(ann.jit(["claim", "acquire", "ffffffff"]).refused(3).code, "issue_not_found");
    ann.jit(["claim", "release", &id]).ok();
    bob.claim(&id);
}

/// What is finished in one worktree is handed out in no other, before any merge; and is again once
/// it is reopened.
#[test]
fn what_is_finished_elsewhere_is_not_handed_out() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "one", &[]);
    repo.git(repo.main(), &["add", "-A"]);
    repo.git(repo.main(), &["commit", "-qm", "issues"]);
    let bob = repo.agent("bob").at(repo.worktree("other"));
    assert_eq!(ann.jit(["claim", "next"]).lease().issues, std::slice::from_ref(&id));
    let commit = ann.jit(["claim", "release", &id, "--done"]).ok();
    assert_eq!(commit["commit"][0], format!(".jit/issues/{id}.json"));
    assert!(
        fs::read_to_string(repo.main().join(".jit/issues").join(format!("{id}.json")))
            .unwrap()
            .contains("\"done\"")
    );
    bob.jit(["claim", "next"]).refused(4);
    assert_eq!(bob.jit(["claim", "acquire", &id]).refused(7).code, "issue_ended");
    assert_eq!(bob.jit(["issue", "show", &id]).ok()["issue"]["state"], "done");
    assert_eq!(bob.jit(["issue", "reopen", &id]).status, Some(0));
    bob.jit(["claim", "next"]).lease();
}

/// An issue that somebody holds is changed by its holder only; by people with a warning.
#[test]
fn who_may_change_an_issue() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let id = issue(&ann, "one", &[]);
    bob.jit(["issue", "update", &id, "--label", "free"]).ok();
    ann.claim(&id);
    ann.jit(["issue", "update", &id, "--label", "mine"]).ok();
    assert!(bob.jit(["issue", "update", &id, "--label", "not-yours"]).refused(6).names("agent:ann"));
    let person = bob.say(["--agent", "human:bob", "issue", "update", &id, "--label", "person"]);
    assert!(person.status == Some(0) && person.stderr.contains("agent:ann"), "{person:?}");
    let labels = ann.jit(["issue", "show", &id]).ok()["issue"]["labels"].clone();
    assert_eq!(labels, serde_json::json!(["free", "mine", "person"]));
}

/// A worker that overruns its TTL many times over and renews is not replaced.
#[test]
fn a_worker_that_renews_is_not_replaced() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let id = issue(&ann, "long", &[]);
    let taken = ann.jit(["claim", "acquire", &id, "--ttl", "1s"]).lease();
    for _ in 0..10 {
        sleep(Duration::from_millis(300));
        let renewed = ann.jit(["claim", "renew", &taken.lease_id]).leases();
        assert_eq!((&renewed[0].lease_id, renewed[0].fence), (&taken.lease_id, taken.fence));
        bob.jit(["claim", "next"]).refused(4);
        assert!(bob.jit(["claim", "acquire", &id]).refused(5).names("agent:ann"));
    }
    ann.jit(["claim", "release", &id, "--done"]).ok();
}

/// An issue whose file its holder sees no more is still the holder's, by its id or the beginning of
/// it, and what came of it is told.
#[test]
fn a_held_issue_out_of_sight_is_still_held() {
    let repo = Repo::warm();
    let two = repo.worktree("two");
    let (ann, bob) = (repo.agent("ann").at(&two), repo.agent("bob"));
    let id = issue(&bob, "only in main", &[]);
    commit(&repo, repo.main(), "an issue");
    let lease = ann.claim(&id);
    fs::remove_file(repo.main().join(".jit/issues").join(format!("{id}.json"))).unwrap();
    ann.jit(["issue", "show", &id]).refused(3);
    assert_eq!(ann.jit(["claim", "renew", &id]).leases()[0].lease_id, lease.lease_id);
    assert_eq!(ann.jit(["claim", "renew", &id[..8]]).leases()[0].lease_id, lease.lease_id);
    assert_eq!(ann.jit(["claim", "status", &id]).lease().lease_id, lease.lease_id);
    assert_eq!(ann.jit(["claim", "history", &id]).ok()["records"][2]["op"], "acquire");
    assert!(bob.jit(["claim", "renew", &id]).refused(6).names(ann.id()));
    let handed = ann.jit(["claim", "transfer", &id, "--to", "agent:cleo"]).lease();
    let cleo = repo.agent("cleo").at(&two);
    assert_eq!(handed.issues, std::slice::from_ref(&id));
    // Nobody knows from here what gates it has.
    let unseen = cleo.jit(["claim", "release", &id, "--done"]).refused(3);
    assert!(unseen.message.contains("gates") && unseen.hint.unwrap().contains(&id));
    cleo.jit(["claim", "release", &id]).ok();
    assert_eq!(cleo.jit(["claim", "status"]).ok()["leases"], serde_json::json!([]));
    // A lease's id and another thing are no list of references.
    let x = cleo.claim("name:x");
    assert!(
        cleo.jit(["claim", "release", &x.lease_id, "name:x"]).refused(2).message.contains("stands alone")
    );
}

/// Rejecting or deleting an issue that somebody got just now is refused, and changes nothing.
#[test]
fn what_is_claimed_is_not_rejected_or_deleted() {
    let repo = Repo::warm();
    for command in [&["issue", "close", "--rejected"][..], &["issue", "delete"]] {
        for round in 0..8 {
            let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
            let id = issue(&ann, &format!("round {round}"), &[]);
            let claim = ann.start(["claim", "acquire", &id]);
            let end = bob.start([command, &[&id]].concat());
            let got = claim.within(Duration::from_secs(20)).status == Some(0);
            let ended = end.within(Duration::from_secs(20)).status == Some(0);
            assert!(got != ended, "both or neither: {got} {ended}");
            let path = repo.main().join(".jit/issues").join(format!("{id}.json"));
            let text = fs::read_to_string(path).unwrap_or_default();
            assert_eq!(text.contains("\"ready\""), got, "{text}");
        }
    }
}

/// A release that is refused writes nothing: of a lease that lapsed, and of two where one is
/// somebody else's.
#[test]
fn a_refused_release_writes_nothing() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let [lapsed, own, others] = ["lapsed", "own", "others"].map(|title| issue(&ann, title, &[]));
    ann.jit(["claim", "acquire", &lapsed, "--ttl", "1s"]).lease();
    ann.claim(&own);
    bob.claim(&others);
    sleep(Duration::from_millis(1_100));
    ann.jit(["claim", "release", &lapsed, "--done"]).refused(6);
    ann.jit(["claim", "release", &own, &others, "--done"]).refused(6);
    for id in [&lapsed, &own, &others] {
        assert!(text(&repo, id).contains("\"ready\""), "{}", text(&repo, id));
    }
    ann.jit(["claim", "release", &own, "--done"]).ok();
}

/// A worktree whose file knows of no gate does not finish what waits for one.
#[test]
fn a_label_passes_no_gate() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "one", &[]);
    commit(&repo, repo.main(), "issue");
    let two = repo.worktree("two");
    let bob = repo.agent("bob").at(&two);
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    ann.jit(["gate", "add", &id, "review"]).ok();
    ann.claim(&id);
    assert_eq!(ann.jit(["claim", "release", &id, "--done"]).ok()["gated"], serde_json::json!([id]));
    bob.jit(["issue", "update", &id, "--label", "x"]).ok();
    let state = |agent: &Agent<'_>| agent.jit(["issue", "show", &id]).ok()["issue"]["state"].clone();
    assert_eq!(state(&ann), "gated");
    ann.jit(["gate", "pass", &id, "review"]).ok();
    assert_eq!(state(&bob), "done");
    // What is done again is looked at again, whatever an old file says of the work before.
    commit(&repo, repo.main(), "passed");
    let old = repo.agent("cleo").at(repo.worktree("three"));
    ann.jit(["issue", "reopen", &id]).ok();
    ann.claim(&id);
    assert_eq!(ann.jit(["claim", "release", &id, "--done"]).ok()["gated"], serde_json::json!([id]));
    old.jit(["issue", "update", &id, "--label", "y"]).ok();
    let held_back = ann.jit(["claim", "acquire", &id]).refused(7);
    assert_eq!(held_back.code, "gate_open");
}

/// A reopening that fails reopens nothing; one that no file can carry says so; and what is done is
/// neither rejected nor updated back.
#[test]
fn what_ended_is_only_reopened() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "one", &[]);
    commit(&repo, repo.main(), "issue");
    let bob = repo.agent("bob").at(repo.worktree("two"));
    ann.claim(&id);
    ann.jit(["claim", "release", &id, "--done"]).ok();
    ann.jit(["issue", "close", &id, "--rejected"]).refused(7);
    assert!(
        ann.jit(["issue", "update", &id, "--state", "ready"]).refused(7).hint.unwrap().contains("reopen")
    );
    let lock = fs::File::open(repo.main().join(".git/jit/issues.lock")).unwrap();
    lock.lock().unwrap();
    ann.jit(["issue", "reopen", &id, "--lock-timeout", "0"]).refused(8);
    drop(lock);
    bob.jit(["claim", "next"]).refused(4);
    // A file that was put back says again what is known, once somebody says so.
    repo.git(repo.main(), &["checkout", "--quiet", "--", ".jit/issues"]);
    ann.jit(["issue", "update", &id, "--label", "x"]).ok();
    assert!(text(&repo, &id).contains("\"ready\""), "{}", text(&repo, &id));
    ann.jit(["issue", "close", &id]).ok();
    assert!(text(&repo, &id).contains("\"done\""), "{}", text(&repo, &id));
    let reopened = bob.jit(["issue", "reopen", &id]);
    assert!(reopened.status == Some(0) && reopened.stdout.contains("reopen it again"), "{reopened:?}");
    bob.jit(["claim", "next"]).lease();
}
