//! What weakens a check. Nothing here is reached by accident: the word stands in the path.

use crate::issuer::Issuer;

/// The dangerous side of an [`Issuer`]; see [`Issuer::danger`].
#[derive(Debug)]
#[must_use = "call one of its methods to get the issuer back"]
pub struct DangerousIssuer(pub(crate) Issuer);

impl DangerousIssuer {
    /// Takes tokens for any audience, and tokens without one.
    ///
    /// Every application that trusts this issuer can then use the tokens its users bring it to call yours
    /// (RFC 8725 §3.9, RFC 9068 §4). There is a reason only where the issuer serves nobody else.
    ///
    /// # Examples
    ///
    /// ```
    /// use auth_runtime::{Algorithm, Auth, Issuer, Key};
    ///
    /// let issuer = || Issuer::new("https://id.example.com/").key(Key::secret(Algorithm::HS256, [7; 32]));
    ///
    /// assert!(Auth::builder().issuer(issuer()).build().is_err()); // no audience: does not build
    /// assert!(Auth::builder().issuer(issuer().danger().accept_any_audience()).build().is_ok());
    /// ```
    pub fn accept_any_audience(mut self) -> Issuer {
        self.0.any_audience = true;
        self.0
    }
}
