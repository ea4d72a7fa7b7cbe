//! `[[issuers]]`: who signs tokens, with which keys, for whom.

use std::time::Duration;

use serde::Deserialize;

use super::{
    error::ConfigError,
    files,
    key::KeyTable,
    place::Place,
    preset::{Auth0, Cognito, Entra, Google, Keycloak, Okta, Presets},
    settings::required,
    values::{AlgorithmName, ClaimSetting, Span},
};
use crate::issuer::{Issuer, TokenProfile};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct IssuerTable {
    name: Option<String>,
    keycloak: Option<Keycloak>,
    auth0: Option<Auth0>,
    okta: Option<Okta>,
    cognito: Option<Cognito>,
    entra: Option<Entra>,
    google: Option<Google>,
    audience: Vec<String>,
    client: Vec<String>,
    algorithms: Vec<AlgorithmName>,
    leeway: Option<Span>,
    roles_claim: Option<ClaimSetting>,
    scopes_claim: Option<ClaimSetting>,
    profile: Option<Profile>,
    discovery: bool,
    jwks_url: Option<String>,
    jwks_cooldown: Option<Span>,
    jwks_refresh: Option<Span>,
    jwks_max_stale: Option<Span>,
    jwks_timeout: Option<Span>,
    jwks_limit: Option<usize>,
    jwks_root_certificates_file: Option<String>,
    jwk_set_file: Vec<String>,
    keys: Vec<KeyTable>,
    danger: DangerTable,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Profile {
    AccessToken,
    Rfc9068,
    IdToken,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct DangerTable {
    accept_any_audience: bool,
}

const LONGEST_LEEWAY: Duration = Duration::from_secs(300);

impl IssuerTable {
    pub(super) fn issuer(self, place: &Place<'_>) -> Result<Issuer, ConfigError> {
        let Self {
            name,
            keycloak,
            auth0,
            okta,
            cognito,
            entra,
            google,
            audience,
            client,
            algorithms,
            leeway,
            roles_claim,
            scopes_claim,
            profile,
            discovery,
            jwks_url,
            jwks_cooldown,
            jwks_refresh,
            jwks_max_stale,
            jwks_timeout,
            jwks_limit,
            jwks_root_certificates_file,
            jwk_set_file,
            keys,
            danger,
        } = self;
        // For these two the client stands in for the audience.
        let needs_audience = cognito.is_none() && google.is_none() && !danger.accept_any_audience;
        let presets = Presets { keycloak, auth0, okta, cognito, entra, google };
        let mut issuer = match (presets.issuer(place)?, name) {
            (None, name) => named(name, place)?,
            (Some(preset), None) => preset,
            (Some(_), Some(_)) => {
                return Err(place
                    .key("name")
                    .mistake("is what the preset beside it says: leave one of them out"));
            }
        };
        if audience.is_empty() && needs_audience {
            return Err(place
                .key("audience")
                .missing("the name by which tokens call this API, such as `\"api\"`"));
        }
        let network = Network {
            discovery,
            jwks_url,
            jwks_cooldown,
            jwks_refresh,
            jwks_max_stale,
            jwks_timeout,
            jwks_limit,
            jwks_root_certificates_file,
        };
        if keys.is_empty() && jwk_set_file.is_empty() && !network.has_keys() {
            return Err(place.key("keys").missing(
                "`[[issuers.keys]]` with a key, `jwk_set_file`, `jwks_url`, or `discovery = true`",
            ));
        }

        issuer = audience.into_iter().fold(issuer, Issuer::audience);
        issuer = client.into_iter().fold(issuer, Issuer::client);
        issuer = issuer.algorithms(algorithms.into_iter().map(|AlgorithmName(it)| it));
        if let Some(leeway) = checked_leeway(leeway, place)? {
            issuer = issuer.leeway(leeway);
        }
        if let Some(ClaimSetting(path)) = roles_claim {
            issuer = issuer.roles_claim(path);
        }
        if let Some(ClaimSetting(path)) = scopes_claim {
            issuer = issuer.scopes_claim(path);
        }
        issuer = match profile {
            None => issuer,
            Some(Profile::AccessToken) => issuer.profile(TokenProfile::AccessToken),
            Some(Profile::Rfc9068) => issuer.profile(TokenProfile::Rfc9068),
            Some(Profile::IdToken) => issuer.profile(TokenProfile::IdToken),
        };
        if danger.accept_any_audience {
            issuer = issuer.danger().accept_any_audience();
        }
        issuer = network.apply(issuer, place)?;
        for (index, file) in jwk_set_file.iter().enumerate() {
            issuer = issuer.jwk_set(files::text(&place.key("jwk_set_file").at(index), file)?);
        }
        for (index, key) in keys.into_iter().enumerate() {
            issuer = issuer.key(key.key(&place.key("keys").at(index))?);
        }
        Ok(issuer)
    }
}

fn named(name: Option<String>, place: &Place<'_>) -> Result<Issuer, ConfigError> {
    const ALLOWED: &str =
        "the exact value of the tokens' `iss`, such as `\"https://id.example.com/\"`";
    let name = required(name, place, "name", ALLOWED)?;
    if name.is_empty() {
        return Err(place.key("name").mistake(format!("is empty: write {ALLOWED}")));
    }
    Ok(Issuer::new(name))
}

pub(super) fn checked_leeway(
    leeway: Option<Span>,
    place: &Place<'_>,
) -> Result<Option<Duration>, ConfigError> {
    match leeway {
        Some(Span(leeway)) if leeway > LONGEST_LEEWAY => {
            Err(place.key("leeway").mistake("is too long: write at most `\"5m\"`"))
        }
        leeway => Ok(leeway.map(|Span(leeway)| leeway)),
    }
}

/// Keys that the issuer publishes.
struct Network {
    discovery: bool,
    jwks_url: Option<String>,
    jwks_cooldown: Option<Span>,
    jwks_refresh: Option<Span>,
    jwks_max_stale: Option<Span>,
    jwks_timeout: Option<Span>,
    jwks_limit: Option<usize>,
    jwks_root_certificates_file: Option<String>,
}

impl Network {
    fn has_keys(&self) -> bool {
        self.discovery || self.jwks_url.is_some()
    }

    /// Without the feature every one of these keys is refused, by a message that says so.
    #[cfg(not(feature = "jwks"))]
    fn apply(self, issuer: Issuer, place: &Place<'_>) -> Result<Issuer, ConfigError> {
        let given = [
            ("discovery", self.discovery),
            ("jwks_url", self.jwks_url.is_some()),
            ("jwks_cooldown", self.jwks_cooldown.is_some()),
            ("jwks_refresh", self.jwks_refresh.is_some()),
            ("jwks_max_stale", self.jwks_max_stale.is_some()),
            ("jwks_timeout", self.jwks_timeout.is_some()),
            ("jwks_limit", self.jwks_limit.is_some()),
            ("jwks_root_certificates_file", self.jwks_root_certificates_file.is_some()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            Some((key, _)) => Err(place.key(key).mistake(super::settings::NEEDS_JWKS)),
            None => Ok(issuer),
        }
    }

    #[cfg(feature = "jwks")]
    fn apply(self, mut issuer: Issuer, place: &Place<'_>) -> Result<Issuer, ConfigError> {
        let Self {
            discovery,
            jwks_url,
            jwks_cooldown,
            jwks_refresh,
            jwks_max_stale,
            jwks_timeout,
            jwks_limit,
            jwks_root_certificates_file,
        } = self;
        if discovery && jwks_url.is_some() {
            return Err(place.key("jwks_url").mistake(
                "says where the keys are, and so does `discovery`: leave one of them out",
            ));
        }
        if discovery {
            issuer = issuer.jwks_discovery();
        }
        if let Some(url) = jwks_url {
            issuer = issuer.jwks_url(url);
        }
        if let Some(Span(cooldown)) = jwks_cooldown {
            issuer = issuer.jwks_cooldown(cooldown);
        }
        if let Some(Span(refresh)) = jwks_refresh {
            issuer = issuer.jwks_refresh(refresh);
        }
        if let Some(Span(max_stale)) = jwks_max_stale {
            issuer = issuer.jwks_max_stale(max_stale);
        }
        if let Some(Span(timeout)) = jwks_timeout {
            issuer = issuer.jwks_timeout(timeout);
        }
        if let Some(bytes) = jwks_limit {
            issuer = issuer.jwks_limit(bytes);
        }
        if let Some(file) = jwks_root_certificates_file {
            let pem = files::bytes(&place.key("jwks_root_certificates_file"), &file)?;
            issuer = issuer.jwks_root_certificates(pem);
        }
        Ok(issuer)
    }
}
