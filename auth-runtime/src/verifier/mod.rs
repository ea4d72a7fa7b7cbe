//! Credential → what it proves.
//!
//! JWTs have a verifier built in. A [`Verifier`] of the application's own decides about opaque tokens.

pub(crate) mod api_key;
pub(crate) mod dpop;
#[cfg(feature = "jwks")]
pub(crate) mod introspection;
pub(crate) mod jwt;

use std::{fmt, future::Future, pin::Pin, time::Duration};

use actix_web::HttpRequest;

pub use crate::identity::Verified;

/// Decides whether a token that is no JWT is genuine, and what it says.
///
/// Tokens that look like a JWT (two dots) never reach it as long as an [`Issuer`](crate::Issuer) is configured.
/// Whatever it answers is final for this request; nothing is remembered between requests.
///
/// A panic in it, or in the future it returns, is a 500 and the request is denied.
///
/// # Examples
///
/// ```
/// use actix_web::HttpRequest;
/// use auth_runtime::verifier::{Verification, Verified, Verifier, VerifyError};
///
/// struct Sessions;
///
/// impl Verifier for Sessions {
///     fn verify(&self, token: &str, _request: &HttpRequest) -> Verification {
///         let token = token.to_owned();
///         Verification::later(async move {
///             // … ask the session store …
///             if token == "s3ss10n" {
///                 Ok(Verified::new("https://sessions.example", "ann").role("admin"))
///             } else {
///                 Err(VerifyError::invalid("no such session"))
///             }
///         })
///     }
/// }
/// ```
pub trait Verifier: Send + Sync + 'static {
    /// Looks at `token` (the credential without its scheme, RFC 6750 `b64token` characters only).
    ///
    /// Answer with [`Verification::Ready`] when nothing has to be waited for: then the guard does not allocate.
    fn verify(&self, token: &str, request: &HttpRequest) -> Verification;
}

/// A verifier's answer, now or later.
#[non_exhaustive]
pub enum Verification {
    /// The answer is known.
    Ready(Result<Verified, VerifyError>),
    /// The answer has to be waited for.
    Later(Pin<Box<dyn Future<Output = Result<Verified, VerifyError>>>>),
}

impl Verification {
    /// An answer that has to be waited for.
    pub fn later(answer: impl Future<Output = Result<Verified, VerifyError>> + 'static) -> Self {
        Self::Later(Box::pin(answer))
    }
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready(Ok(_)) => "Ready(Ok(..))",
            Self::Ready(Err(_)) => "Ready(Err(..))",
            Self::Later(_) => "Later(..)",
        })
    }
}

/// Why a credential was not accepted.
///
/// The client never sees more than *which kind* of failure it was; the detail goes to the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{kind}")]
pub struct VerifyError {
    pub(crate) kind: VerifyErrorKind,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum VerifyErrorKind {
    /// 401 `invalid_token`. The reason is a fixed text of ours (or of the application's verifier), never the token's.
    #[error("the token is not acceptable: {0}")]
    Invalid(&'static str),
    /// 401 `invalid_token`, "The access token expired": genuine, and would have been accepted earlier.
    #[error("the token has expired")]
    Expired,
    /// 503.
    #[error("the verifier cannot be reached")]
    Unavailable { retry_after: Duration },
    /// 500.
    #[error("the verifier is not set up: {0}")]
    Misconfigured(String),
}

impl VerifyError {
    /// The credential is wrong: 401 `invalid_token`. `reason` goes to the log, never to the client.
    #[must_use]
    pub fn invalid(reason: &'static str) -> Self {
        Self { kind: VerifyErrorKind::Invalid(reason) }
    }

    /// The credential was right once: 401 `invalid_token`, "The access token expired".
    #[must_use]
    pub fn expired() -> Self {
        Self { kind: VerifyErrorKind::Expired }
    }

    /// Nobody can tell at the moment: 503 with `Retry-After`. Never a 401, which would send clients to log in again.
    #[must_use]
    pub fn unavailable(retry_after: Duration) -> Self {
        Self { kind: VerifyErrorKind::Unavailable { retry_after } }
    }

    /// The operator has to mend something: 500. `what` goes to the log at error level.
    #[must_use]
    pub fn misconfigured(what: impl Into<String>) -> Self {
        Self { kind: VerifyErrorKind::Misconfigured(what.into()) }
    }

    /// Whether the credential is genuine but past its time.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        matches!(self.kind, VerifyErrorKind::Expired)
    }

    /// Whether the fault is not the client's.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        matches!(self.kind, VerifyErrorKind::Unavailable { .. } | VerifyErrorKind::Misconfigured(_))
    }
}
