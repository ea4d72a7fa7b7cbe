//! Rejection → response: RESPONSES.md, line by line.

use std::{
    fmt,
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::{BoxBody, MessageBody},
    http::header::{
        CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE,
        RETRY_AFTER, VARY, WWW_AUTHENTICATE,
    },
};

use crate::{
    challenge::{Challenges, Says},
    credential::{self, Method, Places},
    rejection::{Rejection, RejectionError},
};

/// How rejections are written.
#[derive(Clone, Debug)]
pub(crate) struct Responses {
    pub(crate) challenges: Challenges,
    /// Challenges are a proxy's.
    pub(crate) proxy: bool,
    pub(crate) body: Body,
    pub(crate) not_found: NotFound,
}

/// The application's own not-found response (RESPONSES Z4), which nothing of ours is added to.
#[derive(Clone, Default)]
pub(crate) struct NotFound(Option<Arc<MakeNotFound>>);

type MakeNotFound = dyn Fn(HttpRequest) -> PendingResponse + Send + Sync;
pub(crate) type PendingResponse = Pin<Box<dyn Future<Output = HttpResponse>>>;

impl NotFound {
    pub(crate) fn new<F, Answer>(handler: F) -> Self
    where
        F: Fn(HttpRequest) -> Answer + Send + Sync + 'static,
        Answer: Future + 'static,
        Answer::Output: Responder + 'static,
    {
        Self(Some(Arc::new(move |request: HttpRequest| -> PendingResponse {
            let answer = handler(request.clone());
            Box::pin(async move { answer.await.respond_to(&request).map_into_boxed_body() })
        })))
    }

    /// Starts the application's handler; without one the answer is what actix-web gives for an unknown path.
    pub(crate) fn start(&self, request: &HttpRequest) -> Answering {
        match &self.0 {
            None => Answering::Done(HttpResponse::NotFound().finish()),
            Some(handler) => Answering::Waiting(handler(request.clone())),
        }
    }
}

impl fmt::Debug for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "NotFound(..)" } else { "NotFound" })
    }
}

/// A response to a rejection: there at once, unless the application's not-found handler makes us wait.
pub(crate) enum Answering {
    Done(HttpResponse),
    Waiting(PendingResponse),
}

/// In the extensions of a response that refuses, where whoever gets it might take it for a handler's own.
struct OfOurs;

/// Whether this crate refused by it.
pub(crate) fn is_ours(response: &HttpResponse) -> bool {
    response.error().is_some_and(RejectionError::is) || response.extensions().contains::<OfOurs>()
}

impl Answering {
    /// The same, and whoever gets it can tell that it is [ours](is_ours).
    pub(crate) fn of_ours(self) -> Self {
        let of_ours = |mut response: HttpResponse| {
            response.extensions_mut().insert(OfOurs);
            response
        };
        match self {
            Self::Done(response) => Self::Done(of_ours(response)),
            Self::Waiting(response) => {
                Self::Waiting(Box::pin(async move { of_ours(response.await) }))
            }
        }
    }
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
/// RFC 9449 §8.
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

impl Responses {
    /// The response, for where nobody can wait.
    pub(crate) fn answer_now(&self, rejection: &Rejection, request: &HttpRequest) -> HttpResponse {
        let Rejection::NotFound = rejection else { return self.render(rejection, request) };
        match self.not_found.start(request) {
            Answering::Done(response) => response,
            Answering::Waiting(mut pending) => {
                let mut context = Context::from_waker(Waker::noop());
                match pending.as_mut().poll(&mut context) {
                    Poll::Ready(response) => response,
                    Poll::Pending => {
                        tracing::error!(
                            "the handler given to `.not_found(…)` has to be waited for, and `into_response` cannot wait: \
                             await `Rejection::respond` instead"
                        );
                        HttpResponse::NotFound().finish()
                    }
                }
            }
        }
    }

    /// Writes the response, without asking the application for its own not-found response.
    pub(crate) fn render(&self, rejection: &Rejection, request: &HttpRequest) -> HttpResponse {
        let mut response = match (rejection, &self.body) {
            (Rejection::NotFound, _) | (_, Body::Json) => plain(rejection),
            (_, Body::ProblemDetails) => problem_details(rejection),
            (_, Body::Custom(renderer)) => render_custom(&**renderer, rejection, request),
        };
        self.challenge(rejection, request, response.headers_mut());
        response
    }

    /// A 401 always carries one (RFC 9110 §15.5.2), and a 407 (§15.5.8); a 400 about credentials and a 403 about scopes do
    /// (RFC 6750 §3.1); nothing else. One line for each scheme, and only that of the attempted one says what is wrong.
    fn challenge(&self, rejection: &Rejection, request: &HttpRequest, headers: &mut HeaderMap) {
        let Some((who, says)) = challenge(rejection) else { return };
        let Challenges { bearer, dpop, tokens, api_key } = &self.challenges;
        let name = if self.proxy { PROXY_AUTHENTICATE } else { WWW_AUTHENTICATE };
        // Where nothing else will do, whatever came was meant to be that.
        let attempted =
            dpop.as_ref().filter(|_| !tokens || credential::attempts_dpop(request.headers()));
        let (of_bearer, of_dpop) = match (who, attempted, api_key) {
            (Who::ApiKeys, _, Some(api_key)) => return headers.append(name, api_key.clone()),
            // Nobody takes keys here, so nobody can pass; but a 401 has a challenge.
            (Who::ApiKeys | Who::AttemptedAlone, Some(dpop), _) => {
                return headers.append(name, dpop.line(says));
            }
            (Who::ApiKeys | Who::AttemptedAlone, None, _) | (Who::Proxy, _, _) => {
                return headers.append(name, bearer.line(says));
            }
            (Who::All, _, _) => (says, says),
            (Who::Attempted, None, _) => (says, Says::Missing),
            // If nobody asks for a proof here: a 401 has a challenge.
            (Who::Dpop, _, _) if dpop.is_none() => (Says::Invalid, says),
            (Who::Attempted | Who::Dpop, _, _) => (Says::Missing, says),
        };
        if *tokens {
            headers.append(name.clone(), bearer.line(of_bearer));
        }
        if let Some(dpop) = dpop {
            headers.append(name.clone(), dpop.line(of_dpop));
        }
        if let Some(api_key) = api_key {
            headers.append(name, api_key.clone());
        }
    }
}

/// Whose challenge says what is wrong.
#[derive(Clone, Copy)]
enum Who {
    /// Everybody's says the same.
    All,
    /// That of the scheme that was attempted; the others ask as if nothing had come.
    Attempted,
    /// The same, and there are no others.
    AttemptedAlone,
    /// That for proofs; the others ask.
    Dpop,
    /// That for API keys, and there are no others.
    ApiKeys,
    /// That of a proxy, which has one scheme.
    Proxy,
}

fn challenge(rejection: &Rejection) -> Option<(Who, Says<'_>)> {
    Some(match rejection {
        Rejection::NoCredentials { scope: Some(scope) } => (Who::All, Says::MissingScope(scope)),
        Rejection::NoCredentials { scope: None } | Rejection::InvalidApiKey => {
            (Who::All, Says::Missing)
        }
        Rejection::NoApiKey => (Who::ApiKeys, Says::Missing),
        Rejection::InvalidToken => (Who::Attempted, Says::Invalid),
        Rejection::ExpiredToken => (Who::Attempted, Says::Expired),
        Rejection::RepeatedCredentials => (Who::Attempted, Says::Repeated),
        Rejection::InvalidProof => (Who::Dpop, Says::InvalidProof),
        Rejection::UseNonce { .. } => (Who::Dpop, Says::UseNonce),
        Rejection::NoProxyCredentials => (Who::Proxy, Says::Missing),
        Rejection::InvalidProxyCredentials => (Who::Proxy, Says::Invalid),
        Rejection::StepUp { acr_values, max_age } => {
            let acr_values = acr_values.as_deref();
            (Who::AttemptedAlone, Says::StepUp { acr_values, max_age: *max_age })
        }
        Rejection::InsufficientScope { scope } => {
            (Who::AttemptedAlone, Says::InsufficientScope(scope))
        }
        Rejection::Forbidden
        | Rejection::NotFound
        | Rejection::TooManyAttempts { .. }
        | Rejection::NotAvailable
        | Rejection::TemporarilyUnavailable { .. } => return None,
    })
}

/// Hands out a new nonce along with a handler's response (RFC 9449 §8.2, §9).
///
/// A response that is stored would hand it out again when it is old (§8.2). So where the handler wants its response to be
/// stored the nonce stays out, and the client hears of it with the 401 to come.
pub(crate) fn renew_nonce(response: &mut HttpResponse, nonce: HeaderValue) {
    let headers = response.headers_mut();
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, NO_STORE);
    }
    let stored = headers.get_all(CACHE_CONTROL).filter_map(|line| line.to_str().ok()).all(|line| {
        !line.split(',').any(|directive| directive.trim().eq_ignore_ascii_case("no-store"))
    });
    if !stored {
        headers.insert(DPOP_NONCE, nonce);
    }
}

/// Tells caches whom a handler's response is for (RESPONSES, rule 4; RFC 9110 §12.5.5, RFC 9111 §5.2.2.7).
pub(crate) fn mark(response: &mut HttpResponse, method: Method, places: &Places) {
    if let Some(name) = places.varies_by(method) {
        let headers = response.headers_mut();
        let varies = headers.get_all(VARY).filter_map(|line| line.to_str().ok()).any(|line| {
            line.split(',').any(|known| {
                let known = known.trim();
                known == "*" || known.eq_ignore_ascii_case(name.as_str())
            })
        });
        if !varies {
            headers.append(VARY, name.into());
        }
    }
    if method == Method::ApiKey && !response.headers().contains_key(CACHE_CONTROL) {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private"));
    }
}

/// The default body, without a challenge. Where there is no `Auth`, this is all there is (A19).
pub(crate) fn plain(rejection: &Rejection) -> HttpResponse {
    if let Rejection::NotFound = rejection {
        return HttpResponse::NotFound().finish();
    }
    with_body(rejection, json(rejection), JSON)
}

fn with_body(
    rejection: &Rejection,
    body: impl MessageBody + 'static,
    content_type: HeaderValue,
) -> HttpResponse {
    let mut response = HttpResponse::with_body(rejection.status(), BoxBody::new(body));
    let headers = response.headers_mut();
    // Nothing stands there yet, so nothing stands there twice; `insert` makes room for what it would replace.
    headers.append(CONTENT_TYPE, content_type);
    headers.append(CACHE_CONTROL, NO_STORE);
    tell_when(rejection, headers);
    response
}

/// Byte for byte the bodies of RESPONSES.md; no formatting at run time.
fn json(rejection: &Rejection) -> &'static str {
    match rejection {
        Rejection::RepeatedCredentials => {
            r#"{"error":"Bad Request","message":"Malformed or repeated credentials"}"#
        }
        Rejection::NoCredentials { .. } => {
            r#"{"error":"Unauthorized","message":"No authentication token provided"}"#
        }
        Rejection::NoApiKey | Rejection::InvalidApiKey => {
            r#"{"error":"Unauthorized","message":"Invalid API key"}"#
        }
        Rejection::NoProxyCredentials => {
            r#"{"error":"Proxy Authentication Required","message":"No proxy credentials provided"}"#
        }
        Rejection::InvalidProxyCredentials => {
            r#"{"error":"Proxy Authentication Required","message":"Invalid proxy credentials"}"#
        }
        Rejection::StepUp { .. } => {
            r#"{"error":"Unauthorized","message":"A more recent or stronger authentication is required"}"#
        }
        Rejection::InvalidToken
        | Rejection::ExpiredToken
        | Rejection::InvalidProof
        | Rejection::UseNonce { .. } => {
            r#"{"error":"Unauthorized","message":"Invalid or expired token"}"#
        }
        Rejection::InsufficientScope { .. } | Rejection::Forbidden => {
            r#"{"error":"Forbidden","message":"You do not have permission to access this resource"}"#
        }
        Rejection::NotFound => r#"{"error":"Not Found","message":"Not found"}"#,
        Rejection::TooManyAttempts { .. } => {
            r#"{"error":"Too Many Requests","message":"Too many failed attempts"}"#
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
    with_body(rejection, body, PROBLEM_JSON)
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
    for ours in [WWW_AUTHENTICATE, PROXY_AUTHENTICATE, RETRY_AFTER, DPOP_NONCE] {
        response.headers_mut().remove(ours);
    }
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    tell_when(rejection, response.headers_mut());
    response
}

/// Says when to come again, or with which nonce.
#[inline]
fn tell_when(rejection: &Rejection, headers: &mut HeaderMap) {
    if let Rejection::TemporarilyUnavailable { retry_after }
    | Rejection::TooManyAttempts { retry_after } = rejection
    {
        // Rounded up: coming back a little late is better than a little early.
        let seconds =
            retry_after.as_secs().saturating_add(u64::from(retry_after.subsec_nanos() > 0));
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Rejection::UseNonce { nonce } = rejection
        && let Ok(nonce) = HeaderValue::from_str(nonce)
    {
        headers.insert(DPOP_NONCE, nonce);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::{body::BodySize, test::TestRequest};

    use super::*;

    fn all() -> [Rejection; 17] {
        [
            Rejection::TemporarilyUnavailable { retry_after: Duration::from_millis(1_500) },
            Rejection::RepeatedCredentials,
            Rejection::NoCredentials { scope: None },
            Rejection::NoApiKey,
            Rejection::InvalidApiKey,
            Rejection::NoProxyCredentials,
            Rejection::InvalidProxyCredentials,
            Rejection::StepUp { acr_values: None, max_age: None },
            Rejection::NotFound,
            Rejection::InsufficientScope { scope: String::new().into_boxed_str() },
            Rejection::TooManyAttempts { retry_after: Duration::from_secs(7) },
            Rejection::InvalidToken,
            Rejection::ExpiredToken,
            Rejection::InvalidProof,
            Rejection::UseNonce { nonce: "n".into() },
            Rejection::Forbidden,
            Rejection::NotAvailable,
        ]
    }

    #[test]
    fn the_constant_bodies_say_what_error_and_message_say() {
        for rejection in all() {
            let expected =
                serde_json::json!({"error": rejection.error(), "message": rejection.message()});
            assert_eq!(json(&rejection), expected.to_string());
            assert_eq!(rejection.status().canonical_reason(), Some(rejection.error()));
        }
    }

    #[test]
    fn no_header_stands_there_twice() {
        for rejection in all() {
            let (response, expected) =
                (plain(&rejection), usize::from(!matches!(rejection, Rejection::NotFound)));
            for name in [CONTENT_TYPE, CACHE_CONTROL] {
                assert_eq!(response.headers().get_all(name).count(), expected, "{rejection:?}");
            }
        }
    }

    /// Z4: without an `Auth` there is no handler of the application's own, and actix-web's says nothing.
    #[test]
    fn z4_a_plain_404_is_that_of_an_unknown_path() {
        let response = plain(&Rejection::NotFound);
        assert_eq!(response.status(), 404);
        assert_eq!(response.headers().len(), 0);
        assert_eq!(response.body().size(), BodySize::Sized(0));
    }

    /// Z4: nor does anything of ours stand in it where rejections are written in another way.
    #[test]
    fn z4_a_404_that_is_not_asked_of_the_application_says_nothing_either() {
        let own = Body::Custom(Arc::new(|_: &Rejection, _: &HttpRequest| {
            HttpResponse::Ok().body("there is something")
        }));
        for body in [Body::Json, Body::ProblemDetails, own] {
            let challenges = Challenges::new("api", true, None, None, None).unwrap();
            let responses =
                Responses { challenges, proxy: false, body, not_found: NotFound::default() };
            let request = TestRequest::default().to_http_request();
            let response = responses.render(&Rejection::NotFound, &request);
            assert_eq!(response.status(), 404);
            assert_eq!(response.headers().len(), 0);
            assert_eq!(response.body().size(), BodySize::Sized(0));
        }
    }

    #[test]
    fn retry_after_is_rounded_up_to_whole_seconds() {
        let response = plain(&all()[0]);
        assert_eq!(response.headers().get(RETRY_AFTER).unwrap(), "2");
    }
}
