//! `jit claim check`

use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_core::{Holder, LeaseId, Mode, Now, Pattern, Query, Scope, Touch, Touched, View};

use crate::commands::claim::status::{Lookup, Unknown};
use crate::commands::{all, one, texts};
use crate::error::Failure;
use crate::input::reference::target;
use crate::input::{paths, places};
use crate::output::{Found, Output};
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
             when, and which are free. A path in another worktree or repository is judged there, a symlink to a\n\
             file is that file, and what is in a submodule is its superproject's too. What one holds oneself is\n\
             in nobody's way; `outside` lists what one's own leases do not cover, where they cover paths. Exit\n\
             status 5: somebody else covers some of them.\n\n\
             Example: jit claim check src/parser.rs docs/ --json",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let actor = world.reading_holder()?;
    let against = one(matches, "against").map(|text| named(world, text)).transpose()?;
    let given = all(matches, "PATH");
    let is_given = !given.is_empty();
    let (here, others) = places::of_texts(world, given)?;
    let mut paths = paths::changed(world, &here)?;
    if matches.get_flag("staged") || !is_given {
        paths.extend(paths::staged(world)?);
    }
    if against.is_some() && !is_given {
        paths.extend(world.read(&Own(actor.clone()))?);
    }
    let mut touched = touched(world, actor, paths, against)?;
    let mut place = None;
    for (there, texts) in &others {
        let more = paths::changed(there, texts)?;
        let more = self::touched(there, there.reading_holder()?, more, against)?;
        place = place.or(Some(there).filter(|_| touched.held.is_empty() && !more.held.is_empty()));
        touched.held.extend(more.held);
        touched.free.extend(more.free);
        touched.outside.extend(more.outside);
    }
    match touched.held.is_empty() {
        true => Ok(Output::Touched(touched)),
        false => {
            let root = place.and_then(|there| there.repo().ok()?.worktree().map(Path::to_path_buf));
            let failure = Failure::in_the_way(&touched, &place.unwrap_or(world).look(touched.now));
            Err(Failure { place: root, ..failure })
        }
    }
}

fn touched(
    world: &World<'_>,
    actor: Holder,
    paths: Vec<Pattern>,
    against: Option<LeaseId>,
) -> Result<Touched, Failure> {
    let paths = Scope::of_any_size(paths, Mode::Exclusive, paths::case(world)?);
    Ok(world.read(&Touch { actor, paths, against })?.plain())
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
