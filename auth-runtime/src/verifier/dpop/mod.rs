//! Proofs that whoever sends a token is who it was given to (DPoP, RFC 9449).

mod config;
mod nonce;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod pair;
mod proof;
mod replay;
#[cfg(test)]
mod tests;
mod thumbprint;
mod uri;

use std::{sync::Arc, time::Duration};

use actix_web::http::header::HeaderValue;

pub use config::{Dpop, Nonces};
pub(crate) use config::{DpopError, LEAST_SECRET, LONGEST, LONGEST_NONCE_LIFETIME};
use jsonwebtoken::Algorithm;
pub(crate) use thumbprint::is_thumbprint;

use self::{
    nonce::{LoadedNonces, Verdict},
    proof::Proof,
    replay::{Memory, NotRemembered},
    uri::Origin,
};
use crate::{
    audit::metrics,
    verifier::{VerifyError, VerifyErrorKind},
};

/// Judges proofs.
#[derive(Debug)]
pub(crate) struct ProofVerifier {
    /// Never empty, and asymmetric.
    algorithms: Vec<Algorithm>,
    /// How long a proof is good, in seconds.
    lifetime: u64,
    /// How far the client's clock may be off, in seconds.
    leeway: u64,
    /// Where clients reach this application. Never empty.
    origins: Vec<Origin>,
    /// What a proxy takes from the front of the path.
    prefix: String,
    /// How many proofs are remembered.
    capacity: usize,
    /// Whether tokens without a proof are refused.
    required: bool,
    /// What it was built with; an `Auth` that replaced another goes on with that one's.
    known: KnownProofs,
}

/// What is known about proofs beyond one `Auth`.
#[derive(Clone, Debug)]
pub(crate) struct KnownProofs {
    used: Arc<Memory>,
    nonces: Option<Arc<LoadedNonces>>,
}

impl KnownProofs {
    /// What goes on after a swap, where this is what the new `Auth` was built with. The proofs that were used do, whatever
    /// the settings; nonces too, if their settings are the same.
    pub(crate) fn after(&self, before: &Self) -> Self {
        let nonces = match (&self.nonces, &before.nonces) {
            (Some(own), Some(before)) if own.may_go_on_as(before) => Some(before),
            (own, _) => own.as_ref(),
        };
        Self { used: Arc::clone(&before.used), nonces: nonces.cloned() }
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        let same_nonces = match (&self.nonces, &other.nonces) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        Arc::ptr_eq(&self.used, &other.used) && same_nonces
    }
}

/// What a proof has to be about.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    /// The access token it came with.
    pub(crate) token: &'a [u8],
    /// The thumbprint of the key that the token is bound to.
    pub(crate) bound_to: &'a str,
    pub(crate) method: &'a str,
    /// The request's path, as it was sent.
    pub(crate) path: &'a str,
}

/// Why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProofError {
    /// 401 `invalid_dpop_proof`. The reason is a fixed text of ours.
    #[error("the proof is not acceptable: {0}")]
    Invalid(&'static str),
    /// 401 `invalid_token` (RFC 9449 §7.1): the token is somebody else's.
    #[error("the token is bound to another key than the proof's")]
    OtherKey,
    /// 401 `use_dpop_nonce`.
    #[error("the proof lacks the server's nonce, or has an old one")]
    UseNonce { nonce: Box<str> },
    /// 503: one more proof could not be remembered, and so could be used twice.
    #[error("too many proofs are remembered already: see `Dpop::memory`")]
    Full { retry_after: Duration },
    /// 500.
    #[error("proofs cannot be checked: {0}")]
    Broken(&'static str),
}

impl ProofVerifier {
    /// All that RFC 9449 §4.3 asks, in this order, and the first that is wrong ends it. The numbers are that section's; the
    /// first, one header line, is checked where the credential is found.
    ///
    /// Whatever costs little comes first, and a proof is remembered last: nobody without a token that is bound to his key
    /// makes us remember anything. The token has been verified before.
    ///
    /// Gives a new nonce if the proof's is about to become old. `now` is in seconds since the Unix epoch; `known` is this
    /// one's own, or what it goes on with.
    pub(crate) fn check(
        &self,
        proof: &[u8],
        about: About<'_>,
        known: &KnownProofs,
        now: u64,
    ) -> Result<Option<HeaderValue>, ProofError> {
        // 2 a JWT; 4 `typ`; 5 `alg`; 7 no private key; 3 the claims
        let proof = Proof::parse(proof, &self.algorithms)?;
        // 12 the token is bound to the proof's key
        if proof.thumbprint() != about.bound_to {
            return Err(ProofError::OtherKey);
        }
        // 6 the signature
        proof.check_signature()?;
        // 8 `htm`; methods are case-sensitive (RFC 9110 §9.1)
        if proof.method() != about.method {
            return Err(ProofError::Invalid("`htm` is not the request's method"));
        }
        // 9 `htu`
        if !self.is_requested(proof.uri(), about.path) {
            return Err(ProofError::Invalid("`htu` is not the request's URI"));
        }
        // 12 `ath`
        proof.check_token(about.token)?;
        // 11 `iat`
        let end = proof.check_time(self.lifetime, self.leeway, now)?;
        // 10 `nonce`
        let next = check_nonce(known.nonces.as_deref(), &proof, now)?;
        // §11.1 `jti`
        let made = end.saturating_sub(self.lifetime).saturating_sub(self.leeway);
        let (key, id) = (proof.thumbprint(), proof.id());
        // Whoever goes on with another one's memory may have been asked before that.
        if !Arc::ptr_eq(&self.known.used, &known.used) && self.known.used.knows(key, id) {
            return Err(used_before());
        }
        known.used.remember(self.capacity, key, id, made..end, now).map_err(
            |error| match error {
                NotRemembered::Seen => used_before(),
                NotRemembered::Old => ProofError::Invalid("it is older than what is remembered"),
                NotRemembered::Full { retry_after } => ProofError::Full { retry_after },
            },
        )?;
        Ok(next)
    }

    /// What it was built with.
    pub(crate) fn known(&self) -> KnownProofs {
        self.known.clone()
    }

    /// Whether this is the URI of the request, but for query and fragment.
    ///
    /// Scheme, host and port come from the configuration alone. A request's `Host`, or a proxy's `X-Forwarded-Host`, is
    /// whatever its sender likes: with it, a proof that a client made for somebody else's server would be good here, as
    /// soon as that server repeats it with its own name in `Host`.
    fn is_requested(&self, claimed: &str, path: &str) -> bool {
        let Some((origin, claimed)) = uri::parse(claimed) else { return false };
        self.origins.contains(&origin)
            && uri::requested_path(&self.prefix, path).is_some_and(|path| path == claimed)
    }
}

fn used_before() -> ProofError {
    metrics::replayed();
    ProofError::Invalid("it was used before")
}

fn check_nonce(
    nonces: Option<&LoadedNonces>,
    proof: &Proof<'_>,
    now: u64,
) -> Result<Option<HeaderValue>, ProofError> {
    let Some(nonces) = nonces else { return Ok(None) };
    match nonces.judge(proof.nonce(), now)? {
        Verdict::Good => Ok(None),
        Verdict::GetsOld { next } => Ok(HeaderValue::from_str(&next).ok()),
        Verdict::Bad { current } => Err(ProofError::UseNonce { nonce: current.into() }),
    }
}

/// Proofs are read with what reads access tokens.
impl From<VerifyError> for ProofError {
    fn from(error: VerifyError) -> Self {
        match error.kind {
            VerifyErrorKind::Invalid(reason) => Self::Invalid(reason),
            VerifyErrorKind::Expired
            | VerifyErrorKind::Unavailable { .. }
            | VerifyErrorKind::Misconfigured(_) => Self::Invalid("it cannot be read"),
        }
    }
}
