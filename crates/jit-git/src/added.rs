//! What `jit worktree add` notes of a worktree that it made, in that one's Git directory.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::repo::Repo;
use crate::shared_repository::Modes;
use crate::worktrees::Worktree;

const NOTE: &str = "jit/added.json";

/// That a worktree was made by jit, and is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The branch that was made with it, if one was.
    pub branch: Option<String>,
}

impl Worktree {
    /// What was noted when jit made it. What can't be read says nothing.
    pub fn added(&self) -> Option<Added> {
        let text = fs::read(self.git_dir.join(NOTE)).ok()?;
        let note: Value = serde_json::from_slice(&text).ok()?;
        (note["schema_version"] == 1).then(|| Added { branch: note["branch"].as_str().map(str::to_owned) })
    }
}

impl Repo {
    /// Notes that jit made this worktree, which has its identity already.
    ///
    /// # Errors
    /// When it can't be written; with the path.
    pub fn note_added(&self, added: &Added, modes: Modes) -> Result<(), (PathBuf, io::Error)> {
        let path = self.git_dir().join(NOTE);
        let text = json!({ "schema_version": 1, "branch": added.branch }).to_string();
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(modes.file)
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| (path, error))
    }
}
