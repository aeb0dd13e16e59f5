//! `jit claim assign`

use std::collections::BTreeSet;
use std::io::Read;

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_core::IssueId;
use jit_core::decide::Assign;

use crate::commands::{all, option, parsed, texts};
use crate::error::Failure;
use crate::issues::known::all_filed;
use crate::issues::tracker::Tracker;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(texts("ISSUE", "ISSUE", "What to reserve, all of it or nothing; - reads ids from standard input, one a line").required(true))
        .arg(option("to", "AGENT", "For this agent [default: the caller, as --agent says]"))
        .arg(
            Arg::new("none")
                .long("none")
                .action(ArgAction::SetTrue)
                .conflicts_with("to")
                .help("Take the reservation back"),
        )
        .after_help(
            "A reservation is no lease: it has no TTL and no failures. `jit claim next` of others passes the issue\n\
             over, the agent's own prefers it. Exit status 5: some of it is held by, or reserved for, another.\n\n\
             Example: jit claim assign --to agent:bob 3f2a91bc 77b0e1d2",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let words = words(&all(matches, "ISSUE"))?;
    let tracker = Tracker::around(world)?;
    let ids: BTreeSet<IssueId> = words.iter().map(|word| tracker.resolve(word)).collect::<Result<_, _>>()?;
    let candidates = all_filed(&tracker, &Vec::from_iter(ids))?;
    if candidates.is_empty() {
        return Err(Failure::usage("no issue was named", ""));
    }
    let to = match (matches.get_flag("none"), parsed(matches, "to")?) {
        (true, _) => None,
        (false, Some(to)) => Some(to),
        (false, None) => Some(world.agent()?),
    };
    let assign = Assign { candidates, to: to.clone() };
    let issues = world.transact(&assign).map_err(Failure::not_reserved)?;
    world.something_changed();
    Ok(Output::Assigned { issues, to })
}

/// The ids that were given, or those that are read.
fn words(given: &[String]) -> Result<Vec<String>, Failure> {
    let [only] = given else { return Ok(given.to_vec()) };
    if only != "-" {
        return Ok(given.to_vec());
    }
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage(&format!("standard input: {error}"), ""))?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}
