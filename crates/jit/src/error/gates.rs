//! What gates say when something stands in the way.

use jit_core::IssueId;
use jit_tracker::GateName;
use serde_json::json;

use super::{Code, Failure};

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
}
