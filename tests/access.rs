//! A control plane that can't be used as it is: a clear error (exit 9), reads where they can work
//! (invariant 5), and nothing changed. Whose it is, and what is made in it, by whom.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::Command;

use crate::support::control::{contents, held, reads, refused, tree, writes};
use crate::support::repo::{SOMEBODY, give};
use crate::support::{Repo, skip};

/// Mounted read-only, as in a sandbox: reads work, writes say which directory to allow.
#[test]
fn on_a_read_only_mount_reads_work() {
    let test = "on_a_read_only_mount_reads_work";
    let repo = held();
    let script = r#"mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@""#;
    let git_dir = repo.main().join(".git");
    let wrap = ["unshare", "--mount", "sh", "-c", script, git_dir.to_str().unwrap()];
    if !skip::root(test) || !skip::works(test, &[&wrap[..], &["true"]].concat()) {
        return;
    }
    let sandboxed = repo.agent("ann").through(wrap);
    reads(&sandboxed);
    let doctor = sandboxed.say(["doctor"]);
    let names = repo.control().to_str().is_some_and(|dir| doctor.stdout.contains(dir));
    assert!(doctor.status == Some(9) && names, "which directory a person must allow: {doctor:?}");
    refused(&repo, &sandboxed, "not_writable");
    repo.healthy();
}

/// It belongs to somebody else, who let others read it.
#[test]
fn of_another_user_reads_work() {
    if !skip::root("of_another_user_reads_work") {
        return;
    }
    let repo = Repo::new();
    repo.git(repo.main(), &["config", "core.sharedRepository", "0644"]);
    repo.agent("ann").claim("name:held");
    let other = repo.agent("other").user(SOMEBODY);
    reads(&other);
    refused(&repo, &other, "not_writable");
}

/// It belongs to somebody else, and that its modes would let others write does not make them
/// share it: `core.sharedRepository` would.
#[test]
fn of_another_user_who_did_not_say_that_it_is_shared() {
    if !skip::root("of_another_user_who_did_not_say_that_it_is_shared") {
        return;
    }
    let repo = held();
    let everybody = Command::new("chmod").args(["-R", "a+rwX"]).arg(repo.main()).status().unwrap();
    assert!(everybody.success());
    let other = repo.agent("other").user(SOMEBODY);
    reads(&other);
    refused(&repo, &other, "not_writable");
    repo.git(repo.main(), &["config", "core.sharedRepository", "all"]);
    other.claim("name:new");
}

/// It belongs to somebody else, and is nobody else's business (the default).
#[test]
fn of_another_user_who_keeps_it_private() {
    if !skip::root("of_another_user_who_keeps_it_private") {
        return;
    }
    let repo = held();
    let other = repo.agent("other").user(SOMEBODY);
    let before = contents(&repo.control());
    let share = "git config core.sharedRepository group && jit doctor --fix";
    for arguments in [
        &["claim", "list"][..],
        &["claim", "status", "name:held"],
        &["claim", "history"],
        &["claim", "acquire", "name:a"],
    ] {
        let trouble = other.jit(arguments).refused(9);
        let says = format!("{} {}", trouble.message, trouble.hint.clone().unwrap_or_default());
        assert!(says.contains(repo.control().to_str().unwrap()), "{arguments:?}: {trouble:?}");
        assert!(says.contains(&format!("its owner can share it: {share}")), "{arguments:?}: {trouble:?}");
    }
    assert!(contents(&repo.control()) == before);
    // SOMEBODY is in no group of ours, and others may read.
    repo.git(repo.main(), &["config", "core.sharedRepository", "all"]);
    repo.agent("ann").jit(["doctor", "--fix"]).ok();
    other.jit(["claim", "list"]).ok();
}

/// `core.sharedRepository=group`: who is in the group can write, and what they make is the
/// group's too, whatever their umask.
#[test]
fn shared_with_a_group() {
    if !skip::root("shared_with_a_group") {
        return;
    }
    const GROUP: u32 = 4_242;
    let repo = Repo::new();
    repo.git(repo.main(), &["config", "core.sharedRepository", "group"]);
    Command::new("chgrp").args(["-R", &GROUP.to_string()]).arg(repo.main()).status().unwrap();
    Command::new("chmod").args(["-R", "g+rwX"]).arg(repo.main()).status().unwrap();
    let (uid, gid) = (SOMEBODY.to_string(), GROUP.to_string());
    let member = |uid: &str, name: &str| {
        let wrap = [
            "sh",
            "-c",
            "umask 077 && exec \"$@\"",
            "sh",
            "setpriv",
            "--reuid",
            uid,
            "--regid",
            &gid,
            "--clear-groups",
        ];
        repo.agent(name).through(wrap)
    };
    member(&uid, "one").claim("name:held");
    for path in tree(&repo.control()) {
        let stat = fs::symlink_metadata(&path).unwrap();
        let wanted = if path.is_dir() { 0o070 } else { 0o060 };
        assert_eq!((stat.gid(), stat.mode() & 0o077), (GROUP, wanted), "{}", path.display());
    }
    let two = (SOMEBODY + 1).to_string();
    member(&two, "two").jit(["claim", "acquire", "name:held"]).refused(5);
    member(&two, "two").claim("name:b");
    member(&two, "two").jit(["compact"]).ok();
    member(&uid, "one").jit(["claim", "renew", "name:held"]).ok();
    // Others are no members.
    repo.agent("other").user(SOMEBODY + 2).jit(["claim", "acquire", "name:c"]).refused(9);
}

/// A symlink where the control plane should be: it may lead into another repository's leases.
#[test]
fn a_symlink_in_its_place() {
    let repo = held();
    let elsewhere = repo.dir().join("elsewhere");
    fs::rename(repo.control(), &elsewhere).unwrap();
    symlink(&elsewhere, repo.control()).unwrap();
    let before = contents(&elsewhere);
    let agent = repo.agent("ann");
    for answer in writes(&agent).into_iter().chain([agent.jit(["claim", "list"])]) {
        let trouble = answer.refused(9);
        assert_eq!(trouble.code, "not_a_directory");
        assert!(trouble.hint.unwrap().contains(repo.control().to_str().unwrap()));
    }
    assert!(contents(&elsewhere) == before);
    // So is one in the log's place.
    fs::remove_file(repo.control()).unwrap();
    fs::rename(&elsewhere, repo.control()).unwrap();
    fs::rename(repo.log(), repo.dir().join("log")).unwrap();
    symlink(repo.dir().join("log"), repo.log()).unwrap();
    let before = fs::read(repo.dir().join("log")).unwrap();
    assert_ne!(agent.jit(["claim", "acquire", "name:b"]).status, Some(0));
    assert_eq!(fs::read(repo.dir().join("log")).unwrap(), before);
}

/// In a directory of root's that was given away, root's files belong to the new owner.
#[test]
fn what_root_makes_in_somebodys_control_plane_is_theirs() {
    if !skip::root("what_root_makes_in_somebodys_control_plane_is_theirs") {
        return;
    }
    let repo = Repo::new();
    give(repo.main(), SOMEBODY);
    give(&repo.dir().join("home"), SOMEBODY);
    let owner = repo.agent("owner").user(SOMEBODY);
    owner.claim("name:a");
    let root = repo.agent("root");
    root.jit(["claim", "acquire", "name:a"]).refused(5);
    root.claim("name:b");
    root.jit(["compact"]).ok();
    root.jit(["doctor", "--fix"]).ok();
    for path in tree(&repo.control()) {
        let stat = fs::symlink_metadata(&path).unwrap();
        assert_eq!(
            (stat.uid(), stat.gid(), stat.mode() & 0o077),
            (SOMEBODY, SOMEBODY, 0),
            "{}",
            path.display()
        );
    }
    owner.jit(["claim", "renew", "name:a"]).ok();
    owner.jit(["compact"]).ok();
}
