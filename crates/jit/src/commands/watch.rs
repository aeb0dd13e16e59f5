//! `jit watch`

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use clap::{ArgMatches, Command};
use jit_core::{Lease, LeaseId, Now, Operation, Record, Seq};
use jit_store::{Place, StoreError};

use crate::commands::claim::list::Live;
use crate::commands::{one, option};
use crate::error::Failure;
use crate::input::streams;
use crate::notices::Notices;
use crate::output::{Happening, Output};
use crate::render;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(option("since", "SEQ", "First what happened after this record; all there is after 0 [default: only what happens from now on]"))
        .after_help(
            "Runs until it is stopped, as `tail -f` does. A line an operation, in the words of `jit claim history`;\n\
             with --json, a document a line (JSON Lines), each printed at once. To go on after a stop without a\n\
             gap, pass the last `seq` to --since. A lease that lapses is told when it does, without a `seq`: it is\n\
             in the log only when whoever comes next evicts it. After --since, what has lapsed is told again.\n\n\
             It sleeps until the kernel tells of a change; where that can't, it says so and looks once a second.\n\
             It may show an operation a moment before that is durable.\n\n\
             Exit status 3: there is no such record (any more); 9: the archive lost what was to be shown.\n\n\
             Example: jit watch --json --since 41",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let since = one(matches, "since").map(|text| text.parse().map(Seq)).transpose();
    let since = since.map_err(|_| Failure::usage("--since is the number of a record, or 0", ""))?;
    let mut lapses = Lapses::default();
    let mut place = match since {
        Some(seq) => Place::behind(seq),
        None => {
            let place = world.store()?.newest().map_err(|error| world.trouble(error))?;
            lapses.look(world)?;
            place
        }
    };
    let mut notices = Notices::of(world.control_plane()?);
    let mut is_deaf = false;
    loop {
        // Before the look: what changes after it wakes.
        let heard = notices.listen();
        // Looking takes no lock to be patient for.
        let world = world.anew(Duration::ZERO);
        match printed(&world, &mut place, &mut lapses)? {
            Ok(()) if !streams::reader_is_gone() => {}
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                return Err(Failure::unprinted(&error));
            }
            Ok(()) | Err(_) => {
                streams::break_pipe();
                return Ok(Output::Watched);
            }
        }
        if let Err(error) = heard
            && !std::mem::replace(&mut is_deaf, true)
        {
            render::tell(&format!(
                "nothing tells of changes here ({error}): they are looked for once a second"
            ));
        }
        notices.sleep_while_read(lapses.next(&world.now()?));
    }
}

/// Prints what happened since the last look.
fn printed(world: &World<'_>, place: &mut Place, lapses: &mut Lapses) -> Result<io::Result<()>, Failure> {
    let as_json = world.speaks_json();
    let mut printed = Ok(());
    let mut print = |happening: Happening<'_>| {
        if printed.is_ok() {
            printed = render::happening(&happening, as_json);
        }
    };
    let now = world.now()?;
    let followed = world.store()?.follow(place, |record| {
        lapses.heed(record, &now);
        if record.operation.happened() {
            print(Happening::Record(record));
        }
    });
    followed.map_err(|error| match error {
        StoreError::SegmentMissing { first, last, .. } => world.trouble(error).not_archived(first, last),
        error => world.trouble(error),
    })?;
    if lapses.next(&now).is_zero() {
        let (lapsed, now) = lapses.look(world)?;
        lapsed.iter().for_each(|lease| print(Happening::Lapsed(lease, lease.expires_at(&now))));
    }
    Ok(printed)
}

/// What lapses is in no record until whoever comes next evicts it.
#[derive(Default)]
struct Lapses {
    /// What has lapsed, stands in the leases still, and was told.
    told: BTreeSet<LeaseId>,
    /// Before this reading of the clock nothing lapses; 0 where that is not known.
    not_before: u64,
}

impl Lapses {
    /// Takes notice of when what a record is about lapses.
    fn heed(&mut self, record: &Record, now: &Now) {
        if let Operation::Sighting = record.operation {
            self.not_before = 0;
        }
        let deadlines = record.operation.leases().iter().filter_map(|lease| lease.deadline_ns(&now.stamp));
        self.not_before = deadlines.min().unwrap_or(u64::MAX).min(self.not_before);
    }

    /// In how long something may lapse.
    fn next(&self, now: &Now) -> Duration {
        Duration::from_nanos(self.not_before.saturating_sub(now.stamp.ns))
    }

    /// What has lapsed and was not told yet, which it is now.
    fn look(&mut self, world: &World<'_>) -> Result<(Vec<Lease>, Now), Failure> {
        let (live, now) = world.read(&Live)?;
        let (mut lapsed, standing): (Vec<Lease>, Vec<Lease>) =
            live.into_iter().partition(|lease| lease.lapsed(&now.stamp));
        let deadlines = standing.iter().filter_map(|lease| lease.deadline_ns(&now.stamp));
        self.not_before = deadlines.min().unwrap_or(u64::MAX);
        let before = std::mem::replace(&mut self.told, lapsed.iter().map(|lease| lease.id).collect());
        lapsed.retain(|lease| !before.contains(&lease.id));
        Ok((lapsed, now))
    }
}

#[cfg(test)]
mod tests {
    use jit_core::{ClockId, Holder, Stamp, WorktreeId};
    use uuid::Uuid;

    use super::*;

    /// From a sighting on, leases of an earlier boot lapse too: they are looked at anew.
    #[test]
    fn a_sighting_may_bring_deadlines() {
        let now = Now {
            stamp: Stamp { boot: ClockId::new(Uuid::nil()), ns: 7 },
            wall: "2026-11-21T05:34:47Z".parse().unwrap(),
        };
        let mut lapses = Lapses { not_before: u64::MAX, ..Lapses::default() };
        let mut record = Record {
            seq: Seq(2),
            operation: Operation::Abandon,
            actor: Holder { agent: "agent:ann".parse().unwrap(), worktree: WorktreeId::new(Uuid::nil()) },
            at: now.wall,
            stamp: now.stamp,
            durable: Seq(1),
        };
        lapses.heed(&record, &now);
        assert!(!lapses.next(&now).is_zero());
        record.operation = Operation::Sighting;
        lapses.heed(&record, &now);
        assert!(lapses.next(&now).is_zero());
    }
}
