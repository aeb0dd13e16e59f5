//! Durations as people write them, and the time to live of a lease.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::agent::shown;

/// Parses `90s`, `10m`, `2h` or `1h 30m`; a plain number is seconds.
///
/// # Errors
/// When the text is no duration, or one too long to count.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map(Duration::from_secs).map_err(|_| DurationError::TooLong(shown(text)));
    }
    humantime::parse_duration(text).map_err(|error| match error {
        humantime::DurationError::NumberOverflow => DurationError::TooLong(shown(text)),
        _ => DurationError::Malformed(shown(text)),
    })
}

/// How long a lease stands without a renewal: whole seconds, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Ttl(u32);

impl Ttl {
    /// The shortest.
    pub const MIN: Self = Self(1);

    /// A TTL of so many seconds.
    ///
    /// # Errors
    /// Less than a second, or more than 2³²−1.
    pub fn from_secs(secs: u64) -> Result<Self, DurationError> {
        match u32::try_from(secs) {
            Ok(0) => Err(DurationError::TooShort("0s".into())),
            Ok(secs) => Ok(Self(secs)),
            Err(_) => Err(DurationError::TooLong(format!("{secs}s"))),
        }
    }

    /// In whole seconds.
    pub const fn secs(self) -> u64 {
        self.0 as u64
    }

    /// In nanoseconds.
    pub const fn nanos(self) -> u64 {
        self.secs() * 1_000_000_000
    }

    /// As a duration.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.secs())
    }
}

impl TryFrom<u64> for Ttl {
    type Error = DurationError;

    fn try_from(secs: u64) -> Result<Self, DurationError> {
        Self::from_secs(secs)
    }
}

impl From<Ttl> for u64 {
    fn from(ttl: Ttl) -> Self {
        ttl.secs()
    }
}

impl FromStr for Ttl {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let duration = parse_duration(text)?;
        if duration < Self::MIN.duration() {
            return Err(DurationError::TooShort(shown(text)));
        }
        if duration.subsec_nanos() != 0 {
            return Err(DurationError::Fraction(shown(text)));
        }
        Self::from_secs(duration.as_secs())
    }
}

impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.duration()).fmt(f)
    }
}

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DurationError {
    /// It does not parse.
    #[error("`{0}` is no duration: write `90s`, `10m` or `2h`; a plain number is seconds")]
    Malformed(String),
    /// Too long to count.
    #[error("`{0}` is longer than can be counted")]
    TooLong(String),
    /// Under a second.
    #[error("`{0}` is too short: at least 1s")]
    TooShort(String),
    /// Not whole seconds.
    #[error("`{0}` is not in whole seconds")]
    Fraction(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_people_write_them() {
        let cases = [
            ("90s", 90),
            ("10m", 600),
            ("2h", 7200),
            ("45", 45),
            ("1h 30m", 5400),
            (" 5 ", 5),
            ("1day", 86400),
        ];
        for (text, secs) in cases {
            assert_eq!(text.parse::<Ttl>().unwrap().secs(), secs, "{text}");
        }
    }

    #[test]
    fn what_is_no_ttl_is_refused() {
        for text in [
            "",
            "-5",
            "-1s",
            "0",
            "0s",
            "1500ms",
            "10 ms",
            "1.5s",
            "99999999999999999999999",
            "5000000000s",
            "NaN",
            "1e9",
            "١٢",
        ] {
            assert!(text.parse::<Ttl>().is_err(), "{text}");
        }
    }
}
