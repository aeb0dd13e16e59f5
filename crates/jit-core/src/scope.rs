//! Which paths a lease covers, and whether two leases may be there side by side.

mod automaton;
mod chars;
mod glob;
mod overlap;
mod path;
mod pattern;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use chars::Case;
pub use glob::GlobError;
pub use path::{PathError, RepoPath};
pub use pattern::{Pattern, PatternError};

/// Whether others may hold the same paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nobody else.
    #[default]
    Exclusive,
    /// Whoever shares them too.
    Shared,
}

/// The paths that a lease covers, perhaps none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Scope {
    #[serde(rename = "paths")]
    patterns: Vec<Pattern>,
    mode: Mode,
    #[serde(rename = "ignore_case", skip_serializing_if = "Case::is_sensitive")]
    case: Case,
}

/// A scope as JSON has it, which may be anybody's.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Written {
    paths: Vec<Pattern>,
    mode: Mode,
    ignore_case: Case,
}

impl TryFrom<Written> for Scope {
    type Error = ScopeError;

    fn try_from(written: Written) -> Result<Self, ScopeError> {
        Self::new(written.paths, written.mode, written.ignore_case)
    }
}

impl Scope {
    /// The most patterns that a scope has.
    pub const MAX_PATTERNS: usize = 1_000;
    /// The most bytes that its patterns have in all. A lease is written whole with each renewal.
    pub const MAX_BYTES: usize = 64 << 10;

    /// No path at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether it covers no path at all.
    pub fn is_none(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The scope of these patterns. Without any, neither mode nor case means anything.
    pub fn new(patterns: Vec<Pattern>, mode: Mode, case: Case) -> Result<Self, ScopeError> {
        let scope = Self::of_any_size(patterns, mode, case);
        let bytes = scope.patterns.iter().map(Pattern::bytes).sum();
        if scope.patterns.len() > Self::MAX_PATTERNS {
            return Err(ScopeError::Patterns(scope.patterns.len()));
        }
        if bytes > Self::MAX_BYTES {
            return Err(ScopeError::Bytes(bytes));
        }
        Ok(scope)
    }

    /// The same, to ask about and not to be leased: as many paths as a commit has.
    pub fn of_any_size(mut patterns: Vec<Pattern>, mode: Mode, case: Case) -> Self {
        patterns.sort_unstable();
        patterns.dedup();
        match patterns.is_empty() {
            true => Self::none(),
            false => Self { patterns, mode, case },
        }
    }

    /// Its patterns, sorted, each once.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// Whether others may hold the same paths.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// How its paths are compared.
    pub fn case(&self) -> Case {
        self.case
    }

    /// Each pair of patterns, one of either, that share a possible path. Case is ignored when
    /// either ignores it.
    pub fn overlaps<'a>(&'a self, other: &'a Self) -> Vec<(&'a Pattern, &'a Pattern)> {
        let case = self.case.or(other.case);
        let with = |own: &'a Pattern| {
            other.patterns.iter().filter(move |its| own.overlaps(its, case)).map(move |its| (own, its))
        };
        self.patterns.iter().flat_map(with).collect()
    }

    /// The overlaps that keep the two from being held at one time: none when both are shared.
    pub fn conflicts<'a>(&'a self, other: &'a Self) -> Vec<(&'a Pattern, &'a Pattern)> {
        match (self.mode, other.mode) {
            (Mode::Shared, Mode::Shared) => Vec::new(),
            _ => self.overlaps(other),
        }
    }

    /// Whether one of its patterns has all that this one means, as far as that can be told quickly.
    pub fn contains(&self, pattern: &Pattern) -> bool {
        self.patterns.iter().any(|own| own.contains(pattern, self.case))
    }

    /// It and more. The mode stays; that of no path at all is the other's.
    pub fn with(&self, more: &Self) -> Result<Self, ScopeError> {
        let mode = if self.is_none() { more.mode } else { self.mode };
        let patterns = self.patterns.iter().chain(&more.patterns).cloned().collect();
        Self::new(patterns, mode, self.case.or(more.case))
    }
}

/// Why patterns make no scope.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScopeError {
    /// More than [`Scope::MAX_PATTERNS`].
    #[error(
        "{0} paths are too many for one lease, which has at most 1000: name a directory or a glob instead"
    )]
    Patterns(usize),
    /// More than [`Scope::MAX_BYTES`].
    #[error(
        "paths of {0} bytes are too long for one lease, which has at most 65536: name a directory or a glob instead"
    )]
    Bytes(usize),
}
