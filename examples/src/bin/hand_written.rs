//! A policy written by hand, for where no attribute can stand: here, in front of a whole scope.
//!
//! ```text
//! cargo run -p auth-examples --bin hand_written
//! ```
//!
//! `guard` decides in a middleware; the check it asks is a function of the application.

use actix_web::{
    App, Error, HttpRequest, HttpServer, Responder,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::{Next, from_fn},
    web,
};
use auth_examples::{DAY, listen, paste, url};
use auth_runtime::{
    Identity, Policy, guard,
    policy::{Answer, Check},
    testing::TestIssuer,
};

/// Admins may do anything; others may only read.
static ADMINS_OR_READING: Policy =
    Policy::Any(&[Policy::role("admin"), Policy::Check(Check::new("is_reading", is_reading))]);

fn is_reading(request: &HttpRequest, _: &Identity) -> Answer {
    Answer::Ready(Ok(request.method().is_safe()))
}

async fn protect(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match guard(request.request(), &ADMINS_OR_READING).await {
        Ok(_) => Ok(next.call(request).await?.map_into_boxed_body()),
        Err(rejection) => {
            let response = rejection.into_response(request.request());
            Ok(request.into_response(response))
        }
    }
}

async fn documents() -> impl Responder {
    "three documents\n"
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = listen("A policy written by hand, in front of a whole scope.");
    let url = url(&listener);
    let issuer = TestIssuer::new();
    let auth = issuer.auth()?;

    let user = issuer.token("bob").expires_in(DAY).mint();
    let admin = issuer.token("ann").role("admin").expires_in(DAY).mint();
    paste("401", &format!("curl -i {url}/documents"));
    paste("200", &format!("curl -i -H 'Authorization: Bearer {user}' {url}/documents"));
    paste("403", &format!("curl -i -X POST -H 'Authorization: Bearer {user}' {url}/documents"));
    paste("200", &format!("curl -i -X POST -H 'Authorization: Bearer {admin}' {url}/documents"));
    HttpServer::new(move || {
        App::new()
            .app_data(auth.clone())
            .service(web::scope("/documents").wrap(from_fn(protect)).route("", web::to(documents)))
    })
    .workers(1)
    .listen(listener)?
    .run()
    .await?;
    Ok(())
}
