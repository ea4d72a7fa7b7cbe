//! Whether everything is there that is needed to verify callers, for health checks.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    rt::time::sleep,
};

use super::Auth;
use crate::{guard::no_auth, revocation::RevocationCheck};

impl Auth {
    /// Whether callers of every issuer can be verified: its keys are there, and not too old; and so is what was revoked,
    /// where instances share that.
    ///
    /// [`build`](crate::AuthBuilder::build) returns before keys have come from the network. With local keys and revocations
    /// in memory this is always so. The handler [`ready`](crate::ready()) answers health checks with it.
    ///
    /// ```
    /// use auth_runtime::{Algorithm, Auth, Issuer, Key};
    ///
    /// # fn main() -> Result<(), auth_runtime::BuildError> {
    /// let issuer = Issuer::new("https://id.example.com/").audience("api").key(Key::secret(Algorithm::HS256, [7; 32]));
    /// assert!(Auth::builder().issuer(issuer).build()?.is_ready());
    /// # #[cfg(feature = "jwks")]
    /// # {
    ///
    /// // Nobody is at this address, so there are no keys.
    /// let away = Issuer::new("http://127.0.0.1:9/").audience("api").jwks_discovery();
    /// assert!(!Auth::builder().issuer(away).build()?.is_ready());
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_ready(&self) -> bool {
        #[cfg(feature = "jwks")]
        if !self.network().all(|keys| keys.is_ready(self.now())) {
            return false;
        }
        self.ledger().revocations.as_ref().is_none_or(RevocationCheck::is_ready)
    }

    /// Waits until [`is_ready`](Self::is_ready): before an application starts to serve, for instance.
    ///
    /// As long as an issuer or Redis is away this does not end, so give it a time limit.
    ///
    /// ```
    /// # use auth_runtime::{Algorithm, Auth, Issuer, Key};
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let issuer = Issuer::new("https://id.example.com/").audience("api").key(Key::secret(Algorithm::HS256, [7; 32]));
    /// use std::time::Duration;
    ///
    /// use actix_web::rt::time::timeout;
    ///
    /// let auth = Auth::builder().issuer(issuer).build()?;
    /// timeout(Duration::from_secs(10), auth.wait_ready()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait_ready(&self) {
        // One that was ready may have run out while another was waited for.
        while !self.is_ready() {
            #[cfg(feature = "jwks")]
            for keys in self.network() {
                keys.ready(|| self.now()).await;
            }
            #[cfg(feature = "redis")]
            if let Some(revocations) = self.revocations() {
                revocations.loaded().await;
            }
            // What was loaded may be stale, of which nothing tells the end.
            if !self.is_ready() {
                sleep(Duration::from_millis(50)).await;
            }
        }
    }

    #[cfg(feature = "jwks")]
    fn network(&self) -> impl Iterator<Item = &crate::issuer::network::NetworkKeys> {
        self.0.jwt.iter().flat_map(crate::verifier::jwt::JwtVerifier::network).map(AsRef::as_ref)
    }
}

/// A handler for health checks: 200 once [`Auth::is_ready`], before that and whenever keys have run out, or revocations are
/// stale, 503.
///
/// It is open to everybody and says nothing but that. In an application without [`Auth`] it answers 500.
///
/// ```
/// use actix_web::{App, test, web};
/// # use auth_runtime::{Algorithm, Auth, Issuer, Key};
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let issuer = Issuer::new("https://id.example.com/").audience("api").key(Key::secret(Algorithm::HS256, [7; 32]));
/// let auth = Auth::builder().issuer(issuer).build()?;
/// let app = App::new().app_data(auth).route("/health/ready", web::get().to(auth_runtime::ready));
/// let app = test::init_service(app).await;
///
/// let response = test::call_service(&app, test::TestRequest::get().uri("/health/ready").to_request()).await;
/// assert_eq!(response.status(), 200);
/// assert_eq!(test::read_body(response).await, r#"{"ready":true}"#);
/// # Ok(())
/// # }
/// ```
pub async fn ready(request: HttpRequest) -> HttpResponse {
    let Some(auth) = Auth::of(&request) else {
        return no_auth("`auth_runtime::ready`").into_response(&request);
    };
    let (mut response, body) = if auth.is_ready() {
        (HttpResponse::Ok(), r#"{"ready":true}"#)
    } else {
        (HttpResponse::ServiceUnavailable(), r#"{"ready":false}"#)
    };
    response
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body)
}
