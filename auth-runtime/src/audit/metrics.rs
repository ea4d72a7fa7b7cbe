//! What is counted and measured, for the recorder that the application installs (feature `metrics`).

use std::time::Instant;

use ::metrics::{counter, histogram};

const DECISIONS: &str = "auth_decisions_total";
const VERIFICATION: &str = "auth_verification_seconds";

pub(crate) fn decided(outcome: &'static str, reason: &'static str) {
    counter!(DECISIONS, "outcome" => outcome, "reason" => reason).increment(1);
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
