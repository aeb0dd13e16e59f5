//! Where leases live.
//!
//! A control plane is a directory: the claims log (the truth), an index (derived), locks. The one
//! way to change a lease is [`Store::begin`] followed by [`Store::confirm`]: lock, view, decide,
//! append, publish, unlock, and only then wait for the disk. Reading takes no lock and writes
//! nothing.

mod chain;
pub mod clock;
mod compact;
mod control;
pub mod disk;
mod entered;
mod error;
mod examine;
mod flush;
mod follow;
mod history;
mod index;
mod line;
mod lock;
mod log;
mod meeting;
pub mod names;
pub mod os;
mod read;
mod replay;
mod salvage;
mod segment;
mod settings;
mod shared;
mod store;
mod tail;
mod tickets;

pub use chain::Gap;
pub use compact::Compacted;
pub use error::{StepError, StoreError};
pub use examine::Finding;
pub use follow::Place;
pub use meeting::{Meeting, MeetingError};
pub use salvage::{Keeper, Salvaged};
pub use settings::read_text;
pub use store::{Options, Pending, Store};
pub use tickets::{Seen, Ticket};
