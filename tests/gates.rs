//! Gates: what has to be passed before an issue is done, who says so, and who is told.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::answer::Answer;
use crate::support::issue::issue;
use crate::support::repo::{JIT, write};
use crate::support::{Agent, Repo, follow};

/// An issue as this agent sees it.
#[track_caller]
pub(crate) fn seen(agent: &Agent<'_>, id: &str) -> Value {
    agent.jit(["issue", "show", id]).ok()["issue"].clone()
}

/// The file of gates of the main worktree.
fn file(repo: &Repo) -> PathBuf {
    repo.main().join(".jit/gates.toml")
}

/// Compares what people read with the snapshot of this name.
#[track_caller]
pub(crate) fn snapshot(name: &str, repo: &Repo, answers: &[Answer]) {
    let shown: String = answers
        .iter()
        .map(|answer| {
            let (_, asked) = answer.asked.split_once(&format!("\"{JIT}\" ")).unwrap();
            let stderr = answer.stderr.lines().map(|line| format!("! {line}\n")).collect::<String>();
            let status = answer.status.unwrap();
            format!("$ jit {}\n{}{stderr}[exit {status}]\n\n", asked.replace('"', ""), answer.stdout)
        })
        .collect();
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>");
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>");
    let shown = shown.replace(repo.dir().to_str().unwrap(), "<dir>");
    settings.bind(|| insta::assert_snapshot!(name, shown));
}

/// Only what this worktree defines can be asked for: a typing error never becomes a gate that
/// nobody can pass. The hints can be followed.
#[test]
fn only_what_is_defined_can_be_asked_for() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "tests", "--command", "true"]).ok();
    let id = issue(&ann, "work", &["--gate", "tests"]);
    let refused = ann.jit(["gate", "add", &id, "test"]);
    let trouble = refused.refused(3);
    assert!(
        trouble.code == "gate_not_found" && trouble.message.contains("did you mean `tests`"),
        "{trouble:?}"
    );
    follow(&ann, &refused).ok();
    ann.jit(["gate", "add", &id, "test"]).ok();
    assert_eq!(ann.jit(["issue", "update", &id, "--gate", "lint"]).refused(3).code, "gate_not_found");
    assert_eq!(ann.jit(["issue", "create", "--title", "t", "--gate", "x"]).refused(3).code, "gate_not_found");
    let open = serde_json::json!({ "tests": "open", "test": "open" });
    assert_eq!(seen(&ann, &id)["gates"], open);
    ann.jit(["gate", "rm", &id, "test"]).ok();
    assert_eq!(ann.jit(["gate", "rm", &id, "test"]).refused(3).code, "gate_not_found");
    let refused = ann.jit(["gate", "pass", &id, "test"]);
    assert_eq!(refused.refused(3).code, "gate_not_found");
    assert_eq!(follow(&ann, &refused).ok()["issue"]["gates"], serde_json::json!({ "tests": "open" }));
    assert_eq!(ann.jit(["gate", "pass", &id, "a b"]).refused(2).code, "bad_usage");
}

/// Defining one keeps what else is in the file; an agent of a linked worktree writes its own.
#[test]
fn a_definition_keeps_comments() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    write(&file(&repo), "# Ours.\n[gates.review] # by a person\nkind = \"manual\"\n");
    ann.jit(["gate", "define", "tests", "--command", "make test", "--timeout", "90s"]).ok();
    ann.jit(["gate", "define", "tests", "--command", "make check"]).ok();
    let expected = "# Ours.\n[gates.review] # by a person\nkind = \"manual\"\n\n[gates.tests]\nkind = \"command\"\ncommand = \"make check\"\ntimeout = \"10m\"\n";
    assert_eq!(fs::read_to_string(file(&repo)).unwrap(), expected);
    let there = repo.worktree("there");
    let listed = repo.agent("bob").at(&there).jit(["gate", "list"]).ok();
    assert_eq!(listed["gates"], serde_json::json!([]));
    for bad in [&["define", "x"][..], &["define", "x", "--manual", "--timeout", "5s"]] {
        ann.jit([&["gate"], bad].concat()).refused(2);
    }
}

/// An issue whose work is done waits for its gates, and the last of them makes it done, without a
/// lease, for every worktree at once.
#[test]
fn the_last_gate_makes_it_done() {
    let repo = Repo::warm();
    let (ann, boss) = (repo.agent("ann"), repo.agent("boss"));
    for gate in ["review", "docs"] {
        ann.jit(["gate", "define", gate, "--manual"]).ok();
    }
    let id = issue(&ann, "work", &["--gate", "review", "--gate", "docs"]);
    repo.git(repo.main(), &["add", "-A"]);
    repo.git(repo.main(), &["commit", "-qm", "issues"]);
    let there = repo.worktree("there");
    let bob = repo.agent("bob").at(&there);

    ann.claim(&id);
    assert_eq!(bob.jit(["gate", "pass", &id, "docs"]).refused(6).code, "not_yours");
    ann.jit(["gate", "pass", &id, "docs"]).ok();
    ann.jit(["claim", "release", &id, "--done"]).ok();
    assert_eq!(seen(&bob, &id)["state"], "gated");
    let refused = boss.jit(["claim", "acquire", &id]);
    assert_eq!(refused.refused(7).code, "gate_open");

    // Its own file knows neither that the work is done nor that the other gate was passed.
    let passed = bob.jit(["gate", "pass", &id, "review"]).ok();
    assert_eq!(passed["issue"]["state"], "done");
    assert_eq!(seen(&ann, &id)["state"], "done");
    assert_eq!(boss.jit(["claim", "acquire", &id]).refused(7).code, "issue_ended");
    let written = fs::read_to_string(there.join(format!(".jit/issues/{id}.json"))).unwrap();
    assert!(written.contains("\"state\": \"ready\""), "the work is not there: {written}");
    let events = fs::read_dir(there.join(".jit/events")).unwrap();
    let events: String = events.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    assert!(events.contains("review") && !events.contains(r#""field":"state""#), "{events}");
}

/// The log does not go with a clone: there the file says that the work is done.
#[test]
fn a_clone_passes_the_last_gate_too() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    let id = issue(&ann, "work", &["--gate", "review"]);
    ann.claim(&id);
    ann.jit(["claim", "release", &id, "--done"]).ok();
    repo.git(repo.main(), &["add", "-A"]);
    repo.git(repo.main(), &["commit", "-qm", "issues"]);
    repo.git(repo.dir(), &["clone", "-q", "main", "clone"]);
    let clone = repo.dir().join("clone");
    repo.git(&clone, &["worktree", "add", "-q", "-b", "other", "../other"]);
    let bob = repo.agent("bob").at(&clone);
    bob.jit(["gate", "pass", &id, "review"]).ok();
    assert_eq!(seen(&bob.at(repo.dir().join("other")), &id)["state"], "done");
}

/// A gate that is not passed keeps the issue gated, with the reason; reopened, it can be claimed,
/// and done again only with the gate passed.
#[test]
fn what_fails_stays_gated_until_it_is_reopened() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    let id = issue(&ann, "work", &["--gate", "review"]);
    ann.claim(&id);
    ann.jit(["claim", "release", &id, "--done"]).ok();
    ann.jit(["gate", "fail", &id, "review"]).refused(2);
    let failed = ann.jit(["gate", "fail", &id, "review", "--reason", "no tests"]).ok();
    assert_eq!(failed["issue"]["gates"]["review"]["failed"]["note"], "no tests");
    assert_eq!(failed["issue"]["state"], "gated");
    assert!(ann.say(["issue", "show", &id]).stdout.contains("review (failed by agent:ann: no tests)"));
    ann.jit(["claim", "next"]).refused(4);
    ann.jit(["issue", "reopen", &id]).ok();
    ann.jit(["claim", "next"]).lease();
    ann.jit(["gate", "pass", &id, "review"]).ok();
    ann.jit(["claim", "release", &id, "--done"]).ok();
    assert_eq!(seen(&ann, &id)["state"], "done");
}

/// The last open gate taken away is a gate less to wait for; both ways of taking it away.
#[test]
fn a_gate_taken_away_is_not_waited_for() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    for remove in [&["gate", "rm", "ID", "review"][..], &["issue", "update", "ID", "--no-gate", "review"]] {
        let id = issue(&ann, "work", &["--gate", "review"]);
        ann.claim(&id);
        ann.jit(["claim", "release", &id, "--done"]).ok();
        let remove = remove.iter().map(|word| if *word == "ID" { &id } else { *word });
        assert_eq!(ann.jit(remove).ok()["issue"]["state"], "done");
        assert_eq!(ann.jit(["claim", "acquire", &id]).refused(7).code, "issue_ended");
    }
}

/// What is done takes no gate, however that is said.
#[test]
fn what_is_done_takes_no_gate() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    let id = issue(&ann, "work", &[]);
    ann.claim(&id);
    ann.jit(["claim", "release", &id, "--done"]).ok();
    for add in [&["gate", "add", &id, "review"][..], &["issue", "update", &id, "--gate", "review"]] {
        assert_eq!(ann.jit(add).refused(7).code, "issue_ended");
    }
    assert_eq!(seen(&ann, &id)["gates"], serde_json::json!({}));
}

/// What a command decides is not said by hand: agents are refused, people warned.
#[test]
fn what_a_command_decides_is_not_said_by_hand() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "tests", "--command", "true"]).ok();
    let id = issue(&ann, "work", &["--gate", "tests"]);
    ann.claim(&id);
    let refused = ann.jit(["gate", "pass", &id, "tests"]).refused(7);
    assert_eq!(refused.hint.unwrap(), format!("jit gate check {id} tests"));
    assert_eq!(seen(&ann, &id)["gates"]["tests"], "open");
    let person = ann.say(["--agent", "human:bob", "gate", "pass", &id, "tests"]);
    assert!(person.status == Some(0) && person.stderr.contains("by its command"), "{person:?}");
    assert_eq!(seen(&ann, &id)["gates"]["tests"]["passed"]["by"], "human:bob");
}

/// A file that can't be read says where, and nothing is written over it.
#[test]
fn a_broken_file_says_where() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    for (text, said) in [
        ("[gates.a\n", "line 1, column 9"),
        (
            "[gates.a]\nkind = \"manual\"\n\n[gates.b]\ncomand = \"true\"\n",
            "line 5, column 1: unknown key `comand` (did you mean `command`?)",
        ),
        ("[gates.a]\nkind = \"manual\"\n# \u{fffd}\n[b]\n", "line 4, column 2: unknown key `b`"),
    ] {
        write(&file(&repo), text);
        for asked in [&["gate", "list"][..], &["gate", "define", "x", "--manual"]] {
            let refused = ann.jit(asked).refused(9);
            assert!(refused.code == "broken_file" && refused.message.contains(said), "{refused:?}");
            assert!(refused.message.contains("gates.toml"), "{refused:?}");
        }
        assert_eq!(fs::read_to_string(file(&repo)).unwrap(), text);
    }
    write(&file(&repo), b"\xff");
    assert!(ann.jit(["gate", "list"]).refused(9).message.contains("UTF-8"));
    // Who asks for no gate does not need the file.
    issue(&ann, "work", &[]);
}

/// What people read.
#[test]
fn what_people_read_of_gates() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let about = ["--description", "Somebody else has read it."];
    let mut answers = vec![
        ann.say(["gate", "list"]),
        ann.say([&["gate", "define", "review", "--manual"][..], &about].concat()),
        ann.say(["gate", "define", "tests", "--command", "make test\nmake lint", "--timeout", "90s"]),
        ann.say(["gate", "list"]),
        ann.say(["gate", "add", "00000000-0000-4000-8000-000000000000", "revue"]),
    ];
    let id = issue(&ann, "work", &["--gate", "tests"]);
    ann.claim(&id);
    for asked in [
        &["gate", "add", &id, "revue"][..],
        &["gate", "add", &id, "review"],
        &["gate", "fail", &id, "review", "--reason", "no tests"],
        &["gate", "pass", &id, "tests"],
        &["gate", "pass", &id, "review"],
        &["gate", "pass", &id, "nothing"],
        &["gate", "define", "x"],
    ] {
        answers.push(ann.say(asked));
    }
    snapshot("gates", &repo, &answers);
}

/// What is done takes no gate that is new, and none that fails, by hand or by its command; the hint
/// makes it ready.
#[test]
fn what_is_done_waits_for_no_gate() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    ann.jit(["gate", "define", "tests", "--command", "test ! -e broken"]).ok();
    ann.jit(["gate", "approve", "tests"]).ok();
    let id = issue(&ann, "work", &["--gate", "tests"]);
    ann.claim(&id);
    ann.jit(["claim", "release", &id, "--done"]).ok();
    ann.jit(["gate", "check", &id]).ok();
    let before = seen(&ann, &id);
    write(&repo.main().join("broken"), "");
    let refused = ann.jit(["gate", "add", &id, "review"]);
    for (refused, code) in [
        (&refused, "issue_ended"),
        (&ann.jit(["gate", "fail", &id, "tests", "--reason", "no"]), "issue_ended"),
        (&ann.jit(["gate", "check", &id]), "gate_failed"),
    ] {
        let trouble = refused.refused(7);
        assert!(trouble.code == code && trouble.hint.unwrap().contains("jit issue reopen"), "{refused:?}");
    }
    assert_eq!(seen(&ann, &id), before);
    follow(&ann, &refused).ok();
    ann.jit(["gate", "add", &id, "review"]).ok();
}

/// Where somebody's word is all that is missing, that is what the hint asks for; and a check of
/// other gates does not pass for all.
#[test]
fn a_word_that_is_missing_is_asked_for() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    ann.jit(["gate", "define", "tests", "--command", "true"]).ok();
    ann.jit(["gate", "approve", "tests"]).ok();
    let id = issue(&ann, "work", &["--gate", "tests", "--gate", "review"]);
    ann.claim(&id);
    ann.jit(["claim", "release", &id, "--done"]).ok();
    let hint = || ann.jit(["claim", "acquire", &id]).refused(7).hint.unwrap();
    assert!(hint().contains("jit gate check"), "{}", hint());
    let checked = ann.say(["gate", "check", &id]);
    let said = format!("other gates are open still: jit gate pass {id} review");
    assert!(checked.status == Some(0) && checked.stderr.contains(&said), "{checked:?}");
    let refused = ann.jit(["claim", "acquire", &id]);
    assert!(refused.refused(7).hint.unwrap().ends_with(&format!("jit gate pass {id} review")), "{refused:?}");
    follow(&ann, &refused).ok();
    assert_eq!(seen(&ann, &id)["state"], "done");
    let shown = ann.say(["issue", "show", &id]).stdout;
    assert!(shown.contains("review (by agent:ann), tests (by agent:ann)"), "{shown}");
}

/// Two branches each define a gate: nobody is told to throw one away.
#[test]
fn gates_of_both_sides_are_kept() {
    let repo = Repo::warm();
    write(&file(&repo), "<<<<<<< ours\n[gates.a]\n=======\n[gates.b]\n>>>>>>> theirs\nkind = \"manual\"\n");
    let said = repo.agent("ann").jit(["gate", "list"]).refused(9).message;
    assert!(said.contains("keep the gates of both sides"), "{said}");
}
