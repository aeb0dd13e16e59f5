//! An issue: a unit of work, as its file says it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jit_core::{AgentId, IssueId, LeaseId, Reference, Task, WallTime, serde_by_str};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::json::SchemaVersion;
use crate::pass::PassedAs;
use crate::set::Set;
use crate::text::{Assignee, Description, GateName, Label, Title, shown};

/// How far an issue has come. That somebody works on it is a lease's to say, never a file's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not meant to be worked on yet.
    Backlog,
    /// Can be worked on.
    Ready,
    /// Worked on to the end; gates are still open.
    Gated,
    /// Done.
    Done,
    /// Will not be done.
    Rejected,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Backlog, Self::Ready, Self::Gated, Self::Done, Self::Rejected];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backlog => "backlog",
            Self::Ready => "ready",
            Self::Gated => "gated",
            Self::Rejected => "rejected",
            Self::Done => "done",
        }
    }

    /// Whether nobody is to work on it any more.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Gated | Self::Done | Self::Rejected)
    }
}

/// How urgent an issue is. The order is that of urgency: `Critical` is the least, and comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Before all else.
    Critical,
    /// Before what is normal.
    High,
    /// What is not said otherwise.
    #[default]
    Normal,
    /// When nothing else is left.
    Low,
}

impl Priority {
    /// Every priority, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Normal, Self::Low];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

/// A word that is none of those that can stand there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{word}` is no {what}: it is one of {}", known.join(", "))]
pub struct WordError {
    /// The word.
    pub word: String,
    /// What it is meant as.
    pub what: &'static str,
    /// What can stand there.
    pub known: Vec<&'static str>,
}

macro_rules! word {
    ($type:ty, $what:literal) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = WordError;

            fn from_str(text: &str) -> Result<Self, WordError> {
                let known = || Self::ALL.iter().map(|word| word.as_str()).collect();
                let found = Self::ALL.into_iter().find(|word| word.as_str() == text);
                found.ok_or_else(|| WordError { word: shown(text), what: $what, known: known() })
            }
        }
    };
}

word!(State, "state");
word!(Priority, "priority");

/// An issue that another waits for. A thing outside any tracker is never done, so it can't be one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dependency(Reference);

impl Dependency {
    /// The issue.
    pub fn reference(&self) -> &Reference {
        &self.0
    }
}

impl From<IssueId> for Dependency {
    fn from(id: IssueId) -> Self {
        Self(Reference::Issue(id))
    }
}

impl TryFrom<Reference> for Dependency {
    type Error = DependencyKindError;

    fn try_from(reference: Reference) -> Result<Self, DependencyKindError> {
        match reference {
            Reference::Name(_) => Err(DependencyKindError::NoIssue(reference)),
            issue => Ok(Self(issue)),
        }
    }
}

impl FromStr for Dependency {
    type Err = DependencyKindError;

    fn from_str(text: &str) -> Result<Self, DependencyKindError> {
        text.parse::<Reference>()?.try_into()
    }
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

serde_by_str!(Dependency);

/// Why nothing can wait for what was named.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DependencyKindError {
    /// It is a thing outside any tracker.
    #[error("{0} is no issue: only issues are ever done")]
    NoIssue(Reference),
    /// It is no reference at all.
    #[error(transparent)]
    Reference(#[from] jit_core::ReferenceError),
}

/// What is known of a gate that an issue has to pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum GateResult {
    /// Nobody has said anything.
    Open,
    /// It is passed.
    Passed {
        /// Who said so.
        by: AgentId,
        /// When.
        at: WallTime,
        /// Under which lease; none if the work was done already.
        #[serde(default)]
        lease: Option<LeaseId>,
        /// As what; not known where the file does not say.
        #[serde(default)]
        passed_as: Option<PassedAs>,
    },
    /// It was tried, and is not passed.
    Failed {
        /// Who said so.
        by: AgentId,
        /// When.
        at: WallTime,
        /// Why.
        note: Option<Task>,
    },
}

impl GateResult {
    /// Whether it no longer stands in the way.
    pub fn passed(&self) -> bool {
        matches!(self, Self::Passed { .. })
    }

    /// When somebody last said something.
    pub fn at(&self) -> Option<WallTime> {
        match self {
            Self::Open => None,
            Self::Passed { at, .. } | Self::Failed { at, .. } => Some(*at),
        }
    }
}

/// In place of a description: it was not kept. Such an issue can be listed and never written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotKept;

/// An issue without its description: what lists and decisions need.
pub type Outline = Issue<NotKept>;

/// A unit of work. The fields are in the order of its file, what people change most first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issue<D = Description> {
    /// Of its file.
    pub schema_version: SchemaVersion,
    /// Its name, for good, and its file's.
    pub id: IssueId,
    /// What it is called.
    pub title: Title,
    /// How far it has come.
    pub state: State,
    /// How urgent it is.
    #[serde(default)]
    pub priority: Priority,
    /// What it is found by.
    #[serde(default)]
    pub labels: Set<Label>,
    /// A note for people.
    #[serde(default)]
    pub assignee: Option<Assignee>,
    /// What has to be done before.
    #[serde(default)]
    pub dependencies: Set<Dependency>,
    /// What has to be passed before it is done.
    #[serde(default)]
    pub gates: BTreeMap<GateName, GateResult>,
    /// When it was made.
    pub created_at: WallTime,
    /// When it was last changed.
    pub updated_at: WallTime,
    /// What it is about.
    #[serde(default)]
    pub description: D,
}

impl<D> Issue<D> {
    /// Its reference.
    pub fn reference(&self) -> Reference {
        Reference::Issue(self.id)
    }

    /// Whether it is about other issues rather than work: `next` never picks it.
    pub fn is_meta(&self) -> bool {
        self.title.as_str().trim_start().starts_with("[META]")
            || self.labels.iter().any(|label| label.as_str() == "meta")
    }

    /// The gates that still stand in the way.
    pub fn open_gates(&self) -> impl Iterator<Item = &GateName> {
        self.gates.iter().filter(|(_, result)| !result.passed()).map(|(name, _)| name)
    }

    /// The same with another description, or none.
    pub fn with_description<E>(self, description: E) -> Issue<E> {
        Issue {
            schema_version: self.schema_version,
            id: self.id,
            title: self.title,
            state: self.state,
            priority: self.priority,
            labels: self.labels,
            assignee: self.assignee,
            dependencies: self.dependencies,
            gates: self.gates,
            created_at: self.created_at,
            updated_at: self.updated_at,
            description,
        }
    }

    /// What lists need of it.
    pub fn outline(self) -> Outline {
        self.with_description(NotKept)
    }
}
