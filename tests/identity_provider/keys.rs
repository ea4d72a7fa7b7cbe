//! The provider rotates its keys, goes away, and comes late.

use std::time::Duration;

use serde_json::json;

use crate::{
    API, AWAY, Application, assert_caller, assert_invalid, assert_refused, eventually, issuer, log,
    machine_token, provider::Provider, settings,
};

const SECOND: Duration = Duration::from_secs(1);

/// K6
#[test]
fn k6_rotated_keys_count_without_a_restart() {
    let Some(mut provider) = Provider::start(&settings()) else { return };
    let often = issuer(&provider).jwks_cooldown(SECOND).jwks_refresh(2 * SECOND);
    let application = Application::trusting(often);
    let old = machine_token(&provider, API, "docs:read");
    assert_caller(&application.me(&old), &json!({}));

    // Beside the old one, as it should be done, and at once, as it should not.
    let (one, two) = (json!({"kid": "1", "alg": "ES256"}), json!({"kid": "2", "alg": "ES256"}));
    provider.publish(&json!([two, one]));
    let new = machine_token(&provider, API, "docs:read");
    eventually("the new key", || application.me(&new).status == 200);
    assert_caller(&application.me(&old), &json!({}));
    provider.publish(&json!([two]));
    eventually("the old key withdrawn", || application.me(&old).status == 401);
    assert_invalid(&application.me(&old));
    assert_caller(&application.me(&new), &json!({}));
    provider.publish(&json!([one]));
    eventually("the old key back and the new one gone", || {
        [&old, &new].map(|token| application.me(token).status) == [200, 401]
    });
}

/// K6 K1: nobody waits for the refresh, and only so often is asked.
#[test]
fn k6_the_first_token_of_a_new_key_fetches_it() {
    let Some(mut provider) = Provider::start(&settings()) else { return };
    // By the refresh it would take an hour.
    let rarely = issuer(&provider).jwks_cooldown(SECOND).jwks_refresh(3600 * SECOND);
    let application = Application::trusting(rarely);
    let old = machine_token(&provider, API, "docs:read");
    assert_caller(&application.me(&old), &json!({}));
    provider.publish(&json!([{"kid": "2", "alg": "ES256"}]));
    let new = machine_token(&provider, API, "docs:read");
    eventually("the new key", || application.me(&new).status == 200);
    assert_invalid(&application.me(&old));
}

/// K4 A17
#[test]
fn k4_a17_tokens_of_known_keys_outlive_the_provider() {
    let Some(mut provider) = Provider::start(&settings()) else { return };
    // So that no fetch is under way when the provider goes.
    let rarely = issuer(&provider).jwks_cooldown(SECOND).jwks_refresh(3600 * SECOND);
    let application = Application::trusting(rarely);
    let known = machine_token(&provider, API, "docs:read");
    assert_caller(&application.me(&known), &json!({}));
    provider.publish(&json!([{"kid": "2", "alg": "ES256"}]));
    let unknown = machine_token(&provider, API, "docs:read");
    provider.kill();

    // Within the cooldown nobody was asked, so nobody is known to be away.
    eventually("away", || application.me(&unknown).status == 503);
    let answer = application.me(&unknown);
    assert_refused(&answer, 503, None, AWAY);
    assert!(answer.header("retry-after").is_some());
    assert_caller(&application.me(&known), &json!({"subject": "robot"}));
    assert!(application.is_ready());
    log::wait_for(provider.issuer(), &["WARN", "cannot be fetched"]);
}

/// A17: the application comes first.
#[test]
fn a17_an_application_is_ready_once_its_provider_is() {
    let Some(mut provider) = Provider::start(&settings()) else { return };
    let token = machine_token(&provider, API, "docs:read");
    provider.kill();

    let application = Application::trusting(issuer(&provider).jwks_cooldown(SECOND));
    assert!(!application.is_ready());
    assert_refused(&application.me(&token), 503, None, AWAY);
    let port = provider.issuer().rsplit(':').next().unwrap().parse::<u16>().unwrap();
    let mut settings = settings();
    settings["port"] = json!(port);
    let provider = Provider::start(&settings).unwrap();
    eventually("ready", || application.is_ready());
    assert_caller(&application.me(&machine_token(&provider, API, "docs:read")), &json!({}));
    // Of the provider before it nothing is left, nor its key.
    assert_invalid(&application.me(&token));
}
