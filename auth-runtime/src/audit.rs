//! Events about decisions: who was let in, who was not, and why (CHECKLIST L1, L2).
//!
//! They have the target `auth_runtime::decision`: `granted` at debug level, `denied` at info level. Everything that comes
//! from a token is written as a quoted string with escapes, so that no claim can forge a line. No event holds a token, a
//! key or a header.
//!
//! With the feature `metrics` they are counted too:
//!
//! | name | kind | labels |
//! |---|---|---|
//! | `auth_decisions_total` | counter | `outcome` (`granted`, `denied`, `failed`), `reason` |
//! | `auth_verification_seconds` | histogram | – |

use std::fmt;
#[cfg(feature = "metrics")]
use std::time::Instant;

use crate::{decision::Denial, identity::Identity, rejection::Rejection};

/// The target of every event here.
const TARGET: &str = "auth_runtime::decision";

/// Somebody was let in.
pub(crate) fn granted(handler: &dyn fmt::Display, identity: Option<&Identity>) {
    count("granted", "granted");
    if let Some(identity) = identity {
        tracing::debug!(
            target: TARGET,
            %handler,
            issuer = ?identity.issuer(),
            subject = ?identity.subject(),
            method = ?identity.method(),
            kid = identity.kid().map(tracing::field::debug),
            "granted"
        );
    } else {
        tracing::debug!(target: TARGET, %handler, "granted without credentials");
    }
}

/// Somebody was not, for this reason; or nobody could tell, which is our fault.
pub(crate) fn denied(
    handler: &dyn fmt::Display,
    rejection: &Rejection,
    denial: Option<&Denial>,
    identity: Option<&Identity>,
) {
    let reason = rejection.reason();
    count(if rejection.is_denial() { "denied" } else { "failed" }, reason);
    tracing::info!(
        target: TARGET,
        %handler,
        reason,
        policy = denial.map(|denial| tracing::field::debug(denial.to_string())),
        issuer = identity.map(|identity| tracing::field::debug(identity.issuer())),
        subject = identity.map(|identity| tracing::field::debug(identity.subject())),
        method = identity.map(|identity| tracing::field::debug(identity.method())),
        kid = identity.and_then(Identity::kid).map(tracing::field::debug),
        "denied"
    );
}

#[cfg(feature = "metrics")]
fn count(outcome: &'static str, reason: &'static str) {
    metrics::counter!("auth_decisions_total", "outcome" => outcome, "reason" => reason)
        .increment(1);
}

#[cfg(not(feature = "metrics"))]
fn count(_: &'static str, _: &'static str) {}

/// How long it takes until a request's credential is judged, waiting included.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    #[cfg(feature = "metrics")]
    started: Instant,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self {
            #[cfg(feature = "metrics")]
            started: Instant::now(),
        }
    }

    #[cfg_attr(
        not(feature = "metrics"),
        expect(clippy::unused_self, reason = "nothing is measured")
    )]
    pub(crate) fn stop(&self) {
        #[cfg(feature = "metrics")]
        metrics::histogram!("auth_verification_seconds").record(self.started.elapsed());
    }
}
