//! The examples of the RFCs, each of them checked with its key.

use serde_json::{Value, json};

use super::*;
use crate::verifier::dpop::thumbprint::thumbprint;

/// RFC 9449 §4.1, figure 2.
const TOKEN_REQUEST: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
/// RFC 9449 §7.1, figure 13.
const RESOURCE_REQUEST: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
const RESOURCE_TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
/// RFC 9449 §6.1, figure 8.
const THUMBPRINT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
const MADE: u64 = 1_562_262_618;

fn ask(about: About<'_>, proof: &str, now: u64) -> Result<(), ProofError> {
    let verifier = Dpop::new().origin("https://resource.example.org").load().unwrap();
    verifier.check(proof.as_bytes(), about, &verifier.known(), now).map(drop)
}

fn about() -> About<'static> {
    About {
        token: RESOURCE_TOKEN.as_bytes(),
        bound_to: THUMBPRINT,
        method: "GET",
        path: "/protectedresource",
    }
}

#[test]
fn p2_the_proof_of_rfc_9449_section_7_1_is_good_for_its_request_alone() {
    assert_eq!(ask(about(), RESOURCE_REQUEST, MADE), Ok(()));
    let wrong = |about, why| assert_invalid(ask(about, RESOURCE_REQUEST, MADE), why, why);
    wrong(About { token: b"another", ..about() }, "`ath`");
    wrong(About { method: "POST", ..about() }, "`htm`");
    wrong(About { path: "/", ..about() }, "`htu`");
    let other = KEY.thumbprint().unwrap();
    let bound_to_other = About { bound_to: &other, ..about() };
    assert_eq!(ask(bound_to_other, RESOURCE_REQUEST, MADE), Err(ProofError::OtherKey));
    assert_invalid(ask(about(), RESOURCE_REQUEST, NOW), "`iat`", NOW);

    // Whatever is changed in it, it is none any more.
    for position in 0..RESOURCE_REQUEST.len() {
        let mut changed = RESOURCE_REQUEST.to_owned();
        let letter = if changed.as_bytes()[position] == b'A' { "B" } else { "A" };
        changed.replace_range(position..=position, letter);
        assert_ne!(ask(about(), &changed, MADE), Ok(()), "{changed}");
    }
}

/// It is for a token request, so it has no `ath`, and is no proof here; put together from its parts it is one, but for the
/// signature.
#[test]
fn p2_the_proof_of_rfc_9449_section_4_1_is_none_for_a_resource() {
    let refused = ask(About { method: "POST", path: "/token", ..about() }, TOKEN_REQUEST, MADE);
    assert_invalid(refused, "`ath` is missing", "figure 2");
    let (head, claims, signature) = parts(TOKEN_REQUEST);
    assert_eq!(claims["jti"], "-BwC3ESc6acc2lTc");
    // Its signature is good: shown with the same key and the same rules that judge any other.
    let jwk = &head["jwk"];
    assert_eq!(thumbprint(|name| jwk[name].as_str()).unwrap(), THUMBPRINT);
    let jwk = jwk.to_string();
    let jwk = crate::json::read(&jwk).unwrap();
    let key = crate::issuer::of_proof(&jwk, jsonwebtoken::Algorithm::ES256).unwrap();
    let (message, _) = TOKEN_REQUEST.rsplit_once('.').unwrap();
    assert!(key.verifies(jsonwebtoken::Algorithm::ES256, message.as_bytes(), &signature));
    assert!(!key.verifies(jsonwebtoken::Algorithm::ES256, b"something else", &signature));
}

fn parts(proof: &str) -> (Value, Value, Vec<u8>) {
    let parts: Vec<Vec<u8>> =
        proof.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
    let json = |part: &[u8]| serde_json::from_slice(part).unwrap();
    (json(&parts[0]), json(&parts[1]), parts[2].clone())
}

#[test]
fn the_thumbprints_of_rfc_7638_and_rfc_8037() {
    // RFC 7638 §3.1
    let rsa = json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    });
    // RFC 8037 §A.2, §A.3
    let ed = json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    for (jwk, expected) in [
        (&rsa, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
        (&ed, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
    ] {
        assert_eq!(thumbprint(|name| jwk[name].as_str()).unwrap(), expected);
    }
    for unusable in [
        json!({}),
        json!({"kty": "oct", "k": "c2VjcmV0"}),
        json!({"kty": "EC", "crv": "P-256", "x": "eA"}),
        json!({"kty": ["RSA"], "n": "eA", "e": "AQAB"}),
    ] {
        assert_eq!(thumbprint(|name| unusable[name].as_str()), None, "{unusable}");
    }
}
