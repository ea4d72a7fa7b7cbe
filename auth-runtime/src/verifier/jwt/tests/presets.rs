//! Tokens as the providers document them, and what they must not be taken for.

use super::*;

/// The preset with a secret of ours in the place of the provider's keys.
fn keyed(issuer: Issuer) -> Issuer {
    issuer.key(Key::secret(Algorithm::HS256, SECRET))
}

/// A token of this issuer with these claims; `iat` and `exp` are right.
fn of(iss: &str, changes: impl std::borrow::Borrow<Value>) -> String {
    let mut claims = json!({"iss": iss, "sub": "ann", "iat": NOW, "exp": NOW + 300});
    for (name, value) in changes.borrow().as_object().unwrap() {
        claims[name] = value.clone();
    }
    // None of them but RFC 9068's says `at+jwt`.
    hs256(json!({"alg": "HS256", "typ": "JWT"}).to_string(), claims.to_string())
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    names.collect()
}

#[test]
fn keycloak() {
    let iss = "https://sso.example.com/realms/main";
    let token = of(
        iss,
        json!({
            "aud": ["api", "account"], "azp": "web", "typ": "Bearer", "scope": "profile email",
            "realm_access": {"roles": ["admin"]},
            "resource_access": {"my-app": {"roles": ["editor"]}, "account": {"roles": ["view-profile"]}},
        }),
    );
    let realm = || keyed(Issuer::keycloak("https://sso.example.com/", "main").audience("api"));
    let verified = assert_accepted(verify(realm(), &token));
    assert_eq!(names(verified.inner.texts.roles()), ["admin"]);
    assert_eq!(names(verified.inner.texts.scopes()), ["profile", "email"]);
    let client = Issuer::keycloak_client("https://sso.example.com", "main", "my-app");
    let verified = assert_accepted(verify(keyed(client.audience("api")), &token));
    assert_eq!(names(verified.inner.texts.roles()), ["editor"]);
    // The trap: without a mapper the audience is everybody's, or nobody's. And its other tokens are no access tokens.
    for changes in [
        json!({"aud": "account"}),
        json!({}),
        json!({"aud": "api", "typ": "ID"}),
        json!({"aud": "api", "typ": "Refresh"}),
    ] {
        assert_invalid(verify(realm(), &of(iss, changes.clone())), changes);
    }
}

#[test]
fn auth0() {
    let iss = "https://example.eu.auth0.com/";
    let claims = json!({
        "aud": ["https://api.example.com", "https://example.eu.auth0.com/userinfo"], "azp": "web",
        "scope": "openid read:docs", "permissions": ["read:docs"], "https://example.com/roles": ["admin"],
    });
    for domain in ["example.eu.auth0.com", "https://example.eu.auth0.com/"] {
        let issuer = Issuer::auth0(domain)
            .audience("https://api.example.com")
            .roles_claim("https://example.com/roles");
        let verified = assert_accepted(verify(keyed(issuer), &of(iss, claims.clone())));
        assert_eq!(names(verified.inner.texts.roles()), ["admin"]);
        assert_eq!(names(verified.inner.texts.scopes()), ["openid", "read:docs"]);
    }
    let issuer =
        || keyed(Issuer::auth0("example.eu.auth0.com").audience("https://api.example.com"));
    // The trap: the slash is part of the name.
    let bare = of(iss.trim_end_matches('/'), claims.clone());
    assert_invalid(verify(issuer(), &bare), "no slash");
    let permissions = issuer().scopes_claim("permissions");
    assert_eq!(
        names(assert_accepted(verify(permissions, &of(iss, claims))).inner.texts.scopes()),
        ["read:docs"]
    );
}

#[test]
fn okta() {
    let claims = json!({
        "ver": 1, "aud": "api://default", "cid": "0oa1", "uid": "00u1", "scp": ["openid", "docs"],
        "groups": ["Everyone", "Admins"],
    });
    let issuer = || keyed(Issuer::okta("example.okta.com", "default").audience("api://default"));
    let token = of("https://example.okta.com/oauth2/default", claims.clone());
    let verified = assert_accepted(verify(issuer(), &token));
    assert_eq!(names(verified.inner.texts.roles()), ["Everyone", "Admins"]);
    assert_eq!(names(verified.inner.texts.scopes()), ["openid", "docs"]);
    // The trap: the org server is another issuer.
    assert_invalid(verify(issuer(), &of("https://example.okta.com", claims)), "org server");
}

#[test]
fn cognito() {
    let iss = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf";
    let issuer = || keyed(Issuer::cognito("eu-west-1", "eu-west-1_AbCdEf", "client1"));
    let claims = json!({
        "client_id": "client1", "token_use": "access", "scope": "docs/read", "username": "ann",
        "cognito:groups": ["admins"], "auth_time": NOW,
    });
    let verified = assert_accepted(verify(issuer(), &of(iss, claims.clone())));
    assert_eq!(names(verified.inner.texts.roles()), ["admins"]);
    assert_eq!(names(verified.inner.texts.scopes()), ["docs/read"]);
    // The trap: no audience says whom it is for, so the client and the use have to.
    for (name, value) in [
        ("client_id", json!("client2")),
        ("client_id", json!(null)),
        ("client_id", json!(["client1"])),
        ("token_use", json!("id")),
        ("token_use", json!(null)),
    ] {
        let mut claims = claims.clone();
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
        assert_invalid(verify(issuer(), &of(iss, claims)), (name, value));
    }
    // Its ID token names the client in `aud`.
    let id = json!({"aud": "client1", "token_use": "id", "cognito:groups": ["admins"]});
    assert_invalid(verify(issuer(), &of(iss, id)), "ID token");
    assert!(
        refusal(Issuer::cognito("r", "p", "").key(Key::secret(Algorithm::HS256, SECRET)))
            .contains("client")
    );
}

#[test]
fn entra() {
    let tenant = "9122040d-6c67-4c5b-b112-36a304b66dad";
    let iss = format!("https://login.microsoftonline.com/{tenant}/v2.0");
    let api = "6e74172b-be56-4843-9ff4-e66a39bb12e3";
    let claims = json!({
        "aud": api, "azp": "web", "ver": "2.0", "tid": tenant, "oid": "o1", "scp": "docs.read user_impersonation",
        "roles": ["Admin"],
    });
    let issuer = || keyed(Issuer::entra(tenant).audience(api));
    let verified = assert_accepted(verify(issuer(), &of(&iss, claims.clone())));
    assert_eq!(names(verified.inner.texts.roles()), ["Admin"]);
    assert_eq!(names(verified.inner.texts.scopes()), ["docs.read", "user_impersonation"]);
    // The traps: version 1, another tenant, the audience as a URI.
    for iss in [
        "https://sts.windows.net/9122040d-6c67-4c5b-b112-36a304b66dad/",
        "https://login.microsoftonline.com/common/v2.0",
    ] {
        assert_invalid(verify(issuer(), &of(iss, claims.clone())), iss);
    }
    let mut uri = claims;
    uri["aud"] = json!(format!("api://{api}"));
    assert_invalid(verify(issuer(), &of(&iss, uri)), "URI");
}

#[test]
fn google_id_tokens() {
    let client = "1234.apps.googleusercontent.com";
    let iss = "https://accounts.google.com";
    let claims = json!({
        "aud": client, "azp": client, "email": "ann@example.com", "email_verified": true, "at_hash": "x", "nonce": "n",
        "hd": "example.com",
    });
    let issuer = || keyed(Issuer::google(client));
    let verified = assert_accepted(verify(issuer(), &of(iss, claims.clone())));
    assert!(verified.inner.texts.roles().len() + verified.inner.texts.scopes().len() == 0);
    for (name, value) in [
        ("aud", json!("other.apps.googleusercontent.com")),
        ("azp", json!("other.apps.googleusercontent.com")),
        ("azp", json!([client])),
        ("scope", json!("docs")),
        ("scp", json!(["docs"])),
        ("events", json!({})),
        ("typ", json!("Bearer")),
        ("typ", json!("Refresh")),
        ("typ", json!("Offline")),
        ("typ", json!("Logout")),
        ("token_use", json!("access")),
        ("cnf", json!({})),
    ] {
        let mut claims = claims.clone();
        claims[name] = value.clone();
        assert_invalid(verify(issuer(), &of(iss, claims)), (name, value));
    }
    let access = hs256(
        json!({"alg": "HS256", "typ": "at+jwt"}).to_string(),
        json!({"iss": iss, "sub": "ann", "aud": client, "exp": NOW + 1}).to_string(),
    );
    assert_invalid(verify(issuer(), &access), "access token");
    // Everywhere else it is what it was: no access token.
    assert_invalid(verify(keyed(Issuer::new(iss).audience(client)), &of(iss, claims)), "ID token");
}
