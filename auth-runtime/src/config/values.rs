//! Values that are more than text: times, algorithms, secrets, places in a token.

use std::{fmt, time::Duration};

use jsonwebtoken::Algorithm;
use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Visitor},
};

use super::read::none_of;
use crate::{claims::ClaimPath, issuer::algorithm};

/// How long: `"90s"`, `"5m"`, `"1h30m"`.
#[derive(Clone, Copy)]
pub(super) struct Span(pub(super) Duration);

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
const SPAN: &str =
    "a time as text: numbers with `s`, `m`, `h` or `d` behind them, such as `\"90s\"` or `\"5m\"`";

impl Span {
    fn parse(text: &str) -> Option<Self> {
        let mut seconds: u64 = 0;
        let mut number: Option<u64> = None;
        for letter in text.chars() {
            if let Some(digit) = letter.to_digit(10) {
                number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(digit.into())?);
            } else {
                let (_, factor) = UNITS.iter().find(|(unit, _)| *unit == letter)?;
                seconds = number.take()?.checked_mul(*factor)?.checked_add(seconds)?;
            }
        }
        (number.is_none() && !text.is_empty()).then_some(Self(Duration::from_secs(seconds)))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Span;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(SPAN)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                Span::parse(text)
                    .ok_or_else(|| E::custom(format!("is text that is no time: write {SPAN}")))
            }
        }
        deserializer.deserialize_str(Read)
    }
}

/// An algorithm by its registered name.
#[derive(Clone, Copy)]
pub(super) struct AlgorithmName(pub(super) Algorithm);

pub(super) const ALGORITHMS: [&str; 12] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
    "ES384", "EdDSA",
];

impl<'de> Deserialize<'de> for AlgorithmName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = AlgorithmName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of an algorithm, such as `\"RS256\"`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<AlgorithmName, E> {
                algorithm(text)
                    .map(AlgorithmName)
                    .ok_or_else(|| E::custom(none_of(text, &ALGORITHMS)))
            }
        }
        deserializer.deserialize_str(Read)
    }
}

/// A secret as it was written.
#[derive(Clone, Deserialize)]
pub(super) struct Secret(pub(super) String);

/// The secret stays out of logs.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Where in a token something stands: a name, a JSON Pointer, or a list of names.
pub(super) struct ClaimSetting(pub(super) ClaimPath);

impl<'de> Deserialize<'de> for ClaimSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = ClaimSetting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the claim's name, a JSON Pointer such as `\"/realm_access/roles\"`, or a list of names")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ClaimSetting, E> {
                Ok(ClaimSetting(ClaimPath::from(text)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<ClaimSetting, A::Error> {
                let mut pointer = String::new();
                while let Some(name) = names.next_element::<String>()? {
                    // RFC 6901 §3.
                    pointer.push('/');
                    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                }
                if pointer.is_empty() {
                    return Err(de::Error::invalid_length(0, &self));
                }
                Ok(ClaimSetting(ClaimPath::from(pointer.as_str())))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_numbers_with_units() {
        for (text, seconds) in
            [("0s", 0), ("90s", 90), ("5m", 300), ("1h30m", 5_400), ("2d", 172_800)]
        {
            assert_eq!(Span::parse(text).map(|span| span.0.as_secs()), Some(seconds), "{text}");
        }
        for text in ["", "5", "m", "5 m", "-5m", "5min", "5m3", "1.5h", "99999999999999999999d"] {
            assert!(Span::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn every_algorithm_that_is_named_is_one() {
        for name in ALGORITHMS {
            assert!(algorithm(name).is_some(), "{name}");
        }
    }
}
