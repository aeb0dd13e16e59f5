//! `jit claim release`

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_core::decide::{Release, Target};

use crate::commands::{all, texts};
use crate::error::Failure;
use crate::output::Output;
use crate::reference::targets;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(
            texts(
                "TARGET",
                "REF|LEASE",
                "A lease by its id, as a whole; or references, which leave a lease's others",
            )
            .required_unless_present("all"),
        )
        .arg(
            Arg::new("all")
                .long("all")
                .action(ArgAction::SetTrue)
                .conflicts_with("TARGET")
                .help("Everything that the caller holds"),
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let target = match matches.get_flag("all") {
        true => Target::Issues(world.own_references()?),
        false => targets(&all(matches, "TARGET"))?,
    };
    Ok(Output::Released(world.transact(&Release { target })?))
}
