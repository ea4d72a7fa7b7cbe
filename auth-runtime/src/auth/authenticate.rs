//! Request → verified identity: credential, then whoever can vouch for it.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::{HttpMessage, HttpRequest};

use super::Auth;
#[cfg(feature = "jwks")]
use crate::verifier::jwt::UnknownKey;
use crate::{
    credential::{Credential, Method},
    identity::{Identity, Verified},
    rejection::Rejection,
    revocation::Objection,
    verifier::{
        Verification, VerifyError, VerifyErrorKind,
        api_key::Lookup,
        jwt::{self, JwtVerifier, Refusal},
    },
};

/// One request being authenticated. `None` is an anonymous caller: no credential, nothing wrong.
#[derive(Default)]
pub(crate) struct Authenticating(State);

#[derive(Default)]
enum State {
    #[default]
    Start,
    Waiting {
        origin: Origin,
        text: Box<[u8]>,
        answer: PendingAnswer,
    },
}

type PendingAnswer = Pin<Box<dyn Future<Output = Result<Verified, VerifyError>>>>;

/// Where a credential came from, and so how its answer is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Origin {
    method: Method,
    /// The JWT rules know about time and leeway; what others vouch for is held to its word.
    check_expiry: bool,
}

/// What somebody who made us wait said of a credential, kept for whoever asks the same [`Auth`] again during this request.
///
/// The type is private, so only a verified identity is ever found under it.
struct Remembered {
    auth: Auth,
    method: Method,
    text: Box<[u8]>,
    identity: Identity,
}

/// This request's credential was counted as a failed attempt.
struct Counted;

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
                    return Poll::Ready(auth.still_stands(result));
                }
                Started::Waiting { origin, text, answer } => {
                    self.0 = State::Waiting { origin, text, answer };
                }
            }
        }
        let State::Waiting { origin, text, answer } = &mut self.0 else {
            return Poll::Ready(Err(Rejection::NotAvailable));
        };
        let answer = ready!(poll_caught(answer.as_mut(), context));
        let answer = answer.unwrap_or_else(|Panicked| Err(panicked()));
        let result = auth.admit(answer, *origin, request);
        auth.count(request, result.as_ref().err());
        if let Ok(identity) = &result {
            let (method, text) = (origin.method, std::mem::take(text));
            let identity = identity.clone();
            let auth = auth.clone();
            request.extensions_mut().insert(Remembered { auth, method, text, identity });
        }
        Poll::Ready(auth.still_stands(result.map(Some)))
    }
}

enum Started {
    Done(Result<Option<Identity>, Rejection>),
    Waiting { origin: Origin, text: Box<[u8]>, answer: PendingAnswer },
}

impl Auth {
    /// The identity of a request, if it can be told without waiting. Bad credentials give none.
    pub(crate) fn identity_now(&self, request: &HttpRequest) -> Option<Identity> {
        match self.start(request) {
            Started::Done(result) => {
                self.count(request, result.as_ref().err());
                self.still_stands(result).ok().flatten()
            }
            Started::Waiting { .. } => None,
        }
    }

    fn start(&self, request: &HttpRequest) -> Started {
        match self.0.places.find(request.headers()) {
            Ok(None) => Started::Done(Ok(None)),
            Ok(Some(credential)) => match self.wait(request) {
                None => self.verify(credential, request),
                Some(retry_after) => Started::Done(Err(Rejection::TooManyAttempts { retry_after })),
            },
            Err(error) => {
                tracing::debug!(reason = ?error, "credential refused");
                Started::Done(Err(error.into()))
            }
        }
    }

    /// The last door: what was vouched for may have been taken back since (RESPONSES A15).
    ///
    /// Every identity passes here each time it is asked for, a remembered one too. A revoked credential is genuine, so it
    /// comes after failures are counted.
    fn still_stands(
        &self,
        found: Result<Option<Identity>, Rejection>,
    ) -> Result<Option<Identity>, Rejection> {
        let (Some(revocations), Ok(Some(identity))) = (&self.0.revocations, &found) else {
            return found;
        };
        match revocations.objection(identity, self.now()) {
            None => found,
            Some(objection) => {
                if objection == Objection::TooOld {
                    // Perhaps a setting is wrong.
                    tracing::warn!(%objection, "credential refused");
                } else {
                    tracing::debug!(%objection, "credential refused");
                }
                Err(objection.rejection(identity.method()))
            }
        }
    }

    /// How long this client has to wait before its credentials are looked at, if it failed too often.
    fn wait(&self, request: &HttpRequest) -> Option<Duration> {
        let attempts = self.0.attempts.as_ref()?;
        // This request was the last attempt: whoever asks again during it gets the same answer.
        if request.extensions().contains::<Counted>() {
            return None;
        }
        attempts.wait(self.0.networks.client(request)?)
    }

    /// Counts a credential that nobody vouches for against the address it came from.
    fn count(&self, request: &HttpRequest, rejection: Option<&Rejection>) {
        let Some(Rejection::InvalidToken | Rejection::InvalidApiKey) = rejection else { return };
        let Some(attempts) = &self.0.attempts else { return };
        // Several extractors may come upon the same credential: that is one attempt.
        if request.extensions().contains::<Counted>() {
            return;
        }
        if let Some(client) = self.0.networks.client(request) {
            attempts.failed(client);
            request.extensions_mut().insert(Counted);
        }
    }

    fn verify(&self, credential: Credential<'_>, request: &HttpRequest) -> Started {
        let (text, method) = match credential {
            Credential::Token(token, method) => (token.as_bytes(), method),
            Credential::ApiKey(key) => (key, Method::ApiKey),
        };
        if let Some(known) = request.extensions().get::<Remembered>()
            && Arc::ptr_eq(&known.auth.0, &self.0)
            && known.method == method
            && *known.text == *text
        {
            return Started::Done(Ok(Some(known.identity.clone())));
        }
        let (verification, check_expiry) = match credential {
            Credential::Token(token, _) => self.verify_token(token, request),
            Credential::ApiKey(key) => (self.verify_key(key), true),
        };
        let origin = Origin { method, check_expiry };
        match verification {
            Verification::Ready(answer) => {
                Started::Done(self.admit(answer, origin, request).map(Some))
            }
            Verification::Later(answer) => Started::Waiting { origin, text: text.into(), answer },
        }
    }

    /// What looks like a JWT is decided by the issuers alone, so that no token can choose its judge. Says whether the
    /// answer's expiry is still to be checked.
    fn verify_token(&self, token: &str, request: &HttpRequest) -> (Verification, bool) {
        let jwt = self.0.jwt.as_ref();
        let Some(verifier) = self.0.verifier.as_ref() else {
            // Without either no token is looked for; if one were, it would be denied.
            let nobody = || Err(VerifyError::misconfigured("neither an issuer nor a verifier"));
            let verification =
                jwt.map_or_else(|| Verification::Ready(nobody()), |jwt| self.judge(jwt, token));
            return (verification, false);
        };
        if let Some(jwt) = jwt.filter(|_| jwt::looks_like_jwt(token)) {
            return (self.judge(jwt, token), false);
        }
        let verification = caught(|| verifier.verify(token, request));
        (verification.unwrap_or_else(|Panicked| Verification::Ready(Err(panicked()))), true)
    }

    /// A JWT waits only for a key that is not here and may be published by now.
    fn judge(&self, jwt: &JwtVerifier, token: &str) -> Verification {
        match jwt.judge(token, self.now()) {
            Ok(verified) => Verification::Ready(Ok(verified)),
            Err(Refusal::Final(error)) => Verification::Ready(Err(error)),
            #[cfg(feature = "jwks")]
            Err(Refusal::UnknownKey(unknown)) => self.judge_later(token, unknown),
        }
    }

    #[cfg(feature = "jwks")]
    fn judge_later(&self, token: &str, UnknownKey { keys, tried }: UnknownKey) -> Verification {
        let now = self.now();
        if !keys.may_learn(tried, now) {
            return Verification::Ready(Err(keys.unknown(now)));
        }
        let (auth, token) = (self.clone(), token.to_owned());
        Verification::later(async move {
            keys.learn(tried, now).await;
            let jwt = auth.0.jwt.as_ref();
            jwt.map_or_else(|| Err(keys.unknown(now)), |jwt| jwt.verify(&token, auth.now()))
        })
    }

    fn verify_key(&self, text: &[u8]) -> Verification {
        let Some(keys) = &self.0.api_keys else {
            return Verification::Ready(Err(VerifyError::misconfigured("no API keys")));
        };
        match caught(|| keys.find(text)) {
            Err(Panicked) => Verification::Ready(Err(panicked())),
            Ok(Err(error)) => Verification::Ready(Err(error)),
            Ok(Ok((Lookup::Ready(found), presented))) => {
                Verification::Ready(found.and_then(|found| keys.judge(found.as_ref(), &presented)))
            }
            Ok(Ok((Lookup::Later(found), presented))) => {
                let keys = keys.clone();
                Verification::later(async move { keys.judge(found.await?.as_ref(), &presented) })
            }
        }
    }

    /// The one door to an identity: somebody vouched for the credential, and it came from where it may come from.
    fn admit(
        &self,
        answer: Result<Verified, VerifyError>,
        origin: Origin,
        request: &HttpRequest,
    ) -> Result<Identity, Rejection> {
        let answer = answer.and_then(|verified| match verified.expires_at {
            Some(end)
                if origin.check_expiry && self.now() >= end.saturating_add(verified.leeway) =>
            {
                Err(VerifyError::expired())
            }
            _ => Ok(verified),
        });
        let mut verified = answer.map_err(|error| refused(&error, origin.method))?;
        if origin.method == Method::Cookie {
            verified.method = Method::Cookie;
        }
        if !self.0.places.is_ours(origin.method, request) {
            tracing::debug!("a cookie came with a request that another site may have made");
            return Err(Rejection::Forbidden);
        }
        Ok(Identity::new(verified, &self.0.hierarchy))
    }
}

fn refused(error: &VerifyError, method: Method) -> Rejection {
    match &error.kind {
        VerifyErrorKind::Misconfigured(what) => {
            tracing::error!(%what, "credentials cannot be verified");
        }
        VerifyErrorKind::Unavailable { .. } => tracing::warn!("{error}"),
        VerifyErrorKind::Invalid(_) | VerifyErrorKind::Expired => {
            tracing::debug!("{error}");
            if method == Method::ApiKey {
                return Rejection::InvalidApiKey;
            }
        }
    }
    Rejection::from(&error.kind)
}

fn caught<T>(ask: impl FnOnce() -> T) -> Result<T, Panicked> {
    std::panic::catch_unwind(AssertUnwindSafe(ask)).map_err(|_| Panicked)
}

fn panicked() -> VerifyError {
    VerifyError::misconfigured(
        "the application's verifier or key store panicked; mend what was given to `verifier(…)` or `api_keys(…)`",
    )
}
