//! What a swap must not forget: used proofs (P2), revocations (A15, L5), failed attempts (Z7).

use std::{fs, time::Duration};

use actix_web::{
    App, Responder, get,
    http::header::AUTHORIZATION,
    test::{TestRequest, call_service, init_service},
};
use auth_runtime::{
    Auth, AuthBuilder, Dpop, Nonces, ReloadableAuth, require_auth,
    revocation::Revocations,
    testing::{DpopKey, TestIssuer},
};
use auth_tests::Folder;
use serde_json::json;

use crate::{configured::token, setup::Log};

const ISSUER: &str = "https://id.test/";
const URI: &str = "https://api.example.com/me";

#[require_auth]
#[get("/me")]
async fn me() -> impl Responder {
    "ok"
}

/// The nonce that a refusal hands out.
async fn nonce(handle: &ReloadableAuth, request: TestRequest) -> String {
    let app = init_service(App::new().app_data(handle.clone()).service(me)).await;
    let response = call_service(&app, request.uri("/me").to_request()).await;
    let told: Vec<_> = response.headers().get_all("www-authenticate").collect();
    let told = told.iter().any(|line| line.to_str().unwrap().contains("use_dpop_nonce"));
    assert!(response.status() == 401 && told, "{response:?}");
    response.headers().get("dpop-nonce").unwrap().to_str().unwrap().to_owned()
}

async fn status(handle: &ReloadableAuth, request: TestRequest) -> u16 {
    let app = init_service(App::new().app_data(handle.clone()).service(me)).await;
    call_service(&app, request.uri("/me").to_request()).await.status().as_u16()
}

fn bearer(token: &str) -> TestRequest {
    TestRequest::get().insert_header((AUTHORIZATION, format!("Bearer {token}")))
}

fn proven(token: &str, proof: &str) -> TestRequest {
    TestRequest::get()
        .insert_header((AUTHORIZATION, format!("DPoP {token}")))
        .insert_header(("dpop", proof))
}

fn dpop() -> Dpop {
    Dpop::new().origin("https://api.example.com")
}

fn built(issuer: &TestIssuer, more: impl FnOnce(AuthBuilder) -> AuthBuilder) -> Auth {
    more(Auth::builder().issuer(issuer.issuer())).build().unwrap()
}

#[actix_web::test]
async fn p2_a_proof_that_was_used_stays_used() {
    let (issuer, key) = (TestIssuer::new(), DpopKey::new());
    let token = issuer.token("ann").bound_to(&key).mint();
    let proof = || key.proof("GET", URI, &token).mint();
    let handle = ReloadableAuth::new(built(&issuer, |it| it.dpop(dpop())));
    let first = proof();
    assert_eq!(status(&handle, proven(&token, &first)).await, 200);

    // Other bounds, the same ones, and none for a while.
    let smaller = dpop().memory(10).lifetime(Duration::from_secs(90));
    for next in [smaller, dpop(), dpop().required()] {
        handle.replace(&built(&issuer, |it| it.dpop(next)));
        assert_eq!(status(&handle, proven(&token, &first)).await, 401);
        let fresh = proof();
        assert_eq!(status(&handle, proven(&token, &fresh)).await, 200);
        assert_eq!(status(&handle, proven(&token, &fresh)).await, 401);
        handle.replace(&built(&issuer, |it| it));
        handle.replace(&built(&issuer, |it| it.dpop(dpop())));
        for used in [&first, &fresh] {
            assert_eq!(status(&handle, proven(&token, used)).await, 401);
        }
    }
}

/// It may serve elsewhere, and may have before.
#[actix_web::test]
async fn p2_what_the_new_one_knew_before_it_knows_too() {
    let (issuer, key) = (TestIssuer::new(), DpopKey::new());
    let token = issuer.token("ann").bound_to(&key).mint();
    let proof = || key.proof("GET", URI, &token).mint();
    let (before, after) =
        (built(&issuer, |it| it.dpop(dpop())), built(&issuer, |it| it.dpop(dpop())));
    let [here, there] = [ReloadableAuth::new(before.clone()), ReloadableAuth::new(after.clone())];
    let [used_here, used_there] = [proof(), proof()];
    assert_eq!(status(&here, proven(&token, &used_here)).await, 200);
    assert_eq!(status(&there, proven(&token, &used_there)).await, 200);
    here.replace(&after);
    for handle in [&here, &there] {
        for used in [&used_here, &used_there] {
            assert_eq!(status(handle, proven(&token, used)).await, 401);
        }
    }
    // Back again, and what was used meanwhile is known.
    let meanwhile = proof();
    assert_eq!(status(&here, proven(&token, &meanwhile)).await, 200);
    here.replace(&before);
    assert_eq!(status(&here, proven(&token, &meanwhile)).await, 401);
}

#[actix_web::test]
async fn p2_a_nonce_stays_good_where_the_settings_are_the_same() {
    let (issuer, key) = (TestIssuer::new(), DpopKey::new());
    let token = issuer.token("ann").bound_to(&key).mint();
    let with = |nonce: &str| proven(&token, &key.proof("GET", URI, &token).nonce(nonce).mint());
    let made_up = || built(&issuer, |it| it.dpop(dpop().nonces(Nonces::new())));
    let handle = ReloadableAuth::new(made_up());
    let first = nonce(&handle, with("")).await;
    assert_eq!(status(&handle, with(&first)).await, 200);
    handle.replace(&made_up());
    assert_eq!(status(&handle, with(&first)).await, 200);

    let others = [Nonces::new().lifetime(Duration::from_secs(60)), Nonces::shared([7; 32])];
    for other in others {
        handle.replace(&built(&issuer, |it| it.dpop(dpop().nonces(other))));
        let new = nonce(&handle, with(&first)).await;
        assert_eq!(status(&handle, with(&new)).await, 200);
    }
}

#[actix_web::test]
async fn a15_l5_what_was_revoked_stays_revoked() {
    let issuer = TestIssuer::new();
    let token = |jti: &str| issuer.token("ann").claim("jti", jti).mint();
    let with = |it: Revocations| built(&issuer, |builder| builder.revocations(it));
    let (one, two) = (Revocations::new(), Revocations::new());
    let handle = ReloadableAuth::new(with(one.clone()));
    one.revoke_token(ISSUER, "before", u64::MAX);
    two.revoke_token(ISSUER, "two", u64::MAX);
    assert_eq!(status(&handle, bearer(&token("before"))).await, 401);

    handle.replace(&with(two.clone()));
    // By a handle from before, which somebody kept.
    one.revoke_token(ISSUER, "after", u64::MAX);
    for jti in ["before", "two", "after"] {
        assert_eq!(status(&handle, bearer(&token(jti))).await, 401, "{jti}");
    }
    assert_eq!(status(&handle, bearer(&token("good"))).await, 200);
    // So is what it takes back.
    one.restore_token(ISSUER, "after");
    assert_eq!(status(&handle, bearer(&token("after"))).await, 200);

    // Back and forth, and what each of them revokes counts.
    handle.replace(&with(one.clone()));
    handle.replace(&with(two.clone()));
    handle.replace(&with(Revocations::new()));
    two.revoke_subject(ISSUER, "ann", u64::MAX);
    assert_eq!(status(&handle, bearer(&token("good"))).await, 401);
    one.restore_subject(ISSUER, "ann");
    assert_eq!(status(&handle, bearer(&token("good"))).await, 200);

    // None are left: nobody meant that what was revoked is good again.
    let log = Log::default();
    let listening = log.listen();
    handle.replace(&built(&issuer, |it| it));
    drop(listening);
    assert!(log.text().contains("has no revocations"), "{}", log.text());
    assert_eq!(status(&handle, bearer(&token("before"))).await, 401);
    handle.current().revocations().unwrap().revoke_token(ISSUER, "good", u64::MAX).await.unwrap();
    assert_eq!(status(&handle, bearer(&token("good"))).await, 401);
}

#[actix_web::test]
async fn z7_nobody_gets_his_attempts_back_by_a_swap() {
    let issuer = TestIssuer::new();
    let limited = |limit: Option<u32>| {
        built(&issuer, |it| match limit {
            Some(limit) => it.failed_attempts(limit, Duration::from_secs(600)),
            None => it,
        })
    };
    let from = |last: u8| bearer("x").peer_addr(([192, 0, 2, last], 4711).into());
    let handle = ReloadableAuth::new(limited(Some(2)));
    assert_eq!(status(&handle, from(1)).await, 401);
    handle.replace(&limited(Some(2)));
    assert_eq!(status(&handle, from(1)).await, 401);
    assert_eq!(status(&handle, from(1)).await, 429);
    assert_eq!(status(&handle, from(2)).await, 401);

    // Another limit: who had none left has none, and all others have what the new one gives.
    handle.replace(&limited(Some(3)));
    assert_eq!(status(&handle, from(1)).await, 429);
    for expected in [401, 401, 401, 429] {
        assert_eq!(status(&handle, from(2)).await, expected);
    }
    handle.replace(&limited(None));
    assert_eq!(status(&handle, from(1)).await, 401);
}

const SECRET: &str = "a secret of the issuer, which is long enough";

fn file(more: &str) -> String {
    format!(
        r#"
        {more}
        [[issuers]]
        name = "{ISSUER}"
        audience = "api"
        keys = [{{ algorithms = "HS256", secret = "{SECRET}" }}]
        "#
    )
}

fn configured_token(more: &serde_json::Value) -> String {
    let mut claims = json!({"iss": ISSUER, "aud": "api", "sub": "ann", "exp": 4_000_000_000_u64});
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    token(SECRET, &claims)
}

/// The same, where all of it comes from a file that is read again.
#[actix_web::test]
async fn p2_a15_a_file_that_is_read_again_forgets_nothing() {
    let folder = Folder::new("carried");
    let text = "[dpop]\norigins = \"https://api.example.com\"\nnonces = {}\n[revocations]\n";
    let path = folder.write("auth.toml", file(text));
    let handle = ReloadableAuth::from_config(&path).unwrap();
    let key = DpopKey::new();
    let token = configured_token(&json!({"jti": "bound", "cnf": {"jkt": key.thumbprint()}}));
    let with = |nonce: &str| key.proof("GET", URI, &token).nonce(nonce).mint();
    let nonce = nonce(&handle, proven(&token, &with(""))).await;
    let proof = with(&nonce);
    assert_eq!(status(&handle, proven(&token, &proof)).await, 200);
    let kept = handle.current().revocations().unwrap();
    kept.revoke_token(ISSUER, "before", u64::MAX).await.unwrap();

    let plain = |jti: &str| bearer(&configured_token(&json!({"jti": jti})));
    let changed = "[dpop]\norigins = \"https://api.example.com\"\nnonces = {}\nmemory = 50\n[revocations]\nlongest_lifetime = \"1d\"\n";
    for (number, text) in [text, changed, text, ""].into_iter().enumerate() {
        fs::write(&path, file(text)).unwrap();
        handle.reload().unwrap();
        if !text.is_empty() {
            assert_eq!(status(&handle, proven(&token, &proof)).await, 401);
            assert_eq!(status(&handle, proven(&token, &with(&nonce))).await, 200);
        }
        assert_eq!(status(&handle, plain("before")).await, 401);
        // By the handle from before, and by the one of now.
        let now = handle.current().revocations().unwrap();
        for (way, revocations) in [("kept", &kept), ("now", &now)] {
            let jti = format!("{way}-{number}");
            assert_eq!(status(&handle, plain(&jti)).await, 200);
            revocations.revoke_token(ISSUER, &jti, u64::MAX).await.unwrap();
            assert_eq!(status(&handle, plain(&jti)).await, 401, "{jti}");
        }
    }
}
