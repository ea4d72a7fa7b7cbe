//! Who the handler sees: extractors, claims, hierarchy, and that requests never see each other's identity.

use actix_web::{
    App, Error, FromRequest, HttpRequest, HttpResponse, Responder,
    body::MessageBody,
    dev::{Payload, Service, ServiceRequest, ServiceResponse},
    get,
    middleware::{Next, from_fn},
    test::{TestRequest, call_service, init_service},
    web,
};
use auth_runtime::{
    Auth, Claims, Identity, IdentityExt, Method, require_auth, require_role,
    testing::TestIssuer,
    verifier::{Verification, Verified, Verifier},
};
use auth_tests::{INVALID, MISSING, Tokens, read};
use serde::Deserialize;
use serde_json::json;

use crate::{get_as, send, send_to};

#[derive(Deserialize)]
struct Tenant {
    tenant: String,
}

#[require_auth]
#[get("/tenant")]
async fn tenant(claims: Claims<Tenant>) -> impl Responder {
    claims.into_inner().tenant
}

#[actix_web::test]
async fn claims_are_a_type_of_the_application_s() {
    let issuer = TestIssuer::new();
    let auth = issuer.auth().unwrap();
    let token = issuer.token("ann").claim("tenant", "acme").mint();
    let answer = send_to(auth.clone(), tenant, get_as("/tenant", &token)).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (200, "acme"));

    send_to(auth.clone(), tenant, TestRequest::get().uri("/tenant")).await.assert(
        401,
        Some(MISSING),
        "No authentication token provided",
    );
    for unfit in [issuer.token("ann"), issuer.token("ann").claim("tenant", 7)] {
        send_to(auth.clone(), tenant, get_as("/tenant", &unfit.mint())).await.assert(
            403,
            None,
            "You do not have permission to access this resource",
        );
    }
}

#[require_auth]
#[get("/identity")]
async fn whole(identity: Identity) -> impl Responder {
    web::Json(json!({
        "issuer": identity.issuer(),
        "subject": identity.subject(),
        "roles": identity.roles().collect::<Vec<_>>(),
        "scopes": identity.scopes().collect::<Vec<_>>(),
        "acr": identity.acr(),
        "auth_time": identity.auth_time(),
        "expires_at": identity.expires_at(),
        "bearer": identity.method() == Method::Bearer,
    }))
}

/// Vouches for the same caller as the token below.
struct Sessions;

impl Verifier for Sessions {
    fn verify(&self, _: &str, _: &HttpRequest) -> Verification {
        let ann = Verified::new("https://id.test/", "ann").role("admin");
        let ann = ann.scope("docs:read").scope("docs:write").acr("mfa").auth_time(12);
        Verification::Ready(Ok(ann.expires_at(4_000_000_000)))
    }
}

#[actix_web::test]
async fn an_identity_says_what_the_token_says() {
    let issuer = TestIssuer::new();
    let token = issuer
        .token("ann")
        .role("admin")
        .scope("docs:read")
        .scope("docs:write")
        .claim("acr", "mfa")
        .claim("auth_time", 12)
        .claim("exp", 4_000_000_000_u64)
        .mint();
    let sessions = Auth::builder().verifier(Sessions).build().unwrap();
    let expected = json!({
        "issuer": "https://id.test/", "subject": "ann", "roles": ["admin"],
        "scopes": ["docs:read", "docs:write"], "acr": "mfa", "auth_time": 12,
        "expires_at": 4_000_000_000_u64, "bearer": true,
    });
    for (auth, token) in [(issuer.auth().unwrap(), &*token), (sessions, "session")] {
        let answer = send_to(auth, whole, get_as("/identity", token)).await;
        assert_eq!(serde_json::from_str::<serde_json::Value>(&answer.body).unwrap(), expected);
    }
}

#[actix_web::test]
async fn a_role_hierarchy_holds_everywhere() {
    #[require_role("reader")]
    #[get("/read")]
    async fn readers(identity: Identity) -> impl Responder {
        assert!(identity.has_role("reader"));
        identity.roles().collect::<Vec<_>>().join(" ")
    }

    let issuer = TestIssuer::new();
    let auth = Auth::builder()
        .issuer(issuer.issuer())
        .role_implies("admin", ["editor", "auditor"])
        .role_implies("editor", ["reader"])
        .build()
        .unwrap();
    for (role, status, body) in [
        ("admin", 200, "admin auditor editor reader"),
        ("reader", 200, "reader"),
        ("auditor", 403, ""),
        ("Admin", 403, ""),
    ] {
        let token = issuer.token("ann").role(role).mint();
        let answer = send_to(auth.clone(), readers, get_as("/read", &token)).await;
        assert_eq!(answer.status.as_u16(), status, "{role}");
        if status == 200 {
            assert_eq!(answer.body, body);
        }
    }
}

#[actix_web::test]
async fn d5_a_role_claim_of_the_wrong_type_yields_no_roles() {
    let issuer = TestIssuer::new();
    for roles in [json!("admin"), json!({"admin": true}), json!(["admin", 1]), json!(null)] {
        let token = issuer.token("ann").claim("roles", roles.clone()).mint();
        let answer = send(issuer.auth().unwrap(), get_as("/admin", &token)).await;
        assert_eq!(answer.status, 403, "{roles}");
        let answer = send(issuer.auth().unwrap(), get_as("/me", &token)).await;
        assert_eq!(answer.status, 200, "{roles}");
    }
    for role in ["Admin", "ADMIN", "admin ", "ROLE_admin", "administrator"] {
        let token = issuer.token("ann").role(role).mint();
        assert_eq!(
            send(issuer.auth().unwrap(), get_as("/admin", &token)).await.status,
            403,
            "{role}"
        );
    }
}

#[actix_web::test]
async fn j15_several_issuers_are_chosen_by_iss() {
    let one = TestIssuer::new().named("https://one.test/");
    let two = TestIssuer::new().named("https://two.test/");
    let auth = Auth::builder().issuer(one.issuer()).issuer(two.issuer()).build().unwrap();
    for issuer in [&one, &two] {
        let token = issuer.token("ann").mint();
        assert_eq!(send(auth.clone(), get_as("/me", &token)).await.status, 200);
    }
    let crossed = two.token("ann").claim("iss", "https://one.test/").mint();
    send(auth, get_as("/me", &crossed)).await.assert(
        401,
        Some(INVALID),
        "Invalid or expired token",
    );
}

#[actix_web::test]
async fn jwts_go_to_the_issuers_and_other_tokens_to_the_verifier() {
    let issuer = TestIssuer::new();
    let tokens = Tokens::ready();
    let auth = Auth::builder().issuer(issuer.issuer()).verifier(tokens.clone()).build().unwrap();
    assert_eq!(send(auth.clone(), get_as("/me", &issuer.token("ann").mint())).await.body, "ann");
    assert_eq!(tokens.asked(), 0);
    assert_eq!(send(auth.clone(), get_as("/me", "user")).await.body, "user");
    assert_eq!(tokens.asked(), 1);
    let forged = TestIssuer::new().token("user").mint();
    assert_eq!(send(auth, get_as("/me", &forged)).await.status, 401);
    assert_eq!(tokens.asked(), 1, "no token chooses its judge");
}

fn name(identity: Option<Identity>) -> String {
    identity.map_or_else(|| "nobody".to_owned(), |identity| identity.subject().to_owned())
}

/// An extractor of the application's own that looks for the identity only when it is polled.
struct Late(String);

impl FromRequest for Late {
    type Error = Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            actix_web::rt::task::yield_now().await;
            Ok(Self(Identity::extract(&request).await?.subject().to_owned()))
        })
    }
}

#[require_auth]
#[get("/everywhere")]
async fn everywhere(request: HttpRequest, early: Identity, late: Late) -> impl Responder {
    actix_web::rt::task::yield_now().await;
    let inside = name(request.identity());
    [early.subject().to_owned(), late.0, inside].join(" ")
}

async fn note_caller(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let before = name(request.identity());
    let response = next.call(request).await?;
    let after = name(response.request().identity());
    Ok(response.map_body(|head, body| {
        let value = format!("{before} {after}").try_into().expect("a header value");
        head.headers.insert("x-caller".try_into().expect("a header name"), value);
        body
    }))
}

#[actix_web::test]
async fn the_identity_is_the_same_wherever_it_is_asked_for() {
    for (tokens, token, before) in
        [(Tokens::ready(), "user", "user"), (Tokens::slow(), "admin", "nobody")]
    {
        let app = init_service(
            App::new().app_data(tokens.auth()).wrap(from_fn(note_caller)).service(everywhere),
        )
        .await;
        let response = call_service(&app, get_as("/everywhere", token).to_request()).await;
        // A slow verifier is not waited for by `identity()`, which is no future; once waited for, it is remembered.
        let expected = format!("{before} {token}");
        assert_eq!(response.headers().get("x-caller").unwrap(), &*expected);
        assert_eq!(read(response).await.1, format!("{token} {token} {token}"));

        let response = call_service(&app, get_as("/everywhere", "unknown").to_request()).await;
        assert_eq!(response.headers().get("x-caller").unwrap(), "nobody nobody");
        assert_eq!(response.status(), 401);
    }
}

#[actix_web::test]
async fn the_guard_s_identity_is_not_verified_a_second_time() {
    let tokens = Tokens::ready();
    let answer = send_to(tokens.auth(), everywhere, get_as("/everywhere", "user")).await;
    assert_eq!(answer.body, "user user user");
    assert_eq!(tokens.asked(), 1);
}

#[require_auth]
#[get("/slow")]
async fn slow(request: HttpRequest, identity: Identity) -> impl Responder {
    let mut seen = vec![identity.subject().to_owned()];
    for _ in 0..5 {
        actix_web::rt::task::yield_now().await;
        seen.push(name(request.identity()));
    }
    seen.dedup();
    seen.join(" ")
}

#[actix_web::test]
async fn requests_on_one_thread_never_see_each_other_s_identity() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        let app = init_service(App::new().app_data(tokens.auth()).service(slow)).await;
        let callers = ["user", "editor", "admin", "user", "unknown", "admin"];
        let responses = futures_util::future::join_all(
            callers.map(|token| app.call(get_as("/slow", token).to_request())),
        )
        .await;
        for (token, response) in callers.into_iter().zip(responses) {
            let (status, body) = read(response.unwrap()).await;
            if token == "unknown" {
                assert_eq!(status, 401);
            } else {
                assert_eq!((status.as_u16(), &*body), (200, token));
            }
        }
        // Nothing is left behind for the next request.
        let response = call_service(&app, TestRequest::get().uri("/slow").to_request()).await;
        assert_eq!(response.status(), 401);
    }
}

/// Asks about other requests while one is guarded: as a handler does that answers several in one.
#[require_auth]
#[get("/batch")]
async fn batch(request: HttpRequest, identity: Identity) -> impl Responder {
    let auth = request.app_data::<Auth>().unwrap().clone();
    let others = ["admin", "unknown"]
        .map(|token| get_as("/part", token).app_data(auth.clone()).to_http_request());
    let nobody = TestRequest::get().uri("/part").app_data(auth).to_http_request();
    let mut seen = vec![identity.subject().to_owned()];
    for other in others.iter().chain([&nobody]) {
        seen.push(name(other.identity()));
        let extracted = Identity::extract(other).await.ok();
        assert_eq!(name(extracted), name(other.identity()));
    }
    seen.join(" ")
}

#[actix_web::test]
async fn a_handler_s_identity_is_not_that_of_other_requests_it_looks_at() {
    let answer = send_to(Tokens::ready().auth(), batch, get_as("/batch", "user")).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (200, "user admin nobody nobody"));
}

#[require_role("admin")]
async fn inner(request: HttpRequest) -> impl Responder {
    name(request.identity())
}

#[require_auth]
#[get("/outer")]
async fn outer(request: HttpRequest, payload: web::Payload, identity: Identity) -> impl Responder {
    let response = inner((request.clone(), payload).into()).await;
    // The inner handler's guard decided for itself, and left this one's identity where it was.
    assert_eq!(name(request.identity()), identity.subject());
    response
}

#[actix_web::test]
async fn a_guarded_handler_that_is_called_by_another_decides_for_itself() {
    for (token, status) in [("user", 403), ("admin", 200)] {
        let answer = send_to(Tokens::ready().auth(), outer, get_as("/outer", token)).await;
        assert_eq!(answer.status.as_u16(), status);
    }
}

#[require_auth]
#[get("/panics")]
async fn panics() -> HttpResponse {
    panic!("a bug in the handler")
}

#[actix_web::test]
async fn a_handler_that_panics_leaves_no_identity_behind() {
    let app =
        init_service(App::new().app_data(Tokens::ready().auth()).service((panics, slow))).await;
    let call = app.call(get_as("/panics", "admin").to_request());
    let outcome = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(call)).await;
    assert!(outcome.is_err());
    let request = TestRequest::get().uri("/slow").to_request();
    assert_eq!(call_service(&app, request).await.status(), 401);
}
