//! Files as they are committed, compared with what was committed.

use crate::support::{Sandbox, discover, mkdir, system_git, write};

/// What is committed is read whatever the worktree has made of it since, from every kind of place.
#[test]
fn what_is_committed_is_read() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r");
    assert_eq!(
        discover(&repository).committed_files(&system_git(), ".jit/issues").unwrap().iter().count(),
        0
    );
    mkdir(repository.join(".jit/issues/deep"));
    let contents = ["one\n", "", "a\nlong\n\nlast line without its break"];
    for (name, content) in ["b.json", "ä b.json", "c.json"].iter().zip(contents) {
        write(&repository.join(".jit/issues").join(name), content);
    }
    write(&repository.join(".jit/issues/deep/d.json"), "not right in the directory");
    write(&repository.join(".jit/issues.txt"), "beside it");
    sandbox.git(&repository, &["add", "-A"]);
    sandbox.git(&repository, &["commit", "-qm", "issues"]);
    let linked = sandbox.linked(&repository, "linked");
    write(&repository.join(".jit/issues/b.json"), "changed since");
    let bare = sandbox.path("bare.git");
    sandbox.git(&repository, &["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);

    for place in [&repository, &repository.join(".jit"), &linked, &bare] {
        let repo = discover(place);
        let files = repo.committed_files(&system_git(), ".jit/issues").unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name).collect();
        assert_eq!(names, ["b.json", "c.json", "ä b.json"], "{}", place.display());
        assert_eq!(
            names.iter().map(|name| files.place(name)).collect::<Vec<_>>(),
            [Some(0), Some(1), Some(2)]
        );
        assert_eq!(["a", "bb", "ö"].map(|name| files.place(name)), [None; 3]);
        let objects: Vec<&str> = files.iter().map(|file| file.object).collect();
        let missing = "0".repeat(objects[0].len());
        let asked = [objects[0], &missing, objects[1], objects[2]];
        let read = repo.committed_contents(&system_git(), &asked).unwrap();
        let expected = [Some(contents[0]), None, Some(contents[2]), Some(contents[1])]
            .map(|content| content.map(Vec::from));
        assert_eq!(read, expected);
    }
}

/// Few are named to Git, of many it is asked for all: the answer is the same.
#[test]
fn what_files_are_called_in_a_commit() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r");
    mkdir(repository.join("d/deep"));
    let names: Vec<String> = (0..300).map(|n| format!("[{n}] ä")).collect();
    for name in &names {
        write(&repository.join("d").join(name), name);
    }
    write(&repository.join("d/deep/f"), "not right in the directory");
    sandbox.git(&repository, &["add", "-A"]);
    sandbox.git(&repository, &["commit", "-qm", "f"]);
    let repo = discover(&repository);
    let asked = |names: &[String]| repo.committed_objects(&system_git(), "HEAD", "d", names).unwrap();
    let mut wanted = vec!["none".to_owned(), names[7].clone(), "deep".to_owned(), names[1].clone()];
    for more in [&names[..3], &names[..]] {
        wanted.extend_from_slice(more);
        let objects = asked(&wanted);
        assert!(objects[0].is_none() && objects[2].is_none());
        let there: Vec<&str> = objects.iter().flatten().map(String::as_str).collect();
        let texts = repo.committed_contents(&system_git(), &there).unwrap();
        let expected = wanted.iter().filter(|name| name.starts_with('['));
        let expected: Vec<_> = expected.map(|name| Some(name.clone().into_bytes())).collect();
        assert_eq!(texts, expected);
    }
    assert_eq!(repo.committed_objects(&system_git(), "HEAD~1", "d", &wanted[..2]).unwrap(), [None, None]);
}

/// More than a pipe holds goes in and comes out.
#[test]
fn ten_thousand_contents_at_once() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r");
    mkdir(repository.join("d"));
    write(&repository.join("d/f"), "x".repeat(1000));
    sandbox.git(&repository, &["add", "-A"]);
    sandbox.git(&repository, &["commit", "-qm", "f"]);
    let repo = discover(&repository);
    let files = repo.committed_files(&system_git(), "d").unwrap();
    let read = repo.committed_contents(&system_git(), &vec![files.get(0).unwrap().object; 10_000]).unwrap();
    assert_eq!(read.len(), 10_000);
    assert!(read.iter().all(|content| content.as_ref().is_some_and(|content| content.len() == 1000)));
}

#[test]
fn a_repository_without_commits_has_none() {
    let sandbox = Sandbox::new();
    let repository = sandbox.empty_repository("r", &[]);
    assert_eq!(discover(&repository).committed_files(&system_git(), "d").unwrap().iter().count(), 0);
}

/// What another worktree's commit has otherwise, with its contents; nothing where there is no commit.
#[test]
fn what_another_commit_has_otherwise() {
    let sandbox = Sandbox::new();
    let repository = sandbox.empty_repository("r", &[]);
    let otherwise = |place| {
        let repo = discover(place);
        let files = repo.committed_otherwise(&system_git(), "d", "main-worktree/HEAD").unwrap();
        let objects: Vec<&str> = files.iter().map(|file| file.object).collect();
        let contents = repo.committed_contents(&system_git(), &objects).unwrap();
        let texts = contents.into_iter().map(|text| String::from_utf8(text.unwrap()).unwrap());
        files.iter().map(|file| file.name.to_owned()).zip(texts).collect::<Vec<_>>()
    };
    assert_eq!(otherwise(&repository), []);
    for (name, text) in [("same", "1"), ("ä changed", "1"), ("taken", "1"), ("deep/f", "1")] {
        write(&repository.join("d").join(name), text);
    }
    sandbox.git(&repository, &["add", "-A"]);
    sandbox.git(&repository, &["commit", "-qm", "one"]);
    let linked = sandbox.linked(&repository, "linked");
    assert_eq!(otherwise(&linked), []);
    for (name, text) in [("ä changed", "2"), ("new", "2"), ("deep/f", "2"), ("../e", "2")] {
        write(&repository.join("d").join(name), text);
    }
    sandbox.git(&repository, &["rm", "-q", "d/taken"]);
    sandbox.git(&repository, &["add", "-A"]);
    sandbox.git(&repository, &["commit", "-qm", "two"]);
    let named = |name: &str| (name.to_owned(), "2".to_owned());
    assert_eq!(otherwise(&linked), [named("new"), named("ä changed")]);
    assert_eq!(otherwise(&repository), []);
}
