//! What `jit hook PROGRAM` answers.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::support::Agent;

/// How a program was answered.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) denied: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) input: Option<Value>,
}

impl Told {
    /// What a program makes of an answer.
    #[track_caller]
    pub(crate) fn read(program: &str, text: &str) -> Self {
        if text.is_empty() && matches!(program, "claude" | "codex") {
            return Self { denied: None, note: None, input: None };
        }
        let whole: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let own = &whole["hookSpecificOutput"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (denied, reason, note, input) = match program {
            "gemini" => {
                (whole["decision"] == "deny", &whole["reason"], &whole["systemMessage"], &own["tool_input"])
            }
            "cursor" => {
                let denied = whole["permission"] == "deny";
                assert!(denied || whole["permission"] == "allow", "{whole}");
                let note = if denied { &Value::Null } else { &whole["agent_message"] };
                (denied, &whole["agent_message"], note, &whole["updated_input"])
            }
            _ => {
                assert_eq!(own["hookEventName"], "PreToolUse", "{whole}");
                let denied = own["permissionDecision"] == "deny";
                // To approve is the user's; Codex takes no other input without it.
                let approves = own["permissionDecision"] == "allow";
                assert_eq!(approves, program == "codex" && own["updatedInput"].is_object(), "{whole}");
                (denied, &own["permissionDecisionReason"], &own["additionalContext"], &own["updatedInput"])
            }
        };
        Self {
            denied: denied.then(|| text(reason).unwrap()),
            note: text(note),
            input: Some(input.clone()).filter(|input| !input.is_null()),
        }
    }

    #[track_caller]
    pub(crate) fn silent(self) {
        assert_eq!(self, Self { denied: None, note: None, input: None });
    }

    #[track_caller]
    pub(crate) fn denied(self, parts: &[&str]) -> String {
        let reason = self.denied.unwrap_or_else(|| panic!("it was allowed: {:?}", self.note));
        parts.iter().for_each(|part| assert!(reason.contains(part), "{part:?} is not in {reason}"));
        reason
    }

    #[track_caller]
    pub(crate) fn noted(self, parts: &[&str]) {
        assert_eq!(self.denied, None);
        let note = self.note.expect("there is no note");
        parts.iter().for_each(|part| assert!(note.contains(part), "{part:?} is not in {note}"));
    }
}

/// What a program's hook prints; it ends well, and says nothing else.
#[track_caller]
pub(crate) fn printed(agent: &Agent<'_>, program: &str, input: &str) -> String {
    let mut command = agent.command(["hook", program]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
