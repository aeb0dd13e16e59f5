//! `jit claim status`

use clap::{ArgMatches, Command};
use jit_core::decide::Target;
use jit_core::{Holder, Known, Lease, Now, Query, View};

use crate::commands::{one, text};
use crate::error::Failure;
use crate::output::{Found, Output, Status};
use crate::reference::target;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("TARGET", "REF|LEASE", "A reference or a lease id [default: the caller's own leases]"))
        .after_help(
            "Takes no lock and changes nothing. A free reference is no error: `data.lease` is null.\n\
             Exit status 3: there is no lease of this id.\n\n\
             Example: jit claim status name:schema --json",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let Some(asked) = one(matches, "TARGET") else { return own(world) };
    let (found, now) = world.read(&Lookup(target(asked)?))?;
    match found {
        Ok(found) => {
            let look = world.look(now);
            Ok(Output::Status(Box::new(Status { asked: asked.to_owned(), found, look })))
        }
        Err(Unknown) => Err(Failure::no_such_lease(asked)),
    }
}

/// The caller's own leases.
pub(crate) fn own(world: &World<'_>) -> Result<Output, Failure> {
    let (leases, now) = match world.reader()? {
        Some(holder) => world.read(&Own(holder))?,
        None => (Vec::new(), world.now()?),
    };
    Ok(Output::Leases { leases, look: world.look(now) })
}

/// What a holder has.
pub(crate) struct Own(pub(crate) Holder);

impl Query for Own {
    type Answer = (Vec<Lease>, Now);

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Self::Answer, V::Error> {
        Ok((view.held_by(&self.0)?, *now))
    }
}

struct Lookup(Target);

struct Unknown;

impl Query for Lookup {
    type Answer = (Result<Found, Unknown>, Now);

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Self::Answer, V::Error> {
        let found = match &self.0 {
            Target::Lease(id) => match view.lease(id)? {
                Some(Known::Live(lease)) => Ok(Found::Live(lease)),
                Some(Known::Ended(ended)) => Ok(Found::Ended(ended)),
                None => Err(Unknown),
            },
            Target::Issues(issues) => Ok(match issues.first() {
                Some(reference) => match (view.covering(reference)?, view.lost(reference)?) {
                    (Some(lease), _) => Found::Live(lease),
                    (None, Some(ended)) => Found::Lost(reference.clone(), ended),
                    (None, None) => Found::Nothing,
                },
                None => Found::Nothing,
            }),
        };
        Ok((found, *now))
    }
}
