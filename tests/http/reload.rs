//! An `Auth` that is replaced while requests are served: every request goes on with the one it began with.

mod carried;

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, Responder,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    get,
    http::header::AUTHORIZATION,
    middleware::{Next, from_fn},
    test::{TestRequest, call_service, init_service},
    web,
};
use auth_runtime::{
    Auth, Identity, IdentityExt, OptionalIdentity, Policy, Rejection, ReloadableAuth, guard,
    require_auth, require_role,
    verifier::{Verification, Verified, Verifier, VerifyError},
};
use auth_tests::{Answer, Folder};
use serde_json::json;

use crate::{configured::token, setup::Log};

/// Vouches for its own token and for `both`, under its own name; `swap` is done meanwhile.
struct Named {
    name: &'static str,
    waits: bool,
    swap: Option<Arc<OnceLock<(ReloadableAuth, Auth)>>>,
}

impl Verifier for Named {
    fn verify(&self, token: &str, _: &HttpRequest) -> Verification {
        let answer = if token == self.name || token == "both" {
            Ok(Verified::new(self.name, "ann").role("admin"))
        } else {
            Err(VerifyError::invalid("another one's"))
        };
        let swap = self.swap.clone();
        let swap = move || {
            if let Some((handle, next)) = swap.as_ref().and_then(|swap| swap.get()) {
                handle.replace(next);
            }
        };
        if !self.waits {
            swap();
            return Verification::Ready(answer);
        }
        Verification::later(async move {
            actix_web::rt::task::yield_now().await;
            swap();
            actix_web::rt::time::sleep(Duration::from_millis(1)).await;
            answer
        })
    }
}

fn named(name: &'static str, waits: bool) -> Auth {
    Auth::builder().verifier(Named { name, waits, swap: None }).realm(name).build().unwrap()
}

/// Begins as `a`, and becomes `b` while the first credential is being judged.
fn swapped_meanwhile(waits: bool) -> ReloadableAuth {
    let swap = Arc::new(OnceLock::new());
    let verifier = Named { name: "a", waits, swap: Some(Arc::clone(&swap)) };
    let handle =
        ReloadableAuth::new(Auth::builder().verifier(verifier).realm("a").build().unwrap());
    swap.set((handle.clone(), named("b", waits))).unwrap();
    handle
}

#[require_role("admin")]
#[get("/guarded")]
async fn guarded(
    request: HttpRequest,
    identity: Identity,
    again: OptionalIdentity,
) -> impl Responder {
    let now = request.identity();
    let asked = guard(&request, &AUTHENTICATED).await.ok().flatten();
    issuers(&[Some(identity), again.0, now, asked])
}

/// Scopes nobody has: what is refused is refused after the swap.
#[auth_runtime::require_scope("w")]
#[get("/scope")]
async fn scope() -> impl Responder {
    "never"
}

#[get("/bare")]
async fn bare(one: OptionalIdentity, request: HttpRequest, other: Identity) -> impl Responder {
    issuers(&[one.0, request.identity(), Some(other)])
}

static AUTHENTICATED: Policy = Policy::Authenticated;
static ADMINS: Policy = Policy::role("nobody");

#[get("/by-hand")]
async fn by_hand(request: HttpRequest) -> HttpResponse {
    match guard(&request, &ADMINS).await {
        Ok(_) => HttpResponse::Ok().finish(),
        Err(rejection) => rejection.respond(&request).await,
    }
}

fn issuers(identities: &[Option<Identity>]) -> String {
    let names: Vec<&str> =
        identities.iter().map(|it| it.as_ref().map_or("nobody", Identity::issuer)).collect();
    names.join(" ")
}

async fn ask(handle: &ReloadableAuth, path: &str, token: &str) -> Answer {
    let app = App::new().app_data(handle.clone()).service((guarded, scope, bare, by_hand));
    let app = init_service(app).await;
    let request =
        TestRequest::get().uri(path).insert_header((AUTHORIZATION, format!("Bearer {token}")));
    Answer::of(call_service(&app, request.to_request()).await).await
}

/// The realm in the one challenge.
fn realm(answer: &Answer) -> &str {
    answer.challenges[0].split('"').nth(1).unwrap()
}

#[actix_web::test]
async fn a_request_goes_on_with_what_it_began_with() {
    for waits in [false, true] {
        // Guard, extractors, and whatever asks inside the handler.
        let handle = swapped_meanwhile(waits);
        assert_eq!(ask(&handle, "/guarded", "both").await.body, "a a a a");
        assert_eq!(ask(&handle, "/guarded", "both").await.body, "b b b b");

        // Extractors without a guard.
        let handle = swapped_meanwhile(waits);
        assert_eq!(ask(&handle, "/bare", "both").await.body, "a a a");
        assert_eq!(ask(&handle, "/bare", "both").await.body, "b b b");

        // Refusals are written by whoever refuses: 401, 403 with a challenge, by hand, by an extractor.
        for (path, token, status) in [
            ("/guarded", "b", 401),
            ("/scope", "both", 403),
            ("/by-hand", "b", 401),
            ("/bare", "b", 401),
        ] {
            let handle = swapped_meanwhile(waits);
            let answer = ask(&handle, path, token).await;
            assert_eq!((answer.status.as_u16(), realm(&answer)), (status, "a"), "{path}");
            let answer = ask(&handle, path, "x").await;
            assert_eq!((answer.status.as_u16(), realm(&answer)), (401, "b"), "{path}");
        }
    }
}

/// Looks at the request, and replaces what it was judged by.
async fn look_and_replace(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    assert!(request.identity().is_some());
    let handle = request.app_data::<ReloadableAuth>().unwrap().clone();
    handle.replace(&named("b", false));
    next.call(request).await
}

/// A request begins where somebody asks for the first time, be it before its handler does.
#[actix_web::test]
async fn a_request_that_middleware_looked_at_goes_on_with_what_that_saw() {
    for (path, token, body) in [
        ("/guarded", "a", "a a a a"),
        ("/guarded", "both", "a a a a"),
        ("/bare", "a", "a a a"),
        ("/bare", "both", "a a a"),
    ] {
        let handle = ReloadableAuth::new(named("a", false));
        let app = App::new().app_data(handle).wrap(from_fn(look_and_replace));
        let app = init_service(app.service((guarded, bare))).await;
        let request =
            TestRequest::get().uri(path).insert_header((AUTHORIZATION, format!("Bearer {token}")));
        let answer = Answer::of(call_service(&app, request.to_request()).await).await;
        assert_eq!(answer.body, body, "{path} {token}");
    }
}

#[require_auth]
async fn inside() -> impl Responder {
    actix_web::rt::task::yield_now().await;
    "inside"
}

/// Goes on after another guarded handler has answered the same request.
#[require_auth]
#[get("/around")]
async fn around(request: HttpRequest, payload: web::Payload) -> HttpResponse {
    assert_eq!(inside((request.clone(), payload).into()).await.status(), 200);
    let handle = request.app_data::<ReloadableAuth>().unwrap().clone();
    handle.replace(&named("b", false));
    Rejection::InvalidToken.respond(&request).await
}

#[actix_web::test]
async fn a_handler_goes_on_with_what_it_began_with_after_one_inside_of_it() {
    let handle = ReloadableAuth::new(named("a", false));
    let app = init_service(App::new().app_data(handle).service(around)).await;
    let request = TestRequest::get().uri("/around").insert_header((AUTHORIZATION, "Bearer a"));
    let answer = Answer::of(call_service(&app, request.to_request()).await).await;
    assert_eq!((answer.status.as_u16(), realm(&answer)), (401, "a"));
}

async fn notice(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let before = request.identity().map(|identity| identity.issuer().to_owned());
    assert_eq!(before.as_deref(), Some("a"));
    next.call(request).await
}

/// A scope's own decides there, even if something outside of it has asked the application's before.
/// Looks at other requests while it goes on with what its own began with.
#[require_auth]
#[get("/batch")]
async fn batch(request: HttpRequest, identity: Identity) -> impl Responder {
    let handle = request.app_data::<ReloadableAuth>().unwrap().clone();
    handle.replace(&named("b", false));
    let part = |handle: &ReloadableAuth, token: &str| {
        let header = (AUTHORIZATION, format!("Bearer {token}"));
        let part = TestRequest::get().insert_header(header).app_data(handle.clone());
        part.to_http_request().identity()
    };
    let other = ReloadableAuth::new(named("c", false));
    let seen = [
        Some(identity),
        request.identity(),
        part(&handle, "both"),
        part(&handle, "a"),
        part(&other, "both"),
        part(&other, "a"),
    ];
    issuers(&seen)
}

#[actix_web::test]
async fn other_requests_are_judged_by_what_they_began_with() {
    let answer = {
        let handle = ReloadableAuth::new(named("a", false));
        let app = init_service(App::new().app_data(handle).service(batch)).await;
        let request = TestRequest::get().uri("/batch").insert_header((AUTHORIZATION, "Bearer a"));
        Answer::of(call_service(&app, request.to_request()).await).await
    };
    assert_eq!(answer.body, "a a b nobody c nobody");
}

#[actix_web::test]
async fn the_nearest_one_decides() {
    let (outer, inner) =
        (ReloadableAuth::new(named("a", false)), ReloadableAuth::new(named("b", false)));
    let app = App::new()
        .app_data(outer.clone())
        .wrap(from_fn(notice))
        .service(web::scope("/inner").app_data(inner.clone()).service((guarded, bare)))
        .service(web::scope("/outer").service((guarded, bare)));
    let app = init_service(app).await;
    for (path, body) in [
        ("/inner/guarded", "b b b b"),
        ("/inner/bare", "b b b"),
        ("/outer/guarded", "a a a a"),
        ("/outer/bare", "a a a"),
    ] {
        let request = TestRequest::get().uri(path).insert_header((AUTHORIZATION, "Bearer both"));
        let answer = Answer::of(call_service(&app, request.to_request()).await).await;
        assert_eq!(answer.body, body, "{path}");
    }

    let app = App::new().app_data(web::Data::new(inner.clone())).service(guarded);
    let app = init_service(app).await;
    let request = TestRequest::get().uri("/guarded").insert_header((AUTHORIZATION, "Bearer b"));
    assert_eq!(call_service(&app, request.to_request()).await.status(), 200);
}

/// Nobody can tell which one is nearer, so nobody passes.
#[actix_web::test]
async fn a19_an_auth_and_a_reloadable_one_are_a_misconfiguration() {
    let log = Log::default();
    let listening = log.listen();
    let app = App::new().app_data(named("a", false)).service(
        web::scope("/inner")
            .app_data(ReloadableAuth::new(named("b", false)))
            .service((guarded, bare)),
    );
    let app = init_service(app).await;
    for path in ["/inner/guarded", "/inner/bare"] {
        for token in ["a", "b", "both"] {
            let request = TestRequest::get()
                .uri(path)
                .insert_header((AUTHORIZATION, format!("Bearer {token}")));
            let answer = Answer::of(call_service(&app, request.to_request()).await).await;
            answer.assert(500, None, "Authentication is not available");
        }
    }
    drop(listening);
    let log = log.text();
    assert!(log.contains("ERROR") && log.contains("leave one of them out"), "{log}");
}

/// The same of an `Auth` as it is around another inside `web::Data`; twice the same one is one.
#[actix_web::test]
async fn a19_two_auths_in_two_wrappings_are_a_misconfiguration() {
    let outer = named("a", false);
    let inside = |inner: Auth| {
        let part = web::scope("/inner").app_data(web::Data::new(inner));
        App::new().app_data(outer.clone()).service(part.service((guarded, bare)))
    };
    let (two, one) = (init_service(inside(named("b", false))), init_service(inside(outer.clone())));
    let (two, one) = (two.await, one.await);
    for path in ["/inner/guarded", "/inner/bare"] {
        let log = Log::default();
        let listening = log.listen_to_errors();
        for token in ["a", "b", "both"] {
            let request = || {
                TestRequest::get()
                    .uri(path)
                    .insert_header((AUTHORIZATION, format!("Bearer {token}")))
                    .to_request()
            };
            let answer = Answer::of(call_service(&two, request()).await).await;
            answer.assert(500, None, "Authentication is not available");
            let status = if token == "b" { 401 } else { 200 };
            assert_eq!(call_service(&one, request()).await.status(), status, "{path} {token}");
        }
        drop(listening);
        let log = log.text();
        assert!(log.contains("ERROR") && log.contains("give both in the same way"), "{path} {log}");
    }
}

/// Two of one kind stay ambiguous where there is one of the other kind, too.
#[actix_web::test]
async fn a19_two_of_one_kind_are_a_misconfiguration_whatever_else_there_is() {
    let (auth, other) = (named("a", false), named("b", false));
    let handle = || ReloadableAuth::new(named("c", false));
    let auths = App::new()
        .app_data(auth.clone())
        .app_data(web::Data::new(other))
        .app_data(handle())
        .service((guarded, bare));
    let handles = App::new()
        .app_data(auth)
        .app_data(web::Data::new(handle()))
        .app_data(handle())
        .service((guarded, bare));
    let only_handles =
        App::new().app_data(web::Data::new(handle())).app_data(handle()).service((guarded, bare));
    for app in [auths, handles, only_handles] {
        let app = init_service(app).await;
        for path in ["/guarded", "/bare"] {
            for token in ["a", "b", "c", "both"] {
                let request = TestRequest::get()
                    .uri(path)
                    .insert_header((AUTHORIZATION, format!("Bearer {token}")));
                let answer = Answer::of(call_service(&app, request.to_request()).await).await;
                answer.assert(500, None, "Authentication is not available");
            }
        }
    }
}

fn configuration(realm: &str, secret: &str) -> String {
    format!(
        "realm = \"{realm}\"\n[[issuers]]\nname = \"{realm}\"\naudience = \"api\"\nkeys = [{{ algorithms = \"HS256\", secret = \"{secret}\" }}]"
    )
}

const ONE: &str = "the first configuration's secret, long enough";
const TWO: &str = "the second configuration's secret, long enough";

#[require_auth]
#[get("/who")]
async fn who(identity: Identity) -> impl Responder {
    identity.issuer().to_owned()
}

#[actix_web::test]
async fn a_broken_configuration_keeps_the_one_there_was() {
    let folder = Folder::new("reload");
    let path = folder.write("auth.toml", configuration("a", ONE));
    let handle = ReloadableAuth::from_config(&path).unwrap();
    let app = init_service(App::new().app_data(handle.clone()).service(who)).await;
    let token = |name: &str, secret| {
        format!(
            "Bearer {}",
            token(secret, &json!({"iss": name, "aud": "api", "sub": "s", "exp": 1u64 << 40}))
        )
    };
    let (a, b) = (token("a", ONE), token("b", TWO));
    let ask = async |token: &str| {
        let request = TestRequest::get().uri("/who").insert_header((AUTHORIZATION, token));
        call_service(&app, request.to_request()).await.status().as_u16()
    };
    assert_eq!((ask(&a).await, ask(&b).await), (200, 401));

    for broken in ["realm = ", "reaml = \"b\"", "realm = \"b\""] {
        fs::write(&path, broken).unwrap();
        let log = Log::default();
        let listening = log.listen();
        let error = handle.reload().unwrap_err().to_string();
        drop(listening);
        assert!(
            error.starts_with("the configuration cannot be used, so the one from before stays: "),
            "{error}"
        );
        assert!(error.contains("auth.toml"), "{error}");
        assert!(log.text().contains("ERROR") && log.text().contains(&error));
        assert_eq!((ask(&a).await, ask(&b).await), (200, 401));
    }
    fs::write(&path, configuration("b", TWO)).unwrap();
    handle.reload().unwrap();
    assert_eq!((ask(&a).await, ask(&b).await), (401, 200));

    let error = ReloadableAuth::new(named("a", false)).reload().unwrap_err();
    assert!(error.to_string().contains("there is nothing to read again"));
}

/// The new one decides when its keys are there, and not before.
#[actix_web::test]
async fn a17_keys_that_are_not_there_yet_turn_nobody_away() {
    let folder = Folder::new("ready");
    let path = folder.write("auth.toml", configuration("a", ONE));
    let handle = ReloadableAuth::from_config(&path).unwrap();
    let limit = Duration::from_millis(300);
    handle.reload_when_ready(limit).await.unwrap();

    // Nobody is at this address.
    let away = "[[issuers]]\nname = \"http://127.0.0.1:9/\"\naudience = \"api\"\ndiscovery = true";
    fs::write(&path, away).unwrap();
    let error = handle.reload_when_ready(limit).await.unwrap_err().to_string();
    assert!(error.contains("were not there after 300ms, so the one from before stays"), "{error}");
    assert!(handle.current().is_ready());
    // Who does not want to wait, does not.
    handle.reload().unwrap();
    assert!(!handle.current().is_ready());
}

/// Runs `HttpServer` with two workers until it is dropped.
struct Served {
    address: SocketAddr,
    server: actix_web::dev::ServerHandle,
}

impl Served {
    fn start(handle: &ReloadableAuth) -> Self {
        let handle = handle.clone();
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    App::new().app_data(handle.clone()).service((guarded, bare, scope, by_hand))
                })
                .workers(2)
                .disable_signals()
                .bind(("127.0.0.1", 0))
                .unwrap();
                let address = server.addrs()[0];
                let server = server.run();
                sender.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, server) = receiver.recv().unwrap();
        Self { address, server }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

/// One request on a connection of its own.
fn fetch(address: SocketAddr, path: &str, token: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

/// What may come back: of `a`, or of `b`, and never something of both. Says of which.
fn judge(path: &str, token: &str, response: &str) -> &'static str {
    let (head, body) = response.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{response:?}"));
    let status = head.split(' ').nth(1).unwrap();
    let realm = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("www-authenticate").then(|| value.split('"').nth(1)).flatten()
    });
    let of = |name: &'static str| {
        let knows = token == name || token == "both";
        let names = |number: usize| vec![name; number].join(" ");
        match (path, knows) {
            ("/guarded", true) => status == "200" && body == names(4),
            ("/bare", true) => status == "200" && body == names(3),
            ("/scope", true) => status == "403" && realm == Some(name),
            ("/by-hand", true) => status == "403" && realm.is_none(),
            _ => status == "401" && realm == Some(name),
        }
    };
    match (of("a"), of("b")) {
        (true, _) => "a",
        (_, true) => "b",
        _ => panic!("{path} with {token}: {response}"),
    }
}

/// Every answer is right for one of the two, and every request is answered.
#[test]
fn no_request_is_dropped_or_mixed_while_it_is_swapped() {
    let count = AtomicUsize::new(0);
    let handle = ReloadableAuth::load(move || {
        // Every second time by one who makes us wait, so that requests are in flight at any swap.
        let count = count.fetch_add(1, Ordering::SeqCst);
        Ok(named(if count.is_multiple_of(2) { "a" } else { "b" }, count % 4 < 2))
    })
    .unwrap();
    let served = Served::start(&handle);
    let done = AtomicBool::new(false);
    let seen = [AtomicUsize::new(0), AtomicUsize::new(0)];
    std::thread::scope(|threads| {
        for number in 0..4 {
            let (address, done, seen) = (served.address, &done, &seen);
            threads.spawn(move || {
                let paths = ["/guarded", "/bare", "/scope", "/by-hand"];
                let tokens = ["a", "b", "both", "none"];
                for round in number.. {
                    if done.load(Ordering::SeqCst) {
                        break;
                    }
                    let (path, token) = (paths[round % 4], tokens[round / 4 % 4]);
                    let of = judge(path, token, &fetch(address, path, token));
                    seen[usize::from(of == "b")].fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let end = Instant::now() + Duration::from_secs(3);
        let mut swaps = 0;
        while Instant::now() < end {
            handle.reload().unwrap();
            swaps += 1;
            std::thread::sleep(Duration::from_micros(700));
        }
        done.store(true, Ordering::SeqCst);
        assert!(swaps > 100, "{swaps}");
    });
    let seen = seen.map(AtomicUsize::into_inner);
    assert!(seen.iter().all(|seen| *seen > 20), "{seen:?}");
}
