//! The rules for challenges and bodies: problem details, renderers, a second opinion on every challenge.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE},
    test::TestRequest,
};
use auth_runtime::{Auth, AuthBuilder, Rejection, testing::TestIssuer};
use auth_tests::{INVALID, MISSING, REPEATED, Tokens};
use http_auth::parse_challenges;
use serde_json::{Value, json};

use crate::{call, get_as, routes, send};

fn build(with: impl Fn(AuthBuilder) -> AuthBuilder) -> Auth {
    with(Auth::builder().verifier(Tokens::ready())).build().unwrap()
}

fn situations() -> [(TestRequest, u16, Option<&'static str>, &'static str, &'static str); 4] {
    [
        (
            TestRequest::get().uri("/me"),
            401,
            Some(MISSING),
            "Unauthorized",
            "No authentication token provided",
        ),
        (get_as("/me", "unknown"), 401, Some(INVALID), "Unauthorized", "Invalid or expired token"),
        (
            get_as("/admin", "user"),
            403,
            None,
            "Forbidden",
            "You do not have permission to access this resource",
        ),
        (
            get_as("/me", "user").append_header((AUTHORIZATION, "Bearer admin")),
            400,
            Some(REPEATED),
            "Bad Request",
            "Malformed or repeated credentials",
        ),
    ]
}

#[actix_web::test]
async fn rule_3_problem_details_satisfy_both_shapes() {
    for (request, status, challenge, error, message) in situations() {
        let answer = send(build(AuthBuilder::problem_details), request).await;
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.challenges, challenge.into_iter().collect::<Vec<_>>());
        assert_eq!(answer.content_type.as_deref(), Some("application/problem+json"));
        assert_eq!(answer.cache_control.as_deref(), Some("no-store"));
        assert_eq!(
            answer.body,
            format!(
                r#"{{"type":"about:blank","title":"{error}","status":{status},"detail":"{message}","error":"{error}","message":"{message}"}}"#
            )
        );
        assert_eq!(serde_json::from_str::<Value>(&answer.body).unwrap()["status"], json!(status));
    }
}

#[actix_web::test]
async fn a_renderer_changes_body_and_headers_and_cannot_lose_status_or_challenge() {
    let auth = build(|builder| {
        builder.renderer(|rejection: &Rejection, request: &HttpRequest| {
            HttpResponse::Ok()
                .content_type("text/plain")
                .insert_header(("x-own", "kept"))
                .insert_header((CACHE_CONTROL, "public, max-age=3600"))
                .append_header((WWW_AUTHENTICATE, "Basic realm=\"phishing\""))
                .append_header((WWW_AUTHENTICATE, "Negotiate"))
                .insert_header(("proxy-authenticate", "Basic"))
                .insert_header(("retry-after", "1"))
                .body(format!("{} {}", request.path(), rejection.error()))
        })
    });
    for (request, status, challenge, error, _) in situations() {
        let response = call(auth.clone(), routes(), request).await;
        assert_eq!(response.headers().get("x-own").unwrap(), "kept");
        assert!(!response.headers().contains_key("proxy-authenticate"));
        let path = response.request().path().to_owned();
        let answer = auth_tests::Answer::of(response).await;
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.challenges, challenge.into_iter().collect::<Vec<_>>());
        assert_eq!(answer.cache_control.as_deref(), Some("no-store"));
        assert_eq!(answer.content_type.as_deref(), Some("text/plain"));
        assert_eq!(answer.retry_after, None);
        assert_eq!(answer.body, format!("{path} {error}"));
    }
}

/// Z8
#[actix_web::test]
async fn a_renderer_that_panics_costs_only_its_body() {
    let auth = build(|builder| {
        builder.renderer(|_: &Rejection, _: &HttpRequest| -> HttpResponse { panic!("a bug") })
    });
    for (request, status, challenge, _, message) in situations() {
        send(auth.clone(), request).await.assert(status, challenge, message);
    }
}

#[actix_web::test]
async fn rule_1_another_parser_reads_every_challenge_as_it_is_meant() {
    let issuer = TestIssuer::new();
    let realm = r#"the "inner" \ api"#;
    let auth = Auth::builder().issuer(issuer.issuer()).realm(realm).build().unwrap();
    let expired = issuer.token("ann").expired().mint();
    for (request, error, description) in [
        (TestRequest::get().uri("/me"), None, None),
        (get_as("/me", "unknown"), Some("invalid_token"), Some("The access token is invalid")),
        (get_as("/me", &expired), Some("invalid_token"), Some("The access token expired")),
        (
            get_as("/me", "a").append_header((AUTHORIZATION, "Bearer b")),
            Some("invalid_request"),
            None,
        ),
    ] {
        let answer = send(auth.clone(), request).await;
        let [line] = answer.challenges.as_slice() else { panic!("{answer:?}") };
        let challenges = parse_challenges(line).unwrap();
        let [challenge] = challenges.as_slice() else { panic!("{line}") };
        assert_eq!(challenge.scheme, "Bearer");
        let parameter = |name: &str| {
            let found: Vec<String> = challenge
                .params
                .iter()
                .filter(|(found, _)| *found == name)
                .map(|(_, value)| value.to_unescaped())
                .collect();
            assert!(found.len() <= 1, "{name} twice in {line}");
            found.into_iter().next()
        };
        assert_eq!(parameter("realm").as_deref(), Some(realm));
        assert_eq!(parameter("error").as_deref(), error);
        assert_eq!(parameter("error_description").as_deref(), description);
    }
}

#[actix_web::test]
async fn the_realm_is_configurable() {
    let auth = Auth::builder().verifier(Tokens::ready()).realm("billing").build().unwrap();
    let answer = send(auth, TestRequest::get().uri("/me")).await;
    answer.assert(401, Some(r#"Bearer realm="billing""#), "No authentication token provided");
    for realm in ["line\nbreak", "ü"] {
        let error = Auth::builder().verifier(Tokens::ready()).realm(realm).build().unwrap_err();
        assert!(error.to_string().contains("printable ASCII"));
    }
}
