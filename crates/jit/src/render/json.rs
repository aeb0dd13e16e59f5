//! Output for programs.

pub(crate) mod gates;
mod history;
mod issues;
mod stats;
mod worktrees;

mod hooks;

use jit_core::decide::Released;
use jit_core::{Ended, Lease, Lifetime, Scope, SettingValue, Token, Waiter};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::error::Failure;
use crate::finding::Needs;
use crate::issues::merging::DRIVER;
use crate::look::Look;
use crate::output::{Found, Happening, Output, Setting, Status};

/// The one document of a success.
#[derive(Serialize)]
struct Success<'a, D> {
    data: D,
    schema_version: u32,
    warnings: &'a [String],
}

/// What a program reads of a success.
pub(crate) fn success(output: &Output, warnings: &[String]) -> String {
    let schema_version = 1;
    match output {
        Output::Issues { issues, broken } => {
            line(&Success { data: issues::list(issues, broken), schema_version, warnings })
        }
        output => line(&Success { data: data(output), schema_version, warnings }),
    }
}

/// What a program reads of what happened just now.
pub(crate) fn happening(happening: &Happening<'_>) -> String {
    line(&Success { data: history::happening(happening), schema_version: 1, warnings: &[] })
}

/// What a program reads of a failure.
pub(crate) fn failed(failed: &Failure, warnings: &[String]) -> String {
    line(&json!({ "schema_version": 1, "error": failure(failed), "warnings": warnings }))
}

#[allow(
    clippy::expect_used,
    reason = "every key in an answer is a text, and memory does not fail to be written"
)]
fn line(document: &impl Serialize) -> String {
    let mut line = serde_json::to_string(document).expect("an answer is JSON");
    line.push('\n');
    line
}

/// What stands under `error`.
pub(crate) fn failure(failure: &Failure) -> Value {
    json!({
        "code": failure.code.name(),
        "message": failure.message,
        "hint": failure.advice(),
        "retryable": failure.code.retryable(),
        "context": failure.context,
    })
}

/// What stands under `data`.
pub(crate) fn data(output: &Output) -> Value {
    match output {
        Output::Granted { lease: granted, token, look, .. } => {
            let mut data = json!({ "lease": lease(granted, look) });
            if let Some(token) = token {
                data["token"] = json!(token.to_string());
            }
            data
        }
        Output::Picked { leases, several, look } => picked(leases, *several, look),
        Output::WouldGrant { lease: granted } => {
            json!({
                "dry_run": true,
                "issues": granted.issues,
                "scope": scope(&granted.scope),
                "ttl_secs": granted.ttl,
            })
        }
        Output::Renewed { leases: renewed, look } => json!({ "leases": leases(renewed, look) }),
        Output::Beat { beat, look } => json!({
            "leases": leases(&beat.renewed, look),
            "over": leases(&beat.over, look),
            "lost": beat.lost.iter().map(ended).collect::<Vec<_>>(),
        }),
        Output::Leases { leases: shown, lost, waiters, look } => {
            let mut data = json!({ "leases": leases(shown, look), "waiters": waiters_json(waiters) });
            if let Some(lost) = lost {
                data["lost"] = lost.iter().map(ended).collect();
            }
            data
        }
        Output::Status(found) => status(found),
        Output::Released { released, gated, commit } => {
            let one = |released: &Released| {
                json!({
                    "lease_id": released.lease.id,
                    "issues": released.issues,
                    "left": released.lease.issues,
                })
            };
            let commit = commit.as_ref().map(|commit| &*commit.files).unwrap_or_default();
            json!({ "released": released.iter().map(one).collect::<Vec<_>>(), "gated": gated, "commit": commit })
        }
        Output::Touched(touched) => {
            json!({ "free": touched.free, "outside": touched.outside, "conflicts": [] })
        }
        Output::Prime(prime) => {
            let mut shown = data(&prime.leases);
            shown["agent"] = json!(prime.agent);
            shown["worktree"] = json!(prime.worktree.as_ref().map(|path| path.display().to_string()));
            shown["branch"] = json!(prime.branch);
            shown["available"] = json!(issues::list(&prime.available, &[]))["issues"].take();
            shown["available_count"] = json!(prime.count);
            shown
        }
        Output::Abandoned(lost) => json!({ "abandoned": lost.iter().map(ended).collect::<Vec<_>>() }),
        Output::Ran { lease, status, released } => {
            json!({ "lease_id": lease.id, "fence": lease.fence, "status": status, "release": released.as_deref().map(data) })
        }
        Output::Kept { lease, pid, released } => {
            json!({ "lease_id": lease.id, "fence": lease.fence, "pid": pid, "release": released.as_deref().map(data) })
        }
        Output::Evicted(lease) => {
            json!({ "evicted": { "lease_id": lease.id, "issues": lease.issues, "agent": lease.holder.agent } })
        }
        Output::Issue { known, .. } => json!({ "issue": issues::whole(known) }),
        Output::Issues { issues, broken } => json!(issues::list(issues, broken)),
        Output::Gates { gates, .. } => json!({ "gates": gates.iter().map(gates::one).collect::<Vec<_>>() }),
        Output::GatesChecked { checks, known } => json!({
            "issue": issues::whole(known),
            "checks": checks.iter().map(gates::check).collect::<Vec<_>>(),
        }),
        Output::Assigned { issues, to } => json!({ "issues": issues, "agent": to }),
        Output::Distributed(shares) => json!({ "shares": shares.iter().map(|share| json!({
            "agent": share.agent,
            "issues": share.issues,
        })).collect::<Vec<_>>() }),
        Output::History(records) => {
            json!({ "records": records.iter().map(history::record).collect::<Vec<_>>() })
        }
        Output::Stats { stats: counted, .. } => stats::stats(counted),
        Output::Worktrees { worktrees: listed, look } => {
            json!({ "worktrees": listed.iter().map(|one| worktrees::listed(one, look)).collect::<Vec<_>>() })
        }
        Output::MadeWorktree(made) => worktrees::made(made),
        Output::Removed(removed) => worktrees::removed(removed),
        Output::Salvages(kept) => json!({ "salvages": kept.iter().map(worktrees::kept).collect::<Vec<_>>() }),
        Output::PutBack(back) => worktrees::put_back(back),
        Output::Worktree(info) => json!({
            "path": info.path.as_ref().map(|path| path.display().to_string()),
            "git_dir": info.git_dir.display().to_string(),
            "control_plane": info.control_plane.display().to_string(),
            "id": info.id,
            "branch": info.branch,
            "agent": info.agent,
        }),
        Output::HooksChanged(changes) => {
            json!({ "hooks": changes.iter().map(hooks::changed).collect::<Vec<_>>() })
        }
        Output::SetUp { files, notes } => json!({
            "files": files.iter().map(|(path, did)| json!({ "path": path.display().to_string(), "did": did })).collect::<Vec<_>>(),
            "notes": notes,
        }),
        Output::Hooks(worktrees) => {
            json!({ "worktrees": worktrees.iter().map(hooks::worktree).collect::<Vec<_>>() })
        }
        Output::Initialised { control_plane, made, attributes, driver } => json!({
            "control_plane": control_plane.display().to_string(),
            "made": made.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
            "attributes": attributes,
            "configured": if *driver { vec![DRIVER] } else { Vec::new() },
        }),
        Output::Exported { path, exported } => json!({
            "path": path.display().to_string(),
            "issues": exported.issues,
            "gates": exported.gates,
            "events": exported.events,
        }),
        Output::Imported(imported) => json!({
            "issues": { "written": imported.issues[0], "here": imported.issues[1], "kept": imported.kept },
            "gates": { "written": imported.gates[0], "here": imported.gates[1], "kept": imported.other_gates },
            "events": { "written": imported.events[0], "here": imported.events[1] },
        }),
        Output::Compacted { compacted, live } => json!({ "compacted": {
            "archived": compacted.archived,
            "last_seq": compacted.last,
            "carried": compacted.carried,
            "live": live,
        } }),
        Output::Settings { settings, .. } => {
            json!({ "settings": settings.iter().map(setting).collect::<Vec<_>>() })
        }
        Output::Get(changed) | Output::Set(changed) => json!({ "setting": setting(changed) }),
        Output::Path(path) => json!({ "path": path.display().to_string() }),
        Output::Checked { findings, healthy } => json!({
            "healthy": healthy,
            "findings": findings.iter().map(|finding| json!({
                "code": finding.kind.name(),
                "message": finding.what,
                "path": finding.path.as_ref().map(|path| path.display().to_string()),
                "offset": finding.offset,
                "hint": finding.hint,
                "state": match finding.needs {
                    Needs::Nothing => "ok",
                    Needs::Fix => "fixable",
                    Needs::Fixed => "fixed",
                    Needs::Person => "needs_a_person",
                },
            })).collect::<Vec<_>>(),
        }),
        Output::Watched => Value::Null,
        Output::Text(text) => json!({ "text": text }),
    }
}

fn leases(leases: &[Lease], look: &Look) -> Vec<Value> {
    leases.iter().map(|one| lease(one, look)).collect()
}

/// A lease as every answer shows it (design, section 5), and where its worktree is, if that is
/// there.
pub(crate) fn lease(lease: &Lease, look: &Look) -> Value {
    let now = &look.now;
    let (remaining, state) = match lease.lifetime(&now.stamp) {
        Lifetime::Left(left) => (left.as_secs(), "held"),
        Lifetime::Unsighted => (lease.ttl.secs(), "held"),
        Lifetime::Lapsed(_) => (0, "lapsed"),
    };
    let mut shown = fields(lease);
    shown.insert("expires_at".into(), json!(lease.expires_at(now)));
    shown.insert("remaining_secs".into(), json!(remaining));
    shown.insert("state".into(), json!(state));
    let place = look.place(lease).map(|place| place.display().to_string());
    shown.insert("worktree_path".into(), json!(place));
    Value::Object(shown)
}

/// What was picked; as a list where it may be several.
fn picked(leases: &[(Lease, Token)], several: bool, look: &Look) -> Value {
    match (leases, several) {
        ([(granted, token)], false) => json!({ "lease": lease(granted, look), "token": token.to_string() }),
        (leases, _) => {
            let one = |(granted, token): &(Lease, Token)| {
                let mut shown = lease(granted, look);
                shown["token"] = json!(token.to_string());
                shown
            };
            json!({ "leases": leases.iter().map(one).collect::<Vec<_>>() })
        }
    }
}

/// What stays the same of a lease while time passes.
fn fields(lease: &Lease) -> Map<String, Value> {
    let shown = json!({
        "lease_id": lease.id,
        "fence": lease.fence,
        "issues": lease.issues,
        "scope": scope(&lease.scope),
        "task": lease.task,
        "agent": lease.holder.agent,
        "worktree": lease.holder.worktree,
        "branch": lease.branch,
        "ttl_secs": lease.ttl,
        "acquired_at": lease.acquired_at,
        "supersedes": lease.supersedes,
    });
    match shown {
        Value::Object(shown) => shown,
        _ => Map::new(),
    }
}

/// The paths that a lease covers.
pub(crate) fn scope(scope: &Scope) -> Value {
    json!({ "paths": scope.patterns(), "mode": scope.mode() })
}

/// A lease that is over.
pub(crate) fn ended(ended: &Ended) -> Value {
    let mut shown = fields(&ended.lease);
    shown.insert("state".into(), json!("ended"));
    shown.insert("end".into(), json!(ended.end));
    shown.insert("ended_at".into(), json!(ended.ended_at));
    Value::Object(shown)
}

fn status(status: &Status) -> Value {
    let Status { asked, found, waiters, look } = status;
    let mut data = match found {
        Found::Nothing => json!({ "asked": asked, "lease": null }),
        Found::Live(live) => json!({ "asked": asked, "lease": lease(live, look) }),
        Found::Ended(over) => json!({ "asked": asked, "lease": ended(over) }),
        Found::Lost(_, over) => json!({ "asked": asked, "lease": null, "lost": ended(over) }),
    };
    data["waiters"] = waiters_json(waiters);
    data
}

fn waiters_json(waiters: &[Waiter]) -> Value {
    let one = |waiter: &Waiter| {
        let Waiter { agent, claim, since, .. } = waiter;
        json!({ "agent": agent, "issues": claim.references(), "scope": scope(claim.scope()), "since": since })
    };
    waiters.iter().map(one).collect()
}

fn setting(setting: &Setting) -> Value {
    let value = setting.value.as_ref().map(|value| match value {
        SettingValue::Duration(ttl) => json!(ttl.to_string()),
        SettingValue::Number(number) => json!(number),
        SettingValue::Flag(flag) => json!(flag),
        SettingValue::Word(word) => json!(word),
    });
    json!({ "key": setting.name, "value": value, "help": setting.help })
}
