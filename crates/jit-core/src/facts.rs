//! What the log knows of an issue, whatever its file says.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AgentId, Fence, Reference, Task};

/// How an issue ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The work is done.
    Done,
    /// The work is done, and gates are open.
    Gated,
    /// Nobody will do it.
    Rejected,
}

impl Outcome {
    /// As the log, JSON and messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Gated => "gated",
            Self::Rejected => "rejected",
        }
    }
}

/// The name of a gate. What gates there are and how they are passed is not known here: names are
/// only told from each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Gate(String);

impl Gate {
    /// The gate of this name.
    pub fn named(name: &impl fmt::Display) -> Self {
        Self(name.to_string())
    }
}

/// All that the log knows of one issue besides its leases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Which issue.
    pub issue: Reference,
    /// How it ended, if it did and was not reopened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// If it is gated: the gates that are open.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub open_gates: BTreeSet<Gate>,
    /// The position of the record that last reopened it: files of leases before it are old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopened: Option<Fence>,
    /// How many attempts failed or lapsed since the count was reset.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failures: u32,
    /// Why the last of them failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<Task>,
    /// For whom it is reserved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned: Option<AgentId>,
}

// serde's `skip_serializing_if` hands over a reference.
fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl Facts {
    /// Nothing is known of it.
    pub fn none(issue: Reference) -> Self {
        Self {
            issue,
            outcome: None,
            open_gates: BTreeSet::new(),
            reopened: None,
            failures: 0,
            last_failure: None,
            assigned: None,
        }
    }

    /// Whether nothing is known.
    pub fn is_none(&self) -> bool {
        self.outcome.is_none() && self.reopened.is_none() && self.failures == 0 && self.assigned.is_none()
    }

    /// How it ended, with what a file says. The log knows of every worktree, so its word counts, but
    /// for one thing: the last gate may have been passed in another clone, and comes with the file.
    pub fn with_file(&self, filed: Option<Outcome>) -> Option<Outcome> {
        match (self.outcome, filed) {
            (Some(Outcome::Gated), Some(Outcome::Done)) => filed,
            (known, _) => known.or(filed),
        }
    }

    /// Whether it is reserved for this agent: what is an agent's is its sub-agents' too.
    pub fn is_kept_for(&self, agent: &AgentId) -> bool {
        self.assigned.as_ref().is_some_and(|assigned| assigned == agent || *assigned == agent.base())
    }

    /// Whether it is reserved for somebody else than this agent.
    pub fn is_kept_from(&self, agent: &AgentId) -> bool {
        self.assigned.is_some() && !self.is_kept_for(agent)
    }

    /// Ended so; whoever it was reserved for has nothing to do any more.
    #[must_use]
    pub fn ended(self, outcome: Outcome) -> Self {
        Self { outcome: Some(outcome), open_gates: BTreeSet::new(), assigned: None, ..self }
    }

    /// Done, but for these gates.
    #[must_use]
    pub fn done_but_for(self, open_gates: BTreeSet<Gate>) -> Self {
        match open_gates.is_empty() {
            true => self.ended(Outcome::Done),
            false => Self { open_gates, ..self.ended(Outcome::Gated) },
        }
    }

    /// With one failed attempt more.
    #[must_use]
    pub fn failed(self, reason: Task) -> Self {
        Self { failures: self.failures.saturating_add(1), last_failure: Some(reason), ..self }
    }
}

/// Why the log notes facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A checkpoint carries them over.
    Carried,
    /// An issue ended.
    Ended,
    /// An issue that had ended is open again.
    Reopened,
    /// An attempt failed or lapsed.
    Failed,
    /// Its failures are forgiven.
    Reset,
    /// It was reserved for somebody, or is not any more.
    Assigned,
}

impl Cause {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::Carried, Self::Ended, Self::Reopened, Self::Failed, Self::Reset, Self::Assigned];

    /// The operation as the log calls it.
    pub const fn operation(self) -> &'static str {
        match self {
            Self::Carried => "carry-facts",
            Self::Ended => "end",
            Self::Reopened => "reopen",
            Self::Failed => "failure",
            Self::Reset => "reset-failures",
            Self::Assigned => "assign",
        }
    }
}
