//! What bad usage says, and the command as it should have been typed.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ErrorKind};
use jit_core::{AgentId, AgentKind, Name};
use serde_json::json;

use super::{Code, Failure, shown};
use crate::shell::quoted;

impl Failure {
    pub(crate) fn usage(message: &str, hint: &str) -> Self {
        Self::new(Code::BadUsage, message).hint(hint)
    }

    /// Several leases of the same paths, where each is to have them alone.
    pub(crate) fn one_holder_of_paths() -> Self {
        Self::usage("several leases can't each cover the same paths alone", "")
            .hint("leave --count out, or cover the paths together with others: --shared")
    }

    /// What the argument parser says, without what it would repeat of the arguments.
    pub(crate) fn arguments(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        let message: String = text.split("\n\n").next().unwrap_or(text).chars().take(300).collect();
        let message = match error.kind() {
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "no command was given".into(),
            _ => message,
        };
        let suggested = error.get(ContextKind::SuggestedSubcommand);
        let meant = suggested.map(|suggested| format!("; did you mean `{suggested}`?")).unwrap_or_default();
        Self::new(Code::BadUsage, format!("{}{meant}", message.trim_end()))
    }

    /// Bad usage leads to the help of the command, unless more is known.
    pub(crate) fn or_help(self, help: impl FnOnce() -> String) -> Self {
        match (self.code, &self.hint) {
            (Code::BadUsage, None) => self.hint(help()),
            _ => self,
        }
    }

    /// What `-C` names is no place to run in.
    pub(crate) fn bad_directory(dir: &Path, reason: &str) -> Self {
        let shown = shown(&dir.to_string_lossy());
        Self::new(Code::BadUsage, format!("-C {shown}: {reason}"))
            .hint("name a directory of a Git repository: jit -C DIR …")
            .context(json!({ "dir": dir.display().to_string() }))
    }

    /// `suggested` is a name that would do.
    pub(crate) fn no_identity(suggested: Option<Name>) -> Self {
        let suggested = suggested.map_or_else(|| "NAME".to_owned(), |name| name.to_string());
        Self::new(Code::NoIdentity, "nobody said which agent this is")
            .hint(format!("export JIT_AGENT_ID=agent:{suggested}"))
    }

    /// An agent's id that is none, and where it was found.
    pub(crate) fn bad_identity(source: &str, error: &str, text: &str) -> Self {
        let failure = Self::usage(&format!("{source}: {error}"), "");
        let (_, name) = text.split_once(':').unwrap_or(("", text));
        match Name::fitted(name).map(|name| AgentId::new(AgentKind::Agent, name)) {
            None => failure,
            Some(meant) => failure.hint(match source {
                "--agent" => format!("write --agent {meant}"),
                "JIT_AGENT_ID" => format!("export JIT_AGENT_ID={meant}"),
                file => format!("write {meant} in {file}"),
            }),
        }
    }

    /// Nothing was begun: nobody could read the answer.
    pub(crate) fn no_output() -> Self {
        Self::new(Code::Output, "standard output is closed; nothing was done")
            .hint("open it; for no answer, write >/dev/null")
    }

    /// The command as it was typed, with what was too much or too little of an option corrected.
    pub(crate) fn with_typed(self, typed: &[OsString]) -> Self {
        match self.code {
            Code::NotYours => match &self.place {
                Some(place) => {
                    let there = typed_in(typed, place);
                    self.hint(format!("act from there: {there}"))
                }
                None => self,
            },
            Code::Locked => {
                let again = with_option(typed, "--lock-timeout", "30s");
                self.hint(format!("try again, or wait longer: {again}"))
            }
            Code::TtlTooLong => {
                let most = format!("{}s", self.context["most_secs"]);
                self.hint(format!("ask for no more: {}", with_option(typed, "--ttl", &most)))
            }
            _ => self,
        }
    }
}

/// The command as it was typed, run in another directory.
fn typed_in(typed: &[OsString], place: &Path) -> String {
    let mut words = typed.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    let mut command = format!("jit -C {}", quoted(&place.to_string_lossy()));
    while let Some(word) = words.next() {
        match word.as_str() {
            "-C" | "--dir" => drop(words.next()),
            dir if dir.starts_with("-C") || dir.starts_with("--dir=") => {}
            word => command.push_str(&format!(" {}", quoted(word))),
        }
    }
    command
}

/// The command as it was typed, but for the value of one option, which goes first if it was not
/// there.
pub(super) fn with_option(typed: &[OsString], option: &str, value: &str) -> String {
    let mut words: Vec<String> =
        typed.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let joined = format!("{option}=");
    match words.iter().position(|word| word == option || word.starts_with(&joined)) {
        Some(at) => {
            let end = if words[at] == option { at + 2 } else { at + 1 };
            words.splice(at..end.min(words.len()), [joined + value]);
        }
        None => words.insert(0, joined + value),
    }
    std::iter::once("jit".to_owned())
        .chain(words.iter().map(|word| quoted(word)))
        .collect::<Vec<_>>()
        .join(" ")
}
