//! Issues for programs: their files' own fields, with what the log knows.
//!
//! There may be ten thousand, so they are written as they are and not made into values first.

use std::collections::BTreeMap;

use jit_core::{AgentId, EndedBy, IssueId, LeaseId, Task, WallTime};
use jit_tracker::{
    Assignee, Dependency, FileError, GateName, GateResult, Issue, Label, Origin, Priority, Set, Title,
};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::error::barred::bar_json;
use crate::issues::awaited::{Awaited, Why};
use crate::issues::elsewhere::Elsewhere;
use crate::issues::known::Known;

/// Issues without their descriptions, and files that can't be used.
#[derive(Serialize)]
pub(super) struct List<'a> {
    #[serde(serialize_with = "each")]
    issues: &'a [Known],
    broken: Vec<Broken<'a>>,
}

/// An issue, with its description if `D` is that.
#[derive(Serialize)]
pub(super) struct Shown<'a, D> {
    id: IssueId,
    title: &'a Title,
    state: &'static str,
    priority: Priority,
    labels: &'a Set<Label>,
    assignee: &'a Option<Assignee>,
    dependencies: &'a Set<Dependency>,
    gates: &'a BTreeMap<GateName, GateResult>,
    created_at: WallTime,
    updated_at: WallTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a D>,
    failures: u32,
    last_failure: &'a Option<Task>,
    assigned: &'a Option<AgentId>,
    held_by: Option<&'a AgentId>,
    lease_id: Option<LeaseId>,
    bar: Option<Value>,
    unrecorded: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_by: Option<&'a EndedBy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_elsewhere: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    awaited: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
    found_in: &'static str,
}

#[derive(Serialize)]
struct Broken<'a> {
    file: &'a str,
    issue: Option<IssueId>,
    problem: String,
}

/// Issues, and what is broken.
pub(super) fn list<'a>(issues: &'a [Known], broken: &'a [FileError]) -> List<'a> {
    let one = |error: &'a FileError| Broken {
        file: &error.file,
        issue: error.issue,
        problem: error.problem.to_string(),
    };
    List { issues, broken: broken.iter().map(one).collect() }
}

// serde's `serialize_with` hands over a reference.
fn each<S: Serializer>(issues: &&[Known], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(issues.iter().map(|known| shown::<_, ()>(known, None)))
}

/// One issue, with its description.
pub(super) fn whole(known: &Known<Issue>) -> Shown<'_, impl Serialize> {
    shown(known, Some(&known.issue.description))
}

fn shown<'a, D, S>(known: &'a Known<Issue<D>>, description: Option<&'a S>) -> Shown<'a, S> {
    let (issue, standing) = (&known.issue, &known.standing);
    Shown {
        id: issue.id,
        title: &issue.title,
        state: known.stage().as_str(),
        priority: issue.priority,
        labels: &issue.labels,
        assignee: &issue.assignee,
        dependencies: &issue.dependencies,
        gates: &issue.gates,
        created_at: issue.created_at,
        updated_at: issue.updated_at,
        description,
        failures: standing.facts.failures,
        last_failure: &standing.facts.last_failure,
        assigned: &standing.facts.assigned,
        held_by: standing.lease.as_ref().map(|lease| &lease.holder.agent),
        lease_id: standing.lease.as_ref().map(|lease| lease.id),
        bar: standing.bar.as_ref().map(bar_json),
        unrecorded: known.unrecorded,
        ended_by: standing.facts.ended_by.as_deref(),
        ended_elsewhere: known.elsewhere.as_deref().map(elsewhere),
        awaited: known.awaited.iter().map(awaited).collect(),
        next: known.next.as_deref(),
        found_in: match known.origin {
            Origin::Worktree => "worktree",
            Origin::Head => "head",
            Origin::Main => "main",
        },
    }
}

fn elsewhere(place: &Elsewhere) -> Value {
    json!({
        "outcome": place.outcome,
        "by": place.by,
        "path": place.root.as_ref().map(|root| root.display().to_string()),
        "found": place.found,
        "next": place.way,
    })
}

fn awaited(awaited: &Awaited) -> Value {
    let mut shown = json!({ "issue": awaited.on, "why": awaited.why.name() });
    match &awaited.why {
        Why::Gated(gates) => shown["open_gates"] = json!(gates),
        Why::Elsewhere(place) => shown["ended_elsewhere"] = elsewhere(place),
        Why::Deleted | Why::Rejected => {}
    }
    shown
}
