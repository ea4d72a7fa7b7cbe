//! Tree → the types in `settings`, by serde, with errors that say where.
//!
//! Nothing here repeats a value: where a secret was written, the wrong value may be the secret.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
};

use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, Expected, IntoDeserializer, MapAccess, SeqAccess,
        Unexpected, Visitor, value::StrDeserializer,
    },
    forward_to_deserialize_any,
};

use super::{
    error::ConfigError,
    nearest::nearest,
    place::Place,
    tree::{Node, Origin, Source, Value},
};

/// Reads a whole configuration.
pub(super) fn read<T: DeserializeOwned>(source: &Source, root: &Node) -> Result<T, ConfigError> {
    let place = Place::root(source, root);
    T::deserialize(place.clone()).map_err(|mistake| match mistake.located(&place) {
        Mistake::Here(error) => error,
        Mistake::Somewhere(problem) => place.mistake(problem),
    })
}

/// What serde makes errors of. The innermost place that hears of one is where it is.
#[derive(Debug)]
pub(super) enum Mistake {
    Somewhere(String),
    Here(ConfigError),
}

impl Mistake {
    fn located(self, place: &Place<'_>) -> Self {
        match self {
            Self::Somewhere(problem) => Self::Here(place.mistake(problem)),
            here @ Self::Here(_) => here,
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Somewhere(problem) => f.write_str(problem),
            Self::Here(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Mistake {}

impl de::Error for Mistake {
    fn custom<T: fmt::Display>(problem: T) -> Self {
        Self::Somewhere(problem.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let kind = match found {
            Unexpected::Bool(_) => "`true` or `false`",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a whole number",
            Unexpected::Float(_) => "a number with a fraction",
            Unexpected::Str(_) => "text",
            Unexpected::Seq => "a list",
            Unexpected::Map => "a table",
            Unexpected::Other(kind) => kind,
            _ => "something else",
        };
        Self::Somewhere(format!("is {kind}: write {}", allowed(expected)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        match found {
            Unexpected::Unsigned(_) | Unexpected::Signed(_) => Self::Somewhere(format!(
                "is a whole number out of range: write {}",
                allowed(expected)
            )),
            other => Self::invalid_type(other, expected),
        }
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::Somewhere(format!("is too short: write {}", allowed(expected)))
    }

    fn unknown_variant(written: &str, known: &'static [&'static str]) -> Self {
        Self::Somewhere(none_of(written, known))
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Self {
        Self::Somewhere(format!("has an unknown key: known here are {}", list(known)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Somewhere(format!("has no `{field}`"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::Somewhere(format!("has `{field}` twice"))
    }
}

/// A word that is none of those taken there.
pub(super) fn none_of(written: &str, known: &[&'static str]) -> String {
    match nearest(written, known.iter().copied()) {
        Some(meant) => format!("is text: did you mean `{meant}`? Taken are {}", list(known)),
        None => format!("is text: write one of {}", list(known)),
    }
}

pub(super) fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// serde's own words for what it wants, in ours.
fn allowed(expected: &dyn Expected) -> String {
    match expected.to_string().as_str() {
        "a string" => "text".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "u32" | "usize" => "a whole number from 0 on".to_owned(),
        other => other.to_owned(),
    }
}

impl<'a> Place<'a> {
    fn is_no(&self, expected: &dyn Expected) -> Mistake {
        let kind = self.node.map_or("nothing", |node| node.value.kind());
        Mistake::Here(self.mistake(format!("is {kind}: write {}", allowed(expected))))
    }

    fn is_not(&self, allowed: &str) -> Mistake {
        let kind = self.node.map_or("nothing", |node| node.value.kind());
        Mistake::Here(self.mistake(format!("is {kind}: write {allowed}")))
    }

    fn value(&self) -> Option<&'a Value> {
        self.node.map(|node| &node.value)
    }

    fn text(&self) -> Option<&'a str> {
        match self.value()? {
            Value::Text(text) | Value::Variable(text) => Some(text),
            _ => None,
        }
    }

    /// The table that a variable holds as TOML, if it does.
    fn inline(&self, opening: char) -> Result<Option<Node>, Mistake> {
        match self.value() {
            Some(Value::Variable(text)) if text.trim_start().starts_with(opening) => {
                Node::parse_value(text, self).map(Some).map_err(Mistake::Here)
            }
            _ => Ok(None),
        }
    }

    fn table(&self, allowed: &str) -> Result<&'a BTreeMap<String, Node>, Mistake> {
        match self.value() {
            Some(Value::Table(table)) => Ok(table),
            _ => Err(self.is_not(allowed)),
        }
    }

    /// Denies a key that nobody reads, and says which one was probably meant.
    fn deny_unknown(
        &self,
        table: &BTreeMap<String, Node>,
        known: &'static [&'static str],
    ) -> Result<(), Mistake> {
        let Some((key, node)) = table.iter().find(|(key, _)| !known.contains(&key.as_str())) else {
            return Ok(());
        };
        let meant = nearest(key, known.iter().copied());
        let place = self.key(key);
        if let Origin::Variable(name) = &node.origin {
            let outer = if self.variable() == *self.source.prefix {
                self.variable()
            } else {
                format!("{}__", self.variable())
            };
            let wrong = format!("{outer}{}", key.to_ascii_uppercase());
            if let Some(inner) = name.strip_prefix(&wrong) {
                let written = |key: &str| format!("{outer}{}", key.to_ascii_uppercase());
                let problem = if let Some(meant) = meant {
                    format!("did you mean `{}{inner}`?", written(meant))
                } else {
                    let known: Vec<String> = known.iter().map(|key| written(key)).collect();
                    let known: Vec<&str> = known.iter().map(String::as_str).collect();
                    format!(
                        "known here are {}; if it belongs to another program, choose another prefix (`Config::apply_vars`)",
                        list(&known)
                    )
                };
                let place = format!("`{name}` ");
                return Err(Mistake::Here(ConfigError::new(
                    place,
                    format!("is no setting: {problem}"),
                )));
            }
        }
        let problem = match meant {
            Some(meant) => format!("did you mean `{meant}`? Known here are {}", list(known)),
            None => format!("known here are {}", list(known)),
        };
        Err(Mistake::Here(place.mistake(format!("is no setting: {problem}"))))
    }

    fn visit_list<'de, V: Visitor<'de>>(
        &self,
        list: &[Node],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let value = Value::List(list.to_vec());
        let node = Node { value, origin: self.origin().clone() };
        visitor.visit_seq(Items { place: self.with(&node), length: list.len(), next: 0 })
    }
}

impl<'de> Deserializer<'de> for Place<'_> {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        if let Some(node) = self.inline('[')? {
            return self.with(&node).deserialize_any(visitor);
        }
        match (self.value(), self.text()) {
            (_, Some(text)) => visitor.visit_str(text),
            (Some(Value::List(_)), _) => self.clone().deserialize_seq(visitor),
            _ => return Err(self.is_no(&visitor)),
        }
        .map_err(|mistake| mistake.located(&self))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.value() {
            Some(Value::Switch(switch)) => visitor.visit_bool(*switch),
            Some(Value::Variable(text)) if text == "true" => visitor.visit_bool(true),
            Some(Value::Variable(text)) if text == "false" => visitor.visit_bool(false),
            _ => Err(self.is_no(&visitor)),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let number = match self.value() {
            Some(Value::Integer(number)) => Some(*number),
            Some(Value::Variable(text)) => text.parse().ok(),
            _ => None,
        };
        match number {
            Some(number) => {
                visitor.visit_i64(number).map_err(|mistake: Mistake| mistake.located(&self))
            }
            None => Err(self.is_no(&visitor)),
        }
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.text() {
            Some(text) => {
                visitor.visit_str(text).map_err(|mistake: Mistake| mistake.located(&self))
            }
            None => Err(self.is_no(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    /// One text is a list of one; in a variable, commas stand between several.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        if let Some(node) = self.inline('[')? {
            return self.with(&node).deserialize_seq(visitor);
        }
        let one = |text: &str, value: fn(String) -> Value| Node {
            value: value(text.to_owned()),
            origin: self.origin().clone(),
        };
        match self.value() {
            Some(Value::List(list)) => self.visit_list(list, visitor),
            Some(Value::Text(text)) => self.visit_list(&[one(text, Value::Text)], visitor),
            Some(Value::Variable(text)) => {
                let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
                let list: Vec<Node> = texts.map(|text| one(text, Value::Variable)).collect();
                if list.is_empty() {
                    // Who forgot to fill it in did not mean to lift a rule (`client`).
                    let problem = "is empty: leave it out, or write `[]` if nothing is meant";
                    return Err(Mistake::Here(self.mistake(problem)));
                }
                self.visit_list(&list, visitor)
            }
            Some(Value::Table(_)) => Err(self.is_not("a list (of tables: `[[…]]`)")),
            _ => Err(self.is_not("a list")),
        }
        .map_err(|mistake| mistake.located(&self))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        if let Some(node) = self.inline('{')? {
            return self.with(&node).deserialize_map(visitor);
        }
        let keys = self.table("a table")?.keys().cloned().collect();
        visitor
            .visit_map(Entries { place: &self, keys, current: None })
            .map_err(|mistake| mistake.located(&self))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        if let Some(node) = self.inline('{')? {
            return self.with(&node).deserialize_struct(name, fields, visitor);
        }
        self.deny_unknown(self.table(&format!("a table with {}", list(fields)))?, fields)?;
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let Some(text) = self.text() else {
            return Err(self.is_not(&format!("one of {}", list(variants))));
        };
        let text: StrDeserializer<'_, Mistake> = text.into_deserializer();
        visitor.visit_enum(text).map_err(|mistake| mistake.located(&self))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct
        identifier ignored_any
    }
}

struct Items<'a> {
    place: Place<'a>,
    length: usize,
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Mistake;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Mistake> {
        if self.next == self.length {
            return Ok(None);
        }
        let item = self.place.at(self.next);
        self.next += 1;
        seed.deserialize(item.clone()).map(Some).map_err(|mistake| mistake.located(&item))
    }
}

struct Entries<'p, 'a> {
    place: &'p Place<'a>,
    /// Sorted, as in the tree.
    keys: VecDeque<String>,
    current: Option<String>,
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mistake> {
        self.current = self.keys.pop_front();
        let Some(key) = self.current.as_deref() else { return Ok(None) };
        let key: StrDeserializer<'_, Mistake> = key.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mistake> {
        let place = self.place.key(self.current.as_deref().unwrap_or_default());
        seed.deserialize(place.clone()).map_err(|mistake| mistake.located(&place))
    }
}
