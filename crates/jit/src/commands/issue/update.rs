//! `jit issue update`

use clap::{ArgMatches, Command};
use jit_core::decide::Bar;
use jit_tracker::State;

use crate::commands::issue::fields::{Fields, fields, unsetting};
use crate::commands::{one, text};
use crate::error::Failure;
use crate::input::reference::issue;
use crate::issues::change::with_gates;
use crate::issues::filed::ended;
use crate::issues::gates::{defined, not_done, removable};
use crate::issues::known::Stage;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    unsetting(fields(command.arg(text("ID", "ID", "The issue's id, or its beginning").required(true)))).after_help(
        "An issue that somebody holds is changed by its holder only; people are warned, unless enforce_agents or\n\
         enforce_people says otherwise (`jit config list`). Done comes by `jit claim release --done`.\n\
         Where all is so already, a warning says that nothing changed. Exit status 3: it has no such gate; 7: it\n\
         ended, and that changes by `jit issue reopen`, or is done, and takes no gate.\n\n\
         Example: jit issue update 3f2a91bc --priority critical --no-label later",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let id = issue(world, one(matches, "ID").unwrap_or_default())?;
    let fields = Fields::read_all(matches)?;
    if fields == Fields::default() {
        return Err(Failure::usage("say what is to change", "jit issue update --help"));
    }
    match fields.state {
        Some(State::Done | State::Gated) => {
            return Err(Failure::usage(
                "the state done comes with the end of a lease",
                &format!("jit claim acquire {id}, and when it is done: jit claim release {id} --done"),
            ));
        }
        Some(State::Rejected) => {
            return Err(Failure::usage(
                "to reject it, close it",
                &format!("jit issue close {id} --rejected"),
            ));
        }
        _ => {}
    }
    defined(world, &fields.gates)?;
    let changed = with_gates(world, id, |known| {
        let ended = match known.stage() {
            Stage::InProgress => None,
            Stage::Deleted => Some(Bar::Deleted),
            Stage::At(state) => ended(state).map(Bar::Ended),
        };
        if let (Some(_), Some(bar)) = (fields.state, ended) {
            return Err(world.ended(id, bar));
        }
        if !fields.gates.is_empty() {
            not_done(id, known.stage())?;
        }
        removable(known, fields.gates_less())?;
        for label in fields.labels_less().iter().filter(|label| !known.issue.labels.contains(label)) {
            world.warn(format!("{id} has no label `{label}`"));
        }
        Ok(fields.apply(&mut known.issue))
    })?;
    Ok(changed.told(world, "updated"))
}
