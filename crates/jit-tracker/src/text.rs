//! The texts in an issue and in a gate, each with its own limits.

use std::fmt;
use std::str::FromStr;

use jit_core::serde_by_str;
use thiserror::Error;

/// Declares a text: its name in messages, its limit in bytes, and what else it has to fit.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $most:expr, $fits:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                let most: usize = $most;
                let fits: fn(&str) -> Result<(), Unfit> = $fits;
                let long = Unfit::Long { bytes: text.len(), most };
                let fit = if text.len() > most { Err(long) } else { fits(text) };
                fit.map(|()| Self(text.into())).map_err(|unfit| TextError { what: $what, unfit })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        serde_by_str!($name);
    };
}

text! {
    /// What an issue is called: one line, not blank, at most 500 bytes.
    Title, "title", 500, line
}
text! {
    /// What an issue is about: Markdown, possibly empty, at most 1 MiB.
    Description, "description", 1 << 20, |_| Ok(())
}
text! {
    /// A label: one line, without a comma and without space at its ends, at most 100 bytes.
    Label, "label", 100, |text| {
        line(text)?;
        if text.trim() != text {
            return Err(Unfit::Ends);
        }
        if text.contains(',') { Err(Unfit::Character(',')) } else { Ok(()) }
    }
}
text! {
    /// Who is to do an issue, as a note for people: one line, at most 200 bytes. It binds nobody.
    Assignee, "assignee", 200, line
}
text! {
    /// The name of a gate: letters, digits, `.`, `_` and `-`, at most 64.
    GateName, "gate's name", 64, |text| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        match text.chars().find(|c| !allowed(*c)) {
            Some(c) => Err(Unfit::Character(c)),
            None => line(text),
        }
    }
}
text! {
    /// What a gate asks for, or the command that checks it: not blank, at most 4 KiB.
    GateText, "gate's text", 4096, |text| match text.chars().find(|c| *c == '\0') {
        Some(c) => Err(Unfit::Character(c)),
        None if text.trim().is_empty() => Err(Unfit::Blank),
        None => Ok(()),
    }
}

impl Default for Description {
    /// Empty.
    fn default() -> Self {
        Self("".into())
    }
}

/// What an error message shows of a text that somebody typed: printable and short.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_debug).collect()
}

fn line(text: &str) -> Result<(), Unfit> {
    let breaks = |c: &char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    match text.chars().find(breaks) {
        Some(c) => Err(Unfit::Character(c)),
        None if text.trim().is_empty() => Err(Unfit::Blank),
        None => Ok(()),
    }
}

/// Why a text can't be what it is meant as.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the {what} {unfit}")]
pub struct TextError {
    /// What it is meant as: `title`, `label`, …
    pub what: &'static str,
    /// What is wrong with it.
    pub unfit: Unfit,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unfit {
    /// Nothing but space.
    #[error("is blank")]
    Blank,
    /// Over the limit.
    #[error("has {bytes} bytes; at most {most} are allowed")]
    Long {
        /// Its length.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// A character that it can't have.
    #[error("has the character {0:?}, which is not allowed there")]
    Character(char),
    /// Space at its beginning or end.
    #[error("begins or ends with space")]
    Ends,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unfit<T: FromStr<Err = TextError> + fmt::Debug>(text: &str) -> Unfit {
        text.parse::<T>().unwrap_err().unfit
    }

    #[test]
    fn what_fits_is_kept_as_it_is() {
        assert_eq!("  Über 日本 ".parse::<Title>().unwrap().as_str(), "  Über 日本 ");
        assert!("x".repeat(500).parse::<Title>().is_ok());
        assert!("".parse::<Description>().is_ok());
        assert!("a\n\n# b\t`c`".parse::<Description>().is_ok());
        assert!("needs review".parse::<Label>().is_ok());
        assert!("ann@example.org".parse::<Assignee>().is_ok());
        assert!("unit-tests.v2".parse::<GateName>().is_ok());
        assert!("cargo test \\\n  --workspace".parse::<GateText>().is_ok());
    }

    #[test]
    fn what_does_not_fit_says_why() {
        assert_eq!(unfit::<Title>(" \u{a0}"), Unfit::Blank);
        assert_eq!(unfit::<Title>("a\nb"), Unfit::Character('\n'));
        assert_eq!(unfit::<Title>("a\u{2028}b"), Unfit::Character('\u{2028}'));
        assert_eq!(unfit::<Title>(&"x".repeat(1_000_000)), Unfit::Long { bytes: 1_000_000, most: 500 });
        assert_eq!(
            unfit::<Description>(&"x".repeat((1 << 20) + 1)),
            Unfit::Long { bytes: 1_048_577, most: 1_048_576 }
        );
        assert_eq!(unfit::<Label>("a,b"), Unfit::Character(','));
        assert_eq!(unfit::<Label>("a\nb"), Unfit::Character('\n'));
        assert_eq!(unfit::<Label>(" a"), Unfit::Ends);
        assert_eq!(unfit::<Label>(""), Unfit::Blank);
        assert_eq!(unfit::<GateName>("a b"), Unfit::Character(' '));
        assert_eq!(unfit::<GateName>(""), Unfit::Blank);
        assert_eq!(unfit::<GateText>("a\0"), Unfit::Character('\0'));
        let error = "".parse::<Label>().unwrap_err();
        assert_eq!(error.to_string(), "the label is blank");
    }
}
