//! RESPONSES A19, and what an application that is set up wrongly is told.

use std::sync::Once;

use actix_web::{
    App, HttpRequest, Responder, get,
    test::{TestRequest, call_service, init_service},
    web,
};
use auth_runtime::{
    Auth, Claims, Identity, Issuer, OptionalIdentity, authorize, public, require_auth,
    testing::TestIssuer,
};
use auth_tests::{Answer, Tokens};
use tracing::{Event, Level, Metadata, Subscriber, span, subscriber::Interest};
use tracing_subscriber::fmt::format::FmtSpan;

use crate::{get_as, routes};

const NOT_AVAILABLE: &str = "Authentication is not available";

/// Collects what is logged.
#[derive(Clone, Default)]
pub(crate) struct Log(auth_tests::Log);

impl Log {
    pub(crate) fn text(&self) -> String {
        self.0.text()
    }

    /// Everything logged on this thread goes here until the guard is dropped.
    pub(crate) fn listen(&self) -> tracing::subscriber::DefaultGuard {
        self.listen_to(Level::TRACE, FmtSpan::NONE)
    }

    /// To errors alone, so that no event of a decision asks for anything.
    pub(crate) fn listen_to_errors(&self) -> tracing::subscriber::DefaultGuard {
        self.listen_to(Level::ERROR, FmtSpan::NONE)
    }

    /// The same, and to what becomes of spans.
    fn listen_to(&self, level: Level, spans: FmtSpan) -> tracing::subscriber::DefaultGuard {
        Interested::begin();
        let log = self.0.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_span_events(spans)
            .with_writer(move || log.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }
}

/// Takes nothing down, and is interested in everything.
///
/// `tracing` asks once for each place whether anybody wants its events. A place that one test comes to for the first time
/// while another begins to listen could be told "nobody, ever"; with somebody who is always there it cannot.
pub(crate) struct Interested;

impl Interested {
    /// From here on, for the whole process.
    pub(crate) fn begin() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| tracing::subscriber::set_global_default(Self).unwrap());
    }
}

impl Subscriber for Interested {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
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

const PLACED: u32 = line!() + 2;

#[require_auth]
#[get("/placed")]
async fn placed() -> impl Responder {
    "ran"
}

macro_rules! made {
    () => {
        #[require_auth]
        #[get("/made")]
        async fn made() -> impl Responder {
            "ran"
        }
    };
}

const MADE: u32 = line!() + 2;

made! {}

/// A line in the log leads to the attribute, or to the macro that wrote it.
#[actix_web::test]
async fn a19_the_log_says_where_the_guard_stands() {
    let app = init_service(App::new().service((placed, made))).await;
    for (path, line) in [("/placed", PLACED), ("/made", MADE)] {
        let log = Log::default();
        let _listening = log.listen();
        call_service(&app, TestRequest::get().uri(path).to_request()).await;
        assert!(log.text().contains(&format!("setup.rs:{line})")), "{}", log.text());
    }
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
    let inner = issuer.auth().unwrap();
    let app = init_service(
        App::new().app_data(outer.auth()).service(
            web::scope("/inner")
                .app_data(web::Data::new(inner.clone()))
                .app_data(inner)
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

fn fails(_: &Identity, _: &HttpRequest) -> Result<bool, std::io::Error> {
    Err(std::io::Error::other("the database is gone"))
}

fn panics(_: &Identity, _: &HttpRequest) -> bool {
    panic!("a bug in the check")
}

#[authorize(check(fails))]
#[get("/fails")]
async fn asks_what_fails() -> impl Responder {
    "ran"
}

#[authorize(check(panics))]
#[get("/panics")]
async fn asks_what_panics() -> impl Responder {
    "ran"
}

fn breaks(_: u32) -> bool {
    panic!("a bug in the condition")
}

#[authorize(when(breaks(*age)))]
#[get("/breaks/{age}")]
async fn asks_what_breaks(age: web::Path<u32>) -> impl Responder {
    age.to_string()
}

#[actix_web::test]
async fn a_check_or_condition_that_cannot_tell_is_logged_with_its_handler() {
    let auth = Tokens::ready().auth();
    for (path, parts) in [
        ("/fails", ["a check failed", "http::setup::asks_what_fails", "the database is gone"]),
        ("/panics", ["a check panicked", "http::setup::asks_what_panics", "check=\"panics\""]),
        (
            "/breaks/7",
            ["a condition panicked", "http::setup::asks_what_breaks", "condition=\"breaks"],
        ),
    ] {
        let log = Log::default();
        let answer = {
            let _listening = log.listen();
            let services = (asks_what_fails, asks_what_panics, asks_what_breaks);
            crate::send_to(auth.clone(), services, get_as(path, "user")).await
        };
        answer.assert(500, None, NOT_AVAILABLE);
        let log = log.text();
        let line = log.lines().find(|line| line.contains("ERROR")).unwrap();
        for part in parts {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
}

/// L1, L2: events say who and why; none holds a token, and no claim can forge a line.
#[actix_web::test]
async fn l1_l2_every_decision_is_an_event_and_none_holds_a_token() {
    let issuer = TestIssuer::new();
    let auth = issuer.auth().unwrap();
    let tokens = [
        issuer.token("ann\r\nINFO forged").role("user\r\nroot").mint(),
        issuer.token("bob").role("admin").mint(),
        issuer.token("eve-the-subject").expired().mint(),
        TestIssuer::new().token("mallory-the-subject").mint(),
        "opaque-secret".to_owned(),
    ];
    let mut events = Vec::new();
    for token in tokens.iter().map(String::as_str).chain([""]) {
        let log = Log::default();
        {
            let _listening = log.listen();
            let request = if token.is_empty() {
                TestRequest::get().uri("/admin")
            } else {
                get_as("/admin", token)
            };
            crate::send(auth.clone(), request).await;
        }
        let log = log.text();
        for token in &tokens {
            for part in token.split('.') {
                assert!(!log.contains(part), "{part} in {log}");
            }
        }
        assert!(!log.contains("the-subject"), "who is not verified is not named: {log}");
        assert!(!log.lines().any(|line| line.trim_start().starts_with("INFO forged")), "{log}");
        let mut decisions = log.lines().filter(|line| line.contains("auth_runtime::decision"));
        events.push(decisions.next_back().expect("an event").to_owned());
    }
    for (event, parts) in events.iter().zip([
        [
            r#"denied handler=http::admin outcome="denied" reason="forbidden" status=403"#,
            r#"policy="this does not hold: role `admin`""#,
            r#"issuer="https://id.test/" subject="ann\r\nINFO forged""#,
        ],
        ["granted handler=http::admin", r#"subject="bob""#, "method=Bearer"],
        ["denied", r#"reason="expired_token""#, ""],
        ["denied", r#"reason="invalid_token""#, ""],
        ["denied", r#"reason="invalid_token""#, ""],
        ["denied", r#"reason="no_credentials""#, ""],
    ]) {
        for part in parts {
            assert!(event.contains(part), "{part} not in {event}");
        }
    }
}

/// Whoever follows a request finds everything that its guard says in one span, also where it has to wait.
#[actix_web::test]
async fn a_decision_has_one_span_however_often_it_waits() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        let log = Log::default();
        {
            let _listening = log.listen_to(Level::TRACE, FmtSpan::NEW);
            crate::send(tokens.auth(), get_as("/admin", "user")).await;
        }
        let log = log.text();
        let inside = |end: &str| {
            let lines = log.lines().filter(|line| line.contains("authorize{handler=http::admin}:"));
            lines.filter(|line| line.contains(end)).count()
        };
        assert_eq!(inside("auth_runtime::decision: new"), 1, "{log}");
        assert_eq!(inside("auth_runtime::decision: denied"), 1, "{log}");
    }
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
