//! What the tests share: applications that know three callers by opaque tokens, and questions to ask of them.

mod folder;
mod log;
mod recorded;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use actix_web::{
    App, HttpRequest,
    body::MessageBody,
    dev::{HttpServiceFactory, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{
            AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER,
            WWW_AUTHENTICATE,
        },
    },
    test::{TestRequest, call_service, init_service},
};
use auth_runtime::{
    Auth,
    verifier::{Verification, Verified, Verifier, VerifyError},
};

pub use folder::Folder;
pub use log::Log;
pub use recorded::Recorded;

/// Knows the tokens `user`, `editor` and `admin`; each has the one role of its name. Counts how often it is asked.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    asked: Arc<AtomicUsize>,
    slow: bool,
}

impl Tokens {
    /// A verifier that answers at once.
    #[must_use]
    pub fn ready() -> Self {
        Self::default()
    }

    /// A verifier that makes the guard wait for several turns of the executor.
    #[must_use]
    pub fn slow() -> Self {
        Self { slow: true, ..Self::default() }
    }

    /// How many tokens were verified so far.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// An [`Auth`] that asks this verifier alone.
    ///
    /// # Panics
    ///
    /// Never: a verifier is all that `build` asks for.
    #[must_use]
    pub fn auth(&self) -> Auth {
        Auth::builder().verifier(self.clone()).build().expect("a verifier is enough")
    }
}

impl Verifier for Tokens {
    fn verify(&self, token: &str, _: &HttpRequest) -> Verification {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = match token {
            "user" | "editor" | "admin" => {
                Ok(Verified::new("https://id.example.com/", token).role(token))
            }
            _ => Err(VerifyError::invalid("unknown token")),
        };
        if !self.slow {
            return Verification::Ready(answer);
        }
        Verification::later(async move {
            for _ in 0..3 {
                actix_web::rt::task::yield_now().await;
            }
            actix_web::rt::time::sleep(std::time::Duration::from_millis(2)).await;
            answer
        })
    }
}

/// Sends one request to an application that consists of `service` and [`Tokens`], and gives status and body.
///
/// # Panics
///
/// If the body cannot be read.
pub async fn ask(
    tokens: &Tokens,
    service: impl HttpServiceFactory + 'static,
    method: Method,
    path: &str,
    token: Option<&str>,
) -> (StatusCode, String) {
    let app = init_service(App::new().app_data(tokens.auth()).service(service)).await;
    let mut request = TestRequest::default().method(method).uri(path);
    if let Some(token) = token {
        request = request.insert_header((AUTHORIZATION, format!("Bearer {token}")));
    }
    read(call_service(&app, request.to_request()).await).await
}

/// Status and body of a response.
///
/// # Panics
///
/// If the body cannot be read or is no UTF-8.
pub async fn read(response: ServiceResponse<impl MessageBody>) -> (StatusCode, String) {
    let answer = Answer::of(response).await;
    (answer.status, answer.body)
}

/// Everything about a response that the contract fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Every `WWW-Authenticate` line.
    pub challenges: Vec<String>,
    /// The body, as text.
    pub body: String,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// The header `Cache-Control`.
    pub cache_control: Option<String>,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
}

impl Answer {
    /// Reads a response to its end.
    ///
    /// # Panics
    ///
    /// If the body cannot be read, something in it is no text, or a header stands there twice that may not.
    pub async fn of(response: ServiceResponse<impl MessageBody>) -> Self {
        let text = |value: &HeaderValue| value.to_str().expect("a header is text").to_owned();
        let headers = response.headers();
        let challenges = headers.get_all(WWW_AUTHENTICATE).map(text).collect();
        let one = |name: HeaderName| {
            let mut lines = headers.get_all(&name).map(text);
            let line = lines.next();
            assert_eq!(lines.next(), None, "{name} stands there twice");
            line
        };
        let (content_type, cache_control, retry_after) =
            (one(CONTENT_TYPE), one(CACHE_CONTROL), one(RETRY_AFTER));
        let status = response.status();
        let body = actix_web::test::read_body(response).await;
        let body = String::from_utf8(body.to_vec()).expect("the body is text");
        Self { status, challenges, body, content_type, cache_control, retry_after }
    }

    /// Asserts that this is a rejection with the default body of the contract.
    ///
    /// # Panics
    ///
    /// If it is not.
    #[track_caller]
    pub fn assert(&self, status: u16, challenge: Option<&str>, message: &str) {
        let error = StatusCode::from_u16(status).ok().and_then(|it| it.canonical_reason());
        let error = error.expect("a known status");
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.challenges, challenge.map(str::to_owned).into_iter().collect::<Vec<_>>());
        assert_eq!(self.body, format!(r#"{{"error":"{error}","message":"{message}"}}"#));
        assert_eq!(self.content_type.as_deref(), Some("application/json"));
        assert_eq!(self.cache_control.as_deref(), Some("no-store"));
    }
}

/// The challenge to a caller who sent nothing.
pub const MISSING: &str = r#"Bearer realm="api""#;
/// The challenge to a caller whose token is not acceptable.
pub const INVALID: &str =
    r#"Bearer realm="api", error="invalid_token", error_description="The access token is invalid""#;
/// The challenge to a caller whose token was acceptable once.
pub const EXPIRED: &str =
    r#"Bearer realm="api", error="invalid_token", error_description="The access token expired""#;
/// The challenge to a caller who sent more than one credential.
pub const REPEATED: &str = r#"Bearer realm="api", error="invalid_request""#;

/// Asserts that `service` lets `admin` through and nobody else, with a verifier that is ready and with one that is
/// slow, and that exactly one guard ran for each request with a token.
///
/// # Panics
///
/// If it is not so.
pub async fn assert_admin_only<S: HttpServiceFactory + 'static>(
    service: impl Fn() -> S,
    method: Method,
    path: &str,
) {
    assert_guarded(service, method, path, &[("user", 403), ("editor", 403), ("admin", 200)]).await;
}

/// Asserts that `service` lets every authenticated caller through and nobody else, as [`assert_admin_only`] does.
///
/// # Panics
///
/// If it is not so.
pub async fn assert_authenticated<S: HttpServiceFactory + 'static>(
    service: impl Fn() -> S,
    method: Method,
    path: &str,
) {
    assert_guarded(service, method, path, &[("user", 200), ("editor", 200), ("admin", 200)]).await;
}

/// Asserts who gets what: 401 without a token and with an unknown one, else as `expected` says.
///
/// # Panics
///
/// If it is not so.
pub async fn assert_guarded<S: HttpServiceFactory + 'static>(
    service: impl Fn() -> S,
    method: Method,
    path: &str,
    expected: &[(&str, u16)],
) {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        let (status, _) = ask(&tokens, service(), method.clone(), path, None).await;
        assert_eq!(status, 401, "{method} {path} without a token");
        assert_eq!(tokens.asked(), 0);

        for (token, expected) in [("unknown", 401)].iter().chain(expected) {
            let before = tokens.asked();
            let (status, body) = ask(&tokens, service(), method.clone(), path, Some(token)).await;
            assert_eq!(status.as_u16(), *expected, "{method} {path} as {token}: {body}");
            assert_eq!(
                tokens.asked(),
                before + 1,
                "guards that ran for {method} {path} as {token}"
            );
        }
    }
}

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
