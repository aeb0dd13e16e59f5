//! What gates say when something stands in the way.

use std::io;
use std::path::{Path, PathBuf};

use jit_core::IssueId;
use jit_tracker::gates::Gate;
use jit_tracker::{GateName, Issue, State};
use serde_json::json;

use super::{Code, Failure};
use crate::issues::gates::{Checked, Verdict};
use crate::issues::known::{Known, Stage};
use crate::render::json::gates::check as check_json;
use crate::render::text::gates::to_approve;

fn words(names: &[GateName], between: &str) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}

/// The command that says that these are passed.
pub(crate) fn pass(options: &str, issue: IssueId, names: &[GateName]) -> String {
    format!("jit {options}gate pass {issue} {}", words(names, " "))
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|known| format!(" (did you mean `{known}`?)")).unwrap_or_default()
}

impl Failure {
    /// A gate that this worktree's file does not define: nobody could say what passes it.
    pub(crate) fn undefined_gate(name: &GateName, nearest: Option<&str>) -> Self {
        let meant = did_you_mean(nearest);
        Self::new(Code::GateNotFound, format!(".jit/gates.toml here defines no gate `{name}`{meant}"))
            .hint(format!(
                "see what it defines: jit gate list; or define it: jit gate define {name} --manual"
            ))
            .context(json!({ "gate": name, "nearest": nearest }))
    }

    /// A gate that this issue does not have to pass.
    pub(crate) fn gate_not_required(issue: IssueId, name: &GateName, nearest: Option<&str>) -> Self {
        let meant = did_you_mean(nearest);
        Self::new(Code::GateNotFound, format!("{issue} has no gate `{name}`{meant}"))
            .hint(format!("see its gates: jit issue show {issue}"))
            .context(json!({ "issue": issue, "gate": name, "nearest": nearest }))
    }

    /// A gate whose command decides.
    pub(crate) fn passed_by_command(issue: IssueId, name: &GateName) -> Self {
        Self::new(Code::GateOpen, format!("gate {name} is passed by its command, not by hand"))
            .hint(format!("jit gate check {issue} {name}"))
            .context(json!({ "issue": issue, "gate": name }))
    }

    /// Gates that no command decides.
    pub(crate) fn passed_by_hand(issue: IssueId, names: &[GateName]) -> Self {
        let listed = words(names, ", ");
        Self::new(
            Code::GateOpen,
            format!("there is no command to check {listed}: somebody has to look, and say so"),
        )
        .context(json!({ "issue": issue, "gates": names }))
        .or_pass(issue, names)
    }

    /// Where somebody's word is all that is missing.
    pub(crate) fn or_pass(self, issue: IssueId, names: &[GateName]) -> Self {
        self.hint(format!("once it is so: {}", pass("", issue, names)))
    }

    /// The issue whose open gates are in the way.
    pub(crate) fn gated(&self) -> Option<IssueId> {
        let barred = self.context["barred"][0]["reference"].as_str();
        barred.filter(|_| self.code == Code::GateOpen)?.parse().ok()
    }

    /// What is done, and so waits for no gate.
    pub(crate) fn gate_too_late(issue: IssueId) -> Self {
        Self::new(Code::IssueEnded, format!("{issue} is done: it waits for no gate any more"))
            .hint(format!("if there is more to do: jit issue reopen {issue}"))
            .context(json!({ "issue": issue }))
    }

    /// A gate is passed by the work on an issue, and there is none, or another file has it.
    pub(crate) fn nothing_to_pass(issue: IssueId, elsewhere: bool) -> Self {
        let (why, hint) = match elsewhere {
            true => ("its work was done, and is not here", format!("where it is: jit issue show {issue}")),
            false => (
                "nobody works on it, and it is not done",
                format!(
                    "its gates are passed while somebody works on it, or once the work is done: jit claim acquire {issue}"
                ),
            ),
        };
        Self::new(Code::NeedsLease, format!("no gate of {issue} is passed here: {why}"))
            .hint(hint)
            .context(json!({ "issue": issue }))
    }

    /// The file at hand says that the work is done, and it was reopened or given up undone since.
    pub(crate) fn of_an_attempt_before(issue: IssueId) -> Self {
        Self::new(
            Code::NeedsLease,
            format!(
                "no gate of {issue} is passed here: its file is of an attempt before, and it is open again"
            ),
        )
        .hint(format!("merge the branch that reopened it; if there is none: jit issue reopen {issue}"))
        .context(json!({ "issue": issue }))
    }

    /// Work that was done in another worktree, and is not in this one.
    /// `way` brings it here, if anything does.
    pub(crate) fn work_elsewhere(
        issue: IssueId,
        place: Option<PathBuf>,
        way: Option<String>,
        options: &str,
    ) -> Self {
        let what = format!("nothing was run: the work on {issue} was done, and is not in this worktree");
        let hint = match (&place, way) {
            (Some(_), _) => format!("check it where it is: jit gate check {issue}"),
            (None, Some(way)) => way,
            (None, None) => format!(
                "no branch and no worktree has it; if it is lost, let it be done anew: jit {options}issue reopen {issue}"
            ),
        };
        let there = place.as_ref().map(|place| place.display().to_string());
        let failure = Self::new(Code::WorkElsewhere, what)
            .hint(hint)
            .context(json!({ "issue": issue, "worktree": there }));
        Self { place, ..failure }
    }

    /// What a check found is of what was there when it began.
    pub(crate) fn checked_something_else(issue: IssueId, name: &GateName, what: &str) -> Self {
        let what = format!(
            "gate {name} of {issue} is not what was checked any more: {what} changed meanwhile; nothing was recorded"
        );
        Self::new(Code::GateChanged, what)
            .hint(format!("see what is there now: jit issue show {issue}; then check it again: jit gate check {issue} {name}"))
            .context(json!({ "issue": issue, "gate": name }))
    }

    /// There is nothing to approve.
    pub(crate) fn no_command(name: &GateName) -> Self {
        Self::usage(&format!("gate {name} has no command: it is passed by hand"), "jit gate list")
    }

    /// Commands that this machine's user has not approved.
    pub(crate) fn unapproved(gates: &[(GateName, Gate)], file: &Path) -> Self {
        let names: Vec<GateName> = gates.iter().map(|(name, _)| name.clone()).collect();
        let what = format!(
            "nothing was run: nobody has approved, for this machine, what {} wants to run",
            file.display()
        );
        Self::new(Code::GateUnapproved, what)
            .details(to_approve(gates))
            .hint(format!(
                "show this to a person, who may let it run: jit gate approve {}",
                words(&names, " ")
            ))
            .context(
                json!({ "gates": names, "commands": to_approve(gates), "file": file.display().to_string() }),
            )
    }

    /// Approvals are the user's, and nobody knows where the user's files are.
    pub(crate) fn no_home() -> Self {
        Self::new(
            Code::NoHome,
            "no gate's command can be approved: HOME is not set, and it says where this user's approvals are",
        )
        .hint("set HOME to the user's directory, or XDG_STATE_HOME to one that outlives this session")
    }

    /// Approvals where a branch could bring its own.
    pub(crate) fn approvals_inside(file: &Path) -> Self {
        let what = format!(
            "no gate's command can be approved: approvals would be in {}, inside of this repository, where a branch can bring its own",
            file.display()
        );
        Self::new(Code::NoHome, what)
            .hint("set XDG_STATE_HOME to a directory outside of the repository and its worktrees")
            .context(json!({ "file": file.display().to_string() }))
    }

    /// A command that never ran.
    pub(crate) fn gate_not_started(name: &GateName, error: &io::Error) -> Self {
        let what = format!("the command of gate {name} could not be started: {error}; nothing was recorded");
        Self::new(Code::NotStarted, what)
            .hint("jit needs /bin/sh, and room for one more process")
            .context(json!({ "gate": name }))
    }

    /// Somebody stopped jit.
    pub(crate) fn gate_interrupted(name: &GateName, signal: i32) -> Self {
        let what = format!("gate {name} was stopped by signal {signal}; nothing was recorded");
        Self::new(Code::Interrupted, what).context(json!({ "gate": name, "signal": signal }))
    }

    /// Commands ran, and not all of them passed.
    pub(crate) fn gates_failed(known: &Known<Issue>, checks: &[Checked]) -> Self {
        let failed: Vec<&Checked> =
            checks.iter().filter(|check| !matches!(check.verdict(), Verdict::Passed)).collect();
        let names: Vec<GateName> = failed.iter().map(|check| check.gate.clone()).collect();
        let id = known.issue.id;
        let lines = |check: &&Checked| {
            let head =
                format!("{}: {}; its output is in {}", check.gate, check.how(), check.output.display());
            let last = check.last.iter().map(|line| format!("  | {line}"));
            std::iter::once(head).chain(last).collect::<Vec<_>>()
        };
        let hint = match known.stage() {
            Stage::At(State::Gated | State::Done) => {
                format!("if there is more to do, let it be claimed again: jit issue reopen {id}")
            }
            _ => format!("mend it, then: jit gate check {id} {}", words(&names, " ")),
        };
        Self::new(Code::GateFailed, format!("{id} does not pass {}", words(&names, ", ")))
            .details(failed.iter().flat_map(lines).collect())
            .hint(hint)
            .context(json!({ "issue": id, "checks": checks.iter().map(check_json).collect::<Vec<_>>() }))
    }
}
