//! What a guard takes from the heap over the bare handler (DESIGN, "Cost"): nothing for a token that was seen before, and
//! nothing that has to be formatted for a refusal.
//!
//! Each request goes through the whole application, as actix-web serves it; what it takes is counted, not timed.

use actix_web::{
    App, Error, HttpRequest, HttpResponse, Responder,
    body::MessageBody,
    dev::{Service, ServiceResponse},
    http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderValue, WWW_AUTHENTICATE},
    test::{TestRequest, init_service},
    web,
};
use auth_runtime::{
    Auth, Claims, Identity, IdentityExt, Policy, ReloadableAuth, authorize, guard, public,
    require_auth, require_role, require_scope, testing::TestIssuer,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

async fn bare() -> impl Responder {
    HttpResponse::Ok()
}

#[public]
async fn open() -> impl Responder {
    HttpResponse::Ok()
}

#[require_auth]
async fn guarded() -> impl Responder {
    HttpResponse::Ok()
}

#[require_role(any("admin", "editor", "user"))]
async fn role() -> impl Responder {
    HttpResponse::Ok()
}

#[authorize((role("admin") || scope("docs:read")) && !acr("0"))]
async fn expression() -> impl Responder {
    HttpResponse::Ok()
}

#[require_auth]
async fn asking(identity: Identity, request: HttpRequest) -> impl Responder {
    assert_eq!(request.identity().as_ref().map(Identity::subject), Some(identity.subject()));
    HttpResponse::Ok()
}

#[derive(Deserialize)]
struct Payload {
    exp: u64,
}

#[require_auth]
async fn claims(claims: Claims<Payload>) -> impl Responder {
    assert!(claims.exp > 0);
    HttpResponse::Ok()
}

async fn bare_with_extractor(request: HttpRequest) -> impl Responder {
    assert!(request.app_data::<Auth>().is_some());
    HttpResponse::Ok()
}

#[require_role("nobody")]
async fn wrong_role() -> impl Responder {
    HttpResponse::Ok()
}

#[require_scope("docs:delete")]
async fn wrong_scope() -> impl Responder {
    HttpResponse::Ok()
}

/// A refusal as somebody would write it by hand, whose parts are all constants.
async fn refusing() -> impl Responder {
    HttpResponse::Unauthorized()
        .insert_header((WWW_AUTHENTICATE, HeaderValue::from_static(r#"Bearer realm="api""#)))
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .content_type("application/json")
        .body(r#"{"error":"Unauthorized","message":"Missing authentication"}"#)
}

fn token(issuer: &TestIssuer) -> String {
    issuer.token("ann").role("user").scope("docs:read").claim("acr", "1").mint()
}

/// How much one request takes, which has a body that is empty, once everything that is made once has been made.
fn taken<B: MessageBody>(
    app: &impl Service<actix_http::Request, Response = ServiceResponse<B>, Error = Error>,
    path: &str,
    token: Option<&str>,
    status: u16,
) -> u64 {
    let request = || {
        let mut request = TestRequest::with_uri(path);
        if let Some(token) = token {
            request = request.insert_header((AUTHORIZATION, format!("Bearer {token}")));
        }
        request.to_request()
    };
    let mut least = u64::MAX;
    for _ in 0..8 {
        let request = request();
        let counted = allocation_counter::measure(|| {
            let response = futures_util::FutureExt::now_or_never(app.call(request));
            let response = response.expect("everything is ready").expect("a response");
            assert_eq!(response.status().as_u16(), status, "{path}");
        });
        least = least.min(counted.count_total);
    }
    least
}

macro_rules! application {
    ($auth:expr) => {
        init_service(
            App::new()
                .app_data($auth)
                .route("/bare", web::get().to(bare))
                .route("/bare-with-extractor", web::get().to(bare_with_extractor))
                .route("/open", web::get().to(open))
                .route("/guarded", web::get().to(guarded))
                .route("/role", web::get().to(role))
                .route("/expression", web::get().to(expression))
                .route("/asking", web::get().to(asking))
                .route("/claims", web::get().to(claims))
                .route("/wrong-role", web::get().to(wrong_role))
                .route("/wrong-scope", web::get().to(wrong_scope))
                .route("/refusing", web::get().to(refusing)),
        )
        .await
    };
}

#[actix_web::test]
async fn a_token_that_was_seen_takes_nothing_from_the_heap() {
    let issuer = TestIssuer::new();
    let app = application!(issuer.auth().unwrap());
    let token = token(&issuer);
    let bare = taken(&app, "/bare", Some(&token), 200);
    for path in ["/open", "/guarded", "/role", "/expression"] {
        assert_eq!(taken(&app, path, Some(&token), 200), bare, "{path}");
    }
    let bare = taken(&app, "/bare-with-extractor", Some(&token), 200);
    for path in ["/asking", "/claims"] {
        assert_eq!(taken(&app, path, Some(&token), 200), bare, "{path}");
    }
}

/// What a request began with stands in its handler's future, where a request's extensions would take a box.
#[actix_web::test]
async fn nor_does_it_where_the_auth_may_be_replaced() {
    let issuer = TestIssuer::new();
    let app = application!(ReloadableAuth::new(issuer.auth().unwrap()));
    let token = token(&issuer);
    let bare = taken(&app, "/bare", Some(&token), 200);
    for path in ["/open", "/guarded", "/role", "/expression"] {
        assert_eq!(taken(&app, path, Some(&token), 200), bare, "{path}");
    }
}

#[actix_web::test]
async fn a_token_that_was_not_takes_what_is_kept_of_it() {
    let issuer = TestIssuer::new();
    let auth = Auth::builder().issuer(issuer.issuer()).token_cache(0, 0).build().unwrap();
    let app = application!(auth);
    let token = token(&issuer);
    let bare = taken(&app, "/bare", Some(&token), 200);
    let cold = taken(&app, "/guarded", Some(&token), 200) - bare;
    // All that it says, in one piece; the identity; and meanwhile, for reading JSON, the claims and the array of roles.
    // RustCrypto takes one more for what verifies, and wants the signature in a piece of its own.
    let most = if cfg!(feature = "aws-lc") { 4 } else { 6 };
    assert!(cold <= most, "{cold}");
}

#[actix_web::test]
async fn a_refusal_takes_no_more_than_one_whose_parts_are_constants() {
    let issuer = TestIssuer::new();
    let app = application!(issuer.auth().unwrap());
    let token = token(&issuer);
    let by_hand = taken(&app, "/refusing", None, 401);
    assert!(taken(&app, "/guarded", None, 401) <= by_hand);
    assert!(taken(&app, "/wrong-role", Some(&token), 403) <= by_hand);
    // The scope that is missing is written into the challenge.
    let wrong_scope = taken(&app, "/wrong-scope", Some(&token), 403);
    assert!(wrong_scope <= by_hand + 12, "{wrong_scope}, {by_hand} by hand");
}

/// Who may come is asked of what nobody has signed yet, so what that takes meanwhile is for anybody to choose.
#[actix_web::test]
async fn j22_a_token_full_of_small_objects_takes_little_memory() {
    let objects = vec![r#"{"":0}"#; 1_600].join(",");
    let [header, payload] = [r#"{"alg":"HS256"}"#, &format!(r#"{{"a":[{objects}]}}"#)]
        .map(|part| URL_SAFE_NO_PAD.encode(part));
    let token = format!("{header}.{payload}.AAAA");
    let request = TestRequest::default()
        .app_data(TestIssuer::new().auth().unwrap())
        .insert_header((AUTHORIZATION, format!("Bearer {token}")))
        .to_http_request();
    let taken = allocation_counter::measure(|| {
        let guarding = std::pin::pin!(guard(&request, &AUTHENTICATED));
        let refused = futures_util::FutureExt::now_or_never(guarding).unwrap();
        assert_eq!(refused.unwrap_err().reason(), "invalid_token");
    });
    assert!(taken.bytes_max < 40 * token.len() as u64, "{} of {}", taken.bytes_max, token.len());
}

static AUTHENTICATED: Policy = Policy::Authenticated;

/// What is remembered takes no more memory than it was given, by the allocator's own count.
#[actix_web::test]
async fn remembered_tokens_stay_within_their_bytes() {
    for bound in [1 << 20, 4 << 20] {
        let issuer = TestIssuer::new();
        let auth = Auth::builder().issuer(issuer.issuer()).token_cache(1_000_000, bound);
        let auth = auth.build().unwrap();
        let requests: Vec<_> = (0..8_000)
            .map(|number| {
                let token = issuer.token(&format!("user-{number}")).role("user").mint();
                TestRequest::default()
                    .app_data(auth.clone())
                    .insert_header((AUTHORIZATION, format!("Bearer {token}")))
                    .to_http_request()
            })
            .collect();
        let taken = allocation_counter::measure(|| {
            for request in &requests {
                let guarding = std::pin::pin!(guard(request, &AUTHENTICATED));
                futures_util::FutureExt::now_or_never(guarding).unwrap().unwrap();
            }
        });
        let taken = usize::try_from(taken.bytes_current).unwrap();
        assert!((bound / 2..=bound).contains(&taken), "{taken} of {bound}");
    }
}

/// Without this, nothing above would show anything.
#[test]
fn what_is_taken_is_counted() {
    let counted = allocation_counter::measure(|| drop(Box::new(17_u64)));
    assert_eq!(counted.count_total, 1);
}
