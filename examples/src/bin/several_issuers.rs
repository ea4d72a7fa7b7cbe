//! Two issuers: customers and staff come from different identity providers.
//!
//! ```text
//! cargo run -p auth-examples --bin several_issuers
//! ```
//!
//! Each token is judged by the issuer its `iss` names, with that issuer's keys only.

use actix_web::{App, HttpServer, Responder, get};
use auth_examples::{DAY, listen, paste, url};
use auth_runtime::{Auth, Identity, require_auth, require_role, testing::TestIssuer};

/// Says who the caller is, and who says so.
#[require_auth]
#[get("/me")]
async fn me(identity: Identity) -> impl Responder {
    format!("{} at {}\n", identity.subject(), identity.issuer())
}

/// For staff: the role can only come from the staff's issuer, which keeps it elsewhere in its tokens.
#[require_role("support")]
#[get("/tickets")]
async fn tickets() -> impl Responder {
    "no tickets\n"
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener =
        listen("Two issuers: customers and staff come from different identity providers.");
    let url = url(&listener);
    let customers = TestIssuer::new().named("https://customers.example/");
    let staff = TestIssuer::new().named("https://staff.example/");
    let auth = Auth::builder()
        // A role in a customer's token counts for nothing: customers have none.
        .issuer(customers.issuer().roles_claim("/nowhere"))
        .issuer(staff.issuer().roles_claim("/realm_access/roles"))
        .build()?;

    let customer = customers.token("carl").role("support").expires_in(DAY).mint();
    let member = staff
        .token("sue")
        .claim("realm_access", serde_json::json!({"roles": ["support"]}))
        .expires_in(DAY)
        .mint();
    let forged =
        customers.token("carl").claim("iss", "https://staff.example/").expires_in(DAY).mint();
    for (answers, token, path) in [
        ("200", &customer, "me"),
        ("403: a customer", &customer, "tickets"),
        ("200: a member of staff", &member, "tickets"),
        ("401: a customer's token that claims to be the staff's", &forged, "tickets"),
    ] {
        paste(answers, &format!("curl -i -H 'Authorization: Bearer {token}' {url}/{path}"));
    }
    HttpServer::new(move || App::new().app_data(auth.clone()).service(me).service(tickets))
        .workers(1)
        .listen(listener)?
        .run()
        .await?;
    Ok(())
}
