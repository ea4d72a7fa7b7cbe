//! What is restored and revoked again, one close behind the other (RESPONSES A15; CHECKLIST L5).

use super::*;

/// Asks all the time.
fn always_refused(instance: &Instance, token: &str, time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        assert_eq!(instance.status(token), 401, "after {:?}", begin.elapsed());
    }
}

/// Once the restoring was written, what had been revoked since was let in until the record of that was read, too.
#[actix_web::test]
async fn a15_l5_what_is_revoked_while_it_is_being_restored_stays_revoked() {
    let Some(store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    let one = Instance::ready(&issuer, redis(store.url())).await;
    let two = Instance::ready(&issuer, redis(store.url())).await;
    let token = issuer.token("ann").claim("jti", "1").mint();
    one.revocations.revoke_token(ISSUER, "1", u64::MAX).await.unwrap();
    for _ in 0..5 {
        let restored = one.revocations.restore_token(ISSUER, "1");
        let revoked = one.revocations.revoke_token(ISSUER, "1", u64::MAX);
        always_refused(&one, &token, SECOND / 2);
        restored.await.unwrap();
        revoked.await.unwrap();
    }
    within(SECOND, "known elsewhere", || two.status(&token) == 401);

    // In the other order it is restored.
    let revoked = one.revocations.revoke_token(ISSUER, "1", u64::MAX);
    let restored = one.revocations.restore_token(ISSUER, "1");
    revoked.await.unwrap();
    restored.await.unwrap();
    within(SECOND, "restored", || [&one, &two].iter().all(|it| it.status(&token) == 200));
}

/// It was let in for good, though whoever revoked it had been told that it holds here.
#[actix_web::test]
async fn a15_l5_a_revocation_that_cannot_be_written_outlives_a_restoring_before_it() {
    let Some(store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    let wire = Wire::to(&store);
    let one = Instance::ready(&issuer, redis(wire.url())).await;
    let two = Instance::ready(&issuer, redis(store.url())).await;
    let token = issuer.token("ann").claim("jti", "1").mint();
    one.revocations.revoke_token(ISSUER, "1", u64::MAX).await.unwrap();

    // As long as Redis does not answer, changes wait, and there are too many of them.
    assert_eq!(store.command("CLIENT PAUSE 1200 ALL"), "+OK");
    let restored = one.revocations.restore_token(ISSUER, "1");
    for jti in 0..1_100 {
        drop(one.revocations.revoke_token(ISSUER, &format!("other {jti}"), u64::MAX));
    }
    let revoked = one.revocations.revoke_token(ISSUER, "1", u64::MAX);
    assert!(matches!(revoked.await, Err(NotShared::TooMany)));
    restored.await.unwrap();
    always_refused(&one, &token, SECOND);

    // What was not written is, as soon as everything is loaded.
    wire.cut();
    wire.mend();
    within(3 * SECOND, "known elsewhere", || two.status(&token) == 401);
    assert_eq!(one.status(&token), 401);
}

/// It was kept for ever that it is to be written, and that nobody else's word on it counts.
#[actix_web::test]
async fn a15_what_is_over_before_it_can_be_written_need_not_be() {
    let Some(store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    let start = SystemClock.now();
    let now = Arc::new(AtomicU64::new(start));
    let clock = || {
        let now = Arc::clone(&now);
        move || now.load(Ordering::SeqCst)
    };
    let wire = Wire::to(&store);
    let one = Instance::with_clock(&issuer, redis(store.url()).clock(clock()), clock());
    let two = Instance::with_clock(&issuer, redis(wire.url()).clock(clock()), clock());
    for instance in [&one, &two] {
        instance.wait().await;
    }
    let token = |jti: &str| issuer.token("ann").claim("jti", jti).claim("exp", start + 900).mint();
    // From where on it has to read what changes.
    one.revocations.revoke_token(ISSUER, "0", u64::MAX).await.unwrap();
    within(SECOND, "known", || two.status(&token("0")) == 401);

    wire.cut();
    assert!(two.revocations.revoke_token(ISSUER, "1", start + 10).await.is_err());
    now.fetch_add(10 + 301, Ordering::SeqCst);
    // What others say of it meanwhile counts.
    one.revocations.revoke_token(ISSUER, "1", u64::MAX).await.unwrap();
    one.revocations.restore_token(ISSUER, "1").await.unwrap();
    one.revocations.revoke_token(ISSUER, "2", u64::MAX).await.unwrap();
    wire.mend();
    within(3 * SECOND, "in step", || two.status(&token("2")) == 401);
    within(SECOND, "loaded", || two.status(&token("1")) == 200);
    // Nor does it come back from there.
    thread::sleep(SECOND / 2);
    assert_eq!([&one, &two].map(|it| it.status(&token("1"))), [200; 2]);

    // And what they say afterwards.
    one.revocations.revoke_token(ISSUER, "1", u64::MAX).await.unwrap();
    within(SECOND, "revoked", || two.status(&token("1")) == 401);
    one.revocations.restore_token(ISSUER, "1").await.unwrap();
    within(SECOND, "restored", || two.status(&token("1")) == 200);
}
