//! What one command costs, in counts that no noise disturbs.
//!
//! The program under test is of the dev profile. Executions, flushes, renames and locks are the
//! same in a release build, and so are system calls; page faults and memory are lower there, so the
//! budgets hold for both. They are for a program that is linked statically, as on glibc.

use std::collections::BTreeSet;

use crate::support::issue::{commit, issue};
use crate::support::repo::{Agent, write};
use crate::support::strace::{Syscall, count, traced};
use crate::support::tools::measured;
use crate::support::{Repo, skip};

/// System calls of one change on a warm control plane, all of them: the program's start, finding
/// the repository, the claim, the answer.
const SYSCALLS: usize = 92;
/// For each further reference.
const MORE_SYSCALLS: usize = 8;
/// Of what an agent's hook lets through: it also follows the path that is changed to where it really is.
const HOOK_SYSCALLS: usize = 125;
/// Page faults of one change, some more of a program that was linked a moment ago. A fault costs 4 to 5 µs
/// where this was measured.
const FAULTS: u64 = 180;
/// Peak memory of the commands that run all the time, with 100 live leases.
const MEMORY_KIB: u64 = 8 * 1024;

const FLUSHES: &[&str] = &["fsync", "fdatasync", "msync", "sync", "syncfs", "sync_file_range"];
const STARTS: &[&str] = &["execve", "execveat", "fork", "vfork", "clone", "clone3"];
const FREES: &[&str] =
    &["rename", "renameat", "renameat2", "truncate", "ftruncate", "unlink", "unlinkat", "link", "linkat"];

fn show(calls: &[Syscall]) -> String {
    calls.iter().map(|call| format!("{}\n", call.line)).collect()
}

fn in_worktree<'r>(repo: &'r Repo, name: &str) -> Agent<'r> {
    repo.agent(name).at(repo.worktree("two"))
}

/// One process, one flush, nothing that frees blocks: for a grant, a renewal and a release.
#[test]
fn a_change_is_one_process_and_one_flush() {
    let test = "a_change_is_one_process_and_one_flush";
    if !skip::has(test, "strace") {
        return;
    }
    let repo = Repo::warm();
    let agent = in_worktree(&repo, "ann");
    agent.claim("name:before");
    for arguments in [
        &["claim", "acquire", "name:a"][..],
        &["claim", "renew", "name:a"],
        &["claim", "heartbeat"],
        &["claim", "acquire", "name:b", "name:c"],
        &["claim", "release", "name:a"],
    ] {
        let (answer, calls) = traced(&agent, arguments);
        answer.ok();
        let trace = show(&calls);
        assert_eq!(count(&calls, STARTS), 1, "{arguments:?}: one program\n{trace}");
        assert_eq!(count(&calls, FLUSHES), 1, "{arguments:?}: one flush\n{trace}");
        assert_eq!(count(&calls, FREES), 0, "{arguments:?}: nothing that frees blocks\n{trace}");
        let budget = SYSCALLS + MORE_SYSCALLS * arguments.len().saturating_sub(3);
        assert!(calls.len() <= budget, "{arguments:?}: {} system calls\n{trace}", calls.len());
    }
    // A refusal promises nothing, so it need not wait for the disk.
    let (answer, calls) = traced(&repo.agent("bob"), &["claim", "acquire", "name:b"]);
    answer.refused(5);
    assert_eq!(count(&calls, FLUSHES), 0, "{}", show(&calls));
}

/// What an agent's program waits for before each of its actions: it starts nothing, waits for
/// nobody, and writes nothing.
#[test]
fn an_agents_hook_only_reads() {
    let test = "an_agents_hook_only_reads";
    if !skip::has(test, "strace") {
        return;
    }
    let repo = Repo::warm();
    repo.agent("ann").jit(["claim", "acquire", "--path", "src"]).lease();
    let bob = in_worktree(&repo, "bob");
    let root = repo.dir().join("two");
    let call = include_str!("recorded/claude-edit.json").replace("/PLACE", root.to_str().unwrap());
    let input = repo.dir().join("call.json");
    for (file, denied) in [("src/a", true), ("doc/a", false)] {
        write(&input, call.replace("src/a", file));
        let fed = bob.clone().through(["sh", "-c", "exec \"$@\" <\"$0\"", input.to_str().unwrap()]);
        let (answer, calls) = traced(&fed, &["hook", "claude"]);
        assert_eq!(answer.ok()["text"].as_str().unwrap().contains("deny"), denied, "{answer:?}");
        let trace = show(&calls);
        assert_eq!(count(&calls, STARTS), 1, "one program\n{trace}");
        assert_eq!(count(&calls, &[FLUSHES, FREES, &["flock", "mkdir", "mkdirat"]].concat()), 0, "{trace}");
        // To say who is in the way and where, it looks at the worktrees too.
        assert!(denied || calls.len() <= HOOK_SYSCALLS, "{} system calls\n{trace}", calls.len());
    }
}

/// The same with a log that has grown and many leases: no more calls than when it was empty.
#[test]
fn a_claim_costs_the_same_among_a_thousand() {
    let test = "a_claim_costs_the_same_among_a_thousand";
    if !skip::has(test, "strace") {
        return;
    }
    let repo = Repo::warm();
    let agent = in_worktree(&repo, "ann");
    agent.claim("name:before");
    let (_, few) = traced(&agent, &["claim", "acquire", "name:few"]);
    many(&repo, 1_000);
    agent.claim("name:after");
    let (answer, calls) = traced(&agent, &["claim", "acquire", "name:many"]);
    answer.lease();
    assert!(
        calls.len() <= few.len() + 4,
        "{} system calls, {} when empty\n{}",
        calls.len(),
        few.len(),
        show(&calls)
    );
    let read: usize = calls
        .iter()
        .filter(|call| matches!(&*call.name, "read" | "pread64") && call.line.contains("claims.jsonl"))
        .filter_map(|call| call.line.rsplit_once("= ")?.1.parse::<usize>().ok())
        .sum();
    assert!(read < 16_384, "{read} bytes of the log were read");
    // Nor do page faults grow, as they would with the whole state in memory.
    let (answer, usage) = measured(&agent, &["claim", "acquire", "name:faults"]);
    answer.lease();
    assert!(usage.minor_faults <= FAULTS, "{usage:?}");
}

/// So many leases, of many agents, with few processes.
fn many(repo: &Repo, leases: usize) {
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for i in (thread..leases).step_by(4) {
                    repo.agent(&format!("many-{}", i % 50)).claim(&format!("name:many/{i}"));
                }
            });
        }
    });
}

/// Who names issues pays for those: one look at the names for all words, and of what is committed
/// only what is read.
#[test]
fn issues_that_are_not_named_cost_nothing() {
    let test = "issues_that_are_not_named_cost_nothing";
    if !skip::has(test, "strace") {
        return;
    }
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let issue = |n| {
        let made = ann.jit(["issue", "create", "--title", &format!("issue {n}")]).ok();
        made["issue"]["id"].as_str().unwrap().to_owned()
    };
    let ids: Vec<String> = (0..10).map(issue).collect();
    repo.git(repo.main(), &["add", "-A"]);
    repo.git(repo.main(), &["commit", "-qm", "issues"]);
    let two = repo.worktree("two");
    std::fs::remove_dir_all(two.join(".jit/issues")).unwrap();
    let (shown, calls) = traced(&ann.clone().at(&two), &["issue", "show", &ids[0]]);
    shown.ok();
    let object = |call: &Syscall| {
        let name = call.line.split_once(".git/objects/")?.1.get(..41)?;
        // A loose object is in a directory of two digits.
        (call.name.starts_with("open") && name.as_bytes()[2] == b'/').then(|| name.to_owned())
    };
    let objects: BTreeSet<String> = calls.iter().filter_map(object).collect();
    assert_eq!(objects.len(), 5, "the commit, three trees on the way to the issue, and the issue");

    let starts = |command: &[&str], ids: &[String]| {
        let words: Vec<&str> = ids.iter().map(|id| &id[..8]).collect();
        let (answer, calls) = traced(&ann, &[command, &words[..]].concat());
        answer.ok();
        // What is said of a call before it returns: others may be traced in between.
        calls.iter().filter(|call| call.line.contains("CLONE_VFORK")).count()
    };
    for command in [&["claim", "assign"][..], &["claim", "acquire", "--dry-run"]] {
        // Of one or two, the files are named to Git; of more, the directory is read first.
        let few = starts(command, &ids[..3]);
        assert!(few > 0, "Git is asked what is committed");
        assert_eq!(few, starts(command, &ids), "{command:?}");
    }
}

/// Where nothing was written yet, the first listing of issues makes the place of its cache. It waits
/// for no disk; the next one finds the cache.
#[test]
fn a_listing_in_a_new_worktree_writes_its_cache_only() {
    let test = "a_listing_in_a_new_worktree_writes_its_cache_only";
    if !skip::has(test, "strace") {
        return;
    }
    let repo = Repo::warm();
    let agent = repo.agent("ann");
    issue(&agent, "work", &[]);
    commit(&repo, repo.main(), "issues");
    let root = repo.dir().join("two");
    // What only Git has is settled at once.
    let add = ["worktree", "add", "--quiet", "--no-checkout", root.to_str().unwrap()];
    repo.git(repo.main(), &add);
    let agent = agent.at(&root);
    let jit = repo.main().join(".git/worktrees/two/jit");
    for written in [1, 0] {
        let (answer, calls) = traced(&agent, &["query", "all"]);
        answer.ok();
        let trace = show(&calls);
        assert_eq!(count(&calls, &[FLUSHES, FREES, &["flock"]].concat()), 0, "{trace}");
        assert_eq!(count(&calls, &["mkdir", "mkdirat"]), written, "{trace}");
        let caches = |call: &&Syscall| call.name == "write" && call.line.contains("issues.cache");
        assert_eq!(calls.iter().filter(caches).count(), written, "{trace}");
        let names: Vec<_> =
            std::fs::read_dir(&jit).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["issues.cache"]);
    }
}

/// Commands that only read take no lock, wait for no flush, and write nothing but their answer.
#[test]
fn a_reading_command_writes_nothing() {
    let test = "a_reading_command_writes_nothing";
    if !skip::has(test, "strace") {
        return;
    }
    let repo = Repo::warm();
    let agent = in_worktree(&repo, "ann");
    agent.jit(["claim", "acquire", "name:a", "--ttl", "1s"]).lease();
    let lease = agent.claim("name:b");
    agent.jit(["compact"]).ok();
    std::thread::sleep(std::time::Duration::from_millis(1_050));
    // With an index that can be used, and with none.
    for index in [true, false] {
        if !index {
            std::fs::remove_file(repo.control().join("index")).unwrap();
        }
        for arguments in [
            &["claim", "status"][..],
            &["claim", "status", "name:a"],
            &["claim", "status", &lease.lease_id],
            &["claim", "list"],
            &["claim", "history"],
            &["claim", "acquire", "name:c", "--dry-run"],
            &["worktree", "info"],
            &["worktree", "list"],
            &["config", "list"],
            &["doctor"],
        ] {
            let (answer, calls) = traced(&agent, arguments);
            assert_eq!(answer.status, Some(0), "{answer:?}");
            let trace = show(&calls);
            assert_eq!(
                count(&calls, &[FLUSHES, FREES, &["flock", "mkdir", "mkdirat"]].concat()),
                0,
                "{arguments:?}\n{trace}"
            );
            let locked = calls.iter().any(|call| call.name == "fcntl" && call.line.contains("F_SETLK"));
            assert!(!locked, "{arguments:?}\n{trace}");
            for call in &calls {
                let writes = call.name.starts_with("write") || call.name.starts_with("pwrite");
                let answers = call.line.starts_with("write(1<") || call.line.starts_with("writev(1<");
                assert!(!writes || answers, "{arguments:?}: {}\n{trace}", call.line);
                let opens = call.name.starts_with("open")
                    && ["O_WRONLY", "O_RDWR", "O_CREAT"].iter().any(|how| call.line.contains(how));
                assert!(!opens || call.line.contains("/dev/"), "{arguments:?}: {}", call.line);
                let maps = call.name == "mmap"
                    && call.line.contains("PROT_WRITE")
                    && call.line.contains("MAP_SHARED");
                assert!(!maps || !call.line.contains(".git"), "{arguments:?}: {}", call.line);
            }
        }
    }
}

/// Peak memory of what runs all the time, the program alone.
#[test]
fn memory_stays_small_with_100_leases() {
    let repo = Repo::warm();
    let agent = in_worktree(&repo, "ann");
    many(&repo, 100);
    agent.claim("name:before");
    for arguments in [
        &["claim", "acquire", "name:a"][..],
        &["claim", "renew", "name:a"],
        &["claim", "status"],
        &["claim", "status", "name:a"],
        &["claim", "release", "name:a"],
    ] {
        let (answer, usage) = measured(&agent, arguments);
        answer.ok();
        assert!(usage.max_rss_kib <= MEMORY_KIB, "{arguments:?}: {usage:?}");
        assert!(usage.max_rss_kib > 100, "nothing was measured: {usage:?}");
        assert!(usage.minor_faults <= FAULTS, "{arguments:?}: {usage:?}");
    }
}
