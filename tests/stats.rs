//! `jit stats`: what leases came to, from the log, its archive and the notes beside it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::Repo;

#[track_caller]
fn of<'v>(stats: &'v Value, list: &str, key: &str, name: &str) -> &'v Value {
    let of = stats[list].as_array().unwrap().iter().find(|one| one[key] == name);
    of.unwrap_or_else(|| panic!("{name} in {stats}"))
}

/// Claims, refusals, failures, evictions and times, in all, by agent and by issue; the archive
/// counts too, dry runs do not, and nothing is counted twice.
#[test]
fn what_happened_is_counted() {
    let repo = Repo::new();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    assert_eq!(ann.jit(["stats"]).ok()["total"]["claims"], 0);
    let made = ann.jit(["issue", "create", "--title", "one"]).ok();
    let id = made["issue"]["id"].as_str().unwrap();
    ann.claim(id);
    bob.jit(["claim", "acquire", id]).refused(5);
    bob.jit(["claim", "acquire", id, "--dry-run"]).refused(5);
    bob.jit(["claim", "next"]).refused(4);
    ann.jit(["claim", "release", id, "--failed", "--reason", "broken"]).ok();
    ann.jit(["compact"]).ok();
    ann.claim("name:x");
    bob.jit(["claim", "force-evict", "name:x", "--reason", "gone"]).ok();
    bob.claim("name:y");
    let waiter = ann.start(["claim", "acquire", "name:y", "--wait", "30s"]);
    while !ann.is_queued_for("name:y") {
        std::thread::sleep(Duration::from_millis(10));
    }
    bob.jit(["claim", "release", "name:y"]).ok();
    waiter.within(Duration::from_secs(20)).lease();

    let stats = ann.jit(["stats"]).ok();
    let total = &stats["total"];
    assert_eq!([&total["claims"], &total["failures"], &total["evictions"]], [4, 1, 1], "{stats}");
    assert_eq!(total["refusals"], json!({ "held": 1, "nothing_to_claim": 1 }));
    assert_eq!(total["attempts"], json!({ "failed": 1, "undone": 1 }));
    assert_eq!([&total["holding"]["count"], &total["waiting"]["count"]], [3, 1], "{stats}");
    assert!(total["waiting"]["median_ms"].as_u64().unwrap() > 0, "{stats}");
    let issue = of(&stats, "issues", "reference", id);
    assert_eq!([&issue["claims"], &issue["failures"], &issue["refusals"]["held"]], [1; 3], "{stats}");
    assert_eq!(of(&stats, "issues", "reference", "name:y")["waiting"]["count"], 1, "{stats}");
    let bobs = of(&stats, "agents", "agent", bob.id());
    assert_eq!((&bobs["claims"], &bobs["refusals"]["held"]), (&json!(1), &json!(1)), "{stats}");

    let exposed = ann.say(["stats", "--prometheus"]).stdout;
    for line in [
        "# TYPE jit_agent_claims_total counter".to_owned(),
        format!("jit_agent_claims_total{{agent=\"{}\"}} 3", ann.id()),
        format!("jit_agent_refusals_total{{agent=\"{}\",reason=\"held\"}} 1", bob.id()),
        format!("jit_issue_failures_total{{issue=\"{id}\"}} 1"),
        format!("jit_agent_waiting_seconds_count{{agent=\"{}\"}} 1", ann.id()),
    ] {
        assert!(exposed.lines().any(|exposed| exposed == line), "{line} in\n{exposed}");
    }
    let table = ann.say(["stats"]).stdout;
    assert!(table.contains(&id[..8]) && table.contains("refused: held 1, nothing_to_claim 1"), "{table}");
}

/// One who polls `next --wait` is one that waited, not a hundred refusals.
#[test]
fn waiting_for_something_is_one_refusal() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["claim", "next", "--wait", "1s"]).refused(8);
    let total = &ann.jit(["stats"]).ok()["total"];
    assert_eq!(total["refusals"], json!({ "timed_out": 1 }));
    assert!(total["waiting"]["median_ms"].as_u64().unwrap() >= 1000, "{total}");
}
