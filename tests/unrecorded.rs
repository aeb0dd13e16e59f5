//! Processes that die between an issue's file and the log: what was said is said again, or found.

use std::fs;
use std::time::{Duration, Instant};

use crate::elsewhere::merge;
use crate::gates::seen;
use crate::support::Repo;
use crate::support::hint::shell;
use crate::support::issue::{commit, file, issue, text};
use crate::support::repo::Agent;

/// Lets a process die that has written the file, as `there` says, and not told the log.
#[track_caller]
pub(crate) fn killed(repo: &Repo, agent: &Agent<'_>, command: &[&str], there: impl Fn() -> bool) {
    let held = fs::File::open(repo.control().join("locks/claims")).unwrap();
    held.lock().unwrap();
    let running = agent.start([command, &["--lock-timeout", "30s"]].concat());
    let began = Instant::now();
    while !there() {
        assert!(began.elapsed() < Duration::from_secs(20), "it never wrote the file");
    }
    running.kill();
}

#[track_caller]
fn released_half(repo: &Repo, agent: &Agent<'_>, id: &str, state: &str) {
    killed(repo, agent, &["claim", "release", id, "--done"], || text(repo, id).contains(state));
}

/// Runs what is printed behind the last of these.
#[track_caller]
fn run(agent: &Agent<'_>, said: &str, before: &str) {
    let done = shell(agent, said.rsplit_once(before).unwrap().1);
    assert_eq!(done.status, Some(0), "{done:?}");
}

/// What is written before the log is told: killed in between, nobody else knows; said again, all do.
#[test]
fn what_died_before_the_log_is_said_again() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    let commands: [(&[&str], &str, &str, &str); 4] = [
        (&["gate", "pass", "ID", "review"], "done", "gated", "done"),
        (&["gate", "rm", "ID", "review"], "done", "gated", "done"),
        (&["issue", "update", "ID", "--no-gate", "review"], "done", "gated", "done"),
        (&["issue", "reopen", "ID"], "ready", "gated", "ready"),
    ];
    let ids: Vec<String> = commands.iter().map(|_| issue(&ann, "work", &["--gate", "review"])).collect();
    commit(&repo, repo.main(), "issues");
    let two = ann.clone().at(repo.worktree("two"));
    for (id, (command, written, known, then)) in ids.iter().zip(commands) {
        let command: Vec<&str> = command.iter().map(|word| if *word == "ID" { id } else { *word }).collect();
        ann.claim(id);
        ann.jit(["claim", "release", id, "--done"]).ok();
        let written = format!("\"state\": \"{written}\"");
        killed(&repo, &ann, &command, || text(&repo, id).contains(&written));
        assert_eq!(seen(&two, id)["state"], known, "{command:?} came to the log");
        let again = ann.jit(&command);
        assert_eq!(again.status, Some(0), "{again:?}");
        assert_eq!((&seen(&two, id)["state"], &seen(&ann, id)["state"]), (&then.into(), &then.into()));
    }
}

/// The same of what opens a gate, which the file may say already: the others don't take it for done.
#[test]
fn what_opened_a_gate_before_the_log_is_said_again() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    for gate in ["review", "docs"] {
        ann.jit(["gate", "define", gate, "--manual"]).ok();
    }
    let commands: [(&[&str], bool); 3] = [
        (&["gate", "fail", "ID", "docs", "--reason", "broken"], true),
        (&["gate", "add", "ID", "docs"], false),
        (&["issue", "update", "ID", "--gate", "docs"], false),
    ];
    for (command, has_it) in commands {
        let more: &[&str] = if has_it { &["--gate", "docs"] } else { &[] };
        let id = issue(&ann, "work", &[&["--gate", "review"], more].concat());
        commit(&repo, repo.main(), "issue");
        let two = ann.clone().at(repo.worktree(&format!("beside-{}", &id[..8])));
        let command: Vec<&str> = command.iter().map(|word| if *word == "ID" { &id } else { *word }).collect();
        ann.claim(&id);
        if has_it {
            ann.jit(["gate", "pass", &id, "docs"]).ok();
        }
        ann.jit(["claim", "release", &id, "--done"]).ok();
        let before = text(&repo, &id);
        killed(&repo, &ann, &command, || text(&repo, &id) != before);
        let again = ann.jit(&command);
        assert_eq!(again.status, Some(0), "{again:?}");
        two.jit(["gate", "pass", &id, "review"]).warned();
        assert_eq!(
            (&seen(&two, &id)["state"], &seen(&ann, &id)["state"]),
            (&"gated".into(), &"gated".into())
        );
    }
}

/// What the log is told first: stopped in between, nobody gets it; said again, the file follows.
#[test]
fn what_stopped_behind_the_log_is_said_again() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let ids = [issue(&ann, "work", &[]), issue(&ann, "work", &[])];
    commit(&repo, repo.main(), "issues");
    let two = ann.clone().at(repo.worktree("two"));
    let (events, aside) = (repo.main().join(".jit/events"), repo.dir().join("aside"));
    let commands: [(&[&str], &str); 2] =
        [(&["issue", "close", "--rejected"], "rejected"), (&["issue", "delete"], "deleted")];
    for (id, (command, state)) in ids.iter().zip(commands) {
        let command = [command, &[id]].concat();
        fs::rename(&events, &aside).unwrap();
        fs::write(&events, "").unwrap();
        assert_ne!(ann.say(&command).status, Some(0), "it could write");
        assert!(text(&repo, id).contains("\"ready\""));
        fs::remove_file(&events).unwrap();
        fs::rename(&aside, &events).unwrap();
        let known = seen(&two, id);
        assert_eq!((&known["state"], known["ended_elsewhere"].is_null()), (&state.into(), false));
        ann.jit(&command).ok();
        let left = fs::read_to_string(file(repo.main(), id)).unwrap_or_default();
        assert!(!left.contains("\"ready\""), "{left}");
    }
    two.jit(["claim", "next"]).refused(4);
    assert!(!file(repo.main(), &ids[1]).exists());
}

/// A worktree that has not merged a reopening has an old file. It decides nothing, and the work of
/// others is not found to be done twice by it.
#[test]
fn an_old_file_does_not_end_what_was_reopened() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    commit(&repo, repo.main(), "issues");
    let root = repo.worktree("two");
    let two = repo.agent("bob").at(&root);
    two.jit(["claim", "acquire", &id, "--ttl", "1s"]).lease();
    let path = file(&root, &id);
    let done = || fs::read_to_string(&path).is_ok_and(|text| text.contains("\"done\""));
    killed(&repo, &two, &["claim", "release", &id, "--done"], done);
    std::thread::sleep(Duration::from_millis(1100));
    two.jit(["doctor", "--fix"]).ok();
    assert_eq!(seen(&ann, &id)["state"], "done");
    ann.jit(["issue", "reopen", &id]).warned();
    let is_old = || {
        two.jit(["doctor", "--fix"]);
        let (status, found) = unrecorded(&two);
        let said = found["summary"].to_string() + &found["message"].to_string();
        assert!(status == Some(9) && said.contains("reopened"), "{found}");
    };
    is_old();
    assert_eq!(seen(&ann, &id)["state"], "ready", "its own lost lease was before that");
    ann.jit(["claim", "acquire", &id, "--ttl", "1s"]).lease();
    is_old();
    std::thread::sleep(Duration::from_millis(1100));
    is_old();
    assert_eq!(seen(&ann, &id)["state"], "ready", "the lease was lost elsewhere");
    ann.claim(&id);
}

/// With a lease that is released undone goes the last that could tell the log: what the file says of
/// it is said, and both ways on can be followed.
#[test]
fn what_is_given_up_undone_and_filed_as_done_is_said() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    for (release, before, state) in [
        (&["--all"][..], "; if it is done: ", "done"),
        (&["ID"], "; to let the file say so too: ", "ready"),
        (&["ID", "--failed", "--reason", "no"], "; if it is done: ", "done"),
    ] {
        let id = issue(&ann, "work", &[]);
        ann.claim(&id);
        released_half(&repo, &ann, &id, "\"done\"");
        let release = release.iter().map(|word| if *word == "ID" { id.as_str() } else { word });
        let said = ann.jit(["claim", "release"].into_iter().chain(release)).warned();
        let [said] = &said[..] else { panic!("{said:?}") };
        let said = said.split("; if it is done").next().filter(|_| state == "ready").unwrap_or(said);
        run(&ann, said, before);
        assert_eq!(seen(&ann, &id)["state"], state);
    }
}

/// The same is told where the file came by a merge; there it bars others until somebody says what counts.
#[test]
fn what_was_given_up_undone_and_is_merged_as_done_is_told() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    commit(&repo, repo.main(), "issue");
    let two = repo.worktree("two");
    let (bob, cleo) = (repo.agent("bob").at(&two), repo.agent("cleo").at(repo.worktree("three")));
    bob.claim(&id);
    let path = file(&two, &id);
    let done = || fs::read_to_string(&path).is_ok_and(|text| text.contains("\"done\""));
    killed(&repo, &bob, &["claim", "release", &id, "--done"], done);
    bob.jit(["claim", "release", "--all"]).warned();
    commit(&repo, &two, "done");
    merge(&repo, "two");
    for agent in [&bob, &ann] {
        assert_eq!(seen(agent, &id)["unrecorded"], true);
        let (status, found) = unrecorded(agent);
        assert_eq!((status, &found["state"]), (Some(9), &"needs_a_person".into()), "{found}");
    }
    cleo.jit(["claim", "next"]).refused(4);
    run(&bob, unrecorded(&bob).1["hint"].as_str().unwrap(), "; if it is done: ");
    assert_eq!(unrecorded(&ann).1, serde_json::Value::Null);
    assert_eq!(seen(&cleo, &id)["state"], "done");
}

/// A reopening that is in no file is told where the file says otherwise; one that is to be merged needs
/// no person.
#[test]
fn a_file_from_before_a_reopening_is_told() {
    for in_a_file in [false, true] {
        let repo = Repo::warm();
        let ann = repo.agent("ann");
        let id = issue(&ann, "work", &[]);
        commit(&repo, repo.main(), "issue");
        let old = repo.worktree("old");
        ann.claim(&id);
        ann.jit(["claim", "release", &id, "--done"]).ok();
        commit(&repo, repo.main(), "done");
        let bob = repo.agent("bob").at(if in_a_file { repo.worktree("new") } else { old });
        assert_eq!(bob.jit(["issue", "reopen", &id]).status, Some(0));
        if !in_a_file {
            // A note makes the file no truer.
            ann.jit(["issue", "update", &id, "--label", "note"]).ok();
        }
        assert_eq!(seen(&ann, &id)["unrecorded"], true);
        let (status, found) = unrecorded(&ann);
        let state = if in_a_file { (Some(0), "ok") } else { (Some(9), "needs_a_person") };
        assert_eq!((status, &found["state"]), (state.0, &state.1.into()), "{found}");
        if in_a_file {
            commit(&repo, &repo.dir().join("new"), "reopened");
            merge(&repo, "new");
        } else {
            let hint = found["hint"].as_str().unwrap().split("; if it is done").next().unwrap();
            run(&ann, hint, "let this file say so: ");
        }
        assert_eq!(unrecorded(&ann), (Some(0), serde_json::Value::Null));
        bob.claim(&id);
    }
}

/// The doctor's finding of an end that only a file knows, and how it ended.
#[track_caller]
pub(crate) fn unrecorded(agent: &Agent<'_>) -> (Option<i32>, serde_json::Value) {
    let said = agent.jit(["doctor"]);
    let document: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let findings = document["data"]["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["code"] == "unrecorded");
    (said.status, found.cloned().unwrap_or_default())
}

/// Whoever is killed between the file and the log of a release leaves work that only its worktree
/// knows to be done. That is shown, and made good by what is printed.
#[test]
fn a_release_that_never_came_to_the_log_is_made_good() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    let (id, gated) = (issue(&ann, "work", &[]), issue(&ann, "work", &["--gate", "review"]));
    commit(&repo, repo.main(), "issues");
    let bob = repo.agent("bob").at(repo.worktree("two"));
    ann.jit(["claim", "acquire", &id, "--ttl", "1s"]).lease();
    ann.jit(["claim", "acquire", &gated, "--ttl", "1s"]).lease();
    released_half(&repo, &ann, &id, "\"done\"");
    released_half(&repo, &ann, &gated, "\"gated\"");
    assert_eq!(seen(&ann, &id)["unrecorded"], true);
    for list in [&["issue", "search", "work"][..], &["issue", "list"], &["query", "mine"]] {
        let listed = ann.jit(list).ok();
        let all = listed["issues"].as_array().unwrap();
        assert!(all.len() == 2 && all.iter().all(|one| one["unrecorded"] == true), "{list:?}: {listed}");
    }
    let (status, found) = unrecorded(&ann);
    assert_eq!((status, &found["state"]), (Some(0), &"ok".into()), "it may be released yet: {found}");
    std::thread::sleep(Duration::from_millis(1100));
    let ready: Vec<serde_json::Value> =
        bob.jit(["query", "available"]).ok()["issues"].as_array().unwrap().clone();
    assert_eq!(ready.len(), 2, "this is what is to be noticed");
    let (status, found) = unrecorded(&ann);
    assert_eq!((status, &found["state"]), (Some(0), &"fixable".into()), "{found}");
    for id in [&id, &gated] {
        let warned = ann.say(["claim", "next"]).stderr;
        assert!(
            warned.contains(&format!("the file of {id}")) && warned.contains("jit doctor --fix"),
            "{warned}"
        );
    }
    assert!(ann.say(["claim", "acquire", &id]).stderr.contains("jit doctor --fix"));
    assert!(!ann.say(["claim", "acquire", &id, "--dry-run"]).stderr.contains("doctor"), "it only looks");
    assert_eq!(unrecorded(&bob).1, serde_json::Value::Null, "its files say nothing of it");
    let shown = ann.say(["query", "all"]).stdout;
    assert_eq!(shown.matches("its file says that it ended, the log does not").count(), 2, "{shown}");
    let again = ann.jit(["claim", "release", &id, "--done"]).refused(6).hint.unwrap();
    run(&ann, &again, ": ");
    assert_eq!(unrecorded(&ann).1, serde_json::Value::Null);
    assert_eq!((&seen(&bob, &id)["state"], &seen(&bob, &gated)["state"]), (&"done".into(), &"gated".into()));
    assert_eq!(seen(&ann, &id)["unrecorded"], false);
    bob.jit(["claim", "next"]).refused(4);
    ann.jit(["gate", "pass", &gated, "review"]).ok();
    assert_eq!(seen(&bob, &gated)["state"], "done");
}

/// While its holder may come back, the command that it died in is given; where somebody does the
/// work again, a person says what counts.
#[test]
fn an_end_that_only_a_file_knows_and_somebody_holds() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    commit(&repo, repo.main(), "issues");
    let bob = repo.agent("bob").at(repo.worktree("two"));
    ann.claim(&id);
    released_half(&repo, &ann, &id, "\"done\"");
    let warned = ann.say(["claim", "next"]).stderr;
    assert!(warned.contains(&format!("jit claim release {id} --done")), "{warned}");
    run(&bob.clone().at(repo.main()), unrecorded(&ann).1["hint"].as_str().unwrap(), ": ");
    assert_eq!(seen(&bob, &id)["state"], "done");
    ann.jit(["issue", "reopen", &id]).ok();
    ann.jit(["claim", "acquire", &id, "--ttl", "1s"]).lease();
    released_half(&repo, &ann, &id, "\"done\"");
    std::thread::sleep(Duration::from_millis(1100));
    bob.claim(&id);
    let (status, found) = unrecorded(&ann);
    assert_eq!((status, &found["state"]), (Some(9), &"needs_a_person".into()), "{found}");
    ann.jit(["doctor", "--fix"]);
    assert_eq!(bob.holder_of(&id).as_deref(), Some("agent:bob"), "nothing was decided for anybody");
    let person = ann.clone().nameless().env("JIT_AGENT_ID", "human:cleo");
    run(&person, found["hint"].as_str().unwrap(), ": ");
    assert_eq!(unrecorded(&ann).1, serde_json::Value::Null);
    assert_eq!(bob.holder_of(&id).as_deref(), Some("agent:bob"));
}
