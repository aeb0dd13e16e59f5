//! `--wait`: in turn, without polling, and never stranded (invariant 8; policy "waiting").

use std::fs;
use std::time::{Duration, Instant};

use crate::support::tools::measured;
use crate::support::{Agent, Repo, Running};

const SOON: Duration = Duration::from_secs(1);

/// A waiter gets the lease as soon as it is released, and its sleep costs nothing.
#[test]
fn a_waiter_sleeps_until_the_release() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    ann.claim("name:a");
    let (answer, usage) = std::thread::scope(|scope| {
        let bob = &bob;
        let waiting = scope.spawn(|| measured(bob, &["claim", "acquire", "name:a", "--wait", "1m"]));
        let began = Instant::now();
        while !bob.is_queued_for("name:a") && began.elapsed() < SOON {}
        std::thread::sleep(Duration::from_millis(2_500));
        let released = Instant::now();
        ann.jit(["claim", "release", "name:a"]).ok();
        let answer = waiting.join().unwrap();
        assert!(released.elapsed() < SOON, "it was told after {:?}", released.elapsed());
        answer
    });
    assert_eq!(answer.lease().agent, "agent:bob");
    // Two and a half seconds of waiting, and no more work than two claims.
    assert!(usage.cpu_us < 100_000, "{usage:?}");
}

/// The nearest expiry wakes a waiter too.
#[test]
fn a_waiter_gets_what_lapses() {
    let repo = Repo::warm();
    repo.agent("ann").jit(["claim", "acquire", "name:a", "--ttl", "1s"]).lease();
    let began = Instant::now();
    repo.agent("bob").jit(["claim", "acquire", "name:a", "--wait", "30s"]).lease();
    assert!(began.elapsed() < Duration::from_millis(2_500), "{:?}", began.elapsed());
}

/// Whoever came first is served first; who dies waiting is out of the queue at once.
#[test]
fn waiters_are_served_in_order_and_the_dead_are_passed_over() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.claim("name:a");
    let agents: Vec<_> = (1..=4).map(|i| repo.agent(&format!("w{i}"))).collect();
    let mut waiting: Vec<Running> = agents.iter().map(|agent| agent.start_waiting(&["name:a"])).collect();
    waiting.remove(1).kill();
    ann.jit(["claim", "release", "name:a"]).ok();
    for (agent, running) in [&agents[0], &agents[2], &agents[3]].into_iter().zip(waiting) {
        let lease = running.within(SOON).lease();
        assert_eq!(lease.agent, agent.id());
        agent.jit(["claim", "release", "name:a"]).ok();
    }
    repo.agent("after").claim("name:a");
}

/// A plain claim does not overtake a living waiter, only one that wants nothing of the same; and
/// waiters that don't overlap don't wait for each other.
#[test]
fn order_binds_only_what_overlaps() {
    let repo = Repo::warm();
    let (ann, bob, cleo, dora) =
        (repo.agent("ann"), repo.agent("bob"), repo.agent("cleo"), repo.agent("dora"));
    ann.claim("name:a");
    ann.claim("name:z");
    // bob waits for `a` and would take `b` with it, which is free.
    let first = bob.start_waiting(&["name:a", "name:b"]);
    let trouble = cleo.jit(["claim", "acquire", "name:b"]).refused(5);
    assert_eq!(trouble.code, "awaited");
    assert!(trouble.names("agent:bob"), "{trouble:?}");
    let said = cleo.say(["claim", "acquire", "name:b"]);
    assert!(said.stderr.contains("agent:bob"), "{said:?}");
    cleo.claim("name:c");
    // dora waits behind nobody, and is served first.
    let second = dora.start_waiting(&["name:z"]);
    ann.jit(["claim", "release", "name:z"]).ok();
    assert_eq!(second.within(SOON).lease().issues, ["name:z"]);
    // With bob gone, what he waited for is free at once.
    first.kill();
    cleo.claim("name:b");
}

/// Nor does `next` pick what somebody waits for.
#[test]
fn next_overtakes_nobody_who_waits() {
    let repo = Repo::warm();
    let (ann, bob, cleo) = (repo.agent("ann"), repo.agent("bob"), repo.agent("cleo"));
    let issue = |title| {
        let made = ann.jit(["issue", "create", "--title", title]).ok();
        made["issue"]["id"].as_str().unwrap().to_owned()
    };
    let (held, wanted) = (issue("held"), issue("wanted"));
    ann.claim(&held);
    let waiter = bob.start_waiting(&[&held, &wanted]);
    cleo.jit(["claim", "next"]).refused(4);
    waiter.kill();
    assert_eq!(cleo.jit(["claim", "next"]).lease().issues, [wanted]);
}

/// What ended while somebody waited for it is not granted: files are read anew for each try.
#[test]
fn what_ended_meanwhile_is_not_granted() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let made = ann.jit(["issue", "create", "--title", "one"]).ok();
    let id = made["issue"]["id"].as_str().unwrap();
    ann.claim(id);
    let waiter = bob.start_waiting(&[id]);
    // As a pull from another machine does.
    let path = repo.main().join(format!(".jit/issues/{id}.json"));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"ready\"", "\"done\"")).unwrap();
    ann.jit(["claim", "release", id]).warned();
    assert_eq!(waiter.within(Duration::from_secs(5)).refused(7).code, "issue_ended");
}

/// A lock that is held for longer than its own time limit ends no wait.
#[test]
fn a_lock_is_waited_for_as_long_as_the_rest() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    ann.jit(["issue", "create", "--title", "one"]).ok();
    let lock = fs::File::open(repo.control().join("locks/claims")).unwrap();
    lock.lock().unwrap();
    let patient = ["--wait", "30s", "--lock-timeout", "0"];
    let mut waiting = [
        ann.start([&["claim", "next"], &patient[..]].concat()),
        bob.start([&["claim", "acquire", "name:a"], &patient[..]].concat()),
    ];
    std::thread::sleep(Duration::from_millis(500));
    assert!(waiting.iter_mut().all(Running::is_running), "it gave up");
    let locked = ["claim", "next", "--wait", "1s", "--lock-timeout", "0"];
    assert_eq!(repo.agent("cleo").jit(locked).refused(8).code, "locked");
    drop(lock);
    waiting.into_iter().for_each(|one| drop(one.within(Duration::from_secs(5)).lease()));
}

/// In vain: exit 8, at the time that was asked for, and it says who had it.
#[test]
fn waiting_gives_up_in_time() {
    let repo = Repo::warm();
    repo.agent("ann").claim("name:a");
    let began = Instant::now();
    let trouble = repo.agent("bob").jit(["claim", "acquire", "name:a", "--wait", "1s"]).refused(8);
    let waited = began.elapsed();
    assert!((Duration::from_secs(1)..Duration::from_secs(3)).contains(&waited), "{waited:?}");
    assert!(trouble.retryable && trouble.names("agent:ann"), "{trouble:?}");
    repo.agent("cleo").jit(["claim", "acquire", "name:a"]).refused(5);
    repo.agent("bob").jit(["claim", "acquire", "name:a", "--wait", "0"]).refused(8);
    // No ghost of it in the queue.
    repo.agent("ann").jit(["claim", "release", "name:a"]).ok();
    repo.agent("cleo").claim("name:a");
}

/// Eight at once, each served and letting go in turn: nobody starves and nobody is served twice.
#[test]
fn eight_waiters_are_all_served() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.claim("name:a");
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|i| {
                let agent = repo.agent(&format!("w{i}"));
                scope.spawn(move || {
                    let lease = agent.jit(["claim", "acquire", "name:a", "--wait", "1m"]).lease();
                    agent.jit(["claim", "release", &lease.lease_id]).ok();
                    lease.fence
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(300));
        ann.jit(["claim", "release", "name:a"]).ok();
        let mut fences: Vec<u64> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        fences.sort_unstable();
        fences.dedup();
        assert_eq!(fences.len(), 8);
    });
    assert_eq!(ann.holder_of("name:a"), None);
    repo.healthy();
}

/// Who waits is seen by everybody: in the list, on what is waited for, on what the holder has; and
/// a rehearsal does not overtake either.
#[test]
fn who_waits_is_shown() {
    let repo = Repo::warm();
    let (ann, bob, cleo) = (repo.agent("ann"), repo.agent("bob"), repo.agent("cleo"));
    ann.claim("name:a");
    cleo.claim("name:z");
    let waiting = bob.start_waiting(&["name:a", "name:b"]);
    let seen = |agent: &Agent<'_>, arguments: &[&str]| {
        let waiters = agent.jit(arguments).ok()["waiters"].clone();
        waiters.as_array().unwrap().iter().map(|waiter| waiter["agent"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(seen(&cleo, &["claim", "list"]), ["agent:bob"]);
    assert_eq!(seen(&cleo, &["claim", "status", "name:b"]), ["agent:bob"]);
    assert_eq!(seen(&ann, &["claim", "status"]), ["agent:bob"], "it waits for what she has");
    assert!(seen(&cleo, &["claim", "status"]).is_empty());
    assert!(seen(&cleo, &["claim", "status", "name:z"]).is_empty());
    let said = ann.say(["claim", "status"]).stdout;
    assert!(said.contains("agent:bob waits for name:a, name:b since "), "{said}");
    assert_eq!(cleo.jit(["claim", "acquire", "name:b", "--dry-run"]).refused(5).code, "awaited");
    ann.jit(["claim", "release", "name:a"]).ok();
    waiting.within(SOON).lease();
    assert!(seen(&cleo, &["claim", "list"]).is_empty(), "who was served does not wait");
}

/// One's own leases show as lapsed once they have, and as lost once somebody else's change
/// evicted them.
#[test]
fn what_was_lost_is_shown_to_its_holder() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let lease = ann.jit(["claim", "acquire", "name:a", "--ttl", "1s"]).lease();
    std::thread::sleep(Duration::from_millis(1_100));
    let own = ann.jit(["claim", "status"]).leases();
    assert_eq!((&*own[0].state, own[0].remaining_secs), ("lapsed", 0));
    bob.claim("name:a");
    let own = ann.jit(["claim", "status"]).ok();
    assert_eq!(own["leases"], serde_json::json!([]));
    assert_eq!(own["lost"][0]["lease_id"], lease.lease_id);
    assert_eq!(own["lost"][0]["end"]["how"], "lapsed");
    let said = ann.say(["claim", "status"]).stdout;
    assert!(said.contains("lost name:a: ") && said.contains("lapsed after 1s"), "{said}");
    assert_eq!(bob.jit(["claim", "status"]).ok()["lost"], serde_json::json!([]));
}

/// Whether a process sleeps on what the kernel tells it of files.
fn is_told_of_changes(pid: u32) -> bool {
    let began = Instant::now();
    let is_inotify = |fd: std::io::Result<fs::DirEntry>| {
        fs::read_link(fd.unwrap().path()).is_ok_and(|to| to.to_string_lossy().contains("inotify"))
    };
    while began.elapsed() < Duration::from_secs(1) {
        if fs::read_dir(format!("/proc/{pid}/fd")).is_ok_and(|mut fds| fds.any(is_inotify)) {
            return true;
        }
    }
    false
}

/// `wait` takes nothing; it returns when what it waits for is free, by a release or a lapse.
#[test]
fn waiting_without_taking() {
    let repo = Repo::new();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    bob.jit(["claim", "wait", "name:x"]).ok();
    assert!(!repo.control().exists(), "nothing was made for one who only looks");
    let lease = ann.claim("name:x");
    let refused = bob.jit(["claim", "wait", "name:x", "--timeout", "0s"]).refused(8);
    assert!(refused.names("agent:ann") && refused.retryable, "{refused:?}");
    let waiting = bob.start(["claim", "wait", &lease.lease_id]);
    let other = bob.start(["claim", "wait", "name:x", "--timeout", "1m"]);
    ann.jit(["claim", "release", "name:x"]).ok();
    let within = Duration::from_secs(3);
    assert_eq!(waiting.within(within).ok()["lease"]["state"], "ended");
    assert_eq!(other.within(within).ok()["lease"], serde_json::Value::Null);
    ann.jit(["claim", "acquire", "name:x", "--ttl", "1s"]).lease();
    let lapsed = bob.start(["claim", "wait", "name:x"]);
    assert!(is_told_of_changes(lapsed.pid()));
    assert_eq!(lapsed.within(within).ok()["lease"], serde_json::Value::Null);
    bob.jit(["claim", "wait", "name:x", "--timeout", "soon"]).refused(2);
}
