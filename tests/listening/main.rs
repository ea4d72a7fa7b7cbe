//! What is decided does not depend on who listens. The guard goes a shorter way while nobody listens at debug level; which
//! level that is, is a matter of the whole process, so that this is a program of its own with one test.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, UNIX_EPOCH},
};

use actix_web::{
    App, HttpRequest, Responder,
    http::header::AUTHORIZATION,
    test::{TestRequest, call_service, init_service, read_body},
};
use auth_runtime::{
    Auth, AuthBuilder, Cookie, Dpop, Identity, ReloadableAuth,
    api_key::{ApiKey, ApiKeys, MemoryStore},
    authorize, require_auth, require_ip, require_role, require_scope,
    revocation::Revocations,
    testing::{DpopKey, TestIssuer},
};
use auth_tests::{Log, Recorded};
use tracing::level_filters::LevelFilter;

#[require_auth]
#[actix_web::get("/me")]
async fn me(identity: Identity) -> impl Responder {
    identity.subject().to_owned()
}

#[require_role("admin")]
#[actix_web::get("/role")]
async fn role(identity: Identity) -> impl Responder {
    identity.subject().to_owned()
}

#[require_scope("docs:read")]
#[actix_web::get("/scope")]
async fn scope() -> impl Responder {
    "scope"
}

#[authorize(role("admin") && scope("docs:read"))]
#[actix_web::get("/both")]
async fn both() -> impl Responder {
    "both"
}

#[authorize(role("admin"), deny = not_found)]
#[actix_web::get("/hidden")]
async fn hidden() -> impl Responder {
    "hidden"
}

#[require_ip("192.0.2.0/24")]
#[require_auth]
#[actix_web::get("/inside")]
async fn inside() -> impl Responder {
    "inside"
}

/// Makes the guard wait, so that it is asked again.
async fn later(_: &Identity, _: &HttpRequest) -> bool {
    actix_web::rt::task::yield_now().await;
    true
}

#[authorize(check(later))]
#[actix_web::get("/later")]
async fn checked() -> impl Responder {
    "checked"
}

const PATHS: [&str; 7] = ["/me", "/role", "/scope", "/both", "/hidden", "/inside", "/later"];

/// What an application may be built with, and what becomes of it meanwhile.
struct World {
    issuer: TestIssuer,
    keys: ApiKeys,
    revocations: Revocations,
    clock: Arc<AtomicU64>,
}

type Build = fn(AuthBuilder, &World) -> AuthBuilder;

struct Setup {
    name: &'static str,
    build: Build,
    /// The statuses of `/me` for the first address.
    me: [&'static str; 3],
}

type Lines = Vec<(&'static str, String)>;

/// What came of one sequence of requests.
#[derive(Default)]
struct Outcome {
    answers: Vec<String>,
    log: Log,
    recorded: Recorded,
}

impl Outcome {
    /// Which decisions are told at this level: what stands behind the level, and behind the span, if there is to be one.
    fn told(&self, level: &str, in_span: bool) -> Vec<String> {
        let log = self.log.text();
        let lines = log.lines().filter(|line| line.trim_start().starts_with(level));
        let decisions = lines.filter_map(|line| line.split_once("auth_runtime::decision: "));
        decisions
            .map(|(before, event)| {
                assert_eq!(before.contains("authorize{handler="), in_span, "{before}{event}");
                event.to_owned()
            })
            .collect()
    }

    /// Every answer of `/me` to somebody from the first address.
    fn me(&self) -> String {
        let answers = self.answers.iter().filter_map(|answer| answer.strip_prefix("/me 1 "));
        answers.map(|answer| &answer[..3]).collect::<Vec<_>>().join(" ")
    }

    fn counted(&self) -> [BTreeMap<String, u64>; 3] {
        ["auth_decisions_total", "auth_cache_lookups_total", "auth_verification_seconds"]
            .map(|name| self.recorded.series(name))
    }
}

/// Sends the same requests to a new application, while somebody listens at this level.
fn ask(setup: &Setup, world: &World, requests: &[Lines], listening: LevelFilter) -> Outcome {
    let outcome = Outcome::default();
    let log = outcome.log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(listening)
        .with_ansi(false)
        .without_time()
        .with_writer(move || log.clone())
        .finish();
    let listens = tracing::subscriber::set_default(subscriber);
    // This is what the guard looks at; it would stay as it is if nobody listened any more.
    assert_eq!(LevelFilter::current(), listening);
    let answers = metrics::with_local_recorder(&outcome.recorded, || {
        actix_web::rt::System::new().block_on(send(setup, world, requests))
    });
    drop(listens);
    Outcome { answers, ..outcome }
}

async fn send(setup: &Setup, world: &World, requests: &[Lines]) -> Vec<String> {
    let (clock, start) = (Arc::clone(&world.clock), world.clock.load(SeqCst));
    let auth = Auth::builder().issuer(world.issuer.issuer()).clock(move || clock.load(SeqCst));
    let auth = (setup.build)(auth, world).build().unwrap();
    let app = App::new().service(me).service(role).service(scope).service(both).service(hidden);
    let app = app.service(inside).service(checked);
    let app = if setup.name == RELOADABLE {
        app.app_data(ReloadableAuth::new(auth))
    } else {
        app.app_data(auth)
    };
    let app = init_service(app).await;
    let mut answers = Vec::new();
    // Then the first ones again: after a revocation, and when every token has expired.
    for (round, requests) in [requests, &requests[..3], &requests[..3]].into_iter().enumerate() {
        match round {
            0 => {}
            1 => world.revocations.revoke_subject("https://id.test/", "ann", start + 60),
            _ => world.clock.store(start + 24 * 60 * 60, SeqCst),
        }
        for (lines, path) in requests.iter().flat_map(|lines| PATHS.map(|path| (lines, path))) {
            for last in [1, 77] {
                let peer = SocketAddr::from(([if last == 1 { 192 } else { 198 }, 0, 2, last], 1));
                let mut request = TestRequest::get().uri(path).peer_addr(peer);
                for (name, value) in lines {
                    request = request.append_header((*name, value.as_str()));
                }
                let response = call_service(&app, request.to_request()).await;
                let (status, headers) = (response.status(), format!("{:?}", response.headers()));
                let body = read_body(response).await;
                answers.push(format!("{path} {last} {status} {headers} {body:?}"));
            }
        }
    }
    world.revocations.restore_subject("https://id.test/", "ann");
    world.clock.store(start, SeqCst);
    answers
}

/// In three lines: who may come in and who may not, credentials of other kinds, and what comes after a revocation and when all
/// has expired.
const USUAL: [&str; 3] = [
    "401 200 200 200 200 401 401 401 401 200 200 401 400",
    "200 401 401 401 401 200 401 401 401",
    "401 200 200 401 401 401",
];

const SETUPS: [Setup; 9] = [
    Setup { name: "plain", build: |auth, _| auth, me: USUAL },
    Setup { name: RELOADABLE, build: |auth, _| auth, me: USUAL },
    Setup { name: "nothing remembered", build: |auth, _| auth.token_cache(0, 0), me: USUAL },
    Setup {
        name: "cookies",
        build: |auth, _| auth.cookie(Cookie::named("session")),
        me: [USUAL[0], "400 200 401 401 401 200 401 401 401", USUAL[2]],
    },
    Setup {
        name: "attempts",
        build: |auth, _| auth.failed_attempts(23, Duration::from_secs(600)),
        me: [USUAL[0], "200 401 401 401 429 429 401 401 401", "401 429 429 401 401 401"],
    },
    Setup {
        name: "proxy",
        build: |auth, _| auth.proxy_mode(),
        me: [
            "407 407 407 407 407 407 407 407 407 407 407 407 407",
            "407 407 407 407 407 407 407 200 200",
            "407 407 407 407 407 407",
        ],
    },
    Setup {
        name: "bound tokens",
        build: |auth, _| auth.dpop(Dpop::new().origin("https://api.example.com")),
        me: [USUAL[0], "200 401 401 200 401 200 401 401 401", USUAL[2]],
    },
    Setup {
        name: "revocations",
        build: |auth, world| auth.revocations(world.revocations.clone()),
        me: [USUAL[0], USUAL[1], "401 401 200 401 401 401"],
    },
    Setup {
        name: "keys",
        build: |auth, world| auth.api_keys(world.keys.clone()),
        me: [USUAL[0], "200 401 401 401 401 400 200 401 401", USUAL[2]],
    },
];

const RELOADABLE: &str = "reloadable";

/// Nobody's credential comes first, then whoever may do everything, then whoever may not.
fn requests(issuer: &TestIssuer, api_key: &str) -> Vec<Lines> {
    let mint = |subject: &str, roles: &[&str], scopes: &[&str]| {
        let token = roles.iter().fold(issuer.token(subject), |token, name| token.role(*name));
        scopes.iter().fold(token, |token, name| token.scope(*name)).claim("jti", subject).mint()
    };
    let admin = mint("ann", &["admin"], &["docs:read"]);
    let bob = mint("bob", &["user"], &["docs:write"]);
    let forged = format!("{}x", admin.get(..admin.len() - 1).unwrap());
    let expired = issuer.token("eve").role("admin").expired().mint();
    let owner = DpopKey::new();
    let bound = issuer.token("dan").role("admin").bound_to(&owner).mint();
    let proof = owner.proof("GET", "https://api.example.com/me", &bound).mint();
    let bearer = |token: &str| (AUTHORIZATION.as_str(), format!("Bearer {token}"));
    vec![
        vec![],
        vec![bearer(&admin)],
        vec![bearer(&bob)],
        vec![bearer(&admin)],
        vec![bearer(&bob)],
        vec![bearer(&forged)],
        vec![bearer(&expired)],
        vec![bearer("a.b.c")],
        vec![bearer("")],
        vec![(AUTHORIZATION.as_str(), format!("bearer {admin}"))],
        vec![(AUTHORIZATION.as_str(), format!("Bearer  {admin}"))],
        vec![(AUTHORIZATION.as_str(), format!("Basic {admin}"))],
        vec![bearer(&admin), bearer(&admin)],
        vec![bearer(&admin), ("cookie", format!("session={admin}"))],
        vec![("cookie", format!("session={bob}"))],
        vec![bearer(&bound)],
        vec![(AUTHORIZATION.as_str(), format!("DPoP {bound}")), ("dpop", proof)],
        // Its owner came in with it just now.
        vec![bearer(&bound)],
        vec![bearer(&admin), ("x-api-key", api_key.to_owned())],
        vec![("x-api-key", api_key.to_owned())],
        vec![("proxy-authorization", format!("Bearer {admin}"))],
        vec![("proxy-authorization", format!("Bearer {bob}"))],
    ]
}

#[test]
fn l1_l5_what_is_decided_does_not_depend_on_who_listens() {
    let (store, (text, key)) = (MemoryStore::new(), ApiKey::generate("svc").unwrap());
    store.insert(key);
    let world = World {
        issuer: TestIssuer::new(),
        keys: ApiKeys::new(store),
        revocations: Revocations::new(),
        clock: Arc::new(AtomicU64::new(UNIX_EPOCH.elapsed().unwrap().as_secs())),
    };
    let requests = requests(&world.issuer, text.reveal());
    for setup in &SETUPS {
        let name = setup.name;
        let [nobody, info, debug] = [LevelFilter::OFF, LevelFilter::INFO, LevelFilter::DEBUG]
            .map(|level| ask(setup, &world, &requests, level));
        assert_eq!(nobody.answers, info.answers, "{name}");
        assert_eq!(nobody.answers, debug.answers, "{name}");

        let denied = debug.told("INFO", true);
        assert_eq!(info.told("INFO", false), denied, "{name}");
        let granted = debug.told("DEBUG", true);
        // Every request is decided about, once.
        let ran = nobody.answers.iter().filter(|answer| answer.contains(" 200 OK ")).count();
        assert_eq!((granted.len(), denied.len()), (ran, nobody.answers.len() - ran), "{name}");

        assert_eq!(nobody.counted(), info.counted(), "{name}");
        assert_eq!(nobody.counted(), debug.counted(), "{name}");
        let [decisions, ..] = nobody.counted();
        assert_eq!(decisions.values().sum::<u64>(), nobody.answers.len() as u64, "{name}");

        assert_eq!(nobody.me(), setup.me.join(" "), "{name}");
        if name == "plain" {
            let statuses = nobody.answers.iter().map(|answer| answer.split(' ').nth(2).unwrap());
            let first: Vec<_> = statuses.take(PATHS.len() * 2 * 3).collect();
            let expected = [
                "401 401 401 401 401 401 401 401 404 404 401 403 401 401",
                "200 200 200 200 200 200 200 200 200 200 200 403 200 200",
                "200 200 403 403 403 403 403 403 404 404 200 403 200 200",
            ];
            assert_eq!(first.join(" "), expected.join(" "));
        }
    }
}
