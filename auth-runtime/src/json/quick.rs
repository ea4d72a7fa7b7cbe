//! The same objects in less time, as long as nothing about them is unusual.
//!
//! It only has to be right where it says anything: whatever it does not take is read again, thoroughly, and what is wrong
//! with it is for the other to say. Escapes and numbers other than small natural ones are left to `serde_json` piece by
//! piece.

use std::borrow::Cow;

use serde::de::DeserializeSeed;

use super::{FEW_MEMBERS, MOST_LEVELS, MOST_MEMBERS, Number, Object, Strict, Value};

/// Reads one object, and nothing that follows it. Nothing is said about it where this gives nothing.
pub(super) fn read(text: &str) -> Option<Object<'_>> {
    let mut rest = Rest { text, at: 0 };
    rest.skip_space();
    let members = Vec::with_capacity(FEW_MEMBERS);
    let object = rest.object(Object { members, traces: 0 }, MOST_LEVELS)?;
    rest.skip_space();
    (rest.at == text.len()).then_some(object)
}

/// A text that is read from here on.
struct Rest<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Rest<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes on if this comes next.
    fn skip(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// The next byte that is no space, of those that may stand between two members or elements.
    fn next(&mut self) -> Option<u8> {
        self.skip_space();
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// An object, with its members put into one that has none.
    fn object(&mut self, mut object: Object<'a>, levels: usize) -> Option<Object<'a>> {
        let levels = levels.checked_sub(1)?;
        self.skip(b'{')?;
        self.skip_space();
        if self.skip(b'}').is_some() {
            return Some(object);
        }
        let mut seen = false;
        loop {
            self.skip_space();
            // The usual members first, each put where it belongs at once: passing it on would take longer than reading it.
            if let Some(name) = self.plain_string() {
                seen |= self.begin(&mut object, name)?;
                let name = Cow::Borrowed(name);
                if let Some(text) = self.plain_string() {
                    object.members.push((name, Value::String(Cow::Borrowed(text))));
                } else if let Some(number) = self.natural() {
                    object.members.push((name, Value::Number(Number::Natural(number))));
                } else {
                    object.members.push((name, self.value(levels)?));
                }
            } else {
                let name = self.escaped()?;
                seen |= self.begin(&mut object, &name)?;
                object.members.push((name, self.value(levels)?));
            }
            match self.next()? {
                b',' => {}
                b'}' => return (!seen || !object.has_twice()).then_some(object),
                _ => return None,
            }
        }
    }

    /// Goes on to the value of a member. Says whether its name may be in the object already.
    #[inline]
    fn begin(&mut self, object: &mut Object<'a>, name: &str) -> Option<bool> {
        // Some names mean something to `serde_json`.
        if name.starts_with('$') || object.len() == MOST_MEMBERS {
            return None;
        }
        self.skip_space();
        self.skip(b':')?;
        self.skip_space();
        Some(object.note(name))
    }

    fn array(&mut self, levels: usize) -> Option<Vec<Value<'a>>> {
        let levels = levels.checked_sub(1)?;
        self.skip(b'[')?;
        self.skip_space();
        let mut values = Vec::new();
        if self.skip(b']').is_some() {
            return Some(values);
        }
        loop {
            self.skip_space();
            if let Some(text) = self.plain_string() {
                values.push(Value::String(Cow::Borrowed(text)));
            } else {
                values.push(self.value(levels)?);
            }
            match self.next()? {
                b',' => {}
                b']' => return Some(values),
                _ => return None,
            }
        }
    }

    /// A value, whatever it is.
    fn value(&mut self, levels: usize) -> Option<Value<'a>> {
        match self.peek()? {
            b'[' => self.array(levels).map(Value::Array),
            b'{' => self.object(Object::default(), levels).map(Value::Object),
            b't' => self.literal("true", Value::Bool(true)),
            b'f' => self.literal("false", Value::Bool(false)),
            b'n' => self.literal("null", Value::Null),
            b'"' => self.escaped().map(Value::String),
            _ => self.number(),
        }
    }

    fn literal(&mut self, word: &str, value: Value<'a>) -> Option<Value<'a>> {
        let end = self.at + word.len();
        let found = self.text.as_bytes().get(self.at..end)?;
        self.at = end;
        (found == word.as_bytes()).then_some(value)
    }

    /// A natural number, if it is written with digits alone and fits whatever they are.
    #[inline]
    fn natural(&mut self) -> Option<u64> {
        const MOST_DIGITS: usize = 19;

        let bytes = self.text.as_bytes().get(self.at..)?;
        let first = bytes.first().filter(|byte| byte.is_ascii_digit())?;
        let (mut number, mut digits) = (0_u64, 0);
        for digit in bytes.iter().take(MOST_DIGITS).take_while(|byte| byte.is_ascii_digit()) {
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            digits += 1;
        }
        let ends = !matches!(bytes.get(digits), Some(b'0'..=b'9' | b'.' | b'e' | b'E'));
        if !ends || (*first == b'0' && digits > 1) {
            return None;
        }
        self.at += digits;
        Some(number)
    }

    /// Any other number.
    fn number(&mut self) -> Option<Value<'a>> {
        let bytes = self.text.as_bytes().get(self.at..)?;
        let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
        self.thoroughly(bytes.iter().take_while(|byte| is_part(byte)).count())
    }

    /// A text without escapes.
    #[inline]
    fn plain_string(&mut self) -> Option<&'a str> {
        let quoted = self.text.get(self.at..)?.strip_prefix('"')?;
        let length = plain(quoted.as_bytes());
        if quoted.as_bytes().get(length) != Some(&b'"') {
            return None;
        }
        self.at += length + 2;
        quoted.get(..length)
    }

    /// Any text.
    fn escaped(&mut self) -> Option<Cow<'a, str>> {
        let quoted = self.text.get(self.at..)?.strip_prefix('"')?;
        let mut length = 0;
        loop {
            match quoted.as_bytes().get(length)? {
                b'"' => break,
                b'\\' => length += 2,
                _ => length += 1,
            }
        }
        match self.thoroughly(length + 2)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// A value of this length, without anything in it.
    fn thoroughly(&mut self, length: usize) -> Option<Value<'a>> {
        let end = self.at + length;
        let mut deserializer = serde_json::Deserializer::from_str(self.text.get(self.at..end)?);
        let value = Strict { levels: 0 }.deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        self.at = end;
        Some(value)
    }
}

/// How long it goes on without quotes, backslashes and control characters.
fn plain(bytes: &[u8]) -> usize {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHEST: u64 = EACH << 7;

    let (words, rest) = bytes.as_chunks::<8>();
    let mut length = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        // The highest bit of each byte: whether it is less than the given one, which is no more than 128. A byte too many
        // may be marked, but never before the first that is right.
        let below =
            |word: u64, least: u8| word.wrapping_sub(EACH * u64::from(least)) & !word & HIGHEST;
        let is = |byte: u8| below(word ^ (EACH * u64::from(byte)), 1);
        let found = below(word, b' ') | is(b'"') | is(b'\\');
        if found != 0 {
            return length + found.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let is_plain = |byte: &u8| !matches!(byte, 0..b' ' | b'"' | b'\\');
    length + rest.iter().take_while(|byte| is_plain(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_that_ends_plain_text_is_found_at_every_place() {
        for byte in 0..=u8::MAX {
            for length in 0..20 {
                for place in 0..length {
                    let mut bytes = vec![b'a'; length];
                    bytes[place] = byte;
                    let ends = byte < b' ' || byte == b'"' || byte == b'\\';
                    assert_eq!(plain(&bytes), if ends { place } else { length }, "{bytes:?}");
                    // Bytes that differ from one of those in one bit, behind one that ends it.
                    bytes[place..].fill(byte ^ 1);
                    bytes[place] = byte;
                    assert_eq!(plain(&bytes) == place, ends, "{bytes:?}");
                }
            }
        }
    }

    fn natural(text: &str) -> Option<u64> {
        Rest { text, at: 0 }.natural()
    }

    #[test]
    fn numbers_are_read_up_to_their_last_digit() {
        for number in ["0", "7", "10", "1234567890123456789", "9999999999999999999"] {
            assert_eq!(natural(number), Some(number.parse().unwrap()));
            for other in [
                format!("0{number}"),
                format!("-{number}"),
                format!("{number}.0"),
                format!("{number}e1"),
            ] {
                assert_eq!(natural(&other), None, "{other}");
            }
        }
        assert_eq!(natural("18446744073709551615"), None);
    }
}
