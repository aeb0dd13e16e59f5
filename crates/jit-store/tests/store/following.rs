//! Following the log: each record once and in order, whatever becomes of the segments meanwhile.

use std::cell::RefCell;
use std::rc::Rc;

use jit_core::{Operation, Record, Seq};
use jit_store::{Place, StoreError};
use proptest::prelude::*;

use crate::support::ask::{Ask, acquire, acquire_for, ask, release};
use crate::support::machine::{Fault, LOG, Machine};
use crate::support::past::{Past, at_every_step, trace};
use crate::support::scenarios::{for_each_scenario, held, is_append, is_flush};
use crate::support::{SimStore, check, keeper, lease_id, options, process, reader};

/// One who follows, and changes nothing by that.
struct Follower {
    store: SimStore,
    since: Seq,
    place: Place,
    seen: Vec<Record>,
}

impl Follower {
    fn since(machine: &Rc<Machine>, seq: u64) -> Self {
        let since = Seq(seq);
        Self { store: reader(machine), since, place: Place::behind(since), seen: Vec::new() }
    }

    fn from_now(machine: &Rc<Machine>) -> Self {
        let store = reader(machine);
        let place = store.newest().unwrap();
        Self { store, since: place.seq(), place, seen: Vec::new() }
    }

    fn look(&mut self) {
        let Self { store, place, seen, .. } = self;
        store.follow(place, |record| seen.push(record.clone())).unwrap();
    }

    /// What it saw is what history has, besides what history says is missing.
    fn saw_all(&mut self) {
        self.look();
        let order: Vec<Seq> = self.seen.iter().map(|record| record.seq).collect();
        assert!(order.is_sorted_by(|one, next| one < next), "not in order, or twice: {order:?}");
        let mut history = check::history(&self.store).unwrap();
        let gaps: Vec<(Seq, Seq)> = history.iter().filter_map(gap).collect();
        let stands = |seq: Seq| !gaps.iter().any(|(after, before)| seq > *after && seq < *before);
        history.retain(|record| record.seq > self.since);
        let stood: Vec<Record> = self.seen.iter().filter(|record| stands(record.seq)).cloned().collect();
        assert_eq!(stood, history);
    }
}

/// Between which records some are missing, if this one says so.
fn gap(record: &Record) -> Option<(Seq, Seq)> {
    match &record.operation {
        Operation::Checkpoint(checkpoint) => Some((checkpoint.missing.as_ref()?.after, record.seq)),
        _ => None,
    }
}

/// Somebody looks at one operation of a command, at each in turn, and at the end.
fn looked_at_in_between(past: &Past, actor: &str, request: &Ask) {
    let ops = trace(past, actor, request).0.len() as u64;
    for k in 0..ops {
        let past = past.fork();
        let follower = Rc::new(RefCell::new(Follower::since(&past.machine, 0)));
        let (store, looks) = (past.process(), follower.clone());
        let look = Box::new(move || looks.borrow_mut().look());
        store.disk().process(|process| process.meanwhile = Some((k, look)));
        let _ = ask(&store, actor, request);
        follower.borrow_mut().saw_all();
        ask(&past.process(), "d", &acquire(90, "next")).granted();
        follower.borrow_mut().saw_all();
    }
}

/// Somebody looks before a command, after it was killed or failed at each of its operations, and
/// after the next writer.
fn looked_at_after_a_fault(past: &Past, actor: &str, request: &Ask) {
    let mut followers = Vec::new();
    let work = |store: &SimStore| ask(store, actor, request).is_granted();
    let refused = !work(&past.fork().process());
    if refused {
        return;
    }
    at_every_step(past, work, |past, _, what| {
        let mut follower = Follower::since(&past.machine, 0);
        follower.look();
        ask(&past.process(), "d", &acquire(90, "next")).granted();
        follower.saw_all();
        followers.push(what.to_owned());
    });
    assert!(followers.len() > 10);
}

fn is_followed(past: &Past, actor: &str, request: &Ask) {
    looked_at_in_between(past, actor, request);
    looked_at_after_a_fault(past, actor, request);
}

mod each {
    use super::{for_each_scenario, is_followed};

    for_each_scenario!(is_followed);
}

/// At each operation of one who follows, from any place, others append, seal and salvage.
#[test]
fn others_write_while_somebody_looks() {
    let mut past = held();
    past.grant("c", Ask::Compact).grant("c", acquire(3, "u")).grant("c", Ask::Compact);
    past.grant("a", release("x")).grant("c", acquire(4, "v"));
    let newest = past.machine.fork();
    let newest = reader(&newest).newest().unwrap().seq().0;
    let steps: [&[Ask]; 3] = [
        &[acquire(10, "n")],
        &[Ask::Compact],
        &[acquire(10, "n"), Ask::Compact, acquire(11, "m"), Ask::Compact, acquire(12, "o")],
    ];
    for (steps, since) in steps.iter().flat_map(|steps| (0..=newest).map(move |since| (steps, since))) {
        let mut k = 0;
        loop {
            let past = past.fork();
            let mut follower = Follower::since(&past.machine, since);
            let (machine, steps) = (past.machine.clone(), steps.to_vec());
            let write =
                move || steps.iter().for_each(|step| drop(ask(&process(&machine), "d", step).granted()));
            follower.store.disk().process(|process| process.meanwhile = Some((k, Box::new(write))));
            follower.look();
            let ops = follower.store.disk().process(|process| process.ops);
            follower.saw_all();
            k += 1;
            if k > ops {
                break;
            }
        }
        assert!(k > 3);
    }
}

/// What a flush that failed has lost was shown; it is not missed, and nothing is shown twice.
#[test]
fn what_a_failed_flush_lost() {
    for at_once in [true, false] {
        let mut past = held();
        let mut follower = Follower::from_now(&past.machine);
        let (store, looks) = (past.process(), Rc::new(RefCell::new(Follower::from_now(&past.machine))));
        let (ops, _) = trace(&past, "c", &acquire(3, "u"));
        let at = ops.iter().position(is_flush).unwrap() as u64;
        let looking = looks.clone();
        let look = Box::new(move || looking.borrow_mut().look());
        store.disk().process(|process| {
            process.meanwhile = Some((at, look));
            process.fault = Some((at, Fault::LoseSync { at_once }));
        });
        let _ = ask(&store, "c", &acquire(3, "u"));
        assert_eq!(looks.borrow().seen.len(), 1, "it was there before the flush");
        looks.borrow_mut().look();
        follower.look();
        past.grant("d", acquire(4, "v"));
        looks.borrow_mut().saw_all();
        follower.saw_all();
        assert_eq!(follower.seen.last().unwrap().seq, looks.borrow().seen.last().unwrap().seq);
    }
}

/// A salvage is told as a gap, and what was shown from behind the damage is not shown again.
#[test]
fn a_salvage() {
    let mut past = held();
    past.grant("a", release("x")).grant("c", acquire(3, "u"));
    let mut before = Follower::since(&past.machine, 0);
    before.look();
    let mut behind = Follower::from_now(&past.machine);
    past.damage(1);
    let salvaged = past.salvage();
    past.grant("d", acquire(5, "w"));
    for follower in [&mut before, &mut behind, &mut Follower::since(&past.machine, 1)] {
        follower.saw_all();
        assert!(follower.seen.iter().any(|record| gap(record) == Some((salvaged.after, salvaged.next))));
    }
    assert_eq!(behind.since, Seq(5));
}

/// What a look costs does not grow with the log.
#[test]
fn only_what_is_new_is_read() {
    let mut past = held();
    for n in 100..700 {
        past.grant("a", acquire(n, &format!("x{n}")));
    }
    let log = past.machine.content(LOG).unwrap().len() as u64;
    let cost = |follower: &mut Follower| {
        let before = follower.store.disk().process(|process| process.bytes_read);
        follower.look();
        follower.store.disk().process(|process| process.bytes_read) - before
    };
    let mut follower = Follower::from_now(&past.machine);
    let began = follower.store.disk().process(|process| process.bytes_read);
    assert!(began < 1000 && cost(&mut follower) < 100, "{began} bytes to begin");
    past.grant("b", acquire(1402, "v"));
    let new = cost(&mut follower);
    // The padding, and little else.
    assert!(new < 150_000 && log > 350_000, "read {new} bytes of {log}");
    assert_eq!(follower.seen.len(), 1);
    assert!(cost(&mut follower) < 100);
}

/// Where the control plane is not there yet, it is waited for; and all that it ever had is shown.
#[test]
fn before_there_is_anything() {
    let mut past = Past::new();
    let mut followers = [Follower::from_now(&past.machine), Follower::since(&past.machine, 0)];
    followers.iter_mut().for_each(Follower::look);
    assert!(past.machine.names().is_empty(), "nothing was made");
    past.grant("a", acquire(1, "x"));
    for follower in &mut followers {
        follower.saw_all();
        assert_eq!(follower.seen.len(), 2);
    }
}

#[track_caller]
fn no_such_record(store: &SimStore, place: &mut Place, newest: u64) {
    let error = store.follow(place, |record| panic!("{record:?}")).unwrap_err();
    let asked = place.seq();
    assert!(
        matches!(error, StoreError::NoSuchRecord { asked: a, newest: n } if a == asked && n == Seq(newest)),
        "{error:?}"
    );
}

/// Behind a record that is not there, or not any more.
#[test]
fn beyond_the_newest() {
    let past = held();
    let store = reader(&past.machine);
    store.follow(&mut Place::behind(Seq(3)), |record| panic!("{record:?}")).unwrap();
    no_such_record(&store, &mut Place::behind(Seq(4)), 3);
    no_such_record(&reader(&Machine::new()), &mut Place::behind(Seq(1)), 0);

    // An older log, put back after a reboot; and the control plane of somebody else.
    let (mut later, older) = (past.fork(), past.machine.content(LOG).unwrap());
    later.reboot().grant("c", acquire(3, "u")).grant("c", acquire(4, "v"));
    let mut follower = Follower::from_now(&later.machine);
    later.machine.tear_off("locks/shared");
    later.machine.tamper(LOG, |log| *log = older);
    no_such_record(&follower.store, &mut follower.place, 3);

    let mut other = Past { options: options(), ..Past::new() };
    other.options.fresh = jit_core::ControlPlaneId::new(uuid::Uuid::from_u128(7));
    for n in 1..20 {
        ask(&other.process(), "a", &acquire(n, &format!("x{n}"))).granted();
    }
    let mut follower = Follower::from_now(&past.machine);
    past.machine.tamper(LOG, |log| *log = other.machine.content(LOG).unwrap());
    no_such_record(&follower.store, &mut follower.place, 20);
}

/// Where the archive lost a segment, what can be shown is shown, and what is missing is said.
#[test]
fn a_segment_that_is_missing() {
    let mut past = held();
    for n in 10..13 {
        past.grant("c", Ask::Compact).grant("c", acquire(n, &format!("u{n}")));
    }
    let all = check::history(&reader(&past.machine)).unwrap();
    let begins = |segment: u64| {
        let begins = |record: &&Record| matches!(&record.operation, Operation::Checkpoint(checkpoint) if checkpoint.segment == segment);
        all.iter().find(begins).unwrap().seq.0
    };
    for lost in 1..=3 {
        let past = past.fork();
        past.machine.tear_off(&format!("archive/claims-{lost:08}.jsonl"));
        let (from, to) = (begins(lost), begins(lost + 1) - 1);
        for since in 0..to {
            let mut follower = Follower::since(&past.machine, since);
            let Follower { store, place, seen, .. } = &mut follower;
            let error = store.follow(place, |record| seen.push(record.clone())).unwrap_err();
            // Without an older segment nobody knows where it began.
            let first = Seq(if lost == 1 { since + 1 } else { from });
            assert!(
                matches!(&error, StoreError::SegmentMissing { first: f, last, .. } if (*f, *last) == (first, Seq(to))),
                "since {since}: {error:?}"
            );
            assert_eq!(place.seq().0, since.max(from - 1), "what was before it was shown");
        }
        Follower::since(&past.machine, to).saw_all_behind(to);
    }
}

impl Follower {
    /// The same where what is before cannot be read.
    fn saw_all_behind(&mut self, seq: u64) {
        self.look();
        let newest = self.store.newest().unwrap().seq().0;
        let order: Vec<u64> = self.seen.iter().map(|record| record.seq.0).collect();
        assert_eq!(order, (seq + 1..=newest).collect::<Vec<_>>());
    }
}

#[derive(Clone, Debug)]
enum Step {
    Acquire(u64),
    Release,
    Pass,
    Compact,
    Torn(usize),
    LoseFlush { at_once: bool, dies: bool },
    Damage(prop::sample::Index),
    Look(usize),
    Follow(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1u64..40).prop_map(Step::Acquire),
        2 => Just(Step::Release),
        1 => Just(Step::Pass),
        3 => Just(Step::Compact),
        1 => (1usize..400).prop_map(Step::Torn),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(at_once, dies)| Step::LoseFlush { at_once, dies }),
        1 => any::<prop::sample::Index>().prop_map(Step::Damage),
        5 => (0usize..4).prop_map(Step::Look),
        2 => (0usize..4).prop_map(Step::Follow),
    ];
    proptest::collection::vec(step, 1..60)
}

fn run(steps: &[Step]) {
    let mut past = held();
    let mut followers: Vec<Follower> = (0..4).map(|_| Follower::since(&past.machine, 0)).collect();
    let refuse = |past: &mut Past, n: u64, fault| {
        let asked = acquire(n, &format!("f{n}"));
        past.fault(
            "c",
            &asked,
            if matches!(fault, Fault::DieTorn(_)) { is_append } else { is_flush },
            0,
            fault,
        );
    };
    for (n, step) in (1000..).zip(steps) {
        match step {
            Step::Acquire(secs) => drop(past.grant("a", acquire_for(n, &format!("x{n}"), *secs))),
            Step::Release => drop(ask(&past.process(), "b", &release("z"))),
            Step::Pass => drop(past.pass(20)),
            Step::Compact => drop(past.grant("d", Ask::Compact)),
            Step::Torn(bytes) => refuse(&mut past, n, Fault::DieTorn(*bytes)),
            Step::LoseFlush { at_once, dies: true } => {
                refuse(&mut past, n, Fault::LoseSyncAndDie { at_once: *at_once });
            }
            Step::LoseFlush { at_once, dies: false } => {
                refuse(&mut past, n, Fault::LoseSync { at_once: *at_once });
            }
            Step::Damage(line) => {
                // A writer first: a tear is no damage.
                past.grant("d", acquire(n, &format!("d{n}")));
                past.grant("d", acquire(n + 100_000, &format!("e{n}")));
                let lines = past
                    .machine
                    .content(LOG)
                    .unwrap()
                    .split(|byte| *byte == b'\n')
                    .filter(|line| !line.is_empty())
                    .count();
                past.damage(line.index(lines - 1));
                past.process().salvage(&keeper()).unwrap().unwrap();
            }
            Step::Look(who) => followers[*who].look(),
            Step::Follow(who) => {
                followers[*who].saw_all();
                followers[*who] = Follower::from_now(&past.machine);
            }
        }
    }
    past.grant("d", acquire(99, "last"));
    followers.iter_mut().for_each(Follower::saw_all);
    assert!(followers.iter().all(|follower| {
        follower
            .seen
            .iter()
            .any(|record| record.operation.leases().iter().any(|lease| lease.id == lease_id(99)))
    }));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_seen_is_history(steps in steps()) {
        run(&steps);
    }
}
