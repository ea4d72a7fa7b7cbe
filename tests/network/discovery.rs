//! Metadata by OpenID Connect Discovery 1.0 §4 and RFC 8414 §3; CHECKLIST K5.

use std::time::Duration;

use auth_runtime::Issuer;
use serde_json::json;

use crate::{
    Time, ask, assert_ann, assert_away, assert_invalid, assert_unusable, auth_of,
    provider::{Provider, Reply, Signer, set},
};

const OPENID: &str = "/realms/main/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server/realms/main";

/// An issuer below a path, without a slash at its end.
fn name(provider: &Provider) -> String {
    provider.url("/realms/main")
}

fn issuer(provider: &Provider) -> Issuer {
    Issuer::new(name(provider)).audience("api").jwks_discovery()
}

fn metadata(issuer: &str, keys: &str) -> Reply {
    let more = "x".repeat(100);
    Reply::Text(json!({"issuer": issuer, "jwks_uri": keys, "claims_supported": [more]}).to_string())
}

#[actix_web::test]
async fn keys_are_found_by_the_name_of_the_issuer() {
    for path in [OPENID, OAUTH] {
        let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
        provider.publish(&[&key]);
        provider.reply(path, metadata(&name(&provider), &provider.url("/keys")));
        let auth = auth_of(issuer(&provider), &time);
        assert_ann(&ask(&auth, &key.token(&name(&provider), time.now())).await);
        assert_eq!(provider.asked(path), 1);
        // The first that has it is enough.
        assert_eq!(provider.asked(OPENID), 1);
    }
}

#[actix_web::test]
async fn a_page_for_people_is_no_metadata() {
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    provider.publish(&[&key]);
    provider.reply(OPENID, Reply::Text("<!doctype html>".to_owned()));
    provider.reply(OAUTH, metadata(&name(&provider), &provider.url("/keys")));
    let auth = auth_of(issuer(&provider), &time);
    assert_ann(&ask(&auth, &key.token(&name(&provider), time.now())).await);
}

#[actix_web::test]
async fn k5_a18_metadata_of_another_issuer_is_refused() {
    let (elsewhere, key) = (Provider::start(), Signer::new("1"));
    elsewhere.publish(&[&key]);
    for other in ["https://id.example.com", "/", "x", ""] {
        let (provider, time) = (Provider::start(), Time::start());
        provider.publish(&[&key]);
        let other = if other.len() < 2 { name(&provider) + other } else { other.to_owned() };
        if other == name(&provider) {
            continue;
        }
        provider.reply(OPENID, metadata(&other, &provider.url("/keys")));
        // Whoever answers so is not asked for another document either.
        provider.reply(OAUTH, metadata(&name(&provider), &elsewhere.url("/keys")));
        let auth = auth_of(issuer(&provider), &time);
        for issuer in [&name(&provider), &other] {
            let answer = ask(&auth, &key.token(issuer, time.now())).await;
            if *issuer == other {
                assert_invalid(&answer);
            } else {
                assert_unusable(&answer);
            }
        }
        assert_eq!(provider.asked("/keys"), 0, "{other}");
        assert_eq!(elsewhere.requests(), []);
    }
}

#[actix_web::test]
async fn k5_metadata_that_turns_into_another_issuer_s_leaves_the_old_keys_in_use() {
    let (provider, time) = (Provider::start(), Time::start());
    let (key, other) = (Signer::new("1"), Signer::new("2"));
    provider.publish(&[&key]);
    provider.reply(OPENID, metadata(&name(&provider), &provider.url("/keys")));
    let auth = auth_of(issuer(&provider), &time);
    auth.wait_ready().await;
    provider.reply(OPENID, metadata("https://id.example.com/", &provider.url("/others")));
    time.pass(30);
    assert_unusable(&ask(&auth, &other.token(&name(&provider), time.now())).await);
    assert_ann(&ask(&auth, &key.token(&name(&provider), time.now())).await);
    assert_eq!(provider.asked("/others"), 0);
}

#[actix_web::test]
async fn a18_metadata_that_leads_nowhere_is_500() {
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    let own = name(&provider);
    for reply in [
        metadata(&own, "http://id.example.com/keys"),
        metadata(&own, "file:///etc/passwd"),
        metadata(&own, "/keys"),
        Reply::Text(json!({ "issuer": own }).to_string()),
        Reply::Text("[]".to_owned()),
        Reply::Status(404),
    ] {
        provider.reply(OPENID, reply);
        let auth = auth_of(issuer(&provider), &time);
        assert_unusable(&ask(&auth, &key.token(&own, time.now())).await);
    }
}

#[actix_web::test]
async fn a17_metadata_that_cannot_be_fetched_is_503() {
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    provider.publish(&[&key]);
    provider.reply(OPENID, Reply::Status(500));
    provider.reply(OAUTH, metadata(&name(&provider), &provider.url("/keys")));
    let auth = auth_of(issuer(&provider), &time);
    let token = key.token(&name(&provider), time.now());
    assert_away(&ask(&auth, &token).await);
    // Whoever is away has not said that it has no such document.
    assert_eq!(provider.asked(OAUTH), 0);
    provider.reply(OPENID, metadata(&name(&provider), &provider.url("/keys")));
    time.pass(1);
    assert_ann(&ask(&auth, &token).await);
}

/// K2
#[actix_web::test]
async fn k2_the_time_limit_is_that_of_all_documents_together() {
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    let own = name(&provider);
    let Reply::Text(document) = metadata(&own, &provider.url("/keys")) else { unreachable!() };
    let slowly = |body: String| {
        let pause = Duration::from_millis(400) / u32::try_from(body.len()).unwrap();
        Reply::Slow(body, pause)
    };
    provider.reply(OAUTH, slowly(document));
    provider.reply("/keys", slowly(set(&[&key])));
    for (limit, status) in [(Duration::from_millis(600), 503), (Duration::from_secs(15), 200)] {
        let auth = auth_of(issuer(&provider).jwks_timeout(limit), &time);
        let answer = ask(&auth, &key.token(&own, time.now())).await;
        assert_eq!(answer.status, status, "{limit:?}: {answer:?}");
    }
}

#[actix_web::test]
async fn keys_are_looked_for_where_they_were_while_metadata_is_away_and_where_it_says_later() {
    let (provider, elsewhere, time) = (Provider::start(), Provider::start(), Time::start());
    let (first, second, third) = (Signer::new("1"), Signer::new("2"), Signer::new("3"));
    let own = name(&provider);
    provider.publish(&[&first]);
    provider.reply(OPENID, metadata(&own, &provider.url("/keys")));
    let auth = auth_of(issuer(&provider), &time);
    auth.wait_ready().await;

    provider.reply(OPENID, Reply::Status(503));
    provider.reply("/keys", Reply::Tagged(set(&[&second]), "\"1\""));
    time.pass(30);
    assert_ann(&ask(&auth, &second.token(&own, time.now())).await);

    // The metadata may name another host: it is the issuer's own word. A tag means something at its own address alone.
    elsewhere.reply("/keys", Reply::Tagged(set(&[&third]), "\"1\""));
    provider.reply(OPENID, metadata(&own, &elsewhere.url("/keys")));
    time.pass(30);
    assert_ann(&ask(&auth, &third.token(&own, time.now())).await);
    assert_invalid(&ask(&auth, &second.token(&own, time.now())).await);
    assert_eq!(provider.asked("/keys"), 2);
}

#[actix_web::test]
async fn metadata_and_keys_have_tags_of_their_own() {
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    let own = name(&provider);
    let Reply::Text(document) = metadata(&own, &provider.url("/keys")) else { unreachable!() };
    provider.reply(OPENID, Reply::Tagged(document, "\"metadata\""));
    provider.reply("/keys", Reply::Tagged(set(&[&key]), "\"keys\""));
    let auth = auth_of(issuer(&provider), &time);
    auth.wait_ready().await;
    time.pass(30);
    assert_invalid(&ask(&auth, &Signer::new("2").token(&own, time.now())).await);
    assert_ann(&ask(&auth, &key.token(&own, time.now())).await);
    let asked = |path: &str, tag: Option<&str>| (path.to_owned(), tag.map(str::to_owned));
    assert_eq!(
        provider.requests(),
        [
            asked(OPENID, None),
            asked("/keys", None),
            asked(OPENID, Some("\"metadata\"")),
            asked("/keys", Some("\"keys\"")),
        ]
    );
}
