//! An `Auth` that was made of a configuration answers as one that was built.

use std::{fs, net::SocketAddr, path::PathBuf, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse, Responder, get, http::header::AUTHORIZATION, post,
    test::TestRequest, web,
};
use auth_runtime::{
    Algorithm, Auth, Config, Cookie, Dpop, ForwardedBy, Identity, Issuer, Key, Nonces,
    ProtectedResource, TokenProfile,
    api_key::{ApiKey, ApiKeys, FileStore},
    authorize, require_auth, require_owner, require_role, require_scope, resource_metadata,
    revocation::Revocations,
    testing::DpopKey,
};
use auth_tests::Folder;
use aws_lc_rs::hmac;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use crate::{call, setup::Log};

/// A token signed with this secret under HS256.
pub(crate) fn token(secret: &str, claims: &Value) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"at+jwt"}"#);
    let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

const ONE: &str = "the first issuer's secret, which is long enough";
const TWO: &str = "the second issuer's secret, which is long enough";
const NOW: u64 = 1_800_000_000;
const DPOP_SECRET: &[u8; 32] = b"the secret of nonces, 32 bytes..";

const CONFIGURATION: &str = r#"
realm = "documents"
problem_details = true
token_limit = 2000
token_cache = { entries = 0 }
owners_from = "https://one.test/"
role_implies = { admin = ["editor"], editor = ["reader"] }
networks = { office = ["192.0.2.0/24"] }

[trusted_proxies]
header = "x-forwarded-for"
networks = ["10.0.0.0/8"]

[failed_attempts]
limit = 3
per = "30s"

[protected_resource]
resource = "https://api.test"
scopes = ["docs:read"]
name = "Documents"
documentation = "https://docs.test"

[cookie]
name = "session"
origins = ["https://app.test"]

[api_keys]
file = "keys.toml"
header = "X-Key"
issuer = "urn:test:keys"

[dpop]
origins = "https://api.test"
path_prefix = "/v1"
algorithms = ["ES256", "EdDSA"]
lifetime = "20s"
leeway = "5s"
memory = 2

[dpop.nonces]
secret_file = "dpop.secret"
encoding = "base64"
lifetime = "40s"

[revocations]
longest_lifetime = "1h"

[[issuers]]
name = "https://one.test/"
audience = ["api", "api-v2"]
leeway = "10s"
roles_claim = ["realm", "roles"]
scopes_claim = "/realm/scopes"
keys = [{ kid = "k", algorithms = "HS256", secret_file = "one.secret" }]

[[issuers]]
name = "https://two.test/"
profile = "rfc9068"
danger = { accept_any_audience = true }
keys = [{ algorithms = "HS256", secret = "the second issuer's secret, which is long enough" }]
"#;

fn built(folder: &Folder) -> Auth {
    let one = Issuer::new("https://one.test/")
        .audience("api")
        .audience("api-v2")
        .leeway(Duration::from_secs(10))
        .roles_claim(["realm", "roles"])
        .scopes_claim(["realm", "scopes"])
        .key(Key::secret(Algorithm::HS256, ONE).kid("k"));
    let two = Issuer::new("https://two.test/")
        .profile(TokenProfile::Rfc9068)
        .key(Key::secret(Algorithm::HS256, TWO))
        .danger()
        .accept_any_audience();
    Auth::builder()
        .realm("documents")
        .problem_details()
        .token_limit(2_000)
        .token_cache(0, 0)
        .owners_from("https://one.test/")
        .role_implies("admin", ["editor"])
        .role_implies("editor", ["reader"])
        .network("office", ["192.0.2.0/24"])
        .trusted_proxies(ForwardedBy::XForwardedFor, ["10.0.0.0/8"])
        .failed_attempts(3, Duration::from_secs(30))
        .protected_resource(
            ProtectedResource::new("https://api.test")
                .scope("docs:read")
                .name("Documents")
                .documentation("https://docs.test"),
        )
        .cookie(Cookie::named("session").origin("https://app.test"))
        .api_keys(
            ApiKeys::new(FileStore::open(folder.path().join("keys.toml")).unwrap())
                .header("X-Key")
                .issuer("urn:test:keys"),
        )
        .dpop(
            Dpop::new()
                .origin("https://api.test")
                .path_prefix("/v1")
                .algorithms([Algorithm::ES256, Algorithm::EdDSA])
                .lifetime(Duration::from_secs(20))
                .leeway(Duration::from_secs(5))
                .memory(2)
                .nonces(Nonces::shared(*DPOP_SECRET).lifetime(Duration::from_secs(40))),
        )
        .revocations(Revocations::builder().longest_lifetime(Duration::from_secs(3_600)).build())
        .issuer(one)
        .issuer(two)
        .clock(|| NOW)
        .build()
        .unwrap()
}

#[require_auth]
#[get("/me")]
async fn me(identity: Identity) -> impl Responder {
    format!("{} {} {:?}", identity.issuer(), identity.subject(), identity.method())
}

#[require_auth]
#[post("/me")]
async fn post_me(_: Identity) -> impl Responder {
    "changed"
}

#[require_role("reader")]
#[get("/reader")]
async fn reader() -> impl Responder {
    "reader"
}

#[require_scope("docs:read")]
#[get("/scope")]
async fn scope() -> impl Responder {
    "scope"
}

#[require_owner("user")]
#[get("/users/{user}")]
async fn user() -> impl Responder {
    "user"
}

#[authorize(network("office"))]
#[get("/office")]
async fn office() -> impl Responder {
    "office"
}

/// The nonce of now, of those that are good for 40 s.
fn nonce() -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, DPOP_SECRET);
    let message = [&b"auth-runtime DPoP-Nonce v1 "[..], &(NOW / 40).to_be_bytes()].concat();
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, &message))
}

/// What is asked of both, in this order.
fn requests(key: &str) -> Vec<(&'static str, u16, TestRequest)> {
    let one = |change: fn(&mut Value)| {
        let mut claims = json!({
            "iss": "https://one.test/", "aud": "api-v2", "sub": "ann", "exp": NOW + 60,
            "realm": {"roles": ["admin"], "scopes": "docs:read"},
        });
        change(&mut claims);
        format!("Bearer {}", token(ONE, &claims))
    };
    let two = |change: fn(&mut Value)| {
        let mut claims = json!({
            "iss": "https://two.test/", "aud": "whoever", "sub": "ann", "exp": NOW + 60, "iat": NOW,
            "jti": "1", "client_id": "c",
        });
        change(&mut claims);
        format!("Bearer {}", token(TWO, &claims))
    };
    let get = |path: &str| TestRequest::get().uri(path);
    let peer = |address: &str| SocketAddr::new(address.parse().unwrap(), 1);
    let with = |path: &str, token: &str| get(path).insert_header((AUTHORIZATION, token));
    let good = one(|_| {});
    let cookie = format!("session={}", good.trim_start_matches("Bearer "));
    let owner = DpopKey::new();
    let bound = json!({
        "iss": "https://one.test/", "aud": "api", "sub": "ann", "exp": NOW + 60,
        "cnf": {"jkt": owner.thumbprint()},
    });
    let bound_token = token(ONE, &bound);
    let proven = |uri: &str, issued_at: u64, nonce: &str| {
        let proof = owner.proof("GET", uri, &bound_token).claim("iat", issued_at).nonce(nonce);
        with("/me", &format!("DPoP {bound_token}")).insert_header(("dpop", proof.mint()))
    };
    let (uri, nonce) = ("https://api.test/v1/me", &*nonce());
    let failing = |number: &str| with("/me", "Bearer x").peer_addr(peer(number));
    vec![
        ("realm, problem details, metadata, both schemes", 401, get("/me")),
        ("first issuer, kid left out", 200, with("/me", &good)),
        ("another audience", 401, with("/me", &one(|it| it["aud"] = json!("other")))),
        ("expired inside the leeway", 200, with("/me", &one(|it| it["exp"] = json!(NOW - 9)))),
        ("expired outside of it", 401, with("/me", &one(|it| it["exp"] = json!(NOW - 11)))),
        ("implied role", 200, with("/reader", &good)),
        ("no role there", 403, with("/reader", &one(|it| it["realm"] = json!({})))),
        ("scope", 200, with("/scope", &good)),
        ("no scope there", 403, with("/scope", &one(|it| it["realm"]["scopes"] = json!("x")))),
        ("owner", 200, with("/users/ann", &good)),
        ("another issuer's namesake", 403, with("/users/ann", &two(|_| {}))),
        ("any audience", 200, with("/me", &two(|_| {}))),
        (
            "no RFC 9068",
            401,
            with("/me", &two(|it| drop(it.as_object_mut().unwrap().remove("jti")))),
        ),
        ("too long", 401, with("/me", &format!("Bearer {}", "x".repeat(2_001)))),
        ("office", 200, get("/office").peer_addr(peer("192.0.2.7"))),
        (
            "office behind a proxy",
            200,
            get("/office")
                .peer_addr(peer("10.0.0.1"))
                .insert_header(("x-forwarded-for", "192.0.2.7")),
        ),
        (
            "a proxy that nobody trusts",
            403,
            get("/office")
                .peer_addr(peer("11.0.0.1"))
                .insert_header(("x-forwarded-for", "192.0.2.7")),
        ),
        ("API key", 200, get("/me").insert_header(("X-Key", key))),
        ("API key that is none", 401, get("/me").insert_header(("X-Key", "authk_1.x"))),
        ("cookie", 200, get("/me").insert_header(("cookie", &*cookie))),
        (
            "cookie from its page",
            200,
            TestRequest::post()
                .uri("/me")
                .insert_header(("cookie", &*cookie))
                .insert_header(("origin", "https://app.test")),
        ),
        (
            "cookie from another's page",
            403,
            TestRequest::post()
                .uri("/me")
                .insert_header(("cookie", &*cookie))
                .insert_header(("origin", "https://evil.test")),
        ),
        ("a proof without the nonce", 401, proven(uri, NOW, "")),
        ("a proof for another URI", 401, proven("https://api.test/me", NOW, nonce)),
        ("a proof that is too old", 401, proven(uri, NOW - 25, nonce)),
        ("a proof", 200, proven(uri, NOW - 24, nonce)),
        ("one more than is remembered", 503, proven(uri, NOW, nonce)),
        ("a bound token without a proof", 401, with("/me", &format!("Bearer {bound_token}"))),
        ("as old as may be", 200, with("/me", &one(|it| it["iat"] = json!(NOW - 3_899)))),
        ("older", 401, with("/me", &one(|it| it["iat"] = json!(NOW - 3_900)))),
        ("metadata", 200, get("/.well-known/oauth-protected-resource")),
        ("one failure", 401, failing("198.51.100.1")),
        ("two failures", 401, failing("198.51.100.1")),
        ("three failures", 401, failing("198.51.100.1")),
        ("too many", 429, failing("198.51.100.1")),
    ]
}

/// Everything that is answered.
async fn answers(auth: Auth, key: &str) -> Vec<(&'static str, String)> {
    let mut answers = Vec::new();
    for (what, status, request) in requests(key) {
        let metadata = web::resource("/.well-known/oauth-protected-resource").to(resource_metadata);
        let services = (me, post_me, reader, scope, user, office, metadata);
        let response = call(auth.clone(), services, request).await;
        assert_eq!(response.status(), status, "{what}");
        let mut headers: Vec<String> =
            response.headers().iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        headers.sort();
        let (status, body) = auth_tests::read(response).await;
        answers.push((what, format!("{status} {headers:?} {body}")));
    }
    answers
}

#[actix_web::test]
async fn a_configured_auth_answers_like_the_built_one() {
    let folder = Folder::new("alike");
    let (text, key) = ApiKey::generate("svc").unwrap();
    folder.write("keys.toml", key.to_toml());
    folder.write("one.secret", format!("{ONE}\n"));
    folder.write("dpop.secret", format!("{}\n", STANDARD.encode(DPOP_SECRET)));
    let path = folder.write("auth.toml", CONFIGURATION);
    let configured = Config::from_file(&path).unwrap().into_builder().unwrap().clock(|| NOW);
    let configured = configured.build().unwrap();
    let (configured, built) =
        (answers(configured, text.reveal()).await, answers(built(&folder), text.reveal()).await);
    assert_eq!(configured, built);
    assert!(configured[0].1.contains("documents") && configured[0].1.contains("X-Key"));
}

#[actix_web::test]
async fn a25_proxy_mode_from_a_configuration() {
    let text = "proxy_mode = true\n[[issuers]]\nname = \"i\"\naudience = \"a\"\nkeys = [{ algorithms = \"HS256\", secret = \"0123456789012345678901234567890123456789\" }]";
    let response = call(Auth::from_toml(text).unwrap(), me, TestRequest::get().uri("/me")).await;
    assert_eq!(response.status(), 407);
}

#[actix_web::test]
async fn p1_only_bound_tokens_from_a_configuration() {
    let text = "dpop = { origins = \"https://api.test\", required = true }\n[[issuers]]\nname = \"i\"\naudience = \"a\"\nkeys = [{ algorithms = \"HS256\", secret = \"0123456789012345678901234567890123456789\" }]";
    let auth = Auth::from_toml(text).unwrap();
    let answer = crate::send_to(auth, me, TestRequest::get().uri("/me")).await;
    assert_eq!(answer.challenges, [r#"DPoP realm="api", algs="ES256""#]);
}

/// What no file can say is added to what the file says.
#[actix_web::test]
async fn a_configuration_is_a_builder_like_any_other() {
    let text = "realm = \"documents\"\n[[issuers]]\nname = \"i\"\naudience = \"a\"\nkeys = [{ algorithms = \"HS256\", secret = \"0123456789012345678901234567890123456789\" }]";
    let auth = Config::from_toml(text)
        .unwrap()
        .into_builder()
        .unwrap()
        .renderer(|_: &auth_runtime::Rejection, _: &HttpRequest| HttpResponse::Ok().body("no"))
        .build()
        .unwrap();
    let answer = crate::send_to(auth, me, TestRequest::get().uri("/me")).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.challenges, [r#"Bearer realm="documents""#]);
    assert_eq!(answer.body, "no");
}

#[cfg(unix)]
#[test]
fn a_secret_that_everybody_can_read_is_warned_about() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("open");
    let secret = folder.write("one.secret", ONE);
    let issuer = |key: &str| {
        format!(
            "[[issuers]]\nname = \"i\"\naudience = \"a\"\nkeys = [{{ algorithms = \"HS256\", {key} }}]"
        )
    };
    let load = |key: &str, open: &PathBuf, mode: u32| {
        let path = folder.write("auth.toml", issuer(key));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::set_permissions(open, fs::Permissions::from_mode(mode)).unwrap();
        let log = Log::default();
        let listening = log.listen();
        Auth::from_config(&path).unwrap();
        drop(listening);
        log.text()
    };
    let file = "secret_file = \"one.secret\"";
    for mode in [0o600, 0o640] {
        assert_eq!(load(file, &secret, mode), "", "{mode:o}");
    }
    let log = load(file, &secret, 0o644);
    assert!(
        log.contains("WARN") && log.contains("one.secret") && log.contains("chmod o-rwx"),
        "{log}"
    );
    assert!(!log.contains(ONE));
    // A configuration that holds a secret is one.
    let inline = format!("secret = \"{ONE}\"");
    let path = folder.path().join("auth.toml");
    assert_eq!(load(&inline, &path, 0o600), "");
    let log = load(&inline, &path, 0o644);
    assert!(log.contains("WARN") && log.contains("auth.toml") && !log.contains(ONE), "{log}");
}
