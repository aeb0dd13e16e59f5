//! `jit prime`

use clap::{ArgMatches, Command};

use crate::commands::claim::status::own;
use crate::commands::query::claimable_by;
use crate::error::Failure;
use crate::output::{Output, Prime};
use crate::world::World;

/// How many of the issues that can be claimed are shown.
const MOST: usize = 5;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help(
        "What an agent needs to know to begin, in under 60 lines: who it is, what it holds and lost, the first\n\
         five issues that it can claim, and the commands. Takes no lock and changes nothing.\n\n\
         Example: jit prime",
    )
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    let (agent, repo) = (world.agent()?, world.repo()?);
    let (mut available, broken) = claimable_by(world, &agent)?;
    if !broken.is_empty() {
        world.warn(format!("{} files of issues can't be read: jit doctor", broken.len()));
    }
    // What can't be found out is not told.
    if let [first, rest @ ..] = &crate::hooks::unasked(world).unwrap_or_default()[..] {
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        world.warn(format!(
            "in {}{more}, Git asks jit nothing, as it does elsewhere: jit {}hooks install",
            first.display(),
            world.repeated()
        ));
    }
    let count = available.len();
    available.truncate(MOST);
    Ok(Output::Prime(Box::new(Prime {
        agent,
        worktree: repo.worktree().map(Into::into),
        branch: world.branch()?,
        leases: own(world)?,
        available,
        count,
        options: world.repeated(),
    })))
}
