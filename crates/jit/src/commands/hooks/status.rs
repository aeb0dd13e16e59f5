//! `jit hooks status`

use clap::{ArgMatches, Command};

use crate::error::Failure;
use crate::hooks::{Hook, Stands, WorktreeHooks, configured, dirs, stands, warn_of_left};
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help(
        "Of each worktree's hooks: configured (Git's configuration has it, for all of them); installed;\n\
         chained (somebody's own runs behind it); missing; tracked (and without jit: `jit hooks install` prints\n\
         what to add); outdated (install it again); not executable (Git does not run it); torn (one of the\n\
         marks around jit's block is gone). Changes nothing.\n\n\
         Example: jit hooks status --json",
    )
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    let (mut shown, configured) = (Vec::new(), configured(world)?);
    for dir in dirs(world)? {
        Hook::all().for_each(|hook| warn_of_left(world, &dir, hook));
        let stands = |hook| match configured.contains(&hook) {
            true => Ok((hook, Stands::Configured)),
            false => Ok((hook, stands(&dir, hook)?)),
        };
        let hooks = Hook::all().map(stands).collect::<Result<Vec<_>, Failure>>()?;
        shown.extend(dir.worktrees.iter().map(|worktree| WorktreeHooks {
            worktree: worktree.clone(),
            dir: dir.path.clone(),
            hooks: hooks.clone(),
        }));
    }
    Ok(Output::Hooks(shown))
}
