//! Starting the command of `jit run`.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Child;

use rustix::process::getpid;

use super::{Guardian, program};
use crate::running::cgroup::Cgroup;
use crate::running::signals::HeldBack;
use crate::running::terminal::Terminal;

/// Starts a command with jit's own standard streams, in a process group of its own, and in the cgroup.
/// `environment` is what it finds there besides, or does not find.
pub(crate) fn start(
    words: &[OsString],
    environment: &[(&str, Option<String>)],
    (guardian, signals): (&Guardian, &HeldBack),
    cgroup: Option<&Cgroup>,
    terminal: Option<Terminal>,
) -> io::Result<Child> {
    let [name, arguments @ ..] = words else { return Err(io::ErrorKind::InvalidInput.into()) };
    let mut command = program(name);
    command.args(arguments).process_group(0);
    for (variable, value) in environment {
        match value {
            Some(value) => command.env(variable, value),
            None => command.env_remove(variable),
        };
    }
    let entry = cgroup.and_then(|cgroup| cgroup.entry().ok());
    let settle = move || {
        if let Some(entry) = &entry {
            // Where it is not let in, it has its group.
            let _ = rustix::io::write(entry, b"0");
        }
        if let Some(terminal) = terminal {
            terminal.lend(getpid());
        }
        Ok(())
    };
    guardian.told_by(&mut command);
    // SAFETY: between `fork` and `exec`, it makes calls that may be made there.
    unsafe { command.pre_exec(settle) };
    signals.let_through(&mut command);
    command.spawn()
}
