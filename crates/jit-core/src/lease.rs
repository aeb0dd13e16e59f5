//! A lease, when it lapses, and how it ended.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::by_str::serde_by_str;
use crate::{AgentId, Fence, Holder, LeaseId, Now, Reference, Scope, Seq, Stamp, TokenHash, Ttl, WallTime};

/// A line in somebody's words, of up to 1,000 bytes: what a lease is for, or why it was ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task(Box<str>);

impl Task {
    const MAX: usize = 1_000;

    /// What is said of an attempt whose lease lapsed.
    pub(crate) fn lapsed(agent: &AgentId) -> Self {
        Self(format!("the lease of {agent} lapsed").into())
    }
}

impl FromStr for Task {
    type Err = TaskError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().is_empty() {
            return Err(TaskError::Empty);
        }
        if text.len() > Self::MAX {
            return Err(TaskError::Long(text.len()));
        }
        if text.chars().any(char::is_control) {
            return Err(TaskError::Control);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_by_str!(Task);

/// Why a text can't be such a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TaskError {
    /// Nothing but space.
    #[error("the text is empty")]
    Empty,
    /// Over the limit.
    #[error("the text has {0} bytes; at most 1000 are allowed")]
    Long(usize),
    /// Line breaks or other control characters.
    #[error("the text has control characters; write it on one line")]
    Control,
}

/// A time-bounded hold on a set of references and of paths by one holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Its name, for good.
    #[serde(rename = "lease_id")]
    pub id: LeaseId,
    /// Grows with each grant, resumption, transfer and extension.
    pub fence: Fence,
    /// What it is of, sorted, each once. Empty once the last was released, and where it is of paths
    /// alone.
    pub issues: Vec<Reference>,
    /// The paths that it covers, whole until it is over.
    #[serde(default, skip_serializing_if = "Scope::is_none")]
    pub scope: Scope,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// Who has it.
    pub holder: Holder,
    /// The branch that was checked out when it was granted; not known of another worktree that it
    /// was handed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// How long it stands without a renewal.
    #[serde(rename = "ttl_secs")]
    pub ttl: Ttl,
    /// The TTL that its next renewal goes back to: until then it stands longer, because an earlier
    /// one may be missing from a damaged log.
    #[serde(rename = "own_ttl_secs", default, skip_serializing_if = "Option::is_none")]
    pub own_ttl: Option<Ttl>,
    /// When it was granted, for people.
    pub acquired_at: WallTime,
    /// When it was last granted, resumed, transferred or renewed: what the TTL counts from.
    pub renewed: Stamp,
    /// The first sighting on each clock to which `renewed` is foreign; the TTL counts from it
    /// there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sighted: Vec<Stamp>,
    /// How long it had been held in all when it was last renewed, in nanoseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lived_ns: u64,
    /// Of the secret that resumes it.
    pub token: TokenHash,
    /// Leases of the same references or paths that lapsed or were evicted before, unreleased.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<LeaseId>,
}

// serde's `skip_serializing_if` hands over a reference.
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// What is left of a lease on the clock at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// It stands for so long, never more than its TTL.
    Left(Duration),
    /// It passed its TTL so long ago.
    Lapsed(Duration),
    /// Foreign to this clock and not yet sighted on it: the TTL has not begun to count.
    Unsighted,
}

impl Lease {
    /// Whether it is of all that another was: of its references, and of its paths as they were named.
    pub fn has_again(&self, lost: &Self) -> bool {
        let has = |path| self.scope.patterns().contains(path);
        lost.issues.iter().all(|issue| self.issues.contains(issue)) && lost.scope.patterns().iter().all(has)
    }

    /// The reading of `now`'s clock at which the lease lapses; `None` when nothing is known of it
    /// on that clock.
    ///
    /// Of the renewal and the sightings that count there, the one that ends first decides: a
    /// sighting comes after the renewal in the log, so none of them can end the lease early.
    pub fn deadline_ns(&self, now: &Stamp) -> Option<u64> {
        std::iter::once(&self.renewed)
            .chain(&self.sighted)
            .filter(|stamp| stamp.age_at(now).is_some())
            .map(|stamp| stamp.ns.saturating_add(self.ttl.nanos()))
            .min()
    }

    /// What is left of it at `now`.
    pub fn lifetime(&self, now: &Stamp) -> Lifetime {
        match self.deadline_ns(now) {
            None => Lifetime::Unsighted,
            // No more than the TTL: what it counts from is never ahead of `now`.
            Some(deadline) if deadline > now.ns => Lifetime::Left(Duration::from_nanos(deadline - now.ns)),
            Some(deadline) => Lifetime::Lapsed(Duration::from_nanos(now.ns - deadline)),
        }
    }

    /// Whether it has passed its TTL at `now`.
    pub fn lapsed(&self, now: &Stamp) -> bool {
        matches!(self.lifetime(now), Lifetime::Lapsed(_))
    }

    /// How long it has been held in all at `now`, in nanoseconds. On a clock to which it is
    /// foreign, the time before the sighting is not known and not counted.
    pub fn held_ns(&self, now: &Stamp) -> u64 {
        let since = self
            .deadline_ns(now)
            .map_or(0, |deadline| now.ns.saturating_sub(deadline.saturating_sub(self.ttl.nanos())));
        self.lived_ns.saturating_add(since)
    }

    /// Whether it stands to the end of so long a life, but for less than a second: no renewal at
    /// `now` would add to it.
    pub fn reaches(&self, most: Ttl, now: &Stamp) -> bool {
        let left = match self.lifetime(now) {
            Lifetime::Left(left) => left.as_secs(),
            Lifetime::Unsighted => self.ttl.secs(),
            Lifetime::Lapsed(_) => 0,
        };
        left >= most.nanos().saturating_sub(self.held_ns(now)) / 1_000_000_000
    }

    /// The lease with its TTL counting anew from `now`.
    #[must_use]
    pub fn renewed_at(mut self, now: &Stamp, ttl: Ttl) -> Self {
        self.lived_ns = self.held_ns(now);
        self.renewed = *now;
        self.sighted.clear();
        self.ttl = ttl;
        self.own_ttl = None;
        self
    }

    /// The TTL that it gets where none is asked for.
    pub fn usual_ttl(&self) -> Ttl {
        self.own_ttl.unwrap_or(self.ttl)
    }

    /// Takes note that a writer on `seen`'s clock saw the lease then.
    pub fn sight(&mut self, seen: Stamp) {
        if self.deadline_ns(&seen).is_none() {
            // A sighting ahead of its own clock is as foreign as what it was to stand for.
            self.sighted.retain(|stamp| stamp.boot != seen.boot);
            self.sighted.push(seen);
        }
    }

    /// When it lapses unless renewed, or lapsed, on the wall clock at hand, for people.
    pub fn expires_at(&self, now: &Now) -> WallTime {
        match self.lifetime(&now.stamp) {
            Lifetime::Left(left) => now.wall.plus(left),
            Lifetime::Unsighted => now.wall.plus_secs(self.ttl.secs()),
            Lifetime::Lapsed(since) => now.wall.minus(since),
        }
    }
}

/// How a lease ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum End {
    /// Its holder gave it up.
    Released,
    /// It passed its TTL.
    Lapsed,
    /// Somebody else ended it.
    Evicted {
        /// Who.
        by: AgentId,
        /// Why.
        reason: Task,
    },
}

/// The first lease that was granted over a lost one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Successor {
    /// Which.
    #[serde(rename = "lease_id")]
    pub lease: LeaseId,
    /// Its fence then.
    pub fence: Fence,
    /// Whose it was then: perhaps the loser's own.
    pub holder: Holder,
}

impl Successor {
    /// As a grant makes it.
    pub fn of(lease: &Lease) -> Self {
        Self { lease: lease.id, fence: lease.fence, holder: lease.holder.clone() }
    }
}

/// A lease that stands no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Its last state.
    pub lease: Lease,
    /// How it ended.
    pub end: End,
    /// When, for people.
    pub ended_at: WallTime,
    /// The record that ended it.
    #[serde(rename = "ended_seq")]
    pub seq: Seq,
    /// Those of its references that nobody has acquired since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unclaimed: Vec<Reference>,
    /// What superseded it. Until then its paths are as unclaimed as they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<Successor>,
    /// Whether it does not matter in its worktree any more: those there have said so, have had the same
    /// again, or have lost too much since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub abandoned: bool,
}

impl Ended {
    /// A lease that ended without its holder's doing: whoever acquires its references next
    /// supersedes it.
    pub fn lost(lease: Lease, end: End, ended_at: WallTime, seq: Seq) -> Self {
        let unclaimed = lease.issues.clone();
        Self { lease, end, ended_at, seq, unclaimed, superseded_by: None, abandoned: false }
    }

    /// A lease that its holder gave up.
    pub fn released(lease: Lease, ended_at: WallTime, seq: Seq) -> Self {
        let (end, unclaimed) = (End::Released, Vec::new());
        Self { lease, end, ended_at, seq, unclaimed, superseded_by: None, abandoned: false }
    }

    /// Whether its holder did not end it, and so may still believe in it.
    pub fn was_lost(&self) -> bool {
        !matches!(self.end, End::Released)
    }
}

/// What is known of a lease id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// It stands, or has lapsed and was not evicted yet.
    Live(Lease),
    /// It stands no more.
    Ended(Ended),
}
