//! What a worktree has in its own Git directory, besides its index: a merge in progress, for one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::contents::named;
use crate::paths;

/// What makes the directory this worktree's, which another one has of its own; jit's own; and what
/// holds objects rather than state.
const LEFT: [&str; 8] = ["HEAD", "commondir", "gitdir", "locked", "jit", "modules", "refs", "reftable"];

/// What is put back: no configuration, because what was kept may come from elsewhere; no log of
/// `HEAD`, because what it names may be gone.
const PUT_BACK: [&str; 16] = [
    "index",
    "MERGE_HEAD",
    "MERGE_MSG",
    "MERGE_MODE",
    "MERGE_RR",
    "MERGE_AUTOSTASH",
    "AUTO_MERGE",
    "SQUASH_MSG",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "REBASE_HEAD",
    "ORIG_HEAD",
    "COMMIT_EDITMSG",
    "rebase-merge",
    "rebase-apply",
    "sequencer",
];

/// Whether a file of that Git directory is put back.
pub(crate) fn is_put_back(path: &[u8]) -> bool {
    let first = path.split(|byte| *byte == b'/').next().unwrap_or(path);
    let is_plain = first.len() == path.len();
    PUT_BACK.iter().any(|name| name.as_bytes() == first)
        || is_plain && (first.starts_with(b"sharedindex.") || first.starts_with(b"BISECT_"))
        || path == b"info/sparse-checkout"
}

/// The files of a worktree's Git directory that are its state, by their path from there.
pub(crate) fn files(git_dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut left = vec![PathBuf::new()];
    while let Some(dir) = left.pop() {
        let whole = git_dir.join(&dir);
        for entry in fs::read_dir(&whole).map_err(|error| named(&whole, error))? {
            let entry = entry.map_err(|error| named(&whole, error))?;
            let (name, kind) = (entry.file_name(), entry.file_type()?);
            let skipped = dir.as_os_str().is_empty() && LEFT.iter().any(|left| name == *left);
            let is_lock = paths::bytes(name.as_ref()).ends_with(b".lock");
            match (skipped || is_lock, kind) {
                (true, _) => {}
                (_, kind) if kind.is_dir() => left.push(dir.join(name)),
                (_, kind) if kind.is_file() => files.push(dir.join(name)),
                _ => {}
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Whatever looks like an object's name in the state that is put back.
pub(crate) fn objects(git_dir: &Path, files: &[PathBuf]) -> io::Result<Vec<String>> {
    /// No state of Git's is longer.
    const MOST: u64 = 4 << 20;
    let mut found = Vec::new();
    for file in files.iter().map(|file| (paths::bytes(file), git_dir.join(file))) {
        let (name, path) = file;
        let is_index = name == b"index" || name.starts_with(b"sharedindex.");
        if is_index || !is_put_back(name) || path.symlink_metadata()?.len() > MOST {
            continue;
        }
        let text = fs::read(&path).map_err(|error| named(&path, error))?;
        let words = text.split(|byte| !byte.is_ascii_alphanumeric());
        let names =
            words.filter(|word| matches!(word.len(), 40 | 64) && word.iter().all(u8::is_ascii_hexdigit));
        found.extend(names.map(|name| String::from_utf8_lossy(name).into_owned()));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_make_git_run_something_is_not_put_back() {
        for path in
            ["MERGE_HEAD", "rebase-merge/done", "BISECT_LOG", "sharedindex.0123", "info/sparse-checkout"]
        {
            assert!(is_put_back(path.as_bytes()), "{path}");
        }
        for path in
            ["config.worktree", "hooks/pre-commit", "logs/HEAD", "info/attributes", "BISECT_/x", "indexes"]
        {
            assert!(!is_put_back(path.as_bytes()), "{path}");
        }
    }
}
