//! The key that a proof brings, and its algorithm: checks 5, 6 and 7 of RFC 9449 §4.3.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::Map;

use super::*;
use crate::crypto::provider;

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn ed() -> Pair {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    Pair {
        algorithm: Algorithm::EdDSA,
        signing: EncodingKey::from_ed_der(pkcs8.as_ref()),
        jwk: members(&json!({"kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key())})),
    }
}

fn p384() -> Pair {
    let algorithm = &ECDSA_P384_SHA384_FIXED_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref()).unwrap();
    let point = pair.public_key().as_ref();
    Pair {
        algorithm: Algorithm::ES384,
        signing: EncodingKey::from_ec_der(pkcs8.as_ref()),
        jwk: members(
            &json!({"kty": "EC", "crv": "P-384", "x": text(&point[1..49]), "y": text(&point[49..])}),
        ),
    }
}

fn rsa(algorithm: Algorithm) -> Pair {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    let private = pem::encode(&pem::Pem::new("PRIVATE KEY", private.as_ref()));
    let components = provider().key_utils.rsa_pub_components_from_public_key;
    let (n, e) = components(pair.public_key().as_ref()).unwrap();
    Pair {
        algorithm,
        signing: EncodingKey::from_rsa_pem(private.as_bytes()).unwrap(),
        jwk: members(&json!({"kty": "RSA", "n": text(n), "e": text(e)})),
    }
}

fn header_of(pair: &Pair) -> Value {
    json!({"typ": "dpop+jwt", "alg": format!("{:?}", pair.algorithm), "jwk": pair.jwk})
}

/// Asks about a proof by this key, with this header, for a token that is bound to it.
fn ask(pair: &Pair, header: &Value, accepted: &[Algorithm]) -> Result<(), ProofError> {
    let proof = pair.sign(&header.to_string(), &claims(json!({})).to_string()).unwrap();
    let key = pair.thumbprint().unwrap();
    let about = About { token: TOKEN.as_bytes(), bound_to: &key, method: "GET", path: "/me" };
    let verifier = dpop().algorithms(accepted.iter().copied()).load().unwrap();
    verifier.check(proof.as_bytes(), about, &verifier.known(), NOW).map(drop)
}

#[test]
fn p2_check_5_an_accepted_algorithm_and_no_other() {
    let pairs = [KEY.clone(), p384(), ed(), rsa(Algorithm::RS256), rsa(Algorithm::PS256)];
    let all = pairs.each_ref().map(|pair| pair.algorithm);
    for pair in &pairs {
        assert_eq!(ask(pair, &header_of(pair), &all), Ok(()), "{:?}", pair.algorithm);
        assert_eq!(ask(pair, &header_of(pair), &[pair.algorithm]), Ok(()), "{:?}", pair.algorithm);
        let others: Vec<Algorithm> =
            all.into_iter().filter(|algorithm| *algorithm != pair.algorithm).collect();
        assert_invalid(ask(pair, &header_of(pair), &others), "`alg`", pair.algorithm);
    }
    for wrong in [
        json!(null),
        json!("none"),
        json!("None"),
        json!(""),
        json!("HS256"),
        json!("es256"),
        json!("ES256K"),
        json!(["ES256"]),
    ] {
        let header = header(json!({"alg": wrong.clone()}));
        assert_invalid(ask(&KEY, &header, &all), "`alg`", &wrong);
    }
    // One that is accepted, and not the key's.
    for (pair, alg) in [(&pairs[0], "EdDSA"), (&pairs[2], "ES256"), (&pairs[3], "ES256")] {
        let header = changed(header_of(pair), json!({"alg": alg}));
        assert_invalid(ask(pair, &header, &all), "its key", alg);
    }
    let says_other = changed(
        header_of(&pairs[3]),
        json!({"jwk": changed(json!(pairs[3].jwk), json!({"alg": "RS512"}))}),
    );
    assert_invalid(ask(&pairs[3], &says_other, &all), "its key does not fit", "jwk.alg");
}

/// Whoever checks a proof with a shared secret could make one.
#[test]
fn p2_check_5_a_public_key_is_no_secret() {
    let secret = [7; 32];
    let pair = Pair {
        algorithm: Algorithm::HS256,
        signing: EncodingKey::from_secret(&secret),
        jwk: members(&json!({"kty": "oct", "k": text(secret), "alg": "HS256"})),
    };
    let proof = pair.sign(&header_of(&pair).to_string(), &claims(json!({})).to_string()).unwrap();
    assert!(matches!(check(&proof), Err(ProofError::Invalid(_))));
    let jwk = Value::Object(pair.jwk).to_string();
    let jwk = crate::json::read(&jwk).unwrap();
    assert!(crate::issuer::of_proof(&jwk, Algorithm::HS256).is_err());
}

#[test]
fn p2_check_7_no_private_key() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        for value in [json!("c2VjcmV0"), json!(""), json!(1), json!([])] {
            let jwk = changed(json!(KEY.jwk), json!({member: value}));
            let header = header(json!({"jwk": jwk}));
            assert_invalid(ask(&KEY, &header, &[Algorithm::ES256]), "private key", member);
        }
    }
}

#[test]
fn p2_check_6_a_key_that_is_sound_and_for_signatures() {
    for wrong in [json!(null), json!("x"), json!([]), json!(1)] {
        let header = header(json!({"jwk": wrong.clone()}));
        assert_invalid(ask(&KEY, &header, &[Algorithm::ES256]), "`jwk`", &wrong);
    }
    for changes in [
        json!({"kty": null}),
        json!({"kty": "OKP"}),
        json!({"crv": "P-384"}),
        json!({"crv": "secp256k1"}),
        json!({"x": null}),
        json!({"x": "AAAA"}),
        json!({"x": text([0; 32]), "y": text([0; 32])}),
        json!({"x": KEY.jwk["y"], "y": KEY.jwk["x"]}),
        json!({"use": "enc"}),
        json!({"key_ops": ["sign"]}),
        json!({"kid": 1}),
    ] {
        let header = header(json!({"jwk": changed(json!(KEY.jwk), changes.clone())}));
        let result = ask(&KEY, &header, &[Algorithm::ES256]);
        assert!(matches!(result, Err(ProofError::Invalid(_))), "{changes}: {result:?}");
    }
    // What browsers export.
    let exported =
        changed(json!(KEY.jwk), json!({"key_ops": ["verify"], "ext": true, "use": "sig"}));
    assert_eq!(ask(&KEY, &header(json!({"jwk": exported})), &[Algorithm::ES256]), Ok(()));

    let pair = rsa(Algorithm::RS256);
    let weak = changed(json!(pair.jwk), json!({"n": text([0xff; 128])}));
    let header = changed(header_of(&pair), json!({"jwk": weak}));
    assert_invalid(ask(&pair, &header, &[Algorithm::RS256]), "broken or weak", "RSA of 1024 bits");
}
