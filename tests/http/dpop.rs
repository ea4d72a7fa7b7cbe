//! DPoP: CHECKLIST P1 and P2, RESPONSES A4 and A20.

mod binding;
mod nonces;
mod once;
mod required;

use actix_web::{
    HttpRequest, Responder, dev::HttpServiceFactory, http::header::AUTHORIZATION,
    test::TestRequest, web,
};
use auth_runtime::{
    Auth, AuthBuilder, Dpop, Identity, Method, Rejection,
    clock::{Clock, SystemClock},
    require_auth, require_role, require_scope, require_step_up,
    testing::{DpopKey, TestIssuer, TestProof},
    verifier::{Verification, Verified, Verifier},
};
use auth_tests::{Answer, INVALID, MISSING, Tokens};
use serde_json::json;

use crate::{denied::status_and_nothing_else, send_to};

const URI: &str = "https://api.example.com/me";
const INVALID_MESSAGE: &str = "Invalid or expired token";

const DPOP_MISSING: &str = r#"DPoP realm="api", algs="ES256""#;
const DPOP_INVALID: &str = r#"DPoP realm="api", error="invalid_token", error_description="The access token is invalid", algs="ES256""#;
const INVALID_PROOF: &str = r#"DPoP realm="api", error="invalid_dpop_proof", error_description="The DPoP proof is invalid", algs="ES256""#;

#[require_auth]
async fn me(identity: Identity) -> impl Responder {
    let method = match identity.method() {
        Method::Dpop => "DPoP",
        Method::Bearer => "Bearer",
        other => panic!("{other:?}"),
    };
    format!("{} by {method}", identity.subject())
}

#[require_role("admin")]
async fn admin() -> impl Responder {
    "admin"
}

#[require_scope("docs:write")]
async fn docs() -> impl Responder {
    "docs"
}

#[require_step_up(acr = "mfa")]
async fn vault() -> impl Responder {
    "vault"
}

#[require_auth(deny = not_found)]
async fn hidden() -> impl Responder {
    "hidden"
}

fn services() -> impl HttpServiceFactory {
    (
        web::resource("/me").to(me),
        web::resource("/admin").to(admin),
        web::resource("/docs").to(docs),
        web::resource("/vault").to(vault),
        web::resource("/hidden").to(hidden),
        web::resource("/a/{tail}*").to(me),
    )
}

/// A caller whose token is bound to his key.
struct Caller {
    issuer: TestIssuer,
    key: DpopKey,
    token: String,
}

impl Caller {
    fn new() -> Self {
        let (issuer, key) = (TestIssuer::new(), DpopKey::new());
        let token = issuer.token("ann").role("user").bound_to(&key).mint();
        Self { issuer, key, token }
    }

    fn builder(&self) -> AuthBuilder {
        Auth::builder().issuer(self.issuer.issuer()).dpop(dpop())
    }

    fn auth(&self) -> Auth {
        self.builder().build().unwrap()
    }

    /// A proof for `GET /me`.
    fn proof(&self) -> TestProof<'_> {
        self.key.proof("GET", URI, &self.token)
    }
}

fn dpop() -> Dpop {
    Dpop::new().origin("https://api.example.com")
}

/// `GET /me` with this token and this proof.
fn with(token: &str, proof: &str) -> TestRequest {
    TestRequest::get()
        .uri("/me")
        .insert_header((AUTHORIZATION, format!("DPoP {token}")))
        .insert_header(("dpop", proof))
}

async fn ask(auth: &Auth, request: TestRequest) -> Answer {
    send_to(auth.clone(), services(), request).await
}

/// 401 with the usual body, and these two challenges.
#[track_caller]
fn assert_refused(answer: &Answer, [bearer, dpop]: [&str; 2]) {
    assert_eq!(answer.challenges, [bearer, dpop], "{answer:?}");
    let without = Answer { challenges: Vec::new(), ..answer.clone() };
    without.assert(401, None, INVALID_MESSAGE);
}

/// Knows the token `opaque`, bound to a key or not, at once or after a while.
#[derive(Clone)]
struct Opaque {
    bound_to: Option<String>,
    slow: bool,
}

impl Verifier for Opaque {
    fn verify(&self, token: &str, _: &HttpRequest) -> Verification {
        let verified = Verified::new("https://id.example.com/", token).role("admin");
        let verified = match &self.bound_to {
            Some(thumbprint) => verified.bound_to(thumbprint),
            None => verified,
        };
        if !self.slow {
            return Verification::Ready(Ok(verified));
        }
        Verification::later(async move {
            for _ in 0..3 {
                actix_web::rt::task::yield_now().await;
            }
            Ok(verified)
        })
    }
}

#[actix_web::test]
async fn p2_a_bound_token_with_its_owner_s_proof_is_let_through() {
    let caller = Caller::new();
    let auth = caller.auth();
    for scheme in ["DPoP", "dpop", "DPOP"] {
        let request = with(&caller.token, &caller.proof().mint())
            .insert_header((AUTHORIZATION, format!("{scheme} {}", caller.token)));
        let answer = ask(&auth, request).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (200, "ann by DPoP"));
        assert_eq!(answer.cache_control, None);
    }
    for slow in [false, true] {
        let bound_to = Some(caller.key.thumbprint());
        let auth = Auth::builder().verifier(Opaque { bound_to, slow }).dpop(dpop());
        let proof = caller.key.proof("GET", URI, "opaque").mint();
        let answer = ask(&auth.build().unwrap(), with("opaque", &proof)).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (200, "opaque by DPoP"));
    }
    // Plain bearer tokens are still taken.
    let plain = caller.issuer.token("bob").mint();
    let answer = ask(&auth, crate::get_as("/me", &plain)).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (200, "bob by Bearer"));
}

/// Each of the checks of RFC 9449 §4.3, by its number there.
#[actix_web::test]
async fn p2_each_of_the_twelve_checks_is_a_401() {
    let caller = Caller::new();
    let auth = caller.auth();
    let good = || caller.proof();
    let now = SystemClock.now();
    let (other_key, private) = (DpopKey::new(), {
        let mut jwk = caller.key.jwk();
        jwk["d"] = json!("c2VjcmV0");
        jwk
    });
    let other_token = caller.issuer.token("ann").role("admin").bound_to(&caller.key).mint();
    let forged = other_key.proof("GET", URI, &caller.token).header("jwk", caller.key.jwk());
    let (message, signature) = (good().mint(), good().mint());
    let spliced = format!(
        "{}.{}",
        message.rsplit_once('.').unwrap().0,
        signature.rsplit_once('.').unwrap().1
    );
    for (check, proof) in [
        ("2 not a JWT", "nonsense".to_owned()),
        ("2 two JWTs in one line", format!("{}, {}", good().mint(), good().mint())),
        ("2 empty", String::new()),
        ("3 no jti", good().without("jti").mint()),
        ("3 no htm", good().without("htm").mint()),
        ("3 no htu", good().without("htu").mint()),
        ("3 no iat", good().without("iat").mint()),
        ("3 no ath", good().without("ath").mint()),
        ("4 typ", good().header("typ", "JWT").mint()),
        ("5 none", good().header("alg", "none").mint()),
        ("5 symmetric", good().header("alg", "HS256").mint()),
        ("5 not accepted", good().header("alg", "EdDSA").mint()),
        ("6 another key's signature", forged.mint()),
        ("6 another proof's signature", spliced),
        ("7 a private key", good().header("jwk", private).mint()),
        ("8 htm", good().claim("htm", "POST").mint()),
        ("9 htu", good().claim("htu", "https://api.example.com/admin").mint()),
        ("11 too old", good().claim("iat", now - 200).mint()),
        ("11 from the future", good().claim("iat", now + 200).mint()),
        ("12 another token's", caller.key.proof("GET", URI, &other_token).mint()),
        ("too long", good().claim("more", "x".repeat(20_000)).mint()),
    ] {
        let answer = ask(&auth, with(&caller.token, &proof)).await;
        assert_eq!(answer.status, 401, "{check}");
        assert_refused(&answer, [MISSING, INVALID_PROOF]);
    }
    // 1: exactly one line.
    let none = TestRequest::get()
        .uri("/me")
        .insert_header((AUTHORIZATION, format!("DPoP {}", caller.token)));
    assert_refused(&ask(&auth, none).await, [MISSING, INVALID_PROOF]);
    let two = with(&caller.token, &good().mint()).append_header(("dpop", good().mint()));
    assert_refused(&ask(&auth, two).await, [MISSING, INVALID_PROOF]);
    // 10: tests/http/dpop/nonces.rs. 12: a thief proves his own key, and that is not what the token is bound to; RFC 9449
    // §7.1 has this very example.
    let thief = other_key.proof("GET", URI, &caller.token).mint();
    assert_refused(&ask(&auth, with(&caller.token, &thief)).await, [MISSING, DPOP_INVALID]);

    // And the good one is good.
    assert_eq!(ask(&auth, with(&caller.token, &good().mint())).await.status, 200);
}

#[actix_web::test]
async fn p2_htu_is_compared_as_uris_are() {
    let caller = Caller::new();
    let auth = caller.auth();
    for (htu, path, status) in [
        (URI, "/me", 200),
        (URI, "/me?a=b", 200),
        ("https://api.example.com/me?c=d#e", "/me?a=b", 200),
        ("HTTPS://API.EXAMPLE.COM:443/%6de", "/me", 200),
        ("https://api.example.com/x/../me", "/me", 200),
        (URI, "/%6De", 200),
        ("http://api.example.com/me", "/me", 401),
        ("https://api.example.com:8443/me", "/me", 401),
        ("https://api.example.com/Me", "/me", 401),
        ("https://api.example.com/me/", "/me", 401),
        ("/me", "/me", 401),
        // Routed to what is below `/a`, whatever the URI means.
        (URI, "/a/../me", 401),
        ("https://api.example.com/a/../me", "/a/../me", 401),
        (URI, "/a/%2e%2e/me", 401),
    ] {
        let proof = caller.key.proof("GET", htu, &caller.token).mint();
        let answer = ask(&auth, with(&caller.token, &proof).uri(path)).await;
        assert_eq!(answer.status.as_u16(), status, "{htu} for {path}: {answer:?}");
    }
}

/// A proof that was made for another server is none here, whatever that server writes into the request.
#[actix_web::test]
async fn p2_no_header_says_which_uri_was_asked_for() {
    let caller = Caller::new();
    let auth = caller.auth();
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-original-url", "https://evil.example/me"),
        ("x-forwarded-proto", "https"),
    ] {
        for (htu, status) in [
            ("https://evil.example/me", 401),
            ("http://evil.example/me", 401),
            ("http://localhost:8080/me", 401),
            (URI, 200),
        ] {
            let proof = caller.key.proof("GET", htu, &caller.token).mint();
            let request = with(&caller.token, &proof).insert_header((name, value));
            let answer = ask(&auth, request).await;
            assert_eq!(answer.status.as_u16(), status, "{name} {htu}");
        }
    }
    // Neither does the form of the request line that names a host (RFC 9112 §3.2.2).
    for (htu, status) in [("http://evil.example/me", 401), (URI, 200)] {
        let proof = caller.key.proof("GET", htu, &caller.token).mint();
        let request = with(&caller.token, &proof).uri("http://evil.example/me");
        assert_eq!(ask(&auth, request).await.status.as_u16(), status, "{htu}");
    }
}

#[actix_web::test]
async fn p2_htm_is_the_method_of_the_request() {
    let caller = Caller::new();
    let auth = caller.auth();
    for (htm, method, status) in
        [("POST", "POST", 200), ("GET", "POST", 401), ("GET", "HEAD", 401), ("HEAD", "HEAD", 200)]
    {
        let proof = caller.key.proof(htm, URI, &caller.token).mint();
        let request = with(&caller.token, &proof).method(method.parse().unwrap());
        assert_eq!(ask(&auth, request).await.status.as_u16(), status, "{htm} {method}");
    }
}

#[actix_web::test]
async fn a1_and_a2_every_scheme_is_asked_for_in_a_line_of_its_own() {
    let caller = Caller::new();
    let auth = caller.auth();
    let none = "No authentication token provided";
    for request in [
        TestRequest::get().uri("/me"),
        crate::get_with("/me", "Basic dXNlcjpwYXNz"),
        TestRequest::get().uri("/me").insert_header(("dpop", caller.proof().mint())),
    ] {
        let answer = ask(&auth, request).await;
        assert_eq!(answer.challenges, [MISSING, DPOP_MISSING]);
        Answer { challenges: Vec::new(), ..answer }.assert(401, None, none);
    }
    let answer = ask(&auth, TestRequest::get().uri("/docs")).await;
    assert_eq!(
        answer.challenges,
        [
            r#"Bearer realm="api", scope="docs:write""#,
            r#"DPoP realm="api", scope="docs:write", algs="ES256""#
        ]
    );
    // Where it is off it is another scheme, and no credential.
    let off = Auth::builder().issuer(caller.issuer.issuer()).build().unwrap();
    let answer = ask(&off, with(&caller.token, &caller.proof().mint())).await;
    answer.assert(401, Some(MISSING), none);
}

#[actix_web::test]
async fn only_the_attempted_scheme_s_challenge_says_what_is_wrong() {
    let caller = Caller::new();
    let auth = caller.auth();
    let of = |token: String, path: &str| {
        let uri = format!("https://api.example.com{path}");
        let proof = caller.key.proof("GET", &uri, &token).mint();
        with(&token, &proof).uri(path)
    };
    let bound = || caller.issuer.token("ann").bound_to(&caller.key);
    let expired = ask(&auth, of(bound().expired().mint(), "/me")).await;
    let expired_line = DPOP_INVALID.replace("is invalid", "expired");
    assert_refused(&expired, [MISSING, &expired_line]);
    // A bad token is a bad token, whatever its proof.
    let foreign = TestIssuer::new().token("ann").bound_to(&caller.key).mint();
    assert_refused(&ask(&auth, of(foreign, "/me")).await, [MISSING, DPOP_INVALID]);
    let proof = caller.proof().mint();
    for malformed in ["DPoP", "DPoP ", "DPoP a b", "DPoP\ta", "DPoP \"a\""] {
        let request = with("x", &proof).insert_header((AUTHORIZATION, malformed));
        assert_refused(&ask(&auth, request).await, [MISSING, DPOP_INVALID]);
    }

    let answer = ask(&auth, of(bound().mint(), "/docs")).await;
    answer.assert(
        403,
        Some(
            r#"DPoP realm="api", error="insufficient_scope", error_description="The access token lacks a scope that is required", scope="docs:write", algs="ES256""#,
        ),
        "You do not have permission to access this resource",
    );
    let answer = ask(&auth, of(bound().mint(), "/vault")).await;
    answer.assert(
        401,
        Some(
            r#"DPoP realm="api", error="insufficient_user_authentication", acr_values="mfa", algs="ES256""#,
        ),
        "A more recent or stronger authentication is required",
    );
    let answer = ask(&auth, of(bound().mint(), "/admin")).await;
    answer.assert(403, None, "You do not have permission to access this resource");
    // A hidden resource says nothing of it.
    let answer = ask(&auth, with("nonsense", "nonsense").uri("/hidden")).await;
    assert_eq!((answer.status.as_u16(), answer.challenges.len()), (404, 0));
}

/// A 401 has a challenge (RFC 9110 §15.5.2), also that of an application which checks proofs itself.
#[actix_web::test]
async fn an_application_that_takes_no_proofs_asks_for_another_token() {
    async fn refuse(request: HttpRequest) -> impl Responder {
        Rejection::InvalidProof.into_response(&request)
    }

    let caller = Caller::new();
    let off = Auth::builder().issuer(caller.issuer.issuer()).build().unwrap();
    let refuses = web::resource("/me").to(refuse);
    let answer = send_to(off, refuses, with(&caller.token, "x")).await;
    answer.assert(401, Some(INVALID), INVALID_MESSAGE);
}

#[actix_web::test]
async fn d1_a_bad_proof_runs_no_extractor_and_reads_no_body() {
    let key = DpopKey::new();
    let uri = "https://api.example.com/role";
    let proof = || key.proof("POST", uri, "opaque");
    let post = |proof: TestProof<'_>| with("opaque", &proof.mint()).method("POST".parse().unwrap());
    for slow in [false, true] {
        let auth = |bound_to| {
            Auth::builder().verifier(Opaque { bound_to, slow }).dpop(dpop()).build().unwrap()
        };
        let bound = auth(Some(key.thumbprint()));
        for wrong in [
            post(proof().claim("htu", URI)),
            post(proof().without("ath")),
            post(proof()).insert_header((AUTHORIZATION, "Bearer opaque")),
            post(proof()).append_header(("dpop", "x")),
        ] {
            assert_eq!(status_and_nothing_else(bound.clone(), wrong).await, 401);
        }
        assert_eq!(status_and_nothing_else(auth(None), post(proof())).await, 401);
        let other = auth(Some(DpopKey::new().thumbprint()));
        assert_eq!(status_and_nothing_else(other, post(proof())).await, 401);
    }
}

#[actix_web::test]
async fn z7_bad_proofs_count_as_failed_attempts() {
    let caller = Caller::new();
    let auth = caller.builder().failed_attempts(2, std::time::Duration::from_secs(60));
    let auth = auth.build().unwrap();
    let from =
        |proof: String| with(&caller.token, &proof).peer_addr("192.0.2.1:4711".parse().unwrap());
    for _ in 0..2 {
        let wrong = caller.proof().claim("htm", "POST").mint();
        assert_eq!(ask(&auth, from(wrong)).await.status, 401);
    }
    assert_eq!(ask(&auth, from(caller.proof().mint())).await.status, 429);
}

#[test]
fn proofs_where_they_mean_nothing_do_not_build() {
    let problem = |builder: AuthBuilder| builder.build().unwrap_err().to_string();
    let bare = || Auth::builder().verifier(Tokens::ready());
    assert!(problem(bare().dpop(Dpop::new())).contains("add `.origin("));
    assert!(problem(bare().dpop(dpop()).proxy_mode()).contains("or `.proxy_mode()`"));
    let cookie = auth_runtime::Cookie::named("session");
    let only_proven = bare().dpop(dpop().required()).cookie(cookie);
    assert!(problem(only_proven).contains("leave `.cookie(…)` out, or `.required()`"));
    let keys = auth_runtime::api_key::ApiKeys::new(auth_runtime::api_key::MemoryStore::new());
    assert!(
        problem(Auth::builder().api_keys(keys).dpop(dpop())).contains("nobody vouches for tokens")
    );
}
