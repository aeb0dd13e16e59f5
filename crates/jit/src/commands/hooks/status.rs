//! `jit hooks status`

use clap::{ArgMatches, Command};

use crate::error::Failure;
use crate::hooks::{Hook, WorktreeHooks, dirs, stands, warn_of_left};
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help(
        "Of each worktree's hooks: installed; chained (somebody's own runs behind it); missing; tracked (and\n\
         without jit: `jit hooks install` prints what to add); outdated (install it again); not executable\n\
         (Git does not run it); torn (one of the marks around jit's block is gone). Changes nothing.\n\n\
         Example: jit hooks status --json",
    )
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    let mut shown = Vec::new();
    for dir in dirs(world)? {
        Hook::all().for_each(|hook| warn_of_left(world, &dir, hook));
        let hooks =
            Hook::all().map(|hook| Ok((hook, stands(&dir, hook)?))).collect::<Result<Vec<_>, Failure>>()?;
        shown.extend(dir.worktrees.iter().map(|worktree| WorktreeHooks {
            worktree: worktree.clone(),
            dir: dir.path.clone(),
            hooks: hooks.clone(),
        }));
    }
    Ok(Output::Hooks(shown))
}
