//! Patterns: which paths are meant.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::chars::Case;
use super::glob::{self, GlobError, is_meta};
use super::overlap::{self, Rest};
use super::path::{PathError, RepoPath};
use crate::agent::shown;
use crate::by_str::serde_by_str;

/// Which paths are meant: one and all below it, or those that a glob matches.
///
/// In its text form a path without metacharacters stands as it is (`src/a.rs`, `.` for the root),
/// and so does a glob with them (`src/*.rs`); `:(literal)app/[id]/page.tsx` and
/// `:(glob)src/a.rs` say it where it would be taken for the other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    /// A path's or a glob's. Only the root's is empty.
    text: String,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Form {
    Literal,
    Glob,
}

const LITERAL: &str = ":(literal)";
const GLOB: &str = ":(glob)";

impl Pattern {
    /// The most bytes that a path or a glob has.
    pub const MAX: usize = 1 << 10;

    /// A path and all below it, whether or not they exist.
    pub fn literal(path: RepoPath) -> Result<Self, PatternError> {
        Ok(Self { text: short(path.into_text())?, form: Form::Literal })
    }

    /// A path alone, however long it is: the glob that consists of its characters.
    pub fn exact(path: RepoPath) -> Self {
        let mut text = path.into_text();
        if text.contains(is_meta) {
            text = text.chars().flat_map(|c| is_meta(c).then_some('\\').into_iter().chain([c])).collect();
        }
        Self { text, form: Form::Glob }
    }

    /// A pattern that means one path alone as that path, with all below it: as people write it.
    #[must_use]
    pub fn plain(&self) -> Self {
        let mut chars = self.text.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => drop(chars.next()),
                c if is_meta(c) => return self.clone(),
                _ => {}
            }
        }
        match self.form {
            Form::Literal => self.clone(),
            Form::Glob => Self { text: unescaped(&self.text).into_owned(), form: Form::Literal },
        }
    }

    /// The paths from the root that a glob matches as a whole.
    pub fn glob(text: &str) -> Result<Self, PatternError> {
        let text = short(text.to_owned())?;
        if text.contains('\0') {
            return Err(PathError::Nul(shown(&text)).into());
        }
        let nodes = glob::parse(&text).map_err(|fault| PatternError::Glob { shown: shown(&text), fault })?;
        if glob::has_no_name(&nodes) {
            return Err(PathError::Segment(shown(&text)).into());
        }
        Ok(Self { text, form: Form::Glob })
    }

    /// Whether a path is possible that both mean.
    pub fn overlaps(&self, other: &Self, case: Case) -> bool {
        overlap::overlap(self.rest(), other.rest(), case)
    }

    /// Whether all that the other means is meant by this one too: of one path alone as overlap tells,
    /// otherwise where their text does. What only a walk could tell is not.
    pub fn contains(&self, other: &Self, case: Case) -> bool {
        if other.is_one_path() {
            return self.overlaps(other, case);
        }
        let (own, its) = (self.anchor(), other.anchor());
        let folded = |segment: &Cow<'_, str>| segment.chars().map(|c| case.fold(c)).collect::<String>();
        let is_within = its.len() >= own.len() && own.iter().zip(&its).all(|(a, b)| folded(a) == folded(b));
        match self.form {
            Form::Literal => is_within,
            // A path is not below itself; that of the root is none.
            Form::Glob if self.is_all_below() => {
                is_within && (own.is_empty() || its.len() > own.len() || other.form == Form::Glob)
            }
            Form::Glob => self == other,
        }
    }

    /// Whether it is a glob that one path alone matches.
    fn is_one_path(&self) -> bool {
        self.form == Form::Glob && self.plain().form == Form::Literal
    }

    /// Whether it is a glob of all that is below its anchor.
    fn is_all_below(&self) -> bool {
        let fixed = self.rest().fixed();
        &self.text[fixed.len()..] == "**" && (fixed.is_empty() || fixed.ends_with('/'))
    }

    /// The directories that every path of it is below, from the root on; a literal's own name comes
    /// last. What every path of two patterns is below differs nowhere if they overlap.
    pub fn anchor(&self) -> Vec<Cow<'_, str>> {
        let fixed = match self.form {
            Form::Literal => &self.text,
            Form::Glob => self.rest().fixed().rsplit_once('/').map_or("", |(directories, _)| directories),
        };
        let name = |segment| match self.form {
            Form::Glob => unescaped(segment),
            Form::Literal => Cow::Borrowed(segment),
        };
        fixed.split('/').filter(|segment| !segment.is_empty()).map(name).collect()
    }

    /// The directories from the root on to where its anchor leads, case aside: `["", "/src"]`. For
    /// indexes, which compare what they find.
    pub fn directories(&self) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut path = String::new();
        for segment in self.anchor() {
            path.push('/');
            path.extend(segment.chars().map(|c| Case::Ignored.fold(c)));
            all.push(path.clone());
        }
        all
    }

    /// How long its text is.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    fn rest(&self) -> Rest<'_> {
        Rest::whole(self.form, &self.text)
    }
}

fn short(text: String) -> Result<String, PatternError> {
    match text.len() {
        ..=Pattern::MAX => Ok(text),
        length => Err(PatternError::Long { shown: shown(&text), length }),
    }
}

/// Without the `\` that make characters stand for themselves.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut chars = text.chars();
    Cow::Owned(
        std::iter::from_fn(|| chars.next().and_then(|c| if c == '\\' { chars.next() } else { Some(c) }))
            .collect(),
    )
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.text.is_empty() { "." } else { &self.text };
        let taken_for = if text.contains(is_meta) { Form::Glob } else { Form::Literal };
        let plain = self.form == taken_for && !text.starts_with(":(");
        let sign = match self.form {
            _ if plain => "",
            Form::Literal => LITERAL,
            Form::Glob => GLOB,
        };
        write!(f, "{sign}{text}")
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix(LITERAL) {
            return Self::literal(path.parse()?);
        }
        match text.strip_prefix(GLOB) {
            Some(".") => Ok(Self::exact(RepoPath::root())),
            Some(glob) => Self::glob(glob),
            None if text.starts_with(":(") => Err(PatternError::Sign(shown(text))),
            None if text.contains(is_meta) => Self::glob(text),
            None => Self::literal(text.parse()?),
        }
    }
}

serde_by_str!(Pattern);

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PatternError {
    /// No path inside the repository.
    #[error(transparent)]
    Path(#[from] PathError),
    /// Over [`Pattern::MAX`] bytes.
    #[error(
        "the path `{shown}` has {length} bytes; at most 1024 are allowed: name a directory above it, or a glob"
    )]
    Long {
        /// Its beginning.
        shown: String,
        /// How many it has.
        length: usize,
    },
    /// A malformed glob.
    #[error(
        "the glob `{shown}` is malformed: {fault}. For a file of this very name, write `:(literal)` before the path"
    )]
    Glob {
        /// Its beginning.
        shown: String,
        /// What is wrong with it.
        fault: GlobError,
    },
    /// `:(` and something unknown.
    #[error(
        "`{0}` begins with a sign that is not known here: there are `:(literal)` and `:(glob)`, and for a file of this very name write `:(literal)` before the path"
    )]
    Sign(String),
}
