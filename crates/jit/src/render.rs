//! The only place that prints.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is the renderer")]

pub(crate) mod json;
mod prometheus;
pub(crate) mod text;

use std::io::{IsTerminal, Write};
use std::path::Path;

use jit_git::{Worktree, WorktreeKind};
use jit_tracker::GateName;
use jit_tracker::gates::Gate;

use crate::error::Failure;
use crate::output::{Happening, Output};

/// Prints what a command says; returns the exit status.
/// `options` are what the caller said before the command, for hints.
pub(crate) fn success(output: &Output, warnings: &[String], as_json: bool, options: &str) -> i32 {
    if let Output::Ran { status, .. } = output {
        return ran(output, *status, warnings, as_json);
    }
    let written = match (output, as_json) {
        (Output::Watched, _) => Ok(()),
        (output, true) => print(json::success(output, warnings)),
        (output, false) => {
            warn(warnings);
            print(text::human(output, std::io::stdout().is_terminal() && colour_is_welcome()))
        }
    };
    match (written, output.healthy()) {
        (Ok(()), true) => output.wrong().map_or(0, |wrong| failure(wrong, &[], as_json)),
        (Ok(()), false) => 9,
        (Err(error), _) if output.only_looked() => failure(&Failure::unprinted(&error), &[], as_json),
        (Err(error), _) => {
            let failed = Failure::output(&error, json::data(output)).with_options(options);
            failure(&failed, &[], as_json)
        }
    }
}

/// Of a command that was run, standard output is its own, and its status is what counts.
fn ran(output: &Output, status: i32, warnings: &[String], as_json: bool) -> i32 {
    let text = if as_json {
        json::success(output, warnings)
    } else {
        warn(warnings);
        text::human(output, false)
    };
    // Nobody is left to tell when this fails.
    let _ = std::io::stderr().write_all(text.as_bytes());
    status
}

/// Prints what happened just now, as a line of its own.
pub(crate) fn happening(happening: &Happening<'_>, as_json: bool) -> std::io::Result<()> {
    print(match as_json {
        true => json::happening(happening),
        false => text::history::line(happening),
    })
}

/// Warns while the command still runs.
pub(crate) fn tell(warning: &str) {
    warn(&[warning.to_owned()]);
}

/// Prints why a command did not work; returns the exit status.
pub(crate) fn failure(failure: &Failure, warnings: &[String], as_json: bool) -> i32 {
    let text = if as_json {
        json::failed(failure, warnings)
    } else {
        warn(warnings);
        text::failure(failure, std::io::stderr().is_terminal() && colour_is_welcome())
    };
    // Nobody is left to tell when this fails.
    let _ = std::io::stderr().write_all(text.as_bytes());
    failure.status()
}

/// Asks on the terminal whether gates' commands may run; only a clear yes is one.
pub(crate) fn asked_to_approve(gates: &[(GateName, Gate)], file: &Path) -> bool {
    let mut answer = String::new();
    let asked = std::io::stderr().write_all(text::gates::question(gates, file).as_bytes());
    asked.and_then(|()| std::io::stdin().read_line(&mut answer)).is_ok()
        && matches!(answer.trim(), "y" | "Y" | "yes")
}

fn warn(warnings: &[String]) {
    for warning in warnings {
        // Nobody is left to tell when this fails.
        let _ = writeln!(std::io::stderr(), "warning: {warning}");
    }
}

/// What is checked out in a worktree; in a bare repository that is nothing, whatever `HEAD` says.
fn branch(worktree: &Worktree) -> Option<String> {
    let branch = worktree.branch.as_ref().ok().and_then(Option::as_ref);
    branch.filter(|_| worktree.kind != WorktreeKind::Bare).map(ToString::to_string)
}

fn colour_is_welcome() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// With one write: what is printed by several processes at once does not mix.
fn print(text: String) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush())
}
