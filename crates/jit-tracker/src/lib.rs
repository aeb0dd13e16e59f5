//! Issues, gates and events as files of a worktree.
//!
//! What is decided here is decided without effects: parsing, merging, what blocks what. Files
//! come in by [`Source`] and go out by [`Sink`]; [`Dir`] is the real directory, and what Git has
//! at HEAD is handed in by whoever knows Git. Nothing is known of leases or of the terminal.

mod cache;
pub mod dependencies;
mod event;
pub mod events;
mod finding;
pub mod gates;
mod issue;
pub mod issue_file;
pub mod issues;
mod json;
mod kept;
pub mod merge;
mod merge_files;
mod nearest;
mod os;
mod pass;
mod problem;
mod set;
mod source;
pub mod stream;
mod text;

pub use cache::Cache;
pub use event::{Actor, Change, Event, EventId, Held, changes};
pub use issue::{
    Dependency, DependencyKindError, GateResult, Issue, NotKept, Outline, Priority, State, WordError,
};
pub use issues::{Issues, Listed, Listing, ResolveError};
pub use json::SchemaVersion;
pub use kept::Kept;
pub use merge_files::{FilesMerged, Side, merge_files, rejoined, side_by_side};
pub use nearest::nearest;
pub use os::{Dir, DirLock, SharedLock, read_cache, write_cache};
pub use pass::{PassedAs, PassedAsError, Work};
pub use problem::{FileError, Place, Problem};
pub use set::Set;
pub use source::{Identity, Origin, Sink, Source};
pub use text::{Assignee, Description, GateName, GateText, Label, TextError, Title, Unfit};
