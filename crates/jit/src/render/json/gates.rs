//! Gates for programs.

use jit_tracker::GateName;
use jit_tracker::gates::{Check, Gate};
use serde_json::{Value, json};

/// A gate as it is defined.
pub(super) fn one((name, gate): &(GateName, Gate)) -> Value {
    let (kind, command, timeout) = match &gate.check {
        Check::Manual => ("manual", None, None),
        Check::Command { command, timeout } => ("command", Some(command), Some(timeout)),
    };
    json!({
        "name": name,
        "kind": kind,
        "command": command,
        "timeout_secs": timeout,
        "description": gate.description,
    })
}
