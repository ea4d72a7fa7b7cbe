//! Revocations that two instances share through a real Redis (RESPONSES A15, A17; CHECKLIST L4, L5).
//!
//! Each instance is a server of its own on the loopback interface. Where `redis-server` is not installed the tests say
//! that they are skipped; with `AUTH_TEST_REQUIRE_ALL` they fail.

mod configured;
mod metrics;
mod restored;
#[allow(dead_code, reason = "shared with the tests of the response contract")]
#[path = "../http/server.rs"]
mod server;
mod store;

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use actix_web::{Responder, get};
use auth_runtime::{
    Auth, Identity,
    clock::{Clock, SystemClock},
    require_auth,
    revocation::{NotShared, RedisRevocations, RedisRevocationsBuilder},
    testing::TestIssuer,
};

use self::{
    server::Server,
    store::{Redis, Wire},
};

const ISSUER: &str = "https://id.test/";
const SECOND: Duration = Duration::from_secs(1);

#[require_auth]
#[get("/me")]
async fn me(identity: Identity) -> impl Responder {
    identity.subject().to_owned()
}

/// One running application.
struct Instance {
    server: Server,
    revocations: RedisRevocations,
}

impl Instance {
    /// Does not wait for Redis.
    fn start(issuer: &TestIssuer, builder: RedisRevocationsBuilder) -> Self {
        Self::with_clock(issuer, builder, SystemClock)
    }

    fn with_clock(
        issuer: &TestIssuer,
        builder: RedisRevocationsBuilder,
        clock: impl Clock,
    ) -> Self {
        log();
        let revocations = builder.start().unwrap();
        let auth = Auth::builder()
            .issuer(issuer.issuer())
            .revocations(revocations.clone())
            .clock(clock)
            .build()
            .unwrap();
        let server = Server::start(move |config| {
            config.app_data(auth.clone()).service(me);
        });
        Self { server, revocations }
    }

    async fn ready(issuer: &TestIssuer, builder: RedisRevocationsBuilder) -> Self {
        let instance = Self::start(issuer, builder);
        instance.wait().await;
        instance
    }

    async fn wait(&self) {
        actix_web::rt::time::timeout(10 * SECOND, self.revocations.ready()).await.unwrap();
    }

    fn ask(&self, token: &str) -> String {
        self.server.ask("GET", "/me", &format!("Authorization: Bearer {token}\r\n"))
    }

    fn status(&self, token: &str) -> u16 {
        self.ask(token)[9..12].parse().unwrap()
    }
}

fn redis(url: String) -> RedisRevocationsBuilder {
    RedisRevocations::builder(url)
}

/// Waits until it holds, at most as long as this.
#[track_caller]
fn within(time: Duration, what: &str, holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < time, "not within {time:?}: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[actix_web::test]
async fn a15_l5_any_instance_revokes_and_all_refuse_within_a_second() {
    let Some(store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    let one = Instance::ready(&issuer, redis(store.url())).await;
    let two = Instance::ready(&issuer, redis(store.url())).await;
    let now = SystemClock.now();
    let token = |subject: &str, jti: &str, iat: u64| {
        issuer.token(subject).claim("jti", jti).claim("iat", iat).mint()
    };
    let by_name = token("ann", "1", now);
    let by_subject = token("bob", "2", now - 1);
    let by_time = token("eve", "3", now - 10);
    let other = token("ann", "4", now);
    let later = token("bob", "5", now);
    for instance in [&one, &two] {
        for token in [&by_name, &by_subject, &by_time, &other, &later] {
            assert_eq!(instance.status(token), 200);
        }
    }

    one.revocations.revoke_token(ISSUER, "1", now + 300).await.unwrap();
    two.revocations.revoke_subject(ISSUER, "bob", now).await.unwrap();
    one.revocations.revoke_issued_before(ISSUER, now - 5).await.unwrap();
    // Where it was revoked, on the very next request.
    assert_eq!([one.status(&by_name), two.status(&by_subject), one.status(&by_time)], [401; 3]);
    within(SECOND, "all refuse", || {
        [two.status(&by_name), one.status(&by_subject), two.status(&by_time)] == [401; 3]
    });
    for instance in [&one, &two] {
        assert!(instance.ask(&by_name).contains(r#"error="invalid_token""#));
        assert_eq!([instance.status(&other), instance.status(&later)], [200; 2]);
    }

    two.revocations.restore_token(ISSUER, "1").await.unwrap();
    assert_eq!(two.status(&by_name), 200);
    within(SECOND, "restored everywhere", || one.status(&by_name) == 200);
}

#[actix_web::test]
async fn a15_an_instance_that_restarts_refuses_from_its_first_request_on() {
    let Some(store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    let one = Instance::ready(&issuer, redis(store.url())).await;
    // More than one answer of Redis, and more than its stream.
    let writes: Vec<_> = (0..1_000)
        .map(|number| one.revocations.revoke_token(ISSUER, &number.to_string(), u64::MAX))
        .collect();
    for write in writes {
        write.await.unwrap();
    }
    drop(one);
    store.command("DEL {auth-runtime:revocations}:changes");

    let two = Instance::ready(&issuer, redis(store.url())).await;
    for jti in ["0", "499", "999"] {
        assert_eq!(two.status(&issuer.token("ann").claim("jti", jti).mint()), 401);
    }
    assert_eq!(two.status(&issuer.token("ann").claim("jti", "1000").mint()), 200);
    // Another application in the same Redis is not concerned.
    let other = Instance::ready(&issuer, redis(store.url()).prefix("other")).await;
    assert_eq!(other.status(&issuer.token("ann").claim("jti", "0").mint()), 200);
}

#[actix_web::test]
async fn a15_a17_redis_away_then_stale_then_back_and_empty() {
    let Some(mut store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    let (known, meanwhile, good) = (
        issuer.token("ann").claim("jti", "known").mint(),
        issuer.token("ann").claim("jti", "meanwhile").mint(),
        issuer.token("ann").claim("jti", "good").mint(),
    );
    let now = Arc::new(AtomicU64::new(SystemClock.now()));
    let clock = || {
        let now = Arc::clone(&now);
        move || now.load(Ordering::SeqCst)
    };
    let one = Instance::with_clock(&issuer, redis(store.url()).clock(clock()), clock());
    let two = Instance::with_clock(&issuer, redis(store.url()).clock(clock()), clock());
    let careless = redis(store.url()).clock(clock()).danger().accept_tokens_while_redis_is_away();
    let careless = Instance::with_clock(&issuer, careless, clock());
    let all = [&one, &two, &careless];
    for instance in all {
        instance.wait().await;
    }
    one.revocations.revoke_token(ISSUER, "known", u64::MAX).await.unwrap();
    within(SECOND, "all refuse", || all.iter().all(|it| it.status(&known) == 401));

    store.kill();
    store.forget();
    for instance in all {
        assert_eq!([instance.status(&known), instance.status(&good)], [401, 200]);
    }
    // What cannot be shared holds here at once, and whoever revoked it hears that the others do not know.
    let error = two.revocations.revoke_token(ISSUER, "meanwhile", u64::MAX);
    assert_eq!(two.status(&meanwhile), 401);
    assert!(matches!(error.await, Err(NotShared::Away | NotShared::Refused(_))));
    assert_eq!(one.status(&meanwhile), 200);
    // What cannot be restored everywhere stays revoked.
    assert!(two.revocations.restore_token(ISSUER, "known").await.is_err());
    assert_eq!(two.status(&known), 401);

    now.fetch_add(60, Ordering::SeqCst);
    assert_eq!(one.status(&good), 200);
    now.fetch_add(1, Ordering::SeqCst);
    assert!(!one.revocations.is_ready());
    let answer = one.ask(&good);
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("retry-after: 5\r\n") && !answer.contains("www-authenticate"));
    assert!(answer.ends_with(
        r#"{"error":"Service Unavailable","message":"Authentication is temporarily unavailable"}"#
    ));
    // What is known to be revoked is, and nobody without credentials is concerned.
    assert_eq!(one.status(&known), 401);
    assert!(one.server.ask("GET", "/me", "").starts_with("HTTP/1.1 401"));
    // Whoever chose so carries on.
    assert_eq!([careless.status(&good), careless.status(&known)], [200, 401]);

    // It is back, and knows nothing any more: the instances do.
    assert!(store.restart());
    within(2 * SECOND, "in step again", || {
        all.iter().all(|it| it.status(&good) == 200 && it.status(&meanwhile) == 401)
    });
    drop((one, two));
    let new = Instance::ready(&issuer, redis(store.url())).await;
    assert_eq!([&known, &meanwhile, &good].map(|token| new.status(token)), [401, 401, 200]);
}

#[actix_web::test]
async fn a15_redis_restarts_with_an_older_dump() {
    let Some(mut store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    let token = |jti: &str| issuer.token("ann").claim("jti", jti).mint();
    let one = Instance::ready(&issuer, redis(store.url())).await;
    one.revocations.revoke_token(ISSUER, "saved", u64::MAX).await.unwrap();
    assert_eq!(store.command("SAVE"), "+OK");
    one.revocations.revoke_token(ISSUER, "lost", u64::MAX).await.unwrap();
    store.kill();
    assert!(store.restart());
    assert_eq!(store.command("ZCARD {auth-runtime:revocations}:tokens"), ":1");

    within(2 * SECOND, "written back", || {
        store.command("ZCARD {auth-runtime:revocations}:tokens") == ":2"
    });
    // The whole fleet restarts, and Redis once more.
    drop(one);
    assert_eq!(store.command("SAVE"), "+OK");
    store.kill();
    let two = Instance::start(&issuer, redis(store.url()));
    assert_eq!(two.status(&token("good")), 503);
    assert!(store.restart());
    two.wait().await;
    assert_eq!(["saved", "lost", "good"].map(|jti| two.status(&token(jti))), [401, 401, 200]);
}

#[actix_web::test]
async fn a17_nobody_is_let_through_before_everything_was_loaded() {
    let Some(mut store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    let token = issuer.token("ann").mint();
    store.kill();
    let one = Instance::start(&issuer, redis(store.url()));
    let careless = redis(store.url()).danger().accept_tokens_while_redis_is_away();
    let careless = Instance::start(&issuer, careless);
    for instance in [&one, &careless] {
        assert_eq!(instance.status(&token), 503);
        assert!(!instance.revocations.is_ready());
        assert_eq!(instance.revocations.up_to_date_at(), None);
    }
    assert!(store.restart());
    for instance in [&one, &careless] {
        instance.wait().await;
        assert_eq!(instance.status(&token), 200);
        assert!(instance.revocations.up_to_date_at().is_some());
    }
}

#[actix_web::test]
async fn a17_staleness_by_the_real_clock() {
    let Some(mut store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    let token = issuer.token("ann").mint();
    let one = Instance::ready(&issuer, redis(store.url()).stale_after(SECOND)).await;
    // As long as Redis answers, nothing is stale.
    let begin = Instant::now();
    while begin.elapsed() < 3 * SECOND {
        assert_eq!(one.status(&token), 200);
        thread::sleep(Duration::from_millis(50));
    }
    store.kill();
    within(3 * SECOND, "stale", || one.status(&token) == 503);
    assert!(store.restart());
    within(2 * SECOND, "fresh", || one.status(&token) == 200);
}

#[actix_web::test]
async fn a15_an_instance_that_was_cut_off_learns_what_it_missed() {
    let Some(store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    let token = |jti: &str| issuer.token("ann").claim("jti", jti).mint();
    let wire = Wire::to(&store);
    let one = Instance::ready(&issuer, redis(store.url())).await;
    let two = Instance::ready(&issuer, redis(wire.url())).await;
    for jti in ["restored", "again"] {
        one.revocations.revoke_token(ISSUER, jti, u64::MAX).await.unwrap();
        within(SECOND, "both refuse", || two.status(&token(jti)) == 401);
    }

    wire.cut();
    one.revocations.revoke_token(ISSUER, "revoked", u64::MAX).await.unwrap();
    for jti in ["restored", "again"] {
        one.revocations.restore_token(ISSUER, jti).await.unwrap();
    }
    for jti in ["here", "again"] {
        assert!(two.revocations.revoke_token(ISSUER, jti, u64::MAX).await.is_err());
    }
    assert_eq!([two.status(&token("revoked")), two.status(&token("restored"))], [200, 401]);
    wire.mend();
    within(2 * SECOND, "in step", || {
        // Nothing is lost, and what was restored does not come back, unless somebody revoked it once more.
        [&one, &two].iter().all(|instance| {
            ["revoked", "here", "again", "restored"].map(|jti| instance.status(&token(jti)))
                == [401, 401, 401, 200]
        })
    });
}

/// What an instance revoked while it was cut off, and Redis had from another one, it took for its own word for ever: it
/// did not hear of it being restored, and brought it back.
#[actix_web::test]
async fn a15_what_two_revoked_can_be_restored() {
    let Some(store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    let token = |jti: &str| issuer.token("ann").claim("jti", jti).mint();
    let wire = Wire::to(&store);
    let one = Instance::ready(&issuer, redis(store.url())).await;
    let two = Instance::ready(&issuer, redis(wire.url())).await;
    one.revocations.revoke_token(ISSUER, "both", u64::MAX).await.unwrap();
    within(SECOND, "known", || two.status(&token("both")) == 401);

    wire.cut();
    assert!(two.revocations.revoke_token(ISSUER, "both", u64::MAX).await.is_err());
    one.revocations.revoke_token(ISSUER, "later", u64::MAX).await.unwrap();
    wire.mend();
    within(2 * SECOND, "in step", || two.status(&token("later")) == 401);

    // The other one has loaded everything by then.
    thread::sleep(SECOND / 2);
    one.revocations.restore_token(ISSUER, "both").await.unwrap();
    within(SECOND, "restored", || two.status(&token("both")) == 200);
}

#[actix_web::test]
async fn a15_redis_loses_everything_while_it_runs() {
    let Some(store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    let one = Instance::ready(&issuer, redis(store.url())).await;
    let token = issuer.token("ann").mint();
    one.revocations.revoke_subject(ISSUER, "ann", SystemClock.now() + 1).await.unwrap();
    thread::sleep(Duration::from_millis(500));
    store.command("FLUSHALL");
    within(SECOND, "written back", || {
        store.command("ZCARD {auth-runtime:revocations}:subjects") == ":1"
    });
    let two = Instance::ready(&issuer, redis(store.url())).await;
    assert_eq!(two.status(&token), 401);
}

#[actix_web::test]
async fn a15_redis_does_not_write_and_the_instance_holds_on() {
    let Some(store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    let token = issuer.token("ann").claim("jti", "1").mint();
    let one = Instance::ready(&issuer, redis(store.url())).await;
    // As a replica: it answers, and takes nothing.
    assert_eq!(store.command("REPLICAOF 127.0.0.1 1"), "+OK");
    let error = one.revocations.revoke_token(ISSUER, "1", u64::MAX).await.unwrap_err();
    assert!(matches!(&error, NotShared::Refused(_)), "{error}");
    assert_eq!(one.status(&token), 401);
    assert_eq!(one.status(&issuer.token("ann").mint()), 200);
    assert_eq!(store.command("REPLICAOF NO ONE"), "+OK");
    within(8 * SECOND, "written after all", || {
        store.command("ZCARD {auth-runtime:revocations}:tokens") == ":1"
    });
}

#[actix_web::test]
async fn what_is_over_leaves_redis_and_what_nobody_understands_does_no_harm() {
    let Some(store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    let set = |kind: &str, score: &str, name: &str| {
        let member = format!(r#"'["{ISSUER}","{name}"]'"#);
        store.command(&format!("ZADD {{auth-runtime:revocations}}:{kind} {score} {member}"));
    };
    set("tokens", "1000", "over");
    set("tokens", "4000000000", "lasting");
    set("tokens", "inf", "endless");
    set("subjects", "1000", "over");
    set("subjects", "4000000000.5", "lasting");
    store.command("ZADD {auth-runtime:revocations}:tokens 4000000000 nonsense");
    store.command("XADD {auth-runtime:revocations}:changes * who knows");
    let one = Instance::ready(&issuer, redis(store.url())).await;
    assert_eq!(store.command("ZCARD {auth-runtime:revocations}:tokens"), ":3");
    assert_eq!(store.command("ZCARD {auth-runtime:revocations}:subjects"), ":1");
    let token = |jti: &str| issuer.token("ann").claim("jti", jti).mint();
    assert_eq!(["over", "lasting", "endless"].map(|jti| one.status(&token(jti))), [200, 401, 401]);
    assert_eq!(one.status(&issuer.token("lasting").mint()), 401);

    store.command("XADD {auth-runtime:revocations}:changes * kind tokens member x time y");
    let two = Instance::ready(&issuer, redis(store.url())).await;
    two.revocations.revoke_token(ISSUER, "new", u64::MAX).await.unwrap();
    within(SECOND, "read past it", || one.status(&token("new")) == 401);
}

#[actix_web::test]
async fn the_thread_ends_with_the_last_handle() {
    let Some(store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    let revocations = redis(store.url()).start().unwrap();
    revocations.ready().await;
    let auth =
        Auth::builder().issuer(issuer.issuer()).revocations(revocations.clone()).build().unwrap();
    assert_eq!(store.clients(), 1);
    drop(revocations);
    thread::sleep(Duration::from_millis(500));
    assert_eq!(store.clients(), 1, "an `Auth` still needs it");
    drop(auth);
    within(SECOND, "disconnected", || store.clients() == 0);
}

#[actix_web::test]
async fn l4_no_password_in_debug_in_errors_or_in_logs() {
    let Some(store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    store.command("CONFIG SET requirepass r1ght-s3cret");
    let url = |password: &str| store.url().replace("//", &format!("//:{password}@"));
    let builder = redis(url("r1ght-s3cret"));
    let mut texts = vec![format!("{builder:?} {:?}", redis(url("wr0ng-s3cret")).danger())];
    let right = Instance::ready(&issuer, builder).await;
    assert_eq!(right.status(&issuer.token("ann").mint()), 200);
    let wrong = Instance::start(&issuer, redis(url("wr0ng-s3cret")));
    within(5 * SECOND, "the log says why", || logged().contains("password in the URL is refused"));
    assert_eq!(wrong.status(&issuer.token("ann").mint()), 503);
    texts.push(wrong.revocations.revoke_token(ISSUER, "1", 1).await.unwrap_err().to_string());
    texts.push(format!("{:?} {:?}", right.revocations, wrong.revocations));
    for bad in
        ["redis://:wr0ng-s3cret@[", "http://:wr0ng-s3cret@host/", "rediss://:wr0ng-s3cret@host/"]
    {
        let error = redis(bad.to_owned()).start().unwrap_err();
        texts.push(format!("{error} {error:?}"));
    }
    assert!(texts[texts.len() - 1].contains("tokio-rustls-comp"), "{texts:?}");
    let error = redis(store.url()).stale_after(Duration::from_millis(999)).start().unwrap_err();
    assert!(error.to_string().contains(".stale_after("));
    texts.push(logged());
    for text in texts {
        assert!(!text.contains("s3cret"), "{text}");
    }
}

static LOG: LazyLock<auth_tests::Log> = LazyLock::new(auth_tests::Log::default);

/// Keeps what all threads log, at every level.
fn log() {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(|| LOG.clone())
        .with_ansi(false)
        .finish();
    // The first test to come does.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

fn logged() -> String {
    LOG.text()
}
