//! `jit hooks install`

use clap::{ArgMatches, Command};

use crate::commands::{all, texts};
use crate::error::Failure;
use crate::hooks::{Hook, dirs, installed, warn_of_left};
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.arg(texts("HOOK", "HOOK", "pre-commit, prepare-commit-msg, commit-msg, reference-transaction, pre-push [default: all these]; where others push to, pre-receive or update")).after_help(
        "Puts a marked block into the hooks of every worktree, wherever core.hooksPath says they are. A hook\n\
         that is there goes on working: a script of sh or bash gets the block at its top, any other is put\n\
         aside as NAME.jit-original and runs behind it. A hook that is tracked is not touched: what is to be\n\
         added to it is printed. Doing it again changes nothing; a tool that writes its hooks anew (husky,\n\
         lefthook, pre-commit) takes the block away, which `jit hooks status` shows.\n\
         Without jit on PATH the hooks warn, or block: jit config set hooks_without_jit block\n\
         Exit status 10: Git runs no hooks here, or a hook is in the way.\n\n\
         Examples: jit hooks install\n\x20         jit -C /srv/project.git hooks install pre-receive",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let mut hooks = Hook::named(&all(matches, "HOOK"))?;
    if hooks.is_empty() {
        hooks.extend(Hook::CLIENT);
    }
    let _lock = world.lock_issues()?;
    let mut changes = Vec::new();
    for dir in dirs(world)? {
        for hook in &hooks {
            changes.push(installed(&dir, *hook)?);
            warn_of_left(world, &dir, *hook);
        }
        if dir.is_elsewhere() {
            world.warn(format!(
                "{} is outside of this repository: in others that use it, the hooks are silent until jit is used there",
                dir.path.display()
            ));
        }
    }
    Ok(Output::HooksChanged(changes))
}
