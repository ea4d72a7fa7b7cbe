//! `[dpop]`: proofs that whoever sends a token is who it was given to.

use serde::Deserialize;

use super::{
    error::ConfigError,
    files,
    key::Encoding,
    place::Place,
    values::{AlgorithmName, Secret, Span},
};
use crate::{
    auth::AuthBuilder,
    verifier::dpop::{Dpop, DpopError, LEAST_SECRET, LONGEST, LONGEST_NONCE_LIFETIME, Nonces},
};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DpopTable {
    origins: Vec<String>,
    path_prefix: Option<String>,
    algorithms: Option<Vec<AlgorithmName>>,
    lifetime: Option<Span>,
    leeway: Option<Span>,
    memory: Option<usize>,
    required: bool,
    nonces: Option<NoncesTable>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct NoncesTable {
    secret: Option<Secret>,
    secret_file: Option<String>,
    encoding: Option<Encoding>,
    lifetime: Option<Span>,
}

impl DpopTable {
    pub(super) fn apply(
        self,
        builder: AuthBuilder,
        place: &Place<'_>,
    ) -> Result<AuthBuilder, ConfigError> {
        let Self { origins, path_prefix, algorithms, lifetime, leeway, memory, required, nonces } =
            self;
        if origins.is_empty() {
            return Err(place.key("origins").missing(ORIGIN));
        }
        let mut dpop = origins.iter().fold(Dpop::new(), Dpop::origin);
        if let Some(prefix) = path_prefix {
            dpop = dpop.path_prefix(prefix);
        }
        if let Some(algorithms) = &algorithms {
            dpop = dpop.algorithms(algorithms.iter().map(|AlgorithmName(it)| *it));
        }
        if let Some(Span(lifetime)) = lifetime {
            if lifetime.is_zero() || lifetime > LONGEST {
                return Err(place
                    .key("lifetime")
                    .mistake("is out of range: write `\"1s\"` to `\"5m\"`"));
            }
            dpop = dpop.lifetime(lifetime);
        }
        if let Some(Span(leeway)) = leeway {
            if leeway > LONGEST {
                return Err(place.key("leeway").mistake("is too long: write at most `\"5m\"`"));
            }
            dpop = dpop.leeway(leeway);
        }
        if let Some(proofs) = memory {
            dpop = dpop.memory(proofs);
        }
        if required {
            dpop = dpop.required();
        }
        if let Some(nonces) = nonces {
            dpop = dpop.nonces(nonces.nonces(&place.key("nonces"))?);
        }
        dpop.check().map_err(|error| located(&error, place, &origins))?;
        Ok(builder.dpop(dpop))
    }
}

const ORIGIN: &str =
    "where clients reach this application: scheme and host, such as `\"https://api.example.com\"`";

/// The same in the words of a configuration.
fn located(error: &DpopError, place: &Place<'_>, origins: &[String]) -> ConfigError {
    match error {
        DpopError::Origin(wrong) => {
            let index = origins.iter().position(|origin| origin == wrong).unwrap_or_default();
            place.key("origins").at(index).mistake(
                "is no origin: write scheme, host, and a port that is not the scheme's own, such as `\"https://api.example.com\"`",
            )
        }
        DpopError::Prefix(_) => place.key("path_prefix").mistake(
            "is no prefix of a path: begin it with `/` and end it without one, such as `\"/api\"`",
        ),
        DpopError::NoAlgorithm => place
            .key("algorithms")
            .mistake("is empty: leave it out for `ES256`, or write some, such as `[\"ES256\"]`"),
        DpopError::Symmetric(_) => place.key("algorithms").mistake(
            "has a symmetric one, with which whoever checks a proof could make one: write `ES256`, `ES384`, `EdDSA` or another asymmetric one",
        ),
        DpopError::Memory => place.key("memory").mistake(
            "is 0, which takes no proof: leave it out, or write how many are to be remembered",
        ),
        other => place.mistake(format!("cannot be used: {other}")),
    }
}

impl NoncesTable {
    fn nonces(self, place: &Place<'_>) -> Result<Nonces, ConfigError> {
        let Self { secret, secret_file, encoding, lifetime } = self;
        let mut nonces = match files::either_bytes(
            place,
            ["secret", "secret_file"],
            secret,
            secret_file,
        )? {
            Some((at, written)) => {
                let secret = encoding.unwrap_or_default().decode(written, &at)?;
                if secret.len() < LEAST_SECRET {
                    return Err(at.mistake(format!(
                        "holds {} bytes: write at least {LEAST_SECRET} random ones, as `openssl rand -hex 32` makes them, with `encoding = \"hex\"`",
                        secret.len()
                    )));
                }
                Nonces::shared(secret)
            }
            None if encoding.is_some() => {
                return Err(place
                    .key("encoding")
                    .mistake("is about a secret, and there is none: leave it out"));
            }
            None => Nonces::new(),
        };
        if let Some(Span(lifetime)) = lifetime {
            if lifetime.is_zero() || lifetime > LONGEST_NONCE_LIFETIME {
                return Err(place
                    .key("lifetime")
                    .mistake("is out of range: write `\"1s\"` to `\"1h\"`"));
            }
            nonces = nonces.lifetime(lifetime);
        }
        Ok(nonces)
    }
}
