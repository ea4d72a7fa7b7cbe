//! A proof is good for one request, and for all of that one (RFC 9449 §11.1).

use actix_web::{
    App, Error, HttpRequest, Responder,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
    middleware::{Next, from_fn},
    test::{call_service, init_service},
    web,
};
use auth_runtime::{
    Auth, Claims, Identity, IdentityExt, Nonces, OptionalIdentity, Policy, ReloadableAuth, guard,
    require_auth,
    testing::{DpopKey, TestIssuer},
};
use auth_tests::{MISSING, Tokens};
use serde_json::Value;

use super::{Caller, INVALID_PROOF, Opaque, URI, ask, assert_refused, dpop, with};
use crate::send_to;

#[actix_web::test]
async fn p2_a_proof_that_was_used_is_refused() {
    let caller = Caller::new();
    let auth = caller.auth();
    let proof = caller.proof().claim("jti", "one");
    let used = proof.mint();
    assert_eq!(ask(&auth, with(&caller.token, &used)).await.status, 200);
    // Once more as it is; the same `jti` signed anew; and with another token of the same key.
    let other = caller.issuer.token("ann").bound_to(&caller.key).mint();
    let for_other = caller.key.proof("GET", URI, &other).claim("jti", "one").mint();
    for (token, proof) in
        [(&caller.token, &used), (&caller.token, &proof.mint()), (&other, &for_other)]
    {
        assert_refused(&ask(&auth, with(token, proof)).await, [MISSING, INVALID_PROOF]);
    }
    // Somebody else may call his proof the same.
    let key = DpopKey::new();
    let token = caller.issuer.token("bob").bound_to(&key).mint();
    let proof = key.proof("GET", URI, &token).claim("jti", "one").mint();
    assert_eq!(ask(&auth, with(&token, &proof)).await.status, 200);
}

#[actix_web::test]
async fn p2_a_refused_request_uses_its_proof_up_only_if_it_was_good() {
    let caller = Caller::new();
    let auth = caller.auth();
    // For another URI, and still good for its own.
    let proof = caller.proof().mint();
    let elsewhere = with(&caller.token, &proof).uri("/admin");
    assert_refused(&ask(&auth, elsewhere).await, [MISSING, INVALID_PROOF]);
    assert_eq!(ask(&auth, with(&caller.token, &proof)).await.status, 200);

    let uri = "https://api.example.com/admin";
    let proof = caller.key.proof("GET", uri, &caller.token).mint();
    let admin = || with(&caller.token, &proof).uri("/admin");
    assert_eq!(ask(&auth, admin()).await.status, 403);
    assert_refused(&ask(&auth, admin()).await, [MISSING, INVALID_PROOF]);
}

#[actix_web::test]
async fn p2_a_memory_that_is_full_is_a_503() {
    let caller = Caller::new();
    let auth =
        Auth::builder().issuer(caller.issuer.issuer()).dpop(dpop().memory(1)).build().unwrap();
    let first = caller.proof().mint();
    assert_eq!(ask(&auth, with(&caller.token, &first)).await.status, 200);
    let answer = ask(&auth, with(&caller.token, &caller.proof().mint())).await;
    answer.assert(503, None, "Authentication is temporarily unavailable");
    assert!(answer.retry_after.unwrap().parse::<u64>().unwrap() > 0);
    assert_refused(&ask(&auth, with(&caller.token, &first)).await, [MISSING, INVALID_PROOF]);
}

async fn looked(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    // Nobody has verified it yet, and whoever only looks does not use the proof up.
    assert!(request.identity().is_none());
    let response = next.call(request).await?;
    let known = response.request().identity();
    assert_eq!(known.is_some(), response.status().is_success());
    Ok(response)
}

async fn guarded(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    static CALLERS: Policy = Policy::Authenticated;
    let passed = guard(request.request(), &CALLERS).await;
    assert!(passed.is_ok_and(|identity| identity.is_some()));
    next.call(request).await
}

/// Guards, extractors and middleware of one request all look at the same proof.
#[actix_web::test]
async fn p2_a_proof_is_good_for_everybody_who_asks_during_its_request() {
    /// No attribute: three extractors that verify by themselves, side by side.
    async fn bare(
        identity: Identity,
        optional: OptionalIdentity,
        _claims: Claims<Value>,
        request: HttpRequest,
    ) -> impl Responder {
        assert!(optional.is_some() && request.identity().is_some());
        identity.subject().to_owned()
    }
    #[require_auth]
    async fn attributed(identity: Identity, request: HttpRequest) -> impl Responder {
        assert!(request.identity().is_some());
        identity.subject().to_owned()
    }

    let caller = Caller::new();
    let opaque = |slow| {
        let bound_to = Some(caller.key.thumbprint());
        Auth::builder().verifier(Opaque { bound_to, slow }).dpop(dpop()).build().unwrap()
    };
    for (auth, token) in
        [(caller.auth(), &*caller.token), (opaque(false), "opaque"), (opaque(true), "opaque")]
    {
        for path in ["/bare", "/attributed"] {
            let uri = format!("https://api.example.com{path}");
            let request = || with(token, &caller.key.proof("GET", &uri, token).mint()).uri(path);
            let services =
                || (web::resource("/bare").to(bare), web::resource("/attributed").to(attributed));
            let app = App::new().app_data(auth.clone()).service(services()).wrap(from_fn(looked));
            let app = init_service(app).await;
            let response = call_service(&app, request().to_request()).await;
            assert_eq!(response.status(), 200, "{path} {token}");

            let app = App::new().app_data(auth.clone()).service(services()).wrap(from_fn(guarded));
            let app = init_service(app).await;
            let response = call_service(&app, request().to_request()).await;
            assert_eq!(response.status(), 200, "{path} {token}");
        }
    }
}

/// A scope with an `Auth` of its own trusts others, whatever was found out in front of it.
#[actix_web::test]
async fn what_one_auth_remembers_is_nothing_to_another() {
    #[require_auth]
    async fn inner(identity: Identity) -> impl Responder {
        identity.issuer().to_owned()
    }

    let caller = Caller::new();
    let opaque = Opaque { bound_to: Some(caller.key.thumbprint()), slow: true };
    let outer_dpop = Auth::builder().verifier(opaque).dpop(dpop()).build().unwrap();
    let inner_dpop =
        Auth::builder().issuer(TestIssuer::new().issuer()).dpop(dpop()).build().unwrap();
    let inner_plain = Auth::builder().issuer(TestIssuer::new().issuer()).build().unwrap();
    let proof = caller.key.proof("GET", "https://api.example.com/scope/x", "opaque").mint();
    for (outer, inner_auth, request) in [
        (outer_dpop, inner_dpop, with("opaque", &proof)),
        (Tokens::slow().auth(), inner_plain, crate::get_as("/", "admin")),
    ] {
        let scope = web::scope("/scope").app_data(inner_auth);
        let scope = scope.service(web::resource("/x").to(inner));
        // The outer one verifies it first, and is satisfied.
        let app = init_service(App::new().app_data(outer).service(scope).wrap(from_fn(guarded)));
        let app = app.await;
        let response = call_service(&app, request.uri("/scope/x").to_request()).await;
        assert_eq!(response.status(), 401);
    }
}

/// A middleware in between may exchange what the client sent.
#[actix_web::test]
async fn what_was_remembered_is_good_for_the_same_credential_alone() {
    #[require_auth]
    async fn inner() -> impl Responder {
        "inner"
    }

    let caller = Caller::new();
    let other = caller.issuer.token("bob").bound_to(&DpopKey::new()).mint();
    for (name, value, status) in [
        ("x-else", "x".to_owned(), 200),
        ("dpop", caller.proof().claim("htm", "POST").mint(), 401),
        ("authorization", format!("DPoP {other}"), 401),
    ] {
        let exchanged = move |mut request: ServiceRequest, next: Next<_>| {
            let value = HeaderValue::from_str(&value).unwrap();
            async move {
                static CALLERS: Policy = Policy::Authenticated;
                assert!(guard(request.request(), &CALLERS).await.is_ok());
                request.headers_mut().insert(HeaderName::from_static(name), value);
                next.call(request).await
            }
        };
        let app = App::new().app_data(caller.auth()).service(web::resource("/me").to(inner));
        let app = init_service(app.wrap(from_fn(exchanged))).await;
        let request = with(&caller.token, &caller.proof().mint()).to_request();
        assert_eq!(call_service(&app, request).await.status(), status, "{name}");
    }
}

/// A23
#[actix_web::test]
async fn a23_an_optional_identity_with_a_bad_proof_is_a_401() {
    async fn optional(caller: OptionalIdentity) -> impl Responder {
        caller.as_ref().map_or("nobody".to_owned(), |caller| caller.subject().to_owned())
    }

    let caller = Caller::new();
    let nonces = dpop().nonces(Nonces::new());
    let with_nonces = Auth::builder().issuer(caller.issuer.issuer()).dpop(nonces).build().unwrap();
    for (auth, proof, status) in [
        (caller.auth(), caller.proof().mint(), 200),
        (caller.auth(), "nonsense".to_owned(), 401),
        (with_nonces, caller.proof().mint(), 401),
    ] {
        let service = web::resource("/me").to(optional);
        let answer = send_to(auth, service, with(&caller.token, &proof)).await;
        assert_eq!(answer.status.as_u16(), status);
    }
}

/// What was used stays used when the application's `Auth` is replaced, if both have clones of one `Dpop`.
#[actix_web::test]
async fn p2_a_used_proof_outlives_its_auth() {
    #[require_auth]
    async fn inner() -> impl Responder {
        "inner"
    }

    let caller = Caller::new();
    let settings = dpop();
    let build = || Auth::builder().issuer(caller.issuer.issuer()).dpop(settings.clone()).build();
    let auth = ReloadableAuth::new(build().unwrap());
    let app = App::new().app_data(auth.clone()).service(web::resource("/me").to(inner));
    let app = init_service(app).await;
    let proof = caller.proof().mint();
    for status in [200, 401] {
        let request = with(&caller.token, &proof).to_request();
        assert_eq!(call_service(&app, request).await.status(), status);
        auth.replace(&build().unwrap());
    }
    let request = with(&caller.token, &caller.proof().mint()).to_request();
    assert_eq!(call_service(&app, request).await.status(), 200);
}
