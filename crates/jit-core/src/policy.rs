//! The policy that binds every worktree, and its file format.

mod setting;

use std::str::FromStr;

use thiserror::Error;
use toml_edit::{DocumentMut, Item};

use crate::policy::setting::KEYS;
pub use crate::policy::setting::Value;
use crate::{AgentId, AgentKind, Ttl};

/// The rules of one control plane: `<git common dir>/jit/config.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What a claim gets that does not say.
    pub ttl: Ttl,
    /// The longest that a claim may ask for.
    pub max_ttl: Ttl,
    /// How long a lease may be renewed in all, if there is a limit.
    pub max_lifetime: Option<Ttl>,
    /// Whether to write where locks may be local to each machine.
    pub allow_shared_filesystem: bool,
    /// The size of the log's live segment past which it is compacted, in bytes.
    pub compact_at: u64,
    /// After so many failed attempts an issue is quarantined.
    pub max_failures: u32,
    /// What says that an issue which another waits for is done.
    pub dependencies: Dependencies,
    /// How changes that break a rule are met when an agent or a job makes them.
    pub enforce_agents: Enforcement,
    /// The same when a person does.
    pub enforce_people: Enforcement,
    /// What a Git hook does where there is no `jit` to ask.
    pub hooks_without_jit: WithoutJit,
    /// Whether an agent's hook claims what the agent is about to change.
    pub auto_claim: bool,
}

/// What a Git hook does where there is no `jit` to ask. The hook itself reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithoutJit {
    /// It says so, and lets through.
    Warn,
    /// It says so, and stops what was to be done.
    Block,
}

/// How a change that breaks a rule is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enforcement {
    /// It is refused.
    Strict,
    /// It is made, with a warning.
    Warn,
    /// It is made.
    Off,
}

/// What says that an issue which another waits for is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependencies {
    /// The asker's own files or its HEAD, so that its code is there too.
    Files,
    /// The log as well.
    Recorded,
}

impl Default for Policy {
    fn default() -> Self {
        let ttl = |secs| Ttl::from_secs(secs).unwrap_or(Ttl::MIN);
        Self {
            ttl: ttl(10 * 60),
            max_ttl: ttl(24 * 60 * 60),
            max_lifetime: None,
            allow_shared_filesystem: false,
            compact_at: 8 << 20,
            max_failures: 3,
            dependencies: Dependencies::Files,
            enforce_agents: Enforcement::Strict,
            enforce_people: Enforcement::Warn,
            hooks_without_jit: WithoutJit::Warn,
            auto_claim: false,
        }
    }
}

/// Something in the policy's file that has no effect.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown key `{key}`{}", nearest.map(|key| format!(" (did you mean `{key}`?)")).unwrap_or_default())]
pub struct PolicyWarning {
    /// The key as it stands there.
    pub key: String,
    /// The known key that is most like it.
    pub nearest: Option<&'static str>,
    /// The line of the file that it is on, counted from 1.
    pub line: Option<usize>,
}

impl PolicyWarning {
    /// About a key that nobody knows.
    pub fn about(key: &str) -> Self {
        let nearest = KEYS
            .iter()
            .map(|known| (strsim::jaro_winkler(known.name, key), known.name))
            .filter(|(likeness, _)| *likeness > 0.7)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, name)| name);
        Self { key: key.to_owned(), nearest, line: None }
    }

    fn on_its_line(self, text: &str) -> Self {
        let document = toml_edit::Document::parse(text).ok();
        let span = document.and_then(|document| document.get_key_value(&self.key)?.0.span());
        Self { line: span.map(|span| place(text, span.start).0), ..self }
    }
}

/// Why a policy's file can't be followed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// It is no TOML.
    #[error("line {line}, column {column}: {message}")]
    Toml {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// It is no file of text.
    #[error("it can't be read: {0}")]
    Unreadable(String),
    /// A key has a value that it can't have.
    #[error("`{key}`: {reason}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Asked to show or set what is no key.
    #[error(transparent)]
    Unknown(#[from] PolicyWarning),
}

impl Policy {
    /// How what breaks a rule is met when this agent does it.
    pub fn enforcement(&self, agent: &AgentId) -> Enforcement {
        match agent.kind() {
            AgentKind::Human => self.enforce_people,
            AgentKind::Agent | AgentKind::Ci => self.enforce_agents,
        }
    }

    /// Reads a policy's file; what it does not say has the default.
    ///
    /// # Errors
    /// When it is no TOML or a value does not fit. Unknown keys are returned as warnings.
    pub fn parse(text: &str) -> Result<(Self, Vec<PolicyWarning>), PolicyError> {
        // As `jit init` leaves it, and read before every claim.
        if text.lines().all(|line| matches!(line.trim_start().as_bytes(), [] | [b'#', ..])) {
            return Ok((Self::default(), Vec::new()));
        }
        let mut policy = Self::default();
        let mut warnings = Vec::new();
        let document = document(text)?;
        for (name, item) in document.iter() {
            match KEYS.iter().find(|key| key.name == name) {
                Some(key) => (key.read)(&mut policy, item)
                    .map_err(|reason| PolicyError::Value { key: key.name, reason })?,
                None => warnings.push(PolicyWarning::about(name).on_its_line(text)),
            }
        }
        if !document.contains_key("ttl") {
            policy.ttl = policy.ttl.min(policy.max_ttl);
        }
        if policy.ttl > policy.max_ttl {
            let reason = format!("{} is more than `max_ttl`, {}", policy.ttl, policy.max_ttl);
            return Err(PolicyError::Value { key: "ttl", reason });
        }
        Ok((policy, warnings))
    }

    /// Every key with its value (`None`: unset) and meaning.
    pub fn entries(&self) -> Vec<(&'static str, Option<Value>, &'static str)> {
        KEYS.iter().map(|key| (key.name, (key.show)(self), key.help)).collect()
    }

    /// The file's text with one key set to a value as typed, or (`None`) taken out together with
    /// the comment above it; all else is kept, comments and order too.
    ///
    /// # Errors
    /// When the key is unknown (one that stands there can be taken out all the same), the value
    /// does not fit, or the text was no TOML before.
    pub fn edited(text: &str, name: &str, value: Option<&str>) -> Result<String, PolicyError> {
        let key = KEYS.iter().find(|key| key.name == name);
        let mut document = document(text)?;
        match (key, value) {
            (Some(key), Some(value)) => {
                // A bare `10m` is no TOML value, and is meant as a string.
                let mut parsed = toml_edit::Value::from_str(value).unwrap_or_else(|_| value.into());
                parsed.decor_mut().clear();
                (key.read)(&mut Self::default(), &Item::Value(parsed.clone()))
                    .map_err(|reason| PolicyError::Value { key: key.name, reason })?;
                match document.get_mut(key.name).and_then(Item::as_value_mut) {
                    // In its place, or the comments around it would go.
                    Some(old) => {
                        *parsed.decor_mut() = old.decor().clone();
                        *old = parsed;
                    }
                    None => {
                        document.insert(key.name, Item::Value(parsed));
                    }
                }
            }
            (known, None) => {
                let removed = document.remove(name);
                if known.is_none() && removed.is_none() {
                    return Err(PolicyWarning::about(name).into());
                }
            }
            (None, Some(_)) => return Err(PolicyWarning::about(name).into()),
        }
        let text = document.to_string();
        Self::parse(&text).map(|_| text)
    }

    /// The file as `jit init` writes it: every key with its default, commented out.
    pub fn template() -> String {
        let mut text = String::from(
            "# The lease policy of this repository, the same for every worktree.\n\
             # Change it with `jit config set KEY VALUE`.\n",
        );
        for (name, value, help) in Self::default().entries() {
            let value = value.map_or_else(|| "\"8h\"".into(), |value| value.toml());
            text.push_str(&format!("\n# {help}\n# {name} = {value}\n"));
        }
        text
    }
}

fn document(text: &str) -> Result<DocumentMut, PolicyError> {
    text.parse::<DocumentMut>().map_err(|error| {
        let (line, column) = place(text, error.span().map_or(0, |span| span.start));
        PolicyError::Toml { line, column, message: error.message().to_owned() }
    })
}

/// The line and the column of a byte, counted from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_says_the_defaults() {
        let bare: String = Policy::template()
            .lines()
            .filter_map(|line| {
                line.strip_prefix("# ").filter(|l| l.contains(" = ") && !l.contains("max_lifetime"))
            })
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(Policy::parse(&bare).unwrap(), (Policy::default(), vec![]));
        assert_eq!(Policy::parse(&Policy::template()).unwrap(), (Policy::default(), vec![]));
    }

    #[test]
    fn errors_have_a_place_and_unknown_keys_a_neighbour() {
        assert!(matches!(Policy::parse("\nttl = = 1"), Err(PolicyError::Toml { line: 2, .. })));
        assert!(matches!(Policy::parse("ttl = \"-1s\""), Err(PolicyError::Value { key: "ttl", .. })));
        assert!(matches!(Policy::parse("ttl = \"2h\"\nmax_ttl = \"1h\""), Err(PolicyError::Value { .. })));
        let (_, warnings) = Policy::parse("max_tll = 5").unwrap();
        assert_eq!((warnings[0].nearest, warnings[0].line), (Some("max_ttl"), Some(1)));
        let (_, warnings) = Policy::parse("ttl = \"5m\"\nx.y = 1\n\n# its own\n[limits]\nttl = 3\n").unwrap();
        let lines: Vec<_> = warnings.iter().map(|warning| (&*warning.key, warning.line)).collect();
        assert_eq!(lines, [("x", Some(2)), ("limits", Some(5))]);
    }

    #[test]
    fn an_edit_keeps_what_else_is_there() {
        let text = "# mine\nttl = \"5m\" # short\n";
        let set = Policy::edited(text, "max_ttl", Some("1h")).unwrap();
        assert!(set.starts_with(text) && set.contains("max_ttl = \"1h\""), "{set}");
        assert_eq!(Policy::edited(&set, "max_ttl", None).unwrap(), text);
        assert!(Policy::edited(text, "max_ttl", Some("1s")).is_err(), "below ttl");
        assert!(Policy::edited(text, "tll", Some("1s")).is_err());
        assert!(Policy::edited(text, "tll", None).is_err(), "nothing to take out");
        for unknown in ["tll = 5\n", "\n[tll]\nx = 1\n"] {
            assert_eq!(Policy::edited(&format!("{text}{unknown}"), "tll", None).unwrap(), text);
        }
    }
}
