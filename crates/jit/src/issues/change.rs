//! Changing an issue's file: who may, what is written, who is told.

use std::collections::BTreeSet;

use jit_core::decide::{Change, Close, Concluded, Ending, Settle};
use jit_core::{Enforcement, Facts, Filed, Gate, IssueId, Lease, Outcome, Reference, Request};
use jit_tracker::{GateName, Issue, Listed, Origin, State};

use crate::error::Failure;
use crate::issues::elsewhere::not_lost;
use crate::issues::filed::{ended, is_worked, state};
use crate::issues::known::{Known, looked_closely, looked_up};
use crate::issues::tracker::{Changing, Rewrite, later};
use crate::output::Output;
use crate::world::World;

/// What was done to an issue to which nothing was.
const UNCHANGED: &str = "unchanged";

/// Changes an issue in this worktree's files. What was read from elsewhere is written here.
pub(crate) fn changed(
    world: &World<'_>,
    id: IssueId,
    did: &'static str,
    change: impl FnOnce(&mut Issue),
) -> Result<Output, Failure> {
    changed_if(world, id, did, |issue| {
        change(issue);
        Ok(())
    })
}

/// The same where a change may be refused, by what no other process can change meanwhile.
pub(crate) fn changed_if(
    world: &World<'_>,
    id: IssueId,
    did: &'static str,
    change: impl FnOnce(&mut Issue) -> Result<(), Failure>,
) -> Result<Output, Failure> {
    Ok(rewritten(world, id, change)?.told(world, did))
}

/// An issue that was to be changed.
pub(crate) struct Changed {
    pub(crate) known: Known<Issue>,
    /// Whether its file, or what the log knows of it, is another than before.
    pub(crate) is_another: bool,
}

impl Changed {
    /// What was done to it, if anything was.
    pub(crate) fn told(self, world: &World<'_>, did: &'static str) -> Output {
        let did = if self.is_another { did } else { UNCHANGED };
        if !self.is_another {
            world.warn(format!("nothing changed: {} was so already", self.known.issue.id));
        }
        Output::Issue { did: Some(did), known: Box::new(self.known) }
    }
}

/// Changes the gates of an issue, or what is known of them; may be refused by how far the issue has
/// come. `change` returns the gates that it says something of, also where the file said so before:
/// then it says again what may not have come to the log.
///
/// An issue that only waited for its gates is done with the last of them; the log knows which are
/// open, for the file at hand may not have all.
pub(crate) fn with_gates(
    world: &World<'_>,
    id: IssueId,
    change: impl FnOnce(&mut Known<Issue>) -> Result<BTreeSet<GateName>, Failure>,
) -> Result<Changed, Failure> {
    let tracker = Changing::around(world)?;
    let mut known = to_change(world, &tracker, id)?;
    let before = Issue::clone(&known.issue);
    known.open_what_is_stale(world)?;
    let said = change(&mut known)?;
    let settle = settled(&said, &before, &known);
    // The log may have as done what another branch required a gate of.
    let waits = settle.seen.outcome == Some(Outcome::Gated)
        || (settle.seen.outcome.is_some() && before.state == State::Gated);
    if known.issue.state != before.state || !(settle.filed || waits) {
        return written(world, &tracker, before, known);
    }
    let foreseen = world.rehearse(&settle)?.facts;
    // Where the work is elsewhere, the file that says so comes with it.
    if is_worked(&before) && known.outcome_by(&foreseen) == Some(Outcome::Done) {
        known.issue.state = State::Done;
    }
    let changed = followed(world, &tracker, before, known, &settle, &foreseen)?;
    world.something_changed();
    Ok(changed)
}

/// What a change of an issue's gates means to the log. Only what was said now counts: an old file may
/// have a result of work that is done anew since.
fn settled(said: &BTreeSet<GateName>, before: &Issue, known: &Known<Issue>) -> Settle {
    let open = |issue: &Issue| issue.open_gates().map(Gate::named).collect::<BTreeSet<_>>();
    let (was_open, is_open) = (open(before), open(&known.issue));
    let said: BTreeSet<_> = said.iter().map(Gate::named).collect();
    Settle {
        issue: known.issue.reference(),
        settled: &said - &is_open,
        opened: &is_open - &(&was_open - &said),
        filed: before.state == State::Gated
            && is_open.is_empty()
            && !known.standing.facts.contradicts(before.updated_at),
        seen: known.standing.facts.round(),
    }
}

/// Ends an issue undone. The log is told first, then the file follows: should this process die in
/// between, nobody gets the issue, and saying the same again ends it.
pub(crate) fn closed(
    world: &World<'_>,
    id: IssueId,
    ending: Ending,
    judge: impl FnOnce(&Known<Issue>) -> Result<(), Failure>,
) -> Result<Changed, Failure> {
    let tracker = Changing::around(world)?;
    let found = match ending {
        Ending::Deleted => tracker.there(id)?,
        Ending::Rejected => tracker.read(id)?,
    };
    let mut known = looked_closely(world, &tracker, found)?;
    judge(&known)?;
    let Concluded { facts, over } = world.transact(&Close { issue: Reference::Issue(id), ending })?;
    warn_of(world, over.as_deref());
    let is_another = facts != known.standing.facts;
    known.standing.facts = facts;
    let before = Issue::clone(&known.issue);
    match ending {
        Ending::Deleted => {
            tracker.write(&[Rewrite::away(&before)])?;
            Ok(Changed { known: anew(world, &tracker, known), is_another: true })
        }
        Ending::Rejected => {
            known.issue.state = State::Rejected;
            // A file that says so of an attempt before says it of this one, too.
            if known.standing.facts.contradicts(before.updated_at) {
                let since = known.standing.facts.since(before.updated_at);
                known.issue.updated_at = later(world.now()?.wall, since);
            }
            let changed = written(world, &tracker, before, known)?;
            Ok(Changed { is_another: is_another || changed.is_another, ..changed })
        }
    }
}

/// Lets this worktree's file say that the work on an issue was done, as the log knows it. What is
/// elsewhere comes by a merge, and the file with it.
pub(crate) fn filed(world: &World<'_>, id: IssueId) -> Result<Known<Issue>, Failure> {
    let tracker = Changing::around(world)?;
    let mut known = known(world, &tracker, id)?;
    may_change(world, &[Reference::Issue(id)])?;
    let outcome = known.standing.facts.outcome.filter(|outcome| outcome.is_worked());
    let outcome = outcome.ok_or_else(|| Failure::not_done_yet(id))?;
    if let Some(place) = not_lost(world, &known)? {
        return Err(Failure::to_be_merged(id, &place));
    }
    let before = Issue::clone(&known.issue);
    // Gates that only the lost file had as passed are open, and have to be passed again.
    let gated = outcome == Outcome::Gated || before.open_gates().next().is_some();
    known.issue.state = if gated { State::Gated } else { State::Done };
    let since = known.standing.facts.since(before.updated_at);
    known.issue.updated_at = later(world.now()?.wall, since);
    tracker.write(&[Rewrite::of(Some(&before), &known.issue)])?;
    world.something_changed();
    Ok(known)
}

/// Changes an issue's file, then what the log knows of it, whose rule is asked before: should this
/// process die in between, saying the same again ends it.
pub(crate) fn concluded<R: Request<Answer = Concluded>>(
    world: &World<'_>,
    id: IssueId,
    request: impl FnOnce(&Known<Issue>) -> Result<R, Failure>,
    change: impl FnOnce(&mut Issue),
) -> Result<Changed, Failure> {
    let tracker = Changing::around(world)?;
    let mut known = looked_closely(world, &tracker, tracker.there(id)?)?;
    let request = request(&known)?;
    let foreseen = world.rehearse(&request)?.facts;
    let before = Issue::clone(&known.issue);
    change(&mut known.issue);
    followed(world, &tracker, before, known, &request, &foreseen)
}

fn followed<R: Request<Answer = Concluded>>(
    world: &World<'_>,
    tracker: &Changing<'_>,
    before: Issue,
    mut known: Known<Issue>,
    request: &R,
    foreseen: &Facts,
) -> Result<Changed, Failure> {
    let mut is_another = *known.issue != before;
    if is_another {
        stamp(world, &mut known, &before, foreseen)?;
    }
    let rewrite = Rewrite::of(Some(&before), &known.issue);
    let Concluded { facts, over } = tracker.write_then(&[rewrite], || world.transact(request))?;
    warn_of(world, over.as_deref());
    is_another |= facts != known.standing.facts;
    known.standing.facts = facts;
    let known = if is_another { anew(world, tracker, known) } else { known };
    Ok(Changed { known, is_another })
}

/// Writes what a change makes of an issue.
fn rewritten(
    world: &World<'_>,
    id: IssueId,
    change: impl FnOnce(&mut Issue) -> Result<(), Failure>,
) -> Result<Changed, Failure> {
    let tracker = Changing::around(world)?;
    let mut known = to_change(world, &tracker, id)?;
    let before = Issue::clone(&known.issue);
    change(&mut known.issue)?;
    written(world, &tracker, before, known)
}

/// An issue of which fields are to be changed, by whoever may do that. Its state is what this
/// worktree has: a field that is written here does not say that the work is here, too.
fn to_change(world: &World<'_>, tracker: &Changing<'_>, id: IssueId) -> Result<Known<Issue>, Failure> {
    if tracker.is_half_deleted(id) {
        let (what, way) = tracker.half_deleted(id);
        return Err(Failure::half_deleted(id, &what, &way));
    }
    let mut known = known(world, tracker, id)?;
    may_change(world, &[Reference::Issue(id)])?;
    warn_of_deleted(world, &known);
    if known.origin == Origin::Main && is_worked(&known.issue) {
        known.candidate.filed = Filed { later: ended(known.issue.state), ..Filed::default() };
        known.issue.state = State::Ready;
    }
    Ok(known)
}

/// Says of an issue that is changed that it was deleted elsewhere.
fn warn_of_deleted(world: &World<'_>, known: &Known<Issue>) {
    let facts = &known.standing.facts;
    if facts.deleted {
        let (id, options) = (known.issue.id, world.repeated());
        let by = facts.ended_by.as_ref().map(|by| format!(" by {} at {}", by.by.agent, by.at));
        world.warn(format!(
            "{id} was deleted in another worktree{}: nobody gets it, and a merge will ask which counts; to keep it: jit {options}issue reopen {id}",
            by.unwrap_or_default()
        ));
    }
}

/// An issue to be changed. What was read from elsewhere is written here.
fn known(world: &World<'_>, tracker: &Changing<'_>, id: IssueId) -> Result<Known<Issue>, Failure> {
    looked_closely(world, tracker, tracker.read(id)?)
}

/// An issue after it was changed, with what bars it then. The change is done, whether or not that can
/// be told.
fn anew(world: &World<'_>, tracker: &Changing<'_>, known: Known<Issue>) -> Known<Issue> {
    let later = known.candidate.filed.later.map(state);
    let changed = Listed { issue: known.issue.clone(), origin: Origin::Worktree, later };
    looked_up(world, tracker, changed).unwrap_or(known)
}

fn written(
    world: &World<'_>,
    tracker: &Changing<'_>,
    before: Issue,
    mut known: Known<Issue>,
) -> Result<Changed, Failure> {
    let is_another = *known.issue != before;
    if is_another {
        let facts = known.standing.facts.clone();
        stamp(world, &mut known, &before, &facts)?;
        tracker.write(&[Rewrite::of(Some(&before), &known.issue)])?;
        world.something_changed();
    }
    let known = if is_another { anew(world, tracker, known) } else { known };
    Ok(Changed { known, is_another })
}

/// Says of a changed file that it is of now, unless it says less than the log will, which will know this:
/// where the issue ended elsewhere, the file that says so stays the later one, and one that is of an
/// attempt before gets no younger.
fn stamp(world: &World<'_>, known: &mut Known<Issue>, before: &Issue, facts: &Facts) -> Result<(), Failure> {
    let is_behind = match ended(known.issue.state) {
        None => known.outcome_by(facts).is_some(),
        Some(_) => known.issue.state == before.state && facts.contradicts(before.updated_at),
    };
    if !is_behind {
        known.issue.updated_at = later(world.now()?.wall, facts.since(before.updated_at));
    }
    Ok(())
}

/// Whether the caller may change the files of these, as far as that can be told now.
pub(crate) fn may_change(world: &World<'_>, issues: &[Reference]) -> Result<(), Failure> {
    let over = world.rehearse(&Change { issues: issues.to_vec() })?;
    warn_of(world, &over);
    Ok(())
}

/// Says whose work a change went over.
pub(crate) fn warn_of<'l>(world: &World<'_>, over: impl IntoIterator<Item = &'l Lease>) {
    for lease in over {
        world.warn(format!("lease {} is not yours; {} works on it", lease.id, lease.holder.agent));
    }
}

/// What breaks a rule of which only files tell is refused, warned of or let pass, as the policy says.
pub(crate) fn enforced(world: &World<'_>, refused: Failure) -> Result<(), Failure> {
    match world.policy()?.enforcement(&world.agent()?) {
        Enforcement::Strict => Err(refused),
        Enforcement::Warn => {
            world.warn(refused.message);
            Ok(())
        }
        Enforcement::Off => Ok(()),
    }
}
