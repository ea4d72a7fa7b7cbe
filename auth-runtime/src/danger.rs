//! What weakens a check. Nothing here is reached by accident: the word stands in the path.

use crate::issuer::Issuer;
#[cfg(feature = "redis")]
use crate::revocation::RedisRevocationsBuilder;
#[cfg(feature = "jwks")]
use crate::verifier::introspection::Introspection;

/// The dangerous side of an [`Issuer`]; see [`Issuer::danger`].
#[derive(Debug)]
#[must_use = "call one of its methods to get the issuer back"]
pub struct DangerousIssuer(pub(crate) Issuer);

impl DangerousIssuer {
    /// Takes tokens for any audience, and tokens without one.
    ///
    /// Every application that trusts this issuer can then use the tokens its users bring it to call yours
    /// (RFC 8725 §3.9, RFC 9068 §4). There is a reason only where the issuer serves nobody else.
    ///
    /// # Examples
    ///
    /// ```
    /// use auth_runtime::{Algorithm, Auth, Issuer, Key};
    ///
    /// let issuer = || Issuer::new("https://id.example.com/").key(Key::secret(Algorithm::HS256, [7; 32]));
    ///
    /// assert!(Auth::builder().issuer(issuer()).build().is_err()); // no audience: does not build
    /// assert!(Auth::builder().issuer(issuer().danger().accept_any_audience()).build().is_ok());
    /// ```
    pub fn accept_any_audience(mut self) -> Issuer {
        self.0.any_audience = true;
        self.0
    }
}

/// The dangerous side of an [`Introspection`]; see [`Introspection::danger`].
#[cfg(feature = "jwks")]
#[derive(Debug)]
#[must_use = "call one of its methods to get the introspection back"]
pub struct DangerousIntrospection(pub(crate) Introspection);

#[cfg(feature = "jwks")]
impl DangerousIntrospection {
    /// Takes tokens for any audience, and tokens without one.
    ///
    /// Every application that trusts this server can then use the tokens its users bring it to call yours
    /// (RFC 7662 §4, RFC 8725 §3.9). Endpoints call refresh tokens active as well, and where they do not say which kind of
    /// token it is, the audience alone keeps those out. There is a reason only where the server never says for whom a
    /// token is, and serves nobody else.
    ///
    /// # Examples
    ///
    /// ```
    /// use auth_runtime::Introspection;
    ///
    /// let introspection = || {
    ///     Introspection::new("https://id.example.com/introspect")
    ///         .client_secret_basic("api", "from-a-file")
    ///         .issuer("https://id.example.com/")
    /// };
    /// assert!(introspection().build().is_err()); // no audience: does not build
    /// assert!(introspection().danger().accept_any_audience().build().is_ok());
    /// ```
    pub fn accept_any_audience(mut self) -> Introspection {
        self.0.any_audience = true;
        self.0
    }

    /// Takes tokens whose answer has no `exp`, which RFC 7662 §2.2 allows: then they are good for as long as the endpoint
    /// says so.
    ///
    /// What makes up for the missing end is that the endpoint is asked again and again
    /// ([`Introspection::max_age`]).
    ///
    /// # Examples
    ///
    /// ```
    /// use auth_runtime::Introspection;
    ///
    /// let introspection = Introspection::new("https://id.example.com/introspect")
    ///     .client_secret_basic("api", "from-a-file")
    ///     .issuer("https://id.example.com/")
    ///     .audience("api") // stays required
    ///     .danger()
    ///     .accept_no_expiry();
    /// assert!(introspection.build().is_ok());
    /// ```
    pub fn accept_no_expiry(mut self) -> Introspection {
        self.0.needs_expiry = false;
        self.0
    }
}

/// The dangerous side of a [`RedisRevocationsBuilder`]; see [`RedisRevocationsBuilder::danger`].
#[cfg(feature = "redis")]
#[derive(Debug)]
#[must_use = "call one of its methods to get the builder back"]
pub struct DangerousRedisRevocations(pub(crate) RedisRevocationsBuilder);

#[cfg(feature = "redis")]
impl DangerousRedisRevocations {
    /// Goes on taking tokens while Redis is away, for however long.
    ///
    /// What another instance revokes meanwhile is let through here until Redis is back. What this instance knew, and what
    /// it revokes itself, is refused all the same; and an instance that never reached Redis knows nothing, and answers
    /// 503 until it does.
    ///
    /// # Examples
    ///
    /// ```
    /// use auth_runtime::revocation::RedisRevocations;
    ///
    /// let builder = RedisRevocations::builder("redis://127.0.0.1/").danger().accept_tokens_while_redis_is_away();
    /// ```
    pub fn accept_tokens_while_redis_is_away(mut self) -> RedisRevocationsBuilder {
        self.0.stale_after = None;
        self.0
    }
}
