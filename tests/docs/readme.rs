//! README.md: every line of its table is asked over HTTP, every command names something that exists.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use actix_web::{
    App, HttpRequest, Responder, get,
    http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    post,
    test::{TestRequest, call_service, init_service},
    web,
};
use auth_runtime::{
    Auth, Dpop, Identity, public, require_auth, require_ip, require_owner, require_role,
    require_scope, require_step_up,
    testing::{DpopKey, TestIssuer},
    verifier::{Verification, Verifier, VerifyError},
};

const README: &str = include_str!("../../README.md");

#[require_auth]
#[get("/me")]
async fn me() -> impl Responder {
    "the handler's own"
}

#[require_role("admin")]
#[post("/admin")]
async fn admin(_: web::Json<u32>) -> impl Responder {
    "the handler's own"
}

#[require_scope("docs:write")]
#[get("/scope")]
async fn scope() -> impl Responder {
    "the handler's own"
}

#[require_step_up(acr = "mfa", max_age = "5m")]
#[get("/step-up")]
async fn step_up() -> impl Responder {
    "the handler's own"
}

#[require_owner("user")]
#[get("/users/{user}")]
async fn own() -> impl Responder {
    "the handler's own"
}

#[require_ip("10.0.0.0/8")]
#[get("/inside")]
async fn inside() -> impl Responder {
    "the handler's own"
}

#[require_role("admin", deny = not_found)]
#[get("/hidden")]
async fn hidden() -> impl Responder {
    "the handler's own"
}

#[public]
#[get("/public")]
async fn open() -> impl Responder {
    "the handler's own"
}

#[public]
#[get("/optional")]
async fn optional(_: Option<Identity>) -> impl Responder {
    "the handler's own"
}

struct Unreachable;

impl Verifier for Unreachable {
    fn verify(&self, _: &str, _: &HttpRequest) -> Verification {
        Verification::Ready(Err(VerifyError::unavailable(Duration::from_secs(5))))
    }
}

fn get_as(path: &str, credentials: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header((AUTHORIZATION, credentials))
}

fn post_as(credentials: Option<&str>, body: &'static str) -> TestRequest {
    let request = TestRequest::post()
        .uri("/admin")
        .insert_header((CONTENT_TYPE, "application/json"))
        .set_payload(body);
    match credentials {
        Some(credentials) => request.insert_header((AUTHORIZATION, credentials)),
        None => request,
    }
}

const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 4711);

fn limited(issuer: &TestIssuer) -> Option<Auth> {
    Auth::builder()
        .issuer(issuer.issuer())
        .failed_attempts(10, Duration::from_secs(60))
        .clock(|| 1_800_000_000)
        .build()
        .ok()
}

/// The situations of the table, each as a request to an application.
fn situations() -> Vec<(&'static str, Option<Auth>, TestRequest)> {
    let issuer = TestIssuer::new();
    let auth = || issuer.auth().ok();
    let as_user = format!("Bearer {}", issuer.token("bob").role("user").mint());
    let as_admin = format!("Bearer {}", issuer.token("ann").role("admin").mint());
    let expired = format!("Bearer {}", issuer.token("ann").expired().mint());
    let forged = format!("Bearer {}", TestIssuer::new().token("ann").role("admin").mint());
    let bad = "{\"bad json";
    vec![
        ("no token", auth(), TestRequest::get().uri("/me")),
        ("`Authorization: Basic …` only", auth(), get_as("/me", "Basic dXNlcjpwYXNz")),
        (
            "a token that is not acceptable (forged, another issuer's or audience's, not yet valid, …)",
            auth(),
            get_as("/me", &forged),
        ),
        ("an expired token", auth(), get_as("/me", &expired)),
        (
            "two `Authorization` lines",
            auth(),
            get_as("/me", &as_user).append_header((AUTHORIZATION, &*as_user)),
        ),
        ("a good token, a role missing", auth(), post_as(Some(&as_user), "1")),
        ("no token, and a malformed body", auth(), post_as(None, bad)),
        ("a role missing, and a malformed body", auth(), post_as(Some(&as_user), bad)),
        ("all in order, but a malformed body", auth(), post_as(Some(&as_admin), bad)),
        ("all in order", auth(), post_as(Some(&as_admin), "1")),
        ("a good token, a scope missing", auth(), get_as("/scope", &as_user)),
        ("a good token, not recent or not strong enough", auth(), get_as("/step-up", &as_user)),
        ("somebody else's resource", auth(), get_as("/users/ann", &as_user)),
        (
            "an address that is not on the list, whatever the token",
            auth(),
            get_as("/inside", &as_admin).peer_addr(CLIENT),
        ),
        ("`deny = not_found`, whoever may not", auth(), get_as("/hidden", &as_user)),
        (
            "too many invalid tokens from one address, if a limit is set",
            limited(&issuer),
            get_as("/me", &forged).peer_addr(CLIENT),
        ),
        ("`#[public]`, whatever comes", auth(), get_as("/public", &forged)),
        ("optional identity, no token", auth(), TestRequest::get().uri("/optional")),
        ("optional identity, a token that is not acceptable", auth(), get_as("/optional", &forged)),
        (
            "the verifier cannot be reached",
            Auth::builder().verifier(Unreachable).build().ok(),
            get_as("/me", "Bearer opaque"),
        ),
        ("the application has no `Auth`", None, get_as("/me", &as_user)),
    ]
}

/// The same, where tokens can be bound to a key (DPoP).
fn bound_situations() -> Vec<(&'static str, Option<Auth>, TestRequest)> {
    const URI: &str = "https://api.example.com/me";
    let (issuer, key) = (TestIssuer::new(), DpopKey::new());
    let dpop = Dpop::new().origin("https://api.example.com");
    let auth = |dpop: Dpop| Auth::builder().issuer(issuer.issuer()).dpop(dpop).build().ok();
    let (bound, plain) = (issuer.token("ann").bound_to(&key).mint(), issuer.token("ann").mint());
    let proof = key.proof("GET", URI, &bound).mint();
    let proven = || get_as("/me", &format!("DPoP {bound}")).insert_header(("dpop", &*proof));
    vec![
        ("with `dpop`: no token", auth(dpop.clone()), TestRequest::get().uri("/me")),
        ("with `dpop`: a bound token and a proof of its key", auth(dpop.clone()), proven()),
        ("with `dpop`: the same proof again", auth(dpop.clone()), proven()),
        (
            "with `dpop`: a bound token without a proof",
            auth(dpop.clone()),
            get_as("/me", &format!("Bearer {bound}")),
        ),
        (
            "with `Dpop::required`: a token that is not bound",
            auth(dpop.required()),
            get_as("/me", &format!("Bearer {plain}")),
        ),
    ]
}

/// The row that the answer to one request makes.
async fn row(situation: &str, auth: Option<Auth>, request: TestRequest) -> String {
    let services = || (me, admin, open, optional, scope, step_up, own, inside, hidden);
    let response = if let Some(auth) = auth {
        let app = init_service(App::new().app_data(auth).service(services())).await;
        if situation.starts_with("too many") {
            for _ in 0..10 {
                call_service(&app, get_as("/me", "Bearer forged").peer_addr(CLIENT).to_request())
                    .await;
            }
        }
        call_service(&app, request.to_request()).await
    } else {
        let app = init_service(App::new().service(services())).await;
        call_service(&app, request.to_request()).await
    };
    let lines: Vec<String> = [(WWW_AUTHENTICATE, "WWW-Authenticate"), (RETRY_AFTER, "Retry-After")]
        .into_iter()
        .flat_map(|(name, written)| {
            let values = response.headers().get_all(name);
            values.map(move |value| format!("`{written}: {}`", value.to_str().unwrap()))
        })
        .collect();
    let (status, body) = auth_tests::read(response).await;
    let body = if body.starts_with('{') {
        format!("`{body}`")
    } else if status == 400 {
        "actix-web's own".to_owned()
    } else if status == 404 {
        assert_eq!(body, "");
        "the application's own".to_owned()
    } else {
        body
    };
    let header = if lines.is_empty() { "–".to_owned() } else { lines.join("<br>") };
    format!("| {situation} | {} | {header} | {body} |", status.as_u16())
}

#[actix_web::test]
async fn the_table_says_what_is_answered() {
    let mut rows = Vec::new();
    for (situation, auth, request) in situations().into_iter().chain(bound_situations()) {
        rows.push(row(situation, auth, request).await);
    }
    let (_, section) = README.split_once("## What is answered").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let written: Vec<&str> =
        section.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert_eq!(written, rows);
}

/// The two commands are typed as they stand by whoever reads them: the gate runs both (`.ci/run`).
#[test]
fn the_commands_name_what_exists() {
    let gate = include_str!("../../.ci/run");
    let quickstart = include_str!("../../.ci/quickstart");
    assert!(README.contains("cargo run -p auth-examples --bin quickstart "));
    assert!(quickstart.contains("cargo build -q -p auth-examples --bin quickstart "));
    assert!(README.contains("cargo test --workspace "));
    assert!(gate.contains("\ncargo test --workspace\n"));
}

/// Every example that there is can be found.
#[test]
fn the_list_of_examples_is_whole() {
    let (_, list) = README.split_once("* [`examples/`](examples/src/bin)").unwrap();
    let (list, _) = list.split_once("\n* ").unwrap();
    for entry in
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/src/bin")).unwrap()
    {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        // That one has a command of its own.
        let known = name == "quickstart"
            || list.contains(&format!("`{name}`"))
            || list.contains(&format!("[{name}]"));
        assert!(known, "{name} is not in the list");
    }
}
