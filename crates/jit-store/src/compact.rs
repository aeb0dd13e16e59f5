//! Sealing the live segment into the archive and beginning a new one with a checkpoint.

use jit_core::{Checkpoint, Holder, Missing, Operation, Policy, Seq, State, View, decide::Sweep};

use crate::clock::Clock;
use crate::disk::{Disk, Open};
use crate::entered::{Base, Entered};
use crate::error::{Doing, StepError, StoreError};
use crate::flush;
use crate::log::{self, Batch};
use crate::names::{FLUSH_LOCK, LOG, sealed};
use crate::replay::Replay;
use crate::segment::Position;
use crate::store::Store;

/// What was sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Where the sealed segment is, in the control plane.
    pub archived: String,
    /// Its last record.
    pub last: Seq,
    /// How many leases were carried over, lost ones included.
    pub carried: u64,
}

/// A sealing that fails is tried again when the segment has grown by this part of the limit.
const TRIED_EACH: u64 = 4;

/// How often a flush under way is waited for, each time for a while.
const TRIES: u32 = 100;

impl<D: Disk, C: Clock> Store<D, C> {
    /// Evicts what has lapsed, seals the live segment and begins a new one.
    ///
    /// # Errors
    /// Trouble with the store; the log is then as it was, or as if it had worked.
    pub fn compact(&self, actor: &Holder, policy: &Policy) -> Result<Compacted, StoreError> {
        match self.begin(&Sweep, actor, policy) {
            Ok(_) | Err(StepError::Refused(_) | StepError::DurabilityUnknown { .. }) => {}
            Err(StepError::Store(error)) => return Err(error),
        }
        self.seal_now(self.enter(actor)?, actor)
    }

    /// Seals the live segment if that is due.
    pub(crate) fn seal_if(
        &self,
        actor: &Holder,
        due: impl FnOnce(&Entered<'_, D>) -> bool,
    ) -> Result<(), StoreError> {
        let entered = self.enter(actor)?;
        if due(&entered) {
            self.seal_now(entered, actor)?;
        }
        Ok(())
    }

    fn seal_now(&self, mut entered: Entered<'_, D>, actor: &Holder) -> Result<Compacted, StoreError> {
        let shared = entered.shared;
        shared.set_seal_from(entered.end.offset + self.options.compact_at / TRIED_EACH);
        self.without_flushes(shared, || {
            if !shared.poisoned() {
                flush::flush(shared, &entered.log, entered.end.seq);
            }
            self.seal(&mut entered, actor)
        })
    }

    /// Begins a new segment after the live one was put in doubt: what it holds is written anew
    /// and made durable there.
    pub(crate) fn carry_over<'s>(
        &'s self,
        mut entered: Entered<'s, D>,
        actor: &Holder,
    ) -> Result<Entered<'s, D>, StoreError> {
        self.without_flushes(entered.shared, || {
            self.seal(&mut entered, actor)?;
            entered.epoch = entered.shared.epoch();
            Ok(())
        })?;
        Ok(entered)
    }

    pub(crate) fn without_flushes<T>(
        &self,
        shared: &crate::shared::Shared<D::Words>,
        work: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let lock = self.disk.open(FLUSH_LOCK, Open::Create).writing(FLUSH_LOCK)?;
        let done = flush::excluded::<D, _>(&lock, shared, TRIES, work).writing(FLUSH_LOCK)?;
        done.unwrap_or(Err(StoreError::Locked {
            by: Some("a flush of the log".into()),
            waited: flush::NAP * TRIES,
        }))
    }

    /// Under both locks: the archive gets a copy of all records, then the log's name leads to a
    /// new segment whose checkpoint is durable. The log is never absent and never in doubt.
    fn seal(&self, entered: &mut Entered<'_, D>, actor: &Holder) -> Result<Compacted, StoreError> {
        let shared = entered.shared;
        if shared.poisoned() {
            // What was read before the flush failed may not be there any more.
            entered.read_again(&self.disk)?;
        }
        let state = entered.replayed(&self.disk)?.state.clone();
        let archived = sealed(state.segment());
        let batch = checkpoint(&state, entered, actor, &archived)?;
        log::archive(&self.disk, &archived, &entered.bytes()?)?;
        let carried = leases(batch.records.iter().map(|(_, record)| &record.operation));
        let compacted = Compacted { archived, last: entered.end.seq, carried };
        self.begin_segment(entered, batch)?;
        Ok(compacted)
    }

    /// Goes on in a new segment. Under both locks, with all that was acknowledged before kept.
    pub(crate) fn begin_segment(&self, entered: &mut Entered<'_, D>, batch: Batch) -> Result<(), StoreError> {
        let shared = entered.shared;
        entered.log = self.name_segment(shared, &batch.bytes)?;
        shared.heal();
        shared.set_seal_from(0);
        shared.set_appended(batch.end.seq);
        shared.set_durable(batch.end.seq);
        entered.end = batch.end;
        let mut replay = Replay::default();
        batch.records.iter().try_for_each(|(extent, record)| replay.follow(*extent, record))?;
        entered.base = Base::Replayed(Box::new(replay));
        // Without an index the next one in reads the log.
        let _ = entered.reindex(&self.disk);
        Ok(())
    }
}

/// The records that a new segment begins with.
///
/// Records that a failed flush lost were in doubt with whoever wrote them: their places, and so
/// their fences, are not given again.
fn checkpoint<D: Disk>(
    state: &State,
    entered: &Entered<'_, D>,
    actor: &Holder,
    archived: &str,
) -> Result<Batch, StoreError> {
    let carried = state.carried(&entered.now.wall);
    let control_plane = state.control_plane().ok_or_else(|| StoreError::Corrupt {
        file: LOG.into(),
        offset: 0,
        reason: "it holds no checkpoint".into(),
    })?;
    let (segment, count) = (state.segment() + 1, carried.len() as u64);
    let after = entered.end.seq;
    let seq = after.max(entered.shared.appended());
    let missing = (seq > after).then(|| Missing { after, kept: Some(archived.to_owned()) });
    let checkpoint = Checkpoint { control_plane, segment, carried: count, missing };
    let from = Position { offset: 0, seq, sum: entered.end.sum };
    let operations = begin_with(checkpoint, carried);
    log::batch(operations, actor, &entered.now, entered.shared.durable(), from)
}

/// How many of what a checkpoint carries are leases.
pub(crate) fn leases<'o>(carried: impl IntoIterator<Item = &'o Operation>) -> u64 {
    carried.into_iter().filter(|operation| matches!(operation, Operation::Carry(_))).count() as u64
}

/// A checkpoint with what it carries.
pub(crate) fn begin_with(checkpoint: Checkpoint, carried: Vec<Operation>) -> Vec<Operation> {
    let operations = std::iter::once(Operation::Checkpoint(checkpoint));
    operations.chain(carried).collect()
}
