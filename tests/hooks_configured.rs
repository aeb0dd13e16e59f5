//! Hooks in Git's configuration, which Git runs from 2.54 on. The Git of this machine is mostly older: it
//! is told to call itself 2.54, and what it would run is run here as that does.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::hooks::{did, script};
use crate::support::repo::{JIT, write};
use crate::support::two::Two;

/// A search path with a Git that calls itself so.
fn with_git(two: &Two, version: &str) -> String {
    let path = std::env::var("PATH").unwrap();
    let git = std::env::split_paths(&path).map(|dir| dir.join("git")).find(|git| git.exists()).unwrap();
    let bin = two.repo.dir().join(version);
    let says = format!("#!/bin/sh\n[ \"$1\" = version ] && echo git version {version} && exit\nexec");
    script(&bin.join("git"), &format!("{says} '{}' \"$@\"\n", git.display()));
    format!("{}:{path}", bin.display())
}

/// A repository with hooks in files, as an older Git has them, and what the search path is with a newer.
fn with_new_git() -> (Two, String) {
    let two = Two::new();
    two.repo.agent("ann").jit(["hooks", "install", "--files"]).ok();
    let path = with_git(&two, "2.54.0");
    (two, path)
}

fn all(answer: &serde_json::Value) -> Vec<String> {
    did(answer).into_iter().map(|(hook, did)| format!("{hook} {did}")).collect()
}

const HOOKS: [&str; 5] =
    ["pre-commit", "prepare-commit-msg", "commit-msg", "reference-transaction", "pre-push"];

#[test]
fn a_new_git_is_told_by_its_configuration() {
    let (two, path) = with_new_git();
    let ann = || two.repo.agent("ann").env("PATH", path.clone());
    let files = || HOOKS.map(|hook| two.ann().join(".git/hooks").join(hook).exists());
    let keys = || two.repo.try_git(two.ann(), &["config", "--get-regexp", "^hook\\."]).stdout.len();
    let each = |did: &str| HOOKS.map(|hook| format!("{hook} {did}")).to_vec();
    assert_eq!(files(), [true; 5]);
    // They move there, so that none asks twice.
    assert_eq!(all(&ann().jit(["hooks", "install"]).ok()), [each("installed"), each("removed")].concat());
    assert_eq!(files(), [false; 5]);
    assert_eq!(all(&ann().jit(["hooks", "install"]).ok()), each("unchanged"));
    let status = ann().jit(["hooks", "status"]).ok();
    for worktree in status["worktrees"].as_array().unwrap() {
        assert!(HOOKS.iter().all(|hook| worktree["hooks"][hook] == "configured"), "{worktree}");
    }
    assert_eq!(status["worktrees"].as_array().unwrap().len(), 2);
    // What an older Git passes over is not there for it.
    let older = two.repo.agent("ann").env("PATH", with_git(&two, "2.53.9")).jit(["hooks", "status"]).ok();
    assert!(HOOKS.iter().all(|hook| older["worktrees"][1]["hooks"][hook] == "missing"), "{older}");
    // Another text there, and one that is turned off, are seen and put right.
    let config = |arguments: &[&str]| two.repo.git(two.ann(), &[&["config"], arguments].concat());
    config(&["hook.jit-pre-push.command", "true"]);
    config(&["hook.jit-commit-msg.enabled", "false"]);
    let mended = all(&ann().jit(["hooks", "install", "pre-push", "commit-msg"]).ok());
    assert_eq!(mended, ["pre-push updated", "commit-msg installed"]);
    assert_eq!(all(&ann().jit(["hooks", "install"]).ok()), each("unchanged"));
    // Into files for an older one that works here too, and out of both.
    let back = all(&ann().jit(["hooks", "install", "--files"]).ok());
    assert_eq!(back, [each("removed"), each("installed")].concat());
    assert_eq!((files(), keys()), ([true; 5], 0));
    ann().jit(["hooks", "install"]).ok();
    ann().jit(["hooks", "uninstall"]).ok();
    assert_eq!((files(), keys()), ([false; 5], 0));
}

/// In worktrees whose hooks are files of their own too, and where Git looks for no files at all.
#[test]
fn it_is_one_for_all_worktrees() {
    let (two, path) = with_new_git();
    let ann = || two.repo.agent("ann").env("PATH", path.clone());
    two.repo.git(two.ann(), &["config", "core.hooksPath", ".husky/_"]);
    ann().jit(["hooks", "install"]).ok();
    let unasked = |answer: &serde_json::Value| answer.to_string().contains("hooks_missing");
    assert!(!unasked(&ann().jit(["doctor"]).ok()));
    ann().jit(["hooks", "uninstall"]).ok();
    two.repo.git(two.ann(), &["config", "core.hooksPath", "/dev/null"]);
    assert_eq!(all(&ann().jit(["hooks", "install", "pre-commit"]).ok()), ["pre-commit installed"]);
}

/// What bob's Git would run: as his, with the arguments behind it.
fn run(two: &Two, hook: &str, arguments: &[&str], input: &str) -> (bool, String) {
    let command = two.repo.git(two.ann(), &["config", &format!("hook.jit-{hook}.command")]);
    let jit = Path::new(JIT).parent().unwrap().display();
    let mut shell = two.repo.hermetic("sh");
    shell
        .args(["-c", &format!("{command} \"$@\""), &command])
        .args(arguments)
        .env("PATH", format!("{jit}:{}", std::env::var("PATH").unwrap()))
        .env("JIT_AGENT_ID", "agent:bob")
        .current_dir(&two.bob)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = shell.spawn().unwrap();
    // What reads nothing may have ended by now.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn what_git_runs_then_judges() {
    let (two, path) = with_new_git();
    two.repo.agent("ann").env("PATH", path).jit(["hooks", "install"]).ok();
    two.ann_claims(&["--path", "src"]);
    let lost = two.bob_claims(&["name:x"]);
    write(&two.bob.join("src/a"), "bob\n");
    two.bob_can(&["add", "-A"]);
    let (passes, said) = run(&two, "pre-commit", &[], "");
    assert!(!passes && said.contains("agent:ann"), "{said}");
    let message = two.repo.dir().join("message");
    write(&message, "a subject\n");
    assert_eq!(
        run(&two, "prepare-commit-msg", &[message.to_str().unwrap(), "message"], ""),
        (true, String::new())
    );
    assert!(fs::read_to_string(&message).unwrap().contains(&lost));
    two.repo.agent("ann").jit(["claim", "force-evict", &lost, "--reason", "gone"]).ok();
    two.ann_claims(&["name:x"]);
    let tree = two.bob_can(&["rev-parse", "HEAD^{tree}"]);
    let old = two.bob_can(&["rev-parse", "HEAD"]);
    let new = two.bob_can(&["commit-tree", tree.trim(), "-p", "HEAD", "-m", "new"]);
    let line = format!("{} {} refs/heads/bob\n", old.trim(), new.trim());
    for state in ["preparing", "committed"] {
        assert_eq!(run(&two, "reference-transaction", &[state], &line), (true, String::new()), "{state}");
    }
    let (passes, said) = run(&two, "reference-transaction", &["prepared"], &line);
    assert!(!passes && said.contains("gets no commit from here"), "{said}");
}
