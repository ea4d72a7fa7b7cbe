//! What holds for any input.

use proptest::prelude::*;

use super::*;
use crate::verifier::dpop::uri;

proptest! {
    /// P2: no input panics, and none that was not signed is accepted.
    #[test]
    fn p2_arbitrary_text_never_panics_and_never_proves(text in "\\PC{0,200}") {
        prop_assert!(check(&text).is_err());
    }

    #[test]
    fn p2_arbitrary_parts_never_panic_and_never_prove(
        head in prop::collection::vec(any::<u8>(), 0..80),
        payload in prop::collection::vec(any::<u8>(), 0..80),
        signature in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let [head, payload, signature] =
            [head, payload, signature].map(|part| URL_SAFE_NO_PAD.encode(part));
        let proof = format!("{head}.{payload}.{signature}");
        prop_assert!(check(&proof).is_err());
    }

    /// Members that are really read, up to the key.
    #[test]
    fn p2_arbitrary_keys_never_panic_and_never_prove(
        kty in "EC|RSA|OKP|oct|x",
        crv in "P-256|P-384|Ed25519|x",
        alg in "ES256|ES384|EdDSA|RS256|PS256|HS256|none",
        members in prop::collection::btree_map("x|y|n|e|k|d|use|alg|kid", "[A-Za-z0-9_-]{0,90}", 0..6),
    ) {
        let mut jwk = json!({"kty": kty, "crv": crv});
        for (name, value) in members {
            jwk[name] = json!(value);
        }
        let proof = signed(&header(json!({"alg": alg, "jwk": jwk})), &claims(json!({})));
        prop_assert!(check(&proof).is_err());
    }

    #[test]
    fn p2_arbitrary_claims_never_panic(
        payload in "\\{(\"(jti|htm|htu|iat|ath|nonce|exp)\":(\"[ -~é]{0,20}\"|-?[0-9]{1,20}|1e[0-9]{1,3}|null|\\[\\]),?){0,6}\\}",
    ) {
        let proof = KEY.sign(&header(json!({})).to_string(), &payload).unwrap();
        prop_assert!(check(&proof).is_err());
    }

    /// No text is the URI of a request, unless it begins with an origin of ours.
    #[test]
    fn p2_arbitrary_uris_never_panic_and_never_name_another_host(
        claimed in "\\PC{0,60}|https?://[a-z.:@\\[\\]\\\\/?#%0-9]{0,40}/me",
        path in "/\\PC{0,30}|/[a-z%./]{0,20}",
    ) {
        if verifier().is_requested(&claimed, &path) {
            let lower = claimed.to_ascii_lowercase();
            let rest = lower.strip_prefix("https://api.example.com");
            let ends = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#', ':']));
            prop_assert!(ends, "{claimed}");
        }
    }

    /// Normalizing twice is normalizing once, and escaping what needs no escape changes nothing.
    #[test]
    fn p2_normalizing_is_idempotent_and_blind_to_needless_escapes(path in "(/[a-z~._-]{0,4}){1,5}", escaped in any::<prop::sample::Index>()) {
        let at = |path: &str| uri::parse(&format!("https://a.example{path}")).map(|(_, path)| path);
        let normal = at(&path).unwrap();
        prop_assert_eq!(at(&normal), Some(normal.clone()));

        let position = escaped.index(path.len());
        let letter = path.as_bytes()[position];
        if letter != b'/' {
            let mut escaped = path.clone();
            escaped.replace_range(position..=position, &format!("%{letter:02x}"));
            prop_assert_eq!(at(&escaped), Some(normal));
        }
    }
}
