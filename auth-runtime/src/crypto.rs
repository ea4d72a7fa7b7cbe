//! Which cryptography does the work.

use jsonwebtoken::crypto::CryptoProvider;

/// The provider this crate was built with. Never the process default: that one panics at first use as soon as some
/// other crate in the tree enables jsonwebtoken's other backend.
pub(crate) fn provider() -> &'static CryptoProvider {
    #[cfg(feature = "aws-lc")]
    return &jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
    #[cfg(all(feature = "rust-crypto", not(feature = "aws-lc")))]
    return &jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
}
