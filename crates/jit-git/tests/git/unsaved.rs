//! What would be lost if a worktree went.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use jit_git::{SalvageError, Unsaved};

use crate::at_work::{Begun, begin, gone, with_worktree, worktree_at};
use crate::support::{Sandbox, discover, mkdir, remove_dir, system_git, write};

#[allow(clippy::disallowed_methods, reason = "tests lay out their own files")]
fn rename(from: &Path, to: &Path) {
    fs::rename(from, to).unwrap();
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

/// One that was not filled yet has nothing to lose but what somebody put there.
#[test]
fn what_was_not_checked_out_is_not_lost() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let two = sandbox.path("two");
    sandbox.git(&main, &["worktree", "add", "-q", "--no-checkout", "-b", "two", two.to_str().unwrap()]);
    let unsaved = || worktree_at(&main, &two).unsaved(&system_git(), None).unwrap();
    assert!(unsaved().is_none());
    write(&two.join("file"), "mine\n");
    assert_eq!(unsaved().lines(), ["untracked: file"]);
    // Whoever took it out of the index has one.
    sandbox.git(&two, &["reset", "-q"]);
    sandbox.git(&two, &["rm", "-q", "--cached", "file"]);
    assert_eq!(unsaved().staged, ["file"]);
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
        let removed = repo.remove_worktree(&git, &worktree, &seen, None).unwrap_err();
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
    assert_eq!(fs::read(two.join("a")).unwrap(), b"base 0\n");
    remove_dir(&two);
    rename(&sandbox.path("away"), &two);
    let seen = worktree.unsaved(&git, None).unwrap();
    // Nor is one that changed since.
    write(&two.join("new"), "1\n");
    let changed = repo.remove_worktree(&git, &worktree, &seen, None).unwrap_err();
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

/// A commit that leaves files and index alone, and another branch, are changes too.
#[test]
fn what_is_checked_out_belongs_to_what_was_seen() {
    let sandbox = Sandbox::new();
    let (main, two) = with_worktree(&sandbox, &[]);
    let (git, worktree) = (system_git(), worktree_at(&main, &two));
    let before = worktree.unsaved(&git, None).unwrap();
    let made = sandbox.git(&two, &["commit-tree", "-p", "two", "-m", "meanwhile", "two^{tree}"]);
    let made = String::from_utf8(made).unwrap();
    sandbox.git(&main, &["update-ref", "refs/heads/two", &made]);
    assert!(!worktree.is_unchanged(&git, &before).unwrap());
    let after = worktree.unsaved(&git, None).unwrap();
    assert_eq!((after.head(), after == before), (Some(&*made), false));
    sandbox.git(&main, &["branch", "same", "two"]);
    sandbox.git(&two, &["symbolic-ref", "HEAD", "refs/heads/same"]);
    assert!(!worktree.is_unchanged(&git, &after).unwrap());
    // What is staged is only in the index.
    let before = worktree.unsaved(&git, None).unwrap();
    sandbox.git(&two, &["rm", "-q", "--cached", "a"]);
    assert!(!worktree.is_unchanged(&git, &before).unwrap());
}

/// Whatever lets Git look less closely hides no change.
#[test]
fn no_configuration_hides_a_change() {
    let sandbox = Sandbox::new();
    let (main, two) = with_worktree(&sandbox, &[]);
    let a = two.join("a");
    let hidden = || {
        assert_eq!(sandbox.git(&two, &["status", "--porcelain"]), b"", "Git is not told to look away");
        assert_eq!(worktree_at(&main, &two).unsaved(&system_git(), None).unwrap().changed, ["a"]);
    };
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let put = |path: &Path, text: &str| {
        write(path, text);
        File::options().append(true).open(path).unwrap().set_modified(old).unwrap();
    };
    let fresh = || {
        put(&a, "base 0\n");
        fs::set_permissions(&a, fs::Permissions::from_mode(0o644)).unwrap();
        sandbox.git(&two, &["update-index", "--refresh"]);
    };

    sandbox.git(&two, &["config", "core.fileMode", "false"]);
    fs::set_permissions(&a, fs::Permissions::from_mode(0o755)).unwrap();
    hidden();
    sandbox.git(&two, &["config", "--unset", "core.fileMode"]);

    // Another file of that size and time, as programs that copy leave it.
    fresh();
    sandbox.git(&two, &["config", "core.checkStat", "minimal"]);
    put(&sandbox.path("copy"), "BASE 0\n");
    rename(&sandbox.path("copy"), &a);
    hidden();
    sandbox.git(&two, &["config", "--unset", "core.checkStat"]);

    // The same file, of which only the time of its last change tells.
    fresh();
    sandbox.git(&two, &["config", "core.trustctime", "false"]);
    put(&a, "BASE 0\n");
    let index = worktree_at(&main, &two).git_dir.join("index");
    let mut bytes = fs::read(&index).unwrap();
    // An entry ends in the length of its name, and the name; it begins with that time.
    let entry = bytes.windows(4).position(|part| part == b"\0\x01a\0").unwrap() - 60;
    bytes[entry..entry + 4].fill(1);
    write(&index, bytes);
    hidden();
    sandbox.git(&two, &["config", "--unset", "core.trustctime"]);

    // A monitor that saw nothing.
    fresh();
    let monitor = sandbox.path("monitor");
    write(&monitor, "#!/bin/sh\nprintf 'token\\0'\n");
    fs::set_permissions(&monitor, fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.git(&two, &["config", "core.fsmonitor", &format!("'{}'", monitor.display())]);
    sandbox.git(&two, &["update-index", "--fsmonitor"]);
    assert_eq!(sandbox.git(&two, &["status", "--porcelain"]), b"");
    write(&a, "longer than before\n");
    hidden();
}
