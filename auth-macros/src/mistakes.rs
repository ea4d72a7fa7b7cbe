//! Collects every mistake in what the user wrote, so that one compile shows them all.

use std::{cell::RefCell, fmt::Display, thread};

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// The mistakes found so far. [`check`](Mistakes::check) must be called: dropping it unread is a bug here.
pub(crate) struct Mistakes(RefCell<Option<Vec<Error>>>);

impl Mistakes {
    pub(crate) fn new() -> Self {
        Self(RefCell::new(Some(Vec::new())))
    }

    /// A mistake under the user's own tokens.
    pub(crate) fn at(&self, tokens: impl ToTokens, message: impl Display) {
        self.push(Error::new_spanned(tokens, message));
    }

    /// A mistake at a place that has no tokens of its own, such as an attribute without arguments.
    pub(crate) fn at_span(&self, span: Span, message: impl Display) {
        self.push(Error::new(span, message));
    }

    pub(crate) fn push(&self, error: Error) {
        if let Some(errors) = self.0.borrow_mut().as_mut() {
            errors.push(error);
        }
    }

    /// How many there are, to know whether what follows from one would only repeat it.
    pub(crate) fn count(&self) -> usize {
        self.0.borrow().as_ref().map_or(0, Vec::len)
    }

    /// The `compile_error!`s for what was found, or `Ok` if there is nothing to say.
    pub(crate) fn check(self) -> Result<(), TokenStream> {
        let errors = self.0.borrow_mut().take().unwrap_or_default();
        if errors.is_empty() {
            return Ok(());
        }
        Err(errors.iter().map(Error::to_compile_error).collect())
    }
}

impl Drop for Mistakes {
    fn drop(&mut self) {
        // A mistake that nobody reads would let a wrong attribute compile.
        assert!(
            thread::panicking() || self.0.borrow().is_none(),
            "auth-macros: mistakes were collected and not checked"
        );
    }
}
