//! What the log knows of an issue, whatever its file says.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AgentId, Fence, Holder, Reference, Task, WallTime};

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

    /// Whether somebody worked on it to the end.
    pub fn is_worked(self) -> bool {
        matches!(self, Self::Done | Self::Gated)
    }

    /// Whether both say that the work was done, or neither.
    pub fn agrees_with(self, other: Self) -> bool {
        self.is_worked() == other.is_worked()
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

/// What files say of an issue's end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filed {
    /// How it ended, as the nearest file says. What has open gates is not done.
    pub outcome: Option<Outcome>,
    /// If it says itself that the issue is gated: the gates that are open.
    pub open_gates: BTreeSet<Gate>,
    /// If that file knows no end: how it ended, as one farther away says that was written later.
    pub later: Option<Outcome>,
}

impl From<Option<Outcome>> for Filed {
    /// As a file without open gates says.
    fn from(outcome: Option<Outcome>) -> Self {
        Self { outcome, ..Self::default() }
    }
}

/// What a file says of the gates of work that is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FiledGates {
    /// Those that are open still.
    pub open: BTreeSet<Gate>,
    /// Those that were passed.
    pub passed: BTreeSet<Gate>,
}

/// Which attempt at an issue is meant, and what came of it: a reopening begins another, which may
/// end in the same way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// The position of the record that began it; none for the first.
    pub reopened: Option<Fence>,
    /// How it ended, if it did.
    pub outcome: Option<Outcome>,
}

/// Who ended an issue, and where: what was done is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedBy {
    /// When.
    pub at: WallTime,
    /// Who, and in which worktree.
    pub by: Holder,
    /// On which branch, if the work was held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
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
    /// If its work is done: the gates that were passed by then or since, or taken away since.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub settled_gates: BTreeSet<Gate>,
    /// Whether it was rejected by taking its file away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// If it ended: who did that; not known of what an older jit wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<Box<EndedBy>>,
    /// The position of the record that last reopened it: files of leases before it are old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopened: Option<Fence>,
    /// When it was last said not to be done, by reopening it or by giving it up undone where a file
    /// said that it was. Files that say so and are no later are wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_at: Option<WallTime>,
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
            settled_gates: BTreeSet::new(),
            deleted: false,
            ended_by: None,
            reopened: None,
            undone_at: None,
            failures: 0,
            last_failure: None,
            assigned: None,
        }
    }

    /// Whether nothing is known.
    pub fn is_none(&self) -> bool {
        self.outcome.is_none()
            && self.reopened.is_none()
            && self.undone_at.is_none()
            && self.failures == 0
            && self.assigned.is_none()
    }

    /// The attempt that it is about, and what came of that.
    pub fn round(&self) -> Round {
        Round { reopened: self.reopened, outcome: self.outcome }
    }

    /// How it ended, with what files say. The log knows of every worktree, so its word counts, but for
    /// what comes with a file from where the log is another's: the last gate may have been passed there,
    /// or one more be required. What a file farther away says counts where neither the log nor the
    /// nearest file knows of an end. What was reopened is done for no file: that may be of the attempt
    /// before.
    pub fn with_files(&self, filed: &Filed) -> Option<Outcome> {
        match (self.outcome, filed.outcome) {
            (Some(Outcome::Gated), Some(Outcome::Done)) if self.reopened.is_none() => filed.outcome,
            (Some(Outcome::Done), Some(Outcome::Gated))
                if !filed.open_gates.is_subset(&self.settled_gates) =>
            {
                filed.outcome
            }
            (None, None) if self.reopened.is_none() => filed.later,
            (known, here) => known.or(here),
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

    /// Ended so; whoever it was reserved for has nothing to do any more. Who did the work stays known.
    #[must_use]
    pub fn ended(self, outcome: Outcome) -> Self {
        let was_done = self.outcome.is_some_and(Outcome::is_worked) && outcome.is_worked();
        Self {
            outcome: Some(outcome),
            open_gates: BTreeSet::new(),
            settled_gates: BTreeSet::new(),
            deleted: false,
            ended_by: self.ended_by.filter(|_| was_done),
            assigned: None,
            ..self
        }
    }

    /// Done, but for the open gates. Those that were open before, and are not any more, are settled like
    /// those that were passed.
    #[must_use]
    pub fn done_with(self, FiledGates { open: open_gates, passed }: FiledGates) -> Self {
        let settled_gates = &(&(&self.open_gates | &self.settled_gates) | &passed) - &open_gates;
        let outcome = if open_gates.is_empty() { Outcome::Done } else { Outcome::Gated };
        Self { open_gates, settled_gates, ..self.ended(outcome) }
    }

    /// It may be claimed again, from the record at this position and of this time on.
    #[must_use]
    pub fn reopened(self, at: Fence, time: WallTime) -> Self {
        // A clock that was set back makes no file later that says otherwise.
        let ended_at = self.ended_by.as_ref().map_or(time, |by| by.at);
        let undone_at = self.since(time.max(ended_at));
        Self {
            outcome: None,
            open_gates: BTreeSet::new(),
            settled_gates: BTreeSet::new(),
            deleted: false,
            ended_by: None,
            reopened: Some(at),
            undone_at: Some(undone_at),
            ..self
        }
    }

    /// Whether it was said not to be done since a file that says otherwise was written; that is of an
    /// earlier attempt, should it have ended again.
    ///
    /// Whoever writes an end says with [`Self::since`] that it is later, whatever the clock says.
    pub fn contradicts(&self, written: WallTime) -> bool {
        self.undone_at.is_some_and(|undone| undone >= written)
    }

    /// The later of this time and the one at which it was last said not to be done.
    pub fn since(&self, written: WallTime) -> WallTime {
        self.undone_at.map_or(written, |undone| undone.max(written))
    }

    /// Given up undone at this time, although a file says that it was done.
    #[must_use]
    pub fn given_up(self, at: WallTime) -> Self {
        Self { undone_at: Some(self.since(at)), ..self }
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
    /// An issue that had ended is open again, by the log or by a file.
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
