//! `jit worktree remove --force` and `salvage`: nothing is lost, whenever it is stopped.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::repo::write;
use crate::support::rng::{Rng, seed};
#[cfg(target_os = "linux")]
use crate::support::strace::traced;
use crate::support::{Agent, Repo, Running, shell};

/// What a worktree has: its files, its index, and what is checked out.
#[derive(Debug, PartialEq, Eq)]
struct State {
    files: BTreeMap<PathBuf, (u32, Vec<u8>)>,
    index: String,
    head: String,
}

impl State {
    fn of(repo: &Repo, root: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut left = vec![root.to_path_buf()];
        while let Some(dir) = left.pop() {
            for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
                let (found, path) = (entry.metadata().unwrap(), entry.path());
                match found.is_dir() {
                    true => left.push(path),
                    false if path == root.join(".git") => {}
                    false => {
                        let content = match found.is_symlink() {
                            true => fs::read_link(&path).unwrap().to_str().unwrap().into(),
                            false => fs::read(&path).unwrap(),
                        };
                        let mode = found.permissions().mode() & 0o111;
                        files.insert(path.strip_prefix(root).unwrap().into(), (mode, content));
                    }
                }
            }
        }
        let index = repo.git(root, &["ls-files", "--stage", "--full-name"]);
        Self { files, index, head: repo.git(root, &["rev-parse", "HEAD"]) }
    }
}

/// A worktree with some of everything, a merge in conflict too.
fn at_work(repo: &Repo, many: usize) -> PathBuf {
    repo.git(repo.main(), &["checkout", "-q", "-b", "theirs"]);
    write(&repo.main().join("file"), "theirs\n");
    write(&repo.main().join(".gitignore"), "target/\n");
    repo.git(repo.main(), &["add", "-A"]);
    repo.git(repo.main(), &["commit", "-q", "-m", "theirs"]);
    repo.git(repo.main(), &["checkout", "-q", "main"]);
    let root = repo.dir().join("main-x");
    repo.agent("bob").jit(["worktree", "add", "name:x"]).ok();
    repo.agent("bob").at(&root).jit(["claim", "release", "name:x"]).ok();
    write(&root.join("file"), "ours\n");
    repo.git(&root, &["commit", "-q", "-a", "-m", "ours"]);
    assert!(!repo.try_git(&root, &["merge", "-q", "theirs"]).status.success());
    write(&root.join("run"), "#!/bin/sh\n");
    fs::set_permissions(root.join("run"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("no/where", root.join("link")).unwrap();
    write(&root.join("target/built"), "out\n");
    for n in 0..many {
        write(&root.join(format!("d{}/f{n}", n % 7)), format!("{n}\r\n").repeat(200));
    }
    repo.git(&root, &["add", "d0"]);
    root
}

fn salvages(agent: &Agent<'_>) -> Vec<(String, String)> {
    let listed = agent.jit(["worktree", "salvage", "list"]).ok();
    let pair = |kept: &serde_json::Value| {
        (kept["name"].as_str().unwrap().to_owned(), kept["ref"].as_str().unwrap().to_owned())
    };
    listed["salvages"].as_array().unwrap().iter().map(pair).collect()
}

/// What the answer and the list name is what there was, and what they say to do brings it back.
#[test]
fn what_was_kept_is_put_back() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let root = at_work(&repo, 3);
    let before = State::of(&repo, &root);
    let merging = repo.git(&root, &["rev-parse", "MERGE_HEAD"]);
    let refused = ann.jit(["worktree", "remove", "jit/x"]).refused(7);
    assert_eq!(refused.context["under_way"], "a merge");
    let removed = ann.say(["worktree", "remove", "jit/x", "--force"]);
    assert!(removed.status == Some(0) && !root.exists(), "{removed:?}");
    assert!(removed.stdout.contains("not kept: 1 ignored file\n"), "{removed:?}");
    assert_eq!(repo.git(repo.main(), &["branch", "--list", "jit/*"]), "");
    let (_, command) = removed.stdout.split_once("to get it back: ").unwrap();
    let (name, reference) = salvages(&ann).remove(0);
    // With Git alone, too.
    let read = repo.git(repo.main(), &["show", &format!("{reference}:worktree/run")]);
    assert_eq!(read, "#!/bin/sh");
    shell(&ann, &format!("{} --json", command.lines().next().unwrap())).ok();
    let mut after = State::of(&repo, &root);
    assert!(!after.files.contains_key(Path::new("target/built")));
    after.files.insert("target/built".into(), (0, b"out\n".to_vec()));
    assert_eq!(after, before);
    assert_eq!(repo.git(&root, &["rev-parse", "MERGE_HEAD"]), merging);
    assert_eq!(repo.git(&root, &["branch", "--show-current"]), "jit/x");

    let again = ann.jit(["worktree", "salvage", "restore", &name]).refused(7);
    assert_eq!(again.code, "occupied");
    let elsewhere = ann.jit(["worktree", "salvage", "restore", "jit/x", "--at", "../else where"]);
    assert_eq!(elsewhere.warned().len(), 1, "the branch is checked out");
    assert_eq!(State::of(&repo, &repo.dir().join("else where")).files.len(), before.files.len() - 1);
    assert_eq!(ann.jit(["worktree", "salvage", "restore", "nothing"]).refused(3).code, "salvage_not_found");
    // Ignored files too, if that is asked for; and then there are two of that branch.
    write(&root.join("target/built"), "out\n");
    ann.jit(["worktree", "remove", root.to_str().unwrap(), "--force", "--with-ignored"]).ok();
    assert_eq!(ann.jit(["worktree", "salvage", "restore", "jit/x"]).refused(2).code, "ambiguous");
    let (name, _) = salvages(&ann).pop().unwrap();
    ann.jit(["worktree", "salvage", "restore", &name]).ok();
    assert_eq!(State::of(&repo, &root), before);
    repo.healthy();
}

/// What is kept is on the disk before the files go.
#[cfg(target_os = "linux")]
#[test]
fn what_is_kept_is_flushed_first() {
    if !crate::support::skip::has("what_is_kept_is_flushed_first", "strace") {
        return;
    }
    let repo = Repo::warm();
    let two = repo.worktree("two");
    write(&two.join("new"), "1\n");
    let (answer, calls) = traced(&repo.agent("ann"), &["worktree", "remove", "two", "--force"]);
    answer.ok();
    let flushed = calls.iter().position(|call| call.name == "syncfs");
    let gone = calls.iter().position(|call| call.name.starts_with("unlink") && call.line.contains("two/new"));
    assert!(flushed.is_some() && gone.is_some() && flushed < gone, "{flushed:?} {gone:?} {calls:?}");
}

/// A branch that is being rebased is where its work is done, and goes with the worktree; what is put back
/// can be ended.
#[test]
fn a_rebase_goes_and_comes_back_with_its_branch() {
    let repo = Repo::warm();
    let (ann, root) = (repo.agent("ann"), repo.dir().join("main-x"));
    repo.agent("bob").jit(["worktree", "add", "name:x"]).ok();
    repo.agent("bob").at(&root).jit(["claim", "release", "name:x"]).ok();
    let commit = |root: &Path, text: &str| {
        write(&root.join("file"), text);
        repo.git(root, &["commit", "-q", "-a", "-m", text]);
    };
    commit(&root, "ours");
    let tip = repo.git(&root, &["rev-parse", "HEAD"]);
    commit(repo.main(), "theirs");
    assert!(!repo.try_git(&root, &["rebase", "-q", "main"]).status.success());
    assert_eq!(ann.jit(["worktree", "add", "--branch", "jit/x", "--at", "../y"]).refused(7).code, "occupied");
    let refused = ann.jit(["worktree", "remove", "jit/x"]).refused(7);
    assert_eq!(refused.context["under_way"], "a rebase");
    assert!(refused.context["commits"][0].as_str().unwrap().ends_with(" ours"), "{refused:?}");
    let removed = ann.jit(["worktree", "remove", "jit/x", "--force"]).ok();
    assert_eq!(removed["deleted_branch"], "jit/x");
    let kept = removed["kept"].as_str().unwrap();
    assert!(kept.starts_with("refs/jit/salvage/jit/x/"), "{kept}");
    repo.git(repo.main(), &["merge-base", "--is-ancestor", &tip, kept]);
    ann.jit(["worktree", "salvage", "restore", "jit/x"]).ok();
    write(&root.join("file"), "both\n");
    repo.git(&root, &["add", "file"]);
    repo.git(&root, &["-c", "core.editor=true", "rebase", "--continue"]);
    assert_eq!(repo.git(&root, &["log", "--format=%s", "-2", "jit/x"]), "ours\ntheirs");
    assert_eq!(repo.git(&root, &["branch", "--show-current"]), "jit/x");
}

/// SIGKILL at any moment: what is not in the worktree any more is all in what was kept.
#[test]
fn a_removal_that_is_killed_loses_nothing() {
    let seed = seed("a_removal_that_is_killed_loses_nothing");
    let mut rng = Rng::new(seed, 0);
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let root = at_work(&repo, 150);
    let expected = State::of(&repo, &root);
    let command = ["worktree", "remove", root.to_str().unwrap(), "--force", "--with-ignored"];
    ann.jit(command).ok();
    let references = repo.main().join(".git/refs/jit/salvage/jit/x");
    let is_kept = || fs::read_dir(&references).is_ok_and(|mut names| names.next().is_some());
    let is_going =
        || !root.join("d1").exists() || !root.join("run").exists() || !root.join("link").is_symlink();
    let (mut before, mut between, mut after) = (0, 0, 0);
    for round in 0..15 {
        for (_, reference) in salvages(&ann).iter().skip(1) {
            repo.git(repo.main(), &["update-ref", "-d", reference]);
        }
        let (name, first) = salvages(&ann).remove(0);
        if !root.exists() {
            ann.jit(["worktree", "salvage", "restore", &name]).ok();
        }
        assert_eq!(State::of(&repo, &root), expected, "round {round}");
        repo.git(repo.main(), &["update-ref", "-d", &first]);
        let mut running = ann.start(command);
        let until = |done: &dyn Fn() -> bool, running: &mut Running| while !done() && running.is_running() {};
        match round % 3 {
            0 => std::thread::sleep(Duration::from_micros(rng.below(40_000))),
            1 => {
                until(&is_kept, &mut running);
                std::thread::sleep(Duration::from_micros(rng.below(20_000)));
            }
            _ => until(&is_going, &mut running),
        }
        running.kill();
        // What it started ends by itself.
        std::thread::sleep(Duration::from_millis(30));
        match (salvages(&ann).is_empty(), root.exists()) {
            (true, _) => {
                before += 1;
                assert_eq!(State::of(&repo, &root), expected, "round {round}: nothing was kept yet");
                ann.jit(command).ok();
            }
            (false, true) => {
                between += 1;
                let (name, _) = salvages(&ann).remove(0);
                // Its branch is checked out still, of which a warning tells.
                ann.jit(["worktree", "salvage", "restore", &name, "--at", "../look"]).warned();
                let look = repo.dir().join("look");
                assert_eq!(State::of(&repo, &look), expected, "round {round}");
                repo.git(repo.main(), &["worktree", "remove", "--force", look.to_str().unwrap()]);
                // Said again, it is gone.
                ann.jit(command).ok();
                assert!(!root.exists());
            }
            (false, false) => after += 1,
        }
    }
    assert!(before > 0 && between > 0, "{before} {between} {after}");
}
