//! Joining paths the way Git writes them in its files, without asking the file system.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The bytes of a path, which is all that Git sees of it.
pub(crate) fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

/// A path from bytes that Git wrote.
pub(crate) fn from_bytes(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// The path that `target` names when it is read relative to `base`.
///
/// `base` must have no symlinks in it: leading `..` of the target are taken off it by name.
/// Later ones are left for the kernel, because what stands before them may be a symlink.
pub(crate) fn resolve(base: &Path, target: &[u8]) -> PathBuf {
    if target.first() == Some(&b'/') {
        return from_bytes(target).to_path_buf();
    }
    let mut base = base;
    let mut rest = target;
    while let Some((first, after)) = first_component(rest) {
        match first {
            b"" | b"." => {}
            b".." => base = base.parent().unwrap_or(base),
            _ => break,
        }
        rest = after;
    }
    if rest.is_empty() {
        return base.to_path_buf();
    }
    base.join(from_bytes(rest))
}

fn first_component(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.is_empty() {
        return None;
    }
    let end = path.iter().position(|&b| b == b'/').unwrap_or(path.len());
    let after = path.get(end + 1..).unwrap_or_default();
    Some((&path[..end], after))
}

/// The path with what is there of it resolved.
pub fn real(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    match (std::fs::canonicalize(&whole), whole.parent(), whole.file_name()) {
        (Ok(real), _, _) => real,
        (Err(_), Some(parent), Some(name)) => real(parent).join(name),
        _ => whole,
    }
}

/// The directory that a `commondir` file in `git_dir` names.
pub(crate) fn resolve_common_dir(git_dir: &Path, target: &[u8]) -> PathBuf {
    if target == b"../.."
        && let Some(worktrees) = parent(git_dir)
        && bytes(worktrees).ends_with(b"/worktrees")
        && let Some(common) = parent(worktrees)
    {
        // What `git worktree add` writes; those two directories are never symlinks.
        return common.to_path_buf();
    }
    git_dir.join(from_bytes(target))
}

/// The directory above an absolute path without a `/` at its end. Unlike [`Path::parent`],
/// it brings no path parser into memory before every edit.
pub(crate) fn parent(path: &Path) -> Option<&Path> {
    let path = bytes(path);
    match path.iter().rposition(|&b| b == b'/')? {
        0 if path.len() == 1 => None,
        0 => Some(Path::new("/")),
        slash => Some(from_bytes(&path[..slash])),
    }
}

/// Whether a directory on the way to the path is called `modules`.
pub(crate) fn is_under_modules(path: &Path) -> bool {
    let name = b"/modules/";
    bytes(path).windows(name.len()).any(|part| part == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn relative_targets_are_joined_by_name() {
        for (base, target, expected) in [
            ("/a/b", "/x/y", "/x/y"),
            ("/a/b", "c", "/a/b/c"),
            ("/a/b", "./c", "/a/b/c"),
            ("/a/b", ".//c", "/a/b/c"),
            ("/a/b", "../c", "/a/c"),
            ("/a/b", "../../c/d", "/c/d"),
            ("/a/b", "../../../../c", "/c"),
            ("/a/b", "..", "/a"),
            ("/a/b", ".", "/a/b"),
            ("/a/b", "", "/a/b"),
            ("/a/b", "link/../c", "/a/b/link/../c"),
            ("/", ".git", "/.git"),
        ] {
            let got = resolve(Path::new(base), target.as_bytes());
            assert_eq!(got, Path::new(expected), "{base} + {target}");
        }
    }

    #[test]
    fn common_dir_of_a_linked_worktree_is_two_above() {
        for (git_dir, target, expected) in [
            ("/m/.git/worktrees/x", "../..", "/m/.git"),
            ("/bare.git/worktrees/x", "../..", "/bare.git"),
            ("/elsewhere/x", "../..", "/elsewhere/x/../.."),
            ("/m/.git/worktrees/x", "/other/.git", "/other/.git"),
        ] {
            let got = resolve_common_dir(Path::new(git_dir), target.as_bytes());
            assert_eq!(got, Path::new(expected), "{git_dir} + {target}");
        }
    }

    #[test]
    fn modules_is_a_whole_name() {
        for (path, expected) in [
            ("/s/.git/modules/a", true),
            ("/s/.git/worktrees/x/modules/a/b", true),
            ("/s/node_modules/a", false),
            ("/s/modules.git/a", false),
            ("/s/modules", false),
        ] {
            assert_eq!(is_under_modules(Path::new(path)), expected, "{path}");
        }
    }

    proptest! {
        #[test]
        fn parents_are_those_of_the_standard_library(path in "(/[a-z\u{e9} .]{1,3}){0,4}") {
            let path = if path.is_empty() { "/" } else { &path };
            prop_assume!(!path.split('/').any(|name| name == "." || name == ".."));
            prop_assert_eq!(parent(Path::new(path)), Path::new(path).parent());
        }

        #[test]
        fn resolved_paths_are_absolute_and_keep_every_name(
            ups in 0usize..6,
            names in proptest::collection::vec("[a-z \u{e9}]{1,6}", 0..4),
        ) {
            let target = format!("{}{}", "../".repeat(ups), names.join("/"));
            let got = resolve(Path::new("/r/s/t"), target.as_bytes());
            prop_assert!(got.is_absolute());
            prop_assert!(got.ends_with(names.iter().collect::<PathBuf>()));
            prop_assert!(!got.components().any(|c| c.as_os_str() == ".."));
        }
    }
}
