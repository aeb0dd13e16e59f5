//! Keys that collide harm nobody: in these tests every second key shares its hash with others.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::cell::RefCell;
use std::io;

use jit_core::{
    Attempt, Cause, ClockId, End, Ended, Facts, Fence, Known, Now, Query, Seq, Token, Ttl, View, WallTime,
    WorktreeId,
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

fn name(n: u64) -> Reference {
    format!("name:n{n}").parse().unwrap()
}

fn holder(n: u64) -> Holder {
    let worktree = WorktreeId::new(Uuid::from_u128(7));
    Holder { agent: format!("agent:a{n}").parse().unwrap(), worktree }
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
        for n in self.0.saturating_sub(10)..self.0 {
            let known = match view.lease(&id(n))? {
                // Of what is unclaimed `lost` is asked.
                Some(Known::Ended(ended)) => Some(Known::Ended(Ended { unclaimed: Vec::new(), ..ended })),
                known => known,
            };
            said.push(format!("{n} {known:?}"));
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

    fn lease(&mut self, holder: Holder, issues: Vec<Reference>, ns: u64) -> Lease {
        let now = now(ns);
        self.leases += 1;
        Lease {
            id: id(self.leases - 1),
            fence: Fence(self.end.seq.next()),
            issues,
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
    let mut random: u64 = 11;
    let mut below = |n: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % n
    };
    for ns in 2..150 {
        let live = world.replay.state.live().unwrap_or_else(|never| match never {});
        let free = |n: &u64| !live.iter().any(|lease| lease.issues.contains(&name(*n)));
        let mut wanted: Vec<u64> = (0..3).map(|_| below(NAMES)).filter(free).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let lease = (!live.is_empty()).then(|| live[below(live.len() as u64) as usize].clone());
        let operation = match (below(10), lease) {
            (8..=9, _) => {
                let known = |n| Facts { failures: n as u32 % 3, ..Facts::none(name(n)) };
                let first = below(NAMES);
                Operation::Facts(Cause::Failed, vec![known(first), known((first + below(2)) % NAMES)])
            }
            (0..=2, _) | (_, None) if !wanted.is_empty() => {
                let mut issues: Vec<Reference> = wanted.into_iter().map(name).collect();
                issues.sort();
                Operation::Acquire(world.lease(holder(below(HOLDERS)), issues, ns))
            }
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
    }
    assert!(world.leases > 30);
    let ended = world.replay.state.ended();
    let ended = ended.iter().filter(|ended| matches!(ended.end, End::Lapsed)).count();
    assert!(ended > 5);
}
