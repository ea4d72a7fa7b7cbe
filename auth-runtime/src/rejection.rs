//! Why a request goes no further, and which status says so.

use std::{cell::Cell, error::Error, fmt, time::Duration};

use actix_web::{HttpResponse, ResponseError, http::StatusCode};

use crate::{
    credential::CredentialError,
    decision::Denial,
    verifier::{VerifyErrorKind, dpop::ProofError},
};

/// Why a request was refused. Each is rendered as one response, whose status stands first below.
///
/// A [renderer](crate::AuthBuilder::renderer) sees it to choose a body; neither the status nor the challenge can be
/// changed there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Rejection {
    /// 400: more than one credential (RFC 6750 §3.1, `invalid_request`).
    RepeatedCredentials,
    /// 401: no credential (RFC 9110 §15.5.2).
    NoCredentials {
        /// The scopes that a token has to have, with spaces between them, if the route asks for any.
        scope: Option<Box<str>>,
    },
    /// 401: the route takes API keys only, and none came that is good.
    NoApiKey,
    /// 401: an API key came, and is not good.
    InvalidApiKey,
    /// 407: the proxy's own credentials are missing (RFC 9110 §15.5.8).
    NoProxyCredentials,
    /// 407: the proxy's own credentials are not acceptable.
    InvalidProxyCredentials,
    /// 401: a credential that is not acceptable (RFC 6750 §3.1, `invalid_token`).
    InvalidToken,
    /// 401: a credential that was acceptable once.
    ExpiredToken,
    /// 401: the proof that came with a token does not prove that its owner sent it (RFC 9449 §7.1, `invalid_dpop_proof`).
    InvalidProof,
    /// 401: the proof that came with a token has to hold this nonce (RFC 9449 §9, `use_dpop_nonce`).
    UseNonce {
        /// The nonce; sent as `DPoP-Nonce`.
        nonce: Box<str>,
    },
    /// 401: the caller has to authenticate more recently or more strongly (RFC 9470 §3).
    StepUp {
        /// The values of `acr` that would do, with spaces between them.
        acr_values: Option<Box<str>>,
        /// How old the authentication may be, in seconds.
        max_age: Option<u64>,
    },
    /// 403: a token with more scopes would be let through (RFC 6750 §3.1, `insufficient_scope`).
    InsufficientScope {
        /// All scopes that a new token has to have, with spaces between them.
        scope: Box<str>,
    },
    /// 403: the caller is known and may not do this (RFC 9110 §15.5.4).
    Forbidden,
    /// 404: the application's own not-found response, which tells nobody that there is something (RFC 9110 §15.5.4).
    NotFound,
    /// 429: too many credentials from this address were invalid (RFC 6585 §4).
    TooManyAttempts {
        /// When to try again; sent as `Retry-After` in whole seconds.
        retry_after: Duration,
    },
    /// 500: the application has to mend something; it was logged.
    NotAvailable,
    /// 503: whoever could tell is out of reach at the moment.
    TemporarilyUnavailable {
        /// When to try again; sent as `Retry-After` in whole seconds.
        retry_after: Duration,
    },
}

impl Rejection {
    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::RepeatedCredentials => StatusCode::BAD_REQUEST,
            Self::NoCredentials { .. }
            | Self::NoApiKey
            | Self::InvalidApiKey
            | Self::InvalidToken
            | Self::ExpiredToken
            | Self::InvalidProof
            | Self::UseNonce { .. }
            | Self::StepUp { .. } => StatusCode::UNAUTHORIZED,
            Self::NoProxyCredentials | Self::InvalidProxyCredentials => {
                StatusCode::PROXY_AUTHENTICATION_REQUIRED
            }
            Self::InsufficientScope { .. } | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooManyAttempts { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NotAvailable => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TemporarilyUnavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The reason phrase: the body's `error`, the `title` of problem details.
    #[must_use]
    pub fn error(&self) -> &'static str {
        // Every status above has one.
        self.status().canonical_reason().unwrap_or("Error")
    }

    /// The body's `message`: fixed text, nothing of the request.
    #[must_use]
    pub fn message(&self) -> &'static str {
        match self {
            Self::RepeatedCredentials => "Malformed or repeated credentials",
            Self::NoCredentials { .. } => "No authentication token provided",
            Self::NoApiKey | Self::InvalidApiKey => "Invalid API key",
            Self::NoProxyCredentials => "No proxy credentials provided",
            Self::InvalidProxyCredentials => "Invalid proxy credentials",
            Self::StepUp { .. } => "A more recent or stronger authentication is required",
            Self::InvalidToken
            | Self::ExpiredToken
            | Self::InvalidProof
            | Self::UseNonce { .. } => "Invalid or expired token",
            Self::InsufficientScope { .. } | Self::Forbidden => {
                "You do not have permission to access this resource"
            }
            Self::NotFound => "Not found",
            Self::TooManyAttempts { .. } => "Too many failed attempts",
            Self::NotAvailable => "Authentication is not available",
            Self::TemporarilyUnavailable { .. } => "Authentication is temporarily unavailable",
        }
    }

    /// A word for logs and metrics: what was wrong, and nothing of the request.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::RepeatedCredentials => "repeated_credentials",
            Self::NoCredentials { .. } => "no_credentials",
            Self::NoApiKey => "no_api_key",
            Self::InvalidApiKey => "invalid_api_key",
            Self::NoProxyCredentials => "no_proxy_credentials",
            Self::InvalidProxyCredentials => "invalid_proxy_credentials",
            Self::InvalidToken => "invalid_token",
            Self::ExpiredToken => "expired_token",
            Self::InvalidProof => "invalid_dpop_proof",
            Self::UseNonce { .. } => "use_dpop_nonce",
            Self::StepUp { .. } => "insufficient_user_authentication",
            Self::InsufficientScope { .. } => "insufficient_scope",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::TooManyAttempts { .. } => "too_many_attempts",
            Self::NotAvailable => "not_available",
            Self::TemporarilyUnavailable { .. } => "temporarily_unavailable",
        }
    }

    /// Whether there was a credential, or an attempt at one, and it is the reason.
    ///
    /// Optional authentication lets a request without credentials through, and never one of these.
    pub(crate) fn is_about_given_credentials(&self) -> bool {
        !matches!(self, Self::NoCredentials { .. } | Self::NoProxyCredentials)
    }

    pub(crate) const fn no_credentials() -> Self {
        Self::NoCredentials { scope: None }
    }

    /// Whether this refuses the caller; otherwise the application is not able to tell.
    pub(crate) fn is_denial(&self) -> bool {
        !matches!(self, Self::NotAvailable | Self::TemporarilyUnavailable { .. })
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl Error for Rejection {}

/// A rejection on its way through actix-web, as an extractor's error. Every look at it renders it anew.
pub(crate) struct RejectionError {
    pub(crate) rejection: Rejection,
    /// The response where it had to be waited for; the first look gets it.
    pub(crate) waited_for: Cell<Option<HttpResponse>>,
    pub(crate) render: Box<dyn Fn(&Rejection) -> HttpResponse>,
    /// Says that this was refused, as soon as somebody looks: an `Option` of the extractor forgets the error unseen, and
    /// goes on without.
    pub(crate) event: Cell<Option<Event>>,
}

type Event = Box<dyn FnOnce(&Rejection)>;

impl RejectionError {
    /// Whether an error of actix-web's is ours.
    pub(crate) fn is(error: &actix_web::Error) -> bool {
        error.as_error::<Self>().is_some()
    }

    /// Whether an error of actix-web's is a refusal of ours, for whoever answers it with something else then.
    pub(crate) fn is_answered_as_denial(error: &actix_web::Error) -> bool {
        error.as_error::<Self>().is_some_and(|error| {
            error.announce();
            error.rejection.is_denial()
        })
    }

    fn announce(&self) {
        if let Some(event) = self.event.take() {
            event(&self.rejection);
        }
    }
}

impl fmt::Debug for RejectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RejectionError").field(&self.rejection).finish()
    }
}

impl fmt::Display for RejectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rejection.fmt(f)
    }
}

impl ResponseError for RejectionError {
    fn status_code(&self) -> StatusCode {
        self.rejection.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.announce();
        self.waited_for.take().unwrap_or_else(|| (self.render)(&self.rejection))
    }
}

impl From<CredentialError> for Rejection {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::Repeated => Self::RepeatedCredentials,
            CredentialError::Malformed | CredentialError::TooLong => Self::InvalidToken,
            CredentialError::KeyTooLong => Self::InvalidApiKey,
            CredentialError::Proof => Self::InvalidProof,
        }
    }
}

impl From<ProofError> for Rejection {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Invalid(_) => Self::InvalidProof,
            ProofError::OtherKey => Self::InvalidToken,
            ProofError::UseNonce { nonce } => Self::UseNonce { nonce },
            ProofError::Full { retry_after } => Self::TemporarilyUnavailable { retry_after },
            ProofError::Broken(_) => Self::NotAvailable,
        }
    }
}

impl From<&VerifyErrorKind> for Rejection {
    fn from(kind: &VerifyErrorKind) -> Self {
        match kind {
            VerifyErrorKind::Invalid(_) => Self::InvalidToken,
            VerifyErrorKind::Expired => Self::ExpiredToken,
            VerifyErrorKind::Unavailable { retry_after } => {
                Self::TemporarilyUnavailable { retry_after: *retry_after }
            }
            VerifyErrorKind::Misconfigured(_) => Self::NotAvailable,
        }
    }
}

impl From<&Denial> for Rejection {
    fn from(denial: &Denial) -> Self {
        match denial {
            Denial::Unauthenticated { api_key: true, .. } | Denial::NoApiKey { .. } => {
                Self::NoApiKey
            }
            Denial::Unauthenticated { scopes, api_key: false } => {
                Self::NoCredentials { scope: joined(scopes) }
            }
            Denial::StepUp { step_up, .. } => Self::StepUp {
                acr_values: joined(step_up.acr_values()),
                max_age: step_up.max_age(),
            },
            Denial::InsufficientScope { scopes, .. } => {
                joined(scopes).map_or(Self::Forbidden, |scope| Self::InsufficientScope { scope })
            }
            Denial::Forbidden { .. } => Self::Forbidden,
        }
    }
}

/// Names with spaces between them, if there are any.
fn joined(names: &[&str]) -> Option<Box<str>> {
    (!names.is_empty()).then(|| names.join(" ").into_boxed_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    /// RFC 6750 §3.1: a client that is told `insufficient_scope` and no scope asks for the same token again.
    #[test]
    fn z2_without_a_scope_to_ask_for_it_is_a_plain_403() {
        let lacks = |scopes| Denial::InsufficientScope { failed: &Policy::Authenticated, scopes };
        assert_eq!(Rejection::from(&lacks(Vec::new())).reason(), "forbidden");
        assert_eq!(Rejection::from(&lacks(vec!["w"])).reason(), "insufficient_scope");
    }

    /// A18
    #[test]
    fn a18_a_proof_that_cannot_be_judged_is_no_fault_of_the_client_s() {
        assert_eq!(Rejection::from(ProofError::Broken("no HMAC")).reason(), "not_available");
    }
}
