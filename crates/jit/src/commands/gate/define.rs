//! `jit gate define`

use clap::{Arg, ArgAction, ArgMatches, Command};
use jit_tracker::GateName;
use jit_tracker::gates::{Check, Gate, default_timeout};

use crate::commands::{one, option, parsed, text};
use crate::error::Failure;
use crate::issues::approvals::Approvals;
use crate::issues::gates::{Defined, Shown};
use crate::issues::tracker::Changing;
use crate::output::Output;
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(text("NAME", "NAME", "What it is called: letters, digits, `._-`").required(true))
        .arg(
            Arg::new("manual")
                .long("manual")
                .action(ArgAction::SetTrue)
                .conflicts_with("command")
                .help("Somebody says that it is passed"),
        )
        .arg(option("command", "CMD", "A command for the shell, run in the worktree's root; status 0 passes"))
        .arg(
            option("timeout", "DURATION", "How long the command may take [default: 10m]")
                .conflicts_with("manual"),
        )
        .arg(option("description", "TEXT", "What it asks for"))
        .after_help(
            "Written to .jit/gates.toml of this worktree, to be committed; a gate of that name is replaced,\n\
             and what was passed by another command, or by hand, is open again unless it is done.\n\
             A command runs on a machine once its user approved it: `jit gate approve`.\n\n\
             Example: jit gate define tests --command \"cargo test\" --timeout 15m\n\
             Example: jit gate define review --manual --description \"Somebody else has read it\"",
        )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    let name = one(matches, "NAME").unwrap_or_default();
    let name: GateName =
        name.parse().map_err(|error: jit_tracker::TextError| Failure::usage(&error.to_string(), ""))?;
    let check = match parsed(matches, "command")? {
        None if matches.get_flag("manual") => Check::Manual,
        None => {
            return Err(Failure::usage("say how it is passed: by hand (--manual), or by --command CMD", ""));
        }
        Some(command) => {
            Check::Command { command, timeout: parsed(matches, "timeout")?.unwrap_or_else(default_timeout) }
        }
    };
    let gate = Gate { check, description: parsed(matches, "description")? };
    // Nobody else changes the file between reading and writing.
    let changing = Changing::around(world)?;
    Defined::here(world)?.define(&name, &gate)?;
    drop(changing);
    let approved = Approvals::of(world).ok().and_then(|approvals| approvals.has(&name, &gate));
    Ok(Output::Gates { did: Some("defined"), gates: vec![Shown { name, gate, approved }] })
}
