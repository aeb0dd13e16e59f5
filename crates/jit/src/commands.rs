//! The commands, one file each. A command returns what it has to say as data.

pub(crate) mod claim;
pub(crate) mod compact;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod dep;
pub(crate) mod doctor;
pub(crate) mod export;
mod filter;
pub(crate) mod gate;
pub(crate) mod guard;
pub(crate) mod hook;
pub(crate) mod hooks;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod issue;
pub(crate) mod merge_driver;
pub(crate) mod prime;
pub(crate) mod query;
pub(crate) mod run;
pub(crate) mod setup;
pub(crate) mod stats;
pub(crate) mod watch;
pub(crate) mod worktree;

use std::time::Duration;

use clap::{Arg, ArgMatches, Command};
use jit_core::{Lease, Now, parse_duration};

use crate::error::Failure;
use crate::output::Output;
use crate::render::text::{left, subject};
use crate::shell::quoted;
use crate::world::World;

/// How every command is run.
pub(crate) type Run = fn(&World<'_>, &ArgMatches) -> Result<Output, Failure>;

/// Positional arguments that are read as text and parsed by the command, whose messages are
/// better than a parser's and never repeat ten kilobytes.
fn texts(name: &'static str, placeholder: &'static str, help: &'static str) -> Arg {
    Arg::new(name).value_name(placeholder).num_args(1..).help(help)
}

/// One positional argument.
fn text(name: &'static str, placeholder: &'static str, help: &'static str) -> Arg {
    Arg::new(name).value_name(placeholder).help(help)
}

/// An option with a value.
fn option(name: &'static str, placeholder: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(placeholder).allow_hyphen_values(true).help(help)
}

/// What commands about gates of an issue are given.
fn issue_and_gates(command: Command, gates: &'static str) -> Command {
    command
        .arg(text("ISSUE", "ISSUE", "The issue's id, or its beginning").required(true))
        .arg(texts("GATE", "GATE", gates).required(true))
}

pub(crate) fn all(matches: &ArgMatches, name: &str) -> Vec<String> {
    matches.get_many::<String>(name).into_iter().flatten().cloned().collect()
}

/// The values of an option that may be repeated, each parsed by its type.
fn many<T: std::str::FromStr>(matches: &ArgMatches, name: &str) -> Result<Vec<T>, Failure>
where
    T::Err: std::fmt::Display,
{
    let parsed = |text: &String| {
        text.parse().map_err(|error: T::Err| Failure::usage(&format!("--{name}: {error}"), ""))
    };
    matches.get_many::<String>(name).into_iter().flatten().map(parsed).collect()
}

/// An option's value, a number from 1 to 1000.
fn number(matches: &ArgMatches, name: &str) -> Result<Option<usize>, Failure> {
    let parsed = one(matches, name).map(|text| text.parse().ok().filter(|n| (1..=1000).contains(n)));
    parsed
        .map(|n| n.ok_or_else(|| Failure::usage(&format!("--{name} is a number from 1 to 1000"), "")))
        .transpose()
}

pub(crate) fn one<'a>(matches: &'a ArgMatches, name: &str) -> Option<&'a str> {
    matches.get_one::<String>(name).map(String::as_str)
}

/// Options as they were given, behind a command.
fn repeated(mut command: String, matches: &ArgMatches, options: &[&str]) -> String {
    for option in options {
        for value in all(matches, option) {
            command.push_str(&format!(" --{option} {}", quoted(&value)));
        }
    }
    command
}

/// Says of a lease that was just granted or renewed when it has all the life that is allowed.
fn warn_of_its_end(world: &World<'_>, lease: &Lease, now: &Now) -> Result<(), Failure> {
    let most = world.policy()?.max_lifetime.filter(|most| lease.reaches(*most, &now.stamp));
    if let Some(most) = most {
        let (issues, left) = (subject(lease), left(lease, now));
        world.warn(format!("{issues}: {left}, and no renewal adds to that: max_lifetime is {most}"));
    }
    Ok(())
}

/// Says of a lease what `max_ttl` changed.
fn warn_if_cut(world: &World<'_>, before: &Lease) -> Result<(), Failure> {
    let most = world.policy()?.max_ttl;
    world.warn(format!("{}: its TTL was {}, and max_ttl is {most} now", subject(before), before.usual_ttl()));
    Ok(())
}

/// An option's value, a length of time.
fn duration(matches: &ArgMatches, name: &str) -> Result<Option<Duration>, Failure> {
    let parsed = one(matches, name).map(parse_duration).transpose();
    parsed.map_err(|error| Failure::usage(&format!("--{name}: {error}"), ""))
}

/// An option's value, parsed by its type.
fn parsed<T: std::str::FromStr>(matches: &ArgMatches, name: &str) -> Result<Option<T>, Failure>
where
    T::Err: std::fmt::Display,
{
    one(matches, name)
        .map(|text| text.parse().map_err(|error: T::Err| Failure::usage(&format!("--{name}: {error}"), "")))
        .transpose()
}
