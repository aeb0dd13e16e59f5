//! Work to claim: issues as files, `claim next`, assignments, failures, and who is told what.

use std::collections::BTreeSet;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::support::repo::{Agent, write};
use crate::support::{Repo, Running};

/// A new issue's id.
#[track_caller]
fn issue(agent: &Agent<'_>, title: &str, more: &[&str]) -> String {
    let made = agent.jit([&["issue", "create", "--title", title], more].concat()).ok();
    made["issue"]["id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn ids(answer: &Value) -> Vec<String> {
    let issues = answer["issues"].as_array().unwrap();
    issues.iter().map(|issue| issue["id"].as_str().unwrap().to_owned()).collect()
}

/// N callers on M issues get min(N, M) different ones; nobody gets an error because of another.
#[test]
fn eight_callers_get_eight_issues() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let made: BTreeSet<String> = (0..6).map(|n| issue(&ann, &format!("work {n}"), &[])).collect();
    let callers: Vec<Running> =
        (0..8).map(|n| repo.agent(&format!("caller-{n}")).start(["claim", "next"])).collect();
    let mut got = BTreeSet::new();
    let mut nothing = 0;
    for caller in callers {
        let answer = caller.within(Duration::from_secs(20));
        match answer.status {
            Some(0) => assert!(got.insert(answer.lease().issues[0].clone()), "twice: {answer:?}"),
            _ => {
                assert_eq!(answer.refused(4).code, "nothing_to_claim");
                nothing += 1;
            }
        }
    }
    assert_eq!((got, nothing), (made, 2));
}

/// By priority, then the oldest; not what waits for another, is held, or is about other issues.
#[test]
fn next_goes_by_priority_age_and_dependencies() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let old = issue(&ann, "old", &[]);
    let new = issue(&ann, "new", &[]);
    let urgent = issue(&ann, "urgent", &["--priority", "critical", "--label", "db"]);
    let waits = issue(&ann, "waits", &["--priority", "critical"]);
    issue(&ann, "[META] plan", &["--priority", "critical"]);
    issue(&ann, "later", &["--priority", "critical", "--state", "backlog"]);
    ann.jit(["dep", "add", &waits, &old]).ok();
    assert_eq!(ids(&ann.jit(["query", "available"]).ok()), [&urgent, &old, &new].map(Clone::clone));
    assert_eq!(ids(&ann.jit(["query", "blocked"]).ok()), std::slice::from_ref(&waits));
    let blocked = ann.jit(["claim", "acquire", &waits]).refused(7);
    assert!(blocked.code == "blocked" && blocked.names(&old), "{blocked:?}");
    let picked = |more: &[&str]| ann.jit([&["claim", "next"], more].concat()).lease().issues[0].clone();
    assert_eq!([picked(&["--label", "db"]), picked(&[])], [urgent, old.clone()]);
    ann.jit(["claim", "release", &old, "--done"]).ok();
    assert_eq!([picked(&[]), picked(&[])], [waits, new]);
    ann.jit(["claim", "next"]).refused(4);
    let circle = ann.jit(["dep", "add", &old, &old]).refused(7);
    assert_eq!(circle.code, "cycle");
}

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

/// A batch with one held task assigns none; parallel assigns lose nothing; others' `next` passes
/// over what is reserved, the agent's own prefers it.
#[test]
fn assignments_are_all_or_nothing_and_lose_nothing() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let made: Vec<String> = (0..10).map(|n| issue(&ann, &format!("work {n}"), &[])).collect();
    ann.claim(&made[0]);
    let refused = bob.jit(["claim", "assign", "--to", "agent:bob", &made[0], &made[1]]).refused(5);
    assert!(refused.names(&made[0]) && refused.names("agent:ann"), "{refused:?}");
    // For whoever --agent says, or for another.
    let ways = [&["claim", "assign", "--agent", "agent:bob"][..], &["claim", "assign", "--to", "agent:bob"]];
    let running: Vec<Running> = made[2..]
        .iter()
        .zip(ways.iter().cycle())
        .map(|(id, way)| repo.agent("boss").start([*way, &[id]].concat()))
        .collect();
    running.into_iter().for_each(|one| drop(one.within(Duration::from_secs(20)).ok()));
    assert_eq!(ids(&bob.jit(["query", "mine"]).ok()).len(), 8);
    assert_eq!(ann.jit(["claim", "next"]).lease().issues, [made[1].clone()], "the only one left");
    repo.agent("cleo").jit(["claim", "next"]).refused(4);
    let of_sub = bob.jit(["--agent", "agent:bob/tests", "query", "mine"]).ok();
    assert_eq!(ids(&of_sub).len(), 8, "what is an agent's is its sub-agents'");
    assert!(made[2..].contains(&bob.jit(["claim", "next"]).lease().issues[0]));
    let shares = ann.jit(["claim", "distribute", "--agents", "agent:x,agent:y"]).refused(4);
    assert_eq!(shares.code, "nothing_to_claim");
}

/// Failures are counted by issue, over lapse, release, compaction and re-claim; at the third the
/// issue is quarantined until somebody resets it.
#[test]
fn a_poisonous_issue_is_quarantined() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let id = issue(&ann, "poison", &[]);
    ann.jit(["claim", "acquire", &id, "--ttl", "1s"]).lease();
    sleep(Duration::from_millis(1_100));
    bob.claim(&id);
    bob.jit(["claim", "release", &id, "--failed", "--reason", "tests fail"]).ok();
    ann.jit(["compact"]).ok();
    fs::remove_file(repo.control().join("index")).unwrap();
    ann.claim(&id);
    ann.jit(["claim", "release", &id, "--failed", "--infra"]).ok();
    ann.claim(&id);
    ann.jit(["claim", "release", &id]).ok();
    bob.claim(&id);
    bob.jit(["claim", "release", &id, "--failed", "--reason", "again"]).ok();
    let refused = ann.jit(["claim", "acquire", &id]).refused(7);
    assert_eq!(refused.code, "quarantined");
    assert!(refused.message.contains("3 times") && refused.message.contains("again"), "{refused:?}");
    ann.jit(["claim", "next"]).refused(4);
    assert_eq!(ids(&ann.jit(["query", "quarantined"]).ok()), std::slice::from_ref(&id));
    ann.jit(["issue", "reset-failures", &id]).ok();
    assert_eq!(ann.jit(["claim", "next"]).lease().issues, [id]);
}

/// The history says for whom each was reserved, and that it is for nobody any more.
#[test]
fn the_history_names_each_agent_of_a_distribution() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let [x, y, z] = ["x", "y", "z"].map(|title| issue(&ann, title, &[]));
    ann.jit(["claim", "distribute", "--agents", "agent:a,agent:b"]).ok();
    ann.jit(["claim", "assign", "--none", &x, &z]).ok();
    let history = ann.say(["claim", "history", "--limit", "2"]).stdout;
    let lines: Vec<&str> = history.lines().collect();
    assert!(lines[0].contains(&x) && lines[0].ends_with("for nobody"), "{history}");
    assert!(lines[1].ends_with(&format!("for agent:a: {x}, {z}; for agent:b: {y}")), "{history}");
}

/// What is reserved for a sub-agent is its own, and its agent's it is not.
#[test]
fn mine_is_what_is_reserved_for_me() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "one", &[]);
    ann.jit(["claim", "assign", "--to", "agent:bob/tests", &id]).ok();
    let mine = |agent: &str| ids(&ann.jit(["--agent", agent, "query", "mine"]).ok());
    assert_eq!(mine("agent:bob/tests"), [id]);
    assert!(mine("agent:bob").is_empty());
}

/// A torn file is never an empty list: what names it fails, lists show the rest and say so, `next`
/// passes it over.
#[test]
fn a_torn_file_is_named() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let (whole, torn) = (issue(&ann, "whole", &[]), issue(&ann, "torn", &[]));
    let path = repo.main().join(".jit/issues").join(format!("{torn}.json"));
    let text = fs::read_to_string(&path).unwrap();
    write(&path, &text[..text.len() / 2]);
    let trouble = ann.jit(["issue", "show", &torn]).refused(9);
    assert!(trouble.code == "broken_file" && trouble.message.contains(&torn), "{trouble:?}");
    ann.jit(["claim", "acquire", &torn]).refused(9);
    let listed = ann.jit(["issue", "list"]);
    assert_eq!(listed.status, Some(9), "{listed:?}");
    let said: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(ids(&said["data"]), std::slice::from_ref(&whole));
    assert!(said["data"]["broken"][0]["file"].as_str().unwrap().contains(&torn));
    let next = ann.jit(["claim", "next"]);
    assert_eq!(next.status, Some(0), "{next:?}");
    assert!(next.stdout.contains(&whole) && next.stdout.contains("passed over"), "{next:?}");
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

/// Processes of one worktree that change one issue exclude each other from reading it to writing
/// it: no change is lost.
#[test]
fn eight_labels_at_once_are_eight_labels() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "one", &[]);
    let labels: Vec<String> = (0..8).map(|n| format!("label-{n}")).collect();
    let running: Vec<Running> = labels
        .iter()
        .map(|label| {
            repo.agent(label).start(["issue", "update", &id, "--label", label, "--lock-timeout", "20s"])
        })
        .collect();
    running.into_iter().for_each(|one| drop(one.within(Duration::from_secs(20)).ok()));
    assert_eq!(ann.jit(["issue", "show", &id]).ok()["issue"]["labels"], serde_json::json!(labels));
    let events = fs::read_dir(repo.main().join(".jit/events")).unwrap().next().unwrap().unwrap();
    assert_eq!(fs::read_to_string(events.path()).unwrap().lines().count(), 9);
}

/// Whoever holds the lock for too long is not waited for.
#[test]
fn a_lock_on_issues_is_waited_for_so_long() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "one", &[]);
    let lock = fs::File::open(repo.main().join(".git/jit/issues.lock")).unwrap();
    lock.lock().unwrap();
    let refused = ann.jit(["issue", "update", &id, "--label", "a", "--lock-timeout", "0"]).refused(8);
    assert!(refused.code == "locked" && refused.hint.unwrap().contains("--lock-timeout=30s"));
    ann.jit(["claim", "next"]).lease();
    drop(lock);
    ann.jit(["issue", "update", &id, "--label", "a"]).ok();
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

/// An event names the lease under which the change was made, if there is one: one that lapsed is
/// none.
#[test]
fn an_event_names_no_lease_that_lapsed() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "one", &[]);
    let events = || {
        let file = fs::read_dir(repo.main().join(".jit/events")).unwrap().next().unwrap().unwrap();
        fs::read_to_string(file.path()).unwrap().lines().last().unwrap().to_owned()
    };
    let lease = ann.jit(["claim", "acquire", &id, "--ttl", "1s"]).lease();
    ann.jit(["issue", "update", &id, "--label", "held"]).ok();
    assert!(events().contains(&lease.lease_id), "{}", events());
    sleep(Duration::from_millis(1_100));
    ann.jit(["issue", "update", &id, "--label", "lapsed"]).ok();
    assert!(!events().contains(&lease.lease_id), "{}", events());
}

/// What people write into issues and their files and can't be used: named, and nothing is lost.
#[test]
fn what_cannot_be_used_is_named() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "one", &[]);
    let usage = |arguments: &[&str], says: &str| {
        let said = ann.say(arguments);
        let (status, stderr) = (said.status, said.stderr);
        assert_eq!(status, Some(2), "{stderr}");
        assert!(stderr.contains(says) && stderr.len() < 1000, "{says}: {stderr}");
    };
    usage(&["issue", "create", "--title", &"x".repeat(100_000)], "at most 500");
    usage(&["issue", "create", "--title", " "], "blank");
    usage(&["issue", "update", &id, "--label", "a\nb"], "not allowed");
    usage(&["issue", "update", &id, "--priority", "urgent"], "critical");
    usage(&["issue", "update", &id, "--state", "in_progress"], "ready");
    let on_nothing = ann.jit(["dep", "add", &id, "0badcafe"]).refused(3);
    assert!(on_nothing.message.contains("0badcafe"), "{on_nothing:?}");

    let issues = repo.main().join(".jit/issues");
    let whole = fs::read_to_string(issues.join(format!("{id}.json"))).unwrap();
    let twin = |n: u8| format!("aaaaaaaa-0000-4000-8000-00000000000{n}");
    write(&issues.join(format!("{}.json", twin(1))), whole.replace(&id, &twin(1)));
    write(&issues.join(format!("{}.json", twin(2))), whole.replace(&id, &twin(2)));
    let ambiguous = ann.jit(["issue", "show", "aaaaaaaa"]).refused(2);
    assert!(ambiguous.names(&twin(1)) && ambiguous.names(&twin(2)), "{ambiguous:?}");

    let broken = |text: &str, says: &[&str]| {
        write(&issues.join(format!("{}.json", twin(3))), text);
        let trouble = ann.jit(["issue", "show", &twin(3)]).refused(9);
        says.iter().for_each(|says| assert!(trouble.message.contains(says), "{says}: {trouble:?}"));
        assert!(trouble.message.contains(&twin(3)), "{trouble:?}");
        let listed = ann.jit(["query", "all"]);
        assert!(listed.status == Some(9) && listed.stdout.contains(&id), "the rest is shown: {listed:?}");
    };
    broken("{\n  \"id\": ,\n", &["line 2, column 9"]);
    broken(&whole.replace(&id, &twin(3)).replace("\"labels\"", "\"lables\""), &["lables", "labels"]);
    broken(
        &whole.replace(&id, &twin(3)).replace("\"one\"", &format!("{:?}", "x".repeat(1 << 20))),
        &["at most 500"],
    );
    broken(&whole, &[&id]);
    broken(&whole.replace(&id, &twin(3)).replace("\"one\"", "\"two\\nlines\""), &["line 4", "not allowed"]);
    let before = fs::read_to_string(issues.join(format!("{}.json", twin(3)))).unwrap();
    ann.jit(["issue", "update", &twin(3), "--label", "x"]).refused(9);
    assert_eq!(fs::read_to_string(issues.join(format!("{}.json", twin(3)))).unwrap(), before);
}

/// An issue whose file its holder sees no more is still the holder's, by its id or the beginning of
/// it, and what came of it is told.
#[test]
fn a_held_issue_out_of_sight_is_still_held() {
    let repo = Repo::warm();
    let two = repo.worktree("two");
    let (ann, bob) = (repo.agent("ann").at(&two), repo.agent("bob"));
    let id = issue(&bob, "only in main", &[]);
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

/// What stands in the way of each is shown where issues are listed, as the leases know it.
#[test]
fn lists_say_what_is_in_the_way() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let [held, waits, kept] = ["held", "waits", "kept"].map(|title| issue(&ann, title, &[]));
    ann.claim(&held);
    ann.jit(["dep", "add", &waits, &held]).ok();
    ann.jit(["claim", "assign", "--to", "agent:cleo", &kept]).ok();
    let shown = bob.say(["query", "all"]).stdout;
    for line in
        ["held by agent:ann".to_owned(), format!("waits for {}", &held[..8]), "assigned to agent:cleo".into()]
    {
        assert!(shown.contains(&line), "{line} in\n{shown}");
    }
    assert!(ids(&bob.jit(["query", "available"]).ok()).is_empty());
    assert_eq!(
        bob.jit(["query", "blocked"]).ok()["issues"][0]["bar"]["waits_for"],
        serde_json::json!([held])
    );
    // As the policy says, what others finished counts before it is merged here.
    let two = repo.worktree("two");
    bob.jit(["config", "set", "dependencies", "recorded"]).ok();
    ann.jit(["claim", "release", &held, "--done"]).ok();
    assert!(ids(&bob.clone().at(&two).jit(["query", "available"]).ok()).contains(&waits));
}

/// The file as the main worktree has it.
fn file(repo: &Repo, id: &str) -> String {
    fs::read_to_string(repo.main().join(".jit/issues").join(format!("{id}.json"))).unwrap_or_default()
}

fn commit(repo: &Repo, at: &std::path::Path, message: &str) {
    repo.git(at, &["add", "-A"]);
    repo.git(at, &["commit", "--quiet", "-m", message]);
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
        assert!(file(&repo, id).contains("\"ready\""), "{}", file(&repo, id));
    }
    ann.jit(["claim", "release", &own, "--done"]).ok();
}

/// What ends an issue is in the events, and the file is not changed without: said again after the
/// events could not be written, it is told.
#[test]
fn an_event_is_not_lost() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "one", &[]);
    ann.claim(&id);
    let events = fs::read_dir(repo.main().join(".jit/events")).unwrap().next().unwrap().unwrap().path();
    let aside = repo.dir().join("aside");
    fs::rename(&events, &aside).unwrap();
    fs::create_dir(&events).unwrap();
    ann.jit(["claim", "release", &id, "--done"]).refused(9);
    assert!(file(&repo, &id).contains("\"ready\""), "{}", file(&repo, &id));
    fs::remove_dir(&events).unwrap();
    fs::rename(&aside, &events).unwrap();
    ann.jit(["claim", "release", &id, "--done"]).ok();
    assert!(fs::read_to_string(&events).unwrap().contains("\"state\""));
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
    // A file that was put back says again what is known, once it is written.
    repo.git(repo.main(), &["checkout", "--quiet", "--", ".jit/issues"]);
    ann.jit(["issue", "update", &id, "--label", "x"]).ok();
    assert!(file(&repo, &id).contains("\"done\""), "{}", file(&repo, &id));
    let reopened = bob.jit(["issue", "reopen", &id]);
    assert!(reopened.status == Some(0) && reopened.stdout.contains("reopen it again"), "{reopened:?}");
    bob.jit(["claim", "next"]).lease();
}

/// What is waited for and gone can be taken out; so can what is named by its beginning.
#[test]
fn what_is_gone_is_waited_for_no_more() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let [waits, gone, other] = ["waits", "gone", "other"].map(|title| issue(&ann, title, &[]));
    ann.jit(["dep", "add", &waits, &gone, &other]).ok();
    ann.jit(["issue", "delete", &gone]).ok();
    ann.jit(["dep", "rm", &waits, &gone[..8], &other.to_uppercase()[..8]]).ok();
    ann.jit(["claim", "acquire", &waits]).lease();
    assert_eq!(ann.jit(["dep", "rm", &waits, &gone]).refused(3).code, "issue_not_found");
}

/// The hint of a refused dependency takes out one that is there.
#[test]
fn a_refused_dependency_names_one_to_take_out() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let [a, b, c] = ["a", "b", "c"].map(|title| issue(&ann, title, &[]));
    ann.jit(["dep", "add", &a, &b]).ok();
    ann.jit(["dep", "add", &b, &c]).ok();
    let refused = ann.jit(["dep", "add", &c, &a]);
    assert_eq!(refused.refused(7).code, "cycle");
    crate::gates::follow(&ann, &refused).ok();
    ann.jit(["dep", "add", &c, &a]).ok();
    let refused = ann.jit(["dep", "add", &a, &a]);
    assert_eq!(refused.refused(7).message, "an issue can't wait for itself");
    crate::gates::follow(&ann, &refused).ok();
}

/// Who looks at one issue reads that it is quarantined, and what frees it.
#[test]
fn quarantine_is_shown() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "poison", &[]);
    for _ in 0..3 {
        assert!(!ann.say(["issue", "show", &id]).stdout.contains("quarantined"));
        ann.claim(&id);
        ann.jit(["claim", "release", &id, "--failed", "--reason", "no"]).ok();
    }
    let shown = ann.say(["issue", "show", &id]).stdout;
    assert!(shown.contains("quarantined") && shown.contains("jit issue reset-failures"), "{shown}");
}

/// A file that is no file, or of another jit, is not mended in an editor.
#[test]
fn what_no_editor_mends_says_so() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "x", &[]);
    let file = repo.main().join(format!(".jit/issues/{id}.json"));
    let text = fs::read_to_string(&file).unwrap();
    write(&file, text.replace("\"schema_version\": 1", "\"schema_version\": 9"));
    let hint = || ann.jit(["issue", "show", &id]).refused(9).hint.unwrap();
    assert!(hint().starts_with("update jit"), "{}", hint());
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(hint().contains("ls -ld "), "{}", hint());
}
