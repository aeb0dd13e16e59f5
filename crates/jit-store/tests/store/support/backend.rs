//! What every backend must do, as a small trait, and the simplest one: the state in memory.

use std::sync::Mutex;

use jit_core::decide::decide;
use jit_core::{
    Checkpoint, ControlPlaneId, Decision, Holder, Now, Operation, Policy, Query, Record, Refusal, Request,
    Scene, Seq, Stamp, State, View,
};
use jit_store::clock::Clock;
use jit_store::disk::Disk;
use jit_store::{StepError, Store};
use uuid::Uuid;

/// A place where leases live.
pub trait Backend {
    /// One atomic step.
    fn transact<R: Request>(
        &self,
        request: &R,
        actor: &Holder,
        policy: &Policy,
    ) -> Result<R::Answer, Refusal>;

    /// One consistent view.
    fn read<Q: Query>(&self, query: &Q) -> Q::Answer;
}

impl<D: Disk, C: Clock> Backend for Store<D, C> {
    fn transact<R: Request>(
        &self,
        request: &R,
        actor: &Holder,
        policy: &Policy,
    ) -> Result<R::Answer, Refusal> {
        Store::transact(self, request, actor, policy).map_err(|error| match error {
            StepError::Refused(refusal) => refusal,
            StepError::DurabilityUnknown { seq, .. } => panic!("record {seq} is in doubt"),
            StepError::Store(error) => panic!("{error}"),
        })
    }

    fn read<Q: Query>(&self, query: &Q) -> Q::Answer {
        Store::read(self, query).unwrap()
    }
}

/// The fold of the operations in memory.
pub struct InMemory<C> {
    state: Mutex<State>,
    clock: C,
}

impl<C: Clock> InMemory<C> {
    pub fn new(clock: C) -> Self {
        Self { state: Mutex::default(), clock }
    }

    fn now(&self) -> Now {
        self.clock.now().unwrap()
    }
}

fn append(state: &mut State, operation: Operation, actor: &Holder, now: &Now) {
    let stamp: Stamp = now.stamp;
    let record = Record {
        seq: state.next_seq(),
        operation,
        actor: actor.clone(),
        at: now.wall,
        stamp,
        durable: Seq(0),
    };
    state.apply(&record).unwrap();
}

impl<C: Clock> Backend for InMemory<C> {
    fn transact<R: Request>(
        &self,
        request: &R,
        actor: &Holder,
        policy: &Policy,
    ) -> Result<R::Answer, Refusal> {
        let mut state = self.state.lock().unwrap();
        let now = self.now();
        if state.control_plane().is_none() {
            let control_plane = ControlPlaneId::new(Uuid::from_u128(0xc0));
            let checkpoint = Checkpoint { control_plane, segment: 1, carried: 0, missing: None };
            append(&mut state, Operation::Checkpoint(checkpoint), actor, &now);
        }
        let scene = Scene { now, actor, policy, waiting: &[] };
        let Decision { operations, answer } =
            decide(request, &*state, &scene).unwrap_or_else(|never| match never {});
        operations.into_iter().for_each(|operation| append(&mut state, operation, actor, &now));
        answer
    }

    fn read<Q: Query>(&self, query: &Q) -> Q::Answer {
        let state = self.state.lock().unwrap();
        query.ask(&*state, &self.now()).unwrap_or_else(|never| match never {})
    }
}
