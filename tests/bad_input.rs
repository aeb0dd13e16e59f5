//! Bad input gets a clear error, and nothing is lost or changed.

use crate::support::answer::Answer;
use crate::support::{Repo, log};

/// An error for people that is short, printable and says what to do.
#[track_caller]
fn clear(said: &Answer, status: i32) {
    assert_eq!(said.status, Some(status), "{said:?}");
    assert_eq!(said.stdout, "", "{said:?}");
    assert!(said.stderr.len() < 1_000, "{} bytes: {said:?}", said.stderr.len());
    assert!(!said.stderr.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
    assert!(!said.stderr.contains("panicked"), "{said:?}");
}

/// References that are none: bad usage, never a lease.
#[test]
fn names_that_are_none() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let long = format!("name:{}", "x".repeat(10_000));
    let longer = "y".repeat(10_000);
    let before = log::records(&repo).len();
    let names = [
        "name:../x",
        "name:a/../b",
        "name:..",
        "name:/etc",
        "name:a//b",
        "name:",
        "name:a b",
        "name:a\nb",
        "name:\u{1b}[31m",
        "name:\u{7f}",
        "name:é",
        "",
        " ",
        ":",
        "a b",
        "\u{1b}]0;x\u{7}",
        "name:a:b",
        "NAME:a",
        &long,
        &longer,
    ];
    for name in names {
        for command in ["acquire", "status", "renew", "release"] {
            let said = ann.say(["claim", command, name]);
            // A bare word may be an issue that there is not.
            let status = if said.status == Some(3) { 3 } else { 2 };
            clear(&said, status);
            assert!(!name.starts_with("name:") || status == 2, "{said:?}");
            let trouble = ann.jit(["claim", command, name]).refused(status);
            assert!(trouble.message.len() < 500 && !trouble.retryable, "{trouble:?}");
        }
    }
    // One bad name among good ones: nothing is taken.
    ann.jit(["claim", "acquire", "name:good", "name:../bad"]).refused(2);
    assert_eq!(ann.holder_of("name:good"), None);
    assert_eq!(log::records(&repo).len(), before, "nothing was written");
    repo.healthy();
}

/// Agent ids that are none, wherever they come from.
#[test]
fn agent_ids_that_are_none() {
    let repo = Repo::warm();
    let long = format!("agent:{}", "x".repeat(10_000));
    let ids = [
        "bob",
        "agent:",
        ":bob",
        "robot:bob",
        "agent:a b",
        "agent:a/b/c",
        "agent:a/",
        "agent:é",
        "agent:\u{1b}[1m",
        &long,
    ];
    for id in ids {
        clear(&repo.agent("x").say(["claim", "acquire", "name:a", "--agent", id]), 2);
        clear(&repo.agent("x").nameless().env("JIT_AGENT_ID", id).say(["claim", "acquire", "name:a"]), 2);
        clear(&repo.agent("x").say(["claim", "transfer", "name:a", "--to", id]), 2);
    }
    assert_eq!(repo.agent("x").holder_of("name:a"), None);
}

/// TTLs and other durations that are none, or more than the policy allows.
#[test]
fn ttls_that_are_none() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let before = log::records(&repo).len();
    let ttls = [
        "-5",
        "-1s",
        "0",
        "0s",
        "1ms",
        "1.5s",
        "25h",
        "86401",
        "4294967296",
        "18446744073709551616",
        "99999999999999999999999999h",
        "1e9",
        "NaN",
        "inf",
        "",
        " ",
        "10 parsecs",
        "٣",
        &"9".repeat(10_000),
    ];
    for ttl in ttls {
        clear(&ann.say(["claim", "acquire", "name:a", "--ttl", ttl]), 2);
        clear(&ann.say(["claim", "acquire", "name:a", &format!("--ttl={ttl}")]), 2);
        ann.jit(["claim", "acquire", "name:a", "--ttl", ttl]).refused(2);
    }
    for wait in ["-1", "x", "99999999999999999999999999h"] {
        clear(&ann.say(["claim", "acquire", "name:a", "--wait", wait]), 2);
        clear(&ann.say(["claim", "acquire", "name:a", "--lock-timeout", wait]), 2);
    }
    assert_eq!(ann.holder_of("name:a"), None);
    assert_eq!(log::records(&repo).len(), before, "nothing was written");
    // The limits themselves are good.
    for ttl in ["1", "24h", "1h 30m"] {
        ann.jit(["claim", "acquire", &format!("name:{}", ttl.replace(' ', "-")), "--ttl", ttl]).lease();
    }
}

/// Anything else on the command line that makes no sense: bad usage, with where to look.
#[test]
fn arguments_that_make_no_sense() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let long = "z".repeat(10_000);
    let lines: &[&[&str]] = &[
        &[],
        &["clam"],
        &["claim"],
        &["claim", "aquire", "name:a"],
        &["claim", "acquire"],
        &["claim", "acquire", "--nope", "name:a"],
        &["claim", "acquire", "name:a", "--task", "a\nb"],
        &["claim", "acquire", "name:a", "--task", &long],
        &[&long],
        &["claim", "force-evict", "name:a"],
        &["claim", "force-evict", "name:a", "--reason", ""],
        &["claim", "acquire", "name:a", "--resume", "nonsense"],
        &["claim", "transfer", "name:a"],
        &["completions", "tcl"],
    ];
    for line in lines {
        clear(&ann.say(*line), 2);
        let trouble = ann.jit(*line).refused(2);
        assert!(trouble.hint.is_some_and(|hint| !hint.is_empty()), "{line:?} has no hint");
    }
    assert_eq!(ann.holder_of("name:a"), None);
}

/// A bare word that is no issue, or another source's: not found, with the hint; never a lease
/// (a typing error must not become one).
#[test]
fn a_bare_word_is_never_a_lease() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let before = log::records(&repo).len();
    for word in ["deploy-db", "gh:42", "01JABC", "a"] {
        let trouble = ann.jit(["claim", "acquire", word]).refused(3);
        assert!(trouble.hint.unwrap().contains("name:"), "{word}");
        ann.jit(["claim", "acquire", "name:ok", word]).refused(3);
        ann.jit(["claim", "status", word]).refused(3);
    }
    assert_eq!(ann.jit(["claim", "list"]).leases().len(), 0);
    assert_eq!(log::records(&repo).len(), before);
}
