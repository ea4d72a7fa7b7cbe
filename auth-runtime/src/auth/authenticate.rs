//! Request → verified identity: credential, then whoever can vouch for it.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::{HttpMessage, HttpRequest};

use super::Auth;
use crate::{
    credential,
    identity::{Identity, Verified},
    rejection::Rejection,
    verifier::{Verification, VerifyError, VerifyErrorKind, jwt},
};

/// One request being authenticated. `None` is an anonymous caller: no credential, nothing wrong.
#[derive(Default)]
pub(crate) struct Authenticating(State);

#[derive(Default)]
enum State {
    #[default]
    Start,
    Waiting {
        token: Box<str>,
        answer: PendingAnswer,
    },
}

type PendingAnswer = Pin<Box<dyn Future<Output = Result<Verified, VerifyError>>>>;

/// What a verifier that made us wait said of this token, kept for whoever asks again during this request.
///
/// The type is private, so only a verified identity is ever found under it.
struct Remembered {
    token: Box<str>,
    identity: Identity,
}

/// Somebody else's code panicked.
pub(crate) struct Panicked;

/// Polls a future of the application's; a panic in it is an answer too.
pub(crate) fn poll_caught<T>(
    future: Pin<&mut dyn Future<Output = T>>,
    context: &mut Context<'_>,
) -> Poll<Result<T, Panicked>> {
    match std::panic::catch_unwind(AssertUnwindSafe(|| future.poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(_) => Poll::Ready(Err(Panicked)),
    }
}

impl Authenticating {
    /// Goes on as far as possible. With local keys that is to the end, without waiting or allocating a future.
    pub(crate) fn poll(
        &mut self,
        auth: &Auth,
        request: &HttpRequest,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Identity>, Rejection>> {
        if let State::Start = self.0 {
            match auth.start(request) {
                Started::Done(result) => {
                    auth.count(request, result.as_ref().err());
                    return Poll::Ready(result);
                }
                Started::Waiting { token, answer } => self.0 = State::Waiting { token, answer },
            }
        }
        let State::Waiting { token, answer } = &mut self.0 else {
            return Poll::Ready(Err(Rejection::NotAvailable));
        };
        let answer = ready!(poll_caught(answer.as_mut(), context));
        let result = auth.admit_opaque(answer.unwrap_or_else(|Panicked| Err(panicked())));
        auth.count(request, result.as_ref().err());
        if let Ok(identity) = &result {
            let token = std::mem::take(token);
            request.extensions_mut().insert(Remembered { token, identity: identity.clone() });
        }
        Poll::Ready(result.map(Some))
    }
}

enum Started {
    Done(Result<Option<Identity>, Rejection>),
    Waiting { token: Box<str>, answer: PendingAnswer },
}

impl Auth {
    /// The identity of a request, if it can be told without waiting. Bad credentials give none.
    pub(crate) fn identity_now(&self, request: &HttpRequest) -> Option<Identity> {
        match self.start(request) {
            Started::Done(result) => result.ok().flatten(),
            Started::Waiting { .. } => None,
        }
    }

    fn start(&self, request: &HttpRequest) -> Started {
        match credential::bearer(request.headers(), self.0.token_limit) {
            Ok(None) => Started::Done(Ok(None)),
            Ok(Some(token)) => match self.wait(request) {
                None => self.verify(token, request),
                Some(retry_after) => Started::Done(Err(Rejection::TooManyAttempts { retry_after })),
            },
            Err(error) => {
                tracing::debug!(reason = ?error, "credential refused");
                Started::Done(Err(error.into()))
            }
        }
    }

    /// How long this client has to wait before its credentials are looked at, if it failed too often.
    fn wait(&self, request: &HttpRequest) -> Option<Duration> {
        self.0.attempts.as_ref()?.wait(self.0.networks.client(request)?)
    }

    /// Counts a credential that nobody vouches for against the address it came from.
    fn count(&self, request: &HttpRequest, rejection: Option<&Rejection>) {
        if let (Some(attempts), Some(Rejection::InvalidToken)) = (&self.0.attempts, rejection)
            && let Some(client) = self.0.networks.client(request)
        {
            attempts.failed(client);
        }
    }

    /// What looks like a JWT is decided by the issuers alone, so that no token can choose its judge.
    fn verify(&self, token: &str, request: &HttpRequest) -> Started {
        let jwt = self.0.jwt.as_ref();
        let Some(verifier) = self.0.verifier.as_ref() else {
            // `build` refuses an `Auth` with neither; if there were one, it would deny.
            let answer = jwt.map_or_else(
                || Err(VerifyError::misconfigured("neither an issuer nor a verifier")),
                |jwt| jwt.verify(token, self.now()),
            );
            return Started::Done(self.admit(answer).map(Some));
        };
        if let Some(jwt) = jwt.filter(|_| jwt::looks_like_jwt(token)) {
            return Started::Done(self.admit(jwt.verify(token, self.now())).map(Some));
        }
        if let Some(known) = request.extensions().get::<Remembered>()
            && *known.token == *token
        {
            return Started::Done(Ok(Some(known.identity.clone())));
        }
        match std::panic::catch_unwind(AssertUnwindSafe(|| verifier.verify(token, request))) {
            Ok(Verification::Ready(answer)) => Started::Done(self.admit_opaque(answer).map(Some)),
            Ok(Verification::Later(answer)) => Started::Waiting { token: token.into(), answer },
            Err(_) => Started::Done(self.admit(Err(panicked())).map(Some)),
        }
    }

    /// The JWT rules know about time and leeway; what the application's verifier says is held to its word.
    fn admit_opaque(&self, answer: Result<Verified, VerifyError>) -> Result<Identity, Rejection> {
        self.admit(answer.and_then(|verified| match verified.expires_at {
            Some(end) if self.now() >= end => Err(VerifyError::expired()),
            _ => Ok(verified),
        }))
    }

    /// The one door to an identity: a verifier vouched for the credential.
    fn admit(&self, answer: Result<Verified, VerifyError>) -> Result<Identity, Rejection> {
        match answer {
            Ok(verified) => Ok(Identity::new(verified, &self.0.hierarchy)),
            Err(error) => {
                match &error.kind {
                    VerifyErrorKind::Misconfigured(what) => {
                        tracing::error!(%what, "credentials cannot be verified");
                    }
                    VerifyErrorKind::Unavailable { .. } => tracing::warn!("{error}"),
                    VerifyErrorKind::Invalid(_) | VerifyErrorKind::Expired => {
                        tracing::debug!("{error}");
                    }
                }
                Err(Rejection::from(&error.kind))
            }
        }
    }
}

fn panicked() -> VerifyError {
    VerifyError::misconfigured(
        "the application's verifier panicked; mend what was given to `verifier(…)`",
    )
}
