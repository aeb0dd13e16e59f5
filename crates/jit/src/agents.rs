//! Coding agents that ask jit before they act: what each says, and how it is answered. What is said
//! of it in between is the same for all.

mod called;
mod claude;
mod cursor;
mod gemini;
mod patch;
mod said;
mod shell;
mod spelled;
mod words;

use std::path::PathBuf;

use serde_json::{Map, Value};

pub(crate) use called::{calls, with_option};
use said::Said;
use shell::changes;
pub(crate) use shell::{Change, Part};

/// A coding agent's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Claude,
    Codex,
    Gemini,
    Cursor,
}

/// Something that an agent is about to do.
#[derive(Debug)]
pub(crate) struct ToolCall {
    /// Which session of the program acts, and which sub-agent in it.
    pub(crate) session: Option<String>,
    pub(crate) sub: Option<String>,
    /// Where.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) what: What,
}

/// What it does.
#[derive(Debug)]
pub(crate) enum What {
    /// It changes these files.
    Edit(Vec<String>),
    /// It runs a command; the tool's whole input, where that can be changed.
    Shell { command: String, input: Option<Map<String, Value>> },
    /// Nothing that jit has a say in.
    Other,
}

/// What the program is told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// To go on, with what there is to know, and the input as it is to be.
    Allow { note: Option<String>, input: Option<Map<String, Value>> },
    /// Not to.
    Deny { reason: String },
}

impl Program {
    /// As it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
            Self::Cursor => "cursor",
        }
    }

    /// What it says on standard input.
    ///
    /// # Errors
    /// Why that can't be told.
    pub(crate) fn call(self, text: &[u8]) -> Result<ToolCall, String> {
        let said = Said::parse(text)?;
        let what = match self {
            Self::Claude | Self::Codex => claude::what(&said),
            Self::Gemini => gemini::what(&said),
            Self::Cursor => cursor::what(&said),
        }?;
        let own = |name: &str| said.text(name).map(PathBuf::from);
        let directory = match self {
            Self::Claude | Self::Codex => own("cwd"),
            // What a tool is given is seen from where the session is.
            Self::Gemini => match (own("cwd"), gemini::directory(&said)) {
                (Some(here), Some(there)) => Some(here.join(there)),
                (here, there) => here.or(there.map(PathBuf::from)),
            },
            Self::Cursor => cursor::directory(&said).map(PathBuf::from),
        };
        let session = said.text("session_id").or_else(|| said.text("conversation_id")).map(str::to_owned);
        Ok(ToolCall { session, sub: said.text("agent_id").map(str::to_owned), directory, what })
    }

    /// What it is to read on standard output.
    pub(crate) fn answered(self, answer: Answer) -> String {
        let mut text = match self {
            Self::Claude => claude::answered(answer),
            Self::Codex => claude::answered_codex(answer),
            Self::Gemini => gemini::answered(answer),
            Self::Cursor => cursor::answered(answer),
        };
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }
}

/// What a call changes, relative to where it is made.
pub(crate) fn changed(what: &What) -> Vec<Change> {
    let whole = |path: &String| Change { path: path.into(), part: Part::Whole, follows: true };
    match what {
        What::Edit(paths) => paths.iter().map(whole).collect(),
        What::Shell { command, .. } => changes(command),
        What::Other => Vec::new(),
    }
}
