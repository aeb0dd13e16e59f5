//! What Git's hooks stop and let through, with real Git and the real program.

use std::fs;

use crate::support::repo::write;
use crate::support::two::Two;

#[test]
fn a_commit_over_anothers_paths_is_refused_and_passes_after_the_right_claim() {
    let two = Two::new();
    let lease = two.ann_claims(&["--path", "src", "--task", "the parser"]);
    two.bob_commits("src/a", &[]).refused(&["src/a", "agent:ann", "the parser"]);
    // Whatever index is committed.
    two.bob_can(&["reset", "-q"]);
    for options in [&["-a"][..], &["-o", "src/a"], &["-i", "src/a"]] {
        two.bob_git(&[&["commit", "-qm", "x"], options].concat()).refused(&["src/a"]);
        two.bob_can(&["reset", "-q"]);
    }
    two.bob_can(&["reset", "-q", "--hard"]);
    // Both names of a renaming, and what goes.
    two.bob_can(&["mv", "src/b", "doc/b"]);
    two.bob_git(&["commit", "-qm", "x"]).refused(&["src/b"]);
    two.bob_can(&["reset", "-q", "--hard"]);
    two.bob_can(&["rm", "-q", "src/b"]);
    two.bob_git(&["commit", "-qm", "x"]).refused(&["src/b"]);
    two.bob_can(&["reset", "-q", "--hard"]);
    // What nobody covers is anybody's, and the holder's own is its own.
    two.bob_commits("doc/a", &[]).silent();
    write(&two.ann().join("src/a"), "ann\n");
    two.ann_git(&["commit", "-qam", "ann's"]).silent();
    two.repo.agent("ann").jit(["claim", "release", &lease]).ok();
    two.bob_claims(&["--path", "src"]);
    two.bob_commits("src/a", &[]).silent();
}

/// Whatever the repository's own files say of submodules.
#[test]
fn another_commit_of_a_submodule_is_a_change() {
    let two = Two::new();
    let tip = two.repo.git(two.ann(), &["rev-parse", "HEAD"]);
    write(&two.bob.join(".gitmodules"), "[submodule \"vendor\"]\npath = vendor\nurl = ../x\nignore = all\n");
    two.bob_can(&["add", "-A"]);
    two.bob_can(&["update-index", "--add", "--cacheinfo", &format!("160000,{tip},vendor")]);
    two.ann_claims(&["--path", "vendor"]);
    two.bob_git(&["commit", "-qm", "x"]).refused(&["vendor", "agent:ann"]);
}

/// Paths are those of the root, wherever one stands and however Git is told to show them.
#[test]
fn what_is_staged_is_named_from_the_root() {
    let two = Two::new();
    two.ann_claims(&["--path", "src"]);
    write(&two.bob.join("src/a"), "bob\n");
    two.bob_can(&["add", "-A"]);
    two.bob_can(&["config", "extensions.worktreeConfig", "true"]);
    two.bob_can(&["config", "--worktree", "core.worktree", two.bob.to_str().unwrap()]);
    two.bob_can(&["config", "diff.relative", "true"]);
    let check = ["claim", "check", "--staged"];
    for dir in ["src", "doc"] {
        assert!(
            two.repo.agent("bob").at(two.bob.join(dir)).jit(check).refused(5).names("src/a"),
            "from {dir}"
        );
    }
}

#[test]
fn one_keeps_to_the_paths_that_one_claimed() {
    let two = Two::new();
    let lease = two.bob_claims(&["name:x", "--path", "src"]);
    let refused = two.bob_commits("doc/a", &[]);
    let hint = format!("jit claim extend {lease} --path :/doc/a");
    refused.refused(&["do not cover doc/a", &hint]);
    two.repo.agent("bob").at(&two.bob).jit(["claim", "extend", &lease, "--path", ":/doc/a"]).ok();
    two.bob_git(&["commit", "-qm", "x"]).silent();
    // A lease of no paths says nothing of paths.
    two.ann_claims(&["name:y"]);
    write(&two.ann().join("file"), "ann\n");
    two.ann_git(&["commit", "-qam", "ann's"]).silent();
}

/// A person is warned, and the settings decide who is.
#[test]
fn people_are_warned_where_agents_are_refused() {
    let two = Two::new();
    two.ann_claims(&["--path", "src"]);
    write(&two.bob.join("src/a"), "zoe\n");
    let commit = ["commit", "-qam", "x"];
    two.git_as("human:zoe", &two.bob, &commit).warned(&["warning: ", "src/a", "agent:ann"]);
    write(&two.bob.join("src/a"), "bob\n");
    two.bob_git(&commit).refused(&["src/a"]);
    two.repo.agent("ann").jit(["config", "set", "enforce_agents", "warn"]).ok();
    two.bob_git(&commit).warned(&["src/a"]);
    two.repo.agent("ann").jit(["config", "set", "enforce_agents", "off"]).ok();
    write(&two.bob.join("src/a"), "bob again\n");
    two.bob_git(&commit).silent();
}

/// Nobody took it over, so nothing is refused; but it carries no trailers any more.
#[test]
fn a_commit_under_a_lapsed_lease_is_warned_of() {
    let two = Two::new();
    let lease = two.bob_claims(&["--path", "src", "--ttl", "1s"]);
    two.bob_commits("src/a", &[]).silent();
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let again = "take it anew: jit claim acquire --path :/src";
    for file in ["src/a", "doc/a"] {
        let said = two.bob_commits(file, &[]);
        assert!(said.ok, "{said:?}");
        for part in [&*lease, "lapsed", again] {
            assert!(said.err.contains(part), "{part}: {}", said.err);
        }
        assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    }
    // Also once another writer evicted it, for whom it was not in the way.
    two.ann_claims(&["name:x"]);
    let said = two.bob_commits("doc/a", &[]);
    assert!(said.ok && said.err.contains(again) && said.err.contains("claim abandon"), "{said:?}");
    // Who has something else meanwhile is told where it matters.
    two.bob_claims(&["name:y"]);
    two.bob_commits("doc/a", &[]).silent();
    let said = two.bob_commits("src/b", &[]);
    assert!(said.ok && said.err.contains("lapsed"), "{said:?}");
}

/// Who says nothing of who it is acts for the one who works in the worktree.
#[test]
fn whoever_commits_in_a_worktree_is_the_one_who_works_there() {
    let two = Two::new();
    let lease = two.bob_claims(&["--path", "src"]);
    write(&two.bob.join("src/a"), "bob\n");
    two.git_as("", &two.bob, &["commit", "-qam", "x"]).silent();
    assert!(two.message(&two.bob).contains(&format!("Jit-Lease: {lease}\n")));
    write(&two.ann().join("src/a"), "x\n");
    two.git_as("", two.ann(), &["commit", "-qam", "x"]).refused(&["agent:bob"]);
}

/// What a merge brings along was done by whoever committed it.
#[test]
fn in_a_merge_only_what_differs_from_every_parent_counts() {
    let two = Two::new();
    let lease = two.ann_claims(&["--path", "src"]);
    write(&two.ann().join("src/a"), "ann\n");
    write(&two.ann().join("doc/a"), "ann\n");
    two.repo.agent("ann").jit(["claim", "extend", &lease, "--path", "doc/a"]).ok();
    two.ann_git(&["commit", "-qam", "ann's"]).silent();
    two.repo.agent("ann").jit(["claim", "release", &lease]).ok();
    two.bob_commits("doc/a", &[]).silent();
    two.ann_claims(&["--path", "src"]);
    two.bob_git(&["merge", "-q", "main"]).refused(&[]);
    write(&two.bob.join("doc/a"), "both\n");
    two.bob_can(&["add", "doc/a"]);
    write(&two.bob.join("src/b"), "bob\n");
    two.bob_can(&["add", "src/b"]);
    two.bob_git(&["commit", "-qm", "x"]).refused(&["src/b", "agent:ann"]);
    two.bob_can(&["checkout", "-q", "HEAD", "src/b"]);
    two.bob_git(&["commit", "-qm", "merged"]).silent();
}

#[test]
fn commits_say_under_which_lease_they_were_made() {
    let two = Two::new();
    two.bob_commits("doc/a", &[]).silent();
    assert_eq!(two.message(&two.bob), "bob's");
    let lease = two.bob_claims(&["name:x", "--path", "src"]);
    two.bob_commits("src/a", &["--no-verify"]).silent();
    let status = two.repo.agent("bob").at(&two.bob).jit(["claim", "status", "name:x"]).lease();
    let log = fs::read_to_string(two.repo.log()).unwrap();
    let fence = two.message(&two.bob);
    let fence = fence.lines().find_map(|line| line.strip_prefix("Jit-Fence: ")).unwrap();
    let (plane, number) = fence.split_once('/').unwrap();
    assert!(log.contains(plane) && number == status.fence.to_string(), "{fence}");
    let said =
        format!("bob's\n\nJit-Issue: name:x\nJit-Lease: {lease}\nJit-Fence: {fence}\nJit-Agent: agent:bob");
    assert_eq!(two.message(&two.bob), said);
    // Said once, however often it is made again, and not said anew.
    two.bob_can(&["commit", "-q", "--amend", "--no-edit"]);
    assert_eq!(two.message(&two.bob), said);
    two.repo.agent("bob").at(&two.bob).jit(["claim", "release", "name:x"]).ok();
    two.bob_claims(&["name:y"]);
    two.ann_git(&["commit", "-q", "--allow-empty", "-m", "ann's"]).silent();
    two.bob_can(&["rebase", "-q", "main"]);
    assert_eq!(two.message(&two.bob), said);
    two.bob_can(&["branch", "old"]);
    two.bob_can(&["reset", "-q", "--hard", "main"]);
    two.bob_can(&["cherry-pick", "old"]);
    assert_eq!(two.message(&two.bob), said);
}

/// Whatever the user's settings make of other trailers.
#[test]
fn trailers_have_one_form() {
    let two = Two::new();
    let lease = two.bob_claims(&["--path", "src"]);
    two.bob_can(&["config", "trailer.separators", "#"]);
    two.bob_commits("src/a", &[]).silent();
    two.bob_can(&["commit", "-q", "--amend", "--no-edit"]);
    let message = two.message(&two.bob);
    assert_eq!(message.matches(&format!("Jit-Lease: {lease}\n")).count(), 1, "{message}");
    two.ann_takes(&lease, "src");
    let bare = two.repo.dir().join("bare.git");
    two.repo.init(&bare, &["--bare"]);
    two.bob_git(&["push", "-q", bare.to_str().unwrap(), "bob"]).refused(&["agent:ann took over"]);
}

/// An empty message calls a commit off; one that was written gets its trailers.
#[test]
fn what_is_edited_gets_its_trailers_afterwards() {
    let two = Two::new();
    let lease = two.bob_claims(&["name:x"]);
    let editor = |text: &str| {
        let script = two.repo.dir().join("editor");
        write(
            &script,
            format!("#!/bin/sh\n{{ printf '{text}'; cat \"$1\"; }} >\"$1.new\" && mv \"$1.new\" \"$1\"\n"),
        );
        let command = format!("core.editor=sh '{}'", script.display());
        two.bob_git(&["-c", &command, "commit", "-v", "--allow-empty"])
    };
    editor("").refused(&["empty commit message"]);
    editor("a subject\\n").passed();
    let message = two.message(&two.bob);
    assert!(message.starts_with("a subject\n\nJit-Issue: name:x\n") && message.contains(&lease), "{message}");
}

/// Whose leases were all taken over puts nothing new on a branch, whatever it says; and can do
/// everything else.
#[test]
fn a_superseded_worktree_gets_no_commit_on_a_branch() {
    let two = Two::new();
    let bob = two.repo.agent("bob").at(&two.bob);
    let lease = two.bob_claims(&["--path", "src"]);
    two.bob_commits("src/a", &[]).silent();
    two.ann_takes(&lease, "src");
    two.bob_commits("src/a", &[]).refused(&["src/a", "agent:ann"]);
    let words = &["gets no commit from here", "agent:ann took over", "jit claim abandon"];
    two.bob_git(&["commit", "-qm", "x", "--no-verify"]).refused(words);
    two.bob_can(&["reset", "-q", "--hard", "HEAD~1"]);
    // Back to where the branch was: nothing else leads there by now.
    two.bob_can(&["reset", "-q", "--hard", "HEAD@{1}"]);
    // Of other paths too: it does not know what else it has missed.
    two.bob_commits("doc/a", &["-n"]).refused(words);
    two.repo.agent("ann").jit(["config", "set", "enforce_agents", "warn"]).ok();
    two.bob_commits("doc/a", &["-n"]).refused(words);
    two.repo.agent("ann").jit(["config", "unset", "enforce_agents"]).ok();
    for fine in [
        &["stash", "-q"][..],
        &["stash", "pop", "-q"],
        &["stash", "-q"],
        &["branch", "side", "main"],
        &["branch", "-D", "side"],
        &["tag", "v1"],
        &["update-ref", "refs/jit/salvage/x", "HEAD"],
        &["merge", "-q", "--ff-only", "bob"],
        &["checkout", "-q", "--detach"],
        &["commit", "-q", "--allow-empty", "-m", "on no branch"],
    ] {
        two.bob_can(fine);
    }
    // What was made on no branch is put on none, nor on one elsewhere.
    two.bob_git(&["branch", "-f", "side", "HEAD"]).refused(words);
    let bare = two.repo.dir().join("bare.git");
    two.repo.init(&bare, &["--bare"]);
    let push = |what: &str| two.bob_git(&["push", "-q", bare.to_str().unwrap(), what]);
    push("HEAD:refs/heads/main").refused(&["main gets no commit from here", "agent:ann took over"]);
    push("main").silent();
    two.bob_can(&["checkout", "-q", "bob"]);
    // A rebase that is given up.
    two.ann_git(&["commit", "-q", "--allow-empty", "-m", "ann's"]).silent();
    two.bob_git(&["rebase", "-q", "main"]).refused(words);
    two.bob_can(&["rebase", "--abort"]);
    bob.jit(["claim", "abandon"]).ok();
    two.bob_commits("doc/a", &[]).silent();
    // Nor does anybody who took its own lease again, or holds another.
    let lease = two.bob_claims(&["--path", "doc"]);
    bob.jit(["claim", "force-evict", &lease, "--reason", "stuck"]).ok();
    two.bob_claims(&["--path", "doc"]);
    two.bob_commits("doc/a", &[]).silent();
}

/// A lease that lapsed and that nobody took over is no reason.
#[test]
fn a_lost_lease_that_nobody_has_is_no_reason() {
    let two = Two::new();
    let lease = two.bob_claims(&["--path", "src"]);
    two.repo.agent("ann").jit(["claim", "force-evict", &lease, "--reason", "gone"]).ok();
    two.bob_commits("src/a", &[]).passed();
    two.ann_claims(&["--path", "src"]);
    two.bob_commits("doc/a", &["-n"]).refused(&["agent:ann"]);
}

/// A state that can't be read stops who is bound, and warns who is not.
#[test]
fn what_cant_be_told_is_said() {
    let two = Two::new();
    two.ann_claims(&["name:x"]);
    two.ann_claims(&["name:y"]);
    let log = fs::read_to_string(two.repo.log()).unwrap();
    write(&two.repo.log(), log.replacen("name:x", "name:z", 1));
    for file in fs::read_dir(two.repo.control()).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().contains("index") {
            fs::remove_file(path).unwrap();
        }
    }
    two.bob_commits("doc/a", &[]).refused(&["jit can't tell whether this may be done", "jit doctor"]);
    two.bob_git(&["commit", "-qnm", "x"]).refused(&["jit can't tell"]);
    two.git_as("human:zoe", &two.bob, &["commit", "-qm", "x"]).warned(&["warning: jit can't tell"]);
}

/// Where nothing is managed, nothing is said and nothing made.
#[test]
fn where_jit_is_not_used_its_hooks_are_silent() {
    let two = Two::new();
    let control = two.repo.control();
    fs::remove_dir_all(&control).unwrap();
    two.bob_commits("src/a", &[]).silent();
    let bare = two.repo.dir().join("bare.git");
    two.repo.init(&bare, &["--bare"]);
    two.bob_git(&["push", "-q", bare.to_str().unwrap(), "bob"]).silent();
    assert!(!control.exists());
}

/// As agents read it.
#[test]
fn what_agents_read_of_verdicts() {
    let two = Two::new();
    let lease = two.bob_claims(&["--path", "src"]);
    two.bob_commits("src/a", &[]).silent();
    let outside = two.bob_commits("doc/a", &[]).err;
    two.bob_can(&["reset", "-q", "--hard"]);
    let taken = two.ann_takes(&lease, "src");
    let held = two.bob_commits("src/a", &[]).err;
    let branch = two.bob_git(&["commit", "-qnm", "x"]).err;
    let bare = two.repo.dir().join("bare.git");
    two.repo.init(&bare, &["--bare"]);
    let push = two.bob_git(&["push", "-q", bare.to_str().unwrap(), "bob"]).err;
    let commit = two.repo.git(&two.bob, &["rev-parse", "--short=12", "HEAD"]);
    let said = format!("-- outside\n{outside}-- held\n{held}-- on the branch\n{branch}-- push\n{push}")
        .replace(two.repo.dir().to_str().unwrap(), "<dir>")
        .replace(&lease, "<bob's>")
        .replace(&taken, "<ann's>")
        .replace(&commit, "<commit>");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>");
    settings.add_filter(r"\d+m \d+s left", "<left>");
    settings.add_filter("fatal: in 'prepared' phase.*", "fatal: ref updates aborted by hook");
    settings.add_filter(r"--to-worktree [0-9a-f-]{36}", "--to-worktree <his>");
    settings.bind(|| insta::assert_snapshot!("hook_verdicts", said));
}
