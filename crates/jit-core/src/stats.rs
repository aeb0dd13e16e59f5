//! What leases came to: a fold of the log's records and of what is noted beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AgentId, Cause, Lease, Operation, Record, Reference, WallTime};

/// Something that happened and changed no lease: worth counting, and no loss when it is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When, for people.
    pub at: WallTime,
    /// To whom.
    pub agent: AgentId,
    /// About what.
    pub issues: Vec<Reference>,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// What can be noted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A request was refused.
    Refused {
        /// Why, as errors in JSON are called.
        code: String,
    },
    /// Somebody waited for a lease, in vain or not.
    Waited {
        /// For how long, in milliseconds.
        ms: u64,
    },
}

/// Times in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times(Vec<u64>);

impl Times {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// All of them together.
    pub fn sum_ms(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The least time that `percent` of them do not exceed (nearest rank); `None` of none.
    pub fn percentile_ms(&self, percent: usize) -> Option<u64> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied()
    }
}

/// Counts of one issue, of one agent, or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Leases that were granted.
    pub claims: u64,
    /// Requests that were refused, by why.
    pub refusals: BTreeMap<String, u64>,
    /// Leases that lapsed.
    pub lapses: u64,
    /// Leases that others ended.
    pub forced: u64,
    /// What releases said of the work: done, undone, failed, infra.
    pub attempts: BTreeMap<&'static str, u64>,
    /// Attempts that count as failures.
    pub failures: u64,
    /// For how long leases were waited for.
    pub waiting: Times,
    /// For how long leases were held.
    pub holding: Times,
}

/// What leases came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// In all.
    pub total: Tally,
    /// By what was claimed.
    pub issues: BTreeMap<Reference, Tally>,
    /// By who claimed, sub-agents with their agent.
    pub agents: BTreeMap<AgentId, Tally>,
    /// Whose lease ended last: a failure is noted right after it.
    ended: Option<AgentId>,
}

impl Stats {
    /// Follows records in their order. Segments of a log may come in any order: no step is of two.
    /// The time held goes by the wall clock, as people saw it.
    pub fn follow(&mut self, record: &Record) {
        match &record.operation {
            Operation::Acquire(lease) => self.of(lease, &lease.issues, |tally| tally.claims += 1),
            Operation::Release { lease, released, attempt } => {
                let name = attempt.name();
                self.of(lease, released, |tally| *tally.attempts.entry(name).or_default() += 1);
                self.end(lease, released, &record.at);
            }
            Operation::AutoEvict(lease) => {
                self.of(lease, &lease.issues, |tally| tally.lapses += 1);
                self.end(lease, &lease.issues, &record.at);
            }
            Operation::ForceEvict { lease, .. } => {
                self.of(lease, &lease.issues, |tally| tally.forced += 1);
                self.end(lease, &lease.issues, &record.at);
            }
            Operation::Facts(Cause::Failed, facts) => {
                let issues: Vec<Reference> = facts.iter().map(|facts| facts.issue.clone()).collect();
                if let Some(agent) = self.ended.clone() {
                    self.count(&agent, &issues, |tally| tally.failures += 1);
                }
            }
            Operation::Checkpoint(_)
            | Operation::Carry(_)
            | Operation::Resume(_)
            | Operation::Extend(_)
            | Operation::Abandon
            | Operation::Renew(_)
            | Operation::Transfer(_)
            | Operation::Sighting
            | Operation::Facts(..) => {}
        }
    }

    /// Follows what is noted beside the log.
    pub fn note(&mut self, note: &Note) {
        self.count(&note.agent, &note.issues, |tally| match &note.event {
            Event::Refused { code } => *tally.refusals.entry(code.clone()).or_default() += 1,
            Event::Waited { ms } => tally.waiting.0.push(*ms),
        });
    }

    /// These references of a lease are held no more; the lease ends with the last.
    fn end(&mut self, lease: &Lease, issues: &[Reference], at: &WallTime) {
        self.ended = Some(lease.holder.agent.clone());
        let held = at.millis_since(&lease.acquired_at);
        self.of(lease, issues, |tally| tally.holding.0.push(held));
    }

    fn of(&mut self, lease: &Lease, issues: &[Reference], change: impl Fn(&mut Tally)) {
        self.count(&lease.holder.agent, issues, change);
    }

    fn count(&mut self, agent: &AgentId, issues: &[Reference], change: impl Fn(&mut Tally)) {
        change(&mut self.total);
        change(self.agents.entry(agent.base()).or_default());
        issues.iter().for_each(|issue| change(self.issues.entry(issue.clone()).or_default()));
    }
}
