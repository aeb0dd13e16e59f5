//! `jit worktree remove`

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_git::{SystemGit, Worktree, WorktreeKind, real};

use crate::commands::{one, text};
use crate::error::Failure;
use crate::output::{Output, Removed};
use crate::worktrees::{MADE, MAKING, branch, is_half_made};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    command
        .arg(text("WORKTREE", "PATH|BRANCH", "Which, by its path or by the branch that it is on").required(true))
        .arg(flag("force", "Remove it with all that is nowhere else, which is kept first, below refs/jit/salvage/"))
        .arg(flag("with-ignored", "Keep files that Git is told to ignore too").requires("force"))
        .arg(flag("keep-branch", "Leave the branch that `jit worktree add` made with it"))
        .after_help(
            "The branch goes too if `jit worktree add` made it; any other stays. It is refused while somebody holds\n\
             a lease there (exit 5; --force does not end it), and (exit 7) while there is work that is nowhere else:\n\
             what is staged, changed or untracked, a merge in progress, and commits that no other branch, tag or\n\
             remote leads to. With --force all of that is kept as a commit that Git alone can read, and the answer\n\
             says how to get it back. Files that Git is told to ignore go without a question. A worktree with\n\
             repositories in it, submodules too, is not removed.\n\n\
             Example: jit worktree remove ../shop-3f2a91bc\n\
             Example: jit worktree remove jit/3f2a91bc-rename-users --force --with-ignored",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let text = one(matches, "WORKTREE").unwrap_or_default();
    // What can't be removed needs no lock to say so.
    let seen = world.worktree_named(text)?;
    refuse(world, &seen)?;
    let _lock = world.lock_worktrees()?;
    let worktree = match world.worktree_named(text) {
        // Whoever takes the lock takes it away.
        Err(_) if is_half_made(&seen) => return Ok(Output::Removed(gone(world, seen))),
        named => named?,
    };
    refuse(world, &worktree)?;
    let going = going(&worktree, matches.get_flag("keep-branch"));
    let unsaved = world.unsaved(&worktree, going.as_deref())?;
    let force = matches.get_flag("force");
    if !force && !unsaved.is_none() {
        return Err(Failure::unsaved(&worktree.path, &unsaved, going.as_deref()));
    }
    let with_ignored = matches.get_flag("with-ignored");
    let kept = world.keep(&worktree, &unsaved, with_ignored)?;
    // Somebody may have come meanwhile, whose first claim there gave it an identity.
    let by_now = world.worktrees()?.into_iter().find(|other| other.git_dir == worktree.git_dir);
    refuse(world, by_now.as_ref().unwrap_or(&worktree))?;
    world.take_away(&worktree, &unsaved, kept.as_deref())?;
    // At the commit of which was seen that it is elsewhere, or kept.
    let deleted = match (going, unsaved.tip()) {
        (Some(branch), Some(tip)) => delete(world, branch, tip),
        _ => None,
    };
    Ok(Output::Removed(Removed {
        stays: branch(&worktree).filter(|branch| Some(branch) != deleted.as_ref()),
        path: worktree.path,
        deleted,
        kept,
        ignored: if with_ignored { 0 } else { unsaved.ignored },
        options: world.repeated(),
    }))
}

/// What is said of one that was half made, and what was in it is kept, of which a warning told.
fn gone(world: &World<'_>, worktree: Worktree) -> Removed {
    let stays = branch(&worktree);
    let options = world.repeated();
    Removed { path: worktree.path, stays, deleted: None, kept: None, ignored: 0, options }
}

/// The branch that goes with a worktree: the one that was made with it, if it is still on that.
fn going(worktree: &Worktree, keep: bool) -> Option<String> {
    let made = worktree.added()?.branch.filter(|_| !keep)?;
    branch(worktree).filter(|branch| *branch == made)
}

/// Deletes a branch, unless somebody moved it meanwhile; says which.
fn delete(world: &World<'_>, branch: String, tip: &str) -> Option<String> {
    let deleted = world.repo().ok()?.delete_branch(&SystemGit::on_path(), &branch, tip);
    match deleted {
        Ok(()) => Some(branch),
        Err(error) => {
            world.warn(format!("branch {branch} stays: {error}"));
            None
        }
    }
}

/// Whatever no force helps with.
fn refuse(world: &World<'_>, worktree: &Worktree) -> Result<(), Failure> {
    let path = &worktree.path;
    if worktree.kind != WorktreeKind::Linked {
        return Err(Failure::main_worktree(path));
    }
    if world.repo()?.worktree().is_some_and(|here| real(here) == real(path)) {
        let main = world.worktrees()?.into_iter().next().map(|main| main.path).unwrap_or_default();
        return Err(Failure::inside_of_it(path, &main));
    }
    let leases = world.leases_in(worktree)?;
    if !leases.is_empty() {
        return Err(Failure::leased(path, &leases, &world.look(world.now()?), &world.repeated()));
    }
    match worktree.locked.as_deref() {
        None | Some(MADE | MAKING) => {}
        Some(reason) => return Err(Failure::locked_worktree(path, reason)),
    }
    Ok(worktree.is_at_its_place()?)
}
