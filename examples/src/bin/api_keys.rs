//! API keys in a file: made, shown once, rotated while the program runs.
//!
//! ```text
//! cargo run -p auth-examples --bin api_keys
//! ```
//!
//! Edit the file it names while it runs: an edit counts about a second later, and a broken one changes nothing.

use std::{env::temp_dir, fs, process};

use actix_web::{App, HttpServer, Responder, get};
use auth_examples::{listen, paste, url};
use auth_runtime::{
    Auth, Identity,
    api_key::{ApiKey, ApiKeys, FileStore},
    require_api_key, require_scope,
};

/// Counts builds.
#[require_api_key]
#[require_scope("builds:read")]
#[get("/builds")]
async fn builds(identity: Identity) -> impl Responder {
    format!("42 builds, says {}\n", identity.subject())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = listen("API keys in a file: made, shown once, rotated while the program runs.");
    let url = url(&listener);

    // Whoever makes a key hands its text over now: the file holds only a hash.
    let (ci, key) = ApiKey::generate("svc-ci")?;
    let ci_entry = key.label("ci").scope("builds:read").to_toml();
    let (intern, key) = ApiKey::generate("intern")?;
    let path = temp_dir().join(format!("auth-example-keys-{}.toml", process::id()));
    fs::write(&path, format!("{ci_entry}\n{}", key.label("no scopes").to_toml()))?;
    let auth = Auth::builder().api_keys(ApiKeys::new(FileStore::open(&path)?)).build()?;

    println!("The keys are in {}\n", path.display());
    paste("200", &format!("curl -i -H 'X-API-Key: {}' {url}/builds", ci.reveal()));
    paste(
        "403: a good key without the scope",
        &format!("curl -i -H 'X-API-Key: {}' {url}/builds", intern.reveal()),
    );
    paste("401, and WWW-Authenticate names the header", &format!("curl -i {url}/builds"));
    HttpServer::new(move || App::new().app_data(auth.clone()).service(builds))
        .workers(1)
        .listen(listener)?
        .run()
        .await?;
    fs::remove_file(&path)?;
    Ok(())
}
