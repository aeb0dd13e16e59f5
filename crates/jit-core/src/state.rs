//! The leases as a fold of the log's records: what a rebuilt index, a simulation and a backend
//! in memory all mean by "the state".

mod paths;
mod recover;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use thiserror::Error;

use self::paths::Paths;
use crate::{
    Cause, ControlPlaneId, End, Ended, Facts, Holder, Known, Lease, LeaseId, Operation, Record, Reference,
    Scope, Seq, Stamp, Successor, View, WallTime, WorktreeId, view::LATEST_LOST,
};

/// A record notes the facts of so many issues at most: whoever looks one up reads them all.
pub(crate) const FACTS_A_RECORD: usize = 16;

/// What the log says, up to a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    control_plane: Option<ControlPlaneId>,
    segment: u64,
    last: Seq,
    /// The earliest time that a record of the segment says it was written.
    earliest: Option<WallTime>,
    live: BTreeMap<LeaseId, Lease>,
    ended: BTreeMap<LeaseId, Ended>,
    covering: BTreeMap<Reference, LeaseId>,
    lost: BTreeMap<Reference, LeaseId>,
    worktrees: BTreeMap<WorktreeId, BTreeSet<LeaseId>>,
    /// The latest that were lost in each worktree and not settled there, oldest first.
    unsettled: BTreeMap<WorktreeId, Vec<LeaseId>>,
    paths: Paths,
    facts: BTreeMap<Reference, Facts>,
}

/// A record that can't follow what came before it: the log is not what a jit wrote.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ApplyError {
    /// Its place is not the next one.
    #[error("record {found} stands where record {expected} should")]
    Order {
        /// The place that comes next.
        expected: Seq,
        /// The place that the record says it has.
        found: Seq,
    },
    /// It changes a lease that does not stand.
    #[error("record {seq} changes lease {lease}, which does not stand")]
    NotLive {
        /// The record.
        seq: Seq,
        /// The lease.
        lease: LeaseId,
    },
    /// It grants what another lease covers.
    #[error("record {seq} grants {what}, which lease {holder} covers")]
    Covered {
        /// The record.
        seq: Seq,
        /// What was granted twice: a reference or a path.
        what: String,
        /// The lease that had it.
        holder: LeaseId,
    },
    /// The log begins with something else than a checkpoint.
    #[error("record {0} comes before any checkpoint")]
    NoCheckpoint(Seq),
}

impl State {
    /// Follows one record.
    ///
    /// # Errors
    /// When the record can't come next; the state is unchanged then.
    pub fn apply(&mut self, record: &Record) -> Result<(), ApplyError> {
        let starts = matches!(record.operation, Operation::Checkpoint(_));
        if self.control_plane.is_none() && !starts {
            return Err(ApplyError::NoCheckpoint(record.seq));
        }
        let expected = self.last.next();
        if record.seq != expected && !(starts && record.seq > self.last) {
            return Err(ApplyError::Order { expected, found: record.seq });
        }
        match &record.operation {
            Operation::Checkpoint(checkpoint) => {
                *self = Self {
                    control_plane: Some(checkpoint.control_plane),
                    segment: checkpoint.segment,
                    ..Self::default()
                };
            }
            Operation::Carry(Known::Live(lease)) => self.grant(record.seq, lease)?,
            Operation::Acquire(lease) => {
                self.grant(record.seq, lease)?;
                self.settle(lease);
            }
            Operation::Carry(Known::Ended(ended)) => self.remember(ended.clone()),
            Operation::Resume(lease) => self.replace(record.seq, std::slice::from_ref(lease))?,
            Operation::Transfer(lease) | Operation::Extend(lease) => {
                self.replace(record.seq, std::slice::from_ref(lease))?;
                self.settle(lease);
            }
            Operation::Renew(leases) => self.replace(record.seq, leases)?,
            Operation::Release { lease, .. } if !lease.issues.is_empty() => {
                self.replace(record.seq, std::slice::from_ref(lease))?;
            }
            Operation::Release { lease, .. } => {
                self.end(record.seq, Ended::released(lease.clone(), record.at, record.seq))?;
            }
            Operation::AutoEvict(lease) => {
                self.end(record.seq, Ended::lost(lease.clone(), End::Lapsed, record.at, record.seq))?;
            }
            Operation::ForceEvict { lease, reason } => {
                let end = End::Evicted { by: record.actor.agent.clone(), reason: reason.clone() };
                self.end(record.seq, Ended::lost(lease.clone(), end, record.at, record.seq))?;
            }
            Operation::Facts(_, facts) => facts.iter().for_each(|facts| self.note(facts)),
            Operation::Abandon => self.abandon(&record.actor.worktree),
            Operation::Sighting => {
                self.live.values_mut().for_each(|lease| lease.sight(record.stamp));
            }
        }
        self.last = record.seq;
        self.earliest = Some(self.earliest.map_or(record.at, |earliest| earliest.min(record.at)));
        Ok(())
    }

    fn grant(&mut self, seq: Seq, lease: &Lease) -> Result<(), ApplyError> {
        self.free(seq, lease, None)?;
        for reference in &lease.issues {
            if let Some(ended) = self.lost.remove(reference).and_then(|id| self.ended.get_mut(&id)) {
                ended.unclaimed.retain(|unclaimed| unclaimed != reference);
            }
        }
        self.insert(lease.clone());
        Ok(())
    }

    fn supersede(&mut self, lease: &Lease) {
        for id in &lease.supersedes {
            if let Some(ended) = self.ended.get_mut(id) {
                ended.superseded_by.get_or_insert_with(|| Successor::of(lease));
            }
        }
    }

    fn abandon(&mut self, worktree: &WorktreeId) {
        for id in self.unsettled.remove(worktree).unwrap_or_default() {
            self.ended.get_mut(&id).into_iter().for_each(|ended| ended.abandoned = true);
        }
    }

    /// What was lost in a worktree does not matter there once it has the same again.
    fn settle(&mut self, lease: &Lease) {
        let Some(unsettled) = self.unsettled.get_mut(&lease.holder.worktree) else { return };
        unsettled.retain(|id| match self.ended.get_mut(id) {
            Some(ended) if lease.has_again(&ended.lease) => {
                ended.abandoned = true;
                false
            }
            _ => true,
        });
    }

    /// Checks that nobody covers what this lease covers; nobody but itself, if it stands already.
    fn free(&self, seq: Seq, lease: &Lease, itself: Option<LeaseId>) -> Result<(), ApplyError> {
        for reference in &lease.issues {
            if let Some(holder) = self.covering.get(reference).filter(|id| Some(**id) != itself) {
                return Err(ApplyError::Covered { seq, what: reference.to_string(), holder: *holder });
            }
        }
        for other in self.over(&lease.scope).filter(|other| Some(other.id) != itself) {
            if let Some((path, _)) = lease.scope.conflicts(&other.scope).first() {
                return Err(ApplyError::Covered { seq, what: path.to_string(), holder: other.id });
            }
        }
        Ok(())
    }

    /// The leases with a path that this scope may have too.
    fn over<'a>(&'a self, scope: &'a Scope) -> impl Iterator<Item = &'a Lease> {
        let over = self.paths.over(scope).into_iter().filter_map(|id| self.live.get(&id));
        over.filter(|lease| !lease.scope.overlaps(scope).is_empty())
    }

    fn replace(&mut self, seq: Seq, leases: &[Lease]) -> Result<(), ApplyError> {
        for lease in leases {
            if !self.live.contains_key(&lease.id) {
                return Err(ApplyError::NotLive { seq, lease: lease.id });
            }
            self.free(seq, lease, Some(lease.id))?;
        }
        for lease in leases {
            self.take(&lease.id);
            self.insert(lease.clone());
        }
        Ok(())
    }

    fn end(&mut self, seq: Seq, ended: Ended) -> Result<(), ApplyError> {
        let lease = ended.lease.id;
        self.take(&lease).ok_or(ApplyError::NotLive { seq, lease })?;
        self.remember(ended);
        Ok(())
    }

    fn note(&mut self, facts: &Facts) {
        if facts.is_none() {
            self.facts.remove(&facts.issue);
        } else {
            self.facts.insert(facts.issue.clone(), facts.clone());
        }
    }

    fn insert(&mut self, lease: Lease) {
        for reference in &lease.issues {
            self.covering.insert(reference.clone(), lease.id);
        }
        self.worktrees.entry(lease.holder.worktree).or_default().insert(lease.id);
        self.supersede(&lease);
        self.paths.insert(lease.id, &lease.scope);
        self.live.insert(lease.id, lease);
    }

    fn take(&mut self, id: &LeaseId) -> Option<Lease> {
        let lease = self.live.remove(id)?;
        self.paths.remove(*id, &lease.scope);
        for reference in &lease.issues {
            self.covering.remove(reference);
        }
        if let Some(held) = self.worktrees.get_mut(&lease.holder.worktree) {
            held.remove(id);
            if held.is_empty() {
                self.worktrees.remove(&lease.holder.worktree);
            }
        }
        Some(lease)
    }

    fn remember(&mut self, ended: Ended) {
        for reference in &ended.unclaimed {
            self.lost.insert(reference.clone(), ended.lease.id);
        }
        if ended.was_lost() && !ended.abandoned {
            let unsettled = self.unsettled.entry(ended.lease.holder.worktree).or_default();
            unsettled.push(ended.lease.id);
            if unsettled.len() > LATEST_LOST {
                let oldest = unsettled.remove(0);
                self.ended.get_mut(&oldest).into_iter().for_each(|ended| ended.abandoned = true);
            }
        }
        self.ended.insert(ended.lease.id, ended);
    }

    /// Which segment of the log the state was read from.
    pub fn segment(&self) -> u64 {
        self.segment
    }

    /// The last record that the state reflects.
    pub fn last(&self) -> Seq {
        self.last
    }

    /// Every lease that is known to have ended, in the order in which they did.
    pub fn ended(&self) -> Vec<&Ended> {
        let mut ended: Vec<&Ended> = self.ended.values().collect();
        ended.sort_unstable_by_key(|ended| ended.seq);
        ended
    }

    /// The facts of every issue of which any are known.
    pub fn known_facts(&self) -> impl Iterator<Item = &Facts> {
        self.facts.values()
    }

    /// What a checkpoint carries over: every lease that stands, those that were lost in the last
    /// [`Self::REMEMBERED_SECS`], and what is known of issues.
    ///
    /// How long ago that is, `now` and all records of the segment have to agree on: one wall clock
    /// that is ahead forgets nothing.
    pub fn carried(&self, now: &WallTime) -> Vec<Operation> {
        let agreed = self.earliest.map_or(*now, |earliest| earliest.min(*now));
        let recent = |ended: &&Ended| agreed.secs_since(&ended.ended_at) < Self::REMEMBERED_SECS;
        let lost = self.ended().into_iter().filter(|ended| ended.was_lost()).filter(recent);
        let lost = lost.cloned().map(Known::Ended);
        let live = self.live.values().cloned().map(Known::Live);
        let facts: Vec<Facts> = self.facts.values().cloned().collect();
        let facts = facts.chunks(FACTS_A_RECORD).map(|some| Operation::Facts(Cause::Carried, some.to_vec()));
        lost.chain(live).map(Operation::Carry).chain(facts).collect()
    }

    /// How long a lost lease is remembered: 30 days.
    pub const REMEMBERED_SECS: i64 = 30 * 24 * 60 * 60;
}

impl View for State {
    type Error = Infallible;

    fn next_seq(&self) -> Seq {
        self.last.next()
    }

    fn lease(&self, id: &LeaseId) -> Result<Option<Known>, Infallible> {
        let live = self.live.get(id).cloned().map(Known::Live);
        Ok(live.or_else(|| self.ended.get(id).cloned().map(Known::Ended)))
    }

    fn covering(&self, reference: &Reference) -> Result<Option<Lease>, Infallible> {
        Ok(self.covering.get(reference).and_then(|id| self.live.get(id)).cloned())
    }

    fn lost(&self, reference: &Reference) -> Result<Option<Ended>, Infallible> {
        Ok(self.lost.get(reference).and_then(|id| self.ended.get(id)).cloned())
    }

    fn facts(&self, issue: &Reference) -> Result<Facts, Infallible> {
        Ok(self.facts.get(issue).cloned().unwrap_or_else(|| Facts::none(issue.clone())))
    }

    fn lost_by(&self, holder: &Holder) -> Result<Vec<Ended>, Infallible> {
        let base = holder.base();
        let lost = self.ended().into_iter().rev().filter(|ended| ended.was_lost());
        let latest = lost.filter(|ended| ended.lease.holder.base() == base).take(LATEST_LOST);
        Ok(latest.filter(|ended| ended.lease.holder.acts_for(holder)).cloned().collect())
    }

    fn overlapping(&self, scope: &Scope) -> Result<Vec<Lease>, Infallible> {
        let mut over: Vec<Lease> = self.over(scope).cloned().collect();
        over.sort_by_key(|lease| lease.fence);
        Ok(over)
    }

    fn lost_over(&self, scope: &Scope) -> Result<Vec<Ended>, Infallible> {
        let lost = self.ended().into_iter().filter(|ended| ended.was_lost() && ended.superseded_by.is_none());
        Ok(lost.filter(|ended| !ended.lease.scope.overlaps(scope).is_empty()).cloned().collect())
    }

    fn successor(&self, id: &LeaseId) -> Result<Option<Successor>, Infallible> {
        Ok(self.ended.get(id).and_then(|ended| ended.superseded_by.clone()))
    }

    fn lost_in(&self, worktree: &WorktreeId) -> Result<Vec<Ended>, Infallible> {
        let lost = self.unsettled.get(worktree).into_iter().flatten().rev();
        Ok(lost.filter_map(|id| self.ended.get(id)).cloned().collect())
    }

    fn held_in(&self, worktree: &WorktreeId) -> Result<Vec<Lease>, Infallible> {
        let ids = self.worktrees.get(worktree).into_iter().flatten();
        let mut held: Vec<Lease> = ids.filter_map(|id| self.live.get(id)).cloned().collect();
        held.sort_by_key(|lease| lease.fence);
        Ok(held)
    }

    fn live(&self) -> Result<Vec<Lease>, Infallible> {
        let mut live: Vec<Lease> = self.live.values().cloned().collect();
        live.sort_by_key(|lease| lease.fence);
        Ok(live)
    }

    fn control_plane(&self) -> Option<ControlPlaneId> {
        self.control_plane
    }

    fn lapsed(&self, now: &Stamp, most: usize) -> Result<Vec<Lease>, Infallible> {
        Ok(self.live.values().filter(|lease| lease.lapsed(now)).take(most).cloned().collect())
    }

    fn has_unsighted(&self, now: &Stamp) -> Result<bool, Infallible> {
        Ok(self.live.values().any(|lease| lease.deadline_ns(now).is_none()))
    }
}
