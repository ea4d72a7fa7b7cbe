//! The main job: annotate handlers, and get the right 401 or 403.
//!
//! ```text
//! cargo run -p auth-examples --bin quickstart
//! ```
//!
//! It makes a key, prints `curl` lines with fresh tokens and what each will answer, and serves on 127.0.0.1:8080.

use actix_web::{App, HttpResponse, HttpServer, Responder, delete, get, post, web};
use auth_examples::{DAY, listen, paste, url};
use auth_runtime::{Identity, public, require_auth, require_role, testing::TestIssuer};
use serde::Deserialize;

/// Greets whoever comes.
#[public]
#[get("/")]
async fn home(caller: Option<Identity>) -> impl Responder {
    match caller {
        Some(caller) => format!("hello {}\n", caller.subject()),
        None => "hello stranger\n".to_owned(),
    }
}

/// Says who the caller is.
#[require_auth]
#[get("/me")]
async fn me(identity: Identity) -> impl Responder {
    let roles: Vec<&str> = identity.roles().collect();
    format!("you are {} with the roles {roles:?}\n", identity.subject())
}

/// Removes a user.
#[require_role("admin")]
#[delete("/users/{id}")]
async fn delete_user(id: web::Path<u64>) -> impl Responder {
    format!("user {id} is gone\n")
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

/// Adds a note.
#[require_role(any("admin", "editor"))]
#[post("/notes")]
async fn add_note(note: web::Json<Note>) -> impl Responder {
    HttpResponse::Created().body(format!("noted: {}\n", note.text))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = listen("The main job: annotate handlers, and get the right 401 or 403.");
    let issuer = TestIssuer::new();
    let auth = issuer.auth()?;

    print_lines(&url(&listener), &issuer);
    HttpServer::new(move || {
        App::new()
            .app_data(auth.clone())
            .service(home)
            .service(me)
            .service(delete_user)
            .service(add_note)
    })
    .workers(1)
    .listen(listener)?
    .run()
    .await?;
    Ok(())
}

fn print_lines(url: &str, issuer: &TestIssuer) {
    let user = issuer.token("bob").role("user").expires_in(DAY).mint();
    let editor = issuer.token("eve").role("editor").expires_in(DAY).mint();
    let admin = issuer.token("ann").role("admin").expires_in(DAY).mint();
    let expired = issuer.token("ann").role("admin").expired().mint();
    let bearer = |token: &str| format!("-H 'Authorization: Bearer {token}'");
    let json = "-H 'Content-Type: application/json'";

    println!("Listening on {url} with a key made just now; Ctrl-C ends it. Paste:\n");
    paste("no token: 401, and WWW-Authenticate says how to log in", &format!("curl -i {url}/me"));
    paste("a user: 200", &format!("curl -i {} {url}/me", bearer(&user)));
    paste(
        "a user where an admin is needed: 403",
        &format!("curl -i -X DELETE {} {url}/users/7", bearer(&user)),
    );
    paste("an admin: 200", &format!("curl -i -X DELETE {} {url}/users/7", bearer(&admin)));
    paste(
        "an expired token: 401, and WWW-Authenticate says that it expired",
        &format!("curl -i {} {url}/me", bearer(&expired)),
    );
    paste(
        "a malformed body without a token: 401, not 400",
        &format!("curl -i {json} -d '{{\"bad json' {url}/notes"),
    );
    paste(
        "a malformed body from an editor: 400",
        &format!("curl -i {} {json} -d '{{\"bad json' {url}/notes", bearer(&editor)),
    );
    paste(
        "a note from an editor: 201",
        &format!("curl -i {} {json} -d '{{\"text\":\"buy milk\"}}' {url}/notes", bearer(&editor)),
    );
    paste("a public page: 200", &format!("curl -i {url}/"));
}
