//! A flush that fails, or whose process dies in it: nobody is told that what it covered is done
//! before it is, and the next one goes on (invariant 2). strace puts the fault where it belongs.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::answer::Answer;
use crate::support::{Repo, Running, log, skip};

const SOON: Duration = Duration::from_secs(5);

/// What stands before the program to put a fault into its flush.
pub(crate) fn fault(kind: &str) -> [String; 8] {
    let inject = format!("inject=fdatasync:{kind}");
    ["strace", "-f", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", &inject].map(str::to_owned)
}

/// The outcome is unknown, and everything that is needed to go on with it is said.
#[track_caller]
fn in_doubt(answer: &Answer) -> (String, String) {
    let trouble = answer.refused(1);
    assert_eq!((trouble.code.as_str(), trouble.retryable), ("durability_unknown", true), "{trouble:?}");
    let text = |key: &str| {
        let value = trouble.find(key).and_then(|value| value.as_str());
        value.unwrap_or_else(|| panic!("no {key}: {trouble:?}")).to_owned()
    };
    let lease = text("lease_id");
    // Followed as it stands, or by asking again: there is no third way.
    let hint = trouble.hint.as_deref().unwrap();
    assert!(hint.ends_with(&format!(": jit claim renew {lease}")), "{hint}");
    (lease, text("token"))
}

/// After a fault, work goes on in a new segment, and nothing that may stand is granted again.
#[track_caller]
fn goes_on(repo: &Repo, doubtful: &[&str]) {
    repo.agent("next").claim("name:next");
    let segments = fs::read_dir(repo.control().join("archive")).unwrap().count();
    assert!(segments >= 1, "nothing more is acknowledged on that segment");
    for name in doubtful {
        repo.agent("other").jit(["claim", "acquire", name]).refused(5);
    }
    log::sound(repo);
    repo.healthy();
}

/// The disk says no: exit 1, retryable, with the lease and its token, which the holder can go on
/// with if the lease stands.
#[test]
fn a_failed_flush_is_no_success() {
    let test = "a_failed_flush_is_no_success";
    let wrap = fault("error=EIO:when=1");
    let probe: Vec<&str> = wrap.iter().map(String::as_str).chain(["true"]).collect();
    if !skip::has(test, "strace") || !skip::works(test, &probe) {
        return;
    }
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let (lease, token) = in_doubt(&ann.clone().through(wrap).jit(["claim", "acquire", "name:a"]));
    assert_eq!(
        ann.jit(["claim", "status", "name:a"]).lease().lease_id,
        lease,
        "it may stand, and here it does"
    );
    goes_on(&repo, &["name:a"]);
    // Now it is durable, and the token proves whose it is.
    let resumed = ann.jit(["claim", "acquire", "name:a", "--resume", &token]).lease();
    assert_eq!(resumed.lease_id, lease);
    // What was picked can be gone on with just as well.
    for title in ["one", "two", "three"] {
        ann.jit(["issue", "create", "--title", title]).ok();
    }
    for count in ["1", "2"] {
        let unsure = ann.clone().through(fault("error=EIO:when=1"));
        let (lease, token) = in_doubt(&unsure.jit(["claim", "next", "--count", count]));
        let picked = ann.jit(["claim", "renew", &lease]).leases().remove(0);
        assert_eq!(
            ann.jit(["claim", "acquire", &picked.issues[0], "--resume", &token]).lease().lease_id,
            lease
        );
    }
    // People are told as much.
    let said = ann.through(fault("error=EIO:when=1")).say(["claim", "acquire", "name:words"]);
    assert!(said.status == Some(1) && said.stdout.is_empty() && said.stderr.contains("token"), "{said:?}");
}

/// The kernel tells one process only of a failed flush; all who wait for it are told. When its
/// process is killed in it, they flush again, in a new segment, and are none the worse.
#[test]
fn a_flush_that_fails_fails_for_all_whom_it_covers() {
    let test = "a_flush_that_fails_fails_for_all_whom_it_covers";
    // The flush takes its time, in which others come to wait for it.
    for (killed, kind) in [(false, "error=EIO:delay_enter=1500000"), (true, "delay_enter=20000000")] {
        let wrap = fault(kind);
        if !skip::has(test, "strace") || !skip::works(test, &["strace", "-o", "/dev/null", "true"]) {
            return;
        }
        let repo = Repo::warm();
        let leader = repo.agent("leader").through(wrap).start(["claim", "acquire", "name:a"]);
        while repo.agent("x").holder_of("name:a").is_none() {}
        let followers: Vec<Running> = (0..3)
            .map(|i| repo.agent(&format!("f{i}")).start(["claim", "acquire", &format!("name:f{i}")]))
            .collect();
        if killed {
            std::thread::sleep(Duration::from_millis(200));
            let pid = leader.pid();
            // The kernel may leave some out where another ends just then.
            let began = Instant::now();
            let kills = || {
                let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
                Command::new("kill").arg("-KILL").args(children.split_whitespace()).output().unwrap().status
            };
            while !kills().success() {
                assert!(began.elapsed() < SOON, "it has no child");
            }
            // strace itself would sit the delay out.
            assert_eq!(leader.kill().stdout, "");
        } else {
            in_doubt(&leader.within(SOON));
        }
        for follower in followers {
            let answer = follower.within(SOON);
            match killed {
                // No disk failed them: what their leader left undone is done by one of them.
                true => drop(answer.lease()),
                false => drop(in_doubt(&answer)),
            }
        }
        goes_on(&repo, &["name:a", "name:f0", "name:f1", "name:f2"]);
    }
}
