//! How many revocations there are, and how old that is, is measured, with the feature `metrics`.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use auth_runtime::{
    clock::{Clock, SystemClock},
    testing::TestIssuer,
};
use auth_tests::Recorded;

use crate::{ISSUER, Instance, Redis, SECOND, redis, within};

/// Longer than it takes until the next figure.
const SOON: std::time::Duration = SECOND.saturating_mul(5);

#[actix_web::test]
async fn a17_the_lag_grows_while_redis_is_away_and_is_gone_when_it_is_back() {
    let Some(mut store) = Redis::start() else { return };
    let recorded = Recorded::default();
    metrics::set_global_recorder(recorded.clone()).unwrap();
    let held = || recorded.gauge(r#"auth_revocations{store="redis",prefix="measured"}"#);
    let lag = || recorded.gauge(r#"auth_revocation_lag_seconds{prefix="measured"}"#);
    let lags = |at_least: f64| lag().is_some_and(|lag| (at_least..at_least + 20.0).contains(&lag));

    let now = Arc::new(AtomicU64::new(SystemClock.now()));
    let clock = || {
        let now = Arc::clone(&now);
        move || now.load(Ordering::SeqCst)
    };
    let issuer = TestIssuer::new();
    let builder = || redis(store.url()).prefix("measured").clock(clock());

    // Nothing was ever loaded: what is known is as old as the process.
    let builder_without_redis = builder();
    store.kill();
    let instance = Instance::with_clock(&issuer, builder_without_redis, clock());
    within(SOON, "there is a figure from the beginning", || lag() == Some(0.0));
    now.fetch_add(40, Ordering::SeqCst);
    within(SOON, "it grows before anything was loaded", || lags(40.0));

    assert!(store.restart());
    instance.wait().await;
    within(SOON, "all is known", || lags(0.0) && held() == Some(0.0));
    instance.revocations.revoke_token(ISSUER, "one", u64::MAX).await.unwrap();
    instance.revocations.revoke_subject(ISSUER, "ann", 4_000_000_000).await.unwrap();
    within(SOON, "revocations are counted", || held() == Some(2.0));

    store.kill();
    for seconds in [30.0, 70.0] {
        now.fetch_add(if seconds < 50.0 { 30 } else { 40 }, Ordering::SeqCst);
        within(SOON, "it grows while Redis is away", || lags(seconds));
    }
    assert!(!instance.revocations.is_ready());
    assert!(store.restart());
    within(SOON, "it is gone", || lags(0.0));
}
