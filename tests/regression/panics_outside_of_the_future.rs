//! A `Resource` that panicked before its future was there, or while it read an id, took the connection with it; and the
//! longest `Retry-After` overflowed.

use std::{
    future::{Future, ready},
    str::FromStr,
    time::Duration,
};

use actix_web::{Error, HttpRequest, Responder, get};
use auth_runtime::{
    Auth, Identity, Owned, Resource, require_auth,
    testing::TestIssuer,
    verifier::{Verification, Verifier, VerifyError},
};

use crate::{call, get};

struct Careless;

struct Id;

impl FromStr for Id {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        assert!(text.len() > 1, "a bug in from_str");
        Ok(Self)
    }
}

impl Resource for Careless {
    type Id = Id;
    type Error = Error;

    fn load(_: Id, request: &HttpRequest) -> impl Future<Output = Result<Option<Self>, Error>> {
        assert!(!request.path().ends_with("77"), "a bug in load");
        ready(Ok(Some(Self)))
    }

    fn permits(&self, _: &Identity) -> bool {
        true
    }
}

#[require_auth]
#[get("/{id}")]
async fn careless(_: Owned<Careless>) -> impl Responder {
    "careless"
}

struct Far;

impl Verifier for Far {
    fn verify(&self, _: &str, _: &HttpRequest) -> Verification {
        Verification::Ready(Err(VerifyError::unavailable(Duration::MAX)))
    }
}

/// D7
#[actix_web::test]
async fn z8_a_panic_denies_wherever_it_happens() {
    let issuer = TestIssuer::new();
    let token = issuer.token("bob").mint();
    for (path, status) in [("/7", 500), ("/77", 500), ("/777", 500), ("/78", 200)] {
        let response = call(&issuer.auth().unwrap(), careless, get(path, &token)).await;
        assert_eq!(response.status(), status, "{path}");
    }
    let far = Auth::builder().verifier(Far).build().unwrap();
    let response = call(&far, careless, get("/78", "t")).await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers().get("retry-after").unwrap(), &u64::MAX.to_string());
}
