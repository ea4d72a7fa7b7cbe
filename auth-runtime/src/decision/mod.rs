//! Policy and facts → decision. Pure and total: no clock, no request, no panic.
//!
//! Evaluation is three-valued (Kleene): what is not known yet stays unknown through `All`, `Any` and `Not` unless the
//! rest settles the matter. So a request is denied before anything is waited for that could not save it. What will never
//! be known (an address behind an unreadable header, a token that does not say when its owner logged in) stays unknown
//! for good: neither a predicate nor its `Not` lets anybody in by it.

mod facts;
mod remedy;

use std::fmt;

use ipnet::IpNet;

use crate::{
    address,
    identity::Identity,
    parameter::Parameter,
    policy::{Check, ClaimValue, Condition, Policy},
};

pub use facts::Facts;
pub(crate) use facts::{Answered, Conditions, Owners};
pub use remedy::StepUp;

/// How far in the future `auth_time` may be, in seconds: clocks differ.
const CLOCK_SKEW: u64 = 60;

/// What follows from a policy and the facts.
#[derive(Clone, Debug)]
#[must_use]
pub enum Decision {
    /// Let the request through.
    Allow,
    /// Refuse it, for this reason.
    Deny(Denial),
    /// It hangs on this: find it out, and decide again.
    Undecided(Missing),
}

/// What a decision hangs on.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Missing {
    /// This check was not asked yet.
    Check(&'static Check),
    /// The handler's arguments are not known yet. Never said as long as a check could settle the matter.
    Arguments(Condition),
    /// Nobody said which addresses this network has: the application is not set up.
    Network(&'static str),
    /// Several vouch for callers, and nobody said whose subjects paths name: the application is not set up.
    Owners,
    /// The route has no path parameter of this name, or several: the application is not set up.
    Parameter(&'static str),
}

/// Why a request is refused.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Denial {
    /// The caller is anonymous, and that might be all that is missing: 401.
    Unauthenticated {
        /// The scopes that a token has to have to get furthest; empty where none are asked for.
        scopes: Vec<&'static str>,
        /// Only an API key will do.
        api_key: bool,
    },
    /// The caller is known, and did not come with an API key: 401.
    NoApiKey {
        /// The part that settled it.
        failed: &'static Policy,
    },
    /// The caller is known, and has to authenticate more recently or more strongly: 401.
    StepUp {
        /// The part that settled it.
        failed: &'static Policy,
        /// What would do.
        step_up: StepUp,
    },
    /// The caller is known, and a token with these scopes would be let through: 403.
    InsufficientScope {
        /// The part that settled it.
        failed: &'static Policy,
        /// The smallest set that would have sufficed, with what the token has of it.
        scopes: Vec<&'static str>,
    },
    /// This part of the policy does not hold: 403.
    Forbidden {
        /// The outermost part that settled it; [`Display`](std::fmt::Display) says it in words.
        failed: &'static Policy,
    },
}

/// The reason in words, for logs.
impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthenticated { .. } => f.write_str("the caller is anonymous"),
            Self::NoApiKey { failed }
            | Self::StepUp { failed, .. }
            | Self::InsufficientScope { failed, .. }
            | Self::Forbidden { failed } => write!(f, "this does not hold: {failed}"),
        }
    }
}

/// Decides about one request.
///
/// The same policy and facts always give the same decision, with its reason. Where a policy fails in several parts, the
/// reason is the one that helps the client most: see [the guide](crate::guide::expressions).
///
/// # Examples
///
/// ```
/// use auth_runtime::{Decision, Denial, Facts, Policy, decide};
///
/// static ADMINS: Policy = Policy::role("admin");
///
/// // Nobody is logged in: 401, not 403.
/// let decision = decide(&ADMINS, &Facts::new(None));
/// assert!(matches!(decision, Decision::Deny(Denial::Unauthenticated { .. })));
///
/// assert!(matches!(decide(&Policy::Public, &Facts::new(None)), Decision::Allow));
/// ```
#[inline]
pub fn decide(policy: &'static Policy, facts: &Facts<'_>) -> Decision {
    match evaluate(policy, facts, Sign::Plain) {
        Truth::Holds => Decision::Allow,
        Truth::Fails(failed) | Truth::Never(failed) => {
            Decision::Deny(denial(policy, failed, facts))
        }
        Truth::Unknown(Unknown::Identity) => Decision::Deny(unauthenticated(policy, facts)),
        Truth::Unknown(Unknown::Network(name)) => Decision::Undecided(Missing::Network(name)),
        Truth::Unknown(Unknown::Owners) => Decision::Undecided(Missing::Owners),
        Truth::Unknown(Unknown::Parameter(name)) => Decision::Undecided(Missing::Parameter(name)),
        Truth::Unknown(Unknown::Answer(check)) => Decision::Undecided(Missing::Check(check)),
        Truth::Unknown(Unknown::Arguments(condition)) => {
            Decision::Undecided(Missing::Arguments(condition))
        }
    }
}

/// The same, where a policy asks for one thing of the caller, about whom all is known; `None` is nobody. What is not told
/// here, [`decide`] tells.
#[inline]
pub(crate) fn decide_at_once(
    policy: &'static Policy,
    caller: Option<&Identity>,
) -> Option<Decision> {
    Some(match (policy, caller) {
        (Policy::Authenticated | Policy::Role(_) | Policy::Scope(_), Some(caller))
            if holds_of(policy, caller) =>
        {
            Decision::Allow
        }
        (Policy::Role(_), Some(_)) => Decision::Deny(Denial::Forbidden { failed: policy }),
        (Policy::Authenticated | Policy::Role(_), None) => {
            Decision::Deny(Denial::Unauthenticated { scopes: Vec::new(), api_key: false })
        }
        _ => return None,
    })
}

/// Whether a policy that asks for one thing of the caller holds.
#[inline]
fn holds_of(policy: &Policy, caller: &Identity) -> bool {
    match policy {
        Policy::Authenticated => true,
        Policy::Role(name) => caller.has_role(name.get()),
        Policy::Scope(name) => caller.has_scope(name.get()),
        _ => false,
    }
}

/// The reason that helps most. An API key comes before step-up, and step-up before everything else (RESPONSES, "Order
/// of evaluation"): whoever lacks both a role and a step-up hears of the step-up.
fn denial(policy: &'static Policy, failed: &'static Policy, facts: &Facts<'_>) -> Denial {
    if !policy.needs().remedy() || facts.identity.is_none() {
        return Denial::Forbidden { failed };
    }
    let remedy = remedy::remedy(policy, facts);
    if remedy.api_key {
        Denial::NoApiKey { failed }
    } else if let Some(step_up) = remedy.step_up {
        Denial::StepUp { failed, step_up }
    } else if remedy.lacks_scope && !remedy.hopeless {
        Denial::InsufficientScope { failed, scopes: remedy.scopes }
    } else {
        Denial::Forbidden { failed }
    }
}

fn unauthenticated(policy: &'static Policy, facts: &Facts<'_>) -> Denial {
    if !policy.needs().remedy() {
        return Denial::Unauthenticated { scopes: Vec::new(), api_key: false };
    }
    let remedy = remedy::remedy(policy, facts);
    Denial::Unauthenticated { scopes: remedy.scopes, api_key: remedy.api_key }
}

/// Kleene's three values, the third of them in two kinds. All but the first carry their reason.
enum Truth {
    Holds,
    Fails(&'static Policy),
    /// Not known, and nothing will tell.
    Never(&'static Policy),
    /// Not known yet.
    Unknown(Unknown),
}

/// What is not known, in the order in which it has to be found out.
enum Unknown {
    Network(&'static str),
    Owners,
    Parameter(&'static str),
    /// Who the caller is. Nothing we could wait for supplies it.
    Identity,
    Answer(&'static Check),
    /// Known only once the body was read.
    Arguments(Condition),
}

impl Unknown {
    fn order(&self) -> u8 {
        match self {
            Self::Network(_) | Self::Owners | Self::Parameter(_) => 0,
            Self::Identity => 1,
            Self::Answer(_) => 2,
            Self::Arguments(_) => 3,
        }
    }

    /// The one to find out first.
    fn or(self, earlier: Option<Self>) -> Self {
        match earlier {
            Some(earlier) if earlier.order() <= self.order() => earlier,
            _ => self,
        }
    }
}

/// Whether a part stands under an even number of `Not`s, so that the whole wants it to hold, or under an odd number, so
/// that the whole wants it to fail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plain,
    Negated,
}

impl Sign {
    fn flipped(self) -> Self {
        match self {
            Self::Plain => Self::Negated,
            Self::Negated => Self::Plain,
        }
    }
}

#[inline]
fn evaluate(policy: &'static Policy, facts: &Facts<'_>, sign: Sign) -> Truth {
    match policy {
        Policy::Public => Truth::Holds,
        Policy::All(policies) => all(policies, facts, sign),
        Policy::Any(policies) => any(policy, policies, facts, sign),
        Policy::Not(inner) => match evaluate(inner, facts, sign.flipped()) {
            Truth::Holds => Truth::Fails(policy),
            Truth::Fails(_) => Truth::Holds,
            Truth::Never(_) => Truth::Never(policy),
            unknown @ Truth::Unknown(_) => unknown,
        },
        Policy::Address(networks) => located(facts, policy, networks),
        Policy::Network(name) => match facts.networks.and_then(|networks| networks.named(name)) {
            Some(networks) => located(facts, policy, networks),
            None => Truth::Unknown(Unknown::Network(name)),
        },
        // A predicate about the caller is neither true nor false of an anonymous one.
        about_the_caller => match facts.identity {
            Some(identity) => of_identity(about_the_caller, identity, facts),
            None => Truth::Unknown(Unknown::Identity),
        },
    }
}

fn of_identity(policy: &'static Policy, identity: &Identity, facts: &Facts<'_>) -> Truth {
    // What the token or the request does not say is not known, and nothing will tell.
    let if_said = |holds: Option<bool>| holds.map_or(Truth::Never(policy), |it| truth(it, policy));
    match policy {
        Policy::Authenticated | Policy::Role(_) | Policy::Scope(_) => {
            truth(holds_of(policy, identity), policy)
        }
        Policy::Claim { path, value } => truth(claim_is(identity, path, *value), policy),
        Policy::Owner(parameter) => match facts.owners {
            Owners::Unsaid => Truth::Unknown(Unknown::Owners),
            Owners::Of(issuer) if issuer != identity.issuer() => Truth::Fails(policy),
            Owners::Of(_) | Owners::OfTheOnlyOne => match facts.parameter(parameter) {
                Parameter::Text(value) => truth(value == identity.subject(), policy),
                Parameter::Malformed => Truth::Never(policy),
                Parameter::Missing | Parameter::Ambiguous => {
                    Truth::Unknown(Unknown::Parameter(parameter))
                }
            },
        },
        Policy::ApiKey => truth(identity.is_api_key(), policy),
        Policy::Acr(values) => if_said(identity.acr().map(|acr| values.contains(&acr))),
        Policy::Amr(method) => {
            let mut used = identity.amr();
            if_said((used.len() > 0).then(|| used.any(|used| used == *method)))
        }
        Policy::MaxAge(age) => {
            let since = identity.auth_time();
            if_said(facts.now.zip(since).and_then(|(now, since)| {
                // Clocks differ, but nobody authenticates tomorrow.
                let possible = since <= now.saturating_add(CLOCK_SKEW);
                possible.then(|| now.saturating_sub(since) <= age.as_secs())
            }))
        }
        Policy::Check(check) => match facts.answer(check) {
            Some(held) => truth(held, policy),
            None => Truth::Unknown(Unknown::Answer(check)),
        },
        Policy::When(condition) => match facts.condition(*condition) {
            Some(held) => truth(held, policy),
            None => Truth::Unknown(Unknown::Arguments(*condition)),
        },
        // These are not about the caller, and were evaluated where they stand.
        Policy::Public
        | Policy::Address(_)
        | Policy::Network(_)
        | Policy::All(_)
        | Policy::Any(_)
        | Policy::Not(_) => Truth::Never(policy),
    }
}

fn located(facts: &Facts<'_>, policy: &'static Policy, networks: &[IpNet]) -> Truth {
    match facts.address {
        Some(address) => truth(address::contain(networks, address), policy),
        None => Truth::Never(policy),
    }
}

fn truth(holds: bool, policy: &'static Policy) -> Truth {
    if holds { Truth::Holds } else { Truth::Fails(policy) }
}

/// Equal, or an array that holds something equal. Nothing is converted: `"1"` is not `1`.
fn claim_is(identity: &Identity, path: &str, wanted: ClaimValue) -> bool {
    let equal = |value: &serde_json::Value| match wanted {
        ClaimValue::Text(text) => value.as_str() == Some(text),
        ClaimValue::Number(number) => value.as_i64() == Some(number),
        ClaimValue::Flag(flag) => value.as_bool() == Some(flag),
    };
    identity.claim(path).is_some_and(|value| match value.as_array() {
        Some(values) => values.iter().any(equal),
        None => equal(&value),
    })
}

fn all(policies: &'static [Policy], facts: &Facts<'_>, sign: Sign) -> Truth {
    let mut unknown: Option<Unknown> = None;
    let mut never: Option<&'static Policy> = None;
    for policy in policies {
        match evaluate(policy, facts, sign) {
            Truth::Holds => {}
            Truth::Fails(failed) => return Truth::Fails(failed),
            Truth::Never(failed) => never = never.or(Some(failed)),
            Truth::Unknown(missing) => unknown = Some(missing.or(unknown)),
        }
    }
    match (never, unknown) {
        // Whatever is found out, this will not hold; but it may fail, if that is what is wanted.
        (Some(failed), unknown) if sign == Sign::Plain || unknown.is_none() => Truth::Never(failed),
        (_, Some(missing)) => Truth::Unknown(missing),
        (_, None) => Truth::Holds,
    }
}

fn any(
    whole: &'static Policy,
    policies: &'static [Policy],
    facts: &Facts<'_>,
    sign: Sign,
) -> Truth {
    let mut unknown: Option<Unknown> = None;
    let mut never = false;
    for policy in policies {
        match evaluate(policy, facts, sign) {
            Truth::Holds => return Truth::Holds,
            Truth::Fails(_) => {}
            Truth::Never(_) => never = true,
            Truth::Unknown(missing) => unknown = Some(missing.or(unknown)),
        }
    }
    match (never, unknown) {
        // Whatever is found out, this will not fail; but it may hold, if that is what is wanted.
        (true, unknown) if sign == Sign::Negated || unknown.is_none() => Truth::Never(whole),
        (_, Some(missing)) => Truth::Unknown(missing),
        (_, None) => Truth::Fails(whole),
    }
}

#[cfg(test)]
mod tests;
