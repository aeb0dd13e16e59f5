//! Paths as people and agents name them: relative to where they are, literal or a pattern.

use std::fs;
use std::path::{Component, Path, PathBuf};

use thiserror::Error;

use crate::core_config::{ConfigError, ignores_case};
use crate::program::{GitProgram, ProgramError};
use crate::repo::Repo;

/// What was named, relative to the worktree's root, its segments joined by `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedPath {
    /// A path, with all that is below it; empty for the root.
    Literal(String),
    /// A pattern of whole paths.
    Glob(String),
}

/// Why a text names no path of this worktree.
#[derive(Debug, Error)]
pub enum NamedPathError {
    /// It leads out of the worktree.
    #[error("{0:?} is outside of this worktree")]
    Outside(String),
    /// There are no files here.
    #[error("{0:?} can't be told here: this is no worktree; go to one, or give -C")]
    NoWorktree(String),
    /// What it begins with is no word that is known here.
    #[error(
        "{0:?} begins with an unknown word: there are `:(literal)`, `:(glob)` and `:(top)`, together as `:(top,literal)`, and `:/`; for a file of this very name write `:(literal)` before it"
    )]
    Magic(String),
    /// It has no text.
    #[error("an empty path names nothing; the whole repository is `:/`")]
    Empty,
    /// It is inside of Git's own directory, or that itself.
    #[error("{0:?} is Git's own: no commit has it")]
    OfGit(String),
    /// It is not UTF-8.
    #[error("{} is not UTF-8, and can't be covered by name; cover its directory", .0.display())]
    NotUnicode(PathBuf),
    /// Git could not be asked whether the path is tracked.
    #[error(transparent)]
    Git(#[from] ProgramError),
}

/// How a text says that it is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Magic {
    literal: bool,
    glob: bool,
    top: bool,
}

impl Magic {
    /// Takes `:(word,…)` or `:/` off a text.
    fn split(text: &str) -> Result<(Self, &str), NamedPathError> {
        let mut magic = Self::default();
        // With Git, all but what follows.
        if text.starts_with(":!") || text.starts_with(":^") {
            return Err(NamedPathError::Magic(text.to_owned()));
        }
        if let Some(rest) = text.strip_prefix(":/") {
            magic.top = true;
            return Ok((magic, rest));
        }
        let Some((words, rest)) = text.strip_prefix(":(").and_then(|rest| rest.split_once(')')) else {
            return Ok((magic, text));
        };
        for word in words.split(',') {
            match word {
                "literal" => magic.literal = true,
                "glob" => magic.glob = true,
                "top" => magic.top = true,
                _ => return Err(NamedPathError::Magic(text.to_owned())),
            }
        }
        match magic.literal && magic.glob {
            true => Err(NamedPathError::Magic(text.to_owned())),
            false => Ok((magic, rest)),
        }
    }
}

impl Repo {
    /// What a text names, seen from the current directory (`:/` and `:(top)`: from the root). What
    /// exists, is tracked, or has nothing of a pattern is a path; `:(literal)` and `:(glob)` say
    /// which of the two it is.
    ///
    /// # Errors
    /// See [`NamedPathError`].
    pub fn named_path(&self, git: &dyn GitProgram, text: &str) -> Result<NamedPath, NamedPathError> {
        let (magic, rest) = Magic::split(text)?;
        if rest.is_empty() && !magic.top {
            return Err(NamedPathError::Empty);
        }
        let (root, prefix) = match (self.worktree(), self.prefix()) {
            (Some(root), _) if magic.top => (root, Path::new("")),
            (Some(root), Some(prefix)) => (root, prefix),
            _ => return Err(NamedPathError::NoWorktree(text.to_owned())),
        };
        let from = root.join(prefix);
        let full = normal(&from.join(rest));
        let may_be_glob = magic.glob || !magic.literal && rest.contains(['*', '?', '[', '{', '\\']);
        if magic.glob || may_be_glob && fs::symlink_metadata(&full).is_err() {
            let literal = match magic.glob {
                true => None,
                false => below(root, &full, text).ok(),
            };
            return match literal {
                Some(path) if self.is_tracked(git, &path)? => Ok(NamedPath::Literal(path)),
                _ => glob_from(root, &from, rest, text).map(NamedPath::Glob),
            };
        }
        let path = below(root, &full, text)?;
        match path.split('/').next() {
            Some(".git") => Err(NamedPathError::OfGit(text.to_owned())),
            _ => Ok(NamedPath::Literal(path)),
        }
    }

    /// Whether this repository's names are the same in any case (`core.ignoreCase`).
    ///
    /// # Errors
    /// [`ConfigError`] where the repository's configuration can't be read.
    pub fn ignores_case(&self) -> Result<bool, ConfigError> {
        ignores_case(self.common_dir())
    }

    fn is_tracked(&self, git: &dyn GitProgram, path: &str) -> Result<bool, ProgramError> {
        let named = format!(":(top,literal){path}");
        let listed = git.run(self.git_dir(), &["ls-files", "-z", "--", &named], b"")?.successful()?;
        Ok(!listed.stdout.is_empty())
    }
}

/// The path without `.` and `..`, by name alone.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(normal.pop()),
            other => normal.push(other),
        }
    }
    normal
}

/// A path relative to the root, by what its directories really are: through a symlink to another
/// directory one edits what is there.
fn below(root: &Path, full: &Path, text: &str) -> Result<String, NamedPathError> {
    let is_directory = fs::symlink_metadata(full).is_ok_and(|met| met.is_dir());
    let mut known = if is_directory || full == root { full } else { full.parent().unwrap_or(full) };
    let real = loop {
        match (fs::canonicalize(known), known.parent()) {
            (Ok(real), _) => break real.join(full.strip_prefix(known).unwrap_or(Path::new(""))),
            (Err(_), Some(parent)) => known = parent,
            (Err(_), None) => break full.to_path_buf(),
        }
    };
    let real_root = fs::canonicalize(root).unwrap_or_else(|_| root.to_path_buf());
    let path = real.strip_prefix(&real_root).map_err(|_| NamedPathError::Outside(text.to_owned()))?;
    path.to_str().map(str::to_owned).ok_or_else(|| NamedPathError::NotUnicode(path.to_path_buf()))
}

/// A pattern relative to the root, its directories by what they really are.
fn glob_from(root: &Path, from: &Path, pattern: &str, text: &str) -> Result<String, NamedPathError> {
    let fixed = pattern.find(['*', '?', '[', '{', '\\']).unwrap_or(pattern.len());
    let (directory, rest) = pattern[..fixed].rfind('/').map_or(("", pattern), |at| pattern.split_at(at + 1));
    // What is in it is seen through it, if it is a symlink.
    let within = below(root, &normal(&from.join(directory)).join("*"), text)?;
    let mut above: Vec<String> = within.split('/').map(escaped).collect();
    above.pop();
    // A directory, by its slash: all that is below it.
    above.push(match rest.strip_suffix('/') {
        Some(directory) => format!("{directory}/**"),
        None if rest.is_empty() => "**".to_owned(),
        None => rest.to_owned(),
    });
    Ok(above.join("/"))
}

/// A name with what would be read as a pattern escaped.
fn escaped(name: &str) -> String {
    let special = |c: char| "*?[]{}\\,".contains(c);
    name.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_seen_from_the_root() {
        for (prefix, pattern, whole) in [
            ("", "src/*.rs", Some("src/*.rs")),
            ("src", "*.rs", Some("src/*.rs")),
            ("src/a", "../*.rs", Some("src/*.rs")),
            ("src", "./../*.rs", Some("*.rs")),
            ("src", "a/../b/./*.rs", Some("src/b/*.rs")),
            ("src", "../../*.rs", None),
            ("app/[id]", "*.tsx", Some(r"app/\[id\]/*.tsx")),
            ("", "/etc/*", None),
            ("x", "/no/where/src/*", Some("src/*")),
            ("", "src/?/", Some("src/?/**")),
            ("", "src/", Some("src/**")),
            ("", r"a/\*/b", Some(r"a/\*/b")),
            ("", "{a/b,c}/d", Some("{a/b,c}/d")),
        ] {
            let root = Path::new("/no/where");
            let glob = glob_from(root, &root.join(prefix), pattern, pattern).ok();
            assert_eq!(glob.as_deref(), whole, "{prefix} {pattern}");
        }
    }

    #[test]
    fn a_word_says_how_the_rest_is_read() {
        let split = |text: &'static str| {
            Magic::split(text).ok().map(|(magic, rest)| (magic.literal, magic.glob, magic.top, rest))
        };
        assert_eq!(split("a*"), Some((false, false, false, "a*")));
        assert_eq!(split(":(literal)a*"), Some((true, false, false, "a*")));
        assert_eq!(split(":(top,glob)a*"), Some((false, true, true, "a*")));
        assert_eq!(split(":/a"), Some((false, false, true, "a")));
        assert_eq!(split(":(icase)a"), None);
        assert_eq!(split(":!a"), None);
        assert_eq!(split(":^a"), None);
        assert_eq!(split(":(literal):!a"), Some((true, false, false, ":!a")));
        assert_eq!(split(":(glob,literal)a"), None);
    }
}
