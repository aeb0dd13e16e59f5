//! Who owns what is made here, and with which permissions.

use std::os::fd::AsFd;

use rustix::fs::{Gid, Mode, RawMode, Stat, Uid, fchmod, fchown};
use rustix::process::geteuid;

/// The permissions that a new control plane gets; what is made in it later follows its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modes {
    /// Of the control plane's directory; files get the same without the execute bits.
    pub dir: u32,
}

impl Default for Modes {
    /// For its owner alone.
    fn default() -> Self {
        Self { dir: 0o700 }
    }
}

/// What a new file or directory takes over from the directory that it is made in.
#[derive(Clone, Copy)]
pub(super) struct Heritage {
    mode: Mode,
    owner: Option<(Uid, Gid)>,
}

impl Heritage {
    /// From the control plane's directory.
    pub(super) fn of(dir: &Stat) -> Self {
        Self::below(dir, Mode::from_raw_mode(dir.st_mode & 0o7777))
    }

    /// With these permissions, and the owner of `parent` when it is root who makes it.
    pub(super) fn with(modes: Modes, parent: &Stat) -> Self {
        Self::below(parent, Mode::from_raw_mode(modes.dir as RawMode))
    }

    fn below(parent: &Stat, mode: Mode) -> Self {
        let foreign = geteuid().is_root() && (parent.st_uid, parent.st_gid) != (0, 0);
        let owner = (Uid::from_raw(parent.st_uid), Gid::from_raw(parent.st_gid));
        Self { mode, owner: foreign.then_some(owner) }
    }

    pub(super) fn dir_mode(&self) -> Mode {
        self.mode
    }

    pub(super) fn file_mode(&self) -> Mode {
        self.mode & Mode::from_raw_mode(0o666)
    }

    /// Applies what creating it did not: the process's mask may have taken bits away.
    pub(super) fn hand_on(&self, to: impl AsFd, mode: Mode) -> rustix::io::Result<()> {
        if let Some((uid, gid)) = self.owner {
            fchown(&to, Some(uid), Some(gid))?;
        }
        fchmod(to, mode)
    }
}
