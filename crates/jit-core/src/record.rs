//! The operations of the claims log and their one JSON form.
//!
//! The checksum that chains the lines belongs to whoever frames them as a log.

use std::borrow::Cow;
use std::slice;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    Cause, ControlPlaneId, Ended, Facts, Holder, Known, Lease, Reference, Seq, Stamp, Task, WallTime,
};

/// The version of the records that this jit writes, and the only one that it reads.
pub const SCHEMA_VERSION: u32 = 1;

/// What happened. An operation that changes a lease carries the lease's whole new state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A segment of the log begins here; what still counts is carried over in the records that
    /// follow.
    Checkpoint(Checkpoint),
    /// What an earlier segment knew of a lease.
    Carry(Known),
    /// A lease was granted.
    Acquire(Lease),
    /// Its owner proved itself and carries on, with a new fence.
    Resume(Lease),
    /// It covers more paths than before, with a new fence.
    Extend(Lease),
    /// The TTL of these leases counts anew.
    Renew(Vec<Lease>),
    /// A lease went to another holder.
    Transfer(Lease),
    /// The holder gave these references up; without any left the lease is over.
    Release {
        /// With what is left.
        lease: Lease,
        /// What was given up.
        released: Vec<Reference>,
        /// What came of them.
        attempt: Attempt,
    },
    /// A lease had passed its TTL.
    AutoEvict(Lease),
    /// Somebody ended another's lease.
    ForceEvict {
        /// Its last state.
        lease: Lease,
        /// Why.
        reason: Task,
    },
    /// Those in the actor's worktree let go of the leases that were lost there.
    Abandon,
    /// A writer on this record's clock saw leases that were foreign to it.
    Sighting,
    /// What is known of these issues from here on.
    Facts(Cause, Vec<Facts>),
}

impl Operation {
    /// The leases that it is about, as they are after it, or were at their end.
    pub fn leases(&self) -> &[Lease] {
        match self {
            Self::Renew(leases) => leases,
            Self::Acquire(lease)
            | Self::Resume(lease)
            | Self::Extend(lease)
            | Self::Transfer(lease)
            | Self::Release { lease, .. }
            | Self::AutoEvict(lease)
            | Self::ForceEvict { lease, .. }
            | Self::Carry(Known::Live(lease) | Known::Ended(Ended { lease, .. })) => slice::from_ref(lease),
            Self::Checkpoint(_) | Self::Abandon | Self::Sighting | Self::Facts(..) => &[],
        }
    }

    /// Whether it says what happened, and not what an earlier segment knew already: of a
    /// checkpoint, that records before it are missing.
    pub fn happened(&self) -> bool {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.missing.is_some(),
            Self::Carry(_) | Self::Facts(Cause::Carried, _) => false,
            _ => true,
        }
    }
}

/// What came of the work on what is given up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Attempt {
    /// Nothing is said.
    #[default]
    Undone,
    /// It is done, gates aside.
    Done,
    /// It failed, and counts as a failure of the issue.
    Failed(Task),
    /// Something else than the work failed.
    Infra(Option<Task>),
}

impl Attempt {
    /// As the log and JSON call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Undone => "undone",
            Self::Done => "done",
            Self::Failed(_) => "failed",
            Self::Infra(_) => "infra",
        }
    }

    /// Why, if somebody said so.
    pub fn reason(&self) -> Option<&Task> {
        match self {
            Self::Undone | Self::Done => None,
            Self::Failed(reason) => Some(reason),
            Self::Infra(reason) => reason.as_ref(),
        }
    }

    fn from_wire(name: Option<&str>, reason: Option<Task>) -> Option<Self> {
        match (name, reason) {
            (None | Some("undone"), _) => Some(Self::Undone),
            (Some("done"), _) => Some(Self::Done),
            (Some("failed"), Some(reason)) => Some(Self::Failed(reason)),
            (Some("infra"), reason) => Some(Self::Infra(reason)),
            _ => None,
        }
    }
}

/// How a segment of the log begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The control plane that the log is of.
    pub control_plane: ControlPlaneId,
    /// Which segment this is, from 1.
    pub segment: u64,
    /// How many records that follow belong to the checkpoint.
    pub carried: u64,
    /// What is not in the log any more, when this segment took the place of a damaged one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
}

/// Records between two segments that can't be read in order any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The last record before them.
    pub after: Seq,
    /// Where the damaged segment is kept, in the control plane, if anything was left of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

/// One line of the claims log, without its checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place in the order of all records.
    pub seq: Seq,
    /// What happened.
    pub operation: Operation,
    /// Who did it.
    pub actor: Holder,
    /// When, for people.
    pub at: WallTime,
    /// When, for expiry.
    pub stamp: Stamp,
    /// Up to where the log was known to be durable when this was written.
    pub durable: Seq,
}

/// Why a JSON document is no record.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// It is of a version that this jit does not know.
    #[error("schema version {0} is not known to this jit, which reads version {SCHEMA_VERSION}")]
    Version(u64),
    /// It is of this version and has an operation that this jit does not know.
    #[error("the operation `{0}` is not known to this jit")]
    Operation(String),
    /// It is no whole JSON object, or not one of this form.
    #[error("{0}")]
    Malformed(String),
}

/// The operation's name, and the flat form in which every record is written.
macro_rules! names {
    ($($variant:ident => $name:literal),+ $(,)?) => {
        impl Operation {
            /// The operation as the log and statistics call it.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $name,)+
                    Self::Facts(cause, _) => cause.operation(),
                }
            }
        }

        const NAMES: &[&str] = &[$($name),+];
    };
}

names! {
    Checkpoint => "checkpoint",
    Carry => "carry",
    Acquire => "acquire",
    Resume => "resume",
    Extend => "extend",
    Renew => "renew",
    Transfer => "transfer",
    Release => "release",
    AutoEvict => "auto-evict",
    ForceEvict => "force-evict",
    Abandon => "abandon",
    Sighting => "sighting",
}

#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    schema_version: u32,
    seq: Seq,
    #[serde(borrow)]
    op: Cow<'a, str>,
    actor: Cow<'a, Holder>,
    at: WallTime,
    clock: Stamp,
    durable: Seq,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<Cow<'a, Lease>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leases: Option<Cow<'a, [Lease]>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<Cow<'a, Ended>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    released: Option<Cow<'a, [Reference]>>,
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    attempt: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    facts: Option<Cow<'a, [Facts]>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'a, Task>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checkpoint: Option<Cow<'a, Checkpoint>>,
}

/// What is read first: the version decides whether the rest means anything.
#[derive(Deserialize)]
struct Version {
    schema_version: u64,
}

/// What is read next: an operation of this version that a newer jit brought.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    op: Cow<'a, str>,
}

impl Record {
    /// The record as one JSON object on one line.
    ///
    /// # Errors
    /// Never for records that were built or read here; JSON can't express non-finite numbers and
    /// such, which a record does not have.
    pub fn to_json(&self) -> Result<Vec<u8>, RecordError> {
        let mut wire = Wire {
            schema_version: SCHEMA_VERSION,
            seq: self.seq,
            op: Cow::Borrowed(self.operation.name()),
            actor: Cow::Borrowed(&self.actor),
            at: self.at,
            clock: self.stamp,
            durable: self.durable,
            lease: None,
            leases: None,
            ended: None,
            released: None,
            attempt: None,
            facts: None,
            reason: None,
            checkpoint: None,
        };
        match &self.operation {
            Operation::Checkpoint(checkpoint) => wire.checkpoint = Some(Cow::Borrowed(checkpoint)),
            Operation::Carry(Known::Ended(ended)) => wire.ended = Some(Cow::Borrowed(ended)),
            Operation::Carry(Known::Live(lease))
            | Operation::Acquire(lease)
            | Operation::Resume(lease)
            | Operation::Extend(lease)
            | Operation::Transfer(lease)
            | Operation::AutoEvict(lease) => wire.lease = Some(Cow::Borrowed(lease)),
            Operation::Renew(leases) => wire.leases = Some(Cow::Borrowed(leases)),
            Operation::Release { lease, released, attempt } => {
                wire.lease = Some(Cow::Borrowed(lease));
                wire.released = Some(Cow::Borrowed(released));
                wire.attempt = Some(attempt.name()).filter(|name| *name != "undone").map(Cow::Borrowed);
                wire.reason = attempt.reason().map(Cow::Borrowed);
            }
            Operation::ForceEvict { lease, reason } => {
                wire.lease = Some(Cow::Borrowed(lease));
                wire.reason = Some(Cow::Borrowed(reason));
            }
            Operation::Facts(_, facts) => wire.facts = Some(Cow::Borrowed(facts)),
            Operation::Abandon | Operation::Sighting => {}
        }
        let mut json = Vec::with_capacity(1024);
        serde_json::to_writer(&mut json, &wire).map_err(malformed)?;
        Ok(json)
    }

    /// Reads a record; fields that are not known are passed over.
    ///
    /// # Errors
    /// See [`RecordError`]; the version is looked at before anything else.
    pub fn from_json(json: &[u8]) -> Result<Self, RecordError> {
        let wire: Wire<'_> = match serde_json::from_slice(json) {
            Ok(wire) => wire,
            Err(error) => return Err(Self::explain(json).unwrap_or_else(|| malformed(error))),
        };
        if wire.schema_version != SCHEMA_VERSION {
            return Err(RecordError::Version(wire.schema_version.into()));
        }
        let missing = |field: &str| RecordError::Malformed(format!("`{}` has no `{field}`", wire.op));
        let lease = || wire.lease.clone().map(Cow::into_owned).ok_or_else(|| missing("lease"));
        let operation = match &*wire.op {
            "checkpoint" => Operation::Checkpoint(
                wire.checkpoint.clone().ok_or_else(|| missing("checkpoint"))?.into_owned(),
            ),
            "carry" => Operation::Carry(match wire.ended.clone() {
                Some(ended) => Known::Ended(ended.into_owned()),
                None => Known::Live(lease()?),
            }),
            "acquire" => Operation::Acquire(lease()?),
            "resume" => Operation::Resume(lease()?),
            "extend" => Operation::Extend(lease()?),
            "renew" => Operation::Renew(wire.leases.clone().ok_or_else(|| missing("leases"))?.into_owned()),
            "transfer" => Operation::Transfer(lease()?),
            "release" => Operation::Release {
                lease: lease()?,
                released: wire.released.clone().ok_or_else(|| missing("released"))?.into_owned(),
                attempt: Attempt::from_wire(
                    wire.attempt.as_deref(),
                    wire.reason.clone().map(Cow::into_owned),
                )
                .ok_or_else(|| RecordError::Malformed("`release` has an unknown `attempt`".into()))?,
            },
            "auto-evict" => Operation::AutoEvict(lease()?),
            "force-evict" => Operation::ForceEvict {
                lease: lease()?,
                reason: wire.reason.clone().ok_or_else(|| missing("reason"))?.into_owned(),
            },
            "abandon" => Operation::Abandon,
            "sighting" => Operation::Sighting,
            other => match Cause::ALL.into_iter().find(|cause| cause.operation() == other) {
                Some(cause) => {
                    let facts = wire.facts.clone().ok_or_else(|| missing("facts"))?;
                    Operation::Facts(cause, facts.into_owned())
                }
                None => return Err(RecordError::Operation(other.to_owned())),
            },
        };
        Ok(Self {
            seq: wire.seq,
            operation,
            actor: wire.actor.into_owned(),
            at: wire.at,
            stamp: wire.clock,
            durable: wire.durable,
        })
    }

    /// A document that is whole but strange is of another jit, and no damage.
    fn explain(json: &[u8]) -> Option<RecordError> {
        let Version { schema_version } = serde_json::from_slice(json).ok()?;
        if schema_version != u64::from(SCHEMA_VERSION) {
            return Some(RecordError::Version(schema_version));
        }
        let Head { op } = serde_json::from_slice(json).ok()?;
        let known = NAMES.contains(&&*op) || Cause::ALL.iter().any(|cause| cause.operation() == op);
        (!known).then(|| RecordError::Operation(op.into_owned()))
    }
}

fn malformed(error: serde_json::Error) -> RecordError {
    RecordError::Malformed(error.to_string())
}
