//! `jit claim list`

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_core::{Lease, Now, Query, View};

use crate::error::Failure;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(Arg::new("mine").long("mine").action(ArgAction::SetTrue).help("Only what the caller holds"))
        .after_help("A lease whose TTL has passed shows as lapsed until somebody's next change evicts it. Who waits (with\n\
             `jit claim acquire --wait`) is listed too, in JSON as `data.waiters`; one that was killed shows for\n\
             15 s more.\n\n\
             Example: jit claim list --mine --json")
}

pub(crate) struct Live;

impl Query for Live {
    type Answer = (Vec<Lease>, Now);

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Self::Answer, V::Error> {
        Ok((view.live()?, *now))
    }
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    if matches.get_flag("mine") {
        return super::status::own(world);
    }
    let (leases, now) = world.read(&Live)?;
    let waiters = world.store()?.waiting();
    Ok(Output::Leases { leases, lost: None, waiters, look: world.look(now) })
}
