//! `jit claim release`

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_core::decide::{Release, ReleaseAll};

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
        .after_help(
            "All that is named, or nothing. Exit status 6: some of it is not held, or not yours.\n\n\
             Example: jit claim release name:schema",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    Ok(Output::Released(match matches.get_flag("all") {
        true => world.transact(&ReleaseAll)?,
        false => world.transact(&Release { target: targets(&all(matches, "TARGET"))? })?,
    }))
}
