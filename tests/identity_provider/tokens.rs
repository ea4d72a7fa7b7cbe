//! JWT access tokens (RFC 9068), judged with the keys that the provider publishes.

use std::time::Duration;

use auth_runtime::{Algorithm, Auth, Issuer, TokenProfile};
use auth_tests::{EXPIRED, INVALID, MISSING};
use serde_json::{Value, json};

use crate::{
    API, Application, BRIEF, NOT_ACCEPTABLE, NOT_AVAILABLE, SHOP, assert_caller, assert_invalid,
    assert_refused, eventually, issuer, log, login::log_in, machine_token, provider::Provider,
    settings,
};

const NO_SCOPE: &str = r#"Bearer realm="api", error="insufficient_scope", error_description="The access token lacks a scope that is required", scope="docs:write""#;
const FORBIDDEN: &str =
    r#"{"error":"Forbidden","message":"You do not have permission to access this resource"}"#;

/// A1 Z1 Z2
#[test]
fn a1_z1_z2_a_users_token_opens_what_its_scopes_and_roles_open() {
    let Some(provider) = Provider::start(&settings()) else { return };
    let application = Application::trusting(issuer(&provider));
    let ann = log_in(&provider, "ann", API, "docs:read").access;
    let bob = log_in(&provider, "bob", API, "docs:read docs:write").access;

    let expected = json!({"issuer": provider.issuer(), "subject": "ann", "scopes": ["docs:read"], "roles": ["editor"]});
    assert_caller(&application.me(&ann), &expected);
    let expected = json!({"subject": "bob", "scopes": ["docs:read", "docs:write"], "roles": []});
    assert_caller(&application.me(&bob), &expected);
    for (method, path, token, status) in [
        ("GET", "/docs", &ann, 200),
        ("POST", "/docs", &bob, 200),
        ("DELETE", "/docs", &ann, 200),
        ("DELETE", "/docs", &bob, 403),
        ("GET", "/users/ann", &ann, 200),
        ("GET", "/users/ann", &bob, 403),
    ] {
        let answer = application.ask(method, path, token);
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        if status == 403 {
            assert_refused(&answer, 403, None, FORBIDDEN);
        }
    }
    assert_refused(&application.ask("POST", "/docs", &ann), 403, Some(NO_SCOPE), FORBIDDEN);
    let nothing = r#"{"error":"Unauthorized","message":"No authentication token provided"}"#;
    assert_refused(&application.send("GET", "/me", &[]), 401, Some(MISSING), nothing);
}

#[test]
fn a_client_programs_token_is_its_own() {
    let Some(provider) = Provider::start(&settings()) else { return };
    let token = machine_token(&provider, API, "docs:write");
    let application = Application::trusting(issuer(&provider).client("robot"));
    let expected = json!({"subject": "robot", "scopes": ["docs:write"], "roles": ["machine"]});
    assert_caller(&application.me(&token), &expected);
    assert_eq!(application.ask("POST", "/docs", &token).status, 200);
    assert_eq!(application.ask("GET", "/docs", &token).status, 403);
    // Of other clients no token is taken.
    assert_invalid(&application.me(&log_in(&provider, "ann", API, "docs:read").access));
}

/// A8 J15 J17: one and the same answer, whoever the token is for.
#[test]
fn a8_tokens_for_another_api_or_by_another_provider_are_refused() {
    let (Some(provider), Some(other)) =
        (Provider::start(&settings()), Provider::start(&settings()))
    else {
        return;
    };
    let application = Application::trusting(issuer(&provider));
    assert_caller(&application.me(&machine_token(&provider, API, "docs:read")), &json!({}));
    assert_invalid(&application.me(&machine_token(&provider, SHOP, "docs:read")));
    assert_invalid(&application.me(&machine_token(&other, API, "docs:read")));

    // Both are trusted: each for its own.
    let auth = Auth::builder().issuer(issuer(&provider)).issuer(issuer(&other)).build().unwrap();
    let application = Application::start(auth);
    for provider in [&provider, &other] {
        let token = machine_token(provider, API, "docs:read");
        assert_caller(&application.me(&token), &json!({"issuer": provider.issuer()}));
    }
}

#[test]
fn a6_a_token_that_has_run_out_is_said_to_have() {
    let Some(provider) = Provider::start(&settings()) else { return };
    let brief = Issuer::new(provider.issuer()).audience(BRIEF).jwks_discovery();
    let strict = Application::trusting(brief.clone().leeway(Duration::ZERO));
    let lenient = Application::trusting(brief);
    let token = machine_token(&provider, BRIEF, "docs:read");
    eventually("expired", || strict.me(&token).status == 401);
    assert_refused(&strict.me(&token), 401, Some(EXPIRED), NOT_ACCEPTABLE);
    // Nothing else is wrong with it.
    assert_caller(&lenient.me(&token), &json!({"subject": "robot"}));
}

/// J21
#[test]
fn j21_the_id_token_of_the_same_login_is_no_access_token_and_the_other_way_round() {
    let Some(provider) = Provider::start(&settings()) else { return };
    let tokens = log_in(&provider, "ann", API, "docs:read");
    // By its audience alone the ID token would do.
    let both = issuer(&provider).audience("web");
    for profile in [TokenProfile::AccessToken, TokenProfile::Rfc9068] {
        let application = Application::trusting(both.clone().profile(profile));
        assert_caller(&application.me(&tokens.access), &json!({"subject": "ann"}));
        assert_invalid(&application.me(&tokens.id));
    }
    let application = Application::trusting(both.profile(TokenProfile::IdToken));
    assert_caller(&application.me(&tokens.id), &json!({"subject": "ann"}));
    assert_invalid(&application.me(&tokens.access));
}

/// A provider that signs each of these algorithms' tokens for an API of its own.
fn signing(algorithms: &[&str]) -> Option<Provider> {
    let mut settings = settings();
    settings["keys"] = algorithms.iter().map(|alg| json!({"kid": alg, "alg": alg})).collect();
    for alg in algorithms {
        settings["apis"][format!("https://{alg}.example.com/")] =
            json!({"format": "jwt", "alg": alg, "scope": "docs:read", "ttl": 300});
    }
    Provider::start(&settings)
}

/// J4: every algorithm that both sides know, with all keys published at once.
#[test]
fn j4_each_algorithm_that_the_provider_signs_with_is_taken() {
    const TAKEN: [&str; 10] = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519",
    ];
    // What has no place here may still be published.
    const PASSED_OVER: [&str; 1] = ["ES512"];
    let Some(provider) = signing(&[TAKEN.as_slice(), &PASSED_OVER].concat()) else { return };
    let audience = |alg: &str| format!("https://{alg}.example.com/");
    let mut all = Issuer::new(provider.issuer()).jwks_discovery();
    for alg in TAKEN.iter().chain(&PASSED_OVER) {
        all = all.audience(audience(alg));
    }
    let application = Application::trusting(all);
    for alg in TAKEN {
        let token = machine_token(&provider, &audience(alg), "docs:read");
        assert_eq!(header(&token), json!({"alg": alg, "typ": "at+jwt", "kid": alg}));
        assert_caller(&application.me(&token), &json!({"subject": "robot"}));
    }
    for alg in PASSED_OVER {
        let token = machine_token(&provider, &audience(alg), "docs:read");
        assert_eq!(header(&token)["alg"], alg);
        assert_invalid(&application.me(&token));
    }
}

fn header(token: &str) -> Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice(&header).unwrap()
}

/// A18 J1: an RSA key says with which algorithm it is used, or the operator does.
#[test]
fn a18_an_rsa_key_published_without_its_algorithm_needs_one() {
    let mut settings = settings();
    settings["keys"] = json!([{"kid": "2026", "alg": "RS256", "unnamed": true}]);
    settings["apis"][API]["alg"] = json!("RS256");
    let Some(provider) = Provider::start(&settings) else { return };
    let token = machine_token(&provider, API, "docs:read");
    let application = Application::trusting(issuer(&provider).algorithms([Algorithm::RS256]));
    assert_caller(&application.me(&token), &json!({"subject": "robot"}));
    let application = Application::trusting(issuer(&provider).algorithms([Algorithm::PS256]));
    assert_invalid(&application.me(&token));
    let application = Application::trusting(issuer(&provider));
    assert_refused(&application.me(&token), 500, None, NOT_AVAILABLE);
    log::wait_for(provider.issuer(), &["ERROR", "add `.algorithms([Algorithm::RS256])`"]);
}

/// J13 A5: a genuine token, damaged in each of its parts.
#[test]
fn a5_a_genuine_token_that_was_changed_is_refused() {
    let Some(provider) = Provider::start(&settings()) else { return };
    let application = Application::trusting(issuer(&provider));
    let token = machine_token(&provider, API, "docs:read");
    let other = machine_token(&provider, API, "docs:read docs:write");
    let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
    let (one, two) = (parts(&token), parts(&other));
    for changed in [
        format!("{}.{}.{}", one[0], two[1], one[2]),
        format!("{}.{}.{}", one[0], one[1], two[2]),
        format!("{}.{}.", one[0], one[1]),
        format!("{}.{}", one[0], one[1]),
        format!("{token}."),
    ] {
        let answer = application.me(&changed);
        assert_refused(&answer, 401, Some(INVALID), NOT_ACCEPTABLE);
    }
    assert_caller(&application.me(&token), &json!({"scopes": ["docs:read"]}));
}
