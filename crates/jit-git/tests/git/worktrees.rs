//! The list of worktrees, compared with `git worktree list --porcelain`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use jit_git::{Modes, WorktreeKind};
use uuid::Uuid;

use crate::at_work::{with_worktree, worktree_at};
use crate::support::{NoGit, Sandbox, discover, mkdir, real, remove_dir, write};

/// One worktree, in the words that both lists have.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    path: PathBuf,
    branch: Option<String>,
    bare: bool,
    locked: Option<String>,
    prunable: bool,
}

fn of_git(sandbox: &Sandbox, cwd: &Path) -> Vec<Line> {
    let text = sandbox.git(cwd, &["worktree", "list", "--porcelain"]);
    let text = String::from_utf8(text).unwrap();
    let entries = text.split("\n\n").map(|entry| {
        let field = |name: &str| {
            let line = entry.lines().find_map(|line| line.strip_prefix(name));
            line.map(|rest| rest.trim_start().to_owned())
        };
        Line {
            path: field("worktree ").unwrap().into(),
            branch: field("branch refs/heads/"),
            bare: field("bare").is_some(),
            locked: field("locked"),
            prunable: field("prunable").is_some(),
        }
    });
    entries.collect()
}

fn of_jit(cwd: &Path) -> Vec<Line> {
    let listed = discover(cwd).worktrees(&NoGit).unwrap();
    let lines = listed.into_iter().map(|worktree| {
        let bare = worktree.kind == WorktreeKind::Bare;
        Line {
            path: worktree.path,
            // Git does not list the branch of a bare repository.
            branch: worktree.branch.unwrap().filter(|_| !bare).map(|b| b.to_string()),
            bare,
            locked: worktree.locked,
            prunable: worktree.prunable,
        }
    });
    lines.collect()
}

fn lists_agree(sandbox: &Sandbox, cwd: &Path) -> usize {
    let (mut git, mut jit) = (of_git(sandbox, cwd), of_jit(cwd));
    assert_eq!(git[0], jit[0], "the first is the first");
    git.sort();
    jit.sort();
    assert_eq!(git, jit);
    git.len()
}

#[test]
fn main_linked_locked_and_gone() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    assert_eq!(lists_agree(&sandbox, &main), 1);
    for name in ["one é", "two", "kept", "gone", "gone-locked"] {
        sandbox.linked(&main, name);
    }
    sandbox.git(&sandbox.path("two"), &["checkout", "-q", "--detach"]);
    sandbox.git(&main, &["worktree", "lock", "--reason", "on a stick", "../kept"]);
    sandbox.git(&main, &["worktree", "lock", "../gone-locked"]);
    remove_dir(&sandbox.path("gone"));
    remove_dir(&sandbox.path("gone-locked"));
    for cwd in [&main, &sandbox.path("one é"), &main.join(".git")] {
        assert_eq!(lists_agree(&sandbox, cwd), 6);
    }
}

#[test]
fn of_a_bare_repository() {
    let sandbox = Sandbox::new();
    sandbox.repository("main");
    sandbox.git(sandbox.root(), &["clone", "-q", "--bare", "main", "b.git"]);
    let linked = sandbox.linked(&sandbox.path("b.git"), "wt");
    for cwd in [&sandbox.path("b.git"), &linked] {
        assert_eq!(lists_agree(&sandbox, cwd), 2);
    }
    mkdir(sandbox.path("p"));
    sandbox.git(sandbox.root(), &["clone", "-q", "--bare", "main", "p/.git"]);
    assert_eq!(lists_agree(&sandbox, &sandbox.path("p")), 1);
}

#[test]
fn of_a_submodule_its_own_root_comes_first() {
    let sandbox = Sandbox::new();
    let source = sandbox.repository("source");
    let top = sandbox.repository("top");
    let url = source.to_str().unwrap();
    sandbox.git(&top, &["submodule", "add", "-q", url, "sub"]);
    let sub = top.join("sub");
    sandbox.git(&sub, &["worktree", "add", "-q", "../../sub-wt"]);
    // Git names the Git directory here; the worktree is of more use.
    for cwd in [&sub, &sandbox.path("sub-wt")] {
        let listed = discover(cwd).worktrees(&NoGit).unwrap();
        assert_eq!(real(&listed[0].path), sub);
        assert_eq!(listed[1].path, sandbox.path("sub-wt"));
    }
}

#[test]
fn identities_are_listed() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let linked = sandbox.linked(&main, "wt");
    let id = Uuid::from_u128(7);
    discover(&linked).ensure_identity(id, Modes::default(), std::time::Duration::ZERO).unwrap();
    let listed = discover(&main).worktrees(&NoGit).unwrap();
    let ids: Vec<_> = listed.into_iter().map(|w| w.identity.unwrap().map(|i| i.id)).collect();
    assert_eq!(ids, [None, Some(id)]);
}

/// `HEAD` is detached then, whichever way Git rebases.
#[test]
fn a_branch_that_is_being_rebased_is_its_worktrees() {
    for way in ["--merge", "--apply"] {
        let sandbox = Sandbox::new();
        let (main, two) = with_worktree(&sandbox, &[]);
        write(&two.join("a"), "ours\n");
        sandbox.git(&two, &["commit", "-q", "-a", "-m", "ours"]);
        assert!(!sandbox.try_git_raw(&two, &["rebase", way, "other"].map(OsStr::new)));
        let worktree = worktree_at(&main, &two);
        assert_eq!(worktree.branch.as_ref().unwrap(), &None);
        assert_eq!(worktree.rebased().unwrap().to_string(), "two", "{way}");
    }
}
