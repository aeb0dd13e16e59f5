//! What can still be known of a log behind damage. All of it errs on the side of those who may hold
//! something.

use crate::state::State;
use crate::{
    Case, Ended, Known, Lease, LeaseId, Mode, Operation, Pattern, Record, Reference, Scope, Seq, Stamp, Ttl,
};

impl State {
    /// Follows a record of a log that is damaged before it: whatever it rests on is taken to have
    /// happened. Who is named last holds; a lease of which nothing more is known stands.
    pub fn recover(&mut self, record: &Record) {
        let leases = match &record.operation {
            Operation::Checkpoint(_) => return,
            Operation::Carry(Known::Ended(_)) => &[],
            operation => operation.leases(),
        };
        if record.seq <= self.last {
            return;
        }
        self.last = Seq(record.seq.0 - 1);
        let begins = matches!(record.operation, Operation::Acquire(_) | Operation::Carry(_));
        for lease in leases {
            self.give_way(lease.id, &lease.issues);
            self.clear(lease);
            if !begins && !self.live.contains_key(&lease.id) {
                self.insert(lease.clone());
            }
        }
        if let Operation::Release { lease, released, .. } = &record.operation {
            self.give_way(lease.id, released);
        }
        if let Operation::Carry(Known::Live(lease) | Known::Ended(Ended { lease, .. })) = &record.operation {
            // What was known of it before is older.
            self.take(&lease.id);
        }
        // What could be in its way was taken out of it.
        let applied = self.apply(record);
        debug_assert_eq!(applied, Ok(()));
    }

    /// Lets `keeper` hold what a record names that can't be read, as far as nobody is known to hold
    /// it: somebody may. Of more paths than a scope has, it holds the directories at the root that
    /// they are in.
    pub fn keep(&mut self, keeper: &Lease, references: Vec<Reference>, paths: Vec<Pattern>) {
        let mut lease = self.take(&keeper.id).unwrap_or_else(|| keeper.clone());
        lease
            .issues
            .extend(references.into_iter().filter(|reference| !self.covering.contains_key(reference)));
        lease.issues.sort();
        lease.issues.dedup();
        let grown = lease.scope.with(&self.free_of(paths.clone()));
        let above = paths.iter().filter_map(|path| path.anchor().first()?.parse().ok());
        lease.scope =
            grown.or_else(|_| lease.scope.with(&self.free_of(above.collect()))).unwrap_or(lease.scope);
        if !lease.issues.is_empty() || !lease.scope.is_none() {
            self.insert(lease);
        }
    }

    /// Those of the paths that no lease has.
    fn free_of(&self, paths: Vec<Pattern>) -> Scope {
        let alone = |path: &Pattern| Scope::of_any_size(vec![path.clone()], Mode::Exclusive, Case::Sensitive);
        let free = paths.into_iter().filter(|path| self.over(&alone(path)).next().is_none());
        Scope::of_any_size(free.collect(), Mode::Exclusive, Case::Sensitive)
    }

    /// Lets every lease that stands count anew from `now`, for its own TTL or `least`, whichever is
    /// longer: a renewal may be missing that gave it as long. Its next renewal gives it its own again.
    pub fn count_anew(&mut self, now: &Stamp, least: Ttl) {
        for lease in self.live.values_mut() {
            let (own, ttl) = (lease.usual_ttl(), lease.ttl.max(least));
            *lease = lease.clone().renewed_at(now, ttl);
            lease.own_ttl = Some(own).filter(|own| *own < ttl);
        }
    }

    /// Leases whose paths are in the way of this one's must be over: a scope never shrinks.
    fn clear(&mut self, lease: &Lease) {
        let conflicts =
            |other: &&Lease| other.id != lease.id && !lease.scope.conflicts(&other.scope).is_empty();
        let over: Vec<LeaseId> = self.over(&lease.scope).filter(conflicts).map(|other| other.id).collect();
        for id in over {
            self.take(&id);
        }
    }

    /// Others must have given up what this lease covers or covered.
    fn give_way(&mut self, to: LeaseId, references: &[Reference]) {
        for reference in references {
            let Some(id) = self.covering.get(reference).copied().filter(|id| *id != to) else {
                continue;
            };
            let Some(mut other) = self.take(&id) else { continue };
            other.issues.retain(|issue| issue != reference);
            if !other.issues.is_empty() {
                self.insert(other);
            }
        }
    }
}
