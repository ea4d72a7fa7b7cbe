//! An application as it runs: set up by a file that is read again when it changes, with a real identity provider beside it.
//!
//! In one shell the provider, an npm package:
//!
//! ```text
//! npm ci --prefix tests/identity_provider
//! node tests/identity_provider/provider.mjs tests/identity_provider/demo.json
//! ```
//!
//! In another the application, which may also come first; then it is not ready, and tokens are answered 503:
//!
//! ```text
//! cargo run -p auth-examples --bin production
//! ```
//!
//! In a third a client program, which gets a token with the scope `docs:read`, and is answered 200, 401 and 403:
//!
//! ```text
//! TOKEN=$(curl -s -u robot:robot-secret -d grant_type=client_credentials -d resource=https://documents.example.com -d scope=docs:read http://127.0.0.1:9000/token | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! curl -i -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/documents
//! curl -i http://127.0.0.1:8080/documents
//! curl -i -X POST -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/documents
//! ```
//!
//! Now change `realm` in `examples/production.toml`, and ask the second line again. A mistake in the file changes nothing,
//! and the log says what it is. `http://127.0.0.1:8080/health/ready` is for whoever sends requests here: 200 as soon as
//! tokens can be judged. The tests of this package run all of it.

use std::{
    error::Error,
    fs,
    io::{self, IsTerminal},
    net::TcpListener,
    process::ExitCode,
    time::Duration,
};

use actix_web::{App, HttpServer, Responder, delete, get, post, rt, web};
use auth_examples::{listen_and_configure, url};
use auth_runtime::{
    Auth, Identity, ReloadableAuth, public, ready, require_owner, require_role, require_scope,
    resource_metadata,
};

/// How often somebody looks whether the file has changed.
const LOOK: Duration = Duration::from_secs(1);
/// How long new settings may wait for the keys of their issuers, while those from before decide.
const KEYS: Duration = Duration::from_secs(10);

/// Whether the process is there at all; whether it can judge tokens is `/health/ready`.
#[public]
#[get("/health/live")]
async fn live() -> impl Responder {
    "live\n"
}

/// Lists documents.
#[require_scope("docs:read")]
#[get("/documents")]
async fn list(caller: Identity) -> impl Responder {
    format!("documents, as {} may see them\n", caller.subject())
}

/// Adds a document.
#[require_scope("docs:write")]
#[post("/documents")]
async fn add() -> impl Responder {
    "added\n"
}

/// Removes a document, which takes an editor whatever the token's scopes are.
#[require_role("editor")]
#[delete("/documents/{id}")]
async fn remove(id: web::Path<u32>) -> impl Responder {
    format!("removed {id}\n")
}

/// What somebody has not published yet is for nobody else.
#[require_owner("user_id")]
#[get("/users/{user_id}/drafts")]
async fn drafts(user: web::Path<String>) -> impl Responder {
    format!("drafts of {user}\n")
}

/// Reads the settings again whenever the file has changed from what it `was`.
async fn follow(path: String, mut was: Vec<u8>, auth: ReloadableAuth) {
    loop {
        rt::time::sleep(LOOK).await;
        // It may be away for a moment: many editors put a new file in the place of the old one.
        let Ok(now) = fs::read(&path) else { continue };
        if now == was {
            continue;
        }
        was = now;
        tracing::info!(path, "the settings have changed");
        // What cannot be used changes nothing, and is logged with the fix by whoever finds it out.
        let _ = auth.reload_when_ready(KEYS).await;
    }
}

/// Logs when tokens can be judged.
async fn announce(auth: Auth) {
    if !auth.is_ready() {
        tracing::info!(
            "waiting for the issuers' keys: until they are there, tokens are answered 503"
        );
    }
    auth.wait_ready().await;
    tracing::info!("ready");
}

#[actix_web::main]
async fn main() -> ExitCode {
    let (listener, path) = listen_and_configure(
        "An application as it runs: set up by a file, with a real identity provider beside it.",
        "examples/production.toml",
    );
    // Standard output is for the one line that says where it listens.
    let colours = io::stderr().is_terminal();
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(colours).init();
    match run(listener, path).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run(listener: TcpListener, path: String) -> Result<(), Box<dyn Error>> {
    let text = fs::read(&path).map_err(|error| {
        format!("`{path}`: {error}; start this in the project's folder, or say where the file is with `--config FILE`")
    })?;
    let auth = ReloadableAuth::from_config(&path)?;
    rt::spawn(follow(path, text, auth.clone()));
    rt::spawn(announce(auth.current()));

    println!("listening on {}", url(&listener));
    HttpServer::new(move || {
        App::new()
            .app_data(auth.clone())
            .service((live, list, add, remove, drafts))
            .route("/health/ready", web::get().to(ready))
            .route("/.well-known/oauth-protected-resource", web::get().to(resource_metadata))
    })
    .workers(2)
    // After SIGTERM or Ctrl-C, for what is being answered.
    .shutdown_timeout(10)
    .listen(listener)?
    .run()
    .await?;
    tracing::info!("everything was answered: good-bye");
    Ok(())
}
