//! What can be claimed: `claim next`, reservations, what waits for what, what failed too often.

use std::collections::BTreeSet;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::issue::{commit, file, ids, issue, later, listed, text};
use crate::support::{Repo, Running, follow};

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
    let held = ann.jit(["claim", "assign", "--to", "agent:bob", &made[0]]);
    assert!(held.refused(5).message.contains("agent:ann (you) has it since"), "{held:?}");
    assert_eq!(ids(&follow(&bob, &held).ok()).len(), 9, "what the hint lists can be reserved");
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
    bob.jit(["claim", "release", &id, "--failed", "--reason", "again"]).warned();
    let refused = ann.jit(["claim", "acquire", &id]).refused(7);
    assert_eq!(refused.code, "quarantined");
    assert!(refused.message.contains("3 times") && refused.message.contains("again"), "{refused:?}");
    ann.jit(["claim", "next"]).refused(4);
    assert_eq!(ids(&ann.jit(["query", "quarantined"]).ok()), std::slice::from_ref(&id));
    assert!(ann.say(["issue", "reset-failures", &id]).stdout.starts_with("reset "));
    let again = ann.jit(["issue", "reset-failures", &id]).warned();
    assert!(again.len() == 1 && again[0].starts_with("nothing changed"), "{again:?}");
    assert_eq!(ann.jit(["claim", "next"]).lease().issues, [id]);
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
        ann.jit(["claim", "release", &id, "--failed", "--reason", "no"]).warned();
    }
    let shown = ann.say(["issue", "show", &id]).stdout;
    assert!(shown.contains("quarantined") && shown.contains("jit issue reset-failures"), "{shown}");
}

/// What is waited for and gone can be taken out; so can what is named by its beginning.
#[test]
fn what_is_gone_is_waited_for_no_more() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let [waits, gone, other] = ["waits", "gone", "other"].map(|title| issue(&ann, title, &[]));
    ann.jit(["dep", "add", &waits, &gone, &other]).ok();
    ann.jit(["issue", "delete", &gone]).warned();
    ann.jit(["dep", "rm", &waits, &gone[..8], &other.to_uppercase()[..8]]).ok();
    ann.jit(["claim", "acquire", &waits]).lease();
    assert_eq!(ann.jit(["dep", "rm", &waits, &gone]).refused(3).code, "issue_not_found");
    // What is there and not waited for is no less of a mistake.
    let refused = ann.jit(["dep", "rm", &waits, &other]);
    assert!(refused.refused(3).message.contains("does not wait for"), "{refused:?}");
    follow(&ann, &refused).ok();
}

/// What a merge left together with its deletion is nobody's until somebody says which counts.
#[test]
fn what_is_half_deleted_is_not_handed_out() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    let deletion = file(repo.main(), &id).with_extension("deleted");
    fs::write(&deletion, "").unwrap();
    ann.jit(["claim", "next"]).refused(4);
    assert!(ids(&listed(&ann, &["query", "available"])).is_empty());
    assert_eq!(listed(&ann, &["issue", "show", &id])["issue"]["next"], Value::Null);
    for change in [&["issue", "update", &id, "--label", "note"][..], &["gate", "add", &id, "review"]] {
        let trouble = ann.jit(change).refused(7);
        assert!(trouble.hint.is_some_and(|hint| hint.contains("jit issue delete")) && deletion.exists());
    }
    let said = ann.say(["claim", "acquire", &id]).stderr;
    assert!(said.contains("to keep it: jit issue reopen"), "{said}");
    let refused = ann.jit(["claim", "acquire", &id]);
    follow(&ann, &refused).ok();
    assert!(!deletion.exists());
    ann.jit(["claim", "acquire", &id]).lease();
}

/// Whoever waits for what is gone is told so, with the command that ends it, and not why it is undone.
#[test]
fn what_waits_for_nothing_is_told() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let [waits, gone] = ["waits", "gone"].map(|title| issue(&ann, title, &[]));
    ann.jit(["dep", "add", &waits, &gone]).ok();
    assert!(ann.jit(["query", "blocked"]).warned().is_empty());
    ann.jit(["issue", "delete", &gone]).warned();
    let command = format!("jit dep rm {waits} {gone}");
    let found = ann.say(["doctor"]);
    let told = format!("{waits} waits for {gone}, and there is no such issue here");
    assert!(found.status == Some(9) && found.stdout.contains(&told), "{found:?}");
    assert!(found.stdout.contains(&command), "{found:?}");
    for list in ["blocked", "all"] {
        let warned = ann.jit(["query", list]).warned();
        assert!(warned.len() == 1 && warned[0].ends_with(&command), "{warned:?}");
    }
    let refused = ann.jit(["claim", "acquire", &waits]);
    assert!(refused.refused(7).hint.unwrap().ends_with(&command), "{refused:?}");
    follow(&ann, &refused).ok();
    ann.claim(&waits);
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
    follow(&ann, &refused).ok();
    ann.jit(["dep", "add", &c, &a]).ok();
    let refused = ann.jit(["dep", "add", &a, &a]);
    assert_eq!(refused.refused(7).message, "an issue can't wait for itself");
    follow(&ann, &refused).ok();
}

/// The main worktree's own file says that an issue is done, later than any other; no commit does.
fn done_in_main(repo: &Repo, id: &str) {
    let mut known: Value = serde_json::from_str(&text(repo, id)).unwrap();
    known["state"] = "done".into();
    known["updated_at"] = later(&known["updated_at"], 5);
    fs::write(file(repo.main(), id), serde_json::to_string_pretty(&known).unwrap() + "\n").unwrap();
}

/// What is listed and has ended by a farther file is neither handed out, also where the first is
/// passed over in the step, nor reserved.
#[test]
fn what_ended_by_a_farther_file_is_not_handed_out() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let a = issue(&ann, "a", &["--priority", "critical"]);
    let b = issue(&ann, "b", &[]);
    commit(&repo, repo.main(), "issues");
    let two = repo.agent("bob").at(repo.worktree("two"));
    done_in_main(&repo, &b);
    assert!(ids(&listed(&two, &["query", "available"])).contains(&b));
    two.jit(["claim", "acquire", &b]).refused(7);
    assert_eq!(two.jit(["claim", "assign", &b]).refused(7).code, "issue_ended");
    ann.claim("name:x");
    let waiting = repo.agent("cat").start_waiting(&["name:x", &a]);
    assert_eq!(two.jit(["claim", "next"]).refused(4).code, "nothing_to_claim");
    waiting.kill();
    let shares = two.jit(["claim", "distribute", "--agents", "agent:x"]).ok();
    assert!(shares.to_string().contains(&a) && !shares.to_string().contains(&b), "{shares}");
}

/// Nor what ended at HEAD, which a listing does not read where there is a file here.
#[test]
fn what_ended_at_head_is_not_handed_out() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "a", &[]);
    let open = text(&repo, &id);
    done_in_main(&repo, &id);
    commit(&repo, repo.main(), "done");
    fs::write(file(repo.main(), &id), open).unwrap();
    assert_eq!(ids(&listed(&ann, &["query", "available"])), [id]);
    assert_eq!(ann.jit(["claim", "next"]).refused(4).code, "nothing_to_claim");
}

/// Where none of the first may be handed out, the others are looked at.
#[test]
fn what_is_behind_many_that_ended_is_found() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let last = issue(&ann, "last", &["--priority", "low"]);
    let mut entry =
        json!({ "schema_version": 1, "issue": serde_json::from_str::<Value>(&text(&repo, &last)).unwrap() });
    entry["issue"]["priority"] = "high".into();
    let many: Vec<String> = (0..70).map(|n| format!("{n:08}-0000-4000-8000-000000000000")).collect();
    let line = |id: &String| {
        entry["issue"]["id"] = id.as_str().into();
        format!("{entry}\n")
    };
    fs::write(repo.dir().join("many.jsonl"), many.iter().map(line).collect::<String>()).unwrap();
    ann.jit(["import", "../many.jsonl"]).ok();
    commit(&repo, repo.main(), "issues");
    let two = repo.agent("bob").at(repo.worktree("two"));
    many.iter().for_each(|id| done_in_main(&repo, id));
    assert_eq!(two.jit(["claim", "next"]).lease().issues, std::slice::from_ref(&last));
    two.jit(["claim", "release", &last]).ok();
    assert_eq!(two.jit(["claim", "next", "--wait", "5s"]).lease().issues, [last]);
}

/// What was deleted is kept for nobody; what waits may be.
#[test]
fn a_reservation_is_of_what_can_be_done() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let [gone, first, after] = ["gone", "first", "after"].map(|title| issue(&ann, title, &[]));
    ann.jit(["dep", "add", &after, &first]).ok();
    commit(&repo, repo.main(), "issues");
    let two = repo.agent("bob").at(repo.worktree("two"));
    ann.jit(["issue", "delete", &gone]).warned();
    let refused = two.jit(["claim", "assign", &gone]).refused(7);
    assert!(refused.message.contains("deleted"), "{refused:?}");
    two.jit(["claim", "assign", &after]).ok();
}
