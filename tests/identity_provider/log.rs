//! What the operator finds in the log.

use std::{
    io,
    sync::{Arc, Mutex, Once, PoisonError},
};

use tracing_subscriber::fmt::MakeWriter;

use crate::eventually;

static ALL: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static LISTEN: Once = Once::new();

/// Collects everything that is logged, by all tests of this program: keys are fetched on threads of their own.
pub(crate) fn start() {
    LISTEN.call_once(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .with_writer(Arc::new(Writer))
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

/// The lines that name this provider; each test has one of its own.
pub(crate) fn about(issuer: &str) -> String {
    let all = ALL.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let all = String::from_utf8(all).unwrap();
    all.lines().filter(|line| line.contains(issuer)).collect::<Vec<_>>().join("\n")
}

/// Waits for a line about this provider that has all these parts.
#[track_caller]
pub(crate) fn wait_for(issuer: &str, parts: &[&str]) {
    eventually(&format!("a line in the log with {parts:?}"), || {
        about(issuer).lines().any(|line| parts.iter().all(|part| line.contains(part)))
    });
}

struct Writer;

impl io::Write for &Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        ALL.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Writer {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}
