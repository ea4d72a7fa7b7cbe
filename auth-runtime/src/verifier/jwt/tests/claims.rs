//! What the claims of a well-signed token have to say.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;

/// [`NOW`] as JSON would have it with a fraction.
const NOW_EXACT: f64 = 1_700_000_000.0;

fn strict_time() -> Issuer {
    issuer().leeway(Duration::ZERO)
}

fn without(name: &str) -> Value {
    let mut claims = claims(json!({}));
    claims.as_object_mut().unwrap().remove(name);
    claims
}

#[test]
fn j16_the_issuer_is_one_exact_string() {
    for wrong in [
        json!("https://id.example.com"),
        json!("https://id.example.com//"),
        json!("https://ID.example.com/"),
        json!("http://id.example.com/"),
        json!("https://id.example.com/ "),
        json!([ISSUER]),
        json!(1),
        json!(null),
        json!({"iss": ISSUER}),
    ] {
        assert_invalid(verify(issuer(), &token(&claims(json!({"iss": wrong.clone()})))), &wrong);
    }
    assert_invalid(verify(issuer(), &token(&without("iss"))), "no iss");
}

#[test]
fn j17_the_audience_names_us() {
    let ours = || issuer().audience("second");
    for right in [json!("api"), json!("second"), json!(["api"]), json!(["other", "second"])] {
        assert_accepted(verify(ours(), &token(&claims(json!({"aud": right})))));
    }
    for wrong in [
        json!("other"),
        json!("API"),
        json!("api "),
        json!(""),
        json!([]),
        json!(["other"]),
        json!(1),
        json!(null),
        json!({"aud": "api"}),
        json!(["api", 1]),
        json!([["api"]]),
        json!(true),
    ] {
        assert_invalid(verify(ours(), &token(&claims(json!({"aud": wrong.clone()})))), &wrong);
    }
    assert_invalid(verify(ours(), &token(&without("aud"))), "no aud");
}

#[test]
fn any_audience_has_to_be_asked_for_and_still_has_to_be_well_formed() {
    assert!(
        refusal(Issuer::new(ISSUER).key(Key::secret(Algorithm::HS256, SECRET)))
            .contains("add `.audience(")
    );
    let any = || {
        Issuer::new(ISSUER)
            .key(Key::secret(Algorithm::HS256, SECRET))
            .danger()
            .accept_any_audience()
    };
    assert_accepted(verify(any(), &token(&claims(json!({"aud": "somebody else"})))));
    assert_accepted(verify(any(), &token(&without("aud"))));
    for wrong in [json!(1), json!([]), json!(["api", 1])] {
        assert_invalid(verify(any(), &token(&claims(json!({"aud": wrong.clone()})))), &wrong);
    }
}

#[test]
fn j18_expiry_is_required_and_a_number() {
    for wrong in [
        json!("1700000300"),
        json!(-1),
        json!(-0.5),
        json!(1e300),
        json!(null),
        json!(true),
        json!([NOW + 300]),
        json!({}),
        json!((1_u64 << 53) + 1),
        json!(u64::MAX),
    ] {
        assert_invalid(verify(issuer(), &token(&claims(json!({"exp": wrong.clone()})))), &wrong);
    }
    assert_invalid(verify(issuer(), &token(&without("exp"))), "no exp");
    // JSON has no NaN; a text that tries is no JSON.
    let nan = claims(json!({"exp": 4_242_424_242_u64})).to_string().replace("4242424242", "NaN");
    assert_invalid(verify(issuer(), &hs256(header(Algorithm::HS256), nan)), "NaN");
}

#[test]
fn j18_expiry_is_the_first_second_too_late() {
    for (exp, leeway, good) in [
        (json!(NOW), 0, false),
        (json!(NOW + 1), 0, true),
        (json!(NOW_EXACT + 0.9), 0, false),
        (json!(NOW_EXACT + 1.9), 0, true),
        (json!(NOW - 59), 60, true),
        (json!(NOW - 60), 60, false),
        (json!(0), 60, false),
    ] {
        let token = token(&claims(json!({"exp": exp.clone()})));
        let result = verify(issuer().leeway(Duration::from_secs(leeway)), &token);
        if good {
            assert_accepted(result);
        } else {
            assert_expired(result, (exp, leeway));
        }
    }
}

#[test]
fn j19_tokens_from_the_future_are_refused() {
    for name in ["nbf", "iat"] {
        for (time, leeway, good) in [
            (json!(NOW), 0, true),
            (json!(NOW + 1), 0, false),
            (json!(NOW_EXACT + 0.1), 0, false),
            (json!(NOW + 60), 60, true),
            (json!(NOW + 61), 60, false),
            (json!(0), 0, true),
        ] {
            let token = token(&claims(json!({name: time.clone()})));
            let result = verify(issuer().leeway(Duration::from_secs(leeway)), &token);
            if good {
                assert_accepted(result);
            } else {
                assert_invalid(result, (name, time, leeway));
            }
        }
        for wrong in [json!("1"), json!(null), json!(-1), json!(1e300), json!([]), json!(true)] {
            assert_invalid(
                verify(issuer(), &token(&claims(json!({name: wrong.clone()})))),
                (name, &wrong),
            );
        }
    }
    assert_accepted(verify(strict_time(), &token(&without("iat"))));
}

/// A verdict that is remembered holds exactly as long as the token would be accepted.
#[test]
fn j19_a_verdict_holds_from_the_first_second_of_the_token_to_its_last() {
    for (issued_at, not_before, first) in [
        (NOW - 10, Some(NOW - 20), NOW - 10),
        (NOW - 20, Some(NOW - 10), NOW - 10),
        (NOW + 30, Some(NOW + 50), NOW + 50),
        (NOW + 50, None, NOW + 50),
    ] {
        let mut claims = claims(json!({"iat": issued_at}));
        if let Some(time) = not_before {
            claims["nbf"] = json!(time);
        }
        let token = token(&claims);
        let leeway = 60;
        let verifier = verifier(issuer().leeway(Duration::from_secs(leeway)));
        let accepted = assert_accepted(verifier.verify(&token, NOW));
        let validity = accepted.validity.unwrap();
        assert_eq!((validity.from, validity.until), (first - leeway, NOW + 300 + leeway));
        assert_eq!(accepted.leeway, leeway);
        assert_accepted(verifier.verify(&token, validity.from));
        assert_accepted(verifier.verify(&token, validity.until - 1));
        assert_invalid(verifier.verify(&token, validity.from - 1), "before it begins");
        assert_expired(verifier.verify(&token, validity.until), "when it is over");
    }
}

#[test]
fn j20_the_leeway_is_a_minute_and_at_most_five() {
    assert_accepted(verify(issuer(), &token(&claims(json!({"exp": NOW - 59})))));
    assert_expired(verify(issuer(), &token(&claims(json!({"exp": NOW - 60})))), "past the leeway");
    assert!(load(issuer().leeway(Duration::from_secs(300))).is_ok());
    assert!(refusal(issuer().leeway(Duration::from_secs(301))).contains("at most 300 s"));
    assert!(load(issuer().leeway(Duration::MAX)).is_err());
}

#[test]
fn expiry_is_said_only_of_genuine_tokens() {
    let old = claims(json!({"exp": NOW - 3_600}));
    assert_expired(verify(issuer(), &token(&old)), "genuine");
    let forged = sign(
        &EncodingKey::from_secret(&[9; 64]),
        Algorithm::HS256,
        header(Algorithm::HS256),
        old.to_string(),
    );
    assert_invalid(verify(issuer(), &forged), "forged and old");
    let foreign = claims(json!({"exp": NOW - 3_600, "iss": "https://other.example.com/"}));
    assert_invalid(verify(issuer(), &token(&foreign)), "foreign and old");
}

/// Whom it was issued to says the first of three claims that a token has.
#[test]
fn j17_the_client_is_whom_the_token_says_first() {
    let ours = || issuer().client("app").client("other app");
    for right in [
        json!({"client_id": "app"}),
        json!({"azp": "other app"}),
        json!({"cid": "app"}),
        json!({"client_id": "app", "azp": "somebody", "cid": "somebody"}),
        json!({"azp": "app", "cid": "somebody"}),
    ] {
        assert_accepted(verify(ours(), &token(&claims(right))));
    }
    for wrong in [
        json!({}),
        json!({"client_id": "somebody"}),
        json!({"client_id": "somebody", "azp": "app", "cid": "app"}),
        json!({"azp": "somebody", "cid": "app"}),
        json!({"client_id": "app", "azp": 1}),
        json!({"client_id": ["app"]}),
    ] {
        assert_invalid(verify(ours(), &token(&claims(wrong.clone()))), &wrong);
    }
}

#[test]
fn d5_a_role_claim_of_the_wrong_type_yields_no_roles() {
    for wrong in [json!("admin"), json!({"admin": 1}), json!(["admin", 1]), json!(null), json!(7)] {
        let verified = assert_accepted(verify(issuer(), &token(&claims(json!({"roles": wrong})))));
        assert_eq!(verified.inner.texts.roles().len(), 0);
    }
}

/// Whether a proof came along is for the guard to see, and its tests are in `tests/http`.
#[test]
fn p1_a_token_bound_to_anything_but_one_key_is_refused_and_one_bound_to_a_key_says_so() {
    const KEY: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    for cnf in [
        json!({"jkt": "x"}),
        json!({"jkt": [KEY]}),
        json!({"jkt": format!("{KEY}=")}),
        json!({"jkt": ""}),
        json!({"x5t#S256": KEY}),
        json!({"jkt": KEY, "x5t#S256": KEY}),
        json!({"jkt": KEY, "jwk": {}}),
        json!({"jwk": {"kty": "EC"}}),
        json!({"kid": "x"}),
        json!({}),
        json!([]),
        json!(KEY),
        json!(true),
        json!(null),
    ] {
        assert_invalid(verify(issuer(), &token(&claims(json!({"cnf": cnf.clone()})))), &cnf);
    }
    let bound = verify(issuer(), &token(&claims(json!({"cnf": {"jkt": KEY}}))));
    assert_eq!(assert_accepted(bound).inner.texts.bound_to(), Some(KEY));
    let unbound = verify(issuer(), &token(&claims(json!({}))));
    assert_eq!(assert_accepted(unbound).inner.texts.bound_to(), None);
}

#[test]
fn l6_the_subject_is_required() {
    for wrong in [json!(""), json!(1), json!(null), json!(["ann"])] {
        assert_invalid(verify(issuer(), &token(&claims(json!({"sub": wrong.clone()})))), &wrong);
    }
    assert_invalid(verify(issuer(), &token(&without("sub"))), "no sub");
}

#[test]
fn registered_claims_of_a_wrong_type_refuse() {
    for wrong in [
        json!({"jti": 1}),
        json!({"acr": ["mfa"]}),
        json!({"client_id": 1}),
        json!({"auth_time": "1"}),
    ] {
        assert_invalid(verify(issuer(), &token(&claims(wrong.clone()))), &wrong);
    }
    let verified = assert_accepted(verify(
        issuer(),
        &token(&claims(json!({"acr": "mfa", "auth_time": 12.9}))),
    ));
    assert_eq!((verified.inner.texts.acr(), verified.inner.auth_time), (Some("mfa"), Some(12)));
}

/// What was issued in the second of a revocation counts as issued before it.
#[test]
fn a_fraction_of_iat_makes_a_token_no_younger() {
    let token = token(&claims(json!({"iat": NOW_EXACT - 0.5})));
    let verified = assert_accepted(verify(issuer(), &token));
    assert_eq!(verified.inner.issued_at, Some(NOW - 1));
}
