//! What is written down for users is true: the README's table and commands, and the pages rustdoc makes of handlers.

mod readme;
mod rustdoc;
