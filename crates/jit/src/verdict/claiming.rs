//! Claiming for an agent what it is about to change, where the policy says so.

use jit_core::decide::{Acquire, Extend, Target, Terms};
use jit_core::{Claim, Holder, Lease, Mode, Pattern, Scope};

use crate::error::Failure;
use crate::input::paths::case;
use crate::world::World;

/// A lease of these paths: the one that the agent holds here, which covers them too from now on, or
/// a new one.
pub(crate) fn claimed(
    world: &World<'_>,
    by: &Holder,
    own: &[Lease],
    paths: &[Pattern],
) -> Result<Lease, Failure> {
    let paths = paths.iter().map(Pattern::plain).collect();
    let usage = |error: String| Failure::usage(&error, "");
    let scope = Scope::new(paths, Mode::Exclusive, case(world)?).map_err(|error| usage(error.to_string()))?;
    let holder = Holder { agent: by.agent.clone(), worktree: world.holder()?.worktree };
    match own {
        [lease] if lease.scope.mode() == Mode::Exclusive => {
            world.transact_as(&holder, &Extend { target: Target::Lease(lease.id), scope })
        }
        _ => {
            let minted = world.mint()?;
            let terms = Terms { branch: world.branch()?, ..Terms::default() };
            let request = Acquire {
                id: minted.lease,
                token: minted.token.hash(),
                claim: Claim::new(Vec::new(), scope).map_err(|error| usage(error.to_string()))?,
                filed: Vec::new(),
                despite_failures: false,
                terms,
                ticket: None,
            };
            world.transact_as(&holder, &request)
        }
    }
}
