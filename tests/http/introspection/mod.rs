//! RESPONSES A16 to A18, CHECKLIST P1 and P3: opaque tokens, judged by asking whoever issued them.

mod cache;
pub(crate) mod endpoint;

use std::{fmt::Write as _, net::TcpListener, time::Duration};

use actix_web::{Responder, get, http::header::AUTHORIZATION, test::TestRequest};
use auth_runtime::{
    Auth, Claims, Dpop, Identity, Introspection, Introspector, require_auth, require_scope,
    testing::{DpopKey, TestIssuer},
};
use auth_tests::{Answer, EXPIRED, INVALID, MISSING};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use self::endpoint::{Endpoint, ISSUER, Say, active, active_with, active_without, by_name};
use crate::{get_as, get_with, send, send_to, server::Server, setup::Log};

const REFUSED: &str = "Invalid or expired token";
const NOT_AVAILABLE: &str = "Authentication is not available";
const UNAVAILABLE: &str = "Authentication is temporarily unavailable";

fn auth(introspection: Introspection) -> Auth {
    Auth::builder().verifier(introspection.build().unwrap()).build().unwrap()
}

/// The answer to a request with a token of which the endpoint says this, and what was logged meanwhile.
async fn told(said: Say) -> (Answer, String) {
    // Short where the limit is meant to be reached; elsewhere a busy machine must not reach it.
    let limit = match said {
        Say::Late(time, _) if time > Duration::from_secs(1) => Duration::from_millis(300),
        Say::Trickle | Say::Hang => Duration::from_millis(300),
        _ => Duration::from_secs(10),
    };
    let endpoint = Endpoint::always(said);
    let log = Log::default();
    let answer = {
        let _listening = log.listen();
        let introspection = endpoint.introspection().timeout(limit);
        send(auth(introspection), get_as("/me", "t0ken")).await
    };
    assert_eq!(endpoint.asked(), 1);
    (answer, log.text())
}

async fn status_of(said: Value) -> u16 {
    told(Say::Json(said)).await.0.status.as_u16()
}

#[actix_web::test]
async fn an_active_token_is_what_its_answer_says() {
    #[require_auth]
    #[get("/all")]
    async fn all(identity: Identity, claims: Claims<Value>) -> impl Responder {
        format!(
            "{} {} {} {}",
            identity.issuer(),
            identity.subject(),
            identity.expires_at().unwrap(),
            claims.0["client_id"]
        )
    }
    #[require_scope("docs:write")]
    #[get("/scope")]
    async fn scope() -> impl Responder {
        "ran"
    }

    let endpoint = Endpoint::start(by_name);
    let auth = auth(endpoint.introspection());
    let answer = send_to(auth.clone(), (all, scope), get_as("/all", "ann")).await;
    assert_eq!(answer.body, format!("{ISSUER} ann {} \"spa\"", endpoint::LATER));
    assert_eq!(send_to(auth.clone(), scope, get_as("/scope", "ann")).await.body, "ran");
    assert_eq!(send(auth.clone(), get_as("/admin", "admin")).await.body, "welcome");
    assert_eq!(send(auth, get_as("/admin", "user")).await.status, 403);
}

#[actix_web::test]
async fn roles_and_scopes_stand_where_the_operator_says() {
    #[require_scope("s")]
    #[get("/scope")]
    async fn scope() -> impl Responder {
        "ran"
    }

    let mut answer = active("ann");
    answer["realm_access"] = json!({"roles": ["admin"]});
    answer["permissions"] = json!(["s"]);
    let endpoint = Endpoint::always(Say::Json(answer));
    let introspection =
        endpoint.introspection().roles_claim("/realm_access/roles").scopes_claim("permissions");
    let auth = auth(introspection);
    assert_eq!(send(auth.clone(), get_as("/admin", "t")).await.status, 200);
    assert_eq!(send_to(auth, scope, get_as("/scope", "t")).await.status, 200);
}

#[actix_web::test]
async fn a16_what_the_endpoint_calls_inactive_is_a_401() {
    for said in [json!({"active": false}), active_with("active", json!(false))] {
        told(Say::Json(said)).await.0.assert(401, Some(INVALID), REFUSED);
    }
}

#[actix_web::test]
async fn p3_active_has_to_be_the_boolean_true() {
    for said in [json!("true"), json!(1), json!(null), json!("false"), json!([true])] {
        let (answer, log) = told(Say::Json(active_with("active", said))).await;
        answer.assert(500, None, NOT_AVAILABLE);
        assert!(log.contains("ERROR") && log.contains("`active` is neither"), "{log}");
    }
    told(Say::Json(active_without("active"))).await.0.assert(500, None, NOT_AVAILABLE);
    assert_eq!(status_of(active("ann")).await, 200);
}

#[actix_web::test]
async fn p3_time_issuer_audience_and_subject_of_the_answer_are_checked() {
    told(Say::Json(active_with("exp", json!(1_000)))).await.0.assert(401, Some(EXPIRED), REFUSED);
    for (member, wrong) in [
        ("exp", json!("4000000000")),
        ("nbf", json!(endpoint::LATER)),
        ("iat", json!(endpoint::LATER)),
        ("aud", json!("another")),
        ("aud", json!([])),
        ("iss", json!("https://id.example.com")),
        ("iss", json!([ISSUER])),
        ("sub", json!("")),
        ("sub", json!(7)),
        ("client_id", json!(7)),
        ("token_type", json!("DPoP")),
        ("token_use", json!("refresh_token")),
    ] {
        let (answer, log) = told(Say::Json(active_with(member, wrong))).await;
        answer.assert(401, Some(INVALID), REFUSED);
        assert!(log.contains("the token is not acceptable"), "{member}: {log}");
    }
    for member in ["exp", "aud", "sub"] {
        let (answer, _) = told(Say::Json(active_without(member))).await;
        answer.assert(401, Some(INVALID), REFUSED);
    }
    assert_eq!(status_of(active_without("iss")).await, 200);
}

/// A20: `cnf` in the answer is a binding that a plain bearer token does not prove.
#[actix_web::test]
async fn p1_a_bound_token_is_refused_as_a_plain_bearer() {
    for cnf in
        [json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}), json!({}), json!(null)]
    {
        told(Say::Json(active_with("cnf", cnf))).await.0.assert(401, Some(INVALID), REFUSED);
    }
}

/// RFC 9449 §6.2. The answer is cached; the proof is asked for each time.
#[actix_web::test]
async fn p2_a_bound_token_is_let_through_with_its_owner_s_proof() {
    let (key, thief) = (DpopKey::new(), DpopKey::new());
    let mut bound = active_with("cnf", json!({"jkt": key.thumbprint()}));
    bound["token_type"] = json!("DPoP");
    let endpoint = Endpoint::always(Say::Json(bound));
    let auth = Auth::builder()
        .verifier(endpoint.introspection().build().unwrap())
        .dpop(Dpop::new().origin("https://api.example.com"))
        .build()
        .unwrap();
    let uri = "https://api.example.com/me";
    let proof = key.proof("GET", uri, "t0ken").mint();
    let request =
        |proof: &str| get_with("/me", "DPoP t0ken").insert_header(("dpop", proof.to_owned()));
    for (proof, status) in [
        (&proof, 200),
        (&proof, 401),
        (&key.proof("GET", uri, "t0ken").mint(), 200),
        (&thief.proof("GET", uri, "t0ken").mint(), 401),
    ] {
        assert_eq!(send(auth.clone(), request(proof)).await.status.as_u16(), status);
    }
    assert_eq!(send(auth, get_as("/me", "t0ken")).await.status, 401);
    assert_eq!(endpoint.asked(), 1);
}

#[actix_web::test]
async fn a17_an_endpoint_that_is_out_of_reach_is_a_503() {
    let ann = active("ann");
    for said in [
        Say::Status(500),
        Say::Status(502),
        Say::Status(503),
        Say::Status(429),
        Say::Late(Duration::from_millis(1_500), ann),
        Say::Trickle,
        Say::Hang,
    ] {
        let (answer, log) = told(said).await;
        answer.assert(503, None, UNAVAILABLE);
        assert_eq!(answer.retry_after.as_deref(), Some("5"));
        assert!(log.contains("WARN") && log.contains("/introspect"), "{log}");
    }

    let nobody = {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        format!("http://{}/introspect", listener.local_addr().unwrap())
    };
    let introspection = Introspection::new(nobody).bearer("t").issuer(ISSUER).audience("api");
    let answer = send(auth(introspection), get_as("/me", "ann")).await;
    answer.assert(503, None, UNAVAILABLE);
    assert_eq!(answer.retry_after.as_deref(), Some("5"));
}

/// What the endpoint asks for is passed on, within bounds.
#[actix_web::test]
async fn a17_when_the_endpoint_answers_again_is_passed_on() {
    for (status, said, passed_on) in [
        (429, "17", "17"),
        (503, "17", "17"),
        (500, "17", "17"),
        (503, "0", "1"),
        (503, "86400", "60"),
        (503, "18446744073709551615", "60"),
        (503, "soon", "5"),
        (503, "-1", "5"),
        (503, "Fri, 31 Dec 2099 23:59:59 GMT", "5"),
    ] {
        let (answer, log) = told(Say::Later(status, said)).await;
        answer.assert(503, None, UNAVAILABLE);
        assert_eq!(answer.retry_after.as_deref(), Some(passed_on), "{status} {said}");
        assert!(log.contains("WARN") && log.contains(&status.to_string()), "{log}");
    }
    // Elsewhere it says nothing.
    let (answer, _) = told(Say::Later(401, "17")).await;
    answer.assert(500, None, NOT_AVAILABLE);
    assert_eq!(answer.retry_after, None);
}

#[actix_web::test]
async fn a_slow_answer_in_time_is_an_answer() {
    let (answer, _) = told(Say::Late(Duration::from_millis(100), active("ann"))).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (200, "ann"));
}

#[actix_web::test]
async fn a18_an_endpoint_that_refuses_our_credentials_is_a_500_that_names_the_fix() {
    for status in [400, 401, 403] {
        let (answer, log) = told(Say::Status(status)).await;
        answer.assert(500, None, NOT_AVAILABLE);
        for part in ["ERROR", "/introspect", "correct what was given to `.client_secret_basic(…)`"]
        {
            assert!(log.contains(part), "{log}");
        }
    }
}

#[actix_web::test]
async fn a18_an_answer_that_cannot_be_used_is_a_500_that_names_the_fix() {
    let json = "application/json";
    let signed = b"eyJhbGciOiJub25lIn0.eyJhY3RpdmUiOnRydWV9.".to_vec();
    let good = || active("ann").to_string().into_bytes();
    let large = active_with("more", json!("x".repeat(2 * 1024 * 1024)));
    for said in [
        Say::Raw("text/html", b"<html>Log in</html>".to_vec()),
        Say::Raw("text/html", good()),
        Say::Raw("application/token-introspection+jwt", signed.clone()),
        Say::Raw("application/token-introspection+jwt", good()),
        Say::Raw(json, signed),
        Say::Raw(json, Vec::new()),
        Say::Raw(json, b"{\"active\":true".to_vec()),
        Say::Raw(json, br#"{"active":false,"active":true,"sub":"ann"}"#.to_vec()),
        Say::Json(json!([active("ann")])),
        Say::Json(large),
        Say::Status(404),
        Say::Status(405),
        Say::Status(204),
        Say::Status(304),
    ] {
        let (answer, log) = told(said).await;
        answer.assert(500, None, NOT_AVAILABLE);
        assert!(log.contains("ERROR") && log.contains("give `Introspection::new(…)`"), "{log}");
    }
}

/// Neither the token nor our credentials follow, to another host or to another path.
#[actix_web::test]
async fn k2_a_redirect_is_not_followed() {
    let other = Endpoint::start(by_name);
    for status in [301, 302, 303, 307, 308] {
        for to in [other.url(), "/elsewhere".to_owned()] {
            let (answer, _) = told(Say::Redirect(status, to)).await;
            answer.assert(500, None, NOT_AVAILABLE);
        }
    }
    assert_eq!(other.asked(), 0);
}

#[actix_web::test]
async fn both_are_encoded_before_they_become_basic_credentials() {
    let endpoint = Endpoint::start(by_name);
    let introspection = endpoint.introspection().client_secret_basic("a:p i+é", "s%e&c=r/e:t\n~");
    assert_eq!(send(auth(introspection), get_as("/me", "ann")).await.status, 200);
    let question = endpoint.questions().remove(0);
    let pair = "a%3Ap+i%2B%C3%A9:s%25e%26c%3Dr%2Fe%3At%0A%7E";
    assert_eq!(question.authorization, Some(format!("Basic {}", STANDARD.encode(pair))));
    assert_eq!(question.form, "token=ann&token_type_hint=access_token");
    assert_eq!(question.path, "/introspect");
    assert_eq!(question.content_type.as_deref(), Some("application/x-www-form-urlencoded"));
    assert_eq!(question.accept.as_deref(), Some("application/json"));
}

#[actix_web::test]
async fn both_stand_in_the_form_where_the_server_wants_them_there() {
    let endpoint = Endpoint::always(Say::Json(active("ann")));
    let introspection = endpoint.introspection().client_secret_post("a:p i+é", "s%e&c=r/e:t\n~");
    assert_eq!(send(auth(introspection), get_as("/me", "a+b/c==")).await.status, 200);
    let question = endpoint.questions().remove(0);
    assert_eq!(question.authorization, None);
    assert_eq!(
        question.form,
        "token=a%2Bb%2Fc%3D%3D&token_type_hint=access_token&client_id=a%3Ap+i%2B%C3%A9&client_secret=s%25e%26c%3Dr%2Fe%3At%0A%7E"
    );
}

#[actix_web::test]
async fn a_token_of_our_own_is_sent_as_a_bearer_token() {
    let endpoint = Endpoint::start(by_name);
    assert_eq!(
        send(auth(endpoint.introspection().bearer("0urs")), get_as("/me", "ann")).await.status,
        200
    );
    assert_eq!(endpoint.questions()[0].authorization.as_deref(), Some("Bearer 0urs"));
}

#[actix_web::test]
async fn no_jwt_is_sent_where_an_issuer_is_configured() {
    let issuer = TestIssuer::new();
    let endpoint = Endpoint::always(Say::Json(active("ann")));
    let auth = Auth::builder()
        .issuer(issuer.issuer())
        .verifier(endpoint.introspection().build().unwrap())
        .build()
        .unwrap();
    for (token, status) in [
        (issuer.token("bob").mint(), 200),
        (issuer.token("bob").expired().mint(), 401),
        (TestIssuer::new().token("bob").mint(), 401),
        (TestIssuer::new().named(ISSUER).token("bob").mint(), 401),
        ("a.b.c".to_owned(), 401),
        ("a.b.c.d.e".to_owned(), 401),
    ] {
        let answer = send(auth.clone(), get_as("/me", &token)).await;
        assert_eq!(answer.status.as_u16(), status, "{token}");
    }
    assert_eq!(endpoint.asked(), 0);
    assert_eq!(send(auth.clone(), get_as("/me", "opaque")).await.body, "ann");
    assert_eq!(send(auth, TestRequest::get().uri("/me")).await.challenges, [MISSING]);
    assert_eq!(endpoint.asked(), 1);
}

#[actix_web::test]
async fn a_401_or_403_comes_before_the_400_although_somebody_has_to_be_asked() {
    let endpoint = Endpoint::start(by_name);
    let auth = auth(endpoint.introspection().max_age(Duration::ZERO));
    for (token, status) in
        [(None, 401), (Some("unknown"), 401), (Some("user"), 403), (Some("admin"), 400)]
    {
        let mut request = TestRequest::post()
            .uri("/json")
            .insert_header(("content-type", "application/json"))
            .set_payload("{\"bad json");
        if let Some(token) = token {
            request = request.insert_header((AUTHORIZATION, format!("Bearer {token}")));
        }
        assert_eq!(send(auth.clone(), request).await.status.as_u16(), status, "{token:?}");
    }
    assert_eq!(endpoint.asked(), 3);
}

/// The answer comes although the body never does.
#[actix_web::test]
async fn d1_no_byte_of_the_body_is_read_before_the_endpoint_has_answered() {
    let endpoint = Endpoint::start(by_name);
    let auth = auth(endpoint.introspection());
    let server = Server::start(move |config| {
        config.app_data(auth.clone()).service(crate::routes());
    });
    for (token, status) in [("unknown", "401"), ("user", "403")] {
        let response = server.send(&format!(
            "POST /json HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: 1000000\r\n\r\n{{\"never"
        ));
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
    }
    assert_eq!(endpoint.asked(), 2);
}

/// L1, L4: neither tokens nor our secrets, nor more of a caller than who it is.
#[actix_web::test]
async fn l1_logs_and_debug_output_hold_no_token_and_no_secret() {
    let secrets = ["s3cr3t-of-ours", "t0ken-of-theirs", "a-claim", "k3y-in-the-url"];
    let log = Log::default();
    let mut debug = String::new();
    {
        let _listening = log.listen();
        for said in [
            Say::Json(active_with("client_id", json!("a-claim"))),
            Say::Json(json!({"active": false, "sub": "a-claim"})),
            Say::Json(active_with("active", json!("a-claim"))),
            Say::Status(401),
            Say::Status(503),
            Say::Redirect(302, "http://127.0.0.1:9/t0ken-of-theirs".to_owned()),
            Say::Raw("text/html", b"a-claim".to_vec()),
            Say::Hang,
        ] {
            let endpoint = Endpoint::always(said);
            let bare = || {
                Introspection::new(format!("{}?key=k3y-in-the-url", endpoint.url()))
                    .issuer(ISSUER)
                    .audience("api")
                    .timeout(Duration::from_millis(200))
            };
            for introspection in [
                bare().client_secret_basic("api", "s3cr3t-of-ours"),
                bare().client_secret_post("api", "s3cr3t-of-ours"),
                bare().bearer("s3cr3t-of-ours"),
            ] {
                let introspector: Introspector = introspection.clone().build().unwrap();
                write!(debug, "{introspection:?} {introspector:?}").unwrap();
                send(auth(introspection), get_as("/me", "t0ken-of-theirs")).await;
            }
        }
    }
    let log = log.text();
    // What other crates write at trace level is theirs.
    let ours: String = log.lines().filter(|line| line.contains("auth_runtime")).collect();
    assert!(ours.contains("/introspect") && debug.contains("/introspect"), "{ours} {debug}");
    for secret in secrets {
        assert!(!ours.contains(secret), "{secret}: {ours}");
        assert!(!debug.contains(secret), "{secret}: {debug}");
    }
    for secret in ["s3cr3t-of-ours", "t0ken-of-theirs"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

#[test]
fn what_cannot_decide_does_not_build_and_says_what_to_write() {
    let bare = || Introspection::new("https://id.example.com/introspect");
    let known = || bare().client_secret_basic("api", "s3cr3t");
    let full = || known().issuer(ISSUER).audience("api");
    assert!(full().build().is_ok());
    for (introspection, part) in [
        (bare().issuer(ISSUER).audience("api"), "add `.client_secret_basic(id, secret)`"),
        (known().audience("api"), "add `.issuer("),
        (known().issuer(ISSUER), "add `.audience("),
        (known().issuer(ISSUER).audience(""), "an audience is empty"),
        (full().client_secret_basic("", "s3cr3t"), "the client id in `.client_secret_basic(…)`"),
        (full().client_secret_post("api", ""), "the client secret in `.client_secret_post(…)`"),
        (full().bearer("s3cr3t\r\n"), "without its scheme and line ends"),
        (full().leeway(Duration::from_secs(301)), "at most 300 s"),
        (full().timeout(Duration::ZERO), "a timeout of more than 0"),
        (full().timeout(Duration::MAX), "at most 60 s"),
        (full().max_age(Duration::from_secs(3_601)), "at most 3600 s"),
    ] {
        let problem = introspection.build().unwrap_err().to_string();
        assert!(problem.contains(part) && !problem.contains("s3cr3t"), "{problem}");
    }
    for endpoint in
        ["http://id.example.com/introspect", "id.example.com", "https://a:s3cr3t@id.example.com/"]
    {
        let introspection = Introspection::new(endpoint).bearer("t").issuer(ISSUER).audience("api");
        let problem = introspection.build().unwrap_err().to_string();
        assert!(!problem.contains("s3cr3t"), "{problem}");
    }
}

#[actix_web::test]
async fn what_weakens_the_checks_is_called_danger_and_weakens_no_other() {
    for (said, any_audience, no_expiry) in [
        (active_without("aud"), 200, 401),
        (active_with("aud", json!("another")), 200, 401),
        (active_without("exp"), 401, 200),
        (active_with("exp", json!(1_000)), 401, 401),
        (active_with("aud", json!(7)), 401, 401),
    ] {
        let endpoint = Endpoint::always(Say::Json(said));
        for (introspection, status) in [
            (endpoint.introspection().danger().accept_any_audience(), any_audience),
            (endpoint.introspection().danger().accept_no_expiry(), no_expiry),
        ] {
            let answer = send(auth(introspection), get_as("/me", "t")).await;
            assert_eq!(answer.status.as_u16(), status);
        }
    }
}
