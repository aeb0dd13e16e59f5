//! `jit hook prepare-commit-msg` and `jit hook commit-msg`

use std::path::Path;

use clap::{ArgMatches, Command};
use jit_core::verdict::Push;
use jit_core::{Carried, ControlPlaneId, Holder, Lease, LeaseId, Now, Query, View, trailers};
use jit_git::SystemGit;

use crate::commands::{all, one, text, texts};
use crate::error::Failure;
use crate::output::Output;
use crate::verdict::{committer, is_managed, nothing};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("FILE", "FILE", "The message").required(true))
        .arg(texts("SOURCE", "SOURCE", "Where it comes from, and of which commit, as Git says"))
        .after_help(
            "Called by Git. Adds to the message under which leases the commit is made: Jit-Issue, Jit-Lease,\n\
             Jit-Fence, Jit-Agent, for the committer's leases that stand. Those that are there already stay. What\n\
             a rebase or cherry-pick makes again gets none, unless it was made under a lease that was lost and\n\
             that the committer took over. Never stops a commit. Exit status: 0.\n\n\
             Example: jit hook prepare-commit-msg .git/COMMIT_EDITMSG message",
        )
}

/// Before somebody edits the message, where that is still to come there is nothing to add to: an
/// empty message is how a commit is called off.
pub(crate) fn prepare(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let source = all(matches, "SOURCE");
    match source.first().map(String::as_str) {
        None | Some("template") => Ok(nothing()),
        Some(_) => added(world, matches, false),
    }
}

/// After it was edited.
pub(crate) fn finish(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    added(world, matches, true)
}

fn added(world: &World<'_>, matches: &ArgMatches, edited: bool) -> Result<Output, Failure> {
    if is_managed(world)? {
        let message = world.path(one(matches, "FILE").unwrap_or_default());
        if let Err(failure) = add(world, &message, edited) {
            world.warn(failure.untold().message);
        }
    }
    Ok(nothing())
}

fn add(world: &World<'_>, message: &Path, edited: bool) -> Result<(), Failure> {
    let (repo, git) = (world.repo()?, SystemGit::on_path());
    let unread = |error| Failure::not_read(message, &error);
    let text = std::fs::read(message).map_err(unread)?;
    let quoted = trailers::quoted(&String::from_utf8_lossy(&text));
    let again = repo.is_replaying();
    if again && quoted.is_empty() {
        return Ok(());
    }
    // What nothing says is not asked of Git.
    let said = match quoted.is_empty() {
        true => Vec::new(),
        false => repo.trailers(&git, message).map_err(|error| Failure::git(&error))?,
    };
    let said = trailers::read(said.iter().map(|(key, value)| (&**key, &**value)));
    let is_said = |carried: &Carried| said.iter().any(|other| other.lease == carried.lease);
    let again = again.then_some(&quoted);
    let (plane, own) = world.read(&Standing { by: committer(world)?, again: again.cloned() })?;
    let Some(plane) = plane else { return Ok(()) };
    // Where two commits become one, what stood at the end of the first is in the middle by now.
    let moved = again.into_iter().flatten().cloned();
    let own = own.iter().map(|lease| Carried::of(lease, plane));
    let mut added: Vec<Carried> = moved.chain(own).filter(|carried| !is_said(carried)).collect();
    added.dedup_by_key(|carried| carried.lease);
    if added.is_empty() || edited && repo.is_empty_message(&git, message).map_err(unread)? {
        return Ok(());
    }
    let trailers: Vec<_> = added.iter().flat_map(Carried::written).collect();
    repo.add_trailers(&git, message, &trailers).map_err(|error| Failure::git(&error))
}

/// The leases that somebody has and that stand, and of which control plane they are.
struct Standing {
    by: Holder,
    /// Of a commit that is made again: what it carries. It gets only those of some of what was lost to
    /// another.
    again: Option<Vec<Carried>>,
}

impl Query for Standing {
    type Answer = (Option<ControlPlaneId>, Vec<Lease>);

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Self::Answer, V::Error> {
        let mut held = view.held_by(&self.by)?;
        held.retain(|lease| !lease.lapsed(&now.stamp));
        if let Some(carried) = self.again.clone().filter(|_| !held.is_empty()) {
            let overtaken = Push { by: self.by.clone(), carried }.ask(view, now)?.overtaken;
            let now_held: Vec<LeaseId> =
                overtaken.iter().flat_map(|overtaken| &overtaken.held).map(|lease| lease.id).collect();
            held.retain(|lease| now_held.contains(&lease.id));
        }
        Ok((view.control_plane(), held))
    }
}
