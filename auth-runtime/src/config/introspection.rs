//! `[introspection]`: who is asked about opaque tokens.

use serde::Deserialize;

use super::{
    error::ConfigError,
    place::Place,
    values::{ClaimSetting, Secret, Span},
};
#[cfg(feature = "jwks")]
use super::{files, issuer::checked_leeway, settings::required};
use crate::auth::AuthBuilder;
#[cfg(feature = "jwks")]
use crate::verifier::introspection::Introspection;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct IntrospectionTable {
    endpoint: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    client_secret_file: Option<String>,
    client_auth: ClientAuth,
    bearer: Option<Secret>,
    bearer_file: Option<String>,
    issuer: Option<String>,
    audience: Vec<String>,
    leeway: Option<Span>,
    timeout: Option<Span>,
    max_age: Option<Span>,
    cache_entries: Option<usize>,
    cache_bytes: Option<usize>,
    roles_claim: Option<ClaimSetting>,
    scopes_claim: Option<ClaimSetting>,
    root_certificates_file: Option<String>,
    danger: DangerTable,
}

/// How the client's secret is shown.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ClientAuth {
    #[default]
    Basic,
    Post,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct DangerTable {
    accept_any_audience: bool,
    accept_no_expiry: bool,
}

impl IntrospectionTable {
    #[cfg(not(feature = "jwks"))]
    #[expect(clippy::unused_self, reason = "the same as with the feature")]
    pub(super) fn apply(
        self,
        _: AuthBuilder,
        place: &Place<'_>,
    ) -> Result<AuthBuilder, ConfigError> {
        Err(place.mistake(super::settings::NEEDS_JWKS))
    }

    #[cfg(feature = "jwks")]
    pub(super) fn apply(
        self,
        builder: AuthBuilder,
        place: &Place<'_>,
    ) -> Result<AuthBuilder, ConfigError> {
        let introspector = self.introspection(place)?.build().map_err(|error| {
            ConfigError::new(format!("{}: ", place.name()), error.to_string()).caused_by(error)
        })?;
        Ok(builder.verifier(introspector))
    }

    #[cfg(feature = "jwks")]
    fn introspection(self, place: &Place<'_>) -> Result<Introspection, ConfigError> {
        let Self {
            endpoint,
            client_id,
            client_secret,
            client_secret_file,
            client_auth,
            bearer,
            bearer_file,
            issuer,
            audience,
            leeway,
            timeout,
            max_age,
            cache_entries,
            cache_bytes,
            roles_claim,
            scopes_claim,
            root_certificates_file,
            danger,
        } = self;
        let endpoint = required(
            endpoint,
            place,
            "endpoint",
            "the server's `introspection_endpoint`, an `https` URL",
        )?;
        let issuer = required(
            issuer,
            place,
            "issuer",
            "the name of the authorization server, exactly as its metadata says it",
        )?;
        if audience.is_empty() && !danger.accept_any_audience {
            return Err(place
                .key("audience")
                .missing("the name by which tokens call this API, such as `\"api\"`"));
        }
        let secret = files::either(
            place,
            ["client_secret", "client_secret_file"],
            client_secret,
            client_secret_file,
        )?;
        let bearer = files::either(place, ["bearer", "bearer_file"], bearer, bearer_file)?;

        let mut introspection = Introspection::new(endpoint).issuer(issuer);
        introspection = identified(introspection, client_id, client_auth, secret, bearer, place)?;
        introspection = audience.into_iter().fold(introspection, Introspection::audience);
        if let Some(leeway) = checked_leeway(leeway, place)? {
            introspection = introspection.leeway(leeway);
        }
        if let Some(Span(timeout)) = timeout {
            introspection = introspection.timeout(timeout);
        }
        if let Some(Span(max_age)) = max_age {
            introspection = introspection.max_age(max_age);
        }
        if let Some(entries) = cache_entries {
            introspection = introspection.cache_entries(entries);
        }
        if let Some(bytes) = cache_bytes {
            introspection = introspection.cache_bytes(bytes);
        }
        if let Some(ClaimSetting(path)) = roles_claim {
            introspection = introspection.roles_claim(path);
        }
        if let Some(ClaimSetting(path)) = scopes_claim {
            introspection = introspection.scopes_claim(path);
        }
        if let Some(file) = root_certificates_file {
            let pem = files::bytes(&place.key("root_certificates_file"), &file)?;
            introspection = introspection.root_certificates(pem);
        }
        if danger.accept_any_audience {
            introspection = introspection.danger().accept_any_audience();
        }
        if danger.accept_no_expiry {
            introspection = introspection.danger().accept_no_expiry();
        }
        Ok(introspection)
    }
}

/// Shows the endpoint who asks, in the one way that is given.
#[cfg(feature = "jwks")]
fn identified(
    introspection: Introspection,
    client_id: Option<String>,
    client_auth: ClientAuth,
    secret: Option<String>,
    bearer: Option<String>,
    place: &Place<'_>,
) -> Result<Introspection, ConfigError> {
    Ok(match (client_id, secret, bearer) {
        (None, None, Some(token)) => introspection.bearer(token),
        (Some(id), Some(secret), None) => match client_auth {
            ClientAuth::Basic => introspection.client_secret_basic(id, secret),
            ClientAuth::Post => introspection.client_secret_post(id, secret),
        },
        (Some(_), None, None) => {
            return Err(place
                .key("client_secret_file")
                .missing("the path of the file with the client's secret"));
        }
        (None, None, None) => {
            return Err(place.key("client_id").missing(
                "it with `client_secret_file`, as the server registered this API; or `bearer_file`",
            ));
        }
        (None, Some(_), None) => {
            return Err(place.key("client_id").missing("as what the server registered this API"));
        }
        (_, _, Some(_)) => {
            return Err(place.key("client_id").mistake(
                "and `bearer` are two ways to show who asks: leave one of them out, with its secret",
            ));
        }
    })
}
