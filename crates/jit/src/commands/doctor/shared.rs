//! `jit doctor --shared`: what two sides of a control plane find out together.

use std::time::Duration;

use jit_core::parse_duration;
use jit_store::disk::Disk;
use jit_store::{Meeting, MeetingError};

use crate::error::Failure;
use crate::finding::{Finding, Kind, Needs, shell};
use crate::output::Output;
use crate::world::{POLICY, World};

const WAIT: Duration = Duration::from_secs(60);

pub(crate) fn run(world: &World<'_>, wait: Option<&str>) -> Result<Output, Failure> {
    let wait = wait
        .map_or(Ok(WAIT), parse_duration)
        .map_err(|error| Failure::usage(&format!("--wait: {error}"), "jit doctor --shared --wait 1m"))?;
    world.may_write()?;
    let met = world.store()?.meet(world.nonce()?, wait).map_err(|error| match error {
        MeetingError::NobodyCame => Failure::nobody_came(wait, false),
        MeetingError::Left => Failure::nobody_came(wait, true),
        MeetingError::Store(error) => world.trouble(error),
    })?;
    let safe = met.locks && met.words && met.one_kernel;
    let mut findings = vec![verdict(world, safe)?];
    findings.extend(facts(met));
    Ok(Output::Checked { findings, healthy: safe })
}

fn verdict(world: &World<'_>, safe: bool) -> Result<Finding, Failure> {
    if !safe {
        let what = "not safe: the two sides could be granted the same lease, or lose one";
        let hint = format!(
            "claim from one side only; see whether jit refuses by itself: jit {}config get allow_shared_filesystem",
            world.repeated()
        );
        return Ok(Finding::new(Kind::NotSafe, Needs::Person, what).hint(hint));
    }
    let finding = Finding::new(Kind::Safe, Needs::Nothing, "safe: both sides may claim");
    let store = world.store()?;
    let refused = matches!(store.disk().locks_may_be_local(), Ok(Some(_)));
    Ok(match refused && !world.policy()?.allow_shared_filesystem {
        true => {
            let policy = shell(&world.control_plane()?.join(POLICY));
            finding.hint(format!("echo 'allow_shared_filesystem = true' >> {policy}"))
        }
        false => finding,
    })
}

fn facts(met: Meeting) -> [Finding; 3] {
    let fact = |holds: bool, yes: (Kind, &str), no: (Kind, &str)| match holds {
        true => Finding::new(yes.0, Needs::Nothing, yes.1),
        false => Finding::new(no.0, Needs::Person, no.1),
    };
    [
        fact(
            met.locks,
            (Kind::LocksExclude, "each side's lock kept the other out"),
            (Kind::LocksSeparate, "a side took the lock while the other had it"),
        ),
        fact(
            met.words,
            (Kind::WordsShared, "what each side stored in shared memory, the other saw"),
            (Kind::WordsSeparate, "what a side stored in shared memory, the other did not see"),
        ),
        fact(
            met.one_kernel,
            (Kind::OneKernel, "both sides have the clock of one kernel"),
            (Kind::OtherKernel, "the sides are of two kernels, whose clocks have nothing in common"),
        ),
    ]
}
