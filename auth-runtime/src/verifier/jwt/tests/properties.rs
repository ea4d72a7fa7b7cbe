//! What holds for any input.

use proptest::prelude::*;
use serde_json::json;

use super::*;

proptest! {
    /// J22: no input panics, and none that was not signed is accepted.
    #[test]
    fn j22_arbitrary_text_never_panics_and_never_verifies(text in "\\PC{0,200}") {
        prop_assert!(verify(issuer(), &text).is_err());
    }

    #[test]
    fn j22_arbitrary_parts_never_panic_and_never_verify(
        head in prop::collection::vec(any::<u8>(), 0..80),
        payload in prop::collection::vec(any::<u8>(), 0..80),
        signature in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let text = format!("{}.{}.{}", b64(head), b64(payload), b64(signature));
        prop_assert!(verify(issuer(), &text).is_err());
    }

    /// Signed by us, so that header and claims are really read.
    #[test]
    fn j22_arbitrary_signed_json_never_panics(
        head in "\\{(\"(alg|typ|kid|crit|b64)\":(\"(HS256|JWT|x)\"|1|null|\\[\\]),?){0,3}\\}",
        payload in "\\{(\"(iss|aud|exp|nbf|sub|roles)\":(\"x\"|-?[0-9]{1,20}|1e[0-9]{1,3}|null|\\[\\]|\\{\\}),?){0,5}\\}",
    ) {
        prop_assert!(verify(issuer(), &hs256(head, payload)).is_err());
    }

    /// Whatever is changed in a good token, it is refused.
    #[test]
    fn a_good_token_with_one_letter_changed_is_refused(position in any::<prop::sample::Index>(), letter in "[A-Za-z0-9_.=+/ -]") {
        let good = token(&claims(json!({})));
        let position = position.index(good.len());
        let mut changed = good.clone();
        changed.replace_range(position..=position, &letter);
        prop_assert_eq!(verify(issuer(), &changed).is_ok(), changed == good);
    }
}
