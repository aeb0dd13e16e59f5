//! A path inside the repository.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::agent::shown;
use crate::by_str::serde_by_str;

/// A path relative to the repository's root, normalised: segments joined by `/`, none of them
/// empty, `.` or `..`; no NUL. The root itself is the path of no segments, written as `.`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(String);

impl RepoPath {
    /// The repository's root.
    pub fn root() -> Self {
        Self(String::new())
    }

    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Its segments, from the root on.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|segment| !segment.is_empty())
    }

    /// What a relative path typed in this directory means: `.` and empty segments say nothing,
    /// `..` goes up.
    pub fn join(&self, typed: &str) -> Result<Self, PathError> {
        if typed.contains('\0') {
            return Err(PathError::Nul(shown(typed)));
        }
        let mut segments: Vec<&str> = self.segments().collect();
        for segment in typed.split('/') {
            match segment {
                "" | "." => {}
                ".." => drop(segments.pop().ok_or_else(|| PathError::Outside(shown(typed)))?),
                name => segments.push(name),
            }
        }
        Ok(Self(segments.join("/")))
    }

    /// Its text, empty for the root.
    pub(super) fn into_text(self) -> String {
        self.0
    }
}

impl FromStr for RepoPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "." {
            return Ok(Self::root());
        }
        if text.contains('\0') {
            return Err(PathError::Nul(shown(text)));
        }
        if text.split('/').any(is_no_name) {
            return Err(PathError::Segment(shown(text)));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Whether no file can have this name.
pub(super) fn is_no_name(segment: &str) -> bool {
    matches!(segment, "" | "." | "..")
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_root() { "." } else { &self.0 })
    }
}

serde_by_str!(RepoPath);

/// Why a text is no path inside the repository.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PathError {
    /// A NUL character.
    #[error("the path `{0}` has a NUL character, which no file's name has")]
    Nul(String),
    /// An empty, `.` or `..` segment.
    #[error(
        "`{0}` is no path as it is written from the repository's root: it has an empty, `.` or `..` segment"
    )]
    Segment(String),
    /// It goes up from the root.
    #[error("`{0}` leaves the repository: paths are those inside its root")]
    Outside(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_prints_as_it_was_written() {
        for text in [".", "a", "a/b", "app/[id]/page.tsx", "...", "a b", ":(x", "ü/\n", "\\"] {
            assert_eq!(text.parse::<RepoPath>().unwrap().to_string(), text);
        }
        for text in ["", "/", "/a", "a/", "a//b", "./a", "a/.", "..", "a/../b", "a\0"] {
            assert!(text.parse::<RepoPath>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_typed_in_a_directory_stays_in_the_repository() {
        let join = |dir: &str, typed| dir.parse::<RepoPath>().unwrap().join(typed).map(|p| p.to_string());
        for (dir, typed, meant) in [
            (".", ".", "."),
            (".", "a//b/", "a/b"),
            ("a/b", "..", "a"),
            ("a/b", "../../c/./d", "c/d"),
            ("a", "..", "."),
        ] {
            assert_eq!(join(dir, typed), Ok(meant.to_owned()), "{typed} in {dir}");
        }
        assert_eq!(join("a", "../../b"), Err(PathError::Outside("../../b".into())));
        assert_eq!(join("a", "b\0"), Err(PathError::Nul("b\\0".into())));
        assert_eq!(join("a/b", "c").unwrap().parse::<RepoPath>().unwrap().segments().count(), 3);
        assert_eq!(RepoPath::root().segments().count(), 0);
    }
}
