//! A process that outlives jit for a moment: should jit be killed, it ends what jit was running.
//!
//! It is jit again (`jit guard`), with the end of a pipe as its input whose other end only jit has. It
//! is in a session of its own with all signals held back, so that what ends jit does not end it, and
//! has none of jit's outputs, so that nobody waits for it who waits for their end.

use std::ffi::OsString;
use std::io::{self, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{getpid, setsid};

use super::program;
use crate::running::signals;

/// This program, even when its file was replaced since it was started.
#[cfg(target_os = "linux")]
fn this() -> io::Result<OsString> {
    Ok("/proc/self/exe".into())
}

#[cfg(not(target_os = "linux"))]
fn this() -> io::Result<OsString> {
    std::env::current_exe().map(OsString::from)
}

/// What the guardian is told: the number of a group that it is to end, or one of these.
const ENDED: i32 = 0;
const ALL_IS_WELL: i32 = -1;

/// The guardian of this process.
pub(crate) struct Guardian {
    tell: PipeWriter,
    _child: Child,
}

impl Guardian {
    /// Starts one that gives what it ends so much time; `said` goes before its command, `more` behind
    /// it.
    pub(crate) fn start(said: &[OsString], grace: Duration, more: &[OsString]) -> io::Result<Self> {
        let (reader, tell) = io::pipe()?;
        let mut command = program(&this()?);
        let grace = grace.as_secs().to_string();
        command.arg0("jit").args(said).args(["guard", "--grace", &grace]).args(more);
        command.stdin(reader).stdout(Stdio::null()).stderr(Stdio::null());
        // SAFETY: between `fork` and `exec`, it makes one call that may be made there.
        unsafe { command.pre_exec(|| setsid().map(drop).map_err(io::Error::from)) };
        signals::hold_back(signals::all(), &mut command);
        Ok(Self { _child: command.spawn()?, tell })
    }

    /// Lets a command that leads a group tell of itself, before it is what it is to be: there is no
    /// moment in which jit can be killed and the guardian does not learn of it.
    pub(crate) fn told_by(&self, command: &mut Command) {
        let tell = self.tell.as_raw_fd();
        let told = move || {
            let number = getpid().as_raw_nonzero().get().to_ne_bytes();
            // SAFETY: `fork` copied the descriptor, and `exec` will close the copy.
            let tell = unsafe { BorrowedFd::borrow_raw(tell) };
            rustix::io::write(tell, &number).map(drop).map_err(io::Error::from)
        };
        // SAFETY: between `fork` and `exec`, it makes two calls that may be made there.
        unsafe { command.pre_exec(told) };
    }

    /// The group has ended, and its number may be another's.
    pub(crate) fn ended(&self) {
        self.tell(ENDED);
    }

    /// There is nothing left to end or to release.
    pub(crate) fn dismiss(&self) {
        self.tell(ALL_IS_WELL);
    }

    fn tell(&self, what: i32) {
        // Somebody may have killed it.
        let _ = (&self.tell).write_all(&what.to_ne_bytes());
    }
}

/// What a guardian hears.
pub(crate) enum News {
    /// This group is to be ended if jit is.
    Started(i32),
    /// None is any more.
    Ended,
    /// It can go.
    AllIsWell,
    /// Jit is gone.
    Orphaned,
}

/// The next that a guardian hears, on its standard input.
pub(crate) fn hear() -> News {
    let mut bytes = [0; 4];
    match io::stdin().lock().read_exact(&mut bytes).map(|()| i32::from_ne_bytes(bytes)) {
        Ok(ENDED) => News::Ended,
        Ok(group @ 1..) => News::Started(group),
        Ok(_) => News::AllIsWell,
        Err(_) => News::Orphaned,
    }
}
