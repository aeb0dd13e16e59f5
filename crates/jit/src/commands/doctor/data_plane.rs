//! What the doctor has to say of this worktree's `.jit/`.

use std::path::{Path, PathBuf};

use jit_core::decide::Unrecorded;
use jit_tracker::dependencies::Graph;
use jit_tracker::events::Damaged;
use jit_tracker::{Dir, Origin};

use crate::commands::gate::check::OUTPUTS;
use crate::commands::query::circle;
use crate::error::Failure;
use crate::finding::{Finding, shell};
use crate::issues::elsewhere::nowhere;
use crate::issues::filed::ended;
use crate::issues::gates::Defined;
use crate::issues::gone::{gone, said};
use crate::issues::merging::{driver_is_missing, ensure_driver};
use crate::issues::tracker::{Changing, Tracker, Unmerged};
use crate::issues::unrecorded;
use crate::world::World;

/// What can't be read, what killed writers left, what Git does not know, and who waits for each other.
pub(super) fn look(world: &World<'_>) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    if driver_is_missing(world)? {
        findings.push(Finding::without_driver());
    }
    let tracker = Tracker::around(world)?;
    let listing = tracker.list()?;
    let root = tracker.root();
    let broken = |failure: Failure| Finding::failure(failure.with_options(&world.repeated()), &root);
    let unmerged: Vec<(PathBuf, Finding)> = unmerged(&tracker, &root)?;
    let told = |path: &Path| unmerged.iter().any(|(other, _)| other == path);
    let of_files = listing.broken.iter().map(|error| {
        let path = root.join(error.file.strip_prefix("HEAD:").unwrap_or(&error.file));
        (path, error)
    });
    findings.extend(
        of_files
            .filter(|(path, _)| !told(path))
            .map(|(path, error)| Finding { path: Some(path), ..broken(tracker.broken(error)) }),
    );
    findings.extend(unmerged.into_iter().map(|(_, finding)| finding));
    if world.repo()?.worktree().is_some() {
        findings.extend(Defined::here(world).err().map(broken));
    }
    let open =
        listing.issues.iter().map(|listed| &*listed.issue).filter(|issue| ended(issue.state).is_none());
    let cycle = Graph::new(open).cycle();
    findings.extend(
        cycle
            .as_deref()
            .and_then(|cycle| circle(world, cycle))
            .map(|(what, hint)| Finding::circle(what, hint)),
    );
    let there = listing.issues.iter().map(|listed| &*listed.issue);
    findings.extend(gone(there, &listing.broken).into_iter().map(|found| {
        let (what, hint) = said(world, found);
        Finding::waiting_for_gone(root.join(tracker.file(found.0)), what, hint)
    }));
    findings.extend(tracker.all_half_deleted()?.into_iter().map(|id| {
        let (what, hint) = tracker.half_deleted(id);
        Finding::half_deleted(root.join(tracker.file(id)), what, hint)
    }));
    findings.extend(events(&tracker, &root)?.into_iter().map(broken));
    for (path, dir) in written(world)? {
        let left = dir.leftovers().map_err(|error| Failure::not_read(&path, &error))?;
        findings.extend(left.into_iter().map(|name| Finding::draft(path.join(name))));
    }
    Ok(findings)
}

/// What is wrong with events; a line that is committed as it stands here is told once.
fn events(tracker: &Tracker<'_>, root: &Path) -> Result<Vec<Failure>, Failure> {
    let events = tracker.events()?;
    let here = |committed: &Damaged| {
        let path = committed.file.strip_prefix("HEAD:").map(|path| root.join(path));
        let same =
            |other: &Damaged| path.as_deref() == Some(Path::new(&other.file)) && other.line == committed.line;
        events.damaged.iter().any(same)
    };
    let damaged = events.damaged.iter().filter(|damaged| !here(damaged));
    let damaged = damaged.map(|damaged| Failure::damaged_event(damaged, root));
    let unreadable = events.unreadable.iter().map(|error| Failure::broken_source(error, root));
    Ok(damaged.chain(unreadable).collect())
}

/// What Git merged by lines, and where it is.
fn unmerged(tracker: &Tracker<'_>, root: &Path) -> Result<Vec<(PathBuf, Finding)>, Failure> {
    let finding = |file: Unmerged| {
        let path = root.join(file.path());
        let added = format!("git -C {} add -- {}", shell(root), file.path());
        (path.clone(), Finding::unmerged(path, file.is_solved.then_some(added)))
    };
    Ok(tracker.unmerged()?.into_iter().map(finding).collect())
}

/// What ended, and the log does not know it.
pub(super) fn unrecorded(world: &World<'_>) -> Result<Vec<Finding>, Failure> {
    let Some(root) = world.repo()?.worktree() else { return Ok(Vec::new()) };
    let tracker = Tracker::around(world)?;
    let finding = |(id, why)| {
        let path = root.join(tracker.file(id));
        match why {
            Unrecorded::Left => Finding::unrecorded(path),
            Unrecorded::Unreleased(lease) => {
                let options = world.repeated_as(&lease.holder.agent);
                Finding::unreleased(path, id, &lease, &options)
            }
            Unrecorded::DoneAgain(lease) => Finding::done_twice(path, id, &lease, &world.repeated()),
            Unrecorded::Undone { at, filed } => {
                Finding::undone(path, id, (at, filed), tracker.open_in(id).as_deref(), &world.repeated())
            }
        }
    };
    Ok(unrecorded::all(world)?.into_iter().map(finding).collect())
}

/// What was done for the log alone.
pub(super) fn end_nowhere(world: &World<'_>) -> Result<Vec<Finding>, Failure> {
    let (tracker, options) = (Tracker::around(world)?, world.repeated());
    let root = tracker.root();
    let finding = |(id, place)| Finding::end_nowhere(root.join(tracker.file(id)), id, &place, &options);
    Ok(nowhere(world)?.into_iter().map(finding).collect())
}

/// Takes away what was left, tells Git, and merges what it could not.
pub(super) fn tidy(world: &World<'_>) -> Result<(), Failure> {
    if driver_is_missing(world)? {
        ensure_driver(world)?;
    }
    if !Tracker::around(world)?.unmerged()?.is_empty() {
        Changing::around(world)?.join()?;
    }
    let tidied = |(path, dir): (PathBuf, Dir)| dir.tidy().map_err(|error| Failure::not_made(&path, &error));
    written(world)?.into_iter().try_for_each(tidied)
}

/// The directories in which files are written over.
fn written(world: &World<'_>) -> Result<Vec<(PathBuf, Dir)>, Failure> {
    let repo = world.repo()?;
    let opened = |root: &Path, below: &str| {
        let path = root.join(below);
        let dir =
            Dir::below(root, below, Origin::Worktree).map_err(|error| Failure::not_read(&path, &error))?;
        Ok((path, dir))
    };
    let own = repo.worktree().into_iter().flat_map(|root| [(root, ".jit"), (root, ".jit/issues")]);
    own.chain([(repo.git_dir(), OUTPUTS)]).map(|(root, below)| opened(root, below)).collect()
}
