//! Keeping a lease: renewing it in time, for as long as that works.

use std::time::Duration;

use jit_core::decide::{Renew, Target};
use jit_core::{Holder, Lease, Lifetime, Now};

use crate::error::{Code, Failure};
use crate::world::World;

/// It is renewed when so much of what is left of it has passed.
const THIRD: u32 = 3;

/// The shortest time between two tries.
const SHORTEST: Duration = Duration::from_millis(20);

/// How long one try waits for another process, and how long after it failed the next one comes.
const PATIENCE: Duration = Duration::from_secs(1);

/// Renews one lease.
pub(crate) struct Keeper<'w, 'm> {
    world: &'w World<'m>,
    holder: Holder,
    lease: Lease,
    /// When the next renewal is due, on the clock that leases go by.
    due: u64,
    /// Its holder has given it up: there is nothing to keep.
    given_up: bool,
}

impl<'w, 'm> Keeper<'w, 'm> {
    pub(crate) fn of(world: &'w World<'m>, lease: Lease) -> Result<Self, Failure> {
        let mut keeper = Self { holder: world.holder()?, world, lease, due: 0, given_up: false };
        keeper.put_off(&world.now()?, |left| left / THIRD);
        Ok(keeper)
    }

    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Whether its holder gave it up meanwhile.
    pub(crate) fn is_given_up(&self) -> bool {
        self.given_up
    }

    /// How long nothing has to be done; ever, where there is nothing to keep. Without a clock, a
    /// renewal is due, and fails.
    pub(crate) fn nap(&self) -> Option<Duration> {
        let now = self.world.now().map_or(u64::MAX, |now| now.stamp.ns);
        (!self.given_up).then(|| Duration::from_nanos(self.due.saturating_sub(now)))
    }

    /// Renews the lease if that is due. An error is the loss of it: trouble that passes before it lapses
    /// is none.
    pub(crate) fn keep(&mut self) -> Result<(), Failure> {
        if self.nap() != Some(Duration::ZERO) {
            return Ok(());
        }
        let renewed = self.renewed();
        let now = self.world.now()?;
        match renewed {
            Ok(lease) => {
                self.lease = lease;
                self.put_off(&now, |left| left / THIRD);
            }
            Err(failure) if failure.code == Code::LeaseReleased => self.given_up = true,
            Err(failure) if is_loss(failure.code) => return Err(failure),
            Err(trouble) if self.lease.lapsed(&now.stamp) => return Err(trouble.lapsed(&self.lease)),
            Err(_) => self.put_off(&now, |left| (left / THIRD).min(PATIENCE)),
        }
        Ok(())
    }

    /// As another process would: the policy may be another one by now.
    fn renewed(&self) -> Result<Lease, Failure> {
        let world = self.world.anew(PATIENCE);
        let request = Renew { target: Target::Lease(self.lease.id), ttl: None };
        let renewed = world.transact_as(&self.holder, &request)?;
        Ok(renewed.leases.into_iter().next().unwrap_or_else(|| self.lease.clone()))
    }

    fn put_off(&mut self, now: &Now, part: impl Fn(Duration) -> Duration) {
        let left = match self.lease.lifetime(&now.stamp) {
            Lifetime::Left(left) => left,
            Lifetime::Lapsed(_) => Duration::ZERO,
            Lifetime::Unsighted => self.lease.ttl.duration(),
        };
        let nap = u64::try_from(part(left).max(SHORTEST).as_nanos()).unwrap_or(u64::MAX);
        self.due = now.stamp.ns.saturating_add(nap);
    }
}

/// Whether a renewal that failed so never works again.
fn is_loss(code: Code) -> bool {
    matches!(
        code,
        Code::LeaseLost
            | Code::NotYours
            | Code::NotHeld
            | Code::NoLease
            | Code::LeaseNotFound
            | Code::LifetimeOver
    )
}
