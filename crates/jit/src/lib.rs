//! The program: arguments, the real world, one file a command, rendering, and one table from
//! every error to code, exit status and hint.

mod agents;
mod cli;
mod commands;
mod error;
mod finding;
mod hooks;
mod input;
mod issues;
mod look;
mod notices;
mod output;
mod rehearsal;
mod render;
mod running;
mod setup;
mod shell;
mod verdict;
mod waiting;
mod worktrees;
mod world;

use std::ffi::{OsStr, OsString};
use std::mem::ManuallyDrop;

use clap::ArgMatches;
use clap::error::ErrorKind;
use jit_core::Event;

use crate::error::Failure;
use crate::input::streams;
use crate::issues::{awaited, gates, gone};
use crate::output::Output;
use crate::world::World;

pub use crate::input::arguments::arguments;

/// Parses the arguments, runs the command and prints what it says; returns the exit status.
pub fn run(arguments: Vec<OsString>) -> i32 {
    // Known before parsing, for errors of the arguments themselves.
    let is_run = cli::is_run(&arguments);
    let own = |failure: Failure| if is_run { failure.or_exit(error::OF_RUN) } else { failure };
    let mut json = arguments.iter().skip(1).take_while(|a| *a != "--").any(|a| a == OsStr::new("--json"));
    if !streams::output_is_open() {
        return render::failure(&own(Failure::no_output()), &[], json);
    }
    // Taking the parser apart again would cost more than the process has left to do.
    let mut parser = ManuallyDrop::new(cli::command(&arguments));
    let (outcome, warnings, options) = match parser.try_get_matches_from_mut(&arguments) {
        Ok(matches) => {
            json = matches.get_flag("json");
            let world = World::new(&matches);
            let outcome = command(&world, &matches).map_err(|failure| failure.with_typed(&arguments));
            (outcome, world.warnings(), world.repeated())
        }
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                (Ok(Output::Text(error.render().to_string())), Vec::new(), String::new())
            }
            _ => (Err(Failure::arguments(&error)), Vec::new(), String::new()),
        },
    };
    match outcome {
        // Nor is what was printed taken apart: it may be ten thousand issues.
        Ok(output) => render::success(&ManuallyDrop::new(output), &warnings, json, &options),
        Err(failure) => render::failure(&own(failure.or_help(|| cli::help(&arguments))), &warnings, json),
    }
}

fn command(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    world.check()?;
    let (run, matches) = cli::chosen(matches)?;
    run(world, matches).map_err(|failure| {
        if let Some(about) = &failure.refused {
            world.note(about.clone(), Event::Refused { code: failure.code.name().into() });
        }
        let failure = gone::advised(world, awaited::advised(world, gates::advised(world, failure)));
        let options = match &failure.place {
            Some(place) => world.repeated_in(Some(place)),
            None => world.repeated(),
        };
        failure.with_options(&options)
    })
}
