//! Every composition an attribute has to survive, compiled and run: anonymous, wrong role, right role, and exactly one
//! guard for each request. CHECKLIST D3, D4.
//!
//! One program, so that rustc and clippy see all of it as they see a user's crate: a warning here fails the gate.

#![deny(warnings, clippy::pedantic)]

mod arguments;
mod attributes;
mod generics;
mod impls;
mod language;
mod macros;
mod modules;
mod names;
mod returns;
mod routes;
mod stacking;
mod typed_names;
