//! Which cryptography does the work.

use jsonwebtoken::{Algorithm, DecodingKey, crypto::CryptoProvider};

/// The provider this crate was built with. Never the process default: that one panics at first use as soon as some
/// other crate in the tree enables jsonwebtoken's other backend.
pub(crate) fn provider() -> &'static CryptoProvider {
    #[cfg(feature = "aws-lc")]
    return &jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
    #[cfg(all(feature = "rust-crypto", not(feature = "aws-lc")))]
    return &jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
}

/// The backend does not take a key.
pub(crate) struct Refused;

/// A key made ready to verify signatures of one algorithm.
pub(crate) struct Ready {
    pub(crate) algorithm: Algorithm,
    #[cfg(feature = "aws-lc")]
    key: aws_lc::Key,
    #[cfg(all(feature = "rust-crypto", not(feature = "aws-lc")))]
    key: DecodingKey,
}

impl Ready {
    pub(crate) fn new(algorithm: Algorithm, key: &DecodingKey) -> Result<Self, Refused> {
        // Also where it does not do the work: what one backend refuses is not to depend on the other.
        (provider().verifier_factory)(&algorithm, key).map_err(|_| Refused)?;
        #[cfg(feature = "aws-lc")]
        let key = aws_lc::Key::new(algorithm, key)?;
        #[cfg(all(feature = "rust-crypto", not(feature = "aws-lc")))]
        let key = key.clone();
        Ok(Self { algorithm, key })
    }

    /// Whether `signature` is this key's for `message`.
    #[cfg(feature = "aws-lc")]
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verifies(message, signature)
    }

    /// Whether `signature` is this key's for `message`.
    #[cfg(all(feature = "rust-crypto", not(feature = "aws-lc")))]
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        // What the provider makes belongs to one thread, so it is made each time.
        (provider().verifier_factory)(&self.algorithm, &self.key)
            .is_ok_and(|verifier| verifier.verify(message, &signature.to_vec()).is_ok())
    }
}

/// AWS-LC without jsonwebtoken between: the same algorithms with the same limits, but a key is parsed once and not for each
/// token. That is two microseconds of fifteen for RS256, and all that is wrong with a key is found out when it is made.
#[cfg(feature = "aws-lc")]
mod aws_lc {
    use aws_lc_rs::{
        hmac,
        signature::{
            ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey,
            RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
            RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
            RsaPublicKeyComponents, VerificationAlgorithm,
        },
    };
    use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};

    use super::Refused;

    pub(super) enum Key {
        Secret(Box<hmac::Key>),
        Public(ParsedPublicKey),
    }

    impl Key {
        pub(super) fn new(algorithm: Algorithm, key: &DecodingKey) -> Result<Self, Refused> {
            let secret = |algorithm, key: &DecodingKey| {
                let secret = key.try_get_as_bytes().map_err(|_| Refused)?;
                Ok(Self::Secret(Box::new(hmac::Key::new(algorithm, secret))))
            };
            let rsa = |parameters, key: &DecodingKey| {
                let DecodingKeyKind::RsaModulusExponent { n, e } = key.kind() else {
                    return Err(Refused);
                };
                let components = RsaPublicKeyComponents { n, e };
                components.to_parsed_public_key(parameters).map(Self::Public).map_err(|_| Refused)
            };
            let point = |verification: &'static dyn VerificationAlgorithm, key: &DecodingKey| {
                let point = key.try_get_as_bytes().map_err(|_| Refused)?;
                ParsedPublicKey::new(verification, point).map(Self::Public).map_err(|_| Refused)
            };
            match algorithm {
                Algorithm::HS256 => secret(hmac::HMAC_SHA256, key),
                Algorithm::HS384 => secret(hmac::HMAC_SHA384, key),
                Algorithm::HS512 => secret(hmac::HMAC_SHA512, key),
                Algorithm::RS256 => rsa(&RSA_PKCS1_2048_8192_SHA256, key),
                Algorithm::RS384 => rsa(&RSA_PKCS1_2048_8192_SHA384, key),
                Algorithm::RS512 => rsa(&RSA_PKCS1_2048_8192_SHA512, key),
                Algorithm::PS256 => rsa(&RSA_PSS_2048_8192_SHA256, key),
                Algorithm::PS384 => rsa(&RSA_PSS_2048_8192_SHA384, key),
                Algorithm::PS512 => rsa(&RSA_PSS_2048_8192_SHA512, key),
                Algorithm::ES256 => point(&ECDSA_P256_SHA256_FIXED, key),
                Algorithm::ES384 => point(&ECDSA_P384_SHA384_FIXED, key),
                Algorithm::EdDSA => point(&ED25519, key),
                // jsonwebtoken may learn algorithms that are none of ours.
                _ => Err(Refused),
            }
        }

        pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
            match self {
                Self::Secret(key) => hmac::verify(key, message, signature).is_ok(),
                Self::Public(key) => key.verify_sig(message, signature).is_ok(),
            }
        }
    }
}
