//! Names of roles and scopes.

use std::fmt;

/// The name of a role or scope: text, or whatever a constant or an enum's variant says its name is.
#[derive(Clone, Copy)]
pub struct Name(Source);

#[derive(Clone, Copy)]
enum Source {
    Literal(&'static str),
    /// A trait cannot be asked at compile time, so a typed name is asked for its text when it is needed.
    Typed(fn() -> &'static str),
}

impl Name {
    /// A name written down.
    #[must_use]
    pub const fn literal(name: &'static str) -> Self {
        Self(Source::Literal(name))
    }

    /// A name that a value of the application's knows.
    #[must_use]
    pub const fn typed(name: fn() -> &'static str) -> Self {
        Self(Source::Typed(name))
    }

    /// The text of the name.
    #[must_use]
    pub fn get(self) -> &'static str {
        match self.0 {
            Source::Literal(name) => name,
            Source::Typed(name) => name(),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.get(), f)
    }
}
