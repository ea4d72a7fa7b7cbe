//! Why a request goes no further, and which status says so.

use std::{error::Error, fmt, time::Duration};

use actix_web::http::StatusCode;

use crate::{credential::CredentialError, decision::Denial, verifier::VerifyErrorKind};

/// Why a request was refused. Rendered as the response that RESPONSES.md fixes for it.
///
/// A [renderer](crate::AuthBuilder::renderer) sees it to choose a body; neither the status nor the challenge can be
/// changed there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Rejection {
    /// 400: more than one credential (RFC 6750 §3.1, `invalid_request`).
    RepeatedCredentials,
    /// 401: no credential (RFC 9110 §15.5.2).
    NoCredentials,
    /// 401: a credential that is not acceptable (RFC 6750 §3.1, `invalid_token`).
    InvalidToken,
    /// 401: a credential that was acceptable once.
    ExpiredToken,
    /// 403: the caller is known and may not do this (RFC 9110 §15.5.4).
    Forbidden,
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
            Self::NoCredentials | Self::InvalidToken | Self::ExpiredToken => {
                StatusCode::UNAUTHORIZED
            }
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotAvailable => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TemporarilyUnavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The reason phrase: the body's `error`, the `title` of problem details.
    #[must_use]
    pub fn error(&self) -> &'static str {
        match self {
            Self::RepeatedCredentials => "Bad Request",
            Self::NoCredentials | Self::InvalidToken | Self::ExpiredToken => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotAvailable => "Internal Server Error",
            Self::TemporarilyUnavailable { .. } => "Service Unavailable",
        }
    }

    /// The body's `message`: fixed text, nothing of the request.
    #[must_use]
    pub fn message(&self) -> &'static str {
        match self {
            Self::RepeatedCredentials => "Malformed or repeated credentials",
            Self::NoCredentials => "No authentication token provided",
            Self::InvalidToken | Self::ExpiredToken => "Invalid or expired token",
            Self::Forbidden => "You do not have permission to access this resource",
            Self::NotAvailable => "Authentication is not available",
            Self::TemporarilyUnavailable { .. } => "Authentication is temporarily unavailable",
        }
    }

    /// Whether there was a credential, or an attempt at one, and it is the reason.
    ///
    /// Optional authentication lets a request without credentials through, and never one of these.
    pub(crate) fn is_about_given_credentials(&self) -> bool {
        !matches!(self, Self::NoCredentials)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl Error for Rejection {}

impl From<CredentialError> for Rejection {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::Repeated => Self::RepeatedCredentials,
            CredentialError::Malformed | CredentialError::TooLong => Self::InvalidToken,
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

impl From<Denial> for Rejection {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Unauthenticated => Self::NoCredentials,
            Denial::Forbidden { .. } => Self::Forbidden,
        }
    }
}
