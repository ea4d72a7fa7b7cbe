//! RESPONSES A21 and rule 4; CHECKLIST L3: API keys.

use actix_web::{
    HttpResponse, Responder, get,
    http::header::{AUTHORIZATION, CACHE_CONTROL, VARY},
    test::TestRequest,
};
use auth_runtime::{
    Auth, AuthBuilder, Claims, Dpop, Identity, Method,
    api_key::{ApiKey, ApiKeyStore, ApiKeys, Lookup, MemoryStore},
    authorize, public, require_api_key, require_auth, require_ip, require_role, require_scope,
    testing::TestIssuer,
    verifier::VerifyError,
};
use auth_tests::{Answer, INVALID, MISSING, REPEATED, Tokens};

use crate::{call, send_to};

const KEY: &str = r#"ApiKey realm="api", header="X-API-Key""#;
const BAD_KEY: &str = "Invalid API key";

#[require_api_key]
#[get("/keys")]
async fn keys(identity: Identity) -> impl Responder {
    assert_eq!(identity.method(), Method::ApiKey);
    format!("{} {}", identity.issuer(), identity.subject())
}

#[require_api_key]
#[require_role("admin")]
#[get("/admin-keys")]
async fn admin_keys() -> impl Responder {
    "admin"
}

#[require_api_key]
#[require_ip("192.0.2.0/24")]
#[get("/near-keys")]
async fn near_keys() -> impl Responder {
    "near-keys"
}

#[require_auth]
#[get("/any")]
async fn any(claims: Claims<serde_json::Value>) -> impl Responder {
    claims["key_label"].as_str().unwrap_or("no key").to_owned()
}

#[authorize(api_key() || role("admin"))]
#[get("/either")]
async fn either() -> impl Responder {
    "either"
}

#[require_scope("w")]
#[get("/scope")]
async fn scope() -> impl Responder {
    "scope"
}

#[public]
#[get("/optional")]
async fn optional(identity: Option<Identity>) -> impl Responder {
    HttpResponse::Ok()
        .insert_header((VARY, "accept-language"))
        .body(identity.map_or_else(String::new, |identity| identity.subject().to_owned()))
}

#[require_auth]
#[get("/own-headers")]
async fn own_headers() -> impl Responder {
    HttpResponse::Ok()
        .insert_header((VARY, "x-api-key, Cookie"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .finish()
}

fn services() -> impl actix_web::dev::HttpServiceFactory {
    (keys, admin_keys, near_keys, any, either, scope, optional, own_headers)
}

/// A store with one key of each kind, and their texts: plain, admin, expired.
fn store() -> (MemoryStore, [String; 3]) {
    let store = MemoryStore::new();
    let make = |shape: fn(ApiKey) -> ApiKey| {
        let (text, key) = ApiKey::generate("svc").unwrap();
        store.insert(shape(key));
        text.reveal().to_owned()
    };
    let texts = [
        make(|key| key.label("plain")),
        make(|key| key.label("admin").role("admin").scope("w")),
        make(|key| key.label("expired").role("admin").expires_at(1_000)),
    ];
    (store, texts)
}

fn only_keys(store: MemoryStore) -> AuthBuilder {
    Auth::builder().api_keys(ApiKeys::new(store)).clock(|| 1_000)
}

async fn ask(auth: &Auth, path: &str, key: Option<&str>) -> Answer {
    let mut request = TestRequest::get().uri(path);
    if let Some(key) = key {
        request = request.insert_header(("x-api-key", key));
    }
    send_to(auth.clone(), services(), request).await
}

#[actix_web::test]
async fn a21_an_api_key_missing_or_wrong_on_a_route_that_takes_only_keys() {
    let (store, [plain, admin, expired]) = store();
    let (unknown, _) = ApiKey::generate("svc").unwrap();
    // Whether the application takes tokens elsewhere makes no difference.
    let with_tokens = only_keys(store.clone()).verifier(Tokens::slow()).build().unwrap();
    for auth in [only_keys(store).build().unwrap(), with_tokens] {
        for key in [None, Some(unknown.reveal()), Some(&*expired), Some("nonsense"), Some("")] {
            for path in ["/keys", "/admin-keys"] {
                ask(&auth, path, key).await.assert(401, Some(KEY), BAD_KEY);
            }
        }
        let answer = ask(&auth, "/keys", Some(&plain)).await;
        assert_eq!(answer.body, "urn:auth-runtime:api-keys svc");
        let denied = "You do not have permission to access this resource";
        ask(&auth, "/admin-keys", Some(&plain)).await.assert(403, None, denied);
        assert_eq!(ask(&auth, "/admin-keys", Some(&admin)).await.status, 200);
    }
}

/// Where the caller is counts for what the route still lacks.
#[actix_web::test]
async fn a21_a_wrong_key_on_a_route_for_keys_from_some_addresses() {
    let (store, [plain, ..]) = store();
    let auth = only_keys(store).verifier(Tokens::ready()).build().unwrap();
    let ask = async |key: &str| {
        let request = TestRequest::get().uri("/near-keys").insert_header(("x-api-key", key));
        let request = request.peer_addr("192.0.2.7:1".parse().unwrap());
        send_to(auth.clone(), services(), request).await
    };
    ask("nonsense").await.assert(401, Some(KEY), BAD_KEY);
    assert_eq!(ask(&plain).await.body, "near-keys");
}

/// Nobody can pass there, and a 401 has a challenge all the same (RFC 9110 §15.5.2).
#[actix_web::test]
async fn a21_a_route_for_keys_where_nobody_takes_any() {
    let auth = Tokens::ready().auth();
    ask(&auth, "/keys", None).await.assert(401, Some(MISSING), BAD_KEY);
    let request = crate::get_as("/keys", "admin");
    send_to(auth, services(), request).await.assert(401, Some(MISSING), BAD_KEY);

    let auth = Auth::builder()
        .issuer(TestIssuer::new().issuer())
        .dpop(Dpop::new().origin("https://api.example.com").required())
        .build()
        .unwrap();
    let proof = r#"DPoP realm="api", algs="ES256""#;
    ask(&auth, "/keys", None).await.assert(401, Some(proof), BAD_KEY);
}

#[actix_web::test]
async fn a21_a_good_token_is_no_key() {
    let (store, _) = store();
    let auth = only_keys(store).verifier(Tokens::ready()).build().unwrap();
    let request = crate::get_as("/keys", "admin");
    send_to(auth.clone(), services(), request).await.assert(401, Some(KEY), BAD_KEY);
    // Of a bad one it is said that it is bad.
    let answer = send_to(auth, services(), crate::get_as("/keys", "unknown")).await;
    assert_eq!(answer.challenges, [INVALID, KEY]);
    Answer { challenges: Vec::new(), ..answer }.assert(401, None, "Invalid or expired token");
}

#[actix_web::test]
async fn several_schemes_have_one_line_each_and_only_the_attempted_one_says_what_is_wrong() {
    let (store, [plain, admin, _]) = store();
    let auth = only_keys(store).verifier(Tokens::ready()).build().unwrap();
    let challenges = async |request: TestRequest| {
        let answer = send_to(auth.clone(), services(), request).await;
        (answer.status.as_u16(), answer.challenges, answer.body)
    };
    let lines = |lines: [&str; 2]| lines.map(str::to_owned).to_vec();
    for path in ["/any", "/either"] {
        let get = || TestRequest::get().uri(path);
        let (status, found, body) = challenges(get()).await;
        assert_eq!((status, found), (401, lines([MISSING, KEY])));
        assert!(body.contains("No authentication token provided"));
        let (status, found, body) = challenges(get().insert_header(("x-api-key", "wrong"))).await;
        assert_eq!((status, found), (401, lines([MISSING, KEY])));
        assert!(body.contains(BAD_KEY));
        let (status, found, body) = challenges(crate::get_as(path, "unknown")).await;
        assert_eq!((status, found), (401, lines([INVALID, KEY])));
        assert!(body.contains("Invalid or expired token"));
    }
    assert_eq!(ask(&auth, "/any", Some(&plain)).await.body, "plain");
    assert_eq!(ask(&auth, "/either", Some(&plain)).await.status, 200);
    assert_eq!(challenges(crate::get_as("/either", "admin")).await.0, 200);
    assert_eq!(challenges(crate::get_as("/either", "user")).await.0, 401);
    assert_eq!(ask(&auth, "/scope", Some(&admin)).await.status, 200);

    // A4: two methods at once.
    let both = crate::get_as("/any", "admin").insert_header(("x-api-key", &*plain));
    let (status, found, _) = challenges(both).await;
    assert_eq!((status, found), (400, lines([REPEATED, KEY])));
    let twice = TestRequest::get()
        .uri("/any")
        .append_header(("x-api-key", &*plain))
        .append_header(("x-api-key", &*plain));
    assert_eq!(challenges(twice).await.0, 400);
}

#[actix_web::test]
async fn an_application_that_takes_only_keys_asks_for_keys() {
    let (store, [plain, ..]) = store();
    let auth = only_keys(store).build().unwrap();
    ask(&auth, "/any", None).await.assert(401, Some(KEY), "No authentication token provided");
    // A bearer token is another scheme here (A2), and so are two of them; but two lines are two lines (A4).
    for line in ["Bearer abc", "Bearer", "Basic x"] {
        let request = TestRequest::get().uri("/any").insert_header((AUTHORIZATION, line));
        let answer = send_to(auth.clone(), services(), request).await;
        answer.assert(401, Some(KEY), "No authentication token provided");
    }
    let request = TestRequest::get()
        .uri("/any")
        .insert_header(("x-api-key", &*plain))
        .insert_header((AUTHORIZATION, "Bearer abc"));
    assert_eq!(send_to(auth.clone(), services(), request).await.status, 200);
    let other = ApiKeys::new(MemoryStore::new()).header("X-Service-Key");
    let auth = Auth::builder().api_keys(other).build().unwrap();
    let challenge = r#"ApiKey realm="api", header="X-Service-Key""#;
    ask(&auth, "/keys", Some(&plain)).await.assert(401, Some(challenge), BAD_KEY);
}

#[actix_web::test]
async fn rule_4_caches_are_told_whom_a_response_is_for() {
    let (store, [plain, ..]) = store();
    let auth = only_keys(store).verifier(Tokens::ready()).build().unwrap();
    let headers = async |path: &str, key: Option<&str>| {
        let mut request = TestRequest::get().uri(path);
        request = match key {
            Some(key) => request.insert_header(("x-api-key", key)),
            None => request.insert_header((AUTHORIZATION, "Bearer admin")),
        };
        let response = call(auth.clone(), services(), request).await;
        assert_eq!(response.status(), 200);
        let text = |name| {
            let lines = response.headers().get_all(name).map(|line| line.to_str().unwrap());
            lines.collect::<Vec<_>>().join("; ")
        };
        (text(VARY), text(CACHE_CONTROL))
    };
    let own = |vary: &str, cache: &str| (vary.to_owned(), cache.to_owned());
    assert_eq!(headers("/any", Some(&plain)).await, own("x-api-key", "private"));
    assert_eq!(
        headers("/optional", Some(&plain)).await,
        own("accept-language; x-api-key", "private")
    );
    assert_eq!(headers("/own-headers", Some(&plain)).await, own("x-api-key, Cookie", "no-cache"));
    assert_eq!(headers("/any", None).await, own("", ""));
}

/// A store as far away as a database; asks itself what to answer.
struct Remote(MemoryStore);

impl ApiKeyStore for Remote {
    fn find(&self, id: &str) -> Lookup {
        let (store, id) = (self.0.clone(), id.to_owned());
        assert_ne!(id, "panic", "a bug in the store");
        Lookup::later(async move {
            actix_web::rt::task::yield_now().await;
            match &*id {
                "down" => Err(VerifyError::unavailable(std::time::Duration::from_secs(5))),
                "setup" => Err(VerifyError::misconfigured("no such table")),
                _ => match store.find(&id) {
                    Lookup::Ready(found) => found,
                    other => panic!("{other:?}"),
                },
            }
        })
    }
}

#[actix_web::test]
async fn a_store_that_has_to_be_waited_for() {
    let (store, [plain, _, expired]) = store();
    let auth =
        Auth::builder().api_keys(ApiKeys::new(Remote(store))).clock(|| 1_000).build().unwrap();
    assert_eq!(ask(&auth, "/any", Some(&plain)).await.body, "plain");
    ask(&auth, "/any", Some(&expired)).await.assert(401, Some(KEY), BAD_KEY);
    ask(&auth, "/any", Some("authk_none.x")).await.assert(401, Some(KEY), BAD_KEY);
    // A17, A18, Z8
    let answer = ask(&auth, "/any", Some("authk_down.x")).await;
    answer.assert(503, None, "Authentication is temporarily unavailable");
    assert_eq!(answer.retry_after.as_deref(), Some("5"));
    for id in ["setup", "panic"] {
        let answer = ask(&auth, "/any", Some(&format!("authk_{id}.x"))).await;
        answer.assert(500, None, "Authentication is not available");
    }
}

/// L1, L4
#[actix_web::test]
async fn l3_a_key_stands_in_no_log() {
    let (store, [plain, ..]) = store();
    let auth = only_keys(store).build().unwrap();
    let log = crate::setup::Log::default();
    {
        let _listening = log.listen();
        ask(&auth, "/admin-keys", Some(&plain)).await;
        ask(&auth, "/any", Some(&format!("{plain}x"))).await;
    }
    let secret = plain.split_once('.').unwrap().1;
    assert!(!log.text().contains(secret), "{}", log.text());
    assert!(!format!("{auth:?}").contains(secret));
}
