//! The commands, one file each. A command returns what it has to say as data.

pub(crate) mod abandon;
pub(crate) mod acquire;
pub(crate) mod assign;
pub(crate) mod check;
pub(crate) mod compact;
pub(crate) mod completions;
pub(crate) mod config_get;
pub(crate) mod config_list;
pub(crate) mod config_path;
pub(crate) mod config_set;
pub(crate) mod config_unset;
pub(crate) mod dep;
pub(crate) mod distribute;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod extend;
mod filter;
pub(crate) mod force_evict;
pub(crate) mod gate_add;
pub(crate) mod gate_approve;
pub(crate) mod gate_check;
pub(crate) mod gate_define;
pub(crate) mod gate_fail;
pub(crate) mod gate_list;
pub(crate) mod gate_pass;
pub(crate) mod gate_rm;
pub(crate) mod guard;
pub(crate) mod heartbeat;
pub(crate) mod history;
pub(crate) mod hook_agent;
pub(crate) mod hook_message;
pub(crate) mod hook_pre_commit;
pub(crate) mod hook_pre_push;
pub(crate) mod hook_receive;
pub(crate) mod hook_reference_transaction;
pub(crate) mod hooks_install;
pub(crate) mod hooks_status;
pub(crate) mod hooks_uninstall;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod issue_close;
pub(crate) mod issue_create;
pub(crate) mod issue_delete;
mod issue_fields;
pub(crate) mod issue_list;
pub(crate) mod issue_reopen;
pub(crate) mod issue_reset_failures;
pub(crate) mod issue_search;
pub(crate) mod issue_show;
pub(crate) mod issue_update;
pub(crate) mod keep;
pub(crate) mod list;
pub(crate) mod merge_driver;
pub(crate) mod next;
pub(crate) mod prime;
pub(crate) mod query;
pub(crate) mod release;
pub(crate) mod renew;
pub(crate) mod run;
pub(crate) mod setup;
pub(crate) mod stats;
pub(crate) mod status;
pub(crate) mod transfer;
pub(crate) mod wait;
pub(crate) mod watch;
pub(crate) mod worktree_add;
pub(crate) mod worktree_info;
pub(crate) mod worktree_list;
pub(crate) mod worktree_remove;
pub(crate) mod worktree_salvage;

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
