//! Linux: `CLOCK_MONOTONIC`, the boot id and the time namespace.

use std::io;
use std::os::fd::AsFd;

use jit_core::ClockId;
use rustix::fs::{CWD, Mode, OFlags, openat, statfs};
use rustix::io::{Errno, read};
use rustix::time::{ClockId as Source, clock_gettime};

/// `CLOCK_MONOTONIC` without the time namespace's offset, so that all of one kernel's processes
/// agree.
pub(super) fn monotonic_ns() -> io::Result<u64> {
    let reading = clock_gettime(Source::Monotonic);
    let ns = i128::from(reading.tv_sec) * 1_000_000_000 + i128::from(reading.tv_nsec);
    u64::try_from(ns - namespace_offset_ns()?).map_err(io::Error::other)
}

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Whether the boot id is the kernel's own word, and nothing that was mounted over it.
pub(super) fn vouch() -> io::Result<()> {
    const PROC_SUPER_MAGIC: u64 = 0x9fa0;
    match statfs(BOOT_ID)?.f_type as u64 {
        PROC_SUPER_MAGIC => Ok(()),
        _ => Err(io::Error::other(format!("{BOOT_ID} is mounted over"))),
    }
}

/// The kernel's random id of this boot.
pub(super) fn boot() -> io::Result<ClockId> {
    let mut buffer = [0; 64];
    let text = small_file(BOOT_ID, &mut buffer)
        .map_err(|error| io::Error::new(error.kind(), format!("reading the boot id: {error}")))?;
    text.trim().parse().map_err(|_| io::Error::other(format!("the boot id `{text}` is no UUID")))
}

/// By how much this process's monotonic clock is ahead of the kernel's own.
fn namespace_offset_ns() -> io::Result<i128> {
    let mut buffer = [0; 256];
    match small_file("/proc/self/timens_offsets", &mut buffer) {
        Ok(text) => offset_in(text)
            .ok_or_else(|| io::Error::other(format!("the time namespace's offsets `{text}` can't be read"))),
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
