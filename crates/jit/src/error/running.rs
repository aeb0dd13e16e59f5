//! What `jit run` and `jit claim keep` say when something stands in the way.

use std::ffi::OsStr;
use std::io;

use jit_core::Lease;
use serde_json::json;

use super::{Code, Failure, LOST_IN_RUN};
use crate::running::holding::OnLost;

/// As a shell ends where it finds no such command, and where it can't start what it found.
const NO_COMMAND: i32 = 127;
const NO_PROGRAM: i32 = 126;

impl Failure {
    /// The command of `jit run` that never ran.
    pub(crate) fn command_not_started(name: &OsStr, error: &io::Error) -> Self {
        let exit = match error.kind() {
            io::ErrorKind::NotFound => NO_COMMAND,
            _ => NO_PROGRAM,
        };
        let name = name.to_string_lossy();
        Self::new(Code::NotStarted, format!("{name:?} could not be started: {error}; the lease is released"))
            .context(json!({ "command": name }))
            .or_exit(exit)
    }

    /// What became of a command can't be known.
    pub(crate) fn command_lost(error: &io::Error) -> Self {
        Self::new(Code::NotStarted, format!("what became of the command is not known: {error}"))
    }

    /// No process that would clean up after jit.
    pub(crate) fn no_guardian(error: &io::Error) -> Self {
        let what = format!("nothing was run: jit could not start itself a second time: {error}");
        Self::new(Code::NotStarted, what).hint("jit needs /proc, and room for one more process")
    }

    /// A lease that lapsed because of trouble in renewing it.
    pub(crate) fn lapsed(self, lease: &Lease) -> Self {
        Self {
            message: format!("lease {} lapsed, because it could not be renewed: {}", lease.id, self.message),
            code: Code::LeaseLost,
            ..self
        }
    }

    /// The lease of a command was lost while it ran.
    pub(crate) fn lost_in_run(mut self, on_lost: OnLost) -> Self {
        self.details.push(
            match on_lost {
                OnLost::Kill => "the command was ended, and all of its process group",
                OnLost::Signal => "the command was sent SIGTERM",
                OnLost::Ignore => "the command ran on without it",
            }
            .into(),
        );
        self.or_exit(LOST_IN_RUN)
    }

    /// What can't be kept for a process.
    pub(crate) fn no_such_process(number: i32, error: &io::Error) -> Self {
        Self::usage(&format!("process {number} can't be waited for: {error}"), "")
            .hint("name one that runs, as `ps` shows it here: jit claim keep LEASE --pid PID")
            .context(json!({ "pid": number }))
    }
}
