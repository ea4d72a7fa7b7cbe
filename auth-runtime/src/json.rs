//! JSON as a token may contain it: one object, in UTF-8, bounded, and with no member twice at any depth.
//!
//! The last of two equal members wins in one parser and the first in another, so a token that has any is refused
//! (RFC 7519 §4, RFC 8725 §2.4). Text is borrowed where it stands, and what is sound is read once: most of what a token
//! says is looked at and forgotten.

mod quick;

use std::{borrow::Cow, collections::BTreeSet, fmt};

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// How deep objects and arrays may nest.
const MOST_LEVELS: usize = 32;
/// How many members one object may have.
const MOST_MEMBERS: usize = 256;
/// Up to here comparing each with each is faster than anything cleverer. So many have room from the start, but in the
/// outermost object only: there may be thousands of others.
const FEW_MEMBERS: usize = 16;

/// How `serde_json` hands over numbers, as an object with this one member, if any crate in the tree enables its feature
/// `arbitrary_precision`. Read as a number wherever it stands, so that no token's fate depends on that feature.
const NUMBER: &str = "$serde_json::private::Number";
/// What `serde_json` reads as the JSON text that its only member holds, where it makes its own `Value`: another reader of
/// the same token would see an object, and what is in that text would be neither bounded nor looked through.
const TEXT_OF_JSON: &str = "$serde_json::private::RawValue";

/// A value, as it stands in the text.
#[derive(Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'a, str>),
    Array(Vec<Value<'a>>),
    Object(Object<'a>),
}

/// A number, without what JSON leaves open: it is finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Natural(u64),
    Negative(i64),
    Fraction(f64),
}

/// The members of an object, in the order they stand. No name is there twice.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Object<'a> {
    members: Vec<(Cow<'a, str>, Value<'a>)>,
    /// A bit for each name. Most names that are asked for are not there, and mostly this tells.
    traces: u64,
}

impl<'a> Value<'a> {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }
}

impl<'a> Object<'a> {
    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<&Value<'a>> {
        if self.traces & trace(name) == 0 {
            return None;
        }
        self.members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Takes a value out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value<'a>> {
        let index = self.members.iter().position(|(known, _)| known == name)?;
        Some(self.members.swap_remove(index).1)
    }

    #[inline]
    pub(crate) fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// Says whether the name of a new member may be there already.
    #[inline]
    fn note(&mut self, name: &str) -> bool {
        let trace = trace(name);
        let seen = self.traces & trace != 0;
        self.traces |= trace;
        seen
    }

    fn has_twice(&self) -> bool {
        let names = || self.members.iter().map(|(name, _)| name);
        if self.len() <= FEW_MEMBERS {
            let mut traces = 0;
            return names().enumerate().any(|(index, name)| {
                let trace = trace(name);
                let seen = traces & trace != 0;
                traces |= trace;
                seen && names().take(index).any(|it| it == name)
            });
        }
        let mut known = BTreeSet::new();
        !names().all(|name| known.insert(name))
    }
}

/// One bit for a name, which others may have too; the usual claims hardly share any.
#[inline]
fn trace(name: &str) -> u64 {
    let [first, last] = [name.as_bytes().first(), name.as_bytes().last()]
        .map(|byte| byte.copied().map_or(0, usize::from));
    1 << ((first + 43 * last + 3 * name.len()) % 64)
}

/// Reads one object, and nothing that follows it.
pub(crate) fn read(text: &str) -> Result<Object<'_>, serde_json::Error> {
    quick::read(text).map_or_else(|| read_thoroughly(text), Ok)
}

/// The same, and says what is wrong with it.
fn read_thoroughly(text: &str) -> Result<Object<'_>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict { levels: MOST_LEVELS }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(serde_json::Error::custom("no object")),
    }
}

/// Reads a value, and fails on what a token may not contain.
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
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value<'de>, A::Error> {
        let mut object = Object::default();
        let mut inner = self;
        let mut seen = false;
        while let Some(Text(name)) = members.next_key()? {
            if object.members.is_empty() {
                if name == NUMBER {
                    let Text(number) = members.next_value()?;
                    return match (number.parse(), members.next_key()?) {
                        (Ok(number), None::<Text<'_>>) => Ok(Value::Number(number)),
                        _ => Err(A::Error::custom("no number")),
                    };
                }
                if name == TEXT_OF_JSON {
                    return Err(A::Error::custom("a member means something to `serde_json` alone"));
                }
                inner = self.inner()?;
                if self.levels == MOST_LEVELS {
                    object.members.reserve(FEW_MEMBERS);
                }
            }
            if object.len() == MOST_MEMBERS {
                return Err(A::Error::custom("too many members"));
            }
            seen |= object.note(&name);
            object.members.push((name, members.next_value_seed(inner)?));
        }
        if object.members.is_empty() {
            self.inner::<A::Error>()?;
        }
        if seen && object.has_twice() {
            return Err(A::Error::custom("a member stands twice"));
        }
        Ok(Value::Object(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value<'de>, A::Error> {
        let inner = self.inner()?;
        let mut values = Vec::new();
        while let Some(value) = elements.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(match u64::try_from(value) {
            Ok(natural) => Number::Natural(natural),
            Err(_) => Number::Negative(value),
        }))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(Number::Natural(value)))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value<'de>, E> {
        if value.is_finite() {
            Ok(Value::Number(Number::Fraction(value)))
        } else {
            Err(E::custom("a number is too large"))
        }
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::String(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::String(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }
}

impl std::str::FromStr for Number {
    type Err = ();

    /// Reads a number in the way `serde_json` does without that feature.
    fn from_str(text: &str) -> Result<Self, ()> {
        // Nobody has looked at it yet, if the token itself has such an object: Rust takes `+1` and `.5`, JSON does not.
        let _: serde_json::Number = text.parse().map_err(|_| ())?;
        if let Ok(natural) = text.parse() {
            return Ok(Self::Natural(natural));
        }
        // `-0` is a fraction there.
        if let Ok(negative @ ..0) = text.parse() {
            return Ok(Self::Negative(negative));
        }
        match text.parse::<f64>() {
            Ok(fraction) if fraction.is_finite() => Ok(Self::Fraction(fraction)),
            _ => Err(()),
        }
    }
}

/// A text, borrowed if it has no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowing;

        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Borrowing)
    }
}

/// One member of an object, as it stands there; the last, if there are several. Nothing, if it is no object. Of the others no
/// more is read than where they end.
pub(crate) fn member<'a>(object: &'a str, name: &str) -> Option<&'a RawValue> {
    struct Find<'n>(&'n str);

    impl<'de> DeserializeSeed<'de> for Find<'_> {
        type Value = Option<&'de RawValue>;

        fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
            from.deserialize_map(self)
        }
    }

    impl<'de> Visitor<'de> for Find<'_> {
        type Value = Option<&'de RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(Text(name)) = members.next_key()? {
                let value = members.next_value()?;
                if name == self.0 {
                    found = Some(value);
                }
            }
            Ok(found)
        }
    }

    Find(name).deserialize(&mut serde_json::Deserializer::from_str(object)).ok().flatten()
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, proptest};

    use super::*;

    #[test]
    fn plain_objects_are_read() {
        let read =
            read(r#"{"a":[1,2.5,null,true,{"b":"c"},-1]," ":{"a":1},"\u0062":"\n"}"#).unwrap();
        assert_eq!(read.len(), 3);
        let Some(Value::Array(values)) = read.get("a") else { panic!("{read:?}") };
        let [one, fraction, null, yes, inner, negative] = &**values else { panic!("{values:?}") };
        assert_eq!(*one, Value::Number(Number::Natural(1)));
        assert_eq!(*fraction, Value::Number(Number::Fraction(2.5)));
        assert_eq!([null, yes], [&Value::Null, &Value::Bool(true)]);
        assert_eq!(inner.as_object().unwrap().get("b").unwrap().as_str(), Some("c"));
        assert_eq!(*negative, Value::Number(Number::Negative(-1)));
        assert_eq!(read.get("b").unwrap().as_str(), Some("\n"));
        assert_eq!(read.get("c"), None);
    }

    #[test]
    fn j14_a_member_twice_is_refused_at_any_depth_and_in_any_spelling() {
        let many: Vec<String> = (0..40).map(|n| format!(r#""{n}":0"#)).collect();
        let many = format!(r#"{{{},"7":0}}"#, many.join(","));
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"{"x":[[{"a":1,"b":2,"a":3}]]}"#,
            &many,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn j22_depth_and_members_are_bounded() {
        let nested = |levels: usize| {
            format!(r#"{{"a":{}{}}}"#, "[".repeat(levels - 1), "]".repeat(levels - 1))
        };
        assert!(read(&nested(MOST_LEVELS)).is_ok());
        assert!(read(&nested(MOST_LEVELS + 1)).is_err());
        assert!(read(&nested(100_000)).is_err());
        let empty = |levels: usize| {
            format!("{}{{}}{}", r#"{"a":"#.repeat(levels - 1), "}".repeat(levels - 1))
        };
        assert!(read(&empty(MOST_LEVELS)).is_ok());
        assert!(read(&empty(MOST_LEVELS + 1)).is_err());

        let wide = |members: usize| {
            let members: Vec<String> = (0..members).map(|n| format!(r#""{n}":0"#)).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(read(&wide(MOST_MEMBERS)).is_ok());
        assert!(read(&wide(MOST_MEMBERS + 1)).is_err());
    }

    /// Whichever of the two reads: neither takes one level or one member more than the other.
    #[test]
    fn j22_the_quick_reader_has_the_bounds_of_the_thorough_one() {
        let check = |text: &str, is_sound: bool| {
            assert_eq!(read_thoroughly(text).is_ok(), is_sound, "{text}");
            assert_eq!(quick::read(text), read_thoroughly(text).ok(), "{text}");
        };
        let (array, object) = (("[", "]"), (r#"{"a":"#, "}"));
        for kinds in [[array, array], [object, object], [array, object], [object, array]] {
            for levels in MOST_LEVELS - 1..=MOST_LEVELS + 1 {
                // What stands innermost, and how many levels it is itself.
                for (inner, more) in [("0", 0), (r#""\n""#, 0), ("[]", 1), ("{}", 1), ("[{}]", 2)] {
                    let around = || kinds.iter().cycle().take(levels - 1 - more);
                    let opened: String = around().map(|(open, _)| *open).collect();
                    let closed: String = around().map(|(_, close)| *close).collect();
                    let closed: String = closed.chars().rev().collect();
                    check(&format!(r#"{{"a":{opened}{inner}{closed}}}"#), levels <= MOST_LEVELS);
                }
            }
        }
        for members in MOST_MEMBERS - 1..=MOST_MEMBERS + 1 {
            for last in ["\"b\"", "\"0\"", "\"\\u0030\""] {
                let others: Vec<String> =
                    (1..members).map(|n| format!(r#""{}":0"#, n - 1)).collect();
                let wide = format!("{{{},{last}:0}}", others.join(","));
                let is_sound = members <= MOST_MEMBERS && last == "\"b\"";
                check(&wide, is_sound);
                check(&format!(r#"{{"a":[{wide}]}}"#), is_sound);
            }
        }
    }

    #[test]
    fn only_one_object_and_nothing_else_is_read() {
        for text in [
            "",
            "null",
            "[]",
            "1",
            r#""a""#,
            "{}{}",
            "{} x",
            "{",
            r#"{"a":1e999}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":01}"#,
            r#"{"a":1,}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":1]"#,
            r#"{"a":[1}}"#,
            r#"{"a":1"b":1}"#,
            r#"{"a" 1}"#,
            "{'a':1}",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read(" {} ").is_ok());
    }

    #[test]
    fn four_characters_are_space_and_no_others() {
        let pieces = ["{", r#""a""#, ":", "[", "1", ",", "null", ",", r#""b""#, "]", "}"];
        let others = ['\u{7f}', '\u{85}', '\u{a0}', '\u{2028}', '\u{feff}', '/'];
        for character in (0..=b' ').map(char::from).chain(others) {
            for place in 0..=pieces.len() {
                let (before, behind) = pieces.split_at(place);
                let text = format!("{}{character}{}", before.concat(), behind.concat());
                let is_space = matches!(character, ' ' | '\t' | '\n' | '\r');
                assert_eq!(quick::read(&text).is_some(), is_space, "{text:?}");
                assert_eq!(read_thoroughly(&text).is_ok(), is_space, "{text:?}");
            }
        }
    }

    #[test]
    fn three_words_are_values_and_nothing_like_them() {
        let refused = |word: &str| {
            for text in [format!(r#"{{"a":{word}}}"#), format!(r#"{{"a":[{word},1]}}"#)] {
                assert_eq!(quick::read(&text), None, "{text}");
                assert!(read_thoroughly(&text).is_err(), "{text}");
            }
        };
        for word in ["true", "false", "null"] {
            assert!(quick::read(&format!(r#"{{"a":{word}}}"#)).is_some());
            refused(&format!("{word}e"));
            refused(&format!("{word} e"));
            for (place, letter) in word.char_indices() {
                let (before, rest) = word.split_at(place);
                let behind = rest.get(1..).unwrap();
                refused(before);
                for other in ['x', letter.to_ascii_uppercase()] {
                    refused(&format!("{before}{other}{behind}"));
                }
            }
        }
    }

    /// The same with and without `arbitrary_precision`.
    #[test]
    fn the_name_by_which_serde_hands_over_numbers_means_a_number() {
        let read = |value: &str| {
            read(&format!(r#"{{"a":{{"{NUMBER}":{value}}}}}"#))
                .map(|read| format!("{:?}", read.get("a").unwrap()))
        };
        assert_eq!(read(r#""17""#).unwrap(), "Number(Natural(17))");
        assert_eq!(read(r#""-1""#).unwrap(), "Number(Negative(-1))");
        for broken in [
            "17",
            r#""x""#,
            r#""1e999""#,
            r#""1","b":1"#,
            "{}",
            r#""+1""#,
            r#"".5""#,
            r#""1.""#,
            r#""01""#,
        ] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_number_is_the_same_however_serde_hands_it_over() {
        for number in ["0", "-0", "-1", "1.5", "-0.0", "1e3", "18446744073709551615", "1e19"] {
            let plain = format!(r#"{{"a":{number}}}"#);
            let handed = format!(r#"{{"a":{{"{NUMBER}":"{number}"}}}}"#);
            assert_eq!(read(&plain).unwrap(), read(&handed).unwrap(), "{number}");
        }
    }

    /// It would hide members that stand twice, and an object that `claim("…")` takes for a text.
    #[test]
    fn j14_no_object_holds_json_as_text_for_serde() {
        let hidden = |inner: &str| {
            let inner = serde_json::to_string(inner).unwrap();
            format!(r#"{{"a":{{"{TEXT_OF_JSON}":{inner}}}}}"#)
        };
        for inner in [r#"{"a":1,"a":2}"#, r#""acme""#] {
            let text = hidden(inner);
            // If this is not so any more, the name has changed.
            let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(theirs["a"], serde_json::from_str::<serde_json::Value>(inner).unwrap());
            assert!(read(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn one_member_is_found_without_the_others() {
        let text = r#"{"a":{"x":1},"\u0062":[2],"a":3}"#;
        assert_eq!(member(text, "b").unwrap().get(), "[2]");
        assert_eq!(member(text, "a").unwrap().get(), "3");
        assert!(member(text, "x").is_none());
        assert!(member("[]", "a").is_none());
        assert!(member("{", "a").is_none());
    }

    /// Sound objects, objects with something wrong at some place, and what consists of the same pieces.
    fn looks_like_json() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[{}\\[\\]:,\"]",
            Just(r#""a":"#.to_owned()),
            Just(r#""b":"#.to_owned()),
            Just(format!(r#""{NUMBER}":"1""#)),
            Just(format!(r#""{TEXT_OF_JSON}":"1""#)),
            "-?[0-9]{1,21}(\\.[0-9]{0,3})?([eE][+-]?[0-9]{0,3})?",
            r#""[a-c \\\\/"bfnrtu0-9d-f\\n]{0,8}""#,
            "(\\\\u[0-9a-dA-D]{4}){0,3}",
            "[ \t\r\n\u{b}\u{a0}é\u{1f600}\0\x1f\x7f]",
            "(true|false|null|tru|nul|True|NaN)",
        ];
        let pieces = prop::collection::vec(piece, 0..12);
        prop_oneof![
            (json(), any::<prop::sample::Index>(), pieces.clone()).prop_map(
                |(value, place, pieces)| {
                    let mut text = serde_json::json!({"a": value, "b": 17}).to_string();
                    let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
                    let place = *place.get(&places);
                    let piece = pieces.into_iter().next().unwrap_or_default();
                    if piece.is_empty() {
                        text.truncate(place);
                    } else {
                        text.insert_str(place, &piece);
                    }
                    text
                }
            ),
            pieces.prop_map(|pieces| format!("{{{}}}", pieces.concat())),
        ]
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<u64>().prop_map(Into::into),
            (-1e30..1e30).prop_map(|number: f64| number.into()),
            "\\PC{0,8}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::hash_map("[a-c\"\\\\\n]{0,3}", inner, 0..6)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn same(ours: &Value<'_>, theirs: &serde_json::Value) -> bool {
        match (ours, theirs) {
            (Value::Null, serde_json::Value::Null) => true,
            (Value::Bool(ours), serde_json::Value::Bool(theirs)) => ours == theirs,
            (Value::Number(ours), serde_json::Value::Number(theirs)) => match *ours {
                Number::Natural(ours) => theirs.as_u64() == Some(ours),
                Number::Negative(ours) => theirs.as_i64() == Some(ours),
                Number::Fraction(ours) => theirs.as_f64() == Some(ours),
            },
            (Value::String(ours), serde_json::Value::String(theirs)) => ours == theirs,
            (Value::Array(ours), serde_json::Value::Array(theirs)) => {
                ours.len() == theirs.len()
                    && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
            }
            (Value::Object(ours), serde_json::Value::Object(theirs)) => {
                ours.len() == theirs.len()
                    && theirs
                        .iter()
                        .all(|(name, theirs)| ours.get(name).is_some_and(|ours| same(ours, theirs)))
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn what_is_read_quickly_is_what_is_read_thoroughly(text in looks_like_json()) {
            if let Some(quick) = quick::read(&text) {
                prop_assert_eq!(quick, read_thoroughly(&text).unwrap(), "{}", text);
            }
        }

        /// It would be right without that, and slow.
        #[test]
        fn what_is_sound_is_read_quickly(value in json()) {
            let text = serde_json::json!({"a": value});
            for text in [text.to_string(), serde_json::to_string_pretty(&text).unwrap()] {
                prop_assert_eq!(quick::read(&text), Some(read_thoroughly(&text).unwrap()), "{}", text);
            }
        }

        #[test]
        fn what_is_read_is_what_serde_json_reads(value in json()) {
            let text = serde_json::json!({"a": value}).to_string();
            let ours = read(&text).unwrap();
            let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert!(same(&Value::Object(ours), &theirs), "{}", text);
        }

        #[test]
        fn nothing_panics_and_nothing_is_taken_that_serde_json_refuses(text in "[{}\\[\\]\",:0-9a-eE.\\\\u+-]{0,40}") {
            let text = format!("{{{text}}}");
            if read(&text).is_ok() {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
            }
        }
    }
}
