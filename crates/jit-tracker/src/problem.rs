//! What can be wrong with a file of the tracker, and where.

use std::fmt;
use std::io;

use jit_core::IssueId;
use thiserror::Error;

use crate::nearest::did_you_mean;

/// A file that can't be used, or a line of one. Others can, all the same.
#[derive(Debug, Error)]
#[error("{file}: {problem}")]
pub struct FileError {
    /// The file as its source names it: a path, or `HEAD:` and a path.
    pub file: String,
    /// The issue that it is of, as far as its name says.
    pub issue: Option<IssueId>,
    /// What is wrong.
    pub problem: Problem,
}

/// A place in a text, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Place {
    /// The place of a byte.
    pub(crate) fn of_byte(text: &str, at: usize) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Self { line: before.matches('\n').count() + 1, column }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// What is wrong with a file.
#[derive(Debug, Error)]
pub enum Problem {
    /// It, or its directory, can't be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// Its name should be an issue's id.
    #[error("its name is no issue's id; it is to be `<id>.json`, in lower case and with dashes")]
    Name,
    /// It is of another issue than its name says.
    #[error("it has the id {0}, which is not its name")]
    OtherId(IssueId),
    /// A merge left both sides in it.
    #[error(
        "line {line}: a merge conflict is not solved: keep {keep}, and delete the lines with `<<<<<<<`, `=======` and `>>>>>>>`"
    )]
    Conflicted {
        /// Where the first one begins.
        line: usize,
        /// What is to be kept of the two sides.
        keep: &'static str,
    },
    /// It is not of its format at all.
    #[error("{place}: {message}")]
    Malformed {
        /// Where.
        place: Place,
        /// What the parser says.
        message: String,
    },
    /// It was written by another jit.
    #[error("it has the schema version {found}, and this jit knows version 1 only")]
    Version {
        /// As it stands there.
        found: String,
    },
    /// A key that nothing is known of.
    #[error("{place}: unknown key `{key}`{}", did_you_mean(*nearest))]
    UnknownKey {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// The known key that is most like it.
        nearest: Option<&'static str>,
    },
    /// A value that does not fit, or one that is missing.
    #[error("{place}: {message}")]
    Value {
        /// Where.
        place: Place,
        /// What is wrong with it.
        message: String,
    },
}

impl Problem {
    /// What is wrong with a line of a file, where places are within that line.
    pub(crate) fn on_line(&self, line: usize) -> String {
        let said = self.to_string();
        match (said.strip_prefix("line 1, "), said.strip_prefix("line 1: ")) {
            (Some(column), _) => format!("line {line}, {column}"),
            (_, Some(said)) => format!("line {line}: {said}"),
            _ => format!("line {line}: {said}"),
        }
    }
}

/// What is to be kept of a text in which each conflict is one field.
pub(crate) const ONE_SIDE: &str = "one of each two sides (of sets, what either has)";

/// The line at which an unsolved conflict begins, as Git marks it.
pub(crate) fn conflict_line(text: &str) -> Option<usize> {
    text.lines().position(|line| line.starts_with("<<<<<<< ")).map(|before| before + 1)
}
