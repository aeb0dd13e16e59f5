//! `jit claim check`

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_core::{Holder, LeaseId, Mode, Now, Pattern, Query, Scope, Touch, View};

use crate::commands::status::{Lookup, Unknown};
use crate::commands::{all, one, texts};
use crate::error::Failure;
use crate::output::{Found, Output};
use crate::paths;
use crate::reference::target;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(texts("PATH", "PATH", "What is to be changed: files, directories, globs"))
        .arg(
            Arg::new("staged")
                .long("staged")
                .action(ArgAction::SetTrue)
                .help("What is staged to be committed [default, where neither a path nor --against is given]"),
        )
        .arg(
            Arg::new("against")
                .long("against")
                .value_name("REF|LEASE")
                .help("Ask about this lease only; without paths, whether what one holds and has staged is in its way"),
        )
        .after_help(
            "Takes nothing and changes nothing. Says which paths somebody else covers, who, since when and until\n\
             when, and which are free. What one holds oneself is in nobody's way; `outside` lists what one's own\n\
             leases do not cover, where they cover paths. Exit status 5: somebody else covers some of them.\n\n\
             Example: jit claim check src/parser.rs docs/ --json",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let actor = world.reading_holder()?;
    let against = one(matches, "against").map(|text| named(world, text)).transpose()?;
    let mut paths = paths::changed(world, &all(matches, "PATH"))?;
    if matches.get_flag("staged") || paths.is_empty() {
        paths.extend(paths::staged(world)?);
    }
    if against.is_some() && all(matches, "PATH").is_empty() {
        paths.extend(world.read(&Own(actor.clone()))?);
    }
    let paths = Scope::of_any_size(paths, Mode::Exclusive, paths::case(world)?);
    let touched = world.read(&Touch { actor, paths, against })?.plain();
    match touched.held.is_empty() {
        true => Ok(Output::Touched(touched)),
        false => Err(Failure::in_the_way(&touched, &world.look(touched.now))),
    }
}

/// The lease that a reference or an id names, if it stands.
fn named(world: &World<'_>, text: &str) -> Result<LeaseId, Failure> {
    match &world.read(&Lookup(target(world, text)?))? {
        (Ok(Found::Live(lease)), _) => Ok(lease.id),
        (Ok(_), _) => Err(Failure::nobody_holds(text)),
        (Err(Unknown), _) => Err(Failure::no_such_lease(text)),
    }
}

/// The paths that somebody's own leases cover.
struct Own(Holder);

impl Query for Own {
    type Answer = Vec<Pattern>;

    fn ask<V: View>(&self, view: &V, _: &Now) -> Result<Vec<Pattern>, V::Error> {
        let held = view.held_by(&self.0)?;
        Ok(held.iter().flat_map(|lease| lease.scope.patterns().to_vec()).collect())
    }
}
