//! `jit claim extend`

use clap::{ArgMatches, Command};
use jit_core::decide::Extend;

use crate::commands::{one, text};
use crate::error::{Code, Failure};
use crate::input::paths;
use crate::input::reference::target;
use crate::output::Output;
use crate::shell::quoted;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    paths::arguments(command.arg(text("TARGET", "REF|LEASE", "One lease of one's own").required(true))).after_help(
        "In one step: all the paths or none. Only other leases are in the way. The lease keeps its id and what\n\
         is left of its TTL, and gets a new fence. Exit status 5: another lease covers some of them.\n\n\
         Example: jit claim extend name:schema --path db/migrations/",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let scope = paths::scope(world, matches)?;
    if scope.is_none() {
        return Err(Failure::usage("--path is missing", "jit claim extend LEASE --path src/"));
    }
    let target = target(world, one(matches, "TARGET").unwrap_or_default())?;
    let check = scope.patterns().iter().map(|path| format!(" {}", quoted(&paths::argument(path))));
    let check = format!("see which of them are free: jit claim check{}", check.collect::<String>());
    let own = scope.patterns().iter().map(|path| format!(" --path {}", quoted(&paths::argument(path))));
    let own = paths::repeated_shared(format!("jit claim acquire{}", own.collect::<String>()), matches);
    let own = format!("take these paths by a lease of their own: {own}");
    let advised = |failure: Failure| failure.or_hint(Code::Held, check).or_hint(Code::OtherMode, own);
    let lease = world.transact(&Extend { target, scope }).map_err(advised)?;
    let look = world.glance(world.now()?, Some(&lease));
    Ok(Output::Granted { did: "extended", lease, token: None, look })
}
