//! `jit gate list`

use clap::{ArgMatches, Command};

use crate::error::Failure;
use crate::issues::approvals::Approvals;
use crate::issues::gates::{Defined, Shown};
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help("What .jit/gates.toml of this worktree defines.\n\nExample: jit gate list")
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    let gates = Defined::here(world)?.all().clone();
    // Gates can be looked at where nothing can be approved.
    let approvals = Approvals::of(world).ok();
    let shown = |(name, gate)| {
        let approved = approvals.as_ref().and_then(|approvals| approvals.has(&name, &gate));
        Shown { name, gate, approved }
    };
    Ok(Output::Gates { did: None, gates: gates.into_iter().map(shown).collect() })
}
