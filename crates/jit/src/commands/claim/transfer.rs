//! `jit claim transfer`

use clap::{ArgMatches, Command};
use jit_core::decide::Transfer;
use jit_core::{AgentId, Holder, WorktreeId};
use jit_git::SystemGit;

use crate::commands::{all, one, option, parsed, texts};
use crate::error::Failure;
use crate::input::reference::targets;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(texts("TARGET", "REF|LEASE", "One lease of one's own, whole").required(true))
        .arg(option("to", "AGENT", "Who gets it: agent:NAME").required(true))
        .arg(option(
            "to-worktree",
            "ID",
            "In which worktree, as `jit worktree list` shows it [default: this one]",
        ))
        .after_help(
            "The lease keeps its id. The new holder gets a new fence and a new token, which the answer shows: hand\n\
             it on. The old token is worth nothing from then on, and the old holder is refused.\n\n\
             Example: jit claim transfer name:schema --to agent:bob",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let target = targets(world, &all(matches, "TARGET"))?;
    let agent: AgentId = parsed(matches, "to")?.ok_or_else(|| Failure::usage("--to is missing", ""))?;
    let worktree = match one(matches, "to-worktree") {
        Some(text) => known_worktree(world, text)?,
        None => world.holder()?.worktree,
    };
    let token = world.mint()?.token;
    let request = Transfer { target, to: Holder { agent, worktree }, token: token.hash() };
    let lease = world.transact(&request).map_err(|failure| failure.with_token(&token))?;
    let look = world.look(world.now()?);
    Ok(Output::Granted { did: "transferred", lease, token: Some(token), look })
}

/// A worktree that this repository has: in another, nobody could renew the lease.
fn known_worktree(world: &World<'_>, text: &str) -> Result<WorktreeId, Failure> {
    let worktrees = world.repo()?.worktrees(&SystemGit::on_path())?;
    let ids = worktrees.into_iter().filter_map(|worktree| worktree.identity.ok().flatten());
    let found = ids.map(|identity| WorktreeId::new(identity.id)).find(|id| id.to_string() == text);
    found.ok_or_else(|| Failure::no_such_worktree(text))
}
