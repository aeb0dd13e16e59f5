//! Whether branches may get commits from a worktree, here or where it pushes to.

use jit_core::Holder;
use jit_core::verdict::Branch;
use jit_git::SystemGit;

use crate::error::Failure;
use crate::verdict::Objection;
use crate::world::World;

/// What speaks against it: all leases of the worktree were lost to others, and no reference leads to the
/// commit yet, nor was the branch there before. Each is a commit and the branch that gets it.
pub(crate) fn of_branches(
    world: &World<'_>,
    by: &Holder,
    updates: &[(&str, &str)],
) -> Result<Vec<Objection>, Failure> {
    let (replaced, now) = world.read(&Branch { worktree: by.worktree })?;
    if replaced.is_empty() {
        return Ok(Vec::new());
    }
    let (repo, git) = (world.repo()?, SystemGit::on_path());
    let failed = |error| Failure::git(&error);
    for (new, branch) in updates {
        let found = repo.unreferenced(&git, &[new]).map_err(failed)?;
        if found.is_some() && !repo.was_at(&git, branch, new) {
            let failure = Failure::branch_is_anothers(branch, &replaced, &world.look(now));
            return Ok(vec![Objection { failure, replaced: true }]);
        }
    }
    Ok(Vec::new())
}
