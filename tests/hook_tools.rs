//! What other tools, and people, do to hooks after jit was put into them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use crate::hooks::{did, fake, git_with, script, states};
use crate::support::repo::{mkdir, write};
use crate::support::{Repo, shell, skip};

/// pre-commit renames what it finds to `.legacy`, lefthook to `.old`; theirs calls that.
#[test]
fn a_hook_that_a_tool_renamed_goes_on_and_comes_back() {
    for renamed in ["pre-commit.legacy", "pre-commit.old"] {
        let repo = Repo::new();
        let (ann, bin, hooks) = (repo.agent("ann"), fake(&repo), repo.main().join(".git/hooks"));
        let log = repo.dir().join("log");
        let mine = format!("#!/usr/bin/env perl\nopen(F, '>>', '{}'); print F \"mine\\n\";\n", log.display());
        script(&hooks.join("pre-commit"), &mine);
        assert_eq!(did(&ann.jit(["hooks", "install", "--files", "pre-commit"]).ok())[0].1, "chained");
        fs::rename(hooks.join("pre-commit"), hooks.join(renamed)).unwrap();
        let tools = format!("#!/bin/sh\n\"${{0%/*}}/{renamed}\" \"$@\" || exit\n");
        script(&hooks.join("pre-commit"), &tools);
        let commit = || {
            let commit = git_with(&repo, &bin, repo.main(), &["commit", "-q", "--allow-empty", "-m", "x"]);
            assert!(commit.status.success(), "{commit:?}");
            fs::read_to_string(&log).unwrap_or_default().lines().count()
        };
        assert_eq!(commit(), 1);
        assert_eq!(did(&ann.jit(["hooks", "install", "--files", "pre-commit"]).ok())[0].1, "added");
        assert_eq!(commit(), 2);
        let undone = ann.jit(["hooks", "uninstall", "pre-commit"]).ok();
        assert_eq!(did(&undone)[0].1, "restored");
        assert_eq!(fs::read_to_string(hooks.join("pre-commit")).unwrap(), tools);
        assert_eq!(fs::read_to_string(hooks.join(renamed)).unwrap(), mine);
        assert!(!hooks.join("pre-commit.jit-original").exists());
        assert_eq!(commit(), 3);
    }
}

/// What stood behind a hook of jit's that was written over runs no more, which is said.
#[test]
fn what_is_left_of_a_hook_that_was_written_over_is_told() {
    let repo = Repo::new();
    let (ann, hooks) = (repo.agent("ann"), repo.main().join(".git/hooks"));
    script(&hooks.join("pre-commit"), "#!/usr/bin/env perl\n");
    ann.jit(["hooks", "install", "--files"]).ok();
    assert_eq!(ann.jit(["hooks", "status"]).ok()["worktrees"][0]["hooks"]["pre-commit"], "chained");
    script(&hooks.join("pre-commit"), "#!/bin/sh\n");
    let left = hooks.join("pre-commit.jit-original");
    for command in [&["status"][..], &["install", "--files"], &["uninstall"]] {
        let warned = ann.jit([&["hooks"], command].concat()).warned();
        assert!(warned.len() == 1 && warned[0].starts_with(left.to_str().unwrap()), "{warned:?}");
        let (_, away) = warned[0].split_once("not wanted: ").unwrap();
        if command == ["uninstall"] {
            assert_eq!(shell(&ann, away).status, Some(0));
        }
    }
    assert!(!left.exists());
    ann.jit(["hooks", "status"]).ok();
}

/// One hook that can't be changed keeps jit in no other; a directory is no hook.
#[test]
fn one_hook_does_not_keep_jit_in_the_others() {
    let repo = Repo::new();
    let (ann, hooks) = (repo.agent("ann"), repo.main().join(".git/hooks"));
    mkdir(&hooks.join("pre-commit"));
    let refused = ann.jit(["hooks", "install", "--files"]).refused(10);
    assert!(refused.message.contains("is a directory"), "{refused:?}");
    fs::remove_dir(hooks.join("pre-commit")).unwrap();
    ann.jit(["hooks", "install", "--files"]).ok();
    fs::write(hooks.join("pre-commit"), "#!/bin/sh\n# >>> jit >>>\n").unwrap();
    let refused = ann.jit(["hooks", "uninstall"]).refused(10);
    assert!(
        refused.message.contains("one of the two marks")
            && refused.names(hooks.join("pre-push").to_str().unwrap()),
        "{refused:?}"
    );
    assert_eq!(states(&repo, repo.main()), ["torn", "missing", "missing", "missing", "missing"]);
}

/// Who may run a hook stays.
#[test]
fn a_hook_keeps_its_mode() {
    let repo = Repo::new();
    let (ann, hook) = (repo.agent("ann"), repo.main().join(".git/hooks/pre-commit"));
    script(&hook, "#!/bin/sh\n");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o700)).unwrap();
    let mode = || fs::metadata(&hook).unwrap().permissions().mode() & 0o777;
    for command in ["install", "uninstall"] {
        ann.jit(["hooks", command, "pre-commit"]).ok();
        assert_eq!(mode(), 0o700, "{command}");
    }
}

/// Where hooks block without jit, what adds no commit passes, and one line says why the rest does not.
#[test]
fn without_jit_only_what_adds_a_commit_is_blocked() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    ann.jit(["hooks", "install", "--files"]).ok();
    ann.jit(["config", "set", "hooks_without_jit", "block"]).ok();
    let git = |arguments: &[&str]| {
        let output = repo.try_git(repo.main(), arguments);
        (output.status.success(), String::from_utf8(output.stderr).unwrap().lines().count())
    };
    let feature = repo.dir().join("feature");
    for passes in [
        &["branch", "x"][..],
        &["checkout", "-q", "-b", "y"],
        &["worktree", "add", "-q", "-b", "z", feature.to_str().unwrap()],
        &["branch", "-m", "x", "w"],
    ] {
        assert_eq!(git(passes), (true, 0), "{passes:?}");
    }
    assert_eq!(git(&["commit", "-q", "--allow-empty", "-m", "x"]), (false, 1));
    assert!(!git(&["commit", "-q", "--allow-empty", "--no-verify", "-m", "x"]).0);
    repo.git(repo.main(), &["checkout", "-q", "--detach"]);
    repo.git(repo.main(), &["-c", "core.hooksPath=/dev/null", "commit", "-q", "--allow-empty", "-m", "x"]);
    assert!(!git(&["branch", "new"]).0);
}

/// However TOML lets somebody write it on a line, the hooks know the setting that jit reads.
#[test]
fn hooks_read_what_blocks_without_jit_as_jit_does() {
    let repo = Repo::new();
    let (ann, settings) = (repo.agent("ann"), repo.control().join("config.toml"));
    ann.jit(["hooks", "install", "--files", "pre-commit"]).ok();
    ann.jit(["config", "set", "hooks_without_jit", "block"]).ok();
    for (text, value) in [
        ("\thooks_without_jit\t=\t\"block\"", "block"),
        ("  \"hooks_without_jit\"='block' # so", "block"),
        ("'hooks_without_jit' = \"\"\"block\"\"\"", "block"),
        ("hooks_without_jit='''block'''", "block"),
        ("# hooks_without_jit = \"block\"", "warn"),
        ("hooks_without_jit = \"warn\" # or \"block\"", "warn"),
    ] {
        write(&settings, text);
        assert_eq!(ann.jit(["config", "get", "hooks_without_jit"]).ok()["setting"]["value"], value, "{text}");
        let commit = repo.try_git(repo.main(), &["commit", "-q", "--allow-empty", "-m", "x"]);
        assert_eq!(commit.status.success(), value == "warn", "{text}: {commit:?}");
    }
}

/// A worktree that Git alone made, where each has hooks of its own: it is named, with what helps.
#[test]
fn a_worktree_without_the_others_hooks_is_named() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    repo.git(repo.main(), &["config", "core.hooksPath", ".own"]);
    let lacking = || {
        let told: serde_json::Value = serde_json::from_str(&ann.jit(["doctor"]).stdout).unwrap();
        let findings = told["data"]["findings"].as_array().unwrap().clone();
        let named = findings.into_iter().filter(|finding| finding["code"] == "hooks_missing");
        named.map(|finding| (finding["path"].clone(), finding["hint"].clone())).collect::<Vec<_>>()
    };
    let feature = repo.worktree("feature");
    write(&Path::new(&*feature).join(".own/pre-commit"), "#!/bin/sh\n");
    assert_eq!(lacking(), []);
    ann.clone().at(repo.main()).jit(["prime"]).ok();
    ann.jit(["hooks", "install", "--files"]).ok();
    assert_eq!(lacking(), []);
    let third = repo.worktree("third");
    let found = lacking();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, third.to_str().unwrap());
    let warned = ann.jit(["prime"]).warned();
    assert!(warned.len() == 1 && warned[0].contains(third.to_str().unwrap()), "{warned:?}");
    let (_, command) = found[0].1.as_str().unwrap().split_once(": ").unwrap();
    assert_eq!(shell(&ann, command).status, Some(0));
    assert_eq!(lacking(), []);
    // By a newer Git, for all of them at once.
    assert!([["installed"; 5], ["configured"; 5]].iter().any(|all| states(&repo, &third) == all));
}

/// Each worktree's agent is told to install them, and the hooks are of all.
#[test]
fn who_installs_them_at_once_loses_nothing() {
    let test = "who_installs_them_at_once_loses_nothing";
    let slowly = ["strace", "-f", "-o", "/dev/null", "-e", "trace=rename,renameat,renameat2"];
    let slowly = [&slowly[..], &["-e", "inject=rename,renameat,renameat2:delay_enter=700000"]].concat();
    if !skip::has(test, "strace") || !skip::works(test, &["strace", "-o", "/dev/null", "true"]) {
        return;
    }
    let repo = Repo::warm();
    let (ann, second) = (repo.agent("ann"), repo.worktree("second"));
    let bob = repo.agent("bob").at(second);
    bob.claim("name:x");
    let (hook, text) = (repo.main().join(".git/hooks/pre-commit"), "#!/usr/bin/env perl\nexit 3;\n");
    script(&hook, text);
    let install = ["hooks", "install", "--files", "pre-commit"];
    let slow = bob.through(slowly).start(install);
    std::thread::sleep(Duration::from_millis(350));
    ann.jit(install).ok();
    slow.within(Duration::from_secs(20)).ok();
    assert_eq!(fs::read_to_string(hook.with_extension("jit-original")).unwrap(), text);
    assert_eq!(
        repo.try_git(repo.main(), &["commit", "-q", "--allow-empty", "-m", "x"]).status.code(),
        Some(1)
    );
}
