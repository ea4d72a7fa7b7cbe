//! Tokens in cookies: A4, rule 4, and requests that another site may have made.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    http::{
        Method,
        header::{CACHE_CONTROL, COOKIE, VARY},
    },
    test::TestRequest,
    web,
};
use auth_runtime::{Auth, Cookie, Identity, require_auth, require_role, testing::TestIssuer};
use auth_tests::{Answer, EXPIRED, INVALID, MISSING, REPEATED, Tokens};

use crate::{call, send_to};

const DENIED: &str = "You do not have permission to access this resource";

#[require_auth]
async fn me(identity: Identity) -> impl Responder {
    assert_eq!(identity.method(), auth_runtime::Method::Cookie);
    identity.subject().to_owned()
}

#[require_role("admin")]
async fn admin() -> impl Responder {
    "admin"
}

fn services() -> impl actix_web::dev::HttpServiceFactory {
    (web::resource("/me").to(me), web::resource("/admin").to(admin))
}

fn auth(tokens: &Tokens) -> Auth {
    let cookie = Cookie::named("session").origin("https://app.example.com");
    Auth::builder().verifier(tokens.clone()).cookie(cookie).build().unwrap()
}

fn with_cookie(method: Method, path: &str, cookie: &str) -> TestRequest {
    TestRequest::default()
        .method(method)
        .uri(path)
        .insert_header(("host", "api.example.com"))
        .insert_header((COOKIE, cookie))
}

async fn ask(auth: Auth, request: TestRequest) -> Answer {
    send_to(auth, services(), request).await
}

#[actix_web::test]
async fn a_token_in_a_cookie_is_judged_as_any_other() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        let get = |cookie: &str| with_cookie(Method::GET, "/me", cookie);
        let answer = ask(auth(&tokens), get("a=b; session=user")).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (200, "user"));
        ask(auth(&tokens), get("session=unknown")).await.assert(
            401,
            Some(INVALID),
            "Invalid or expired token",
        );
        for none in ["", "session=", "other=user", "Session=user"] {
            ask(auth(&tokens), get(none)).await.assert(
                401,
                Some(MISSING),
                "No authentication token provided",
            );
        }
        let request = with_cookie(Method::GET, "/admin", "session=user");
        ask(auth(&tokens), request).await.assert(403, None, DENIED);
    }
    let issuer = TestIssuer::new();
    let auth =
        Auth::builder().issuer(issuer.issuer()).cookie(Cookie::named("session")).build().unwrap();
    let expired = format!("session={}", issuer.token("ann").expired().mint());
    let request = with_cookie(Method::GET, "/me", &expired);
    ask(auth.clone(), request).await.assert(401, Some(EXPIRED), "Invalid or expired token");
    let good = format!("session={}", issuer.token("ann").mint());
    assert_eq!(ask(auth, with_cookie(Method::GET, "/me", &good)).await.body, "ann");
}

#[actix_web::test]
async fn a4_header_and_cookie_at_once() {
    let tokens = Tokens::ready();
    for (cookie, line) in [("session=user", "Bearer user"), ("session=user", "Bearer admin")] {
        let request =
            with_cookie(Method::GET, "/me", cookie).insert_header(("authorization", line));
        ask(auth(&tokens), request).await.assert(
            400,
            Some(REPEATED),
            "Malformed or repeated credentials",
        );
    }
    for cookie in ["session=user; session=user", "session=user; session=admin"] {
        let request = with_cookie(Method::GET, "/me", cookie);
        ask(auth(&tokens), request).await.assert(
            400,
            Some(REPEATED),
            "Malformed or repeated credentials",
        );
    }
    assert_eq!(tokens.asked(), 0);
}

#[actix_web::test]
async fn a_cookie_on_a_request_that_another_site_may_have_made_is_denied() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            for (header, status) in [
                (("sec-fetch-site", "same-origin"), 200),
                (("sec-fetch-site", "same-site"), 403),
                (("sec-fetch-site", "cross-site"), 403),
                (("origin", "http://api.example.com"), 200),
                (("origin", "https://app.example.com"), 200),
                (("origin", "https://evil.example"), 403),
                (("origin", "null"), 403),
                (("x-requested-with", "XMLHttpRequest"), 403),
            ] {
                let request =
                    with_cookie(method.clone(), "/me", "session=user").insert_header(header);
                let answer = ask(auth(&tokens), request).await;
                assert_eq!(answer.status.as_u16(), status, "{method} {header:?}");
                if status == 403 {
                    answer.assert(403, None, DENIED);
                }
            }
            // Who is not known hears that first: a login helps, and tells another site nothing.
            let request = with_cookie(method.clone(), "/me", "session=unknown")
                .insert_header(("sec-fetch-site", "cross-site"));
            ask(auth(&tokens), request).await.assert(
                401,
                Some(INVALID),
                "Invalid or expired token",
            );
            // A header is not sent along unasked.
            let request = TestRequest::default()
                .method(method)
                .uri("/admin")
                .insert_header(("authorization", "Bearer admin"))
                .insert_header(("sec-fetch-site", "cross-site"));
            assert_eq!(ask(auth(&tokens), request).await.status, 200);
        }
    }
}

#[actix_web::test]
async fn rule_4_a_response_varies_by_the_cookie() {
    /// Says itself what it varies by.
    #[require_auth]
    async fn own(varies: web::Path<String>) -> impl Responder {
        let mut response = HttpResponse::Ok();
        for line in varies.split(';') {
            response.append_header((VARY, line));
        }
        response.finish()
    }

    for (path, expected) in [
        ("/me", ["cookie"].as_slice()),
        ("/own/accept", &["accept", "cookie"]),
        ("/own/accept,%20Cookie", &["accept, Cookie"]),
        ("/own/accept;Cookie", &["accept", "Cookie"]),
        // By everything, and more than that there is not.
        ("/own/*", &["*"]),
    ] {
        let services = (web::resource("/own/{varies}").to(own), services());
        let request = with_cookie(Method::GET, path, "session=user");
        let response = call(auth(&Tokens::ready()), services, request).await;
        let lines = response.headers().get_all(VARY).map(|line| line.to_str().unwrap());
        assert_eq!(lines.collect::<Vec<_>>(), expected, "{path}");
    }
}

/// What is ours is stored nowhere: no cache has to know whom it is for.
#[actix_web::test]
async fn rule_4_a_refusal_inside_another_handler_is_stored_nowhere() {
    #[require_auth]
    async fn outer(request: HttpRequest, payload: web::Payload) -> HttpResponse {
        admin((request, payload).into()).await
    }

    let request = with_cookie(Method::GET, "/outer", "session=user");
    let outer = web::resource("/outer").to(outer);
    let response = call(auth(&Tokens::ready()), outer, request).await;
    assert_eq!(response.status(), 403);
    assert_eq!(response.headers().get(CACHE_CONTROL).unwrap(), "no-store");
    assert!(!response.headers().contains_key(VARY), "{:?}", response.headers());
}

#[test]
fn a_cookie_that_cannot_work_does_not_build() {
    let problem = |builder: auth_runtime::AuthBuilder| builder.build().unwrap_err().to_string();
    let bare = || Auth::builder().verifier(Tokens::ready());
    assert!(problem(bare().cookie(Cookie::named("a b"))).contains("no name for a cookie"));
    assert!(problem(bare().cookie(Cookie::named("a").origin("app"))).contains("no origin"));
    let keys = auth_runtime::api_key::ApiKeys::new(auth_runtime::api_key::MemoryStore::new());
    assert!(
        problem(Auth::builder().api_keys(keys).cookie(Cookie::named("a")))
            .contains("add `.issuer(")
    );
}
