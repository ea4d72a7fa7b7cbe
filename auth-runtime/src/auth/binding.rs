//! Verified credential → whether its owner sends it (RESPONSES A20).

use actix_web::{HttpRequest, http::header::HeaderValue};

use super::{
    Auth,
    authenticate::{Given, refused},
};
use crate::{
    credential::Method,
    rejection::Rejection,
    verifier::{
        VerifyError,
        dpop::{About, ProofError, ProofVerifier},
    },
};

impl Auth {
    /// A token that is bound to a key comes with a proof of it, and one that is not comes without: whoever sends either in
    /// the other way is not its owner, or thinks that something is checked which is not (P1; RFC 9449 §7.2).
    ///
    /// `bound_to` is the thumbprint of the key. Gives a nonce for the client's next proof, if there is a new one.
    #[inline]
    pub(super) fn check_binding(
        &self,
        bound_to: Option<&str>,
        given: Given<'_>,
        request: &HttpRequest,
    ) -> Result<Option<HeaderValue>, Rejection> {
        let (bound_to, proof) = match (bound_to, given.proof) {
            (None, None) if self.takes_only_proven(given.method) => {
                let error = VerifyError::invalid("it is bound to no key, and has to be");
                return Err(refused(&error, given.method));
            }
            (None, None) => return Ok(None),
            (Some(bound_to), Some(proof)) => (bound_to, proof),
            (Some(_), None) => {
                let error = VerifyError::invalid("it is bound to a key, and came without a proof");
                return Err(refused(&error, given.method));
            }
            (None, Some(_)) => {
                let error = VerifyError::invalid("it came with a proof, and is bound to no key");
                return Err(refused(&error, given.method));
            }
        };
        let about = About {
            token: given.text,
            bound_to,
            method: request.method().as_str(),
            path: request.path(),
        };
        let checked = match (&self.0.dpop, &self.ledger().proofs) {
            (Some(dpop), Some(known)) => dpop.check(proof, about, known, self.now()),
            // Without it no proof is looked for; if one were, it would be denied.
            _ => Err(ProofError::Broken("proofs are not taken")),
        };
        checked.map_err(unproven)
    }

    /// API keys are no tokens: nothing binds them.
    fn takes_only_proven(&self, method: Method) -> bool {
        method != Method::ApiKey && self.0.dpop.as_ref().is_some_and(ProofVerifier::is_required)
    }
}

fn unproven(error: ProofError) -> Rejection {
    match &error {
        ProofError::Broken(_) => tracing::error!("{error}"),
        ProofError::Full { .. } => tracing::warn!("{error}"),
        ProofError::Invalid(_) | ProofError::OtherKey | ProofError::UseNonce { .. } => {
            tracing::debug!("{error}");
        }
    }
    error.into()
}
