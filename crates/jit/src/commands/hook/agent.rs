//! `jit hook claude`, `codex`, `gemini` and `cursor`

use std::io::Read;

use clap::{ArgMatches, Command};

use crate::agents::Program;
use crate::error::Failure;
use crate::output::Output;
use crate::verdict::acting::answered;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help(
        "Called by the program before it edits a file or runs a shell command; reads what that is from standard\n\
         input and answers on standard output, in the program's own JSON. Denies to change what somebody else's\n\
         lease covers, and what one's own leases leave out if they are of paths, unless Git ignores it, and says\n\
         what to do. Tells of leases that were lost: of those that nobody took over each time, of others at a\n\
         change of such paths, and where Git or jit is called. `jit config get enforce_agents` says how strictly.\n\
         Takes no lock and changes nothing, unless auto_claim is set: then it claims for the agent what that is\n\
         about to change. Exit status: 0, also where something is denied.\n\n\
         Example: jit hook claude < call.json",
    )
}

pub(crate) fn claude(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    run(world, Program::Claude)
}

pub(crate) fn codex(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    run(world, Program::Codex)
}

pub(crate) fn gemini(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    run(world, Program::Gemini)
}

pub(crate) fn cursor(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    run(world, Program::Cursor)
}

fn run(world: &World<'_>, program: Program) -> Result<Output, Failure> {
    let mut text = Vec::new();
    // What can't be read is no JSON either.
    let _ = std::io::stdin().read_to_end(&mut text);
    Ok(Output::Text(program.answered(answered(world, program, &text))))
}
