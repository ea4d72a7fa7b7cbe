//! What is decided does not depend on who listens. The guard goes a shorter way while nobody listens at debug level; which
//! level that is, is a matter of the whole process, so that this is a program of its own with one test.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use actix_web::{
    App, Responder,
    http::header::AUTHORIZATION,
    test::{TestRequest, call_service, init_service, read_body},
};
use auth_runtime::{
    Auth, AuthBuilder, Cookie, Identity, ReloadableAuth, authorize, require_auth, require_ip,
    require_role, require_scope, testing::TestIssuer,
};
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

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

const PATHS: [&str; 6] = ["/me", "/role", "/scope", "/both", "/hidden", "/inside"];

type Build = fn(AuthBuilder) -> AuthBuilder;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

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

/// Every answer, and every line of the log, while somebody listens at this level.
async fn ask(
    setup: &Setup,
    issuer: &TestIssuer,
    listening: Option<Level>,
) -> (Vec<String>, String) {
    let log = Log::default();
    let listening = listening.map(|level| {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .without_time()
            .with_writer(log.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    });
    let auth = (setup.build)(Auth::builder().issuer(issuer.issuer())).build().unwrap();
    let app = App::new().service(me).service(role).service(scope).service(both).service(hidden);
    let app = app.service(inside);
    let app =
        if setup.reloadable { app.app_data(ReloadableAuth::new(auth)) } else { app.app_data(auth) };
    let app = init_service(app).await;
    let mut answers = Vec::new();
    for lines in &setup.requests {
        for path in PATHS {
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
    drop(listening);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    (answers, text)
}

struct Setup {
    name: &'static str,
    build: Build,
    reloadable: bool,
    requests: Vec<Vec<(&'static str, String)>>,
}

#[actix_web::test]
async fn l1_l5_what_is_decided_does_not_depend_on_who_listens() {
    let issuer = TestIssuer::new();
    let mint = |subject: &str, roles: &[&str], scopes: &[&str]| {
        let token = roles.iter().fold(issuer.token(subject), |token, name| token.role(*name));
        scopes.iter().fold(token, |token, name| token.scope(*name)).mint()
    };
    let admin = mint("ann", &["admin"], &["docs:read"]);
    let bob = mint("bob", &["user"], &["docs:write"]);
    let forged = format!("{}x", admin.get(..admin.len() - 1).unwrap());
    let bearer = |token: &str| (AUTHORIZATION.as_str(), format!("Bearer {token}"));
    let requests = vec![
        vec![],
        vec![bearer(&admin)],
        vec![bearer(&bob)],
        vec![bearer(&admin)],
        vec![bearer(&bob)],
        vec![bearer(&forged)],
        vec![bearer("a.b.c")],
        vec![bearer("")],
        vec![(AUTHORIZATION.as_str(), format!("bearer {admin}"))],
        vec![(AUTHORIZATION.as_str(), format!("Bearer  {admin}"))],
        vec![(AUTHORIZATION.as_str(), format!("Basic {admin}"))],
        vec![bearer(&admin), bearer(&admin)],
        vec![bearer(&admin), ("cookie", format!("session={admin}"))],
        vec![("cookie", format!("session={bob}"))],
    ];
    let builds: [(&str, Build, bool); 6] = [
        ("plain", |auth| auth, false),
        ("reloadable", |auth| auth, true),
        ("nothing remembered", |auth| auth.token_cache(0, 0), false),
        ("cookies", |auth| auth.cookie(Cookie::named("session")), false),
        ("attempts", |auth| auth.failed_attempts(20, Duration::from_secs(600)), false),
        ("proxy", AuthBuilder::proxy_mode, false),
    ];
    for (name, build, reloadable) in builds {
        let setup = Setup { name, build, reloadable, requests: requests.clone() };
        let (nobody, _) = ask(&setup, &issuer, None).await;
        let (info, at_info) = ask(&setup, &issuer, Some(Level::INFO)).await;
        let (debug, at_debug) = ask(&setup, &issuer, Some(Level::DEBUG)).await;
        assert_eq!(nobody, info, "{}", setup.name);
        assert_eq!(nobody, debug, "{}", setup.name);
        // What stands before the target is the level, and at debug level the span.
        let denied = |log: &str| {
            let lines = log.lines().filter(|line| line.contains("INFO"));
            lines
                .filter_map(|line| line.split_once("auth_runtime::decision: "))
                .map(|(_, event)| event.to_owned())
                .collect::<Vec<_>>()
        };
        let (at_info, in_span) = (denied(&at_info), denied(&at_debug));
        assert!(at_info.len() > 20, "{}: {at_info:?}", setup.name);
        assert_eq!(at_info, in_span, "{}", setup.name);
        for line in at_debug.lines().filter(|line| line.contains("auth_runtime::decision")) {
            assert!(line.contains(" authorize{handler="), "{}: {line}", setup.name);
        }
        if name == "plain" {
            let statuses: Vec<_> = nobody
                .iter()
                .take(PATHS.len() * 2 * 3)
                .map(|answer| answer.split(' ').nth(2).unwrap().parse::<u16>().unwrap())
                .collect();
            assert_eq!(
                statuses,
                [
                    [401, 401, 401, 401, 401, 401, 401, 401, 404, 404, 401, 403],
                    [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 403],
                    [200, 200, 403, 403, 403, 403, 403, 403, 404, 404, 200, 403],
                ]
                .concat()
            );
        }
    }
}
