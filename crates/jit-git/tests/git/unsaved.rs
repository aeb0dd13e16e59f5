//! What would be lost if a worktree went.

use std::os::unix::fs::symlink;
use std::path::Path;

use jit_git::{SalvageError, Unsaved};

use crate::at_work::{Begun, begin, gone, with_worktree, worktree_at};
use crate::support::{Sandbox, discover, mkdir, remove_dir, system_git, write};

#[allow(clippy::disallowed_methods, reason = "tests lay out their own files")]
fn rename(from: &Path, to: &Path) {
    std::fs::rename(from, to).unwrap();
}

/// Each kind of work is found, also what Git was told not to look at.
#[test]
fn what_would_be_lost_is_named() {
    let sandbox = Sandbox::new();
    let (main, two) = with_worktree(&sandbox, &[]);
    let unsaved = |going: Option<&str>| worktree_at(&main, &two).unsaved(&system_git(), going).unwrap();
    assert!(unsaved(Some("two")).is_none());
    sandbox.git(&two, &["update-index", "--assume-unchanged", "a"]);
    sandbox.git(&two, &["update-index", "--skip-worktree", "dir/b"]);
    symlink("there", two.join("link")).unwrap();
    sandbox.git(&two, &["add", "link"]);
    sandbox.git(&two, &["commit", "-q", "-m", "link"]);
    sandbox.git(&two, &["update-index", "--assume-unchanged", "link"]);
    assert!(unsaved(None).is_none());
    gone(&two.join("link"));
    symlink("elsewhere", two.join("link")).unwrap();
    write(&two.join("a"), "hidden\n");
    write(&two.join("dir/b"), "hidden\n");
    write(&two.join("with space"), "staged\n");
    sandbox.git(&two, &["add", "with space"]);
    write(&two.join("x.ignored"), "\n");
    write(&two.join("new"), "\n");
    let found = unsaved(None);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(found.staged, names(&["with space"]));
    assert_eq!(found.changed, names(&["a", "dir/b", "link"]));
    assert_eq!(found.untracked, names(&["new"]));
    assert_eq!((found.ignored, found.commits.len()), (1, 0));
    sandbox.git(&two, &["commit", "-q", "-m", "own"]);
    // The branch itself, what was kept of others, and a stash are no other reference.
    assert_eq!(unsaved(None).commits.len(), 0);
    sandbox.git(&main, &["update-ref", "refs/jit/salvage/x/1", "two"]);
    sandbox.git(&main, &["update-ref", "refs/stash", "two"]);
    assert_eq!(unsaved(Some("two")).commits.len(), 2);
    sandbox.git(&main, &["update-ref", "refs/remotes/origin/two", "two"]);
    assert_eq!(unsaved(Some("two")).commits.len(), 0);
    for (begun, what) in
        [(Begun::Merge, "a merge"), (Begun::CherryPick, "a cherry-pick"), (Begun::Rebase, "a rebase")]
    {
        let sandbox = Sandbox::new();
        let (main, two) = with_worktree(&sandbox, &[]);
        begin(&sandbox, &two, begun);
        let found: Unsaved = worktree_at(&main, &two).unsaved(&system_git(), None).unwrap();
        assert_eq!(found.under_way, Some(what));
        assert_eq!(found.unmerged, names(&["a"]));
    }
}

/// A repository inside of a worktree, a submodule too, is found wherever it is.
#[test]
fn repositories_inside_are_found() {
    let sandbox = Sandbox::new();
    let (main, two) = with_worktree(&sandbox, &[]);
    let inner = sandbox.repository("inner");
    sandbox.git(&two, &["submodule", "--quiet", "add", inner.to_str().unwrap(), "sub"]);
    sandbox.git(&sandbox.repository("two/x.ignored/deep"), &["status"]);
    sandbox.empty_repository("two/dir/new", &[]);
    let found = worktree_at(&main, &two).unsaved(&system_git(), None).unwrap();
    let mut repositories = found.repositories;
    repositories.sort();
    assert_eq!(repositories, ["dir/new", "sub", "x.ignored/deep"]);
}

/// What stands at a worktree's place and is not that worktree is neither looked at nor touched.
#[test]
fn what_is_not_the_worktree_is_left_alone() {
    let sandbox = Sandbox::new();
    let (main, two) = with_worktree(&sandbox, &[]);
    let (repo, git, worktree) = (discover(&main), system_git(), worktree_at(&main, &two));
    let seen = worktree.unsaved(&git, None).unwrap();
    let left_alone = || {
        let looked = worktree.unsaved(&git, None).unwrap_err();
        let removed = repo.remove_worktree(&git, &worktree, &seen).unwrap_err();
        assert_eq!(looked.to_string(), removed.to_string());
        removed
    };
    rename(&two, &sandbox.path("away"));
    assert!(matches!(left_alone(), SalvageError::Gone { locked: false, .. }));
    write(&two.join("mine"), "1\n");
    assert!(matches!(left_alone(), SalvageError::Gone { .. }));
    repo.forget_worktree(&git, &worktree).unwrap_err();
    // A repository, a worktree of another one, and another worktree of this one.
    sandbox.git(&two, &["init", "-q"]);
    assert!(matches!(left_alone(), SalvageError::Replaced(_)));
    repo.forget_worktree(&git, &worktree).unwrap_err();
    remove_dir(&two);
    let other = sandbox.linked(&sandbox.repository("other"), "there");
    rename(&other, &two);
    assert!(matches!(left_alone(), SalvageError::Replaced(_)));
    remove_dir(&two);
    rename(&sandbox.linked(&main, "three"), &two);
    assert!(matches!(left_alone(), SalvageError::Replaced(_)));
    assert_eq!(std::fs::read(two.join("a")).unwrap(), b"base 0\n");
    remove_dir(&two);
    rename(&sandbox.path("away"), &two);
    let seen = worktree.unsaved(&git, None).unwrap();
    // Nor is one that changed since.
    write(&two.join("new"), "1\n");
    let changed = repo.remove_worktree(&git, &worktree, &seen).unwrap_err();
    assert!(matches!(changed, SalvageError::Changed(_)));
    assert!(two.join("new").exists());
}

/// Git makes the directory before it is a worktree.
#[test]
fn one_whose_place_is_empty_is_forgotten() {
    let sandbox = Sandbox::new();
    let (main, two) = with_worktree(&sandbox, &[]);
    let worktree = worktree_at(&main, &two);
    remove_dir(&two);
    mkdir(two.clone());
    discover(&main).forget_worktree(&system_git(), &worktree).unwrap();
    assert!(!two.exists() && !worktree.git_dir.exists());
}
