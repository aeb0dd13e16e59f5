//! Many processes want one thing at the same time (invariant 1).

use std::fs::File;
use std::sync::Barrier;
use std::time::Duration;

use crate::support::answer::Answer;
use crate::support::{Repo, log};

const RACERS: usize = 32;
const ROUNDS: usize = 200;

/// One winner a round; each loser exits 5 and is told who won, as data and in words.
///
/// In every other round the starting gun is the writers' lock itself: the test holds it until all
/// are started, so that they stand before it together.
#[test]
fn of_32_processes_one_wins_200_times() {
    let repo = Repo::warm();
    let worktrees = [repo.main().to_path_buf(), repo.worktree("one"), repo.worktree("two")];
    let barrier = Barrier::new(RACERS + 1);
    let answers: Vec<Vec<(String, bool, Answer)>> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..RACERS)
            .map(|racer| {
                let agent = repo.agent(&format!("racer-{racer}")).at(&worktrees[racer % 3]);
                let (barrier, people) = (&barrier, racer % 4 == 0);
                scope.spawn(move || {
                    let run = |round: usize| {
                        barrier.wait();
                        let arguments = ["claim", "acquire", &format!("name:race-{round}")];
                        let answer = if people { agent.say(arguments) } else { agent.jit(arguments) };
                        barrier.wait();
                        (agent.id().to_owned(), people, answer)
                    };
                    (0..ROUNDS).map(run).collect()
                })
            })
            .collect();
        let gun = File::open(repo.control().join("locks/claims")).unwrap();
        for round in 0..ROUNDS {
            let held = round % 2 == 0;
            if held {
                gun.lock().unwrap();
            }
            barrier.wait();
            if held {
                std::thread::sleep(Duration::from_millis(15));
                gun.unlock().unwrap();
            }
            barrier.wait();
        }
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    for round in 0..ROUNDS {
        let answers: Vec<_> = answers.iter().map(|racer| &racer[round]).collect();
        let won: Vec<_> = answers.iter().filter(|(.., answer)| answer.status == Some(0)).collect();
        assert_eq!(won.len(), 1, "round {round}: {won:?}");
        let winner = &won[0].0;
        for (loser, people, answer) in answers.iter().filter(|(agent, ..)| agent != winner) {
            if *people {
                assert_eq!(answer.status, Some(5), "{answer:?}");
                assert!(
                    answer.stderr.contains(&**winner),
                    "{loser} is not told that {winner} won: {answer:?}"
                );
            } else {
                let trouble = answer.refused(5);
                assert!(trouble.names(winner), "{loser} is not told that {winner} won: {trouble:?}");
            }
        }
    }
    repo.healthy();
    let granted = log::sound(&repo).iter().filter(|record| record["op"] == "acquire").count();
    assert_eq!(granted, ROUNDS + 1);
}
