//! Claims of your own, as a type of your own.
//!
//! ```text
//! cargo run -p auth-examples --bin custom_claims
//! ```
//!
//! A token that says `tenant` and `plan` is answered 200, one that does not is genuine but not good enough: 403.

use actix_web::{App, HttpServer, Responder, get};
use auth_examples::{DAY, listen, paste, url};
use auth_runtime::{Claims, Identity, require_auth, testing::TestIssuer};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Plan {
    Free,
    Paid,
}

#[derive(Deserialize)]
struct Customer {
    tenant: String,
    plan: Plan,
}

/// Says whom the caller works for.
#[require_auth]
#[get("/tenant")]
async fn tenant(identity: Identity, claims: Claims<Customer>) -> impl Responder {
    let Customer { tenant, plan } = claims.into_inner();
    let plan = match plan {
        Plan::Free => "for free",
        Plan::Paid => "and pays",
    };
    format!("{} works for {tenant} {plan}\n", identity.subject())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = listen("Claims of your own, as a type of your own.");
    let url = url(&listener);
    let issuer = TestIssuer::new();
    let auth = issuer.auth()?;

    let customer =
        issuer.token("ann").claim("tenant", "acme").claim("plan", "paid").expires_in(DAY).mint();
    let other = issuer.token("bob").expires_in(DAY).mint();
    paste("200", &format!("curl -i -H 'Authorization: Bearer {customer}' {url}/tenant"));
    paste(
        "403: the token says nothing about a tenant",
        &format!("curl -i -H 'Authorization: Bearer {other}' {url}/tenant"),
    );
    HttpServer::new(move || App::new().app_data(auth.clone()).service(tenant))
        .workers(1)
        .listen(listener)?
        .run()
        .await?;
    Ok(())
}
