//! What the doctor has to say of this worktree's `.jit/`.

use std::path::{Path, PathBuf};

use jit_tracker::{Dir, Origin};

use crate::commands::gate_check::OUTPUTS;
use crate::error::Failure;
use crate::finding::Finding;
use crate::world::World;

/// What killed writers left.
pub(super) fn look(world: &World<'_>) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    for (path, dir) in written(world)? {
        let left = dir.leftovers().map_err(|error| Failure::not_read(&path, &error))?;
        findings.extend(left.into_iter().map(|name| Finding::draft(path.join(name))));
    }
    Ok(findings)
}

/// Takes it away.
pub(super) fn tidy(world: &World<'_>) -> Result<(), Failure> {
    let tidied = |(path, dir): (PathBuf, Dir)| dir.tidy().map_err(|error| Failure::not_made(&path, &error));
    written(world)?.into_iter().try_for_each(tidied)
}

/// The directories in which files are written over.
fn written(world: &World<'_>) -> Result<Vec<(PathBuf, Dir)>, Failure> {
    let repo = world.repo()?;
    let opened = |root: &Path, below: &str| {
        let path = root.join(below);
        let dir =
            Dir::below(root, below, Origin::Worktree).map_err(|error| Failure::not_read(&path, &error))?;
        Ok((path, dir))
    };
    let own = repo.worktree().into_iter().flat_map(|root| [(root, ".jit"), (root, ".jit/issues")]);
    own.chain([(repo.git_dir(), OUTPUTS)]).map(|(root, below)| opened(root, below)).collect()
}
