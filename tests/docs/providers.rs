//! README.md, the section about providers: its TOML and its Rust load, say the same, and take the tokens it describes.

use actix_web::{
    App, Responder, get,
    http::header::AUTHORIZATION,
    test::{TestRequest, call_service, init_service},
};
use auth_runtime::{Algorithm, Auth, Config, Issuer, Key, require_role, require_scope};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

const README: &str = include_str!("../../README.md");
const SECRET: &str = "stands in for the provider's keys, which nobody has";

#[require_role("admin")]
#[get("/role")]
async fn role() -> impl Responder {
    "role"
}

#[require_scope("docs:read")]
#[get("/scope")]
async fn scope() -> impl Responder {
    "scope"
}

/// What stands below a provider's heading.
fn section(heading: &str) -> &'static str {
    let (_, providers) =
        README.split_once("\n## Use it with Keycloak, Auth0, Okta, Cognito, Entra ID\n").unwrap();
    let (providers, _) = providers.split_once("\n## ").unwrap();
    let (_, section) = providers.split_once(&format!("\n### {heading}\n")).unwrap();
    section.split("\n### ").next().unwrap()
}

fn block(section: &'static str, language: &str) -> &'static str {
    let (_, block) = section.split_once(&format!("```{language}\n")).unwrap();
    block.split("```").next().unwrap()
}

fn token(claims: &Value) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes())))
}

async fn statuses(auth: &Auth, token: &str) -> [u16; 2] {
    let app = init_service(App::new().app_data(auth.clone()).service((role, scope))).await;
    let mut statuses = [0; 2];
    for (path, status) in ["/role", "/scope"].into_iter().zip(&mut statuses) {
        let request = TestRequest::get().uri(path);
        let request = request.insert_header((AUTHORIZATION, format!("Bearer {token}")));
        *status = call_service(&app, request.to_request()).await.status().as_u16();
    }
    statuses
}

/// The code, and its text.
macro_rules! shown {
    ($code:expr) => {
        ($code, stringify!($code))
    };
}

/// `claims` has the role and the scope where this provider puts them; with one of `traps` over it, it is refused.
async fn assert_shown(
    heading: &str,
    (issuer, code): (Issuer, &str),
    claims: Value,
    traps: &[Value],
) {
    let section = section(heading);
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    let rust = plain(block(section, "rust"));
    assert_eq!(
        rust,
        plain(&format!("use auth_runtime::Issuer; let issuer = {code}.jwks_discovery();"))
    );

    let toml = block(section, "toml");
    drop(Config::from_toml(toml).unwrap().into_builder().unwrap());
    let keys = format!("keys = [{{ algorithms = \"HS256\", secret = \"{SECRET}\" }}]");
    let local = toml.replace("discovery = true", &keys);
    assert_ne!(local, toml);
    let configured = Auth::from_toml(&local).unwrap();
    let built = Auth::builder().issuer(issuer.key(Key::secret(Algorithm::HS256, SECRET)));
    for auth in [configured, built.build().unwrap()] {
        let with = |changes: &Value| {
            let mut claims = claims.clone();
            claims["sub"] = json!("ann");
            claims["exp"] = json!(4_000_000_000_u64);
            for (name, value) in changes.as_object().unwrap() {
                claims[name] = value.clone();
            }
            token(&claims)
        };
        assert_eq!(statuses(&auth, &with(&json!({}))).await, [200; 2], "{heading}");
        for trap in traps {
            assert_eq!(statuses(&auth, &with(trap)).await, [401; 2], "{heading}: {trap}");
        }
    }
}

#[actix_web::test]
async fn keycloak() {
    assert_shown(
        "Keycloak",
        shown!(
            Issuer::keycloak_client("https://sso.example.com", "main", "my-app").audience("api")
        ),
        json!({
            "iss": "https://sso.example.com/realms/main", "aud": ["api", "account"],
            "resource_access": {"my-app": {"roles": ["admin"]}}, "scope": "profile docs:read",
        }),
        &[json!({"aud": "account"}), json!({"aud": null})],
    )
    .await;
}

#[actix_web::test]
async fn auth0() {
    assert_shown(
        "Auth0",
        shown!(
            Issuer::auth0("example.eu.auth0.com")
                .audience("https://api.example.com")
                .roles_claim("https://example.com/roles")
        ),
        json!({
            "iss": "https://example.eu.auth0.com/", "aud": ["https://api.example.com", "x"],
            "https://example.com/roles": ["admin"], "scope": "openid docs:read",
        }),
        &[json!({"iss": "https://example.eu.auth0.com"})],
    )
    .await;
}

#[actix_web::test]
async fn okta() {
    assert_shown(
        "Okta",
        shown!(Issuer::okta("example.okta.com", "default").audience("api://default")),
        json!({
            "iss": "https://example.okta.com/oauth2/default", "aud": "api://default",
            "groups": ["admin"], "scp": ["openid", "docs:read"],
        }),
        &[json!({"iss": "https://example.okta.com"})],
    )
    .await;
}

#[actix_web::test]
async fn cognito() {
    assert_shown(
        "Amazon Cognito",
        shown!(Issuer::cognito("eu-west-1", "eu-west-1_AbCdEf", "1example23456789")),
        json!({
            "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf",
            "client_id": "1example23456789", "token_use": "access", "cognito:groups": ["admin"],
            "scope": "openid docs:read",
        }),
        &[json!({"client_id": "another"}), json!({"token_use": "id"})],
    )
    .await;
}

#[actix_web::test]
async fn entra() {
    assert_shown(
        "Microsoft Entra ID",
        shown!(
            Issuer::entra("99999999-8888-7777-6666-555555555555")
                .audience("11111111-2222-3333-4444-555555555555")
        ),
        json!({
            "iss": "https://login.microsoftonline.com/99999999-8888-7777-6666-555555555555/v2.0",
            "aud": "11111111-2222-3333-4444-555555555555", "roles": ["admin"],
            "scp": "openid docs:read",
        }),
        &[
            json!({"aud": "api://11111111-2222-3333-4444-555555555555"}),
            json!({"iss": "https://sts.windows.net/99999999-8888-7777-6666-555555555555/"}),
        ],
    )
    .await;
}
