//! Why a request was refused, with the facts that a message needs.

use crate::decide::{Bar, Unearned};
use crate::{Ended, Holder, Item, Lease, LeaseId, Mode, Reference, ScopeError, Ttl, Waiter};

/// Something that was asked for, and what is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted<T> {
    /// What was asked for.
    pub item: Item,
    /// What is in the way.
    pub blocker: T,
}

/// An issue that was asked for, and why it can't be had although nobody holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Barred {
    /// The issue.
    pub reference: Reference,
    /// Why.
    pub bar: Bar,
}

/// An expected "no". None of them changed anything that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Others (or the asker itself) hold these.
    Held(Vec<Wanted<Lease>>),
    /// Nobody holds these, but somebody came first and waits for them.
    Awaited(Vec<Wanted<Waiter>>),
    /// Nobody holds these, and they can't be claimed.
    Barred(Vec<Barred>),
    /// These would be done by somebody's word alone.
    Unearned(Vec<Unearned>),
    /// There are fewer issues that may be claimed than were asked for.
    NothingToClaim {
        /// How many there are.
        free: usize,
        /// How many were wanted.
        wanted: usize,
    },
    /// The asker's lease ended without its doing.
    Lost {
        /// The lease.
        lost: Box<Ended>,
        /// Who has its references and paths now.
        now_held: Vec<Wanted<Lease>>,
    },
    /// The lease stands, and is somebody else's.
    NotYours(Box<Lease>),
    /// The lease was given up before.
    Released(Box<Ended>),
    /// No lease covers the reference.
    NotHeld(Reference),
    /// The asker holds nothing.
    NoLease {
        /// Its leases that ended without its doing, with what nobody holds of them now as
        /// unclaimed.
        lost: Vec<Ended>,
    },
    /// There is no lease of this id.
    Unknown(LeaseId),
    /// The lease covers its paths in another way, shared or not, than those that it is to cover
    /// besides.
    OtherMode {
        /// The lease.
        lease: Box<Lease>,
        /// As asked.
        asked: Mode,
    },
    /// With the paths that are to be added, the scope is too large.
    ScopeTooLarge(ScopeError),
    /// The references are of more than one lease.
    Several(Vec<LeaseId>),
    /// The token is not the one that the lease was granted with.
    WrongToken(Box<Lease>),
    /// A lease goes to another holder whole, and not all of it was named.
    Partial {
        /// The lease.
        lease: Box<Lease>,
        /// What it covers besides.
        missing: Vec<Reference>,
        /// Who was to get it.
        to: Holder,
    },
    /// The TTL is longer than the policy allows.
    TtlTooLong {
        /// As asked.
        asked: Ttl,
        /// As allowed.
        most: Ttl,
    },
    /// The lease has been held for as long as the policy allows.
    LifetimeOver {
        /// The lease.
        lease: Box<Lease>,
        /// As allowed.
        most: Ttl,
    },
}

impl Refusal {
    /// What it is about, each once.
    pub fn about(&self) -> Vec<Reference> {
        let mut about: Vec<Reference> = match self {
            Self::Held(held) => held.iter().filter_map(|wanted| wanted.item.reference().cloned()).collect(),
            Self::Awaited(awaited) => {
                awaited.iter().filter_map(|wanted| wanted.item.reference().cloned()).collect()
            }
            Self::Barred(barred) => barred.iter().map(|barred| barred.reference.clone()).collect(),
            Self::Unearned(unearned) => unearned.iter().map(|unearned| unearned.issue.clone()).collect(),
            Self::Lost { lost: ended, .. } | Self::Released(ended) => ended.lease.issues.clone(),
            Self::NotYours(lease)
            | Self::WrongToken(lease)
            | Self::OtherMode { lease, .. }
            | Self::Partial { lease, .. }
            | Self::LifetimeOver { lease, .. } => lease.issues.clone(),
            Self::NotHeld(reference) => vec![reference.clone()],
            Self::NothingToClaim { .. }
            | Self::NoLease { .. }
            | Self::Unknown(_)
            | Self::Several(_)
            | Self::ScopeTooLarge(_)
            | Self::TtlTooLong { .. } => Vec::new(),
        };
        about.sort_unstable();
        about.dedup();
        about
    }
}
