//! Messages, and which commits are new.

use std::path::Path;

use crate::support::{Sandbox, discover, system_git, write};

/// What Git prints, a line.
fn said(sandbox: &Sandbox, at: &Path, arguments: &[&str]) -> String {
    String::from_utf8(sandbox.git(at, arguments)).unwrap().trim_end().to_owned()
}

/// A commit is there once a reference leads to it, but for what a rebase notes while it is at work.
#[test]
fn a_commit_is_new_until_a_reference_leads_to_it() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r");
    let tree = said(&sandbox, &repository, &["rev-parse", "HEAD^{tree}"]);
    let made = said(&sandbox, &repository, &["commit-tree", &tree, "-p", "HEAD", "-m", "new"]);
    let unreferenced = || discover(&repository).unreferenced(&system_git(), &[&made]).unwrap();
    assert_eq!(unreferenced().as_deref(), Some(&*made));
    sandbox.git(&repository, &["update-ref", "refs/rewritten/onto", &made]);
    assert_eq!(unreferenced().as_deref(), Some(&*made));
    sandbox.git(&repository, &["update-ref", "refs/remotes/o/main", &made]);
    assert_eq!(unreferenced(), None);
}

/// Where a branch was before, it may be put again.
#[test]
fn a_branchs_log_says_where_it_was() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r");
    let first = said(&sandbox, &repository, &["rev-parse", "HEAD"]);
    sandbox.git(&repository, &["commit", "-q", "--allow-empty", "-m", "two"]);
    let second = said(&sandbox, &repository, &["rev-parse", "HEAD"]);
    sandbox.git(&repository, &["reset", "-q", "--hard", &first]);
    sandbox.git(&repository, &["branch", "side", &first]);
    let branch = said(&sandbox, &repository, &["symbolic-ref", "HEAD"]);
    let was = |branch: &str| discover(&repository).was_at(&system_git(), branch, &second);
    assert!(was(&branch) && !was("refs/heads/side") && !was("refs/heads/none"));
}

/// What Git cuts off or strips is no message.
#[test]
fn an_empty_message_is_known() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r");
    let message = sandbox.path("message");
    let scissors = "# ------------------------ >8 ------------------------";
    for (text, is_empty) in [
        (String::new(), true),
        ("\n  \n# a comment\n".to_owned(), true),
        (format!("# a comment\n{scissors}\n# Do not touch.\ndiff --git a/x b/x\n+more\n"), true),
        ("\na subject\n# a comment\n".to_owned(), false),
        (format!("a subject\n{scissors}\n"), false),
    ] {
        write(&message, &text);
        let said = discover(&repository).is_empty_message(&system_git(), &message).unwrap();
        assert_eq!(said, is_empty, "{text:?}");
    }
}
