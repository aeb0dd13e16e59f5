//! Submodules: their own repository, unless a superproject has a `.jit` directory.

use std::path::{Path, PathBuf};

use jit_git::GitEnv;

use crate::support::{Sandbox, agrees, agrees_with, discover, mkdir, os, remove_dir};

/// A superproject with `libs/sub`, which has `deep` in it.
fn nested(sandbox: &Sandbox) -> (PathBuf, PathBuf, PathBuf) {
    let source = sandbox.repository("source");
    let middle = sandbox.repository("middle");
    let add = |to: &Path, from: &Path, at: &str| {
        let url = from.to_str().unwrap();
        sandbox.git(to, &["submodule", "add", "-q", url, at]);
        sandbox.git(to, &["commit", "-q", "-m", "submodule"]);
    };
    add(&middle, &source, "deep");
    let top = sandbox.repository("super é");
    add(&top, &middle, "libs/sub");
    sandbox.git(&top, &["submodule", "update", "-q", "--init", "--recursive"]);
    let sub = top.join("libs/sub");
    let deep = sub.join("deep");
    (top, sub, deep)
}

#[test]
fn without_jit_a_submodule_is_a_repository() {
    let sandbox = Sandbox::new();
    let (top, sub, deep) = nested(&sandbox);
    for (cwd, root) in [(&sub, &sub), (&mkdir(sub.join("x")), &sub), (&deep, &deep), (&top, &top)] {
        let repo = agrees(&sandbox, cwd);
        assert_eq!(repo.worktree(), Some(root.as_path()));
        assert_eq!(repo.submodule(), None);
    }
}

#[test]
fn the_outermost_superproject_with_jit_answers() {
    let sandbox = Sandbox::new();
    let (top, sub, deep) = nested(&sandbox);
    let inside = mkdir(deep.join("x"));
    mkdir(sub.join(".jit"));
    let repo = discover(&inside);
    assert_eq!(repo.common_dir(), top.join(".git/modules/libs/sub"));
    assert_eq!(repo.worktree(), Some(sub.as_path()));
    assert_eq!(repo.prefix(), Some("deep/x".as_ref()));
    assert_eq!(repo.submodule().unwrap().path(), Path::new("deep"));
    assert_eq!(discover(&sub).submodule(), None);

    mkdir(top.join(".jit"));
    for (cwd, prefix, path) in [
        (&sub, "libs/sub", "libs/sub"),
        (&deep, "libs/sub/deep", "libs/sub/deep"),
        (&inside, "libs/sub/deep/x", "libs/sub/deep"),
    ] {
        let repo = discover(cwd);
        assert_eq!(repo.common_dir(), top.join(".git"));
        assert_eq!(repo.git_dir(), top.join(".git"));
        assert_eq!(repo.worktree(), Some(top.as_path()));
        assert_eq!(repo.prefix(), Some(prefix.as_ref()));
        assert_eq!(repo.submodule().unwrap().path(), Path::new(path));
    }
    let own = discover(&sub).submodule().unwrap().git_dir().to_path_buf();
    assert_eq!(own, top.join(".git/modules/libs/sub"));

    // A submodule between that has no .jit does not break the chain.
    remove_dir(&sub.join(".jit"));
    assert_eq!(discover(&inside).worktree(), Some(top.as_path()));
}

#[test]
fn hooks_in_a_submodule_find_the_superproject_too() {
    let sandbox = Sandbox::new();
    let (top, sub, _) = nested(&sandbox);
    let env = GitEnv { git_dir: os(top.join(".git/modules/libs/sub")), ..GitEnv::default() };
    agrees_with(&sandbox, &sub, &env);
    mkdir(top.join(".jit"));
    let repo = jit_git::Repo::discover(&sub, &env).unwrap();
    assert_eq!(repo.common_dir(), top.join(".git"));
    assert_eq!(repo.prefix(), Some("libs/sub".as_ref()));
}

#[test]
fn submodule_of_a_linked_worktree() {
    let sandbox = Sandbox::new();
    let (top, _, _) = nested(&sandbox);
    let linked = sandbox.linked(&top, "wt");
    sandbox.git(&linked, &["submodule", "update", "-q", "--init"]);
    let sub = linked.join("libs/sub");
    agrees(&sandbox, &sub);
    // The main worktree's .jit is not the linked worktree's.
    mkdir(top.join(".jit"));
    assert_eq!(discover(&sub).worktree(), Some(sub.as_path()));
    mkdir(linked.join(".jit"));
    let repo = discover(&sub);
    assert_eq!(repo.git_dir(), top.join(".git/worktrees/wt"));
    assert_eq!(repo.common_dir(), top.join(".git"));
    assert_eq!(repo.worktree(), Some(linked.as_path()));
    assert_eq!(repo.submodule().unwrap().path(), Path::new("libs/sub"));
}

#[test]
fn a_repository_that_merely_lies_in_another_is_its_own() {
    let sandbox = Sandbox::new();
    let top = sandbox.repository("top");
    mkdir(top.join(".jit"));
    let inner = sandbox.repository("top/inner");
    // Its Git directory is called modules/, but is not the outer one's.
    let other = mkdir(sandbox.path("modules")).join("x");
    let option = format!("--separate-git-dir={}", other.display());
    let apart = sandbox.empty_repository("top/apart", &[&option]);
    for cwd in [&inner, &apart] {
        let repo = agrees(&sandbox, cwd);
        assert_eq!(repo.worktree(), Some(cwd.as_path()));
        assert_eq!(repo.submodule(), None);
    }
}
