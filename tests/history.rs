//! What concurrent processes are told has an order that explains it (invariants 1, 2, 7).

use std::time::{Duration, Instant};

use crate::support::calls::{self, Recorder};
use crate::support::rng::{Rng, seed};
use crate::support::{Repo, log};

/// Every answer of acquire, renew, release, transfer, force-evict and status is explained by one
/// order of all calls; the checker is independent of the program (`support/linear.rs`).
#[test]
fn every_answer_is_linearizable() {
    const THREADS: u64 = 8;
    let seed = seed("history");
    let repo = Repo::warm();
    let names: Vec<String> = (0..3).map(|i| format!("name:h{i}")).collect();
    let worktrees = [repo.main().to_path_buf(), repo.worktree("one")];
    let began = Instant::now();
    let recorders: Vec<Recorder> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (repo, names, worktrees) = (&repo, &names, &worktrees);
                scope.spawn(move || {
                    let mut rng = Rng::new(seed, thread);
                    let mut recorder = Recorder::new(began);
                    let agents = ["x", "y"].map(|name| {
                        repo.agent(&format!("{name}{thread}")).at(&worktrees[thread as usize % 2])
                    });
                    let mut own = Vec::new();
                    while began.elapsed() < Duration::from_secs(5) {
                        recorder.anything(&mut rng, &agents, names, &mut own);
                        if thread == 0 && rng.one_in(100) {
                            agents[0].jit(["compact"]).ok();
                        }
                    }
                    recorder
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let calls: usize = recorders.iter().map(|recorder| recorder.calls.len()).sum();
    assert!(calls >= 500, "only {calls} calls");
    calls::check(&recorders);
    log::sound(&repo);
    repo.healthy();
}
