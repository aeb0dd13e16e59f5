//! What a lease can be of: issues of trackers, and things outside any tracker.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::IssueId;
use crate::agent::shown;
use crate::by_str::serde_by_str;

/// The name of a thing outside any tracker: letters, digits and `._/-`, up to 200, without
/// empty, `.` or `..` segments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThingName(Box<str>);

impl ThingName {
    const MAX: usize = 200;
}

impl FromStr for ThingName {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/' | '-');
        if text.is_empty() {
            return Err(ReferenceError::EmptyName);
        }
        if text.len() > Self::MAX {
            return Err(ReferenceError::LongName { shown: shown(text), length: text.len() });
        }
        if let Some(character) = text.chars().find(|c| !allowed(*c)) {
            return Err(ReferenceError::Character { shown: shown(text), character });
        }
        if text.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
            return Err(ReferenceError::Segment(shown(text)));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for ThingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a lease is of, resolved: an abbreviation never gets this far.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// A local issue.
    Issue(IssueId),
    /// A thing outside any tracker.
    Name(ThingName),
}

impl Reference {
    /// Whether it is an issue: such a one has failures, ends and is assigned.
    pub fn is_issue(&self) -> bool {
        !matches!(self, Self::Name(_))
    }

    /// The issue that it is, if it is one.
    pub fn issue(&self) -> Option<IssueId> {
        match self {
            Self::Issue(id) => Some(*id),
            Self::Name(_) => None,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issue(id) => id.fmt(f),
            Self::Name(name) => write!(f, "name:{name}"),
        }
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Parses the canonical form only, as the log and JSON write it; what people type is
/// [`Spelled`].
impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse()? {
            Spelled::Name(name) => Ok(Self::Name(name)),
            Spelled::Issue(word) => {
                word.parse().map(Self::Issue).map_err(|_| ReferenceError::NotCanonical(shown(&word)))
            }
            Spelled::Source { source, .. } => Err(ReferenceError::NoSource { tracker: source }),
        }
    }
}

serde_by_str!(Reference);

/// A reference as somebody typed it, before a tracker has resolved it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spelled {
    /// `name:deploy-db`: complete as it stands.
    Name(ThingName),
    /// A bare word: a local issue's id or a prefix of one.
    Issue(String),
    /// `gh:42`: an issue of another source.
    Source {
        /// What stands before the colon.
        source: String,
        /// What stands after it.
        key: String,
    },
}

impl FromStr for Spelled {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("name", name)) => name.parse().map(Self::Name),
            Some((source, key)) if is_source(source) && is_key(key) => {
                Ok(Self::Source { source: source.to_owned(), key: key.to_owned() })
            }
            None if is_word(text) => Ok(Self::Issue(text.to_owned())),
            _ => Err(ReferenceError::Neither(shown(text))),
        }
    }
}

fn is_source(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

fn is_key(text: &str) -> bool {
    (1..=200).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic())
}

fn is_word(text: &str) -> bool {
    (1..=200).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// Why a text is no reference.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReferenceError {
    /// `name:` and nothing after it.
    #[error("a name is missing after `name:`")]
    EmptyName,
    /// A name over 200 characters.
    #[error("the name `{shown}` has {length} characters; at most 200 are allowed")]
    LongName {
        /// Its beginning.
        shown: String,
        /// Its length in bytes.
        length: usize,
    },
    /// A character that names don't have.
    #[error("the name `{shown}` has the character {character:?}; allowed are letters, digits and `._/-`")]
    Character {
        /// The name, made printable.
        shown: String,
        /// The first character that is not allowed.
        character: char,
    },
    /// An empty, `.` or `..` segment.
    #[error("the name `{0}` has an empty, `.` or `..` segment")]
    Segment(String),
    /// A source that this jit does not know.
    #[error("there is no issue source `{tracker}` here")]
    NoSource {
        /// What stood before the colon.
        tracker: String,
    },
    /// An abbreviated id where only the full one is allowed.
    #[error("`{0}` is no full issue id")]
    NotCanonical(String),
    /// Not of any form.
    #[error("`{0}` is no reference: write an issue id, or `name:THING` for a thing outside any tracker")]
    Neither(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_once_and_print_as_they_were() {
        for text in ["name:deploy-db", "name:a/b.c/_d", "name:..a", "name:a..b"] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = format!("name:{}", "x".repeat(10_000));
        for text in [
            "name:",
            "name:..",
            "name:a/../b",
            "name:/a",
            "name:a/",
            "name:a//b",
            "name:a b",
            "name:a\nb",
            "name:\u{7}",
            "name:ü",
            &long,
            "",
            "a b",
            "a:b:c d",
            ":",
            "\u{0}",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text:?}");
        }
        let message = long.parse::<Reference>().unwrap_err().to_string();
        assert!(message.len() < 200, "{message}");
    }

    #[test]
    fn a_bare_word_is_an_issue_and_never_a_name() {
        assert_eq!("deploy".parse(), Ok(Spelled::Issue("deploy".into())));
        assert_eq!("gh:42".parse(), Ok(Spelled::Source { source: "gh".into(), key: "42".into() }));
        assert!("deploy".parse::<Reference>().is_err());
    }
}
