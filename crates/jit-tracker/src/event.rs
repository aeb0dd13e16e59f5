//! Events: what changed an issue, who did it and when. One line each.

use std::fmt;
use std::str::FromStr;

use jit_core::{AgentId, Fence, IssueId, LeaseId, NoUuid, WallTime, WorktreeId, serde_by_str};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::issue::Issue;
use crate::json::SchemaVersion;

/// Names an event for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(Uuid);

impl EventId {
    /// Wraps a UUID that was minted at the edge.
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for EventId {
    type Err = NoUuid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self).map_err(|_| NoUuid)
    }
}

serde_by_str!(EventId);

/// A change of one issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Of its line.
    pub schema_version: SchemaVersion,
    /// Minted by whoever made the change. Two lines with the same one are the same event.
    pub id: EventId,
    /// When, for people.
    pub at: WallTime,
    /// Who.
    pub actor: Actor,
    /// Which issue.
    pub issue: IssueId,
    /// What.
    #[serde(flatten)]
    pub change: Change,
}

/// Who changed something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The agent.
    pub agent: AgentId,
    /// The worktree that it works in.
    pub worktree: WorktreeId,
    /// The lease that it held on the issue, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Held>,
}

/// A lease, as it was then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its id.
    pub lease_id: LeaseId,
    /// Its fence.
    pub fence: Fence,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "lowercase")]
pub enum Change {
    /// There was no such issue before.
    Created,
    /// There is none any more.
    Deleted,
    /// A field has another value.
    Changed {
        /// Its key in the issue's file.
        field: String,
        /// Its value before, as JSON; of a description, how many bytes it had.
        from: Value,
        /// Its value since.
        to: Value,
    },
}

/// What makes one version of an issue into another. That it was updated is no change of its own.
pub fn changes(before: Option<&Issue>, after: Option<&Issue>) -> Vec<Change> {
    let (before, after) = match (before, after) {
        (None, None) => return Vec::new(),
        (None, Some(_)) => return vec![Change::Created],
        (Some(_), None) => return vec![Change::Deleted],
        (Some(before), Some(after)) => (before, after),
    };
    let mut after = fields(after);
    fields(before)
        .into_iter()
        .filter(|(field, _)| field != "updated_at")
        .filter_map(|(field, from)| {
            let to = after.remove(&field).unwrap_or_default();
            let differs = from != to;
            let shown = |value: Value| if field == "description" { length(&value) } else { value };
            let (from, to) = (shown(from), shown(to));
            differs.then_some(Change::Changed { field, from, to })
        })
        .collect()
}

/// Descriptions are long, and Git has them.
fn length(text: &Value) -> Value {
    text.as_str().map_or(0, str::len).into()
}

fn fields(issue: &Issue) -> Map<String, Value> {
    match serde_json::to_value(issue) {
        Ok(Value::Object(fields)) => fields,
        // An issue is an object.
        _ => Map::new(),
    }
}
