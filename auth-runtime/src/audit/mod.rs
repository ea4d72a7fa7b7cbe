//! Events about decisions: who was let in, who was not, and why (CHECKLIST L1, L2).
//!
//! They have the target `auth_runtime::decision`: `granted` at debug level, `denied` at info level. Everything that comes
//! from a token or a request is written as a quoted string with escapes, so that no claim can forge a line. No event holds
//! a token, a key or a header. Nothing of an event is computed unless somebody listens to it.
//!
//! The guide's chapter on observability lists the fields, and what [`metrics`] counts.

#[cfg(feature = "metrics")]
pub(crate) mod metrics;
#[cfg(not(feature = "metrics"))]
#[path = "unmeasured.rs"]
pub(crate) mod metrics;

use std::{fmt, net::IpAddr};

use actix_web::{HttpRequest, http::StatusCode};
use sha2::{Digest, Sha256};
use tracing::field;

use crate::{
    auth::Auth, current::Current, decision::Denial, identity::Identity, rejection::Rejection,
};

/// The target of every event here.
const TARGET: &str = "auth_runtime::decision";

/// What was decided about, and by whom.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) request: &'a HttpRequest,
    /// The handler's name, or what else decided.
    pub(crate) by: &'a dyn fmt::Display,
    /// Every denial there is the application's own 404.
    pub(crate) hides: bool,
}

/// What decides without having a name, and on which route.
pub(crate) struct At<'a>(pub(crate) &'static str, pub(crate) &'a HttpRequest);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(what, request) = self;
        write!(f, "{what} at {}", request.match_pattern().as_deref().unwrap_or("?"))
    }
}

/// Somebody was let in.
pub(crate) fn granted(asked: Asked<'_>, identity: Option<&Identity>) {
    metrics::decided("granted", "granted");
    if let Some(identity) = identity {
        tracing::debug!(
            target: TARGET,
            handler = %asked.by,
            outcome = "granted",
            reason = "granted",
            http_method = ?asked.request.method().as_str(),
            route = asked.route().map(field::debug),
            address = asked.address().map(field::display),
            issuer = ?identity.issuer(),
            subject = ?identity.subject(),
            method = ?identity.method(),
            kid = identity.kid().map(field::debug),
            jti_sha256 = identity.jti().map(|jti| field::display(Hashed::new(jti))),
            "granted"
        );
    } else {
        tracing::debug!(
            target: TARGET,
            handler = %asked.by,
            outcome = "granted",
            reason = "granted",
            http_method = ?asked.request.method().as_str(),
            route = asked.route().map(field::debug),
            address = asked.address().map(field::display),
            "granted without credentials"
        );
    }
}

/// Somebody was not, for this reason; or nobody could tell, which is our fault.
///
/// `identity` is whoever a verifier vouched for, if it came to that.
pub(crate) fn denied(
    asked: Asked<'_>,
    rejection: &Rejection,
    denial: Option<&Denial>,
    identity: Option<&Identity>,
) {
    let reason = rejection.reason();
    let outcome = if rejection.is_denial() { "denied" } else { "failed" };
    metrics::decided(outcome, reason);
    tracing::info!(
        target: TARGET,
        handler = %asked.by,
        outcome,
        reason,
        status = asked.status(rejection).as_u16(),
        policy = denial.map(|denial| field::debug(denial.to_string())),
        http_method = ?asked.request.method().as_str(),
        route = asked.route().map(field::debug),
        address = asked.address().map(field::display),
        issuer = identity.map(|identity| field::debug(identity.issuer())),
        subject = identity.map(|identity| field::debug(identity.subject())),
        method = identity.map(|identity| field::debug(identity.method())),
        kid = identity.and_then(Identity::kid).map(field::debug),
        jti_sha256 = identity.and_then(Identity::jti).map(|jti| field::display(Hashed::new(jti))),
        "denied"
    );
}

impl Asked<'_> {
    /// What the client is told.
    fn status(&self, rejection: &Rejection) -> StatusCode {
        let hides = self.hides || Current::hides(self.request);
        if hides && rejection.is_denial() {
            return StatusCode::NOT_FOUND;
        }
        match Auth::of(self.request) {
            Some(auth) => auth.in_mode(rejection).status(),
            None => rejection.status(),
        }
    }

    fn route(&self) -> Option<String> {
        self.request.match_pattern()
    }

    /// Where the request comes from, as address rules see it.
    fn address(&self) -> Option<IpAddr> {
        Auth::of(self.request)?.networks().client(self.request)
    }
}

/// A token's name, so that whoever knows the token finds the event, and whoever reads the event does not learn the name.
///
/// It has no key on purpose: an operator who asks what was done with a token in hand has its `jti` and a shell, and every
/// instance, also after a restart, has to say the same. The price is that a name which can be guessed, such as a counter, can
/// be found by trying. With a name alone nobody can do anything.
struct Hashed([u8; 32]);

impl Hashed {
    fn new(jti: &str) -> Self {
        Self(Sha256::digest(jti).into())
    }
}

impl fmt::Display for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// L1
    #[test]
    fn l1_a_jti_is_hashed_as_sha256sum_does() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Hashed::new("abc").to_string(), expected);
    }
}
