//! CHECKLIST K2; RESPONSES A17 and A18: an issuer that answers badly, late, too much, or from elsewhere.

use std::time::{Duration, Instant};

use auth_runtime::{Algorithm, Auth, Issuer};
use serde_json::json;

use crate::{
    Time, ask, assert_ann, assert_away, assert_invalid, assert_unusable, auth_of, issuer,
    provider::{Provider, Reply, Signer, set},
    ready_auth,
};

/// What is no key set, and never becomes one by waiting.
fn unusable(elsewhere: &Provider, key: &Signer) -> Vec<(&'static str, Reply)> {
    let text = |text: &str| Reply::Text(text.to_owned());
    let large = format!(r#"{{"keys":[{}],"x":"{}"}}"#, key.jwk(), "x".repeat(2 * 1024 * 1024));
    let secret = json!({"keys": [{"kty": "oct", "alg": "HS256", "k": "c".repeat(43)}]});
    let mut private = key.jwk();
    private["d"] = json!("AAAA");
    vec![
        ("2 MiB", Reply::Text(large)),
        ("another port", Reply::RedirectTo(elsewhere.url("/keys"))),
        ("another host", Reply::RedirectTo(format!("http://localhost:{}/keys", elsewhere.port()))),
        ("broken JSON", text(r#"{"keys":["#)),
        ("HTML", text("<!doctype html><title>Welcome</title>")),
        ("empty", text("")),
        ("an array", text("[]")),
        ("an empty set", text(r#"{"keys":[]}"#)),
        ("a set without keys", text("{}")),
        ("members twice", Reply::Text(format!(r#"{{"keys":[],"keys":[{}]}}"#, key.jwk()))),
        ("a secret", Reply::Text(secret.to_string())),
        ("a private key", Reply::Text(json!({ "keys": [private] }).to_string())),
        ("404", Reply::Status(404)),
        ("403", Reply::Status(403)),
        ("304 to whoever named nothing", Reply::Status(304)),
    ]
}

/// What may be better in a moment.
fn away() -> Vec<(&'static str, Reply)> {
    vec![
        ("500", Reply::Status(500)),
        ("502", Reply::Status(502)),
        ("503", Reply::Status(503)),
        ("429", Reply::Status(429)),
        ("a closed connection", Reply::Close),
    ]
}

#[actix_web::test]
async fn a18_a_key_set_that_cannot_be_used_is_500() {
    let (elsewhere, key) = (Provider::start(), Signer::new("1"));
    elsewhere.publish(&[&key]);
    for (what, reply) in unusable(&elsewhere, &key) {
        let (provider, time) = (Provider::start(), Time::start());
        provider.reply("/keys", reply);
        let auth = auth_of(issuer(&provider), &time);
        let token = key.token(&provider.name(), time.now());
        let answer = ask(&auth, &token).await;
        println!("{what}: {answer:?}");
        assert_unusable(&answer);
        assert!(!auth.is_ready(), "{what}");
        // Mended: the next fetch brings it to order.
        provider.publish(&[&key]);
        time.pass(30);
        assert_ann(&ask(&auth, &token).await);
        assert_eq!(provider.asked("/keys"), 2, "{what}");
    }
    // K2: no redirect was followed.
    assert_eq!(elsewhere.requests(), []);
}

#[actix_web::test]
async fn a17_an_issuer_that_cannot_answer_is_503() {
    let key = Signer::new("1");
    for (what, reply) in away() {
        let (provider, time) = (Provider::start(), Time::start());
        provider.reply("/keys", reply);
        let auth = auth_of(issuer(&provider), &time);
        let token = key.token(&provider.name(), time.now());
        let answer = ask(&auth, &token).await;
        println!("{what}: {answer:?}");
        assert_away(&answer);
        provider.publish(&[&key]);
        time.pass(1);
        assert_ann(&ask(&auth, &token).await);
    }
}

#[actix_web::test]
async fn a_set_that_cannot_be_used_or_fetched_leaves_the_old_one_in_use() {
    let (elsewhere, key, other) = (Provider::start(), Signer::new("1"), Signer::new("2"));
    let unusable = unusable(&elsewhere, &key).into_iter().map(|(what, reply)| (what, reply, 500));
    let away = away().into_iter().map(|(what, reply)| (what, reply, 503));
    for (what, reply, status) in unusable.chain(away) {
        let (provider, time) = (Provider::start(), Time::start());
        provider.publish(&[&key]);
        let auth = ready_auth(&provider, &time).await;
        provider.reply("/keys", reply);
        time.pass(30);
        // A key that nobody knows: that is how the new set is fetched.
        let answer = ask(&auth, &other.token(&provider.name(), time.now())).await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert_eq!(provider.asked("/keys"), 2, "{what}");
        assert_ann(&ask(&auth, &key.token(&provider.name(), time.now())).await);
        assert!(auth.is_ready(), "{what}");
        // It is asked again after the cooldown, and not only after the time between two refreshes.
        provider.publish(&[&key, &other]);
        time.pass(30);
        assert_ann(&ask(&auth, &other.token(&provider.name(), time.now())).await);
    }
}

#[actix_web::test]
async fn a17_k2_a_fetch_ends_in_time() {
    let key = Signer::new("1");
    // The second sends a byte now and then, so that no single read takes long.
    let slow = Reply::Slow(set(&[&key]), Duration::from_millis(100));
    for reply in [Reply::Hang, slow] {
        let (provider, time) = (Provider::start(), Time::start());
        provider.reply("/keys", reply);
        let auth = auth_of(issuer(&provider).jwks_timeout(Duration::from_millis(300)), &time);
        let token = key.token(&provider.name(), time.now());
        let start = Instant::now();
        assert_away(&ask(&auth, &token).await);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(3), "{took:?}");
        provider.publish(&[&key]);
        time.pass(1);
        assert_ann(&ask(&auth, &token).await);
    }
}

#[actix_web::test]
async fn k2_the_time_limit_is_five_seconds_unless_said_otherwise() {
    let (provider, time) = (Provider::start(), Time::start());
    provider.reply("/keys", Reply::Hang);
    let start = Instant::now();
    let auth = auth_of(issuer(&provider), &time);
    assert_away(&ask(&auth, &Signer::new("1").token(&provider.name(), time.now())).await);
    let took = start.elapsed().as_millis();
    assert!((4_500..7_500).contains(&took), "{took} ms");
}

#[actix_web::test]
async fn an_answer_that_takes_a_while_is_waited_for() {
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    provider.reply("/keys", Reply::Slow(set(&[&key]), Duration::from_millis(2)));
    let auth = auth_of(issuer(&provider), &time);
    assert_ann(&ask(&auth, &key.token(&provider.name(), time.now())).await);
}

#[actix_web::test]
async fn k2_the_size_limit_can_be_set() {
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    provider.publish(&[&key]);
    let size = set(&[&key]).len();
    for (limit, status) in [(size, 200), (size - 1, 500)] {
        let auth = auth_of(issuer(&provider).jwks_limit(limit), &time);
        let answer = ask(&auth, &key.token(&provider.name(), time.now())).await;
        assert_eq!(answer.status, status, "{limit}: {answer:?}");
    }
}

#[actix_web::test]
async fn k2_a_redirect_on_the_same_host_is_followed_a_few_times() {
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    provider.publish(&[&key]);
    for step in 1..=4 {
        let next = if step == 1 { "/keys".to_owned() } else { format!("/{}", step - 1) };
        // Relative and absolute are the same.
        let next = if step % 2 == 0 { next } else { provider.url(&next) };
        provider.reply(&format!("/{step}"), Reply::RedirectTo(next));
    }
    for (path, status) in [("/3", 200), ("/4", 500)] {
        let issuer = Issuer::new(provider.name()).audience("api").jwks_url(provider.url(path));
        let answer = ask(&auth_of(issuer, &time), &key.token(&provider.name(), time.now())).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
}

#[actix_web::test]
async fn a_set_that_is_still_the_same_is_not_sent_again() {
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    let (other, third) = (Signer::new("2"), Signer::new("3"));
    provider.reply("/keys", Reply::Tagged(set(&[&key]), "\"one\""));
    let auth = ready_auth(&provider, &time).await;
    let name = provider.name();
    time.pass(30);
    assert_invalid(&ask(&auth, &other.token(&name, time.now())).await);
    assert_ann(&ask(&auth, &key.token(&name, time.now())).await);

    provider.reply("/keys", Reply::Tagged(set(&[&key, &other]), "\"two\""));
    time.pass(30);
    assert_ann(&ask(&auth, &other.token(&name, time.now())).await);

    // What could not be used is not named: the issuer would say that it is still the same.
    provider.reply("/keys", Reply::Tagged("{}".to_owned(), "\"three\""));
    time.pass(30);
    assert_unusable(&ask(&auth, &third.token(&name, time.now())).await);
    provider.reply("/keys", Reply::Tagged(set(&[&third]), "\"three\""));
    time.pass(30);
    assert_ann(&ask(&auth, &third.token(&name, time.now())).await);

    let tags: Vec<_> = provider.requests().into_iter().map(|(_, tag)| tag).collect();
    let named = |tag: &str| Some(tag.to_owned());
    assert_eq!(
        tags,
        [None, named("\"one\""), named("\"one\""), named("\"two\""), named("\"two\"")]
    );
}

/// K4: "still the same" is an answer too, and keeps keys from growing old.
#[actix_web::test]
async fn k4_not_modified_confirms_the_keys() {
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    provider.reply("/keys", Reply::Tagged(set(&[&key]), "\"one\""));
    let auth = auth_of(issuer(&provider).jwks_max_stale(Duration::from_secs(400)), &time);
    auth.wait_ready().await;
    for round in 2..6 {
        time.pass(300);
        let token = key.token(&provider.name(), time.now());
        assert_ann(&ask(&auth, &token).await);
        provider.wait_for("/keys", round).await;
        // The answer has to arrive, too, before time goes on.
        ask(&auth, &Signer::new("2").token(&provider.name(), time.now())).await;
    }
    assert!(auth.is_ready());
}

#[actix_web::test]
async fn a_weak_or_useless_key_beside_a_good_one_is_passed_over() {
    let (provider, time) = (Provider::start(), Time::start());
    let (good, other) = (Signer::new("good"), Signer::new("other"));
    let mut private = other.jwk();
    private["d"] = json!("AAAA");
    let mut encrypting = other.jwk();
    encrypting["use"] = json!("enc");
    let keys = json!({"keys": [
        {"kty": "RSA", "alg": "RS256", "kid": "weak", "e": "AQAB", "n": "u".repeat(170) + "A"},
        {"kty": "oct", "alg": "HS256", "kid": "secret", "k": "c".repeat(43)},
        {"kty": "EC", "crv": "P-256", "kid": "nowhere", "x": "A".repeat(43), "y": "A".repeat(43)},
        {"kty": "quantum", "kid": "new"},
        {"kid": "nothing"},
        7,
        private,
        encrypting,
        good.jwk(),
    ]});
    provider.reply("/keys", Reply::Text(keys.to_string()));
    let auth = ready_auth(&provider, &time).await;
    let name = provider.name();
    assert_ann(&ask(&auth, &good.token(&name, time.now())).await);
    assert_invalid(&ask(&auth, &other.token(&name, time.now())).await);
    // J6: what everybody can read is no secret.
    let issuer = Issuer::new(name.clone()).audience("api").jwks_url(provider.url("/keys"));
    let auth = auth_of(issuer.algorithms([Algorithm::HS256]), &time);
    auth.wait_ready().await;
    let forged = other.token_with(json!({"alg": "HS256", "kid": "secret"}), &name, time.now());
    assert_invalid(&ask(&auth, &forged).await);
}

#[test]
fn k2_settings_and_addresses_that_make_no_sense_do_not_build_and_say_what_to_write() {
    let named = |name: &str| Issuer::new(name).audience("api");
    let issuer = || named("https://id.example.com/").jwks_url("https://id.example.com/keys");
    let at = |url: &str| named("https://id.example.com/").jwks_url(url);
    let seconds = Duration::from_secs;
    for (issuer, part) in [
        (at("http://id.example.com/keys"), "write `https`"),
        (at("/keys"), "write it in full"),
        (at("ftp://id.example.com/keys"), "write `https`"),
        (at("https://me:secret@id.example.com/keys"), "leave it out"),
        (named("main").jwks_discovery(), "give `.jwks_url(…)`"),
        (named("http://id.example.com/").jwks_discovery(), "write `https`"),
        (named("https://id.example.com/?a=b").jwks_discovery(), "give `.jwks_url(…)`"),
        (issuer().jwks_discovery(), "give one"),
        (issuer().jwks_url("https://id.example.com/other"), "give one"),
        (issuer().jwks_cooldown(Duration::ZERO), "at least 1 second"),
        (issuer().jwks_timeout(Duration::ZERO), "at least 1 millisecond"),
        (issuer().jwks_limit(0), "at least 1 byte"),
        (issuer().jwks_refresh(seconds(29)), "`.jwks_cooldown(…)`"),
        (issuer().jwks_max_stale(seconds(300)), "between two fetches"),
        (issuer().leeway(seconds(301)), "at most 300 s"),
    ] {
        let error = Auth::builder().issuer(issuer).build().unwrap_err().to_string();
        assert!(error.contains(part), "{part}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
}
