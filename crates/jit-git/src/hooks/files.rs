//! Reading and replacing hooks' files: each in one step, so that Git never runs half of one.

#![allow(clippy::disallowed_methods, reason = "the adapter that writes hooks")]

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::HooksError;

/// What stands under a hook's name.
pub(super) enum Found {
    Nothing,
    /// A file of text, and whether it can run.
    Text {
        text: String,
        runs: bool,
    },
    /// Something else: a program, a symlink.
    Other,
}

pub(super) fn look(path: &Path) -> Result<Found, HooksError> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Found::Nothing);
        }
        Err(error) => return Err(HooksError::io(path)(error)),
    };
    if !meta.is_file() {
        return Ok(Found::Other);
    }
    let bytes = fs::read(path).map_err(HooksError::io(path))?;
    let runs = meta.permissions().mode() & 0o111 != 0;
    Ok(String::from_utf8(bytes).map_or(Found::Other, |text| Found::Text { text, runs }))
}

/// Puts a text under a name; with the mode of what is there, or else `mode` as the umask lets it.
pub(super) fn put(path: &Path, text: &str, mode: u32) -> Result<(), HooksError> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(dir).map_err(HooksError::io(dir))?;
    let aside = temporary(path);
    let written = write(&aside, text, mode, path).and_then(|()| fs::rename(&aside, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&aside);
        HooksError::io(path)(error)
    })
}

fn write(aside: &Path, text: &str, mode: u32, like: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(aside)?;
    if let Ok(meta) = fs::symlink_metadata(like)
        && meta.is_file()
    {
        file.set_permissions(Permissions::from_mode(meta.permissions().mode() & 0o7777))?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.jit-{}", std::process::id()))
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), HooksError> {
    fs::rename(from, to).map_err(HooksError::io(from))
}

pub(super) fn remove(path: &Path) -> Result<(), HooksError> {
    fs::remove_file(path).map_err(HooksError::io(path))
}
