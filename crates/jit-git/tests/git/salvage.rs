//! What a worktree has that is nowhere else is kept, and put back to the byte.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use jit_git::{Occasion, SalvageError};
use proptest::prelude::*;

use crate::at_work::{Begun, NAMES, State, begin, file, gone, take_away, with_worktree, worktree_at};
use crate::support::{Sandbox, discover, git_has, system_git, write};

/// Something that somebody does in a worktree.
#[derive(Clone, Copy, Debug)]
enum Op {
    Write(usize, u8),
    Delete(usize),
    Executable(usize),
    Link(usize),
    Stage(usize),
    Unstage(usize),
    Intend(usize),
    Hide(usize),
    Directory(usize),
    Commit,
}

fn op() -> impl Strategy<Value = Op> {
    let name = 0..NAMES.len();
    prop_oneof![
        4 => (name.clone(), any::<u8>()).prop_map(|(name, byte)| Op::Write(name, byte)),
        2 => name.clone().prop_map(Op::Delete),
        2 => name.clone().prop_map(Op::Executable),
        2 => name.clone().prop_map(Op::Link),
        4 => name.clone().prop_map(Op::Stage),
        1 => name.clone().prop_map(Op::Unstage),
        1 => name.clone().prop_map(Op::Intend),
        1 => name.clone().prop_map(Op::Hide),
        1 => name.prop_map(Op::Directory),
        1 => Just(Op::Commit),
    ]
}

fn begun() -> impl Strategy<Value = Begun> {
    prop_oneof![
        2 => Just(Begun::Nothing),
        2 => Just(Begun::Merge),
        1 => Just(Begun::ResolvedMerge),
        1 => Just(Begun::CherryPick),
        1 => Just(Begun::Rebase),
    ]
}

/// Does it as far as it can be done.
fn done(sandbox: &Sandbox, root: &Path, op: Op) {
    let git = |arguments: &[&str], name: usize| {
        let mut command = arguments.iter().map(OsStr::new).collect::<Vec<_>>();
        command.extend([OsStr::new("--"), OsStr::from_bytes(NAMES[name])]);
        sandbox.try_git_raw(root, &command);
    };
    match op {
        Op::Write(name, byte) => {
            let path = file(root, name);
            // Both kinds of line ends, which a filter would make one of.
            let text = format!("{byte}\r\n{byte}\n").repeat(usize::from(byte) % 7);
            if !path.is_dir() && path.parent().is_some_and(|above| !above.is_file()) {
                gone(&path);
                write(&path, text);
            }
        }
        Op::Delete(name) => gone(&file(root, name)),
        Op::Executable(name) => {
            let path = file(root, name);
            if path.is_file() && !path.is_symlink() {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        Op::Link(name) => {
            let path = file(root, name);
            if path.parent().is_some_and(Path::is_dir) {
                gone(&path);
                symlink(OsStr::from_bytes(b"no\xffwhere/at all"), path).unwrap();
            }
        }
        Op::Stage(name) => git(&["add", "--all", "--force"], name),
        Op::Unstage(name) => git(&["rm", "--quiet", "--cached"], name),
        Op::Intend(name) => git(&["add", "--intent-to-add"], name),
        Op::Hide(name) => git(&["update-index", "--assume-unchanged"], name),
        Op::Directory(name) => {
            let path = file(root, name);
            if path.exists() && !path.is_dir() {
                gone(&path);
                write(&path.join("in it"), "now a directory\n");
            }
        }
        Op::Commit => drop(sandbox.try_git_raw(root, &["commit", "--quiet", "-m", "own"].map(OsStr::new))),
    }
}

fn occasion(with_ignored: bool) -> Occasion {
    Occasion {
        agent: "agent:ann".into(),
        time: "2026-11-21T16:12:50.047Z".into(),
        secs: 1_795_277_570,
        with_ignored,
    }
}

/// Nothing that only a log of references leads to is left.
fn forget(sandbox: &Sandbox, main: &Path) {
    sandbox.git(main, &["reflog", "expire", "--expire=now", "--all"]);
    sandbox.git(main, &["prune", "--expire=now"]);
}

fn kept_and_put_back(sandbox: &Sandbox, main: &Path, two: &Path) {
    let (repo, git) = (discover(main), system_git());
    let before = State::of(sandbox, two);
    let worktree = worktree_at(main, two);
    let unsaved = worktree.unsaved(&git, Some("two")).unwrap();
    let kept = repo.keep(&git, &worktree, &unsaved, &occasion(true)).unwrap();
    assert_eq!(State::of(sandbox, two), before, "keeping changes nothing");
    let branch = worktree.branch.as_ref().unwrap().as_ref().map(ToString::to_string);
    take_away(main, two);
    assert!(!two.exists());
    if let Some(branch) = &branch {
        sandbox.git(main, &["update-ref", "-d", &format!("refs/heads/{branch}")]);
    }
    // Nor is what was being merged on any branch any more.
    sandbox.git(main, &["update-ref", "-d", "refs/heads/other"]);
    forget(sandbox, main);
    let listed = repo.salvages(&git).unwrap();
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!((&listed[0].reference, &listed[0].branch), (&kept.reference, &branch));
    let restored = repo.put_back(&git, &listed[0], two, "a test").unwrap();
    assert_eq!((restored.branch, restored.detached), (branch, None));
    assert_eq!(State::of(sandbox, two), before);
    if before.git_files[0].is_some() {
        sandbox.git(two, &["rev-parse", "--verify", "MERGE_HEAD^{commit}^{tree}"]);
    }
    sandbox.git(main, &["fsck", "--strict"]);
    assert_eq!(worktree_at(main, two).locked, None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 60, ..ProptestConfig::default() })]

    /// The promise: whatever is done in a worktree, and with whatever begun in it.
    #[test]
    fn what_is_kept_is_put_back_to_the_byte(begun in begun(), ops in proptest::collection::vec(op(), 0..24)) {
        let sandbox = Sandbox::new();
        let (main, two) = with_worktree(&sandbox, &[]);
        begin(&sandbox, &two, begun);
        write(&two.join("it.ignored"), "ignored\n");
        write(&two.join("a.big"), "no filter runs\r\n");
        for op in ops {
            done(&sandbox, &two, op);
        }
        kept_and_put_back(&sandbox, &main, &two);
    }
}

/// In every kind of repository, and on a branch without commits.
#[test]
fn every_kind_of_repository() {
    for option in ["--quiet", "--object-format=sha256", "--ref-format=reftable"] {
        let sandbox = Sandbox::new();
        if !git_has(&sandbox, "every_kind_of_repository", option) {
            continue;
        }
        let (main, two) = with_worktree(&sandbox, &[option]);
        begin(&sandbox, &two, Begun::Merge);
        done(&sandbox, &two, Op::Intend(2));
        kept_and_put_back(&sandbox, &main, &two);
        sandbox.git(&two, &["gc", "--quiet", "--prune=now"]);
    }
}

/// What an index remembers of a conflict that was resolved, where nothing else leads to it.
#[test]
fn what_a_resolved_conflict_was_of() {
    let sandbox = Sandbox::new();
    let (main, two) = with_worktree(&sandbox, &[]);
    write(&two.join("a"), "set aside\n");
    sandbox.git(&two, &["stash", "-q"]);
    write(&two.join("a"), "ours\n");
    sandbox.git(&two, &["commit", "-q", "-a", "-m", "ours"]);
    assert!(!sandbox.try_git_raw(&two, &["stash", "pop"].map(OsStr::new)));
    write(&two.join("a"), "both\n");
    sandbox.git(&two, &["add", "a"]);
    sandbox.git(&two, &["stash", "drop", "-q"]);
    kept_and_put_back(&sandbox, &main, &two);
    let remembered = String::from_utf8(sandbox.git(&two, &["ls-files", "--resolve-undo"])).unwrap();
    assert_eq!(remembered.lines().count(), 3);
    for line in remembered.lines() {
        sandbox.git(&two, &["cat-file", "-e", line.split(' ').nth(1).unwrap()]);
    }
}

#[test]
fn a_branch_without_commits() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let two = sandbox.path("two");
    sandbox.git(&main, &["worktree", "add", "-q", "--orphan", "-b", "two", two.to_str().unwrap()]);
    write(&two.join("staged"), "1\n");
    sandbox.git(&two, &["add", "staged"]);
    write(&two.join("staged"), "2\n");
    let (repo, git) = (discover(&main), system_git());
    let worktree = worktree_at(&main, &two);
    let unsaved = worktree.unsaved(&git, None).unwrap();
    assert_eq!(
        (&unsaved.staged[..], &unsaved.changed[..]),
        (&["staged".to_owned()][..], &["staged".to_owned()][..])
    );
    repo.keep(&git, &worktree, &unsaved, &occasion(false)).unwrap();
    take_away(&main, &two);
    forget(&sandbox, &main);
    let kept = repo.salvages(&git).unwrap().remove(0);
    assert_eq!((kept.branch.as_deref(), &kept.head), (Some("two"), &None));
    repo.put_back(&git, &kept, &two, "a test").unwrap();
    assert_eq!(sandbox.git(&two, &["symbolic-ref", "HEAD"]), b"refs/heads/two");
    assert_eq!(sandbox.git(&two, &["status", "--porcelain"]), b"AM staged");
}

/// A stash that a merge set aside, references of the worktree alone, and a detached `HEAD`: no branch
/// leads to any of it.
#[test]
fn what_only_the_worktree_leads_to() {
    let sandbox = Sandbox::new();
    let (main, two) = with_worktree(&sandbox, &[]);
    sandbox.git(&two, &["checkout", "-q", "--detach"]);
    let commit = |name: &str| {
        sandbox.git(&two, &["commit", "-q", "--allow-empty", "-m", name]);
        String::from_utf8(sandbox.git(&two, &["rev-parse", "HEAD"])).unwrap()
    };
    let mine = commit("mine");
    sandbox.git(&two, &["update-ref", "refs/worktree/mine", &mine]);
    sandbox.git(&two, &["reset", "-q", "--hard", "HEAD~"]);
    let head = commit("head");
    write(&file(&two, 3), "to be set aside\n");
    sandbox.git(&two, &["config", "merge.autostash", "true"]);
    sandbox.git(&two, &["cherry-pick", "--no-commit", "main"]);
    let orig = String::from_utf8(sandbox.git(&two, &["rev-parse", "ORIG_HEAD"])).unwrap();
    let (repo, git) = (discover(&main), system_git());
    let worktree = worktree_at(&main, &two);
    let unsaved = worktree.unsaved(&git, None).unwrap();
    let subjects: Vec<&str> = unsaved.commits.iter().map(|line| line.split_once(' ').unwrap().1).collect();
    assert!(subjects.contains(&"mine") && subjects.contains(&"head") && subjects.len() == 2, "{subjects:?}");
    repo.keep(&git, &worktree, &unsaved, &occasion(false)).unwrap();
    take_away(&main, &two);
    forget(&sandbox, &main);
    let kept = repo.salvages(&git).unwrap().remove(0);
    repo.put_back(&git, &kept, &two, "a test").unwrap();
    for (name, commit) in [("HEAD", &head), ("refs/worktree/mine", &mine), ("ORIG_HEAD", &orig)] {
        assert_eq!(sandbox.git(&two, &["rev-parse", name]), commit.as_bytes(), "{name}");
        sandbox.git(&two, &["cat-file", "commit", commit]);
    }
}

/// A branch that went on meanwhile, or that somebody else is on, is left alone.
#[test]
fn a_branch_that_is_elsewhere_is_left_there() {
    let sandbox = Sandbox::new();
    let (main, two) = with_worktree(&sandbox, &[]);
    write(&two.join("new"), "1\n");
    let (repo, git) = (discover(&main), system_git());
    let worktree = worktree_at(&main, &two);
    let unsaved = worktree.unsaved(&git, None).unwrap();
    repo.keep(&git, &worktree, &unsaved, &occasion(false)).unwrap();
    take_away(&main, &two);
    let kept = repo.salvages(&git).unwrap().remove(0);
    sandbox.git(&main, &["checkout", "-q", "two"]);
    let restored = repo.put_back(&git, &kept, &two, "a test").unwrap();
    assert!(restored.detached.is_some_and(|why| why.contains("checked out in")), "{:?}", restored.branch);
    sandbox.git(&main, &["commit", "-q", "--allow-empty", "-m", "on"]);
    sandbox.git(&main, &["checkout", "-q", "main"]);
    let again = sandbox.path("again");
    let restored = repo.put_back(&git, &kept, &again, "a test").unwrap();
    assert!(restored.detached.is_some_and(|why| why.contains("another commit")), "{:?}", restored.branch);
    assert_eq!(sandbox.git(&again, &["status", "--porcelain"]), b"?? new");
    // Nothing is written over.
    let occupied = repo.put_back(&git, &kept, &again, "a test").unwrap_err();
    assert!(matches!(occupied, SalvageError::Occupied(_)), "{occupied}");
}

/// What is not read to the end leaves no reference.
#[test]
fn what_changes_while_it_is_read_is_not_kept() {
    let sandbox = Sandbox::new();
    let (main, two) = with_worktree(&sandbox, &[]);
    write(&two.join("new"), "1\n");
    let (repo, git) = (discover(&main), system_git());
    let worktree = worktree_at(&main, &two);
    let unsaved = worktree.unsaved(&git, None).unwrap();
    assert!(worktree.is_unchanged(&git, &unsaved).unwrap());
    gone(&two.join("new"));
    assert!(!worktree.is_unchanged(&git, &unsaved).unwrap());
    let error = repo.keep(&git, &worktree, &unsaved, &occasion(false)).unwrap_err();
    assert!(error.to_string().contains("new"), "{error}");
    assert_eq!(repo.salvages(&git).unwrap(), []);
    let crashed = fs::read_dir(main.join(".git")).unwrap().map(Result::unwrap);
    assert!(crashed.map(|entry| entry.file_name()).all(|name| !name.as_bytes().starts_with(b"fast_import")));
}

/// What was kept may be somebody else's: a rebase that goes on runs nothing of it.
#[test]
fn commands_of_a_rebase_are_left_out() {
    let sandbox = Sandbox::new();
    let (main, two) = with_worktree(&sandbox, &[]);
    write(&file(&two, 0), "ours\n");
    sandbox.git(&two, &["commit", "-q", "-a", "-m", "ours"]);
    let rebase = ["rebase", "-x", "touch ran", "other"].map(OsStr::new);
    assert!(!sandbox.try_git_raw(&two, &rebase));
    let (repo, git) = (discover(&main), system_git());
    let worktree = worktree_at(&main, &two);
    let todo = || fs::read_to_string(worktree.git_dir.join("rebase-merge/git-rebase-todo")).unwrap();
    let before = todo();
    assert_eq!(before.lines().filter(|line| *line == "exec touch ran").count(), 1, "{before}");
    let unsaved = worktree.unsaved(&git, None).unwrap();
    repo.keep(&git, &worktree, &unsaved, &occasion(false)).unwrap();
    take_away(&main, &two);
    let restored = repo.put_back(&git, &repo.salvages(&git).unwrap()[0], &two, "a test").unwrap();
    assert_eq!(restored.left, ["git/rebase-merge/git-rebase-todo: exec touch ran"]);
    assert_eq!(todo(), before.replace("exec touch ran\n", ""));
}

/// Nor is anything written through a link that stands in place of Git's state.
#[test]
fn state_that_is_a_link_is_left_out() {
    let sandbox = Sandbox::new();
    let (main, two) = with_worktree(&sandbox, &[]);
    write(&two.join("new"), "1\n");
    let (repo, git) = (discover(&main), system_git());
    let worktree = worktree_at(&main, &two);
    let unsaved = worktree.unsaved(&git, None).unwrap();
    let kept = repo.keep(&git, &worktree, &unsaved, &occasion(false)).unwrap();
    take_away(&main, &two);
    let text =
        |arguments: &[&str]| String::from_utf8(sandbox.git(&main, arguments)).unwrap().trim_end().to_owned();
    // Somebody made it by hand.
    let outside = sandbox.path("profile");
    write(&outside, "exec mine\n");
    write(&main.join("link"), outside.to_str().unwrap());
    let link = text(&["hash-object", "-w", "link"]);
    text(&["read-tree", &kept.reference]);
    let entry = format!("120000,{link},git/rebase-merge/git-rebase-todo");
    text(&["update-index", "--add", "--cacheinfo", &entry]);
    let message = text(&["log", "-1", "--format=%B", &kept.reference]);
    let parents = text(&["log", "-1", "--format=%P", &kept.reference]);
    let mut commit = vec!["commit-tree", "-m", &message];
    parents.split(' ').for_each(|parent| commit.extend(["-p", parent]));
    let tree = text(&["write-tree"]);
    commit.push(&tree);
    text(&["update-ref", &kept.reference, &text(&commit)]);
    let restored = repo.put_back(&git, &repo.salvages(&git).unwrap()[0], &two, "a test").unwrap();
    assert_eq!(restored.left, ["git/rebase-merge/git-rebase-todo"]);
    assert_eq!(fs::read_to_string(&outside).unwrap(), "exec mine\n");
}

/// A branch that goes while it is rebased is not where `HEAD` is, nor where the rebase began if somebody
/// moved it.
#[test]
fn the_branch_that_goes_is_kept_where_it_is() {
    let sandbox = Sandbox::new();
    let (main, two) = with_worktree(&sandbox, &[]);
    begin(&sandbox, &two, Begun::Rebase);
    let moved = sandbox.git(&two, &["commit-tree", "-p", "two", "-m", "moved", "two^{tree}"]);
    let moved = String::from_utf8(moved).unwrap();
    sandbox.git(&main, &["update-ref", "refs/heads/two", &moved]);
    let (repo, git) = (discover(&main), system_git());
    let worktree = worktree_at(&main, &two);
    let unsaved = worktree.unsaved(&git, Some("two")).unwrap();
    assert_eq!(unsaved.tip(), Some(&*moved));
    assert!(unsaved.commits.iter().any(|commit| commit.ends_with(" moved")), "{:?}", unsaved.commits);
    let kept = repo.keep(&git, &worktree, &unsaved, &occasion(false)).unwrap();
    assert!(kept.reference.starts_with("refs/jit/salvage/two/"), "{kept:?}");
    sandbox.git(&main, &["merge-base", "--is-ancestor", &moved, &kept.reference]);
}
