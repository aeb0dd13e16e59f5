//! macOS: `CLOCK_UPTIME_RAW` and the boot session's id. Compiled, never run: see
//! dev/architecture.md.

use std::io;

use jit_core::ClockId;

/// Stops while the machine sleeps, and is not slewed.
pub(super) fn monotonic_ns() -> io::Result<u64> {
    let mut reading = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes one reading to where it is told.
    if unsafe { libc::clock_gettime(libc::CLOCK_UPTIME_RAW, &mut reading) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let ns = i128::from(reading.tv_sec) * 1_000_000_000 + i128::from(reading.tv_nsec);
    u64::try_from(ns).map_err(io::Error::other)
}

/// The UUID that the kernel makes at each boot.
pub(super) fn boot() -> io::Result<ClockId> {
    let mut buffer = [0_u8; 64];
    let mut length = buffer.len();
    let name = c"kern.bootsessionuuid".as_ptr();
    // SAFETY: the name ends with a zero; at most `length` bytes are written to the buffer, which
    // has as many; nothing is set.
    let failed =
        unsafe { libc::sysctlbyname(name, buffer.as_mut_ptr().cast(), &mut length, std::ptr::null_mut(), 0) };
    if failed != 0 {
        return Err(io::Error::last_os_error());
    }
    let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
    let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    text.parse().map_err(|_| io::Error::other(format!("the boot session `{text}` is no UUID")))
}

/// Nothing is known that would give a process another boot's name.
pub(super) fn vouch() -> io::Result<()> {
    Ok(())
}
