//! What is committed of issues' files: by whoever works on them, and as done under a lease.

use std::fs;
use std::path::Path;

use crate::support::issue::issue;
use crate::support::repo::write;
use crate::support::two::Two;

/// The data plane goes by who works on the issue alone.
#[test]
fn an_issues_file_is_its_holders() {
    let two = Two::new();
    let ann = two.repo.agent("ann");
    ann.jit(["init"]).ok();
    let id = issue(&ann, "one", &[]);
    two.ann_git(&["add", "-A"]).passed();
    two.ann_git(&["commit", "-qm", "an issue"]).silent();
    two.bob_can(&["merge", "-q", "main"]);
    two.ann_claims(&[&id, "--path", "src"]);
    let file = format!(".jit/issues/{id}.json");
    let text = fs::read_to_string(two.bob.join(&file)).unwrap();
    two.bob_commits(".jit/events/x.jsonl", &[]).silent();
    two.bob_claims(&["--path", "doc"]);
    write(&two.bob.join(&file), text.replace("\"one\"", "\"two\""));
    two.bob_git(&["commit", "-qam", "x"]).refused(&[&file, "agent:ann", "git restore --staged"]);
    write(&two.ann().join(&file), text.replace("\"one\"", "\"uno\""));
    two.ann_git(&["commit", "-qam", "ann's"]).silent();
    // What was written while one held it is committed although somebody else holds it by now; not
    // what was lost.
    for (end, committed) in [("release", true), ("force-evict", false)] {
        let ends: &[&str] = match committed {
            true => &["claim", end, &id],
            false => &["claim", end, &id, "--reason", "gone"],
        };
        ann.jit(ends).ok();
        two.repo.agent("cleo").at(two.bob.clone()).jit(["claim", "acquire", &id]).lease();
        write(&two.ann().join(&file), text.replace("\"one\"", &format!("\"{end}\"")));
        let commit = two.ann_git(&["commit", "-qam", "ann's"]);
        assert_eq!(commit.ok, committed, "{commit:?}");
        two.repo.agent("cleo").at(two.bob.clone()).jit(["claim", "release", &id]).ok();
        two.ann_claims(&[&id]);
    }
}

/// Whoever gave it up before its holder had it, and in another worktree, says nothing for this one.
#[test]
fn what_others_gave_up_is_nobodys_reason() {
    let (two, [id]) = with_issues();
    let cleo = two.repo.agent("cleo").at(two.repo.worktree("third"));
    cleo.jit(["claim", "acquire", &id]).lease();
    cleo.jit(["claim", "release", &id]).ok();
    two.ann_claims(&[&id]);
    let path = two.bob.join(file(&id));
    write(&path, fs::read_to_string(&path).unwrap().replace("issue 0", "mine"));
    two.bob_git(&["commit", "-qam", "x"]).refused(&["somebody else works on that issue", "agent:ann"]);
}

/// Nor what somebody gave up before another's lease of it ended.
#[test]
fn what_was_lost_after_it_was_given_up_is_no_reason() {
    let (two, [id]) = with_issues();
    let (ann, cleo) = (two.repo.agent("ann"), two.repo.agent("cleo").at(two.bob.clone()));
    two.ann_claims(&[&id]);
    ann.jit(["claim", "release", &id]).ok();
    cleo.jit(["claim", "acquire", &id]).lease();
    ann.jit(["claim", "force-evict", &id, "--reason", "gone"]).ok();
    cleo.jit(["claim", "acquire", &id]).lease();
    let path = two.ann().join(file(&id));
    write(&path, fs::read_to_string(&path).unwrap().replace("issue 0", "mine"));
    two.ann_git(&["commit", "-qam", "x"]).refused(&["somebody else works on that issue", "agent:cleo"]);
}

/// Ann's repository with so many issues, committed and in bob's branch too.
fn with_issues<const N: usize>() -> (Two, [String; N]) {
    let two = Two::new();
    let ann = two.repo.agent("ann");
    ann.jit(["init"]).ok();
    let ids = std::array::from_fn(|n| issue(&ann, &format!("issue {n}"), &[]));
    two.ann_git(&["add", "-A"]).passed();
    two.ann_git(&["commit", "-qm", "issues"]).silent();
    two.bob_can(&["merge", "-q", "main"]);
    (two, ids)
}

fn file(id: &str) -> String {
    format!(".jit/issues/{id}.json")
}

/// Somebody's editor writes that the work was done.
fn says_done(worktree: &Path, id: &str) {
    let path = worktree.join(file(id));
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"ready\""), "{text}");
    fs::write(path, text.replace("\"ready\"", "\"done\"")).unwrap();
}

/// Section 6: moving an issue to `done` needs its lease.
#[test]
fn an_issue_is_done_under_a_lease() {
    let (two, [by_hand, held, released, gated]) = with_issues();
    let ann = two.repo.agent("ann");
    let commit = ["commit", "-qam", "x"];
    says_done(two.ann(), &by_hand);
    let back = format!("git restore --staged --worktree :/{}", file(&by_hand));
    let refused = two.ann_git(&commit);
    let claim = format!("jit claim acquire {by_hand}");
    refused.refused(&[&file(&by_hand), "nobody did it under a lease", &back, &claim]);
    two.ann_git(&back.split(' ').skip(1).collect::<Vec<_>>()).passed();
    // The holder may, before it is released and afterwards.
    for id in [&by_hand, &held] {
        two.ann_claims(&[id]);
        says_done(two.ann(), id);
        two.ann_git(&commit).silent();
        ann.jit(["claim", "release", id, "--done"]).ok();
        two.ann_git(&["commit", "-qam", "x", "--allow-empty"]).silent();
    }
    two.ann_claims(&[&released]);
    ann.jit(["claim", "release", &released, "--done"]).ok();
    two.ann_git(&commit).silent();
    // What the log has as done is known, though a file says less of it.
    let behind = two.bob.join(file(&released));
    write(&behind, fs::read_to_string(&behind).unwrap().replace("\"ready\"", "\"gated\""));
    two.bob_git(&commit).silent();
    // Neither does a file pass the gates.
    ann.jit(["gate", "define", "review", "--manual"]).ok();
    ann.jit(["gate", "add", &gated, "review"]).ok();
    two.ann_git(&["add", "-A"]).passed();
    two.ann_git(&["commit", "-qm", "x"]).silent();
    two.ann_claims(&[&gated]);
    ann.jit(["claim", "release", &gated, "--done"]).ok();
    two.ann_git(&commit).silent();
    ann.jit(["gate", "pass", &gated, "review"]).ok();
    two.ann_git(&commit).silent();
}

/// A file that is new, or that is taken away, moves nothing to `done`; nor what any parent says already.
#[test]
fn only_what_comes_to_say_done_needs_a_lease() {
    let (two, [by_hand, gone]) = with_issues();
    let text = fs::read_to_string(two.ann().join(file(&by_hand))).unwrap().replace("\"ready\"", "\"done\"");
    let new = "5f0f5a86-3c11-4c7e-9d2f-0b8f6f2d7a10";
    write(&two.ann().join(file(new)), text.replace(&by_hand, new));
    two.ann_git(&["rm", "-q", &file(&gone)]).passed();
    two.ann_git(&["add", "-A"]).passed();
    two.ann_git(&["commit", "-qm", "x"]).silent();
    // People are warned.
    says_done(two.ann(), &by_hand);
    two.git_as("human:zoe", two.ann(), &["commit", "-qam", "x"]).warned(&["nobody did it under a lease"]);
    two.bob_commits("doc/a", &[]).silent();
    two.bob_can(&["merge", "-q", "--no-commit", "main"]);
    let path = two.bob.join(file(&by_hand));
    write(&path, fs::read_to_string(&path).unwrap().replace("issue 0", "the issue"));
    two.bob_can(&["add", "-A"]);
    two.bob_git(&["commit", "-qm", "merged"]).silent();
    // What was done stays so.
    write(&path, fs::read_to_string(&path).unwrap().replace("the issue", "an issue"));
    two.bob_git(&["commit", "-qam", "x"]).silent();
}

/// Who gave an issue up is looked for in the log alone: what was sealed stops nobody by not being there.
#[test]
fn a_verdict_needs_no_archive() {
    let (two, [id]) = with_issues();
    let ann = two.repo.agent("ann");
    ann.jit(["compact"]).ok();
    fs::remove_dir_all(two.repo.control().join("archive")).unwrap();
    two.ann_claims(&[&id]);
    let path = two.bob.join(file(&id));
    write(&path, fs::read_to_string(&path).unwrap().replace("issue 0", "mine"));
    let commit = two.bob_git(&["commit", "-qam", "x"]);
    assert!(!commit.err.contains("can't tell"), "{commit:?}");
    commit.refused(&["somebody else works on that issue", "agent:ann"]);
}
