//! Repositories that belong to another user.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use jit_git::{ConfigEnv, Modes};
use uuid::Uuid;

use crate::support::{NoGit, Sandbox, discover, git_has, is_root, system_git};

const SOMEBODY: u32 = 1000;

fn give(path: &Path) {
    chown(path, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path());
        }
    }
}

#[test]
fn discovery_branch_and_configuration() {
    if !is_root("discovery_branch_and_configuration") {
        return;
    }
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let linked = sandbox.linked(&main, "wt");
    sandbox.git(&main, &["config", "user.name", "Local Name"]);
    give(&main);
    give(&linked);
    let refused = sandbox.try_git(&linked, &Default::default(), &["rev-parse", "--git-dir"]);
    assert!(!refused.status.success(), "Git itself refuses this owner");
    let repo = discover(&linked);
    assert_eq!(repo.common_dir(), main.join(".git"));
    assert_eq!(repo.branch(&NoGit).unwrap().unwrap().to_string(), "wt");
    let name = repo.user_name(&ConfigEnv::default()).unwrap();
    assert_eq!(name.as_deref(), Some("Local Name"));
    assert_eq!(repo.worktrees(&NoGit).unwrap().len(), 2);
}

#[test]
fn branch_in_a_reftable() {
    let test = "other_owner::branch_in_a_reftable";
    let sandbox = Sandbox::new();
    if !is_root(test) || !git_has(&sandbox, test, "--ref-format=reftable") {
        return;
    }
    let main = sandbox.empty_repository("main", &["--ref-format=reftable"]);
    give(&main);
    let branch = discover(&main).branch(&system_git()).unwrap();
    assert_eq!(branch.unwrap().to_string(), "main");
}

#[test]
fn what_root_makes_belongs_to_the_owner() {
    if !is_root("what_root_makes_belongs_to_the_owner") {
        return;
    }
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    give(&main);
    let repo = discover(&main);
    repo.ensure_identity(Uuid::from_u128(1), Modes::default(), std::time::Duration::ZERO).unwrap();
    for made in [".git/jit", ".git/jit/worktree.json"] {
        let stat = fs::metadata(main.join(made)).unwrap();
        assert_eq!((stat.uid(), stat.gid()), (SOMEBODY, SOMEBODY), "{made}");
    }
}
