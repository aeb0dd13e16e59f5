//! The trailers of a commit's message that say under which leases it was made: one form, written and
//! read here.

use crate::{AgentId, ControlPlaneId, Fence, Lease, LeaseId, Reference};

/// The trailers' names, in the order in which a lease's stand.
pub const KEYS: [&str; 4] = [ISSUE, LEASE, FENCE, AGENT];

const ISSUE: &str = "Jit-Issue";
/// The one that a lease always has.
pub const LEASE: &str = "Jit-Lease";
const FENCE: &str = "Jit-Fence";
const AGENT: &str = "Jit-Agent";

/// A lease that a commit says it was made under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// What the lease was of, paths aside.
    pub issues: Vec<Reference>,
    /// Which lease.
    pub lease: LeaseId,
    /// Its fence, which means something in one control plane only.
    pub fence: Option<(ControlPlaneId, Fence)>,
    /// Who had it.
    pub agent: Option<AgentId>,
}

/// What a commit made under a lease says.
pub fn written(lease: &Lease, plane: ControlPlaneId) -> Vec<(&'static str, String)> {
    let issues = lease.issues.iter().map(|issue| (ISSUE, issue.to_string()));
    let others = [
        (LEASE, lease.id.to_string()),
        (FENCE, format!("{plane}/{}", lease.fence)),
        (AGENT, lease.holder.agent.to_string()),
    ];
    issues.chain(others).collect()
}

/// What a commit's trailers say, in their order. Of what somebody changed by hand, what can be read.
pub fn read<'t>(trailers: impl IntoIterator<Item = (&'t str, &'t str)>) -> Vec<Carried> {
    let mut all: Vec<Carried> = Vec::new();
    let mut issues: Vec<Reference> = Vec::new();
    // Whether the last of `all` is still being read.
    let mut open = false;
    for (key, value) in trailers {
        let last = all.last_mut().filter(|_| open);
        match (key, last) {
            (ISSUE, _) => {
                open = false;
                issues.extend(value.parse::<Reference>());
            }
            (LEASE, _) => {
                let issues = std::mem::take(&mut issues);
                let lease = value.parse();
                open = lease.is_ok();
                all.extend(lease.map(|lease| Carried { issues, lease, fence: None, agent: None }));
            }
            (FENCE, Some(last)) if last.fence.is_none() => last.fence = fence(value),
            (AGENT, Some(last)) => {
                last.agent = value.parse().ok();
                open = false;
            }
            _ => {}
        }
    }
    all
}

fn fence(value: &str) -> Option<(ControlPlaneId, Fence)> {
    let (plane, seq) = value.split_once('/')?;
    Some((plane.parse().ok()?, Fence(crate::Seq(seq.parse().ok()?))))
}
