//! Merge drivers and the merge of lines, with Git's own answers.

use crate::config::env;
use crate::support::{Sandbox, discover, system_git, write};
use jit_git::{GitEnv, UnmergedFile, merge_file};

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

/// Each version that the index has is told, from wherever one asks; a side without the file has none.
#[test]
fn what_a_merge_left_is_told() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    for name in ["both.json", "one.json", "quiet.json"] {
        write(&main.join("d").join(name), "base\n");
    }
    write(&main.join("outside"), "base\n");
    sandbox.git(&main, &["add", "-A"]);
    sandbox.git(&main, &["commit", "-qm", "base"]);
    let linked = sandbox.linked(&main, "linked");
    for (place, text) in [(&main, "theirs\n"), (&linked, "ours\n")] {
        write(&place.join("d/both.json"), text);
        write(&place.join("outside"), text);
    }
    write(&linked.join("d/one.json"), "ours\n");
    sandbox.git(&main, &["rm", "-q", "d/one.json"]);
    for place in [&main, &linked] {
        sandbox.git(place, &["add", "-A"]);
        sandbox.git(place, &["commit", "-qm", "a side"]);
    }
    let of_main = String::from_utf8(sandbox.git(&main, &["rev-parse", "HEAD"])).unwrap();
    assert!(!sandbox.try_git(&linked, &GitEnv::default(), &["merge", "-q", &of_main]).status.success());
    for place in [&linked, &linked.join("d")] {
        let repo = discover(place);
        let unmerged = repo.unmerged_files(&system_git(), "d").unwrap();
        let seen = |file: &UnmergedFile| {
            let text = |object: &String| repo.committed_contents(&system_git(), &[object]).unwrap().remove(0);
            let texts = file.versions.each_ref().map(|object| object.as_ref().and_then(text));
            (file.path.clone(), texts.map(|text| text.map(|text| String::from_utf8(text).unwrap())))
        };
        let [base, ours, theirs] = ["base\n", "ours\n", "theirs\n"].map(|text| Some(text.to_owned()));
        let expected = [
            ("d/both.json".into(), [base.clone(), ours.clone(), theirs]),
            ("d/one.json".into(), [base, ours, None]),
        ];
        assert_eq!(unmerged.iter().map(seen).collect::<Vec<_>>(), expected, "{}", place.display());
    }
    assert_eq!(discover(&main).unmerged_files(&system_git(), "d").unwrap(), []);
}
