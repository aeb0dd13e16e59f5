//! What the log knows of an issue, whatever its file says.

use serde::{Deserialize, Serialize};

use crate::{AgentId, Reference, Task};

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

/// All that the log knows of one issue besides its leases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Which issue.
    pub issue: Reference,
    /// How it ended, if it did and was not reopened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
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
        Self { issue, outcome: None, failures: 0, last_failure: None, assigned: None }
    }

    /// Whether nothing is known.
    pub fn is_none(&self) -> bool {
        self.outcome.is_none() && self.failures == 0 && self.assigned.is_none()
    }

    /// Whether it is reserved for this agent: what is an agent's is its sub-agents' too.
    pub fn is_kept_for(&self, agent: &AgentId) -> bool {
        self.assigned.as_ref().is_some_and(|assigned| assigned == agent || *assigned == agent.base())
    }

    /// Whether it is reserved for somebody else than this agent.
    pub fn is_kept_from(&self, agent: &AgentId) -> bool {
        self.assigned.is_some() && !self.is_kept_for(agent)
    }

    /// Ended: what was reserved is nobody's to do any more.
    #[must_use]
    pub fn ended(self, outcome: Outcome) -> Self {
        Self { outcome: Some(outcome), assigned: None, ..self }
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
