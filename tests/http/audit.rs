//! CHECKLIST L1: each decision is one event, and says who, why, where, from where and with which answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::{
    App, HttpRequest, HttpResponse, Responder,
    dev::HttpServiceFactory,
    get,
    http::header::{AUTHORIZATION, PROXY_AUTHORIZATION},
    test::{TestRequest, call_service, init_service},
    web,
};
use auth_runtime::{
    Auth, AuthBuilder, Claims, Cookie, Denied, Dpop, ForwardedBy, Identity, Nonces,
    OptionalIdentity, Owned, Policy, Resource,
    api_key::{ApiKey, ApiKeys, MemoryStore},
    authorize, guard,
    policy::Condition,
    public, require_api_key, require_auth, require_ip, require_role, require_scope,
    require_step_up,
    revocation::Revocations,
    testing::{DpopKey, TestIssuer},
    verifier::{Verification, Verifier, VerifyError},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

const CLIENT: &str = "192.0.2.7";
/// The SHA-256 of `abc`, which is the `jti` of every token here.
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/// The fields of one event, as text.
type Fields = BTreeMap<&'static str, String>;

/// Listens to decisions only.
#[derive(Clone, Default)]
struct Decisions(Arc<Mutex<Vec<Fields>>>);

impl Decisions {
    /// Every decision on this thread goes here until the guard is dropped.
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        crate::setup::Interested::begin();
        tracing::subscriber::set_default(self.clone())
    }
}

impl Subscriber for Decisions {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "auth_runtime::decision" && metadata.is_event()
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Reader(Fields);
        impl Visit for Reader {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                self.0.insert(field.name(), format!("{value:?}"));
            }

            fn record_str(&mut self, field: &Field, value: &str) {
                self.0.insert(field.name(), value.to_owned());
            }
        }
        let mut reader = Reader(Fields::new());
        event.record(&mut reader);
        self.0.lock().unwrap().push(reader.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[require_role("admin")]
#[get("/admin")]
async fn admin() -> impl Responder {
    "admin"
}

#[require_role("admin", deny = not_found)]
#[get("/hidden")]
async fn hidden() -> impl Responder {
    "hidden"
}

#[require_auth(deny = not_found)]
#[authorize(when(*age > 17))]
#[get("/hidden/{age}")]
async fn hidden_age(age: web::Path<u32>) -> impl Responder {
    age.to_string()
}

#[authorize(when(*age > 17))]
#[get("/age/{age}")]
async fn of_age(age: web::Path<u32>) -> impl Responder {
    age.to_string()
}

#[require_scope("write")]
#[get("/scope")]
async fn scope() -> impl Responder {
    "scope"
}

#[require_step_up(acr = "mfa")]
#[get("/step-up")]
async fn step_up() -> impl Responder {
    "step-up"
}

#[require_api_key]
#[get("/key")]
async fn keyed() -> impl Responder {
    "key"
}

#[require_ip("198.51.100.0/24")]
#[get("/near")]
async fn near() -> impl Responder {
    "near"
}

#[public]
#[get("/open")]
async fn open() -> impl Responder {
    "open"
}

#[public]
#[get("/greet")]
async fn greet(caller: Option<Identity>) -> impl Responder {
    format!("{}", caller.is_some())
}

#[public]
#[get("/greet-twice")]
async fn greet_twice(_: Option<Identity>, caller: OptionalIdentity) -> impl Responder {
    format!("{}", caller.is_some())
}

#[require_ip("192.0.2.0/24", deny = not_found)]
#[get("/secret")]
async fn secret(_: Identity) -> impl Responder {
    "secret"
}

fn panics(_: &Identity, _: &HttpRequest) -> bool {
    panic!("on purpose")
}

#[authorize(check(panics))]
#[get("/panics")]
async fn checked() -> impl Responder {
    "checked"
}

#[get("/bare")]
async fn bare(_: Identity) -> impl Responder {
    "bare"
}

#[get("/either")]
async fn either(_: OptionalIdentity) -> impl Responder {
    "either"
}

#[get("/maybe")]
async fn maybe(_: Option<Identity>) -> impl Responder {
    "maybe"
}

#[require_auth]
#[get("/me")]
async fn me(_: Identity) -> impl Responder {
    "me"
}

#[require_auth]
#[get("/claims")]
async fn claims(_: Claims<BTreeMap<String, u8>>) -> impl Responder {
    "claims"
}

#[require_role("admin")]
async fn inside() -> impl Responder {
    "inside"
}

/// Hides what another guarded handler answers.
#[require_auth(deny = not_found)]
#[get("/around")]
async fn around(request: HttpRequest, payload: web::Payload) -> HttpResponse {
    inside((request, payload).into()).await
}

static WHEN: Policy = Policy::When(Condition::new(0, "x"));

#[get("/by-hand")]
async fn by_hand(request: HttpRequest) -> HttpResponse {
    match guard(&request, &WHEN).await {
        Ok(_) => HttpResponse::Ok().finish(),
        Err(rejection) => rejection.into_response(&request),
    }
}

struct Document;

impl Resource for Document {
    type Id = u32;
    type Error = actix_web::Error;
    const DENIED: Denied = Denied::NotFound;

    async fn load(id: u32, _: &HttpRequest) -> Result<Option<Self>, actix_web::Error> {
        Ok((id == 7).then_some(Self))
    }

    fn permits(&self, identity: &Identity) -> bool {
        identity.subject() == "ann"
    }
}

#[require_auth]
#[get("/documents/{id}")]
async fn document(_: Owned<Document>) -> impl Responder {
    "document"
}

#[get("/bare-documents/{id}")]
async fn bare_document(_: Owned<Document>) -> impl Responder {
    "document"
}

fn services() -> impl HttpServiceFactory {
    (
        (admin, hidden, hidden_age, of_age, scope, step_up, keyed, near, open, greet),
        (greet_twice, me),
        (secret, checked, bare, either, maybe, claims, by_hand, document, bare_document, around),
    )
}

/// A verifier that cannot tell, for whichever reason.
struct Unable(fn() -> VerifyError);

impl Verifier for Unable {
    fn verify(&self, _: &str, _: &HttpRequest) -> Verification {
        Verification::Ready(Err((self.0)()))
    }
}

/// The fields that the guide lists.
fn documented() -> BTreeSet<&'static str> {
    let guide = include_str!("../../auth-runtime/src/guide/observability.md");
    let (_, events) = guide.split_once("| field | says | there |").unwrap();
    let rows = events.lines().skip(1).take_while(|line| line.starts_with('|'));
    let names = rows.filter_map(|line| line.split('|').nth(1));
    let names = names.flat_map(|names| names.split(',')).map(|name| name.trim().trim_matches('`'));
    names.filter(|name| !name.starts_with('-')).chain(["message"]).collect()
}

/// What every event about a request of this path has to say; the rest as one line.
#[track_caller]
fn line(event: &Fields, path: &str, address: Option<&str>) -> String {
    assert!(event.keys().all(|name| documented().contains(name)), "{event:?}");
    assert_eq!(event["http_method"], r#""GET""#);
    assert_eq!(event.get("address").map(String::as_str), address, "{path}: {event:?}");
    let route = match path.rsplit_once('/') {
        Some((before, id)) if id.chars().all(|c| c.is_ascii_digit() || c == 'x') => {
            format!("{before}/{{{}}}", if before.ends_with("documents") { "id" } else { "age" })
        }
        _ => path.to_owned(),
    };
    assert_eq!(event["route"], format!("{route:?}"));
    let mut said = vec![event["outcome"].clone(), event["reason"].clone()];
    if let Some(status) = event.get("status") {
        said.push(status.clone());
    }
    said.push(format!("by {}", event["handler"].replace("http::audit::", "")));
    if let Some(policy) = event.get("policy") {
        said.push(format!("({})", policy.trim_matches('"')));
    }
    if let Some(subject) = event.get("subject") {
        assert!(event["issuer"].starts_with('"'), "{event:?}");
        said.push(format!("to {} with {}", subject.trim_matches('"'), event["method"]));
        if let Some(kid) = event.get("kid") {
            said.push(format!("by {kid}"));
        }
        if event["method"] != "ApiKey" {
            assert_eq!(event["jti_sha256"], ABC);
        }
    } else {
        for field in ["issuer", "method", "kid", "jti_sha256"] {
            assert!(!event.contains_key(field), "{event:?}");
        }
    }
    said.join(" ")
}

struct Row<'a> {
    name: &'a str,
    auth: Option<Auth>,
    request: TestRequest,
    status: u16,
    events: &'a [&'a str],
}

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path)
}

/// L1
#[actix_web::test]
async fn l1_each_decision_is_one_event_with_everything_that_is_known() {
    let issuer = TestIssuer::new();
    let auth = |more: fn(AuthBuilder) -> AuthBuilder| {
        Some(more(Auth::builder().issuer(issuer.issuer())).build().unwrap())
    };
    let plain = auth(|builder| builder);
    let token = |subject: &str| issuer.token(subject).claim("jti", "abc");
    let bearer = |path: &str, token: &str| {
        get(path).insert_header((AUTHORIZATION, format!("Bearer {token}")))
    };
    let ann = |path: &str| bearer(path, &token("ann").role("admin").mint());
    let bob = |path: &str| bearer(path, &token("bob").mint());

    let minted = token("ann").role("admin").mint();
    let payload = URL_SAFE_NO_PAD.decode(minted.split('.').nth(1).unwrap()).unwrap();
    let payload = String::from_utf8(payload).unwrap();
    let named = issuer.sign(r#"{"alg":"HS256","typ":"at+jwt","kid":"2026"}"#, &payload);

    let revocations = Revocations::new();
    revocations.revoke_subject("https://id.test/", "bob", 4_000_000_000);
    let revoking = Auth::builder().issuer(issuer.issuer()).revocations(revocations);
    let revoking = Some(revoking.build().unwrap());

    let (text, key) = ApiKey::generate("robot").unwrap();
    let store = MemoryStore::new();
    store.insert(key);
    let keys = Auth::builder().issuer(issuer.issuer()).api_keys(ApiKeys::new(store));
    let keys = Some(keys.build().unwrap());

    let dpop_key = DpopKey::new();
    let bound = token("ann").bound_to(&dpop_key).mint();
    let proof = dpop_key.proof("GET", "https://api.example.com/bare", &bound).mint();
    let proven = |path: &str| {
        get(path)
            .insert_header((AUTHORIZATION, format!("DPoP {bound}")))
            .insert_header(("dpop", proof.clone()))
    };
    let dpop = || Dpop::new().origin("https://api.example.com");
    let proofs = Auth::builder().issuer(issuer.issuer()).dpop(dpop()).build().unwrap();
    let nonces = Auth::builder().issuer(issuer.issuer()).dpop(dpop().nonces(Nonces::new()));
    let nonces = Some(nonces.build().unwrap());

    let now = Arc::new(AtomicU64::new(1_900_000_000));
    let clock = Arc::clone(&now);
    let limited = Auth::builder()
        .issuer(issuer.issuer())
        .failed_attempts(1, Duration::from_secs(60))
        .clock(move || clock.load(Ordering::SeqCst))
        .build()
        .unwrap();
    let unable = |why| Some(Auth::builder().verifier(Unable(why)).build().unwrap());
    let proxy = auth(AuthBuilder::proxy_mode);
    let trusting =
        auth(|builder| builder.trusted_proxies(ForwardedBy::XForwardedFor, ["192.0.2.0/24"]));
    let cookies =
        auth(|builder| builder.cookie(Cookie::named("session").origin("https://app.test")));

    let rows = vec![
        Row {
            name: "let in",
            auth: plain.clone(),
            request: ann("/admin"),
            status: 200,
            events: &["granted granted by admin to ann with Bearer"],
        },
        Row {
            name: "let in, with a key that has a name",
            auth: plain.clone(),
            request: bearer("/admin", &named),
            status: 200,
            events: &["granted granted by admin to ann with Bearer by \"2026\""],
        },
        Row {
            name: "denied, with a key that has a name",
            auth: plain.clone(),
            request: bearer("/scope", &named),
            status: 403,
            events: &[
                "denied insufficient_scope 403 by scope (this does not hold: scope `write`) to ann with Bearer by \"2026\"",
            ],
        },
        Row {
            name: "A22: nobody is asked",
            auth: plain.clone(),
            request: ann("/open"),
            status: 200,
            events: &["granted granted by open"],
        },
        Row {
            name: "A1",
            auth: plain.clone(),
            request: get("/admin"),
            status: 401,
            events: &["denied no_credentials 401 by admin (the caller is anonymous)"],
        },
        Row {
            name: "A3",
            auth: plain.clone(),
            request: bearer("/admin", "a b"),
            status: 401,
            events: &["denied invalid_token 401 by admin"],
        },
        Row {
            name: "A4",
            auth: plain.clone(),
            request: ann("/admin").append_header((AUTHORIZATION, "Bearer b")),
            status: 400,
            events: &["denied repeated_credentials 400 by admin"],
        },
        Row {
            name: "A6",
            auth: plain.clone(),
            request: bearer("/admin", &token("ann").expired().mint()),
            status: 401,
            events: &["denied expired_token 401 by admin"],
        },
        Row {
            name: "A8",
            auth: plain.clone(),
            request: bearer("/admin", &TestIssuer::new().token("ann").mint()),
            status: 401,
            events: &["denied invalid_token 401 by admin"],
        },
        Row {
            name: "A15",
            auth: revoking.clone(),
            request: bob("/admin"),
            status: 401,
            events: &["denied invalid_token 401 by admin to bob with Bearer"],
        },
        Row {
            name: "A15, where a resource asks who it is",
            auth: revoking,
            request: bob("/bare-documents/7"),
            status: 404,
            events: &[
                "denied invalid_token 404 by `Owned` at /bare-documents/{id} to bob with Bearer",
            ],
        },
        Row {
            name: "A17",
            auth: unable(|| VerifyError::unavailable(Duration::from_secs(1))),
            request: bearer("/admin", "opaque"),
            status: 503,
            events: &["failed temporarily_unavailable 503 by admin"],
        },
        Row {
            name: "A18",
            auth: unable(|| VerifyError::misconfigured("on purpose")),
            request: bearer("/admin", "opaque"),
            status: 500,
            events: &["failed not_available 500 by admin"],
        },
        Row {
            name: "A19",
            auth: None,
            request: ann("/admin"),
            status: 500,
            events: &["failed not_available 500 by admin"],
        },
        Row {
            name: "A19, where denials are hidden",
            auth: None,
            request: ann("/hidden"),
            status: 500,
            events: &["failed not_available 500 by hidden"],
        },
        Row {
            name: "A20",
            auth: plain.clone(),
            request: bearer("/admin", &bound),
            status: 401,
            events: &["denied invalid_token 401 by admin to ann with Bearer"],
        },
        Row {
            name: "A21, missing",
            auth: keys.clone(),
            request: get("/key"),
            status: 401,
            events: &["denied no_api_key 401 by keyed (the caller is anonymous)"],
        },
        Row {
            name: "A21, wrong",
            auth: keys.clone(),
            request: get("/admin").insert_header(("x-api-key", "sk_wrong")),
            status: 401,
            events: &["denied invalid_api_key 401 by admin"],
        },
        Row {
            name: "an API key",
            auth: keys.clone(),
            request: get("/key").insert_header(("x-api-key", text.reveal())),
            status: 200,
            events: &["granted granted by keyed to robot with ApiKey"],
        },
        Row {
            name: "A22: an extractor that takes nobody as well",
            auth: plain.clone(),
            request: get("/greet"),
            status: 200,
            events: &["granted granted by greet"],
        },
        Row {
            name: "A23",
            auth: plain.clone(),
            request: bearer("/greet", "wrong"),
            status: 401,
            events: &[
                "granted granted by greet",
                "denied invalid_token 401 by an extractor at /greet",
            ],
        },
        Row {
            name: "A23, two extractors and one credential",
            auth: plain.clone(),
            request: bearer("/greet-twice", "wrong"),
            status: 401,
            events: &[
                "granted granted by greet_twice",
                "denied invalid_token 401 by an extractor at /greet-twice",
            ],
        },
        Row {
            name: "A25, missing",
            auth: proxy.clone(),
            request: get("/admin"),
            status: 407,
            events: &["denied no_credentials 407 by admin (the caller is anonymous)"],
        },
        Row {
            name: "A25, wrong",
            auth: proxy,
            request: get("/admin").insert_header((PROXY_AUTHORIZATION, "Bearer wrong")),
            status: 407,
            events: &["denied invalid_token 407 by admin"],
        },
        Row {
            name: "A28",
            auth: plain.clone(),
            request: ann("/step-up"),
            status: 401,
            events: &[
                "denied insufficient_user_authentication 401 by step_up (this does not hold: acr `mfa`) to ann with Bearer",
            ],
        },
        Row {
            name: "a cookie",
            auth: cookies,
            request: get("/bare")
                .insert_header(("cookie", format!("session={}", token("ann").mint()))),
            status: 200,
            events: &["granted granted by an extractor at /bare to ann with Cookie"],
        },
        Row {
            name: "Z1",
            auth: plain.clone(),
            request: ann("/scope"),
            status: 403,
            events: &[
                "denied insufficient_scope 403 by scope (this does not hold: scope `write`) to ann with Bearer",
            ],
        },
        Row {
            name: "Z2",
            auth: plain.clone(),
            request: bob("/admin"),
            status: 403,
            events: &[
                "denied forbidden 403 by admin (this does not hold: role `admin`) to bob with Bearer",
            ],
        },
        Row {
            name: "Z3",
            auth: plain.clone(),
            request: ann("/near"),
            status: 403,
            events: &[
                "denied forbidden 403 by near (this does not hold: address in `198.51.100.0/24`)",
            ],
        },
        Row {
            name: "Z4",
            auth: plain.clone(),
            request: bob("/hidden"),
            status: 404,
            events: &[
                "denied forbidden 404 by hidden (this does not hold: role `admin`) to bob with Bearer",
            ],
        },
        Row {
            name: "Z4, what a handler inside of it denies",
            auth: plain.clone(),
            request: bob("/around"),
            status: 404,
            events: &[
                "granted granted by around to bob with Bearer",
                "denied forbidden 404 by inside (this does not hold: role `admin`) to bob with Bearer",
            ],
        },
        Row {
            name: "Z4, what an extractor denies",
            auth: plain.clone(),
            request: get("/secret"),
            status: 404,
            events: &[
                "granted granted by secret",
                "denied no_credentials 404 by an extractor at /secret",
            ],
        },
        Row {
            name: "Z4, arguments that cannot be read",
            auth: plain.clone(),
            request: ann("/hidden/x"),
            status: 404,
            events: &["denied not_found 404 by hidden_age to ann with Bearer"],
        },
        Row {
            name: "Z4, arguments that do not suffice",
            auth: plain.clone(),
            request: ann("/hidden/7"),
            status: 404,
            events: &[
                "denied forbidden 404 by hidden_age (this does not hold: when `* age > 17`) to ann with Bearer",
            ],
        },
        Row {
            name: "Z5",
            auth: plain.clone(),
            request: get("/hidden"),
            status: 404,
            events: &["denied no_credentials 404 by hidden (the caller is anonymous)"],
        },
        Row {
            name: "Z7, an attempt",
            auth: Some(limited.clone()),
            request: bearer("/admin", "wrong"),
            status: 401,
            events: &["denied invalid_token 401 by admin"],
        },
        Row {
            name: "Z7",
            auth: Some(limited),
            request: ann("/admin"),
            status: 429,
            events: &["denied too_many_attempts 429 by admin"],
        },
        Row {
            name: "Z8",
            auth: plain.clone(),
            request: ann("/panics"),
            status: 500,
            events: &["failed not_available 500 by checked to ann with Bearer"],
        },
        Row {
            name: "arguments that suffice",
            auth: plain.clone(),
            request: ann("/age/18"),
            status: 200,
            events: &["granted granted by of_age to ann with Bearer"],
        },
        Row {
            name: "arguments that cannot be read: nothing was decided",
            auth: plain.clone(),
            request: ann("/age/x"),
            status: 404,
            events: &[],
        },
        Row {
            name: "P2",
            auth: Some(proofs.clone()),
            request: proven("/bare"),
            status: 200,
            events: &["granted granted by an extractor at /bare to ann with Dpop"],
        },
        Row {
            name: "P2, again",
            auth: Some(proofs),
            request: proven("/bare"),
            status: 401,
            events: &["denied invalid_dpop_proof 401 by an extractor at /bare to ann with Dpop"],
        },
        Row {
            name: "P2, without a nonce",
            auth: nonces,
            request: proven("/bare"),
            status: 401,
            events: &["denied use_dpop_nonce 401 by an extractor at /bare to ann with Dpop"],
        },
        Row {
            name: "an extractor that finds what the guard knows",
            auth: plain.clone(),
            request: ann("/me"),
            status: 200,
            events: &["granted granted by me to ann with Bearer"],
        },
        Row {
            name: "an extractor alone, and nobody",
            auth: plain.clone(),
            request: get("/bare"),
            status: 401,
            events: &["denied no_credentials 401 by an extractor at /bare"],
        },
        Row {
            name: "an extractor alone that takes nobody as well",
            auth: plain.clone(),
            request: get("/either"),
            status: 200,
            events: &["granted granted by an extractor at /either"],
        },
        Row {
            name: "an extractor that is asked for in vain, and nobody is refused",
            auth: plain.clone(),
            request: get("/maybe"),
            status: 200,
            events: &[],
        },
        Row {
            name: "claims that do not fit",
            auth: plain.clone(),
            request: ann("/claims"),
            status: 403,
            events: &[
                "granted granted by claims to ann with Bearer",
                "denied forbidden 403 by an extractor at /claims to ann with Bearer",
            ],
        },
        Row {
            name: "a resource of one's own",
            auth: plain.clone(),
            request: ann("/documents/7"),
            status: 200,
            events: &[
                "granted granted by document to ann with Bearer",
                "granted granted by `Owned` at /documents/{id} to ann with Bearer",
            ],
        },
        Row {
            name: "a resource of somebody else",
            auth: plain.clone(),
            request: bob("/documents/7"),
            status: 404,
            events: &[
                "granted granted by document to bob with Bearer",
                "denied forbidden 404 by `Owned` at /documents/{id} to bob with Bearer",
            ],
        },
        Row {
            name: "a resource that is not there",
            auth: plain.clone(),
            request: ann("/documents/8"),
            status: 404,
            events: &[
                "granted granted by document to ann with Bearer",
                "denied not_found 404 by `Owned` at /documents/{id} to ann with Bearer",
            ],
        },
        Row {
            name: "a resource alone, and nobody",
            auth: plain.clone(),
            request: get("/bare-documents/7"),
            status: 404,
            events: &["denied no_credentials 404 by `Owned` at /bare-documents/{id}"],
        },
    ];

    let (mut reasons, mut fields) = (BTreeSet::new(), BTreeSet::new());
    for Row { name, auth, request, status, events } in rows {
        let peer = format!("{CLIENT}:1").parse().unwrap();
        let request = request.peer_addr(peer).to_request();
        let path = request.path().to_owned();
        // Where nobody said which proxies count, there is no address to judge.
        let address = auth.is_some().then_some(CLIENT);
        let decisions = Decisions::default();
        let answer = {
            let _listening = decisions.listen();
            let app = App::new().service(services());
            match auth {
                Some(auth) => call_service(&init_service(app.app_data(auth)).await, request).await,
                None => call_service(&init_service(app).await, request).await,
            }
        };
        assert_eq!(answer.status(), status, "{name}");
        let seen = decisions.0.lock().unwrap().clone();
        reasons.extend(seen.iter().map(|event| event["reason"].clone()));
        fields.extend(seen.iter().flat_map(|event| event.keys().copied()));
        let seen: Vec<_> = seen.iter().map(|event| line(event, &path, address)).collect();
        assert_eq!(seen, events, "{name}");
    }
    // Every word of `Rejection::reason`, but for the two of a proxy, which are a status here.
    let words = "expired_token forbidden granted insufficient_scope insufficient_user_authentication \
        invalid_api_key invalid_dpop_proof invalid_token no_api_key no_credentials not_available not_found \
        repeated_credentials temporarily_unavailable too_many_attempts use_dpop_nonce";
    assert_eq!(reasons.iter().map(String::as_str).collect::<Vec<_>>().join(" "), words);

    assert_eq!(fields, documented());

    // Behind a trusted proxy the address is the one that address rules see; one that cannot be told is left out.
    for (forwarded, address) in [("198.51.100.1", Some("198.51.100.1")), ("unknown", None)] {
        let decisions = Decisions::default();
        let _listening = decisions.listen();
        let request = bob("/admin").peer_addr("192.0.2.1:1".parse().unwrap());
        let request = request.insert_header(("x-forwarded-for", forwarded));
        crate::send_to(trusting.clone().unwrap(), services(), request).await;
        let seen = decisions.0.lock().unwrap().clone();
        assert_eq!(seen.len(), 1);
        line(&seen[0], "/admin", address);
    }
}

/// L1: a policy that only an attribute can decide is refused by hand, and that is an event too.
#[actix_web::test]
async fn l1_a_guard_by_hand_says_what_it_decided() {
    let issuer = TestIssuer::new();
    let decisions = Decisions::default();
    let _listening = decisions.listen();
    let request = get("/by-hand").insert_header(issuer.token("bob").claim("jti", "abc").bearer());
    let answer = crate::send_to(issuer.auth().unwrap(), services(), request).await;
    assert_eq!(answer.status, 500);
    let seen = decisions.0.lock().unwrap().clone();
    assert_eq!(seen.len(), 1);
    let line = line(&seen[0], "/by-hand", None);
    assert!(
        line.starts_with("failed not_available 500 by ") && line.contains("audit.rs:"),
        "{line}"
    );
    assert!(line.ends_with(" to bob with Bearer"), "{line}");
}
