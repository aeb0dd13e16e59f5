//! A model of a few lines against the state and the decision: the same grants, the same refusals,
//! the same holders until the same instant, through random requests, passing time and reboots
//! (invariants 3.1, 3.3, 3.6, 3.7). What else holds after every record, [`common::World`] checks.
//!
//! Every run ends with the other two ways to the same state: its records read back from their
//! JSON, and a checkpoint (3.4, 3.7).

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{SEC, World, clock, holder, lease_id, secret, thing, ttl};
use jit_core::decide::{Acquire, Renew, Sweep, Terms};
use jit_core::{
    Checkpoint, Claim, ControlPlaneId, Holder, Known, LeaseId, Operation, Record, Reference, References,
    Refusal, Seq, State, Target, View,
};
use proptest::prelude::*;
use uuid::Uuid;

const ACTORS: [&str; 5] = ["a", "a/s", "a/t", "b", "b@2"];
const NAMES: [&str; 5] = ["u", "v", "w", "x", "y"];

/// What the model knows of a reference that somebody holds.
#[derive(Clone, Debug)]
struct Hold {
    holder: Holder,
    lease: LeaseId,
    token: u64,
    ttl: u64,
    /// On the clock at hand; `None` until a writer has seen it there.
    until: Option<u64>,
}

/// The model: who holds what until when, and whose it was when it was lost.
#[derive(Default)]
struct Model {
    held: BTreeMap<Reference, Hold>,
    lost: BTreeMap<Reference, LeaseId>,
}

impl Model {
    /// What any writer brings about.
    fn write(&mut self, now: u64) {
        for (reference, hold) in std::mem::take(&mut self.held) {
            match hold.until {
                Some(until) if until <= now => drop(self.lost.insert(reference, hold.lease)),
                _ => {
                    let until = hold.until.or(Some(now + hold.ttl * SEC));
                    self.held.insert(reference, Hold { until, ..hold });
                }
            }
        }
    }

    /// The leases of these references, if every one of them is held by somebody who fits.
    fn leases(&self, names: &[Reference], fits: impl Fn(&Hold) -> bool) -> Option<BTreeSet<LeaseId>> {
        names
            .iter()
            .map(|name| self.held.get(name).filter(|hold| fits(hold)).map(|hold| hold.lease))
            .collect()
    }

    /// The one lease of these references, likewise.
    fn one(&self, names: &[Reference], fits: impl Fn(&Hold) -> bool) -> Option<LeaseId> {
        self.leases(names, fits).filter(|leases| leases.len() == 1)?.pop_first()
    }

    fn of(&self, lease: LeaseId) -> Vec<Reference> {
        self.held.iter().filter(|(_, hold)| hold.lease == lease).map(|(name, _)| name.clone()).collect()
    }

    fn change(&mut self, leases: impl IntoIterator<Item = LeaseId>, change: impl Fn(&mut Hold)) {
        for lease in leases {
            self.held.values_mut().filter(|hold| hold.lease == lease).for_each(&change);
        }
    }
}

/// One step of a run: a request of an actor for some names, or something that befalls everybody.
#[derive(Clone, Debug)]
enum Step {
    Acquire { secs: u64 },
    Renew { secs: Option<u64> },
    RenewById { of: u64 },
    Heartbeat,
    Release,
    Resume { right: bool },
    Transfer { to: usize },
    ForceEvict,
    Sweep,
    Pass { secs: u64 },
    Reboot { secs: u64 },
}

fn steps() -> impl Strategy<Value = Vec<(usize, Vec<Reference>, Step)>> {
    let step = prop_oneof![
        6 => (1u64..40).prop_map(|secs| Step::Acquire { secs }),
        2 => prop::option::of(1u64..40).prop_map(|secs| Step::Renew { secs }),
        1 => (0u64..12).prop_map(|of| Step::RenewById { of }),
        1 => Just(Step::Heartbeat),
        2 => Just(Step::Release),
        2 => any::<bool>().prop_map(|right| Step::Resume { right }),
        2 => (0..ACTORS.len()).prop_map(|to| Step::Transfer { to }),
        1 => Just(Step::ForceEvict),
        1 => Just(Step::Sweep),
        5 => (0u64..20).prop_map(|secs| Step::Pass { secs }),
        1 => (0u64..2000).prop_map(|secs| Step::Reboot { secs }),
    ];
    let names = prop::sample::subsequence(&NAMES[..], 1..=3).prop_map(|names| {
        let names: Vec<_> = names.into_iter().map(thing).collect();
        names
    });
    prop::collection::vec((0..ACTORS.len(), names, step), 1..60)
}

/// Takes one step in the world and in the model; both must say the same.
fn take(world: &mut World, model: &mut Model, actor: &str, names: &[Reference], step: &Step) {
    let now = world.now.stamp.ns;
    let asked = || References::try_from(names.to_vec()).unwrap();
    let target = Target::Issues(asked());
    match step {
        Step::Pass { secs } => return world.pass(*secs),
        Step::Reboot { secs } => {
            let boot = (2..).find(|n| clock(*n - 1) == world.now.stamp.boot).unwrap();
            world.on_clock(boot, *secs);
            model.held.values_mut().for_each(|hold| hold.until = None);
            return;
        }
        _ => model.write(now),
    }
    let mine = |hold: &Hold| hold.holder.acts_for(&holder(actor));
    let (granted, expected) = match step {
        Step::Acquire { secs } => {
            let request = Acquire {
                claim: Claim::from(asked()),
                terms: Terms { ttl: Some(ttl(*secs)), ..Terms::default() },
                ..world.acquisition("x")
            };
            let token = (0..).find(|n| secret(*n).hash() == request.token).unwrap();
            let answer = world.ask(actor, &request);
            let held: Vec<_> = names.iter().filter(|name| model.held.contains_key(name)).cloned().collect();
            match &answer {
                Ok(lease) => {
                    let lost: BTreeSet<_> = names.iter().filter_map(|name| model.lost.remove(name)).collect();
                    assert_eq!(lease.supersedes, lost.into_iter().collect::<Vec<_>>());
                    for name in names {
                        let (holder, until) = (holder(actor), Some(now + secs * SEC));
                        let hold = Hold { holder, lease: request.id, token, ttl: *secs, until };
                        model.held.insert(name.clone(), hold);
                    }
                }
                Err(Refusal::Held(wanted)) => {
                    assert_eq!(
                        wanted.iter().map(|w| w.item.reference().unwrap().clone()).collect::<Vec<_>>(),
                        held
                    );
                    for w in wanted {
                        assert_eq!(w.blocker.holder, model.held[w.item.reference().unwrap()].holder);
                    }
                }
                Err(other) => panic!("{other:?}"),
            }
            (answer.is_ok(), held.is_empty())
        }
        Step::Renew { secs } => {
            let answer = world.ask(actor, &Renew { target, ttl: secs.map(ttl) });
            let leases = model.leases(names, mine);
            model.change(leases.clone().into_iter().flatten(), |hold| {
                hold.ttl = secs.unwrap_or(hold.ttl);
                hold.until = Some(now + hold.ttl * SEC);
            });
            (answer.is_ok(), leases.is_some())
        }
        Step::RenewById { of } => {
            let id = lease_id(*of);
            let answer = world.renew(actor, Target::Lease(id));
            let holds = model.held.values().any(|hold| hold.lease == id && mine(hold));
            model.change(holds.then_some(id), |hold| hold.until = Some(now + hold.ttl * SEC));
            (answer.is_ok(), holds)
        }
        Step::Heartbeat => {
            let answer = world.heartbeat(actor);
            let leases: BTreeSet<_> =
                model.held.values().filter(|hold| mine(hold)).map(|hold| hold.lease).collect();
            model.change(leases.clone(), |hold| hold.until = Some(now + hold.ttl * SEC));
            (answer.is_ok(), !leases.is_empty())
        }
        Step::Release => {
            let answer = world.release(actor, target);
            let leases = model.leases(names, mine);
            model.held.retain(|name, _| leases.is_none() || !names.contains(name));
            (answer.is_ok(), leases.is_some())
        }
        Step::Resume { right } => {
            let known = model.held.get(&names[0]).map_or(0, |hold| hold.token);
            let answer = world.ask(
                actor,
                &jit_core::decide::Resume {
                    issues: asked(),
                    token: secret(if *right { known } else { 1000 }).hash(),
                },
            );
            let lease = model.one(names, mine).filter(|_| *right);
            model.change(lease, |hold| hold.until = Some(now + hold.ttl * SEC));
            (answer.is_ok(), lease.is_some())
        }
        Step::Transfer { to } => {
            let answer = world.transfer(actor, target, ACTORS[*to]);
            let lease = model.one(names, mine).filter(|lease| model.of(*lease) == names);
            model.change(lease, |hold| {
                hold.holder = holder(ACTORS[*to]);
                hold.token = 99;
                hold.until = Some(now + hold.ttl * SEC);
            });
            (answer.is_ok(), lease.is_some())
        }
        Step::ForceEvict => {
            let answer = world.force_evict(actor, target);
            let lease = model.one(names, |_| true);
            for name in lease.map(|lease| model.of(lease)).unwrap_or_default() {
                model.lost.extend(model.held.remove(&name).map(|hold| (name, hold.lease)));
            }
            (answer.is_ok(), lease.is_some())
        }
        Step::Sweep => (world.ask(actor, &Sweep).is_ok(), true),
        Step::Pass { .. } | Step::Reboot { .. } => unreachable!(),
    };
    assert_eq!(granted, expected, "{actor} {names:?} {step:?}");
}

/// Who holds what until when, lapsed leases left out.
fn shown(world: &World) -> BTreeMap<Reference, (Holder, LeaseId, Option<u64>)> {
    let now = world.now.stamp;
    let standing = world.leases().into_iter().filter(|lease| !lease.lapsed(&now));
    standing
        .flat_map(|lease| {
            let deadline = lease.deadline_ns(&now);
            let each = lease.issues.clone().into_iter();
            each.map(move |reference| (reference, (lease.holder.clone(), lease.id, deadline)))
        })
        .collect()
}

fn run(steps: &[(usize, Vec<Reference>, Step)]) -> World {
    let (mut world, mut model) = (World::new(), Model::default());
    for (actor, names, step) in steps {
        take(&mut world, &mut model, ACTORS[*actor], names, step);
        let now = world.now.stamp.ns;
        let expected = model.held.iter().filter(|(_, hold)| hold.until.is_none_or(|until| until > now));
        let expected: BTreeMap<_, _> = expected
            .map(|(name, hold)| (name.clone(), (hold.holder.clone(), hold.lease, hold.until)))
            .collect();
        assert_eq!(shown(&world), expected, "after {step:?}");
    }
    world
}

fn fold(records: &[Record]) -> State {
    let mut state = State::default();
    for record in records {
        state.apply(record).unwrap();
    }
    state
}

/// A segment that begins with a checkpoint of the world's state.
fn compacted(world: &World) -> Vec<Record> {
    let carried = world.state.carried(&world.now.wall);
    let checkpoint = Checkpoint {
        control_plane: ControlPlaneId::new(Uuid::from_u128(7)),
        segment: 2,
        carried: carried.len() as u64,
        missing: None,
    };
    let operations = std::iter::once(Operation::Checkpoint(checkpoint));
    let operations = operations.chain(carried);
    let records = operations.zip(world.state.last().0 + 1..).map(|(operation, seq)| Record {
        seq: Seq(seq),
        operation,
        actor: holder("compact"),
        at: world.now.wall,
        stamp: world.now.stamp,
        durable: Seq(0),
    });
    records.collect()
}

proptest! {
    #![proptest_config(common::cases(1000))]

    #[test]
    fn the_model_and_the_decision_agree(steps in steps()) {
        run(&steps);
    }

    /// 3.4: the log decides. Its records as they were written give the state that wrote them.
    #[test]
    fn the_state_is_what_the_written_records_say(steps in steps()) {
        let world = run(&steps);
        let read: Vec<_> =
            world.log.iter().map(|record| Record::from_json(&record.to_json().unwrap()).unwrap()).collect();
        prop_assert_eq!(&read, &world.log);
        prop_assert_eq!(fold(&read), world.state);
    }

    /// 3.7: fences and what superseded what survive compaction: whoever asks the new segment gets
    /// the same answers, but for leases that their holders gave up.
    #[test]
    fn a_checkpoint_shows_the_same_view(steps in steps()) {
        let world = run(&steps);
        let records = compacted(&world);
        let (before, after, now) = (&world.state, fold(&records), world.now.stamp);
        prop_assert_eq!(after.control_plane(), before.control_plane());
        prop_assert_eq!(after.segment(), 2);
        prop_assert!(after.next_seq() > before.next_seq());
        prop_assert_eq!(after.live(), before.live());
        prop_assert_eq!(after.lapsed(&now, usize::MAX), before.lapsed(&now, usize::MAX));
        prop_assert_eq!(after.has_unsighted(&now), before.has_unsighted(&now));
        for name in NAMES.map(thing) {
            prop_assert_eq!(after.covering(&name), before.covering(&name));
            prop_assert_eq!(after.lost(&name), before.lost(&name));
        }
        for actor in ACTORS.map(holder) {
            prop_assert_eq!(after.held_by(&actor), before.held_by(&actor));
        }
        for id in (0..70).map(lease_id) {
            let known = before.lease(&id).unwrap();
            let given_up = matches!(&known, Some(Known::Ended(ended)) if !ended.was_lost());
            prop_assert_eq!(after.lease(&id).unwrap(), if given_up { None } else { known });
        }
    }
}
