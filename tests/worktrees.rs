//! `jit worktree add`, `list` and `remove`: worktrees that come and go whole, with their leases.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::issue::issue;
use crate::support::repo::{mkdir, write};
use crate::support::{Agent, Repo, follow, shell};

/// A repository with an issue that is committed.
fn with_issue(title: &str) -> (Repo, String) {
    let repo = Repo::warm();
    let id = issue(&repo.agent("ann"), title, &[]);
    repo.git(repo.main(), &["add", "-A"]);
    repo.git(repo.main(), &["commit", "-q", "-m", "issues"]);
    (repo, id)
}

fn path(made: &Value) -> PathBuf {
    made["worktree"]["path"].as_str().unwrap().into()
}

/// The worktrees and the branches that there are.
fn there(repo: &Repo) -> [String; 2] {
    let worktrees = repo.git(repo.main(), &["worktree", "list", "--porcelain"]);
    [worktrees, repo.git(repo.main(), &["branch", "--list", "--format=%(refname)"])]
}

fn reason(repo: &Repo, root: &Path) -> Option<String> {
    let listed = repo.agent("ann").jit(["worktree", "list"]).ok();
    let all = listed["worktrees"].as_array().unwrap().clone();
    let one = all.into_iter().find(|one| one["path"] == root.to_str().unwrap()).unwrap();
    one["locked"].as_str().map(str::to_owned)
}

fn hook(repo: &Repo, name: &str, text: &str) -> PathBuf {
    let path = repo.main().join(".git/hooks").join(name);
    write(&path, format!("#!/bin/sh\n{text}\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// The worktree stands beside the repository, on a branch named after the issue, and the lease is its
/// own; Git does not prune it until it is released.
#[test]
fn a_worktree_comes_with_branch_identity_and_lease() {
    let (repo, id) = with_issue("Rename the users!");
    let bob = repo.agent("bob");
    let made = bob.jit(["worktree", "add", &id[..8], "--path", "src/"]).ok();
    let (root, branch) = (path(&made), format!("jit/{}-rename-the-users", &id[..8]));
    assert_eq!(root, repo.dir().join(format!("main-{}", &id[..8])));
    assert_eq!(made["worktree"]["branch"], *branch);
    assert_eq!(made["lease"]["worktree"], made["worktree"]["id"]);
    assert_eq!((&made["lease"]["branch"], &made["lease"]["agent"]), (&branch.into(), &bob.id().into()));
    assert!(made["token"].is_string());
    assert_eq!(repo.git(&root, &["status", "--porcelain"]), "");
    bob.clone().at(&root).jit(["claim", "renew", &id]).ok();
    // Who works there says more than that the place is taken.
    assert_eq!(repo.agent("ann").jit(["worktree", "add", &id]).refused(5).code, "held");
    let pruned = |root: &Path| {
        assert!(reason(&repo, root).is_some_and(|why| why.contains("made by jit")));
        fs::rename(root, repo.dir().join("away")).unwrap();
        repo.git(repo.main(), &["worktree", "prune"]);
        fs::rename(repo.dir().join("away"), root).unwrap();
        repo.healthy();
    };
    pruned(&root);
    let bob = bob.at(&root);
    bob.jit(["claim", "release", &id]).ok();
    // What somebody unlocked, too.
    repo.git(&root, &["worktree", "unlock", "."]);
    let other = path(&repo.agent("ann").jit(["worktree", "add", "--branch", "other"]).ok());
    // Whoever claims something there later, and in one that was made without a lease.
    for root in [&root, &other] {
        let there = bob.clone().at(root);
        let lease = there.claim("name:later");
        pruned(root);
        there.jit(["claim", "release", &lease.lease_id]).ok();
    }
}

/// What is gone is forgotten by the commands that are said, though it is locked.
#[test]
fn what_is_gone_can_be_forgotten() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let add = |place: &str| ann.jit(["worktree", "add", "--branch", "x", "--at", place]);
    let root = path(&add("../x y").ok());
    fs::remove_dir_all(&root).unwrap();
    let hint = ann.jit(["worktree", "remove", "x"]).refused(3).hint.unwrap();
    let (_, forget) = hint.split_once("if not: ").unwrap();
    // By its branch, and by its place.
    for (branch, place) in [("x", "../elsewhere"), ("y", "../x y")] {
        let refused = ann.jit(["worktree", "add", "--branch", branch, "--at", place]).refused(7);
        assert!(refused.message.contains("which is gone"), "{refused:?}");
        assert!(refused.hint.unwrap().ends_with(forget));
    }
    assert_eq!(shell(&ann, forget).status, Some(0), "{forget}");
    assert_eq!(path(&add("../x y").ok()), root);
}

/// Where the claim is refused, where Git fails, and where something is in the way, all is as it was.
#[test]
fn what_fails_leaves_nothing_half_made() {
    let (repo, id) = with_issue("work");
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let lease = ann.claim(&id);
    let before = there(&repo);
    let refused = bob.jit(["worktree", "add", &id]).refused(5);
    assert_eq!(refused.code, "held");
    assert!(refused.hint.unwrap().contains(&format!("worktree add {id} --wait")));
    ann.jit(["claim", "release", &lease.lease_id]).ok();

    let (failing, root) =
        (hook(&repo, "post-checkout", "exit 1"), repo.dir().join(format!("main-{}", &id[..8])));
    let failed = bob.jit(["worktree", "add", &id]).refused(10);
    assert_eq!(failed.code, "git_failed", "{failed:?}");
    assert_eq!(bob.holder_of(&id), None, "the claim was given back");
    assert!(!root.exists());
    fs::remove_file(failing).unwrap();

    let exists = |arguments: &[&str]| bob.jit([&["worktree", "add"], arguments].concat()).refused(7).code;
    mkdir(&root.join("somebody's"));
    assert_eq!(exists(&[&id]), "occupied");
    fs::remove_dir_all(&root).unwrap();
    assert_eq!(exists(&["--branch", "main"]), "occupied");
    let usage = |arguments: &[&str]| bob.jit([&["worktree", "add"], arguments].concat()).refused(2).message;
    let inside = repo.main().join("inside");
    assert!(usage(&[&id, "--at", inside.to_str().unwrap()]).contains("inside of"));
    assert!(usage(&[&id, "--at", ".git/x"]).contains("inside of"));
    assert!(usage(&[&id, "--branch", "a..b"]).contains("a..b"));
    assert!(usage(&[]).contains("--branch"));
    assert_eq!(bob.jit(["worktree", "add", "4711"]).refused(3).code, "issue_not_found");
    assert_eq!(there(&repo), before);
    assert_eq!(bob.holder_of(&id), None);
    repo.healthy();
}

/// Many at once: each gets its own.
#[test]
fn several_at_once_wait_for_each_other() {
    let repo = Repo::new();
    let running: Vec<_> = (0..6)
        .map(|n| repo.agent(&format!("a{n}")).start(["worktree", "add", &format!("name:n{n}")]))
        .collect();
    let made: Vec<Value> = running.into_iter().map(|one| one.within(Duration::from_secs(60)).ok()).collect();
    for (n, made) in made.iter().enumerate() {
        assert_eq!(path(made), repo.dir().join(format!("main-n{n}")));
        assert_eq!(repo.git(&path(made), &["branch", "--show-current"]), format!("jit/n{n}"));
    }
    // Two want the same.
    let both: Vec<_> =
        (0..2).map(|n| repo.agent(&format!("b{n}")).start(["worktree", "add", "name:both"])).collect();
    let mut ends: Vec<_> =
        both.into_iter().map(|one| one.within(Duration::from_secs(60)).status.unwrap()).collect();
    ends.sort_unstable();
    assert_eq!(ends, [0, 5]);
    repo.healthy();
}

/// While one is being made, nobody else makes or removes one.
#[test]
fn one_at_a_time() {
    let repo = Repo::warm();
    let [reached, go] = ["reached", "go"].map(|name| repo.dir().join(name));
    // Not for ever: were there no lock, nobody would come to let the second go.
    let waits = format!(
        "echo 1 >notes; touch '{}'; n=0; until [ -e '{}' ] || [ $n -gt 1000 ]; do sleep 0.02; n=$((n + 1)); done",
        reached.display(),
        go.display()
    );
    hook(&repo, "post-checkout", &waits);
    let mut adding = repo.agent("bob").start(["worktree", "add", "name:x"]);
    let began = Instant::now();
    while !reached.exists() {
        assert!(adding.is_running() && began.elapsed() < Duration::from_secs(20));
    }
    let ann = repo.agent("ann");
    let refused = ann.jit(["worktree", "add", "--branch", "y", "--lock-timeout", "0"]).refused(8);
    assert!(refused.code == "locked" && refused.message.contains("agent:bob"), "{refused:?}");
    let removing = ann.start(["worktree", "remove", "jit/x", "--force"]);
    write(&go, "");
    let made = adding.within(Duration::from_secs(20)).ok();
    // It waited, and found the lease, before it kept anything.
    assert_eq!(removing.within(Duration::from_secs(20)).refused(5).code, "held");
    assert_eq!(repo.git(repo.main(), &["for-each-ref", "refs/jit/salvage"]), "");
    assert!(path(&made).exists());
}

/// A jit that is killed while it adds a worktree.
fn killed(repo: &Repo, arguments: &[&str]) {
    let marks = repo.dir().join("reached");
    let slow = hook(repo, "post-checkout", &format!("touch '{}'; sleep 2", marks.display()));
    let mut adding = repo.agent("bob").start([&["worktree", "add"], arguments].concat());
    let began = Instant::now();
    while !marks.exists() {
        assert!(adding.is_running() && began.elapsed() < Duration::from_secs(20));
    }
    adding.kill();
    fs::remove_file(slow).unwrap();
}

/// The doctor names what is half made, and takes it away when asked.
#[test]
fn the_doctor_knows_what_is_half_made() {
    let repo = Repo::warm();
    killed(&repo, &["--branch", "x"]);
    let root = repo.dir().join("main-x");
    write(&root.join("notes"), "mine\n");
    let state = |arguments: &[&str], warnings: usize| {
        let answer = repo.agent("ann").jit(arguments);
        assert_eq!(answer.warned().len(), warnings, "{answer:?}");
        let told: Value = serde_json::from_str(&answer.stdout).unwrap();
        let findings = told["data"]["findings"].as_array().unwrap().clone();
        let half = findings.into_iter().find(|finding| finding["code"] == "half_made_worktree")?;
        assert_eq!(half["path"], root.to_str().unwrap());
        half["state"].as_str().map(str::to_owned)
    };
    assert_eq!(state(&["doctor"], 0).as_deref(), Some("fixable"));
    // What was in it is kept, of which a warning tells.
    assert_eq!(state(&["doctor", "--fix"], 1).as_deref(), Some("fixed"));
    assert_eq!((root.exists(), state(&["doctor"], 0)), (false, None));
}

/// A jit that is killed in the middle: the next one takes away what it left, the lease lapses, and the
/// issue can be worked on.
#[test]
fn what_a_killed_one_left_is_taken_away() {
    let (repo, id) = with_issue("work");
    killed(&repo, &[&id, "--ttl", "3"]);
    let root = repo.dir().join(format!("main-{}", &id[..8]));
    assert!(reason(&repo, &root).is_some_and(|why| why.contains("is making")));
    let ann = repo.agent("ann");
    ann.jit(["worktree", "add", "--branch", "other"]).ok();
    assert!(!root.exists());
    assert_eq!(ann.jit(["worktree", "add", &id]).refused(5).code, "held");
    let made = ann.jit(["worktree", "add", &id, "--wait", "20s"]).ok();
    assert_eq!(path(&made), root);
    assert_eq!(repo.git(&root, &["status", "--porcelain"]), "");
    repo.healthy();
}

/// In a bare repository with worktrees, from a linked worktree, and before the first commit.
#[test]
fn wherever_one_is() {
    let repo = Repo::scratch();
    let bare = repo.dir().join("shop.git");
    repo.init(&bare, &["--bare"]);
    let ann = repo.agent("ann").at(&bare);
    let first = path(&ann.jit(["worktree", "add", "--branch", "first"]).ok());
    assert_eq!(first, repo.dir().join("shop-first"));
    let own = ann.jit(["worktree", "add", "--branch", "own", "--at", "own"]).refused(2);
    assert!(own.message.contains("inside of"), "{own:?}");
    repo.commit(&first);
    let ann = ann.at(&first);
    let made = ann.jit(["worktree", "add", "name:db", "--at", "../at é here"]).ok();
    assert_eq!(path(&made), repo.dir().join("at é here"));
    assert_eq!(repo.git(&path(&made), &["log", "--format=%s"]), "one");
    // The branch of work that was left is gone on with.
    ann.clone().at(path(&made)).jit(["claim", "release", "name:db"]).ok();
    repo.git(&path(&made), &["commit", "-q", "--allow-empty", "-m", "two"]);
    ann.jit(["worktree", "remove", "jit/db", "--keep-branch"]).ok();
    let again = ann.jit(["worktree", "add", "name:db"]).ok();
    assert_eq!(repo.git(&path(&again), &["log", "--format=%s"]), "two\none");
}

/// Inside of the repository, in a directory that Git ignores, and nowhere else there.
#[test]
fn a_place_that_git_ignores_may_be_inside() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    write(&repo.main().join(".gitignore"), ".worktrees/\nbuilt/\n");
    let add = |branch: &str, at: &str| ann.jit(["worktree", "add", "--branch", branch, "--at", at]);
    let inside = path(&add("x", ".worktrees/x").ok());
    assert_eq!(inside, repo.main().join(".worktrees/x"));
    add("y", "built").ok();
    // Not ignored here; not ignored in the worktree that it is in; Git's own.
    for at in ["src/z", ".worktrees/x/z", ".git/worktrees/z"] {
        assert!(add("z", at).refused(2).message.contains("inside of"), "{at}");
    }
    assert_eq!(repo.git(repo.main(), &["status", "--porcelain"]), "?? .gitignore");
    write(&inside.join("new"), "1\n");
    let removed = ann.say(["worktree", "remove", "x", "--force"]).stdout;
    let (_, command) = removed.split_once("to get it back: ").unwrap();
    shell(&ann, &format!("{} --json", command.lines().next().unwrap())).ok();
    assert_eq!(fs::read_to_string(inside.join("new")).unwrap(), "1\n");
    repo.healthy();
}

fn row(agent: &Agent<'_>, root: &Path) -> Value {
    let listed = agent.jit(["worktree", "list"]).ok();
    let all = listed["worktrees"].as_array().unwrap().clone();
    all.into_iter().find(|one| one["path"] == root.to_str().unwrap()).unwrap()
}

/// Who works where, on what, and how it stands.
#[test]
fn a_list_says_how_each_stands() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let root = path(&repo.agent("bob").jit(["worktree", "add", "name:x", "--ttl", "1h"]).ok());
    write(&root.join("new"), "1\n");
    write(&root.join("file"), "2\n");
    repo.git(&root, &["commit", "-q", "--allow-empty", "-m", "own"]);
    repo.git(repo.main(), &["commit", "-q", "--allow-empty", "-m", "main"]);
    repo.git(repo.main(), &["commit", "-q", "--allow-empty", "-m", "main"]);
    let one = row(&ann, &root);
    assert_eq!(one["leases"][0]["agent"], "agent:bob");
    assert_eq!(one["leases"][0]["issues"][0], "name:x");
    assert!(one["leases"][0]["remaining_secs"].as_u64().unwrap() > 3_500);
    let told = ["changes", "ahead", "behind"].map(|key| one[key].as_u64().unwrap());
    assert_eq!((told, &one["compared_with"]), ([2, 1, 2], &"main".into()));
    repo.git(&root, &["branch", "-q", "--set-upstream-to", "main"]);
    assert_eq!(row(&ann, &root)["compared_with"], "main");
    let main = row(&ann, repo.main());
    assert_eq!((&main["changes"], &main["ahead"]), (&0.into(), &Value::Null));
    let text = ann.say(["worktree", "list"]).stdout;
    let line = text.lines().find(|line| line.contains("main-x")).unwrap();
    assert!(
        ["jit/x", "agent:bob", "name:x", "2 changes", "+1 -2 main"].iter().all(|word| line.contains(word)),
        "{text}"
    );
    fs::rename(&root, repo.dir().join("away")).unwrap();
    assert_eq!(row(&ann, &root)["changes"], Value::Null);
}

/// Everything that would be lost is in the way, and named; what is nowhere else in the way is not.
#[test]
fn nothing_is_removed_that_would_be_lost() {
    let repo = Repo::warm();
    let (ann, bob) = (repo.agent("ann"), repo.agent("bob"));
    let root = path(&bob.jit(["worktree", "add", "name:x"]).ok());
    let remove = || ann.jit(["worktree", "remove", root.to_str().unwrap()]);
    // A lease, which --force does not end.
    for more in [&[][..], &["--force"]] {
        let refused = ann.jit([&["worktree", "remove", "jit/x"], more].concat()).refused(5);
        assert_eq!((&*refused.code, refused.names("agent:bob")), ("held", true));
        assert!(refused.hint.unwrap().contains("claim force-evict"));
    }
    follow(&bob, &bob.jit(["worktree", "remove", "jit/x"])).ok();

    write(&root.join("file"), "changed\n");
    assert_eq!(remove().refused(7).context["changed"][0], "file");
    repo.git(&root, &["add", "file"]);
    assert_eq!(remove().refused(7).context["staged"][0], "file");
    repo.git(&root, &["commit", "-q", "-m", "own"]);
    let refused = remove().refused(7);
    assert!(refused.context["commits"][0].as_str().unwrap().ends_with(" own"), "{refused:?}");
    assert!(refused.hint.unwrap().contains("--keep-branch"));
    repo.git(repo.main(), &["merge", "-q", "jit/x"]);
    write(&root.join("new"), "1\n");
    assert_eq!(remove().refused(7).context["untracked"][0], "new");
    fs::remove_file(root.join("new")).unwrap();
    repo.git(&root, &["worktree", "unlock", "."]);
    repo.git(&root, &["worktree", "lock", "--reason", "on a stick", "."]);
    assert_eq!(remove().refused(7).code, "worktree_locked");
    repo.git(&root, &["worktree", "unlock", "."]);
    repo.init(&root.join("inner"), &[]);
    for more in [&[][..], &["--force"]] {
        let refused = ann.jit([&["worktree", "remove", "jit/x"], more].concat()).refused(7);
        assert_eq!(refused.code, "nested_repository");
    }
    fs::remove_dir_all(root.join("inner")).unwrap();
    assert_eq!(ann.clone().at(&root).jit(["worktree", "remove", "."]).refused(2).code, "bad_usage");
    assert_eq!(ann.jit(["worktree", "remove", "."]).refused(2).code, "bad_usage");
    assert_eq!(ann.jit(["worktree", "remove", "nowhere"]).refused(3).code, "worktree_not_found");

    let removed = remove().ok();
    assert_eq!((&removed["deleted_branch"], &removed["kept"]), (&"jit/x".into(), &Value::Null));
    assert!(!root.exists());
    assert_eq!(repo.git(repo.main(), &["branch", "--list", "jit/*"]), "");
    // A branch that jit did not make is not jit's to delete.
    let two = repo.worktree("two");
    repo.git(&two, &["commit", "-q", "--allow-empty", "-m", "own"]);
    assert_eq!(ann.jit(["worktree", "remove", "two"]).ok()["branch"], "two");
    repo.git(repo.main(), &["rev-parse", "--verify", "refs/heads/two"]);
    repo.healthy();
}
