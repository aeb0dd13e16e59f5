//! What a push brings, as the judgement of it wants to have it.

use jit_core::trailers;
use jit_core::verdict::Arrival;
use jit_git::{Outgoing, SystemGit, Trailed};

use crate::error::Failure;
use crate::world::World;

/// The commits of a push, with the leases that they carry.
pub(crate) fn arrivals(world: &World<'_>, outgoing: &Outgoing) -> Result<Vec<Arrival>, Failure> {
    let found = world.repo()?.outgoing(&SystemGit::on_path(), outgoing, &trailers::KEYS);
    let found = found.map_err(|error| Failure::git(&error))?;
    Ok(found.into_iter().map(arrival).collect())
}

fn arrival(Trailed { commit, parents, trailers }: Trailed) -> Arrival {
    let trailers = trailers.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    Arrival { commit, parents, carried: trailers::read(trailers) }
}

/// Whether Git means a commit by an id, and not that there is none.
pub(crate) fn is_commit(id: &str) -> bool {
    id.bytes().any(|byte| byte != b'0')
}
