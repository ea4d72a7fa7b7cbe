//! `[issuers.keycloak]` and the like: issuers as the well-known providers run them.

use serde::Deserialize;

use super::{error::ConfigError, place::Place, settings::required};
use crate::issuer::Issuer;

/// Of one issuer, at most one.
pub(super) struct Presets {
    pub(super) keycloak: Option<Keycloak>,
    pub(super) auth0: Option<Auth0>,
    pub(super) okta: Option<Okta>,
    pub(super) cognito: Option<Cognito>,
    pub(super) entra: Option<Entra>,
    pub(super) google: Option<Google>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Keycloak {
    base: Option<String>,
    realm: Option<String>,
    client: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Auth0 {
    domain: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Okta {
    domain: Option<String>,
    server: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Cognito {
    region: Option<String>,
    pool: Option<String>,
    client: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Entra {
    tenant: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Google {
    client: Option<String>,
}

impl Presets {
    pub(super) fn issuer(self, place: &Place<'_>) -> Result<Option<Issuer>, ConfigError> {
        let mut given: Option<(&str, Issuer)> = None;
        for (key, issuer) in self.issuers(place)? {
            if let Some((first, _)) = given {
                let problem = format!("and `{key}` are two providers: write one issuer for each");
                return Err(place.key(first).mistake(problem));
            }
            given = Some((key, issuer));
        }
        Ok(given.map(|(_, issuer)| issuer))
    }

    fn issuers(self, place: &Place<'_>) -> Result<Vec<(&'static str, Issuer)>, ConfigError> {
        let Self { keycloak, auth0, okta, cognito, entra, google } = self;
        let mut found = Vec::new();
        if let Some(Keycloak { base, realm, client }) = keycloak {
            let at = place.key("keycloak");
            let base = required(
                base,
                &at,
                "base",
                "Keycloak's address, such as `\"https://sso.example.com\"`",
            )?;
            let realm = required(realm, &at, "realm", "the realm's name, such as `\"main\"`")?;
            found.push((
                "keycloak",
                match client {
                    Some(client) => Issuer::keycloak_client(base, realm, client),
                    None => Issuer::keycloak(base, realm),
                },
            ));
        }
        if let Some(Auth0 { domain }) = auth0 {
            let at = place.key("auth0");
            let domain = required(
                domain,
                &at,
                "domain",
                "the tenant's domain, such as `\"example.eu.auth0.com\"`",
            )?;
            found.push(("auth0", Issuer::auth0(domain)));
        }
        if let Some(Okta { domain, server }) = okta {
            let at = place.key("okta");
            let domain = required(
                domain,
                &at,
                "domain",
                "the organization's domain, such as `\"example.okta.com\"`",
            )?;
            let server = required(
                server,
                &at,
                "server",
                "the authorization server's id, such as `\"default\"`",
            )?;
            found.push(("okta", Issuer::okta(domain, server)));
        }
        if let Some(Cognito { region, pool, client }) = cognito {
            let at = place.key("cognito");
            let region =
                required(region, &at, "region", "the pool's region, such as `\"eu-west-1\"`")?;
            let pool =
                required(pool, &at, "pool", "the pool's id, such as `\"eu-west-1_AbCdEf\"`")?;
            let client =
                required(client, &at, "client", "the id of the client whose tokens are taken")?;
            found.push(("cognito", Issuer::cognito(region, pool, client)));
        }
        if let Some(Entra { tenant }) = entra {
            let at = place.key("entra");
            let tenant = required(tenant, &at, "tenant", "the tenant's id, a GUID")?;
            found.push(("entra", Issuer::entra(tenant)));
        }
        if let Some(Google { client }) = google {
            let at = place.key("google");
            let client = required(client, &at, "client", "the client id of your application")?;
            found.push(("google", Issuer::google(client)));
        }
        Ok(found)
    }
}
