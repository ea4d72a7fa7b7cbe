//! Who the caller is. Proof that a verifier vouched for a credential: an [`Identity`] has one constructor, here.

use std::{fmt, sync::Arc};

use serde::de::DeserializeOwned;
use serde_json::{Value, value::RawValue};

use crate::{
    claims,
    credential::Method,
    name::{RoleName, ScopeName},
    roles::RoleHierarchy,
    texts::Texts,
};

/// A verified caller.
///
/// As an extractor it gives the handler the identity the guard found. In a handler without an attribute it verifies
/// the request's credentials itself and answers 401 where there are none: no attribute never means no check.
///
/// Cloning is cheap: the data is shared.
///
/// # Examples
///
/// ```
/// use actix_web::{HttpResponse, Responder, get};
/// use auth_runtime::{Identity, require_auth};
///
/// #[require_auth]
/// #[get("/me")]
/// async fn me(identity: Identity) -> impl Responder {
///     // Without a valid token this line is never reached: the caller got a 401.
///     HttpResponse::Ok().body(format!("{} from {}", identity.subject(), identity.issuer()))
/// }
/// ```
///
/// # Notes
///
/// * Name a user by [`issuer`](Self::issuer) *and* [`subject`](Self::subject) together. An e-mail address or a user
///   name is neither unique nor stable (RFC 7519 §4.1.2, OpenID Connect Core §5.7).
/// * `Option<Identity>` works below any attribute of this crate, `#[public]` included: no credentials is `None`, bad
///   credentials are a 401. Without an attribute actix-web turns *every* failure into `None`; take
///   [`OptionalIdentity`](crate::OptionalIdentity) there.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

/// What is known of a caller. Kept where it stands from the moment somebody vouched for it.
#[derive(Clone)]
// What nearly every request looks at stands first, behind the counts of the `Arc`: of many callers in turn none is in the
// processor's caches, and each line of memory has to be waited for.
#[repr(C)]
pub(crate) struct Inner {
    pub(crate) method: Method,
    /// In an identity the roles among them are with everything the hierarchy adds.
    pub(crate) texts: Texts,
    pub(crate) issuer: Arc<str>,
    pub(crate) auth_time: Option<u64>,
    pub(crate) expires_at: Option<u64>,
    pub(crate) issued_at: Option<u64>,
}

impl Identity {
    /// The one constructor: from what a verifier vouched for.
    pub(crate) fn new(verified: Verified, hierarchy: &RoleHierarchy) -> Self {
        let Verified { inner: mut known, method, expires_at, leeway: _, validity: _ } = verified;
        let inner = Arc::make_mut(&mut known);
        inner.method = method;
        inner.expires_at = expires_at;
        hierarchy.add_implied(&mut inner.texts);
        Self(known)
    }

    /// Who vouches for the caller: the token's `iss`, or what the application's verifier says.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The caller's name at the issuer (`sub`).
    #[must_use]
    pub fn subject(&self) -> &str {
        self.0.texts.subject()
    }

    /// The roles, with those a [role hierarchy](crate::AuthBuilder::role_implies) adds.
    #[must_use]
    pub fn roles(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.texts.roles()
    }

    /// Whether the caller has exactly this role: case matters, no prefix is added or removed.
    ///
    /// Takes text, or a variant of an enum with [`#[derive(Role)]`](derive@crate::Role), which cannot be misspelt.
    ///
    /// ```
    /// use auth_runtime::{IdentityExt, Role};
    /// # use actix_web::{HttpRequest, http::header::AUTHORIZATION, test::TestRequest};
    /// # use auth_runtime::{Auth, verifier::{Verification, Verified, Verifier}};
    /// #
    /// # struct Editors;
    /// #
    /// # impl Verifier for Editors {
    /// #     fn verify(&self, _: &str, _: &HttpRequest) -> Verification {
    /// #         Verification::Ready(Ok(Verified::new("https://id.example.com/", "ann").role("editor")))
    /// #     }
    /// # }
    /// #
    /// # let auth = Auth::builder().verifier(Editors).build().unwrap();
    /// # let request = TestRequest::default()
    /// #     .app_data(auth)
    /// #     .insert_header((AUTHORIZATION, "Bearer opaque"))
    /// #     .to_http_request();
    ///
    /// #[derive(Role)]
    /// enum Role {
    ///     Admin,
    ///     Editor,
    /// }
    ///
    /// let ann = request.identity().unwrap();
    /// assert!(ann.has_role(Role::Editor));
    /// assert!(ann.has_role("editor"));
    /// assert!(!ann.has_role(Role::Admin));
    /// assert!(!ann.has_role("Editor"));
    /// ```
    #[must_use]
    pub fn has_role(&self, role: impl RoleName) -> bool {
        self.0.texts.has_role(role.role_name())
    }

    /// The scopes of the token.
    #[must_use]
    pub fn scopes(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.texts.scopes()
    }

    /// Whether the token has exactly this scope. Takes text, or a variant of an enum with
    /// [`#[derive(Scope)]`](derive@crate::Scope).
    #[must_use]
    pub fn has_scope(&self, scope: impl ScopeName) -> bool {
        self.0.texts.has_scope(scope.scope_name())
    }

    /// How the credential came.
    #[must_use]
    pub fn method(&self) -> Method {
        self.0.method
    }

    /// The name of the key that signed the token, for logs.
    pub(crate) fn kid(&self) -> Option<&str> {
        self.0.texts.kid()
    }

    pub(crate) fn is_api_key(&self) -> bool {
        self.method() == Method::ApiKey
    }

    /// How strong the caller's authentication was (`acr`, OpenID Connect Core §2).
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.0.texts.acr()
    }

    /// By which methods the caller authenticated (`amr`, RFC 8176).
    #[must_use]
    pub fn amr(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.texts.amr()
    }

    /// When the caller last authenticated, in seconds since the Unix epoch (`auth_time`).
    #[must_use]
    pub fn auth_time(&self) -> Option<u64> {
        self.0.auth_time
    }

    /// The first second since the Unix epoch at which the credential is no longer valid (`exp`), without leeway.
    #[must_use]
    pub fn expires_at(&self) -> Option<u64> {
        self.0.expires_at
    }

    /// When the credential was issued, in seconds since the Unix epoch (`iat`, RFC 7519 §4.1.6).
    #[must_use]
    pub fn issued_at(&self) -> Option<u64> {
        self.0.issued_at
    }

    /// The credential's own name at the issuer (`jti`, RFC 7519 §4.1.7), by which it can be
    /// [revoked](crate::revocation).
    #[must_use]
    pub fn jti(&self) -> Option<&str> {
        self.0.texts.jti()
    }

    /// The claims as a type of your own.
    ///
    /// # Errors
    ///
    /// If the claims are not of that shape. The error can repeat what a claim says: do not send it to the client.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.json())
    }

    /// One claim, by its name at the top level or by a JSON Pointer (RFC 6901) that begins with `/`.
    ///
    /// Read each time: an identity is remembered for as long as its token is good, and is not to grow.
    pub(crate) fn claim(&self, path: &str) -> Option<Value> {
        claims::at(self.json(), path)
    }

    fn json(&self) -> &str {
        self.0.texts.claims().unwrap_or("{}")
    }

    /// The thumbprint of the key whose owner alone may send the credential.
    #[inline]
    pub(crate) fn bound_to(&self) -> Option<&str> {
        self.0.texts.bound_to()
    }

    /// About how much memory it takes, in bytes. The issuer's name is shared.
    pub(crate) fn size(&self) -> usize {
        /// What the allocator adds, and the two counters of who shares it.
        const AROUND: usize = 16 + 2 * size_of::<usize>();
        size_of::<Inner>() + AROUND + self.0.texts.size()
    }
}

/// Subject, roles and claims are personal data: they do not belong in a debug log.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("issuer", &self.0.issuer)
            .field("method", &self.0.method)
            .finish_non_exhaustive()
    }
}

/// What a verifier vouches for. The guard, and nothing else, makes an [`Identity`](crate::Identity) of it.
///
/// `issuer` and `subject` together name the caller: two issuers may call two people the same. An e-mail address or user name does not.
#[derive(Clone)]
pub struct Verified {
    pub(crate) inner: Arc<Inner>,
    pub(crate) method: Method,
    pub(crate) expires_at: Option<u64>,
    /// How far past `expires_at` it is still taken, in seconds, since clocks differ.
    pub(crate) leeway: u64,
    /// As long as what this verdict may be remembered; `None` is for this request only.
    pub(crate) validity: Option<Validity>,
}

/// As long as what a verdict about a token is the same as if it were verified again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Validity {
    /// The first second since the Unix epoch at which it holds.
    pub(crate) from: u64,
    /// The first at which it does not any more.
    pub(crate) until: u64,
    /// Which issuer vouches for it, by its place in the list.
    pub(crate) issuer: usize,
    /// The number of its keys.
    pub(crate) generation: u64,
}

impl Validity {
    /// Whether it still holds. `generation` tells the number of the keys that an issuer has at this time.
    #[inline]
    pub(crate) fn holds(&self, now: u64, generation: impl FnOnce(usize) -> Option<u64>) -> bool {
        (self.from..self.until).contains(&now) && generation(self.issuer) == Some(self.generation)
    }
}

impl Verified {
    /// A caller without roles or scopes.
    #[must_use]
    pub fn new(issuer: impl Into<String>, subject: impl Into<String>) -> Self {
        Self::of(Inner {
            issuer: issuer.into().into(),
            texts: Texts::new(subject.into()),
            method: Method::Bearer,
            auth_time: None,
            expires_at: None,
            issued_at: None,
        })
    }

    /// What is said of this caller, for this request only and without leeway.
    pub(crate) fn of(inner: Inner) -> Self {
        let Inner { method, expires_at, .. } = inner;
        Self { inner: Arc::new(inner), method, expires_at, leeway: 0, validity: None }
    }

    fn inner(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.inner)
    }

    /// Adds one role. Compared exactly: case matters, no prefix is added or removed.
    #[must_use]
    pub fn role(mut self, role: impl RoleName) -> Self {
        self.inner().texts.add_role(role.role_name());
        self
    }

    /// Adds one scope. Compared exactly.
    #[must_use]
    pub fn scope(mut self, scope: impl ScopeName) -> Self {
        self.inner().texts.add_scope(scope.scope_name());
        self
    }

    /// What kind of credential this was. Default: [`Method::Bearer`].
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// How strong the caller's authentication was (`acr`, OpenID Connect Core §2).
    #[must_use]
    pub fn acr(mut self, acr: impl Into<String>) -> Self {
        self.inner().texts.set_acr(&acr.into());
        self
    }

    /// Adds one method by which the caller authenticated (`amr`, RFC 8176).
    #[must_use]
    pub fn amr(mut self, method: impl Into<String>) -> Self {
        self.inner().texts.add_amr(&method.into());
        self
    }

    /// When the caller authenticated, in seconds since the Unix epoch (`auth_time`).
    #[must_use]
    pub fn auth_time(mut self, seconds: u64) -> Self {
        self.inner().auth_time = Some(seconds);
        self
    }

    /// The first second, since the Unix epoch, at which this is no longer true.
    #[must_use]
    pub fn expires_at(mut self, seconds: u64) -> Self {
        self.expires_at = Some(seconds);
        self
    }

    /// When the credential was issued, in seconds since the Unix epoch. Without it, it counts as issued before any time
    /// that is [revoked](crate::revocation).
    #[must_use]
    pub fn issued_at(mut self, seconds: u64) -> Self {
        self.inner().issued_at = Some(seconds);
        self
    }

    /// The credential's own name, unique at this issuer, by which it can be [revoked](crate::revocation).
    #[must_use]
    pub fn jti(mut self, jti: impl Into<String>) -> Self {
        self.inner().texts.set_jti(&jti.into());
        self
    }

    /// The claims as JSON, for [`Claims`](crate::Claims).
    #[must_use]
    pub fn claims(mut self, claims: Box<RawValue>) -> Self {
        let claims: Box<str> = claims.into();
        self.inner().texts.set_claims(&claims);
        self
    }

    /// The token is bound to a key, named by its thumbprint as `cnf.jkt` says it (RFC 7638, RFC 9449 §6).
    ///
    /// It is then good only with a proof of that key's owner ([`AuthBuilder::dpop`](crate::AuthBuilder::dpop)), and refused
    /// as a plain bearer token, also where proofs are not taken. A verifier that asks an introspection endpoint passes on
    /// here what stands in the answer's `cnf.jkt` (RFC 9449 §6.2), and refuses any other `cnf`.
    #[must_use]
    pub fn bound_to(mut self, thumbprint: impl Into<String>) -> Self {
        self.inner().texts.set_bound_to(&thumbprint.into());
        self
    }
}

/// A subject and claims are personal data: they do not belong in a debug log.
impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("issuer", &self.inner.issuer).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_of_one_copy_is_not_seen_in_another() {
        let mut hierarchy = RoleHierarchy::default();
        hierarchy.add("admin", "reader");
        let mut ann = Verified::new("https://id.example.com/", "ann").role("admin");
        let copy = ann.clone();
        ann.method = Method::Cookie;
        let admin = Identity::new(ann, &hierarchy);
        let other = Identity::new(copy.clone().role("editor"), &RoleHierarchy::default());
        let plain = Identity::new(copy, &RoleHierarchy::default());
        assert!(admin.roles().eq(["admin", "reader"]));
        assert!(other.roles().eq(["admin", "editor"]));
        assert!(plain.roles().eq(["admin"]));
        assert_eq!((admin.method(), plain.method()), (Method::Cookie, Method::Bearer));
    }
}
