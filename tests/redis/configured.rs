//! Revocations through Redis that a configuration asks for: the file, and the file read again.

use std::path::PathBuf;

use auth_runtime::ReloadableAuth;
use auth_tests::Folder;

use super::*;

/// One application whose revocations come from a file; the issuer is the test's own.
fn load(issuer: &TestIssuer, path: PathBuf) -> ReloadableAuth {
    let issuer = issuer.issuer();
    ReloadableAuth::load(move || {
        let builder = auth_runtime::Config::from_file(&path)?.into_builder()?;
        Ok(builder.issuer(issuer.clone()).build()?)
    })
    .unwrap()
}

fn serve(auth: &ReloadableAuth) -> Server {
    let auth = auth.clone();
    Server::start(move |config| {
        config.app_data(auth.clone()).service(me);
    })
}

fn status(server: &Server, token: &str) -> u16 {
    let answer = server.ask("GET", "/me", &format!("Authorization: Bearer {token}\r\n"));
    answer[9..12].parse().unwrap()
}

const FILE: &str = "[revocations]\nlongest_lifetime = \"1d\"\n[revocations.redis]\nurl_file = \"redis.url\"\nstale_after = \"5s\"\n";

#[actix_web::test]
async fn a15_l5_a_configured_instance_shares_and_a_reload_forgets_nothing() {
    let Some(store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    let token = |jti: &str| issuer.token("ann").claim("jti", jti).mint();
    let folder = Folder::new("reload");
    folder.write("redis.url", format!("{}\n", store.url()));
    let path = folder.write("auth.toml", FILE);
    let handle = load(&issuer, path.clone());
    let server = serve(&handle);
    actix_web::rt::time::timeout(10 * SECOND, handle.current().wait_ready()).await.unwrap();
    let kept = handle.current().revocations().unwrap();
    let elsewhere = Instance::ready(&issuer, redis(store.url())).await;
    let connections = store.clients();

    kept.revoke_token(ISSUER, "here", u64::MAX).await.unwrap();
    assert_eq!(status(&server, &token("here")), 401);
    within(SECOND, "elsewhere", || elsewhere.status(&token("here")) == 401);
    elsewhere.revocations.revoke_token(ISSUER, "there", u64::MAX).await.unwrap();
    within(SECOND, "here", || status(&server, &token("there")) == 401);

    // The same settings: the same connection, and at once.
    for _ in 0..3 {
        handle.reload().unwrap();
        assert!(handle.current().is_ready());
        for jti in ["here", "there"] {
            assert_eq!(status(&server, &token(jti)), 401, "{jti}");
        }
        assert_eq!(status(&server, &token("good")), 200);
        assert_eq!(store.clients(), connections);
    }

    // Others: another connection, and what is known goes on. With another prefix Redis knows none of it.
    folder.write("auth.toml", format!("{FILE}prefix = \"other\"\n"));
    handle.reload_when_ready(10 * SECOND).await.unwrap();
    for jti in ["here", "there"] {
        assert_eq!(status(&server, &token(jti)), 401, "{jti}");
    }
    assert_eq!(status(&server, &token("good")), 200);
    kept.revoke_token(ISSUER, "late", u64::MAX).await.unwrap();
    assert_eq!(status(&server, &token("late")), 401);
    let now = handle.current().revocations().unwrap();
    now.revoke_token(ISSUER, "now", u64::MAX).await.unwrap();
    assert_eq!(status(&server, &token("now")), 401);
    assert_eq!(elsewhere.status(&token("now")), 200);
    // The old connection ends with the last handle of it.
    drop(kept);
    within(5 * SECOND, "one connection is left", || store.clients() == connections);

    // No Redis any more: in memory goes on what is known.
    folder.write("auth.toml", "[revocations]\n");
    handle.reload().unwrap();
    for jti in ["here", "there", "late", "now"] {
        assert_eq!(status(&server, &token(jti)), 401, "{jti}");
    }
    drop(now);
    within(5 * SECOND, "no connection is left", || store.clients() == connections - 1);
}

#[actix_web::test]
async fn a17_a_configured_instance_whose_redis_is_away_is_not_ready() {
    let Some(mut store) = Redis::start() else { return };
    let issuer = TestIssuer::new();
    let token = issuer.token("ann").claim("jti", "1").mint();
    let folder = Folder::new("away");
    folder.write("redis.url", store.url());
    let path = folder.write("auth.toml", FILE.replace("5s", "1s"));
    let strict = load(&issuer, path);
    let danger = "danger = { accept_tokens_while_redis_is_away = true }\n";
    let lenient = FILE.replace("stale_after = \"5s\"\n", danger);
    let lenient = load(&issuer, folder.write("lenient.toml", lenient));
    let servers = [serve(&strict), serve(&lenient)];
    for auth in [&strict, &lenient] {
        actix_web::rt::time::timeout(10 * SECOND, auth.current().wait_ready()).await.unwrap();
    }
    assert_eq!(servers.each_ref().map(|it| status(it, &token)), [200, 200]);
    store.kill();
    within(10 * SECOND, "stale", || status(&servers[0], &token) == 503);
    assert!(!strict.current().is_ready());
    assert!(!strict.current().revocations().unwrap().is_ready());
    assert!(lenient.current().is_ready());
    assert_eq!(status(&servers[1], &token), 200);
    // A reload does not wait for what may never come, and changes nothing.
    strict.reload_when_ready(SECOND / 10).await.unwrap_err();
    assert!(store.restart());
    actix_web::rt::time::timeout(10 * SECOND, strict.current().wait_ready()).await.unwrap();
    assert_eq!(status(&servers[0], &token), 200);
}
