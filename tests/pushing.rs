//! What may be pushed, as the hooks on both sides say, with real Git.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::repo::write;
use crate::support::two::Two;

#[test]
fn commits_under_a_lease_that_was_taken_over_are_not_pushed() {
    let two = Two::new();
    let bare = two.repo.dir().join("bare.git");
    two.repo.init(&bare, &["--bare"]);
    two.repo.git(two.ann(), &["remote", "add", "origin", bare.to_str().unwrap()]);
    two.ann_git(&["push", "-q", "origin", "main"]).silent();
    let lease = two.bob_claims(&["--path", "src"]);
    two.bob_commits("src/a", &[]).silent();
    let commit = two.repo.git(&two.bob, &["rev-parse", "--short=12", "HEAD"]);
    let taken = two.ann_takes(&lease, "src");
    let words = [&*commit, "agent:ann took over", &lease];
    two.bob_git(&["push", "-q", "origin", "bob"]).refused(&words);
    two.repo.agent("ann").jit(["config", "set", "enforce_agents", "warn"]).ok();
    two.bob_git(&["push", "-q", "origin", "bob:elsewhere"]).refused(&words);
    two.repo.agent("ann").jit(["config", "unset", "enforce_agents"]).ok();
    // Neither does ann push it as it is; built upon under her lease, it goes.
    two.ann_git(&["merge", "-q", "--ff-only", "bob"]).silent();
    let refused = two.ann_git(&["push", "-q", "origin", "main"]);
    assert!(refused.err.contains("git commit --allow-empty -m 'taken over'"), "{refused:?}");
    refused.refused(&words);
    two.ann_git(&["commit", "-q", "--allow-empty", "-m", "taken over"]).silent();
    assert!(two.message(two.ann()).contains(&taken));
    two.ann_git(&["push", "-q", "origin", "main"]).silent();
    // The other side has it now.
    two.bob_git(&["push", "-q", "origin", "bob"]).silent();
    // Deleting takes no commit along.
    two.bob_git(&["push", "-q", "origin", ":bob"]).silent();
}

/// Whoever took over makes commits again under both leases; whoever did not, under none of its own.
#[test]
fn who_took_over_makes_commits_again_under_its_own_lease() {
    let two = Two::new();
    let bare = two.repo.dir().join("bare.git");
    two.repo.init(&bare, &["--bare"]);
    two.repo.git(two.ann(), &["remote", "add", "origin", bare.to_str().unwrap()]);
    let lost = two.bob_claims(&["name:x"]);
    two.bob_commits("src/a", &[]).silent();
    two.repo.agent("ann").jit(["claim", "force-evict", &lost, "--reason", "gone"]).ok();
    let other = two.ann_claims(&["name:y"]);
    let carried = |leases: &[&str]| {
        let message = two.message(two.ann());
        let found: Vec<&str> = message.lines().filter_map(|line| line.strip_prefix("Jit-Lease: ")).collect();
        assert_eq!(found, leases, "{message}");
    };
    let again = |how: &str| {
        two.ann_git(&["reset", "-q", "--hard", "main"]).passed();
        two.ann_git(&["commit", "-q", "--allow-empty", "--no-verify", "-m", "another base"]).passed();
        match how {
            "rebase" => two.ann_git(&["rebase", "-q", "HEAD", "bob"]).passed(),
            _ => two.ann_git(&["cherry-pick", "bob"]).passed(),
        };
    };
    two.ann_git(&["checkout", "-q", "-b", "picked"]).passed();
    two.repo.git(&two.bob, &["checkout", "-q", "--detach"]);
    again("cherry-pick");
    carried(&[&lost]);
    let taken = two.ann_claims(&["name:x"]);
    again("cherry-pick");
    carried(&[&lost, &taken]);
    two.ann_git(&["push", "-q", "origin", "picked"]).silent();
    again("rebase");
    carried(&[&lost, &taken]);
    assert!(!two.message(two.ann()).contains(&other));
}

/// Two commits that become one, and what is committed where a rebase stands still.
#[test]
fn a_rebase_by_hand_keeps_trailers() {
    let two = Two::new();
    let lease = two.bob_claims(&["--path", "src"]);
    two.bob_commits("src/a", &[]).silent();
    write(&two.bob.join("src/b"), "more\n");
    // Somebody's, who had no jit.
    two.bob_can(&["-c", "core.hooksPath=/dev/null", "commit", "-qam", "without"]);
    let rebase = |todo: &str| {
        let edit = format!("sequence.editor=sed -i '{todo}'");
        two.bob_git(&["-c", &edit, "-c", "core.editor=true", "rebase", "-q", "-i", "HEAD~2"]);
    };
    let trailers = || two.bob_can(&["log", "-1", "--format=%(trailers:key=Jit-Lease,valueonly)"]);
    assert_eq!(trailers().trim(), "");
    rebase("2s/^pick/squash/");
    assert_eq!(two.bob_can(&["rev-list", "--count", "main..bob"]).trim(), "1");
    assert_eq!(trailers().trim(), lease, "{}", two.message(&two.bob));
    two.bob_commits("src/b", &[]).silent();
    rebase("1s/^pick/edit/");
    two.bob_can(&["commit", "-q", "--amend", "-m", "renamed"]);
    assert_eq!(trailers().trim(), lease);
    two.bob_can(&["commit", "-q", "--allow-empty", "-m", "new"]);
    assert_eq!(trailers().trim(), lease);
    two.bob_can(&["-c", "core.editor=true", "rebase", "--continue"]);
    // What goes on behind them is no end of theirs; what is quoted is nobody's.
    let other = two.ann_claims(&["name:x"]);
    let more = format!("a subject\n\nJit-Lease: {lease}\n\nand more\n\nJit-Lease: {other}\n\nquoted");
    two.bob_can(&["commit", "-q", "--amend", "-m", &more]);
    assert_eq!(trailers().trim(), lease);
}

/// Who lost it to another and has it again, by a lease that follows on nothing, may push all of it; the
/// hints on the way there work as they stand.
#[test]
fn whoever_has_it_again_may_push_it() {
    let two = Two::new();
    let bare = two.repo.dir().join("bare.git");
    two.repo.init(&bare, &["--bare"]);
    two.repo.git(two.ann(), &["remote", "add", "origin", bare.to_str().unwrap()]);
    let lease = two.bob_claims(&["name:dep", "--path", "src"]);
    two.bob_commits("src/a", &[]).silent();
    let taken = two.ann_takes(&lease, "src");
    let push = ["push", "-q", "origin", "bob"];
    two.bob_git(&push)
        .refused(&["hint: leave it to agent:ann; or take it when it is free", "--wait 10m && git"]);
    two.repo.agent("ann").jit(["claim", "release", &taken]).ok();
    let refused = two.bob_git(&push).err;
    let (_, command) = refused.lines().find_map(|line| line.split_once("on top: ")).unwrap();
    assert_eq!(
        command,
        "jit claim acquire name:dep --path :/src && git commit --allow-empty -m 'taken over'"
    );
    two.bob_claims(&["name:dep", "--path", ":/src"]);
    two.bob_git(&push).refused(&["hint: you have it now", "git commit --allow-empty -m 'taken over'"]);
    two.bob_git(&["commit", "-q", "--allow-empty", "-m", "taken over"]).silent();
    two.bob_git(&push).silent();
}

/// Two agents, the repository that they push to, and a lease of bob's that ann took over.
struct Pushed {
    two: Two,
    bare: PathBuf,
}

impl Pushed {
    /// With these hooks where they push to.
    fn to(hook: &str) -> Self {
        let two = Two::new();
        let bare = two.repo.dir().join("bare.git");
        two.repo.init(&bare, &["--bare"]);
        two.repo.git(two.ann(), &["remote", "add", "origin", bare.to_str().unwrap()]);
        two.ann_git(&["push", "-q", "origin", "main"]).silent();
        two.repo.agent("root").at(&bare).jit(["hooks", "install", hook]).ok();
        Self { two, bare }
    }

    /// Bob commits, and then ann has what he had.
    fn bob_loses(&self) -> String {
        let lease = self.two.bob_claims(&["name:x"]);
        self.two.bob_commits("src/a", &[]).silent();
        self.two.repo.agent("ann").jit(["claim", "force-evict", &lease, "--reason", "gone"]).ok();
        self.two.ann_claims(&["name:x"])
    }

    fn ann_commits(&self, file: &str) {
        write(&self.two.ann().join(file), format!("ann {file}\n"));
        self.two.ann_git(&["add", "-A"]).passed();
        self.two.ann_git(&["commit", "-qm", "ann's"]).silent();
    }

    fn memory(&self) -> PathBuf {
        self.bare.join("jit/pushed.json")
    }
}

/// Whatever the pusher's own hook would say: it is asked for nothing here.
const PUSH: [&str; 4] = ["push", "-q", "--no-verify", "origin"];

#[test]
fn where_others_push_to_a_lower_fence_is_refused() {
    for hook in ["pre-receive", "update"] {
        let pushed = Pushed::to(hook);
        let (two, taken) = (&pushed.two, pushed.bob_loses());
        let late = two.repo.git(&two.bob, &["rev-parse", "--short=12", "HEAD"]);
        pushed.ann_commits("doc/b");
        // Nothing came before: what is first is the highest.
        two.ann_git(&[&PUSH[..], &["main"]].concat()).silent();
        let words = [&*late, "name:x comes too late", "what was offered before", "agent:ann", &taken];
        two.bob_git(&[&PUSH[..], &["bob"]].concat()).refused(&words);
        two.bob_git(&[&PUSH[..], &["bob:refs/heads/other"]].concat()).refused(&words);
        // Of people as well: it is no question of who pushes.
        two.git_as("human:zoe", &two.bob, &[&PUSH[..], &["bob"]].concat()).refused(&words);
        // Whoever built on it may bring it along.
        two.ann_git(&["merge", "-q", "--no-edit", "bob"]).passed();
        pushed.ann_commits("doc/c");
        two.ann_git(&[&PUSH[..], &["main"]].concat()).silent();
        two.bob_git(&[&PUSH[..], &["bob"]].concat()).silent();
        two.bob_git(&[&PUSH[..], &[":bob"]].concat()).silent();
        let doctor = two.repo.agent("root").at(&pushed.bare).jit(["doctor"]);
        assert_eq!(doctor.ok()["healthy"], true, "the memory belongs there");
    }
}

/// A push is compared with what was there before it, whatever the order of its references.
#[test]
fn what_comes_together_is_not_compared_with_itself() {
    for hook in ["pre-receive", "update"] {
        let pushed = Pushed::to(hook);
        let two = &pushed.two;
        pushed.bob_loses();
        pushed.ann_commits("doc/b");
        two.ann_git(&[&PUSH[..], &["main:refs/heads/a", "bob:refs/heads/b"]].concat()).silent();
        let memory = fs::read_to_string(pushed.memory()).unwrap();
        assert!(memory.contains("agent:ann") && !memory.contains("agent:bob"), "{memory}");
    }
}

/// A part of a push that is refused takes all of it along, and is not remembered.
#[test]
fn what_is_refused_is_not_remembered() {
    let pushed = Pushed::to("pre-receive");
    let two = &pushed.two;
    pushed.bob_loses();
    pushed.ann_commits("doc/b");
    two.ann_git(&[&PUSH[..], &["main"]].concat()).silent();
    let before = fs::read_to_string(pushed.memory()).unwrap();
    let lease = two.ann_claims(&["name:y"]);
    pushed.ann_commits("doc/c");
    two.ann_git(&[&PUSH[..], &["main", "bob"]].concat()).refused(&["comes too late"]);
    assert_eq!(fs::read_to_string(pushed.memory()).unwrap(), before);
    two.ann_git(&[&PUSH[..], &["main"]].concat()).silent();
    assert!(fs::read_to_string(pushed.memory()).unwrap().contains(&lease));
}

#[test]
fn where_nothing_is_managed_nothing_is_made() {
    let pushed = Pushed::to("pre-receive");
    let two = &pushed.two;
    two.bob_commits("src/a", &[]).silent();
    two.bob_git(&[&PUSH[..], &["bob"]].concat()).silent();
    assert!(!pushed.memory().exists());
}

#[test]
fn a_memory_that_cant_be_read_is_told() {
    let pushed = Pushed::to("pre-receive");
    let two = &pushed.two;
    pushed.bob_loses();
    two.bob_git(&[&PUSH[..], &["bob"]].concat()).silent();
    write(&pushed.memory(), "{");
    pushed.ann_commits("doc/b");
    let push = [&PUSH[..], &["main"]].concat();
    two.ann_git(&push).refused(&["can't tell", "pushed.json", "move it away"]);
    let root = two.repo.agent("root").at(&pushed.bare);
    root.jit(["config", "set", "enforce_agents", "warn"]).ok();
    two.ann_git(&push).warned(&["can't tell", "pushed.json"]);
    assert_eq!(fs::read_to_string(pushed.memory()).unwrap(), "{", "it is left for a person to look at");
    // What cannot be told is silent only where nobody wants to be told.
    root.jit(["config", "set", "enforce_agents", "off"]).ok();
    pushed.ann_commits("doc/c");
    two.ann_git(&push).silent();
}

/// Somebody's own hook sees what it saw before.
#[test]
fn a_hook_behind_reads_what_is_pushed() {
    let pushed = Pushed::to("pre-receive");
    let two = &pushed.two;
    let root = two.repo.agent("root").at(&pushed.bare);
    root.jit(["hooks", "uninstall"]).ok();
    let (hook, seen) = (pushed.bare.join("hooks/pre-receive"), two.repo.dir().join("seen"));
    assert!(!hook.exists());
    write(&hook, format!("#!/bin/sh\ncat >'{}'\n", seen.display()));
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    root.jit(["hooks", "install", "pre-receive"]).ok();
    pushed.bob_loses();
    two.bob_git(&[&PUSH[..], &["bob"]].concat()).silent();
    assert!(fs::read_to_string(seen).unwrap().ends_with(" refs/heads/bob\n"));
    assert!(pushed.memory().exists());
}

/// A push is told from others by the process that takes it; one that nobody tells is one by itself. The
/// second call is compared with what the first brought, unless both are of one push.
#[test]
fn a_push_is_told_from_others_by_its_process() {
    let named = |pid: u32| ["--push".to_owned(), pid.to_string()];
    for (is_told, ends) in [(false, false), (true, false), (true, true)] {
        let mut process = Command::new("sleep").arg("60").spawn().unwrap();
        let push = if is_told { &named(process.id())[..] } else { &[] };
        let pushed = Pushed::to("update");
        let two = &pushed.two;
        pushed.bob_loses();
        pushed.ann_commits("doc/b");
        // There, and on no branch.
        two.repo.git(&pushed.bare, &["fetch", "-q", two.ann().to_str().unwrap(), "main", "bob"]);
        let root = two.repo.agent("root").at(&pushed.bare);
        let asked = |branch: &str| {
            let (new, old) = (two.repo.git(two.ann(), &["rev-parse", branch]), "0".repeat(40));
            let words = ["hook", "update", "refs/heads/x", &old, &new].map(str::to_owned);
            root.jit(words.iter().chain(push))
        };
        assert_eq!(asked("main").status, Some(0));
        let mut end = || process.kill().and_then(|()| process.wait()).map(drop).unwrap();
        // Its number may be another's then.
        if ends {
            end();
        }
        let bobs = asked("bob");
        if !ends {
            end();
        }
        match is_told && !ends {
            true => assert_eq!(bobs.status, Some(0)),
            false => assert_eq!(bobs.refused(6).code, "lease_lost"),
        }
    }
}
