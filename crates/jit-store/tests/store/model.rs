//! A map of a few lines against the store, through random requests, with processes that come and
//! go, compactions and lost indexes in between.

use std::collections::BTreeMap;

use jit_core::LeaseId;
use proptest::prelude::*;

use crate::support::ask::{Ask, Outcome, acquire_for, ask, of};
use crate::support::machine::Machine;
use crate::support::{check, lease_id, process};

#[derive(Clone, Debug)]
enum Step {
    Acquire { agent: usize, names: Vec<usize>, secs: u64 },
    Renew { agent: usize, name: usize },
    Heartbeat { agent: usize },
    Release { agent: usize, names: Vec<usize> },
    ForceEvict { name: usize },
    Pass { secs: u64 },
    Compact,
    NewProcess,
    LoseIndex,
    Reboot,
    Kill,
}

const AGENTS: [&str; 3] = ["a", "b", "c"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let agent = 0..AGENTS.len();
    let names = proptest::sample::subsequence(vec![0usize, 1, 2, 3, 4, 5], 1..=3);
    let step = prop_oneof![
        8 => (agent.clone(), names.clone(), 1u64..60)
            .prop_map(|(agent, names, secs)| Step::Acquire { agent, names, secs }),
        3 => (agent.clone(), 0usize..6).prop_map(|(agent, name)| Step::Renew { agent, name }),
        2 => agent.clone().prop_map(|agent| Step::Heartbeat { agent }),
        4 => (agent, names).prop_map(|(agent, names)| Step::Release { agent, names }),
        1 => (0usize..6).prop_map(|name| Step::ForceEvict { name }),
        4 => (0u64..30).prop_map(|secs| Step::Pass { secs }),
        1 => Just(Step::Compact),
        2 => Just(Step::NewProcess),
        1 => Just(Step::LoseIndex),
        1 => Just(Step::Reboot),
        1 => Just(Step::Kill),
    ];
    proptest::collection::vec(step, 1..50)
}

/// The whole model: who has a name, by which lease, of what TTL, until when; after a reboot, until
/// somebody has seen it.
type Held = BTreeMap<usize, (usize, LeaseId, u64, Option<u64>)>;

/// What any writer brings about: what lapsed goes, what was not seen on this clock counts.
fn write(held: &mut Held, now: u64) {
    held.retain(|_, (.., until)| until.is_none_or(|until| until > now));
    held.values_mut().for_each(|(_, _, secs, until)| *until = until.or(Some(now + *secs)));
}

/// What the model grants; it changes only then.
fn granted(held: &mut Held, step: &Step, n: u64, now: u64) -> bool {
    write(held, now);
    let has = |held: &Held, agent: usize, name: usize| held.get(&name).is_some_and(|hold| hold.0 == agent);
    let anew = |held: &mut Held, lease: LeaseId| {
        let mine = held.values_mut().filter(|hold| hold.1 == lease);
        mine.for_each(|(_, _, secs, until)| *until = Some(now + *secs));
    };
    match step {
        Step::Acquire { agent, names, secs } => {
            let free = names.iter().all(|name| !held.contains_key(name));
            if free {
                held.extend(names.iter().map(|name| (*name, (*agent, lease_id(n), *secs, Some(now + secs)))));
            }
            free
        }
        Step::Renew { agent, name } => {
            let mine = has(held, *agent, *name);
            if mine {
                let lease = held[name].1;
                anew(held, lease);
            }
            mine
        }
        Step::Heartbeat { agent } => {
            let mine: Vec<LeaseId> =
                held.values().filter(|hold| hold.0 == *agent).map(|hold| hold.1).collect();
            mine.iter().for_each(|lease| anew(held, *lease));
            !mine.is_empty()
        }
        Step::Release { agent, names } => {
            let mine = names.iter().all(|name| has(held, *agent, *name));
            if mine {
                held.retain(|name, _| !names.contains(name));
            }
            mine
        }
        Step::ForceEvict { name } => {
            let lease = held.get(name).map(|hold| hold.1);
            held.retain(|_, hold| Some(hold.1) != lease);
            lease.is_some()
        }
        _ => true,
    }
}

fn named(names: &[usize]) -> String {
    names.iter().map(|name| format!("n{name} ")).collect()
}

fn request(step: &Step, n: u64) -> Option<(&'static str, Ask)> {
    Some(match step {
        Step::Acquire { agent, names, secs } => (AGENTS[*agent], acquire_for(n, &named(names), *secs)),
        Step::Renew { agent, name } => (AGENTS[*agent], Ask::Renew { target: of(&named(&[*name])) }),
        Step::Heartbeat { agent } => (AGENTS[*agent], Ask::Heartbeat),
        Step::Release { agent, names } => (AGENTS[*agent], Ask::Release { target: of(&named(names)) }),
        Step::ForceEvict { name } => ("d", Ask::ForceEvict { target: of(&named(&[*name])) }),
        Step::Compact => ("d", Ask::Compact),
        _ => return None,
    })
}

fn run(steps: &[Step]) {
    let machine = Machine::new();
    let mut store = process(&machine);
    let (mut held, mut promised) = (Held::new(), Vec::new());
    for (n, step) in (1..).zip(steps) {
        let now = machine.monotonic_ns.get() / 1_000_000_000;
        match step {
            Step::Pass { secs } => machine.pass(*secs),
            Step::NewProcess => store = process(&machine),
            Step::Kill => {
                machine.kill(store.disk().pid);
                store = process(&machine);
            }
            Step::LoseIndex if machine.content("index").is_some() => machine.tear_off("index"),
            Step::Reboot => {
                machine.reboot();
                machine.monotonic_ns.set(1_000_000_000 * n);
                held.values_mut().for_each(|hold| hold.3 = None);
                store = process(&machine);
            }
            _ => {}
        }
        let Some((actor, request)) = request(step, n) else { continue };
        let expected = granted(&mut held, step, n, now);
        match ask(&store, actor, &request) {
            Outcome::Granted(operations) => {
                assert!(expected, "{step:?} was granted");
                promised.extend(operations);
            }
            Outcome::Refused(refusal) => assert!(!expected, "{step:?}: {refusal:?}"),
            other => panic!("{other:?}"),
        }
        let seen = check::index_agrees(&machine);
        let holders: BTreeMap<_, _> =
            seen.covering.iter().map(|(name, lease)| (name.to_string(), *lease)).collect();
        let modelled: BTreeMap<_, _> =
            held.iter().map(|(name, hold)| (format!("name:n{name}"), hold.1)).collect();
        assert_eq!(holders, modelled, "after {step:?}");
    }
    check::all(&machine, &promised, &[]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_does_what_a_map_does(steps in steps()) {
        run(&steps);
    }
}
