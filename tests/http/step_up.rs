//! RESPONSES A28: a more recent or stronger authentication (RFC 9470).

use actix_web::{Responder, get};
use auth_runtime::{Auth, authorize, require_role, require_step_up, testing::TestIssuer};
use serde_json::json;

use crate::{get_as, send_to};

const NOW: u64 = 1_800_000_000;
const AGAIN: &str = "A more recent or stronger authentication is required";

#[require_step_up(acr = "mfa", max_age = "5m")]
#[get("/pay")]
async fn pay() -> impl Responder {
    "paid"
}

#[require_step_up(amr = "otp")]
#[get("/otp")]
async fn otp() -> impl Responder {
    "otp"
}

#[require_role("admin")]
#[require_step_up(acr = any("mfa", "phr"))]
#[get("/admin")]
async fn admin() -> impl Responder {
    "admin"
}

#[authorize(role("admin") || max_age("1m"))]
#[get("/either")]
async fn either() -> impl Responder {
    "either"
}

fn challenge(rest: &str) -> String {
    format!(r#"Bearer realm="api", error="insufficient_user_authentication"{rest}"#)
}

#[actix_web::test]
async fn a28_step_up_needed() {
    let issuer = TestIssuer::new();
    let auth = Auth::builder().issuer(issuer.issuer()).clock(|| NOW).build().unwrap();
    let token = |claims: serde_json::Value| {
        let token = issuer.token("ann").claim("iat", NOW).claim("exp", NOW + 300);
        let claims = claims.as_object().cloned().unwrap();
        claims.into_iter().fold(token, |token, (name, value)| token.claim(&name, value)).mint()
    };
    let ask = async |path: &str, claims: serde_json::Value| {
        send_to(auth.clone(), (pay, otp, admin, either), get_as(path, &token(claims))).await
    };

    let both = challenge(r#", acr_values="mfa", max_age="300""#);
    for claims in [
        json!({}),
        json!({"acr": "mfa"}),
        json!({"auth_time": NOW}),
        json!({"acr": "pwd", "auth_time": NOW}),
        json!({"acr": "mfa", "auth_time": NOW - 301}),
        // Not from the future either.
        json!({"acr": "mfa", "auth_time": NOW + 61}),
        json!({"acr": "MFA", "auth_time": NOW}),
    ] {
        ask("/pay", claims).await.assert(401, Some(&both), AGAIN);
    }
    for auth_time in [NOW, NOW - 300] {
        assert_eq!(ask("/pay", json!({"acr": "mfa", "auth_time": auth_time})).await.status, 200);
    }

    for amr in [json!(["pwd"]), json!("otp"), json!(["otp", 1]), json!([])] {
        ask("/otp", json!({"amr": amr})).await.assert(401, Some(&challenge("")), AGAIN);
    }
    assert_eq!(ask("/otp", json!({"amr": ["pwd", "otp"]})).await.status, 200);

    let strong = challenge(r#", acr_values="mfa phr""#);
    // Step-up comes before the role.
    ask("/admin", json!({})).await.assert(401, Some(&strong), AGAIN);
    ask("/admin", json!({"roles": ["admin"]})).await.assert(401, Some(&strong), AGAIN);
    let denied = "You do not have permission to access this resource";
    ask("/admin", json!({"acr": "phr"})).await.assert(403, None, denied);
    assert_eq!(ask("/admin", json!({"acr": "phr", "roles": ["admin"]})).await.status, 200);

    let recent = challenge(r#", max_age="60""#);
    ask("/either", json!({"auth_time": NOW - 61})).await.assert(401, Some(&recent), AGAIN);
    assert_eq!(ask("/either", json!({"roles": ["admin"]})).await.status, 200);
}
