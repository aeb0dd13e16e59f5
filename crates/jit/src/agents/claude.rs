//! Claude Code, and Codex, which speaks as it does.

use serde_json::{Value, json};

use super::said::Said;
use super::{Answer, What, patch};

/// What a tool is about to do.
pub(super) fn what(said: &Said) -> Result<What, String> {
    if said.text("hook_event_name").is_some_and(|event| event != "PreToolUse") {
        return Ok(What::Other);
    }
    let file = |name| Ok(What::Edit(vec![said.input()?.needed(&[name])?.to_owned()]));
    match said.needed(&["tool_name"])? {
        "Edit" | "MultiEdit" | "Write" => file("file_path"),
        "NotebookEdit" => file("notebook_path"),
        "apply_patch" => Ok(What::Edit(patch::paths(said.input()?.needed(&["command"])?))),
        "Bash" => {
            let input = said.input()?;
            let command = input.needed(&["command"])?.to_owned();
            Ok(What::Shell { command, input: Some(input.fields()) })
        }
        _ => Ok(What::Other),
    }
}

/// How Claude Code is answered. Who does not object says nothing, so that it goes by the user's own
/// permissions.
pub(super) fn answered(answer: Answer) -> String {
    match answer {
        Answer::Deny { reason } => {
            said(json!({ "permissionDecision": "deny", "permissionDecisionReason": reason }))
        }
        Answer::Allow { note: None, input: None } => String::new(),
        Answer::Allow { note, input } => {
            let mut fields = json!({});
            if let Some(note) = note {
                fields["additionalContext"] = note.into();
            }
            if let Some(input) = input {
                fields["updatedInput"] = input.into();
            }
            said(fields)
        }
    }
}

/// How Codex is. It takes another input only with `allow`, which approves nothing there.
pub(super) fn answered_codex(answer: Answer) -> String {
    match answer {
        Answer::Allow { note, input: Some(input) } => {
            let mut fields = json!({ "permissionDecision": "allow", "updatedInput": input });
            if let Some(note) = note {
                fields["additionalContext"] = note.into();
            }
            said(fields)
        }
        answer => answered(answer),
    }
}

fn said(mut fields: Value) -> String {
    fields["hookEventName"] = "PreToolUse".into();
    json!({ "hookSpecificOutput": fields }).to_string()
}
