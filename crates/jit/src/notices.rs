//! What tells one who only looks that leases may have changed: the kernel, of the files that they are in.
//! Unlike the bells, which waiters sleep on, this takes no right to write, and counts nobody.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

#[cfg(target_os = "linux")]
use linux::Inbox;
#[cfg(not(target_os = "linux"))]
use other::Inbox;
use rustix::event::{PollFd, PollFlags};

/// How long to sleep where nothing tells of changes.
const DEAF_NAP: Duration = Duration::from_secs(1);

/// Notices of changes in a directory.
pub(crate) struct Notices {
    /// The control plane, and what it will be made in.
    places: [PathBuf; 2],
    inbox: Option<Inbox>,
    is_deaf: bool,
}

impl Notices {
    /// Of the control plane, which need not be there yet.
    pub(crate) fn of(control_plane: PathBuf) -> Self {
        let above = control_plane.parent().unwrap_or(&control_plane).to_path_buf();
        Self { places: [control_plane, above], inbox: None, is_deaf: false }
    }

    /// What changes from now on ends the next [`Self::sleep`]. To be called before each look, which
    /// is at another directory if one is in the place of the one that was listened to.
    ///
    /// # Errors
    /// Where the kernel can't tell, for want of an inbox or of a right to read.
    pub(crate) fn listen(&mut self) -> io::Result<()> {
        let heard = self.heard();
        self.is_deaf = heard.is_err();
        heard
    }

    fn heard(&mut self) -> io::Result<()> {
        let mut inbox = self.inbox.take().map_or_else(Inbox::new, Ok)?;
        let mut heard = Ok(());
        for place in &self.places {
            heard = inbox.listen(place);
            if !heard.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
                break;
            }
        }
        self.inbox = Some(inbox);
        heard
    }

    /// Sleeps until something changed; not longer than `most`, on the clock that leases go by, perhaps
    /// shorter.
    pub(crate) fn sleep(&self, most: Duration) {
        self.sleep_beside(most, &[]);
    }

    /// The same, and until nobody reads what is printed any more.
    pub(crate) fn sleep_while_read(&self, most: Duration) {
        // The end of a reader is told unasked.
        self.sleep_beside(most, &[PollFd::new(&io::stdout(), PollFlags::empty())]);
    }

    fn sleep_beside(&self, most: Duration, besides: &[PollFd<'_>]) {
        match &self.inbox {
            Some(inbox) if !self.is_deaf => inbox.sleep(most, besides),
            #[allow(clippy::disallowed_methods, reason = "nothing tells of changes")]
            _ => std::thread::sleep(most.min(DEAF_NAP)),
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::path::Path;
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init, remove_watch};
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };

    /// inotify, and an alarm that goes off after a suspend too.
    pub(super) struct Inbox {
        notices: OwnedFd,
        alarm: OwnedFd,
        /// The directory that is listened to, as the kernel calls it.
        place: Option<i32>,
    }

    impl Inbox {
        pub(super) fn new() -> io::Result<Self> {
            let notices = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
            let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
            let alarm = timerfd_create(TimerfdClockId::Boottime, flags)?;
            Ok(Self { notices, alarm, place: None })
        }

        /// To this directory, and to none besides.
        pub(super) fn listen(&mut self, directory: &Path) -> io::Result<()> {
            let changes = WatchFlags::MODIFY
                | WatchFlags::CREATE
                | WatchFlags::MOVED_TO
                // Of the directory itself the kernel tells only once nobody has it open.
                | WatchFlags::DELETE
                | WatchFlags::DELETE_SELF
                | WatchFlags::MOVE_SELF
                | WatchFlags::ONLYDIR;
            let place = add_watch(&self.notices, directory, changes)?;
            if let Some(before) = self.place.replace(place).filter(|before| *before != place) {
                // Of one that is gone, the kernel let go by itself.
                let _ = remove_watch(&self.notices, before);
            }
            Ok(())
        }

        pub(super) fn sleep(&self, most: Duration, besides: &[PollFd<'_>]) {
            let after = Timespec {
                tv_sec: i64::try_from(most.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: most.subsec_nanos().into(),
            };
            let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: after };
            // A time of 0 would turn it off.
            if most.is_zero() || timerfd_settime(&self.alarm, TimerfdTimerFlags::empty(), &once).is_err() {
                return;
            }
            let own = [PollFd::new(&self.notices, PollFlags::IN), PollFd::new(&self.alarm, PollFlags::IN)];
            let mut heard = [&own, besides].concat();
            // A signal is as good a reason to look as any.
            let _ = poll(&mut heard, None);
            // What they say is not asked: each is a reason to look at all.
            while rustix::io::read(&self.notices, &mut [0; 4096]).is_ok_and(|read| read > 0) {}
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use std::io;
    use std::path::Path;
    use std::time::Duration;

    use rustix::event::PollFd;

    /// Nothing here tells of changes.
    pub(super) enum Inbox {}

    impl Inbox {
        pub(super) fn new() -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(super) fn listen(&mut self, _: &Path) -> io::Result<()> {
            match *self {}
        }

        pub(super) fn sleep(&self, _: Duration, _: &[PollFd<'_>]) {
            match *self {}
        }
    }
}
