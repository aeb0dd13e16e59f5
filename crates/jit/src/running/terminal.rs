//! The terminal that jit was started from, lent to the command that it runs, as shells do: the command
//! has a process group of its own, and only the one in the foreground may read from a terminal.

use std::io::{IsTerminal, stdin};

use rustix::process::{Pid, Signal, getpgrp, getpid, getsid, kill_process_group};
use rustix::termios::{tcgetpgrp, tcsetpgrp};

/// Standard input, if it is a terminal with this process's group in the foreground.
///
/// It can be lent only while SIGTTOU is held back.
#[derive(Clone, Copy)]
pub(crate) struct Terminal;

impl Terminal {
    pub(crate) fn own() -> Option<Self> {
        (stdin().is_terminal() && tcgetpgrp(stdin()) == Ok(getpgrp())).then_some(Self)
    }

    /// To a process group of this session. It may be gone by now, and so may the terminal.
    pub(crate) fn lend(self, to: Pid) {
        let _ = tcsetpgrp(stdin(), to);
    }

    pub(crate) fn take_back(self) {
        self.lend(getpgrp());
    }
}

/// Stops this process, with what the shell started together with it, until the shell lets it go on.
/// Where no shell could, it goes on at once.
pub(crate) fn stop_with_the_job() {
    if getsid(None) != Ok(getpid()) {
        let _ = kill_process_group(getpgrp(), Signal::STOP);
    }
}
