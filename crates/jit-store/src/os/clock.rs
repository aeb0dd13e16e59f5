//! The machine's clocks.
//!
//! The monotonic clock does not count while the machine is suspended, and starts anew with each
//! boot, so a reading is told apart by the boot's id. Each platform says both in its own file.

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::DateTime;
use jit_core::{Now, Stamp, WallTime};

use crate::clock::Clock;

#[cfg(target_os = "linux")]
#[path = "clock/linux.rs"]
mod platform;
#[cfg(target_os = "macos")]
#[path = "clock/macos.rs"]
mod platform;
#[cfg(windows)]
#[path = "clock/windows.rs"]
mod platform;

/// The kernel's monotonic clock and its wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsClock;

impl Clock for OsClock {
    fn now(&self) -> io::Result<Now> {
        let stamp = Stamp { boot: platform::boot()?, ns: platform::monotonic_ns()? };
        Ok(Now { stamp, wall: wall() })
    }

    fn vouch(&self) -> io::Result<()> {
        platform::vouch()
    }
}

/// For people. One that is out of range is as wrong as any, and decides nothing.
#[allow(clippy::disallowed_methods, reason = "this is the adapter")]
fn wall() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let secs = i64::try_from(since.as_secs()).unwrap_or_default();
    WallTime::new(DateTime::from_timestamp(secs, since.subsec_nanos()).unwrap_or(DateTime::UNIX_EPOCH))
}
