//! The machine's clocks.
//!
//! The monotonic clock does not count while the machine is suspended, and starts anew with each
//! boot, so a reading is told apart by the boot's id. A time namespace shifts the clock; its
//! offset is taken back out, so that all of one kernel's processes agree.

use std::io;

use chrono::DateTime;
use jit_core::{Now, Stamp, WallTime};
use rustix::time::{ClockId as Source, clock_gettime};

use crate::clock::Clock;

/// The kernel's monotonic clock and its wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsClock;

impl Clock for OsClock {
    fn now(&self) -> io::Result<Now> {
        let boot = platform::boot()?;
        let reading = clock_gettime(platform::SOURCE);
        let ns = i128::from(reading.tv_sec) * 1_000_000_000 + i128::from(reading.tv_nsec);
        let ns = u64::try_from(ns - platform::namespace_offset_ns()?).map_err(io::Error::other)?;
        let wall = clock_gettime(Source::Realtime);
        let wall = DateTime::from_timestamp(wall.tv_sec, u32::try_from(wall.tv_nsec).unwrap_or(0))
            .unwrap_or(DateTime::UNIX_EPOCH);
        Ok(Now { stamp: Stamp { boot, ns }, wall: WallTime::new(wall) })
    }
}

#[cfg(target_os = "linux")]
mod platform {
    use std::io;
    use std::os::fd::AsFd;

    use jit_core::ClockId;
    use rustix::fs::{CWD, Mode, OFlags, openat};
    use rustix::io::{Errno, read};

    pub(super) const SOURCE: rustix::time::ClockId = rustix::time::ClockId::Monotonic;

    pub(super) fn boot() -> io::Result<ClockId> {
        let mut buffer = [0; 64];
        let text = small_file("/proc/sys/kernel/random/boot_id", &mut buffer)
            .map_err(|error| io::Error::new(error.kind(), format!("reading the boot id: {error}")))?;
        text.trim().parse().map_err(|_| io::Error::other(format!("the boot id `{text}` is no UUID")))
    }

    /// By how much this process's monotonic clock is ahead of the kernel's own.
    pub(super) fn namespace_offset_ns() -> io::Result<i128> {
        let mut buffer = [0; 256];
        match small_file("/proc/self/timens_offsets", &mut buffer) {
            Ok(text) => offset_in(text).ok_or_else(|| {
                io::Error::other(format!("the time namespace's offsets `{text}` can't be read"))
            }),
            // A kernel that has no time namespaces has no such file.
            Err(Errno::NOENT) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    fn offset_in(text: &str) -> Option<i128> {
        let line = text.lines().find_map(|line| line.strip_prefix("monotonic"))?;
        let mut fields = line.split_whitespace();
        let secs: i128 = fields.next()?.parse().ok()?;
        let nanos: i128 = fields.next()?.parse().ok()?;
        Some(secs * 1_000_000_000 + nanos)
    }

    fn small_file<'b>(path: &str, buffer: &'b mut [u8]) -> Result<&'b str, Errno> {
        let file = openat(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let length = read(file.as_fd(), &mut *buffer)?;
        std::str::from_utf8(&buffer[..length]).map_err(|_| Errno::ILSEQ)
    }

    #[cfg(test)]
    mod tests {
        use super::offset_in;

        #[test]
        fn the_offset_is_read_as_the_kernel_prints_it() {
            let text = "monotonic      -86400 500000000\nboottime            7         0\n";
            assert_eq!(offset_in(text), Some(-86_399_500_000_000));
            assert_eq!(offset_in("monotonic           0         0\n"), Some(0));
            assert_eq!(offset_in("boottime 0 0\n"), None);
        }
    }
}

/// Not run so far: see dev/architecture.md.
#[cfg(target_os = "macos")]
mod platform {
    use std::io;

    use jit_core::ClockId;

    /// `CLOCK_UPTIME_RAW`: monotonic, and stops while the machine sleeps.
    pub(super) const SOURCE: rustix::time::ClockId = rustix::time::ClockId::UptimeRaw;

    pub(super) fn boot() -> io::Result<ClockId> {
        let output =
            std::process::Command::new("/usr/sbin/sysctl").args(["-n", "kern.bootsessionuuid"]).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.trim().parse().map_err(|_| io::Error::other(format!("the boot session `{text}` is no UUID")))
    }

    pub(super) fn namespace_offset_ns() -> io::Result<i128> {
        Ok(0)
    }
}
