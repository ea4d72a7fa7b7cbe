//! RESPONSES A19, and what an application that is set up wrongly is told.

use std::sync::{Arc, Mutex};

use actix_web::{
    App, Responder, get,
    test::{TestRequest, call_service, init_service},
    web,
};
use auth_runtime::{Auth, Claims, Identity, Issuer, OptionalIdentity, public, testing::TestIssuer};
use auth_tests::{Answer, Tokens};
use tracing_subscriber::fmt::MakeWriter;

use crate::{get_as, routes};

const NOT_AVAILABLE: &str = "Authentication is not available";

/// Collects what is logged.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Everything logged on this thread goes here until the guard is dropped.
    pub(crate) fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(self.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[get("/identity")]
async fn takes_identity(_: Identity) -> impl Responder {
    "ran"
}

#[get("/optional")]
async fn optional(_: OptionalIdentity) -> impl Responder {
    "ran"
}

#[public]
#[get("/public-option")]
async fn public_option(_: Option<Identity>) -> impl Responder {
    "ran"
}

#[get("/claims")]
async fn claims(_: Claims<serde_json::Value>) -> impl Responder {
    "ran"
}

#[actix_web::test]
async fn a19_a_guarded_handler_in_an_application_without_auth() {
    let app = init_service(App::new().service(routes()).service((
        takes_identity,
        optional,
        public_option,
        claims,
    )))
    .await;
    for path in ["/me", "/admin", "/identity", "/optional", "/public-option", "/claims"] {
        for request in [TestRequest::get().uri(path), get_as(path, "admin")] {
            let log = Log::default();
            let response = {
                let _listening = log.listen();
                call_service(&app, request.to_request()).await
            };
            Answer::of(response).await.assert(500, None, NOT_AVAILABLE);
            let log = log.text();
            assert!(log.contains("ERROR"), "{log}");
            assert!(log.contains("add `.app_data(auth.clone())` to the `App`"), "{log}");
            if path == "/me" {
                assert!(log.contains("`http::me` ("), "{log}");
                assert!(log.contains("main.rs:"), "{log}");
            }
        }
    }
    // What needs no identity works.
    let response = call_service(&app, TestRequest::get().uri("/open").to_request()).await;
    assert_eq!(response.status(), 200);
}

#[actix_web::test]
async fn auth_may_stand_in_web_data_and_the_nearest_counts() {
    let outer = Tokens::ready();
    let issuer = TestIssuer::new();
    let app = init_service(
        App::new().app_data(outer.auth()).service(
            web::scope("/inner")
                .app_data(web::Data::new(issuer.auth().unwrap()))
                .app_data(issuer.auth().unwrap())
                .service(routes()),
        ),
    )
    .await;
    let token = issuer.token("ann").mint();
    let response = call_service(&app, get_as("/inner/me", &token).to_request()).await;
    assert_eq!(response.status(), 200);

    let app =
        init_service(App::new().app_data(web::Data::new(outer.auth())).service(routes())).await;
    assert_eq!(call_service(&app, get_as("/me", "user").to_request()).await.status(), 200);
}

/// L1, L2: no event tells a token, a subject or a claim.
#[actix_web::test]
async fn l1_logs_hold_no_token() {
    let issuer = TestIssuer::new();
    let log = Log::default();
    let tokens = [
        issuer.token("ann\r\nadmin").role("user\r\nroot").mint(),
        issuer.token("ann-the-subject").expired().mint(),
        TestIssuer::new().token("ann-the-subject").mint(),
        "opaque-secret".to_owned(),
    ];
    {
        let _listening = log.listen();
        for token in &tokens {
            for path in ["/me", "/admin"] {
                crate::send(issuer.auth().unwrap(), get_as(path, token)).await;
            }
        }
    }
    let log = log.text();
    assert!(log.contains("denied") && log.contains("expired"), "{log}");
    for token in tokens {
        for part in token.split('.') {
            assert!(!log.contains(part), "{part} in {log}");
        }
    }
    assert!(!log.contains("ann"), "{log}");
}

#[test]
fn l4_debug_output_holds_no_secret_and_no_subject() {
    let issuer = TestIssuer::new();
    let identity = auth_runtime::testing::identity(
        auth_runtime::verifier::Verified::new("https://id.test/", "ann").role("admin"),
    );
    let verified = auth_runtime::verifier::Verified::new("https://id.test/", "ann");
    let debug = format!(
        "{issuer:?} {:?} {:?} {identity:?} {:?} {verified:?}",
        issuer.auth().unwrap(),
        issuer.issuer(),
        Claims(7),
    );
    assert!(!debug.contains("ann") && !debug.contains("admin") && !debug.contains('7'), "{debug}");
}

#[test]
fn an_auth_that_cannot_decide_does_not_build_and_says_what_to_add() {
    let text = |auth: Result<Auth, auth_runtime::BuildError>| auth.unwrap_err().to_string();
    assert!(text(Auth::builder().build()).contains("add `.issuer("));
    let bare = || Issuer::new("https://id.example.com/");
    assert!(text(Auth::builder().issuer(bare()).build()).contains("add `.audience("));
    assert!(text(Auth::builder().issuer(bare().audience("api")).build()).contains("add `.key("));
    assert!(
        text(Auth::builder().verifier(Tokens::ready()).token_limit(0).build()).contains("0 bytes")
    );
}
