//! What people and programs read. The words are snapshots (`tests/snapshots/`): a change of them
//! is seen in review.

use serde_json::Value;

use crate::support::answer::Answer;
use crate::support::repo::{JIT, write};
use crate::support::{Repo, skip};

/// Compares with the snapshot of this name; what differs from run to run is written `<so>`.
#[track_caller]
fn snapshot(name: &str, repo: &Repo, answers: &[Answer]) {
    let shown: String = answers
        .iter()
        .map(|answer| {
            let (_, asked) = answer.asked.split_once(&format!("\"{JIT}\" ")).unwrap();
            let asked = asked.replace('"', "");
            let status = answer.status.unwrap();
            let stderr = answer.stderr.lines().map(|line| format!("! {line}\n")).collect::<String>();
            format!("$ jit {asked}\n{}{stderr}[exit {status}]\n\n", answer.stdout)
        })
        .collect();
    let shown = shown.replace(repo.dir().to_str().unwrap(), "<dir>");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, redacted) in [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
        (r"\b[0-9a-f]{32,64}\b", "<token>"),
        (r"\b\d{8}T\d{6}(\.\d+)?Z", "<time>"),
        (r"\b[0-9a-f]{12}\b", "<commit>"),
        (r"\b[0-9a-f]{7,9} own\b", "<commit> own"),
        // What remains of ten minutes, give or take a slow machine.
        (r"\b(9m 5\ds|10m) (left|\(until)", "<10m> $2"),
        ("\"remaining_secs\":\\d+", "\"remaining_secs\":<600>"),
        // The columns are as wide as that is.
        (r"LEFT +", "LEFT  "),
        (r"\b(9m 5\ds|10m) +clean", "<10m>  clean"),
        (r"WORKTREE +BRANCH", "WORKTREE  BRANCH"),
        (r"left  +<uuid>", "left  <uuid>"),
    ] {
        settings.add_filter(pattern, redacted);
    }
    settings.bind(|| insta::assert_snapshot!(name, shown));
}

/// The commands of every day, as people read them.
#[test]
fn what_people_read() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    let two = repo.worktree("two");
    let bob = repo.agent("bob").at(&two);
    let answers = [
        ann.say(["init"]),
        ann.say(["claim", "list"]),
        ann.say(["claim", "acquire", "name:schema", "name:docs", "--task", "rename users"]),
        bob.say(["claim", "acquire", "name:docs", "name:free"]),
        bob.say(["claim", "acquire", "name:free"]),
        bob.say(["claim", "list"]),
        bob.say(["claim", "status"]),
        bob.say(["claim", "status", "name:docs"]),
        bob.say(["claim", "status", "name:nobody"]),
        ann.say(["claim", "renew", "name:schema"]),
        ann.say(["claim", "heartbeat"]),
        ann.say(["claim", "release", "name:docs"]),
        bob.say(["claim", "renew", "name:schema"]),
        bob.say(["claim", "force-evict", "name:schema", "--reason", "gone home"]),
        bob.say(["claim", "acquire", "name:schema"]),
        ann.say(["claim", "renew", "name:schema"]),
        bob.say(["claim", "transfer", "name:schema", "--to", "agent:cleo"]),
        ann.say(["claim", "history", "--limit", "5"]),
        ann.say(["compact"]),
        ann.say(["doctor"]),
    ];
    snapshot("people", &repo, &answers);
}

/// Worktrees that come and go.
#[test]
fn what_people_read_of_worktrees() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let root = repo.dir().join("main-db");
    let there = bob.clone().at(&root);
    let mut answers = vec![
        bob.say(["worktree", "add", "name:db", "--path", "src/", "--task", "new columns"]),
        ann.say(["worktree", "add", "name:db"]),
        ann.say(["worktree", "list"]),
        ann.say(["worktree", "remove", "jit/db", "--force"]),
        there.say(["claim", "release", "name:db"]),
    ];
    write(&root.join("file"), "changed\n");
    repo.git(&root, &["commit", "-q", "--allow-empty", "-m", "own"]);
    answers.extend([
        ann.say(["worktree", "list"]),
        ann.say(["worktree", "remove", "jit/db"]),
        ann.say(["worktree", "remove", "jit/db", "--force"]),
        ann.say(["worktree", "salvage", "list"]),
        ann.say(["worktree", "salvage", "restore", "jit/db"]),
        ann.say(["worktree", "salvage", "restore", "jit/db"]),
        ann.say(["worktree", "salvage", "restore", "jit/dc"]),
        ann.jit(["worktree", "salvage", "list"]),
        ann.jit(["worktree", "list"]),
        ann.jit(["worktree", "add", "--branch", "more"]),
        ann.jit(["worktree", "remove", "more"]),
    ]);
    snapshot("worktrees", &repo, &answers);
    let help = ["add", "list", "remove"].map(|command| ann.say(["worktree", command, "--help"]));
    snapshot("help_of_worktrees", &repo, &help);
    let help = [&["worktree", "salvage", "--help"][..], &["worktree", "salvage", "restore", "--help"]];
    snapshot("help_of_salvage", &repo, &help.map(|command| ann.say(command)));
}

/// Refusals and errors, as people read them.
#[test]
fn what_people_read_when_it_does_not_work() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    ann.claim("name:held");
    let bob = repo.agent("bob");
    let answers = [
        bob.say(["claim", "acquire", "name:held", "--wait", "0"]),
        bob.say(["claim", "acquire", "name:held", "--dry-run"]),
        bob.say(["claim", "acquire", "deploy"]),
        bob.say(["claim", "acquire", "name:../etc"]),
        bob.say(["claim", "acquire", "name:a", "--ttl", "25h"]),
        bob.say(["claim", "acquire", "name:a", "--ttl", "soon"]),
        bob.say(["claim", "acquire", "name:a", "--agent", "bob"]),
        bob.say(["claim", "renew", "name:nobody"]),
        bob.say(["claim", "heartbeat"]),
        bob.say(["claim", "release", "name:held"]),
        bob.say(["claim", "status", "00000000-0000-4000-8000-000000000000"]),
        bob.say(["claim", "history", "00000000-0000-4000-8000-000000000000"]),
        bob.say(["claim", "release", "name:held", "--agent", "agent:cleo"]),
        bob.say(["claim", "aquire", "name:a"]),
        bob.say(["config", "set", "tll", "5m"]),
        bob.clone().at(repo.dir()).say(["claim", "list"]),
    ];
    snapshot("trouble", &repo, &answers);
}

/// Help, as people read it.
#[test]
fn help() {
    let repo = Repo::scratch();
    let ann = repo.agent("ann").at(repo.dir());
    let answers =
        [ann.say(["--help"]), ann.say(["claim", "--help"]), ann.say(["claim", "acquire", "--help"])];
    snapshot("help", &repo, &answers);
    snapshot("help_of_run", &repo, &[ann.say(["run", "--help"]), ann.say(["claim", "keep", "--help"])]);
}

/// With `--json`, each answer is one document on one stream, of the form that section 5 of the
/// design fixes; the snapshot holds the fields.
#[test]
fn what_programs_read() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    let bob = repo.agent("bob");
    let answers = [
        ann.jit(["init"]),
        ann.jit(["claim", "acquire", "name:a", "name:b", "--task", "t"]),
        bob.jit(["claim", "acquire", "name:b"]),
        bob.jit(["claim", "acquire", "name:c", "--dry-run"]),
        bob.jit(["claim", "status"]),
        bob.jit(["claim", "status", "name:a"]),
        bob.jit(["claim", "status", "name:free"]),
        ann.jit(["claim", "list"]),
        ann.jit(["claim", "renew", "name:a"]),
        ann.jit(["claim", "heartbeat"]),
        ann.jit(["claim", "release", "name:a"]),
        bob.jit(["claim", "renew", "name:b"]),
        bob.jit(["claim", "force-evict", "name:b", "--reason", "r"]),
        ann.jit(["claim", "renew", "name:b"]),
        ann.jit(["claim", "history", "--limit", "2"]),
        ann.jit(["worktree", "info"]),
        ann.jit(["worktree", "list"]),
        ann.jit(["config", "path"]),
        ann.jit(["config", "get", "ttl"]),
        ann.jit(["config", "set", "ttl", "5m"]),
        ann.jit(["doctor"]),
        ann.jit(["compact"]),
        ann.jit(["nonsense"]),
        ann.clone().at(repo.dir()).jit(["claim", "list"]),
    ];
    for answer in &answers {
        let (document, silent) = match answer.status {
            Some(0) => (&answer.stdout, &answer.stderr),
            _ => (&answer.stderr, &answer.stdout),
        };
        assert_eq!(silent, "", "{answer:?}");
        assert!(document.ends_with('\n') && document.trim_end().lines().count() == 1, "{answer:?}");
        let value: Value = serde_json::from_str(document).unwrap();
        let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
        match answer.status {
            Some(0) => assert_eq!(keys, ["data", "schema_version", "warnings"]),
            _ => {
                assert_eq!(keys, ["error", "schema_version", "warnings"]);
                let error = value["error"].as_object().unwrap();
                let mut keys: Vec<&str> = error.keys().map(String::as_str).collect();
                keys.sort_unstable();
                assert_eq!(keys, ["code", "context", "hint", "message", "retryable"]);
            }
        }
        assert_eq!(value["schema_version"], 1);
    }
    snapshot("programs", &repo, &answers);
}

/// Colour is for terminals, and `NO_COLOR` turns it off there too. A pipe never gets any.
#[test]
fn colour_is_for_terminals_that_want_it() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.claim("name:a");
    let bob = repo.agent("bob");
    let coloured = |answer: Answer| (answer.stdout + &answer.stderr).contains('\u{1b}');
    for arguments in [&["claim", "list"][..], &["claim", "acquire", "name:a"], &["--help"], &["nonsense"]] {
        assert!(!coloured(bob.say(arguments)), "{arguments:?} in a pipe");
    }
    // script(1) gives it a terminal.
    let script = ["script", "--quiet", "--return", "/dev/null", "--command"];
    if !skip::works("colour_is_for_terminals_that_want_it", &[&script[..], &["true"]].concat()) {
        return;
    }
    let command = format!("'{JIT}' claim acquire name:a");
    let terminal = bob.program(script[0]).env("TERM", "xterm-256color");
    let arguments = [&script[1..], &[&command]].concat();
    assert!(coloured(terminal.say(&arguments)), "on a terminal");
    assert!(!coloured(terminal.clone().env("NO_COLOR", "1").say(&arguments)), "with NO_COLOR");
}

/// Completions for the usual shells name the commands.
#[test]
fn completions() {
    let repo = Repo::scratch();
    for shell in ["bash", "zsh", "fish"] {
        let said = repo.agent("a").at(repo.dir()).say(["completions", shell]);
        assert_eq!(said.status, Some(0), "{said:?}");
        assert!(said.stdout.contains("force-evict"), "{shell}: {} bytes", said.stdout.len());
    }
}
