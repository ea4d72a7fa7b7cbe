//! CHECKLIST K1, K3, K4, K6 and J9; RESPONSES A9: which keys count, and who waits for them.

use std::time::{Duration, Instant};

use actix_web::{
    App,
    http::header::AUTHORIZATION,
    rt::System,
    test::{TestRequest, call_service, init_service},
};
use auth_runtime::{Algorithm, Auth, Issuer, Key};
use auth_tests::Answer;
use futures_util::future::join_all;
use serde_json::json;

use crate::{
    Time, ask, assert_ann, assert_away, assert_invalid, auth_of, issuer, me,
    provider::{Provider, Reply, Signer, set},
    ready_auth,
};

#[actix_web::test]
async fn build_returns_at_once_and_the_first_requests_wait_for_the_first_fetch() {
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    provider.reply("/keys", Reply::Hang);
    let start = Instant::now();
    let auth = auth_of(issuer(&provider), &time);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert!(!auth.is_ready());

    let token = key.token(&provider.name(), time.now());
    let asking = async {
        let answers = join_all((0..20).map(|_| ask(&auth, &token))).await;
        answers.iter().for_each(assert_ann);
    };
    let publishing = async {
        provider.wait_for("/keys", 1).await;
        provider.publish(&[&key]);
    };
    futures_util::join!(asking, publishing);
    assert_eq!(provider.asked("/keys"), 1);
}

/// Where several issuers are trusted, what is remembered of a token ends with the keys of its own.
#[actix_web::test]
async fn k6_a_verdict_dies_with_the_keys_of_its_own_issuer() {
    let (first, second, time) = (Provider::start(), Provider::start(), Time::start());
    let [of_first, old, new] = ["1", "old", "new"].map(Signer::new);
    first.publish(&[&of_first]);
    second.publish(&[&old]);
    let clock = time.clone();
    let auth = Auth::builder()
        .issuer(issuer(&first))
        .issuer(issuer(&second))
        .clock(move || clock.now())
        .build()
        .unwrap();
    auth.wait_ready().await;
    let by_first = of_first.token(&first.name(), time.now());
    let by_old = old.token(&second.name(), time.now());
    for token in [&by_first, &by_old, &by_first, &by_old] {
        assert_ann(&ask(&auth, token).await);
    }
    // The second one rotates, which is noticed when somebody brings its new key.
    second.publish(&[&new]);
    time.pass(30);
    assert_ann(&ask(&auth, &new.token(&second.name(), time.now())).await);
    assert_invalid(&ask(&auth, &by_old).await);
    assert_ann(&ask(&auth, &by_first).await);
}

#[actix_web::test]
async fn a9_an_unknown_kid_is_refused_after_one_refresh() {
    let (provider, time) = (Provider::start(), Time::start());
    let (known, unknown) = (Signer::new("1"), Signer::new("2"));
    provider.publish(&[&known]);
    let auth = ready_auth(&provider, &time).await;
    let token = unknown.token(&provider.name(), time.now());

    // Asked a moment ago: no need to ask again.
    assert_invalid(&ask(&auth, &token).await);
    assert_eq!(provider.asked("/keys"), 1);
    time.pass(29);
    assert_invalid(&ask(&auth, &token).await);
    assert_eq!(provider.asked("/keys"), 1);
    time.pass(1);
    assert_invalid(&ask(&auth, &token).await);
    assert_eq!(provider.asked("/keys"), 2);
    assert_ann(&ask(&auth, &known.token(&provider.name(), time.now())).await);
}

/// Two hundred requests from four threads, as the workers of a server are.
fn flood(auth: &Auth, provider: &Provider, time: &Time, prefix: &str) -> Vec<Answer> {
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let (auth, name, now) = (auth.clone(), provider.name(), time.now());
            let prefix = prefix.to_owned();
            std::thread::spawn(move || {
                System::new().block_on(async {
                    let app = init_service(App::new().app_data(auth).service(me)).await;
                    let tokens = (0..50).map(|index| {
                        Signer::new(&format!("{prefix}-{thread}-{index}")).token(&name, now)
                    });
                    let asked = tokens.map(|token| {
                        let request = TestRequest::get()
                            .uri("/me")
                            .insert_header((AUTHORIZATION, format!("Bearer {token}")));
                        call_service(&app, request.to_request())
                    });
                    let responses = join_all(asked.collect::<Vec<_>>()).await;
                    join_all(responses.into_iter().map(Answer::of)).await
                })
            })
        })
        .collect();
    threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
}

#[actix_web::test]
async fn k1_k3_two_hundred_concurrent_requests_with_unknown_kids_make_one_fetch() {
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    provider.publish(&[&key]);
    let auth = ready_auth(&provider, &time).await;
    assert_eq!(provider.asked("/keys"), 1);

    for (wave, fetches) in [(1, 1), (2, 2), (3, 3)] {
        let answers = flood(&auth, &provider, &time, &format!("wave{wave}"));
        assert_eq!(answers.len(), 200);
        answers.iter().for_each(assert_invalid);
        // The first wave comes within the cooldown of the first fetch.
        assert_eq!(provider.asked("/keys"), fetches, "wave {wave}");
        let again = flood(&auth, &provider, &time, &format!("again{wave}"));
        again.iter().for_each(assert_invalid);
        assert_eq!(provider.asked("/keys"), fetches, "wave {wave}, again");
        time.pass(30);
    }
}

#[actix_web::test]
async fn k3_two_hundred_requests_share_a_slow_fetch_and_get_what_it_brings() {
    let (provider, time) = (Provider::start(), Time::start());
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    provider.publish(&[&old]);
    let auth = ready_auth(&provider, &time).await;
    time.pass(30);
    let (body, name) = (set(&[&old, &new]), provider.name());
    provider.reply("/keys", Reply::Slow(body, Duration::from_millis(1)));
    let token = new.token(&name, time.now());
    let app = init_service(App::new().app_data(auth).service(me)).await;
    let asked = (0..200).map(|_| {
        let request =
            TestRequest::get().uri("/me").insert_header((AUTHORIZATION, format!("Bearer {token}")));
        call_service(&app, request.to_request())
    });
    let answers = join_all(asked.collect::<Vec<_>>()).await;
    for answer in answers {
        assert_ann(&Answer::of(answer).await);
    }
    assert_eq!(provider.asked("/keys"), 2);
}

#[actix_web::test]
async fn k3_a_request_whose_key_is_known_never_waits_for_a_fetch() {
    let (provider, time) = (Provider::start(), Time::start());
    let (known, unknown) = (Signer::new("1"), Signer::new("2"));
    provider.publish(&[&known]);
    let auth = auth_of(issuer(&provider).jwks_timeout(Duration::from_secs(15)), &time);
    auth.wait_ready().await;
    provider.reply("/keys", Reply::Hang);

    // Nobody is made to wait by a refresh that is due.
    time.pass(5 * 60);
    let (token, name) = (known.token(&provider.name(), time.now()), provider.name());
    assert_ann(&ask(&auth, &token).await);
    provider.wait_for("/keys", 2).await;
    let start = Instant::now();
    for _ in 0..100 {
        assert_ann(&ask(&auth, &token).await);
    }
    // Nor by somebody who does wait.
    let unknown = unknown.token(&name, time.now());
    let waiting = {
        let auth = auth.clone();
        actix_web::rt::spawn(async move { ask(&auth, &unknown).await })
    };
    actix_web::rt::task::yield_now().await;
    for _ in 0..100 {
        assert_ann(&ask(&auth, &token).await);
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(!waiting.is_finished());
    assert_eq!(provider.asked("/keys"), 2);
    provider.publish(&[&known]);
    assert_invalid(&waiting.await.unwrap());
    assert_eq!(provider.asked("/keys"), 2);
}

/// Has this key, and uses it for 3,000 seconds after the issuer last said so.
async fn stale_after_3_000(key: &Signer) -> (Provider, Time, Auth) {
    let (provider, time) = (Provider::start(), Time::start());
    provider.publish(&[key]);
    let issuer = issuer(&provider).jwks_max_stale(Duration::from_secs(3_000));
    let auth = auth_of(issuer, &time);
    auth.wait_ready().await;
    (provider, time, auth)
}

#[actix_web::test]
async fn k4_keys_of_an_issuer_that_is_away_are_used_until_they_are_too_old() {
    let (known, unknown) = (Signer::new("1"), Signer::new("2"));
    let (mut provider, time, auth) = stale_after_3_000(&known).await;
    let token = known.token(&provider.name(), time.now());
    let confirmed = time.now();
    provider.go_away();

    while time.now() + 600 < confirmed + 3_000 {
        time.pass(600);
        assert_ann(&ask(&auth, &token).await);
        assert!(auth.is_ready());
        // Whether this is a new key of an issuer that is away, nobody can tell at the moment.
        assert_away(&ask(&auth, &unknown.token(&provider.name(), time.now())).await);
    }
    time.pass(confirmed + 2_999 - time.now());
    assert_ann(&ask(&auth, &token).await);
    time.pass(1);
    let answer = ask(&auth, &token).await;
    assert_away(&answer);
    assert!(!auth.is_ready());

    provider.come_back();
    time.pass(30);
    assert_ann(&ask(&auth, &token).await);
    assert!(auth.is_ready());
    assert_invalid(&ask(&auth, &unknown.token(&provider.name(), time.now())).await);
}

/// They were used for as much longer as the clock had been ahead.
#[actix_web::test]
async fn k4_keys_last_no_longer_where_the_clock_is_put_back() {
    let (known, unknown) = (Signer::new("1"), Signer::new("2"));
    let (mut provider, time, auth) = stale_after_3_000(&known).await;
    provider.go_away();
    time.put_back(100_000);
    let token = known.token(&provider.name(), time.now());
    // Whoever sends a key that is not known waits until the issuer has been asked.
    assert_away(&ask(&auth, &unknown.token(&provider.name(), time.now())).await);
    time.pass(2_999);
    assert_ann(&ask(&auth, &token).await);
    time.pass(1);
    assert_away(&ask(&auth, &token).await);
    assert!(!auth.is_ready());
}

#[actix_web::test]
async fn a17_k4_an_issuer_that_was_never_there_is_503_and_once_it_comes_all_is_well() {
    let (mut provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    provider.publish(&[&key]);
    provider.go_away();
    let auth = auth_of(issuer(&provider), &time);
    let token = key.token(&provider.name(), time.now());
    let answer = ask(&auth, &token).await;
    assert_away(&answer);
    // There is nothing to go on with, so it is asked again soon.
    assert_eq!(answer.retry_after.as_deref(), Some("1"));
    time.pass(1);
    assert_eq!(ask(&auth, &token).await.retry_after.as_deref(), Some("2"));
    time.pass(2);
    assert_eq!(ask(&auth, &token).await.retry_after.as_deref(), Some("4"));
    for _ in 0..10 {
        time.pass(30);
        assert_away(&ask(&auth, &token).await);
    }
    // And at last as seldom as any other.
    assert_eq!(ask(&auth, &token).await.retry_after.as_deref(), Some("30"));
    time.pass(29);
    provider.come_back();
    assert_away(&ask(&auth, &token).await);
    time.pass(1);
    assert_ann(&ask(&auth, &token).await);
    assert_eq!(provider.asked("/keys"), 1);
}

#[actix_web::test]
async fn k6_a_rotated_in_key_works_after_one_refresh_and_a_rotated_out_one_stops_working() {
    let (provider, time) = (Provider::start(), Time::start());
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    provider.publish(&[&old]);
    let auth = ready_auth(&provider, &time).await;
    let name = provider.name();
    let (old_token, new_token) = (old.token(&name, time.now()), new.token(&name, time.now()));
    assert_ann(&ask(&auth, &old_token).await);
    assert_invalid(&ask(&auth, &new_token).await);

    // In: the first token that names it fetches it.
    provider.publish(&[&old, &new]);
    time.pass(30);
    assert_ann(&ask(&auth, &new_token).await);
    assert_ann(&ask(&auth, &old_token).await);
    assert_eq!(provider.asked("/keys"), 2);

    // Out: with the next refresh, which comes without anybody asking for an unknown key.
    provider.publish(&[&new]);
    time.pass(5 * 60);
    ask(&auth, &new_token).await;
    provider.wait_for("/keys", 3).await;
    eventually_refused(&auth, &old_token).await;
    assert_ann(&ask(&auth, &new_token).await);
}

async fn eventually_refused(auth: &Auth, token: &str) {
    let start = Instant::now();
    loop {
        let answer = ask(auth, token).await;
        if answer.status == 401 {
            return assert_invalid(&answer);
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{answer:?}");
    }
}

#[actix_web::test]
async fn k6_the_refresh_comes_by_itself_where_nobody_asks() {
    let (provider, time) = (Provider::start(), Time::start());
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    provider.publish(&[&old]);
    let second = Duration::from_secs(1);
    let issuer = issuer(&provider).jwks_cooldown(second).jwks_refresh(second);
    // The real clock: a second is short enough.
    let auth = Auth::builder().issuer(issuer).build().unwrap();
    auth.wait_ready().await;
    let name = provider.name();
    provider.publish(&[&new]);
    provider.wait_for("/keys", 3).await;
    assert_ann(&ask(&auth, &new.token(&name, time.now())).await);
    assert_invalid(&ask(&auth, &old.token(&name, time.now())).await);
}

#[actix_web::test]
async fn k6_keys_without_a_name_rotate_too() {
    let (provider, time) = (Provider::start(), Time::start());
    let (old, new) = (Signer::unnamed(), Signer::unnamed());
    provider.publish(&[&old]);
    let auth = ready_auth(&provider, &time).await;
    let name = provider.name();
    assert_ann(&ask(&auth, &old.token(&name, time.now())).await);
    provider.publish(&[&new]);
    assert_invalid(&ask(&auth, &new.token(&name, time.now())).await);
    time.pass(30);
    assert_ann(&ask(&auth, &new.token(&name, time.now())).await);
    assert_invalid(&ask(&auth, &old.token(&name, time.now())).await);
    assert_eq!(provider.asked("/keys"), 2);
}

#[actix_web::test]
async fn k1_a_forged_signature_under_a_known_name_asks_nobody() {
    let (provider, time) = (Provider::start(), Time::start());
    provider.publish(&[&Signer::new("1")]);
    let auth = ready_auth(&provider, &time).await;
    time.pass(60);
    assert_invalid(&ask(&auth, &Signer::new("1").token(&provider.name(), time.now())).await);
    // Nor does an algorithm that no published key can have.
    let hs256 = Signer::new("2").token_with(json!({"alg": "HS256"}), &provider.name(), time.now());
    assert_invalid(&ask(&auth, &hs256).await);
    assert_eq!(provider.asked("/keys"), 1);
}

#[actix_web::test]
async fn j9_nothing_in_a_token_selects_a_url() {
    let (provider, elsewhere, time) = (Provider::start(), Provider::start(), Time::start());
    let (key, attacker) = (Signer::new("1"), Signer::new("attacker"));
    provider.publish(&[&key]);
    elsewhere.publish(&[&attacker]);
    let auth = ready_auth(&provider, &time).await;
    time.pass(60);
    for header in [
        json!({"jku": elsewhere.url("/keys")}),
        json!({"x5u": elsewhere.url("/keys")}),
        json!({"jwk": attacker.jwk()}),
        json!({"kid": elsewhere.url("/keys")}),
        json!({"iss": elsewhere.name()}),
    ] {
        let token = attacker.token_with(header, &provider.name(), time.now());
        assert_invalid(&ask(&auth, &token).await);
        time.pass(30);
    }
    // An issuer that is not trusted is not asked either.
    assert_invalid(&ask(&auth, &attacker.token(&elsewhere.name(), time.now())).await);
    assert_eq!(elsewhere.requests(), []);
    assert!(provider.requests().iter().all(|(path, _)| path == "/keys"));
}

/// J20: a token that is judged later is judged by the same rules.
#[actix_web::test]
async fn the_leeway_counts_for_a_token_that_had_to_wait_for_its_key() {
    let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
    provider.publish(&[&key]);
    for (age, status) in [(3_600 + 59, 200), (3_600 + 60, 401)] {
        let auth = auth_of(issuer(&provider), &time);
        let answer = ask(&auth, &key.token(&provider.name(), time.now() - age)).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    assert_eq!(provider.asked("/keys"), 2);
}

/// A token is judged by the time at which its key is there.
#[actix_web::test]
async fn a6_a_token_may_expire_while_it_waits_for_its_key() {
    for (passes, status) in [(3_600 + 59, 200), (3_600 + 60, 401)] {
        let (provider, time, key) = (Provider::start(), Time::start(), Signer::new("1"));
        provider.reply("/keys", Reply::Hang);
        let auth = auth_of(issuer(&provider), &time);
        let token = key.token(&provider.name(), time.now());
        let publishing = async {
            provider.wait_for("/keys", 1).await;
            time.pass(passes);
            provider.publish(&[&key]);
        };
        let (answer, ()) = futures_util::join!(ask(&auth, &token), publishing);
        assert_eq!(answer.status, status, "{answer:?}");
    }
}

#[actix_web::test]
async fn a_clock_that_was_put_back_stops_no_refresh() {
    let (provider, time) = (Provider::start(), Time::start());
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    provider.publish(&[&old]);
    let auth = ready_auth(&provider, &time).await;
    provider.publish(&[&new]);
    time.put_back(3_600);
    assert_ann(&ask(&auth, &new.token(&provider.name(), time.now())).await);
    // And it was that one.
    assert_eq!(provider.asked("/keys"), 2);
}

#[actix_web::test]
async fn local_keys_stand_beside_published_ones() {
    let (mut provider, time) = (Provider::start(), Time::start());
    let (local, published) = (Signer::new("local"), Signer::new("published"));
    provider.publish(&[&published]);
    let issuer = issuer(&provider).key(Key::jwk(local.jwk().to_string()));
    let auth = auth_of(issuer, &time);
    auth.wait_ready().await;
    for key in [&local, &published] {
        assert_ann(&ask(&auth, &key.token(&provider.name(), time.now())).await);
    }
    provider.go_away();
    let name = provider.name();
    let away = Issuer::new(name.clone())
        .audience("api")
        .jwks_url(provider.url("/keys"))
        .key(Key::jwk(local.jwk().to_string()));
    let auth = auth_of(away, &time);
    assert_ann(&ask(&auth, &local.token(&name, time.now())).await);
    assert_away(&ask(&auth, &published.token(&name, time.now())).await);
}

/// J5
#[test]
fn j5_a_secret_cannot_stand_beside_published_keys() {
    let issuer = Issuer::new("http://127.0.0.1:9/")
        .audience("api")
        .jwks_discovery()
        .key(Key::secret(Algorithm::HS256, [7; 32]));
    let error = Auth::builder().issuer(issuer).build().unwrap_err().to_string();
    assert!(error.contains("symmetric and asymmetric"), "{error}");
}

#[actix_web::test]
async fn two_issuers_have_keys_of_their_own_and_one_does_not_wait_for_the_other() {
    let (first, second, time) = (Provider::start(), Provider::start(), Time::start());
    let (key, other) = (Signer::new("1"), Signer::new("1"));
    first.publish(&[&key]);
    second.reply("/keys", Reply::Hang);
    let auth = Auth::builder()
        .issuer(issuer(&first))
        .issuer(issuer(&second).jwks_timeout(Duration::from_secs(15)))
        .clock({
            let time = time.clone();
            move || time.now()
        })
        .build()
        .unwrap();
    second.wait_for("/keys", 1).await;
    assert_ann(&ask(&auth, &key.token(&first.name(), time.now())).await);
    assert!(!auth.is_ready());
    second.publish(&[&other]);
    assert_ann(&ask(&auth, &other.token(&second.name(), time.now())).await);
    // J15
    assert_invalid(&ask(&auth, &key.token(&second.name(), time.now())).await);
    assert_invalid(&ask(&auth, &other.token(&first.name(), time.now())).await);
}

#[actix_web::test]
async fn nobody_fetches_after_the_last_clone_is_gone() {
    let (provider, key) = (Provider::start(), Signer::new("1"));
    provider.publish(&[&key]);
    let second = Duration::from_secs(1);
    let issuer = issuer(&provider).jwks_cooldown(second).jwks_refresh(second);
    let auth = Auth::builder().issuer(issuer).build().unwrap();
    let clone = auth.clone();
    auth.wait_ready().await;
    drop(auth);
    // One clone is enough to go on.
    provider.wait_for("/keys", 2).await;
    drop(clone);
    // One may be under way.
    actix_web::rt::time::sleep(Duration::from_millis(200)).await;
    let asked = provider.asked("/keys");
    actix_web::rt::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(provider.asked("/keys"), asked);
}
