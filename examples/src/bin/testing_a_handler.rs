//! How to test a guarded handler.
//!
//! ```text
//! cargo test -p auth-examples --bin testing_a_handler
//! ```
//!
//! Nobody can call a guarded handler around its guard, a test included. So the guard is tested through the application,
//! with tokens of a test issuer, and the logic in a plain function, with an identity out of nothing.

use actix_web::{App, HttpServer, Responder, get};
use auth_examples::{DAY, listen, paste, url};
use auth_runtime::{Identity, require_role, testing::TestIssuer};

/// The report.
#[require_role("auditor")]
#[get("/report")]
async fn report(identity: Identity) -> impl Responder {
    write_report(identity).await
}

/// The logic, which takes for granted that its caller may see it.
#[allow(clippy::unused_async, reason = "a real report is read from somewhere")]
async fn write_report(identity: Identity) -> impl Responder {
    format!("report for {}\n", identity.subject())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = listen("How to test a guarded handler; see the tests in this file.");
    let url = url(&listener);
    let issuer = TestIssuer::new();
    let auth = issuer.auth()?;
    let token = issuer.token("ann").role("auditor").expires_in(DAY).mint();
    paste("200", &format!("curl -i -H 'Authorization: Bearer {token}' {url}/report"));
    HttpServer::new(move || App::new().app_data(auth.clone()).service(report))
        .workers(1)
        .listen(listener)?
        .run()
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use actix_web::{
        body::to_bytes,
        http::header::{AUTHORIZATION, WWW_AUTHENTICATE},
        test::{TestRequest, call_service, init_service},
    };
    use auth_runtime::{testing, verifier::Verified};

    use super::*;

    #[actix_web::test]
    async fn the_guard_lets_auditors_in_and_nobody_else() {
        let mut issuer = TestIssuer::new();
        let app = init_service(App::new().app_data(issuer.auth().unwrap()).service(report)).await;
        let ask = async |token: Option<String>| {
            let mut request = TestRequest::get().uri("/report");
            if let Some(token) = token {
                request = request.insert_header((AUTHORIZATION, format!("Bearer {token}")));
            }
            call_service(&app, request.to_request()).await
        };

        let response = ask(None).await;
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers().get(WWW_AUTHENTICATE).unwrap(), r#"Bearer realm="api""#);

        assert_eq!(ask(Some(issuer.token("bob").mint())).await.status(), 403);
        let ann = || issuer.token("ann").role("auditor");
        assert_eq!(ask(Some(ann().mint())).await.status(), 200);
        assert_eq!(ask(Some(ann().expired().mint())).await.status(), 401);

        issuer.rotate_key();
        let signed_with_the_new_key = issuer.token("ann").role("auditor").mint();
        assert_eq!(ask(Some(signed_with_the_new_key)).await.status(), 401);
    }

    #[actix_web::test]
    async fn the_logic_greets_its_reader() {
        let (request, mut payload) = TestRequest::default().to_http_parts();
        let ann = testing::identity(Verified::new("https://id.test/", "ann"));
        let response = testing::call(write_report, &request, &mut payload, ann).await;
        assert_eq!(to_bytes(response.into_body()).await.unwrap(), "report for ann\n");
    }
}
