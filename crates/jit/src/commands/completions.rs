//! `jit completions`

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::{Shell, generate};

use crate::cli;
use crate::error::Failure;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(Arg::new("SHELL").required(true).value_parser(value_parser!(Shell)).help("For which shell"))
        .after_help("Example: jit completions bash >> ~/.bash_completion")
}

pub(crate) fn run(_: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let mut script = Vec::new();
    if let Some(shell) = matches.get_one::<Shell>("SHELL") {
        let mut command = cli::command(&[]);
        // Deferred arguments are built now: completions are of all of them.
        command.build();
        generate(*shell, &mut command, "jit", &mut script);
    }
    Ok(Output::Text(String::from_utf8_lossy(&script).into_owned()))
}
