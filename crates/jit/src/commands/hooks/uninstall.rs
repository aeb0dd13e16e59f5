//! `jit hooks uninstall`

use clap::{ArgMatches, Command};
use jit_git::HookChange;

use crate::commands::{all, texts};
use crate::error::Failure;
use crate::hooks::{Did, Hook, configure, dirs, uninstalled, warn_of_left};
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(texts("HOOK", "HOOK", "Which, as install has them [default: all]"))
        .after_help(
            "Takes jit's block out of the hooks of every worktree, and puts back what was put aside. What else is\n\
             in a hook stays as it is, to the byte. A tracked hook is not touched. What another tool renamed is\n\
             found, and one that can't be changed (exit 10) does not keep it from the others.\n\n\
             Example: jit hooks uninstall pre-push",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let named = Hook::named(&all(matches, "HOOK"))?;
    let _lock = world.lock_worktrees()?;
    let (mut changes, mut failed) = (Vec::new(), None);
    let asked = || Hook::all().filter(|hook| named.is_empty() || named.contains(hook));
    for hook in asked() {
        let change = configure(world, hook, false)?;
        changes.extend((change.did != Did::Configured(HookChange::Nothing)).then_some(change));
    }
    for dir in dirs(world)? {
        for hook in asked() {
            let change = match uninstalled(&dir, hook) {
                Ok(change) => change,
                // The others are none the worse for it.
                Err(failure) => {
                    failed.get_or_insert(failure);
                    continue;
                }
            };
            warn_of_left(world, &dir, hook);
            // Most repositories are not pushed to.
            let of_note = change.did != Did::Changed(HookChange::Nothing) || Hook::CLIENT.contains(&hook);
            if of_note || !named.is_empty() {
                changes.push(change);
            }
        }
    }
    match failed {
        Some(failure) => Err(failure.of_one_hook(&changes)),
        None => Ok(Output::HooksChanged(changes)),
    }
}
