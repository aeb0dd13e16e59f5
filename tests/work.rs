//! Many workers on many issues, some of them killed: each issue is done once, after what it waits
//! for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::repo::{Agent, write};
use crate::support::rng::{Rng, seed};
use crate::support::{Repo, log};

const ISSUES: u64 = 500;
const WORKERS: u64 = 16;
const MOST: Duration = Duration::from_secs(240);

/// What each issue waits for: up to two that are older.
fn plan(rng: &mut Rng) -> BTreeMap<String, BTreeSet<String>> {
    let id = |rng: &mut Rng| uuid::Builder::from_random_bytes(bytes(rng)).into_uuid().to_string();
    let ids: Vec<String> = (0..ISSUES).map(|_| id(rng)).collect();
    let on = |rng: &mut Rng, n: usize| -> BTreeSet<String> {
        let many = if n < 20 { 0 } else { rng.below(3) };
        (0..many).map(|_| ids[rng.below(n as u64) as usize].clone()).collect()
    };
    (0..ids.len()).map(|n| (ids[n].clone(), on(rng, n))).collect()
}

fn bytes(rng: &mut Rng) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&rng.next().to_le_bytes());
    bytes[8..].copy_from_slice(&rng.next().to_le_bytes());
    bytes
}

fn file(repo: &Repo, id: &str, on: &BTreeSet<String>) {
    let issue = json!({
        "schema_version": 1, "id": id, "title": "work", "state": "ready", "dependencies": on,
        "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z",
    });
    write(&repo.main().join(".jit/issues").join(format!("{id}.json")), issue.to_string());
}

/// Picks, and says that it is done, until nothing is left; one call in twelve is killed. Returns
/// what was acknowledged as done.
fn work(agents: &[Agent<'_>], rng: &mut Rng, until: Instant) -> Vec<String> {
    let mut done = Vec::new();
    let killed = |agent: &Agent<'_>, rng: &mut Rng, arguments: &[&str]| {
        if rng.one_in(12) {
            let running = agent.start(arguments);
            std::thread::sleep(Duration::from_micros(rng.below(30_000)));
            running.kill()
        } else {
            agent.jit(arguments)
        }
    };
    loop {
        assert!(Instant::now() < until, "it takes too long: {} done", done.len());
        let agent = &agents[rng.below(agents.len() as u64) as usize];
        let next = killed(agent, rng, &["claim", "next", "--ttl", "5s"]);
        match next.status {
            Some(0) => {}
            Some(4) => {
                let all = agent.jit(["query", "all"]).ok();
                if all["issues"].as_array().unwrap().iter().all(|issue| issue["state"] == "done") {
                    return done;
                }
                std::thread::sleep(Duration::from_millis(100));
                continue;
            }
            None => continue,
            _ => panic!("{next:?}"),
        }
        let id = next.lease().issues.remove(0);
        let said = killed(agent, rng, &["claim", "release", &id, "--done"]);
        let said = if said.status.is_none() { agent.jit(["claim", "release", &id, "--done"]) } else { said };
        match said.status {
            Some(0) => done.push(id),
            // It was done before the kill, and nobody was told; or the lease lapsed meanwhile.
            Some(6) => {}
            _ => panic!("{said:?}"),
        }
    }
}

/// The worktrees, by the identity that leases know them by.
fn by_identity(worktrees: &[PathBuf], repo: &Repo) -> BTreeMap<String, PathBuf> {
    let identity = |root: &PathBuf| {
        let dir = PathBuf::from(repo.git(root, &["rev-parse", "--absolute-git-dir"]));
        let file: Value = serde_json::from_slice(&fs::read(dir.join("jit/worktree.json")).unwrap()).unwrap();
        (file["id"].as_str().unwrap().to_owned(), root.clone())
    };
    worktrees.iter().map(identity).collect()
}

/// When a worktree's own file said that an issue is done: that is before the log does, and whoever
/// works there may take what waited for it.
fn said_done(root: &Path, id: &str) -> Option<String> {
    let text = fs::read_to_string(root.join(".jit/issues").join(format!("{id}.json"))).ok()?;
    let issue: Value = serde_json::from_str(&text).ok()?;
    (issue["state"] == "done").then(|| issue["updated_at"].as_str().unwrap().to_owned())
}

/// Every issue is done exactly once, in an order that respects dependencies, whoever dies.
#[test]
fn sixteen_workers_do_five_hundred_issues_once_each() {
    let seed = seed("work");
    let repo = Repo::warm();
    let plan = plan(&mut Rng::new(seed, 1000));
    plan.iter().for_each(|(id, on)| file(&repo, id, on));
    repo.git(repo.main(), &["add", ".jit"]);
    repo.git(repo.main(), &["commit", "--quiet", "-m", "issues"]);
    let worktrees = [repo.main().to_path_buf(), repo.worktree("two"), repo.worktree("three")];
    let boss = repo.agent("boss");
    // What is done in another worktree is not in one's own files before a merge.
    boss.jit(["config", "set", "dependencies", "recorded"]).ok();
    // Whoever is killed after a grant lets it lapse, which counts.
    boss.jit(["config", "set", "max_failures", "1000"]).ok();
    let until = Instant::now() + MOST;
    let acknowledged: Vec<String> = std::thread::scope(|scope| {
        let workers = (0..WORKERS).map(|n| {
            let (repo, worktrees) = (&repo, &worktrees);
            scope.spawn(move || {
                let here = &worktrees[n as usize % worktrees.len()];
                let agents =
                    [repo.agent(&format!("w{n}-a")).at(here), repo.agent(&format!("w{n}-b")).at(here)];
                work(&agents, &mut Rng::new(seed, n), until)
            })
        });
        let workers: Vec<_> = workers.collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });

    repo.healthy();
    let distinct: BTreeSet<&String> = acknowledged.iter().collect();
    assert_eq!(distinct.len(), acknowledged.len(), "done twice");
    let mut ended = BTreeSet::new();
    let roots = by_identity(&worktrees, &repo);
    for record in log::sound(&repo) {
        let names = |value: &Value| -> Vec<String> {
            value.as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()).collect()
        };
        match record["op"].as_str().unwrap() {
            "acquire" => names(&record["lease"]["issues"])
                .iter()
                .filter_map(|id| plan.get_key_value(id))
                .for_each(|(id, on)| {
                    assert!(!ended.contains(id), "{id} was handed out although it is done");
                    let at = record["at"].as_str().unwrap();
                    // What another worktree's file says does not count: its code is not here.
                    let own = &roots[record["lease"]["holder"]["worktree"].as_str().unwrap()];
                    let met = |on: &String| {
                        ended.contains(on) || said_done(own, on).is_some_and(|done| *done <= *at)
                    };
                    assert!(on.iter().all(met), "{id} was handed out before what it waits for");
                }),
            "release" if record["attempt"] == "done" => {
                names(&record["released"]).into_iter().for_each(|id| assert!(ended.insert(id), "done twice"));
            }
            _ => {}
        }
    }
    assert_eq!(ended.len() as u64, ISSUES);
    assert!(acknowledged.iter().all(|id| ended.contains(id)), "what was acknowledged is in the log");
}
