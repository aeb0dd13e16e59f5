//! What is asked of a file system: its room, and whether several kernels may use it. A kind that is
//! not listed is taken to be local.
//!
//! Some keep `flock` to each machine, some pass it on. jit trusts neither: a cluster's locks may
//! well exclude, but the words in `locks/shared` and the monotonic clock are those of one kernel.

use std::io;
use std::os::fd::AsFd;

use rustix::fs::{fstatfs, fstatvfs};

/// How many bytes of the file system that a file is on this user may still write.
pub(super) fn free(file: impl AsFd) -> io::Result<u64> {
    let found = fstatvfs(file)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// The kind of the file system that a file is on, when other kernels may use it too.
#[cfg(target_os = "linux")]
pub(super) fn locks_may_be_local(file: impl AsFd) -> io::Result<Option<&'static str>> {
    Ok(shared(fstatfs(file)?.f_type as u64))
}

/// The same where the kernel says it itself: what is not mounted from this machine.
#[cfg(not(target_os = "linux"))]
pub(super) fn locks_may_be_local(file: impl AsFd) -> io::Result<Option<&'static str>> {
    const LOCAL: u32 = libc::MNT_LOCAL as u32;
    Ok((fstatfs(file)?.f_flags as u32 & LOCAL == 0).then_some("a network's file system"))
}

/// The numbers are those of linux/magic.h and, for what is not in the kernel, coreutils' `stat -f`.
#[cfg(target_os = "linux")]
const SHARED: [(u32, &str); 26] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "SMB"),
    (0xfe53_4d42, "SMB"),
    (0x564c, "NCP"),
    (0x0102_1997, "9p"),
    (0x6573_5546, "FUSE or virtiofs"),
    (0x786f_4256, "VirtualBox's shared folders"),
    (0xbacb_acbc, "VMware's shared folders"),
    (0x7c7c_6673, "Parallels' shared folders"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x00c3_6400, "CephFS"),
    (0x7461_636f, "OCFS2"),
    (0x0116_1970, "GFS2"),
    (0x4750_4653, "GPFS"),
    (0x0bd0_0bd0, "Lustre"),
    (0x1983_0326, "BeeGFS"),
    (0x2003_0528, "OrangeFS"),
    (0xaad7_aaea, "PanFS"),
    (0xbeef_dead, "StorNext"),
    (0x0131_11a8, "Ibrix"),
    (0x6163_6673, "ACFS"),
    (0xa501_fcf5, "VxFS"),
    (0x00c0_ffee, "the host's file system (User-Mode Linux)"),
];

#[cfg(target_os = "linux")]
fn shared(kind: u64) -> Option<&'static str> {
    // Some architectures have it signed, and the rest is no part of the number.
    let kind = (kind & 0xffff_ffff) as u32;
    SHARED.iter().find(|(magic, _)| *magic == kind).map(|(_, name)| *name)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_several_kernels_may_use() {
        // As statfs gives it where its field is signed.
        assert_eq!(shared(i64::from(0xff53_4d42_u32 as i32) as u64), Some("SMB"));
        for (kind, name) in [(0x786f_4256, "VirtualBox's shared folders"), (0x0bd0_0bd0, "Lustre")] {
            assert_eq!(shared(kind), Some(name));
        }
        for local in [0xef53, 0x0102_1994, 0x5846_5342, 0x9123_683e, 0x794c_7630, 0x2fc1_2fc1] {
            assert_eq!(shared(local), None, "{local:x}");
        }
    }

    #[test]
    fn each_number_stands_once() {
        for (i, (magic, _)) in SHARED.iter().enumerate() {
            assert!(SHARED[i + 1..].iter().all(|(other, _)| other != magic), "{magic:x}");
        }
    }
}
