//! Refreshes of keys are counted, with the feature `metrics`.

use auth_tests::Recorded;

use crate::{
    Time, ask, assert_ann, assert_away, assert_invalid,
    provider::{Provider, Reply, Signer, eventually, set},
    ready_auth,
};

#[actix_web::test]
async fn refreshes_are_counted_by_issuer_and_outcome() {
    // Keys are fetched on a thread of their own.
    let recorded = Recorded::default();
    metrics::set_global_recorder(recorded.clone()).unwrap();
    let (mut provider, time) = (Provider::start(), Time::start());
    let (key, other) = (Signer::new("1"), Signer::new("2"));
    let issuer = provider.name();
    let refreshes = |outcome: &str| {
        recorded
            .count(&format!("auth_key_refreshes_total{{issuer={issuer:?},outcome={outcome:?}}}"))
    };
    let confirmed =
        || recorded.gauge(&format!("auth_keys_confirmed_timestamp_seconds{{issuer={issuer:?}}}"));
    let all = || ["fetched", "unchanged", "failed"].map(refreshes);
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a double")]
    let at = |seconds: u64| Some(seconds as f64);

    provider.reply("/keys", Reply::Tagged(set(&[&key]), "\"1\""));
    let auth = ready_auth(&provider, &time).await;
    assert_eq!((all(), confirmed()), ([1, 0, 0], at(time.now())));

    // Somebody names a key that may be new. The issuer says that nothing is.
    time.pass(30);
    let last = time.now();
    assert_invalid(&ask(&auth, &other.token(&issuer, last)).await);
    assert_eq!((all(), confirmed()), ([1, 1, 0], at(last)));

    // While it is away, the time stays what it was.
    provider.go_away();
    time.pass(400);
    assert_ann(&ask(&auth, &key.token(&issuer, time.now())).await);
    assert_away(&ask(&auth, &other.token(&issuer, time.now())).await);
    eventually(|| refreshes("failed") > 0).await;
    assert_eq!((refreshes("fetched"), refreshes("unchanged"), confirmed()), (1, 1, at(last)));
}
