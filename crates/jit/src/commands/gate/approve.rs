//! `jit gate approve`

use clap::{ArgMatches, Command};
use jit_tracker::gates::Check;

use crate::commands::{all, texts};
use crate::error::Failure;
use crate::issues::approvals::Approvals;
use crate::issues::gates::{Defined, Shown, names};
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.arg(texts("GATE", "GATE", "A gate that has a command").required(true)).after_help(
        "For a person who has read the command (`jit gate list`): it may run on this machine as this user,\n\
         as this gate of this repository, until it is changed. What it reads in the worktree (a Makefile, a\n\
         test) may change, as when you run it by hand. Neither enforce_agents nor enforce_people stops an agent\n\
         that runs this: whoever can could run the command as well.\n\n\
         Example: jit gate approve tests",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let defined = Defined::here(world)?;
    let mut gates = Vec::new();
    for name in names(&all(matches, "GATE"))? {
        let gate = defined.get(&name)?.clone();
        if gate.check == Check::Manual {
            return Err(Failure::no_command(&name));
        }
        gates.push((name, gate));
    }
    Approvals::of(world)?.add(&gates)?;
    let shown = |(name, gate)| Shown { name, gate, approved: Some(true) };
    Ok(Output::Gates { did: Some("approved"), gates: gates.into_iter().map(shown).collect() })
}
