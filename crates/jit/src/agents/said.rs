//! The JSON that a tool sends, and what is looked for in it.

use serde_json::{Map, Value};

/// An object of it. What is there besides does not matter.
pub(super) struct Said(Map<String, Value>);

impl Said {
    /// The whole.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        match serde_json::from_slice(text) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err("it is no JSON object".into()),
            Err(error) => Err(format!("it is no JSON: {error}")),
        }
    }

    /// What a tool is to be given.
    pub(super) fn input(&self) -> Result<Self, String> {
        match self.0.get("tool_input") {
            Some(Value::Object(fields)) => Ok(Self(fields.clone())),
            // Some send it as text.
            Some(Value::String(text)) => Self::parse(text.as_bytes()),
            _ => Err("it has no `tool_input`".into()),
        }
    }

    /// A text that may be there.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// A text that has to be there, under the first of these names that is.
    pub(super) fn needed(&self, names: &[&str]) -> Result<&str, String> {
        let missing = || format!("it has no `{}`", names.join("` or `"));
        names.iter().find_map(|name| self.text(name)).ok_or_else(missing)
    }

    /// The first text of a list.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_array()?.first()?.as_str()
    }

    /// All of it.
    pub(super) fn fields(self) -> Map<String, Value> {
        self.0
    }
}
