//! Ownership of what a handler loads: `Owned<T>`, and conditions over arguments.

use std::{cell::Cell, pin::Pin};

use actix_web::{
    App, Error, FromRequest, HttpRequest, Responder,
    dev::Payload,
    get,
    http::header::AUTHORIZATION,
    post,
    test::{TestRequest, call_service, init_service},
    web,
};
use auth_runtime::{
    Auth, Claims, Identity, Owned, Resource, authorize, public, require_auth, require_owner,
    require_role,
    testing::{self, TestIssuer},
    verifier::Verified,
};
use auth_tests::{Answer, INVALID, MISSING, Tokens};
use serde::Deserialize;

use crate::{get_as, send_to};

const DENIED: &str = "You do not have permission to access this resource";
const NOT_AVAILABLE: &str = "Authentication is not available";

thread_local! {
    static LOADED: Cell<u32> = const { Cell::new(0) };
}

/// Number 7 belongs to `user`. Others break in various ways.
#[derive(Debug)]
struct Document(u32);

impl Resource for Document {
    type Id = u32;
    type Error = actix_web::Error;
    const PARAMETER: &'static str = "doc";

    async fn load(id: u32, request: &HttpRequest) -> Result<Option<Self>, actix_web::Error> {
        LOADED.set(LOADED.get() + 1);
        actix_web::rt::task::yield_now().await;
        assert!(auth_runtime::IdentityExt::identity(request).is_some());
        match id {
            7..=9 => Ok(Some(Self(id))),
            500 => Err(actix_web::error::ErrorBadGateway("the database is gone")),
            600 => panic!("a bug in load"),
            _ => Ok(None),
        }
    }

    fn permits(&self, identity: &Identity) -> bool {
        assert_ne!(self.0, 9, "a bug in permits");
        self.0 == 7 && identity.subject() == "user"
    }
}

#[require_auth]
#[get("/docs/{doc}")]
async fn read(document: Owned<Document>) -> impl Responder {
    document.into_inner().0.to_string()
}

#[require_auth]
#[post("/docs/{doc}")]
async fn write(body: web::Json<u32>, document: Owned<Document>) -> impl Responder {
    format!("{} {body}", document.0)
}

#[require_auth]
#[get("/optional/{doc}")]
async fn optional(document: Option<Owned<Document>>) -> impl Responder {
    format!("{document:?}")
}

#[require_auth]
#[get("/elsewhere/{id}")]
async fn elsewhere(document: Owned<Document>) -> impl Responder {
    document.0.to_string()
}

#[require_role("editor")]
#[get("/editors/{doc}")]
async fn editors(document: Owned<Document>) -> impl Responder {
    document.0.to_string()
}

#[public]
#[get("/public/{doc}")]
async fn open(document: Owned<Document>) -> impl Responder {
    document.0.to_string()
}

#[get("/bare/{doc}")]
async fn bare(document: Owned<Document>) -> impl Responder {
    document.0.to_string()
}

/// An extractor of the application's own, which asks for the resource only when it is polled; the handler asks again.
struct Late(u32);

impl FromRequest for Late {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            actix_web::rt::task::yield_now().await;
            Ok(Self(Owned::<Document>::extract(&request).await?.0))
        })
    }
}

#[require_auth]
#[get("/late/{doc}")]
async fn late(request: HttpRequest, document: Late) -> Result<impl Responder, Error> {
    let again = Owned::<Document>::extract(&request).await?;
    assert_eq!(again.0, document.0);
    Ok(again.0.to_string())
}

async fn ask(tokens: &Tokens, request: TestRequest) -> Answer {
    let services = (read, write, optional, elsewhere, editors, open, bare, late);
    send_to(tokens.auth(), services, request).await
}

#[actix_web::test]
async fn z2_somebody_else_s_resource_is_denied_and_a_missing_one_is_not_found() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        for folder in ["docs", "optional", "public", "bare", "late"] {
            let ask = async |id: u32, token| {
                ask(&tokens, get_as(&format!("/{folder}/{id}"), token)).await
            };
            assert_eq!(ask(7, "user").await.status, 200, "{folder}");
            ask(7, "admin").await.assert(403, None, DENIED);
            ask(8, "user").await.assert(403, None, DENIED);
            assert_eq!(ask(1, "user").await.status, 404, "{folder}");
            assert_eq!(ask(500, "user").await.status, 502, "{folder}");
            ask(7, "unknown").await.assert(401, Some(INVALID), "Invalid or expired token");
        }
        for folder in ["docs", "public", "bare", "late"] {
            let request = TestRequest::get().uri(&format!("/{folder}/7"));
            ask(&tokens, request).await.assert(
                401,
                Some(MISSING),
                "No authentication token provided",
            );
        }
    }
}

/// D7
#[actix_web::test]
async fn z8_a_resource_that_panics_denies() {
    for folder in ["docs", "bare"] {
        for id in [600, 9] {
            let answer = ask(&Tokens::ready(), get_as(&format!("/{folder}/{id}"), "user")).await;
            answer.assert(500, None, NOT_AVAILABLE);
        }
    }
}

#[actix_web::test]
async fn a_route_without_the_parameter_is_a_500_that_names_the_fix() {
    let log = crate::setup::Log::default();
    let answer = {
        let _listening = log.listen();
        ask(&Tokens::ready(), get_as("/elsewhere/7", "user")).await
    };
    answer.assert(500, None, NOT_AVAILABLE);
    assert!(log.text().contains("and its route has none: write `{doc}` once"), "{}", log.text());
}

/// D1
#[actix_web::test]
async fn nothing_is_loaded_for_those_whom_the_guard_refuses() {
    LOADED.set(0);
    for token in ["user", "unknown"] {
        ask(&Tokens::ready(), get_as("/editors/7", token)).await;
    }
    assert_eq!(LOADED.get(), 0);
    ask(&Tokens::ready(), get_as("/editors/7", "editor")).await.assert(403, None, DENIED);
    assert_eq!(LOADED.get(), 1);
}

fn post(path: &str, token: &str, body: &'static str) -> TestRequest {
    TestRequest::post()
        .uri(path)
        .insert_header((AUTHORIZATION, format!("Bearer {token}")))
        .insert_header(("content-type", "application/json"))
        .set_payload(body)
}

#[actix_web::test]
async fn ownership_comes_before_the_body_wherever_it_stands_among_the_arguments() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        for (token, id, status) in
            [("unknown", 7, 401), ("admin", 7, 403), ("user", 1, 404), ("user", 7, 400)]
        {
            let answer = ask(&tokens, post(&format!("/docs/{id}"), token, "{\"bad json")).await;
            assert_eq!(answer.status.as_u16(), status, "{token} {id}");
        }
        assert_eq!(ask(&tokens, post("/docs/7", "user", "3")).await.body, "7 3");
    }
}

#[actix_web::test]
async fn an_id_is_percent_decoded() {
    assert_eq!(ask(&Tokens::ready(), get_as("/docs/%37", "user")).await.status, 200);
    assert_eq!(ask(&Tokens::ready(), get_as("/docs/7x", "user")).await.status, 404);
    // Who asks comes before what they ask for.
    assert_eq!(ask(&Tokens::ready(), TestRequest::get().uri("/bare/7x")).await.status, 401);
}

/// An id that does not survive being read.
struct Odd;

impl std::str::FromStr for Odd {
    type Err = ();

    fn from_str(_: &str) -> Result<Self, ()> {
        panic!("a bug in from_str")
    }
}

impl Resource for Odd {
    type Id = Self;
    type Error = Error;

    async fn load(id: Self, _: &HttpRequest) -> Result<Option<Self>, Error> {
        Ok(Some(id))
    }

    fn permits(&self, _: &Identity) -> bool {
        true
    }
}

#[require_auth]
#[get("/odd/{id}")]
async fn odd(_: Owned<Odd>) -> impl Responder {
    "odd"
}

/// D7
#[actix_web::test]
async fn z8_an_id_that_panics_denies() {
    let answer = send_to(Tokens::ready().auth(), odd, get_as("/odd/7", "user")).await;
    answer.assert(500, None, NOT_AVAILABLE);
}

#[actix_web::test]
async fn the_test_kit_checks_ownership_too() {
    async fn plain(document: Owned<Document>) -> impl Responder {
        document.0.to_string()
    }
    // The last is no UTF-8, and finds nothing.
    for (subject, id, status) in
        [("user", "7", 200), ("admin", "7", 403), ("user", "1", 404), ("user", "%ff", 404)]
    {
        let caller = testing::identity(Verified::new("https://id.test/", subject));
        let (request, mut payload) = TestRequest::default().param("doc", id).to_http_parts();
        let response = testing::call(plain, &request, &mut payload, caller).await;
        assert_eq!(response.status().as_u16(), status, "{subject} {id}");
    }
}

#[require_owner("user_id")]
#[get("/users/{user_id}/{rest:.*}")]
async fn own(
    path: web::Path<(String, String)>,
    claims: Option<Claims<serde_json::Value>>,
) -> impl Responder {
    drop(claims);
    path.into_inner().0
}

#[actix_web::test]
async fn z2_not_the_owner() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        for (path, status) in [
            ("/users/user/x", 200),
            ("/users/us%65r/x", 200),
            ("/users/USER/x", 403),
            ("/users/use/x", 403),
            ("/users/user%20/x", 403),
            ("/users/user%00/x", 403),
            ("/users/us%2565r/x", 403),
            ("/users/%ff/x", 403),
            ("/users/admin/x", 403),
        ] {
            let answer = send_to(tokens.auth(), own, get_as(path, "user")).await;
            assert_eq!(answer.status.as_u16(), status, "{path}");
            if status == 200 {
                // The handler sees whom the guard compared.
                assert_eq!(answer.body, "user");
            }
        }
    }
}

#[derive(Deserialize)]
struct Note {
    owner: String,
}

#[authorize(role("admin") || when(note.owner == identity.subject()))]
#[post("/notes")]
async fn add(note: web::Json<Note>) -> impl Responder {
    note.into_inner().owner
}

#[authorize(role("editor") && when(panics(&note)))]
#[post("/panics")]
async fn broken(note: web::Json<Note>) -> impl Responder {
    note.into_inner().owner
}

fn panics(_: &web::Json<Note>) -> bool {
    panic!("a bug in the condition")
}

#[actix_web::test]
async fn argument_conditions_come_after_the_arguments() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        let ask = async |path: &str, token: &str, body| {
            send_to(tokens.auth(), (add, broken), post(path, token, body)).await
        };
        ask("/notes", "user", r#"{"owner":"ann"}"#).await.assert(403, None, DENIED);
        assert_eq!(ask("/notes", "user", r#"{"owner":"user"}"#).await.body, "user");
        assert_eq!(ask("/notes", "admin", r#"{"owner":"ann"}"#).await.body, "ann");
        // Whom the arguments might save has to send good ones.
        assert_eq!(ask("/notes", "user", "{\"bad json").await.status, 400);
        ask("/notes", "unknown", "{\"bad json").await.assert(
            401,
            Some(INVALID),
            "Invalid or expired token",
        );
        // Whom they cannot save is denied before the body is read.
        ask("/panics", "user", "{\"bad json").await.assert(403, None, DENIED);
        ask("/panics", "editor", r#"{"owner":"ann"}"#).await.assert(500, None, NOT_AVAILABLE);
    }
    let app = init_service(App::new().app_data(Tokens::ready().auth()).service(add)).await;
    let anonymous = TestRequest::post().uri("/notes").set_payload("{\"bad json").to_request();
    assert_eq!(call_service(&app, anonymous).await.status(), 401);
}

/// D2
#[actix_web::test]
async fn a_parameter_that_stands_twice_in_the_path_is_nobody_s() {
    let scoped =
        || web::scope("/users/{user_id}").service(web::resource("/{user_id}/{rest}").to(twice));
    for path in ["/users/user/admin/x", "/users/admin/user/x", "/users/user/user/x"] {
        let answer = send_to(Tokens::ready().auth(), scoped(), get_as(path, "user")).await;
        answer.assert(500, None, NOT_AVAILABLE);
    }
    let twice = || web::scope("/{doc}").service(web::resource("/{doc}").to(docs_twice));
    let log = crate::setup::Log::default();
    let answer = {
        let _listening = log.listen();
        send_to(Tokens::ready().auth(), twice(), get_as("/7/7", "user")).await
    };
    answer.assert(500, None, NOT_AVAILABLE);
    assert!(log.text().contains("and its route has several"), "{}", log.text());
}

#[authorize(owner("user_id"))]
async fn somewhere() -> impl Responder {
    "somewhere"
}

#[authorize(!owner("user_id"))]
async fn somebody_else() -> impl Responder {
    "somewhere"
}

#[authorize(role("admin") || owner("user_id"))]
async fn admin_or_owner() -> impl Responder {
    "somewhere"
}

/// D2: the macro sees no route here, so this is found out when it is asked.
#[actix_web::test]
async fn an_owner_of_a_parameter_that_the_route_does_not_have_is_a_500_that_names_the_fix() {
    let routes = || {
        web::scope("/{id}")
            .route("/plain", web::get().to(somewhere))
            .route("/not", web::get().to(somebody_else))
            .route("/or", web::get().to(admin_or_owner))
    };
    for tokens in [Tokens::ready(), Tokens::slow()] {
        for path in ["/user/plain", "/user/not", "/user/or"] {
            let log = crate::setup::Log::default();
            let answer = {
                let _listening = log.listen();
                send_to(tokens.auth(), routes(), get_as(path, "user")).await
            };
            answer.assert(500, None, NOT_AVAILABLE);
            let log = log.text();
            let (_, last) = path.rsplit_once('/').unwrap();
            for part in
                ["owned.rs:", "`user_id`", &format!("`/{{id}}/{last}`"), "write `{user_id}` once"]
            {
                assert!(log.contains(part), "{part}: {log}");
            }
        }
        // Whom something else lets in, and whom nobody knows.
        let answer = send_to(tokens.auth(), routes(), get_as("/user/or", "admin")).await;
        assert_eq!(answer.status, 200);
        let answer = send_to(tokens.auth(), routes(), get_as("/user/not", "unknown")).await;
        assert_eq!(answer.status, 401);
    }
}

#[require_owner("user_id")]
async fn twice() -> impl Responder {
    "twice"
}

#[require_auth]
async fn docs_twice(document: Owned<Document>) -> impl Responder {
    document.0.to_string()
}

/// L6
#[actix_web::test]
async fn z2_the_same_subject_of_another_issuer_is_somebody_else() {
    let one = TestIssuer::new().named("https://one.test/");
    let two = TestIssuer::new().named("https://two.test/");
    let both = || Auth::builder().issuer(one.issuer()).issuer(two.issuer());
    let said = both().owners_from("https://one.test/").build().unwrap();
    for (issuer, status) in [(&one, 200), (&two, 403)] {
        let token = issuer.token("user").mint();
        let answer = send_to(said.clone(), own, get_as("/users/user/x", &token)).await;
        assert_eq!(answer.status.as_u16(), status);
    }

    // Where nobody said whose subjects paths name, nothing is guessed.
    let log = crate::setup::Log::default();
    let answer = {
        let _listening = log.listen();
        let token = one.token("user").mint();
        send_to(both().build().unwrap(), own, get_as("/users/user/x", &token)).await
    };
    answer.assert(500, None, NOT_AVAILABLE);
    assert!(log.text().contains(".owners_from("), "{}", log.text());
    let with_verifier =
        Auth::builder().issuer(one.issuer()).verifier(Tokens::ready()).build().unwrap();
    send_to(with_verifier, own, get_as("/users/user/x", "user")).await.assert(
        500,
        None,
        NOT_AVAILABLE,
    );
}
