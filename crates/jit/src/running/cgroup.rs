//! A cgroup of one's own (version 2), where one can be had: what leaves the process group of a command
//! stays in it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::running::group::nap;

/// How often, and how many times, a cgroup is looked at whose processes were killed.
const LOOK: Duration = Duration::from_millis(5);
const LOOKS: usize = 200;

/// A cgroup below the one that this process is in.
pub(crate) struct Cgroup(PathBuf);

impl Cgroup {
    /// Where one of this name would be.
    pub(crate) fn place(name: &str) -> Option<PathBuf> {
        let own = std::fs::read_to_string("/proc/self/cgroup").ok()?;
        let own = own.lines().find_map(|line| line.strip_prefix("0::"))?;
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
        Some(mounts.lines().find_map(|mount| seen_in(mount, own))?.join(name))
    }

    /// Makes it, if that is allowed, and if all of it can be killed at once.
    pub(crate) fn make(place: PathBuf) -> Option<Self> {
        #[allow(clippy::disallowed_methods, reason = "no file, but a call to the kernel")]
        std::fs::create_dir(&place).ok()?;
        let made = Self(place);
        if made.0.join("cgroup.kill").exists() {
            return Some(made);
        }
        made.remove();
        None
    }

    /// One that another process made.
    pub(crate) fn at(place: PathBuf) -> Self {
        Self(place)
    }

    /// Whoever writes `0` there enters it.
    pub(crate) fn entry(&self) -> io::Result<File> {
        OpenOptions::new().write(true).open(self.0.join("cgroup.procs"))
    }

    /// Whether nothing lives in it.
    pub(crate) fn is_empty(&self) -> bool {
        let events = std::fs::read_to_string(self.0.join("cgroup.events")).unwrap_or_default();
        !events.lines().any(|line| line == "populated 1")
    }

    /// Kills all that is in it, and takes it away.
    pub(crate) fn kill(&self) {
        let kill = OpenOptions::new().write(true).open(self.0.join("cgroup.kill"));
        if kill.and_then(|mut kill| kill.write_all(b"1")).is_ok() {
            let _ = (0..LOOKS).find(|_| self.is_empty() || (nap(LOOK), false).1);
        }
        self.remove();
    }

    /// Lets go of what is left in it, which lives on in the cgroup above, and takes it away.
    pub(crate) fn let_go(&self) {
        let left = std::fs::read_to_string(self.0.join("cgroup.procs")).unwrap_or_default();
        let above = self.0.parent().unwrap_or(Path::new("/")).join("cgroup.procs");
        for process in left.lines() {
            // One that has ended meanwhile is no loss.
            let _ = OpenOptions::new()
                .write(true)
                .open(&above)
                .and_then(|mut to| to.write_all(process.as_bytes()));
        }
        self.remove();
    }

    fn remove(&self) {
        // One that stays is empty, and goes with the machine's next start.
        #[allow(clippy::disallowed_methods, reason = "no file, but a call to the kernel")]
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// Where a cgroup is seen through a mount, as `/proc/self/mountinfo` tells of it.
fn seen_in(mount: &str, cgroup: &str) -> Option<PathBuf> {
    let (mount, kind) = mount.split_once(" - ")?;
    let mut fields = mount.split(' ').skip(3);
    let (root, at) = (fields.next()?, fields.next()?);
    // What is not a plain path is written with backslashes.
    let is_plain = kind.starts_with("cgroup2 ") && !mount.contains('\\');
    is_plain.then_some(())?;
    Some(Path::new(at).join(Path::new(cgroup).strip_prefix(root).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cgroup_is_found_through_its_mount() {
        let whole = "41 31 0:38 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw";
        let part = "41 31 0:38 /a.slice /mnt rw - cgroup2 cgroup2 rw";
        let found = |mount, cgroup| seen_in(mount, cgroup).map(|path| path.display().to_string());
        assert_eq!(found(whole, "/"), Some("/sys/fs/cgroup/".into()));
        assert_eq!(found(whole, "/a/b"), Some("/sys/fs/cgroup/a/b".into()));
        assert_eq!(found(part, "/a.slice/b"), Some("/mnt/b".into()));
        for (mount, cgroup) in [
            (part, "/b"),
            ("41 31 0:38 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu", "/"),
            (r"41 31 0:38 / /a\040b rw - cgroup2 cgroup2 rw", "/"),
            ("no mount", "/"),
        ] {
            assert_eq!(found(mount, cgroup), None, "{mount}");
        }
    }
}
