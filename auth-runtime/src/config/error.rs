//! What is wrong with a configuration.

use std::error::Error;

use crate::auth::BuildError;

/// Why a configuration cannot be used: always for the operator to mend.
///
/// Says where (the file and the key's full path, or the environment variable), what kind of value stands there, and what is
/// allowed. Never the value: it may be a secret.
#[derive(Debug, thiserror::Error)]
#[error("{place}{problem}")]
pub struct ConfigError {
    /// Empty where the problem says it.
    place: String,
    problem: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl ConfigError {
    pub(super) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into(), source: None }
    }

    pub(super) fn caused_by(self, source: impl Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Box::new(source)), ..self }
    }

    /// The configuration was read, and nothing can be built of it. `place` is the file, or the key.
    pub(super) fn build(place: &str, error: BuildError) -> Self {
        Self::new(format!("{place}: "), error.to_string()).caused_by(error)
    }
}
