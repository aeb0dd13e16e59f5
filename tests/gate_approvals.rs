//! Whose gates' commands run: what this machine's user has approved, and nothing that a branch brings.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::gate_commands::{gated, recorded};
use crate::support::issue::issue;
use crate::support::repo::{JIT, write};
use crate::support::{Repo, follow, skip};

/// The shell is the machine's, whatever the branch calls `sh`.
#[test]
fn a_branch_brings_no_shell() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = gated(&ann, "true", &[]);
    let own = repo.main().join("bin/sh");
    fs::create_dir(repo.main().join("bin")).unwrap();
    write(&own, "#!/bin/sh\ntouch pwned\n");
    fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("./bin:{}", std::env::var("PATH").unwrap());
    ann.clone().env("PATH", path).jit(["gate", "check", &id]).ok();
    assert!(!repo.main().join("pwned").exists());
}

/// No command runs that this machine's user has not approved: not a new one, not a changed one,
/// not the same one in another repository.
#[test]
fn what_nobody_approved_does_not_run() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let file = repo.main().join(".jit/gates.toml");
    let ran = |place: &Path| place.join("ran").exists();
    ann.jit(["gate", "define", "tests", "--command", "touch ran"]).ok();
    let id = issue(&ann, "work", &["--gate", "tests"]);
    ann.claim(&id);
    let refused = ann.jit(["gate", "check", &id]);
    let trouble = refused.refused(7);
    assert!(trouble.code == "gate_unapproved" && !trouble.retryable, "{trouble:?}");
    assert!(trouble.hint.unwrap().ends_with("jit gate approve tests"));
    assert!(!ran(repo.main()) && recorded(&ann, &id) == "open");
    follow(&ann, &refused).ok();
    follow(&ann, &refused).ok();
    let approved = repo.dir().join("home/.local/state/jit/approved-gates");
    assert_eq!(fs::metadata(&approved).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&approved).unwrap().lines().count(), 1);

    // Somebody changes it between the approval and the run.
    let text = fs::read_to_string(&file).unwrap();
    write(&file, text.replace("touch ran", "touch ran "));
    assert_eq!(ann.jit(["gate", "check", &id]).refused(7).code, "gate_unapproved");
    write(&file, text.replace("gates.tests", "gates.other"));
    ann.jit(["gate", "add", &id, "other"]).ok();
    assert_eq!(ann.jit(["gate", "check", &id, "other"]).refused(7).code, "gate_unapproved");
    write(&file, &text);
    ann.jit(["gate", "rm", &id, "other"]).ok();
    assert!(!ran(repo.main()));
    ann.jit(["gate", "check", &id]).ok();
    assert!(ran(repo.main()));

    // With the limit changed it is the same command; in a clone it is another repository's.
    write(&file, text.replace("10m", "20m"));
    ann.jit(["gate", "check", &id]).ok();
    repo.git(repo.main(), &["add", ".jit"]);
    repo.git(repo.main(), &["commit", "-qm", "gates"]);
    repo.git(repo.dir(), &["clone", "-q", "main", "clone"]);
    let clone = repo.dir().join("clone");
    let bob = repo.agent("bob").at(&clone);
    bob.claim(&id);
    assert_eq!(bob.jit(["gate", "check", &id]).refused(7).code, "gate_unapproved");
    assert_eq!(bob.jit(["gate", "list"]).ok()["gates"][0]["approved"], false);
    // Another worktree of the repository is the same repository.
    let there = repo.worktree("there");
    ann.jit(["claim", "release", &id]).ok();
    let bob = repo.agent("bob").at(&there);
    bob.claim(&id);
    bob.jit(["gate", "check", &id]).ok();
    assert!(ran(&there) && !ran(&clone));
}

/// The same command of another repository at the same path, as containers have them, is another: it
/// reads other files.
#[test]
fn another_repository_at_the_same_path_is_not_approved() {
    let repo = Repo::scratch();
    let approved = || repo.agent("ann").jit(["gate", "list"]).ok()["gates"][0]["approved"].clone();
    let begin = |script: &str| {
        repo.init(repo.main(), &[]);
        write(&repo.main().join("check"), script);
        let ann = repo.agent("ann");
        ann.jit(["gate", "define", "tests", "--command", "sh ./check"]).ok();
        assert_eq!(approved(), false);
        (issue(&ann, "work", &["--gate", "tests"]), ann)
    };
    let (id, ann) = begin("true");
    // Nothing was claimed yet: approving makes the control plane that it is of.
    ann.jit(["gate", "approve", "tests"]).ok();
    assert_eq!(approved(), true);
    ann.claim(&id);
    ann.jit(["gate", "check", &id]).ok();
    fs::remove_dir_all(repo.main()).unwrap();
    let (id, ann) = begin("touch pwned");
    ann.claim(&id);
    assert_eq!(ann.jit(["gate", "check", &id]).refused(7).code, "gate_unapproved");
    assert!(!repo.main().join("pwned").exists());
}

/// A branch that is pulled brings another command, and it does not run; neither does one of two when
/// the other is not approved.
#[test]
fn a_pulled_branch_runs_nothing_by_itself() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = gated(&ann, "true", &[]);
    repo.git(repo.main(), &["add", ".jit"]);
    repo.git(repo.main(), &["commit", "-qm", "gates"]);
    let evil = repo.worktree("evil");
    let mallory = repo.agent("mallory").at(&evil);
    mallory.jit(["gate", "define", "tests", "--command", "touch pwned"]).ok();
    mallory.jit(["gate", "define", "more", "--command", "touch pwned"]).ok();
    repo.git(&evil, &["commit", "-qam", "gates"]);
    ann.jit(["gate", "check", &id]).ok();
    repo.git(repo.main(), &["merge", "-q", "evil"]);
    assert_eq!(ann.jit(["gate", "check", &id]).refused(7).code, "gate_unapproved");
    ann.jit(["gate", "define", "tests", "--command", "touch ran"]).ok();
    ann.jit(["gate", "approve", "tests"]).ok();
    ann.jit(["gate", "add", &id, "more"]).ok();
    assert_eq!(ann.jit(["gate", "check", &id]).refused(7).context["gates"], serde_json::json!(["more"]));
    assert!(!repo.main().join("pwned").exists() && !repo.main().join("ran").exists());
}

/// Approvals are the user's: where nobody knows the user's files, that is said, and gates can still
/// be looked at.
#[test]
fn approvals_need_a_home() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = gated(&ann, "true", &[]);
    for home in ["", "relative"] {
        let homeless = ann.clone().env("HOME", home);
        for asked in [&["gate", "check", &id][..], &["gate", "approve", "tests"]] {
            let refused = homeless.jit(asked).refused(2);
            assert!(refused.code == "no_home" && refused.message.contains("HOME"), "{refused:?}");
        }
        assert_eq!(homeless.jit(["gate", "list"]).ok()["gates"][0]["approved"], Value::Null);
    }
    let state = ann.clone().env("XDG_STATE_HOME", repo.dir().join("state"));
    state.jit(["gate", "check", &id]).refused(7);
    state.jit(["gate", "approve", "tests"]).ok();
    state.jit(["gate", "check", &id]).ok();
}

/// Approvals that a branch could bring are none: below a worktree, among Git's files, or where a
/// symlink leads there.
#[test]
fn a_branch_brings_no_approval() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let there = repo.worktree("there");
    ann.jit(["gate", "define", "tests", "--command", "touch pwned"]).ok();
    ann.jit(["gate", "approve", "tests"]).ok();
    let id = issue(&ann, "work", &["--gate", "tests"]);
    ann.claim(&id);
    let approved = fs::read(repo.dir().join("home/.local/state/jit/approved-gates")).unwrap();
    std::os::unix::fs::symlink(repo.main(), repo.dir().join("link")).unwrap();
    for state in [repo.main().join("x"), repo.control(), there.join("new/dir"), repo.dir().join("link/x")] {
        let inside = ann.clone().env("XDG_STATE_HOME", &state);
        let refused = inside.jit(["gate", "check", &id]).refused(2);
        assert!(refused.code == "no_home" && refused.message.contains("inside"), "{refused:?}");
        fs::create_dir_all(state.join("jit")).unwrap();
        write(&state.join("jit/approved-gates"), &approved);
        inside.jit(["gate", "check", &id]).refused(2);
        inside.jit(["gate", "approve", "tests"]).refused(2);
    }
    assert!(!repo.main().join("pwned").exists());
    let beside = ann.clone().env("XDG_STATE_HOME", repo.dir().join("main-state"));
    assert_eq!(beside.jit(["gate", "check", &id]).refused(7).code, "gate_unapproved");
}

/// On a terminal somebody is asked, sees what would run, and only a clear yes lets it.
#[test]
fn somebody_on_a_terminal_is_asked() {
    if !skip::has("somebody_on_a_terminal_is_asked", "script") {
        return;
    }
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "tests", "--command", "printf '\\033[2K'; touch ran"]).ok();
    let id = issue(&ann, "work", &["--gate", "tests"]);
    ann.claim(&id);
    let terminal = |answer: &str| {
        let line = format!("{answer} | script -qec \"'{JIT}' gate check {id}\" /dev/null");
        ann.clone().program("sh").say(["-c", &line])
    };
    for no in ["printf '\\n'", "echo n", "echo yo"] {
        let said = terminal(no);
        assert!(said.status == Some(7) && said.stdout.contains("printf '\\033[2K'; touch ran"), "{said:?}");
        assert!(said.stdout.contains("[y/N]") && said.stdout.contains("jit gate approve tests"), "{said:?}");
        assert!(!repo.main().join("ran").exists());
    }
    let said = terminal("echo y");
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(repo.main().join("ran").exists());
    ann.jit(["gate", "check", &id]).ok();
}

/// What runs is what was shown, whatever the file says by the time of the answer.
#[test]
fn what_was_shown_is_what_runs() {
    if !skip::has("what_was_shown_is_what_runs", "script") {
        return;
    }
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    ann.jit(["gate", "define", "tests", "--command", "touch shown"]).ok();
    let id = issue(&ann, "work", &["--gate", "tests"]);
    ann.claim(&id);
    // Typed once the question is there.
    let line = format!(
        "{{ until grep -q y/N said; do sleep 0.05; done; sed -i s/shown/pwned/ .jit/gates.toml; echo y; sleep 1; }} \
         | script -qefc \"'{JIT}' gate check {id}\" said"
    );
    let said = ann.clone().program("sh").say(["-c", &format!("touch said; {line}")]);
    // And what is defined now is not what was shown: nothing was recorded.
    assert_eq!(said.status, Some(7), "{said:?}");
    assert_eq!(recorded(&ann, &id), "open");
    assert!(repo.main().join("shown").exists() && !repo.main().join("pwned").exists());
    assert_eq!(ann.jit(["gate", "check", &id]).refused(7).code, "gate_unapproved");
}
