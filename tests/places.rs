//! Wherever in a repository, of whatever kind: the same leases.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::control::tree;
use crate::support::hint::shell;
use crate::support::issue::{commit, issue};
use crate::support::repo::{GIT_JIT, SOMEBODY, give, mkdir, write};
use crate::support::{Agent, Repo, skip};

/// What one place claims, each other place sees: they share this control plane, and every
/// worktree has its own identity.
fn share(repo: &Repo, control: &Path, places: &[PathBuf]) {
    for (i, place) in places.iter().enumerate() {
        let agent = repo.agent(&format!("in-{i}")).at(place);
        let info = agent.jit(["worktree", "info"]).ok();
        assert_eq!(info["control_plane"], control.to_str().unwrap(), "{}", place.display());
        let name = format!("name:p{i}");
        let lease = agent.claim(&name);
        for other in places {
            let seen = repo.agent("other").at(other);
            assert_eq!(
                seen.jit(["claim", "status", &name]).lease().lease_id,
                lease.lease_id,
                "{}",
                other.display()
            );
            seen.jit(["claim", "acquire", &name]).refused(5);
        }
        agent.jit(["claim", "release", &name]).ok();
    }
    repo.agent("doctor").at(&places[0]).jit(["doctor"]).ok();
}

fn identity(agent: &Agent<'_>) -> String {
    let info = agent.jit(["worktree", "info"]).ok();
    info["id"].as_str().unwrap_or_else(|| panic!("{info}")).to_owned()
}

/// The main worktree, a linked one, directories below, through a symlink, with spaces and other
/// letters; `-C`; and inside of the Git directory.
#[test]
fn from_any_directory() {
    let repo = Repo::new();
    let linked = repo.worktree("zwei Bäume 二");
    let below = [repo.main().join("a b/ç"), linked.join("deep/er")];
    below.iter().for_each(|dir| mkdir(dir));
    let link = repo.dir().join("link");
    symlink(&linked, &link).unwrap();
    let places = [
        repo.main().to_path_buf(),
        linked.clone(),
        below[0].clone(),
        below[1].clone(),
        link,
        repo.main().join(".git"),
    ];
    share(&repo, &repo.control(), &places);
    let elsewhere = repo.agent("c").at(repo.dir());
    elsewhere.jit(["-C", linked.to_str().unwrap(), "claim", "acquire", "name:c"]).lease();
    assert_eq!(repo.agent("d").holder_of("name:c").as_deref(), Some("agent:c"));
}

/// A bare repository with worktrees.
#[test]
fn in_a_bare_repository_with_worktrees() {
    let repo = Repo::new();
    let bare = repo.dir().join("bare.git");
    repo.git(repo.dir(), &["clone", "--quiet", "--bare", "main", "bare.git"]);
    let [one, two] = ["one", "two"].map(|name| {
        repo.git(&bare, &["worktree", "add", "--quiet", "-b", name, &format!("../{name}")]);
        repo.dir().join(name)
    });
    share(&repo, &bare.join("jit"), &[one, two, bare]);
}

/// A repository without commits, of SHA-256 objects, of reftable refs.
#[test]
fn in_repositories_of_any_format() {
    let repo = Repo::scratch();
    let formats = ["--object-format=sha1", "--object-format=sha256", "--ref-format=reftable"];
    for option in formats {
        let path = repo.dir().join(&option[2..]);
        mkdir(&path);
        if !skip::git_has("in_repositories_of_any_format", &repo, &path, option) {
            continue;
        }
        share(&repo, &path.join(".git/jit"), std::slice::from_ref(&path));
        let lease = repo.agent("a").at(&path).jit(["claim", "acquire", "name:branch"]).ok();
        assert_eq!(lease["lease"]["branch"], "main", "the branch that has no commit yet");
        repo.commit(&path);
        let linked = repo.dir().join(format!("linked {option}"));
        repo.git(&path, &["worktree", "add", "--quiet", "-b", "topic", linked.to_str().unwrap()]);
        share(&repo, &path.join(".git/jit"), &[path.clone(), linked.clone()]);
        let lease = repo.agent("a").at(&linked).jit(["claim", "acquire", "name:topic"]).ok();
        assert_eq!(lease["lease"]["branch"], "topic");
    }
}

/// A submodule has leases of its own, unless the superproject has a `.jit`.
#[test]
fn in_a_submodule() {
    let repo = Repo::new();
    let library = repo.dir().join("library");
    repo.init(&library, &[]);
    repo.commit(&library);
    repo.git(repo.main(), &["submodule", "--quiet", "add", library.to_str().unwrap(), "vendor/lib"]);
    repo.git(repo.main(), &["commit", "--quiet", "-m", "submodule"]);
    let inside = repo.main().join("vendor/lib");
    share(&repo, &repo.main().join(".git/modules/vendor/lib/jit"), std::slice::from_ref(&inside));
    write(&repo.main().join(".jit/config.toml"), "");
    share(&repo, &repo.control(), &[inside, repo.main().to_path_buf()]);
}

/// Git's own variables say where, as in its hooks.
#[test]
fn where_gits_variables_say() {
    let repo = Repo::warm();
    let linked = repo.worktree("two");
    let held = repo.agent("holder").claim("name:held");
    let git_dir = repo.main().join(".git");
    let outside = repo.agent("hook").at(repo.dir());
    let ways = [
        outside.clone().env("GIT_DIR", &git_dir),
        outside.clone().env("GIT_DIR", &git_dir).env("GIT_WORK_TREE", repo.main()),
        outside.clone().env("GIT_DIR", git_dir.join("worktrees/two")),
        outside.clone().env("GIT_DIR", git_dir.join("worktrees/two")).env("GIT_COMMON_DIR", &git_dir),
        repo.agent("hook")
            .at(&linked)
            .env("GIT_DIR", git_dir.join("worktrees/two"))
            .env("GIT_INDEX_FILE", "/nowhere"),
    ];
    for agent in ways {
        assert_eq!(
            agent.jit(["claim", "status", "name:held"]).lease().lease_id,
            held.lease_id,
            "{:?}",
            agent.command(["x"])
        );
        agent.jit(["claim", "acquire", "name:held"]).refused(5);
    }
    outside.jit(["claim", "list"]).refused(10);
}

/// Outside of a repository: exit 10, and what to do.
#[test]
fn outside_of_a_repository() {
    let repo = Repo::scratch();
    let lost = repo.agent("lost").at(repo.dir());
    for arguments in [&["claim", "acquire", "name:a"][..], &["claim", "list"], &["init"], &["doctor"]] {
        let trouble = lost.jit(arguments).refused(10);
        assert!(trouble.hint.is_some_and(|hint| hint.contains("git init")), "{arguments:?}");
    }
}

/// `git jit` is `jit`.
#[test]
fn as_a_git_command() {
    let repo = Repo::warm();
    let bin = Path::new(GIT_JIT).parent().unwrap();
    let path = std::env::join_paths(
        [bin.to_path_buf()].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let git = repo.agent("ann").program("git").env("PATH", path.unwrap());
    let linked = repo.worktree("two");
    let lease = git.clone().at(&linked).jit(["jit", "claim", "acquire", "name:a"]).lease();
    assert_eq!(repo.agent("bob").jit(["claim", "status", "name:a"]).lease().lease_id, lease.lease_id);
    git.jit(["jit", "claim", "acquire", "name:a"]).refused(5);
}

/// A worktree's identity goes with it when it is moved, is not another's after it was removed,
/// and nothing of jit is ever shown to Git as a change.
#[test]
fn an_identity_moves_with_its_worktree_and_is_never_committed() {
    let repo = Repo::new();
    let one = repo.worktree("one");
    let ann = repo.agent("ann").at(&one);
    let lease = ann.claim("name:a");
    let id = identity(&ann);
    assert_eq!(lease.worktree, id);
    assert_ne!(id, {
        repo.agent("ann").claim("name:b");
        identity(&repo.agent("ann"))
    });
    let moved = repo.dir().join("moved to ö");
    repo.git(repo.main(), &["worktree", "move", one.to_str().unwrap(), moved.to_str().unwrap()]);
    let ann = ann.at(&moved);
    assert_eq!(identity(&ann), id);
    assert_eq!(ann.jit(["claim", "renew", "name:a"]).leases()[0].lease_id, lease.lease_id);
    for place in [&moved, repo.main()] {
        assert_eq!(repo.git(place, &["status", "--porcelain", "--ignored", "--untracked-files=all"]), "");
    }
    // Another worktree of the same name is another one: the old lease is not its own.
    repo.git(repo.main(), &["worktree", "remove", "--force", moved.to_str().unwrap()]);
    repo.git(repo.main(), &["worktree", "add", "--quiet", moved.to_str().unwrap(), "one"]);
    ann.jit(["claim", "renew", "name:a"]).refused(6);
    ann.claim("name:c");
    assert_ne!(identity(&ann), id);
    let listed = ann.jit(["worktree", "list"]).ok();
    let ids: Vec<&Value> =
        listed["worktrees"].as_array().unwrap().iter().map(|worktree| &worktree["id"]).collect();
    assert_eq!(ids.len(), 2, "{listed}");
    assert!(ids.contains(&&Value::from(identity(&ann))), "{listed}");
}

/// A repository that belongs to another user, whom Git itself refuses: jit works as root, and
/// what it makes belongs to the owner (who can go on with it).
#[test]
fn in_another_users_repository() {
    if !skip::root("in_another_users_repository") {
        return;
    }
    let repo = Repo::new();
    let linked = repo.worktree("two");
    give(repo.main(), SOMEBODY);
    give(&linked, SOMEBODY);
    assert!(!repo.try_git(&linked, &["status"]).status.success(), "Git itself refuses this owner");
    let root = repo.agent("root").at(&linked);
    root.claim("name:a");
    root.jit(["compact"]).ok();
    root.jit(["init"]).ok();
    for path in tree(&repo.control())
        .into_iter()
        .chain(tree(&linked.join(".jit")))
        .chain(tree(&repo.main().join(".git/worktrees/two")))
    {
        let stat = fs::symlink_metadata(&path).unwrap();
        assert_eq!((stat.uid(), stat.gid()), (SOMEBODY, SOMEBODY), "{}", path.display());
    }
    give(&repo.dir().join("home"), SOMEBODY);
    let owner = repo.agent("owner").at(&linked).user(SOMEBODY);
    owner.jit(["claim", "acquire", "name:a"]).refused(5);
    owner.claim("name:b");
}

/// Where no issue's file can be written, issues are handed out all the same, and what can't be said
/// there is said; the way out works as printed.
#[test]
fn where_done_cannot_be_said_it_is_said() {
    let repo = Repo::warm();
    let ann = repo.agent("ann");
    let id = issue(&ann, "work", &[]);
    commit(&repo, repo.main(), "an issue");
    assert!(ann.jit(["claim", "acquire", &id]).warned().is_empty());
    ann.jit(["claim", "release", &id]).ok();
    repo.git(repo.dir(), &["clone", "--quiet", "--bare", "main", "bare.git"]);
    let mut places = vec![(repo.agent("ann").at(repo.dir().join("bare.git")), "bare")];
    if skip::root("where_done_cannot_be_said_it_is_said") {
        for dir in [repo.main().join(".git"), repo.dir().join("home")] {
            give(&dir, SOMEBODY);
        }
        places.push((repo.agent("ann").user(SOMEBODY), ".jit/issues can't be written"));
    }
    for (agent, why) in places {
        for command in [&["claim", "acquire", &id][..], &["claim", "next"]] {
            let warned = agent.jit(command).warned();
            assert!(warned.len() == 1 && warned[0].contains(why), "{warned:?}");
            let refused = agent.jit(["claim", "release", &id, "--done"]);
            assert!(matches!(refused.status, Some(2 | 9)), "{refused:?}");
            let out = warned[0].split_once("to another worktree: ").unwrap().1;
            assert_eq!(shell(&agent, out).status, Some(0), "{out}");
        }
        assert!(agent.jit(["claim", "acquire", "name:x"]).warned().is_empty());
    }
}
