//! What an [`Auth`] knows from requests it has answered, which the one that replaces it must not forget.

use std::sync::Arc;

use super::Auth;
use crate::{attempts::Attempts, revocation::RevocationCheck, verifier::dpop::KnownProofs};

/// Beginning anew would give thieves a second try: a proof that was used would be good again, so would a token that was
/// revoked, and whoever has used up his attempts would have them all.
#[derive(Clone)]
pub(super) struct Ledger {
    /// `None` if no proof was ever taken.
    pub(super) proofs: Option<KnownProofs>,
    /// `None` if failures are not counted.
    pub(super) attempts: Option<Arc<Attempts>>,
    /// `None` if nothing is ever taken back.
    pub(super) revocations: Option<RevocationCheck>,
}

impl Ledger {
    /// What goes on after a swap, where this is what the new one was built with.
    fn after(&self, before: &Self) -> Self {
        Self {
            proofs: match (&self.proofs, &before.proofs) {
                (Some(own), Some(before)) => Some(own.after(before)),
                // One that takes no proofs keeps them for the one after it.
                (own, before) => own.as_ref().or(before.as_ref()).cloned(),
            },
            attempts: match (&self.attempts, &before.attempts) {
                (Some(own), Some(before)) => Some(own.after(before)),
                (own, _) => own.clone(),
            },
            revocations: match (&self.revocations, &before.revocations) {
                (Some(own), Some(before)) => {
                    own.take_over(before);
                    Some(own.clone())
                }
                (None, Some(before)) => {
                    tracing::warn!(
                        "the new configuration has no revocations; what was revoked stays revoked until the application is started anew"
                    );
                    Some(before.clone())
                }
                (own, None) => own.clone(),
            },
        }
    }

    fn is(&self, other: &Self) -> bool {
        let same_proofs = match (&self.proofs, &other.proofs) {
            (Some(one), Some(other)) => one.is(other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let same_attempts = match (&self.attempts, &other.attempts) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let same_revocations = match (&self.revocations, &other.revocations) {
            (Some(one), Some(other)) => one.is(other),
            (one, other) => one.is_none() && other.is_none(),
        };
        same_proofs && same_attempts && same_revocations
    }
}

impl Auth {
    /// What it knows; after a swap, also what the one before knew.
    #[inline]
    pub(super) fn ledger(&self) -> &Ledger {
        self.0.carried.get().unwrap_or(&self.0.ledger)
    }

    /// Goes on where `before` ends, which it is about to replace.
    pub(super) fn succeed(&self, before: &Self) {
        let ledger = self.ledger().after(before.ledger());
        if !ledger.is(self.ledger()) && self.0.carried.set(ledger).is_err() {
            tracing::warn!(
                "an `Auth` replaces a second one and goes on with what the first one knew: build a new one for each `replace`"
            );
        }
    }
}
