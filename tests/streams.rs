//! Files that are no files: closed standard streams, and pipes and directories in a file's place.

use crate::support::{Agent, Repo};

/// The program with some of its standard streams closed.
fn closed<'r>(agent: &Agent<'r>, streams: &str) -> Agent<'r> {
    agent.clone().through(["sh", "-c", &format!("exec \"$@\" {streams}"), "sh"])
}

/// Nobody could read the answer: nothing is done, and it does not count as done.
#[test]
fn with_standard_output_closed_nothing_is_done() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    for asked in [&["claim", "acquire", "name:a"][..], &["claim", "list"], &["--help"]] {
        let said = closed(&ann, ">&-").say(asked);
        assert_eq!(said.status, Some(1), "{said:?}");
        assert!(said.stderr.contains("standard output is closed; nothing was done"), "{said:?}");
    }
    assert_eq!(ann.holder_of("name:a"), None);
}

type Make = fn(&std::path::Path);

/// A policy's file that is none is told of like one that can't be followed, and hangs nobody. Who
/// only looks does not need it.
#[test]
fn a_policy_that_is_no_text() {
    let make: [(&str, Make); 3] = [
        ("no UTF-8", |path| std::fs::write(path, b"ttl = \"\xff\"\n").unwrap()),
        ("a directory", |path| std::fs::create_dir(path).unwrap()),
        ("a pipe", |path| {
            let mode = rustix::fs::Mode::from_raw_mode(0o600);
            rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        }),
    ];
    for (what, make) in make {
        let repo = Repo::warm();
        let ann = repo.agent("ann").through(["timeout", "20"]);
        make(&repo.control().join("config.toml"));
        for asked in
            [&["claim", "acquire", "name:a"][..], &["config", "list"], &["config", "set", "ttl", "5m"]]
        {
            let trouble = ann.jit(asked).refused(9);
            assert_eq!(trouble.code, "bad_policy", "{what}");
            assert!(trouble.message.contains("config.toml"), "{what}: {trouble:?}");
            assert!(trouble.hint.is_some_and(|hint| hint.ends_with("jit config path")), "{what}");
        }
        ann.jit(["claim", "list"]).ok();
    }
}

/// A file with a mistake in it is named, whatever was to be set.
#[test]
fn a_setting_cannot_be_set_in_a_broken_file() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let path = repo.control().join("config.toml");
    std::fs::write(&path, "ttl = = 1\n").unwrap();
    let trouble = ann.jit(["config", "set", "ttl", "7m"]).refused(9);
    assert!(trouble.message.contains("config.toml: line 1"), "{trouble:?}");
    std::fs::write(&path, "max_ttl = \"x\"\n").unwrap();
    ann.jit(["config", "set", "ttl", "7m"]).refused(9);
    ann.jit(["config", "set", "max_ttl", "7h"]).ok();
    ann.jit(["config", "set", "ttl", "8h"]).refused(2);
}

/// Where an answer can't be written, what was done is told on standard error, with a hint that
/// goes for the same agent; what was only looked at can be looked at again.
#[test]
fn an_answer_that_cannot_be_written() {
    let repo = Repo::warm();
    let ann = closed(&repo.agent("x"), ">/dev/full");
    let said = ann.say(["--agent", "agent:ann", "claim", "acquire", "name:a"]);
    assert_eq!(said.status, Some(1));
    assert!(said.stderr.contains("it was done") && said.stderr.contains("\"token\""), "{said:?}");
    assert!(said.stderr.contains("jit --agent agent:ann claim status"), "{said:?}");
    for asked in [&["claim", "list"][..], &["--help"]] {
        let said = ann.say(asked);
        assert_eq!(said.status, Some(1));
        assert!(said.stderr.lines().count() == 1 && !said.stderr.contains("it was done"), "{said:?}");
    }
}
