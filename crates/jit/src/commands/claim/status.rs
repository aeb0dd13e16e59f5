//! `jit claim status`

use clap::{ArgMatches, Command};
use jit_core::decide::{Target, lost_since};
use jit_core::{Ended, Holder, Known, Lease, Now, Query, Reference, View, Waiter};

use crate::commands::{one, text};
use crate::error::Failure;
use crate::input::reference::target;
use crate::output::{Found, Output, Status};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("TARGET", "REF|LEASE", "A reference or a lease id [default: the caller's own leases]"))
        .after_help(
            "Takes no lock and changes nothing. A free reference is no error: `data.lease` is null. Who waits is\n\
             listed too, in JSON as `data.waiters`; with one's own leases, what was lost, as `data.lost`.\n\
             Exit status 3: there is no lease of this id.\n\n\
             Example: jit claim status name:schema --json",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let Some(asked) = one(matches, "TARGET") else { return own(world) };
    let lookup = Lookup(target(world, asked)?);
    let (found, now) = world.read(&lookup)?;
    let found = found.map_err(|Unknown| Failure::no_such_lease(asked))?;
    let wanted = match (&lookup.0, &found) {
        (Target::Issues(issues), _) => issues,
        (_, Found::Live(lease) | Found::Ended(Ended { lease, .. })) => &lease.issues[..],
        _ => &[],
    };
    let waiters = waiting_for(world, wanted)?;
    Ok(Output::Status(Box::new(Status { asked: asked.to_owned(), found, waiters, look: world.look(now) })))
}

/// The caller's own leases, those that it lost, and who waits for what it has.
pub(crate) fn own(world: &World<'_>) -> Result<Output, Failure> {
    let (leases, lost, now) = match world.reader()? {
        Some(holder) => world.read(&Own(holder))?,
        None => (Vec::new(), Vec::new(), world.now()?),
    };
    let wanted: Vec<Reference> = leases.iter().flat_map(|lease| lease.issues.clone()).collect();
    let waiters = waiting_for(world, &wanted)?;
    Ok(Output::Leases { leases, lost: Some(lost), waiters, look: world.look(now) })
}

/// Those who wait for some of these.
fn waiting_for(world: &World<'_>, wanted: &[Reference]) -> Result<Vec<Waiter>, Failure> {
    let mut waiters = world.store()?.waiting();
    waiters.retain(|waiter| waiter.claim.references().iter().any(|reference| wanted.contains(reference)));
    Ok(waiters)
}

/// What a holder has, and what it lost since it got the oldest of that and has not abandoned.
struct Own(Holder);

impl Query for Own {
    type Answer = (Vec<Lease>, Vec<Ended>, Now);

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Self::Answer, V::Error> {
        let held = view.held_by(&self.0)?;
        let here = view.lost_in(&self.0.worktree)?;
        let mut lost = Vec::new();
        for ended in view.lost_by(&self.0)? {
            let is_told = here.iter().any(|other| other.lease.id == ended.lease.id);
            // What somebody here has again is settled for the worktree, and not for the one who lost it.
            let by = view.successor(&ended.lease.id)?.map(|by| by.holder);
            if is_told || by.is_some_and(|by| by.worktree == self.0.worktree && !by.acts_for(&self.0)) {
                lost.push(ended);
            }
        }
        let lost = lost_since(&held, lost);
        Ok((held, lost, *now))
    }
}

/// What a reference or lease id leads to.
pub(crate) struct Lookup(pub(crate) Target);

/// There is no lease of this id.
pub(crate) struct Unknown;

impl Query for Lookup {
    type Answer = (Result<Found, Unknown>, Now);

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Self::Answer, V::Error> {
        let found = match &self.0.named(view)? {
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
