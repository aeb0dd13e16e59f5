//! Requests as data, so that tests can list, repeat and interrupt them.

use jit_core::decide::{
    Abandon, Acquire, Attempted, Extend, ForceEvict, Heartbeat, Release, Released, Renew, Resume, Sweep,
    Target, Terms, Transfer,
};
use jit_core::{Attempt, Holder, LeaseId, Operation, Refusal, Request, TokenHash};
use jit_store::clock::Clock;
use jit_store::disk::Disk;
use jit_store::{Pending, StepError, Store, StoreError};

use super::{asked, claimed, holder, lease_id, policy, secret, ttl};

/// What somebody asks.
#[derive(Clone, Debug)]
pub enum Ask {
    /// `names`, for so many seconds, as the lease number `n`, whose secret has that number too.
    Acquire {
        n: u64,
        names: String,
        secs: u64,
    },
    Renew {
        target: Target,
    },
    Heartbeat,
    Release {
        target: Target,
    },
    Transfer {
        target: Target,
        to: Holder,
        secret: u64,
    },
    ForceEvict {
        target: Target,
    },
    Resume {
        names: String,
        secret: u64,
    },
    /// `names` are paths alone.
    Extend {
        target: Target,
        names: String,
    },
    Abandon,
    Sweep,
    Compact,
    Queue {
        names: String,
    },
}

/// What came of it. Granted or in doubt, it says which operations the log must then have.
#[derive(Debug)]
pub enum Outcome {
    Granted(Vec<Operation>),
    Refused(Refusal),
    Unknown(Vec<Operation>),
    Trouble(StoreError),
}

impl Outcome {
    pub fn granted(self) -> Vec<Operation> {
        match self {
            Self::Granted(operations) => operations,
            other => panic!("{other:?}"),
        }
    }

    pub fn is_granted(&self) -> bool {
        matches!(self, Self::Granted(_))
    }
}

pub fn acquire(n: u64, names: &str) -> Ask {
    acquire_for(n, names, 100)
}

pub fn acquire_for(n: u64, names: &str, secs: u64) -> Ask {
    Ask::Acquire { n, names: names.into(), secs }
}

pub fn of(names: &str) -> Target {
    Target::Issues(asked(names))
}

pub fn release(names: &str) -> Ask {
    Ask::Release { target: of(names) }
}

pub fn renew(names: &str) -> Ask {
    Ask::Renew { target: of(names) }
}

pub fn acquisition(n: u64, names: &str, secs: u64) -> Acquire {
    Acquire {
        id: lease_id(n),
        token: token(n),
        claim: claimed(names),
        filed: vec![],
        despite_failures: false,
        terms: Terms { ttl: Some(ttl(secs)), ..Terms::default() },
        ticket: None,
    }
}

/// The hash of a secret; hashing is not what is tested, and takes time.
fn token(n: u64) -> TokenHash {
    std::thread_local! {
        static FIRST: std::cell::RefCell<Vec<TokenHash>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    FIRST.with_borrow_mut(|hashes| {
        while hashes.len() < 64 {
            hashes.push(secret(hashes.len() as u64).hash());
        }
        hashes[(n % 64) as usize]
    })
}

/// Asks for it all, waiting for the disk.
pub fn ask<D: Disk, C: Clock>(store: &Store<D, C>, actor: &str, ask: &Ask) -> Outcome {
    begin(store, actor, ask).confirm(store, actor)
}

/// A request under way: decided, and perhaps not yet durable.
pub enum Begun<D: Disk> {
    Waiting(Pending<D, Vec<Operation>>),
    Done(Outcome),
}

impl<D: Disk> Begun<D> {
    pub fn confirm<C: Clock>(self, store: &Store<D, C>, actor: &str) -> Outcome {
        match self {
            Self::Done(outcome) => outcome,
            Self::Waiting(pending) => outcome(store.confirm(pending, &holder(actor))),
        }
    }

    pub fn waiting(self) -> Pending<D, Vec<Operation>> {
        match self {
            Self::Waiting(pending) => pending,
            Self::Done(outcome) => panic!("{outcome:?}"),
        }
    }
}

pub fn outcome(result: Result<Vec<Operation>, StepError<Vec<Operation>>>) -> Outcome {
    match result {
        Ok(operations) => Outcome::Granted(operations),
        Err(StepError::Refused(refusal)) => Outcome::Refused(refusal),
        Err(StepError::DurabilityUnknown { answer, .. }) => Outcome::Unknown(answer),
        Err(StepError::Store(error)) => Outcome::Trouble(error),
    }
}

/// Asks for the part that happens under the lock.
pub fn begin<D: Disk, C: Clock>(store: &Store<D, C>, actor: &str, ask: &Ask) -> Begun<D> {
    let actor = holder(actor);
    let request = match ask {
        Ask::Compact => {
            return Begun::Done(match store.compact(&actor, &policy()) {
                Ok(_) => Outcome::Granted(Vec::new()),
                Err(error) => Outcome::Trouble(error),
            });
        }
        Ask::Queue { names } => {
            return Begun::Done(match store.queue(&actor, &claimed(names)) {
                Ok(_) => Outcome::Granted(Vec::new()),
                Err(error) => Outcome::Trouble(error),
            });
        }
        request => request,
    };
    match store.begin(&AnyRequest(request), &actor, &policy()) {
        Ok(pending) => Begun::Waiting(pending),
        Err(error) => Begun::Done(outcome(Err(error))),
    }
}

/// Any of them, answered with the operations that a grant consists of.
pub struct AnyRequest<'a>(pub &'a Ask);

impl Request for AnyRequest<'_> {
    type Answer = Vec<Operation>;

    fn judge<V: jit_core::View>(
        &self,
        step: &mut jit_core::decide::Step<'_, V>,
    ) -> Result<Result<Vec<Operation>, Refusal>, V::Error> {
        let released = |released: Vec<Released>| {
            let each = released.into_iter();
            each.map(|Released { lease, issues }| Operation::Release {
                lease,
                released: issues,
                attempt: Attempt::Undone,
            })
            .collect()
        };
        Ok(match self.0 {
            Ask::Acquire { n, names, secs } => {
                acquisition(*n, names, *secs).judge(step)?.map(|lease| vec![Operation::Acquire(lease)])
            }
            Ask::Renew { target } => Renew { target: target.clone(), ttl: None }
                .judge(step)?
                .map(|renewed| vec![Operation::Renew(renewed.leases)]),
            Ask::Heartbeat => Heartbeat.judge(step)?.map(|beat| vec![Operation::Renew(beat.renewed)]),
            Ask::Release { target } => {
                Release { target: target.clone(), attempted: Attempted::default() }.judge(step)?.map(released)
            }
            Ask::Transfer { target, to, secret } => {
                Transfer { target: target.clone(), to: to.clone(), token: token(*secret) }
                    .judge(step)?
                    .map(|lease| vec![Operation::Transfer(lease)])
            }
            Ask::ForceEvict { target } => {
                let reason: jit_core::Task = "stuck".parse().unwrap();
                ForceEvict { target: target.clone(), reason: reason.clone() }
                    .judge(step)?
                    .map(|lease| vec![Operation::ForceEvict { lease, reason }])
            }
            Ask::Resume { names, secret } => Resume { issues: asked(names), token: token(*secret) }
                .judge(step)?
                .map(|lease| vec![Operation::Resume(lease)]),
            Ask::Extend { target, names } => {
                Extend { target: target.clone(), scope: claimed(names).scope().clone() }
                    .judge(step)?
                    .map(|lease| vec![Operation::Extend(lease)])
            }
            Ask::Abandon => Abandon.judge(step)?.map(|_| Vec::new()),
            Ask::Sweep => Sweep.judge(step)?.map(|()| Vec::new()),
            Ask::Compact | Ask::Queue { .. } => unreachable!(),
        })
    }
}

/// The id that an acquisition asks for.
pub fn id_of(ask: &Ask) -> Option<LeaseId> {
    match ask {
        Ask::Acquire { n, .. } => Some(lease_id(*n)),
        _ => None,
    }
}
