//! The guide: one chapter for each thing an attribute can ask, with what is let through and what is refused.
//!
//! Every chapter begins with a sentence that says what it is about, and ends with an example that shows both. The first are
//! about one question each, the others about attributes: combined, hidden, stacked, on a module, observed, tested.

#[doc = include_str!("authentication.md")]
pub mod authentication {}

#[doc = include_str!("credentials.md")]
pub mod credentials {}

#[doc = include_str!("dpop.md")]
pub mod dpop {}

#[cfg(feature = "jwks")]
#[doc = include_str!("introspection.md")]
pub mod introspection {}

#[doc = include_str!("roles.md")]
pub mod roles {}

#[doc = include_str!("scopes.md")]
pub mod scopes {}

#[doc = include_str!("ownership.md")]
pub mod ownership {}

#[doc = include_str!("addresses.md")]
pub mod addresses {}

#[doc = include_str!("api_keys.md")]
pub mod api_keys {}

#[doc = include_str!("step_up.md")]
pub mod step_up {}

#[doc = include_str!("expressions.md")]
pub mod expressions {}

#[doc = include_str!("hiding.md")]
pub mod hiding {}

#[doc = include_str!("stacking.md")]
pub mod stacking {}

#[doc = include_str!("modules.md")]
pub mod modules {}

#[doc = include_str!("public.md")]
pub mod public {}

// Half of its examples are about the network.
#[cfg(any(not(doctest), feature = "jwks"))]
#[doc = include_str!("keys.md")]
pub mod keys {}

#[doc = include_str!("revocation.md")]
pub mod revocation {}

#[doc = include_str!("configuration.md")]
pub mod configuration {}

#[doc = include_str!("observability.md")]
pub mod observability {}

#[doc = include_str!("scale.md")]
pub mod scale {}

#[doc = include_str!("testing.md")]
pub mod testing {}
