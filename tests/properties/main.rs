//! CHECKLIST D9, through the macro and over requests: random expressions mean what Rust's own `&&`, `||`, `!` and
//! parentheses make of them. The expressions are made by `build.rs`, once for the attribute and once as plain Rust.

use actix_web::{
    App, HttpRequest, Responder, Route,
    dev::Service,
    http::header::AUTHORIZATION,
    test::{TestRequest, init_service},
    web,
};
use auth_runtime::{
    Auth, Identity, authorize,
    verifier::{Verification, Verified, Verifier, VerifyError},
};
use serde::Deserialize;

type Ask<'a> = dyn Fn(&str) -> bool + 'a;
type Expected = fn(&Ask<'_>, &Ask<'_>, &Ask<'_>, u32, bool, bool, bool) -> bool;

struct Case {
    text: &'static str,
    route: fn() -> Route,
    expected: Expected,
}

#[derive(Deserialize)]
struct Arguments {
    number: u32,
    flag: bool,
}

/// The predicates as plain functions, for the plain expressions.
mod plain {
    pub(super) fn authenticated() -> bool {
        true
    }

    pub(super) fn check(answer: bool) -> bool {
        answer
    }

    pub(super) fn when(holds: bool) -> bool {
        holds
    }
}
use plain::{authenticated, check, when};

fn header(request: &HttpRequest, name: &str) -> bool {
    request.headers().contains_key(name)
}

fn ready(_: &Identity, request: &HttpRequest) -> bool {
    header(request, "x-ready")
}

async fn later(_: &Identity, request: &HttpRequest) -> Result<bool, std::io::Error> {
    actix_web::rt::task::yield_now().await;
    Ok(header(request, "x-later"))
}

#[allow(
    clippy::nonminimal_bool,
    clippy::overly_complex_bool_expr,
    clippy::unused_async,
    unused_parens,
    unused_variables,
    reason = "made by chance"
)]
mod generated {
    use super::*;

    include!(concat!(env!("OUT_DIR"), "/expressions.rs"));

    pub(super) fn cases() -> &'static [Case] {
        CASES
    }
}

/// A token is a list of what its bearer has: `role-a.scope-r`.
struct Bearer;

impl Verifier for Bearer {
    fn verify(&self, token: &str, _: &HttpRequest) -> Verification {
        if token == "bad" {
            return Verification::Ready(Err(VerifyError::invalid("it says so itself")));
        }
        let mut verified = Verified::new("https://id.example.com/", "ann");
        for part in token.split('.') {
            verified = match part.split_once('-') {
                Some(("role", name)) => verified.role(name),
                Some(("scope", name)) => verified.scope(name),
                _ => verified,
            };
        }
        Verification::Ready(Ok(verified))
    }
}

#[actix_web::test]
async fn d9_expressions_mean_what_rust_makes_of_them() {
    let auth = Auth::builder().verifier(Bearer).build().unwrap();
    let mut app = App::new().app_data(auth);
    for (index, case) in generated::cases().iter().enumerate() {
        app = app.route(&format!("/{index}/{{user}}"), (case.route)());
    }
    let app = init_service(app).await;

    let (mut allowed, mut denied) = (0, 0);
    for (index, case) in generated::cases().iter().enumerate() {
        for world in 0_u32..1 << 8 {
            let bit = |n: u32| world >> n & 1 == 1;
            let role = |name: &str| (name == "a" && bit(0)) || (name == "b" && bit(1));
            let scope = |name: &str| name == "r" && bit(2);
            let owner = |parameter: &str| parameter == "user" && bit(3);
            let number = if bit(4) { 2 } else { 3 };
            let expected = (case.expected)(&role, &scope, &owner, number, bit(5), bit(6), bit(7));

            let mut parts = vec!["x"];
            parts.extend(
                ["role-a", "role-b", "scope-r"]
                    .into_iter()
                    .zip([0, 1, 2])
                    .filter(|(_, n)| bit(*n))
                    .map(|(part, _)| part),
            );
            let user = if bit(3) { "ann" } else { "bob" };
            let uri = format!("/{index}/{user}?number={number}&flag={}", bit(5));
            let request = |token: Option<String>| {
                let mut request = TestRequest::get().uri(&uri);
                if let Some(token) = token {
                    request = request.insert_header((AUTHORIZATION, format!("Bearer {token}")));
                }
                for (name, n) in [("x-ready", 6), ("x-later", 7)] {
                    if bit(n) {
                        request = request.insert_header((name, "1"));
                    }
                }
                request.to_request()
            };
            let status = app.call(request(Some(parts.join(".")))).await.unwrap().status();
            let wanted = if expected { 200 } else { 403 };
            assert_eq!(status, wanted, "{} in world {world:08b}", case.text);
            *if expected { &mut allowed } else { &mut denied } += 1;

            // Whatever the expression, it lets nobody in who is anonymous or has a bad token.
            if world % 64 == 21 {
                for token in [None, Some("bad".to_owned())] {
                    assert_eq!(
                        app.call(request(token)).await.unwrap().status(),
                        401,
                        "{}",
                        case.text
                    );
                }
            }
        }
    }
    // The expressions are no monoculture.
    assert!(allowed > 10_000 && denied > 10_000, "{allowed} allowed, {denied} denied");
}
