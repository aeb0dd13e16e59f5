//! `jit guard`, which jit starts for itself: it ends what a killed jit left behind.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command, value_parser};
use jit_core::{Attempt, LeaseId, Task};

use crate::commands::claim::release::give_up_for_the_dead;
use crate::commands::{duration, option, parsed};
use crate::error::Failure;
use crate::output::Output;
use crate::running::cgroup::Cgroup;
use crate::running::group::{Group, nap, pid};
use crate::running::launch::{GuardianNews, hear};
use crate::world::World;

/// How often it is tried to release a lease while others change the leases, and how long between.
const TRIES: usize = 5;
const BETWEEN: Duration = Duration::from_secs(1);

/// Why a lease is released that nobody could release any more.
const KILLED: &str = "jit run was killed";

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(option("grace", "DURATION", "How long what was running may take to end").required(true))
        .arg(option("lease", "LEASE", "What is released then"))
        .arg(Arg::new("cgroup").long("cgroup").value_parser(value_parser!(PathBuf)))
        .after_help(
            "For jit alone: it hears on its standard input which process group it is to end if jit is killed.\n\
             Exit status 0.\n\nExample: jit guard --grace 5s </dev/null",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let grace = duration(matches, "grace")?.unwrap_or_default();
    let lease: Option<LeaseId> = parsed(matches, "lease")?;
    let nothing = || Ok(Output::Text(String::new()));
    let mut group = None;
    loop {
        match hear() {
            GuardianNews::Started(number) => group = pid(number).ok().map(Group::led_by),
            GuardianNews::Ended => group = None,
            GuardianNews::AllIsWell => return nothing(),
            GuardianNews::Orphaned => break,
        }
    }
    let cgroup = matches.get_one::<PathBuf>("cgroup").filter(|place| place.is_dir()).cloned().map(Cgroup::at);
    match (group, &cgroup) {
        (Some(group), cgroup) => group.end(cgroup.as_ref(), grace),
        (None, Some(cgroup)) => cgroup.let_go(),
        (None, None) => {}
    }
    lease.map_or_else(nothing, |lease| released(world, lease))
}

/// Releases the lease, unless there is none any more, or never was.
fn released(world: &World<'_>, lease: LeaseId) -> Result<Output, Failure> {
    let attempt = Attempt::Infra(KILLED.parse::<Task>().ok());
    let once = || give_up_for_the_dead(world, lease, attempt.clone()).map(|_| Output::Text(String::new()));
    for _ in 1..TRIES {
        match once() {
            Err(failure) if failure.code.retryable() => nap(BETWEEN),
            done => return done,
        }
    }
    once()
}
