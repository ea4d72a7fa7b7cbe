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

/// A verifier remembers the header of a good token; whatever it judged before, it judges the next as a new one would.
#[test]
fn a_header_that_was_seen_decides_nothing_that_a_new_one_would_not() {
    let named = |kid: &str| json!({"alg": "HS256", "typ": "at+jwt", "kid": kid}).to_string();
    let usual = named("one");
    let headers = [
        usual.clone(),
        named("two"),
        named("too"),
        header(Algorithm::HS256),
        json!({"alg": "HS512", "typ": "at+jwt", "kid": "one"}).to_string(),
        json!({"alg": "none", "typ": "at+jwt", "kid": "one"}).to_string(),
        json!({"alg": "HS256", "typ": "at+jwt", "kid": "one", "crit": ["x"]}).to_string(),
        json!({"alg": "HS256", "typ": "dpop+jwt", "kid": "one"}).to_string(),
        json!({"alg": "HS256", "kid": "one", "x": "x".repeat(600)}).to_string(),
        usual.replace("at+jwt", "AT+JWT"),
        format!(" {usual}"),
        "{}".to_owned(),
    ];
    let [other, third] = [[9; 64], [10; 64]];
    let issuer = || {
        bare()
            .key(Key::secret(Algorithm::HS256, SECRET).kid("one"))
            .key(Key::secret(Algorithm::HS256, other).kid("two"))
            .key(Key::secret(Algorithm::HS256, third).kid("one"))
    };
    let mut tokens = Vec::new();
    for header in &headers {
        for claims in [claims(json!({})), claims(json!({"exp": NOW - 61})), json!({"iss": ISSUER})]
        {
            for key in [&SECRET, &other, &third] {
                let key = EncodingKey::from_secret(key);
                tokens.push(sign(&key, Algorithm::HS256, header, claims.to_string()));
            }
        }
    }
    let said = |result: Result<Verified, VerifyError>| {
        result.map(|it| it.inner.texts.kid().map(str::to_owned)).map_err(|error| error.kind)
    };
    let fresh: Vec<_> = tokens.iter().map(|token| said(verify(issuer(), token))).collect();
    assert!(fresh.iter().filter(|verdict| verdict.is_ok()).count() > 3);
    for first in 0..tokens.len() {
        let seasoned = verifier(issuer());
        let _ = seasoned.verify(&tokens[first], NOW);
        for (token, fresh) in tokens.iter().zip(&fresh) {
            assert_eq!(said(seasoned.verify(token, NOW)), *fresh, "{token} after {first}");
        }
    }
}
