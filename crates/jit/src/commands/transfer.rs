//! `jit claim transfer`

use clap::{ArgMatches, Command};
use jit_core::decide::Transfer;
use jit_core::{AgentId, Holder, WorktreeId};

use crate::commands::{all, option, parsed, texts};
use crate::error::Failure;
use crate::output::Output;
use crate::reference::targets;
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
            "The new holder gets a new fence and a new token, which the answer shows: hand it on. The old\n\
             holder's id and token are worth nothing from then on.",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let target = targets(&all(matches, "TARGET"))?;
    let agent: AgentId = parsed(matches, "to")?.ok_or_else(|| Failure::usage("--to is missing", ""))?;
    let worktree: Option<WorktreeId> = parsed(matches, "to-worktree")?;
    let worktree = worktree.map_or_else(|| world.holder().map(|holder| holder.worktree), Ok)?;
    let token = world.mint()?.token;
    let request = Transfer { target, to: Holder { agent, worktree }, token: token.hash() };
    let lease = world.transact(&request)?;
    Ok(Output::Granted { did: "transferred", lease, token: Some(token), now: world.now()? })
}
