//! Rejection → response: RESPONSES.md, line by line.

use std::{fmt, panic::AssertUnwindSafe, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{
        CACHE_CONTROL, CONTENT_TYPE, HeaderValue, PROXY_AUTHENTICATE, RETRY_AFTER, WWW_AUTHENTICATE,
    },
};

use crate::{challenge::Challenges, rejection::Rejection};

/// How rejections are written.
#[derive(Clone, Debug)]
pub(crate) struct Responses {
    pub(crate) challenges: Challenges,
    pub(crate) body: Body,
}

/// What stands in the body of a rejection.
#[derive(Clone)]
pub(crate) enum Body {
    /// `{"error":…,"message":…}`
    Json,
    /// RFC 9457, with the two members above in the same object.
    ProblemDetails,
    /// Whatever the application likes.
    Custom(Arc<dyn Renderer>),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "Json",
            Self::ProblemDetails => "ProblemDetails",
            Self::Custom(_) => "Custom(..)",
        })
    }
}

/// Gives rejections the application's own body and headers.
///
/// Whatever it returns, the response keeps the rejection's status, its challenge, `Cache-Control: no-store` and
/// `Retry-After`. If it panics, the default body is sent. Implemented for closures.
///
/// # Examples
///
/// ```
/// use actix_web::{HttpRequest, HttpResponse};
/// use auth_runtime::{Auth, Issuer, Key, Algorithm, Rejection};
///
/// # fn main() -> Result<(), auth_runtime::BuildError> {
/// let auth = Auth::builder()
///     .issuer(Issuer::new("https://id.example.com/").audience("api").key(Key::secret(Algorithm::HS256, [7; 32])))
///     .renderer(|rejection: &Rejection, _request: &HttpRequest| {
///         // The status given here does not matter: a 401 stays a 401 and keeps `WWW-Authenticate`.
///         HttpResponse::Ok().content_type("text/plain").body(rejection.message())
///     })
///     .build()?;
/// # Ok(())
/// # }
/// ```
pub trait Renderer: Send + Sync + 'static {
    /// The response for a rejection; only its body and headers are used.
    fn render(&self, rejection: &Rejection, request: &HttpRequest) -> HttpResponse;
}

impl<F> Renderer for F
where
    F: Fn(&Rejection, &HttpRequest) -> HttpResponse + Send + Sync + 'static,
{
    fn render(&self, rejection: &Rejection, request: &HttpRequest) -> HttpResponse {
        self(rejection, request)
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

impl Responses {
    /// The response to send.
    pub(crate) fn render(&self, rejection: &Rejection, request: &HttpRequest) -> HttpResponse {
        let mut response = match &self.body {
            Body::Json => plain(rejection),
            Body::ProblemDetails => problem_details(rejection),
            Body::Custom(renderer) => render_custom(&**renderer, rejection, request),
        };
        if let Some(challenge) = self.challenge(rejection) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge.clone());
        }
        response
    }

    /// A 401 always carries one (RFC 9110 §15.5.2); a 400 about credentials does (RFC 6750 §3.1); nothing else.
    fn challenge(&self, rejection: &Rejection) -> Option<&HeaderValue> {
        match rejection {
            Rejection::NoCredentials => Some(&self.challenges.missing),
            Rejection::InvalidToken => Some(&self.challenges.invalid),
            Rejection::ExpiredToken => Some(&self.challenges.expired),
            Rejection::RepeatedCredentials => Some(&self.challenges.repeated),
            Rejection::Forbidden
            | Rejection::NotAvailable
            | Rejection::TemporarilyUnavailable { .. } => None,
        }
    }
}

/// The default body, without a challenge. Where there is no `Auth`, this is all there is (A19).
pub(crate) fn plain(rejection: &Rejection) -> HttpResponse {
    finish(
        rejection,
        HttpResponse::build(rejection.status())
            .insert_header((CONTENT_TYPE, JSON))
            .body(json(rejection)),
    )
}

/// Byte for byte the bodies of RESPONSES.md; no formatting at run time.
fn json(rejection: &Rejection) -> &'static str {
    match rejection {
        Rejection::RepeatedCredentials => {
            r#"{"error":"Bad Request","message":"Malformed or repeated credentials"}"#
        }
        Rejection::NoCredentials => {
            r#"{"error":"Unauthorized","message":"No authentication token provided"}"#
        }
        Rejection::InvalidToken | Rejection::ExpiredToken => {
            r#"{"error":"Unauthorized","message":"Invalid or expired token"}"#
        }
        Rejection::Forbidden => {
            r#"{"error":"Forbidden","message":"You do not have permission to access this resource"}"#
        }
        Rejection::NotAvailable => {
            r#"{"error":"Internal Server Error","message":"Authentication is not available"}"#
        }
        Rejection::TemporarilyUnavailable { .. } => {
            r#"{"error":"Service Unavailable","message":"Authentication is temporarily unavailable"}"#
        }
    }
}

/// One object that satisfies RFC 9457 and the default shape. All five values are fixed text without a quote in it.
fn problem_details(rejection: &Rejection) -> HttpResponse {
    let (status, error, message) =
        (rejection.status().as_u16(), rejection.error(), rejection.message());
    let body = format!(
        r#"{{"type":"about:blank","title":"{error}","status":{status},"detail":"{message}","error":"{error}","message":"{message}"}}"#
    );
    finish(
        rejection,
        HttpResponse::build(rejection.status())
            .insert_header((CONTENT_TYPE, PROBLEM_JSON))
            .body(body),
    )
}

fn render_custom(
    renderer: &dyn Renderer,
    rejection: &Rejection,
    request: &HttpRequest,
) -> HttpResponse {
    let answer = std::panic::catch_unwind(AssertUnwindSafe(|| renderer.render(rejection, request)));
    let Ok(mut response) = answer else {
        tracing::error!(
            "the renderer panicked, so the default body was sent: mend what was given to `.renderer(…)`"
        );
        return plain(rejection);
    };
    *response.status_mut() = rejection.status();
    // A challenge that is not ours would send clients looking for credentials we do not take.
    for ours in [WWW_AUTHENTICATE, PROXY_AUTHENTICATE, RETRY_AFTER] {
        response.headers_mut().remove(ours);
    }
    finish(rejection, response)
}

/// What every rejection carries, whoever wrote the body.
fn finish(rejection: &Rejection, mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, NO_STORE);
    if let Rejection::TemporarilyUnavailable { retry_after } = rejection {
        // Rounded up: coming back a little late is better than a little early.
        let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ALL: [Rejection; 7] = [
        Rejection::RepeatedCredentials,
        Rejection::NoCredentials,
        Rejection::InvalidToken,
        Rejection::ExpiredToken,
        Rejection::Forbidden,
        Rejection::NotAvailable,
        Rejection::TemporarilyUnavailable { retry_after: Duration::from_millis(1_500) },
    ];

    #[test]
    fn the_constant_bodies_say_what_error_and_message_say() {
        for rejection in ALL {
            let expected =
                serde_json::json!({"error": rejection.error(), "message": rejection.message()});
            assert_eq!(json(&rejection), expected.to_string());
            assert_eq!(rejection.status().canonical_reason(), Some(rejection.error()));
        }
    }

    #[test]
    fn retry_after_is_rounded_up_to_whole_seconds() {
        let response = plain(&ALL[6]);
        assert_eq!(response.headers().get(RETRY_AFTER).unwrap(), "2");
    }
}
