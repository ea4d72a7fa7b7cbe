//! What the compiler says about mistakes: one case per message, and the user's own errors beside those of a bare handler.
//!
//! After a change that is meant, `TRYBUILD=overwrite cargo test -p auth-tests --test ui` writes the new messages.

use std::{env, process::Command};

/// The messages around ours are rustc's, and change with its version.
const RUSTC: &str = "rustc 1.95.";

#[test]
fn every_mistake_has_its_message() {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = Command::new(rustc).arg("--version").output().expect("rustc says its version");
    let version = String::from_utf8_lossy(&version.stdout);
    if !version.starts_with(RUSTC) {
        assert!(
            env::var("AUTH_TEST_REQUIRE_ALL").is_err(),
            "the messages were written down with {RUSTC}x, and this is {version}"
        );
        println!("skipped: the messages were written down with {RUSTC}x, and this is {version}");
        return;
    }
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}
