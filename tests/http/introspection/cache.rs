//! CHECKLIST P3: what is remembered, and for how long; and who waits for whose answer.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Poll,
    thread,
    time::{Duration, Instant},
};

use actix_web::{App, rt, test::TestRequest};
use auth_runtime::{
    Auth, Introspection,
    verifier::{Verification, Verifier},
};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{
    auth,
    endpoint::{Endpoint, Say, active, active_with, by_name},
};
use crate::{get_as, send};

/// A clock that tests move.
#[derive(Clone, Default)]
struct Time(Arc<AtomicU64>);

impl Time {
    fn at(seconds: u64) -> Self {
        Self(Arc::new(seconds.into()))
    }

    fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::SeqCst);
    }

    /// An application that goes by this clock.
    fn auth(&self, introspection: Introspection) -> Auth {
        let (ours, theirs) = (self.clone(), self.clone());
        let introspection = introspection.clock(move || ours.0.load(Ordering::SeqCst)).build();
        Auth::builder()
            .verifier(introspection.unwrap())
            .clock(move || theirs.0.load(Ordering::SeqCst))
            .build()
            .unwrap()
    }
}

async fn status(auth: &Auth, token: &str) -> u16 {
    send(auth.clone(), get_as("/me", token)).await.status.as_u16()
}

fn until(end: u64) -> Value {
    active_with("exp", json!(end))
}

#[actix_web::test]
async fn a_token_seen_before_is_not_asked_about_until_its_answer_is_too_old() {
    let endpoint = Endpoint::start(by_name);
    let time = Time::at(1_000);
    let auth = time.auth(endpoint.introspection());
    for (now, asked) in [(1_000, 1), (1_000, 1), (1_059, 1), (1_060, 2), (1_119, 2), (1_120, 3)] {
        time.set(now);
        assert_eq!((status(&auth, "ann").await, endpoint.asked()), (200, asked), "{now}");
    }
    // A clock that was set back: nobody knows how old the answer is.
    time.set(900);
    assert_eq!((status(&auth, "ann").await, endpoint.asked()), (200, 4));

    let hasty = Endpoint::start(by_name);
    let auth = time.auth(hasty.introspection().max_age(Duration::ZERO));
    for asked in 1..=3 {
        assert_eq!((status(&auth, "ann").await, hasty.asked()), (200, asked));
    }
}

#[actix_web::test]
async fn p3_nothing_is_remembered_past_exp() {
    let endpoint = Endpoint::always(Say::Json(until(1_010)));
    let time = Time::at(1_000);
    let auth = time.auth(endpoint.introspection().leeway(Duration::ZERO));
    for (now, status_then, asked) in
        [(1_000, 200, 1), (1_009, 200, 1), (1_010, 401, 2), (1_010, 401, 3)]
    {
        time.set(now);
        assert_eq!((status(&auth, "t").await, endpoint.asked()), (status_then, asked), "{now}");
    }
}

/// The leeway is for clocks that differ: within it the endpoint is asked, every time.
#[actix_web::test]
async fn p3_within_the_leeway_every_request_is_asked_about() {
    let endpoint = Endpoint::always(Say::Json(until(1_010)));
    let time = Time::at(1_000);
    let auth = time.auth(endpoint.introspection().leeway(Duration::from_secs(5)));
    for (now, status_then, asked) in
        [(1_009, 200, 1), (1_010, 200, 2), (1_010, 200, 3), (1_014, 200, 4), (1_015, 401, 5)]
    {
        time.set(now);
        assert_eq!((status(&auth, "t").await, endpoint.asked()), (status_then, asked), "{now}");
    }
}

#[actix_web::test]
async fn a16_a_revoked_token_is_refused_once_its_answer_is_too_old() {
    let revoked = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&revoked);
    let endpoint = Endpoint::start(move |token| {
        if flag.load(Ordering::SeqCst) {
            Say::Json(json!({"active": false}))
        } else {
            by_name(token)
        }
    });
    let time = Time::at(1_000);
    let auth = time.auth(endpoint.introspection().max_age(Duration::from_secs(10)));
    assert_eq!(status(&auth, "ann").await, 200);
    revoked.store(true, Ordering::SeqCst);
    time.set(1_009);
    assert_eq!(status(&auth, "ann").await, 200);
    time.set(1_010);
    assert_eq!(status(&auth, "ann").await, 401);
}

/// A token may become active a moment later, and made-up ones would push out the others.
#[actix_web::test]
async fn what_was_refused_is_asked_about_again() {
    let known = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&known);
    let endpoint = Endpoint::start(move |_| {
        Say::Json(if flag.load(Ordering::SeqCst) {
            active("ann")
        } else {
            json!({"active": false})
        })
    });
    let auth = auth(endpoint.introspection());
    assert_eq!((status(&auth, "t").await, endpoint.asked()), (401, 1));
    assert_eq!((status(&auth, "t").await, endpoint.asked()), (401, 2));
    known.store(true, Ordering::SeqCst);
    assert_eq!((status(&auth, "t").await, endpoint.asked()), (200, 3));
    assert_eq!((status(&auth, "t").await, endpoint.asked()), (200, 3));
}

#[actix_web::test]
async fn a17_what_is_known_is_answered_while_the_endpoint_is_away() {
    let away = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&away);
    let endpoint = Endpoint::start(move |token| {
        if flag.load(Ordering::SeqCst) { Say::Status(500) } else { by_name(token) }
    });
    let time = Time::at(1_000);
    let auth = time.auth(endpoint.introspection());
    assert_eq!(status(&auth, "ann").await, 200);
    away.store(true, Ordering::SeqCst);
    time.set(1_059);
    assert_eq!(status(&auth, "ann").await, 200);
    assert_eq!(status(&auth, "bob").await, 503);
    time.set(1_060);
    assert_eq!(status(&auth, "ann").await, 503);
    // An outage is not remembered either.
    away.store(false, Ordering::SeqCst);
    assert_eq!(status(&auth, "ann").await, 200);
}

#[actix_web::test]
async fn the_cache_is_bounded_in_entries_and_in_bytes() {
    for bound in [
        |introspection: Introspection| introspection.cache_entries(2),
        |introspection: Introspection| introspection.cache_bytes(2_200),
    ] {
        let endpoint = Endpoint::start(|token| {
            let mut answer = active(token);
            answer["more"] = json!("x".repeat(300));
            Say::Json(answer)
        });
        let auth = auth(bound(endpoint.introspection()));
        let ask = async |token| {
            let before = endpoint.asked();
            assert_eq!(send(auth.clone(), get_as("/me", token)).await.body, token);
            endpoint.asked() - before
        };
        for (token, asked) in [("a", 1), ("b", 1), ("b", 0), ("a", 0), ("c", 1), ("c", 0)] {
            assert_eq!(ask(token).await, asked, "{token}");
        }
        // At least one of the first two went.
        assert!(ask("a").await + ask("b").await > 0);
    }
}

#[actix_web::test]
async fn tokens_share_nothing_but_the_cache() {
    let endpoint = Endpoint::start(by_name);
    let auth = auth(endpoint.introspection());
    for (token, name) in [("ann", "ann"), ("bob", "bob"), ("ann", "ann")] {
        assert_eq!(send(auth.clone(), get_as("/me", token)).await.body, name);
    }
    assert_eq!(status(&auth, "ann=").await, 401);
    assert_eq!(status(&auth, "Ann").await, 401);
}

#[test]
fn requests_with_one_token_share_one_question_on_all_threads() {
    let endpoint = Endpoint::always(Say::Late(Duration::from_millis(500), active("ann")));
    let auth = auth(endpoint.introspection());
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let auth = auth.clone();
            thread::spawn(move || {
                rt::System::new().block_on(async {
                    let app =
                        actix_web::test::init_service(App::new().app_data(auth).service(crate::me))
                            .await;
                    let all = (0..25).map(|_| {
                        actix_web::test::call_service(&app, get_as("/me", "t").to_request())
                    });
                    join_all(all).await.iter().filter(|response| response.status() == 200).count()
                })
            })
        })
        .collect();
    let let_in: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!((let_in, endpoint.asked()), (100, 1));
}

#[actix_web::test]
async fn requests_share_a_refusal_and_an_outage_too() {
    let late = |answer| Say::Late(Duration::from_millis(200), answer);
    let patient = Duration::from_secs(20);
    for (said, timeout, expected) in [
        (late(json!({"active": false})), patient, 401),
        (late(json!({"active": 1})), patient, 500),
        (Say::Hang, Duration::from_millis(400), 503),
    ] {
        let endpoint = Endpoint::always(said);
        let auth = auth(endpoint.introspection().timeout(timeout));
        let all = join_all((0..20).map(|_| status(&auth, "t"))).await;
        assert!(all.iter().all(|status| *status == expected), "{all:?}");
        assert_eq!(endpoint.asked(), 1, "{expected}");
    }
}

/// A client that goes away takes nobody with it.
#[actix_web::test]
async fn another_request_goes_on_where_the_one_that_asked_is_gone() {
    let endpoint = Endpoint::always(Say::Late(Duration::from_millis(200), active("ann")));
    let introspector = endpoint.introspection().build().unwrap();
    let request = TestRequest::default().to_http_request();
    let answer = || match introspector.verify("t", &request) {
        Verification::Later(answer) => answer,
        other => panic!("{other:?}"),
    };
    let mut second = answer();
    {
        let mut first = pin!(answer());
        let mut polls = 0;
        std::future::poll_fn(|context| {
            assert!(first.as_mut().poll(context).is_pending());
            assert!(second.as_mut().poll(context).is_pending());
            polls += 1;
            if endpoint.asked() == 1 {
                Poll::Ready(())
            } else {
                context.waker().wake_by_ref();
                Poll::Pending
            }
        })
        .await;
        assert!(polls > 0);
    }
    assert!(second.await.is_ok());
    assert_eq!(endpoint.asked(), 2);
    assert!(matches!(introspector.verify("t", &request), Verification::Ready(Ok(_))));
}

/// A flood of made-up tokens is not passed on to the endpoint all at once.
#[actix_web::test]
async fn no_more_than_64_tokens_are_asked_about_at_once() {
    /// Long enough for a busy machine to ask about so many.
    const TIMEOUT: Duration = Duration::from_secs(6);

    let endpoint = Endpoint::always(Say::Hang);
    let auth = auth(endpoint.introspection().timeout(TIMEOUT));
    let tokens: Vec<String> = (0..100).map(|token| format!("t{token}")).collect();
    let all = join_all(tokens.iter().map(|token| status(&auth, token)));
    let start = Instant::now();
    let looking = async {
        while endpoint.asked() < 64 && start.elapsed() < TIMEOUT {
            rt::time::sleep(Duration::from_millis(20)).await;
        }
        // The others have waited for their turn meanwhile, and still do.
        rt::time::sleep(Duration::from_millis(300)).await;
        endpoint.asked()
    };
    let (all, asked) = join(all, looking).await;
    // Waiting for a turn counts: nobody got a turn after the first had theirs.
    assert!(start.elapsed() < TIMEOUT * 2, "{:?}", start.elapsed());
    assert_eq!(asked, 64);
    assert!(all.iter().all(|status| *status == 503), "{all:?}");
}
