//! Nothing but benchmarks; see `identity.rs` beside this folder.
