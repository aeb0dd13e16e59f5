//! What a refusal says can be followed as it stands: who and where the holder is, and commands that
//! work as printed.

use std::path::Path;

use crate::support::answer::Answer;
use crate::support::repo::JIT;
use crate::support::{Agent, Repo};

/// Runs the command at the end of a refusal's hint in a shell, as this agent somewhere.
fn follow(agent: &Agent<'_>, refusal: &Answer) -> Answer {
    let hint = refusal.trouble().hint.unwrap();
    let command = hint.rsplit_once(": ").map_or(&*hint, |(_, command)| command);
    let path = format!("{}:{}", Path::new(JIT).parent().unwrap().display(), std::env::var("PATH").unwrap());
    agent.clone().program("sh").env("PATH", path).say(["-c", &format!("{command} --json")])
}

/// The command that a refusal hints at asks for the same again, with the caller's own words, and
/// works from where the refused one was given.
#[test]
fn the_hint_of_a_refusal_works_as_printed() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    ann.claim("name:a");
    let dir = repo.worktree("it's a place");
    let outside = repo.agent("x").at(repo.dir());
    let task = "it's $(HOME) `jit claim list` *";
    let mut asked = vec!["-C", dir.to_str().unwrap(), "claim", "acquire", "name:b", "name:a"];
    asked.extend(["--agent", "agent:bob", "--ttl", "1h 30m", "--task", task]);
    let refused = outside.jit(&asked);
    refused.refused(5);
    ann.jit(["claim", "release", "name:a"]).ok();
    let lease = follow(&outside, &refused).ok()["lease"].clone();
    assert_eq!(lease["agent"], "agent:bob");
    assert_eq!(lease["task"], task);
    assert_eq!(lease["ttl_secs"], 5_400);
    assert_eq!(lease["issues"], serde_json::json!(["name:a", "name:b"]));
}

/// A refusal, the list and a status say where the holder works, for as long as that is there.
#[test]
fn a_holder_can_be_found() {
    let repo = Repo::new();
    let there = repo.worktree("ä place");
    repo.agent("ann").at(&there).claim("name:a");
    let bob = repo.agent("bob");
    let paths = || {
        let refused = bob.jit(["claim", "acquire", "name:a"]).refused(5);
        let listed = bob.jit(["claim", "list"]).ok();
        let status = bob.jit(["claim", "status", "name:a"]).ok();
        [
            refused.find("lease").unwrap().get("worktree_path").cloned(),
            listed["leases"][0].get("worktree_path").cloned(),
            status["lease"].get("worktree_path").cloned(),
        ]
    };
    assert_eq!(paths(), [(); 3].map(|()| Some(there.to_str().unwrap().into())));
    repo.git(repo.main(), &["worktree", "remove", "--force", there.to_str().unwrap()]);
    assert_eq!(paths(), [None, None, None], "it is gone");
}

/// One's own lease is said to be one's own, and its token is not asked for.
#[test]
fn the_own_lease_is_told_from_anothers() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let lease = ann.claim("name:a");
    let refused = ann.jit(["claim", "acquire", "name:a", "name:b"]);
    let trouble = refused.refused(5);
    assert!(trouble.message.contains(&format!("you hold name:a already, as lease {}", lease.lease_id)));
    assert_eq!(trouble.find("yours"), Some(&true.into()));
    let hint = trouble.hint.unwrap();
    assert!(hint.contains("jit claim renew name:a") && !hint.contains("--resume"), "{hint}");
    follow(&ann, &refused).ok();
    let there = repo.worktree("there");
    let elsewhere = ann.clone().at(there).jit(["claim", "acquire", "name:a"]).refused(5);
    assert_eq!(elsewhere.find("yours"), Some(&false.into()), "another worktree is another holder");
}

/// `-C` to where nothing is: bad usage, and it says what was named.
#[test]
fn a_directory_that_is_none() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    for dir in ["/no/such/place", "file"] {
        let trouble = ann.jit(["-C", dir, "claim", "list"]).refused(2);
        assert!(trouble.message.contains(dir), "{trouble:?}");
    }
    use std::os::unix::ffi::OsStrExt;
    let odd = std::ffi::OsStr::from_bytes(b"odd \xff");
    std::fs::create_dir(repo.main().join(odd)).unwrap();
    let answer = ann.jit([std::ffi::OsStr::new("-C"), odd, "claim".as_ref(), "list".as_ref()]);
    answer.ok();
}
