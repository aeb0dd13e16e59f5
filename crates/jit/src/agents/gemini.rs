//! Gemini CLI.

use serde_json::json;

use super::said::Said;
use super::{Answer, What};

/// What a tool is about to do.
pub(super) fn what(said: &Said) -> Result<What, String> {
    if said.text("hook_event_name").is_some_and(|event| event != "BeforeTool") {
        return Ok(What::Other);
    }
    match said.needed(&["tool_name"])? {
        "write_file" | "replace" | "edit" => {
            Ok(What::Edit(vec![said.input()?.needed(&["file_path", "absolute_path"])?.to_owned()]))
        }
        "run_shell_command" => {
            let input = said.input()?;
            let command = input.needed(&["command"])?.to_owned();
            Ok(What::Shell { command, input: Some(input.fields()) })
        }
        _ => Ok(What::Other),
    }
}

/// Where a shell command runs, if it says.
pub(super) fn directory(said: &Said) -> Option<String> {
    let input = said.input().ok()?;
    input.needed(&["dir_path", "directory"]).ok().map(str::to_owned)
}

/// How it is answered: always by an object. A note reaches the user; the agent has no place for it
/// before a tool.
pub(super) fn answered(answer: Answer) -> String {
    match answer {
        Answer::Deny { reason } => json!({ "decision": "deny", "reason": reason }).to_string(),
        Answer::Allow { note, input } => {
            let mut fields = json!({});
            if let Some(note) = note {
                fields["systemMessage"] = note.into();
            }
            if let Some(input) = input {
                fields["hookSpecificOutput"] = json!({ "hookEventName": "BeforeTool", "tool_input": input });
            }
            fields.to_string()
        }
    }
}
