//! What has happened before a test's own command, and what was promised then.

use std::io::ErrorKind;
use std::rc::Rc;

use jit_core::Operation;
use jit_store::disk::{Disk, DiskFile, Open};
use jit_store::{Options, Salvaged};

use super::ask::{Ask, Outcome, ask};
use super::machine::{Fault, LOG, Machine, Op};
use super::{SimStore, keeper, options, process, process_with};

/// A machine with a past.
pub struct Past {
    pub machine: Rc<Machine>,
    pub promised: Vec<Operation>,
    pub options: Options,
}

impl Past {
    pub fn new() -> Self {
        Self { machine: Machine::new(), promised: Vec::new(), options: options() }
    }

    /// Another course of events from here on.
    pub fn fork(&self) -> Self {
        let options = self.options.clone();
        Self { machine: self.machine.fork(), promised: self.promised.clone(), options }
    }

    pub fn process(&self) -> SimStore {
        process_with(&self.machine, self.options.clone())
    }

    /// A process asks, is granted what it asks for, and ends.
    pub fn grant(&mut self, actor: &str, request: Ask) -> &mut Self {
        let outcome = ask(&process(&self.machine), actor, &request);
        self.promised.extend(outcome.granted());
        self
    }

    pub fn pass(&mut self, secs: u64) -> &mut Self {
        self.machine.pass(secs);
        self
    }

    pub fn reboot(&mut self) -> &mut Self {
        self.machine.reboot();
        self
    }

    /// A file that no command makes.
    pub fn place(&self, path: &str, bytes: &[u8]) {
        place(&self.machine, path, bytes);
    }

    /// Damages the log's `n`th line, counted from 0; returns where it begins.
    pub fn damage(&self, n: usize) -> usize {
        let log = self.machine.content(LOG).unwrap();
        let ends = log.iter().zip(1..).filter(|(byte, _)| **byte == b'\n').map(|(_, next)| next);
        let begin = std::iter::once(0).chain(ends).nth(n).unwrap();
        self.machine.tamper(LOG, |log| log[begin + 40] ^= 1);
        begin
    }

    /// Somebody has the damaged log salvaged.
    pub fn salvage(&self) -> Salvaged {
        let salvaged = self.process().salvage(&keeper()).unwrap();
        salvaged.expect("it was damaged")
    }

    /// A process asks, and something befalls it at the `n`th operation that is like this.
    pub fn fault(
        &mut self,
        actor: &str,
        request: &Ask,
        like: impl Fn(&Op) -> bool,
        n: usize,
        fault: Fault,
    ) -> Outcome {
        let ops = trace(self, actor, request).0;
        let at = ops.iter().enumerate().filter(|(_, op)| like(op)).nth(n).expect("such an operation").0;
        let store = self.process();
        store.disk().process(|process| process.fault = Some((at as u64, fault)));
        ask(&store, actor, request)
    }
}

/// What can befall a process at this operation.
pub fn ways(op: &Op) -> Vec<Fault> {
    let mut ways = vec![Fault::Die];
    match op {
        Op::Write { length, .. } => ways.extend(
            [1, length / 2, length - 1]
                .into_iter()
                .flat_map(|done| [Fault::DieTorn(done), Fault::FailTorn(done, ErrorKind::StorageFull)]),
        ),
        Op::Sync(_) | Op::SyncDir(_) => {
            ways.extend([Fault::LoseSync { at_once: false }, Fault::LoseSyncAndDie { at_once: false }]);
        }
        Op::Word | Op::Wait => {}
        _ => ways.push(Fault::Fail(ErrorKind::Other)),
    }
    ways
}

/// Has some work done with a fault at each of its operations in turn; shows what is left of it, and
/// whether it is known to have been done.
pub fn at_every_step(
    past: &Past,
    work: impl Fn(&SimStore) -> bool,
    mut after: impl FnMut(&Past, bool, &str),
) {
    let traced = past.fork().process();
    traced.disk().process(|process| process.trace = Some(Vec::new()));
    assert!(work(&traced), "undisturbed");
    let ops = traced.disk().process(|process| process.trace.take()).unwrap();
    for (k, op) in ops.iter().enumerate() {
        for fault in ways(op) {
            let past = past.fork();
            let store = past.process();
            store.disk().process(|process| process.fault = Some((k as u64, fault)));
            let done = work(&store) && !past.machine.is_dead(store.disk().pid);
            past.machine.kill(store.disk().pid);
            after(&past, done, &format!("{op:?} {fault:?}"));
        }
    }
}

/// A file that no command makes.
pub fn place(machine: &Rc<Machine>, path: &str, bytes: &[u8]) {
    process(machine).disk().open(path, Open::Create).unwrap().write_at(bytes, 0).unwrap();
}

/// The operations of a command, were nothing to befall it, and what comes of it.
pub fn trace(past: &Past, actor: &str, request: &Ask) -> (Vec<Op>, Outcome) {
    let past = past.fork();
    let store = past.process();
    store.disk().process(|process| process.trace = Some(Vec::new()));
    let outcome = ask(&store, actor, request);
    (store.disk().process(|process| process.trace.take()).unwrap(), outcome)
}
