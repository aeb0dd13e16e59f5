//! Processes die at any moment (invariants 1, 2 and 8).

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::calls::{self, Recorder};
use crate::support::rng::{Rng, seed};
use crate::support::{Repo, log, skip};

const WORKERS: u64 = 6;
const KILLERS: u64 = 4;
const FOR: Duration = Duration::from_secs(8);

/// Some processes loop acquire, renew and release under load; others are killed with SIGKILL at a
/// random moment of an acquire, a renewal or a release. Nothing that was acknowledged is missing,
/// nothing is held twice, and the log is as good as new. A killed leader of a flush may leave
/// others with `durability_unknown`: then, as for the killed, both outcomes are allowed.
#[test]
fn killed_processes_cost_nobody_else_anything() {
    let seed = seed("kill");
    let repo = Repo::warm();
    let two = repo.worktree("two");
    let names: Vec<String> = (0..4).map(|i| format!("name:k{i}")).collect();
    let began = Instant::now();
    let over = AtomicBool::new(false);
    let recorders: Vec<Recorder> = std::thread::scope(|scope| {
        let workers = (0..WORKERS).map(|worker| {
            let (repo, names, two, over) = (&repo, &names, &two, &over);
            scope.spawn(move || {
                let mut rng = Rng::new(seed, worker);
                let mut recorder = Recorder::new(began);
                let agents = [
                    repo.agent(&format!("w{worker}-a")).at(two),
                    repo.agent(&format!("w{worker}-b")).at(two),
                ];
                let mut own = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    recorder.anything(&mut rng, &agents, names, &mut own);
                }
                recorder
            })
        });
        let killers = (0..KILLERS).map(|killer| {
            let (repo, names, over) = (&repo, &names, &over);
            scope.spawn(move || {
                let mut rng = Rng::new(seed, 100 + killer);
                let mut recorder = Recorder::new(began);
                let mut victim = 0;
                while !over.load(Ordering::Relaxed) {
                    victim += 1;
                    let agent = repo.agent(&format!("v{killer}-{victim}"));
                    let name = &names[rng.below(names.len() as u64) as usize];
                    let moment = |rng: &mut Rng| Some(Duration::from_micros(rng.below(4_000)));
                    let kill = if rng.one_in(2) { moment(&mut rng) } else { None };
                    if let Some(own) = recorder.acquire(&agent, name, kill) {
                        let kill = moment(&mut rng);
                        if rng.one_in(2) {
                            recorder.renew(&agent, &own, kill);
                        } else {
                            recorder.release(&agent, &own, kill);
                        }
                    }
                }
                recorder
            })
        });
        let threads: Vec<_> = workers.chain(killers).collect();
        std::thread::sleep(FOR);
        over.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let unknown: usize = recorders.iter().map(|recorder| recorder.unknown).sum();
    assert!(unknown >= 20, "only {unknown} calls were killed or left in doubt");

    repo.healthy();
    let records = log::sound(&repo);
    let granted: HashSet<(&str, u64)> = records
        .iter()
        .filter(|record| record["op"] == "acquire")
        .map(|record| {
            (record["lease"]["lease_id"].as_str().unwrap(), record["lease"]["fence"].as_u64().unwrap())
        })
        .collect();
    let acknowledged = recorders.iter().flat_map(|recorder| &recorder.acknowledged);
    let mut count = 0;
    for (lease, fence) in acknowledged {
        assert!(
            granted.contains(&(&**lease, *fence)),
            "acknowledged and not in the log: {lease}, fence {fence}"
        );
        count += 1;
    }
    assert!(count >= 100, "only {count} acknowledged claims");
    calls::check(&recorders);
    assert!(repo.agent("after").jit(["claim", "acquire", "name:after"]).status == Some(0));
}

/// The holder of the writers' lock dies: until then others are told to come again, after it the
/// next one gets the lock at once, without anybody's help (invariant 8).
#[test]
fn a_lock_dies_with_its_process() {
    if !skip::has("a_lock_dies_with_its_process", "flock") {
        return;
    }
    let repo = Repo::warm();
    let lock = repo.control().join("locks/claims");
    let mut holder = repo.hermetic("flock").arg("--no-fork").arg(lock).args(["sleep", "60"]).spawn().unwrap();
    let ann = repo.agent("ann");
    let refused = (0..1_000)
        .map(|i| ann.jit(["claim", "acquire", &format!("name:t{i}"), "--lock-timeout", "0"]))
        .find(|answer| answer.status != Some(0));
    let trouble = refused.expect("flock(1) never took the lock").refused(8);
    assert!(trouble.retryable, "{trouble:?}");
    let mut waiting = ann.start(["claim", "acquire", "name:x", "--lock-timeout", "30"]);
    std::thread::sleep(Duration::from_millis(200));
    assert!(waiting.is_running());
    holder.kill().unwrap();
    holder.wait().unwrap();
    waiting.within(Duration::from_secs(2)).lease();
}
