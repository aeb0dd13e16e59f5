//! Every layout of a repository, compared with `git rev-parse`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use jit_git::{DiscoverError, GitEnv, Repo};

use crate::support::{
    NoGit, Sandbox, agrees, both_find_none, discover, git_has, mkdir, real, system_git, write,
};

#[test]
fn main_worktree_and_below() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let deep = mkdir(main.join("a/b b/ç"));
    for cwd in [&main, &main.join("a"), &deep] {
        let repo = agrees(&sandbox, cwd);
        assert_eq!(repo.worktree(), Some(main.as_path()));
        assert!(!repo.is_linked());
        assert_eq!(repo.submodule(), None);
    }
    assert_eq!(discover(&main).prefix(), Some("".as_ref()));
    assert_eq!(discover(&deep).prefix(), Some("a/b b/ç".as_ref()));
}

#[test]
fn linked_worktree_and_below() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let linked = sandbox.linked(&main, "wt é");
    let deep = mkdir(linked.join("x/y"));
    for cwd in [&linked, &deep] {
        let repo = agrees(&sandbox, cwd);
        assert!(repo.is_linked());
        assert_eq!(repo.common_dir(), main.join(".git"));
        assert_eq!(repo.worktree(), Some(linked.as_path()));
    }
    assert_eq!(discover(&deep).prefix(), Some("x/y".as_ref()));
}

#[test]
fn linked_worktree_with_relative_paths() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let linked = sandbox.linked(&main, "wt");
    // What Git 2.48 writes with worktree.useRelativePaths.
    write(&linked.join(".git"), "gitdir: ../main/.git/worktrees/wt\n");
    write(&main.join(".git/worktrees/wt/gitdir"), "../../../../wt/.git\n");
    let repo = agrees(&sandbox, &linked);
    assert_eq!(repo.git_dir(), main.join(".git/worktrees/wt"));
    let listed = repo.worktrees(&NoGit).unwrap();
    assert_eq!(listed[1].path, linked);
    assert!(!listed[1].prunable);
}

#[test]
fn repository_without_commits() {
    let sandbox = Sandbox::new();
    let main = sandbox.empty_repository("main", &["-b", "büro/x"]);
    let repo = agrees(&sandbox, &main);
    let branch = repo.branch(&NoGit).unwrap().unwrap();
    assert_eq!(branch.to_string(), "büro/x");
}

#[test]
fn bare_repository_and_its_worktrees() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let bare = sandbox.path("bare.git");
    sandbox.git(sandbox.root(), &["clone", "-q", "--bare", "main", "bare.git"]);
    for cwd in [&bare, &bare.join("refs/heads"), &bare.join("objects")] {
        let repo = agrees(&sandbox, cwd);
        assert_eq!(repo.common_dir(), bare);
        assert_eq!((repo.worktree(), repo.prefix()), (None, None));
    }
    let linked = sandbox.linked(&bare, "wt");
    assert_eq!(agrees(&sandbox, &linked).common_dir(), bare);
    // A bare repository that lies in a worktree is nearer than the worktree.
    let inner = main.join("vendor/x.git");
    sandbox.git(&main, &["init", "-q", "--bare", "vendor/x.git"]);
    assert_eq!(agrees(&sandbox, &inner.join("refs")).common_dir(), inner);
}

#[test]
fn bare_repository_behind_a_git_file_or_in_dot_git() {
    let sandbox = Sandbox::new();
    sandbox.repository("main");
    for (project, bare) in [("one", "one/.bare"), ("two", "two/.git")] {
        let project = mkdir(sandbox.path(project));
        sandbox.git(sandbox.root(), &["clone", "-q", "--bare", "main", bare]);
        let bare = sandbox.path(bare);
        if bare.ends_with(".bare") {
            write(&project.join(".git"), "gitdir: ./.bare\n");
        }
        let repo = agrees(&sandbox, &project);
        assert_eq!(repo.worktree(), None);
        assert_eq!(repo.common_dir(), bare);
        let linked = project.join("feature");
        sandbox.git(&project, &["worktree", "add", "-q", "feature"]);
        let repo = agrees(&sandbox, &linked);
        assert_eq!(repo.common_dir(), bare);
        assert_eq!(repo.worktree(), Some(linked.as_path()));
    }
}

#[test]
fn git_directory_kept_elsewhere() {
    let sandbox = Sandbox::new();
    let elsewhere = sandbox.path("elsewhere/store");
    mkdir(sandbox.path("elsewhere"));
    let option = format!("--separate-git-dir={}", elsewhere.display());
    let main = sandbox.empty_repository("main", &[&option]);
    let new = agrees(&sandbox, &main);
    assert_eq!(new.worktree(), Some(main.as_path()));
    sandbox.commit(&main);
    let repo = agrees(&sandbox, &mkdir(main.join("sub")));
    assert_eq!(repo.common_dir(), elsewhere);
    let linked = sandbox.linked(&main, "wt");
    assert_eq!(agrees(&sandbox, &linked).common_dir(), elsewhere);
}

#[test]
fn inside_of_the_git_directory() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    sandbox.linked(&main, "wt");
    for inside in [".git", ".git/refs/heads", ".git/logs", ".git/worktrees", ".git/worktrees/wt"] {
        let repo = agrees(&sandbox, &main.join(inside));
        assert_eq!(repo.worktree(), None, "{inside}");
        assert_eq!(repo.common_dir(), main.join(".git"), "{inside}");
    }
}

#[test]
fn through_symlinks() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let deep = mkdir(main.join("a/b"));
    let linked = sandbox.linked(&main, "wt");
    for (name, target) in [("to-main", &main), ("to-deep", &deep), ("to-wt", &linked)] {
        let link = sandbox.path(name);
        symlink(target, &link).unwrap();
        let repo = agrees(&sandbox, &link);
        assert_eq!(repo.common_dir(), main.join(".git"));
    }
    assert_eq!(discover(&sandbox.path("to-deep")).prefix(), Some("a/b".as_ref()));
    // `.git` itself may be a symlink, even to a linked worktree's.
    for (name, target) in [("twin", main.join(".git")), ("twin-wt", main.join(".git/worktrees/wt"))] {
        let twin = mkdir(sandbox.path(name));
        symlink(target, twin.join(".git")).unwrap();
        let repo = agrees(&sandbox, &twin);
        assert_eq!(real(repo.common_dir()), main.join(".git"));
    }
}

#[test]
fn paths_that_are_not_utf8() {
    let sandbox = Sandbox::new();
    let name = OsStr::from_bytes(b"caf\xe9 \xff");
    let main = sandbox.repository(name);
    let linked = main.join("wt");
    sandbox.git(&main, &["worktree", "add", "-q", "wt"]);
    agrees(&sandbox, &main);
    let repo = agrees(&sandbox, &linked);
    assert_eq!(repo.common_dir(), main.join(".git"));
    assert_eq!(repo.worktrees(&NoGit).unwrap()[1].path, linked);
}

#[test]
fn sha256_objects() {
    let sandbox = Sandbox::new();
    if !git_has(&sandbox, "sha256_objects", "--object-format=sha256") {
        return;
    }
    let main = sandbox.empty_repository("main", &["--object-format=sha256"]);
    sandbox.commit(&main);
    let linked = sandbox.linked(&main, "wt");
    agrees(&sandbox, &main);
    let repo = agrees(&sandbox, &linked);
    sandbox.git(&linked, &["checkout", "-q", "--detach"]);
    assert_eq!(repo.branch(&NoGit).unwrap(), None);
}

#[test]
fn reftable_references() {
    let sandbox = Sandbox::new();
    if !git_has(&sandbox, "reftable_references", "--ref-format=reftable") {
        return;
    }
    let main = sandbox.empty_repository("main", &["--ref-format=reftable"]);
    let repo = agrees(&sandbox, &main);
    let branch = |repo: &Repo| {
        let branch = repo.branch(&system_git()).unwrap();
        branch.map(|branch| branch.to_string())
    };
    assert_eq!(branch(&repo).as_deref(), Some("main"), "unborn");
    sandbox.commit(&main);
    // With a tag of that name, Git's short name would be heads/main.
    sandbox.git(&main, &["tag", "main"]);
    assert_eq!(branch(&repo).as_deref(), Some("main"));
    let linked = agrees(&sandbox, &sandbox.linked(&main, "wt"));
    assert_eq!(branch(&linked).as_deref(), Some("wt"));
    sandbox.git(&sandbox.path("wt"), &["checkout", "-q", "--detach"]);
    assert_eq!(branch(&linked), None);
    let listed = linked.worktrees(&system_git()).unwrap();
    let first = listed[0].branch.as_ref().unwrap().as_ref().unwrap();
    assert_eq!(first.to_string(), "main");
}

#[test]
fn outside_of_any_repository() {
    let sandbox = Sandbox::new();
    let outside = mkdir(sandbox.path("a/b"));
    both_find_none(&sandbox, &outside, &GitEnv::default());
    let error = Repo::discover(&outside, &GitEnv::default()).unwrap_err();
    assert!(matches!(&error, DiscoverError::NotARepository { start } if *start == outside));
    assert!(error.to_string().contains("in no Git repository"), "{error}");
    // Names that only look like a repository.
    mkdir(outside.join(".git"));
    write(&sandbox.path("a/HEAD"), "ref: refs/heads/main\n");
    mkdir(sandbox.path("a/objects"));
    both_find_none(&sandbox, &outside, &GitEnv::default());
}

#[test]
fn an_empty_dot_git_does_not_hide_the_repository_above() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let inner = mkdir(main.join("inner"));
    mkdir(inner.join(".git"));
    assert_eq!(agrees(&sandbox, &inner).worktree(), Some(main.as_path()));
}

#[test]
fn branch_of_files() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let repo = discover(&main);
    let branch = || {
        let branch = repo.branch(&NoGit).unwrap();
        branch.map(|branch| branch.as_bytes().to_vec())
    };
    assert_eq!(branch().as_deref(), Some(&b"main"[..]));
    sandbox.git(&main, &["checkout", "-q", "-b", "feat/ü"]);
    assert_eq!(branch().as_deref(), Some("feat/ü".as_bytes()));
    sandbox.git(&main, &["checkout", "-q", "--detach"]);
    assert_eq!(branch(), None);
    // The symlink of old versions, to a branch that is there and to one that is not yet.
    let head = main.join(".git/HEAD");
    for name in ["main", "unborn"] {
        let new = main.join(".git/HEAD.new");
        symlink(format!("refs/heads/{name}"), &new).unwrap();
        #[allow(clippy::disallowed_methods, reason = "tests lay out their own files")]
        fs::rename(&new, &head).unwrap();
        assert_eq!(branch().as_deref(), Some(name.as_bytes()));
        agrees(&sandbox, &main);
    }
}
