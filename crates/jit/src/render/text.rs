//! Output for people: short and aligned.

mod columns;
mod failure;
pub(crate) mod gates;
pub(super) mod history;
mod hooks;
mod import;
mod issues;
mod prime;
mod stats;
mod worktrees;

use std::path::Path;

use jit_core::{
    Claim, End, Ended, Lease, Lifetime, Mode, Now, Reference, Scope, SettingValue, Touched, Waiter, span,
};

use crate::finding::Needs;
use crate::issues::merging::DRIVER;
use crate::look::Look;
use crate::output::{Found, Output, Status};
use crate::render::prometheus;
use crate::render::text::columns::{columns, fields};
pub(crate) use crate::render::text::failure::{failure, told};

/// A command's output as text.
pub(crate) fn human(output: &Output, colour: bool) -> String {
    let paint = Paint(colour);
    match output {
        Output::Granted { did, lease, token, look } => {
            granted(did, lease, token.as_ref().map(ToString::to_string), &look.now)
        }
        Output::Picked { leases, look, .. } => leases
            .iter()
            .map(|(lease, token)| granted("acquired", lease, Some(token.to_string()), &look.now))
            .collect(),
        Output::WouldGrant { lease } => {
            format!("would get {} for {}\n", subject(lease), lease.ttl)
        }
        Output::Renewed { leases, look } => renewed(leases, &look.now),
        Output::Beat { beat, look } => renewed(&beat.renewed, &look.now),
        Output::Leases { leases, lost, waiters, look } => {
            let mut text = match leases.is_empty() {
                true => "no leases\n".into(),
                false => table(leases, look, paint),
            };
            let lost = lost
                .iter()
                .flatten()
                .map(|lost| format!("lost {}: {}\n", subject(&lost.lease), ending(lost)));
            text.extend(lost.chain(waiters.iter().map(waiter)));
            text
        }
        Output::Status(found) => status(found),
        Output::Released { released, gated, commit } => {
            let mut text: String = released
                .iter()
                .map(|released| match released.lease.issues.is_empty() {
                    true => format!("released {}\n", whole(&released.issues, &released.lease.scope)),
                    false => format!(
                        "released {}; still held: {}\n",
                        issues(&released.issues),
                        issues(&released.lease.issues)
                    ),
                })
                .collect();
            gated.iter().for_each(|issue| {
                text.push_str(&format!("gated, not done: {issue} has open gates (jit issue show {issue})\n"))
            });
            let commit = commit.iter().map(|commit| format!("to be committed: {}\n", commit.command));
            text.extend(commit);
            text
        }
        Output::Touched(touched) => may_touch(touched),
        Output::Prime(prime) => prime::prime(prime),
        Output::Abandoned(lost) => match lost.is_empty() {
            true => "nothing was lost here\n".into(),
            false => lost
                .iter()
                .map(|lost| format!("let go of {}: {}\n", subject(&lost.lease), ending(lost)))
                .collect(),
        },
        // The command has spoken for itself; what it does not know is which files to commit.
        Output::Ran { released, .. } => match released.as_deref() {
            Some(released @ Output::Released { commit: Some(_), .. }) => human(released, false),
            _ => String::new(),
        },
        Output::Kept { lease, pid, released } => match released {
            Some(released) => format!("process {pid} is gone\n{}", human(released, false)),
            None => format!("lease {} was given up meanwhile\n", lease.id),
        },
        Output::Evicted(lease) => format!("evicted {} from {}\n", lease.holder.agent, subject(lease)),
        Output::Issue { did, known } => issues::one(*did, known),
        Output::Issues { issues, broken } => issues::table(issues, broken),
        Output::Gates { did: None, gates } => gates::list(gates),
        Output::GatesChecked { checks, known } => {
            checks.iter().map(gates::passed).collect::<String>() + &issues::one(Some("checked"), known)
        }
        Output::Gates { did: Some(did), gates } => gates.iter().map(|gate| gates::one(did, gate)).collect(),
        Output::Assigned { issues, to } => issues::assigned(issues, to.as_ref()),
        Output::Distributed(shares) => issues::shares(shares),
        Output::History(records) => history::table(records),
        Output::Stats { stats: counted, prometheus: false } => stats::tables(counted),
        Output::Stats { stats: counted, prometheus: true } => prometheus::exposition(counted),
        Output::Worktrees { worktrees: listed, look } => worktrees::table(listed, look),
        Output::MadeWorktree(made) => worktrees::made(made),
        Output::Removed(removed) => worktrees::removed(removed),
        Output::Salvages(kept) => worktrees::salvages(kept),
        Output::PutBack(back) => worktrees::put_back(back),
        Output::Worktree(info) => fields(&[
            ("worktree", info.path.as_deref().map(shown)),
            ("id", info.id.map(|id| id.to_string())),
            ("branch", info.branch.clone()),
            ("agent", info.agent.as_ref().map(ToString::to_string)),
            ("git dir", Some(shown(&info.git_dir))),
            ("control plane", Some(shown(&info.control_plane))),
        ]),
        Output::HooksChanged(changes) => hooks::changes(changes),
        Output::SetUp { files, notes } => hooks::set_up(files, notes),
        Output::Hooks(worktrees) => hooks::table(worktrees),
        Output::Initialised { control_plane, made, attributes, driver } => {
            let mut text: String = made.iter().map(|path| format!("made {}\n", shown(path))).collect();
            text.extend(attributes.iter().map(|line| format!("added to .gitattributes: {line}\n")));
            if *driver {
                text.push_str(&format!("configured the merge driver {DRIVER}\n"));
            }
            text.push_str(&format!("leases are in {}\n", shown(control_plane)));
            text
        }
        Output::Exported { path, exported } => format!(
            "wrote {}: {} issues, {} gates, {} events\n",
            shown(path),
            exported.issues,
            exported.gates,
            exported.events
        ),
        Output::Imported(imported) => import::imported(imported),
        Output::Compacted { compacted, live } => {
            format!("sealed {} at record {}; leases that stand: {live}\n", compacted.archived, compacted.last)
        }
        Output::Settings { settings, .. } => columns(
            settings
                .iter()
                .map(|setting| {
                    vec![
                        setting.name.clone(),
                        setting.value.as_ref().map_or_else(|| "-".into(), ToString::to_string),
                        setting.help.clone(),
                    ]
                })
                .collect(),
        ),
        Output::Get(setting) => {
            format!("{}\n", setting.value.as_ref().map(ToString::to_string).unwrap_or_default())
        }
        Output::Set(setting) => {
            let value = setting.value.as_ref().map_or_else(|| "(unset)".into(), SettingValue::toml);
            format!("{} = {value}\n", setting.name)
        }
        Output::Path(path) => format!("{}\n", path.display()),
        Output::Checked { findings, healthy } => {
            let mut text: String = findings
                .iter()
                .map(|finding| {
                    let mark = match finding.needs {
                        Needs::Nothing => "ok     ",
                        Needs::Fix => "fixable",
                        Needs::Fixed => "fixed  ",
                        Needs::Person => "LOOK   ",
                    };
                    let hint = finding.hint.iter().map(|hint| format!("         {hint}\n"));
                    format!("{mark}  {}\n{}", printable(&finding.what), hint.collect::<String>())
                })
                .collect();
            text.push_str(if *healthy { "nothing needs a person\n" } else { "a person must look at this\n" });
            text
        }
        Output::Watched => String::new(),
        Output::Text(text) => text.clone(),
    }
}

fn status(status: &Status) -> String {
    let mut text = match &status.found {
        Found::Nothing => format!("{} is free\n", status.asked),
        Found::Live(lease) => details(lease, &status.look),
        Found::Ended(ended) => format!("{}\n", ending(ended)),
        Found::Lost(reference, ended) => format!("{reference} is free\n{}\n", ending(ended)),
    };
    text.extend(status.waiters.iter().map(waiter));
    text
}

fn waiter(waiter: &Waiter) -> String {
    format!("{} waits for {} since {}\n", waiter.agent, wanted(&waiter.claim), waiter.since)
}

/// Who has a lease, for how long still, and where.
pub(crate) fn lease_line(lease: &Lease, look: &Look) -> String {
    let you = match (look.is_own(lease), look.is_elsewhere(lease)) {
        (true, _) => " (you)",
        (_, true) => " (you, in another worktree)",
        _ => "",
    };
    let task = lease.task.as_ref().map(|task| format!(" for \"{task}\"")).unwrap_or_default();
    let place = look.place(lease).map(|place| format!(", in {}", shown(place))).unwrap_or_default();
    let (agent, since) = (&lease.holder.agent, &lease.acquired_at);
    format!("{agent}{you} has it since {since}{task}, {}{place}", left(lease, &look.now))
}

/// How a lease ended.
pub(crate) fn ending(ended: &Ended) -> String {
    let lease = &ended.lease;
    let how = match &ended.end {
        End::Released => "was released".into(),
        End::Lapsed => format!("lapsed after {} without a renewal", lease.ttl),
        End::Evicted { by, reason } => format!("was evicted by {by}: {reason}"),
    };
    format!("lease {} of {} {how} (noted {})", lease.id, lease.holder.agent, ended.ended_at)
}

/// Colours, where they are welcome.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn code(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn bold(self, text: &str) -> String {
        self.code("1", text)
    }

    fn bold_red(self, text: &str) -> String {
        self.code("1;31", text)
    }

    fn dim(self, text: &str) -> String {
        self.code("2", text)
    }
}

fn renewed(leases: &[Lease], now: &Now) -> String {
    let line = |lease: &Lease| format!("renewed {}: {}\n", subject(lease), left(lease, now));
    leases.iter().map(line).collect()
}

/// What a lease is of.
pub(crate) fn issues(issues: &[Reference]) -> String {
    issues.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What a lease is of, in short: its references, or its paths if it has none.
pub(crate) fn subject(lease: &Lease) -> String {
    if lease.issues.is_empty() { paths(&lease.scope) } else { issues(&lease.issues) }
}

/// That nobody is in the way.
fn may_touch(touched: &Touched) -> String {
    let outside = touched
        .outside
        .iter()
        .map(|path| format!("outside of what you hold: {}\n", one_line(&path.to_string())));
    let said = match touched.free.len() {
        0 => "nothing is staged\n".to_owned(),
        1 => "nobody else holds it\n".to_owned(),
        paths => format!("nobody else holds any of the {paths} paths\n"),
    };
    outside.chain([said]).collect()
}

/// What somebody waits for.
fn wanted(claim: &Claim) -> String {
    whole(claim.references(), claim.scope())
}

/// References and paths.
pub(crate) fn whole(references: &[Reference], scope: &Scope) -> String {
    let both = [issues(references), paths(scope)];
    both.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The paths of a scope.
pub(crate) fn paths(scope: &Scope) -> String {
    const MOST: usize = 4;
    let patterns = scope.patterns();
    let mut shown: Vec<String> = patterns.iter().take(MOST).map(|path| one_line(&path.to_string())).collect();
    if let Some(more) = patterns.len().checked_sub(MOST).filter(|more| *more > 0) {
        shown.push(format!("{more} more"));
    }
    if scope.mode() == Mode::Shared && !shown.is_empty() {
        shown.push("shared".into());
    }
    shown.join(", ")
}

/// How long a lease stands still.
pub(crate) fn left(lease: &Lease, now: &Now) -> String {
    match lease.lifetime(&now.stamp) {
        Lifetime::Left(left) => format!("{} left", span(left)),
        Lifetime::Unsighted => format!("{} left", span(lease.ttl.duration())),
        Lifetime::Lapsed(ago) => format!("lapsed {} ago", span(ago)),
    }
}

fn granted(did: &str, lease: &Lease, token: Option<String>, now: &Now) -> String {
    let to = if did == "transferred" { format!(" to {}", lease.holder.agent) } else { String::new() };
    let mut text = format!("{did} {}{to}\n", subject(lease));
    text.push_str(&fields(&[
        ("lease", Some(lease.id.to_string())),
        ("fence", Some(lease.fence.to_string())),
        ("paths", Some(paths(&lease.scope)).filter(|paths| !paths.is_empty() && !lease.issues.is_empty())),
        ("ttl", Some(format!("{} (until {})", lease.ttl, lease.expires_at(now)))),
        ("token", token),
    ]));
    text
}

fn details(lease: &Lease, look: &Look) -> String {
    fields(&[
        ("issues", Some(issues(&lease.issues)).filter(|issues| !issues.is_empty())),
        ("paths", Some(paths(&lease.scope)).filter(|paths| !paths.is_empty())),
        ("held by", Some(lease.holder.agent.to_string())),
        ("worktree", Some(lease.holder.worktree.to_string())),
        ("path", look.place(lease).map(shown)),
        ("branch", lease.branch.clone()),
        ("task", lease.task.as_ref().map(ToString::to_string)),
        ("since", Some(lease.acquired_at.to_string())),
        ("left", Some(left(lease, &look.now))),
        ("lease", Some(lease.id.to_string())),
        ("fence", Some(lease.fence.to_string())),
    ])
}

fn table(leases: &[Lease], look: &Look, paint: Paint) -> String {
    let head = ["HELD", "AGENT", "BRANCH", "LEFT", "LEASE", "TASK", "WORKTREE"].map(String::from).to_vec();
    let rows = leases.iter().map(|lease| {
        vec![
            whole(&lease.issues, &lease.scope),
            lease.holder.agent.to_string(),
            lease.branch.clone().unwrap_or_else(|| "-".into()),
            left(lease, &look.now),
            lease.id.to_string(),
            lease.task.as_ref().map_or_else(|| "-".into(), ToString::to_string),
            look.place(lease).map_or_else(|| "-".into(), shown),
        ]
    });
    let text = columns(std::iter::once(head).chain(rows).collect());
    match text.split_once('\n') {
        Some((head, rows)) => format!("{}\n{rows}", paint.dim(head)),
        None => text,
    }
}

/// A path on one line, without what a terminal would obey.
fn shown(path: &Path) -> String {
    one_line(&path.display().to_string())
}

/// A text on one line, without what a terminal would obey.
pub(crate) fn one_line(text: &str) -> String {
    printable(text).replace('\n', "\\n")
}

/// A text without what a terminal would obey, or show in another order; it may have lines.
fn printable(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let escaped = |c: char| match (c.is_control() && c != '\n') || turns(c) {
        true => c.escape_debug().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escaped).collect()
}
