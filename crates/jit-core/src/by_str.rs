//! Serde for types whose written form is their `Display` and whose parser is `FromStr`.

/// Serializes a type as the string that it displays as, and parses it back with `FromStr`. Whoever
/// uses it has `serde`.
#[macro_export]
macro_rules! serde_by_str {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use crate::serde_by_str;
