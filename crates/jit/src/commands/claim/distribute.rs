//! `jit claim distribute`

use clap::{ArgMatches, Command};
use jit_core::AgentId;
use jit_core::decide::Distribute;

use crate::commands::claim::next::candidates;
use crate::commands::{filter, number, one, option};
use crate::error::Failure;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    filter::picking(command)
        .arg(option("agents", "AGENTS", "Among these, separated by commas: agent:ann,agent:bob").required(true))
        .arg(option("max-each", "N", "At most so many for each"))
        .after_help(
            "Reserves what could be claimed, by priority and in turns, in one step; what is held or reserved\n\
             already is passed over. Exit status 4: there is nothing.\n\n\
             Example: jit claim distribute --agents agent:ann,agent:bob --max-each 5",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let mut agents: Vec<AgentId> = Vec::new();
    for text in one(matches, "agents").unwrap_or_default().split(',').map(str::trim) {
        let agent: AgentId =
            text.parse().map_err(|error| Failure::usage(&format!("--agents: {error}"), ""))?;
        if !agents.contains(&agent) {
            agents.push(agent);
        }
    }
    let (candidates, _) = candidates(world, &filter::Picking::read(matches)?, None, usize::MAX)?;
    let shares =
        world.transact(&Distribute { candidates, agents, most_each: number(matches, "max-each")? })?;
    world.something_changed();
    Ok(Output::Distributed(shares))
}
