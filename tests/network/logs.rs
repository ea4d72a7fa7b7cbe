//! What the operator finds in the log: whose keys, what is wrong, what to do; and no token.

use std::sync::{LazyLock, Once};

use serde_json::json;

use crate::{
    Time, ask, assert_ann, assert_away, assert_invalid, assert_unusable, auth_of, issuer,
    provider::{Provider, Reply, Signer, eventually},
    ready_auth,
};

static ALL: LazyLock<auth_tests::Log> = LazyLock::new(auth_tests::Log::default);
static LISTEN: Once = Once::new();

/// Collects everything that is logged, by all tests of this program: keys are fetched on threads of their own.
struct Log;

impl Log {
    fn start() {
        LISTEN.call_once(|| {
            let subscriber = tracing_subscriber::fmt()
                .with_max_level(tracing::Level::DEBUG)
                .with_ansi(false)
                .with_writer(|| ALL.clone())
                .finish();
            tracing::subscriber::set_global_default(subscriber).unwrap();
        });
    }

    /// The lines about this issuer; each test has one of its own.
    fn about(provider: &Provider) -> String {
        let (all, port) = (ALL.text(), provider.port().to_string());
        all.lines().filter(|line| line.contains(&port)).collect::<Vec<_>>().join("\n")
    }

    async fn wait_for(provider: &Provider, parts: &[&str]) {
        eventually(|| {
            let log = Self::about(provider);
            log.lines().any(|line| parts.iter().all(|part| line.contains(part)))
        })
        .await;
    }
}

#[actix_web::test]
async fn a18_the_log_names_the_issuer_and_the_fix() {
    Log::start();
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    let rsa =
        json!({"keys": [{"kty": "RSA", "kid": "2026", "e": "AQAB", "n": "u".repeat(341) + "A"}]});
    provider.reply("/keys", Reply::Text(rsa.to_string()));
    let auth = auth_of(issuer(&provider), &time);
    let token = key.token(&provider.name(), time.now());
    assert_unusable(&ask(&auth, &token).await);
    let fix = "add `.algorithms([Algorithm::RS256])` to the issuer";
    Log::wait_for(&provider, &["ERROR", "its keys cannot be used", "answered 500", "2026", fix])
        .await;
    Log::wait_for(&provider, &["ERROR", "credentials cannot be verified", fix]).await;

    provider.reply("/keys", Reply::Status(404));
    time.pass(30);
    assert_unusable(&ask(&auth, &token).await);
    Log::wait_for(&provider, &["ERROR", "/keys", "404 Not Found"]).await;

    let text = Log::about(&provider);
    for part in token.split('.') {
        assert!(!text.contains(part), "{text}");
    }
}

#[actix_web::test]
async fn k5_the_log_says_how_the_issuer_is_really_called() {
    Log::start();
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    // The commonest mistake: a slash.
    let document = json!({"issuer": provider.url(""), "jwks_uri": provider.url("/keys")});
    provider.reply("/.well-known/openid-configuration", Reply::Text(document.to_string()));
    let issuer = auth_runtime::Issuer::new(provider.name()).audience("api").jwks_discovery();
    let auth = auth_of(issuer, &time);
    assert_unusable(&ask(&auth, &key.token(&provider.name(), time.now())).await);
    let said = format!("that of the issuer {:?}", provider.url(""));
    Log::wait_for(&provider, &["ERROR", &said, "exactly so in `Issuer::new(…)`"]).await;
}

#[actix_web::test]
async fn a17_k4_the_log_says_how_long_keys_last() {
    Log::start();
    let (mut provider, time) = (Provider::start(), Time::start());
    let (key, other) = (Signer::new("1"), Signer::new("2"));
    provider.publish(&[&key]);
    let auth = ready_auth(&provider, &time).await;
    Log::wait_for(&provider, &["INFO", "its key set is new", "keys=1", "generation=1"]).await;
    // The same set again is nothing new.
    time.pass(30);
    assert_invalid(&ask(&auth, &other.token(&provider.name(), time.now())).await);
    assert_eq!(provider.asked("/keys"), 2);
    assert_eq!(Log::about(&provider).matches("its key set is new").count(), 1);

    provider.go_away();
    time.pass(400);
    assert_ann(&ask(&auth, &key.token(&provider.name(), time.now())).await);
    assert_away(&ask(&auth, &other.token(&provider.name(), time.now())).await);
    Log::wait_for(&provider, &["WARN", "cannot be fetched", "for another 86000 s"]).await;
    time.pass(86_000);
    assert_away(&ask(&auth, &key.token(&provider.name(), time.now())).await);
    Log::wait_for(&provider, &["WARN", "cannot be fetched", "answered 503"]).await;
}

/// L1
#[actix_web::test]
async fn l1_a_key_in_the_query_of_a_url_is_not_logged() {
    Log::start();
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    for reply in [Reply::Status(404), Reply::Text("{}".to_owned()), Reply::Status(500)] {
        provider.reply("/keys?key=t0p", reply);
        let issuer = auth_runtime::Issuer::new(provider.name())
            .audience("api")
            .jwks_url(provider.url("/keys?key=t0p"));
        let answer = ask(&auth_of(issuer, &time), &key.token(&provider.name(), time.now())).await;
        assert!(answer.status.is_server_error(), "{answer:?}");
    }
    assert_eq!(provider.asked("/keys?key=t0p"), 3);
    Log::wait_for(&provider, &["WARN", "/keys`: the answer is 500"]).await;
    assert!(!Log::about(&provider).contains("t0p"), "{}", Log::about(&provider));
}

#[actix_web::test]
async fn keys_that_are_passed_over_are_named() {
    Log::start();
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    let mut private = key.jwk();
    private["d"] = json!("c2VjcmV0");
    let keys = json!({"keys": [
        {"kty": "RSA", "alg": "RS256", "kid": "weak", "e": "AQAB", "n": "u".repeat(170) + "A"},
        private,
        Signer::new("2").jwk(),
    ]});
    provider.reply("/keys", Reply::Text(keys.to_string()));
    ready_auth(&provider, &time).await;
    Log::wait_for(&provider, &["WARN", "key 1 (kid \\\"weak\\\")", "2048 to 4096 bits"]).await;
    Log::wait_for(&provider, &["WARN", "key 2 (kid \\\"1\\\")", "anybody can sign with it"]).await;
    assert!(!Log::about(&provider).contains("c2VjcmV0"));
}
