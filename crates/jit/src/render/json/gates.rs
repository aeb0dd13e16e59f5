//! Gates for programs.

use jit_tracker::gates::Check;
use serde_json::{Value, json};

use crate::issues::gates::{Checked, Shown, Verdict};
use crate::running::launch::End;

/// A gate as it is defined.
pub(super) fn one(shown: &Shown) -> Value {
    let (kind, command, timeout) = match &shown.gate.check {
        Check::Manual => ("manual", None, None),
        Check::Command { command, timeout } => ("command", Some(command), Some(timeout)),
    };
    json!({
        "name": shown.name,
        "kind": kind,
        "command": command,
        "timeout_secs": timeout,
        "description": shown.gate.description,
        "approved": shown.approved,
    })
}

/// A gate whose command ran.
pub(crate) fn check(check: &Checked) -> Value {
    let (status, signal) = match check.end {
        End::Exited(status) => (Some(status), None),
        End::Killed(signal) | End::Interrupted(signal) => (None, Some(signal)),
        End::TimedOut => (None, None),
    };
    json!({
        "gate": check.gate,
        "passed": matches!(check.verdict(), Verdict::Passed),
        "status": status,
        "signal": signal,
        "timed_out": check.end == End::TimedOut,
        "output": check.output.display().to_string(),
        "last_lines": check.last,
    })
}
