//! Whoever sent a JWT where tokens are opaque got a 500, and the operator a line that blamed the credentials: servers that
//! will not be asked about JWTs answer 400 (A16, A18).

use actix_web::{App, HttpResponse, HttpServer, Responder, get, web};
use auth_runtime::{Auth, Introspection, require_auth};
use auth_tests::{Answer, INVALID};

use crate::{call, get as get_as};

#[require_auth]
#[get("/me")]
async fn me() -> impl Responder {
    "me"
}

#[actix_web::test]
async fn a16_a18_a_400_about_the_token_is_a_401_and_any_other_a_500() {
    for (said, expected) in [
        (r#"{"error":"unsupported_token_type","error_description":"it is structured"}"#, 401),
        (r#"{"error":"invalid_client"}"#, 500),
        (r#"{"error":"invalid_request"}"#, 500),
        (r#"{"error":["unsupported_token_type"]}"#, 500),
        (r#"{"error":"invalid_client","error":"unsupported_token_type"}"#, 500),
        ("unsupported_token_type", 500),
        ("", 500),
    ] {
        let endpoint = HttpServer::new(move || {
            App::new().default_service(web::to(move || async move {
                HttpResponse::BadRequest().content_type("application/json").body(said)
            }))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let introspection = Introspection::new(format!("http://{}/", endpoint.addrs()[0]))
            .client_secret_basic("api", "hush")
            .issuer("https://id.example.com/")
            .audience("api");
        actix_web::rt::spawn(endpoint.run());
        let auth = Auth::builder().verifier(introspection.build().unwrap()).build().unwrap();

        let request = get_as("/me", "eyJhbGciOiJub25lIn0.e30.");
        let answer = Answer::of(call(&auth, me, request).await).await;
        if expected == 401 {
            answer.assert(401, Some(INVALID), "Invalid or expired token");
        } else {
            answer.assert(500, None, "Authentication is not available");
        }
    }
}
