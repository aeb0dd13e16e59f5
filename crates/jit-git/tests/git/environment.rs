//! The variables that steer Git, compared with Git under the same variables.

use jit_git::{DiscoverError, GitEnv, Repo};

use crate::support::{Sandbox, agrees_with, both_find_none, mkdir, os, write};

#[test]
fn git_dir_and_work_tree() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let sub = mkdir(main.join("sub"));
    let outside = mkdir(sandbox.path("outside"));
    let linked = sandbox.linked(&main, "wt");
    let of_linked = main.join(".git/worktrees/wt");
    for (cwd, git_dir, work_tree) in [
        (&main, ".git".as_ref(), None),
        (&main, main.join(".git").as_os_str(), None),
        (&sub, "../.git".as_ref(), None),
        (&sub, "../.git".as_ref(), Some("..")),
        (&outside, "../main/.git".as_ref(), None),
        (&outside, "../main/.git".as_ref(), Some("../main")),
        (&outside, main.join(".git").as_os_str(), Some(".")),
        // As hooks in a linked worktree have it.
        (&linked, of_linked.as_os_str(), None),
        // A `.git` file is followed.
        (&outside, "../wt/.git".as_ref(), Some("../wt")),
        (&main.join(".git"), ".".as_ref(), Some("..")),
    ] {
        let env = GitEnv { git_dir: os(git_dir), work_tree: work_tree.and_then(os), ..GitEnv::default() };
        let repo = agrees_with(&sandbox, cwd, &env);
        assert_eq!(crate::support::real(repo.common_dir()), main.join(".git"), "{env:?}");
    }
}

#[test]
fn git_dir_of_a_bare_repository_and_a_configured_worktree() {
    let sandbox = Sandbox::new();
    sandbox.git(sandbox.root(), &["init", "-q", "--bare", "bare.git"]);
    let tree = mkdir(sandbox.path("tree"));
    let env = GitEnv { git_dir: os(sandbox.path("bare.git")), ..GitEnv::default() };
    assert_eq!(agrees_with(&sandbox, &tree, &env).worktree(), None);
    let main = sandbox.repository("main");
    let env = GitEnv { git_dir: os(main.join(".git")), ..GitEnv::default() };
    sandbox.git(&main, &["config", "core.worktree", "../../tree"]);
    let repo = agrees_with(&sandbox, &sandbox.path("bare.git"), &env);
    assert_eq!(repo.worktree(), Some(tree.as_path()));
    // As 'git config --worktree' moves it.
    sandbox.git(&main, &["config", "--unset", "core.worktree"]);
    sandbox.git(&main, &["config", "extensions.worktreeConfig", "true"]);
    write(&main.join(".git/config.worktree"), "[core]\nbare\n");
    let repo = agrees_with(&sandbox, &tree, &env);
    assert_eq!(repo.worktree(), None);
}

#[test]
fn work_tree_alone_and_common_dir() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let sub = mkdir(main.join("sub"));
    let env = GitEnv { work_tree: os("."), ..GitEnv::default() };
    let repo = agrees_with(&sandbox, &sub, &env);
    assert_eq!(repo.worktree(), Some(sub.as_path()));
    let linked = sandbox.linked(&main, "wt");
    for value in ["../main/.git".into(), main.join(".git").into_os_string()] {
        let env = GitEnv { common_dir: Some(value), ..GitEnv::default() };
        agrees_with(&sandbox, &linked, &env);
    }
}

#[test]
fn variables_that_name_nothing() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let missing = || os("missing");
    let cases = [
        ("GIT_DIR", GitEnv { git_dir: missing(), ..GitEnv::default() }),
        ("GIT_DIR", GitEnv { git_dir: os(""), ..GitEnv::default() }),
        ("GIT_COMMON_DIR", GitEnv { common_dir: missing(), ..GitEnv::default() }),
        ("GIT_WORK_TREE", GitEnv { work_tree: missing(), ..GitEnv::default() }),
    ];
    for (name, env) in cases {
        let error = Repo::discover(&main, &env).unwrap_err();
        assert!(
            matches!(&error, DiscoverError::Environment { variable, .. } if *variable == name),
            "{error}"
        );
    }
}

#[test]
fn ceilings() {
    let sandbox = Sandbox::new();
    let main = sandbox.repository("main");
    let deep = mkdir(main.join("a/b"));
    std::os::unix::fs::symlink(&main, sandbox.path("link")).unwrap();
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let (m, a, b) = (text(&main), text(&main.join("a")), text(&deep));
    let link = text(&sandbox.path("link"));
    let root = text(sandbox.root());
    let env = |list: &str| GitEnv { ceiling_directories: os(list), ..GitEnv::default() };
    for found in ["", &root, &b, "relative", "/", &format!(":{link}"), &format!("{root}:{b}")] {
        agrees_with(&sandbox, &deep, &env(found));
    }
    for not_found in
        [&m, &a, &format!("{a}/"), &link, &format!("{link}/a"), &format!("/x:{m}"), &format!(":{m}")]
    {
        both_find_none(&sandbox, &deep, &env(not_found));
    }
    agrees_with(&sandbox, &main, &env(&m));
}
