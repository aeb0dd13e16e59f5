//! `jit hooks install`

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_git::{HookChange, SystemGit};

use crate::commands::{all, texts};
use crate::error::Failure;
use crate::hooks::{Did, Hook, HookChanged, configure, dirs, installed, uninstalled, warn_of_left};
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    let files = Arg::new("files").long("files").action(ArgAction::SetTrue);
    command
        .arg(texts("HOOK", "HOOK", "pre-commit, prepare-commit-msg, commit-msg, reference-transaction, pre-push [default: all these]; where others push to, pre-receive or update"))
        .arg(files.help("Put them into files, where Git's configuration could have them: for older Gits that work here too"))
        .after_help(
            "Git 2.54 and later are told by the repository's configuration, for all its worktrees, and hooks in\n\
             files stay as they are. Others get a marked block in the hooks of every worktree, wherever\n\
             core.hooksPath says they are. A hook that is there goes on working: a script of sh or bash gets the\n\
             block at its top, any other is put aside as NAME.jit-original and runs behind it. A hook that is\n\
             tracked is not touched: what is to be added to it is printed. Doing it again changes nothing; a tool\n\
             that writes its hooks anew (husky, lefthook, pre-commit) takes the block away, which\n\
             `jit hooks status` shows.\n\
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
    let _lock = world.lock_worktrees()?;
    let runs_configured = || Ok::<_, Failure>(world.repo()?.runs_configured_hooks(&SystemGit::on_path())?);
    match !matches.get_flag("files") && runs_configured()? {
        true => in_configuration(world, &hooks),
        false => in_files(world, &hooks),
    }
    .map(Output::HooksChanged)
}

/// Once for all worktrees; what an earlier call put into files would ask twice.
fn in_configuration(world: &World<'_>, hooks: &[Hook]) -> Result<Vec<HookChanged>, Failure> {
    let mut changes =
        hooks.iter().map(|hook| configure(world, *hook, true)).collect::<Result<Vec<_>, _>>()?;
    // Where files can't be looked for, none were changed.
    for dir in dirs(world).unwrap_or_default() {
        for hook in hooks {
            let change = uninstalled(&dir, *hook)?;
            changes.extend((change.did != Did::Changed(HookChange::Nothing)).then_some(change));
            warn_of_left(world, &dir, *hook);
        }
    }
    Ok(changes)
}

fn in_files(world: &World<'_>, hooks: &[Hook]) -> Result<Vec<HookChanged>, Failure> {
    let mut changes = Vec::new();
    for hook in hooks {
        let change = configure(world, *hook, false)?;
        changes.extend((change.did != Did::Configured(HookChange::Nothing)).then_some(change));
    }
    for dir in dirs(world)? {
        for hook in hooks {
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
    Ok(changes)
}
