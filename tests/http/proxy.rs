//! RESPONSES A25 and A26: a proxy asks for its own credentials, and an origin never does.

use actix_web::{
    HttpRequest, HttpResponse, Responder, get,
    http::header::{AUTHORIZATION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, WWW_AUTHENTICATE},
    test::TestRequest,
};
use auth_runtime::{
    Auth, Cookie, Identity, Policy, guard, public, require_auth, require_role, require_scope,
    testing::TestIssuer,
};
use auth_tests::{INVALID, MISSING, REPEATED, Tokens, read};

use crate::call;

#[require_auth]
#[get("/forward")]
async fn forward(identity: Identity) -> impl Responder {
    identity.subject().to_owned()
}

#[require_role("admin")]
#[get("/admin")]
async fn admin() -> impl Responder {
    "admin"
}

#[require_scope("w")]
#[get("/scope")]
async fn scope() -> impl Responder {
    "scope"
}

#[public]
#[get("/optional")]
async fn optional(identity: Option<Identity>) -> impl Responder {
    identity.map_or("nobody".to_owned(), |identity| identity.subject().to_owned())
}

#[get("/bare")]
async fn bare(identity: Identity) -> impl Responder {
    identity.subject().to_owned()
}

static ADMINS: Policy = Policy::role("admin");

#[get("/by-hand")]
async fn by_hand(request: HttpRequest) -> HttpResponse {
    match guard(&request, &ADMINS).await {
        Ok(_) => HttpResponse::Ok().finish(),
        Err(rejection) => {
            let expected = rejection.status();
            let response = rejection.into_response(&request);
            assert_eq!(response.status(), expected);
            response
        }
    }
}

struct Seen {
    status: u16,
    proxy: Vec<String>,
    origin: usize,
    body: String,
}

async fn ask(auth: &Auth, path: &str, proxy: &[&str]) -> Seen {
    // What is meant for the origin is none of a proxy's business, not even two of it.
    let mut request = TestRequest::get()
        .uri(path)
        .append_header((AUTHORIZATION, "Bearer admin"))
        .append_header((AUTHORIZATION, "Basic x"));
    for line in proxy {
        request = request.append_header((PROXY_AUTHORIZATION, *line));
    }
    let services = (forward, admin, scope, optional, bare, by_hand);
    let response = call(auth.clone(), services, request).await;
    let lines = response.headers().get_all(PROXY_AUTHENTICATE);
    let proxy = lines.map(|line| line.to_str().unwrap().to_owned()).collect();
    let origin = response.headers().get_all(WWW_AUTHENTICATE).count();
    let (status, body) = read(response).await;
    Seen { status: status.as_u16(), proxy, origin, body }
}

fn body(message: &str) -> String {
    format!(r#"{{"error":"Proxy Authentication Required","message":"{message}"}}"#)
}

#[actix_web::test]
async fn a25_no_or_bad_proxy_credentials() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        let auth = Auth::builder().verifier(tokens.clone()).proxy_mode().build().unwrap();
        for path in ["/forward", "/admin", "/bare", "/by-hand"] {
            for lines in [[].as_slice(), &["Basic x"]] {
                let seen = ask(&auth, path, lines).await;
                assert_eq!(
                    (seen.status, &*seen.proxy, seen.origin),
                    (407, [MISSING.to_owned()].as_slice(), 0),
                    "{path}"
                );
                assert_eq!(seen.body, body("No proxy credentials provided"));
            }
            for line in ["Bearer unknown", "Bearer", "Bearer a b"] {
                let seen = ask(&auth, path, &[line]).await;
                assert_eq!(
                    (seen.status, &*seen.proxy, seen.origin),
                    (407, [INVALID.to_owned()].as_slice(), 0),
                    "{path}"
                );
                assert_eq!(seen.body, body("Invalid proxy credentials"));
            }
            let seen = ask(&auth, path, &["Bearer admin", "Bearer admin"]).await;
            assert_eq!(
                (seen.status, &*seen.proxy, seen.origin),
                (400, [REPEATED.to_owned()].as_slice(), 0)
            );
        }
        let seen = ask(&auth, "/forward", &["Bearer user"]).await;
        assert_eq!((seen.status, &*seen.body, seen.origin), (200, "user", 0));
        for path in ["/admin", "/by-hand"] {
            let seen = ask(&auth, path, &["Bearer user"]).await;
            assert_eq!((seen.status, seen.proxy.len(), seen.origin), (403, 0, 0));
            assert_eq!(ask(&auth, path, &["Bearer admin"]).await.status, 200);
        }
        // A client is told where to put what is missing.
        let seen = ask(&auth, "/scope", &["Bearer user"]).await;
        assert_eq!((seen.status, seen.proxy.len(), seen.origin), (403, 1, 0));
        assert_eq!(ask(&auth, "/optional", &[]).await.body, "nobody");
        assert_eq!(ask(&auth, "/optional", &["Bearer unknown"]).await.status, 407);
        assert_eq!(ask(&auth, "/optional", &["Bearer user"]).await.body, "user");
    }
    let issuer = TestIssuer::new();
    let auth = Auth::builder().issuer(issuer.issuer()).proxy_mode().build().unwrap();
    let expired = format!("Bearer {}", issuer.token("ann").expired().mint());
    assert_eq!(ask(&auth, "/forward", &[&expired]).await.status, 407);
}

#[actix_web::test]
async fn a26_an_origin_never_answers_407() {
    let auth = Tokens::ready().auth();
    for line in ["Bearer admin", "Bearer unknown", "Basic x", "Bearer"] {
        let request = TestRequest::get().uri("/forward").insert_header((PROXY_AUTHORIZATION, line));
        let response = call(auth.clone(), forward, request).await;
        assert_eq!(response.status(), 401);
        assert!(!response.headers().contains_key(PROXY_AUTHENTICATE));
    }
}

#[test]
fn a_proxy_takes_nothing_but_its_own_credentials() {
    let error = Auth::builder()
        .verifier(Tokens::ready())
        .cookie(Cookie::named("session"))
        .proxy_mode()
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("leave `.cookie(…)`"), "{error}");
}
