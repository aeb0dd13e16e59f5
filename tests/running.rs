//! `jit run`: what its command is told and given, how it ends, and what is released then.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::gate_commands::{is_gone, number_in};
use crate::support::answer::Answer;
use crate::support::issue::issue;
use crate::support::repo::{JIT, write};
use crate::support::{Agent, Repo, log, shell, skip};

/// What nobody waits for in vain.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// `jit run` with these arguments, its answer on standard error as JSON.
pub(crate) fn run(agent: &Agent<'_>, arguments: &[&str]) -> Answer {
    agent.say([&["run", "--json"], arguments].concat())
}

/// The same, started. Signals do to it what they do to a program that nobody told otherwise.
pub(crate) fn start(agent: &Agent<'_>, arguments: &[&str]) -> Child {
    let agent = agent.clone().through(["env", "--default-signal"]);
    let mut command = agent.command([&["run", "--json"], arguments].concat());
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Its answer, which must come soon.
#[track_caller]
pub(crate) fn answer(mut child: Child) -> Answer {
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < SOON, "it does not end");
        sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().unwrap();
    Answer {
        asked: "run".into(),
        status: output.status.code(),
        stdout: String::new(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// What the log says of the last release.
pub(crate) fn last_release(repo: &Repo) -> (String, Option<String>) {
    let records = log::sound(repo);
    let last = records.iter().rev().find(|record| record["op"] == "release").expect("nothing was released");
    let text = |key: &str| last[key].as_str().map(str::to_owned);
    (text("attempt").or(text("outcome")).unwrap_or("undone".into()), text("reason"))
}

/// The data of what went well.
#[track_caller]
fn data(answer: &Answer) -> Value {
    let document: Value = serde_json::from_str(&answer.stderr).unwrap_or_else(|_| panic!("{answer:?}"));
    document["data"].clone()
}

/// A command knows what it holds, has jit's own standard streams, acts as the holder, and its lease
/// is over when it is.
#[test]
fn a_command_holds_a_lease_while_it_runs() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let script = format!(
        "'{JIT}' claim status name:a --json; '{JIT}' claim renew $JIT_LEASE_ID >&2; \
         echo $JIT_LEASE_ID $JIT_FENCE $JIT_AGENT_ID $JIT_ISSUE_ID; cat"
    );
    let mut command =
        ann.command(["run", "name:b", "name:a", "--path", "src/", "--task", "t", "--", "sh", "-c", &script]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"its input\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let (out, complaint) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let lines: Vec<&str> = out.lines().collect();
    let status: Value = serde_json::from_str(lines[0]).unwrap();
    let lease = &status["data"]["lease"];
    let told = format!(
        "{} {} agent:ann name:a,name:b",
        lease["lease_id"].as_str().unwrap(),
        lease["fence"].as_u64().unwrap()
    );
    assert_eq!((lease["task"].as_str(), lines[1], lines[2]), (Some("t"), &*told, "its input"), "{complaint}");
    assert_eq!(output.status.code(), Some(0));
    assert!(complaint.starts_with("renewed name:a") && complaint.lines().count() == 1, "{complaint}");
    assert_eq!(ann.holder_of("name:a"), None);
    assert_eq!(last_release(&repo).0, "undone");
    // Of paths alone, no issue is told of.
    let paths = run(
        &ann.clone().env("JIT_ISSUE_ID", "old"),
        &["--path", "x", "--", "sh", "-c", "echo ${JIT_ISSUE_ID-none}"],
    );
    assert_eq!((paths.stdout.as_str(), paths.status), ("none\n", Some(0)));
    repo.healthy();
}

/// The status is the command's; what is said of the work follows from it.
#[test]
fn a_command_passes_its_status_on() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    for (script, status, said, reason) in [
        ("exit 0", 0, "undone", None),
        ("exit 3", 3, "failed", Some("exit status 3")),
        ("kill -9 $$", 137, "failed", Some("killed by signal 9")),
        ("kill -TERM $$", 143, "infra", Some("killed by signal 15")),
        ("exit 130", 130, "infra", Some("exit status 130")),
    ] {
        let ran = run(&ann, &[&id, "--", "sh", "-c", script]);
        assert_eq!(ran.status, Some(status), "{ran:?}");
        assert_eq!(data(&ran)["status"], status);
        assert_eq!(last_release(&repo), (said.to_owned(), reason.map(str::to_owned)), "{script}");
    }
}

/// What jit fails at itself is 125, and says in JSON what it is; a command that can't be started is
/// told as a shell tells it. Nothing stays held.
#[test]
fn what_is_not_run() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    bob.claim("name:bobs");
    write(&repo.main().join("plain"), "text");
    for (arguments, status, code) in [
        (&["name:bobs", "--", "touch", "ran"][..], 125, "held"),
        (&["name:bobs", "--wait", "0", "--", "touch", "ran"], 125, "timed_out"),
        (&["name:a"], 125, "bad_usage"),
        (&["name:a", "--nope", "--", "touch", "ran"], 125, "bad_usage"),
        (&["name:a", "--grace", "soon", "--", "touch", "ran"], 125, "bad_usage"),
        (&["name:a", "--paths-from", "-", "--", "touch", "ran"], 125, "bad_usage"),
        (&["nosuchissue", "--", "touch", "ran"], 125, "issue_not_found"),
        (&["name:a", "--", "./nosuch"], 127, "not_started"),
        (&["name:a", "--", "./plain"], 126, "not_started"),
    ] {
        let refused = run(&ann, arguments).refused(status);
        assert_eq!(refused.code, code, "{arguments:?}");
    }
    assert!(!repo.main().join("ran").exists());
    assert_eq!(ann.holder_of("name:a"), None);
    assert_eq!(run(&ann.clone().at("/"), &["name:a", "--", "true"]).refused(125).code, "not_a_repository");
    // It is the command that counts, not a word that reads like it.
    write(&repo.main().join("run/file"), "text");
    assert_eq!(ann.jit(["-C", "run", "claim", "acquire", "name:bobs"]).refused(5).code, "held");
    assert_eq!(ann.jit(["-C", "run", "claim", "acquire", "--nope"]).refused(2).code, "bad_usage");
}

/// The hint of a refused one waits for the same, and runs the same.
#[test]
fn the_hint_of_what_was_not_run_works_as_printed() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    bob.claim("name:a");
    let asked = ["name:a", "--path", "src/", "--ttl", "5m", "--", "sh", "-c", "echo it\\'s done", "x"];
    let hint = run(&ann, &asked).refused(125).hint.unwrap();
    bob.jit(["claim", "release", "name:a"]).ok();
    let ran = shell(&ann, &hint);
    assert_eq!((ran.stdout.as_str(), ran.status), ("it's done\n", Some(0)), "{hint}");
    assert!(hint.contains(" --wait 2m -- "), "{hint}");
}

/// It waits in turn for what somebody holds.
#[test]
fn it_waits_its_turn() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    bob.claim("name:a");
    let waiting = start(&ann, &["name:a", "--wait", "1m", "--", "sh", "-c", "echo $JIT_FENCE >fence"]);
    let began = Instant::now();
    while !ann.is_queued_for("name:a") {
        assert!(began.elapsed() < SOON, "it never stood in the queue");
    }
    assert!(!repo.main().join("fence").exists());
    bob.jit(["claim", "release", "name:a"]).ok();
    assert_eq!(answer(waiting).status, Some(0));
    assert!(repo.main().join("fence").exists());
}

/// With success, the work is done, gates aside, and which files say so is told.
#[test]
fn success_can_mean_done() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    assert_eq!(run(&ann, &[&id, "--done-on-success", "--", "false"]).status, Some(1));
    assert_eq!(last_release(&repo).0, "failed");
    let said = ann.say(["run", &id, "--done-on-success", "--", "true"]);
    assert_eq!((said.status, said.stdout.as_str()), (Some(0), ""));
    assert_eq!(said.stderr, format!("released {id}\nto be committed: git add :/.jit\n"));
    assert_eq!(ann.jit(["claim", "acquire", &id]).refused(7).code, "issue_ended");
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    let gated = issue(&ann, "more", &["--gate", "review"]);
    let ran = run(&ann, &[&gated, "--done-on-success", "--", "true"]);
    assert_eq!(data(&ran)["release"]["gated"][0], *gated, "{ran:?}");
    // What the command itself gave up is not given up again.
    let own = issue(&ann, "own", &[]);
    let script = format!("'{JIT}' claim release $JIT_ISSUE_ID --done >/dev/null 2>&1; sleep 1.5");
    let ran = run(&ann, &[&own, "--ttl", "1s", "--", "sh", "-c", &script]);
    assert_eq!((ran.status, &data(&ran)["release"]), (Some(0), &Value::Null), "{ran:?}");
}

/// A command that runs for longer than the TTL holds its lease all the while, renewed at a third of
/// it, whatever the wall clock does.
#[test]
fn a_long_command_holds_its_lease() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let running = start(&ann, &["name:a", "--ttl", "2s", "--", "sleep", "5"]);
    let began = Instant::now();
    sleep(Duration::from_millis(500));
    while began.elapsed() < Duration::from_millis(4_500) {
        assert_eq!(bob.jit(["claim", "acquire", "name:a"]).refused(5).code, "held");
        sleep(Duration::from_millis(100));
    }
    assert_eq!(answer(running).status, Some(0));
    let renewals = log::sound(&repo).iter().filter(|record| record["op"] == "renew").count();
    assert!((5..=8).contains(&renewals), "{renewals} renewals in five seconds");
    bob.claim("name:a");
}

/// The wall clock is stepped by a day, ahead and back, in the middle of it.
#[test]
fn a_stepped_wall_clock_changes_nothing() {
    let tracer = crate::support::tools::tool("wallclock");
    let test = "a_stepped_wall_clock_changes_nothing";
    if !skip::works(test, &[tracer.to_str().unwrap(), "0", "true"]) {
        return;
    }
    for step in ["@86400", "@-86400"] {
        let repo = Repo::warm();
        let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
        let traced = ann.through([tracer.as_os_str(), step.as_ref()]);
        let arguments =
            ["run", "name:a", "--ttl", "2s", "--", "sh", "-c", "date +%s >before; sleep 4; date +%s >after"];
        let mut running = traced.command(arguments).spawn().unwrap();
        let at = |name: &str| number_in(&repo.main().join(name)).as_raw_nonzero().get();
        let before = at("before");
        kill_process(pid(&running), Signal::USR1).unwrap();
        for _ in 0..6 {
            sleep(Duration::from_millis(500));
            bob.jit(["claim", "acquire", "name:a"]).refused(5);
        }
        assert!(running.wait().unwrap().success());
        assert!((at("after") - before).abs() > 80_000, "its clock was not stepped");
        bob.claim("name:a");
        repo.healthy();
    }
}

/// What asks jit to stop is passed on, and nobody's work failed because of it; other signals are the
/// command's too.
#[test]
fn signals_are_passed_on() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    let script = "trap 'echo usr1 >told' USR1; echo $$ >shell; while :; do sleep 0.05; done";
    for (signal, status) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let running = start(&ann, &[&id, "--", "sh", "-c", script]);
        let command = number_in(&repo.main().join("shell"));
        kill_process(pid(&running), Signal::USR1).unwrap();
        let began = Instant::now();
        while !repo.main().join("told").exists() {
            assert!(began.elapsed() < SOON, "SIGUSR1 was not passed on");
        }
        kill_process(pid(&running), signal).unwrap();
        assert_eq!(answer(running).status, Some(status));
        assert!(is_gone(command));
        assert_eq!(last_release(&repo).0, "infra");
        fs::remove_file(repo.main().join("shell")).unwrap();
        fs::remove_file(repo.main().join("told")).unwrap();
    }
    // Asked to stop, and in order to the end: that is no success.
    let tidy = "trap 'exit 0' TERM; echo $$ >shell; while :; do sleep 0.05; done";
    let running = start(&ann, &[&id, "--done-on-success", "--", "sh", "-c", tidy]);
    number_in(&repo.main().join("shell"));
    kill_process(pid(&running), Signal::TERM).unwrap();
    assert_eq!(answer(running).status, Some(0));
    assert_eq!(last_release(&repo).0, "infra");
    ann.claim(&id);
}

/// What a command leaves in its process group ends with it, asked first and killed then; what left
/// the group lives on.
#[test]
fn nothing_of_the_group_survives() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let script = "(trap 'echo tidied >tidied; exit' TERM; echo >ready; while :; do sleep 0.05; done) & \
                  sh -c \"trap '' TERM; echo \\$\\$ >stubborn; while :; do sleep 0.05; done\" & \
                  setsid sh -c 'echo $$ >away; exec sleep 30' & \
                  while ! [ -e ready -a -s stubborn -a -s away ]; do sleep 0.01; done; exit 4";
    let ran = run(&ann, &["name:a", "--grace", "1s", "--", "sh", "-c", script]);
    assert_eq!(ran.status, Some(4), "{ran:?}");
    assert!(is_gone(number_in(&repo.main().join("stubborn"))));
    assert!(repo.main().join("tidied").exists());
    let away = number_in(&repo.main().join("away"));
    kill_process(away, Signal::KILL).expect("what left the group has nothing to do with it");
}

/// On a terminal, the command has it, and gives it back: it reads from it, and Ctrl-C is its own.
#[test]
fn a_command_has_the_terminal() {
    let test = "a_command_has_the_terminal";
    if !skip::has(test, "script") {
        return;
    }
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let typed = |line: &str, input: &str| -> String {
        let mut child = Command::new("timeout")
            .args(["20", "script", "--quiet", "--return", "--command", line, "/dev/null"])
            .current_dir(repo.main())
            .envs([("JIT_AGENT_ID", ann.id()), ("JIT", JIT), ("HOME", repo.dir().to_str().unwrap())])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut keyboard = child.stdin.take().unwrap();
        sleep(Duration::from_millis(500));
        keyboard.write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        drop(keyboard);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let shown = typed(
        "$JIT run name:a -- sh -c 'read line </dev/tty; echo got $line'; read again; echo then $again",
        "one\ntwo\n",
    );
    assert!(shown.contains("got one") && shown.contains("then two"), "{shown}");
    let shown = typed("$JIT run name:a -- sh -c 'sleep 10'; echo status $?", "\u{3}");
    assert!(shown.contains("status 130"), "{shown}");
    assert_eq!(last_release(&repo).0, "infra");
}

/// The processes of this name that act for this repository.
pub(crate) fn guardians(repo: &Repo) -> Vec<PathBuf> {
    let here = repo.dir().to_str().unwrap();
    let of_here = |process: &Path| {
        let arguments = fs::read(process.join("cmdline")).unwrap_or_default();
        let is_guard = arguments.split(|byte| *byte == 0).any(|word| word == b"guard");
        is_guard && fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(here))
    };
    let all = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    all.filter(|process| of_here(process)).collect()
}

/// Nobody stays behind when all went well, or nothing was run.
#[test]
fn the_guardian_goes_too() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    bob.claim("name:bobs");
    run(&ann, &["name:bobs", "--", "true"]).refused(125);
    assert_eq!(run(&ann, &["name:a", "--", "sh", "-c", "exit 3"]).status, Some(3));
    assert_eq!(run(&ann, &["name:a", "--", "./nosuch"]).status, Some(127));
    let began = Instant::now();
    while !guardians(&repo).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", guardians(&repo));
        sleep(Duration::from_millis(5));
    }
}
