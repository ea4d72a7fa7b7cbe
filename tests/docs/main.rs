//! What is written down for users is true: the README's table and commands, the example
//! configuration, and the pages rustdoc makes of handlers.

mod auth_toml;
mod providers;
mod readme;
mod rustdoc;
