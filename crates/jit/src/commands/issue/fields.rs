//! The fields of an issue as options, for those commands that make or change one.

use std::collections::BTreeSet;
use std::io::Read;

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_tracker::{Assignee, Description, GateName, Issue, Label, Priority, State, Title};

use crate::commands::{many, one, option, parsed};
use crate::error::Failure;
use crate::issues::gates::require;

/// The options.
pub(crate) fn fields(command: Command) -> Command {
    command
        .arg(option("title", "TEXT", "What it is called, in a line"))
        .arg(option("description", "TEXT", "What it is about, in Markdown; - reads it from standard input"))
        .arg(option("priority", "PRIORITY", "critical, high, normal or low"))
        .arg(option("label", "LABEL", "A label more; repeated: several").action(ArgAction::Append))
        .arg(option("state", "STATE", "backlog or ready"))
        .arg(option("assignee", "NAME", "A note for people; it binds nobody"))
        .arg(
            option("gate", "GATE", "A gate that has to be passed before it is done; repeated: several")
                .action(ArgAction::Append),
        )
}

/// The options that take something away again.
pub(crate) fn unsetting(command: Command) -> Command {
    command
        .arg(option("no-label", "LABEL", "A label less; repeated: several").action(ArgAction::Append))
        .arg(option("no-gate", "GATE", "A gate less; repeated: several").action(ArgAction::Append))
        .arg(
            Arg::new("no-assignee")
                .long("no-assignee")
                .action(ArgAction::SetTrue)
                .help("No note of an assignee"),
        )
}

/// What was asked for.
#[derive(Default, PartialEq)]
pub(crate) struct Fields {
    pub(crate) title: Option<Title>,
    description: Option<Description>,
    priority: Option<Priority>,
    pub(crate) state: Option<State>,
    assignee: Option<Assignee>,
    labels: Vec<Label>,
    pub(crate) gates: Vec<GateName>,
    /// What is taken away.
    without: Without,
}

#[derive(Default, PartialEq)]
struct Without {
    labels: Vec<Label>,
    gates: Vec<GateName>,
    assignee: bool,
}

impl Fields {
    /// For a command that has [`fields`].
    pub(crate) fn read(matches: &ArgMatches) -> Result<Self, Failure> {
        let description = one(matches, "description").map(description).transpose()?;
        Ok(Self {
            title: parsed(matches, "title")?,
            description,
            priority: parsed(matches, "priority")?,
            state: parsed(matches, "state")?,
            assignee: parsed(matches, "assignee")?,
            labels: many(matches, "label")?,
            gates: many(matches, "gate")?,
            without: Without::default(),
        })
    }

    /// For a command that has [`unsetting`] too.
    pub(crate) fn read_all(matches: &ArgMatches) -> Result<Self, Failure> {
        let without = Without {
            labels: many(matches, "no-label")?,
            gates: many(matches, "no-gate")?,
            assignee: matches.get_flag("no-assignee"),
        };
        Ok(Self { without, ..Self::read(matches)? })
    }

    /// The gates that are taken away.
    pub(crate) fn gates_less(&self) -> &[GateName] {
        &self.without.gates
    }

    /// The labels that are taken away.
    pub(crate) fn labels_less(&self) -> &[Label] {
        &self.without.labels
    }

    /// Gives an issue these; returns the gates that it takes away.
    pub(crate) fn apply(self, issue: &mut Issue) -> BTreeSet<GateName> {
        fn set<T>(field: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *field = value;
            }
        }
        set(&mut issue.title, self.title);
        set(&mut issue.description, self.description);
        set(&mut issue.priority, self.priority);
        set(&mut issue.state, self.state);
        set(&mut issue.assignee, self.assignee.map(Some));
        issue.labels.extend(self.labels);
        let mut said = require(issue, self.gates);
        issue.labels.retain(|label| !self.without.labels.contains(label));
        issue.gates.retain(|gate, _| !self.without.gates.contains(gate));
        if self.without.assignee {
            issue.assignee = None;
        }
        said.extend(self.without.gates);
        said
    }
}

fn description(text: &str) -> Result<Description, Failure> {
    let text = match text {
        "-" => {
            let mut read = String::new();
            // One byte more than fits says that it is too long.
            let most = std::io::stdin().lock().take((1 << 20) + 1).read_to_string(&mut read);
            most.map_err(|error| Failure::usage(&format!("--description -: {error}"), ""))?;
            read
        }
        text => text.to_owned(),
    };
    text.parse().map_err(|error| Failure::usage(&format!("--description: {error}"), ""))
}
