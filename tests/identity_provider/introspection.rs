//! Opaque tokens: the provider is asked about each (RFC 7662), and revokes them (RFC 7009).

use std::time::Duration;

use auth_runtime::{Auth, Introspection};
use serde_json::json;

use crate::{
    API, AWAY, Application, NAMED, NOT_AVAILABLE, OPAQUE, assert_caller, assert_invalid,
    assert_refused, eventually, issuer, log, login::log_in, machine_token, provider::Provider,
    robot, settings,
};

const SECRET: &str = "api secret: 100%";

/// How this API asks about the tokens that are for it under this name.
pub(crate) fn of(provider: &Provider, api: &str) -> Introspection {
    Introspection::new(provider.url("/token/introspection"))
        .client_secret_basic("api", SECRET)
        .issuer(provider.issuer())
        .audience(api)
}

fn application(introspection: Introspection) -> Application {
    Application::start(Auth::builder().verifier(introspection.build().unwrap()).build().unwrap())
}

/// Takes the token back, as its client does.
fn revoke(provider: &Provider, token: &str, headers: &[&str], form: &[(&str, &str)]) {
    let answer = provider.post("/token/revocation", &[form, &[("token", token)]].concat(), headers);
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// P3 A16
#[test]
fn p3_a16_an_opaque_token_opens_what_its_scopes_and_roles_open() {
    let Some(provider) = Provider::start(&settings()) else { return };
    let token = log_in(&provider, "ann", OPAQUE, "docs:read").access;
    let others = log_in(&provider, "ann", NAMED, "docs:read").access;
    for introspection in
        [of(&provider, OPAQUE), of(&provider, OPAQUE).client_secret_post("api-post", SECRET)]
    {
        let application = application(introspection);
        let expected = json!({"issuer": provider.issuer(), "subject": "ann", "scopes": ["docs:read"], "roles": ["editor"]});
        // The second time it is remembered.
        for _ in 0..2 {
            assert_caller(&application.me(&token), &expected);
        }
        assert_eq!(application.ask("POST", "/docs", &token).status, 403);
        assert_eq!(application.ask("DELETE", "/docs", &token).status, 200);
        for refused in [&*others, "made-up", &token[1..]] {
            assert_invalid(&application.me(refused));
        }
    }
}

/// P3: the provider calls these active too.
#[test]
fn p3_a_refresh_token_is_no_access_token() {
    let Some(provider) = Provider::start(&settings()) else { return };
    let tokens = log_in(&provider, "ann", OPAQUE, "offline_access docs:read");
    let refresh = tokens.refresh.unwrap();
    let asking = provider.post(
        "/token/introspection",
        &[("client_id", "api-post"), ("client_secret", SECRET), ("token", &refresh)],
        &[],
    );
    assert!(asking.body.contains(r#""active":true"#), "{asking:?}");
    let application = application(of(&provider, OPAQUE));
    assert_invalid(&application.me(&refresh));
    assert_caller(&application.me(&tokens.access), &json!({"subject": "ann"}));
}

/// A client that is called like a user would be taken for the user; this provider lets no user be called so.
#[test]
fn p3_a_client_programs_opaque_token_needs_a_subject() {
    let Some(provider) = Provider::start(&settings()) else { return };
    let nameless = machine_token(&provider, OPAQUE, "docs:read");
    assert_invalid(&application(of(&provider, OPAQUE)).me(&nameless));
    let named = machine_token(&provider, NAMED, "docs:read");
    let expected = json!({"subject": "robot", "scopes": ["docs:read"], "roles": ["machine"]});
    assert_caller(&application(of(&provider, NAMED)).me(&named), &expected);
}

/// L5 A15
#[test]
fn l5_a_token_that_the_provider_revoked_is_refused_no_later_than_max_age() {
    let Some(provider) = Provider::start(&settings()) else { return };
    let max_age = Duration::from_secs(2);
    let remembering = application(of(&provider, OPAQUE).max_age(max_age));
    let asking = application(of(&provider, OPAQUE).max_age(Duration::ZERO));
    let ann = log_in(&provider, "ann", OPAQUE, "docs:read").access;
    let bob = log_in(&provider, "bob", OPAQUE, "docs:read").access;
    for application in [&remembering, &asking] {
        assert_caller(&application.me(&ann), &json!({"subject": "ann"}));
        assert_caller(&application.me(&bob), &json!({"subject": "bob"}));
    }
    revoke(&provider, &ann, &[], &[("client_id", "web")]);
    assert_invalid(&asking.me(&ann));
    std::thread::sleep(max_age);
    assert_invalid(&remembering.me(&ann));
    for application in [&remembering, &asking] {
        assert_caller(&application.me(&bob), &json!({"subject": "bob"}));
    }

    let machine = machine_token(&provider, NAMED, "docs:read");
    let asking = application(of(&provider, NAMED).max_age(Duration::ZERO));
    assert_caller(&asking.me(&machine), &json!({"subject": "robot"}));
    revoke(&provider, &machine, &[&robot()], &[]);
    assert_invalid(&asking.me(&machine));
}

/// A18
#[test]
fn a18_a_wrong_secret_is_a_500_that_names_the_fix() {
    let Some(provider) = Provider::start(&settings()) else { return };
    let token = log_in(&provider, "ann", OPAQUE, "docs:read").access;
    for (wrong, method) in [
        (of(&provider, OPAQUE).client_secret_basic("api", "guessed"), "client_secret_basic"),
        (of(&provider, OPAQUE).client_secret_basic("nobody", SECRET), "client_secret_basic"),
        (of(&provider, OPAQUE).bearer("guessed"), "bearer"),
    ] {
        assert_refused(&application(wrong).me(&token), 500, None, NOT_AVAILABLE);
        let fix = format!("correct what was given to `.{method}(…)`");
        log::wait_for(provider.issuer(), &["ERROR", "/token/introspection", &fix]);
    }
    // This client may not ask, and is told that the token is not active, as RFC 7662 §4 advises.
    let not_allowed = of(&provider, OPAQUE).client_secret_basic("robot", "robot secret/1");
    assert_invalid(&application(not_allowed).me(&token));
    let log = log::about(provider.issuer());
    assert!(!log.contains(SECRET) && !log.contains("guessed") && !log.contains(&token), "{log}");
}

/// A17
#[test]
fn a17_while_the_provider_is_away_only_what_it_said_counts() {
    let Some(mut provider) = Provider::start(&settings()) else { return };
    let ann = log_in(&provider, "ann", OPAQUE, "docs:read").access;
    let bob = log_in(&provider, "bob", OPAQUE, "docs:read").access;
    let application = application(of(&provider, OPAQUE));
    assert_caller(&application.me(&ann), &json!({"subject": "ann"}));
    provider.kill();
    assert_caller(&application.me(&ann), &json!({"subject": "ann"}));
    let answer = application.me(&bob);
    assert_refused(&answer, 503, None, AWAY);
    assert_eq!(answer.header("retry-after"), Some("5"));
}

/// JWTs and opaque tokens of one provider, in one application.
#[test]
fn opaque_tokens_beside_jwts() {
    let Some(provider) = Provider::start(&settings()) else { return };
    let introspector = of(&provider, OPAQUE).build().unwrap();
    let auth = Auth::builder().issuer(issuer(&provider)).verifier(introspector).build().unwrap();
    let application = Application::start(auth);
    for api in [API, OPAQUE] {
        let token = log_in(&provider, "ann", api, "docs:read").access;
        let expected =
            json!({"issuer": provider.issuer(), "subject": "ann", "scopes": ["docs:read"]});
        eventually("keys", || application.me(&token).status == 200);
        assert_caller(&application.me(&token), &expected);
    }
}

/// A16: anybody can send what looks like the beginning of a JWT, and this provider will not be asked about such.
#[test]
fn a16_what_the_provider_will_not_be_asked_about_is_refused() {
    let Some(provider) = Provider::start(&settings()) else { return };
    let alone = application(of(&provider, OPAQUE));
    let introspector = of(&provider, OPAQUE).build().unwrap();
    let auth = Auth::builder().issuer(issuer(&provider)).verifier(introspector).build().unwrap();
    let beside = Application::start(auth);
    let jwt = machine_token(&provider, API, "docs:read");
    let header = jwt.split('.').next().unwrap();
    assert_invalid(&alone.me(&jwt));
    for application in [&alone, &beside] {
        assert_invalid(&application.me(header));
        assert_invalid(&application.me(&format!("{header}.e30")));
    }
}
