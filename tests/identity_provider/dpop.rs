//! Tokens that the provider binds to a key of their owner (RFC 9449 §5, §6).

use auth_runtime::{Auth, AuthBuilder, Dpop, testing::DpopKey};
use auth_tests::INVALID;
use serde_json::json;

use crate::{
    API, Application, NOT_ACCEPTABLE, OPAQUE, assert_caller, assert_invalid, assert_refused,
    http::Answer, introspection, issuer, login, provider::Provider, robot, settings,
    token_response,
};

/// A proof for the provider's token endpoint, where there is no token yet: as a header line.
pub(crate) fn token_proof(provider: &Provider, key: &DpopKey) -> String {
    let proof = key.proof("POST", &provider.url("/token"), "").without("ath");
    format!("DPoP: {}", proof.mint())
}

/// What every client is told under which address it reaches these applications.
const ORIGIN: &str = "https://api.example.com";

fn application(builder: AuthBuilder) -> Application {
    Application::start(builder.dpop(Dpop::new().origin(ORIGIN)).build().unwrap())
}

fn ask(application: &Application, token: &str, key: &DpopKey) -> Answer {
    let proof = key.proof("GET", &format!("{ORIGIN}/me"), token).mint();
    let headers = [format!("Authorization: DPoP {token}"), format!("DPoP: {proof}")];
    application.send("GET", "/me", &headers.each_ref().map(String::as_str))
}

/// With its owner's proofs, and with nothing else.
fn assert_bound(application: &Application, token: &str, owner: &DpopKey, subject: &str) {
    assert_caller(&ask(application, token, owner), &json!({"subject": subject}));
    let thief = ask(application, token, &DpopKey::new());
    assert_eq!((thief.status, &*thief.body), (401, NOT_ACCEPTABLE));
    let plain = application.me(token);
    assert_eq!((plain.status, &*plain.body), (401, NOT_ACCEPTABLE));
    assert!(plain.all("www-authenticate").contains(&INVALID), "{plain:?}");
}

/// P1 P2 A20
#[test]
fn p1_p2_a20_a_bound_jwt_is_good_with_its_owners_proofs_alone() {
    let Some(provider) = Provider::start(&settings()) else { return };
    let application = application(Auth::builder().issuer(issuer(&provider)));
    let key = DpopKey::new();
    let form = [("grant_type", "client_credentials"), ("resource", API), ("scope", "docs:read")];
    let answer = provider.post("/token", &form, &[&robot(), &token_proof(&provider, &key)]);
    let answer = token_response(&answer);
    assert_eq!(answer["token_type"], "DPoP");
    assert_bound(&application, answer["access_token"].as_str().unwrap(), &key, "robot");
    let token = login::log_in_with(&provider, "ann", API, "docs:read", &key).access;
    assert_bound(&application, &token, &key, "ann");

    // Where nobody can check a proof the token is of no use.
    let without = Application::trusting(issuer(&provider));
    assert_invalid(&without.me(&token));
    assert_refused(
        &ask(&without, &token, &key),
        401,
        Some(r#"Bearer realm="api""#),
        r#"{"error":"Unauthorized","message":"No authentication token provided"}"#,
    );
}

/// P1 P2: the same of an opaque token, by what the provider says of it.
#[test]
fn p1_p2_a_bound_opaque_token_is_good_with_its_owners_proofs_alone() {
    let Some(provider) = Provider::start(&settings()) else { return };
    let introspector = introspection::of(&provider, OPAQUE).build().unwrap();
    let application = application(Auth::builder().verifier(introspector));
    let key = DpopKey::new();
    let token = login::log_in_with(&provider, "ann", OPAQUE, "docs:read", &key).access;
    assert_bound(&application, &token, &key, "ann");
}
