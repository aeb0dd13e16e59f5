//! `jit run` when something goes wrong: its lease is lost, or jit itself is killed.

use std::fs;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::gate_commands::{gated, is_gone, number_in, recorded};
use crate::gates::seen;
use crate::running::{SOON, answer, guardians, last_release, run, start};
use crate::support::issue::{file, issue};
use crate::support::repo::JIT;
use crate::support::{Agent, Repo, skip};

/// A command with a child that heeds no SIGTERM any more than itself.
const STUBBORN: &str = "exec 2>/dev/null; trap '' TERM; (echo $(exec sh -c 'echo $PPID') >child; while :; do sleep 0.05; done) & \
                        echo $$ >shell; while :; do sleep 0.05; done";

/// Its two processes, and that jit has read what it needs.
fn both(repo: &Repo) -> [Pid; 2] {
    ["shell", "child"].map(|name| number_in(&repo.main().join(name)))
}

/// Jit is killed: all of the group is ended, the lease is released, and nobody's work failed. Whoever
/// reads what jit and its command print sees the end of it.
#[test]
fn a_killed_jit_leaves_nothing_behind() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let mut command = ann.command(["run", "name:a", "--grace", "1s", "--", "sh", "-c", STUBBORN]);
    let mut running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let processes = both(&repo);
    let killed = Instant::now();
    running.kill().unwrap();
    // Until the end of both streams.
    let output = running.wait_with_output().unwrap();
    assert_eq!((output.stdout.len(), output.stderr.len()), (0, 0));
    assert!(processes.into_iter().all(is_gone));
    let waited = bob.jit(["claim", "acquire", "name:a", "--wait", "30s"]);
    waited.lease();
    assert!(killed.elapsed() < SOON, "long before the TTL has passed");
    assert_eq!(last_release(&repo), ("infra".into(), Some("jit run was killed".into())));
    assert!(guardians(&repo).is_empty() || (sleep(Duration::from_secs(1)), guardians(&repo).is_empty()).1);
    repo.healthy();
}

/// What it was about to release as done is given up, and whoever reads its file is told.
#[test]
fn a_killed_jit_contradicts_the_file_of_its_work() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    let mut running = at_work(&repo, &ann, &[&id]);
    let path = file(repo.main(), &id);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"ready\"", "\"done\"")).unwrap();
    running.kill().unwrap();
    running.wait().unwrap();
    given_up(&ann, &id);
    assert_eq!(last_release(&repo).0, "infra");
    assert_eq!(seen(&ann, &id)["unrecorded"], true);
}

/// What the file came to say while it was held is said for the dead, gates and all; the rest is given up.
#[test]
fn what_a_killed_jit_had_said_is_made_good() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    for (more, state) in [(&[][..], "done"), (&["--gate", "review"], "gated")] {
        let id = issue(&ann, "work", more);
        let mut running = at_work(&repo, &ann, &[&id, "name:build"]);
        ann.jit(["issue", "update", &id, "--label", "of now"]).ok();
        let path = file(repo.main(), &id);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"ready\"", &format!("\"{state}\""))).unwrap();
        running.kill().unwrap();
        running.wait().unwrap();
        given_up(&ann, &id);
        ann.jit(["claim", "acquire", "name:build", "--wait", "20s"]).lease();
        ann.jit(["claim", "release", "name:build"]).ok();
        let known = seen(&ann, &id);
        assert_eq!((&known["state"], &known["unrecorded"]), (&state.into(), &false.into()));
    }
}

/// Jit with a command that has begun: what is killed before may be in its flush, and the log is then
/// carried over.
fn at_work(repo: &Repo, agent: &Agent<'_>, work: &[&str]) -> Child {
    let begun = repo.main().join(format!("begun-{}", work[0]));
    let script = format!("echo $$ >'{}'; exec sleep 60", begun.display());
    let running = agent.command([&["run"], work, &["--", "sh", "-c", &script]].concat()).spawn().unwrap();
    number_in(&begun);
    running
}

/// Waits until nobody works on an issue.
#[track_caller]
fn given_up(agent: &Agent<'_>, id: &str) {
    let began = Instant::now();
    while seen(agent, id)["state"] == "in_progress" {
        assert!(began.elapsed() < SOON, "nobody released it");
    }
}

/// What can't be said of the end is said to whoever asked, and the lease is released.
#[test]
fn an_end_that_cannot_be_said_releases() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    let deletes = format!("'{JIT}' --agent human:pat issue delete {id} >/dev/null 2>&1");
    let said = ann.say(["run", &id, "--done-on-success", "--", "sh", "-c", &deletes]);
    assert_eq!(said.status, Some(125));
    let what = ["deleted by human:pat", "; the lease was released"];
    assert!(what.iter().all(|what| said.stderr.contains(what)), "{said:?}");
    let (attempt, reason) = last_release(&repo);
    assert!(attempt == "infra" && reason.clone().unwrap().contains("could not be said"), "{reason:?}");
}

/// At any moment of it: no process and no lease is left.
#[test]
fn a_jit_killed_at_any_moment_leaves_nothing_behind() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    for i in 0..40 {
        let name = format!("name:n{i}");
        let mut running = start(&ann, &[&name, "--", "sh", "-c", &format!("echo $$ >pid{i}; sleep 20")]);
        sleep(Duration::from_micros(i * 500));
        running.kill().unwrap();
        running.wait().unwrap();
    }
    for i in 0..40 {
        bob.jit(["claim", "acquire", &format!("name:n{i}"), "--wait", "20s"]).lease();
    }
    for i in 0..40 {
        let started = fs::read_to_string(repo.main().join(format!("pid{i}"))).ok();
        if let Some(process) = started.and_then(|text| text.trim().parse().ok()).and_then(Pid::from_raw) {
            assert!(is_gone(process), "{i}");
        }
    }
    repo.healthy();
}

/// Evicted in the middle: that is noticed at once, the command is asked to end, then killed with all of its group, and jit
/// says who did it, and ends with 124.
#[test]
fn an_evicted_lease_ends_the_command() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let running = start(&ann, &["name:a", "--grace", "1s", "--", "sh", "-c", STUBBORN]);
    let processes = both(&repo);
    let evicted = Instant::now();
    bob.jit(["claim", "force-evict", "name:a", "--reason", "mine now"]).ok();
    bob.claim("name:a");
    let lost = answer(running).refused(124);
    assert!(evicted.elapsed() < SOON, "long before the next renewal");
    assert_eq!(lost.code, "lease_lost");
    assert!(lost.names("agent:bob"), "{lost:?}");
    assert!(processes.into_iter().all(is_gone));
    assert_eq!(bob.holder_of("name:a").as_deref(), Some("agent:bob"));
    // One that heeds it ends at once, in its own way.
    let running = start(
        &ann,
        &[
            "name:b",
            "--",
            "sh",
            "-c",
            "exec 2>/dev/null; trap 'echo >tidied; exit 0' TERM; echo $$ >shell; while :; do sleep 0.05; done",
        ],
    );
    fs::remove_file(repo.main().join("shell")).unwrap();
    number_in(&repo.main().join("shell"));
    bob.jit(["claim", "force-evict", "name:b", "--reason", "mine now"]).ok();
    answer(running).refused(124);
    assert!(repo.main().join("tidied").exists());
}

/// A command that joined another group is jit's child all the same: it is asked to end, and killed.
#[test]
fn a_command_that_left_its_group_is_ended_too() {
    if !skip::has("a_command_that_left_its_group_is_ended_too", "perl") {
        return;
    }
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    // It leaves the cgroup too, if there is one.
    let script = "open(C, '/proc/self/cgroup'); my ($above) = join('', <C>) =~ m{^0::(.*)/jit-}m; \
                  open(M, '/proc/self/mountinfo'); my ($root) = join('', <M>) =~ m{ / (\\S+) [^\\n]*- cgroup2 }; \
                  if (defined $above && $root) { open(P, '>', \"$root$above/cgroup.procs\"); print P $$; close P } \
                  $SIG{TERM} = sub { open(F, '>asked') }; setpgrp(0, getpgrp(getppid)) or die; \
                  open(F, '>shell'); print F \"$$\\n\"; close F; sleep 1 for 1 .. 600";
    let words = ["name:a", "--grace", "1s", "--", "perl", "-e", script];
    let running = start(&ann, &words);
    let command = number_in(&repo.main().join("shell"));
    bob.jit(["claim", "force-evict", "name:a", "--reason", "mine now"]).ok();
    answer(running).refused(124);
    assert!(is_gone(command) && repo.main().join("asked").exists());
    // So it is when somebody stops jit.
    for file in ["shell", "asked"] {
        fs::remove_file(repo.main().join(file)).unwrap();
    }
    let running = start(&ann, &words);
    let command = number_in(&repo.main().join("shell"));
    kill_process(Pid::from_child(&running), Signal::TERM).unwrap();
    let began = Instant::now();
    while !repo.main().join("asked").exists() {
        assert!(began.elapsed() < SOON, "it was not told");
    }
    kill_process(command, Signal::KILL).unwrap();
    assert_eq!(answer(running).status, Some(137));
}

/// What else can be done about a lost lease.
#[test]
fn a_lost_lease_can_be_survived() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let script =
        "trap 'echo >asked' TERM; echo $$ >shell; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; done; exit 6";
    for (on_lost, status) in [("ignore", 6), ("signal", 124)] {
        let running = start(
            &ann,
            &["name:a", "--ttl", "1s", "--grace", "0", "--on-lost", on_lost, "--", "sh", "-c", script],
        );
        number_in(&repo.main().join("shell"));
        bob.jit(["claim", "force-evict", "name:a", "--reason", "mine now"]).ok();
        let ended = answer(running);
        assert_eq!(ended.status, Some(status), "{ended:?}");
        assert!(ended.stderr.contains("is not yours any more"), "{ended:?}");
        assert_eq!(repo.main().join("asked").exists(), on_lost == "signal");
        fs::remove_file(repo.main().join("shell")).unwrap();
    }
}

/// A child that somebody kills is told as a shell tells it.
#[test]
fn a_killed_command_is_told_of() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let running = start(&ann, &["name:a", "--", "sh", "-c", "echo $$ >shell; exec sleep 60"]);
    kill_process(number_in(&repo.main().join("shell")), Signal::KILL).unwrap();
    assert_eq!(answer(running).status, Some(137));
    assert_eq!(ann.holder_of("name:a"), None);
}

/// At the end of the longest life the command ends too.
#[test]
fn a_lease_is_not_renewed_past_its_longest_life() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let running = start(&ann, &["name:a", "--ttl", "1s", "--", "sleep", "60"]);
    sleep(Duration::from_millis(300));
    // Changed while it runs.
    ann.jit(["config", "set", "max_lifetime", "3s"]).ok();
    let began = Instant::now();
    assert_eq!(answer(running).refused(124).code, "lifetime_over");
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(ann.holder_of("name:a"), None);
}

/// A jit that is stopped renews nothing, and others get what it held. When it goes on, it sees to the
/// end of its command.
#[test]
fn a_stopped_jit_holds_nothing() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let running = start(&ann, &["name:a", "--ttl", "1s", "--", "sh", "-c", "echo $$ >shell; exec sleep 60"]);
    let command = number_in(&repo.main().join("shell"));
    kill_process(Pid::from_child(&running), Signal::STOP).unwrap();
    bob.jit(["claim", "acquire", "name:a", "--wait", "10s"]).lease();
    kill_process(Pid::from_child(&running), Signal::CONT).unwrap();
    assert!(answer(running).refused(124).names("agent:bob"));
    assert!(is_gone(command));
}

/// Trouble in renewing is no loss until the lease has lapsed; then it is.
#[test]
fn trouble_in_renewing_is_got_over_for_a_ttl() {
    if !skip::has("trouble_in_renewing_is_got_over_for_a_ttl", "flock") {
        return;
    }
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let lock = repo.control().join("locks/claims");
    let hold = |seconds: &str| {
        repo.hermetic("flock").arg("--no-fork").arg(&lock).args(["sleep", seconds]).spawn().unwrap()
    };
    let running = start(&ann, &["name:a", "--ttl", "3s", "--", "sh", "-c", "echo $$ >shell; sleep 3"]);
    number_in(&repo.main().join("shell"));
    hold("1.5").wait().unwrap();
    assert_eq!(answer(running).status, Some(0));
    fs::remove_file(repo.main().join("shell")).unwrap();
    let running = start(&ann, &["name:a", "--ttl", "2s", "--", "sh", "-c", "echo $$ >shell; sleep 60"]);
    let command = number_in(&repo.main().join("shell"));
    let mut holder = hold("4");
    let lost = answer(running).refused(124);
    assert!(lost.code == "lease_lost" && lost.message.contains("could not be renewed"), "{lost:?}");
    assert!(is_gone(command));
    holder.wait().unwrap();
}

/// What leaves the process group is in the cgroup still, where one can be had.
#[test]
fn a_killed_jit_ends_what_left_the_group() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let script = "setsid sh -c 'echo $$ >away; grep -c /jit- /proc/self/cgroup >in; exec sleep 30' & echo $$ >shell; sleep 60";
    let mut running = start(&ann, &["name:a", "--", "sh", "-c", script]);
    let away = number_in(&repo.main().join("away"));
    sleep(Duration::from_millis(200));
    running.kill().unwrap();
    running.wait().unwrap();
    assert!(is_gone(number_in(&repo.main().join("shell"))));
    if fs::read_to_string(repo.main().join("in")).unwrap().trim() == "0" {
        skip::skip("a_killed_jit_ends_what_left_the_group", "no cgroup can be made here");
        kill_process(away, Signal::KILL).unwrap();
        return;
    }
    let began = Instant::now();
    while !is_gone(away) {
        assert!(began.elapsed() < SOON);
    }
}

/// Whoever kills the check of a gate leaves no command behind either.
#[test]
fn a_killed_gate_check_leaves_nothing_behind() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = gated(&ann, STUBBORN, &[]);
    let running = ann.start(["gate", "check", &id]);
    let processes = both(&repo);
    running.kill();
    assert!(processes.into_iter().all(|process| {
        let began = Instant::now();
        while !is_gone(process) {
            assert!(began.elapsed() < SOON);
        }
        true
    }));
    assert_eq!(recorded(&ann, &id), "open");
}

/// Without its guardian, a command is not started.
#[test]
fn nothing_runs_unguarded() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    if !skip::has("nothing_runs_unguarded", "strace") {
        return;
    }
    let no_guardian = [
        "strace",
        "-f",
        "-o",
        "/dev/null",
        "--quiet=all",
        "-P",
        "/proc/self/exe",
        "-e",
        "inject=execve:error=ENOENT",
    ];
    let refused = run(&ann.clone().through(no_guardian), &["name:a", "--", "touch", "ran"]).refused(125);
    assert_eq!(refused.code, "not_started");
    assert!(!repo.main().join("ran").exists());
    assert_eq!(ann.holder_of("name:a"), None);
}
