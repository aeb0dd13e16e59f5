//! The one way to change a lease: lock, view, decide, append, publish, unlock; then wait for the
//! disk.

use std::cell::OnceCell;
use std::time::Duration;

use jit_core::decide::decide;
use jit_core::{ControlPlaneId, Decision, Holder, Policy, Refusal, Request, Scene, Seq, Stamp};

use crate::clock::Clock;
use crate::disk::{Disk, Open};
use crate::entered::{Base, Entered};
use crate::error::{Doing, StepError, StoreError};
use crate::flush::{self, InDoubt, Unflushed};
use crate::index::IndexView;
use crate::log::{self, NotWritten};
use crate::names::{FLUSH_LOCK, WORDS, sealed};
use crate::segment::Position;
use crate::shared::{Bell, Doubt, Shared};
use crate::tail;
use crate::tickets;

/// How a store behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long the lock is waited for, and another's flush.
    pub lock_timeout: Duration,
    /// Whether to write where locks may be local to each machine.
    pub allow_shared_filesystem: bool,
    /// How far the live segment may grow beyond its checkpoint before it is sealed, in bytes.
    pub compact_at: u64,
    /// The id of the control plane, should this store be the one that makes it.
    pub fresh: ControlPlaneId,
}

/// A control plane on a disk.
pub struct Store<D: Disk, C> {
    pub(crate) disk: D,
    pub(crate) clock: C,
    pub(crate) options: Options,
    shared: OnceCell<Shared<D::Words>>,
    /// What was found to be damaged when a segment was to be sealed.
    unsealed: OnceCell<StoreError>,
}

/// A grant that was written and is not known to be durable yet.
pub struct Pending<D: Disk, T> {
    answer: T,
    unflushed: Unflushed<D::File>,
    overgrown: bool,
}

impl<D: Disk, T> Pending<D, T> {
    /// What will be granted.
    pub fn answer(&self) -> &T {
        &self.answer
    }
}

impl<D: Disk, C: Clock> Store<D, C> {
    /// The store on this disk; nothing is touched yet.
    pub fn new(disk: D, clock: C, options: Options) -> Self {
        Self { disk, clock, options, shared: OnceCell::new(), unsealed: OnceCell::new() }
    }

    /// The disk that it is on.
    pub fn disk(&self) -> &D {
        &self.disk
    }

    /// What is damaged in the live segment, where a step of this store, which was done, came to know
    /// of it: it was to seal the segment.
    pub fn unsealed(&self) -> Option<&StoreError> {
        self.unsealed.get()
    }

    /// Decides a request, appends what follows from it and, if it is granted, waits until that is
    /// durable.
    ///
    /// # Errors
    /// See [`StepError`]; after [`StepError::DurabilityUnknown`] the grant may stand.
    pub fn transact<R: Request>(
        &self,
        request: &R,
        actor: &Holder,
        policy: &Policy,
    ) -> Result<R::Answer, StepError<R::Answer>> {
        self.confirm(self.begin(request, actor, policy)?, actor)
    }

    /// The part of [`Self::transact`] that happens under the lock.
    ///
    /// # Errors
    /// As there.
    pub fn begin<R: Request>(
        &self,
        request: &R,
        actor: &Holder,
        policy: &Policy,
    ) -> Result<Pending<D, R::Answer>, StepError<R::Answer>> {
        let mut entered = self.enter(actor)?;
        let waiting = match request.heeds_waiters() {
            true => tickets::living(&self.disk, entered.shared, &entered.now.stamp)?,
            false => Vec::new(),
        };
        let scene = Scene { now: entered.now, actor, policy, waiting: &waiting };
        let Decision { operations, answer } = self.decided(request, &mut entered, &scene)?;
        let batch = log::batch(operations, actor, &entered.now, entered.shared.durable(), entered.end)?;
        let seq = batch.end.seq;
        let changed = !batch.records.is_empty();
        if changed {
            match log::append(&entered.log, &batch.bytes, entered.end.offset) {
                Ok(()) => {}
                Err(NotWritten::Cleanly(error)) => return Err(error.into()),
                Err(NotWritten::Perhaps) => {
                    self.doubt(&entered, seq);
                    return Err(in_doubt(answer, seq));
                }
            }
            entered.shared.set_appended(seq);
        }
        let published = entered.publish(&self.disk, batch);
        let overgrown = entered.overgrown(self.options.compact_at);
        let Entered { held, log, end, shared, epoch, .. } = entered;
        drop(held);
        // Not otherwise: waiters who were refused would wake each other for ever.
        if changed {
            shared.ring(Bell::Changed, true);
        }
        match published {
            Ok(()) => {}
            // It stands in the log, whatever came after.
            Err(_) if changed => return Err(in_doubt(answer, seq)),
            Err(error) => return Err(error.into()),
        }
        let answer = answer.map_err(StepError::Refused)?;
        Ok(Pending { answer, unflushed: Unflushed { log, end, epoch }, overgrown })
    }

    /// Puts the segment in doubt after a write of records up to `seq`, half of which may stand in
    /// it: the next writer goes on in a new one, above them. Nothing was flushed in vain, so who
    /// waits for an earlier record still learns what became of that.
    fn doubt(&self, entered: &Entered<'_, D>, seq: Seq) {
        let shared = entered.shared;
        // A flush that hangs meanwhile is the only thing in the way, and the caller is told all the
        // same that it is not known.
        let _ = self.without_flushes(shared, || {
            shared.poison(Doubt::Unknown);
            // After it: no flush may take these for records that it made durable.
            shared.set_appended(seq);
            Ok(())
        });
    }

    /// Decides on the index; where that does not keep its word, on the log itself.
    fn decided<R: Request>(
        &self,
        request: &R,
        entered: &mut Entered<'_, D>,
        scene: &Scene<'_>,
    ) -> Result<Decision<R::Answer>, StoreError> {
        if let Base::Index(index) = &mut entered.base {
            let view = IndexView::new(index, &entered.log);
            let decision = decide(request, &view, scene);
            let next_deadline = view.next_deadline();
            if let Ok(decision) = decision {
                if let Some(ns) = next_deadline {
                    index.set_next_deadline(ns);
                }
                return Ok(decision);
            }
        }
        let replay = entered.replayed(&self.disk)?;
        Ok(decide(request, &replay.state, scene).unwrap_or_else(|never| match never {}))
    }

    /// The part of [`Self::transact`] that waits for the disk.
    ///
    /// # Errors
    /// As there.
    pub fn confirm<T>(&self, pending: Pending<D, T>, actor: &Holder) -> Result<T, StepError<T>> {
        let Pending { answer, unflushed, overgrown } = pending;
        // The record is in the log: to give up on it soon would help nobody.
        let patience = self.options.lock_timeout.max(flush::PATIENCE);
        let confirmed =
            self.disk.open(FLUSH_LOCK, Open::Create).ok().zip(self.shared().ok()).map(|(lock, shared)| {
                flush::confirm::<D, C>(&lock, shared, &unflushed, &self.clock, patience)
            });
        let durable = match confirmed {
            Some(Ok(())) => true,
            Some(Err(InDoubt::Segment)) => self.carried(&unflushed, actor),
            Some(Err(InDoubt::Nobody)) | None => false,
        };
        if !durable {
            return Err(StepError::DurabilityUnknown { answer, seq: unflushed.end.seq });
        }
        if overgrown {
            // The grant stands whether or not this works out; a later writer tries again.
            if let Err(error @ StoreError::Corrupt { .. }) =
                self.seal_if(actor, |entered| entered.overgrown(self.options.compact_at))
            {
                let _ = self.unsealed.set(error);
            }
        }
        Ok(answer)
    }

    /// Whether a record whose flush ended with its owner's death was carried over, durably, into
    /// the segment that took the place of its own; that is done here unless somebody did it.
    ///
    /// Never after a flush that is known to have failed: all that it covered are to be told.
    fn carried(&self, unflushed: &Unflushed<D::File>, actor: &Holder) -> bool {
        let failed = self.shared().is_ok_and(|shared| shared.failed_since(unflushed.epoch));
        // Whoever has entered has the live segment, and its name, in no doubt.
        !failed && self.enter(actor).is_ok() && self.is_sealed(&unflushed.end).unwrap_or(false)
    }

    /// Whether a segment that was sealed has the record that ends there.
    fn is_sealed(&self, end: &Position) -> Result<bool, StoreError> {
        for segment in self.sealed_segments()?.into_iter().rev() {
            let name = sealed(segment);
            let file = self.disk.open(&name, Open::Read).reading(&name)?;
            if tail::behind(&file, *end).is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The words that processes share, mapped on first use.
    pub(crate) fn shared(&self) -> Result<&Shared<D::Words>, StoreError> {
        if let Some(shared) = self.shared.get() {
            return Ok(shared);
        }
        let words = self.disk.words(WORDS, Open::Create).writing(WORDS)?;
        Ok(self.shared.get_or_init(|| Shared::new(words)))
    }

    /// The same for one who only reads; `None` where they are not there or can't be read, or mean
    /// nothing in this boot.
    pub(crate) fn shared_to_read(&self, now: &Stamp) -> Option<Shared<D::Words>> {
        let shared = self.disk.words(WORDS, Open::Read).ok().map(Shared::new);
        shared.filter(|shared| shared.serves(now.boot))
    }
}

fn in_doubt<T>(answer: Result<T, Refusal>, seq: Seq) -> StepError<T> {
    match answer {
        Ok(answer) => StepError::DurabilityUnknown { answer, seq },
        Err(refusal) => StepError::Refused(refusal),
    }
}
