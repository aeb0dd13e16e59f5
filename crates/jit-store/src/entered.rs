//! Inside the lock: the live segment, what it says, and how a step's records are published.

use std::io;

use jit_core::{Checkpoint, Holder, Now, Operation, Seq};

use crate::clock::Clock;
use crate::disk::{Disk, DiskFile, Open};
use crate::error::{Doing, StoreError};
use crate::flush;
use crate::index::{self, INDEX, InFile, Stored};
use crate::lock::{self, Held};
use crate::log::{self, Batch};
use crate::names::{ARCHIVE, DRAFT, FLUSH_LOCK, LOCKS, LOG, WORDS, WRITE_LOCK, sealed, torn};
use crate::replay::Replay;
use crate::segment::{Position, Torn, scan};
use crate::shared::{LAYOUT_KNOWN, Names, Shared};
use crate::store::Store;
use crate::tail::{self, Behind};

/// What a step decides on.
pub(crate) enum Base<D: Disk> {
    /// The index, proven.
    Index(Stored<D>),
    /// The log, followed from its checkpoint on.
    Replayed(Box<Replay>),
}

/// A writer inside the lock.
pub(crate) struct Entered<'s, D: Disk> {
    pub(crate) held: Held<'s, D>,
    pub(crate) shared: &'s Shared<D::Words>,
    pub(crate) now: Now,
    /// The count of failed flushes, read before the segment was found to be in no doubt: what is
    /// appended here is in doubt if it grows at any time after.
    pub(crate) epoch: u64,
    pub(crate) log: D::File,
    pub(crate) end: Position,
    pub(crate) base: Base<D>,
}

/// The lock, and what is read first inside it.
type Locked<'s, D> = (&'s Shared<<D as Disk>::Words>, Held<'s, D>, Now);

impl<D: Disk, C: Clock> Store<D, C> {
    /// Takes the lock and opens what is there, making and mending what is needed for it.
    pub(crate) fn enter(&self, actor: &Holder) -> Result<Entered<'_, D>, StoreError> {
        let (shared, held, now) = self.locked(actor)?;
        let log = self.live_log(&now, actor)?;
        let (end, base) = load(&self.disk, shared, &log, &now)?;
        let epoch = shared.epoch();
        let mut entered = Entered { held, shared, now, epoch, log, end, base };
        match shared.names() {
            Names::Durable => {}
            Names::Unsynced => self.sync_found(&mut entered)?,
            Names::InDoubt => self.name_anew(&mut entered)?,
        }
        let entered = if self.in_doubt(shared)? { self.carry_over(entered, actor)? } else { entered };
        if shared.appended() < entered.end.seq {
            shared.set_appended(entered.end.seq);
        }
        Ok(entered)
    }

    /// Takes the lock, and reads the clock in it.
    pub(crate) fn locked(&self, actor: &Holder) -> Result<Locked<'_, D>, StoreError> {
        let shared = self.shared_or_made()?;
        let most = self.options.lock_timeout;
        let held = lock::take(&self.disk, &self.clock, shared, WRITE_LOCK, most, &actor.agent.to_string())?;
        let now = self.clock.now().map_err(StoreError::Clock)?;
        if !shared.of_boot(now.stamp.boot) {
            // Before others' words are cleared as another boot's.
            if !self.options.allow_shared_filesystem {
                self.clock.vouch().map_err(StoreError::OwnBootId)?;
            }
            shared.attach(now.stamp.boot);
        }
        match shared.layout() {
            LAYOUT_KNOWN => {}
            found => return Err(StoreError::OtherWords { words: WORDS, found, known: LAYOUT_KNOWN }),
        }
        Ok((shared, held, now))
    }

    /// The shared words; a control plane that is not there yet is made.
    fn shared_or_made(&self) -> Result<&Shared<D::Words>, StoreError> {
        match self.locks_are_shared() {
            Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                self.disk.make_root().writing("")?;
                self.locks_are_shared()?;
            }
            shared => shared?,
        }
        match self.shared() {
            Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                self.disk.make_dir(LOCKS).writing(LOCKS)?;
                self.shared()
            }
            shared => shared,
        }
    }

    fn locks_are_shared(&self) -> Result<(), StoreError> {
        match self.disk.locks_may_be_local().writing("")? {
            Some(kind) if !self.options.allow_shared_filesystem => Err(StoreError::SharedFilesystem { kind }),
            _ => Ok(()),
        }
    }

    /// Whether the live segment was put in doubt by a flush that failed or whose owner died.
    fn in_doubt(&self, shared: &Shared<D::Words>) -> Result<bool, StoreError> {
        if shared.flushing() && !shared.poisoned() {
            let lock = self.disk.open(FLUSH_LOCK, Open::Create).writing(FLUSH_LOCK)?;
            // One try: whoever has the lock is alive, and answers for the flush itself.
            flush::excluded::<D, ()>(&lock, shared, 1, || ()).writing(FLUSH_LOCK)?;
        }
        Ok(shared.poisoned())
    }

    fn live_log(&self, now: &Now, actor: &Holder) -> Result<D::File, StoreError> {
        match self.disk.open(LOG, Open::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            log => return log.writing(LOG),
        }
        self.log_never_was(self.shared()?)?;
        let checkpoint =
            Checkpoint { control_plane: self.options.fresh, segment: 1, carried: 0, missing: None };
        let operations = vec![Operation::Checkpoint(checkpoint)];
        let batch = log::batch(operations, actor, now, Seq(0), Position::default())?;
        self.disk.make_root().writing("")?;
        self.name_segment(self.shared()?, &batch.bytes)
    }

    /// Gives the log's name to a new segment, durably: both are, or the name is in doubt.
    pub(crate) fn name_segment(
        &self,
        shared: &Shared<D::Words>,
        segment: &[u8],
    ) -> Result<D::File, StoreError> {
        // Where there is no room for it, the segment at hand goes on in no doubt.
        log::drafted(&self.disk, DRAFT, segment)?;
        shared.set_names(Names::InDoubt);
        self.disk.rename(DRAFT, LOG).writing(LOG)?;
        self.sync_names(shared)?;
        self.disk.open(LOG, Open::Write).writing(LOG)
    }

    /// Makes durable, once a boot, what an earlier one left: only what is known to be durable is
    /// told from a tear when it is damaged later.
    fn sync_found(&self, entered: &mut Entered<'_, D>) -> Result<(), StoreError> {
        let shared = entered.shared;
        self.without_flushes(shared, || {
            flush::flush(shared, &entered.log, entered.end.seq);
            self.replace_stale_copy(entered)
        })?;
        self.disk.make_root().writing("")?;
        self.sync_names(shared)
    }

    /// A sealing that did not come to its end leaves a copy of the live segment in the archive,
    /// perhaps of records that a power loss then took from the segment. Others get their numbers:
    /// so the copy must say, before that, what the segment says.
    fn replace_stale_copy(&self, entered: &mut Entered<'_, D>) -> Result<(), StoreError> {
        let name = sealed(entered.replayed(&self.disk)?.state.segment());
        if !self.disk.exists(&name).reading(&name)? {
            return Ok(());
        }
        let file = self.disk.open(&name, Open::Read).reading(&name)?;
        let (copy, bytes) = (file.read_from(0).reading(&name)?, entered.bytes()?);
        if !bytes.starts_with(&copy) {
            let kept = log::unused(&self.disk, |n| torn(entered.end.seq, n))?;
            log::archive(&self.disk, &kept, &copy)?;
        }
        // Also where they agree: an earlier try may have failed to make that durable.
        log::archive(&self.disk, &name, &bytes)
    }

    /// Gives the log's name, which is in doubt, to a copy of the segment at hand. Before anything
    /// goes to the archive: a power loss must not leave that without a log.
    fn name_anew(&self, entered: &mut Entered<'_, D>) -> Result<(), StoreError> {
        let shared = entered.shared;
        self.without_flushes(shared, || {
            entered.log = self.name_segment(shared, &entered.bytes()?)?;
            Ok(())
        })
    }

    /// Marked like a flush: should this process die here, nobody else may learn of a failure.
    fn sync_names(&self, shared: &Shared<D::Words>) -> Result<(), StoreError> {
        shared.set_names(Names::InDoubt);
        self.disk.sync_dir("").writing("")?;
        shared.set_names(Names::Durable);
        Ok(())
    }

    /// What processes of this boot share may know of a log, too.
    pub(crate) fn log_never_was(&self, shared: &Shared<D::Words>) -> Result<(), StoreError> {
        self.log_may_be_missing()?;
        match shared.durable() {
            Seq(0) => Ok(()),
            _ => Err(StoreError::LogMissing { log: LOG, witness: WORDS }),
        }
    }

    /// A log that was there once and is not any more is not made anew.
    pub(crate) fn log_may_be_missing(&self) -> Result<(), StoreError> {
        for witness in [INDEX, ARCHIVE] {
            if self.disk.exists(witness).reading(witness)? {
                return Err(StoreError::LogMissing { log: LOG, witness });
            }
        }
        Ok(())
    }
}

/// Finds out what the log says: by the index and the records behind it, or by reading it whole.
fn load<D: Disk>(
    disk: &D,
    shared: &Shared<D::Words>,
    log: &D::File,
    now: &Now,
) -> Result<(Position, Base<D>), StoreError> {
    if let Some((index, torn)) = caught_up(disk, shared, log, now) {
        let end = index.header().log;
        if let Some(torn) = &torn {
            log::cut(disk, log, torn, end.seq)?;
        }
        return Ok((end, Base::Index(index)));
    }
    replay(disk, shared, log)
}

/// The index, if it is of this boot and of this log, after it followed what was appended without
/// it: its writer was killed before it could publish. And what is torn behind that.
///
/// Whatever can't be followed, or is wrong with the log, is for [`replay`] to see.
fn caught_up<D: Disk>(
    disk: &D,
    shared: &Shared<D::Words>,
    log: &D::File,
    now: &Now,
) -> Option<(Stored<D>, Option<Torn>)> {
    let mut index = index::opened(disk, Open::Write)?;
    if !index.header().serves(&now.stamp) {
        return None;
    }
    let at = index.header().log;
    if tail::behind(log, at)? == Behind::End {
        return Some((index, None));
    }
    let (records, scanned) = tail::read(log, at, shared.durable()).ok()?;
    if !index.follow(&records, scanned.end, log).unwrap_or(false) {
        return None;
    }
    index.header().serves(&now.stamp).then_some((index, scanned.torn))
}

fn replay<D: Disk>(
    disk: &D,
    shared: &Shared<D::Words>,
    log: &D::File,
) -> Result<(Position, Base<D>), StoreError> {
    let mut replay = Replay::default();
    let scanned = scan(log, LOG, Position::default(), shared.durable(), |extent, record| {
        replay.follow(extent, record)
    })?;
    if let Some(torn) = &scanned.torn {
        log::cut(disk, log, torn, scanned.end.seq)?;
    }
    Ok((scanned.end, Base::Replayed(Box::new(replay))))
}

impl<D: Disk> Entered<'_, D> {
    /// The state by the log itself, whatever the index says.
    pub(crate) fn replayed(&mut self, disk: &D) -> Result<&mut Replay, StoreError> {
        if let Base::Index(_) = self.base {
            self.read_again(disk)?;
        }
        match &mut self.base {
            Base::Replayed(replay) => Ok(replay),
            Base::Index(_) => unreachable!("it was just replaced by what the log says"),
        }
    }

    /// The segment's bytes, without what is behind its last record.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, StoreError> {
        let mut bytes = self.log.read_from(0).reading(LOG)?;
        bytes.truncate(self.end.offset as usize);
        Ok(bytes)
    }

    /// Follows the log as it reads now, whatever was known of it.
    pub(crate) fn read_again(&mut self, disk: &D) -> Result<(), StoreError> {
        (self.end, self.base) = replay(disk, self.shared, &self.log)?;
        Ok(())
    }

    /// Lets the index and this step's own view follow what was appended. The index is only a
    /// shortcut: where it can't be written, the next one in reads the log.
    pub(crate) fn publish(&mut self, disk: &D, batch: Batch) -> Result<(), StoreError> {
        self.end = batch.end;
        let followed = match &mut self.base {
            Base::Index(_) if batch.records.is_empty() => return Ok(()),
            Base::Index(index) => index.follow(&batch.records, batch.end, &self.log).unwrap_or(false),
            Base::Replayed(replay) => {
                batch.records.iter().try_for_each(|(extent, record)| replay.follow(*extent, record))?;
                false
            }
        };
        if !followed {
            self.replayed(disk)?;
            let _ = self.reindex(disk);
        }
        Ok(())
    }

    /// Whether the segment is due to be sealed. After a sealing that failed, on a full disk say, it
    /// first has to grow by another part: each try writes a whole checkpoint.
    pub(crate) fn overgrown(&self, compact_at: u64) -> bool {
        self.growth() > compact_at && self.end.offset >= self.shared.seal_from()
    }

    /// How far the segment has grown beyond its checkpoint, when that is more than the checkpoint
    /// itself: sealing it sooner would mean to write the same leases over and over.
    fn growth(&self) -> u64 {
        let checkpoint = match &self.base {
            Base::Index(index) => index.header().checkpoint_end,
            Base::Replayed(replay) => replay.checkpoint_end,
        };
        let growth = self.end.offset.saturating_sub(checkpoint);
        if growth > checkpoint { growth } else { 0 }
    }

    /// Makes the index anew from the state.
    pub(crate) fn reindex(&mut self, disk: &D) -> io::Result<()> {
        let Base::Replayed(replay) = &self.base else { return Ok(()) };
        let image = index::build(replay, self.end, &self.now.stamp)?;
        index::install(&InFile::new(disk.open(INDEX, Open::Create)?), &image)
    }
}
