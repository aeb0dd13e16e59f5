//! `jit hook reference-transaction`

use std::io::Read;

use clap::{ArgMatches, Command};

use crate::commands::{one, text};
use crate::error::Failure;
use crate::output::Output;
use crate::verdict::branches::of_branches;
use crate::verdict::{given, nothing};
use crate::world::World;

pub(crate) fn arguments(command: Command) -> Command {
    command.arg(text("STATE", "STATE", "How far Git has come").required(true)).after_help(
        "Called by Git, which writes what it changes to standard input. Where all leases of a worktree were\n\
         lost to others, it refuses to put commits that no reference has yet on a branch, whatever --no-verify\n\
         said. Whatever else is done to references passes. Only the state `prepared` is looked at.\n\
         Exit status: 0 may be done, 6 lost to somebody else, 9 can't be told.\n\n\
         Example: git rev-parse HEAD HEAD | xargs printf '%s %s refs/heads/main\\n' | jit hook reference-transaction prepared",
    )
}

pub(crate) fn run(world: &World<'_>, matches: &ArgMatches) -> Result<Output, Failure> {
    // One that nobody works in has no leases to lose; a push into one comes from elsewhere.
    if one(matches, "STATE") != Some("prepared") || world.repo()?.worktree().is_none() {
        return Ok(nothing());
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| Failure::usage(&error.to_string(), ""))?;
    let updates: Vec<(&str, &str)> = text.lines().filter_map(new_on_branch).collect();
    if updates.is_empty() {
        return Ok(nothing());
    }
    given(world, |by| of_branches(world, by, &updates))
}

/// The commit that a branch gets, and the branch.
fn new_on_branch(line: &str) -> Option<(&str, &str)> {
    let (old, rest) = line.split_once(' ')?;
    let (new, reference) = rest.split_once(' ')?;
    let gone = new.bytes().all(|b| b == b'0');
    (reference.starts_with("refs/heads/") && !gone && new != old).then_some((new, reference))
}
