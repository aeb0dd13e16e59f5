//! Looking at a control plane from outside, and putting one where it is not at ease.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::answer::Answer;
use crate::support::repo::{Agent, Repo, mkdir};

/// Everything below a directory, and itself.
pub(crate) fn tree(dir: &Path) -> Vec<PathBuf> {
    let mut found = vec![dir.to_path_buf()];
    if dir.is_dir() {
        for entry in fs::read_dir(dir).unwrap() {
            found.extend(tree(&entry.unwrap().path()));
        }
    }
    found
}

/// Every file below a directory with its bytes; not the locks, which say nothing of leases.
pub(crate) fn contents(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let locks = dir.join("locks");
    let files = tree(dir).into_iter().filter(|path| path.is_file() && !path.starts_with(&locks));
    files.map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

/// Commands that would write, or say whether they could.
pub(crate) fn writes(agent: &Agent<'_>) -> Vec<Answer> {
    [
        &["claim", "acquire", "name:new"][..],
        &["claim", "acquire", "name:new", "--dry-run"],
        &["claim", "renew", "name:held"],
        &["claim", "release", "name:held"],
        &["claim", "heartbeat"],
        &["claim", "force-evict", "name:held", "--reason", "test"],
        &["compact"],
    ]
    .into_iter()
    .map(|arguments| agent.jit(arguments))
    .collect()
}

/// Commands that only read, and work.
#[track_caller]
pub(crate) fn reads(agent: &Agent<'_>) {
    assert_eq!(agent.jit(["claim", "list"]).leases()[0].issues, ["name:held"]);
    assert_eq!(agent.jit(["claim", "status", "name:held"]).lease().agent, "agent:ann");
    assert!(!agent.jit(["claim", "history"]).ok()["records"].as_array().unwrap().is_empty());
    agent.jit(["claim", "status"]).ok();
    agent.jit(["claim", "wait", "name:free"]).ok();
    agent.jit(["claim", "wait", "name:held", "--timeout", "0s"]).refused(8);
    agent.jit(["worktree", "info"]).ok();
    agent.jit(["worktree", "list"]).ok();
    agent.jit(["config", "list"]).ok();
}

/// A repository where ann holds something.
pub(crate) fn held() -> Repo {
    let repo = Repo::warm();
    repo.agent("ann").claim("name:held");
    repo
}

/// Writing is refused with this code, and says which directory it is about; nothing changes.
#[track_caller]
pub(crate) fn refused(repo: &Repo, agent: &Agent<'_>, code: &str) {
    let before = contents(&repo.control());
    let control = repo.control().to_str().unwrap().to_owned();
    for answer in writes(agent) {
        let trouble = answer.refused(9);
        assert_eq!(trouble.code, code, "{trouble:?}");
        let says =
            format!("{} {} {}", trouble.message, trouble.hint.clone().unwrap_or_default(), trouble.context);
        assert!(says.contains(&control), "does not say which directory: {trouble:?}");
    }
    assert!(contents(&repo.control()) == before, "something was changed");
}

/// A file system that is unmounted at the end.
pub(crate) struct Mount(pub(crate) PathBuf);

impl Mount {
    pub(crate) fn tmpfs(at: &Path, size: &str) -> Self {
        mkdir(at);
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(at)
            .status();
        assert!(status.unwrap().success());
        Self(at.to_path_buf())
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
