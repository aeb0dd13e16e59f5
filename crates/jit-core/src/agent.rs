//! Who acts: agents, and holders (an agent in a worktree).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::WorktreeId;
use crate::by_str::serde_by_str;

/// What kind of actor an agent id names; policy differs between people and the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgentKind {
    /// A coding agent.
    Agent,
    /// A person.
    Human,
    /// A job of continuous integration.
    Ci,
}

impl AgentKind {
    const ALL: [(Self, &'static str); 3] = [(Self::Agent, "agent"), (Self::Human, "human"), (Self::Ci, "ci")];

    /// The kind as it is written before the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Human => "human",
            Self::Ci => "ci",
        }
    }
}

/// One name in an agent id: 1 to 64 of `A-Z a-z 0-9 . _ -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<str>);

impl Name {
    const MAX: usize = 64;

    fn allowed(c: char) -> bool {
        c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
    }

    /// The nearest name to any text: other characters become `-`, the rest is cut off.
    ///
    /// Returns `None` when nothing of the text can be kept.
    pub fn fitted(text: &str) -> Option<Self> {
        let fitted: String =
            text.trim().chars().map(|c| if Self::allowed(c) { c } else { '-' }).take(Self::MAX).collect();
        fitted.chars().any(|c| c.is_ascii_alphanumeric()).then(|| Self(fitted.into()))
    }
}

impl FromStr for Name {
    type Err = AgentIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = !text.is_empty() && text.len() <= Self::MAX && text.chars().all(Self::allowed);
        if fits { Ok(Self(text.into())) } else { Err(AgentIdError::Name(shown(text))) }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who acts: `type:name`, or `type:name/sub` for a sub-agent.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentId {
    kind: AgentKind,
    name: Name,
    sub: Option<Name>,
}

impl AgentId {
    /// The agent of this kind and name, which is no sub-agent.
    pub fn new(kind: AgentKind, name: Name) -> Self {
        Self { kind, name, sub: None }
    }

    /// What kind of actor this is.
    pub fn kind(&self) -> AgentKind {
        self.kind
    }

    /// The same agent without its sub-agent's name.
    pub fn base(&self) -> Self {
        Self { kind: self.kind, name: self.name.clone(), sub: None }
    }

    /// Its sub-agent of this name; one that is a sub-agent has none.
    #[must_use]
    pub fn with_sub(self, name: Name) -> Self {
        Self { sub: Some(self.sub.unwrap_or(name)), ..self }
    }

    /// Whether the two may act for each other: one agent, with equal subs or one absent.
    pub fn acts_for(&self, other: &Self) -> bool {
        let subs_agree = match (&self.sub, &other.sub) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        self.kind == other.kind && self.name == other.name && subs_agree
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.name)?;
        match &self.sub {
            Some(sub) => write!(f, "/{sub}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AgentId {
    type Err = AgentIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, rest) = text.split_once(':').ok_or_else(|| AgentIdError::NoKind(shown(text)))?;
        let kind = AgentKind::ALL
            .iter()
            .find(|(_, written)| *written == kind)
            .map(|(kind, _)| *kind)
            .ok_or_else(|| AgentIdError::Kind(shown(kind)))?;
        let (name, sub) = match rest.split_once('/') {
            Some((name, sub)) => (name, Some(sub.parse()?)),
            None => (rest, None),
        };
        Ok(Self { kind, name: name.parse()?, sub })
    }
}

serde_by_str!(AgentId);

/// Why a text is no agent id.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AgentIdError {
    /// There is no colon.
    #[error("`{0}` is no agent id: write `agent:NAME`, `human:NAME` or `ci:NAME`")]
    NoKind(String),
    /// What stands before the colon is no kind.
    #[error("`{0}` is no kind of agent: it is `agent`, `human` or `ci`")]
    Kind(String),
    /// A name has other characters, none, or too many.
    #[error("`{0}` is no agent name: 1 to 64 letters, digits, `.`, `_` or `-`")]
    Name(String),
}

/// What an error message shows of a text: printable and short.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

/// Who holds a lease: an agent in a worktree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Holder {
    /// The agent.
    pub agent: AgentId,
    /// The worktree that it works in.
    pub worktree: WorktreeId,
}

impl Holder {
    /// Whether what one of the two holds, the other may renew, release and edit.
    pub fn acts_for(&self, other: &Self) -> bool {
        self.worktree == other.worktree && self.agent.acts_for(&other.agent)
    }

    /// The same holder without a sub-agent's name: what all that act for each other share.
    pub fn base(&self) -> Self {
        Self { agent: self.agent.base(), worktree: self.worktree }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agent_ids_parse_and_print() {
        for text in ["agent:a", "human:Ann_1.x-y", "ci:build", "agent:a/b"] {
            assert_eq!(text.parse::<AgentId>().unwrap().to_string(), text);
        }
        let long = format!("agent:{}", "x".repeat(65));
        for text in [
            "",
            "agent",
            "agent:",
            "bot:a",
            "agent:a/",
            "agent:a/b/c",
            "agent:a b",
            "Agent:a",
            &long,
            "agent:ü",
        ] {
            assert!(text.parse::<AgentId>().is_err(), "{text}");
        }
    }

    #[test]
    fn subs_act_for_their_agent_and_not_for_each_other() {
        let id = |text: &str| text.parse::<AgentId>().unwrap();
        assert!(id("agent:a").acts_for(&id("agent:a/x")));
        assert!(id("agent:a/x").acts_for(&id("agent:a")));
        assert!(id("agent:a/x").acts_for(&id("agent:a/x")));
        assert!(!id("agent:a/x").acts_for(&id("agent:a/y")));
        assert!(!id("agent:a").acts_for(&id("human:a")));
        assert!(!id("agent:a").acts_for(&id("agent:b")));
    }

    #[test]
    fn a_sub_agent_has_no_sub_agents() {
        let id = |text: &str| text.parse::<AgentId>().unwrap();
        let sub = |text: &str| text.parse::<Name>().unwrap();
        assert_eq!(id("agent:a").with_sub(sub("x")), id("agent:a/x"));
        assert_eq!(id("agent:a/x").with_sub(sub("y")), id("agent:a/x"));
    }

    #[test]
    fn any_text_can_be_fitted_into_a_name() {
        assert_eq!(Name::fitted("Zoë Müller").unwrap().to_string(), "Zo--M-ller");
        assert_eq!(Name::fitted("  "), None);
        assert_eq!(Name::fitted("日本"), None);
        assert_eq!(Name::fitted(&"x".repeat(100)).unwrap().to_string().len(), 64);
    }
}
