//! RESPONSES Z1: a missing scope.

use actix_web::{Responder, get, test::TestRequest};
use auth_runtime::{
    Auth, authorize, require_role, require_scope,
    testing::{TestIssuer, TestToken},
};
use auth_tests::MISSING;

use crate::{get_as, send_to};

const DENIED: &str = "You do not have permission to access this resource";

#[require_scope("docs:read")]
#[get("/read")]
async fn read() -> impl Responder {
    "read"
}

#[require_scope(all("docs:read", "docs:write"))]
#[get("/both")]
async fn both() -> impl Responder {
    "both"
}

#[authorize(role("admin") || (scope("docs:read") && scope("docs:write")) || scope("docs:all"))]
#[get("/ways")]
async fn ways() -> impl Responder {
    "ways"
}

#[require_role("admin")]
#[require_scope("docs:read")]
#[get("/role")]
async fn role() -> impl Responder {
    "role"
}

fn insufficient(scope: &str) -> String {
    format!(
        r#"Bearer realm="api", error="insufficient_scope", error_description="The access token lacks a scope that is required", scope="{scope}""#
    )
}

async fn ask(auth: &Auth, path: &str, token: Option<&str>) -> auth_tests::Answer {
    let request = match token {
        Some(token) => get_as(path, token),
        None => TestRequest::get().uri(path),
    };
    send_to(auth.clone(), (read, both, ways, role), request).await
}

#[actix_web::test]
async fn z1_scope_missing() {
    let issuer = TestIssuer::new();
    let auth = issuer.auth().unwrap();
    let token = |scopes: &[&str]| scopes.iter().fold(issuer.token("ann"), TestToken::scope).mint();
    for (path, scopes, sufficient) in [
        ("/read", [].as_slice(), "docs:read"),
        ("/read", &["docs:write", "Docs:read", "docs:read:all"], "docs:read"),
        // All that a new token has to have, not only what this one lacks.
        ("/both", &["docs:read"], "docs:read docs:write"),
        ("/ways", &[], "docs:all"),
        ("/ways", &["docs:write"], "docs:all"),
    ] {
        let answer = ask(&auth, path, Some(&token(scopes))).await;
        answer.assert(403, Some(&insufficient(sufficient)), DENIED);
    }
    for (path, scopes) in [
        ("/read", ["docs:read"].as_slice()),
        ("/both", &["docs:write", "docs:read"]),
        ("/ways", &["docs:all"]),
    ] {
        assert_eq!(ask(&auth, path, Some(&token(scopes))).await.status, 200, "{path}");
    }
}

#[actix_web::test]
async fn z2_where_a_role_is_missing_too_no_scope_would_help() {
    let issuer = TestIssuer::new();
    let auth = issuer.auth().unwrap();
    ask(&auth, "/role", Some(&issuer.token("ann").mint())).await.assert(403, None, DENIED);
    let admin = issuer.token("ann").role("admin").mint();
    ask(&auth, "/role", Some(&admin)).await.assert(403, Some(&insufficient("docs:read")), DENIED);
}

#[actix_web::test]
async fn a1_an_anonymous_caller_hears_which_scopes_a_token_needs() {
    let auth = TestIssuer::new().auth().unwrap();
    for (path, challenge) in [
        ("/read", r#"Bearer realm="api", scope="docs:read""#),
        ("/both", r#"Bearer realm="api", scope="docs:read docs:write""#),
        // A role may do.
        ("/ways", MISSING),
        ("/role", r#"Bearer realm="api", scope="docs:read""#),
    ] {
        let answer = ask(&auth, path, None).await;
        answer.assert(401, Some(challenge), "No authentication token provided");
    }
}
