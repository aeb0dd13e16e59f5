//! Which issues a command is about.

use clap::{ArgAction, ArgMatches, Command};
use jit_tracker::{Label, Priority};

use crate::commands::{many, one, option, parsed};
use crate::error::Failure;
use crate::issues::known::Known;

/// The options.
pub(crate) fn filters(command: Command) -> Command {
    command
        .arg(option("state", "STATE", "backlog, ready, gated, done, rejected, deleted or in_progress"))
        .arg(
            option("label", "LABEL", "With this label; repeated: with all of them").action(ArgAction::Append),
        )
        .arg(option("priority", "PRIORITY", "critical, high, normal or low"))
        .arg(option("assignee", "NAME", "With this note of an assignee, or assigned to this agent"))
}

/// The options of those commands that pick what can be claimed.
pub(crate) fn picking(command: Command) -> Command {
    command
        .arg(
            option("label", "LABEL", "Only issues with this label; repeated: with all of them")
                .action(ArgAction::Append),
        )
        .arg(option("priority", "PRIORITY", "Only issues of this priority: critical, high, normal or low"))
}

/// What may be picked.
pub(crate) struct Picking {
    labels: Vec<Label>,
    priority: Option<Priority>,
}

impl Picking {
    pub(crate) fn read(matches: &ArgMatches) -> Result<Self, Failure> {
        Ok(Self { labels: many(matches, "label")?, priority: parsed(matches, "priority")? })
    }

    pub(crate) fn fits(&self, known: &Known) -> bool {
        self.labels.iter().all(|label| known.issue.labels.contains(label))
            && self.priority.is_none_or(|priority| known.issue.priority == priority)
    }
}

/// What was asked for.
pub(crate) struct Filter {
    state: Option<String>,
    labels: Vec<Label>,
    priority: Option<Priority>,
    assignee: Option<String>,
}

impl Filter {
    pub(crate) fn read(matches: &ArgMatches) -> Result<Self, Failure> {
        let state = one(matches, "state");
        if let Some(state) = state.filter(|state| !["in_progress", "deleted"].contains(state)) {
            state
                .parse::<jit_tracker::State>()
                .map_err(|error| Failure::usage(&format!("--state: {error}, deleted or in_progress"), ""))?;
        }
        Ok(Self {
            state: state.map(str::to_owned),
            labels: many(matches, "label")?,
            priority: parsed(matches, "priority")?,
            assignee: one(matches, "assignee").map(str::to_owned),
        })
    }

    pub(crate) fn fits(&self, known: &Known) -> bool {
        let noted = |name: &String| known.issue.assignee.as_ref().is_some_and(|noted| noted.as_str() == name);
        let assigned = |name: &String| {
            known.standing.facts.assigned.as_ref().is_some_and(|agent| agent.to_string() == *name)
        };
        self.state.as_ref().is_none_or(|state| known.stage().as_str() == state)
            && self.labels.iter().all(|label| known.issue.labels.contains(label))
            && self.priority.is_none_or(|priority| known.issue.priority == priority)
            && self.assignee.as_ref().is_none_or(|name| noted(name) || assigned(name))
    }
}
