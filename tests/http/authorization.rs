//! RESPONSES, rows Z2, Z6 and Z8.

use std::{
    cell::Cell,
    error::Error,
    sync::atomic::{AtomicUsize, Ordering},
};

use actix_web::{HttpRequest, HttpResponse, Responder, get, test::TestRequest, web};
use auth_runtime::{
    Auth, Identity, Policy, authorize, guard,
    policy::{Answer as CheckAnswer, Check},
    require_role,
    verifier::{Verification, Verifier},
};
use auth_tests::{INVALID, MISSING, Tokens};

use crate::{get_as, send, send_to};

const DENIED: &str = "You do not have permission to access this resource";
const NOT_AVAILABLE: &str = "Authentication is not available";

#[require_role(any("admin", "editor"))]
#[get("/any")]
async fn any() -> impl Responder {
    "any"
}

#[require_role(all("admin", "editor"))]
#[get("/all")]
async fn all() -> impl Responder {
    "all"
}

#[actix_web::test]
async fn z2_role_missing() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        for token in ["user", "editor"] {
            send(tokens.auth(), get_as("/admin", token)).await.assert(403, None, DENIED);
        }
        assert_eq!(send(tokens.auth(), get_as("/admin", "admin")).await.status, 200);
    }
}

/// D3
#[actix_web::test]
async fn z2_any_needs_one_role_and_all_needs_each() {
    for (path, token, status) in [
        ("/any", "user", 403),
        ("/any", "editor", 200),
        ("/any", "admin", 200),
        ("/all", "editor", 403),
        ("/all", "admin", 403),
    ] {
        let answer = send_to(Tokens::ready().auth(), (any, all), get_as(path, token)).await;
        assert_eq!(answer.status.as_u16(), status, "{path} as {token}");
    }
    let hierarchy = Auth::builder()
        .verifier(Tokens::ready())
        .role_implies("admin", ["editor"])
        .build()
        .unwrap();
    assert_eq!(send_to(hierarchy, (any, all), get_as("/all", "admin")).await.status, 200);
}

#[actix_web::test]
async fn z6_an_anonymous_caller_who_lacks_a_role_is_asked_to_log_in() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        send(tokens.auth(), TestRequest::get().uri("/admin")).await.assert(
            401,
            Some(MISSING),
            "No authentication token provided",
        );
        send(tokens.auth(), get_as("/admin", "unknown")).await.assert(
            401,
            Some(INVALID),
            "Invalid or expired token",
        );
    }
}

static ASKED: AtomicUsize = AtomicUsize::new(0);
static RAN: AtomicUsize = AtomicUsize::new(0);

fn yes(_: &HttpRequest, _: &Identity) -> CheckAnswer {
    ASKED.fetch_add(1, Ordering::SeqCst);
    CheckAnswer::Ready(Ok(true))
}

fn later(outcome: impl Fn() -> Result<bool, Box<dyn Error>> + 'static) -> CheckAnswer {
    CheckAnswer::later(async move {
        actix_web::rt::task::yield_now().await;
        outcome()
    })
}

macro_rules! policies {
    ($($name:ident = $check:expr;)*) => {
        $(static $name: Policy = Policy::All(&[Policy::role("admin"), Policy::Check(Check::new(stringify!($name), $check))]);)*

        fn named(name: &str) -> &'static Policy {
            match name {
                $(stringify!($name) => &$name,)*
                other => panic!("no policy {other}"),
            }
        }
    };
}

policies! {
    YES = yes;
    NO = |_, _| CheckAnswer::Ready(Ok(false));
    LATER_YES = |_, _| later(|| Ok(true));
    LATER_NO = |_, _| later(|| Ok(false));
    ERR = |_, _| CheckAnswer::Ready(Err("the database is gone".into()));
    LATER_ERR = |_, _| later(|| Err("the database is gone".into()));
    PANIC = |_, _| panic!("a bug in the check");
    LATER_PANIC = |_, _| later(|| panic!("a bug in the check"));
}

async fn by_hand(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    match guard(&request, named(&name)).await {
        Ok(_) => {
            RAN.fetch_add(1, Ordering::SeqCst);
            HttpResponse::Ok().finish()
        }
        Err(rejection) => rejection.into_response(&request),
    }
}

async fn ask(name: &str, token: Option<&str>) -> auth_tests::Answer {
    let service = web::resource("/{name}").to(by_hand);
    let path = format!("/{name}");
    let request = match token {
        Some(token) => get_as(&path, token),
        None => TestRequest::get().uri(&path),
    };
    send_to(Tokens::ready().auth(), service, request).await
}

/// D7
#[actix_web::test]
async fn z8_a_policy_that_fails_or_panics_denies() {
    for (name, passes) in [("YES", true), ("LATER_YES", true), ("NO", false), ("LATER_NO", false)] {
        let answer = ask(name, Some("admin")).await;
        if passes {
            assert_eq!(answer.status, 200, "{name}");
        } else {
            answer.assert(403, None, DENIED);
        }
    }

    let ran = RAN.load(Ordering::SeqCst);
    for name in ["ERR", "LATER_ERR", "PANIC", "LATER_PANIC"] {
        ask(name, Some("admin")).await.assert(500, None, NOT_AVAILABLE);
    }
    assert_eq!(RAN.load(Ordering::SeqCst), ran);

    // Nothing is asked about callers whom the rest of the policy refuses.
    let asked = ASKED.load(Ordering::SeqCst);
    ask("YES", Some("user")).await.assert(403, None, DENIED);
    ask("YES", None).await.assert(401, Some(MISSING), "No authentication token provided");
    for name in ["ERR", "PANIC"] {
        ask(name, Some("user")).await.assert(403, None, DENIED);
    }
    assert_eq!(ASKED.load(Ordering::SeqCst), asked);
}

thread_local! {
    static ASKED_FIRST: Cell<u32> = const { Cell::new(0) };
    static ASKED_SECOND: Cell<u32> = const { Cell::new(0) };
}

/// Says yes, and no if it is asked again.
async fn first(_: &Identity, _: &HttpRequest) -> bool {
    actix_web::rt::task::yield_now().await;
    ASKED_FIRST.replace(ASKED_FIRST.get() + 1) == 0
}

async fn second(_: &Identity, _: &HttpRequest) -> bool {
    actix_web::rt::task::yield_now().await;
    ASKED_SECOND.replace(ASKED_SECOND.get() + 1) == 0
}

#[authorize(check(first) && check(second))]
#[get("/both")]
async fn both() -> impl Responder {
    "both"
}

#[authorize(check(first) && when(*age > 17))]
#[get("/of-age/{age}")]
async fn of_age(age: web::Path<u32>) -> impl Responder {
    age.to_string()
}

/// What a check has said holds for the whole request, whatever else has to be found out.
#[actix_web::test]
async fn what_a_check_said_is_kept_while_others_are_asked() {
    for (path, status, asked) in
        [("/both", 200, (1, 1)), ("/of-age/18", 200, (1, 0)), ("/of-age/17", 403, (1, 0))]
    {
        ASKED_FIRST.set(0);
        ASKED_SECOND.set(0);
        let answer = send_to(Tokens::ready().auth(), (both, of_age), get_as(path, "user")).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert_eq!((ASKED_FIRST.get(), ASKED_SECOND.get()), asked, "{path}");
    }
}

struct Panics {
    later: bool,
}

impl Verifier for Panics {
    fn verify(&self, _: &str, _: &HttpRequest) -> Verification {
        if self.later {
            Verification::later(async { panic!("a bug in the verifier") })
        } else {
            panic!("a bug in the verifier")
        }
    }
}

#[actix_web::test]
async fn z8_a_verifier_that_panics_denies() {
    for later in [false, true] {
        let auth = Auth::builder().verifier(Panics { later }).build().unwrap();
        for path in ["/me", "/admin"] {
            send(auth.clone(), get_as(path, "x")).await.assert(500, None, NOT_AVAILABLE);
        }
    }
}
