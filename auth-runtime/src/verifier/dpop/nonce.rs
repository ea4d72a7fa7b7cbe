//! Nonces that need no memory: a MAC over the time at which they were handed out (RFC 9449 §8, §9).

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use subtle::ConstantTimeEq;

use super::ProofError;
use crate::crypto::provider;

/// So that the secret, used elsewhere too, makes no nonces there.
const PURPOSE: &[u8] = b"auth-runtime DPoP-Nonce v1 ";

/// Makes nonces, and knows its own.
pub(super) struct LoadedNonces {
    secret: EncodingKey,
    /// How long one nonce is handed out, in seconds.
    slot: u64,
    /// Whether the secret is one of this instance alone.
    made_up: bool,
}

/// What a proof's nonce is worth.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Good,
    /// Good, and not for long.
    GetsOld {
        next: String,
    },
    /// Not there, old, or not ours.
    Bad {
        current: String,
    },
}

impl LoadedNonces {
    pub(super) fn new(secret: &[u8], slot: u64, made_up: bool) -> Self {
        Self { secret: EncodingKey::from_secret(secret), slot, made_up }
    }

    /// Whether these can be taken in the place of its own, so that clients need no new ones: nobody chose either secret.
    pub(super) fn may_go_on_as(&self, other: &Self) -> bool {
        self.made_up && other.made_up && self.slot == other.slot
    }

    /// The nonce of this slot is good, and that of the one before. So is that of the next: another instance, with the same
    /// secret, may be there already.
    pub(super) fn judge(&self, nonce: Option<&str>, now: u64) -> Result<Verdict, ProofError> {
        let slot = now / self.slot;
        let current = self.at(slot)?;
        let Some(nonce) = nonce else {
            return Ok(Verdict::Bad { current });
        };
        let is = |ours: &str| bool::from(nonce.as_bytes().ct_eq(ours.as_bytes()));
        if is(&current) || is(&self.at(slot.saturating_add(1))?) {
            return Ok(Verdict::Good);
        }
        if is(&self.at(slot.saturating_sub(1))?) {
            return Ok(Verdict::GetsOld { next: current });
        }
        Ok(Verdict::Bad { current })
    }

    /// HMAC with SHA-256 over the number of the slot: nobody without the secret can tell the next one (§8, "MUST be
    /// unpredictable").
    fn at(&self, slot: u64) -> Result<String, ProofError> {
        let broken = || ProofError::Broken("the cryptography backend makes no HMAC");
        let message = [PURPOSE, &slot.to_be_bytes()].concat();
        let mac = (provider().signer_factory)(&Algorithm::HS256, &self.secret)
            .map_err(|_| broken())?
            .try_sign(&message)
            .map_err(|_| broken())?;
        Ok(URL_SAFE_NO_PAD.encode(mac))
    }
}

/// The secret stays out of logs.
impl fmt::Debug for LoadedNonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedNonces").field("slot", &self.slot).finish_non_exhaustive()
    }
}
