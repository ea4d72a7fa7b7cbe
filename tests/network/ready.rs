//! Readiness, and the handler for health checks.

use std::time::Duration;

use actix_web::{
    App,
    rt::time::timeout,
    test::{TestRequest, call_service, init_service},
    web,
};
use auth_runtime::{Auth, ready};
use auth_tests::{Answer, Tokens};

use crate::{
    NOT_AVAILABLE, Time, ask, assert_ann, auth_of, issuer,
    provider::{Provider, Reply, Signer, eventually},
};

async fn health(auth: Option<&Auth>) -> Answer {
    let mut app = App::new().route("/health", web::get().to(ready));
    if let Some(auth) = auth {
        app = app.app_data(auth.clone());
    }
    let app = init_service(app).await;
    let response = call_service(&app, TestRequest::get().uri("/health").to_request()).await;
    Answer::of(response).await
}

#[track_caller]
fn assert_health(answer: &Answer, status: u16, body: &str) {
    assert_eq!((answer.status.as_u16(), &*answer.body), (status, body));
    assert_eq!(answer.content_type.as_deref(), Some("application/json"));
    assert_eq!(answer.cache_control.as_deref(), Some("no-store"));
    assert!(answer.challenges.is_empty());
}

#[actix_web::test]
async fn an_application_is_ready_once_the_keys_of_every_issuer_are_there() {
    let (first, second, time) = (Provider::start(), Provider::start(), Time::start());
    let key = Signer::new("1");
    first.publish(&[&key]);
    second.reply("/keys", Reply::Hang);
    let auth = Auth::builder()
        .issuer(issuer(&first).jwks_max_stale(Duration::from_secs(400)))
        .issuer(issuer(&second))
        .clock({
            let time = time.clone();
            move || time.now()
        })
        .build()
        .unwrap();
    assert_ann(&ask(&auth, &key.token(&first.name(), time.now())).await);
    assert_health(&health(Some(&auth)).await, 503, r#"{"ready":false}"#);
    assert!(timeout(Duration::from_millis(50), auth.wait_ready()).await.is_err());
    second.publish(&[&key]);
    timeout(Duration::from_secs(10), auth.wait_ready()).await.unwrap();
    assert_health(&health(Some(&auth)).await, 200, r#"{"ready":true}"#);

    // Keys that have run out are no keys; and the health check itself is enough to have them fetched.
    time.pass(400);
    let asked = first.asked("/keys");
    assert_health(&health(Some(&auth)).await, 503, r#"{"ready":false}"#);
    first.wait_for("/keys", asked + 1).await;
    eventually(|| auth.is_ready()).await;
}

#[actix_web::test]
async fn what_needs_no_network_is_ready_at_once_and_what_has_no_auth_never() {
    let auth = Tokens::ready().auth();
    auth.wait_ready().await;
    assert_health(&health(Some(&auth)).await, 200, r#"{"ready":true}"#);
    health(None).await.assert(500, None, NOT_AVAILABLE);
}

#[actix_web::test]
async fn an_auth_that_waits_for_keys_can_be_dropped() {
    let (provider, time) = (Provider::start(), Time::start());
    provider.reply("/keys", Reply::Hang);
    let auth = auth_of(issuer(&provider), &time);
    provider.wait_for("/keys", 1).await;
    drop(auth);
}
