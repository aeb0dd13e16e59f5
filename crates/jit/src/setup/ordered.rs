//! JSON that keeps the order of its keys, so that a file that is changed reads as before.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::ser::PrettyFormatter;
use serde_json::{Error, Value};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ordered {
    Object(Vec<(String, Ordered)>),
    List(Vec<Ordered>),
    /// A text, a number, a truth, or nothing.
    Plain(Value),
}

impl Ordered {
    /// Reads a file; one that says nothing is an empty object.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        match text.trim().is_empty() {
            true => Ok(Self::Object(Vec::new())),
            false => serde_json::from_str(text),
        }
    }

    /// The file as it is to be, indented as it was before.
    pub(super) fn printed(&self, before: &str) -> Result<String, Error> {
        let indent = before.lines().find(|line| line.starts_with([' ', '\t']) && !line.trim().is_empty());
        let indent = indent.map_or("  ", |line| &line[..line.len() - line.trim_start().len()]);
        let mut bytes = Vec::new();
        let formatter = PrettyFormatter::with_indent(indent.as_bytes());
        self.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, formatter))?;
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if before.is_empty() || before.ends_with('\n') {
            text.push('\n');
        }
        Ok(text)
    }

    pub(super) fn text(text: &str) -> Self {
        Self::Plain(text.into())
    }

    /// An object of these.
    pub(super) fn object<const N: usize>(fields: [(&str, Self); N]) -> Self {
        Self::Object(fields.map(|(key, value)| (key.to_owned(), value)).into())
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        fields.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(super) fn is_text(&self, text: &str) -> bool {
        matches!(self, Self::Plain(Value::String(found)) if found == text)
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Object(fields) => fields.is_empty(),
            Self::List(values) => values.is_empty(),
            Self::Plain(_) => false,
        }
    }
}

impl Serialize for Ordered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                fields.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
            Self::List(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                values.iter().try_for_each(|value| list.serialize_element(value))?;
                list.end()
            }
            Self::Plain(value) => value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Ordered;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Ordered, E> {
        Ok(Ordered::Plain(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Ordered, E> {
        Ok(Ordered::Plain(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Ordered, E> {
        Ok(Ordered::Plain(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Ordered, E> {
        Ok(Ordered::Plain(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Ordered, E> {
        Ok(Ordered::Plain(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Ordered, E> {
        Ok(Ordered::Plain(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Ordered, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Ordered::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Ordered::Object(fields))
    }
}
