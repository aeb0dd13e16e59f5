//! What the tests of the core share: short names for its values, and a world in which actors ask.
//!
//! Whatever a test asks, [`World`] appends the answer's operations as a store would and checks
//! what must hold after every record: invariant 1 (one holder of a reference), 7 (fences), and
//! that nothing but a lapsed lease is evicted (6).

// Every test file compiles this module for itself and uses its own part of it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};

use jit_core::decide::{
    Acquire, Attempted, Beat, ForceEvict, Heartbeat, Release, Released, Renew, Resume, Sweep, Terms,
    Transfer, Wanted,
};
use jit_core::{
    Case, Cause, Checkpoint, Claim, ClockId, ControlPlaneId, Decision, Facts, Fence, Holder, IssueId, Item,
    Known, Lease, LeaseId, Mode, Now, Operation, Policy, Record, Reference, References, Refusal, Request,
    Scene, Scope, Seq, Stamp, State, Target, Token, TokenHash, Ttl, View, Waiter, WallTime, WorktreeId,
    decide::decide,
};
use proptest::prelude::ProptestConfig;
use uuid::Uuid;

/// So many random cases; what fails is printed, and no file is left behind.
pub fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Nanoseconds in a second.
pub const SEC: u64 = 1_000_000_000;

/// `a`, `a/sub`, `a@2` (worktree 2; without it, 1): always of the kind `agent`.
pub fn holder(text: &str) -> Holder {
    let (agent, worktree) = text.split_once('@').unwrap_or((text, "1"));
    let agent = if agent.contains(':') { agent.into() } else { format!("agent:{agent}") };
    Holder { agent: agent.parse().unwrap(), worktree: worktree_id(worktree) }
}

fn worktree_id(number: &str) -> WorktreeId {
    WorktreeId::new(Uuid::from_u128(0x3000 + number.parse::<u128>().unwrap()))
}

/// `name:x` of `x`.
/// `x` is a thing, `#1` is an issue.
pub fn thing(name: &str) -> Reference {
    match name.strip_prefix('#') {
        Some(n) => Reference::Issue(IssueId::new(Uuid::from_u128(n.parse().unwrap()))),
        None => format!("name:{name}").parse().unwrap(),
    }
}

/// The things that a request names.
pub fn asked(names: &str) -> References {
    things(names).try_into().unwrap()
}

pub fn things(names: &str) -> Vec<Reference> {
    let mut things: Vec<_> = names.split_whitespace().map(thing).collect();
    things.sort();
    things
}

pub fn ttl(secs: u64) -> Ttl {
    Ttl::from_secs(secs).unwrap()
}

pub fn lease_id(n: u64) -> LeaseId {
    LeaseId::new(Uuid::from_u128(0x1000 + u128::from(n)))
}

pub fn secret(n: u64) -> Token {
    Token::new(u128::from(n).to_be_bytes())
}

pub fn clock(n: u64) -> ClockId {
    ClockId::new(Uuid::from_u128(0x2000 + u128::from(n)))
}

/// A reading of clock `n`, in nanoseconds.
pub fn stamp(n: u64, ns: u64) -> Stamp {
    Stamp { boot: clock(n), ns }
}

/// So many seconds into 2026.
pub fn wall(secs: u64) -> WallTime {
    "2026-01-01T00:00:00Z".parse::<WallTime>().unwrap().plus_secs(secs)
}

/// A lease as nothing in particular has made it: of `x`, by `a`, for 60 s from second 100 of
/// clock 1.
pub fn some_lease() -> Lease {
    Lease {
        id: lease_id(1),
        fence: Fence(Seq(2)),
        issues: things("x"),
        scope: Scope::none(),
        task: None,
        holder: holder("a"),
        branch: None,
        ttl: ttl(60),
        own_ttl: None,
        acquired_at: wall(0),
        renewed: stamp(1, 100 * SEC),
        sighted: vec![],
        lived_ns: 0,
        token: secret(1).hash(),
        supersedes: vec![],
    }
}

pub fn waiter(ticket: u64, agent: &str, names: &str) -> Waiter {
    Waiter { ticket, agent: holder(agent).agent, claim: claim(names), since: wall(0) }
}

/// What is asked for: things, and paths as `@src/*.rs`, shared as `@@src/*.rs`.
pub fn claim(names: &str) -> Claim {
    let is_path = |word: &&str| word.starts_with('@');
    let things = names.split_whitespace().filter(|word| !is_path(word)).map(thing).collect();
    Claim::new(things, scope(names)).unwrap()
}

/// The paths among these.
pub fn scope(names: &str) -> Scope {
    let paths = names.split_whitespace().filter_map(|word| word.strip_prefix('@'));
    let shared = paths.clone().any(|path| path.starts_with('@'));
    let patterns = paths.map(|path| path.trim_start_matches('@').parse().unwrap()).collect();
    Scope::new(patterns, if shared { Mode::Shared } else { Mode::Exclusive }, Case::Sensitive).unwrap()
}

/// What was asked for, as [`claim`] takes it; paths that the other has otherwise as `wanted<held`.
pub fn asked_for(item: &Item) -> String {
    match item {
        Item::Reference(reference) => short(reference),
        Item::Paths { wanted, held } if wanted == held => format!("@{wanted}"),
        Item::Paths { wanted, held } => format!("@{wanted}<{held}"),
    }
}

/// What is in the way, as `x:a @src/a.rs<src:b`.
pub fn held_by(held: &[Wanted<Lease>]) -> String {
    let name = |lease: &Lease| lease.holder.agent.to_string().trim_start_matches("agent:").to_owned();
    let held = held.iter().map(|w| format!("{}:{}", asked_for(&w.item), name(&w.blocker)));
    held.collect::<Vec<_>>().join(" ")
}

/// A reference as [`thing`] takes it.
pub fn short(reference: &Reference) -> String {
    match reference {
        Reference::Issue(id) => format!("#{}", id.uuid().as_u128()),
        Reference::Name(name) => name.to_string(),
    }
}

/// Who has what, as `x:a y:b`: what a refusal or a view says, short enough to compare.
pub fn who<'a>(pairs: impl IntoIterator<Item = (&'a Reference, &'a Holder)>) -> String {
    let pairs = pairs.into_iter().map(|(reference, holder)| {
        let agent = holder.agent.to_string();
        format!("{}:{}", short(reference), agent.trim_start_matches("agent:"))
    });
    pairs.collect::<Vec<_>>().join(" ")
}

/// One control plane: its leases, its log, and the time.
#[derive(Clone)]
pub struct World {
    pub state: State,
    pub log: Vec<Record>,
    pub now: Now,
    pub policy: Policy,
    pub waiting: Vec<Waiter>,
    minted: u64,
    appended: usize,
}

impl World {
    /// At second 1000 of clock 1, nothing held; lease policy as it is by default.
    pub fn new() -> Self {
        let mut world = Self {
            state: State::default(),
            log: Vec::new(),
            now: Now { stamp: stamp(1, 1000 * SEC), wall: wall(0) },
            policy: Policy::default(),
            waiting: Vec::new(),
            minted: 0,
            appended: 0,
        };
        let control_plane = ControlPlaneId::new(Uuid::from_u128(7));
        world.append(
            &holder("init"),
            vec![Operation::Checkpoint(Checkpoint { control_plane, segment: 1, carried: 0, missing: None })],
        );
        world
    }

    /// Lets time pass on both clocks.
    pub fn pass(&mut self, secs: u64) {
        self.pass_ns(secs * SEC);
    }

    pub fn pass_ns(&mut self, ns: u64) {
        self.now.stamp.ns += ns;
        self.now.wall = self.now.wall.plus_secs(ns / SEC);
    }

    /// Goes on under clock `n`, which reads so many seconds.
    pub fn on_clock(&mut self, n: u64, secs: u64) {
        self.now.stamp = stamp(n, secs * SEC);
    }

    /// What the decision would be, without appending it.
    pub fn decide<R: Request>(&self, actor: &str, request: &R) -> Decision<R::Answer> {
        let actor = holder(actor);
        let waiting: &[Waiter] = if request.heeds_waiters() { &self.waiting } else { &[] };
        let scene = Scene { now: self.now, actor: &actor, policy: &self.policy, waiting };
        decide(request, &self.state, &scene).unwrap_or_else(|never| match never {})
    }

    /// Decides and appends, as a store does.
    pub fn ask<R: Request>(&mut self, actor: &str, request: &R) -> Result<R::Answer, Refusal> {
        let decision = self.decide(actor, request);
        self.append(&holder(actor), decision.operations);
        decision.answer
    }

    /// The names of the operations that the last request appended.
    pub fn appended(&self) -> Vec<&'static str> {
        self.log[self.log.len() - self.appended..].iter().map(|record| record.operation.name()).collect()
    }

    pub fn append(&mut self, actor: &Holder, operations: Vec<Operation>) {
        self.appended = operations.len();
        for operation in operations {
            let record = Record {
                seq: self.state.next_seq(),
                operation,
                actor: actor.clone(),
                at: self.now.wall,
                stamp: self.now.stamp,
                durable: self.state.last(),
            };
            self.check_lawful(&record);
            self.state.apply(&record).unwrap();
            self.log.push(record);
            self.check_one_holder();
        }
    }

    /// Fences: new on a grant, a resumption and a transfer, greater than all before; unchanged
    /// otherwise. Evictions: of what has lapsed only.
    fn check_lawful(&self, record: &Record) {
        let unchanged = |lease: &Lease| {
            let before = self.live(&lease.id).expect("it changes a lease that stands");
            assert_eq!(lease.fence, before.fence, "{record:?}");
        };
        match &record.operation {
            Operation::Acquire(lease)
            | Operation::Resume(lease)
            | Operation::Extend(lease)
            | Operation::Transfer(lease) => {
                assert_eq!(lease.fence, Fence(record.seq));
            }
            Operation::Renew(leases) => leases.iter().for_each(unchanged),
            Operation::Release { lease, .. } | Operation::ForceEvict { lease, .. } => unchanged(lease),
            Operation::AutoEvict(lease) => {
                unchanged(lease);
                assert!(self.live(&lease.id).unwrap().lapsed(&record.stamp), "evicted early: {record:?}");
            }
            Operation::Facts(cause, facts) => facts.iter().for_each(|facts| self.check_facts(*cause, facts)),
            Operation::Checkpoint(_) | Operation::Carry(_) | Operation::Sighting | Operation::Abandon => {}
        }
    }

    /// Each cause changes what it is there for, and nothing else.
    fn check_facts(&self, cause: Cause, facts: &Facts) {
        let before = self.facts(&facts.issue);
        let expected = match cause {
            Cause::Failed => {
                Facts { failures: before.failures + 1, last_failure: facts.last_failure.clone(), ..before }
            }
            Cause::Reset => Facts { failures: 0, last_failure: None, ..before },
            // Given up undone where a file says that it was done.
            Cause::Reopened if before.outcome.is_none() && facts.reopened == before.reopened => {
                Facts { undone_at: facts.undone_at, ..before }
            }
            Cause::Reopened => Facts {
                outcome: None,
                open_gates: BTreeSet::new(),
                settled_gates: BTreeSet::new(),
                deleted: false,
                ended_by: None,
                reopened: Some(Fence(self.state.next_seq())),
                undone_at: facts.undone_at,
                ..before
            },
            Cause::Ended => Facts {
                outcome: facts.outcome,
                open_gates: facts.open_gates.clone(),
                settled_gates: facts.settled_gates.clone(),
                deleted: facts.deleted,
                ended_by: facts.ended_by.clone(),
                undone_at: facts.undone_at,
                assigned: facts.assigned.clone(),
                ..before
            },
            Cause::Assigned => Facts { assigned: facts.assigned.clone(), ..before },
            Cause::Carried => facts.clone(),
        };
        assert_eq!(*facts, expected, "{cause:?}");
    }

    fn check_one_holder(&self) {
        let mut holders = BTreeMap::new();
        for lease in self.leases() {
            assert!(!lease.issues.is_empty() || !lease.scope.is_none(), "a lease of nothing: {lease:?}");
            for other in self.leases().iter().filter(|other| other.id != lease.id) {
                assert_eq!(lease.scope.conflicts(&other.scope), [], "{lease:?} and {other:?}");
            }
            for reference in &lease.issues {
                assert_eq!(holders.insert(reference.clone(), lease.id), None, "{reference} has two holders");
                assert_eq!(self.covering(reference).map(|found| found.id), Some(lease.id));
            }
        }
    }

    /// Every lease that was not ended, in order of fences.
    pub fn leases(&self) -> Vec<Lease> {
        self.state.live().unwrap_or_else(|never| match never {})
    }

    pub fn covering(&self, reference: &Reference) -> Option<Lease> {
        self.state.covering(reference).unwrap_or_else(|never| match never {})
    }

    pub fn known(&self, id: &LeaseId) -> Option<Known> {
        self.state.lease(id).unwrap_or_else(|never| match never {})
    }

    pub fn facts(&self, issue: &Reference) -> Facts {
        self.state.facts(issue).unwrap_or_else(|never| match never {})
    }

    /// The lease if it was not ended.
    pub fn live(&self, id: &LeaseId) -> Option<Lease> {
        match self.known(id) {
            Some(Known::Live(lease)) => Some(lease),
            _ => None,
        }
    }

    /// Who has what, as `x:a y:b`.
    pub fn who(&self) -> String {
        let leases = self.leases();
        let mut pairs: Vec<_> = leases
            .iter()
            .flat_map(|l| l.issues.iter().map(move |reference| (reference, &l.holder)))
            .collect();
        pairs.sort();
        who(pairs)
    }

    /// A request for a lease; id and token are minted in order: 1, 2, 3, …
    pub fn acquisition(&mut self, names: &str) -> Acquire {
        self.minted += 1;
        Acquire {
            id: lease_id(self.minted),
            token: secret(self.minted).hash(),
            claim: claim(names),
            filed: vec![],
            despite_failures: false,
            terms: Terms { branch: Some("main".into()), ..Terms::default() },
            ticket: None,
        }
    }

    pub fn acquire(&mut self, actor: &str, names: &str) -> Result<Lease, Refusal> {
        let request = self.acquisition(names);
        self.ask(actor, &request)
    }

    pub fn acquire_for(&mut self, actor: &str, names: &str, secs: u64) -> Result<Lease, Refusal> {
        let request =
            Acquire { terms: Terms { ttl: Some(ttl(secs)), ..Terms::default() }, ..self.acquisition(names) };
        self.ask(actor, &request)
    }

    pub fn renew(&mut self, actor: &str, target: Target) -> Result<Vec<Lease>, Refusal> {
        self.ask(actor, &Renew { target, ttl: None }).map(|renewed| renewed.leases)
    }

    pub fn heartbeat(&mut self, actor: &str) -> Result<Beat, Refusal> {
        self.ask(actor, &Heartbeat)
    }

    pub fn release(&mut self, actor: &str, target: Target) -> Result<Vec<Released>, Refusal> {
        self.ask(actor, &Release { target, attempted: Attempted::default() })
    }

    pub fn resume(&mut self, actor: &str, names: &str, token: TokenHash) -> Result<Lease, Refusal> {
        self.ask(actor, &Resume { issues: asked(names), token })
    }

    /// Hands a lease over; the new holder's token is `secret(99)`.
    pub fn transfer(&mut self, actor: &str, target: Target, to: &str) -> Result<Lease, Refusal> {
        self.ask(actor, &Transfer { target, to: holder(to), token: secret(99).hash() })
    }

    pub fn force_evict(&mut self, actor: &str, target: Target) -> Result<Lease, Refusal> {
        self.ask(actor, &ForceEvict { target, reason: "stuck".parse().unwrap() })
    }

    pub fn sweep(&mut self) {
        self.ask("sweeper", &Sweep).unwrap();
    }
}

/// The target that these names are.
pub fn of(names: &str) -> Target {
    Target::Issues(asked(names))
}
