//! The checks of RFC 9449 §4.3, by their numbers there.

use super::*;

#[test]
fn p2_a_good_proof_is_good() {
    assert_eq!(check(&proof(json!({}))), Ok(()));
    // What nobody asked about does not matter.
    let more = proof(json!({"client_id": "app", "nonce": "of somebody else"}));
    assert_eq!(check(&more), Ok(()));
    let named = header(json!({"kid": "mine", "jku": "https://evil.example/keys"}));
    assert_eq!(check(&signed(&named, &claims(json!({})))), Ok(()));
}

#[test]
fn p2_check_2_one_well_formed_jwt() {
    let good = proof(json!({}));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, payload) = message.split_once('.').unwrap();
    for wrong in [
        String::new(),
        "x".to_owned(),
        format!("{good}, {good}"),
        format!("{good},{good}"),
        format!(" {good}"),
        format!("{good} "),
        format!("{good}="),
        format!("{good}.x"),
        format!("{good}.x.y"),
        message.to_owned(),
        format!("{message}."),
        format!(".{payload}.{signature}"),
        format!("{head}..{signature}"),
        format!("{head}=.{payload}.{signature}"),
        format!("DPoP {good}"),
        format!(r#"{{"protected":"{head}","payload":"{payload}","signature":"{signature}"}}"#),
    ] {
        assert!(matches!(check(&wrong), Err(ProofError::Invalid(_))), "{wrong}");
    }
    let key = KEY.thumbprint().unwrap();
    let about = About { token: TOKEN.as_bytes(), bound_to: &key, method: "GET", path: "/me" };
    let verifier = verifier();
    let bytes = verifier.check(b"\xff.\xff.\xff", about, &verifier.known(), NOW).map(drop);
    assert_invalid(bytes, "not ASCII", "bytes");

    let twice = r#"{"typ":"dpop+jwt","alg":"ES256","alg":"ES256","jwk":{}}"#;
    let twice = KEY.sign(twice, &claims(json!({})).to_string()).unwrap();
    assert_invalid(check(&twice), "the header is no sound JSON object", "a member twice");
    for payload in ["", "[]", "null", r#"{"jti":"a","jti":"b"}"#, "{} "] {
        let wrong = KEY.sign(&header(json!({})).to_string(), payload).unwrap();
        assert!(matches!(check(&wrong), Err(ProofError::Invalid(_))), "{payload}");
    }
    for extension in [json!({"crit": ["b64"]}), json!({"crit": []}), json!({"b64": false})] {
        let wrong = signed(&header(extension.clone()), &claims(json!({})));
        assert!(matches!(check(&wrong), Err(ProofError::Invalid(_))), "{extension}");
    }
}

#[test]
fn p2_check_3_every_required_claim() {
    for name in ["jti", "htm", "htu", "ath"] {
        for wrong in [json!(null), json!(""), json!(1), json!(["x"]), json!({}), json!(true)] {
            let result = check(&proof(json!({name: wrong.clone()})));
            assert!(matches!(result, Err(ProofError::Invalid(_))), "{name} {wrong}: {result:?}");
        }
    }
    assert_invalid(check(&proof(json!({"iat": null}))), "`iat` is missing", "no iat");
    assert_invalid(check(&proof(json!({"nonce": 1}))), "no string", "nonce");
}

#[test]
fn p2_check_4_typ() {
    for typ in [
        json!(null),
        json!("JWT"),
        json!("at+jwt"),
        json!("dpop"),
        json!("DPOP+JWT"),
        json!("application/dpop+jwt"),
        json!("dpop+jwt "),
        json!(["dpop+jwt"]),
    ] {
        let wrong = signed(&header(json!({"typ": typ.clone()})), &claims(json!({})));
        assert_invalid(check(&wrong), "`typ`", &typ);
    }
}

#[test]
fn p2_check_6_the_signature_is_that_of_the_key_it_brings() {
    let (head, payload) = (header(json!({})).to_string(), claims(json!({})).to_string());
    let forged = OTHER.sign(&head, &payload).unwrap();
    assert_invalid(check(&forged), "the signature is wrong", "another key's");

    let good = KEY.sign(&head, &payload).unwrap();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let later = proof(json!({"iat": NOW + 1}));
    let (later, _) = later.rsplit_once('.').unwrap();
    let signature_bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    for wrong in [
        format!("{later}.{signature}"),
        format!("{message}.{}", URL_SAFE_NO_PAD.encode([0; 64])),
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(&signature_bytes[..63])),
        format!(
            "{message}.{}",
            URL_SAFE_NO_PAD.encode([signature_bytes.as_slice(), &[0]].concat())
        ),
    ] {
        assert_invalid(check(&wrong), "the signature is wrong", &wrong);
    }
}

#[test]
fn p2_check_8_htm() {
    for wrong in ["POST", "get", "Get", "HEAD", "GET ", "*"] {
        assert_invalid(check(&proof(json!({"htm": wrong}))), "`htm`", wrong);
    }
}

#[test]
fn p2_check_11_iat() {
    let verifier = dpop()
        .lifetime(std::time::Duration::from_secs(10))
        .leeway(std::time::Duration::from_secs(5))
        .load()
        .unwrap();
    let at =
        |iat: Value, id: &str| check_at(&verifier, &proof(json!({"iat": iat, "jti": id})), NOW);
    for (good, id) in [
        (json!(NOW), "now"),
        (json!(NOW + 5), "ahead"),
        (json!(NOW - 14), "old"),
        (json!(1_699_999_999.5), "half"),
    ] {
        assert_eq!(at(good.clone(), id), Ok(()), "{good}");
    }
    for wrong in [json!(NOW + 6), json!(1_700_000_005.5)] {
        assert_invalid(at(wrong.clone(), "x"), "`iat` is in the future", &wrong);
    }
    for wrong in [json!(NOW - 15), json!(0), json!(NOW - 1_000_000)] {
        assert_invalid(at(wrong.clone(), "x"), "`iat` is too long ago", &wrong);
    }
    for wrong in [json!("1700000000"), json!(-1), json!(1e300), json!([NOW]), json!(true)] {
        assert!(matches!(at(wrong.clone(), "x"), Err(ProofError::Invalid(_))), "{wrong}");
    }
    // Nobody has to set them; they count where somebody does.
    let with = |changes| check_at(&verifier, &proof(changes), NOW);
    assert_eq!(with(json!({"exp": NOW + 1, "nbf": NOW, "jti": "times"})), Ok(()));
    assert_invalid(with(json!({"exp": NOW - 5})), "`exp`", "exp");
    assert_invalid(with(json!({"nbf": NOW + 6})), "`nbf`", "nbf");
}

#[test]
fn p2_check_12_ath_and_the_key_that_the_token_is_bound_to() {
    let of_other = URL_SAFE_NO_PAD.encode(Sha256::digest("another.access.token"));
    let padded = format!("{}=", URL_SAFE_NO_PAD.encode(Sha256::digest(TOKEN)));
    for wrong in [of_other, padded, TOKEN.to_owned(), "x".to_owned()] {
        assert_invalid(check(&proof(json!({"ath": wrong.clone()}))), "`ath`", &wrong);
    }
    let with_own_key = OTHER
        .sign(&header(json!({"jwk": OTHER.jwk})).to_string(), &claims(json!({})).to_string())
        .unwrap();
    assert_eq!(check(&with_own_key), Err(ProofError::OtherKey));
}
