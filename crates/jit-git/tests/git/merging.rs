//! Merge drivers and the merge of lines, with Git's own answers.

use crate::config::env;
use crate::support::{Sandbox, discover, system_git, write};
use jit_git::merge_file;

#[test]
fn lines_are_merged_without_a_repository() {
    let sandbox = Sandbox::new();
    let path = |name: &str| sandbox.path(name).to_str().unwrap().to_owned();
    let merged = |ours: &str, theirs: &str| {
        write(&sandbox.path("base"), "a\nb\nc\nd\ne\n");
        write(&sandbox.path("our side"), ours);
        write(&sandbox.path("theirs"), theirs);
        let clean = merge_file(&system_git(), &path("our side"), &path("base"), &path("theirs"));
        (clean.ok(), std::fs::read_to_string(sandbox.path("our side")).unwrap())
    };
    assert_eq!(merged("A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n"), (Some(true), "A\nb\nc\nd\nE\n".into()));
    let (clean, text) = merged("a\nb\n1\nd\ne\n", "a\nb\n2\nd\ne\n");
    assert_eq!(clean, Some(false));
    assert_eq!(text, "a\nb\n<<<<<<< ours\n1\n=======\n2\n>>>>>>> theirs\nd\ne\n");
    assert_eq!(merged("no\0text", "a\n"), (None, "no\0text".into()), "as it was");
}

/// One configuration for all worktrees, as Git reads it.
#[test]
fn a_driver_is_configured_for_every_worktree() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let linked = sandbox.linked(&main, "linked");
    let repo = discover(&linked);
    assert_eq!(repo.merge_driver(&env(&sandbox), "one").unwrap(), None);
    let command = "one %O \"%A\"; test $? -le 1 # all";
    repo.set_merge_driver(&system_git(), "one", "One", command).unwrap();
    for place in [&main, &linked] {
        assert_eq!(discover(place).merge_driver(&env(&sandbox), "one").unwrap().as_deref(), Some(command));
        assert_eq!(sandbox.git(place, &["config", "merge.one.driver"]), command.as_bytes());
        assert_eq!(sandbox.git(place, &["config", "merge.one.name"]), b"One");
    }
}
