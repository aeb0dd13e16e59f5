//! Files that are named on the command line, in any directory.

use std::io::{self, ErrorKind};
use std::path::Path;

use jit_tracker::{Dir, Origin, Sink};

use crate::error::Failure;

/// What is in one.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::usage(&format!("{}: {error}", path.display()), ""))
}

/// Puts it there in one step, durably: whoever reads sees the old content or the new one.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    put(path, content).map_err(|error| match path.parent().filter(|_| error.kind() == ErrorKind::NotFound) {
        Some(above) => {
            Failure::usage(&format!("there is no directory {}", above.display()), "name one that is there")
        }
        None => Failure::not_made(path, &error),
    })
}

fn put(path: &Path, content: &[u8]) -> io::Result<()> {
    let name = path.file_name().and_then(|name| name.to_str()).ok_or(ErrorKind::InvalidFilename)?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Dir::open(dir, Origin::Worktree)?.put(name, content)
}
