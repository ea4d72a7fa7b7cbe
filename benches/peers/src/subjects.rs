//! Bare handlers, the guard, and its peers, each behind its framework's own service.
//!
//! Everybody's keys are parsed once; everybody wants the role `user`, but oauth-resource-server, which knows scopes, wants
//! a scope. A call goes through the whole application in process: routing, middleware, handler, response.

use std::{
    cell::RefCell,
    collections::HashMap,
    future::{Future, Ready, ready},
    hint::black_box,
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use actix_web::{
    App, Error, FromRequest, HttpRequest, HttpResponse, Responder,
    body::{BoxBody, MessageBody},
    dev::{Payload, Service, ServiceFactory, ServiceRequest, ServiceResponse},
    error::{ErrorForbidden, ErrorUnauthorized},
    get,
    http::{
        StatusCode,
        header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE},
    },
    test, web,
};
use actix_web_grants::{authorities::AttachAuthorities, protect};
use actix_web_httpauth::{extractors::bearer::BearerAuth, middleware::HttpAuthentication};
use auth_runtime::require_role;
use jsonwebtoken::{DecodingKey, Validation};
use oauth_resource_server::{KeyNaming, OAuthConfig, OAuthValidator};
use serde::Deserialize;

use crate::{
    least::{Known, least},
    tokens::{AUDIENCE, Alg, Bare, Case, ISSUER, ROLE, SCOPE},
};

pub const BARE: &str = "actix-web";
pub const GUARD: &str = "auth-runtime";
pub const BY_HAND: &str = "by hand over jsonwebtoken";
pub const GRANTS: &str = "httpauth + grants + jsonwebtoken";
pub const BARE_AXUM: &str = "axum 0.8";
pub const OAUTH: &str = "oauth-resource-server (axum)";
pub const BARE_AXUM_07: &str = "axum 0.7";
pub const AUTHORIZER: &str = "jwt-authorizer (axum)";
pub const SIGNATURE: &str = "signature alone";
pub const MAP: &str = "look-up alone";
pub const RESPONSE: &str = "response alone";
pub const WRAPPER: &str = "wrapper alone";
pub const LEAST: &str = "least by hand";

/// In the order of the tables, each with the bare handler it stands over.
pub const GUARDED: [(&str, &str); 5] = [
    (GUARD, BARE),
    (BY_HAND, BARE),
    (GRANTS, BARE),
    (OAUTH, BARE_AXUM),
    (AUTHORIZER, BARE_AXUM_07),
];

/// Called with what is to be measured of a batch, which it has to run once.
pub type Around<'a> = &'a mut dyn FnMut(&mut dyn FnMut());

/// Says whether everything was answered as expected.
type Run = Box<dyn FnMut(&[Option<&str>], u16, Around<'_>) -> bool>;

pub struct Subject {
    pub name: &'static str,
    run: Run,
}

impl Subject {
    /// One request for each value of `Authorization`. Making them is not measured.
    ///
    /// # Panics
    ///
    /// If something else than `status` is answered: then it would be something else that is measured.
    pub fn run(&mut self, authorizations: &[Option<&str>], status: u16, around: Around<'_>) {
        let name = self.name;
        assert!((self.run)(authorizations, status, around), "{name} did not answer {status}");
    }
}

/// Which subjects are made.
#[derive(Clone, Copy)]
pub enum Which<'a> {
    All,
    Only(&'a [&'a str]),
}

/// All that exist for this algorithm, or some of them.
pub fn subjects(alg: Alg, case: Case, which: Which<'_>) -> Vec<Subject> {
    type Make = fn(Alg, Case) -> Option<Run>;
    let all: [(&'static str, Make); 13] = [
        (BARE, |_, _| Some(actix(App::new().service(bare)))),
        (GUARD, |alg, case| {
            let auth = alg.auth(case != Case::NeverSeen).build().expect("complete");
            Some(actix(App::new().app_data(auth).service(guarded)))
        }),
        (BY_HAND, |alg, _| {
            Some(actix(App::new().app_data(web::Data::new(Decoder::new(alg))).service(by_hand)))
        }),
        (GRANTS, |alg, _| Some(actix(granted(Arc::new(Decoder::new(alg)))))),
        (BARE_AXUM, |_, _| Some(axum(bare_axum()))),
        (OAUTH, |alg, _| oauth(alg)),
        (BARE_AXUM_07, |_, _| Some(axum_07(bare_axum_07()))),
        (AUTHORIZER, |alg, _| Some(authorizer(alg))),
        (SIGNATURE, |alg, _| Some(signature(alg))),
        (MAP, |_, _| Some(map())),
        (RESPONSE, |_, case| match case {
            Case::NoToken => Some(actix(App::new().service(unauthorized))),
            Case::WrongRole => Some(actix(App::new().service(forbidden))),
            _ => None,
        }),
        (WRAPPER, |_, case| (case == Case::Same).then(|| actix(App::new().service(wrapped)))),
        (LEAST, |alg, case| {
            // Whatever it does not know it has to verify as everybody does.
            let offered = !matches!(case, Case::NeverSeen | Case::Expired);
            offered.then(|| actix(App::new().app_data(Known::of(alg)).service(least)))
        }),
    ];
    all.into_iter()
        .filter(|(name, _)| {
            matches!(which, Which::All) || matches!(which, Which::Only(some) if some.contains(name))
        })
        .filter_map(|(name, make)| Some(Subject { name, run: make(alg, case)? }))
        .collect()
}

/// What callgrind watches.
#[inline(never)]
fn measured<R>(requests: Vec<R>, status: u16, call: &mut impl FnMut(R) -> u16) -> bool {
    requests.into_iter().fold(true, |same, request| same & (call(request) == status))
}

fn batch<R>(
    make: impl Fn(Option<&str>) -> R + 'static,
    mut call: impl FnMut(R) -> u16 + 'static,
) -> Run {
    Box::new(move |authorizations, status, around| {
        let requests: Vec<_> = authorizations.iter().map(|value| make(*value)).collect();
        let mut requests = Some(requests);
        let mut same = false;
        around(&mut || {
            let requests = requests.take().expect("a batch is run once");
            same = measured(requests, status, &mut call);
        });
        same
    })
}

/// Nothing here has to wait for anything; who yields to be fair to others is asked again at once.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    for _ in 0..1_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
    panic!("this waits for something")
}

fn actix<F, B>(app: App<F>) -> Run
where
    F: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let service = run(test::init_service(app));
    let make = |authorization: Option<&str>| {
        let request = test::TestRequest::get().uri("/");
        let mut request = match authorization {
            Some(value) => request.insert_header((AUTHORIZATION, value)),
            None => request,
        }
        .to_request();
        // It comes with an empty body, where a server hands over that there is none.
        request.take_payload();
        request
    };
    // An error of a middleware is made a response by the server.
    batch(make, move |request| match run(service.call(request)) {
        Ok(response) => black_box(response).status().as_u16(),
        Err(error) => black_box(error.error_response()).status().as_u16(),
    })
}

#[get("/")]
pub(crate) async fn bare() -> impl Responder {
    HttpResponse::Ok()
}

#[require_role("user")]
#[get("/")]
pub(crate) async fn guarded() -> impl Responder {
    HttpResponse::Ok()
}

/// What whatever stands around a handler takes if it is to decide before the handler's extractors, and decides nothing: a
/// handler that gets the request as it came, and has another one's arguments extracted.
#[get("/")]
async fn wrapped(request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let handler = async || HttpResponse::Ok();
    let Ok(()) = <()>::from_request(&request, &mut payload.into_inner()).await;
    handler().await.respond_to(&request).map_into_boxed_body()
}

/// What the guard answers, from a handler that knows beforehand.
fn refusal(status: StatusCode, body: &'static str) -> HttpResponse {
    let mut response = HttpResponse::with_body(status, BoxBody::new(body));
    let headers = response.headers_mut();
    // As the guard does: `insert` makes room for what it would replace.
    headers.append(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.append(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[get("/")]
async fn unauthorized() -> impl Responder {
    no_token()
}

pub(crate) fn no_token() -> HttpResponse {
    let body = r#"{"error":"Unauthorized","message":"No authentication token provided"}"#;
    let mut response = refusal(StatusCode::UNAUTHORIZED, body);
    let challenge = HeaderValue::from_static(r#"Bearer realm="api""#);
    response.headers_mut().append(WWW_AUTHENTICATE, challenge);
    response
}

#[get("/")]
async fn forbidden() -> impl Responder {
    role_missing()
}

pub(crate) fn role_missing() -> HttpResponse {
    let body =
        r#"{"error":"Forbidden","message":"You do not have permission to access this resource"}"#;
    refusal(StatusCode::FORBIDDEN, body)
}

/// What one writes oneself: an extractor that decodes, and looks for a role.
struct Caller;

#[derive(Clone, Deserialize)]
struct Claims {
    #[allow(dead_code, reason = "whoever reads claims wants the subject")]
    sub: String,
    roles: Vec<String>,
}

pub(crate) struct Decoder {
    key: DecodingKey,
    validation: Validation,
}

impl Decoder {
    pub(crate) fn new(alg: Alg) -> Self {
        let mut validation = Validation::new(alg.jose());
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        Self { key: alg.decoding(), validation }
    }

    fn decode(&self, token: &str) -> Result<Claims, Error> {
        jsonwebtoken::decode(token, &self.key, &self.validation)
            .map(|data| data.claims)
            .map_err(ErrorUnauthorized)
    }

    /// The roles that a genuine token gives.
    pub(crate) fn roles(&self, token: &str) -> Option<Vec<String>> {
        self.decode(token).ok().map(|claims| claims.roles)
    }
}

impl FromRequest for Caller {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = || {
            let decoder = request.app_data::<web::Data<Decoder>>().expect("set above");
            let token = request
                .headers()
                .get(AUTHORIZATION)
                .and_then(|value| value.to_str().ok())
                .and_then(|value| value.strip_prefix("Bearer "))
                .ok_or_else(|| ErrorUnauthorized("no token"))?;
            let claims = decoder.decode(token)?;
            if claims.roles.iter().any(|role| role == ROLE) {
                return Ok(Self);
            }
            Err(ErrorForbidden("not yours"))
        };
        ready(caller())
    }
}

#[get("/")]
async fn by_hand(_: Caller) -> impl Responder {
    HttpResponse::Ok()
}

// The macro puts a function around this one, and clippy takes what it answers for something to wait for.
#[allow(clippy::async_yields_async, reason = "written by `protect`")]
#[get("/")]
#[protect("user")]
async fn protected() -> impl Responder {
    HttpResponse::Ok().finish()
}

/// As in the example `jwt-httpauth` of actix-web-grants, with the key parsed once.
pub(crate) fn granted(
    decoder: Arc<Decoder>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let bearer = HttpAuthentication::bearer(move |request: ServiceRequest, bearer: BearerAuth| {
        let decoder = Arc::clone(&decoder);
        async move {
            match decoder.decode(bearer.token()) {
                Ok(claims) => {
                    request.attach(claims.roles);
                    Ok(request)
                }
                Err(error) => Err((error, request)),
            }
        }
    });
    App::new().wrap(bearer).service(protected)
}

fn bare_axum() -> axum::Router {
    axum::Router::new().route("/", axum::routing::get(|| async { axum::http::StatusCode::OK }))
}

fn bare_axum_07() -> axum07::Router {
    axum07::Router::new()
        .route("/", axum07::routing::get(|| async { axum07::http::StatusCode::OK }))
}

fn axum(mut router: axum::Router) -> Run {
    let make = |authorization: Option<&str>| {
        let mut request = axum::http::Request::get("/");
        if let Some(value) = authorization {
            request = request.header(axum::http::header::AUTHORIZATION, value);
        }
        request.body(axum::body::Body::empty()).expect("a request")
    };
    batch(make, move |request| {
        let Ok(response) = run(tower_service::Service::call(&mut router, request));
        black_box(response).status().as_u16()
    })
}

fn axum_07(mut router: axum07::Router) -> Run {
    let make = |authorization: Option<&str>| {
        let mut request = axum07::http::Request::get("/");
        if let Some(value) = authorization {
            request = request.header(axum07::http::header::AUTHORIZATION, value);
        }
        request.body(axum07::body::Body::empty()).expect("a request")
    };
    batch(make, move |request| {
        let Ok(response) = run(tower_service::Service::call(&mut router, request));
        black_box(response).status().as_u16()
    })
}

/// It has no HS256: its keys are an authorization server's public ones.
fn oauth(alg: Alg) -> Option<Run> {
    let jwks = serde_json::json!({ "keys": [alg.jwk()?] }).to_string();
    let config = OAuthConfig {
        enabled: true,
        issuer: ISSUER.to_owned(),
        // Never asked: the keys are given.
        jwks_uri: Some("http://127.0.0.1:9/jwks".to_owned()),
        audience: AUDIENCE.to_owned(),
        resource: "https://api.example.com/".to_owned(),
        required_scope: Some(SCOPE.to_owned()),
        algorithms: vec![alg.to_string()],
        require_at_jwt: true,
        ..OAuthConfig::default()
    };
    let config = config.resolve(KeyNaming::Dotted("oauth")).expect("sound").expect("enabled");
    let validator = OAuthValidator::builder(&config).initial_jwks(&jwks).build().expect("sound");
    let layer = oauth_resource_server::axum::AuthLayer::builder()
        .oauth(Arc::new(validator))
        .build()
        .expect("complete");
    Some(axum(bare_axum().route_layer(layer)))
}

fn authorizer(alg: Alg) -> Run {
    use jwt_authorizer::{IntoLayer, JwtAuthorizer};

    let builder: JwtAuthorizer<Claims> = match (alg.secret(), alg.jwk()) {
        (Some(secret), _) => JwtAuthorizer::from_secret(secret),
        (None, Some(jwk)) => {
            JwtAuthorizer::from_jwks_text(&serde_json::json!({ "keys": [jwk] }).to_string())
        }
        (None, None) => unreachable!("every algorithm has a key"),
    };
    let validation = jwt_authorizer::Validation::new().iss(&[ISSUER]).aud(&[AUDIENCE]);
    let authorizer = builder
        .validation(validation)
        .check(|claims| claims.roles.iter().any(|role| role == ROLE))
        .build();
    let layer = run(authorizer).expect("complete").into_layer();
    axum_07(bare_axum_07().layer(layer))
}

/// The signature with a key that is ready, and nothing else: what remains of a request that is never seen.
fn signature(alg: Alg) -> Run {
    let key = Bare::new(alg);
    let make = |authorization: Option<&str>| authorization.map(Bare::parts);
    batch(make, move |parts| match parts {
        Some((message, signature)) if !key.verifies(&message, &signature) => 500,
        _ => 0,
    })
}

/// A map of one thread, by the tail of the token, with one comparison of the whole: what remains of a request that is
/// remembered.
fn map() -> Run {
    let known = Rc::<RefCell<Owners>>::default();
    let learning = Rc::clone(&known);
    let make = move |authorization: Option<&str>| {
        let token = authorization.unwrap_or_default().to_owned();
        learning.borrow_mut().entry(tail(&token)).or_insert_with(|| (token.clone(), "who".into()));
        token
    };
    batch(make, move |token| {
        let known = known.borrow();
        let (whole, who) = known.get(&tail(&token)).expect("made known above");
        black_box(Arc::clone(who));
        u16::from(!constant_time_eq::constant_time_eq(whole.as_bytes(), token.as_bytes()))
    })
}

type Tail = [u8; 32];
type Owners = HashMap<Tail, (String, Arc<str>), foldhash::quality::RandomState>;

fn tail(token: &str) -> Tail {
    token.as_bytes().last_chunk().copied().unwrap_or_default()
}
