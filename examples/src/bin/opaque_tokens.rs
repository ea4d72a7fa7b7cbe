//! Tokens that are no JWTs: a verifier of the application's own, which has to wait for its answer.
//!
//! ```text
//! cargo run -p auth-examples --bin opaque_tokens
//! ```
//!
//! The guard waits for the verifier, and only then lets extractors and handler run.

use std::{collections::HashMap, sync::Arc, time::Duration};

use actix_web::{App, HttpRequest, HttpServer, Responder, get, rt::time::sleep};
use auth_examples::{listen, paste, url};
use auth_runtime::{
    Auth, require_role,
    verifier::{Verification, Verified, Verifier, VerifyError},
};

/// A session store, as far away as a database.
struct Sessions(Arc<HashMap<&'static str, &'static str>>);

impl Verifier for Sessions {
    fn verify(&self, token: &str, _: &HttpRequest) -> Verification {
        let (sessions, token) = (Arc::clone(&self.0), token.to_owned());
        Verification::later(async move {
            sleep(Duration::from_millis(20)).await;
            match sessions.get(token.as_str()) {
                Some(role) => Ok(Verified::new("https://sessions.example/", token).role(*role)),
                None if token == "down" => Err(VerifyError::unavailable(Duration::from_secs(5))),
                None => Err(VerifyError::invalid("no such session")),
            }
        })
    }
}

/// Lists what only admins see.
#[require_role("admin")]
#[get("/admin")]
async fn admin() -> impl Responder {
    "welcome\n"
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = listen("Tokens that are no JWTs: a verifier of the application's own.");
    let url = url(&listener);
    let sessions = HashMap::from([("session-of-ann", "admin"), ("session-of-bob", "user")]);
    let auth = Auth::builder().verifier(Sessions(Arc::new(sessions))).build()?;

    for (answers, token) in [
        ("200", "session-of-ann"),
        ("403", "session-of-bob"),
        ("401", "no-session"),
        ("503 with Retry-After: nobody can tell at the moment", "down"),
    ] {
        paste(answers, &format!("curl -i -H 'Authorization: Bearer {token}' {url}/admin"));
    }
    HttpServer::new(move || App::new().app_data(auth.clone()).service(admin))
        .workers(1)
        .listen(listener)?
        .run()
        .await?;
    Ok(())
}
