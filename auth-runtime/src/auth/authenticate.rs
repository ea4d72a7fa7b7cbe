//! Request → verified identity: credential, then whoever can vouch for it.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::{HttpMessage, HttpRequest, http::header::HeaderValue};

use super::{Auth, Inner};
#[cfg(feature = "jwks")]
use crate::verifier::jwt::UnknownKey;
use crate::{
    audit::metrics,
    credential::{Credential, CredentialError, Method, b64token},
    identity::{Identity, Validity, Verified},
    rejection::Rejection,
    revocation::Objection,
    verifier::{
        Verification, VerifyError, VerifyErrorKind,
        api_key::Lookup,
        jwt::{self, Refusal},
    },
};

/// Who sends a request, if that can be told at once. `None` is an anonymous caller: no credential, nothing wrong.
pub(crate) enum Authenticated {
    Now(Result<Option<Identity>, TurnedAway>),
    Later(Authenticating),
}

/// A credential that somebody takes time to vouch for.
pub(crate) struct Authenticating {
    kept: Kept,
    check_expiry: bool,
    answer: PendingAnswer,
}

/// A credential that lets nobody in.
pub(crate) struct TurnedAway {
    pub(crate) rejection: Rejection,
    /// Whose it is, where somebody vouched for it and its sender was not let in all the same. For events: who must not
    /// come in may be known.
    pub(crate) owner: Option<Identity>,
}

impl From<Rejection> for TurnedAway {
    fn from(rejection: Rejection) -> Self {
        Self { rejection, owner: None }
    }
}

type PendingAnswer = Pin<Box<dyn Future<Output = Result<Verified, VerifyError>>>>;

/// A credential as it stands in the request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Given<'a> {
    pub(super) method: Method,
    pub(super) text: &'a [u8],
    pub(super) proof: Option<&'a [u8]>,
}

/// What is known of it at first sight.
enum Presented<'a> {
    /// It was verified before, and would be again.
    Known(Identity),
    /// For the issuers, who take it apart byte by byte.
    Jwt,
    Token(&'a str),
    ApiKey,
}

/// What one look at a request tells of who sends it.
pub(crate) enum Known {
    /// Nobody: there is no credential, good or bad.
    Nobody,
    /// Somebody whose token was seen before, and nothing else can make a difference.
    Stands(Identity),
    /// Not enough: who sends it, and whether he may come in, is for all there is to find out.
    Open(Looked),
}

/// Whether it is known already who sends a token, so that nobody looks it up again.
pub(crate) enum Looked {
    /// It was not looked up.
    Not,
    /// It was: whoever sent it before, if anybody did.
    Up(Option<Identity>),
}

/// A credential, for as long as somebody makes us wait.
struct Kept {
    method: Method,
    text: Box<[u8]>,
    proof: Option<Box<[u8]>>,
}

impl<'a> Given<'a> {
    fn new(credential: Credential<'a>) -> Self {
        match credential {
            Credential::Token(token, method) => Self { method, text: token, proof: None },
            Credential::Bound { token, proof } => {
                Self { method: Method::Dpop, text: token, proof: Some(proof) }
            }
            Credential::ApiKey(key) => Self { method: Method::ApiKey, text: key, proof: None },
        }
    }

    fn keep(self) -> Kept {
        let Self { method, text, proof } = self;
        Kept { method, text: text.into(), proof: proof.map(Into::into) }
    }
}

impl Kept {
    fn given(&self) -> Given<'_> {
        Given { method: self.method, text: &self.text, proof: self.proof.as_deref() }
    }
}

/// What was found out about a credential at some cost, kept for whoever asks the same [`Auth`] again during this request:
/// somebody made us wait, or a proof was used that is good once.
///
/// The type is private, so only a verified identity is ever found under it.
struct Remembered {
    auth: Auth,
    kept: Kept,
    identity: Identity,
    /// What the response tells the client to put into its next proof.
    nonce: Option<HeaderValue>,
}

/// Somebody vouches for this caller. Whether he may come in is for [`Auth::let_in`] to see.
struct Vouched<'a> {
    identity: Identity,
    given: Given<'a>,
    kept: Keep,
    /// Set where this was found out just now, and will be the same for other requests with the same token.
    fresh: Option<Validity>,
}

/// Whether what was found out is kept for whoever asks again during this request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// Finding it out again costs less.
    No,
    Yes,
    /// It is, so that the caller was let in before.
    Done,
}

/// Where this request's credential was counted as a failed attempt: a scope may have an [`Auth`] and a limit of its own.
#[derive(Default)]
struct Counted(Vec<Auth>);

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
    /// Goes on as far as possible.
    pub(crate) fn poll(
        &mut self,
        auth: &Auth,
        request: &HttpRequest,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Identity>, TurnedAway>> {
        let Self { kept, check_expiry, answer } = self;
        let answer = ready!(poll_caught(answer.as_mut(), context));
        let answer = answer.unwrap_or_else(|Panicked| Err(panicked()));
        let given = kept.given();
        // Extractors wait side by side: where another one was first with the same proof, it is used up.
        let found = match auth.remembered(given, request) {
            Some(known) => Ok(known),
            None => auth.vouched(answer, *check_expiry, given, Keep::Yes, request),
        };
        Poll::Ready(auth.let_in(found, request).map(Some))
    }
}

/// What can be said of a request without waiting.
enum Started<'a> {
    Nobody,
    Vouched(Vouched<'a>),
    Refused(Rejection),
    Waiting(Authenticating),
}

impl Auth {
    /// Who sends this request, as far as one look tells: in nearly every request, all there is to tell.
    #[inline]
    pub(crate) fn look(&self, request: &HttpRequest) -> Known {
        let token = match self.plain(request) {
            Some([]) => return Known::Nobody,
            Some(token) => token,
            None => return Known::Open(Looked::Not),
        };
        match self.known(Given { method: Method::Bearer, text: token, proof: None }) {
            // Passing it on to the last doors would take longer than they do.
            Some(identity)
                if identity.bound_to().is_none() && self.objection(&identity).is_none() =>
            {
                Known::Stands(identity)
            }
            known => Known::Open(Looked::Up(known)),
        }
    }

    /// Goes on from there as far as possible without waiting. With local keys that is to the end, and nothing is allocated
    /// for it.
    #[inline]
    pub(crate) fn authenticate(&self, request: &HttpRequest, known: Known) -> Authenticated {
        match known {
            Known::Stands(identity) => Authenticated::Now(Ok(Some(identity))),
            Known::Nobody => Authenticated::Now(Ok(None)),
            Known::Open(looked) => self.authenticate_thoroughly(request, looked),
        }
    }

    /// The token of a request, empty if it has no credential; `None` where there is more to look at.
    #[inline]
    fn plain<'a>(&self, request: &'a HttpRequest) -> Option<&'a [u8]> {
        // Whoever failed too often has to wait, whatever he sends.
        if self.ledger().attempts.is_some() {
            return None;
        }
        self.0.places.plain(request.headers())
    }

    #[inline(never)]
    fn authenticate_thoroughly(&self, request: &HttpRequest, looked: Looked) -> Authenticated {
        Authenticated::Now(match self.start(request, looked) {
            Started::Nobody => Ok(None),
            Started::Vouched(vouched) => self.let_in(Ok(vouched), request).map(Some),
            Started::Refused(rejection) => self.let_in(Err(rejection), request).map(Some),
            Started::Waiting(authenticating) => return Authenticated::Later(authenticating),
        })
    }

    /// The identity of a request, if it can be told without waiting. Bad credentials give none.
    pub(crate) fn identity_now(&self, request: &HttpRequest) -> Option<Identity> {
        let found = match self.start(request, Looked::Not) {
            // A proof is good once: whoever only looks must not use it up.
            Started::Vouched(Vouched { given, kept, .. })
                if given.proof.is_some() && kept != Keep::Done =>
            {
                return None;
            }
            Started::Vouched(vouched) => Ok(vouched),
            Started::Refused(rejection) => Err(rejection),
            Started::Nobody | Started::Waiting(_) => return None,
        };
        self.let_in(found, request).ok()
    }

    /// The last doors, in the order of RESPONSES: what was vouched for may have been taken back since (A15), and whoever
    /// sends it may not be its owner (A20). Nobody gets an identity but through them, each time he asks for it.
    #[inline]
    fn let_in(
        &self,
        found: Result<Vouched<'_>, Rejection>,
        request: &HttpRequest,
    ) -> Result<Identity, TurnedAway> {
        let vouched = match found {
            Ok(vouched) => vouched,
            Err(rejection) => {
                self.count(request, &rejection);
                return Err(rejection.into());
            }
        };
        match self.check(&vouched, request) {
            Ok(()) => Ok(vouched.identity),
            Err(rejection) => Err(TurnedAway { rejection, owner: Some(vouched.identity) }),
        }
    }

    #[inline]
    fn check(&self, vouched: &Vouched<'_>, request: &HttpRequest) -> Result<(), Rejection> {
        let Vouched { identity, given, kept, fresh } = vouched;
        // A revoked credential is genuine, and so no failed attempt.
        self.still_stands(identity)?;
        if *kept == Keep::Done {
            return Ok(());
        }
        let nonce = match self.check_binding(identity.bound_to(), *given, request) {
            Ok(nonce) => nonce,
            Err(rejection) => {
                self.count(request, &rejection);
                return Err(rejection);
            }
        };
        // Only who comes in is remembered: what is refused is looked at again each time.
        if let (Some(validity), Some(tokens)) = (fresh, &self.0.tokens) {
            tokens.insert(given.text, identity, *validity);
        }
        if *kept == Keep::Yes {
            self.keep(*given, identity, nonce, request);
        }
        Ok(())
    }

    fn keep(
        &self,
        given: Given<'_>,
        identity: &Identity,
        nonce: Option<HeaderValue>,
        request: &HttpRequest,
    ) {
        let (auth, kept) = (self.clone(), given.keep());
        let remembered = Remembered { auth, kept, identity: identity.clone(), nonce };
        request.extensions_mut().insert(remembered);
    }

    #[inline]
    fn start<'a>(&self, request: &'a HttpRequest, looked: Looked) -> Started<'a> {
        let (given, presented) = match self.presented(request, looked) {
            Ok(Some(found)) => found,
            Ok(None) => return Started::Nobody,
            Err(error) => return Started::Refused(unsound(error)),
        };
        match self.wait(request) {
            None => self.verify(given, presented, request),
            Some(retry_after) => Started::Refused(too_early(given, &presented, retry_after)),
        }
    }

    #[inline]
    fn presented<'a>(
        &self,
        request: &'a HttpRequest,
        looked: Looked,
    ) -> Result<Option<(Given<'a>, Presented<'a>)>, CredentialError> {
        let Some(credential) = self.0.places.find(request.headers())? else { return Ok(None) };
        let given = Given::new(credential);
        let known = match looked {
            Looked::Not => self.known(given),
            Looked::Up(known) => known,
        };
        let presented = match known {
            Some(identity) => Presented::Known(identity),
            None => self.unknown(credential, given)?,
        };
        Ok(Some((given, presented)))
    }

    // Apart from the way of a token that is known, as what verifies it is.
    #[inline(never)]
    fn unknown<'a>(
        &self,
        credential: Credential<'a>,
        given: Given<'a>,
    ) -> Result<Presented<'a>, CredentialError> {
        // Issuers take no characters but those that any token may have, and refuse others in the same way.
        if given.method != Method::ApiKey && self.judges(given.text) {
            return Ok(Presented::Jwt);
        }
        Ok(credential.token()?.map_or(Presented::ApiKey, Presented::Token))
    }

    #[inline]
    fn still_stands(&self, identity: &Identity) -> Result<(), Rejection> {
        match self.objection(identity) {
            None => Ok(()),
            Some(objection) => Err(objected(objection, identity)),
        }
    }

    #[inline]
    fn objection(&self, identity: &Identity) -> Option<Objection> {
        self.ledger().revocations.as_ref()?.objection(identity, self.now())
    }

    /// A nonce that this request's client does not have yet.
    pub(crate) fn next_nonce(&self, request: &HttpRequest) -> Option<HeaderValue> {
        let extensions = request.extensions();
        let known = extensions.get::<Remembered>()?;
        known.nonce.clone().filter(|_| Arc::ptr_eq(&known.auth.0, &self.0))
    }

    /// How long this client has to wait before its credentials are looked at, if it failed too often.
    #[inline]
    fn wait(&self, request: &HttpRequest) -> Option<Duration> {
        let attempts = self.ledger().attempts.as_ref()?;
        // This request was the last attempt: whoever asks again during it gets the same answer.
        if self.has_counted(request) {
            return None;
        }
        attempts.wait(self.0.networks.client(request)?)
    }

    /// Counts a credential that nobody vouches for against the address it came from.
    fn count(&self, request: &HttpRequest, rejection: &Rejection) {
        let (Rejection::InvalidToken | Rejection::InvalidProof | Rejection::InvalidApiKey) =
            rejection
        else {
            return;
        };
        let Some(attempts) = &self.ledger().attempts else { return };
        // Several extractors may come upon the same credential: that is one attempt.
        if self.has_counted(request) {
            return;
        }
        if let Some(client) = self.0.networks.client(request) {
            attempts.failed(client);
            let mut extensions = request.extensions_mut();
            let mut counted = extensions.remove::<Counted>().unwrap_or_default();
            counted.0.push(self.clone());
            extensions.insert(counted);
        }
    }

    fn has_counted(&self, request: &HttpRequest) -> bool {
        let extensions = request.extensions();
        let counted = extensions.get::<Counted>();
        counted.is_some_and(|Counted(by)| by.iter().any(|auth| Arc::ptr_eq(&auth.0, &self.0)))
    }

    #[inline]
    fn verify<'a>(
        &self,
        given: Given<'a>,
        presented: Presented<'a>,
        request: &HttpRequest,
    ) -> Started<'a> {
        match presented {
            // What was kept of it during this request would say the same, but for its proof.
            Presented::Known(identity) if given.proof.is_none() => {
                self.vouched_before(identity, given, Keep::No, request)
            }
            presented => self.verify_anew(given, presented, request),
        }
    }

    #[inline]
    fn vouched_before<'a>(
        &self,
        identity: Identity,
        given: Given<'a>,
        kept: Keep,
        request: &HttpRequest,
    ) -> Started<'a> {
        match self.may_come(given.method, request) {
            Ok(()) => Started::Vouched(Vouched { identity, given, kept, fresh: None }),
            Err(rejection) => Started::Refused(rejection),
        }
    }

    // Apart from the way of a token that is known, which needs none of its room on the stack.
    #[inline(never)]
    fn verify_anew<'a>(
        &self,
        given: Given<'a>,
        presented: Presented<'a>,
        request: &HttpRequest,
    ) -> Started<'a> {
        if let Some(kept) = self.remembered(given, request) {
            return Started::Vouched(kept);
        }
        let keep = if given.proof.is_some() { Keep::Yes } else { Keep::No };
        let (verification, check_expiry) = match presented {
            Presented::Known(identity) => {
                return self.vouched_before(identity, given, keep, request);
            }
            Presented::Jwt => (self.judge(given.text), false),
            Presented::Token(token) => (self.verify_token(token, request), true),
            Presented::ApiKey => (self.verify_key(given.text), true),
        };
        match verification {
            Verification::Ready(answer) => {
                match self.vouched(answer, check_expiry, given, keep, request) {
                    Ok(vouched) => Started::Vouched(vouched),
                    Err(rejection) => Started::Refused(rejection),
                }
            }
            Verification::Later(answer) => {
                Started::Waiting(Authenticating { kept: given.keep(), check_expiry, answer })
            }
        }
    }

    #[inline]
    fn remembered<'a>(&self, given: Given<'a>, request: &HttpRequest) -> Option<Vouched<'a>> {
        let extensions = request.extensions();
        let known = extensions.get::<Remembered>()?;
        let same = Arc::ptr_eq(&known.auth.0, &self.0) && known.kept.given() == given;
        let identity = known.identity.clone();
        same.then_some(Vouched { identity, given, kept: Keep::Done, fresh: None })
    }

    /// Who sends this token, if it was verified before and would be again.
    #[inline]
    fn known(&self, given: Given<'_>) -> Option<Identity> {
        let (tokens, jwt) = (self.0.tokens.as_ref()?, self.0.jwt.as_ref()?);
        if given.method == Method::ApiKey {
            return None;
        }
        let now = self.now();
        let known = tokens.get(given.text, given.method, now, |it| jwt.generation(it, now));
        metrics::looked_up(metrics::Cache::Tokens, known.is_some());
        known
    }

    /// Whether the issuers decide about this token. What looks like a JWT is decided by them alone, so that no token can
    /// choose its judge.
    fn judges(&self, token: &[u8]) -> bool {
        let Inner { jwt, verifier, .. } = &*self.0;
        jwt.is_some() && (verifier.is_none() || jwt::looks_like_jwt(token))
    }

    fn verify_token(&self, token: &str, request: &HttpRequest) -> Verification {
        match &self.0.verifier {
            Some(verifier) => caught(|| verifier.verify(token, request))
                .unwrap_or_else(|Panicked| Verification::Ready(Err(panicked()))),
            None => nobody(),
        }
    }

    /// A JWT waits only for a key that is not here and may be published by now.
    fn judge(&self, token: &[u8]) -> Verification {
        let Some(jwt) = &self.0.jwt else { return nobody() };
        match jwt.judge(token, self.now()) {
            Ok(verified) => Verification::Ready(Ok(verified)),
            Err(Refusal::Final(error)) => Verification::Ready(Err(error)),
            #[cfg(feature = "jwks")]
            Err(Refusal::UnknownKey(unknown)) => self.judge_later(token, unknown),
        }
    }

    #[cfg(feature = "jwks")]
    fn judge_later(&self, token: &[u8], UnknownKey { keys, tried }: UnknownKey) -> Verification {
        let now = self.now();
        if !keys.may_learn(tried, now) {
            return Verification::Ready(Err(keys.unknown(now)));
        }
        let (auth, token) = (self.clone(), token.to_owned());
        Verification::later(async move {
            keys.learn(tried, now).await;
            let jwt = auth.0.jwt.as_ref();
            jwt.map_or_else(|| Err(keys.unknown(now)), |jwt| jwt.verify(token, auth.now()))
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

    /// The one place where an identity is made: somebody vouched for the credential, and it came from where it may come.
    /// (Those of [`TokenCache`](crate::cache::TokenCache) were made here, and come through the same last doors.)
    ///
    /// The JWT rules know about time and leeway; what others vouch for is held to its word (`check_expiry`).
    fn vouched<'a>(
        &self,
        answer: Result<Verified, VerifyError>,
        check_expiry: bool,
        given: Given<'a>,
        kept: Keep,
        request: &HttpRequest,
    ) -> Result<Vouched<'a>, Rejection> {
        let answer = answer.and_then(|verified| match verified.expires_at {
            Some(end) if check_expiry && self.now() >= end.saturating_add(verified.leeway) => {
                Err(VerifyError::expired())
            }
            _ => Ok(verified),
        });
        let mut verified = answer.map_err(|error| refused(&error, given.method))?;
        if let Method::Cookie | Method::Dpop = given.method {
            verified.method = given.method;
        }
        self.may_come(given.method, request)?;
        let fresh = verified.validity.take();
        Ok(Vouched { identity: Identity::new(verified, &self.0.hierarchy), given, kept, fresh })
    }

    /// Whether a genuine credential came from where it may come.
    #[inline]
    fn may_come(&self, method: Method, request: &HttpRequest) -> Result<(), Rejection> {
        if self.0.places.is_ours(method, request) { Ok(()) } else { Err(from_elsewhere()) }
    }
}

#[cold]
fn objected(objection: Objection, identity: &Identity) -> Rejection {
    if objection == Objection::TooOld {
        // Perhaps a setting is wrong.
        tracing::warn!(%objection, "credential refused");
    } else {
        tracing::debug!(%objection, "credential refused");
    }
    objection.rejection(identity.method())
}

#[cold]
fn unsound(error: CredentialError) -> Rejection {
    tracing::debug!(reason = ?error, "credential refused");
    error.into()
}

/// What no token consists of is said before anybody is told to wait.
#[cold]
fn too_early(given: Given<'_>, presented: &Presented<'_>, retry_after: Duration) -> Rejection {
    match presented {
        Presented::Jwt | Presented::Token(_) => match b64token(given.text) {
            Ok(_) => Rejection::TooManyAttempts { retry_after },
            Err(error) => unsound(error),
        },
        Presented::Known(_) | Presented::ApiKey => Rejection::TooManyAttempts { retry_after },
    }
}

#[cold]
fn from_elsewhere() -> Rejection {
    tracing::debug!("a cookie came with a request that another site may have made");
    Rejection::Forbidden
}

pub(super) fn refused(error: &VerifyError, method: Method) -> Rejection {
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

/// Without either an issuer or a verifier no token is looked for; if one were, it would be denied.
fn nobody() -> Verification {
    Verification::Ready(Err(VerifyError::misconfigured("neither an issuer nor a verifier")))
}

fn panicked() -> VerifyError {
    VerifyError::misconfigured(
        "the application's verifier or key store panicked; mend what was given to `verifier(…)` or `api_keys(…)`",
    )
}
