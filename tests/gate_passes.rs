//! A gate is passed by the work that was looked at: not by what was there before, elsewhere, or by
//! another command.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::gates::seen;
use crate::support::issue::{commit, file, issue};
use crate::support::repo::{JIT, write};
use crate::support::{Agent, Repo, follow};

/// Gates by hand and by this command, approved.
fn defined(agent: &Agent<'_>, command: &str) {
    agent.jit(["gate", "define", "review", "--manual"]).ok();
    agent.jit(["gate", "define", "tests", "--command", command]).ok();
    agent.jit(["gate", "approve", "tests"]).ok();
}

fn state(agent: &Agent<'_>, id: &str) -> String {
    seen(agent, id)["state"].as_str().unwrap().to_owned()
}

/// Passes or checks a gate, with or without a word on others, and says what became of the issue.
#[track_caller]
fn passes(agent: &Agent<'_>, how: &str, id: &str, gate: &str) -> String {
    agent.jit(["gate", how, id, gate]).warned();
    state(agent, id)
}

/// Releases the work as done, and says what became of it.
#[track_caller]
fn done(agent: &Agent<'_>, id: &str) -> String {
    agent.jit(["claim", "release", id, "--done"]).warned();
    state(agent, id)
}

/// What an attempt passed that came to nothing is not passed by the next one.
#[test]
fn another_attempt_passes_anew() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    defined(&ann, "test ! -e broken");
    let both = ["--gate", "tests", "--gate", "review"];
    for outcome in [&["--failed", "--reason", "half"][..], &[]] {
        let id = issue(&ann, "work", &both);
        ann.claim(&id);
        passes(&ann, "check", &id, "tests");
        passes(&ann, "pass", &id, "review");
        ann.jit([&["claim", "release", &id], outcome].concat()).ok();
        assert_eq!(seen(&ann, &id)["gates"], serde_json::json!({ "tests": "open", "review": "open" }));
        bob.claim(&id);
        // One that he passes himself counts, and the other does not.
        passes(&bob, "pass", &id, "review");
        assert_eq!(done(&bob, &id), "gated");
        assert_eq!(seen(&bob, &id)["gates"]["tests"], "open");
        assert_eq!(passes(&bob, "check", &id, "tests"), "done");
    }
    let id = issue(&ann, "work", &both[..2]);
    ann.claim(&id);
    ann.jit(["gate", "check", &id]).ok();
    ann.jit(["claim", "release", &id]).ok();
    bob.claim(&id);
    let said = bob.say(["claim", "release", &id, "--done"]).stderr;
    assert!(said.contains("gate tests of") && said.contains("it is open"), "{said}");
}

/// Nothing is passed of what nobody has begun; the hint says when it can be.
#[test]
fn nothing_is_passed_before_the_work() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    defined(&ann, "true");
    let id = issue(&ann, "work", &["--gate", "tests", "--gate", "review"]);
    for asked in [&["gate", "check", &id, "tests"][..], &["gate", "pass", &id, "review"]] {
        let refused = ann.jit(asked);
        let trouble = refused.refused(7);
        assert_eq!(trouble.code, "needs_lease");
        assert!(trouble.hint.unwrap().ends_with(&format!("jit claim acquire {id}")));
    }
    follow(&ann, &ann.jit(["gate", "pass", &id, "review"])).lease();
    passes(&ann, "pass", &id, "review");
    passes(&ann, "check", &id, "tests");
    assert_eq!(done(&ann, &id), "done");
}

/// A pass is of the gate as it was defined; another command asks anew, whether the work goes on or is
/// done but for another gate.
#[test]
fn another_command_is_passed_anew() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    defined(&ann, "true");
    let id = issue(&ann, "work", &["--gate", "tests", "--gate", "review"]);
    ann.claim(&id);
    passes(&ann, "check", &id, "tests");
    ann.jit(["gate", "define", "tests", "--command", "exit 1"]).ok();
    passes(&ann, "pass", &id, "review");
    assert_eq!(seen(&ann, &id)["gates"]["tests"], "open");
    assert_eq!(done(&ann, &id), "gated");

    ann.jit(["gate", "define", "tests", "--command", "true"]).ok();
    let id = issue(&ann, "work", &["--gate", "tests", "--gate", "review"]);
    ann.claim(&id);
    passes(&ann, "check", &id, "tests");
    assert_eq!(done(&ann, &id), "gated");
    ann.jit(["gate", "define", "tests", "--manual"]).ok();
    assert_eq!(passes(&ann, "pass", &id, "review"), "gated");
    assert_eq!(passes(&ann, "pass", &id, "tests"), "done");
}

/// What a check finds is not recorded of anything else than it began with: reopened work, a word that
/// was said meanwhile, another command, another attempt.
#[test]
fn what_changed_meanwhile_was_not_checked() {
    let jit = format!("'{JIT}' --agent agent:bob");
    let (reopen, acquire) =
        (format!("{jit} issue reopen $JIT_ISSUE_ID"), format!("{jit} claim acquire $JIT_ISSUE_ID"));
    let done_anew = format!("{reopen} && {acquire} && {jit} claim release $JIT_ISSUE_ID --done");
    let changed = (7, "gate_changed");
    for (meanwhile, gates, code) in [
        (reopen.clone(), "open", changed),
        (format!("{reopen} && {acquire}"), "open", (6, "not_yours")),
        (done_anew, "open", changed),
        (format!("{jit} gate fail $JIT_ISSUE_ID tests --reason broken"), "failed", changed),
        (format!("{jit} gate define tests --command false"), "open", changed),
    ] {
        let repo = Repo::warm();
        let ann = repo.agent("ann");
        defined(&ann, &meanwhile);
        let id = issue(&ann, "work", &["--gate", "tests"]);
        ann.claim(&id);
        assert_eq!(done(&ann, &id), "gated");
        let checked = ann.jit(["gate", "check", &id]);
        assert_eq!(checked.refused(code.0).code, code.1, "{meanwhile}: {checked:?}");
        let now = &seen(&ann, &id)["gates"]["tests"];
        assert!(*now == gates || now.get(gates).is_some(), "{meanwhile}: {now}");
    }
    // Released while it is checked: it is another matter what the work is by then.
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    defined(&ann, &format!("'{JIT}' --agent agent:ann claim release $JIT_ISSUE_ID"));
    let id = issue(&ann, "work", &["--gate", "tests"]);
    ann.claim(&id);
    assert_eq!(ann.jit(["gate", "check", &id]).refused(7).code, "gate_changed");
    assert_eq!(seen(&ann, &id)["gates"]["tests"], "open");
}

/// What another check passed meanwhile is of another attempt: under another lease, or of work that was
/// done anew.
#[test]
fn a_check_agrees_with_none_of_another_attempt() {
    let jit = format!("'{JIT}' --agent agent:ann");
    let anew = format!("{jit} issue reopen $JIT_ISSUE_ID; {jit} claim acquire $JIT_ISSUE_ID");
    for (held, again) in [
        (true, format!("{jit} claim release $JIT_ISSUE_ID; {jit} claim acquire $JIT_ISSUE_ID")),
        (false, format!("{anew}; {jit} claim release $JIT_ISSUE_ID --done")),
    ] {
        let repo = Repo::warm();
        let ann = repo.agent("ann");
        let inner = format!("{again}; {jit} gate check $JIT_ISSUE_ID tests");
        defined(&ann, &format!("test -e inner || {{ touch inner; {inner}; }} 2>&1"));
        let id = issue(&ann, "work", &["--gate", "tests", "--gate", "review"]);
        ann.claim(&id);
        if !held {
            assert_eq!(done(&ann, &id), "gated");
        }
        let checked = ann.start(["gate", "check", &id, "tests"]).within(Duration::from_secs(60));
        assert_eq!(checked.refused(7).code, "gate_changed", "{held}");
        assert!(seen(&ann, &id)["gates"]["tests"]["passed"].is_object(), "by the other one");
    }
}

/// What a gate was passed for before the work was released is known everywhere; an older file of an
/// attempt before, gated or done, says nothing of this one.
#[test]
fn an_older_file_says_nothing_of_another_attempt() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    defined(&ann, "true");
    let gated = issue(&ann, "work", &["--gate", "review"]);
    let ended = issue(&ann, "work", &["--gate", "review"]);
    for id in [&gated, &ended] {
        ann.claim(id);
        assert_eq!(done(&ann, id), "gated");
    }
    assert_eq!(passes(&ann, "pass", &ended, "review"), "done");
    commit(&repo, repo.main(), "the first attempts");
    let two = repo.agent("bob").at(repo.worktree("two"));
    for id in [&gated, &ended] {
        ann.jit(["issue", "reopen", id]).ok();
        ann.claim(id);
    }
    passes(&ann, "pass", &gated, "review");
    assert_eq!((done(&ann, &gated), done(&ann, &ended)), ("done".into(), "gated".into()));
    assert_eq!((state(&two, &gated), state(&two, &ended)), ("done".into(), "gated".into()));
    // Its file has the gate as passed, but for the other attempt.
    assert_eq!(passes(&two, "pass", &ended, "review"), "done");
    assert_eq!(state(&ann, &ended), "done");
}

/// Two checks of one gate at once agree; the later one is no trouble.
#[test]
fn two_checks_at_once_agree() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    // The inner one runs to its end while the outer one waits for it.
    let inner =
        format!("test -e inner || {{ touch inner; '{JIT}' --agent agent:ann gate check $JIT_ISSUE_ID; }}");
    defined(&ann, &inner);
    let id = issue(&ann, "work", &["--gate", "tests"]);
    ann.claim(&id);
    assert_eq!(done(&ann, &id), "gated");
    let checked = ann.start(["gate", "check", &id]).within(Duration::from_secs(60)).ok();
    assert_eq!(checked["issue"]["state"], "done");
}

/// Work that is in another worktree is not looked at here; the hint leads there, and once no worktree
/// has it, to its branch.
#[test]
fn a_check_looks_where_the_work_is() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    defined(&ann, "test ! -e broken");
    let id = issue(&ann, "work", &["--gate", "tests"]);
    commit(&repo, repo.main(), "issues");
    let there = repo.worktree("there");
    let (bob, other) = (repo.agent("bob").at(&there), repo.worktree("other"));
    bob.claim(&id);
    write(&there.join("broken"), "");
    assert_eq!(done(&bob, &id), "gated");
    for place in [repo.main(), &*other] {
        let refused = ann.clone().at(place).jit(["gate", "check", &id]);
        let trouble = refused.refused(7);
        assert_eq!(trouble.code, "work_elsewhere");
        assert!(trouble.hint.clone().unwrap().contains(there.to_str().unwrap()), "{trouble:?}");
        assert_eq!(follow(&ann.clone().at(place), &refused).refused(7).code, "gate_failed");
    }
    assert_eq!(seen(&ann, &id)["state"], "gated");
    // A file that only the main worktree has brings no work either.
    let main_only = issue(&ann, "work", &["--gate", "tests"]);
    ann.claim(&main_only);
    assert_eq!(done(&ann, &main_only), "gated");
    let refused = bob.jit(["gate", "check", &main_only]).refused(7);
    assert_eq!(refused.code, "work_elsewhere");
    // Merged, it is here too.
    fs::remove_file(there.join("broken")).unwrap();
    commit(&repo, &there, "work");
    let put_back = |root: &Path| {
        let text = fs::read_to_string(file(root, &id)).unwrap();
        write(&file(root, &id), text.replace("\"gated\"", "\"ready\""));
    };
    put_back(&there);
    let refused = ann.jit(["gate", "check", &id]).refused(7);
    assert!(refused.hint.as_ref().unwrap().ends_with(" merge there"));
    assert_eq!(ann.jit(["claim", "acquire", &id]).refused(7).hint, refused.hint);
    repo.git(repo.main(), &["merge", "-q", "--no-edit", "there"]);
    assert_eq!(ann.jit(["gate", "check", &id]).ok()["issue"]["state"], "done");
}

/// Nor is a worktree looked at that has an attempt before; it is told where this one is.
#[test]
fn a_check_looks_at_this_attempt() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    defined(&ann, "true");
    let id = issue(&ann, "work", &["--gate", "tests"]);
    commit(&repo, repo.main(), "issues");
    let (first, second, third) = (repo.worktree("first"), repo.worktree("second"), repo.worktree("third"));
    let (bob, cleo) = (repo.agent("bob").at(&first), repo.agent("cleo").at(&second));
    bob.claim(&id);
    assert_eq!(done(&bob, &id), "gated");
    commit(&repo, &first, "work");
    cleo.jit(["issue", "reopen", &id]).warned();
    // Of an attempt before, nothing is passed for the next.
    assert_eq!(bob.jit(["gate", "check", &id]).refused(7).code, "needs_lease");
    cleo.claim(&id);
    assert_eq!(done(&cleo, &id), "gated");
    // A note is no other attempt.
    bob.jit(["issue", "update", &id, "--label", "note"]).ok();
    for place in [&first, &third] {
        let refused = ann.clone().at(place).jit(["gate", "check", &id]).refused(7);
        assert!(refused.hint.clone().unwrap().contains("check it where it is"), "{refused:?}");
        assert_eq!(refused.context["worktree"], second.to_str().unwrap(), "{refused:?}");
    }
    commit(&repo, &second, "work");
    repo.git(repo.main(), &["worktree", "remove", "--force", second.to_str().unwrap()]);
    assert!(seen(&bob, &id)["next"].as_str().unwrap().ends_with(" merge second"));
    assert_eq!(seen(&bob, &id)["state"], "gated");
}

/// Files that do not say what a pass was of count where the work is done, as they did.
#[test]
fn passes_of_before_count_where_the_work_is_done() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    defined(&ann, "true");
    let id = issue(&ann, "work", &["--gate", "tests", "--gate", "review"]);
    let path = file(repo.main(), &id);
    let old = |text: &str| {
        let passed = r#""tests": {"passed": {"by": "agent:ann", "at": "2026-11-21T05:00:00Z"}}"#;
        text.replacen("\"tests\": \"open\"", passed, 1)
    };
    write(&path, old(&fs::read_to_string(&path).unwrap()));
    ann.claim(&id);
    assert_eq!(done(&ann, &id), "gated");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"tests\": \"open\""), "{text}");
    write(&path, old(&text));
    repo.git(repo.main(), &["add", "-A"]);
    repo.git(repo.main(), &["commit", "-qm", "issues"]);
    repo.git(repo.dir(), &["clone", "-q", "main", "clone"]);
    let clone = repo.agent("bob").at(repo.dir().join("clone"));
    assert_eq!(passes(&clone, "pass", &id, "review"), "done");
}
