//! `jit claim keep`

use clap::{ArgMatches, Command};
use jit_core::Attempt;
use jit_core::decide::{Renew, Target};

use crate::commands::claim::release::give_up;
use crate::commands::{duration, one, option, parsed, text, warn_of_its_end};
use crate::error::{Code, Failure};
use crate::input::reference::target;
use crate::output::Output;
use crate::render;
use crate::running::holding::OnLost;
use crate::running::keeper::Keeper;
use crate::running::process::Process;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("LEASE", "REF|LEASE", "An own lease, by reference or by lease id").required(true))
        .arg(option("pid", "PID", "The process").required(true))
        .arg(option("ttl", "DURATION", "A new TTL; without it, the lease keeps its own"))
        .arg(option("grace", "DURATION", "With --on-lost kill: how long the process may take to end [default: 5s]"))
        .arg(OnLost::argument("If the lease is lost: end the process (SIGTERM, after --grace SIGKILL); send it SIGTERM; or leave it alone [default: ignore]"))
        .after_help(
            "Runs until the process is gone, renewing at a third of the TTL; then the lease is released, undone: how\n\
             another's process ended is not known. A process that gets the same number later is another one. If\n\
             this command is stopped, the lease stands until its TTL has passed.\n\
             Exit status 0: the process is gone, or the lease was given up; 6: the lease was lost.\n\n\
             Example: jit claim keep name:deploy-db --pid 4711",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let number = one(matches, "pid").and_then(|text| text.parse().ok()).filter(|number| *number > 0);
    let number: i32 = number.ok_or_else(|| Failure::usage("--pid is the number of a process", ""))?;
    let process = Process::of(number).map_err(|error| Failure::no_such_process(number, &error))?;
    let on_lost = OnLost::read(matches, OnLost::Ignore);
    let grace = duration(matches, "grace")?.unwrap_or(crate::commands::run::GRACE);
    let named = target(world, one(matches, "LEASE").unwrap_or_default())?;
    let renewed = world.transact(&Renew { target: named, ttl: parsed(matches, "ttl")? })?;
    let [lease] =
        <[_; 1]>::try_from(renewed.leases).map_err(|_| Failure::usage("that is more than one lease", ""))?;
    warn_of_its_end(world, &lease, &world.now()?)?;
    let mut keeper = Keeper::of(world, lease)?;
    while !process.is_gone_within(keeper.nap()).map_err(|error| Failure::no_such_process(number, &error))? {
        if let Err(lost) = keeper.keep() {
            if on_lost != OnLost::Ignore {
                render::tell(&lost.message);
                process.end((on_lost == OnLost::Kill).then_some(grace));
            }
            return Err(lost);
        }
        if keeper.is_given_up() {
            return Ok(Output::Kept { lease: keeper.lease().clone(), pid: number, released: None });
        }
    }
    let lease = keeper.lease().clone();
    let released = match give_up(world, Target::Lease(lease.id), Attempt::Undone) {
        Err(failure) if failure.code == Code::LeaseReleased => None,
        released => Some(Box::new(released?)),
    };
    Ok(Output::Kept { lease, pid: number, released })
}
