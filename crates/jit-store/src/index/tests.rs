//! Keys that collide harm nobody: in these tests every second key shares its hash with others.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::cell::RefCell;
use std::io;

use jit_core::{
    Attempt, Case, Cause, ClockId, End, Ended, Facts, Fence, Holder, Known, Mode, Now, Pattern, Query,
    Reference, Scope, Seq, Token, Ttl, View, WallTime, WorktreeId,
};
use uuid::Uuid;

use super::*;
use crate::log::{Batch, batch};
use crate::replay::Replay;

/// A log in memory.
#[derive(Default)]
struct Log(RefCell<Vec<u8>>);

impl DiskFile for Log {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.borrow().len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let bytes = self.0.borrow();
        let rest = &bytes[(offset as usize).min(bytes.len())..];
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], _: u64) -> io::Result<()> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn try_lock(&self) -> io::Result<bool> {
        Ok(true)
    }

    fn unlock(&self) -> io::Result<()> {
        Ok(())
    }
}

const NAMES: u64 = 12;
const HOLDERS: u64 = 6;
const WORKTREES: u64 = 2;

fn name(n: u64) -> Reference {
    format!("name:n{n}").parse().unwrap()
}

fn holder(n: u64) -> Holder {
    Holder { agent: format!("agent:a{n}").parse().unwrap(), worktree: worktree(n % WORKTREES) }
}

fn worktree(n: u64) -> WorktreeId {
    WorktreeId::new(Uuid::from_u128(u128::from(n)))
}

/// Paths that lie in, above and beside each other; the first of them are often wanted.
const PATHS: [&str; 8] = ["a/b", "a/b/c", "a/*.rs", "d", "d/e/f/g.rs", "a/b/**/c.rs", "**/g.rs", "."];

fn scope(patterns: &[&str], mode: Mode) -> Scope {
    let patterns: Vec<Pattern> = patterns.iter().map(|pattern| pattern.parse().unwrap()).collect();
    Scope::new(patterns, mode, Case::Sensitive).unwrap()
}

fn id(n: u64) -> LeaseId {
    LeaseId::new(Uuid::from_u128(u128::from(n) + 1))
}

fn now(ns: u64) -> Now {
    let boot = ClockId::new(Uuid::from_u128(9));
    Now { stamp: Stamp { boot, ns }, wall: WallTime::new(chrono::DateTime::UNIX_EPOCH) }
}

/// All that a view says, in order.
struct All(u64);

impl Query for All {
    type Answer = Vec<String>;

    fn ask<V: View>(&self, view: &V, _: &Now) -> Result<Vec<String>, V::Error> {
        let mut said = vec![format!("{:?}", view.live()?)];
        for n in 0..NAMES {
            let lost = view.lost(&name(n))?.map(|ended| ended.lease.id);
            said.push(format!("{n} {:?} {lost:?} {:?}", view.covering(&name(n))?, view.facts(&name(n))?));
        }
        for n in 0..HOLDERS {
            said.push(format!("{n} {:?}", view.held_by(&holder(n))?));
        }
        for path in PATHS {
            let path = scope(&[path], Mode::Shared);
            let lost: Vec<LeaseId> = view.lost_over(&path)?.iter().map(|ended| ended.lease.id).collect();
            said.push(format!("{path:?} {:?} {lost:?}", view.overlapping(&path)?));
        }
        for n in 0..WORKTREES {
            let held = view.held_in(&worktree(n))?;
            let lost = view.lost_in(&worktree(n))?;
            let lost: Vec<LeaseId> = lost.iter().map(|ended| ended.lease.id).collect();
            said.push(format!("{n} {held:?} {lost:?}"));
        }
        for n in self.0.saturating_sub(10)..self.0 {
            let known = match view.lease(&id(n))? {
                // Of what happened to it since the view is asked by other keys.
                Some(Known::Ended(Ended { lease, end, ended_at, seq, .. })) => {
                    let (unclaimed, superseded_by, abandoned) = (Vec::new(), None, false);
                    Some(Known::Ended(Ended {
                        lease,
                        end,
                        ended_at,
                        seq,
                        unclaimed,
                        superseded_by,
                        abandoned,
                    }))
                }
                known => known,
            };
            said.push(format!("{n} {known:?} {:?}", view.successor(&id(n))?));
        }
        Ok(said)
    }
}

struct World {
    log: Log,
    replay: Replay,
    end: Position,
    index: Index<cells::InMemory>,
    leases: u64,
}

impl World {
    fn begin() -> Self {
        let plane = jit_core::ControlPlaneId::new(Uuid::from_u128(3));
        let checkpoint = jit_core::Checkpoint { control_plane: plane, segment: 1, carried: 0, missing: None };
        let mut replay = Replay::default();
        let log = Log::default();
        let operations = vec![Operation::Checkpoint(checkpoint)];
        let Batch { bytes, records, end } =
            batch(operations, &holder(0), &now(1), Seq(0), Position::default()).unwrap();
        log.write_at(&bytes, 0).unwrap();
        records.iter().for_each(|(extent, record)| replay.follow(*extent, record).unwrap());
        let index = Self::built(&replay, end, 1);
        Self { log, replay, end, index, leases: 0 }
    }

    fn built(replay: &Replay, end: Position, ns: u64) -> Index<cells::InMemory> {
        let image = build(replay, end, &now(ns).stamp).unwrap();
        let cells = cells::InMemory::new(image.len());
        cells.write(&image, 0).unwrap();
        Index::open(cells).unwrap().unwrap()
    }

    fn step(&mut self, operation: Operation, ns: u64) {
        let made = batch(vec![operation], &holder(0), &now(ns), Seq(0), self.end).unwrap();
        self.log.write_at(&made.bytes, 0).unwrap();
        made.records.iter().for_each(|(extent, record)| self.replay.follow(*extent, record).unwrap());
        self.end = made.end;
        if !self.index.follow(&made.records, made.end, &self.log).unwrap() {
            self.index = Self::built(&self.replay, self.end, ns);
        }
        assert!(
            self.index.header().table_used <= self.index.header().table_capacity / 2,
            "more than half full"
        );
        let all = All(self.leases);
        let by_log = all.ask(&self.replay.state, &now(ns)).unwrap_or_else(|never| match never {});
        let anew = Self::built(&self.replay, self.end, ns);
        for (index, which) in [(&self.index, "followed"), (&anew, "built")] {
            let by_index = all.ask(&IndexView::new(index, &self.log), &now(ns)).unwrap();
            let differing = by_index.iter().zip(&by_log).find(|(index, log)| index != log);
            assert_eq!(differing, None, "{which}, after {:?}", made.records);
        }
    }

    /// Some paths that no lease but this one has in another way, from a place in the list on.
    fn free_paths(&self, but: Option<LeaseId>, most: usize, from: usize) -> Scope {
        let live = self.replay.state.live().unwrap_or_else(|never| match never {});
        let others = || live.iter().filter(|lease| Some(lease.id) != but);
        let free = |path: &&&str| {
            let path = scope(&[path], Mode::Exclusive);
            others().all(|lease| lease.scope.overlaps(&path).is_empty())
        };
        let free: Vec<&str> =
            PATHS.iter().cycle().skip(from).take(8).filter(free).take(most).copied().collect();
        scope(&free, Mode::Exclusive)
    }

    /// What a lease takes over, and what it did before.
    fn superseded(&self, lease: &Lease) -> Vec<LeaseId> {
        let state = &self.replay.state;
        let lost =
            lease.issues.iter().filter_map(|issue| state.lost(issue).unwrap_or_else(|never| match never {}));
        let over = state.lost_over(&lease.scope).unwrap_or_else(|never| match never {});
        let mut all: Vec<LeaseId> = lost.chain(over).map(|ended| ended.lease.id).collect();
        all.extend(&lease.supersedes);
        all.sort();
        all.dedup();
        all
    }

    fn lease(&mut self, holder: Holder, issues: Vec<Reference>, ns: u64) -> Lease {
        let now = now(ns);
        self.leases += 1;
        Lease {
            id: id(self.leases - 1),
            fence: Fence(self.end.seq.next()),
            issues,
            scope: Scope::none(),
            task: None,
            holder,
            branch: None,
            ttl: Ttl::from_secs(60).unwrap(),
            own_ttl: None,
            acquired_at: now.wall,
            renewed: now.stamp,
            sighted: Vec::new(),
            lived_ns: 0,
            token: Token::new([1; 16]).hash(),
            supersedes: Vec::new(),
        }
    }
}

/// Somebody who had no lease before takes a place in the table.
#[test]
fn transfers_leave_half_of_the_table_empty() {
    let mut world = World::begin();
    let mut leases = Vec::new();
    let left = |world: &World| {
        let header = world.index.header();
        header.table_capacity / 2 - header.table_used
    };
    for ns in 2.. {
        let lease = world.lease(holder(0), vec![name(ns)], ns);
        world.step(Operation::Acquire(lease.clone()), ns);
        leases.push(lease);
        if leases.len() > 10 && left(&world) < 3 {
            break;
        }
    }
    // Their keys collide too, but not all of them.
    for (n, lease) in (1..).zip(leases.into_iter().skip(1)) {
        world.step(Operation::Transfer(Lease { holder: holder(n), ..lease }), 1_000 + n);
    }
}

#[test]
fn an_index_whose_keys_collide_says_what_the_log_says() {
    let mut world = World::begin();
    let (mut random, mut lost_at_times): (u64, usize) = (11, 0);
    let mut below = |n: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % n
    };
    for ns in 2..400 {
        let live = world.replay.state.live().unwrap_or_else(|never| match never {});
        let free = |n: &u64| !live.iter().any(|lease| lease.issues.contains(&name(*n)));
        let mut wanted: Vec<u64> = (0..3).map(|_| below(NAMES)).filter(free).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let lease = (!live.is_empty()).then(|| live[below(live.len() as u64) as usize].clone());
        let operation = match (below(12), lease) {
            (10..=11, _) => {
                let known = |n| Facts { failures: n as u32 % 3, ..Facts::none(name(n)) };
                let first = below(NAMES);
                Operation::Facts(Cause::Failed, vec![known(first), known((first + below(2)) % NAMES)])
            }
            (0..=2, _) | (_, None) if !wanted.is_empty() => {
                let mut issues: Vec<Reference> = wanted.into_iter().map(name).collect();
                issues.sort();
                let mut lease = world.lease(holder(below(HOLDERS)), issues, ns);
                lease.scope = world.free_paths(None, below(4) as usize, below(8) as usize);
                if below(4) == 0 && !lease.scope.is_none() {
                    lease.issues.clear();
                }
                lease.supersedes = world.superseded(&lease);
                Operation::Acquire(lease)
            }
            (7, Some(mut lease)) => {
                let more = world.free_paths(Some(lease.id), 1 + below(3) as usize, below(8) as usize);
                let more = if lease.scope.is_none() { more } else { lease.scope.with(&more).unwrap() };
                lease.scope = more;
                lease.supersedes = world.superseded(&lease);
                lease.fence = Fence(world.end.seq.next());
                Operation::Extend(lease)
            }
            (_, Some(_)) if below(12) == 0 => Operation::Abandon,
            (3, Some(lease)) => Operation::AutoEvict(lease),
            (4, Some(lease)) => Operation::ForceEvict { lease, reason: "stuck".parse().unwrap() },
            (5, Some(lease)) => Operation::Transfer(Lease { holder: holder(below(HOLDERS)), ..lease }),
            (6, Some(mut lease)) => {
                let released = lease.issues.split_off(lease.issues.len() / 2);
                Operation::Release { lease, released, attempt: Attempt::Undone }
            }
            (_, Some(lease)) => Operation::Renew(vec![lease]),
            (_, None) => continue,
        };
        world.step(operation, ns);
        let lost = world.replay.state.lost_over(&scope(&["."], Mode::Shared));
        lost_at_times += usize::from(!lost.unwrap_or_else(|never| match never {}).is_empty());
    }
    assert!(world.leases > 30);
    let ended = world.replay.state.ended();
    let lapsed = ended.iter().filter(|ended| matches!(ended.end, End::Lapsed)).count();
    assert!(lapsed > 5);
    let superseded = |ended: &&&Ended| !ended.lease.scope.is_none() && ended.superseded_by.is_some();
    assert!(ended.iter().filter(superseded).count() > 5);
    assert!(lost_at_times > 5);
}
