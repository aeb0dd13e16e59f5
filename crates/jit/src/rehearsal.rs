//! A decision on what a reader sees; what it would append is dropped.

use jit_core::decide::decide;
use jit_core::{Decision, Holder, Now, Policy, Query, Refusal, Request, Scene, View, Waiter};

use crate::error::Failure;
use crate::world::World;

/// A request that is only judged.
struct Rehearsal<'a, R> {
    request: &'a R,
    holder: Holder,
    policy: &'a Policy,
    waiting: Vec<Waiter>,
}

impl<R: Request> Query for Rehearsal<'_, R> {
    type Answer = (Result<R::Answer, Refusal>, Now);

    fn ask<V: View>(&self, view: &V, now: &Now) -> Result<Self::Answer, V::Error> {
        let scene = Scene { now: *now, actor: &self.holder, policy: self.policy, waiting: &self.waiting };
        let Decision { answer, .. } = decide(self.request, view, &scene)?;
        Ok((answer, *now))
    }
}

impl World<'_> {
    /// What a request would be answered now. It promises nothing: others may come first.
    pub(crate) fn rehearse<R: Request>(&self, request: &R) -> Result<R::Answer, Failure> {
        let (holder, policy) = (self.reading_holder()?, self.policy()?);
        let waiting = self.store()?.waiting();
        let (answer, now) = self.read(&Rehearsal { request, holder, policy, waiting })?;
        answer.map_err(|refusal| Failure::refused(&refusal, &self.look(now)))
    }
}
