//! Refusals in the application's own style; and as problem details (RFC 9457).
//!
//! ```text
//! cargo run -p auth-examples --bin custom_response
//! ```
//!
//! `/page` answers refusals in HTML, `/api` as `application/problem+json`. Whatever a renderer returns, the status and
//! `WWW-Authenticate` stay what they have to be.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, Responder, web};
use auth_examples::{DAY, listen, paste, url};
use auth_runtime::{Auth, Rejection, require_auth, testing::TestIssuer};

/// Something for members.
#[require_auth]
async fn members() -> impl Responder {
    "welcome\n"
}

fn page(rejection: &Rejection, request: &HttpRequest) -> HttpResponse {
    // The status given here is overruled; HTML that quotes the request would have to escape it.
    let _ = request;
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(format!(
        "<h1>{}</h1><p>{}</p>\n",
        rejection.error(),
        rejection.message()
    ))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = listen("Refusals in the application's own style; and as problem details.");
    let url = url(&listener);
    let issuer = TestIssuer::new();
    let html = Auth::builder().issuer(issuer.issuer()).renderer(page).build()?;
    let problems = Auth::builder().issuer(issuer.issuer()).problem_details().build()?;

    paste("401 with an HTML page", &format!("curl -i {url}/page/members"));
    paste("401 as problem details", &format!("curl -i {url}/api/members"));
    let token = issuer.token("ann").expires_in(DAY).mint();
    paste("200", &format!("curl -i -H 'Authorization: Bearer {token}' {url}/api/members"));
    HttpServer::new(move || {
        // The nearest `Auth` counts, so each scope can have a style of its own.
        App::new()
            .service(
                web::scope("/page")
                    .app_data(html.clone())
                    .route("/members", web::get().to(members)),
            )
            .service(
                web::scope("/api")
                    .app_data(problems.clone())
                    .route("/members", web::get().to(members)),
            )
    })
    .workers(1)
    .listen(listener)?
    .run()
    .await?;
    Ok(())
}
