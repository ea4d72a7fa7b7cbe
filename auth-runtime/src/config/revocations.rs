//! `[revocations]`: what is taken back before it expires.

use serde::Deserialize;

use super::{
    error::ConfigError,
    place::Place,
    values::{Secret, Span},
};
#[cfg(feature = "redis")]
use super::{files, settings::required};
#[cfg(feature = "redis")]
use crate::revocation::{RedisRevocations, RedisRevocationsBuilder};
use crate::{auth::AuthBuilder, revocation::Revocations};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RevocationsTable {
    longest_lifetime: Option<Span>,
    redis: Option<RedisTable>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RedisTable {
    url: Option<Secret>,
    url_file: Option<String>,
    prefix: Option<String>,
    stale_after: Option<Span>,
    danger: DangerTable,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct DangerTable {
    accept_tokens_while_redis_is_away: bool,
}

impl RevocationsTable {
    pub(super) fn apply(
        self,
        builder: AuthBuilder,
        place: &Place<'_>,
    ) -> Result<AuthBuilder, ConfigError> {
        let Self { longest_lifetime, redis } = self;
        if longest_lifetime.is_some_and(|Span(time)| time.is_zero()) {
            return Err(place.key("longest_lifetime").mistake(
                "is no time at all: write how old a credential may get, such as `\"1d\"`",
            ));
        }
        if let Some(redis) = redis {
            return redis.apply(builder, longest_lifetime, &place.key("redis"));
        }
        let mut revocations = Revocations::builder();
        if let Some(Span(lifetime)) = longest_lifetime {
            revocations = revocations.longest_lifetime(lifetime);
        }
        Ok(builder.revocations(revocations.configured()))
    }
}

impl RedisTable {
    /// What was revoked would be known to this instance alone, while everybody thinks that it is shared.
    #[cfg(not(feature = "redis"))]
    #[expect(clippy::unused_self, reason = "the same as with the feature")]
    fn apply(
        self,
        _: AuthBuilder,
        _: Option<Span>,
        place: &Place<'_>,
    ) -> Result<AuthBuilder, ConfigError> {
        Err(place.mistake(
            "needs a client for Redis: turn on the feature `redis` of `auth-runtime` in Cargo.toml",
        ))
    }

    #[cfg(feature = "redis")]
    fn apply(
        self,
        builder: AuthBuilder,
        longest_lifetime: Option<Span>,
        place: &Place<'_>,
    ) -> Result<AuthBuilder, ConfigError> {
        let mut redis = self.redis(place)?;
        if let Some(Span(lifetime)) = longest_lifetime {
            redis = redis.longest_lifetime(lifetime);
        }
        let revocations = redis.configured().map_err(|error| {
            ConfigError::new(format!("{}: ", place.name()), error.to_string()).caused_by(error)
        })?;
        Ok(builder.revocations(revocations))
    }

    #[cfg(feature = "redis")]
    fn redis(self, place: &Place<'_>) -> Result<RedisRevocationsBuilder, ConfigError> {
        let Self { url, url_file, prefix, stale_after, danger } = self;
        let url = required(
            files::either(place, ["url", "url_file"], url, url_file)?,
            place,
            "url_file",
            "the path of a file with the URL of Redis, such as `redis://user:password@host:6379/0`; or `url` with the URL itself",
        )?;
        let mut redis = RedisRevocations::builder(url);
        if let Some(prefix) = prefix {
            redis = redis.prefix(prefix);
        }
        match stale_after {
            Some(_) if danger.accept_tokens_while_redis_is_away => {
                let other = place.key("danger").key("accept_tokens_while_redis_is_away");
                return Err(place.key("stale_after").mistake(format!(
                    "and {} exclude each other: leave one of them out",
                    other.short_name()
                )));
            }
            Some(Span(time)) if time.is_zero() => {
                return Err(place
                    .key("stale_after")
                    .mistake("is no time at all: write at least `\"1s\"`"));
            }
            Some(Span(time)) => redis = redis.stale_after(time),
            None => {}
        }
        if danger.accept_tokens_while_redis_is_away {
            redis = redis.danger().accept_tokens_while_redis_is_away();
        }
        Ok(redis)
    }
}
