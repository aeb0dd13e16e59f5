//! Keeping a lease: renewing it in time, for as long as that works, and noticing when it is taken away.

use std::time::Duration;

use jit_core::decide::{Renew, Target};
use jit_core::{Holder, Known, Lease, LeaseId, Lifetime, Now, Query, View};

use crate::error::{Code, Failure};
use crate::world::World;

/// It is renewed when so much of what is left of it has passed.
const THIRD: u32 = 3;

/// The shortest time between two tries.
const SHORTEST: Duration = Duration::from_millis(20);

/// How long one try waits for another process, and how long after it failed the next one comes.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often it is looked at between renewals, without a lock: a lease that was taken away by force is
/// not to be worked under until the next renewal, which may be hours off.
const LOOK: Duration = Duration::from_secs(1);

/// Renews one lease.
pub(crate) struct Keeper<'w, 'm> {
    world: &'w World<'m>,
    holder: Holder,
    lease: Lease,
    /// When the next renewal is due, on the clock that leases go by.
    due: u64,
    /// When it is looked at next.
    look: u64,
    /// Its holder has given it up: there is nothing to keep.
    given_up: bool,
}

impl<'w, 'm> Keeper<'w, 'm> {
    pub(crate) fn of(world: &'w World<'m>, lease: Lease) -> Result<Self, Failure> {
        let now = world.now()?;
        let mut keeper = Self { holder: world.holder()?, world, lease, due: 0, look: 0, given_up: false };
        keeper.put_off(&now, |left| left / THIRD);
        keeper.look_again(&now);
        Ok(keeper)
    }

    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Whether its holder gave it up meanwhile.
    pub(crate) fn is_given_up(&self) -> bool {
        self.given_up
    }

    /// How long nothing has to be done; ever, where there is nothing to keep.
    pub(crate) fn nap(&self) -> Option<Duration> {
        let until = self.due.min(self.look);
        (!self.given_up).then(|| Duration::from_nanos(until.saturating_sub(self.now())))
    }

    /// Renews the lease if that is due, or if it was taken away. An error is the loss of it: trouble
    /// that passes before it lapses is none.
    pub(crate) fn keep(&mut self) -> Result<(), Failure> {
        if self.nap() != Some(Duration::ZERO) {
            return Ok(());
        }
        // To be told of the loss as any command is, it is renewed.
        if self.now() < self.due && self.stands() {
            let now = self.world.now()?;
            self.look_again(&now);
            return Ok(());
        }
        let renewed = self.renewed();
        let now = self.world.now()?;
        self.look_again(&now);
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

    /// The clock that leases go by. Without one, a renewal is due, and fails.
    fn now(&self) -> u64 {
        self.world.now().map_or(u64::MAX, |now| now.stamp.ns)
    }

    /// Whether it is held, and by the same holder, as far as that can be read.
    fn stands(&self) -> bool {
        let found = self.world.anew(PATIENCE).read(&HolderOf(self.lease.id));
        found.is_ok_and(|holder| holder.is_some_and(|holder| holder == self.lease.holder))
    }

    fn look_again(&mut self, now: &Now) {
        let nap = u64::try_from(LOOK.as_nanos()).unwrap_or(u64::MAX);
        self.look = now.stamp.ns.saturating_add(nap);
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

/// Who holds a lease; none where it is over.
pub(crate) struct HolderOf(pub(crate) LeaseId);

impl Query for HolderOf {
    type Answer = Option<Holder>;

    fn ask<V: View>(&self, view: &V, _: &Now) -> Result<Self::Answer, V::Error> {
        Ok(match view.lease(&self.0)? {
            Some(Known::Live(lease)) => Some(lease.holder),
            _ => None,
        })
    }
}
