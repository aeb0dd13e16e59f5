//! Whether a repository that others push to takes what comes. It knows no leases, only the fences
//! of what came before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::arrival::{Arrival, not_built_on};
use crate::{AgentId, Carried, ControlPlaneId, Fence, LeaseId, Reference};

/// Tells one push from another; what it is made of is the caller's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PushId(pub String);

/// The highest fence that came of each issue, of every control plane that anything came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    schema_version: u64,
    planes: BTreeMap<ControlPlaneId, BTreeMap<Reference, Last>>,
}

/// The highest of one issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Last {
    #[serde(flatten)]
    highest: Highest,
    /// The push that brought it. Git asks about a push reference by reference: the rest of it is
    /// compared with what was the highest before.
    push: PushId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Highest>,
}

/// A fence, and whose it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Highest {
    /// The fence.
    pub fence: Fence,
    /// Of which lease.
    pub lease: LeaseId,
    /// Who had it, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
}

/// Commits of an issue that come too late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The issue.
    pub issue: Reference,
    /// The commits' ids.
    pub commits: Vec<String>,
    /// What came before.
    pub highest: Highest,
}

/// The highest that a commit carries of each issue.
type Carries<'c> = BTreeMap<(ControlPlaneId, &'c Reference), Highest>;

/// The form that is written, and the only one that is read.
const SCHEMA_VERSION: u64 = 1;

/// Why what was remembered can't be told.
#[derive(Debug, Error)]
pub enum ReceivedError {
    /// It is not what was written.
    #[error(transparent)]
    Damaged(#[from] serde_json::Error),
    /// A later jit wrote it.
    #[error("it has schema_version {0}, and this jit knows {SCHEMA_VERSION}")]
    Version(u64),
}

impl Received {
    /// What was written; nothing came before where nothing was.
    ///
    /// # Errors
    /// When it can't be told what was written.
    pub fn parse(text: &str) -> Result<Self, ReceivedError> {
        #[derive(Deserialize)]
        struct Version {
            schema_version: u64,
        }
        if text.is_empty() {
            return Ok(Self { schema_version: SCHEMA_VERSION, planes: BTreeMap::new() });
        }
        match serde_json::from_str(text)? {
            Version { schema_version: SCHEMA_VERSION } => Ok(serde_json::from_str(text)?),
            Version { schema_version } => Err(ReceivedError::Version(schema_version)),
        }
    }

    /// As it is written.
    ///
    /// # Errors
    /// Where it can't be encoded, which keys that are texts rule out.
    pub fn text(&self) -> Result<String, ReceivedError> {
        Ok(serde_json::to_string(self)? + "\n")
    }

    /// Takes what a push brings, if none of it comes too late: after a higher fence of the same
    /// issue, from another holder, and with nothing in the push that builds on it under that fence
    /// or a higher one. What is not of a control plane that anything came from has nothing to
    /// compare with.
    ///
    /// # Errors
    /// All that comes too late.
    pub fn take(mut self, push: &PushId, arrivals: &[Arrival]) -> Result<Self, Vec<Stale>> {
        let carried: Vec<Carries<'_>> = arrivals.iter().map(carries).collect();
        let mut lower: BTreeMap<(ControlPlaneId, &Reference), &Highest> = BTreeMap::new();
        for ((plane, issue), own) in carried.iter().flatten() {
            if let Some(before) = self.before(*plane, issue, push).filter(|before| before.bars(own)) {
                lower.insert((*plane, issue), before);
            }
        }
        let stale: Vec<Stale> = lower
            .into_iter()
            .filter_map(|(key, highest)| {
                let builds = |a: &Arrival| carries(a).get(&key).is_some_and(|own| own.fence >= highest.fence);
                let late = |a: &&Arrival| carries(a).get(&key).is_some_and(|own| highest.bars(own));
                let late = not_built_on(arrivals, builds).into_iter().filter(late);
                let commits: Vec<String> = late.map(|arrival| arrival.commit.clone()).collect();
                (!commits.is_empty()).then(|| Stale {
                    issue: key.1.clone(),
                    commits,
                    highest: highest.clone(),
                })
            })
            .collect();
        if !stale.is_empty() {
            return Err(stale);
        }
        for ((plane, issue), own) in carried.into_iter().flatten() {
            self.remember(plane, issue, own, push);
        }
        Ok(self)
    }

    /// What came of an issue before this push.
    fn before(&self, plane: ControlPlaneId, issue: &Reference, push: &PushId) -> Option<&Highest> {
        let last = self.planes.get(&plane)?.get(issue)?;
        if last.push == *push { last.before.as_ref() } else { Some(&last.highest) }
    }

    fn remember(&mut self, plane: ControlPlaneId, issue: &Reference, own: Highest, push: &PushId) {
        let before = self.before(plane, issue, push).cloned();
        let issues = self.planes.entry(plane).or_default();
        if issues.get(issue).is_none_or(|last| last.highest.fence < own.fence) {
            issues.insert(issue.clone(), Last { highest: own, push: push.clone(), before });
        }
    }
}

impl Highest {
    /// Whether something of the same issue comes too late after this. Its own holder's work under the
    /// same lease, extended or resumed since, does not.
    fn bars(&self, other: &Self) -> bool {
        let who = |of: &Self| of.agent.as_ref().map(AgentId::base);
        let same = self.lease == other.lease && self.agent.is_some() && who(self) == who(other);
        other.fence < self.fence && !same
    }
}

fn carries(arrival: &Arrival) -> Carries<'_> {
    let mut all = Carries::new();
    for Carried { issues, lease, fence, agent } in &arrival.carried {
        let Some((plane, fence)) = *fence else { continue };
        for issue in issues {
            let own = Highest { fence, lease: *lease, agent: agent.clone() };
            let highest = all.entry((plane, issue)).or_insert_with(|| own.clone());
            if highest.fence < fence {
                *highest = own;
            }
        }
    }
    all
}
