//! What `jit worktree add` left that was killed.

use std::fs;
use std::path::PathBuf;

use crate::support::Repo;
use crate::support::repo::{mkdir, write};
use crate::worktree_meanwhile::{When, meanwhile};

/// What `git worktree add` has made before it notes what is checked out.
fn begun(repo: &Repo, name: &str) -> PathBuf {
    let name = format!("main-{name}");
    let (root, book) = (repo.dir().join(&name), repo.main().join(".git/worktrees").join(&name));
    mkdir(&book.join("refs"));
    for (file, text) in [
        ("locked", "jit is making this worktree\n".to_owned()),
        ("gitdir", format!("{}\n", root.join(".git").display())),
        ("commondir", "../..\n".into()),
        ("HEAD.lock", String::new()),
    ] {
        write(&book.join(file), text);
    }
    write(&root.join(".git"), format!("gitdir: {}\n", book.display()));
    root
}

/// There is nothing in it, and Git takes it for no worktree.
#[test]
fn what_git_had_only_begun_is_taken_away() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let root = begun(&repo, "x");
    let at_its_place = root.to_str().unwrap();
    for taken in [
        &["doctor", "--fix"][..],
        &["worktree", "remove", at_its_place],
        &["worktree", "add", "--branch", "other"],
        &["worktree", "add", "--branch", "x"],
    ] {
        begun(&repo, "x");
        let answer = ann.jit(taken);
        answer.ok();
        assert_eq!(answer.warned(), [""; 0], "{taken:?}");
        let added = taken.contains(&"x");
        assert_eq!(
            (root.exists(), repo.main().join(".git/worktrees/main-x").exists()),
            (added, added),
            "{taken:?}"
        );
    }
    assert_eq!(repo.git(&root, &["status", "--porcelain"]), "");
    // What somebody put there is theirs.
    let root = begun(&repo, "y");
    write(&root.join("notes"), "mine\n");
    let left = ann.jit(["worktree", "add", "--branch", "third"]).warned();
    assert!(left.len() == 1 && left[0].contains("not empty"), "{left:?}");
    fs::remove_file(root.join("notes")).unwrap();
    ann.jit(["doctor", "--fix"]).ok();
    assert!(!root.exists());
    repo.healthy();
}

/// The branch that was made with it goes too, unless somebody did something with it.
#[test]
fn a_branch_that_only_a_killed_one_made_goes() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let there = |below: &str| repo.git(repo.main(), &["for-each-ref", "--format=%(refname:short)", below]);
    let killed = |when: &When, name: &str| {
        let killed = meanwhile(&repo, when, "kill -9 $PPID $$").jit(["worktree", "add", "--branch", name]);
        assert_eq!(killed.status, None);
        assert!(there("refs/heads").contains(name) && there("refs/jit").contains(name));
    };
    let next = |name: &str| {
        let warned = ann.jit(["worktree", "add", "--branch", name]).warned();
        assert_eq!(there("refs/jit"), "");
        warned
    };
    killed(&When::Before("worktree add"), "x");
    assert_eq!((next("a"), &*there("refs/heads")), (vec![], "a\nmain"));
    killed(&When::After("worktree add"), "x");
    assert_eq!((next("b"), &*there("refs/heads")), (vec![], "a\nb\nmain"));
    // One that is checked out, one that moved, and one where nothing else leads any more.
    killed(&When::Before("worktree add"), "x");
    repo.git(repo.main(), &["checkout", "-q", "x"]);
    assert_eq!(next("c"), [""; 0]);
    repo.git(repo.main(), &["checkout", "-q", "main"]);
    killed(&When::Before("worktree add"), "y");
    let commit = repo.git(repo.main(), &["commit-tree", "-m", "new", "HEAD^{tree}"]);
    repo.git(repo.main(), &["branch", "-f", "y", &commit]);
    let warned = next("d");
    assert!(warned.len() == 1 && warned[0].contains("git branch -D y"), "{warned:?}");
    repo.git(repo.main(), &["checkout", "-q", "--detach", &commit]);
    killed(&When::Before("worktree add"), "z");
    repo.git(repo.main(), &["branch", "-D", "y"]);
    assert_eq!(next("e").len(), 1);
    assert_eq!(there("refs/heads"), "a\nb\nc\nd\ne\nmain\nx\nz");
    repo.healthy();
}
