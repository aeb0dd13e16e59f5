//! `jit run`

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use jit_core::decide::Target;
use jit_core::{Attempt, Lease, LeaseId, Now, Task};
use libc::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use crate::commands::claim::acquire::Asked;
use crate::commands::claim::release::give_up;
use crate::commands::{duration, one, option, repeated, texts, warn_of_its_end};
use crate::error::{Again, Code, Failure, LOST_IN_RUN};
use crate::input::paths;
use crate::issues::tracker::warn_of_uncommitted;
use crate::output::Output;
use crate::running::cgroup::Cgroup;
use crate::running::holding::{self, Ended, Job, OnLost};
use crate::running::keeper::Keeper;
use crate::running::launch::Guardian;
use crate::shell::quoted;
use crate::world::World;

/// How long a command may take to end, if nothing else is said.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

pub(crate) fn arguments(command: Command) -> Command {
    paths::arguments(command)
        .arg(texts("REF", "REF", "What to hold: issues, things as name:THING; none for a lease of paths alone").num_args(0..))
        .arg(
            Arg::new("COMMAND")
                .value_name("COMMAND")
                .value_parser(value_parser!(OsString))
                .num_args(1..)
                .last(true)
                .required(true)
                .help("What to run, with its arguments"),
        )
        .arg(option("task", "TEXT", "What for, in a line; others see it"))
        .arg(option("ttl", "DURATION", "How long the lease stands without a renewal; it is renewed at a third of that [default: 10m, or what `jit config get ttl` says]"))
        .arg(option("wait", "DURATION", "Wait in turn, at most so long, if somebody holds it: 90s, 10m, 2h"))
        .arg(option("grace", "DURATION", "How long what has to end may take before it is killed [default: 5s]"))
        .arg(OnLost::argument("If the lease is lost: end the command and all of its process group (SIGTERM, after --grace SIGKILL); send SIGTERM only; or let it run [default: kill]"))
        .arg(
            Arg::new("done-on-success")
                .long("done-on-success")
                .action(ArgAction::SetTrue)
                .help("If the command ends with status 0, the work is done: the issues' files say so, to be committed"),
        )
        .after_help(
            "The command finds JIT_LEASE_ID, JIT_FENCE, JIT_AGENT_ID and JIT_ISSUE_ID in its environment (several\n\
             references are joined by commas), and has this terminal and jit's standard streams. Signals to jit\n\
             are passed on to its process group. At its end the lease is released: undone or done after status 0,\n\
             as failed after any other, as infrastructure if it was stopped (SIGINT, SIGTERM, SIGHUP, SIGQUIT).\n\
             What it left running in its process group is ended then too; so is all of it if jit is killed. A\n\
             process that leaves the group (setsid, a daemon) escapes that, unless jit may make a cgroup (version\n\
             2): then it lives on after the command's own end only.\n\n\
             Exit status: the command's; 128+N where signal N ended it; 127 there is no such command, 126 it can't\n\
             be started; 125 jit itself failed (nothing was run if the lease was not granted); 124 the lease was\n\
             lost. With --json, jit's own answer is on standard error.\n\n\
             Example: jit run name:deploy-db --wait 10m -- make deploy\n\
             Example: jit run 3f2a91bc --path src/ --done-on-success -- agent --task 3f2a91bc",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    if one(matches, "paths-from") == Some("-") {
        return Err(Failure::usage("--paths-from -: standard input is the command's", ""));
    }
    let grace = duration(matches, "grace")?.unwrap_or(GRACE);
    let words: Vec<OsString> = matches.get_many("COMMAND").into_iter().flatten().cloned().collect();
    let asked = Asked::read(world, matches)?;
    let place = Cgroup::place(&format!("jit-{}", asked.minted.lease));
    // Before the lease is granted: whenever jit is killed from now on, somebody releases it.
    let guardian = guardian(world, grace, asked.minted.lease, place.as_ref())?;
    let lease = asked.granted(world, &again(&asked, matches, &words)).inspect_err(|failure| {
        if failure.code != Code::DurabilityUnknown {
            guardian.dismiss();
        }
    })?;
    let now = Now { stamp: lease.renewed, wall: lease.acquired_at };
    warn_of_its_end(world, &lease, &now)?;
    warn_of_uncommitted(world, std::slice::from_ref(&lease));
    let mut keeper = Keeper::of(world, lease.clone())?;
    let on_lost = OnLost::read(matches, OnLost::Kill);
    let job = Job {
        words: &words,
        environment: environment(&lease),
        guardian: &guardian,
        cgroup: place.and_then(Cgroup::make),
        grace,
        on_lost,
    };
    let ended = holding::run(world, &mut keeper, job);
    guardian.ended();
    let output = match ended {
        Ok(ended) => over(world, &lease, ended, on_lost, matches.get_flag("done-on-success")),
        Err(failure) => {
            // Where that fails, the guardian goes on trying.
            let _ = give_up(world, Target::Lease(lease.id), Attempt::Undone);
            Err(failure)
        }
    }?;
    guardian.dismiss();
    Ok(output)
}

fn guardian(
    world: &World<'_>,
    grace: Duration,
    lease: LeaseId,
    cgroup: Option<&PathBuf>,
) -> Result<Guardian, Failure> {
    let cgroup = cgroup.map(|place| ["--cgroup".into(), place.into()]);
    let more: Vec<OsString> = ["--lease".into(), lease.to_string().into()]
        .into_iter()
        .chain(cgroup.into_iter().flatten())
        .collect();
    Guardian::start(&world.said()?, grace, &more).map_err(|error| Failure::no_guardian(&error))
}

/// What the command is told of its lease.
fn environment(lease: &Lease) -> Vec<(&'static str, Option<String>)> {
    let issues: Vec<String> = lease.issues.iter().map(ToString::to_string).collect();
    vec![
        ("JIT_LEASE_ID", Some(lease.id.to_string())),
        ("JIT_FENCE", Some(lease.fence.to_string())),
        ("JIT_AGENT_ID", Some(lease.holder.agent.to_string())),
        ("JIT_ISSUE_ID", (!issues.is_empty()).then(|| issues.join(","))),
    ]
}

/// Releases the lease with what came of the command.
fn over(
    world: &World<'_>,
    lease: &Lease,
    ended: Ended,
    on_lost: OnLost,
    done_on_success: bool,
) -> Result<Output, Failure> {
    let target = Target::Lease(lease.id);
    if let Some(lost) = ended.lost {
        // What stands of it, at the end of `max_lifetime`, is of no use any more.
        let _ = give_up(world, target, Attempt::Infra("the lease was lost".parse().ok()));
        return match on_lost {
            OnLost::Ignore => {
                Ok(Output::Ran { lease: lease.clone(), status: status(ended.status), released: None })
            }
            on_lost => Err(lost.lost_in_run(on_lost)),
        };
    }
    let released = match give_up(world, target, attempt(ended.status, ended.asked, done_on_success)) {
        Err(failure) if failure.code == Code::LeaseReleased => None,
        Err(failure) if failure.code == Code::LeaseLost => {
            return Err(failure.or_exit(LOST_IN_RUN));
        }
        // Somebody ended the issue otherwise, say: nobody else knows yet that the command has ended.
        Err(failure) if !failure.code.retryable() => {
            let why = format!("the command ended, and that could not be said: {}", failure.code.name());
            let released = give_up(world, Target::Lease(lease.id), Attempt::Infra(why.parse().ok()));
            return Err(match released {
                Ok(_) => {
                    let hint = failure.hint.iter().map(|hint| format!("{hint}; ")).collect::<String>();
                    Failure { hint: Some(hint + "the lease was released"), ..failure }
                }
                Err(_) => failure,
            });
        }
        released => Some(Box::new(released?)),
    };
    Ok(Output::Ran { lease: lease.clone(), status: status(ended.status), released })
}

/// What is said of the work of a command that ended so.
fn attempt(status: ExitStatus, asked: bool, done_on_success: bool) -> Attempt {
    let how = match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, signal) => format!("killed by signal {}", signal.unwrap_or_default()),
    };
    let reason = how.parse::<Task>();
    match reason {
        _ if !asked && status.success() && done_on_success => Attempt::Done,
        _ if !asked && status.success() => Attempt::Undone,
        Ok(reason) if !asked && !was_stopped(status) => Attempt::Failed(reason),
        reason => Attempt::Infra(reason.ok()),
    }
}

/// Whether somebody stopped it, on the terminal say. A shell that was running what was stopped exits
/// with 128 and the signal.
fn was_stopped(status: ExitStatus) -> bool {
    let signal = status.signal().or(status.code().map(|code| code - 128));
    [SIGINT, SIGTERM, SIGHUP, SIGQUIT].map(Some).contains(&signal)
}

/// As a shell says it.
fn status(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

/// The command that asks for the same again.
fn again(asked: &Asked, matches: &ArgMatches, words: &[OsString]) -> Again {
    let named = asked.claim.references().iter().map(|reference| format!(" {reference}"));
    let head = format!("jit run{}", named.collect::<String>());
    let head = repeated(head, matches, &["path", "paths-from", "ttl", "task", "grace", "on-lost"]);
    let head = paths::repeated_shared(head, matches);
    let done = if matches.get_flag("done-on-success") { " --done-on-success" } else { "" };
    let words = words.iter().map(|word| format!(" {}", quoted(&word.to_string_lossy())));
    Again { head: head + done, tail: format!(" --{}", words.collect::<String>()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_the_work_follows_from_how_the_command_ended() {
        let exited = |code: i32| ExitStatus::from_raw(code << 8);
        let killed = ExitStatus::from_raw;
        let failed = |reason: &str| Attempt::Failed(reason.parse().unwrap());
        let infra = |reason: &str| Attempt::Infra(reason.parse().ok());
        for (status, asked, done_on_success, said) in [
            (exited(0), false, false, Attempt::Undone),
            (exited(0), false, true, Attempt::Done),
            (exited(0), true, true, infra("exit status 0")),
            (exited(3), false, true, failed("exit status 3")),
            (exited(1), true, false, infra("exit status 1")),
            (exited(130), false, false, infra("exit status 130")),
            (exited(128), false, false, failed("exit status 128")),
            (killed(SIGINT), false, false, infra("killed by signal 2")),
            (killed(9), false, false, failed("killed by signal 9")),
        ] {
            assert_eq!(attempt(status, asked, done_on_success), said, "{status:?}");
        }
        assert_eq!([exited(7), killed(9)].map(status), [7, 137]);
    }
}
