//! RESPONSES Z4 and Z5, over real sockets: what is hidden is answered byte for byte as what is not there.

use std::time::Duration;

use actix_web::{
    Error, FromRequest, HttpRequest, HttpResponse, Responder,
    error::ErrorBadGateway,
    get,
    http::header::{CACHE_CONTROL, ContentType},
    post, web,
};
use auth_runtime::{
    Auth, AuthBuilder, Denied, Identity, Owned, Rejection, Resource, authorize, public,
    require_auth, require_role,
};
use auth_tests::Tokens;

use crate::{get_as, send_to, server::Server, setup::Log};

#[require_role("admin", deny = not_found)]
#[get("/secret")]
async fn secret() -> impl Responder {
    "secret"
}

#[require_auth]
#[require_role("admin", deny = not_found)]
#[post("/secret")]
async fn change_secret(body: web::Json<u32>) -> impl Responder {
    format!("secret {body}")
}

#[authorize(when(*body == 7), deny = not_found)]
#[post("/condition")]
async fn condition(body: web::Json<u32>) -> impl Responder {
    body.to_string()
}

struct Document {
    owner: &'static str,
}

impl Resource for Document {
    type Id = u32;
    type Error = actix_web::Error;
    const DENIED: Denied = Denied::NotFound;

    async fn load(id: u32, _: &HttpRequest) -> Result<Option<Self>, actix_web::Error> {
        actix_web::rt::task::yield_now().await;
        if id == 500 {
            return Err(ErrorBadGateway("the database is gone"));
        }
        assert_ne!(id, 600, "a bug in load");
        Ok((id == 7).then_some(Self { owner: "user" }))
    }

    fn permits(&self, identity: &Identity) -> bool {
        self.owner == identity.subject()
    }
}

/// Anonymous callers get a 401 here, for any id: the handler is known, what it holds is not.
#[require_auth]
#[get("/documents/{id}")]
async fn documents(document: Owned<Document>) -> impl Responder {
    document.owner
}

#[require_auth(deny = not_found)]
#[get("/hidden/{id}")]
async fn hidden_document(document: Owned<Document>) -> impl Responder {
    document.owner
}

/// The resource, and then a condition about it.
#[authorize(when(document.owner == "user"))]
#[get("/undecided/{id}")]
async fn undecided(document: Owned<Document>) -> impl Responder {
    document.owner
}

#[authorize(when(document.owner == "user"), deny = not_found)]
#[get("/undecided-hidden/{id}")]
async fn undecided_hidden(document: Owned<Document>) -> impl Responder {
    document.owner
}

/// Asks for it only when it runs.
#[require_auth(deny = not_found)]
#[get("/late/{id}")]
async fn late_document(request: HttpRequest) -> Result<&'static str, Error> {
    Ok(Owned::<Document>::extract(&request).await?.owner)
}

/// Without a rule of its own: the resource decides.
#[public]
#[get("/public/{id}")]
async fn public_document(document: Owned<Document>) -> impl Responder {
    document.owner
}

#[get("/bare/{id}")]
async fn bare_document(document: Owned<Document>) -> impl Responder {
    document.owner
}

fn services(config: &mut web::ServiceConfig) {
    config.service((
        secret,
        change_secret,
        condition,
        documents,
        hidden_document,
        public_document,
        bare_document,
    ));
}

async fn own_not_found(request: HttpRequest) -> impl Responder {
    actix_web::rt::task::yield_now().await;
    HttpResponse::NotFound()
        .insert_header(("x-request-method", request.method().as_str().to_owned()))
        .insert_header((CACHE_CONTROL, "max-age=60"))
        .content_type(ContentType::html())
        .body("<h1>nothing here</h1>")
}

async fn problem_not_found() -> impl Responder {
    HttpResponse::NotFound()
        .content_type("application/problem+json")
        .body(r#"{"type":"about:blank","title":"Not Found","status":404}"#)
}

/// Not even a 404.
async fn gone(_: HttpRequest) -> HttpResponse {
    HttpResponse::Gone().finish()
}

fn build(with: impl Fn(AuthBuilder) -> AuthBuilder, tokens: &Tokens) -> Auth {
    with(Auth::builder().verifier(tokens.clone())).build().unwrap()
}

fn servers(tokens: &Tokens) -> Vec<(&'static str, Server)> {
    let plain = build(|auth| auth, tokens);
    let custom = build(|auth| auth.not_found(own_not_found), tokens);
    let problems = build(|auth| auth.problem_details().not_found(|_| problem_not_found()), tokens);
    let odd = build(|auth| auth.not_found(gone), tokens);
    vec![
        (
            "actix-web's own",
            Server::start(move |config| {
                services(config);
                config.app_data(plain.clone());
            }),
        ),
        (
            "a default service that waits",
            Server::start(move |config| {
                services(config);
                config.app_data(custom.clone()).default_service(web::to(own_not_found));
            }),
        ),
        (
            "problem details",
            Server::start(move |config| {
                services(config);
                config.app_data(problems.clone()).default_service(web::to(problem_not_found));
            }),
        ),
        (
            "another status",
            Server::start(move |config| {
                services(config);
                config.app_data(odd.clone()).default_service(web::to(gone));
            }),
        ),
    ]
}

/// The bytes of an answer, but for the date.
fn bytes(server: &Server, method: &str, path: &str, more: &str) -> String {
    let answer = server.ask(method, path, more);
    let lines: Vec<&str> = answer
        .split("\r\n")
        .filter(|line| !line.to_ascii_lowercase().starts_with("date: "))
        .collect();
    assert!(lines.len() > 3, "{answer}");
    lines.join("\r\n")
}

const CALLERS: [&str; 5] = [
    "",
    "Authorization: Bearer unknown\r\n",
    "Authorization: Bearer user\r\n",
    "Authorization: Bearer\r\n",
    "Authorization: Bearer user\r\nAuthorization: Bearer admin\r\n",
];

#[test]
fn z4_z5_a_hidden_resource_is_byte_for_byte_one_that_is_not_there() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        for (what, server) in servers(&tokens) {
            for caller in CALLERS {
                for method in ["GET", "HEAD"] {
                    let missing = bytes(&server, method, "/missing", caller);
                    assert_eq!(
                        bytes(&server, method, "/secret", caller),
                        missing,
                        "{what} {caller}"
                    );
                }
                let body =
                    format!("{caller}Content-Type: application/json\r\nContent-Length: 9\r\n");
                let bad_json =
                    |path| bytes(&server, "POST", path, &format!("{body}\r\n{{\"bad json"));
                assert_eq!(bad_json("/secret"), bad_json("/missing"), "{what} {caller}");
            }
            assert!(
                server.ask("GET", "/secret", "Authorization: Bearer admin\r\n").ends_with("secret")
            );
        }
    }
}

/// Looks somewhere before it says so.
async fn slow_not_found(_: HttpRequest) -> impl Responder {
    actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    HttpResponse::NotFound()
}

/// Who is not let in leaves the body unread, and actix-web closes the connection for that: as it does on an unknown path.
#[test]
fn z4_a_large_body_is_left_alone_as_on_an_unknown_path() {
    let auth = build(|auth| auth.not_found(slow_not_found), &Tokens::ready());
    let server = Server::start(move |config| {
        services(config);
        config.app_data(auth.clone()).default_service(web::to(slow_not_found));
    });
    let body = "x".repeat(200_000);
    for caller in CALLERS {
        let head = |path: &str| {
            let head = server.head(&format!(
                "POST {path} HTTP/1.1\r\nHost: localhost\r\n{caller}Content-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            ));
            let lines = head.lines().filter(|line| !line.starts_with("date: "));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        let missing = head("/missing");
        assert_eq!(head("/secret"), missing, "{caller}");
        assert_eq!(missing[0], "HTTP/1.1 404 Not Found");
    }
}

/// As long as it is not decided who may come in, a malformed body says nothing.
#[test]
fn z5_arguments_that_are_wrong_tell_nothing_before_the_decision() {
    let tokens = Tokens::ready();
    for (what, server) in servers(&tokens) {
        let post = |path, body: &str| {
            let length = body.len();
            let headers = format!(
                "Authorization: Bearer user\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
            );
            bytes(&server, "POST", path, &format!("{headers}\r\n{body}"))
        };
        for body in ["{\"bad json", "8"] {
            assert_eq!(post("/condition", body), post("/missing", body), "{what} {body}");
        }
        assert!(server.ask("POST", "/condition", "Authorization: Bearer user\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n7").contains("200 OK"));
    }
}

#[test]
fn z4_somebody_else_s_resource_is_byte_for_byte_one_that_is_not_there() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        for (what, server) in servers(&tokens) {
            let user = "Authorization: Bearer user\r\n";
            let admin = "Authorization: Bearer admin\r\n";
            for folder in ["documents", "hidden", "public", "bare"] {
                let path = |id: &str| format!("/{folder}/{id}");
                assert!(server.ask("GET", &path("7"), user).ends_with("user"), "{what} {folder}");
                let missing = bytes(&server, "GET", "/missing", admin);
                for id in ["7", "8", "not-a-number", "99999999999999999999"] {
                    assert_eq!(
                        bytes(&server, "GET", &path(id), admin),
                        missing,
                        "{what} {folder} {id}"
                    );
                }
                // Whether there is one makes no difference to anybody who may not have it.
                for caller in CALLERS {
                    if caller != user {
                        let there = bytes(&server, "GET", &path("7"), caller);
                        assert_eq!(
                            there,
                            bytes(&server, "GET", &path("8"), caller),
                            "{what} {folder}"
                        );
                        if folder == "documents" {
                            assert!(!there.contains(" 404 "), "{there}");
                        } else {
                            let missing = bytes(&server, "GET", "/missing", caller);
                            assert_eq!(there, missing, "{what} {folder} {caller}");
                        }
                    }
                }
            }
        }
    }
}

/// Whom the guard let in hears that something is broken: where nothing hangs on the arguments, it has decided. Where something
/// does, only what is not hidden is told.
#[actix_web::test]
async fn z4_what_cannot_be_loaded_is_told_to_whom_the_guard_let_in() {
    for (path, status) in
        [("/hidden/500", 502), ("/undecided/500", 502), ("/undecided-hidden/500", 404)]
    {
        let services = (hidden_document, undecided, undecided_hidden);
        let answer = send_to(Tokens::ready().auth(), services, get_as(path, "user")).await;
        let body = if status == 502 { "the database is gone" } else { "" };
        assert_eq!((answer.status.as_u16(), &*answer.body), (status, body), "{path}");
    }
}

#[get("/by-hand")]
async fn by_hand(request: HttpRequest) -> HttpResponse {
    Rejection::NotFound.into_response(&request)
}

/// A handler that answers at once is heard where nobody can wait, and of any other the log says what to write instead.
#[actix_web::test]
async fn z4_where_nobody_can_wait_the_application_s_answer_is_given_if_it_is_there() {
    let ask = async |with: fn(AuthBuilder) -> AuthBuilder| {
        let log = Log::default();
        let _listening = log.listen();
        let auth = build(with, &Tokens::ready());
        let answer = send_to(auth, by_hand, get_as("/by-hand", "user")).await;
        assert_eq!(answer.status, 404);
        (answer.body, log.text().contains("await `Rejection::respond` instead"))
    };
    let (body, said) = ask(|auth| auth.not_found(|_| problem_not_found())).await;
    assert!(body.contains("about:blank") && !said, "{body}");
    assert_eq!(ask(|auth| auth.not_found(own_not_found)).await, (String::new(), true));
    assert_eq!(ask(|auth| auth).await, (String::new(), false));
}

/// A resource that panics is no missing one, also where a denial is hidden: somebody has to mend it.
#[actix_web::test]
async fn z8_what_panics_while_it_is_loaded_is_not_hidden() {
    for folder in ["documents", "hidden", "late", "public", "bare", "undecided", "undecided-hidden"]
    {
        let services = (
            (documents, hidden_document, late_document, public_document, bare_document),
            (undecided, undecided_hidden),
        );
        let request = get_as(&format!("/{folder}/600"), "user");
        let answer = send_to(Tokens::ready().auth(), services, request).await;
        assert_eq!(answer.status, 500, "{folder}");
    }
}

#[authorize(when(*age > 17))]
async fn of_age(age: web::Path<u32>) -> impl Responder {
    age.to_string()
}

/// Answers several requests in one.
#[require_auth(deny = not_found)]
#[get("/batch")]
async fn batch(request: HttpRequest) -> impl Responder {
    let auth = request.app_data::<Auth>().unwrap().clone();
    let part = get_as("/of-age/7", "user").param("age", "7").app_data(auth);
    let (part, mut payload) = part.to_http_parts();
    let payload = web::Payload::from_request(&part, &mut payload).await.unwrap();
    let response = of_age((part, payload).into()).await;
    response.status().as_str().to_owned()
}

/// What hides one request's resource says nothing about another's.
#[actix_web::test]
async fn z4_a_hidden_handler_hides_nothing_of_other_requests_it_answers() {
    let answer = send_to(Tokens::ready().auth(), batch, get_as("/batch", "user")).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (200, "403"));
}

/// What the application cannot tell is no denial: it stays a 500, and does not pass for a missing page.
#[test]
fn a19_an_application_without_auth_hides_nothing() {
    let server = Server::start(services);
    for path in ["/secret", "/hidden/7"] {
        let answer = server.ask("GET", path, "Authorization: Bearer admin\r\n");
        assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    }
}
