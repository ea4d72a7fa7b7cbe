//! What is counted and measured, for the recorder that the application installs (feature `metrics`).
//!
//! Labels have few values: words of ours, and names from the configuration. Nothing of a request is ever one, since
//! whoever sends requests could then fill the recorder's memory.

use std::time::Instant;

use ::metrics::{
    Counter, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

const DECISIONS: &str = "auth_decisions_total";
const VERIFICATION: &str = "auth_verification_seconds";
const CACHE: &str = "auth_cache_lookups_total";
const REPLAYS: &str = "auth_dpop_replays_total";
const KEY_REFRESHES: &str = "auth_key_refreshes_total";
const KEYS_CONFIRMED: &str = "auth_keys_confirmed_timestamp_seconds";
const REVOCATIONS: &str = "auth_revocations";
const REVOCATION_LAG: &str = "auth_revocation_lag_seconds";

/// Says what each metric means. A recorder that is installed later does not hear of it, and counts all the same.
///
/// All of them, whichever features are on: what a dashboard is told does not depend on it.
pub(crate) fn describe() {
    describe_counter!(DECISIONS, Unit::Count, "Decisions about requests");
    describe_histogram!(
        VERIFICATION,
        Unit::Seconds,
        "How long a guard takes to judge a credential, waiting included"
    );
    describe_counter!(CACHE, Unit::Count, "Times that a remembered verdict was looked for");
    describe_counter!(REPLAYS, Unit::Count, "DPoP proofs that were used before");
    describe_counter!(KEY_REFRESHES, Unit::Count, "Times that an issuer was asked for its keys");
    describe_gauge!(
        KEYS_CONFIRMED,
        Unit::Seconds,
        "When an issuer last said that these are its keys, since the Unix epoch"
    );
    describe_gauge!(REVOCATIONS, Unit::Count, "Revocations in the memory of this process");
    describe_gauge!(
        REVOCATION_LAG,
        Unit::Seconds,
        "How long ago this process knew everything that was revoked elsewhere"
    );
}

pub(crate) fn decided(outcome: &'static str, reason: &'static str) {
    decisions(outcome, reason).increment(1);
}

/// One key for each pair, made once: a decision takes no memory for it.
macro_rules! decisions {
    ($($outcome:literal: $($reason:literal)*;)*) => {
        fn decisions(outcome: &'static str, reason: &'static str) -> Counter {
            match (outcome, reason) {
                $($(($outcome, $reason) => {
                    counter!("auth_decisions_total", "outcome" => $outcome, "reason" => $reason)
                })*)*
                // A word that is missing below costs more, and counts all the same.
                _ => counter!(DECISIONS, "outcome" => outcome, "reason" => reason),
            }
        }
    };
}

decisions! {
    "granted": "granted";
    "denied":
        "no_credentials" "invalid_token" "expired_token" "forbidden" "insufficient_scope" "not_found" "no_api_key"
        "invalid_api_key" "repeated_credentials" "too_many_attempts" "insufficient_user_authentication"
        "invalid_dpop_proof" "use_dpop_nonce";
    "failed": "not_available" "temporarily_unavailable";
}

/// Which memory of verdicts.
#[derive(Clone, Copy)]
pub(crate) enum Cache {
    Tokens,
    #[cfg(feature = "jwks")]
    Introspection,
}

/// A verdict was looked for. Each key is made once, as for decisions.
pub(crate) fn looked_up(cache: Cache, found: bool) {
    macro_rules! of {
        ($cache:literal) => {
            if found {
                counter!("auth_cache_lookups_total", "cache" => $cache, "result" => "hit")
            } else {
                counter!("auth_cache_lookups_total", "cache" => $cache, "result" => "miss")
            }
        };
    }
    let counter = match cache {
        Cache::Tokens => of!("tokens"),
        #[cfg(feature = "jwks")]
        Cache::Introspection => of!("introspection"),
    };
    counter.increment(1);
}

/// A proof came that was used before.
pub(crate) fn replayed() {
    counter!(REPLAYS).increment(1);
}

/// What came of asking an issuer for its keys.
#[cfg(feature = "jwks")]
#[derive(Clone, Copy)]
pub(crate) enum Refresh {
    /// They are others than before.
    Fetched,
    /// They are what they were (304, or the same document).
    Unchanged,
    Failed,
}

/// An issuer was asked for its keys, and confirmed some at this time, in seconds since the Unix epoch, if it ever did.
#[cfg(feature = "jwks")]
pub(crate) fn refreshed(issuer: &str, refresh: Refresh, confirmed: Option<u64>) {
    let outcome = match refresh {
        Refresh::Fetched => "fetched",
        Refresh::Unchanged => "unchanged",
        Refresh::Failed => "failed",
    };
    counter!(KEY_REFRESHES, "issuer" => issuer.to_owned(), "outcome" => outcome).increment(1);
    if let Some(confirmed) = confirmed {
        // The time and not the age, which would stand still between two refreshes.
        gauge!(KEYS_CONFIRMED, "issuer" => issuer.to_owned()).set(number(confirmed));
    }
}

/// So many revocations are in the memory of this process alone.
pub(crate) fn revoked_here(entries: usize) {
    gauge!(REVOCATIONS, "store" => "memory").set(number(entries as u64));
}

/// So many revocations are known of those that instances share under this prefix, and all were known so many seconds ago.
#[cfg(feature = "redis")]
pub(crate) fn revoked_in_fleet(prefix: &str, entries: usize, lag: u64) {
    gauge!(REVOCATIONS, "store" => "redis", "prefix" => prefix.to_owned())
        .set(number(entries as u64));
    gauge!(REVOCATION_LAG, "prefix" => prefix.to_owned()).set(number(lag));
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a double, exact up to 2^53")]
fn number(value: u64) -> f64 {
    value as f64
}

/// How long it takes until a request's credential is judged, waiting included.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    started: Instant,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { started: Instant::now() }
    }

    pub(crate) fn stop(&self) {
        histogram!(VERIFICATION).record(self.started.elapsed());
    }
}
