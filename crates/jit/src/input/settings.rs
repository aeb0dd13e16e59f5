//! The files with settings: the lease policy in the control plane, and `.jit/` in the worktree.

use std::path::{Path, PathBuf};

use jit_core::{Policy, PolicyError};
use jit_tracker::{Dir, Origin, Sink, Source};

use crate::error::Failure;
use crate::world::{POLICY, World};

/// What `.jit/config.toml` says when it is made.
const COMMITTED: &str = "\
# Settings of this project for jit, committed and merged like code.
# `jit init` seeds a new clone's lease policy from this file (`jit config list` shows the keys).
";

/// What Git is not to take along: a file that is being written, or was when its writer was killed.
const IGNORED: &str = ".*.draft";

/// The names of these files.
const SETTINGS: &str = "config.toml";
const IGNORE: &str = ".gitignore";

impl World<'_> {
    /// The policy, with unknown keys as errors.
    pub(crate) fn strict_policy(&self) -> Result<Policy, Failure> {
        let policy = self.policy()?.clone();
        match self.take_unknown().as_slice() {
            [] => Ok(policy),
            unknown => Err(Failure::unknown_settings(&self.control_plane()?.join(POLICY), unknown)),
        }
    }

    /// Changes one setting of the policy's file; returns the policy as it is then.
    pub(crate) fn edit_policy(&self, key: &str, value: Option<&str>) -> Result<Policy, Failure> {
        let (mut after, mut unknown) = Default::default();
        let edited = self.store()?.edit(&self.holder()?, POLICY, |text| {
            let text = Policy::edited(&text, key, value)?;
            (after, unknown) = Policy::parse(&text)?;
            Ok(text)
        });
        edited.map_err(|error| self.trouble(error))?.map_err(|error| match error {
            PolicyError::Unknown(warning) => Failure::no_such_setting(&warning),
            // What was to be set does not help a file that could not be followed before.
            error => match self.policy() {
                Err(failure) => failure,
                Ok(_) => Failure::usage(&error.to_string(), ""),
            },
        })?;
        self.set_unknown(unknown);
        Ok(after)
    }

    /// Makes what is not there of the files of `.jit/`: settings, and what Git is to ignore.
    pub(crate) fn make_settings(&self) -> Result<Vec<PathBuf>, Failure> {
        let Some((root, dir)) = self.settings_dir()? else { return Ok(Vec::new()) };
        let path = |name| root.join(".jit").join(name);
        let read = |name| dir.read(name).map_err(|error| Failure::not_read(&path(name), &error));
        let mut made = Vec::new();
        if read(SETTINGS)?.is_none() {
            dir.put(SETTINGS, COMMITTED.as_bytes())
                .map_err(|error| Failure::not_made(&path(SETTINGS), &error))?;
            made.push(path(SETTINGS));
        }
        let ignored = read(IGNORE)?.unwrap_or_default();
        if !String::from_utf8_lossy(&ignored).lines().any(|line| line.trim() == IGNORED) {
            dir.append(IGNORE, &format!("{IGNORED}\n"))
                .map_err(|error| Failure::not_made(&path(IGNORE), &error))?;
            made.push(path(IGNORE));
        }
        Ok(made)
    }

    /// The worktree's root, and `.jit/` in it.
    fn settings_dir(&self) -> Result<Option<(&Path, Dir)>, Failure> {
        let Some(root) = self.repo()?.worktree() else { return Ok(None) };
        let dir = Dir::below(root, ".jit", Origin::Worktree);
        Ok(Some((root, dir.map_err(|error| Failure::not_read(&root.join(".jit"), &error))?)))
    }

    /// Makes the policy's file, from the committed one if that says anything, if it is not there.
    pub(crate) fn seed_policy(&self) -> Result<Option<PathBuf>, Failure> {
        let committed = self.settings_dir()?.and_then(|(_, dir)| dir.read(SETTINGS).ok()?);
        let seed = match committed.map(String::from_utf8) {
            Some(Ok(text)) if text != COMMITTED => text,
            _ => Policy::template(),
        };
        let mut made = false;
        let edited = self.store()?.edit(&self.holder()?, POLICY, |text| {
            if !text.is_empty() {
                return Ok(text);
            }
            made = true;
            Policy::parse(&seed).map(|_| seed)
        });
        let committed = self.repo()?.worktree().unwrap_or(Path::new("")).join(".jit/config.toml");
        edited
            .map_err(|error| self.trouble(error))?
            .map_err(|error| Failure::committed_policy(&committed, &error))?;
        Ok(made.then_some(self.control_plane()?.join(POLICY)))
    }
}
