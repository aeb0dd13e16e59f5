//! `jit claim heartbeat`

use clap::{ArgMatches, Command};
use jit_core::decide::Heartbeat;

use crate::commands::{warn_if_cut, warn_of_its_end};
use crate::error::Failure;
use crate::output::Output;
use crate::render::text::{ending, subject};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help(
        "Renews what the caller's agent holds in this worktree, and warns of each lease that was lost since,\n\
         or that has been held for as long as `max_lifetime` allows (in JSON: `lost`, `over`): stop working\n\
         on those. Exit status 6: nothing is held.\n\n\
         Example: jit claim heartbeat",
    )
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    let beat = world.transact(&Heartbeat)?;
    let now = world.now()?;
    for ended in &beat.lost {
        world.warn(format!("stop working on {}: {}", subject(&ended.lease), ending(ended)));
    }
    beat.cut.iter().try_for_each(|before| warn_if_cut(world, before))?;
    beat.renewed.iter().chain(&beat.over).try_for_each(|lease| warn_of_its_end(world, lease, &now))?;
    let look = world.glance(now, beat.renewed.first());
    Ok(Output::Beat { beat, look })
}
