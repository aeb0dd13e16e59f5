//! `jit doctor` names what is wrong, by file, and what to do; `--fix` says that it fixed only what
//! is gone when it looks again.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::support::answer::Answer;
use crate::support::control::{Mount, contents, held};
use crate::support::repo::{Agent, JIT, SOMEBODY, give, mkdir, write};
use crate::support::{Repo, skip};

#[derive(Debug, Deserialize)]
struct Finding {
    code: String,
    message: String,
    path: Option<String>,
    offset: Option<u64>,
    hint: Option<String>,
    state: String,
}

/// What it has to say, apart from what is as it should be.
#[track_caller]
fn findings(answer: &Answer, status: i32) -> Vec<Finding> {
    assert_eq!(answer.status, Some(status), "{answer:?}");
    let document: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(document["data"]["healthy"], status == 0);
    let all: Vec<Finding> = serde_json::from_value(document["data"]["findings"].clone()).unwrap();
    all.into_iter().filter(|finding| !["log", "history", "index"].contains(&&*finding.code)).collect()
}

/// The only one, which is about this path.
#[track_caller]
fn one(answer: &Answer, status: i32, code: &str, state: &str, path: &Path) -> Finding {
    let mut found = findings(answer, status);
    assert_eq!(found.len(), 1, "{found:?}");
    let finding = found.remove(0);
    assert_eq!((finding.code.as_str(), finding.state.as_str()), (code, state), "{finding:?}");
    assert_eq!(finding.path.as_deref(), path.to_str(), "{finding:?}");
    assert_eq!(finding.hint.is_some(), ["fixable", "needs_a_person"].contains(&state), "{finding:?}");
    finding
}

/// Follows a hint to the letter.
fn follow(repo: &Repo, finding: &Finding) {
    let path = format!("{}:{}", Path::new(JIT).parent().unwrap().display(), std::env::var("PATH").unwrap());
    let hint = finding.hint.as_ref().unwrap();
    let mut shell = repo.hermetic("sh");
    let done = shell.args(["-c", hint]).current_dir(repo.main()).env("PATH", path).output().unwrap();
    assert!(done.status.success(), "{hint}: {done:?}");
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// No later writer would get it out of the way, so the fix does, and keeps it.
#[test]
fn something_in_the_index_s_place() {
    let repo = held();
    let index = repo.control().join("index");
    let put: [&dyn Fn(); 2] = [
        &|| {
            write(&index.join("kept"), "somebody's");
        },
        &|| symlink(repo.log(), &index).unwrap(),
    ];
    for (n, put) in put.into_iter().enumerate() {
        fs::remove_file(&index).unwrap();
        put();
        let ann = repo.agent("ann");
        let found = findings(&ann.jit(["doctor"]), 9);
        assert!(found.iter().any(|finding| finding.code == "index_unusable" && finding.state == "fixable"));
        let fixed = findings(&ann.jit(["doctor", "--fix"]), 0);
        assert!(fixed.iter().any(|finding| finding.code == "index_unusable" && finding.state == "fixed"));
        assert!(fs::symlink_metadata(repo.control().join(format!("archive/aside-index-{n}"))).is_ok());
        assert!(fs::metadata(&index).unwrap().is_file());
        assert!(findings(&ann.jit(["doctor"]), 0).is_empty());
    }
    assert_eq!(fs::read_to_string(repo.control().join("archive/aside-index-0/kept")).unwrap(), "somebody's");
    assert_eq!(repo.agent("bob").holder_of("name:held").as_deref(), Some("agent:ann"));
}

/// Permissions are those that `core.sharedRepository` asks for, in the control plane and where
/// this worktree has its identity.
#[test]
fn permissions_that_are_not_those_asked_for() {
    let repo = held();
    let linked = repo.worktree("linked");
    repo.agent("bob").at(&linked).claim("name:b");
    let identity = repo.main().join(".git/worktrees/linked/jit/worktree.json");
    for (path, wrong, right) in [
        (repo.log(), 0o644, 0o600),
        (repo.control().join("locks"), 0o755, 0o700),
        (repo.control(), 0o755, 0o700),
        (identity, 0o666, 0o600),
    ] {
        let bob = repo.agent("bob").at(&linked);
        set_mode(&path, wrong);
        let finding = one(&bob.jit(["doctor"]), 0, "wrong_mode", "fixable", &path);
        assert!(finding.message.contains(&format!("{right:o}")), "{finding:?}");
        follow(
            &repo,
            &Finding {
                hint: finding.hint.map(|hint| hint.replace("jit ", "jit -C '../linked' ")),
                ..finding
            },
        );
        assert_eq!(mode(&path), right, "{}", path.display());
        set_mode(&path, wrong);
        one(&bob.jit(["doctor", "--fix"]), 0, "wrong_mode", "fixed", &path);
        assert_eq!(mode(&path), right, "{}", path.display());
    }
    repo.git(repo.main(), &["config", "core.sharedRepository", "group"]);
    let ann = repo.agent("ann");
    assert!(findings(&ann.jit(["doctor"]), 0).iter().all(|finding| finding.code == "wrong_mode"));
    ann.jit(["doctor", "--fix"]).ok();
    assert_eq!(mode(&repo.log()), 0o660);
    assert!(findings(&ann.jit(["doctor"]), 0).is_empty());
}

/// A file of another user's: root can put it right, and its owner's neighbour is told how.
#[test]
fn an_owner_that_is_not_the_directory_s() {
    if !skip::root("an_owner_that_is_not_the_directory_s") {
        return;
    }
    let repo = Repo::new();
    give(repo.main(), SOMEBODY);
    give(&repo.dir().join("home"), SOMEBODY);
    let owner = repo.agent("owner").user(SOMEBODY);
    owner.claim("name:a");
    let lock = repo.control().join("locks/flush");
    chown(&lock, Some(0), Some(0)).unwrap();
    let finding = one(&owner.jit(["doctor"]), 9, "wrong_owner", "needs_a_person", &lock);
    assert_eq!(finding.hint.unwrap(), format!("sudo chown {SOMEBODY} '{}'", lock.display()));
    one(&owner.jit(["doctor", "--fix"]), 9, "wrong_owner", "needs_a_person", &lock);
    one(&repo.agent("root").jit(["doctor", "--fix"]), 0, "wrong_owner", "fixed", &lock);
    assert!(findings(&owner.jit(["doctor"]), 0).is_empty());
    owner.claim("name:b");
}

/// Members of a group who share a repository make nothing that the doctor would mind.
#[test]
fn what_members_of_a_group_make() {
    if !skip::root("what_members_of_a_group_make") {
        return;
    }
    let repo = Repo::new();
    repo.git(repo.main(), &["config", "core.sharedRepository", "group"]);
    let group = Command::new("chgrp").args(["-R", "4242"]).arg(repo.main()).status().unwrap();
    let modes = Command::new("chmod").args(["-R", "g+rwX"]).arg(repo.main()).status().unwrap();
    assert!(group.success() && modes.success());
    let members = [SOMEBODY, SOMEBODY + 1].map(|uid| {
        let uid = uid.to_string();
        repo.agent("member").through(["setpriv", "--reuid", &uid, "--regid", "4242", "--clear-groups"])
    });
    for (member, name) in members.iter().zip(["name:a", "name:b"]) {
        member.claim(name);
        member.jit(["compact"]).ok();
        member.jit(["config", "set", "ttl", "5m"]).ok();
    }
    for member in &members {
        let found = findings(&member.jit(["doctor"]), 0);
        assert!(found.is_empty(), "{found:?}");
    }
}

/// A symlink leads who knows where: a person must look, and the hint puts the file itself there.
#[test]
fn a_symlink_in_a_file_s_place() {
    let repo = held();
    for name in ["config.toml", "locks/claims"] {
        let (path, away) = (repo.control().join(name), repo.dir().join("it's away"));
        write(&away, "");
        let _ = fs::remove_file(&path);
        symlink(&away, &path).unwrap();
        let found = findings(&repo.agent("ann").jit(["doctor"]), 9);
        let wrong = found.iter().find(|finding| finding.code == "wrong_type").unwrap();
        assert_eq!((wrong.path.as_deref(), wrong.state.as_str()), (path.to_str(), "needs_a_person"));
        follow(&repo, wrong);
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
        set_mode(&path, 0o600);
        assert!(findings(&repo.agent("ann").jit(["doctor"]), 0).is_empty());
    }
}

/// What an interrupted writer left goes; what nobody knows is named and stays.
#[test]
fn leftovers_and_strangers() {
    let repo = held();
    let (leftover, stranger) = (repo.control().join("config.toml.new"), repo.control().join("notes.new"));
    write(&leftover, "half");
    set_mode(&leftover, 0o600);
    one(&repo.agent("ann").jit(["doctor"]), 0, "leftover", "fixable", &leftover);
    one(&repo.agent("ann").jit(["doctor", "--fix"]), 0, "leftover", "fixed", &leftover);
    write(&stranger, "somebody's");
    one(&repo.agent("ann").jit(["doctor", "--fix"]), 0, "unknown_file", "ok", &stranger);
    assert!(stranger.exists() && !leftover.exists());
}

/// Drafts of killed writers go, where issues are and where gates' output is; that directory is none
/// of a stranger's.
#[test]
fn drafts_of_the_data_plane() {
    let repo = held();
    let ann = repo.agent("ann");
    ann.jit(["init"]).ok();
    ann.jit(["gate", "define", "tests", "--command", "true"]).ok();
    ann.jit(["gate", "approve", "tests"]).ok();
    let made = ann.jit(["issue", "create", "--title", "x", "--gate", "tests"]).ok();
    let id = made["issue"]["id"].as_str().unwrap();
    ann.claim(id);
    ann.jit(["gate", "check", id]).ok();
    let strange = |answer: &Answer| findings(answer, 0).iter().any(|found| found.code == "unknown_file");
    assert!(!strange(&ann.jit(["doctor"])));
    for draft in [repo.main().join(".jit/issues/.x.json.2194-0.draft"), repo.control().join("gates/.x.draft")]
    {
        write(&draft, "half");
        one(&ann.jit(["doctor"]), 0, "leftover", "fixable", &draft);
        one(&ann.jit(["doctor", "--fix"]), 0, "leftover", "fixed", &draft);
        assert!(!draft.exists());
    }
    write(&repo.main().join(".jit/issues/.x.json.draft"), "half");
    repo.git(repo.main(), &["add", ".jit"]);
    assert!(!repo.git(repo.main(), &["status", "--short"]).contains("draft"));
}

/// A segment that is gone is named, and nothing else depends on it.
#[test]
fn a_segment_that_is_missing() {
    let repo = held();
    let ann = repo.agent("ann");
    ann.jit(["compact"]).ok();
    ann.claim("name:b");
    ann.jit(["compact"]).ok();
    let first = repo.control().join("archive/claims-00000001.jsonl");
    fs::remove_file(&first).unwrap();
    let finding = one(&ann.jit(["doctor", "--fix"]), 9, "history_broken", "needs_a_person", &first);
    assert_eq!(finding.offset, None);
    assert!(finding.message.ends_with("is missing, and with it records 1 to 4"), "{finding:?}");
    ann.claim("name:c");
}

/// A segment above the live one: an older log may have been put back. Its hint clears it.
#[test]
fn a_segment_above_the_live_one() {
    let repo = held();
    let ann = repo.agent("ann");
    ann.jit(["compact"]).ok();
    let stray = repo.control().join("archive/claims-00000007.jsonl");
    fs::copy(repo.control().join("archive/claims-00000001.jsonl"), &stray).unwrap();
    set_mode(&stray, 0o600);
    let finding = one(&ann.jit(["doctor", "--fix"]), 9, "stray_segment", "needs_a_person", &stray);
    ann.jit(["claim", "history"]).ok();
    let hint = finding.hint.as_ref().map(|hint| hint[hint.find("mv ").unwrap()..].to_owned());
    follow(&repo, &Finding { hint, ..finding });
    assert!(findings(&ann.jit(["doctor"]), 0).iter().all(|finding| finding.code == "unknown_file"));
}

/// Too little room to seal the log: a person is told before a claim fails.
#[test]
fn a_disk_that_is_almost_full() {
    if !skip::root("a_disk_that_is_almost_full") {
        return;
    }
    let repo = Repo::new();
    let _mount = Mount::tmpfs(&repo.control(), "1m");
    set_mode(&repo.control(), 0o700);
    let ann = repo.agent("ann");
    ann.claim("name:a");
    let balloon = repo.control().join("balloon");
    assert!(findings(&ann.jit(["doctor"]), 0).is_empty());
    write(&balloon, "x".repeat(700 << 10));
    let found = findings(&ann.jit(["doctor"]), 9);
    let full = found.iter().find(|finding| finding.state == "needs_a_person").unwrap();
    assert_eq!((full.code.as_str(), full.path.as_deref()), ("no_room", repo.control().to_str()));
    fs::remove_file(balloon).unwrap();
    assert!(findings(&ann.jit(["doctor"]), 0).is_empty());
}

/// There is something to fix, and nothing can be: it says so, and which directory to allow.
#[test]
fn what_can_t_be_fixed_where_nothing_can_be_written() {
    let test = "what_can_t_be_fixed_where_nothing_can_be_written";
    let repo = held();
    fs::remove_file(repo.control().join("index")).unwrap();
    let git_dir = repo.main().join(".git");
    let script = r#"mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@""#;
    let wrap = ["unshare", "--mount", "sh", "-c", script, git_dir.to_str().unwrap()];
    if !skip::root(test) || !skip::works(test, &[&wrap[..], &["true"]].concat()) {
        return;
    }
    let found = findings(&repo.agent("ann").through(wrap).jit(["doctor", "--fix"]), 9);
    let states: Vec<_> = found.iter().map(|finding| (&*finding.code, &*finding.state)).collect();
    assert_eq!(states, [("index_missing", "fixable"), ("not_writable", "needs_a_person")]);
    assert!(found[1].hint.as_ref().unwrap().contains(repo.control().to_str().unwrap()));
    let looked = findings(&repo.agent("ann").jit(["doctor"]), 0);
    assert_eq!(looked[0].state, "fixable", "nothing was changed");
}

/// The answers of two sides that test the locks at one time.
fn meeting(sides: [Agent<'_>; 2]) -> [Answer; 2] {
    let started = sides.each_ref().map(|side| side.start(["doctor", "--shared", "--wait", "30s"]));
    started.map(|side| side.within(Duration::from_secs(60)))
}

/// How many sides say that they are there.
fn slips(repo: &Repo) -> usize {
    let entries = fs::read_dir(repo.control().join("locks")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.len() == "meeting-0123456789abcdef".len()).count()
}

#[track_caller]
fn codes(answer: &Answer, status: i32) -> Vec<String> {
    findings(answer, status).into_iter().map(|finding| finding.code).collect()
}

/// Two processes of one kernel, and one of them in a container: it is safe, both say so, and
/// neither leases nor what comes after see anything of it.
#[test]
fn two_sides_that_share_all() {
    let test = "two_sides_that_share_all";
    let wrap = ["unshare", "--fork", "--kill-child", "--pid", "--mount-proc", "--mount", "--time"];
    let wrap = [&wrap[..], &["--monotonic", "864000"]].concat();
    let repo = held();
    let before = contents(&repo.control());
    let mut pairs = vec![[repo.agent("ann"), repo.agent("bob")]];
    if skip::root(test) && skip::works(test, &[&wrap[..], &["true"]].concat()) {
        pairs.push([repo.agent("ann"), repo.agent("bob").through(wrap)]);
    }
    for pair in pairs {
        for answer in meeting(pair) {
            assert_eq!(codes(&answer, 0), ["safe", "locks_exclude", "words_shared", "one_kernel"]);
        }
    }
    assert!(contents(&repo.control()) == before, "leases are not touched");
    assert_eq!(slips(&repo), 0);
    repo.healthy();
}

/// Started together, each may have found the other before the other has found it.
#[test]
fn two_sides_that_start_at_one_moment() {
    let repo = held();
    for _ in 0..12 {
        for answer in meeting([repo.agent("ann"), repo.agent("bob")]) {
            assert_eq!(codes(&answer, 0)[0], "safe");
        }
    }
    assert_eq!(slips(&repo), 0);
}

/// The same files, and neither locks nor memory in common: FUSE without lock forwarding.
#[test]
fn two_sides_whose_locks_are_separate() {
    let test = "two_sides_whose_locks_are_separate";
    if !skip::root(test) || !skip::has(test, "bindfs") {
        return;
    }
    let repo = held();
    let mirror = repo.dir().join("mirror");
    mkdir(&mirror);
    if !skip::works(
        test,
        &["bindfs", "--no-allow-other", repo.main().to_str().unwrap(), mirror.to_str().unwrap()],
    ) {
        return;
    }
    let _mount = Mount(mirror.clone());
    let before = contents(&repo.control());
    for answer in meeting([repo.agent("ann"), repo.agent("bob").at(&mirror)]) {
        assert_eq!(codes(&answer, 9), ["not_safe", "locks_separate", "words_separate", "one_kernel"]);
    }
    assert!(contents(&repo.control()) == before, "leases are not touched");
}

/// Nobody comes, or only what a process left that was killed.
#[test]
fn a_side_that_is_alone() {
    let repo = held();
    let ann = repo.agent("ann");
    let waiting = repo.agent("bob").start(["doctor", "--shared"]);
    let began = Instant::now();
    while slips(&repo) == 0 {
        assert!(began.elapsed() < Duration::from_secs(10), "it never came");
    }
    waiting.kill();
    let trouble = ann.jit(["doctor", "--shared", "--wait", "1s"]).refused(8);
    assert_eq!((trouble.code.as_str(), trouble.retryable), ("timed_out", true));
    assert!(trouble.message.contains("no other side came"), "{trouble:?}");
    assert_eq!(slips(&repo), 0, "the dead one's is gone too");
    repo.healthy();
}
