//! Keys: which are taken, which may verify what, which is chosen.

use serde_json::{Value, json};

use super::*;

/// A public key of 1024 bits, made for this test; its private half was thrown away.
const WEAK_RSA: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDELyWthPTYhfuS1R5IH1BlA3wF\n\
    sOpLhBYwUE1ijcSPSOObh8NrQMH1hILVTKtOAoB+g0lNXPXHl6YEFv3qSKIptlDM\n\
    MESVYdAjOqXmtF/UBjB9rkvCBS5nnHa0RqZYL3bW5YMdQ+wvtDnnwB6V+3WAUpcK\n\
    y72UFVbCwX3f+YpOJwIDAQAB\n\
    -----END PUBLIC KEY-----\n";
/// A point on secp256k1, which is as long as one on P-256.
const SECP256K1: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEgAf+ZsDTQHTOn/NAxZ4eAk8xe63PESKb\n\
    5Tvyxt4nxg4p3qkqj5Ui5oQDMxCGJ9grUt/jrh8PX3Q1Oh0fgN5dzA==\n\
    -----END PUBLIC KEY-----\n";
const P521: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBD9E9Kz/VFpyWsHHpU/O+xKUbMKiW\n\
    wNRkvcZzbJdqgIEuVu8Bp+v1qQ+G2tdvpBM9YShf+9Wnt0ETeFkWVRdLfnwBU7XA\n\
    xkPAxO912gyMm81tdeB8fK2vI5g2pBWOUn5VbQ+5sGQLHvApXkeoL2RYkTLHtQ7P\n\
    F056cjbcebvQwYUMYfs=\n\
    -----END PUBLIC KEY-----\n";

const ASYMMETRIC: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

fn pair(algorithm: Algorithm) -> &'static Pair {
    match algorithm {
        Algorithm::ES256 => &P256,
        Algorithm::ES384 => &P384,
        Algorithm::EdDSA => &ED,
        _ => &RSA,
    }
}

/// The public half as a JWK without `alg`.
fn jwk(algorithm: Algorithm) -> Value {
    let key = pair(algorithm);
    match algorithm {
        Algorithm::ES256 | Algorithm::ES384 => {
            let (crv, length) =
                if algorithm == Algorithm::ES256 { ("P-256", 32) } else { ("P-384", 48) };
            let (x, y) = key.tail(2 * length).split_at(length);
            json!({"kty": "EC", "crv": crv, "x": b64(x), "y": b64(y)})
        }
        Algorithm::EdDSA => json!({"kty": "OKP", "crv": "Ed25519", "x": b64(key.tail(32))}),
        _ => {
            // SubjectPublicKeyInfo of RSA-2048: 33 bytes, then n of 256 bytes, then 02 03 and e = 65537.
            let n = &key.spki[33..33 + 256];
            json!({"kty": "RSA", "n": b64(n), "e": "AQAB"})
        }
    }
}

fn with(mut jwk: Value, changes: Value) -> Value {
    if let Value::Object(changes) = changes {
        jwk.as_object_mut().unwrap().extend(changes);
    }
    jwk
}

fn set(keys: &[Value]) -> String {
    json!({"keys": keys}).to_string()
}

#[test]
fn every_algorithm_verifies_with_keys_of_every_form() {
    for algorithm in ASYMMETRIC {
        let token = pair(algorithm).token(algorithm);
        let named = with(jwk(algorithm), json!({"alg": format!("{algorithm:?}")}));
        let pem = pair(algorithm).pem();
        for issuer in [
            bare().key(Key::pem([algorithm], pem.clone())),
            bare().key(Key::pem([algorithm], pem.replace('\n', "\r\n"))),
            bare().key(Key::der([algorithm], pair(algorithm).spki.clone())),
            bare().key(Key::jwk(named.to_string())),
            bare().jwk_set(set(&[named])),
            bare().jwk_set(set(&[jwk(algorithm)])).algorithms([algorithm]),
        ] {
            assert_accepted(verify(issuer, &token));
        }
    }
    for (algorithm, length) in
        [(Algorithm::HS256, 32), (Algorithm::HS384, 48), (Algorithm::HS512, 64)]
    {
        let secret = &SECRET[..length];
        let token = sign(
            &EncodingKey::from_secret(secret),
            algorithm,
            header(algorithm),
            claims(json!({})).to_string(),
        );
        let jwk = json!({"kty": "oct", "k": b64(secret), "alg": format!("{algorithm:?}")});
        assert_accepted(verify(bare().key(Key::secret(algorithm, secret)), &token));
        assert_accepted(verify(bare().key(Key::jwk(jwk.to_string())), &token));
    }
}

/// RFC 9864 §2.2: what newer servers write for `EdDSA`, in tokens, keys or both.
#[test]
fn j4_ed25519_is_eddsa_by_its_full_name() {
    let named = |alg: &str| json!({"alg": alg, "typ": "at+jwt"}).to_string();
    let token = |alg: &str| ED.token_with(Algorithm::EdDSA, &named(alg));
    for key in [json!({}), json!({"alg": "EdDSA"}), json!({"alg": "Ed25519"})] {
        let issuer = || bare().key(Key::jwk(with(jwk(Algorithm::EdDSA), key.clone()).to_string()));
        for alg in ["EdDSA", "Ed25519"] {
            assert_accepted(verify(issuer(), &token(alg)));
        }
        for alg in ["ed25519", "Ed448", "ES256", "HS256"] {
            assert_invalid(verify(issuer(), &token(alg)), alg);
        }
        // Signed by another kind of key, whatever it is called.
        assert_invalid(
            verify(issuer(), &P256.token_with(Algorithm::ES256, &named("Ed25519"))),
            key,
        );
    }
    assert_invalid(
        verify(
            bare().key(Key::pem([Algorithm::ES256], P256.pem())),
            &P256.token_with(Algorithm::ES256, &named("Ed25519")),
        ),
        "a key for another algorithm",
    );
}

#[test]
fn a_changed_token_or_another_key_is_refused_for_every_algorithm() {
    for algorithm in ASYMMETRIC {
        let issuer = || bare().key(Key::pem([algorithm], pair(algorithm).pem()));
        let token = pair(algorithm).token(algorithm);
        let (message, signature) = token.rsplit_once('.').unwrap();
        let (head, _) = message.split_once('.').unwrap();
        let other = b64(claims(json!({"sub": "bob"})).to_string());
        assert_invalid(verify(issuer(), &format!("{head}.{other}.{signature}")), algorithm);
        assert_invalid(verify(issuer(), &format!("{message}.{}", b64([0; 64]))), algorithm);
        assert_invalid(verify(issuer(), &format!("{message}.{}", b64([0; 256]))), algorithm);
        assert_invalid(verify(issuer(), &format!("{message}.AA")), algorithm);
    }
    let foreign = bare().key(Key::pem([Algorithm::RS256], OTHER_RSA.pem()));
    assert_invalid(verify(foreign, &RSA.token(Algorithm::RS256)), "another key");
}

#[test]
fn j1_every_key_names_its_algorithms() {
    assert!(refusal(bare().key(Key::pem([], RSA.pem()))).contains("key 1: it has no algorithm"));
    assert!(
        refusal(bare().jwk_set(set(&[jwk(Algorithm::RS256)])))
            .contains("add `.algorithms([Algorithm::RS256])`")
    );
    let secret = json!({"kty": "oct", "k": b64(SECRET)}).to_string();
    assert!(
        refusal(bare().key(Key::jwk(secret))).contains("add `.algorithms([Algorithm::HS256])`")
    );
}

#[test]
fn j3_a_public_key_is_never_a_secret() {
    let pem = RSA.pem();
    let attempts = [
        pem.clone().into_bytes(),
        pem.trim_end().as_bytes().to_vec(),
        format!("{pem}\n").into_bytes(),
        pem.replace('\n', "\r\n").into_bytes(),
        RSA.spki.clone(),
        jwk(Algorithm::RS256).to_string().into_bytes(),
        RSA.spki[24..].to_vec(),
    ];
    let jwk_alg = with(jwk(Algorithm::RS256), json!({"alg": "RS256"}));
    for secret in attempts {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let forged = sign(
                &EncodingKey::from_secret(&secret),
                algorithm,
                header(algorithm),
                claims(json!({})).to_string(),
            );
            for issuer in [
                bare().key(Key::pem([Algorithm::RS256], pem.clone())),
                bare().key(Key::der([Algorithm::RS256], RSA.spki.clone())),
                bare().jwk_set(set(std::slice::from_ref(&jwk_alg))),
            ] {
                assert_invalid(verify(issuer, &forged), algorithm);
            }
        }
    }
}

#[test]
fn j4_the_header_names_an_algorithm_of_the_chosen_key() {
    let rs256 = || bare().key(Key::pem([Algorithm::RS256], RSA.pem()));
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS512] {
        assert_invalid(verify(rs256(), &RSA.token(algorithm)), algorithm);
    }
    // Saying one algorithm and using another does not help.
    assert_invalid(
        verify(rs256(), &RSA.token_with(Algorithm::RS512, &header(Algorithm::RS256))),
        "RS512 as RS256",
    );
    let two = || {
        bare()
            .key(Key::pem([Algorithm::RS256], RSA.pem()).kid("rsa"))
            .key(Key::pem([Algorithm::ES256], P256.pem()).kid("ec"))
    };
    let header = |algorithm: &str, kid: &str| json!({"alg": algorithm, "kid": kid}).to_string();
    assert_accepted(verify(two(), &RSA.token_with(Algorithm::RS256, &header("RS256", "rsa"))));
    assert_invalid(
        verify(two(), &RSA.token_with(Algorithm::RS256, &header("RS256", "ec"))),
        "the other key's name",
    );
    assert_invalid(
        verify(two(), &P256.token_with(Algorithm::ES256, &header("ES256", "rsa"))),
        "the other key's name",
    );
}

#[test]
fn j5_symmetric_and_asymmetric_keys_do_not_mix() {
    let mixed = issuer().key(Key::pem([Algorithm::RS256], RSA.pem()));
    assert!(refusal(mixed).contains("symmetric and asymmetric"));
    let set = set(&[with(jwk(Algorithm::RS256), json!({"alg": "RS256"}))]);
    assert!(refusal(issuer().jwk_set(set)).contains("symmetric and asymmetric"));
}

#[test]
fn j6_a_secret_is_as_long_as_the_hash() {
    for (algorithm, least) in
        [(Algorithm::HS256, 32), (Algorithm::HS384, 48), (Algorithm::HS512, 64)]
    {
        assert!(load(bare().key(Key::secret(algorithm, &SECRET[..least]))).is_ok());
        let message = refusal(bare().key(Key::secret(algorithm, &SECRET[..least - 1])));
        assert!(message.contains(&format!("at least {least} bytes")), "{message}");
        assert!(!message.contains("0123456789"), "{message}");
    }
    assert!(refusal(bare().key(Key::secret(Algorithm::HS256, ""))).contains("this one has 0"));
    assert!(
        refusal(bare().key(Key::secret(Algorithm::RS256, SECRET)))
            .contains("does not fit a secret")
    );
}

#[test]
fn j7_weak_and_misfitting_keys_do_not_load() {
    assert!(
        refusal(bare().key(Key::pem([Algorithm::RS256], WEAK_RSA))).contains("this one has 1024")
    );
    for (jwk_, message) in [
        (json!({"kty": "RSA", "alg": "RS256", "n": b64([0xff; 128]), "e": "AQAB"}), "1024"),
        (
            json!({"kty": "RSA", "alg": "RS256", "n": b64([[0; 128], [0xff; 128]].concat()), "e": "AQAB"}),
            "1024",
        ),
        (json!({"kty": "RSA", "alg": "RS256", "n": b64([0xff; 513]), "e": "AQAB"}), "4104"),
        (json!({"kty": "RSA", "alg": "RS256", "n": b64([0xff; 256]), "e": "AQ"}), "exponent"),
        (json!({"kty": "RSA", "alg": "RS256", "n": b64([0xff; 256]), "e": "Ag"}), "exponent"),
        (json!({"kty": "RSA", "alg": "RS256", "n": b64([0xff; 256]), "e": "BA"}), "exponent"),
        (
            json!({"kty": "RSA", "alg": "RS256", "n": b64([0xff; 256]), "e": b64([0xff; 9])}),
            "exponent",
        ),
        (
            json!({"kty": "RSA", "alg": "RS256", "n": b64([0xff; 256]), "e": b64([0xff; 64])}),
            "exponent",
        ),
        (json!({"kty": "RSA", "alg": "RS256", "n": "", "e": "AQAB"}), "has 0"),
        (with(jwk(Algorithm::ES256), json!({"alg": "ES384"})), "does not fit a P-256 key"),
        (with(jwk(Algorithm::ES384), json!({"alg": "ES256"})), "does not fit a P-384 key"),
        (with(jwk(Algorithm::ES256), json!({"alg": "RS256"})), "does not fit"),
        (with(jwk(Algorithm::RS256), json!({"alg": "ES256"})), "does not fit"),
        (with(jwk(Algorithm::RS256), json!({"alg": "HS256"})), "does not fit"),
        (with(jwk(Algorithm::EdDSA), json!({"alg": "ES256"})), "does not fit"),
        (with(jwk(Algorithm::ES256), json!({"crv": "P-384"})), "no RSA, P-256"),
        (with(jwk(Algorithm::ES256), json!({"x": b64([1; 32])})), "not on the curve"),
        (with(jwk(Algorithm::ES256), json!({"x": b64([1; 31])})), "no RSA, P-256"),
        (with(jwk(Algorithm::EdDSA), json!({"x": b64([1; 31])})), "no RSA, P-256"),
        (with(jwk(Algorithm::EdDSA), json!({"x": ""})), "no RSA, P-256"),
        (json!({"kty": "oct", "alg": "HS256", "k": b64([1; 31])}), "at least 32 bytes"),
    ] {
        for refusal in [
            refusal(bare().key(Key::jwk(jwk_.to_string()))),
            refusal(bare().jwk_set(set(&[with(jwk_.clone(), json!({"kid": "the-bad-one"}))]))),
        ] {
            assert!(refusal.contains(message), "{jwk_}: {refusal}");
        }
        assert!(
            refusal(bare().jwk_set(set(&[with(jwk_, json!({"kid": "the-bad-one"}))])))
                .contains("the-bad-one")
        );
    }
    assert!(
        refusal(bare().key(Key::pem([Algorithm::ES256], SECP256K1))).contains("not on the curve")
    );
    assert!(refusal(bare().key(Key::pem([Algorithm::ES256], P521))).contains("no RSA, P-256"));
    assert!(refusal(bare().key(Key::pem([Algorithm::ES384], P256.pem()))).contains("use ES256"));
    assert!(
        refusal(bare().key(Key::pem([Algorithm::RS256, Algorithm::ES256], RSA.pem())))
            .contains("does not fit an RSA key")
    );
}

#[test]
fn j8_keys_for_other_purposes_are_never_used() {
    let token = RSA.token(Algorithm::RS256);
    let named = with(jwk(Algorithm::RS256), json!({"alg": "RS256"}));
    let other = with(jwk(Algorithm::ES256), json!({"kid": "other"}));
    for purpose in [
        json!({"use": "enc"}),
        json!({"use": "SIG"}),
        json!({"use": ""}),
        json!({"key_ops": ["sign"]}),
        json!({"key_ops": []}),
        json!({"key_ops": ["encrypt", "wrapKey"], "use": "sig"}),
        json!({"use": "enc", "key_ops": ["verify"]}),
        json!({"key_ops": "verify"}),
    ] {
        let unusable = with(named.clone(), purpose.clone());
        assert_invalid(
            verify(bare().jwk_set(set(&[unusable.clone(), other.clone()])), &token),
            &purpose,
        );
        assert!(
            refusal(bare().jwk_set(set(std::slice::from_ref(&unusable)))).contains("no key in it")
        );
        assert!(refusal(bare().key(Key::jwk(unusable.to_string()))).contains("not for verifying"));
    }
    for purpose in [json!({"use": "sig"}), json!({"key_ops": ["sign", "verify"]})] {
        assert_accepted(verify(bare().jwk_set(set(&[with(named.clone(), purpose)])), &token));
    }
}

#[test]
fn keys_of_unknown_kinds_in_a_set_are_passed_over() {
    let named = with(jwk(Algorithm::RS256), json!({"alg": "RS256"}));
    let strangers = [
        json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}),
        json!({"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}),
        json!({"kty": "OKP", "crv": "X25519", "x": "AA"}),
        with(jwk(Algorithm::RS256), json!({"alg": "RSA-OAEP"})),
    ];
    for stranger in strangers {
        let keys = set(&[stranger, named.clone()]);
        assert_accepted(verify(bare().jwk_set(keys), &RSA.token(Algorithm::RS256)));
    }
    for broken in [
        json!({}),
        json!({"kty": 1}),
        json!(1),
        with(named.clone(), json!({"kid": 1})),
        with(named.clone(), json!({"n": "***"})),
    ] {
        assert!(load(bare().jwk_set(set(&[broken.clone(), named.clone()]))).is_err(), "{broken}");
    }
    for no_set in ["", "{}", "[]", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, r#"{"keys":[]}"#] {
        assert!(refusal(bare().jwk_set(no_set)).contains("JWK set 1"), "{no_set}");
    }
}

#[test]
fn j11_keys_that_share_a_name_are_all_tried_up_to_four() {
    let strangers = |count: u8| -> Vec<Key> {
        (0..count).map(|n| Key::secret(Algorithm::HS256, [n; 32]).kid("same")).collect()
    };
    let build = |before: u8| {
        strangers(before)
            .into_iter()
            .fold(bare(), Issuer::key)
            .key(Key::secret(Algorithm::HS256, SECRET).kid("same"))
    };
    let named = hs256(r#"{"alg":"HS256","kid":"same"}"#, claims(json!({})).to_string());
    for token in [named, token(&claims(json!({})))] {
        for before in 0..4 {
            assert_accepted(verify(build(before), &token));
        }
        assert_invalid(verify(build(4), &token), "the fifth candidate");
    }
}

#[test]
fn a_key_without_a_name_fits_any_name_and_one_with_a_name_only_its_own() {
    let named = hs256(r#"{"alg":"HS256","kid":"2026"}"#, claims(json!({})).to_string());
    assert_accepted(verify(issuer(), &named));
    assert_accepted(verify(bare().key(Key::secret(Algorithm::HS256, SECRET).kid("2026")), &named));
    assert_invalid(
        verify(bare().key(Key::secret(Algorithm::HS256, SECRET).kid("2025")), &named),
        "2025",
    );
    let unnamed = token(&claims(json!({})));
    assert_accepted(verify(
        bare().key(Key::secret(Algorithm::HS256, SECRET).kid("2025")),
        &unnamed,
    ));
}

#[test]
fn j15_a_key_speaks_for_its_own_issuer_only() {
    let verifier = JwtVerifier::new(vec![
        Issuer::new("https://a.example/")
            .audience("api")
            .key(Key::secret(Algorithm::HS256, SECRET)),
        Issuer::new("https://b.example/")
            .audience("api")
            .key(Key::pem([Algorithm::RS256], RSA.pem())),
    ])
    .unwrap();
    let from = |iss: &str| claims(json!({"iss": iss})).to_string();
    let by_a = |iss: &str| hs256(header(Algorithm::HS256), from(iss));
    let by_b =
        |iss: &str| sign(&RSA.signing, Algorithm::RS256, header(Algorithm::RS256), from(iss));
    assert_accepted(verifier.verify(by_a("https://a.example/"), NOW));
    assert_accepted(verifier.verify(by_b("https://b.example/"), NOW));
    assert_invalid(verifier.verify(by_a("https://b.example/"), NOW), "b, signed by a");
    assert_invalid(verifier.verify(by_b("https://a.example/"), NOW), "a, signed by b");
    assert_invalid(verifier.verify(by_a("https://c.example/"), NOW), "c");
}

#[test]
fn incomplete_issuers_do_not_load_and_say_what_to_add() {
    assert!(refusal(bare()).contains("add `.key("));
    assert!(refusal(Issuer::new("").audience("api")).contains("its name is empty"));
    assert!(refusal(issuer().audience("")).contains("an audience is empty"));
    let twice = JwtVerifier::new(vec![issuer(), issuer()]).err().unwrap();
    assert!(twice.to_string().contains("configured twice"));
}

#[test]
fn what_is_no_public_key_says_what_to_give_instead() {
    let private = pem::encode(&pem::Pem::new("PRIVATE KEY", b"0".as_slice()));
    let certificate = pem::encode(&pem::Pem::new("CERTIFICATE", b"0".as_slice()));
    let garbage = pem::encode(&pem::Pem::new("PUBLIC KEY", b"0".as_slice()));
    for (text, message) in [
        (private.clone(), "openssl pkey"),
        (private.replace("PRIVATE", "EC PRIVATE"), "openssl pkey"),
        (certificate, "openssl x509"),
        (garbage, "no RSA, P-256"),
        (format!("{}{}", RSA.pem(), P256.pem()), "found 2 blocks"),
        ("nonsense".to_owned(), "found 0 blocks"),
        (String::new(), "found 0 blocks"),
        (private.replace("PRIVATE KEY", "DH PARAMETERS"), "`DH PARAMETERS`"),
    ] {
        let refusal = refusal(bare().key(Key::pem([Algorithm::RS256], text.clone()).kid("mine")));
        assert!(refusal.contains(message), "{text}: {refusal}");
        assert!(refusal.contains("key 1 (kid \"mine\")"), "{refusal}");
    }
    assert!(load(bare().key(Key::der([Algorithm::RS256], [0x30, 0x00]))).is_err());
}

#[test]
fn l4_debug_of_keys_and_issuers_is_redacted() {
    let issuer = issuer().jwk_set(r#"{"keys":["hush"]}"#);
    let debug = format!("{issuer:?} {:?}", Key::secret(Algorithm::HS256, SECRET));
    assert!(!debug.contains("hush") && !debug.contains("48, 49"), "{debug}");
}
