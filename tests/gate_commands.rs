//! Gates that a command decides: how it runs, how it ends, what is recorded.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;

use crate::gates::{seen, snapshot};
use crate::support::issue::issue;
use crate::support::repo::JIT;
use crate::support::{Agent, Repo, follow, skip};

/// An issue that the agent works on, with one gate, whose command is this, approved.
#[track_caller]
pub(crate) fn gated(agent: &Agent<'_>, command: &str, more: &[&str]) -> String {
    agent.jit([&["gate", "define", "tests", "--command", command], more].concat()).ok();
    agent.jit(["gate", "approve", "tests"]).ok();
    let id = issue(agent, "work", &["--gate", "tests"]);
    agent.claim(&id);
    id
}

/// What is recorded of its gate.
pub(crate) fn recorded(agent: &Agent<'_>, id: &str) -> Value {
    seen(agent, id)["gates"]["tests"].clone()
}

/// The number in a file that a command writes.
pub(crate) fn number_in(path: &Path) -> Pid {
    let began = Instant::now();
    loop {
        let number = fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok());
        if let Some(pid) = number.and_then(Pid::from_raw) {
            return pid;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "it was never written");
        sleep(Duration::from_millis(5));
    }
}

/// Whether a process is gone, or soon is: what dies is collected by somebody else.
pub(crate) fn is_gone(pid: Pid) -> bool {
    let dead = || match fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())) {
        Ok(stat) => stat.rsplit(") ").next().is_some_and(|state| state.starts_with('Z')),
        Err(_) => test_kill_process(pid).is_err(),
    };
    (0..400).any(|_| {
        dead() || {
            sleep(Duration::from_millis(5));
            false
        }
    })
}

/// A command runs in the worktree's root, knows what it is asked, gets no input and none of jit's
/// files, holds up nobody, and what it says is recorded: the last gate makes the issue done.
#[test]
fn a_command_passes_the_last_gate() {
    let repo = Repo::warm();
    let there = repo.worktree("a place");
    let ann = repo.agent("ann").at(&there);
    let command = format!(
        "echo $JIT_ISSUE_ID $JIT_GATE; pwd -P; cat; ls -l /proc/self/fd; '{JIT}' claim acquire name:meanwhile"
    );
    let id = gated(&ann, &command, &[]);
    ann.jit(["claim", "release", &id, "--done"]).ok();
    fs::create_dir(there.join("sub")).unwrap();
    let checked = ann.clone().at(there.join("sub")).jit(["gate", "check", &id]).ok();
    assert_eq!(checked["issue"]["state"], "done");
    assert_eq!(checked["issue"]["gates"]["tests"]["passed"]["by"], "agent:ann");
    assert_eq!((&checked["checks"][0]["passed"], &checked["checks"][0]["status"]), (&true.into(), &0.into()));
    assert_eq!(ann.jit(["claim", "acquire", &id]).refused(7).code, "issue_ended");
    assert_eq!(ann.holder_of("name:meanwhile").as_deref(), Some("agent:ann"));
    let output = fs::read_to_string(checked["checks"][0]["output"].as_str().unwrap()).unwrap();
    assert!(output.starts_with(&format!("{id} tests\n{}\n", there.display())), "{output}");
    assert!(!output.contains("/jit/"), "{output}");
    let git_dir = repo.git(&there, &["rev-parse", "--git-dir"]);
    assert!(Path::new(&git_dir).join(format!("jit/gates/{id}.tests.log")).exists());
    repo.healthy();
}

/// A command that fails is recorded with how it ended. Of its output the last is kept, and shown.
#[test]
fn a_command_that_fails_says_why() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = gated(&ann, "yes line | head -c 1000000; echo; echo the last >&2; exit 3", &[]);
    let refused = ann.jit(["gate", "check", &id]);
    let trouble = refused.refused(7);
    assert!(trouble.code == "gate_failed" && !trouble.retryable, "{trouble:?}");
    let check = &trouble.context["checks"][0];
    assert_eq!((&check["status"], &check["last_lines"][9]), (&3.into(), &"the last".into()));
    let kept = fs::read(check["output"].as_str().unwrap()).unwrap();
    assert!(kept.len() == 64 << 10 && kept.ends_with(b"line\n\nthe last\n"), "{}", kept.len());
    assert_eq!(recorded(&ann, &id)["failed"]["note"], "exit status 3");
    // As the hint says, and in the main worktree too nothing is left for the doctor.
    assert_eq!(follow(&ann, &refused).refused(7).code, "gate_failed");
    repo.healthy();
    ann.jit(["gate", "define", "tests", "--command", "kill -9 $$"]).ok();
    ann.jit(["gate", "approve", "tests"]).ok();
    ann.jit(["gate", "check", &id, "tests"]).refused(7);
    assert_eq!(recorded(&ann, &id)["failed"]["note"], "killed by signal 9");
}

/// What is no text is not thrown at a terminal; where it is kept is said all the same.
#[test]
fn binary_output_is_not_shown() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = gated(&ann, "printf 'a\\0b\\377'; exit 1", &[]);
    let said = ann.say(["gate", "check", &id]).stderr;
    let kept = repo.main().join(format!(".git/jit/gates/{id}.tests.log"));
    assert!(said.contains("| binary output, 4 bytes\n") && said.contains(kept.to_str().unwrap()), "{said}");
    assert_eq!(fs::read(kept).unwrap(), b"a\0b\xff");
}

/// At its limit a command is asked to end, and then killed, with all that it started.
#[test]
fn a_command_that_takes_too_long_is_ended() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = gated(&ann, "trap 'echo tidied; exit 0' TERM; sleep 60 & wait", &["--timeout", "1s"]);
    let check = ann.jit(["gate", "check", &id]).refused(7).context["checks"][0].clone();
    assert_eq!((&check["timed_out"], &check["last_lines"][0]), (&true.into(), &"tidied".into()));
    assert_eq!(recorded(&ann, &id)["failed"]["note"], "not done after 1s");

    let stubborn = "trap '' TERM; sleep 61 & echo $! >child; while :; do sleep 1; done";
    let id = gated(&ann, stubborn, &["--timeout", "1s"]);
    let began = Instant::now();
    ann.jit(["gate", "check", &id]).refused(7);
    assert!(began.elapsed() < Duration::from_secs(20));
    assert!(is_gone(number_in(&repo.main().join("child"))));
}

/// What a command leaves running ends with it; what got away does not hold jit up.
#[test]
fn nothing_is_left_running() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = gated(
        &ann,
        "sleep 62 & echo $! >child; setsid sh -c 'echo $$ >away; exec sleep 30' & sleep 0.3",
        &[],
    );
    let began = Instant::now();
    ann.jit(["gate", "check", &id]).ok();
    assert!(began.elapsed() < Duration::from_secs(20));
    assert!(is_gone(number_in(&repo.main().join("child"))));
    let _ = kill_process(number_in(&repo.main().join("away")), Signal::KILL);
}

/// Asked to stop, jit ends the command first, and nothing is recorded.
#[test]
fn a_check_that_is_interrupted_records_nothing() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = gated(&ann, "echo $$ >shell; sleep 63", &[]);
    for signal in [Signal::INT, Signal::TERM] {
        // Whatever the tests themselves were told to ignore.
        let running = ann.clone().through(["env", "--default-signal"]).start(["gate", "check", &id]);
        let shell = number_in(&repo.main().join("shell"));
        kill_process(Pid::from_raw(running.pid().try_into().unwrap()).unwrap(), signal).unwrap();
        assert_eq!(running.within(Duration::from_secs(20)).refused(10).code, "interrupted");
        assert!(is_gone(shell));
        assert_eq!(recorded(&ann, &id), "open");
        fs::remove_file(repo.main().join("shell")).unwrap();
    }
}

/// What jit was told to ignore does not stop it.
#[test]
fn nohup_is_heeded() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = gated(&ann, "echo $$ >shell; sleep 0.5", &[]);
    let running = ann.clone().through(["env", "--ignore-signal=HUP"]).start(["gate", "check", &id]);
    number_in(&repo.main().join("shell"));
    kill_process(Pid::from_raw(running.pid().try_into().unwrap()).unwrap(), Signal::HUP).unwrap();
    running.within(Duration::from_secs(20)).ok();
}

/// What could not be started says nothing of the gate.
#[test]
fn what_is_not_started_is_not_recorded() {
    if !skip::has("what_is_not_started_is_not_recorded", "strace") {
        return;
    }
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = gated(&ann, "true", &[]);
    let no_shell = [
        "strace",
        "-f",
        "-o",
        "/dev/null",
        "--quiet=all",
        "-P",
        "/bin/sh",
        "-e",
        "inject=execve:error=ENOENT",
    ];
    let refused = ann.clone().through(no_shell).jit(["gate", "check", &id]).refused(10);
    assert_eq!(refused.code, "not_started");
    assert_eq!(recorded(&ann, &id), "open");
}

/// A gate that is taken away while its command runs stays away.
#[test]
fn a_gate_that_was_taken_away_meanwhile_stays_away() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = gated(&ann, &format!("'{JIT}' gate rm $JIT_ISSUE_ID tests"), &[]);
    let said = ann.say(["gate", "check", &id]);
    assert!(said.status == Some(0) && said.stderr.contains("nothing was recorded of it"), "{said:?}");
    assert_eq!(recorded(&ann, &id), Value::Null);
}

/// Nothing runs for what could not be recorded, or has no command.
#[test]
fn only_what_can_be_recorded_runs() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let id = gated(&ann, "touch ran", &[]);
    assert_eq!(bob.jit(["gate", "check", &id]).refused(6).code, "not_yours");
    assert!(!repo.main().join("ran").exists());
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    assert_eq!(ann.jit(["gate", "approve", "review"]).refused(2).code, "bad_usage");
    ann.jit(["gate", "add", &id, "review"]).ok();
    assert_eq!(ann.jit(["gate", "check", &id, "review"]).refused(7).code, "gate_open");
    assert!(!repo.main().join("ran").exists());
    // Those by hand stay open, and stand in no command's way.
    assert_eq!(ann.say(["gate", "check", &id]).status, Some(0));
    assert!(repo.main().join("ran").exists());
    ann.jit(["claim", "release", &id, "--done"]).ok();
    // What the hints say leads to the end.
    ann.jit(["gate", "rm", &id, "tests"]).ok();
    let refused = ann.jit(["claim", "acquire", &id]);
    assert_eq!(refused.refused(7).code, "gate_open");
    assert_eq!(follow(&ann, &refused).ok()["issue"]["state"], "done");
    assert_eq!(ann.jit(["gate", "check", &id]).ok()["checks"], serde_json::json!([]));
}

/// What people read.
#[test]
fn what_people_read_of_commands() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "lint", "--command", "echo all is well # \u{202e}"]).ok();
    ann.jit(["gate", "define", "tests", "--command", "echo 2 tests failed; exit 1"]).ok();
    let id = issue(&ann, "work", &["--gate", "lint", "--gate", "tests"]);
    let unclaimed = ann.say(["gate", "check", &id]);
    ann.claim(&id);
    let answers = [
        unclaimed,
        ann.say(["gate", "check", &id]),
        ann.say(["gate", "approve", "lint", "tests"]),
        ann.say(["gate", "list"]),
        ann.say(["gate", "check", &id, "lint"]),
        ann.say(["gate", "check", &id]),
        ann.say(["issue", "show", &id]),
        ann.say(["gate", "check", &id, "test"]),
        ann.clone().env("HOME", "").say(["gate", "check", &id]),
    ];
    snapshot("gate_commands", &repo, &answers);
}
