//! The files with settings: the lease policy in the control plane, and `.jit/` in the worktree.

#![allow(clippy::disallowed_methods, reason = "the adapter that makes .jit/")]

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::{Path, PathBuf};

use jit_core::{Policy, PolicyError};

use crate::error::Failure;
use crate::world::{POLICY, World};

/// What root makes in somebody's worktree belongs to its owner.
fn hand_over(worktree: &Path, made: &[&Path]) -> io::Result<()> {
    let owner = fs::metadata(worktree)?;
    for path in made {
        let now = fs::symlink_metadata(path)?;
        if now.uid() == 0 && (owner.uid(), owner.gid()) != (0, 0) {
            lchown(path, Some(owner.uid()), Some(owner.gid()))?;
        }
    }
    Ok(())
}

/// What `.jit/config.toml` says when it is made.
const COMMITTED: &str = "\
# Settings of this project for jit, committed and merged like code.
# `jit init` seeds a new clone's lease policy from this file (`jit config list` shows the keys).
";

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

    /// Makes `.jit/config.toml` in the worktree, if it is not there.
    pub(crate) fn make_settings(&self) -> Result<Option<PathBuf>, Failure> {
        let Some(root) = self.repo()?.worktree() else { return Ok(None) };
        let dir = root.join(".jit");
        let path = dir.join("config.toml");
        let made = fs::create_dir_all(&dir)
            .and_then(|()| OpenOptions::new().write(true).create_new(true).open(&path))
            .and_then(|mut file| file.write_all(COMMITTED.as_bytes()))
            .and_then(|()| hand_over(root, &[&dir, &path]));
        match made {
            Ok(()) => Ok(Some(path)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(Failure::not_made(&path, &error)),
        }
    }

    /// Makes the policy's file, from the committed one if that says anything, if it is not there.
    pub(crate) fn seed_policy(&self) -> Result<Option<PathBuf>, Failure> {
        let seed = match self.repo()?.worktree().map(|root| fs::read_to_string(root.join(".jit/config.toml")))
        {
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
