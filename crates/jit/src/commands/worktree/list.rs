//! `jit worktree list`

use clap::{ArgMatches, Command};
use jit_git::{SystemGit, Worktree, WorktreeKind};

use crate::error::Failure;
use crate::output::Output;
use crate::worktrees::{Listed, Standing, branch, identity};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help(
        "Who holds a lease there, what it is of, for how long still; how many paths have changes that are not\n\
         committed; and by how many commits it is ahead (+) and behind (-) of its upstream, or, if it has none,\n\
         of the main worktree's branch. A worktree without an identity (in JSON) never claimed anything; of one\n\
         that can't be read, a warning says why. Takes no lock and changes nothing.\n\n\
         Example: jit worktree list --json",
    )
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    let worktrees = world.worktrees()?;
    for worktree in &worktrees {
        let identity = worktree.identity.as_ref().err().map(ToString::to_string);
        let branch = worktree.branch.as_ref().err().map(ToString::to_string);
        identity.into_iter().chain(branch).for_each(|error| world.warn(error));
    }
    // Worktrees are there without leases too.
    let (mut leases, now) = match world.read(&Standing(worktrees.iter().map(identity).collect())) {
        Ok(read) => read,
        Err(failure) => {
            world.warn(failure.message);
            (Vec::new(), world.now()?)
        }
    };
    leases.resize_with(worktrees.len(), Vec::new);
    let main = worktrees.iter().find(|worktree| worktree.kind != WorktreeKind::Linked).and_then(branch);
    let listed = worktrees.into_iter().zip(leases).map(|(worktree, leases)| {
        let drift = drift(world, &worktree, main.as_deref());
        Listed { worktree, leases, drift }
    });
    Ok(Output::Worktrees { worktrees: listed.collect(), look: world.look(now) })
}

/// How a worktree stands, where it is one.
fn drift(world: &World<'_>, worktree: &Worktree, main: Option<&str>) -> Option<jit_git::Drift> {
    if worktree.kind == WorktreeKind::Bare || !worktree.path.join(".git").exists() {
        return None;
    }
    let main = main.filter(|_| worktree.kind == WorktreeKind::Linked);
    worktree.drift(&SystemGit::on_path(), main).map_err(|error| world.warn(error.to_string())).ok()
}
