//! Broken repositories get an error that names what is broken.

use std::path::Path;

use jit_git::{BranchError, DiscoverError, GitEnv, GitFileFault, Repo};

use crate::support::{NoGit, Sandbox, discover, mkdir, remove_dir, write};

fn error_in(cwd: &Path) -> DiscoverError {
    Repo::discover(cwd, &GitEnv::default()).unwrap_err()
}

#[test]
fn git_files_that_name_nothing() {
    let sandbox = Sandbox::new();
    let cwd = mkdir(sandbox.path("a"));
    let file = cwd.join(".git");
    for (content, expected) in [
        ("", GitFileFault::NoGitdirLine),
        ("nonsense\n", GitFileFault::NoGitdirLine),
        ("gitdir: \n", GitFileFault::NoPath),
        ("gitdir: /a\0b\n", GitFileFault::NulByte),
    ] {
        write(&file, content);
        let error = error_in(&cwd);
        assert!(
            matches!(&error, DiscoverError::GitFileMalformed { path, fault, .. }
                if *path == file && *fault == expected),
            "{content:?}: {error}"
        );
    }
    write(&file, "gitdir: ../gone\n");
    let error = error_in(&cwd);
    assert!(
        matches!(&error, DiscoverError::GitFileTargetMissing { path, target }
            if *path == file && *target == sandbox.path("gone")),
        "{error}"
    );
}

#[test]
fn a_fifo_in_place_of_the_git_file_does_not_hang() {
    let sandbox = Sandbox::new();
    let cwd = mkdir(sandbox.path("a"));
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, cwd.join(".git"), kind, mode, 0).unwrap();
    let error = error_in(&cwd);
    assert!(matches!(error, DiscoverError::GitFileMalformed { .. }), "{error}");
}

#[test]
fn an_endless_git_file_is_not_read_to_its_end() {
    let sandbox = Sandbox::new();
    let cwd = mkdir(sandbox.path("a"));
    write(&cwd.join(".git"), vec![b'x'; 200 * 1024]);
    let error = error_in(&cwd);
    assert!(matches!(error, DiscoverError::Unreadable { .. }), "{error}");
    assert!(error.to_string().contains("64 KiB"), "{error}");
}

#[test]
fn a_long_path_in_a_git_file_is_read_whole() {
    let sandbox = Sandbox::new();
    let name = "n".repeat(200);
    let main = sandbox.repository([&name[..], &name, &name, &name].join("/"));
    let linked = sandbox.linked(&main, "wt");
    let repo = crate::support::agrees(&sandbox, &linked);
    assert_eq!(repo.common_dir(), main.join(".git"));
}

#[test]
fn a_linked_worktree_whose_repository_is_gone_or_broken() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let linked = sandbox.linked(&main, "wt");
    let commondir = main.join(".git/worktrees/wt/commondir");
    for content in ["../../../nowhere\n", "\n", ""] {
        write(&commondir, content);
        let error = error_in(&linked);
        assert!(
            matches!(&error, DiscoverError::CommonDirMissing { path, .. } if *path == commondir),
            "{content:?}: {error}"
        );
    }
    remove_dir(&main);
    let error = error_in(&linked);
    assert!(
        matches!(&error, DiscoverError::GitFileTargetMissing { path, .. }
            if *path == linked.join(".git")),
        "{error}"
    );
    assert!(error.to_string().contains("git worktree repair"), "{error}");
}

#[test]
fn a_current_directory_that_is_not_there() {
    let sandbox = Sandbox::new();
    let error = Repo::discover_from(&sandbox.path("none"), &GitEnv::default()).unwrap_err();
    assert!(matches!(error, DiscoverError::Unreadable { .. }), "{error}");
}

#[test]
fn a_head_that_names_nothing() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let repo = discover(&main);
    for content in ["", "nonsense\n", "ref: main\n"] {
        write(&main.join(".git/HEAD"), content);
        let error = repo.branch(&NoGit).unwrap_err();
        assert!(
            matches!(&error, BranchError::Malformed { path, found }
                if path.ends_with("HEAD") && found == content),
            "{error}"
        );
    }
}

#[test]
fn a_git_that_is_not_there_or_refuses() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let repo = discover(&main);
    write(&main.join(".git/HEAD"), "ref: refs/heads/.invalid\n");
    let missing = jit_git::SystemGit::at("/no/such/git");
    let error = repo.branch(&missing).unwrap_err();
    assert!(error.to_string().contains("/no/such/git"), "{error}");
    let error = repo.branch(&jit_git::SystemGit::at("/bin/false"));
    assert!(matches!(error, Ok(None)), "false exits 1, like -q");
    write(&main.join(".git/config"), "[core]\nrepositoryformatversion = 99\n");
    let error = repo.branch(&crate::support::system_git()).unwrap_err();
    assert!(error.to_string().contains("exit status 128"), "{error}");
}
