//! What was promised to whom, kept without the code that decides: enough to tell when a grant, a
//! refusal or a view breaks an invariant.
//!
//! It keeps bounds, not states: a record whose writer died may stand or not.

use std::collections::BTreeMap;

use jit_core::{Fence, Lease, LeaseId, Operation, Reference, Seq};

/// A lease that somebody asked for.
pub struct Claim {
    ttl_ns: u64,
    /// Who may hold it.
    holders: Vec<&'static str>,
    /// It can't lapse earlier than a TTL after this reading of the clock at hand.
    counts_from: u64,
    /// The last time that somebody may have renewed it, on the clock at hand.
    renewed_by: u64,
}

/// A lease on one name.
struct Entry {
    lease: LeaseId,
    fence: Fence,
    promised: bool,
    /// It may have been given up, evicted or have lapsed.
    perhaps_over: bool,
}

#[derive(Default)]
pub struct Model {
    claims: BTreeMap<LeaseId, Claim>,
    names: BTreeMap<Reference, Vec<Entry>>,
    /// The highest that anybody was promised.
    fence: Fence0,
    /// When a writer first answered on the clock at hand, with nothing lost since.
    sighted_by: Option<u64>,
    pub promised: Vec<Operation>,
}

/// Fences begin at zero.
struct Fence0(Fence);

impl Default for Fence0 {
    fn default() -> Self {
        Self(Fence(Seq(0)))
    }
}

impl Model {
    /// Somebody asks for a lease. Whatever comes of it, it may be there from now on.
    pub fn asked_for(&mut self, lease: LeaseId, actor: &'static str, ttl_ns: u64, now: u64) {
        let claim = Claim { ttl_ns, holders: vec![actor], counts_from: now, renewed_by: now };
        self.claims.insert(lease, claim);
    }

    pub fn may_get(&mut self, lease: &LeaseId, actor: &'static str) {
        self.claims.get_mut(lease).into_iter().for_each(|claim| claim.holders.push(actor));
    }

    /// Somebody may have been handed anything.
    pub fn anyone_may_have(&mut self, actor: &'static str) {
        self.claims.values_mut().for_each(|claim| claim.holders.push(actor));
    }

    /// A writer comes by: what may have lapsed may be evicted.
    pub fn writer_at(&mut self, now: u64) {
        for entry in self.names.values_mut().flatten() {
            let claim = &self.claims[&entry.lease];
            entry.perhaps_over |= now >= claim.counts_from + claim.ttl_ns;
        }
    }

    /// A writer was answered: what was foreign to its clock has been sighted.
    pub fn answered_at(&mut self, now: u64) {
        self.sighted_by.get_or_insert(now);
    }

    /// Somebody may have renewed everything that it holds.
    pub fn may_have_renewed(&mut self, actor: &str, now: u64) {
        for claim in self
            .claims
            .values_mut()
            .filter(|claim| claim.holders.iter().any(|holder| act_together(holder, actor)))
        {
            claim.renewed_by = now;
        }
    }

    /// Somebody may have ended or shrunk the leases of these names.
    pub fn may_have_ended(&mut self, names: &[Reference]) {
        let leases: Vec<LeaseId> = names
            .iter()
            .flat_map(|name| self.names.get(name).into_iter().flatten().map(|entry| entry.lease))
            .collect();
        for entry in self.names.values_mut().flatten().filter(|entry| leases.contains(&entry.lease)) {
            entry.perhaps_over = true;
        }
    }

    /// The decision was a grant, which is not yet promised. Is it one that may be?
    pub fn decided(&mut self, actor: &'static str, operation: &Operation, now: u64) {
        match operation {
            Operation::Acquire(lease) => {
                assert!(lease.fence > self.fence.0, "fences grow");
                for name in &lease.issues {
                    let entries = self.names.entry(name.clone()).or_default();
                    let promised = entries.iter().find(|entry| entry.promised && !entry.perhaps_over);
                    let promised = promised.map(|entry| entry.lease);
                    assert_eq!(promised, None, "{name} is granted to {} at {now}", lease.id);
                    entries.push(entry_of(lease));
                }
            }
            Operation::Resume(lease) | Operation::Transfer(lease) | Operation::Extend(lease) => {
                assert!(lease.fence > self.fence.0, "fences grow");
                self.stands(actor, lease);
            }
            Operation::Renew(leases) => leases.iter().for_each(|lease| self.stands(actor, lease)),
            Operation::Release { lease, released, .. } => {
                let whole = Lease { issues: released.clone(), ..lease.clone() };
                self.stands(actor, &whole);
                for name in released {
                    for entry in self.entries(name).iter_mut().filter(|entry| entry.lease == lease.id) {
                        entry.perhaps_over = true;
                    }
                }
            }
            Operation::ForceEvict { lease, .. } => self.may_have_ended(&lease.issues),
            _ => {}
        }
    }

    fn entries(&mut self, name: &Reference) -> &mut Vec<Entry> {
        self.names.entry(name.clone()).or_default()
    }

    /// Its holder was granted something about a lease, so it stands, and nobody was promised one
    /// that came after.
    fn stands(&mut self, actor: &str, lease: &Lease) {
        // Of one that was never promised nothing is kept for long.
        let Some(claim) = self.claims.get(&lease.id) else { return };
        let had = claim.holders.iter().any(|holder| act_together(holder, actor));
        assert!(had, "{actor} never had {}", lease.id);
        for name in &lease.issues {
            let later = self.entries(name).iter().find(|entry| entry.promised && entry.fence > lease.fence);
            if let Some(later) = later.filter(|later| later.lease != lease.id) {
                panic!("{} carries on, and {} has {name} since", lease.id, later.lease);
            }
            for entry in self.entries(name).iter_mut().filter(|entry| entry.lease == lease.id) {
                entry.perhaps_over = false;
            }
        }
    }

    /// The grant was promised. `began` is the clock's reading when it was decided, if that is
    /// still a reading of the clock at hand.
    pub fn promise(&mut self, operation: Operation, began: Option<u64>) {
        let anew = |lease: &Lease, model: &mut Self| {
            model.fence.0 = model.fence.0.max(lease.fence);
            let Some(claim) = model.claims.get_mut(&lease.id) else { return };
            claim.counts_from = began.map_or(claim.counts_from, |began| claim.counts_from.max(began));
        };
        match &operation {
            Operation::Acquire(lease) => {
                for name in &lease.issues {
                    let entries = self.names.entry(name.clone()).or_default();
                    entries.retain(|entry| entry.fence >= lease.fence);
                    for entry in entries.iter_mut().filter(|entry| entry.lease == lease.id) {
                        entry.promised = true;
                    }
                }
                anew(lease, self);
            }
            Operation::Resume(lease) | Operation::Transfer(lease) => anew(lease, self),
            // Its TTL goes on as it did.
            Operation::Extend(lease) => self.fence.0 = self.fence.0.max(lease.fence),
            Operation::Renew(leases) => leases.iter().for_each(|lease| anew(lease, self)),
            Operation::Release { lease, released, .. } => {
                for name in released {
                    let entries = self.names.entry(name.clone()).or_default();
                    entries.retain(|entry| entry.lease != lease.id);
                }
            }
            _ => {}
        }
        self.promised.push(operation);
        if self.claims.len() > 200 {
            let named: Vec<LeaseId> = self.names.values().flatten().map(|entry| entry.lease).collect();
            let last = self.claims.len() - 100;
            let old: Vec<LeaseId> = self.claims.keys().take(last).copied().collect();
            old.iter().filter(|id| !named.contains(id)).for_each(|id| drop(self.claims.remove(id)));
        }
    }

    /// A refusal says that these leases stand. Could they, by now?
    pub fn stood_in_the_way(&self, blockers: impl Iterator<Item = Lease>, now: u64) {
        for lease in blockers {
            let Some(claim) = self.claims.get(&lease.id) else { continue };
            let from = claim.renewed_by.max(self.sighted_by.unwrap_or(now));
            assert!(now < from + claim.ttl_ns, "{} stands a TTL after it was sighted", lease.id);
        }
    }

    /// Who got a name last.
    pub fn last_on(&self, name: &Reference) -> Option<&'static str> {
        let last = self.names.get(name)?.iter().max_by_key(|entry| entry.fence)?;
        self.claims[&last.lease].holders.last().copied()
    }

    /// Which lease a reader must find on a name, if that is certain.
    pub fn must_cover(&self, name: &Reference, now: u64) -> Option<LeaseId> {
        let entries = self.names.get(name)?;
        let last = entries.iter().max_by_key(|entry| entry.fence)?;
        let claim = &self.claims[&last.lease];
        let certain = last.promised && !last.perhaps_over && now < claim.counts_from + claim.ttl_ns;
        certain.then_some(last.lease)
    }

    /// The clock was replaced by another, or put back: what counted on it counts anew, from now at
    /// the earliest.
    pub fn clock_changed(&mut self, another: bool, now: u64) {
        for claim in self.claims.values_mut() {
            claim.counts_from = if another { now } else { claim.counts_from.min(now) };
            claim.renewed_by = 0;
        }
        self.sighted_by = None;
    }

    /// Records that were not durable may be gone, sightings among them.
    pub fn lost_records(&mut self) {
        self.sighted_by = None;
    }
}

/// An agent and its sub-agents, but not two of these.
fn act_together(a: &str, b: &str) -> bool {
    let (base, other) = (a.split('/').next(), b.split('/').next());
    a == b || base == other && !(a.contains('/') && b.contains('/'))
}

fn entry_of(lease: &Lease) -> Entry {
    Entry { lease: lease.id, fence: lease.fence, promised: false, perhaps_over: false }
}
