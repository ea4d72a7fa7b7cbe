//! What a token looks like, and what its header may say.

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::*;

fn with_header(header: &Value) -> String {
    hs256(header.to_string(), claims(json!({})).to_string())
}

#[test]
fn a_long_header_takes_no_memory_once_it_was_read() {
    let size = |header: Value| {
        let token = hs256(header.to_string(), claims(json!({})).to_string());
        assert_accepted(verify(issuer(), &token)).inner.texts.size()
    };
    let short = size(json!({"alg": "HS256", "kid": "one"}));
    let long = size(json!({"alg": "HS256", "kid": "one", "x5c": ["x".repeat(4_000)]}));
    assert!(long < 2 * short, "{short} {long}");
}

#[test]
fn a_sound_token_is_accepted() {
    let verified = assert_accepted(verify(issuer(), &token(&claims(json!({})))));
    assert_eq!((&*verified.inner.issuer, verified.inner.texts.subject()), (ISSUER, "ann"));
    assert_eq!(verified.expires_at, Some(NOW + 300));
    assert!(verified.inner.texts.roles().eq(["admin"]));
}

#[test]
fn j2_no_algorithm_in_any_spelling_is_refused() {
    let payload = b64(claims(json!({})).to_string());
    for alg in [
        json!("none"),
        json!("NONE"),
        json!("nOnE"),
        json!("None"),
        json!(""),
        json!(null),
        json!(["HS256"]),
        json!("hs256"),
        json!("HS256 "),
    ] {
        let header = json!({"typ": "JWT", "alg": alg});
        assert_invalid(verify(issuer(), &with_header(&header)), &header);
        for signature in ["", "AA"] {
            let unsigned = format!("{}.{payload}.{signature}", b64(header.to_string()));
            assert_invalid(verify(issuer(), &unsigned), &header);
        }
    }
    assert_invalid(verify(issuer(), &with_header(&json!({"typ": "JWT"}))), "a missing `alg`");
}

#[test]
fn j9_a_key_in_the_header_is_never_used() {
    let own = "an attacker's secret, long enough to be a key for HS512 as well!!";
    let jwk = json!({"kty": "oct", "k": b64(own), "alg": "HS256", "kid": "own"});
    for (name, value) in [
        ("jwk", jwk.clone()),
        ("jku", json!("http://127.0.0.1:9/keys")),
        ("x5u", json!("http://127.0.0.1:9/cert")),
        ("x5c", json!(["MIIB"])),
    ] {
        let header = json!({"alg": "HS256", "kid": "own", name: value}).to_string();
        let forged = sign(
            &EncodingKey::from_secret(own.as_bytes()),
            Algorithm::HS256,
            &header,
            claims(json!({})).to_string(),
        );
        assert_invalid(verify(issuer(), &forged), name);
        // The same header under the right key is only decoration.
        assert_accepted(verify(issuer(), &hs256(&header, claims(json!({})).to_string())));
    }
}

#[test]
fn j10_any_kid_is_only_compared() {
    let long = "k".repeat(100 * 1024);
    let named = || bare().key(Key::secret(Algorithm::HS256, SECRET).kid("right"));
    for kid in ["' OR 1=1 --", "../../../../dev/null", "\0", "a\r\nb", "", "RIGHT", "right ", &long]
    {
        assert_invalid(verify(named(), &with_header(&json!({"alg": "HS256", "kid": kid}))), kid);
    }
    for kid in [json!(1), json!(["right"]), json!({"a": 1}), json!(null)] {
        assert_invalid(verify(named(), &with_header(&json!({"alg": "HS256", "kid": kid}))), &kid);
    }
    assert_accepted(verify(named(), &with_header(&json!({"alg": "HS256", "kid": "right"}))));
}

#[test]
fn j12_extensions_are_refused() {
    for header in [
        json!({"alg": "HS256", "crit": ["exp"], "exp": 1}),
        json!({"alg": "HS256", "crit": ["b64"], "b64": false}),
        json!({"alg": "HS256", "crit": ["b64"], "b64": true}),
        json!({"alg": "HS256", "crit": []}),
        json!({"alg": "HS256", "crit": null}),
        json!({"alg": "HS256", "b64": false}),
        json!({"alg": "HS256", "b64": "true"}),
    ] {
        assert_invalid(verify(issuer(), &with_header(&header)), &header);
    }
}

#[test]
fn j13_only_a_compact_jws_is_read() {
    let good = token(&claims(json!({})));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, payload) = message.split_once('.').unwrap();
    let flattened =
        json!({"protected": head, "payload": payload, "signature": signature}).to_string();
    for bad in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        head.to_owned(),
        message.to_owned(),
        format!("{message}."),
        format!(".{payload}.{signature}"),
        format!("{head}..{signature}"),
        format!("{good}."),
        format!("{good}.{signature}"),
        format!("{good}.{signature}.{signature}"),
        flattened,
        format!("{good}="),
        format!("{head}=.{payload}.{signature}"),
        format!("{good} "),
        format!(" {good}"),
        format!("{good}\n"),
        good.replacen('.', ". ", 1),
        good.replace(['-', '_'], "+"),
        format!("{good}é"),
    ] {
        // The replacement of `-` and `_` may leave a token without either as it was.
        if bad != good {
            assert_invalid(verify(issuer(), &bad), &bad);
        }
    }
}

#[test]
fn j13_stray_bits_in_base64_are_refused() {
    let good = token(&claims(json!({})));
    let (message, signature) = good.rsplit_once('.').unwrap();
    // 32 bytes take 43 letters; the last one carries four bits, and two that must be zero.
    let (rest, last) = signature.split_at(signature.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let twin = alphabet.chars().skip_while(|letter| !last.contains(*letter)).nth(1).unwrap();
    assert_invalid(verify(issuer(), &format!("{message}.{rest}{twin}")), "another spelling");
}

#[test]
fn j14_what_is_not_utf8_or_says_something_twice_is_refused() {
    let sound = claims(json!({})).to_string();
    let head = header(Algorithm::HS256);

    let mut broken = sound.clone().into_bytes();
    let position = sound.find("ann").unwrap();
    broken[position] = 0xff;
    assert_invalid(verify(issuer(), &hs256(&head, &broken)), "a payload that is not UTF-8");
    let broken = head.replace("JWT", "J\u{1}T").into_bytes();
    assert_invalid(verify(issuer(), &hs256(broken, &sound)), "a header with a control character");

    for (was, twice) in [
        (r#""sub":"ann""#, r#""sub":"ann","sub":"bob""#),
        (r#""sub":"ann""#, r#""sub":"ann","s\u0075b":"bob""#),
        (r#""sub":"ann""#, r#""sub":"ann","nested":{"a":1,"a":2}"#),
    ] {
        assert!(sound.contains(was));
        let payload = sound.replace(was, twice);
        assert_invalid(verify(issuer(), &hs256(&head, &payload)), payload);
    }
    let twice = r#"{"alg":"HS256","alg":"HS256"}"#;
    assert_invalid(verify(issuer(), &hs256(twice, &sound)), twice);
    for no_object in ["[]", "null", "1", "\"a\"", "{} {}", "{", ""] {
        assert_invalid(verify(issuer(), &hs256(&head, no_object)), no_object);
        assert_invalid(verify(issuer(), &hs256(no_object, &sound)), no_object);
    }
}

#[test]
fn j21_only_access_tokens_are_accepted() {
    let with_typ = |typ: Value| with_header(&json!({"alg": "HS256", "typ": typ}));
    for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        assert_accepted(verify(issuer(), &with_typ(json!(typ))));
    }
    assert_accepted(verify(issuer(), &with_header(&json!({"alg": "HS256"}))));
    for typ in [
        json!("dpop+jwt"),
        json!("logout+jwt"),
        json!("secevent+jwt"),
        json!("id_token"),
        json!("JWE"),
        json!("application/jwt"),
        json!(""),
        json!("at+jwt "),
        json!(1),
        json!(null),
        json!(["JWT"]),
    ] {
        assert_invalid(verify(issuer(), &with_typ(typ.clone())), &typ);
    }
}

#[test]
fn j21_id_token_shapes_are_refused_unless_typ_says_access_token() {
    for shape in [
        json!({"nonce": "n"}),
        json!({"at_hash": "h", "scope": "openid"}),
        json!({"c_hash": "h"}),
        json!({"s_hash": "h"}),
        json!({"events": {}}),
        json!({"typ": "ID"}),
        json!({"typ": "Refresh"}),
        json!({"typ": "Offline"}),
        json!({"typ": "Logout"}),
        json!({"token_use": "id"}),
    ] {
        let payload = claims(shape.clone()).to_string();
        for typ in [json!({"alg": "HS256"}), json!({"alg": "HS256", "typ": "JWT"})] {
            assert_invalid(verify(issuer(), &hs256(typ.to_string(), &payload)), &shape);
        }
        assert_accepted(verify(issuer(), &hs256(r#"{"alg":"HS256","typ":"at+jwt"}"#, &payload)));
    }
    // What access tokens of real providers carry is fine.
    for shape in [
        json!({"typ": "Bearer"}),
        json!({"token_use": "access"}),
        json!({"nonce": "n", "scope": "a"}),
        json!({"nonce": "n", "scp": ["a"]}),
    ] {
        assert_accepted(verify(issuer(), &token(&claims(shape))));
    }
}

#[test]
fn j21_rfc_9068_is_taken_to_the_letter() {
    let strict = || issuer().profile(crate::issuer::TokenProfile::Rfc9068);
    let complete = claims(json!({"client_id": "c", "jti": "1"}));
    let head = r#"{"alg":"HS256","typ":"at+jwt"}"#;
    assert_accepted(verify(strict(), &hs256(head, complete.to_string())));
    assert_invalid(verify(strict(), &token(&complete)), "typ JWT");
    for name in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] {
        let mut incomplete = complete.clone();
        incomplete.as_object_mut().unwrap().remove(name);
        assert_invalid(verify(strict(), &hs256(head, incomplete.to_string())), name);
    }
    // Also where any audience will do.
    let mut without = complete;
    without.as_object_mut().unwrap().remove("aud");
    let any = strict().danger().accept_any_audience();
    assert_invalid(verify(any, &hs256(head, without.to_string())), "no audience");
}

#[test]
fn j22_size_depth_and_count_are_bounded() {
    let head = header(Algorithm::HS256);
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(50_000), "]".repeat(50_000));
    assert_invalid(verify(issuer(), &hs256(&head, &deep)), "depth of the payload");
    assert_invalid(
        verify(issuer(), &hs256(&deep, claims(json!({})).to_string())),
        "depth of the header",
    );
    let many: serde_json::Map<String, Value> =
        (0..1_000).map(|n| (format!("c{n}"), json!(n))).collect();
    assert_invalid(verify(issuer(), &token(&claims(Value::Object(many)))), "a thousand claims");
}
