//! The standard streams, as the program finds them.

use std::io;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, fcntl_getfd};
use rustix::process::{Signal, getpid, kill_process};

/// Whether answers can be written anywhere: std takes what is printed to a closed stream for
/// printed.
pub(crate) fn output_is_open() -> bool {
    fcntl_getfd(io::stdout()) != Err(Errno::BADF)
}

/// Whether nobody reads what is printed any more: the other end of the pipe or connection is closed.
pub(crate) fn reader_is_gone() -> bool {
    let out = io::stdout();
    let mut out = [PollFd::new(&out, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let is_told = poll(&mut out, Some(&at_once)).is_ok_and(|ready| ready > 0);
    is_told && out[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// Ends the process as printing would then; unless that was told to be ignored.
pub(crate) fn break_pipe() {
    let _ = kill_process(getpid(), Signal::PIPE);
}
