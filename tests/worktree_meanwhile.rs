//! Others act while jit makes a worktree or takes one away: what is theirs stays theirs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::support::repo::{JIT, write};
use crate::support::{Agent, Repo, shell};

/// What happens around the `git` that jit starts, by the arguments that it is told by.
pub(crate) enum When {
    Before(&'static str),
    After(&'static str),
}

/// Bob, with a `git` that does something else besides, as another process would at that moment.
pub(crate) fn meanwhile<'r>(repo: &'r Repo, when: &When, script: &str) -> Agent<'r> {
    let path = std::env::var("PATH").unwrap();
    let script = format!("(unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE\n{script}) >&2");
    let (told_by, around) = match when {
        When::Before(told_by) => (told_by, format!("{script}\nexec git \"$@\"")),
        When::After(told_by) => (told_by, format!("git \"$@\"\nstatus=$?\n{script}\nexit $status")),
    };
    let text = format!(
        "#!/bin/sh\nPATH='{path}'\ncase \" $* \" in\n*' {told_by} '*)\n{around};;\nesac\nexec git \"$@\"\n"
    );
    let git = repo.dir().join("another/git");
    write(&git, text);
    fs::set_permissions(&git, fs::Permissions::from_mode(0o755)).unwrap();
    repo.agent("bob").env("PATH", format!("{}:{path}", git.parent().unwrap().display()))
}

/// What a place has, besides Git's own files.
fn names(root: &Path) -> Vec<String> {
    let names = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != ".git").collect();
    names.sort();
    names
}

/// The references below which what was removed is kept.
fn kept(repo: &Repo) -> Vec<String> {
    let listed = repo.git(repo.main(), &["for-each-ref", "--format=%(refname)", "refs/jit/salvage"]);
    listed.lines().map(str::to_owned).collect()
}

fn branches(repo: &Repo) -> String {
    repo.git(repo.main(), &["branch", "--list", "--format=%(refname:short)"])
}

/// A worktree that was moved by hand, and a clone at its old place.
#[test]
fn another_repository_in_its_place_is_not_removed() {
    let repo = Repo::warm();
    let (ann, two, away) = (repo.agent("ann"), repo.worktree("two"), repo.dir().join("away"));
    fs::rename(&two, &away).unwrap();
    assert_eq!(ann.jit(["worktree", "remove", "two"]).refused(3).code, "worktree_not_found");
    repo.git(repo.dir(), &["clone", "-q", "main", "two"]);
    for more in [&[][..], &["--force"], &["--force", "--with-ignored"]] {
        let refused = ann.jit([&["worktree", "remove", "two"], more].concat()).refused(3);
        assert_eq!(refused.code, "worktree_not_found", "{refused:?}");
        assert!(refused.hint.unwrap().ends_with("git worktree repair"));
        assert_eq!(names(&two), ["file"]);
        write(&two.join("mine"), "1\n");
        fs::remove_file(two.join("mine")).unwrap();
    }
    assert_eq!(repo.git(&two, &["status", "--porcelain"]), "");
    repo.git(&away, &["worktree", "repair"]);
    ann.jit(["worktree", "remove", "two"]).ok();
    assert!(!away.exists() && two.exists());
}

/// Somebody makes a directory, or a branch, where `add` is about to make its own.
#[test]
fn what_somebody_made_first_is_left_to_them() {
    let repo = Repo::warm();
    let root = repo.dir().join("main-x");
    let script = format!("mkdir '{0}' && echo mine >'{0}/notes'", root.display());
    let bob = meanwhile(&repo, &When::Before("worktree add"), &script);
    assert_eq!(bob.jit(["worktree", "add", "name:x"]).refused(10).code, "git_failed");
    assert_eq!(names(&root), ["notes"]);
    assert_eq!((&*branches(&repo), bob.holder_of("name:x")), ("main", None));
    fs::remove_dir_all(&root).unwrap();

    let script = format!("git -C '{}' branch jit/x", repo.main().display());
    let bob = meanwhile(&repo, &When::Before("update-ref --stdin"), &script);
    assert_eq!(bob.jit(["worktree", "add", "name:x"]).refused(10).code, "git_failed");
    assert_eq!((root.exists(), &*branches(&repo)), (false, "jit/x\nmain"));

    // Before the lock, too, is seen under it.
    let place = repo.dir().join("main-y");
    let script = format!("mkdir -p '{0}' && echo mine >'{0}/notes'", place.display());
    let bob = meanwhile(&repo, &When::After("rev-parse --verify --quiet refs/heads/jit/y^{commit}"), &script);
    assert_eq!(bob.jit(["worktree", "add", "name:y"]).refused(7).code, "occupied");
    assert_eq!((names(&place), bob.holder_of("name:y")), (vec!["notes".to_owned()], None));
    repo.healthy();
}

/// What somebody wrote where a worktree came to nothing is kept before it goes.
#[test]
fn what_somebody_wrote_in_a_half_made_one_is_kept() {
    let repo = Repo::warm();
    let hook = repo.main().join(".git/hooks/post-checkout");
    write(&hook, "#!/bin/sh\necho mine >notes\nexit 1\n");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let bob = repo.agent("bob");
    let failed = bob.jit(["worktree", "add", "name:x"]);
    assert_eq!(failed.refused(10).code, "git_failed");
    let root = repo.dir().join("main-x");
    let references = kept(&repo);
    assert!(references.len() == 1 && failed.stderr.contains(&references[0]), "{failed:?}");
    assert_eq!(repo.git(repo.main(), &["show", &format!("{}:worktree/notes", references[0])]), "mine");
    assert_eq!((root.exists(), &*branches(&repo), bob.holder_of("name:x")), (false, "main", None));
    repo.healthy();
}

/// Somebody found it, and claimed something there, before it was whole.
#[test]
fn one_that_somebody_works_in_is_left_to_them() {
    let repo = Repo::warm();
    let root = repo.dir().join("main-x");
    let script = format!("cd '{}' && JIT_AGENT_ID=agent:zed '{JIT}' claim acquire name:z", root.display());
    let bob = meanwhile(&repo, &When::After("worktree add"), &script);
    assert_eq!(bob.jit(["worktree", "add", "name:x"]).refused(7).code, "occupied");
    assert_eq!(names(&root), ["file"]);
    assert_eq!((bob.holder_of("name:x"), bob.holder_of("name:z")), (None, Some("agent:zed".into())));
    assert_eq!(branches(&repo), "jit/x\nmain");
    let told = repo.agent("ann").jit(["doctor", "--fix"]);
    assert!(told.stdout.contains("once the lease there has lapsed") && root.exists(), "{told:?}");
    repo.agent("ann").jit(["worktree", "add", "--branch", "meanwhile"]).ok();
    assert_eq!(names(&root), ["file"]);
    let zed = repo.agent("zed").at(&root);
    write(&root.join("notes"), "mine\n");
    zed.jit(["claim", "release", "name:z"]).ok();
    // Then it is what an interrupted jit left.
    let next = repo.agent("ann").jit(["worktree", "add", "--branch", "other"]);
    assert!(next.warned()[0].contains(&kept(&repo)[0]), "{next:?}");
    assert!(!root.exists());
}

/// A removed worktree, and what is said to get it back.
fn removed(repo: &Repo) -> (PathBuf, String) {
    let root = repo.dir().join("main-x");
    let bob = repo.agent("bob");
    bob.jit(["worktree", "add", "name:x"]).ok();
    bob.clone().at(&root).jit(["claim", "release", "name:x"]).ok();
    write(&root.join("new"), "kept\n");
    let said = bob.say(["worktree", "remove", "jit/x", "--force"]).stdout;
    let (_, command) = said.split_once("to get it back: ").unwrap();
    (root, command.lines().next().unwrap().to_owned())
}

/// Somebody writes where something is being put back.
#[test]
fn what_is_in_the_way_of_putting_back_is_kept() {
    let repo = Repo::warm();
    let (root, command) = removed(&repo);
    let script = format!("cd '{}' && echo mine >new && echo mine >other", root.display());
    let bob = meanwhile(&repo, &When::After("worktree add"), &script);
    let restore = ["worktree", "salvage", "restore", "jit/x"];
    let failed = bob.jit(restore);
    assert!(failed.trouble().message.contains("new"), "{failed:?}");
    let half = kept(&repo).into_iter().find(|reference| failed.stderr.contains(reference)).unwrap();
    for name in ["new", "other"] {
        assert_eq!(repo.git(repo.main(), &["show", &format!("{half}:worktree/{name}")]), "mine");
    }
    assert!(!root.exists());
    // What was to be put back still is there.
    shell(&repo.agent("ann"), &format!("{command} --json")).ok();
    assert_eq!(fs::read_to_string(root.join("new")).unwrap(), "kept\n");
    repo.healthy();
}

/// A commit that somebody makes while it is looked at or kept, on the branch or on none, is not lost
/// with it.
#[test]
fn a_commit_made_meanwhile_is_not_lost() {
    for detached in [false, true] {
        for (told_by, force) in [("log --no-show-signature", &[][..]), ("fast-import", &["--force"])] {
            let repo = Repo::warm();
            let root = repo.dir().join("main-x");
            repo.agent("bob").jit(["worktree", "add", "name:x"]).ok();
            repo.agent("bob").at(&root).jit(["claim", "release", "name:x"]).ok();
            if detached {
                repo.git(&root, &["checkout", "-q", "--detach"]);
            }
            force.iter().for_each(|_| write(&root.join("new"), "1\n"));
            let commit = format!("git -C '{}' commit -q --allow-empty -m meanwhile", root.display());
            let bob = meanwhile(&repo, &When::After(told_by), &commit);
            let remove = [&["worktree", "remove", root.to_str().unwrap()], force].concat();
            let refused = bob.jit(remove).refused(7);
            assert!(refused.message.contains("changed while"), "{refused:?}");
            assert_eq!(refused.context["kept"].is_string(), !force.is_empty());
            assert_eq!(repo.git(&root, &["log", "-1", "--format=%s"]), "meanwhile");
            repo.agent("ann").jit(["worktree", "remove", root.to_str().unwrap(), "--force"]).ok();
            let subjects = repo.git(repo.main(), &["log", "--all", "--format=%s"]);
            assert!(subjects.lines().any(|line| line == "meanwhile"), "{subjects}");
        }
    }
}

/// Somebody claims something in it while it is kept, where nobody ever did.
#[test]
fn one_that_somebody_begins_to_work_in_stays() {
    let repo = Repo::warm();
    let two = repo.worktree("two");
    write(&two.join("new"), "1\n");
    let script = format!("cd '{}' && JIT_AGENT_ID=agent:zed '{JIT}' claim acquire name:z", two.display());
    let bob = meanwhile(&repo, &When::After("fast-import"), &script);
    assert_eq!(bob.jit(["worktree", "remove", "two", "--force"]).refused(5).code, "held");
    assert_eq!(names(&two), ["file", "new"]);
    repo.healthy();
}

/// A commit after the last look stays, too, where there is a branch.
#[test]
fn a_branch_that_moved_meanwhile_stays() {
    let repo = Repo::warm();
    let root = repo.dir().join("main-x");
    repo.agent("bob").jit(["worktree", "add", "name:x"]).ok();
    repo.agent("bob").at(&root).jit(["claim", "release", "name:x"]).ok();
    let commit = format!("git -C '{}' commit -q --allow-empty -m meanwhile", root.display());
    let bob = meanwhile(&repo, &When::Before("worktree remove"), &commit);
    let warned = bob.jit(["worktree", "remove", "jit/x"]).warned();
    assert!(warned[0].contains("branch jit/x stays"), "{warned:?}");
    assert_eq!(repo.git(repo.main(), &["log", "-1", "--format=%s", "jit/x"]), "meanwhile");
}

/// A removal that is killed when the files are gone: what the next one keeps says that it is not the whole.
#[test]
fn what_a_stopped_removal_left_is_told_from_the_whole() {
    let repo = Repo::warm();
    let root = repo.dir().join("main-x");
    repo.agent("bob").jit(["worktree", "add", "name:x"]).ok();
    repo.agent("bob").at(&root).jit(["claim", "release", "name:x"]).ok();
    write(&root.join("new"), "1\n");
    let remove = ["worktree", "remove", "jit/x", "--force"];
    let bob = meanwhile(&repo, &When::Before("worktree remove"), "kill -9 $PPID $$");
    assert_eq!(bob.jit(remove).status, None);
    let (ann, whole) = (repo.agent("ann"), kept(&repo).remove(0));
    assert!(root.exists() && names(&root).is_empty());
    let left = ann.jit(remove).ok()["kept"].as_str().unwrap().to_owned();
    let listed = ann.jit(["worktree", "salvage", "list"]).ok();
    let about = |reference: &str| {
        let all = listed["salvages"].as_array().unwrap();
        all.iter().find(|kept| kept["ref"] == reference).unwrap()["about"][0].as_str().unwrap().to_owned()
    };
    let note = format!("a removal had begun, before which it was kept as {whole}");
    assert_eq!((about(&left), &*about(&whole)), (note.clone(), "untracked: new"));
    let ambiguous = ann.say(["worktree", "salvage", "restore", "jit/x"]);
    assert!(ambiguous.status == Some(2) && ambiguous.stderr.contains(&note), "{ambiguous:?}");
    let name = whole.strip_prefix("refs/jit/salvage/").unwrap();
    ann.jit(["worktree", "salvage", "restore", name]).ok();
    assert_eq!(names(&root), ["file", "new"]);
}
