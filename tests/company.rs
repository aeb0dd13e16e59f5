//! Mistakes that programs of this kind have made, one test each: what went wrong elsewhere must
//! not go wrong here. Others of the list are in `access`, `bad_input`, `damage` and `cost`.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use crate::support::repo::write;
use crate::support::{Repo, log};

/// A clean-up that unlinks a lock file splits its waiters from those who come after. Here nothing
/// does: not `doctor --fix`, not `compact`, not a leaving waiter.
#[test]
fn no_clean_up_unlinks_a_lock() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    ann.claim("name:a");
    bob.start_waiting(&["name:a"]).kill();
    let inodes = || {
        let mut found: Vec<_> = fs::read_dir(repo.control().join("locks"))
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name(), entry.metadata().unwrap().ino()))
            .collect();
        found.sort();
        found
    };
    let before = inodes();
    assert!(before.len() >= 4, "{before:?}");
    fs::remove_file(repo.control().join("index")).unwrap();
    ann.jit(["doctor", "--fix"]).ok();
    ann.jit(["compact"]).ok();
    ann.jit(["claim", "release", "name:a"]).ok();
    ann.jit(["doctor", "--fix"]).ok();
    assert_eq!(inodes(), before);
}

/// Compaction under load loses nothing and strands nobody: eight callers claim and release while
/// segments are sealed under them.
#[test]
fn eight_callers_while_the_log_is_sealed() {
    let repo = Repo::warm();
    repo.agent("admin").jit(["config", "set", "compact_at", "65536"]).ok();
    let mut fences: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|caller| {
                let agent = repo.agent(&format!("caller-{caller}"));
                scope.spawn(move || {
                    (0..40)
                        .map(|i| {
                            let name = format!("name:c{caller}-{i}");
                            let lease = agent.claim(&name);
                            if i % 2 == 0 {
                                agent.jit(["claim", "release", &name]).ok();
                            }
                            if caller == 0 && i % 8 == 0 {
                                agent.jit(["compact"]).ok();
                            }
                            lease.fence
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    fences.sort_unstable();
    fences.dedup();
    assert_eq!(fences.len(), 320, "no fence is given twice, compaction or not");
    let listed = repo.agent("x").jit(["claim", "list"]).leases();
    assert_eq!(listed.len(), 160);
    let records = log::sound(&repo);
    let segments = records.iter().filter(|record| record["op"] == "checkpoint").count();
    assert!(segments >= 5, "only {segments} segments");
    let history = repo.agent("x").jit(["claim", "history", "name:c7-0"]).ok();
    assert_eq!(history["records"].as_array().unwrap().len(), 2, "from the archive: {history}");
    repo.healthy();
}

/// The same agent in two worktrees is two holders, and two sub-agents of one are two: neither
/// gets what the other has, nor gives it up for it. Only the token proves that one carries on.
#[test]
fn one_name_is_not_one_holder() {
    let repo = Repo::warm();
    let two = repo.worktree("two");
    let here = repo.agent("ann");
    let there = here.clone().at(&two);
    let lease = here.claim("name:a");
    there.jit(["claim", "acquire", "name:a"]).refused(5);
    there.jit(["claim", "renew", &lease.lease_id]).refused(6);
    there.jit(["claim", "release", "name:a"]).refused(6);
    // Nor does the same holder, asked twice: two sub-agents may share the name.
    let trouble = here.jit(["claim", "acquire", "name:a"]).refused(5);
    assert!(trouble.names("agent:ann"));
    let [x, y] = ["ann/x", "ann/y"].map(|name| repo.agent(name));
    let granted = x.jit(["claim", "acquire", "name:sub"]);
    y.jit(["claim", "release", "name:sub"]).refused(6);
    y.jit(["claim", "renew", "name:sub"]).refused(6);
    // With the token it is the owner, and the old fence is over.
    x.jit(["claim", "acquire", "name:sub", "--resume", "00000000000000000000000000000000"]).refused(6);
    let token = granted.token();
    let resumed = x.jit(["claim", "acquire", "name:sub", "--resume", &token]).lease();
    assert!(resumed.fence > granted.lease().fence);
    assert_eq!(resumed.lease_id, granted.lease().lease_id);
    // The secret is shown to nobody else, and not in the log.
    let seen = [
        x.jit(["claim", "status", "name:sub"]).stdout,
        x.jit(["claim", "list"]).stdout,
        x.jit(["claim", "history"]).stdout,
        y.jit(["claim", "acquire", "name:sub"]).stderr,
        fs::read_to_string(repo.log()).unwrap(),
    ];
    assert!(seen.iter().all(|text| !text.contains(&token)));
}

/// A batch is all or nothing, also among those who want parts of it at the same time: two who
/// want the same two things in opposite order neither share nor deadlock (invariant 3).
#[test]
fn batches_are_whole() {
    let repo = Repo::warm();
    let names: Vec<String> = (0..6).map(|i| format!("name:b{i}")).collect();
    std::thread::scope(|scope| {
        for caller in 0..8_usize {
            let (repo, names) = (&repo, &names);
            scope.spawn(move || {
                let agent = repo.agent(&format!("caller-{caller}"));
                for round in 0..30 {
                    let wanted: Vec<&str> =
                        (0..3).map(|i| &*names[(caller * (i + 1) + round + i * 2) % 6]).collect();
                    let answer = agent.jit([&["claim", "acquire"], &wanted[..]].concat());
                    if answer.status == Some(5) {
                        continue;
                    }
                    let lease = answer.lease();
                    let mut wanted: Vec<&str> = wanted;
                    wanted.sort_unstable();
                    wanted.dedup();
                    assert_eq!(lease.issues, wanted);
                    let held = agent.jit(["claim", "status"]).leases();
                    assert_eq!(held.len(), 1, "{held:?}");
                    agent.jit(["claim", "release", &lease.lease_id]).ok();
                }
            });
        }
    });
    // Of each grant the log holds one line, with all of it.
    log::sound(&repo);
    assert!(repo.agent("x").jit(["claim", "list"]).leases().is_empty());
}

/// Who answers before the disk has it tells a lie when the machine dies. What was acknowledged is
/// in the file itself, not only in some process's or page's memory: with everything else of the
/// control plane gone, it still stands.
#[test]
fn the_log_alone_is_enough() {
    let repo = Repo::warm();
    // The main worktree's identity is in the same directory.
    let ann = repo.agent("ann").at(repo.worktree("two"));
    let leases: Vec<_> = (0..5).map(|i| ann.claim(&format!("name:n{i}"))).collect();
    ann.jit(["claim", "release", "name:n0"]).ok();
    let log = fs::read(repo.log()).unwrap();
    fs::remove_dir_all(repo.control()).unwrap();
    write(&repo.log(), log);
    let bob = repo.agent("bob");
    assert_eq!(bob.jit(["claim", "list"]).leases().len(), 4);
    bob.jit(["claim", "acquire", "name:n1"]).refused(5);
    let next = bob.claim("name:n0");
    assert!(leases.iter().all(|lease| lease.fence < next.fence), "fences go on growing");
    ann.jit(["claim", "renew", &leases[1].lease_id]).ok();
    repo.healthy();
}

/// An environment that belongs to somebody else's session does not change who one is, once one
/// has said it; without a word from anybody there is an error, or Git's name, and never one
/// common name for all.
#[test]
fn who_one_is_comes_from_where_it_should() {
    let repo = Repo::warm();
    let named = |agent: crate::support::Agent<'_>| {
        agent.jit(["worktree", "info"]).ok()["agent"].as_str().map(str::to_owned)
    };
    let session = repo.agent("x").nameless().env("CLAUDE_CODE_SESSION_ID", "s-1");
    let name = named(session.clone()).unwrap();
    assert!(name.starts_with("agent:") && name.contains("s-1"), "{name}");
    assert_ne!(named(repo.agent("x").nameless().env("CLAUDE_CODE_SESSION_ID", "s-2")).unwrap(), name);
    assert_eq!(named(session.clone().env("JIT_AGENT_ID", "agent:own")).as_deref(), Some("agent:own"));
    let option = session.env("JIT_AGENT_ID", "agent:own").jit(["--agent", "ci:job", "worktree", "info"]).ok();
    assert_eq!(option["agent"], "ci:job");
    // As Codex's hooks name them: a sub-agent has its own thread in the session.
    let thread = |id: &str| repo.agent("x").nameless().env("CODEX_THREAD_ID", id);
    assert_eq!(named(thread("t-1")).as_deref(), Some("agent:codex-t-1"));
    assert_eq!(named(thread("t-1").env("CODEX_SESSION_ID", "t-1")).as_deref(), Some("agent:codex-t-1"));
    assert_eq!(named(thread("t-2").env("CODEX_SESSION_ID", "t-1")).as_deref(), Some("agent:codex-t-1/t-2"));
    assert_eq!(named(repo.agent("x").nameless()).as_deref(), Some("agent:Scratch"), "Git's user");
    write(&repo.dir().join("home/.config/jit/agent"), "human:file\n");
    assert_eq!(named(repo.agent("x").nameless()).as_deref(), Some("human:file"));
}

/// A reader that comes by while a writer writes sees the state before or after, never an error:
/// status and list loop while claims, releases and compactions go on.
#[test]
fn readers_are_never_in_the_way_nor_led_astray() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.claim("name:fixed");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for reader in 0..3 {
            let (agent, over) = (repo.agent(&format!("reader-{reader}")), &over);
            scope.spawn(move || {
                while !over.load(Relaxed) {
                    assert_eq!(agent.holder_of("name:fixed").as_deref(), Some("agent:ann"));
                    let listed = agent.jit(["claim", "list"]).leases();
                    assert!(listed.iter().any(|lease| lease.issues == ["name:fixed"]), "{listed:?}");
                    agent.jit(["claim", "history", "--limit", "3"]).ok();
                }
            });
        }
        let _at_the_end = Set(&over);
        let writer = repo.agent("writer");
        let began = std::time::Instant::now();
        while began.elapsed() < Duration::from_secs(3) {
            let lease = writer.claim("name:moving");
            writer.jit(["claim", "release", &lease.lease_id]).ok();
            if lease.fence.is_multiple_of(7) {
                writer.jit(["compact"]).ok();
            }
        }
    });
}

/// Sets a flag when it is dropped, in a panic too.
struct Set<'a>(&'a AtomicBool);

impl Drop for Set<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}
