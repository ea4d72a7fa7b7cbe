//! Builds an [`Auth`], or says what is missing.

use std::sync::Arc;

use super::{Auth, Inner};
use crate::{
    challenge::{Challenges, RealmError},
    clock::{Clock, SystemClock},
    issuer::{Issuer, IssuerError},
    response::{Body, Renderer, Responses},
    roles::RoleHierarchy,
    verifier::{Verifier, jwt::JwtVerifier},
};

/// What a credential may measure unless [`token_limit`](AuthBuilder::token_limit) says otherwise (RESPONSES A27).
const DEFAULT_TOKEN_LIMIT: usize = 16 * 1024;

/// Collects the configuration of an [`Auth`]. Nothing is checked before [`build`](Self::build).
#[must_use]
pub struct AuthBuilder {
    issuers: Vec<Issuer>,
    verifier: Option<Box<dyn Verifier>>,
    hierarchy: RoleHierarchy,
    realm: String,
    body: Body,
    token_limit: usize,
    clock: Box<dyn Clock>,
}

impl Default for AuthBuilder {
    fn default() -> Self {
        Self {
            issuers: Vec::new(),
            verifier: None,
            hierarchy: RoleHierarchy::default(),
            realm: "api".to_owned(),
            body: Body::Json,
            token_limit: DEFAULT_TOKEN_LIMIT,
            clock: Box::new(SystemClock),
        }
    }
}

impl AuthBuilder {
    /// Trusts an issuer of JWTs. Several may be trusted; each token is judged by the one its `iss` names.
    pub fn issuer(mut self, issuer: Issuer) -> Self {
        self.issuers.push(issuer);
        self
    }

    /// Decides about tokens that are no JWTs. Only the last one given is used.
    pub fn verifier(mut self, verifier: impl Verifier) -> Self {
        self.verifier = Some(Box::new(verifier));
        self
    }

    /// Whoever has `role` has `implied` too, and what those imply.
    ///
    /// ```
    /// # use auth_runtime::Auth;
    /// let builder = Auth::builder().role_implies("admin", ["editor"]).role_implies("editor", ["reader"]);
    /// ```
    pub fn role_implies<'a>(
        mut self,
        role: &str,
        implied: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        for implied in implied {
            self.hierarchy.add(role, implied);
        }
        self
    }

    /// The `realm` of every challenge (RFC 9110 §11.5). Default: `api`.
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = realm.into();
        self
    }

    /// Writes rejections as problem details (RFC 9457), `application/problem+json`. The members `error` and `message`
    /// stay.
    pub fn problem_details(mut self) -> Self {
        self.body = Body::ProblemDetails;
        self
    }

    /// Writes rejections with the application's own body and headers. Status and challenge stay.
    pub fn renderer(mut self, renderer: impl Renderer) -> Self {
        self.body = Body::Custom(Arc::new(renderer));
        self
    }

    /// The longest credential that is looked at, in bytes. Default: 16 KiB. Anything longer is a 401.
    pub fn token_limit(mut self, bytes: usize) -> Self {
        self.token_limit = bytes;
        self
    }

    /// Where "now" comes from; for tests. Default: the operating system's clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Parses all keys and checks that this configuration can decide about something.
    ///
    /// # Errors
    ///
    /// If there is neither an issuer nor a verifier, an issuer is incomplete, a key is unusable, or the realm cannot
    /// stand in a header. The message says what to add.
    ///
    /// ```
    /// use auth_runtime::{Auth, Issuer};
    ///
    /// let error = Auth::builder().build().unwrap_err();
    /// assert!(error.to_string().contains("add `.issuer("));
    ///
    /// let error = Auth::builder().issuer(Issuer::new("https://id.example.com/").audience("api")).build().unwrap_err();
    /// assert!(error.to_string().contains("https://id.example.com/"));
    /// ```
    pub fn build(self) -> Result<Auth, BuildError> {
        let Self { issuers, verifier, hierarchy, realm, body, token_limit, clock } = self;
        if issuers.is_empty() && verifier.is_none() {
            return Err(BuildErrorKind::NobodyVouches.into());
        }
        if token_limit == 0 {
            return Err(BuildErrorKind::TokenLimit.into());
        }
        let jwt = if issuers.is_empty() { None } else { Some(JwtVerifier::new(issuers)?) };
        let responses = Responses { challenges: Challenges::new(&realm)?, body };
        Ok(Auth(Arc::new(Inner { jwt, verifier, hierarchy, responses, token_limit, clock })))
    }
}

/// Why an [`Auth`] could not be built: always the operator's or programmer's to mend.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct BuildError(#[from] BuildErrorKind);

#[derive(Debug, thiserror::Error)]
enum BuildErrorKind {
    #[error(
        "nobody vouches for callers: add `.issuer(Issuer::new(…).audience(…).key(…))`, or `.verifier(…)` for opaque tokens"
    )]
    NobodyVouches,
    #[error(
        "a token limit of 0 bytes refuses every token: leave `.token_limit(…)` out or give a size in bytes"
    )]
    TokenLimit,
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    #[error(transparent)]
    Realm(#[from] RealmError),
}

impl From<IssuerError> for BuildError {
    fn from(error: IssuerError) -> Self {
        Self(error.into())
    }
}

impl From<RealmError> for BuildError {
    fn from(error: RealmError) -> Self {
        Self(error.into())
    }
}
