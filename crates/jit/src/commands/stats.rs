//! `jit stats`

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_core::Stats;

use crate::error::Failure;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(
            Arg::new("prometheus")
                .long("prometheus")
                .action(ArgAction::SetTrue)
                .conflicts_with("json")
                .help("In the text format that Prometheus reads"),
        )
        .after_help(
            "By issue and by agent; what sub-agents did counts as their agent's (agent:bob/tests as agent:bob). REFUSED\n\
             is each command that a holder, a rule or a lease that is not held said no to, `release` too.\n\
             Claims, ends and times held are counted from the log and its archive; refusals and times waited from\n\
             notes beside it, of which only the newest megabyte or two are kept. Times held go by the wall clock.\n\n\
             Example: jit stats --json",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let store = world.store()?;
    let mut stats = Stats::default();
    let read = store.history(|records| {
        records.iter().for_each(|record| stats.follow(record));
        true
    });
    if let Err(error) = read {
        let trouble = world.trouble(error);
        if stats == Stats::default() {
            return Err(trouble);
        }
        world.warn(format!("{}; what is older is not counted: jit doctor", trouble.message));
    }
    match store.notes() {
        Ok(notes) => notes.iter().for_each(|note| stats.note(note)),
        Err(error) => world.warn(format!("refusals and waits are not counted: {error}")),
    }
    Ok(Output::Stats { stats, prometheus: matches.get_flag("prometheus") })
}
