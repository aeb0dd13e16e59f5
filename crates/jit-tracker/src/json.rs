//! Reading JSON so that errors have a place, and unknown keys a neighbour.

use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::error::Category;

use crate::nearest::nearest;
use crate::problem::{ONE_SIDE, Place, Problem, conflict_line};

/// The version of everything that the tracker writes: 1. There is no value of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchemaVersion;

impl Serialize for SchemaVersion {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u32(1)
    }
}

impl<'de> Deserialize<'de> for SchemaVersion {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match u32::deserialize(from)? {
            1 => Ok(Self),
            other => Err(D::Error::custom(format_args!("unknown schema version {other}"))),
        }
    }
}

/// Parses one JSON object whose keys are `known`.
///
/// The quick way looks at nothing twice; why a text is refused is found out afterwards.
pub(crate) fn parse<T: DeserializeOwned>(text: &[u8], known: &[&'static str]) -> Result<T, Problem> {
    // serde would take an array of the values, too.
    match text.trim_ascii_start().first() {
        Some(b'{') | None => serde_json::from_slice(text).map_err(|error| diagnose(text, known, &error)),
        Some(_) => Err(no_object(text)),
    }
}

fn no_object(text: &[u8]) -> Problem {
    let text = String::from_utf8_lossy(text);
    let place = Place::of_byte(&text, text.len() - text.trim_start().len());
    conflict_line(&text).map_or_else(
        || Problem::Malformed { place, message: "it is no JSON object".into() },
        |line| Problem::Conflicted { line, keep: ONE_SIDE },
    )
}

fn diagnose(text: &[u8], known: &[&'static str], error: &serde_json::Error) -> Problem {
    let place = Place { line: error.line().max(1), column: error.column().max(1) };
    // serde_json says the place once more, at the end.
    let mut message = error.to_string();
    if let Some(end) = message.rfind(" at line ") {
        message.truncate(end);
    }
    let is_unknown_key = message.starts_with("unknown field");
    let message = plain(&message);
    if error.classify() != Category::Data {
        return match conflict_line(&String::from_utf8_lossy(text)) {
            Some(line) => Problem::Conflicted { line, keep: ONE_SIDE },
            None => Problem::Malformed { place, message },
        };
    }
    let Ok(seen) = serde_json::from_slice::<Seen>(text) else {
        return Problem::Value { place, message };
    };
    if let Some(found) = seen.version.filter(|version| *version != 1) {
        return Problem::Version { found: found.to_string() };
    }
    match seen.keys.into_iter().find(|key| !known.contains(&key.as_str())) {
        Some(key) if is_unknown_key => {
            Problem::UnknownKey { place, nearest: nearest(&key, known.iter().copied()), key }
        }
        _ => Problem::Value { place, message },
    }
}

/// The parser's words, for whoever mends the file.
fn plain(message: &str) -> String {
    let of = |start: &str| message.strip_prefix(start);
    if message.starts_with("EOF ") {
        return "the text ends too early".into();
    }
    let named = [("unknown variant ", "is none of"), ("unknown field ", "is no key here; there are")];
    for (start, is) in named {
        if let Some((word, known)) = of(start).and_then(|rest| rest.split_once(", expected ")) {
            return format!("{word} {is} {}", known.strip_prefix("one of ").unwrap_or(known));
        }
    }
    match (of("missing field "), of("duplicate field "), message) {
        (Some(key), ..) => format!("{key} is missing"),
        (_, Some(key), _) => format!("{key} is there twice"),
        (.., "key must be a string") => {
            "a key belongs here, in quotes; or the comma before is one too many".into()
        }
        (.., "trailing comma") => "the comma before is one too many".into(),
        (.., "trailing characters") => "something stands behind the end".into(),
        (.., message) if message.starts_with("no variant of enum Entry") => {
            "there is neither an `issue` nor a `gate` nor an `event`".into()
        }
        (.., "expected value") => "a value belongs here".into(),
        _ => message.replace("invalid type: ", "it is of the wrong type: "),
    }
}

/// What an object has in it, whatever it is.
struct Seen {
    keys: Vec<String>,
    version: Option<serde_json::Value>,
}

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Seen;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Seen, A::Error> {
                let mut seen = Seen { keys: Vec::new(), version: None };
                while let Some(key) = map.next_key::<String>()? {
                    if key == "schema_version" {
                        seen.version = Some(map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                    seen.keys.push(key);
                }
                Ok(seen)
            }
        }

        from.deserialize_map(Object)
    }
}
