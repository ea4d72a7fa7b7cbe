//! Nothing but benchmarks; see `identity.rs` and `parts.rs` beside this folder, and `run` for all of them together.
