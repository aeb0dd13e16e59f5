//! The identity of a worktree: made once, durable, one for all.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::{Barrier, Mutex};
use std::time::Duration;

use jit_git::{IdentityError, IdentityFault, Modes, SharedRepository};
use uuid::Uuid;

use crate::support::{Sandbox, discover, mkdir, remove_dir, write};

const PATIENCE: Duration = Duration::from_secs(5);
const A: Uuid = Uuid::from_u128(0xA);
const B: Uuid = Uuid::from_u128(0xB);

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn made_once_and_read_back() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let repo = discover(&main);
    assert_eq!(repo.read_identity().unwrap(), None);
    let modes = Modes::default();
    assert_eq!(repo.ensure_identity(A, modes, PATIENCE).unwrap().id, A);
    assert_eq!(repo.ensure_identity(B, modes, PATIENCE).unwrap().id, A);
    assert_eq!(repo.read_identity().unwrap().unwrap().id, A);
    let jit = main.join(".git/jit");
    assert_eq!(mode(&jit), 0o700);
    assert_eq!(mode(&jit.join("worktree.json")), 0o600);
    let names: Vec<_> = fs::read_dir(&jit).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing temporary stays: {names:?}");
}

#[test]
fn modes_are_exact_whatever_the_umask() {
    let sandbox = Sandbox::new();
    for (name, shared, dir, file) in [
        ("g", SharedRepository::Group, 0o2770, 0o660),
        ("all", SharedRepository::All, 0o2775, 0o664),
        ("m", SharedRepository::Mode(0o640), 0o2750, 0o640),
    ] {
        let main = sandbox.repository(name);
        discover(&main).ensure_identity(A, shared.modes(), PATIENCE).unwrap();
        assert_eq!(mode(&main.join(".git/jit")), dir, "{name}");
        assert_eq!(mode(&main.join(".git/jit/worktree.json")), file, "{name}");
    }
}

#[test]
fn each_worktree_has_its_own_and_keeps_it_when_moved() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let linked = sandbox.linked(&main, "wt");
    let modes = Modes::default();
    discover(&main).ensure_identity(A, modes, PATIENCE).unwrap();
    assert_eq!(discover(&linked).read_identity().unwrap(), None);
    discover(&linked).ensure_identity(B, modes, PATIENCE).unwrap();
    let file = main.join(".git/worktrees/wt/jit/worktree.json");
    assert!(file.exists());
    sandbox.git(&main, &["worktree", "move", "../wt", "../moved"]);
    let moved = discover(&sandbox.path("moved"));
    assert_eq!(moved.read_identity().unwrap().unwrap().id, B);
    sandbox.git(&main, &["worktree", "remove", "../moved"]);
    assert!(!file.exists());
    assert_eq!(discover(&main).read_identity().unwrap().unwrap().id, A);
}

#[test]
fn a_bare_repository_has_one() {
    let sandbox = Sandbox::new();
    sandbox.git(sandbox.root(), &["init", "-q", "--bare", "b.git"]);
    let repo = discover(&sandbox.path("b.git"));
    repo.ensure_identity(A, Modes::default(), PATIENCE).unwrap();
    assert!(sandbox.path("b.git/jit/worktree.json").exists());
}

#[test]
fn racing_threads_get_one_identity() {
    const THREADS: usize = 16;
    let sandbox = Sandbox::new();
    for round in 0..25 {
        let repo = discover(&sandbox.empty_repository(format!("r{round}"), &[]));
        let barrier = Barrier::new(THREADS);
        let answers = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for i in 0..THREADS {
                let (repo, barrier, answers) = (&repo, &barrier, &answers);
                scope.spawn(move || {
                    let fresh = Uuid::from_u128(1 + i as u128);
                    barrier.wait();
                    let answer = repo.ensure_identity(fresh, Modes::default(), PATIENCE);
                    answers.lock().unwrap().push(answer.unwrap().id);
                });
            }
        });
        let answers = answers.into_inner().unwrap();
        let kept = repo.read_identity().unwrap().unwrap().id;
        assert_eq!(answers, vec![kept; THREADS]);
        let names = fs::read_dir(repo.git_dir().join("jit")).unwrap().count();
        assert_eq!(names, 1, "nothing temporary stays");
        let content = fs::read(repo.git_dir().join("jit/worktree.json")).unwrap();
        assert!(content.ends_with(b"}\n"), "confirmed, and by one line end");
    }
}

/// A sync of it may have failed before: only a rename of its own is one that the next caller's
/// sync makes durable. What newer versions say in the file stays.
#[test]
fn an_unconfirmed_file_is_written_anew_by_the_next_caller() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let repo = discover(&main);
    let file = main.join(".git/jit/worktree.json");
    let content = format!(r#"{{"schema_version":1,"id":"{A}","new":1}}"#);
    write(&file, &content);
    let found = fs::metadata(&file).unwrap().ino();
    assert_eq!(repo.read_identity().unwrap().unwrap().id, A);
    assert_eq!(repo.confirmed_identity().unwrap(), None);
    assert_eq!(fs::read_to_string(&file).unwrap(), content, "reads do not write");
    let got = repo.ensure_identity(B, Modes::default(), PATIENCE).unwrap();
    assert_eq!(got.id, A);
    assert_eq!(fs::read_to_string(&file).unwrap(), content + "\n");
    let anew = fs::metadata(&file).unwrap().ino();
    assert_ne!(anew, found, "it was not renamed");
    assert_eq!(repo.ensure_identity(B, Modes::default(), PATIENCE).unwrap().id, A);
    assert_eq!(fs::metadata(&file).unwrap().ino(), anew, "and once is enough");
}

#[test]
fn one_at_a_time_makes_it() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let repo = discover(&main);
    let jit = fs::File::open(mkdir(main.join(".git/jit"))).unwrap();
    jit.lock().unwrap();
    let error = repo.ensure_identity(A, Modes::default(), Duration::ZERO).unwrap_err();
    assert!(matches!(&error, IdentityError::Locked { path, .. } if path.ends_with(".git/jit")), "{error}");
    assert_eq!(repo.read_identity().unwrap(), None);
    drop(jit);
    // A Git that another test is just starting has the descriptor until it is executed.
    assert_eq!(repo.ensure_identity(A, Modes::default(), PATIENCE).unwrap().id, A);
}

#[test]
fn symlinks_in_its_place_are_refused() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let repo = discover(&main);
    let elsewhere = mkdir(sandbox.path("elsewhere"));
    symlink(&elsewhere, main.join(".git/jit")).unwrap();
    for prepared in [false, true] {
        if prepared {
            let identity = format!("{{\"schema_version\":1,\"id\":\"{A}\"}}\n");
            write(&elsewhere.join("worktree.json"), identity);
        }
        let error = repo.ensure_identity(A, Modes::default(), PATIENCE).unwrap_err();
        assert!(
            matches!(&error, IdentityError::NotPlain { path, wanted: "directory" }
                if path.ends_with("jit")),
            "{error}"
        );
    }
    let other = sandbox.repository("other");
    let target = elsewhere.join("worktree.json");
    mkdir(other.join(".git/jit"));
    symlink(&target, other.join(".git/jit/worktree.json")).unwrap();
    let repo = discover(&other);
    for error in
        [repo.read_identity().unwrap_err(), repo.ensure_identity(A, Modes::default(), PATIENCE).unwrap_err()]
    {
        let plain = matches!(&error, IdentityError::NotPlain { wanted: "file", .. });
        assert!(plain, "{error}");
    }
}

#[test]
fn a_dangling_symlink_or_a_file_in_its_place_is_refused() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    write(&main.join(".git/jit"), "a file");
    let repo = discover(&main);
    let error = repo.ensure_identity(A, Modes::default(), PATIENCE).unwrap_err();
    assert!(matches!(error, IdentityError::NotPlain { wanted: "directory", .. }), "{error}");
}

#[test]
fn damage_and_unknown_versions() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let repo = discover(&main);
    let file = main.join(".git/jit/worktree.json");
    for (content, unknown) in [
        ("", false),
        ("{\"schema_version\":1,\"id\":\"0190", false),
        ("{\"schema_version\":7,\"who\":\"knows\"}\n", true),
    ] {
        write(&file, content);
        for error in [
            repo.read_identity().unwrap_err(),
            repo.ensure_identity(A, Modes::default(), PATIENCE).unwrap_err(),
        ] {
            let IdentityError::Faulty { path, fault } = &error else {
                panic!("{error}");
            };
            assert_eq!(path, &file);
            let is_unknown = *fault == IdentityFault::UnknownSchema { found: 7 };
            assert_eq!(is_unknown, unknown, "{error}");
        }
        assert_eq!(fs::read(&file).unwrap(), content.as_bytes(), "kept");
    }
}

#[test]
fn where_it_cannot_be_written() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let repo = discover(&main);
    remove_dir(&main.join(".git"));
    let error = repo.ensure_identity(A, Modes::default(), PATIENCE).unwrap_err();
    assert!(matches!(&error, IdentityError::Unwritable { path, .. } if path.ends_with(".git")), "{error}");
}
