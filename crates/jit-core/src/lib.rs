//! What jit decides, without effects.
//!
//! Everything here is a function of its arguments: no files, no processes, no clock, no
//! terminal. A backend shows the decision a [`View`] of the leases, the decision answers with
//! the operations to append and a grant or a [`Refusal`] that carries its facts.

mod agent;
mod by_str;
mod claim;
pub mod decide;
mod duration;
mod facts;
mod id;
mod lease;
mod policy;
mod record;
mod reference;
mod references;
mod scope;
mod state;
mod stats;
mod time;
mod token;
mod touch;
pub mod trailers;
pub mod verdict;
mod view;

pub use agent::{AgentId, AgentIdError, AgentKind, Holder, Name};
pub use by_str::parse_str;
pub use claim::{Claim, Item, NothingNamed};
pub use decide::{Decision, Refusal, Request, Scene, Target};
pub use duration::{DurationError, Ttl, parse_duration, span};
pub use facts::{Cause, EndedBy, Facts, Filed, FiledGates, Gate, Outcome, Round};
pub use id::{ControlPlaneId, Fence, IssueId, LeaseId, NoUuid, Seq, WorktreeId};
pub use lease::{End, Ended, Known, Lease, Lifetime, Successor, Task, TaskError};
pub use policy::{
    Dependencies, Enforcement, Policy, PolicyError, PolicyWarning, Value as SettingValue, WithoutJit,
};
pub use record::{Attempt, Checkpoint, Missing, Operation, Record, RecordError, SCHEMA_VERSION};
pub use reference::{Reference, ReferenceError, Spelled, ThingName};
pub use references::{NoReference, References};
pub use scope::{Case, GlobError, Mode, PathError, Pattern, PatternError, RepoPath, Scope, ScopeError};
pub use state::{ApplyError, State};
pub use stats::{Event, Note, Stats, Tally, Times};
pub use time::{ClockId, NoTime, Now, Stamp, WallTime};
pub use token::{Token, TokenHash};
pub use touch::{Touch, Touched};
pub use trailers::Carried;
pub use view::{LATEST_LOST, Query, View, Waiter};
