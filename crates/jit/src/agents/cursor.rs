//! Cursor.

use serde_json::json;

use super::said::Said;
use super::{Answer, What, patch};

/// What a tool is about to do.
pub(super) fn what(said: &Said) -> Result<What, String> {
    match said.text("hook_event_name") {
        Some("beforeShellExecution") => {
            Ok(What::Shell { command: said.needed(&["command"])?.to_owned(), input: None })
        }
        Some("preToolUse") | None => tool(said),
        Some(_) => Ok(What::Other),
    }
}

fn tool(said: &Said) -> Result<What, String> {
    match said.needed(&["tool_name"])? {
        "Write" | "Edit" | "MultiEdit" | "StrReplace" | "Delete" | "EditNotebook" | "TabWrite" => {
            let input = said.input()?;
            let names = ["file_path", "path", "target_file", "target_notebook", "notebook_path"];
            Ok(What::Edit(vec![input.needed(&names)?.to_owned()]))
        }
        "ApplyPatch" => {
            Ok(What::Edit(patch::paths(said.input()?.needed(&["patch", "input", "command", "contents"])?)))
        }
        "Shell" => {
            let input = said.input()?;
            let command = input.needed(&["command"])?.to_owned();
            Ok(What::Shell { command, input: Some(input.fields()) })
        }
        _ => Ok(What::Other),
    }
}

/// Where it is about to do so.
pub(super) fn directory(said: &Said) -> Option<String> {
    let of_tool = || said.input().ok()?.needed(&["working_directory", "cwd"]).ok().map(str::to_owned);
    let said_here = || said.text("cwd").or_else(|| said.first("workspace_roots")).map(str::to_owned);
    of_tool().or_else(said_here)
}

/// How it is answered: always by an object with `permission`, or nothing is done at all.
pub(super) fn answered(answer: Answer) -> String {
    match answer {
        Answer::Deny { reason } => {
            json!({ "permission": "deny", "user_message": reason, "agent_message": reason }).to_string()
        }
        Answer::Allow { note, input } => {
            let mut fields = json!({ "permission": "allow" });
            if let Some(note) = note {
                fields["agent_message"] = note.into();
            }
            if let Some(input) = input {
                fields["updated_input"] = input.into();
            }
            fields.to_string()
        }
    }
}
