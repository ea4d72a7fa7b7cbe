//! JSON as a token may contain it: one object, in UTF-8, bounded, and with no member twice at any depth.
//!
//! The last of two equal members wins in one parser and the first in another, so a token that has any is refused
//! (RFC 7519 §4, RFC 8725 §2.4). Checking and reading are two passes on purpose: what `serde_json` hands a visitor
//! depends on features that any crate in the tree may enable (`arbitrary_precision`); what it hands as a `Value` does not.

use std::{collections::BTreeSet, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// How deep objects and arrays may nest.
const MOST_LEVELS: usize = 32;
/// How many members one object may have.
const MOST_MEMBERS: usize = 256;

/// Reads one object.
pub(crate) fn object(text: &str) -> Result<Map<String, Value>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Strict { levels: MOST_LEVELS }.deserialize(&mut deserializer)?;
    // Fails on anything that follows the object.
    serde_json::from_str(text)
}

/// Passes over a value, and fails on what [`object`] does not allow.
#[derive(Clone, Copy)]
struct Strict {
    levels: usize,
}

impl Strict {
    fn inner<E: Error>(self) -> Result<Self, E> {
        let levels = self.levels.checked_sub(1).ok_or_else(|| E::custom("nested too deeply"))?;
        Ok(Self { levels })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        let mut names = BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if names.len() == MOST_MEMBERS {
                return Err(A::Error::custom("too many members"));
            }
            if !names.insert(name) {
                return Err(A::Error::custom("a member stands twice"));
            }
            members.next_value_seed(inner)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while elements.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_objects_are_read() {
        let read = object(r#"{"a":[1,2.5,null,true,{"b":"c"}]," ":{"a":1}}"#).unwrap();
        assert_eq!(read.len(), 2);
    }

    #[test]
    fn j14_a_member_twice_is_refused_at_any_depth_and_in_any_spelling() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"{"x":[[{"a":1,"b":2,"a":3}]]}"#,
        ] {
            assert!(object(text).is_err(), "{text}");
        }
    }

    #[test]
    fn j22_depth_and_members_are_bounded() {
        let nested = |levels: usize| {
            format!(r#"{{"a":{}{}}}"#, "[".repeat(levels - 1), "]".repeat(levels - 1))
        };
        assert!(object(&nested(MOST_LEVELS)).is_ok());
        assert!(object(&nested(MOST_LEVELS + 1)).is_err());
        assert!(object(&nested(100_000)).is_err());

        let wide = |members: usize| {
            let members: Vec<String> = (0..members).map(|n| format!(r#""{n}":0"#)).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(object(&wide(MOST_MEMBERS)).is_ok());
        assert!(object(&wide(MOST_MEMBERS + 1)).is_err());
    }

    #[test]
    fn only_one_object_and_nothing_else_is_read() {
        for text in ["", "null", "[]", "1", r#""a""#, "{}{}", "{} x", "{", r#"{"a":1e999}"#] {
            assert!(object(text).is_err(), "{text}");
        }
        assert!(object(" {} ").is_ok());
    }
}
