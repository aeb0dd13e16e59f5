//! `jit claim renew`

use clap::{ArgMatches, Command};
use jit_core::decide::Renew;

use crate::commands::{all, option, parsed, texts, warn_if_cut};
use crate::error::Failure;
use crate::output::Output;
use crate::reference::targets;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(texts("TARGET", "REF|LEASE", "Own leases, by reference or by lease id").required(true))
        .arg(option("ttl", "DURATION", "A new TTL; without it, each keeps its own"))
        .after_help("Exit status 6: the lease lapsed, was replaced or is not yours; who has it now is named.\n\nExample: jit claim renew name:schema --ttl 30m")
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let request = Renew { target: targets(world, &all(matches, "TARGET"))?, ttl: parsed(matches, "ttl")? };
    let leases = world.transact(&request)?;
    leases.iter().for_each(|lease| warn_if_cut(world, request.ttl, lease));
    let look = world.glance(world.now()?, leases.first());
    Ok(Output::Renewed { leases, look })
}
