//! `jit hook pre-commit`

use clap::{ArgMatches, Command};
use jit_core::verdict::{Commit, Committed};
use jit_core::{
    Holder, IssueId, Item, Lease, Mode, Operation, Outcome, Pattern, Reference, Refusal, Scope, Touch,
};
use jit_git::{Staged, SystemGit};
use jit_tracker::issue_file;

use crate::error::Failure;
use crate::input::paths;
use crate::issues::filed::said_by;
use crate::output::Output;
use crate::verdict::{Objection, given, of_paths};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.after_help(
        "Called by Git. Refuses to commit what somebody else's lease covers, what one's own leases leave out if\n\
         they are of paths, the files of issues that somebody else holds, and those that come to say `done` of an\n\
         issue that nobody holds and that no lease ended. What people do is warned of\n\
         (`jit config get enforce_people`). Says when the lease that one commits under has lapsed.\n\
         Takes no lock and changes nothing.\n\
         Exit status: 0 may be committed, 5 paths held, 6 an issue held, 7 outside of one's own paths, or done\n\
         without a lease, 9 can't be told.\n\n\
         Example: jit hook pre-commit",
    )
}

pub(crate) fn run(world: &World<'_>, _: &ArgMatches) -> Result<Output, Failure> {
    given(world, |by| objections(world, by))
}

fn objections(world: &World<'_>, by: &Holder) -> Result<Vec<Objection>, Failure> {
    let staged = world.repo()?.staged_paths(&SystemGit::on_path()).map_err(|error| Failure::git(&error))?;
    if staged.is_empty() {
        return Ok(Vec::new());
    }
    // The data plane goes by the rule of issues alone.
    let (data, paths): (Vec<String>, Vec<String>) =
        staged.into_iter().partition(|path| path.starts_with(".jit/"));
    let issues: Vec<Reference> = data.iter().filter_map(|path| issue_of(path)).collect();
    let ended = ended(world, &data)?;
    let exact = paths.iter().filter_map(|path| path.parse().ok()).map(Pattern::exact).collect();
    let paths = Scope::of_any_size(exact, Mode::Exclusive, paths::case(world)?);
    let touch = Touch { actor: by.clone(), paths: paths.clone(), against: None };
    let mut found = world.read(&Commit { touch, issues, ended })?;
    warn_of_lapsed(world, &found, &paths);
    let unleased = std::mem::take(&mut found.unleased);
    let (issues, replaced, now) = (std::mem::take(&mut found.issues), found.replaced, found.touched.now);
    let mut objections = of_paths(world, by, found);
    objections.extend(
        unleased
            .iter()
            .map(|issue| Objection { failure: Failure::ends_without_lease(issue), replaced: false }),
    );
    for wanted in issues {
        if gave_up_last(world, by, &wanted.item)? {
            continue;
        }
        let refusal = Failure::refused(&Refusal::NotYours(Box::new(wanted.blocker)), &world.look(now));
        let failure = Failure::issue_is_anothers(&wanted.item, refusal);
        objections.push(Objection { failure, replaced });
    }
    Ok(objections)
}

/// Says which lease the commit would be made under, had it not lapsed. Of what others took over, the
/// branch is asked about.
fn warn_of_lapsed(world: &World<'_>, found: &Committed, paths: &Scope) {
    let is_meant = |lease: &Lease| found.own.is_empty() || !lease.scope.overlaps(paths).is_empty();
    let now = &found.touched.now;
    let lapsed = found.lapsed.iter().filter(|lease| is_meant(lease));
    let lost = found.lost.iter().filter(|(lost, by)| by.is_none() && is_meant(&lost.lease));
    let lapsed = lapsed.map(|lease| Failure::has_lapsed(lease, now));
    for failure in lapsed.chain(lost.map(|(lost, _)| Failure::was_lost(lost, None, &world.look(*now)))) {
        let Failure { message, hint, .. } = failure;
        world.warn([Some(message), hint].into_iter().flatten().collect::<Vec<_>>().join("; "));
    }
}

/// Whether whoever held an issue before its holder gave it up, and worked in this worktree: what it
/// wrote may still have to be committed. Looked for in the log since it was last sealed: the archive may
/// be long, and thinned out.
fn gave_up_last(world: &World<'_>, by: &Holder, item: &Item) -> Result<bool, Failure> {
    let Some(issue) = item.reference() else { return Ok(false) };
    let mut last = None;
    let told = world.store()?.history(|records| {
        last = records.iter().rev().find_map(|record| match &record.operation {
            Operation::Release { lease, released, .. } if released.contains(issue) => {
                Some(lease.holder.worktree == by.worktree)
            }
            Operation::AutoEvict(lease) | Operation::ForceEvict { lease, .. }
                if lease.issues.contains(issue) =>
            {
                Some(false)
            }
            _ => None,
        });
        false
    });
    told.map_err(|error| world.trouble(error))?;
    Ok(last.unwrap_or(false))
}

/// The issue whose file this is.
fn issue_of(path: &str) -> Option<Reference> {
    id_of(path).map(Reference::Issue)
}

fn id_of(path: &str) -> Option<IssueId> {
    path.strip_prefix(".jit/issues/")?.strip_suffix(".json")?.parse().ok()
}

/// The issues whose files come to say that the work on them was done: those of no parent did.
fn ended(world: &World<'_>, data: &[String]) -> Result<Vec<(Reference, Outcome)>, Failure> {
    let paths: Vec<&str> = data.iter().map(String::as_str).filter(|path| id_of(path).is_some()).collect();
    let staged = world.repo()?.staged_contents(&SystemGit::on_path(), &paths);
    let staged = staged.map_err(|error| Failure::git(&error))?;
    Ok(staged.iter().filter_map(newly_ended).collect())
}

fn newly_ended(Staged { path, content, before }: &Staged) -> Option<(Reference, Outcome)> {
    let id = id_of(path)?;
    let said = |text: &[u8]| issue_file::parse(id, text).ok().and_then(|issue| said_by(&issue));
    let end = said(content.as_deref()?).filter(|end| end.is_worked())?;
    // One that is new was made so: a plan that is put on record, or an import.
    let is_old = before.is_empty() || before.iter().any(|text| said(text) == Some(end));
    (!is_old).then_some((Reference::Issue(id), end))
}
