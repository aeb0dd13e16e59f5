//! `jit claim heartbeat`

use clap::{ArgMatches, Command};
use jit_core::decide::{Beat, Heartbeat};
use jit_core::{Lease, Now};

use crate::error::Failure;
use crate::output::Output;
use crate::render::text::{ending, left};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help(
        "Renews what the caller's agent holds in this worktree, and warns of each lease that was lost since,\n\
         or that has been held for as long as `max_lifetime` allows (in JSON: `lost`, `over`): stop working\n\
         on those. Exit status 6: nothing is held.\n\n\
         Example: jit claim heartbeat",
    )
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    let beat = world.transact(&Heartbeat)?;
    let now = world.now()?;
    warnings(&beat, &now).into_iter().for_each(|warning| world.warn(warning));
    let look = world.glance(now, beat.renewed.first());
    Ok(Output::Beat { beat, look })
}

/// What the caller must let go.
fn warnings(beat: &Beat, now: &Now) -> Vec<String> {
    let named = |lease: &Lease| lease.issues.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let lost =
        beat.lost.iter().map(|ended| format!("stop working on {}: {}", named(&ended.lease), ending(ended)));
    let over = beat.over.iter().map(|lease| {
        format!("{} is not renewed any more, held as long as is allowed: {}", named(lease), left(lease, now))
    });
    let cut = beat.cut.iter().map(|lease| {
        format!("the policy allows {} no TTL of {} any more: jit config list", named(lease), lease.ttl)
    });
    lost.chain(over).chain(cut).collect()
}
