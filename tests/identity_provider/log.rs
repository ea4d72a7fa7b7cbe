//! What the operator finds in the log.

use std::sync::{LazyLock, Once};

use auth_tests::Log;

use crate::eventually;

static ALL: LazyLock<Log> = LazyLock::new(Log::default);
static LISTEN: Once = Once::new();

/// Collects everything that is logged, by all tests of this program: keys are fetched on threads of their own.
pub(crate) fn start() {
    LISTEN.call_once(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .with_writer(|| ALL.clone())
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

/// The lines that name this provider; each test has one of its own.
pub(crate) fn about(issuer: &str) -> String {
    ALL.text().lines().filter(|line| line.contains(issuer)).collect::<Vec<_>>().join("\n")
}

/// Waits for a line about this provider that has all these parts.
#[track_caller]
pub(crate) fn wait_for(issuer: &str, parts: &[&str]) {
    eventually(&format!("a line in the log with {parts:?}"), || {
        about(issuer).lines().any(|line| parts.iter().all(|part| line.contains(part)))
    });
}
