//! Issuers as the well-known providers run them: how they are called, where they put roles and scopes, and their traps.
//!
//! A preset says what a provider documents. Audience and keys are the application's to add; most providers publish their
//! keys for [discovery](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig).

use super::{Issuer, TokenProfile};

impl Issuer {
    /// A realm of Keycloak: `https://sso.example.com` and `main` for `https://sso.example.com/realms/main`.
    ///
    /// Roles are those of the realm (`realm_access.roles`); for those of a client, see
    /// [`keycloak_client`](Self::keycloak_client). Scopes stand in `scope`.
    ///
    /// Trap: without an audience mapper in the realm, `aud` is `account` or missing. Add the mapper and ask for its
    /// [`audience`](Self::audience); `account` is everybody's.
    pub fn keycloak(base: impl AsRef<str>, realm: impl AsRef<str>) -> Self {
        let (base, realm) = (base.as_ref().trim_end_matches('/'), realm.as_ref());
        Self::new(format!("{base}/realms/{realm}")).roles_claim(["realm_access", "roles"])
    }

    /// A realm of Keycloak, with the roles of one client (`resource_access.CLIENT.roles`).
    pub fn keycloak_client(
        base: impl AsRef<str>,
        realm: impl AsRef<str>,
        client: impl AsRef<str>,
    ) -> Self {
        Self::keycloak(base, realm).roles_claim(["resource_access", client.as_ref(), "roles"])
    }

    /// A tenant of Auth0, by its domain: `example.eu.auth0.com` for `https://example.eu.auth0.com/`.
    ///
    /// Scopes stand in `scope`. Auth0 puts roles into a claim only if an Action does, under a name of your own such as
    /// `https://example.com/roles`: say where, with [`roles_claim`](Self::roles_claim). With "Add Permissions in the Access
    /// Token" they stand in `permissions`, for [`scopes_claim`](Self::scopes_claim).
    ///
    /// Trap: an application that asks for no audience gets an opaque token, which is no JWT.
    pub fn auth0(domain: impl AsRef<str>) -> Self {
        // The slash is part of the name.
        Self::new(format!("https://{}/", host(domain.as_ref())))
    }

    /// A custom authorization server of Okta: `example.okta.com` and `default` for `https://example.okta.com/oauth2/default`.
    ///
    /// Scopes stand in `scp`, groups (as roles) in `groups`, if the server has a claim for them.
    ///
    /// Trap: tokens of the *org* authorization server (an issuer without `/oauth2/…`) are for Okta itself and cannot be
    /// verified by others.
    pub fn okta(domain: impl AsRef<str>, server: impl AsRef<str>) -> Self {
        Self::new(format!("https://{}/oauth2/{}", host(domain.as_ref()), server.as_ref()))
            .scopes_claim("scp")
            .roles_claim("groups")
    }

    /// Access tokens of an Amazon Cognito user pool: `eu-west-1` and `eu-west-1_AbCdEf` for
    /// `https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf`.
    ///
    /// Scopes stand in `scope`, groups (as roles) in `cognito:groups`.
    ///
    /// Trap: Cognito's access tokens have no `aud`. What says whom they are for is `client_id`, so `client` is required, and
    /// `token_use` has to be `access`.
    pub fn cognito(
        region: impl AsRef<str>,
        pool: impl AsRef<str>,
        client: impl Into<String>,
    ) -> Self {
        let (region, pool) = (region.as_ref(), pool.as_ref());
        let mut issuer = Self::new(format!("https://cognito-idp.{region}.amazonaws.com/{pool}"))
            .roles_claim("cognito:groups")
            .client(client);
        issuer.required.push(("token_use".to_owned(), "access".to_owned()));
        // The client stands in for the audience.
        issuer.any_audience = true;
        issuer
    }

    /// A tenant of Microsoft Entra ID, version 2.0, by its id (a GUID):
    /// `https://login.microsoftonline.com/TENANT/v2.0`.
    ///
    /// Scopes stand in `scp`, app roles in `roles`.
    ///
    /// Traps: `aud` is the application's id, a GUID, not the `api://…` URI; set `accessTokenAcceptedVersion` to 2, or tokens
    /// come from another issuer; a user in too many groups has none in the token, so use app roles.
    pub fn entra(tenant: impl AsRef<str>) -> Self {
        Self::new(format!("https://login.microsoftonline.com/{}/v2.0", tenant.as_ref()))
            .scopes_claim("scp")
    }

    /// **ID tokens** of Google, for the application with this client id.
    ///
    /// An ID token says who somebody is, not what they may do (OpenID Connect Core §2): it has neither roles nor scopes. Use
    /// it only where the application that calls is your own front end and this API is its back end.
    ///
    /// Trap: Google's access tokens are opaque and cannot be verified here.
    pub fn google(client: impl Into<String>) -> Self {
        Self::new("https://accounts.google.com").audience(client).profile(TokenProfile::IdToken)
    }
}

/// Somebody may have copied the whole URL.
fn host(domain: &str) -> &str {
    domain.trim_start_matches("https://").trim_end_matches('/')
}
