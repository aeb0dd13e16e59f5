//! `jit claim history`

use std::num::NonZeroUsize;

use clap::{ArgMatches, Command};
use jit_core::decide::Target;
use jit_core::{IssueId, Lease, Operation, Record, Reference};

use crate::commands::{one, text};
use crate::error::Failure;
use crate::input::reference::target;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("TARGET", "REF|LEASE", "Only what happened to this [default: everything]"))
        .arg(
            clap::Arg::new("limit")
                .long("limit")
                .value_name("N")
                .value_parser(|text: &str| {
                    text.parse::<NonZeroUsize>().map_err(|_| "write how many, at least 1")
                })
                .default_value("50")
                .help("The newest so many records, at least 1"),
        )
        .after_help("Reads the archive too. Exit status 3: there never was a lease of this id.\n\nExample: jit claim history name:schema --limit 5")
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let wanted = one(matches, "TARGET").map(|text| target(world, text)).transpose()?;
    let most = matches.get_one::<NonZeroUsize>("limit").map_or(50, |limit| limit.get());
    let mut found = Vec::new();
    let store = world.store()?;
    let read = store.history(|records| {
        let matching = records.into_iter().rev().filter(|record| {
            // A gap may have held anything.
            let is_gap = matches!(record.operation, Operation::Checkpoint(_));
            let wanted = is_gap || wanted.as_ref().is_none_or(|target| concerns(record, target));
            record.operation.happened() && wanted
        });
        found.extend(matching.take(most - found.len()));
        found.len() < most
    });
    if let Err(error) = read {
        // What is newer than the damage is shown all the same.
        let trouble = world.trouble(error);
        if found.is_empty() {
            return Err(trouble);
        }
        world.warn(format!("{}; what is older is not shown: jit doctor", trouble.message));
    }
    match wanted {
        // The log and the archive have every lease that there ever was.
        Some(Target::Lease(id)) if found.is_empty() => Err(Failure::no_such_lease(&id.to_string())),
        _ => Ok(Output::History(found)),
    }
}

fn concerns(record: &Record, target: &Target) -> bool {
    // The id of an issue whose file is out of sight looks like a lease's.
    let named = |reference: &Reference| match target {
        Target::Lease(id) => *reference == Reference::Issue(IssueId::new(id.uuid())),
        Target::Issues(issues) => issues.contains(reference),
    };
    let lease_matches = |lease: &Lease| match target {
        Target::Lease(id) if lease.id == *id => true,
        _ => lease.issues.iter().any(named),
    };
    match &record.operation {
        Operation::Release { lease, released, .. } => match target {
            Target::Lease(id) if lease.id == *id => true,
            // What the lease still has was not touched.
            _ => released.iter().any(named),
        },
        Operation::Facts(_, facts) => facts.iter().any(|facts| named(&facts.issue)),
        operation => operation.leases().iter().any(lease_matches),
    }
}
