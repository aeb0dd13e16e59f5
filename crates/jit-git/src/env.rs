//! The environment variables that steer where Git looks, as plain data.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::paths;

/// What the environment says about where the repository is. [`GitEnv::default`] says nothing.
///
/// `GIT_DISCOVERY_ACROSS_FILESYSTEM` is absent on purpose: jit always looks across mounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitEnv {
    /// `GIT_DIR`: the Git directory, or a `.git` file; no search takes place.
    pub git_dir: Option<OsString>,
    /// `GIT_COMMON_DIR`: overrides the `commondir` file.
    pub common_dir: Option<OsString>,
    /// `GIT_WORK_TREE`: the root of the worktree.
    pub work_tree: Option<OsString>,
    /// `GIT_CEILING_DIRECTORIES`: directories that the search does not climb into.
    pub ceiling_directories: Option<OsString>,
}

impl GitEnv {
    /// Reads the variables from this process's environment, and no others.
    pub fn from_process() -> Self {
        Self {
            git_dir: std::env::var_os("GIT_DIR"),
            common_dir: std::env::var_os("GIT_COMMON_DIR"),
            work_tree: std::env::var_os("GIT_WORK_TREE"),
            ceiling_directories: std::env::var_os("GIT_CEILING_DIRECTORIES"),
        }
    }

    /// The ceilings with their symlinks resolved, as Git does it: those after an empty entry
    /// are taken as they are written.
    pub(crate) fn ceilings(&self) -> Vec<PathBuf> {
        let Some(list) = &self.ceiling_directories else {
            return Vec::new();
        };
        parse_ceilings(list.as_bytes())
            .into_iter()
            .map(|entry| match entry {
                Ceiling::Literal(path) => path.to_path_buf(),
                Ceiling::Resolve(path) => fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf()),
            })
            .collect()
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Ceiling<'a> {
    Resolve(&'a Path),
    Literal(&'a Path),
}

fn parse_ceilings(list: &[u8]) -> Vec<Ceiling<'_>> {
    let mut literal = false;
    let mut ceilings = Vec::new();
    for entry in list.split(|&b| b == b':') {
        if entry.is_empty() {
            literal = true;
        } else if entry[0] == b'/' {
            let path = paths::from_bytes(entry);
            ceilings.push(if literal { Ceiling::Literal(path) } else { Ceiling::Resolve(path) });
        }
    }
    ceilings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_are_absolute_and_literal_after_an_empty_entry() {
        let path = Path::new;
        assert_eq!(parse_ceilings(b""), []);
        assert_eq!(parse_ceilings(b"relative"), []);
        assert_eq!(
            parse_ceilings(b"/a:b:/c d::/e/"),
            [Ceiling::Resolve(path("/a")), Ceiling::Resolve(path("/c d")), Ceiling::Literal(path("/e/")),]
        );
    }
}
