//! Base64url as a JWS has it (RFC 7515 §2): without padding, white space or stray bits.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use std::sync::LazyLock;

use base64::{Engine, decoded_len_estimate, engine::general_purpose};

use super::invalid;
use crate::verifier::VerifyError;

/// Decodes many bytes at once where the processor can, and leaves to the other what is wrong.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static ENGINE: LazyLock<base64::engine::Simd> =
    LazyLock::new(|| base64::engine::Simd::url_safe(general_purpose::NO_PAD));
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
static ENGINE: general_purpose::GeneralPurpose = general_purpose::URL_SAFE_NO_PAD;

pub(in crate::verifier) fn decoded(part: &[u8]) -> Result<Vec<u8>, VerifyError> {
    ENGINE.decode(part).map_err(|_| broken())
}

pub(in crate::verifier) fn decoded_text(part: &[u8]) -> Result<String, VerifyError> {
    decoded_text_with_room(part, 0)
}

/// The same, and behind it room for so many bytes.
pub(super) fn decoded_text_with_room(part: &[u8], room: usize) -> Result<String, VerifyError> {
    let most = decoded_len_estimate(part.len());
    let mut bytes = Vec::with_capacity(most + room);
    bytes.resize(most, 0);
    let length = ENGINE.decode_slice(part, &mut bytes).map_err(|_| broken())?;
    bytes.truncate(length);
    String::from_utf8(bytes).map_err(|_| invalid("a part is not UTF-8"))
}

/// Room for a part that is looked at and forgotten: most headers and signatures are shorter.
pub(super) struct Scratch {
    here: [u8; 512],
    beyond: Vec<u8>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { here: [0; 512], beyond: Vec::new() }
    }
}

impl Scratch {
    /// The same as [`decoded`], in here.
    pub(super) fn bytes(&mut self, part: &[u8]) -> Result<&[u8], VerifyError> {
        // Enough for what comes of any text of this length.
        if part.len() > self.here.len() {
            self.beyond = decoded(part)?;
            return Ok(&self.beyond);
        }
        let length = ENGINE.decode_slice(part, &mut self.here).map_err(|_| broken())?;
        self.here.get(..length).ok_or_else(broken)
    }

    pub(super) fn text(&mut self, part: &[u8]) -> Result<&str, VerifyError> {
        std::str::from_utf8(self.bytes(part)?).map_err(|_| invalid("a part is not UTF-8"))
    }
}

fn broken() -> VerifyError {
    invalid("a part is not base64url")
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, proptest};

    use super::*;

    /// What the plain decoder says, byte for byte, and of the same texts.
    fn check(text: impl AsRef<[u8]>) -> Result<(), TestCaseError> {
        let text = text.as_ref();
        let plain = general_purpose::URL_SAFE_NO_PAD.decode(text).ok();
        prop_assert_eq!(&decoded(text).ok(), &plain, "{}", text.escape_ascii());
        let mut scratch = Scratch::default();
        prop_assert_eq!(scratch.bytes(text).ok(), plain.as_deref(), "{}", text.escape_ascii());
        let plain = plain.and_then(|plain| String::from_utf8(plain).ok());
        prop_assert_eq!(&decoded_text_with_room(text, 3).ok(), &plain, "{}", text.escape_ascii());
        prop_assert_eq!(scratch.text(text).ok(), plain.as_deref(), "{}", text.escape_ascii());
        Ok(())
    }

    proptest! {
        #[test]
        fn j13_it_takes_what_the_plain_decoder_takes(text in "[A-Za-z0-9_-]{0,700}") {
            check(&text)?;
        }

        #[test]
        fn j13_it_refuses_what_the_plain_decoder_refuses(
            text in "[A-Za-z0-9_-]{1,300}",
            place in any::<prop::sample::Index>(),
            other in prop_oneof!["[+/=\t\r\n .\u{0}]", any::<char>().prop_map(String::from), Just("==".to_owned())],
        ) {
            let mut text = text;
            text.insert_str(place.index(text.len()), &other);
            check(&text)?;
        }

        #[test]
        fn j13_no_byte_beyond_ascii_is_read(
            text in "[A-Za-z0-9_-]{1,300}",
            place in any::<prop::sample::Index>(),
            byte in 0x80_u8..,
        ) {
            let mut text = text.into_bytes();
            let place = place.index(text.len());
            text[place] = byte;
            prop_assert!(decoded(&text).is_err());
            check(&text)?;
        }

        #[test]
        fn j13_what_was_encoded_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let text = general_purpose::URL_SAFE_NO_PAD.encode(&bytes);
            prop_assert_eq!(decoded(text.as_bytes()).unwrap(), bytes);
        }
    }

    /// Whatever stands at the end of a text of any length, where stray bits and padding are.
    #[test]
    fn j13_the_end_is_read_as_strictly_as_by_the_plain_decoder() {
        for length in 0..140 {
            for end in 0..=127 {
                check(format!("{}{}", "QUJD".repeat(35).get(..length).unwrap(), char::from(end)))
                    .unwrap();
            }
        }
    }
}
