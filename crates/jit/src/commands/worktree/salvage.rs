//! `jit worktree salvage`

use clap::{ArgMatches, Command};
use jit_git::{Kept, SystemGit, real};

use crate::commands::{one, option, text};
use crate::error::Failure;
use crate::output::{Output, PutBack};
use crate::worktrees::MAKING;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand(Command::new("list").about("Show what was kept of worktrees that were removed").after_help(
            "Each is a commit that a reference below refs/jit/salvage/ leads to: its files are in worktree/, what\n\
             was staged in index/0/.\n\n\
             Example: jit worktree salvage list\n\
             Example: git show refs/jit/salvage/NAME:worktree/src/lib.rs",
        ))
        .subcommand(
            Command::new("restore")
                .about("Put what was kept into a new worktree")
                .arg(text("NAME", "NAME|REF", "What, as `list` names it; the branch is enough if only one of it was kept").required(true))
                .arg(option("at", "DIR", "Where [default: where it was]"))
                .after_help(
                    "Files, index and a merge in progress are as they were, to the byte. The branch is checked out if it\n\
                     is still where it was and nobody else is on it; if it is gone it is made again; else HEAD is detached.\n\
                     What was kept stays until it is deleted: git update-ref -d REF\n\
                     Not kept: empty directories, and permissions besides the executable bit. Not put back: what a rebase\n\
                     was to run (`exec`), and configuration; they may be somebody else's. The answer names them.\n\
                     Exit status 3: nothing was kept under that name; 7: something stands at the place already.\n\n\
                     Example: jit worktree salvage restore jit/3f2a91bc-rename-users --at ../again",
                ),
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    match matches.subcommand() {
        Some(("restore", matches)) => restore(world, matches),
        _ => Ok(Output::Salvages(world.repo()?.salvages(&SystemGit::on_path())?)),
    }
}

fn restore(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let name = one(matches, "NAME").unwrap_or_default();
    let kept = named(world, name)?;
    let path = match (one(matches, "at"), &kept.worktree) {
        (Some(at), _) => real(&world.path(at)),
        (None, Some(path)) => real(path),
        (None, None) => {
            return Err(Failure::usage("where it was is not known; say where it should be: --at DIR", ""));
        }
    };
    super::add::outside(world, &path)?;
    let lock = world.lock_worktrees()?;
    let restored = world.repo()?.put_back(&SystemGit::on_path(), &kept, &path, MAKING);
    let restored = restored.inspect_err(|_| {
        world.take_back(&lock, &path, None);
    })?;
    if let Some(why) = &restored.detached {
        world.warn(format!("HEAD is detached: {why}"));
    }
    Ok(Output::PutBack(PutBack { path, kept, restored }))
}

/// What was kept under a name, by its whole name or by the branch alone.
fn named(world: &World<'_>, text: &str) -> Result<Kept, Failure> {
    let mut all = world.repo()?.salvages(&SystemGit::on_path())?;
    if let Some(at) = all.iter().position(|kept| kept.name == text || kept.reference == text) {
        return Ok(all.swap_remove(at));
    }
    all.retain(|kept| kept.name.rsplit_once('/').is_some_and(|(branch, _)| branch == text));
    match all.len() {
        1 => Ok(all.swap_remove(0)),
        _ => Err(Failure::no_such_salvage(text, &all)),
    }
}
