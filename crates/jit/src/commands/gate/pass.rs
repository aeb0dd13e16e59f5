//! `jit gate pass`

use clap::{ArgMatches, Command};
use jit_tracker::gates::Check;

use crate::commands::{all, issue_and_gates, one};
use crate::error::Failure;
use crate::issues::change::enforced;
use crate::issues::gates::{Defined, Verdict, names, required, say};
use crate::issues::tracker::Tracker;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    issue_and_gates(command, "A gate that is passed by hand").after_help(
        "With the last gate of an issue whose work is done, it is done; that needs no lease. A gate with a\n\
         command is passed by `jit gate check`: by hand, agents are refused (exit status 7) and people warned,\n\
         unless enforce_agents or enforce_people says otherwise (`jit config list`).\n\n\
         It counts for the lease under which somebody works on the issue now or, once the work is done, for that;\n\
         and as long as the gate is defined as it is. Before anybody works on it, it is refused (exit status 7).\n\n\
         Example: jit gate pass 3f2a91bc review",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let tracker = Tracker::around(world)?;
    let id = tracker.resolve(one(matches, "ISSUE").unwrap_or_default())?;
    let names = names(&all(matches, "GATE"))?;
    required(&tracker.read(id)?.issue, &names)?;
    let defined = Defined::here(world)?;
    for name in &names {
        if defined.get(name)?.check != Check::Manual {
            enforced(world, Failure::passed_by_command(id, name))?;
        }
    }
    let known = say(world, id, names.into_iter().map(|name| (name, Verdict::Passed)).collect(), None)?;
    Ok(Output::Issue { did: Some("passed gates of"), known: Box::new(known) })
}
