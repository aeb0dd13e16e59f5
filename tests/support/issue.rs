//! Issues as tests make and see them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Agent, Repo};

/// A new issue's id.
#[track_caller]
pub(crate) fn issue(agent: &Agent<'_>, title: &str, more: &[&str]) -> String {
    let made = agent.jit([&["issue", "create", "--title", title], more].concat()).ok();
    made["issue"]["id"].as_str().unwrap().to_owned()
}

/// The ids of a list.
#[track_caller]
pub(crate) fn ids(answer: &Value) -> Vec<String> {
    let issues = answer["issues"].as_array().unwrap();
    issues.iter().map(|issue| issue["id"].as_str().unwrap().to_owned()).collect()
}

/// What a listing found, whatever it warns of.
#[track_caller]
pub(crate) fn listed(agent: &Agent<'_>, command: &[&str]) -> Value {
    let answer = agent.jit(command);
    let document: Value = serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("{answer:?}"));
    document["data"].clone()
}

/// Where an issue's file is in a worktree.
pub(crate) fn file(root: &Path, id: &str) -> PathBuf {
    root.join(format!(".jit/issues/{id}.json"))
}

/// The file as the main worktree has it.
pub(crate) fn text(repo: &Repo, id: &str) -> String {
    fs::read_to_string(file(repo.main(), id)).unwrap_or_default()
}

/// Commits all that is in a worktree.
#[track_caller]
pub(crate) fn commit(repo: &Repo, root: &Path, subject: &str) {
    repo.git(root, &["add", "-A"]);
    repo.git(root, &["commit", "--quiet", "-m", subject]);
}

/// So many seconds after a time, as JSON has it.
pub(crate) fn later(time: &Value, secs: u64) -> Value {
    let time: jit_core::WallTime = time.as_str().unwrap().parse().unwrap();
    Value::from(time.plus_secs(secs).to_string())
}
