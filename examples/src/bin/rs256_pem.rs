//! Tokens signed with RS256, verified with a public key in PEM.
//!
//! ```text
//! cargo run -p auth-examples --bin rs256_pem
//! ```
//!
//! The key pair is made at start. Only its public half is given to the application: 200 for a token signed with the
//! private one, 401 for anything else.

use actix_web::{App, HttpServer, Responder, get};
use auth_examples::{listen, paste, url};
use auth_runtime::{Algorithm, Auth, Identity, Issuer, Key, require_auth};
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

/// Says who the caller is.
#[require_auth]
#[get("/me")]
async fn me(identity: Identity) -> impl Responder {
    format!("{} says you are {}\n", identity.issuer(), identity.subject())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = listen("Tokens signed with RS256, verified with a public key in PEM.");
    let url = url(&listener);

    let pair = KeyPair::generate(KeySize::Rsa2048)?;
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der()?;
    let public = pem::encode(&pem::Pem::new("PUBLIC KEY", public.as_ref()));
    println!("{public}");

    let auth = Auth::builder()
        .issuer(
            Issuer::new("https://id.example.com/")
                .audience("api")
                .key(Key::pem([Algorithm::RS256], public).kid("2026-01")),
        )
        .build()?;

    let token = sign(&pair, "2026-01")?;
    paste("200", &format!("curl -i -H 'Authorization: Bearer {token}' {url}/me"));
    let unknown = sign(&pair, "2025-12")?;
    paste(
        "401: no key of that name",
        &format!("curl -i -H 'Authorization: Bearer {unknown}' {url}/me"),
    );
    HttpServer::new(move || App::new().app_data(auth.clone()).service(me))
        .workers(1)
        .listen(listener)?
        .run()
        .await?;
    Ok(())
}

/// What an identity provider does.
fn sign(pair: &KeyPair, kid: &str) -> Result<String, Box<dyn std::error::Error>> {
    // jsonwebtoken asks for a choice where both of its backends may be on.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let private: Pkcs8V1Der<'_> = pair.as_der()?;
    let private = pem::encode(&pem::Pem::new("PRIVATE KEY", private.as_ref()));
    let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::RS256) };
    let claims = json!({
        "iss": "https://id.example.com/",
        "aud": "api",
        "sub": "ann",
        "exp": jsonwebtoken::get_current_timestamp() + 300,
    });
    Ok(encode(&header, &claims, &EncodingKey::from_rsa_pem(private.as_bytes())?)?)
}
