//! `jit claim wait`

use std::time::Duration;

use clap::{ArgMatches, Command};
use jit_core::decide::Target;
use jit_core::{Lease, Now, parse_duration};

use crate::commands::claim::status::{Lookup, Unknown};
use crate::commands::{one, option, text};
use crate::error::Failure;
use crate::input::reference::target;
use crate::notices::Notices;
use crate::output::{Found, Output, Status};
use crate::waiting::{passed, until_lapse};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("TARGET", "REF|LEASE", "What is to become free, or which lease is to end").required(true))
        .arg(option("timeout", "DURATION", "Wait at most so long [default: for ever]"))
        .after_help(
            "Returns when nobody holds it any more, and takes nothing: another may be quicker to take it. To take\n\
             it in turn, wait with `jit claim acquire REF --wait 10m`. Exit status 8: it was still held.\n\n\
             Example: jit claim wait name:schema --timeout 10m",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let asked = one(matches, "TARGET").unwrap_or_default();
    let most = one(matches, "timeout").map(parse_duration).transpose();
    let most = most.map_err(|error| Failure::usage(&format!("--timeout: {error}"), ""))?;
    let lookup = Lookup(target(world, asked)?);
    let mut notices = Notices::of(world.control_plane()?);
    let began = world.now()?;
    loop {
        // Before the look: what changes after it wakes.
        let _ = notices.listen();
        // Looking takes no lock to be patient for.
        let world = world.anew(Duration::ZERO);
        let (found, now) = world.read(&lookup)?;
        let found = found.map_err(|Unknown| Failure::no_such_lease(asked))?;
        let Some(lease) = standing(&found, &now) else {
            let (asked, look) = (asked.to_owned(), world.look(now));
            // What is free is free, however it came to be.
            let found = if let Target::Issues(_) = lookup.0 { Found::Nothing } else { found };
            return Ok(Output::Status(Box::new(Status { asked, found, waiters: Vec::new(), look })));
        };
        let waited = passed(&began, &now);
        if most.is_some_and(|most| waited >= most) {
            return Err(Failure::still_held(asked, lease, waited, &world.look(now)));
        }
        let nap = until_lapse(lease.lifetime(&now.stamp)).into_iter().chain(most.map(|most| most - waited));
        notices.sleep(nap.min().unwrap_or(Duration::MAX));
    }
}

/// The lease that keeps it. One that has lapsed keeps nothing: whoever comes evicts it.
fn standing<'f>(found: &'f Found, now: &Now) -> Option<&'f Lease> {
    match found {
        Found::Live(lease) => Some(lease).filter(|lease| !lease.lapsed(&now.stamp)),
        Found::Nothing | Found::Ended(_) | Found::Lost(..) => None,
    }
}
