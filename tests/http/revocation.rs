//! RESPONSES A15, CHECKLIST L5: what was revoked is refused on the next request.

use std::{net::SocketAddr, time::Duration};

use actix_web::{
    App, HttpRequest, Responder, get,
    http::header::AUTHORIZATION,
    middleware::from_fn,
    test::{TestRequest, call_service, init_service},
};
use auth_runtime::{
    Auth, AuthBuilder, Identity, IdentityExt,
    api_key::{ApiKey, ApiKeys, MemoryStore},
    clock::{Clock, SystemClock},
    public, require_step_up,
    revocation::Revocations,
    testing::TestIssuer,
    verifier::{Verification, Verified, Verifier},
};
use auth_tests::{EXPIRED, INVALID, MISSING, Tokens};
use serde_json::json;

use crate::{get_as, send, send_to, setup::Log};

const ISSUER: &str = "https://id.test/";
const BAD: &str = "Invalid or expired token";

fn with(issuer: &TestIssuer, revocations: &Revocations) -> AuthBuilder {
    Auth::builder().issuer(issuer.issuer()).revocations(revocations.clone())
}

#[actix_web::test]
async fn a15_l5_a_token_revoked_by_jti_is_refused_on_the_next_request() {
    let (issuer, revocations) = (TestIssuer::new(), Revocations::new());
    let auth = with(&issuer, &revocations).build().unwrap();
    let token = |jti: &str| issuer.token("ann").role("admin").claim("jti", jti).mint();
    let (one, other) = (token("1"), token("2"));
    let forged = TestIssuer::new().token("ann").mint();

    for _ in 0..2 {
        assert_eq!(send(auth.clone(), get_as("/admin", &one)).await.status, 200);
    }
    revocations.revoke_token(ISSUER, "1", u64::MAX);
    let answer = send(auth.clone(), get_as("/admin", &one)).await;
    answer.assert(401, Some(INVALID), BAD);
    // Nobody can tell it from a token that never was good (J23).
    assert_eq!(answer, send(auth.clone(), get_as("/admin", &forged)).await);
    assert_eq!(send(auth.clone(), get_as("/admin", &other)).await.status, 200);

    revocations.restore_token(ISSUER, "1");
    assert_eq!(send(auth, get_as("/admin", &one)).await.status, 200);
}

#[actix_web::test]
async fn a15_a_subject_s_tokens_from_before_a_time() {
    let (issuer, revocations) = (TestIssuer::new(), Revocations::new());
    let auth = with(&issuer, &revocations).build().unwrap();
    let now = SystemClock.now();
    revocations.revoke_subject(ISSUER, "ann", now);
    let token =
        |subject: &str, iat: serde_json::Value| issuer.token(subject).claim("iat", iat).mint();

    for (token, status) in [
        (token("ann", json!(now - 1)), 401),
        // The fraction does not make it later.
        (token("ann", format!("{}.5", now - 1).parse().unwrap()), 401),
        (token("ann", json!(now)), 200),
        (token("bob", json!(now - 1)), 200),
        // Nobody knows when: before any time. It has no `jti` either.
        (issuer.token("ann").without("iat").mint(), 401),
        (issuer.token("bob").without("iat").mint(), 200),
    ] {
        let answer = send(auth.clone(), get_as("/me", &token)).await;
        assert_eq!(answer.status, status, "{token}");
        if status == 401 {
            answer.assert(401, Some(INVALID), BAD);
        }
    }
}

#[actix_web::test]
async fn a15_everything_an_issuer_issued_before_a_time() {
    let (one, two) = (TestIssuer::new(), TestIssuer::new().named("https://two.test/"));
    let revocations = Revocations::new();
    let auth = with(&one, &revocations).issuer(two.issuer()).build().unwrap();
    let now = SystemClock.now();
    revocations.revoke_issued_before(ISSUER, now);

    for (token, status) in [
        (one.token("ann").claim("iat", now - 1).mint(), 401),
        (one.token("bob").without("iat").mint(), 401),
        (one.token("ann").claim("iat", now).mint(), 200),
        (two.token("ann").claim("iat", now - 1).mint(), 200),
    ] {
        assert_eq!(send(auth.clone(), get_as("/me", &token)).await.status, status, "{token}");
    }
}

#[actix_web::test]
async fn a15_a_token_older_than_revocations_are_remembered() {
    let issuer = TestIssuer::new();
    let day = Duration::from_secs(24 * 60 * 60);
    let revocations = Revocations::builder().longest_lifetime(day).build();
    let auth = with(&issuer, &revocations).build().unwrap();
    let now = SystemClock.now();
    for (age, status) in [(60 * 60, 200), (25 * 60 * 60, 401)] {
        let token = issuer.token("ann").claim("iat", now - age).mint();
        let log = Log::default();
        let _listening = log.listen();
        assert_eq!(send(auth.clone(), get_as("/me", &token)).await.status, status);
        // Perhaps the setting is wrong, and then the operator has to hear of it.
        assert_eq!(log.text().contains("WARN"), status == 401, "{}", log.text());
    }
}

/// Knows every token as ann's, and calls it by itself.
struct Opaque {
    slow: bool,
}

impl Verifier for Opaque {
    fn verify(&self, token: &str, _: &HttpRequest) -> Verification {
        let answer = Ok(Verified::new(ISSUER, "ann").jti(token).issued_at(1_000).role("admin"));
        if !self.slow {
            return Verification::Ready(answer);
        }
        Verification::later(async move {
            actix_web::rt::task::yield_now().await;
            answer
        })
    }
}

#[actix_web::test]
async fn a15_every_verifier_s_identities_are_checked() {
    for slow in [false, true] {
        let revocations = Revocations::new();
        let auth = Auth::builder()
            .verifier(Opaque { slow })
            .revocations(revocations.clone())
            .clock(|| 2_000)
            .build()
            .unwrap();
        let ask = async |path, token| send(auth.clone(), get_as(path, token)).await;
        assert_eq!(ask("/me", "one").await.body, "ann");
        revocations.revoke_token(ISSUER, "one", 3_000);
        ask("/me", "one").await.assert(401, Some(INVALID), BAD);
        assert_eq!(ask("/me", "two").await.status, 200);
        revocations.revoke_subject(ISSUER, "ann", 1_001);
        ask("/me", "two").await.assert(401, Some(INVALID), BAD);
    }
}

#[actix_web::test]
async fn a15_an_api_key_is_revoked_by_its_id() {
    let (store, revocations) = (MemoryStore::new(), Revocations::new());
    let (text, key) = ApiKey::generate("svc").unwrap();
    let id = key.id().to_owned();
    store.insert(key);
    let auth = Auth::builder()
        .api_keys(ApiKeys::new(store).issuer("https://keys.test/"))
        .revocations(revocations.clone())
        .build()
        .unwrap();
    let ask = async || {
        let request = TestRequest::get().uri("/me").insert_header(("x-api-key", text.reveal()));
        send(auth.clone(), request).await
    };
    assert_eq!(ask().await.status, 200);
    revocations.revoke_token("https://keys.test/", &id, u64::MAX);
    let challenge = r#"ApiKey realm="api", header="X-API-Key""#;
    ask().await.assert(401, Some(challenge), "Invalid API key");
    revocations.restore_token("https://keys.test/", &id);
    revocations.revoke_subject("https://keys.test/", "svc", 1);
    ask().await.assert(401, Some(challenge), "Invalid API key");
}

/// Says who the caller is, before and after everything of theirs was revoked.
#[public]
#[get("/twice")]
async fn twice(request: HttpRequest, before: Option<Identity>) -> impl Responder {
    let revocations = request.app_data::<Revocations>().unwrap();
    if let Some(caller) = &before {
        revocations.revoke_subject(caller.issuer(), caller.subject(), u64::MAX);
    }
    "done"
}

#[actix_web::test]
async fn l5_an_identity_remembered_during_a_request_is_checked_again() {
    for slow in [false, true] {
        let revocations = Revocations::new();
        let auth = Auth::builder()
            .verifier(Opaque { slow })
            .revocations(revocations.clone())
            .clock(|| 2_000)
            .build()
            .unwrap();
        let app = App::new().app_data(auth).app_data(revocations.clone()).service(twice).wrap(
            from_fn(|request, next: actix_web::middleware::Next<_>| async move {
                let response = next.call(request).await?;
                let caller = response.request().identity();
                let caller =
                    caller.map_or_else(|| "nobody".to_owned(), |it| it.subject().to_owned());
                Ok::<_, actix_web::Error>(response.map_body(move |_, _| caller))
            }),
        );
        let app = init_service(app).await;
        let ask = || get_as("/twice", "one").to_request();
        let response = call_service(&app, ask()).await;
        assert_eq!(response.status(), 200);
        assert_eq!(actix_web::test::read_body(response).await, "nobody");
        assert_eq!(call_service(&app, ask()).await.status(), 401);
    }
}

#[require_step_up(acr = "mfa")]
#[get("/strong")]
async fn strong() -> impl Responder {
    "strong"
}

#[actix_web::test]
async fn order_of_evaluation_time_then_revocation_then_step_up_and_policy() {
    let (issuer, revocations) = (TestIssuer::new(), Revocations::new());
    let auth = with(&issuer, &revocations).build().unwrap();
    revocations.revoke_subject(ISSUER, "ann", u64::MAX);

    // Over, and revoked: it is over.
    let over = issuer.token("ann").expired().mint();
    send(auth.clone(), get_as("/me", &over)).await.assert(401, Some(EXPIRED), BAD);
    // Revoked, and without the role or the login that the route wants: revoked.
    let weak = issuer.token("ann").mint();
    send(auth.clone(), get_as("/admin", &weak)).await.assert(401, Some(INVALID), BAD);
    send_to(auth.clone(), strong, get_as("/strong", &weak)).await.assert(401, Some(INVALID), BAD);
    // Without credentials, and on an open route, nobody is asked.
    let nobody = TestRequest::get().uri("/me");
    send(auth.clone(), nobody).await.assert(401, Some(MISSING), "No authentication token provided");
    assert_eq!(send(auth, get_as("/open", &weak)).await.status, 200);
}

#[actix_web::test]
async fn z7_a_revoked_token_is_no_attack() {
    let (issuer, revocations) = (TestIssuer::new(), Revocations::new());
    let auth = with(&issuer, &revocations).failed_attempts(2, Duration::from_secs(60));
    let auth = auth.build().unwrap();
    let token = issuer.token("ann").claim("jti", "1").mint();
    revocations.revoke_token(ISSUER, "1", u64::MAX);
    for _ in 0..5 {
        let request = TestRequest::get()
            .uri("/me")
            .peer_addr(SocketAddr::from(([192, 0, 2, 1], 1)))
            .insert_header((AUTHORIZATION, format!("Bearer {token}")));
        send(auth.clone(), request).await.assert(401, Some(INVALID), BAD);
    }
}

#[actix_web::test]
async fn without_revocations_nothing_is_refused_for_them() {
    let issuer = TestIssuer::new();
    let auth = issuer.auth().unwrap();
    let ancient = issuer.token("ann").claim("iat", 1).mint();
    assert_eq!(send(auth, get_as("/me", &ancient)).await.status, 200);
    assert_eq!(send(Tokens::ready().auth(), get_as("/me", "user")).await.status, 200);
}
