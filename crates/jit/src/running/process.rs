//! A process that somebody else started, told apart from any that gets its number later.

/// When a process was started, in ticks since the boot: with its number, this tells it from any other
/// of this boot.
pub(crate) fn started(pid: &str) -> Option<u64> {
    let stat = std::fs::read_to_string(std::path::Path::new("/proc").join(pid).join("stat")).ok()?;
    // The name may have blanks and brackets; behind it, this is the twentieth field.
    stat.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()
}

#[cfg(target_os = "linux")]
pub(crate) use linux::Process;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::Process;

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;
    use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    use crate::running::group::pid;

    /// The kernel's own handle: it stays that of this process when the number is another's.
    pub(crate) struct Process(OwnedFd);

    impl Process {
        pub(crate) fn of(number: i32) -> io::Result<Self> {
            Ok(Self(pidfd_open(pid(number)?, PidfdFlags::empty())?))
        }

        /// Waits for its end, at most for so long; without a limit, as long as it lives.
        pub(crate) fn is_gone_within(&self, most: Option<Duration>) -> io::Result<bool> {
            let most = most.and_then(|most| Timespec::try_from(most).ok());
            match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], most.as_ref()) {
                Ok(ready) => Ok(ready > 0),
                Err(Errno::INTR) => Ok(false),
                Err(error) => Err(error.into()),
            }
        }

        /// Asks it to end, and kills it if it has not after the grace, where one is given.
        pub(crate) fn end(&self, grace: Option<Duration>) {
            // One that can't be reached is another user's.
            let _ = pidfd_send_signal(&self.0, Signal::TERM);
            if let Some(grace) = grace
                && !self.is_gone_within(Some(grace)).unwrap_or(false)
            {
                let _ = pidfd_send_signal(&self.0, Signal::KILL);
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use std::io;
    use std::time::Duration;

    /// There is no handle here that outlives the number.
    pub(crate) enum Process {}

    impl Process {
        pub(crate) fn of(_: i32) -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(crate) fn is_gone_within(&self, _: Option<Duration>) -> io::Result<bool> {
            match *self {}
        }

        pub(crate) fn end(&self, _: Option<Duration>) {
            match *self {}
        }
    }
}
