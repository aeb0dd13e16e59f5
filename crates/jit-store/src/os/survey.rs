//! What stands in a directory of jit's: of which kind, whose, and with which permissions.

use std::fs::{Metadata, symlink_metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, Gid, Mode, RawMode, Uid, accessat, chmodat, chownat};
use rustix::process::geteuid;

use crate::index::INDEX;
use crate::names::{
    ARCHIVE, ARCHIVE_DRAFT, CONTROL, CONTROL_BEFORE, FLUSH_LOCK, GATES, IDENTITY, IDENTITY_DRAFT, ISSUES,
    LEFTOVERS, LOCKS, LOG, PUSHED, SETTINGS, WORDS, WORKTREES, WRITE_LOCK,
};
use crate::os::owner::Modes;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// Where.
    pub path: PathBuf,
    /// What is odd about it.
    pub odd: Odd,
    /// Whether this user can put it right.
    pub ours: bool,
}

/// What is odd about a file or directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Odd {
    /// A symlink, or something else that is not what should stand there.
    Kind {
        /// What it is.
        found: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// It belongs to another user than the directory.
    Owner {
        /// Whose it is.
        found: u32,
        /// Whose the directory is.
        wanted: u32,
    },
    /// It belongs to another group than the directory, which is shared with that group.
    Group {
        /// Whose it is.
        found: u32,
        /// Whose the directory is.
        wanted: u32,
    },
    /// Its permissions are not those that `core.sharedRepository` asks for.
    Mode {
        /// The permissions.
        found: u32,
        /// What they should be.
        wanted: u32,
    },
    /// This user can't write it, although it could by owner and permissions.
    Unwritable,
    /// A process that was interrupted left it, or one that makes an identity needs it just now.
    Draft,
    /// jit knows nothing of it.
    Unknown,
}

/// Looks at a directory of jit's with all that is in it; what is not there is not odd.
///
/// `modes` are those that `core.sharedRepository` asks for.
///
/// # Errors
/// When it can't be listed.
pub fn survey(dir: &Path, modes: Modes) -> io::Result<Vec<Oddity>> {
    let root = match symlink_metadata(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        root => root?,
    };
    let house = House { uid: root.uid(), gid: root.gid(), modes, writable: may_write(dir).is_ok() };
    let mut odd: Vec<Oddity> = house.judged(dir, "", &root).into_iter().collect();
    if !root.is_dir() {
        return Ok(odd);
    }
    for below in ["", LOCKS, ARCHIVE] {
        for name in names(&dir.join(below))? {
            let name = if below.is_empty() { name } else { format!("{below}/{name}") };
            let path = dir.join(&name);
            // Others come and go meanwhile.
            let Ok(found) = symlink_metadata(&path) else { continue };
            odd.extend(house.judged(&path, &name, &found));
        }
    }
    Ok(odd)
}

/// Puts permissions, owner and group right.
///
/// # Errors
/// What the kernel says.
pub fn mend(oddity: &Oddity) -> io::Result<()> {
    let path = &oddity.path;
    match oddity.odd {
        Odd::Mode { wanted, .. } => {
            chmodat(CWD, path, Mode::from_raw_mode(wanted as RawMode), AtFlags::empty())?
        }
        Odd::Owner { wanted, .. } => {
            chownat(CWD, path, Some(Uid::from_raw(wanted)), None, AtFlags::SYMLINK_NOFOLLOW)?
        }
        Odd::Group { wanted, .. } => {
            chownat(CWD, path, None, Some(Gid::from_raw(wanted)), AtFlags::SYMLINK_NOFOLLOW)?
        }
        Odd::Kind { .. } | Odd::Unwritable | Odd::Draft | Odd::Unknown => {}
    }
    Ok(())
}

/// Whether this user may write there at all.
///
/// # Errors
/// Why not.
pub fn may_write(path: &Path) -> io::Result<()> {
    Ok(accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS)?)
}

/// What holds of everything in one directory.
struct House {
    uid: u32,
    gid: u32,
    modes: Modes,
    writable: bool,
}

impl House {
    fn judged(&self, path: &Path, name: &str, found: &Metadata) -> Option<Oddity> {
        let odd = self.odd(path, name, found)?;
        let me = geteuid();
        let ours = match odd {
            Odd::Mode { .. } | Odd::Group { .. } => me.is_root() || found.uid() == me.as_raw(),
            Odd::Owner { .. } => me.is_root(),
            Odd::Kind { .. } | Odd::Unwritable | Odd::Draft | Odd::Unknown => false,
        };
        Some(Oddity { path: path.to_owned(), odd, ours })
    }

    fn odd(&self, path: &Path, name: &str, found: &Metadata) -> Option<Odd> {
        let wanted = match place(name) {
            Place::Kept => return None,
            Place::Draft => return Some(Odd::Draft),
            Place::Unknown => return Some(Odd::Unknown),
            Place::Directory => "directory",
            Place::File => "file",
        };
        let is = kind(found);
        if is != wanted {
            return Some(Odd::Kind { found: is, wanted });
        }
        let shared = self.modes.dir & 0o077 != 0;
        if !shared && found.uid() != self.uid {
            return Some(Odd::Owner { found: found.uid(), wanted: self.uid });
        }
        if shared && found.gid() != self.gid {
            return Some(Odd::Group { found: found.gid(), wanted: self.gid });
        }
        let bits = if found.is_dir() { 0o777 } else { 0o666 };
        if found.mode() & 0o777 != self.modes.dir & bits {
            let inherited = if found.is_dir() { self.modes.dir & 0o7000 } else { 0 };
            return Some(Odd::Mode {
                found: found.mode() & 0o7777,
                wanted: self.modes.dir & bits | inherited,
            });
        }
        (self.writable && may_write(path).is_err()).then_some(Odd::Unwritable)
    }
}

/// What should stand under a name.
enum Place {
    Directory,
    File,
    /// What repairs set aside, and what gates said, stays as it is.
    Kept,
    /// Nothing, once whoever writes it has ended.
    Draft,
    Unknown,
}

fn place(name: &str) -> Place {
    const FILES: [&str; 10] =
        [LOG, INDEX, SETTINGS, PUSHED, CONTROL, CONTROL_BEFORE, IDENTITY, WRITE_LOCK, FLUSH_LOCK, WORDS];
    let other_lock = name
        .strip_prefix("locks/")
        .is_some_and(|lock| lock.starts_with("ticket-") || lock.starts_with("meeting"));
    let kept_as_written = ["archive/claims-", "archive/torn-", "archive/damaged-"];
    match name {
        "" | LOCKS | ARCHIVE | ARCHIVE_DRAFT => Place::Directory,
        _ if other_lock
            || [&FILES[..], &LEFTOVERS, &ISSUES, &WORKTREES].iter().any(|of| of.contains(&name)) =>
        {
            Place::File
        }
        _ if name.starts_with(IDENTITY_DRAFT) => Place::Draft,
        GATES => Place::Kept,
        _ if name.starts_with("archive/aside-") => Place::Kept,
        _ if kept_as_written.iter().any(|kept| name.starts_with(kept)) => Place::File,
        _ => Place::Unknown,
    }
}

fn kind(found: &Metadata) -> &'static str {
    match found.file_type() {
        kind if kind.is_file() => "file",
        kind if kind.is_dir() => "directory",
        kind if kind.is_symlink() => "symlink",
        _ => "special file",
    }
}

/// The names in a directory; none where there is no directory.
fn names(dir: &Path) -> io::Result<Vec<String>> {
    // A symlink's would be another directory's.
    if !symlink_metadata(dir).is_ok_and(|found| found.is_dir()) {
        return Ok(Vec::new());
    }
    let names: io::Result<Vec<String>> = std::fs::read_dir(dir)?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect();
    let mut names = names?;
    names.sort_unstable();
    Ok(names)
}
