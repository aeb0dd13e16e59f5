//! Time: stamps that decide expiry, and wall-clock times that only people read.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use uuid::Uuid;

use crate::NoUuid;
use crate::by_str::{parse_str, serde_by_str};

/// Which monotonic clock a reading is of: the boot of the kernel that counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockId(Uuid);

impl ClockId {
    /// Wraps the boot id.
    pub const fn new(boot: Uuid) -> Self {
        Self(boot)
    }

    /// The boot id.
    pub const fn uuid(&self) -> Uuid {
        self.0
    }
}

impl fmt::Display for ClockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ClockId {
    type Err = NoUuid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self).map_err(|_| NoUuid)
    }
}

serde_by_str!(ClockId);

/// A reading of a monotonic clock.
///
/// Readings compare only on one clock. A stamp of another clock, or one ahead of the reading
/// at hand, is foreign: nothing follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// The clock.
    pub boot: ClockId,
    /// Nanoseconds since that clock's zero, normalised for the time namespace.
    pub ns: u64,
}

impl Stamp {
    /// How many nanoseconds lie between this stamp and `now`; `None` when it is foreign there.
    pub fn age_at(&self, now: &Stamp) -> Option<u64> {
        if self.boot == now.boot { now.ns.checked_sub(self.ns) } else { None }
    }
}

/// A text that is to be a time, and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is no time such as 2026-11-21T05:00:00Z")]
pub struct NoTime;

/// A wall-clock time in UTC, for people. Nothing ever expires by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(DateTime<Utc>);

impl WallTime {
    /// Wraps a time that was read at the edge, to the millisecond: as much as is written down, so
    /// that what is read back equals it.
    pub fn new(time: DateTime<Utc>) -> Self {
        Self(time.trunc_subsecs(3))
    }

    /// This time and so many seconds more; the end of time where that overflows.
    pub fn plus_secs(&self, secs: u64) -> Self {
        let later = seconds(secs).and_then(|delta| self.0.checked_add_signed(delta));
        Self(later.unwrap_or(DateTime::<Utc>::MAX_UTC))
    }

    /// This time and so much less; the beginning of time where that overflows.
    pub fn minus(&self, less: Duration) -> Self {
        let delta = TimeDelta::from_std(less).ok();
        Self::new(delta.and_then(|d| self.0.checked_sub_signed(d)).unwrap_or(DateTime::<Utc>::MIN_UTC))
    }

    /// This time and so much more; the end of time where that overflows.
    pub fn plus(&self, more: Duration) -> Self {
        let delta = TimeDelta::from_std(more).ok();
        Self::new(delta.and_then(|d| self.0.checked_add_signed(d)).unwrap_or(DateTime::<Utc>::MAX_UTC))
    }

    /// Milliseconds from `earlier` to this time; none when this is the earlier.
    pub fn millis_since(&self, earlier: &Self) -> u64 {
        u64::try_from((self.0 - earlier.0).num_milliseconds()).unwrap_or(0)
    }

    /// Whole seconds from `earlier` to this time; negative when this is the earlier.
    pub fn secs_since(&self, earlier: &Self) -> i64 {
        (self.0 - earlier.0).num_seconds()
    }
}

fn seconds(secs: u64) -> Option<TimeDelta> {
    i64::try_from(secs).ok().and_then(TimeDelta::try_seconds)
}

/// RFC 3339 in UTC, to the millisecond.
impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl FromStr for WallTime {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        DateTime::parse_from_rfc3339(text).map(|time| Self::new(time.to_utc())).map_err(|_| NoTime)
    }
}

/// As a string where people may read it, and in milliseconds since 1970 where nobody does.
impl Serialize for WallTime {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match to.is_human_readable() {
            true => to.collect_str(self),
            false => self.0.timestamp_millis().serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for WallTime {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            return parse_str(from);
        }
        let time = DateTime::from_timestamp_millis(i64::deserialize(from)?);
        time.map(Self).ok_or_else(|| D::Error::custom("beyond the end of time"))
    }
}

/// Both clocks, read once at the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// What decides.
    pub stamp: Stamp,
    /// What people see.
    pub wall: WallTime,
}
