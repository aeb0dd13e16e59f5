//! The trailers of a commit's message that say under which leases it was made: one form, written and
//! read here.

use crate::{AgentId, ControlPlaneId, Fence, Lease, LeaseId, Reference};

/// The trailers' names, in the order in which a lease's stand.
pub const KEYS: [&str; 4] = [ISSUE, LEASE, FENCE, AGENT];

const ISSUE: &str = "Jit-Issue";
const LEASE: &str = "Jit-Lease";
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

impl Carried {
    /// What a commit made under a lease says.
    pub fn of(lease: &Lease, plane: ControlPlaneId) -> Self {
        Self {
            issues: lease.issues.clone(),
            lease: lease.id,
            fence: Some((plane, lease.fence)),
            agent: Some(lease.holder.agent.clone()),
        }
    }

    /// As trailers.
    pub fn written(&self) -> Vec<(&'static str, String)> {
        let issues = self.issues.iter().map(|issue| (ISSUE, issue.to_string()));
        let fence = self.fence.map(|(plane, fence)| (FENCE, format!("{plane}/{fence}")));
        let agent = self.agent.as_ref().map(|agent| (AGENT, agent.to_string()));
        issues.chain([(LEASE, self.lease.to_string())]).chain(fence).chain(agent).collect()
    }
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

/// What the lines of a text say so, wherever they stand. Trailers are the last of them alone, as Git
/// reads them.
pub fn quoted(text: &str) -> Vec<Carried> {
    read(text.lines().filter_map(|line| line.trim_end().split_once(": ")))
}

fn fence(value: &str) -> Option<(ControlPlaneId, Fence)> {
    let (plane, seq) = value.split_once('/')?;
    Some((plane.parse().ok()?, Fence(crate::Seq(seq.parse().ok()?))))
}
