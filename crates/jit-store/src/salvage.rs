//! Going on after damage or loss: the damaged segment is set aside whole, and a new one begins with
//! what can still be known. Only when a person asks for it.

use std::io;
use std::str::FromStr;

use jit_core::{
    Checkpoint, ControlPlaneId, Fence, Holder, Lease, LeaseId, Missing, Now, Operation, Record, Scope, Seq,
    State, TokenHash, Ttl, View,
};

use crate::clock::Clock;
use crate::compact::{begin_with, leases};
use crate::disk::{Disk, DiskFile, Open};
use crate::entered::{Base, Entered};
use crate::error::{Doing, StoreError};
use crate::index::Header;
use crate::line::{PROOF, Sum};
use crate::log;
use crate::names::{ARCHIVE, LOG, damaged, holds_records, sealed};
use crate::replay::Replay;
use crate::segment::{Position, Readable, readable, refuse_foreign, scan};
use crate::shared::{Doubt, Shared};
use crate::store::Store;

/// What a salvage did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salvaged {
    /// Where the damaged segment is kept, in the control plane, if anything was left of it.
    pub kept: Option<String>,
    /// Whether any record of it could be read. Otherwise nobody can know what it held.
    pub readable: bool,
    /// The last record before what is missing.
    pub after: Seq,
    /// The record that the new segment begins with.
    pub next: Seq,
    /// How many leases were carried over, lost ones included.
    pub carried: u64,
    /// How long those that stand do so from now on, at least.
    pub least: Ttl,
    /// The lease of what unreadable records name and nobody is known to hold, if they name any.
    pub doubtful: Option<Lease>,
}

/// Who asks for a salvage, and the lease that keeps for it what unreadable records name.
#[derive(Clone, Debug)]
pub struct Keeper {
    /// Who.
    pub holder: Holder,
    /// The lease's name, minted at the edge.
    pub lease: LeaseId,
    /// Of its secret.
    pub token: TokenHash,
    /// The longest that a renewal which is missing can have given.
    pub least: Ttl,
}

impl Keeper {
    /// Its lease, of nothing yet. No record gave that fence.
    fn lease(&self, fence: Fence, now: &Now) -> Lease {
        Lease {
            id: self.lease,
            fence,
            issues: Vec::new(),
            scope: Scope::none(),
            task: "named by records that can't be read any more: somebody may work on it".parse().ok(),
            holder: self.holder.clone(),
            branch: None,
            ttl: self.least,
            own_ttl: None,
            acquired_at: now.wall,
            renewed: now.stamp,
            sighted: Vec::new(),
            lived_ns: 0,
            token: self.token,
            supersedes: Vec::new(),
        }
    }
}

/// What is known of a damaged segment.
struct Damaged {
    /// None of it where the log is missing.
    bytes: Vec<u8>,
    /// What its records say before the damage.
    state: State,
    /// How many bytes those take.
    good: usize,
}

/// What is known from before the new segment.
struct Furthest {
    /// The number of the new segment.
    segment: u64,
    state: State,
    /// How many bytes of newer copies can't be followed.
    hidden: u64,
}

/// No line is shorter: its checksums alone take so many bytes.
const SHORTEST: u64 = 2 * PROOF as u64;

/// No segment is longer, whatever the policy says of sealing it.
const LONGEST: u64 = 1 << 40;

impl<D: Disk, C: Clock> Store<D, C> {
    /// Sets a damaged live segment aside, or does without a missing one, and begins a new one; `None`
    /// where nothing is damaged.
    ///
    /// Leases that stood at the last good record are carried over, and those of readable records
    /// behind the damage as these say. Their TTL counts anew, and is at least the keeper's `least`.
    /// What an unreadable record still names is the keeper's, unless somebody is known to hold it.
    /// So nobody is granted what may be held. The order goes on above everything that the damaged
    /// segment can have held.
    ///
    /// # Errors
    /// A log of another version, or trouble with the store.
    pub fn salvage(&self, keeper: &Keeper) -> Result<Option<Salvaged>, StoreError> {
        let (shared, held, now) = self.locked(&keeper.holder)?;
        let log = match self.disk.open(LOG, Open::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match self.log_never_was(shared) {
                    Ok(()) => return Ok(None),
                    Err(StoreError::LogMissing { .. }) => {}
                    Err(error) => return Err(error),
                }
                // Should this process die before there is a new one, an empty log is damaged too.
                self.disk.open(LOG, Open::Create).writing(LOG)?
            }
            log => log.writing(LOG)?,
        };
        let Some(damaged) = examined(&log, shared)? else { return Ok(None) };
        self.without_flushes(shared, || {
            // Whoever still waits for a record of the damaged segment must not take the new one's
            // durability for its own.
            shared.poison(Doubt::Failed);
            let base = Base::Replayed(Box::default());
            let entered =
                Entered { held, shared, now, epoch: shared.epoch(), log, end: Position::default(), base };
            self.replace_damaged(entered, damaged, keeper)
        })
        .map(Some)
    }

    fn replace_damaged(
        &self,
        mut entered: Entered<'_, D>,
        damaged: Damaged,
        keeper: &Keeper,
    ) -> Result<Salvaged, StoreError> {
        let Damaged { bytes, state, good } = damaged;
        let readable = good > 0 || readable(&bytes).any(|found| matches!(found, Readable::Record(_)));
        let last = Sum::of_last(&bytes[..good]);
        let Furthest { segment, state, hidden } = self.furthest(state, &bytes[..good])?;
        let unread = match readable {
            true => (bytes.len() - good) as u64,
            // Nobody knows how long it was: as long as one gets.
            false => self.options.compact_at.max(bytes.len() as u64).min(LONGEST),
        };
        let index = crate::index::opened(&self.disk, Open::Read);
        let index = index.as_ref().map(|index| index.header());
        let highest = self.highest(&bytes, hidden + unread, &state, index, entered.shared)?;
        let after = state.last();
        let kept = self.keep(&bytes, after)?;
        let plane = index.map_or(self.options.fresh, |header| header.control_plane);
        let (actor, least) = (&keeper.holder, keeper.least);
        let mut state = begun(state, &entered.now, actor, plane);
        recover(&mut state, &bytes[good..], &keeper.lease(Fence(highest), &entered.now));
        state.count_anew(&entered.now.stamp, least);
        let doubtful = state.held_by(actor).into_iter().flatten().find(|lease| lease.id == keeper.lease);
        let carried = state.carried(&entered.now.wall);
        let checkpoint = Checkpoint {
            control_plane: state.control_plane().unwrap_or(plane),
            segment,
            carried: carried.len() as u64,
            missing: Some(Missing { after, kept: kept.clone() }),
        };
        let carried_over = leases(&carried);
        let from = Position { offset: 0, seq: highest.max(state.last()), sum: last };
        let batch =
            log::batch(begin_with(checkpoint, carried), actor, &entered.now, entered.shared.durable(), from)?;
        self.begin_segment(&mut entered, batch)?;
        Ok(Salvaged { kept, readable, after, next: from.seq.next(), carried: carried_over, least, doubtful })
    }

    /// The number of the next segment, and the state that reaches furthest: the
    /// damaged segment's own, which goes to the archive then, or that of the newest sound copy there.
    fn furthest(&self, state: State, good: &[u8]) -> Result<Furthest, StoreError> {
        let segments = self.sealed_segments()?;
        // Without its checkpoint nobody knows the damaged segment's own number.
        let next = segments.last().map_or(1, |newest| newest + 1).max(state.segment()) + 1;
        let mut hidden = 0;
        for segment in segments.into_iter().rev() {
            let name = sealed(segment);
            let file = self.disk.open(&name, Open::Read).reading(&name)?;
            let mut replay = Replay::default();
            let followed = scan(&file, &name, Position::default(), Seq(0), |extent, record| {
                replay.follow(extent, record)
            });
            match followed {
                Ok(_) if replay.state.last() > state.last() => {
                    return Ok(Furthest { segment: next, state: replay.state, hidden });
                }
                Ok(_) => break,
                Err(StoreError::Corrupt { .. }) => hidden += file.len().reading(&name)?,
                Err(error) => return Err(error),
            }
        }
        if !good.is_empty() {
            log::archive(&self.disk, &sealed(state.segment()), good)?;
        }
        Ok(Furthest { segment: next, state, hidden })
    }

    /// Keeps all of the damaged segment, if there is anything of it.
    fn keep(&self, bytes: &[u8], after: Seq) -> Result<Option<String>, StoreError> {
        if bytes.is_empty() {
            return Ok(None);
        }
        let name = log::unused(&self.disk, |n| damaged(after, n))?;
        log::archive(&self.disk, &name, bytes)?;
        Ok(Some(name))
    }

    /// No record, and so no fence, is above this: not one that anybody appended in this boot, not
    /// one that any file names, nor those that `unread` bytes can have held.
    fn highest(
        &self,
        bytes: &[u8],
        unread: u64,
        state: &State,
        index: Option<&Header>,
        shared: &Shared<D::Words>,
    ) -> Result<Seq, StoreError> {
        let index = index.map_or(Seq(0), |header| header.log.seq);
        let known = [state.last(), shared.appended(), index, highest_named(bytes), self.highest_archived()?];
        Ok(known.into_iter().max().unwrap_or_default().plus(unread / SHORTEST + 1))
    }

    /// The highest number that anything in the archive names, sound or not.
    fn highest_archived(&self) -> Result<Seq, StoreError> {
        let mut highest = Seq(0);
        for name in self.disk.list(ARCHIVE).reading(ARCHIVE)?.iter().filter(|name| holds_records(name)) {
            let name = format!("{ARCHIVE}/{name}");
            let file = self.disk.open(&name, Open::Read).reading(&name)?;
            highest = highest.max(highest_named(&file.read_from(0).reading(&name)?));
        }
        Ok(highest)
    }
}

/// The damaged segment; `None` where it is sound or torn.
fn examined<F: DiskFile, W: crate::disk::Words>(
    log: &F,
    shared: &Shared<W>,
) -> Result<Option<Damaged>, StoreError> {
    let mut replay = Replay::default();
    let mut good = 0;
    let scanned = scan(log, LOG, Position::default(), shared.durable(), |extent, record| {
        replay.follow(extent, record)?;
        good = extent.offset as usize + extent.length as usize + 1;
        Ok(())
    });
    match scanned {
        Ok(_) => Ok(None),
        Err(StoreError::Corrupt { .. }) => {
            let mut bytes = log.read_from(0).reading(LOG)?;
            let length = bytes.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
            bytes.truncate(length.max(good));
            refuse_foreign(&bytes[good..], LOG, good as u64)?;
            Ok(Some(Damaged { bytes, state: replay.state, good }))
        }
        Err(error) => Err(error),
    }
}

/// The state; a fresh one where nothing is known of a checkpoint.
fn begun(mut state: State, now: &Now, actor: &Holder, plane: ControlPlaneId) -> State {
    if state.control_plane().is_none() {
        let checkpoint = Checkpoint { control_plane: plane, segment: 0, carried: 0, missing: None };
        let operation = Operation::Checkpoint(checkpoint);
        let (seq, durable) = (Seq(1), Seq(0));
        let record = Record { seq, operation, actor: actor.clone(), at: now.wall, stamp: now.stamp, durable };
        // The first of all can't be out of place.
        let _ = state.apply(&record);
    }
    state
}

/// Follows what is behind the damage: what proves itself as it says, and of all else the names, for
/// `keeper`.
fn recover(state: &mut State, behind: &[u8], keeper: &Lease) {
    let (mut references, mut paths) = (Vec::new(), Vec::new());
    for found in readable(behind) {
        match found {
            Readable::Not(bytes) => {
                references.extend(listed(bytes, b"\"issues\":["));
                paths.extend(listed(bytes, b"\"paths\":["));
            }
            Readable::Record(record) => {
                // What stands before a record that is known, or comes next, is known or was torn.
                let named = (std::mem::take(&mut references), std::mem::take(&mut paths));
                if record.seq > state.last().next() {
                    state.keep(keeper, named.0, named.1);
                }
                state.recover(&record);
            }
        }
    }
    state.keep(keeper, references, paths);
}

/// What these bytes, which are no record, list in a field: all that can still be read.
fn listed<T: FromStr>(bytes: &[u8], field: &[u8]) -> Vec<T> {
    let fields = bytes.windows(field.len()).enumerate().filter(|(_, window)| *window == field);
    fields
        .flat_map(|(at, _)| texts(&bytes[at + field.len()..]))
        .filter_map(|text| text.parse().ok())
        .collect()
}

/// The texts of a list that begins here; what is no text any more is passed over.
fn texts(mut rest: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    loop {
        let mut read = serde_json::Deserializer::from_slice(rest).into_iter::<String>();
        let text = read.next().and_then(Result::ok);
        match (text, rest.get(read.byte_offset())) {
            (Some(text), Some(b',' | b']')) => texts.push(text),
            // The name of the next field: the end of the list can't be read.
            (Some(_), Some(b':')) => return texts,
            _ => {}
        }
        rest = &rest[read.byte_offset()..];
        match rest.windows(2).position(|pair| pair == b",\"") {
            Some(next) if rest.first() != Some(&b']') => rest = &rest[next + 1..],
            _ => return texts,
        }
    }
}

/// The highest number that the bytes give to a record or a fence.
fn highest_named(bytes: &[u8]) -> Seq {
    let named = [&b"\"seq\":"[..], b"\"fence\":", b"\"durable\":"].into_iter().flat_map(|field| {
        let at = bytes.windows(field.len()).enumerate().filter(move |(_, window)| *window == field);
        at.filter_map(move |(at, _)| number(&bytes[at + field.len()..]))
    });
    Seq(named.max().unwrap_or(0))
}

/// The number that the bytes begin with, unless it is one that nobody ever counts to.
fn number(bytes: &[u8]) -> Option<u64> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number: u64 = std::str::from_utf8(&bytes[..digits]).ok()?.parse().ok()?;
    (number < 1 << 53).then_some(number)
}
