//! The note that a worktree is being taken away, in its own Git directory: should that be stopped, what
//! is left is not all that there was.

use std::fs;
use std::io;

use crate::contents::named;
use crate::worktrees::Worktree;

const NOTE: &str = "jit/removing";

/// Notes under which reference a worktree was kept that is about to be taken away.
#[allow(clippy::disallowed_methods, reason = "the adapter that takes worktrees away")]
pub(crate) fn begin(worktree: &Worktree, kept: &str) -> io::Result<()> {
    let path = worktree.git_dir.join(NOTE);
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(&path, kept)).map_err(|error| named(&path, error))
}

/// The reference under which it was kept before somebody began to take it away.
pub(crate) fn begun(worktree: &Worktree) -> Option<String> {
    fs::read_to_string(worktree.git_dir.join(NOTE)).ok()
}
