//! Durations as people write them, and the time to live of a lease.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::agent::shown;

/// The units, longest first: a day is 24 hours.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Parses `90s`, `10m`, `2h`, `1d` or `1h 30m`; a plain number is seconds.
///
/// # Errors
/// When the text is no duration, or one too long to count.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let malformed = || DurationError::Malformed(shown(text));
    let mut secs: Option<u64> = Some(0);
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(malformed());
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, unit) = rest.split_at(end);
        // A number without a unit stands alone.
        let plain = unit.is_empty() && digits.len() == text.trim().len();
        let (_, of_unit) = UNITS
            .iter()
            .find(|(name, _)| unit.starts_with(*name) || (plain && *name == 's'))
            .filter(|_| !digits.is_empty())
            .ok_or_else(malformed)?;
        let more = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(*of_unit));
        secs = secs.zip(more).and_then(|(secs, more)| secs.checked_add(more));
        rest = unit.get(1..).unwrap_or("").trim_start();
    }
    secs.map(Duration::from_secs).ok_or_else(|| DurationError::TooLong(shown(text)))
}

/// A length of time in whole seconds as messages show it; from an hour on, in whole minutes.
pub fn span(length: Duration) -> String {
    let secs = length.as_secs();
    spelled(if secs < 3_600 { secs } else { secs - secs % 60 })
}

/// As [`parse_duration`] reads it.
fn spelled(secs: u64) -> String {
    let mut left = secs;
    let mut parts = Vec::new();
    for (unit, of_unit) in UNITS {
        if left >= of_unit {
            parts.push(format!("{}{unit}", left / of_unit));
        }
        left %= of_unit;
    }
    if parts.is_empty() { "0s".into() } else { parts.join(" ") }
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
        Self::from_secs(duration.as_secs())
    }
}

impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&spelled(self.secs()))
    }
}

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DurationError {
    /// It does not parse.
    #[error("`{0}` is no duration: write `90s`, `10m`, `2h` or `1d`; a plain number is seconds")]
    Malformed(String),
    /// Too long to count.
    #[error("`{0}` is longer than can be counted")]
    TooLong(String),
    /// Under a second.
    #[error("`{0}` is too short: at least 1s")]
    TooShort(String),
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
            ("1d", 86400),
            ("1d2h3m4s", 93784),
        ];
        for (text, secs) in cases {
            let ttl: Ttl = text.parse().unwrap();
            assert_eq!(ttl.secs(), secs, "{text}");
            assert_eq!(ttl.to_string().parse(), Ok(ttl), "what is shown can be typed");
        }
        assert_eq!(Ttl::from_secs(93784).unwrap().to_string(), "1d 2h 3m 4s");
    }

    #[test]
    fn messages_show_as_much_of_a_span_as_helps() {
        for (ms, shown) in [(0, "0s"), (1_999, "1s"), (62_000, "1m 2s"), (3_661_000, "1h 1m")] {
            assert_eq!(span(Duration::from_millis(ms)), shown);
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
            "5M",
            "5S",
            "1y",
            "2w",
            "1day",
            "5min",
            "s",
            "1h 30",
            "30 1h",
            "1 h",
            "1h,30m",
            "213503982334602d",
        ] {
            assert!(text.parse::<Ttl>().is_err(), "{text}");
        }
    }
}
