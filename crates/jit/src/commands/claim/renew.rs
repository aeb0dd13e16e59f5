//! `jit claim renew`

use clap::{ArgMatches, Command};
use jit_core::decide::{Renew, Renewed};

use crate::commands::{all, option, parsed, texts, warn_if_cut, warn_of_its_end};
use crate::error::Failure;
use crate::input::reference::targets;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(texts("TARGET", "REF|LEASE", "Own leases, by reference or by lease id").required(true))
        .arg(option("ttl", "DURATION", "A new TTL; without it, each keeps its own"))
        .after_help("Exit status 6: the lease lapsed, was replaced or is not yours; who has it now is named.\n\nExample: jit claim renew name:schema --ttl 30m")
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let request = Renew { target: targets(world, &all(matches, "TARGET"))?, ttl: parsed(matches, "ttl")? };
    let Renewed { leases, cut } = world.transact(&request)?;
    let now = world.now()?;
    cut.iter().try_for_each(|before| warn_if_cut(world, before))?;
    leases.iter().try_for_each(|lease| warn_of_its_end(world, lease, &now))?;
    let look = world.glance(now, leases.first());
    Ok(Output::Renewed { leases, look })
}
