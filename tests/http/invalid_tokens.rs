//! RESPONSES, rows A8 to A14; CHECKLIST J23: whatever is wrong with a token, the answer is one and the same.

use auth_runtime::{Algorithm, Auth, Issuer, Key, testing::TestIssuer};
use auth_tests::{Answer, EXPIRED, INVALID};
use serde_json::{Value, json};

use crate::{get_as, send};

const HEADER: &str = r#"{"alg":"HS256","typ":"at+jwt"}"#;

fn changed(issuer: &TestIssuer, name: &str, value: Value) -> String {
    issuer.token("ann").role("admin").claim(name, value).mint()
}

fn headed(issuer: &TestIssuer, header: &Value) -> String {
    let claims = json!({
        "iss": "https://id.test/", "aud": "api", "sub": "ann", "exp": 4_000_000_000_u64, "roles": ["admin"],
    });
    issuer.sign(&header.to_string(), &claims.to_string())
}

/// Every way to be wrong that does not depend on the time.
fn bad_tokens(issuer: &TestIssuer) -> Vec<(&'static str, String)> {
    let good = issuer.token("ann").role("admin").mint();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    let stranger = TestIssuer::new();
    let claims = issuer.sign(HEADER, "{}").replace("e30", payload);
    let head = |header: Value| headed(issuer, &header);
    vec![
        ("A5 one part", header.to_owned()),
        ("A5 two parts", message.to_owned()),
        ("J13 five parts", format!("{good}.{signature}.{signature}")),
        ("J13 padding", format!("{good}=")),
        ("A8 no signature", format!("{message}.")),
        ("A8 bad signature", format!("{message}.AAAA")),
        ("A8 another payload's signature", claims),
        ("A8 a stranger's key", stranger.token("ann").role("admin").mint()),
        ("J2 none", head(json!({"alg": "none"}))),
        ("J2 nOnE", head(json!({"alg": "nOnE"}))),
        ("J2 empty", head(json!({"alg": ""}))),
        ("J2 missing", head(json!({"typ": "JWT"}))),
        ("J4 HS512", head(json!({"alg": "HS512"}))),
        ("J4 RS256", head(json!({"alg": "RS256"}))),
        ("A13 unknown algorithm", head(json!({"alg": "XS256"}))),
        ("J9 jwk", stranger.sign(r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}"#, "{}")),
        ("J12 crit", head(json!({"alg": "HS256", "crit": ["exp"]}))),
        ("J12 b64", head(json!({"alg": "HS256", "b64": false}))),
        ("J21 typ", head(json!({"alg": "HS256", "typ": "dpop+jwt"}))),
        ("J21 ID token", head(json!({"alg": "HS256", "typ": "secevent+jwt"}))),
        (
            "J14 twice",
            issuer.sign(HEADER, r#"{"iss":"https://id.test/","iss":"https://id.test/"}"#),
        ),
        ("A10 iss", changed(issuer, "iss", json!("https://id.test"))),
        ("A10 no iss", issuer.token("ann").without("iss").mint()),
        ("J16 iss array", changed(issuer, "iss", json!(["https://id.test/"]))),
        ("A11 aud", changed(issuer, "aud", json!("other"))),
        ("A11 no aud", issuer.token("ann").without("aud").mint()),
        ("J17 aud empty", changed(issuer, "aud", json!([]))),
        ("J17 aud number", changed(issuer, "aud", json!(1))),
        ("J18 no exp", issuer.token("ann").without("exp").mint()),
        ("J18 exp text", changed(issuer, "exp", json!("4000000000"))),
        ("J18 exp negative", changed(issuer, "exp", json!(-1))),
        ("J18 exp huge", changed(issuer, "exp", json!(1e300))),
        ("J18 exp null", changed(issuer, "exp", json!(null))),
        ("J19 nbf", changed(issuer, "nbf", json!(4_000_000_000_u64))),
        ("J19 nbf text", changed(issuer, "nbf", json!("0"))),
        ("J19 iat", changed(issuer, "iat", json!(4_000_000_000_u64))),
        ("L6 no sub", issuer.token("ann").without("sub").mint()),
        ("P1 cnf", changed(issuer, "cnf", json!({"jkt": "x"}))),
        ("A27 too long", issuer.token(&"a".repeat(20_000)).mint()),
    ]
}

#[actix_web::test]
async fn a8_to_a14_j23_every_bad_token_gets_the_same_answer() {
    let issuer = TestIssuer::new();
    let auth = issuer.auth().unwrap();
    let mut answers: Vec<(&str, Answer)> = Vec::new();
    for (what, token) in bad_tokens(&issuer) {
        for path in ["/me", "/admin"] {
            answers.push((what, send(auth.clone(), get_as(path, &token)).await));
        }
    }
    let (_, first) = answers[0].clone();
    first.assert(401, Some(INVALID), "Invalid or expired token");
    for (what, answer) in answers {
        assert_eq!(answer, first, "{what}");
    }
    // The same ground, with nothing wrong.
    let good = issuer.token("ann").role("admin").mint();
    assert_eq!(send(auth, get_as("/admin", &good)).await.status, 200);
}

#[actix_web::test]
async fn a9_an_unknown_kid() {
    let secret = [7; 32];
    let issuer = Issuer::new("https://id.test/")
        .audience("api")
        .key(Key::secret(Algorithm::HS256, secret).kid("known"));
    let auth = Auth::builder().issuer(issuer).build().unwrap();
    let test = TestIssuer::new();
    let token = headed(&test, &json!({"alg": "HS256", "kid": "unknown"}));
    send(auth, get_as("/me", &token)).await.assert(401, Some(INVALID), "Invalid or expired token");
}

#[actix_web::test]
async fn a6_expiry_is_said_of_genuine_tokens_only() {
    let issuer = TestIssuer::new();
    let auth = issuer.auth().unwrap();
    let genuine = issuer.token("ann").expired().mint();
    let forged = TestIssuer::new().token("ann").expired().mint();
    send(auth.clone(), get_as("/me", &genuine)).await.assert(
        401,
        Some(EXPIRED),
        "Invalid or expired token",
    );
    send(auth, get_as("/me", &forged)).await.assert(401, Some(INVALID), "Invalid or expired token");
}
