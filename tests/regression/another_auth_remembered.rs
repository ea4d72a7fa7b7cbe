//! What one `Auth` had waited for was taken for the answer of another one deeper in the application.

use actix_web::{
    App, Error, HttpRequest, Responder,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    get,
    middleware::{Next, from_fn},
    test::{call_service, init_service},
    web,
};
use auth_runtime::{
    Auth, Identity, Policy, guard, require_role,
    verifier::{Verification, Verified, Verifier, VerifyError},
};

use crate::get;

/// Says so, after a while.
struct Says(&'static str, bool);

impl Verifier for Says {
    fn verify(&self, _: &str, _: &HttpRequest) -> Verification {
        let Self(issuer, vouches) = *self;
        Verification::later(async move {
            if vouches {
                Ok(Verified::new(issuer, "ann").role("admin"))
            } else {
                Err(VerifyError::invalid("not here"))
            }
        })
    }
}

static ANYBODY: Policy = Policy::Authenticated;

async fn gate(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    assert!(guard(request.request(), &ANYBODY).await.is_ok());
    next.call(request).await
}

#[require_role("admin")]
#[get("/admin")]
async fn admin(identity: Identity) -> impl Responder {
    identity.issuer().to_owned()
}

#[actix_web::test]
async fn each_auth_asks_its_own_verifier() {
    let auth = |says| Auth::builder().verifier(says).build().unwrap();
    for (vouches, status) in [(false, 401), (true, 200)] {
        let app = App::new().app_data(auth(Says("outer", true))).wrap(from_fn(gate));
        let inner = web::scope("/b").app_data(auth(Says("inner", vouches))).service(admin);
        let app = init_service(app.service(inner)).await;
        let response = call_service(&app, get("/b/admin", "t").to_request()).await;
        let (got, body) = auth_tests::read(response).await;
        assert_eq!(got, status);
        assert_eq!(body == "inner", vouches, "{body}");
    }
}
