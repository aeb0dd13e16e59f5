//! The settings of a policy: one table, and what their values can be.

use std::fmt;

use toml_edit::Item;

use crate::policy::{Dependencies, Enforcement, Policy, WithoutJit};
use crate::{DurationError, Ttl};

/// A setting's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A duration.
    Duration(Ttl),
    /// A number.
    Number(u64),
    /// On or off.
    Flag(bool),
    /// One of several words.
    Word(&'static str),
}

impl Value {
    /// As the policy's file has it.
    pub fn toml(&self) -> String {
        match self {
            Self::Duration(_) | Self::Word(_) => format!("\"{self}\""),
            plain => plain.to_string(),
        }
    }
}

/// As `jit config set` takes it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duration(ttl) => ttl.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::Word(word) => f.write_str(word),
        }
    }
}

/// One key of the policy: its name, its meaning, how it is read and shown.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) read: fn(&mut Policy, &Item) -> Result<(), String>,
    pub(super) show: fn(&Policy) -> Option<Value>,
}

/// The one table of keys: parsing, listing, setting and suggesting all go by it.
pub(super) const KEYS: [Key; 11] = [
    Key {
        name: "ttl",
        help: "how long a lease stands without a renewal, when the claim does not say",
        read: |policy, item| ttl(item).map(|ttl| policy.ttl = ttl),
        show: |policy| Some(Value::Duration(policy.ttl)),
    },
    Key {
        name: "max_ttl",
        help: "the longest TTL that a claim may ask for",
        read: |policy, item| ttl(item).map(|ttl| policy.max_ttl = ttl),
        show: |policy| Some(Value::Duration(policy.max_ttl)),
    },
    Key {
        name: "max_lifetime",
        help: "how long a lease may be renewed in all; unset: without end",
        read: |policy, item| ttl(item).map(|ttl| policy.max_lifetime = Some(ttl)),
        show: |policy| policy.max_lifetime.map(Value::Duration),
    },
    Key {
        name: "allow_shared_filesystem",
        help: "write although locks may be local here (NFS, SMB, 9p, FUSE): two machines could then both be granted a lease",
        read: |policy, item| {
            let allow = item.as_bool().ok_or("it is `true` or `false`")?;
            policy.allow_shared_filesystem = allow;
            Ok(())
        },
        show: |policy| Some(Value::Flag(policy.allow_shared_filesystem)),
    },
    Key {
        name: "compact_at",
        help: "the size in bytes past which the log is sealed into the archive and begun anew",
        read: |policy, item| {
            let size = item.as_integer().and_then(|n| u64::try_from(n).ok());
            policy.compact_at =
                size.filter(|n| *n >= 65_536).ok_or("it is a number of bytes, at least 65536")?;
            Ok(())
        },
        show: |policy| Some(Value::Number(policy.compact_at)),
    },
    Key {
        name: "max_failures",
        help: "after so many failed attempts an issue is quarantined",
        read: |policy, item| {
            let most = item.as_integer().and_then(|n| u32::try_from(n).ok());
            policy.max_failures = most.filter(|n| *n > 0).ok_or("it is a number, at least 1")?;
            Ok(())
        },
        show: |policy| Some(Value::Number(policy.max_failures.into())),
    },
    Key {
        name: "dependencies",
        help: "what says that a dependency is done: \"files\" (one's own or HEAD's, so that its code is there) or \"recorded\" (the log too)",
        read: |policy, item| {
            policy.dependencies = match item.as_str() {
                Some("files") => Dependencies::Files,
                Some("recorded") => Dependencies::Recorded,
                _ => return Err("it is \"files\" or \"recorded\"".into()),
            };
            Ok(())
        },
        show: |policy| {
            Some(Value::Word(match policy.dependencies {
                Dependencies::Files => "files",
                Dependencies::Recorded => "recorded",
            }))
        },
    },
    Key {
        name: "enforce_agents",
        help: "changes by agents and jobs that break a rule: \"strict\" (refused), \"warn\" or \"off\"",
        read: |policy, item| enforcement(item).map(|enforcement| policy.enforce_agents = enforcement),
        show: |policy| word_of(&Enforcement::WORDS, policy.enforce_agents),
    },
    Key {
        name: "enforce_people",
        help: "the same by people",
        read: |policy, item| enforcement(item).map(|enforcement| policy.enforce_people = enforcement),
        show: |policy| word_of(&Enforcement::WORDS, policy.enforce_people),
    },
    Key {
        name: "hooks_without_jit",
        help: "what Git hooks do where `jit` is not on PATH: \"warn\" (and let through) or \"block\"",
        read: |policy, item| {
            let found = WithoutJit::WORDS.iter().find(|(word, _)| item.as_str() == Some(word));
            policy.hooks_without_jit = found.ok_or("it is \"warn\" or \"block\"")?.1;
            Ok(())
        },
        show: |policy| word_of(&WithoutJit::WORDS, policy.hooks_without_jit),
    },
    Key {
        name: "auto_claim",
        help: "agents' hooks claim the paths that an agent is about to change: true or false",
        read: |policy, item| {
            policy.auto_claim = item.as_bool().ok_or("it is `true` or `false`")?;
            Ok(())
        },
        show: |policy| Some(Value::Flag(policy.auto_claim)),
    },
];

impl WithoutJit {
    const WORDS: [(&str, Self); 2] = [("warn", Self::Warn), ("block", Self::Block)];
}

impl Enforcement {
    const WORDS: [(&str, Self); 3] = [("strict", Self::Strict), ("warn", Self::Warn), ("off", Self::Off)];
}

fn enforcement(item: &Item) -> Result<Enforcement, String> {
    let found = Enforcement::WORDS.iter().find(|(word, _)| item.as_str() == Some(word));
    found.map(|(_, enforcement)| *enforcement).ok_or_else(|| "it is \"strict\", \"warn\" or \"off\"".into())
}

fn word_of<T: PartialEq>(words: &[(&'static str, T)], value: T) -> Option<Value> {
    words.iter().find(|(_, known)| *known == value).map(|(word, _)| Value::Word(word))
}

fn ttl(item: &Item) -> Result<Ttl, String> {
    let parsed: Result<Ttl, DurationError> = match (item.as_str(), item.as_integer()) {
        (Some(text), _) => text.parse(),
        (_, Some(secs)) => secs.to_string().parse(),
        _ => return Err("it is a duration such as \"10m\"".into()),
    };
    parsed.map_err(|error| error.to_string())
}
