//! A user logs in: the authorization code flow (RFC 6749 §4.1) with PKCE (RFC 7636).

use std::collections::BTreeMap;

use auth_runtime::testing::DpopKey;
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    dpop::token_proof,
    http::send,
    provider::{Provider, percent},
    token_response,
};

/// Where the browser is sent in the end. Nobody listens there.
pub(crate) const CALLBACK: &str = "http://127.0.0.1/callback";

const VERIFIER: &str = "one-for-all-is-enough-where-nobody-listens-in-but-it-has-43";

/// What the client gets for a user.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) id: String,
    pub(crate) refresh: Option<String>,
}

/// Logs this user in, and gets tokens for this API.
pub(crate) fn log_in(provider: &Provider, user: &str, api: &str, scope: &str) -> Tokens {
    get(provider, user, api, scope, None)
}

/// The same, the access token being bound to this key.
pub(crate) fn log_in_with(
    provider: &Provider,
    user: &str,
    api: &str,
    scope: &str,
    key: &DpopKey,
) -> Tokens {
    get(provider, user, api, scope, Some(key))
}

fn get(provider: &Provider, user: &str, api: &str, scope: &str, key: Option<&DpopKey>) -> Tokens {
    let code = code(provider, user, api, scope);
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "web"),
        ("code", &*code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", CALLBACK),
        ("resource", api),
    ];
    let proof = key.map(|key| token_proof(provider, key));
    let headers: Vec<_> = proof.iter().map(String::as_str).collect();
    let answer = token_response(&provider.post("/token", &form, &headers));
    let kind = if key.is_some() { "DPoP" } else { "Bearer" };
    assert_eq!(answer["token_type"], kind);
    let text = |name: &str| answer[name].as_str().map(str::to_owned);
    Tokens {
        access: text("access_token").unwrap(),
        id: text("id_token").unwrap(),
        refresh: text("refresh_token"),
    }
}

/// Goes where the browser is sent, with the cookies it is given.
fn code(provider: &Provider, user: &str, api: &str, scope: &str) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
    let query: Vec<_> = [
        ("client_id", "web"),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", &format!("openid {scope}")),
        ("resource", api),
        ("code_challenge", &*challenge),
        ("code_challenge_method", "S256"),
        ("login_hint", user),
        ("nonce", "of-this-login"),
        // What a client has to say for a refresh token (OpenID Connect Core §11).
        ("prompt", "consent"),
    ]
    .iter()
    .map(|(name, value)| format!("{name}={}", percent(value)))
    .collect();
    let mut url = provider.url(&format!("/auth?{}", query.join("&")));
    let mut cookies = BTreeMap::new();
    for _ in 0..8 {
        let all: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = send("GET", &url, &[&format!("Cookie: {}", all.join("; "))], "");
        assert_eq!(answer.status, 303, "{url}: {answer:?}");
        for cookie in answer.all("set-cookie") {
            let pair = cookie.split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let to = answer.header("location").unwrap();
        if let Some(query) = to.strip_prefix(CALLBACK) {
            let code =
                query.trim_start_matches('?').split('&').find_map(|it| it.strip_prefix("code="));
            return code.unwrap_or_else(|| panic!("{to}")).to_owned();
        }
        url = if to.starts_with('/') { provider.url(to) } else { to.to_owned() };
    }
    panic!("the provider sends the browser round and round");
}
