//! `jit issue create`

use std::collections::BTreeMap;

use clap::{ArgMatches, Command};
use jit_core::IssueId;
use jit_tracker::{GateResult, Issue, Listed, Origin, State};

use crate::commands::issue::fields::{Fields, fields};
use crate::error::Failure;
use crate::issues::gates::defined;
use crate::issues::known::looked_up;
use crate::issues::tracker::{Changing, Rewrite};
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    let command = fields(command).mut_arg("title", |title| title.required(true));
    command.mut_arg("state", |state| state.help("backlog, ready or rejected")).after_help(
        "The file is .jit/issues/<id>.json in this worktree, to be committed. New issues are ready unless\n\
         --state says otherwise.\n\n\
         Example: jit issue create --title \"Rename users\" --priority high --label backend",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let fields = Fields::read(matches)?;
    let title = fields.title.clone().ok_or_else(|| Failure::usage("--title is missing", ""))?;
    let now = world.now()?.wall;
    let mut issue = Issue {
        schema_version: Default::default(),
        id: IssueId::new(world.uuid()?),
        title,
        state: State::Ready,
        priority: Default::default(),
        labels: Default::default(),
        assignee: None,
        dependencies: Default::default(),
        gates: BTreeMap::new(),
        created_at: now,
        updated_at: now,
        description: Default::default(),
    };
    if matches!(fields.state, Some(State::Done | State::Gated)) {
        return Err(Failure::usage("a new issue can't be done: nobody has worked on it", ""));
    }
    defined(world, &fields.gates)?;
    fields.apply(&mut issue);
    issue.gates.values_mut().for_each(|result| *result = GateResult::Open);
    let tracker = Changing::around(world)?;
    tracker.write(&[Rewrite::of(None, &issue)])?;
    world.something_changed();
    let known =
        looked_up(world, &tracker, Listed { issue: Box::new(issue), origin: Origin::Worktree, later: None })?;
    Ok(Output::Issue { did: Some("created"), known: Box::new(known) })
}
