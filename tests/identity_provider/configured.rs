//! The whole setup from a file.

use auth_runtime::Auth;
use auth_tests::Folder;
use serde_json::json;

use crate::{
    API, Application, OPAQUE, SHOP, assert_caller, assert_invalid, eventually, login::log_in,
    machine_token, provider::Provider, settings,
};

#[test]
fn a_file_sets_up_discovery_and_introspection() {
    let Some(provider) = Provider::start(&settings()) else { return };
    let folder = Folder::new("provider");
    folder.write("client.secret", "api secret: 100%\n");
    let issuer = provider.issuer();
    let text = format!(
        r#"
        owners_from = "{issuer}"

        [[issuers]]
        name = "{issuer}"
        audience = "{API}"
        discovery = true
        profile = "rfc9068"

        [introspection]
        endpoint = "{issuer}/token/introspection"
        issuer = "{issuer}"
        audience = "{OPAQUE}"
        client_id = "api"
        client_secret_file = "client.secret"
        "#
    );
    let file = folder.write("auth.toml", text);

    let application = Application::start(Auth::from_config(&file).unwrap());
    eventually("ready", || application.is_ready());
    for api in [API, OPAQUE] {
        let ann = log_in(&provider, "ann", api, "docs:read").access;
        assert_caller(
            &application.me(&ann),
            &json!({"issuer": issuer, "subject": "ann", "scopes": ["docs:read"]}),
        );
        assert_eq!(application.ask("POST", "/docs", &ann).status, 403);
        assert_eq!(application.ask("GET", "/users/ann", &ann).status, 200);
        assert_eq!(application.ask("GET", "/users/bob", &ann).status, 403);
    }
    assert_invalid(&application.me(&machine_token(&provider, SHOP, "docs:read")));
}
