//! `jit hooks`: real Git, and in place of jit a script that notes what a hook asked it.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::support::Repo;
use crate::support::repo::{mkdir, write};

const NAMES: [&str; 5] =
    ["pre-commit", "prepare-commit-msg", "commit-msg", "reference-transaction", "pre-push"];

/// A hook of somebody's.
pub(crate) fn script(path: &Path, text: &str) {
    write(path, text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Puts a `jit` on a search path that notes its arguments and what it reads, and ends with the
/// status that stands in `status`.
pub(crate) fn fake(repo: &Repo) -> PathBuf {
    let bin = repo.dir().join("bin");
    script(
        &bin.join("jit"),
        "#!/bin/sh\nd=${0%/*}\necho \"$*\" >>\"$d/asked\"\nsed 's/^/  /' >>\"$d/asked\"\nexit \"$(cat \"$d/status\" 2>/dev/null || echo 0)\"\n",
    );
    bin
}

pub(crate) fn git_with(repo: &Repo, bin: &Path, cwd: &Path, arguments: &[&str]) -> Output {
    let path: OsString = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()).into();
    repo.hermetic("git").env("PATH", path).args(arguments).current_dir(cwd).output().unwrap()
}

/// What hooks asked since the last time.
fn asked(bin: &Path) -> String {
    let text = fs::read_to_string(bin.join("asked")).unwrap_or_default();
    let _ = fs::remove_file(bin.join("asked"));
    text
}

/// How each hook of a worktree stands.
#[track_caller]
pub(crate) fn states(repo: &Repo, worktree: &Path) -> Vec<String> {
    let status = repo.agent("ann").jit(["hooks", "status"]).ok();
    let all = status["worktrees"].as_array().unwrap();
    let of = all.iter().find(|w| w["path"] == worktree.to_str().unwrap());
    let of = of.unwrap_or_else(|| panic!("{worktree:?} is not in {status}"));
    NAMES.iter().map(|name| of["hooks"][name].as_str().unwrap().to_owned()).collect()
}

/// What was done to each hook, by its path.
pub(crate) fn did(answer: &Value) -> Vec<(String, String)> {
    let pair = |change: &Value| {
        let text = |key: &str| change[key].as_str().unwrap().to_owned();
        (text("hook"), text("did"))
    };
    answer["hooks"].as_array().unwrap().iter().map(pair).collect()
}

/// All that is below a directory, with bytes and modes.
fn snapshot(dir: &Path) -> Vec<(PathBuf, Vec<u8>, u32)> {
    let mut found: Vec<_> = crate::support::control::tree(dir)
        .into_iter()
        .filter(|path| path.is_symlink() || path.is_file())
        .map(|path| {
            let meta = fs::symlink_metadata(&path).unwrap();
            let bytes = match meta.is_symlink() {
                true => fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes(),
                false => fs::read(&path).unwrap(),
            };
            (path, bytes, meta.permissions().mode())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn every_worktree_runs_what_was_installed_once() {
    let repo = Repo::new();
    let (ann, bin, feature) = (repo.agent("ann"), fake(&repo), repo.worktree("feature"));
    ann.jit(["claim", "acquire", "name:x"]).lease();
    assert_eq!(states(&repo, repo.main()), ["missing"; 5]);
    let first = ann.jit(["hooks", "install", "--files"]).ok();
    assert!(did(&first).iter().all(|(_, did)| did == "installed"), "{first}");
    let before = snapshot(&repo.main().join(".git/hooks"));
    let second = ann.jit(["hooks", "install", "--files"]).ok();
    assert!(did(&second).iter().all(|(_, did)| did == "unchanged"), "{second}");
    assert!(snapshot(&repo.main().join(".git/hooks")) == before);
    for root in [repo.main(), &feature] {
        assert_eq!(states(&repo, root), ["installed"; 5]);
        write(&root.join("new"), "new\n");
        git_with(&repo, &bin, root, &["add", "new"]);
        let commit = git_with(&repo, &bin, root, &["commit", "-qm", "new"]);
        assert!(commit.status.success(), "{commit:?}");
        let asked = asked(&bin);
        for part in ["hook pre-commit\n", "hook prepare-commit-msg ", "hook reference-transaction prepared\n"]
        {
            assert!(asked.contains(part), "{part:?} is not in {asked}");
        }
    }
    // A verdict stops what was to be done.
    write(&bin.join("status"), "5");
    write(&repo.main().join("new"), "newer\n");
    assert!(!git_with(&repo, &bin, repo.main(), &["commit", "-qam", "newer"]).status.success());
    let past = git_with(&repo, &bin, repo.main(), &["commit", "-qam", "newer", "--no-verify"]);
    assert!(!past.status.success(), "{past:?}");
}

/// What needs no look starts no jit.
#[test]
fn references_that_get_no_new_commit_are_passed_in_the_shell() {
    let repo = Repo::new();
    let bin = fake(&repo);
    repo.agent("ann").jit(["hooks", "install", "--files", "reference-transaction"]).ok();
    let run = |arguments: &[&str]| {
        let output = git_with(&repo, &bin, repo.main(), arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        asked(&bin)
    };
    run(&["branch", "old"]);
    write(&repo.main().join("file"), "changed\n");
    for quiet in [
        &["branch", "-D", "old"][..],
        &["tag", "v1"],
        &["update-ref", "refs/jit/x", "HEAD"],
        &["stash"],
        &["checkout", "-q", "--detach"],
        &["commit", "-q", "--allow-empty", "-m", "detached"],
        &["checkout", "-q", "main"],
    ] {
        assert_eq!(run(quiet), "", "{quiet:?}");
    }
    let said = run(&["commit", "-q", "--allow-empty", "-m", "on main"]);
    assert!(said.starts_with("hook reference-transaction prepared\n  ") && said.contains("refs/heads/main"));
}

/// Others' hooks go on working, read all that Git tells them, and come back to the byte.
#[test]
fn hooks_of_others_go_on_and_come_back() {
    let repo = Repo::new();
    let (ann, bin) = (repo.agent("ann"), fake(&repo));
    let hooks = repo.main().join(".git/hooks");
    let log = repo.dir().join("log");
    let noting = |shebang: &str| format!("{shebang}\nset -eu\ncat >>'{}'\nexit 0", log.display());
    script(&hooks.join("pre-commit"), &format!("#!/bin/sh\necho mine >>'{}'\nexit 0", log.display()));
    script(&hooks.join("reference-transaction"), &noting("#!/usr/bin/env bash"));
    script(
        &hooks.join("pre-push"),
        &format!(
            "#!/usr/bin/env perl\nopen(F, '>>', '{}'); print F <STDIN>; print F \"@ARGV\\n\";\n",
            log.display()
        ),
    );
    script(&repo.dir().join("elsewhere"), &format!("#!/bin/sh\necho linked >>'{}'\n", log.display()));
    std::os::unix::fs::symlink(repo.dir().join("elsewhere"), hooks.join("prepare-commit-msg")).unwrap();
    let before = snapshot(&hooks);
    let installed = ann.jit(["hooks", "install", "--files"]).ok();
    let dids: Vec<String> = did(&installed).into_iter().map(|(_, did)| did).collect();
    assert_eq!(dids, ["added", "chained", "installed", "added", "chained"]);
    assert_eq!(states(&repo, repo.main()), ["chained", "chained", "installed", "chained", "chained"]);

    let bare = repo.dir().join("bare.git");
    repo.init(&bare, &["--bare"]);
    let run = |arguments: &[&str]| {
        let output = git_with(&repo, &bin, repo.main(), arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    };
    run(&["commit", "-q", "--allow-empty", "-m", "two"]);
    let seen = fs::read_to_string(&log).unwrap();
    assert!(seen.contains("mine\n") && seen.contains("linked\n"), "{seen}");
    assert!(seen.lines().any(|line| line.ends_with(" refs/heads/main")), "{seen}");
    fs::remove_file(&log).unwrap();
    run(&["push", "-q", bare.to_str().unwrap(), "main", "HEAD~1:refs/heads/other"]);
    let seen = fs::read_to_string(&log).unwrap();
    let asked = asked(&bin);
    let told: Vec<&str> = asked.split("hook pre-push ").nth(1).unwrap().lines().skip(1).collect();
    assert_eq!(told.len(), 2, "{asked}");
    for line in told {
        assert!(seen.contains(&format!("{}\n", line.trim_start())), "{line} is not in {seen}");
    }
    fs::remove_file(&log).unwrap();
    // Nothing to push: the hook reads nothing, not an empty line.
    run(&["push", "-q", bare.to_str().unwrap(), "main"]);
    assert!(fs::read_to_string(&log).unwrap().starts_with(bare.to_str().unwrap()));

    ann.jit(["hooks", "uninstall"]).ok();
    assert!(snapshot(&hooks) == before, "not as it was");
    assert_eq!(states(&repo, repo.main()), ["missing"; 5]);
}

/// One that does not run is not made to run; one that was written anew is told.
#[test]
fn what_others_did_to_a_hook_stays() {
    let repo = Repo::new();
    let (ann, hooks) = (repo.agent("ann"), repo.main().join(".git/hooks"));
    let bin = fake(&repo);
    write(&hooks.join("pre-commit"), "#!/bin/sh\nexit 1\n");
    let before = snapshot(&hooks);
    assert_eq!(did(&ann.jit(["hooks", "install", "--files", "pre-commit"]).ok())[0].1, "chained");
    let commit = git_with(&repo, &bin, repo.main(), &["commit", "-q", "--allow-empty", "-m", "x"]);
    assert!(commit.status.success(), "{commit:?}");
    ann.jit(["hooks", "uninstall"]).ok();
    assert!(snapshot(&hooks) == before);

    ann.jit(["hooks", "install", "--files", "pre-push"]).ok();
    let path = hooks.join("pre-push");
    let ours = fs::read_to_string(&path).unwrap();
    fs::write(&path, ours.replace("hook pre-push", "hook pre-push --old")).unwrap();
    assert_eq!(states(&repo, repo.main())[4], "outdated");
    assert_eq!(did(&ann.jit(["hooks", "install", "--files", "pre-push"]).ok())[0].1, "updated");
    assert_eq!(fs::read_to_string(&path).unwrap(), ours);
    fs::write(&path, format!("{ours}echo mine\n")).unwrap();
    assert_eq!(states(&repo, repo.main())[4], "chained");
    assert_eq!(did(&ann.jit(["hooks", "uninstall"]).ok())[4].1, "taken out");
    assert!(fs::read_to_string(&path).unwrap().ends_with("echo mine\n"));

    fs::write(&path, "#!/bin/sh\n# >>> jit >>>\n").unwrap();
    assert_eq!(states(&repo, repo.main())[4], "torn");
    let trouble = ann.jit(["hooks", "uninstall"]).refused(10);
    assert!(trouble.message.contains("one of the two marks"), "{trouble:?}");
    let nothing = ann.jit(["hooks", "install", "--files", "post-commit"]).refused(2);
    assert!(nothing.message.contains("reference-transaction"), "{nothing:?}");
}

/// Husky's layout: a relative path whose files are not tracked, beside some that are.
#[test]
fn a_relative_path_is_each_worktrees_own() {
    let repo = Repo::new();
    let (ann, bin) = (repo.agent("ann"), fake(&repo));
    repo.git(repo.main(), &["config", "core.hooksPath", ".husky/_"]);
    let husky = |root: &Path| {
        script(&root.join(".husky/pre-commit"), "echo \"husky $PWD\" >>\"$LOG\"\n");
        write(&root.join(".husky/_/.gitignore"), "*");
        script(
            &root.join(".husky/_/h"),
            "n=${0##*/}\ns=\".husky/$n\"\n[ ! -f \"$s\" ] && exit 0\nsh -e \"$s\" \"$@\"\nexit $?\n",
        );
        script(&root.join(".husky/_/pre-commit"), "#!/usr/bin/env sh\n. \"${0%/*}/h\"");
    };
    husky(repo.main());
    repo.git(repo.main(), &["add", ".husky/pre-commit"]);
    repo.git(repo.main(), &["-c", "core.hooksPath=/dev/null", "commit", "-qm", "husky"]);
    let feature = repo.worktree("feature");
    husky(&feature);
    let before = [snapshot(&repo.main().join(".husky")), snapshot(&feature.join(".husky"))];
    let exclude = repo.main().join(".git/info/exclude");
    let ignored = fs::read(&exclude).unwrap();
    let installed = ann.jit(["hooks", "install", "--files"]).ok();
    assert_eq!(did(&installed).len(), 10);
    let log = repo.dir().join("log");
    for root in [repo.main(), &feature] {
        assert_eq!(states(&repo, root), ["chained", "installed", "installed", "installed", "installed"]);
        assert_eq!(repo.git(root, &["status", "--porcelain"]), "");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let commit = ["commit", "-q", "--allow-empty", "-m", "x"];
        let output =
            repo.hermetic("git").env("PATH", path).env("LOG", &log).args(commit).current_dir(root).output();
        assert!(output.as_ref().unwrap().status.success(), "{output:?}");
        assert!(asked(&bin).contains("hook pre-commit"));
        assert!(fs::read_to_string(&log).unwrap().contains(&format!("husky {}\n", root.display())));
    }
    // A worktree that jit makes is asked about from the beginning.
    ann.jit(["worktree", "add", "--branch", "third"]).ok();
    let third = repo.dir().join("main-third");
    assert_eq!(states(&repo, &third), ["installed"; 5]);
    assert_eq!(repo.git(&third, &["status", "--porcelain"]), "");
    ann.jit(["hooks", "uninstall"]).ok();
    assert_eq!(states(&repo, &third), ["missing"; 5]);
    assert!([snapshot(&repo.main().join(".husky")), snapshot(&feature.join(".husky"))] == before);
    assert_eq!(fs::read(&exclude).unwrap(), ignored);
}

/// A hook that is tracked is its authors'; one made beside it stays out of commits.
#[test]
fn a_tracked_hook_is_never_changed() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    let path = repo.main().join(".githooks/pre-commit");
    script(&path, "#!/bin/sh\nexit 0\n");
    repo.git(repo.main(), &["add", ".githooks"]);
    repo.git(repo.main(), &["commit", "-qm", "hooks"]);
    repo.git(repo.main(), &["config", "core.hooksPath", ".githooks"]);
    let feature = repo.worktree("feature");
    let text = fs::read_to_string(&path).unwrap();
    let installed = ann.jit(["hooks", "install", "--files"]).ok();
    let tracked = &installed["hooks"][0];
    assert_eq!((&tracked["hook"], &tracked["did"]), (&"pre-commit".into(), &"tracked".into()));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    for root in [repo.main(), &feature] {
        assert_eq!(states(&repo, root), ["tracked", "installed", "installed", "installed", "installed"]);
        assert_eq!(repo.git(root, &["status", "--porcelain"]), "");
    }
    // What is printed, put in by hand, is all that is missing.
    let block = tracked["by_hand"].as_str().unwrap();
    fs::write(&path, text.replace("\nexit", &format!("\n{block}exit"))).unwrap();
    assert_eq!(states(&repo, repo.main())[0], "chained");
    let removed = ann.jit(["hooks", "uninstall"]).ok();
    assert_eq!(did(&removed)[0].1, "tracked");
    assert!(fs::read_to_string(&path).unwrap().contains(block));
    insta_says("hooks_tracked", &repo, &ann.say(["hooks", "install", "--files", "pre-commit"]).stdout);
}

/// An absolute path, and a worktree with a path of its own.
#[test]
fn an_absolute_path_and_one_of_a_worktrees_own() {
    let repo = Repo::new();
    let (ann, bin, feature) = (repo.agent("ann"), fake(&repo), repo.worktree("feature"));
    let shared = repo.dir().join("my hooks");
    mkdir(&shared);
    repo.git(repo.main(), &["config", "core.hooksPath", shared.to_str().unwrap()]);
    repo.git(repo.main(), &["config", "extensions.worktreeConfig", "true"]);
    repo.git(&feature, &["config", "--worktree", "core.hooksPath", ".own"]);
    let installed = ann.jit(["hooks", "install", "--files"]);
    assert!(installed.warned().iter().any(|warning| warning.contains("outside of this repository")));
    for (root, dir) in [(repo.main(), &shared), (&*feature, &feature.join(".own"))] {
        assert!(NAMES.iter().all(|name| dir.join(name).is_file()), "{dir:?}");
        git_with(&repo, &bin, root, &["commit", "-q", "--allow-empty", "-m", "x"]);
        assert!(asked(&bin).contains("hook pre-commit"), "{root:?}");
    }
    assert_eq!(repo.git(&feature, &["status", "--porcelain"]), "");
    repo.git(repo.main(), &["config", "core.hooksPath", "/dev/null"]);
    let are_off = || {
        for command in [&["status"][..], &["install", "--files"]] {
            let off = ann.jit([&["hooks"], command].concat()).refused(10);
            assert!(off.message.contains("Git runs no hooks"), "{off:?}");
        }
    };
    are_off();
    repo.git(repo.main(), &["config", "core.hooksPath", ""]);
    are_off();
}

/// Without jit a hook says so, and lets through or blocks; where nothing is managed it is silent.
#[test]
fn without_jit_a_hook_does_as_configured() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    ann.jit(["hooks", "install", "--files"]).ok();
    let commit = || repo.try_git(repo.main(), &["commit", "-q", "--allow-empty", "-m", "x"]);
    let warned = commit();
    let said = String::from_utf8(warned.stderr).unwrap();
    assert!(warned.status.success() && said.starts_with("warning: jit is not on PATH"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    ann.jit(["config", "set", "hooks_without_jit", "block"]).ok();
    let blocked = commit();
    let said = String::from_utf8(blocked.stderr).unwrap();
    assert!(!blocked.status.success() && said.contains("hooks_without_jit"), "{said}");
    fs::rename(repo.control(), repo.dir().join("away")).unwrap();
    let silent = commit();
    assert!(silent.status.success() && silent.stderr.is_empty(), "{silent:?}");
}

/// As people read it.
#[test]
fn what_people_read_of_hooks() {
    let repo = Repo::new();
    let ann = repo.agent("ann");
    repo.worktree("feature");
    script(&repo.main().join(".git/hooks/pre-commit"), "#!/bin/sh\n");
    let said: String = [
        &["hooks", "install", "--files", "pre-commit", "pre-push"][..],
        &["hooks", "status"],
        &["hooks", "uninstall"],
    ]
    .into_iter()
    .map(|arguments| ann.say(arguments).stdout)
    .collect();
    insta_says("hooks_for_people", &repo, &said);
    let block = fs::read_to_string(repo.main().join(".git/hooks/pre-commit")).unwrap();
    assert_eq!(block, "#!/bin/sh\n");
    ann.jit(["hooks", "install", "--files", "reference-transaction"]).ok();
    let hook = fs::read_to_string(repo.main().join(".git/hooks/reference-transaction")).unwrap();
    insta_says("hooks_block", &repo, &hook);
}

fn insta_says(name: &str, repo: &Repo, said: &str) {
    let said = said.replace(repo.dir().to_str().unwrap(), "<dir>");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, said));
}
