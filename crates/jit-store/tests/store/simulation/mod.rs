//! Seeded runs of many agents on one machine: processes that are killed, losses of power, failing
//! disks, compactions in the middle, clocks that stop, jump and go back.
//!
//! One seed, one course of events: `JIT_SIM_SEED=n` replays it, `JIT_SIM_OPS=n` makes it longer.

mod model;

use std::rc::Rc;

use jit_core::{Operation, Reference, Refusal};
use jit_store::{Options, Pending};

use crate::support::ask::{Ask, Begun, Outcome, acquire_for, ask, begin, of, outcome};
use crate::support::disk::{MemDisk, SimClock};
use crate::support::dump::{Dump, PATHS};
use crate::support::machine::{Fault, Machine};
use crate::support::random::{Random, chance};
use crate::support::{SEC, SimStore, check, holder, lease_id, options, process, reader, things};
use model::Model;

const ACTORS: [&str; 10] = ["a", "a/s", "a/t", "b", "b@2", "c", "d", "e", "f", "g"];
const NAMES: u64 = 8;

/// Every other one is an issue, and so has failures.
fn named(n: u64) -> String {
    if n.is_multiple_of(2) { format!("#{n}") } else { format!("n{n}") }
}

/// An agent's process, and what it waits for.
struct Agent {
    actor: &'static str,
    store: SimStore,
    pending: Option<Waiting>,
}

struct Waiting {
    pending: Pending<MemDisk, Vec<Operation>>,
    /// On which clock it was decided, and when.
    era: u64,
    at: u64,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    asked: u64,
    granted: u64,
    refused: u64,
    unknown: u64,
    troubled: u64,
    killed: u64,
    power_losses: u64,
    clock_jumps: u64,
    read: u64,
}

struct Simulation {
    machine: Rc<Machine>,
    random: Random,
    agents: Vec<Agent>,
    model: Model,
    tally: Tally,
    /// Counts the clocks: a reboot, or a step back.
    era: u64,
    next: u64,
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let machine = Machine::new();
        let agents = ACTORS.map(|actor| Agent { actor, store: process(&machine), pending: None });
        let random = Random::new(seed);
        let mut simulation = Self {
            machine,
            random,
            agents: agents.into(),
            model: Model::default(),
            tally: Tally::default(),
            era: 0,
            next: 0,
        };
        (0..ACTORS.len()).for_each(|i| simulation.restart(i));
        simulation
    }

    fn now(&self) -> u64 {
        self.machine.monotonic_ns.get()
    }

    /// A new process of an agent. Its wall clock is its own.
    fn restart(&mut self, i: usize) {
        let options = Options { compact_at: 20_000, ..options() };
        let wall_off_ms = self.random.below(1_000_000_000) as i64;
        let clock = SimClock { machine: self.machine.clone(), wall_off_ms };
        self.agents[i].pending = None;
        self.agents[i].store = SimStore::new(MemDisk::start(&self.machine), clock, options);
    }

    /// Something happens.
    fn step(&mut self) {
        match self.random.below(1000) {
            0..=599 => self.begin(),
            600..=869 => self.confirm(),
            870..=909 => self.read(),
            910..=969 => {
                let ns = self.random.below(3 * SEC);
                self.machine.pass_ns(ns);
            }
            970..=985 => self.befall(),
            986..=992 => {
                let i = self.random.below(ACTORS.len() as u64) as usize;
                self.restart(i);
            }
            993..=995 => self.jump(),
            996 => self.lose_power(),
            997 => self.compact(),
            _ => {
                let days = self.random.below(2000) as i64 - 1000;
                self.machine.wall_ms.set(1_700_000_000_000 + days * 86_400_000);
            }
        }
    }

    fn name(&mut self) -> String {
        // Some names are wanted by everybody.
        let n = self.random.below(NAMES);
        named(if self.random.one_in(2) { n % 3 } else { n })
    }

    fn names(&mut self) -> String {
        (0..1 + self.random.below(3)).fold(String::new(), |names, _| {
            let name = self.name();
            if names.contains(&name) { names } else { names + " " + &name }
        })
    }

    /// Who asks for something about a name: most often the one who has it.
    fn asker(&mut self, name: &str) -> usize {
        let holder = things(name).first().and_then(|name| self.model.last_on(name));
        let known = holder.and_then(|holder| ACTORS.iter().position(|actor| *actor == holder));
        let anybody = self.random.below(ACTORS.len() as u64) as usize;
        known.filter(|_| !self.random.one_in(4)).unwrap_or(anybody)
    }

    fn request(&mut self) -> (usize, Ask) {
        let to = *self.random.pick(&ACTORS);
        let (name, names) = (self.name(), self.names());
        let (has, anybody) = (self.asker(&name), self.random.below(ACTORS.len() as u64) as usize);
        let path = *self.random.pick(&PATHS);
        match self.random.below(22) {
            0..=6 => {
                self.next += 1;
                let names = if self.random.one_in(4) { format!("{names} {path}") } else { names };
                (anybody, acquire_for(self.next, &names, 1 + self.random.below(40)))
            }
            20 => (has, Ask::Extend { target: of(&name), names: path.into() }),
            21 => (anybody, Ask::Abandon),
            7..=8 => (has, Ask::Renew { target: of(&name) }),
            9..=10 => (has, Ask::Heartbeat),
            11..=14 => (has, Ask::Release { target: of(&name) }),
            15 => (self.asker(&names), Ask::Release { target: of(&names) }),
            16 => (has, Ask::Transfer { target: of(&name), to: holder(to), secret: 63 }),
            17 if self.random.one_in(4) => (anybody, Ask::ForceEvict { target: of(&name) }),
            17 => (anybody, Ask::Sweep),
            _ => (has, Ask::Resume { names: name, secret: self.random.below(self.next.min(64) + 1) }),
        }
    }

    /// An agent asks; it will wait for the disk later.
    fn begin(&mut self) {
        let (i, request) = self.request();
        if self.agents[i].pending.is_some() {
            return self.confirm_of(i);
        }
        let (actor, now) = (self.agents[i].actor, self.now());
        self.tally.asked += 1;
        self.model.writer_at(now);
        if let Ask::Acquire { n, secs, .. } = &request {
            self.model.asked_for(lease_id(*n), actor, secs * SEC, now);
        }
        let store = &self.agents[i].store;
        let begun = begin(store, actor, &request);
        let dead = self.machine.is_dead(store.disk().pid);
        let uncertain = match begun {
            Begun::Waiting(pending) if !dead => {
                self.model.answered_at(now);
                for operation in pending.answer() {
                    if let Operation::Transfer(lease) = operation {
                        let to = ACTORS.iter().find(|to| holder(to) == lease.holder).unwrap();
                        self.model.may_get(&lease.id, to);
                    }
                    self.model.decided(actor, operation, now);
                }
                self.model.may_have_renewed(actor, now);
                self.agents[i].pending = Some(Waiting { pending, era: self.era, at: now });
                false
            }
            Begun::Done(Outcome::Refused(refusal)) if !dead => {
                self.tally.refused += 1;
                self.model.answered_at(now);
                if let Refusal::Held(wanted) = refusal {
                    self.model.stood_in_the_way(wanted.into_iter().map(|wanted| wanted.blocker), now);
                }
                false
            }
            Begun::Done(Outcome::Granted(_)) => panic!("granted before it was durable"),
            _ => true,
        };
        if uncertain {
            self.tally.troubled += u64::from(!dead);
            self.uncertain(actor, &request, now);
        }
        self.bury(i);
    }

    /// Nobody knows what came of it.
    fn uncertain(&mut self, actor: &'static str, request: &Ask, now: u64) {
        self.model.may_have_renewed(actor, now);
        match request {
            Ask::Release { target } | Ask::ForceEvict { target } | Ask::Transfer { target, .. } => {
                if let jit_core::Target::Issues(names) = target {
                    self.model.may_have_ended(names);
                }
                if let Ask::Transfer { to, .. } = request {
                    let to = ACTORS.iter().find(|actor| holder(actor) == *to).unwrap();
                    self.model.anyone_may_have(to);
                }
            }
            _ => {}
        }
    }

    /// One who was killed is replaced.
    fn bury(&mut self, i: usize) {
        if self.machine.is_dead(self.agents[i].store.disk().pid) {
            self.tally.killed += 1;
            self.restart(i);
        }
    }

    fn confirm(&mut self) {
        let i = self.random.below(ACTORS.len() as u64) as usize;
        self.confirm_of(i);
    }

    fn confirm_of(&mut self, i: usize) {
        let Some(Waiting { pending, era, at }) = self.agents[i].pending.take() else { return };
        let store = &self.agents[i].store;
        let lossy = store.disk().process(|process| process.fault_at_flush.is_some());
        let answer = outcome(store.confirm(pending, &holder(self.agents[i].actor)));
        if self.machine.is_dead(store.disk().pid) {
            self.model.lost_records();
        } else {
            match answer {
                Outcome::Granted(operations) => {
                    self.tally.granted += 1;
                    let began = (era == self.era).then_some(at);
                    operations.into_iter().for_each(|operation| self.model.promise(operation, began));
                }
                Outcome::Unknown(_) => {
                    self.tally.unknown += 1;
                    self.model.lost_records();
                }
                other => panic!("{other:?}"),
            }
        }
        if lossy {
            self.model.lost_records();
        }
        self.bury(i);
    }

    /// Somebody reads: what was promised and can't be over is there.
    fn read(&mut self) {
        self.tally.read += 1;
        let names: Vec<Reference> = (0..NAMES).flat_map(|n| things(&named(n))).collect();
        let dump = Dump { names: names.clone(), holders: vec![holder("a")], leases: Vec::new() };
        let seen = reader(&self.machine).read(&dump).expect("readers read");
        for name in names {
            if let Some(lease) = self.model.must_cover(&name, self.now()) {
                assert_eq!(seen.covering.get(&name), Some(&lease), "{name} was promised");
            }
        }
    }

    /// Something will befall an agent soon.
    fn befall(&mut self) {
        let agent = &self.agents[self.random.below(ACTORS.len() as u64) as usize];
        let (soon, at_once, torn) =
            (self.random.below(120), self.random.one_in(2), self.random.below(900) as usize);
        let fault = match self.random.below(8) {
            0..=1 => Fault::Die,
            2 => Fault::DieTorn(torn),
            3 => Fault::FailTorn(torn, std::io::ErrorKind::StorageFull),
            4 => Fault::Fail(std::io::ErrorKind::Other),
            5..=6 => Fault::LoseSync { at_once },
            _ => Fault::LoseSyncAndDie { at_once },
        };
        agent.store.disk().process(|process| match fault {
            Fault::LoseSync { .. } | Fault::LoseSyncAndDie { .. } => process.fault_at_flush = Some(fault),
            _ => process.fault = Some((process.ops + soon, fault)),
        });
    }

    /// The monotonic clock jumps, as that of a virtual machine may.
    fn jump(&mut self) {
        self.tally.clock_jumps += 1;
        let by = self.random.below(60 * SEC);
        if self.random.one_in(2) {
            self.machine.pass_ns(by);
        } else {
            self.machine.monotonic_ns.set(self.now().saturating_sub(by).max(SEC));
            self.era += 1;
            self.model.clock_changed(false, self.now());
        }
    }

    fn lose_power(&mut self) {
        self.tally.power_losses += 1;
        let seed = self.random.next();
        self.machine.lose_power(|what| chance(seed, what) % 3 > 0);
        self.machine.garble_words(seed);
        // The new boot's clock may well read what the old one's did.
        self.machine.monotonic_ns.set(SEC + self.random.below(2000 * SEC));
        self.era += 1;
        self.model.clock_changed(true, self.now());
        (0..ACTORS.len()).for_each(|i| self.restart(i));
    }

    fn compact(&mut self) {
        let i = self.random.below(ACTORS.len() as u64) as usize;
        let (actor, now) = (self.agents[i].actor, self.now());
        self.model.writer_at(now);
        match begin(&self.agents[i].store, actor, &Ask::Compact) {
            Begun::Done(Outcome::Granted(_) | Outcome::Trouble(_)) => {}
            _ => panic!("compacting is neither refused nor waited for"),
        }
        self.bury(i);
    }

    /// At the end the power goes once more: what was promised is in the log, which breaks no
    /// invariant, and a writer goes on.
    fn end(mut self) -> Tally {
        self.lose_power();
        let probe = ask(&process(&self.machine), "a", &acquire_for(0, "probe", 1)).granted();
        let records = check::history(&reader(&self.machine)).expect("readers read");
        check::follow(&records);
        check::has_all(&records, &self.model.promised);
        check::has_all(&records, &probe);
        check::agreed(&self.machine, &records);
        self.tally
    }
}

/// Runs seed after seed until so many requests were made.
fn run(first: u64, asked: u64) -> Tally {
    const EPISODE: u64 = 2_000;
    let mut sum = Tally::default();
    for seed in first.. {
        if sum.asked >= asked {
            break;
        }
        let on_panic = Announce(seed);
        let mut simulation = Simulation::new(seed);
        while simulation.tally.asked < EPISODE.min(asked - sum.asked) {
            simulation.step();
        }
        let tally = simulation.end();
        std::mem::forget(on_panic);
        sum = sum.plus(&tally);
    }
    sum
}

/// Says the seed of the run that failed.
struct Announce(u64);

impl Drop for Announce {
    fn drop(&mut self) {
        eprintln!("the simulation failed; replay it with JIT_SIM_SEED={}", self.0);
    }
}

impl Tally {
    fn plus(&self, other: &Self) -> Self {
        Self {
            asked: self.asked + other.asked,
            granted: self.granted + other.granted,
            refused: self.refused + other.refused,
            unknown: self.unknown + other.unknown,
            troubled: self.troubled + other.troubled,
            killed: self.killed + other.killed,
            power_losses: self.power_losses + other.power_losses,
            clock_jumps: self.clock_jumps + other.clock_jumps,
            read: self.read + other.read,
        }
    }
}

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// A fixed set of seeds; `JIT_SIM_SEED` and `JIT_SIM_OPS` ask for others. In a release build it is
/// a million requests: `cargo test --release -p jit-store --test store simulation -- --nocapture`.
#[test]
fn nothing_promised_is_lost_or_given_twice() {
    let seed = from_env("JIT_SIM_SEED").unwrap_or(1);
    let asked = from_env("JIT_SIM_OPS").unwrap_or(if cfg!(debug_assertions) { 200_000 } else { 1_000_000 });
    println!("simulating from JIT_SIM_SEED={seed} on, JIT_SIM_OPS={asked}");
    let tally = run(seed, asked);
    println!("{tally:?}");
    // It all happened, or nothing was shown.
    assert!(asked < 50_000 || tally.granted > asked / 4 && tally.refused > asked / 8, "{tally:?}");
    let happened =
        [tally.unknown, tally.troubled, tally.killed, tally.power_losses, tally.clock_jumps, tally.read];
    assert!(asked < 50_000 || happened.iter().all(|times| *times > 30), "{tally:?}");
}

/// A seed is a course of events.
#[test]
fn the_same_seed_gives_the_same_run() {
    assert_eq!(run(42, 3_000), run(42, 3_000));
}
