//! What is known when a decision is made.

use std::{borrow::Cow, net::IpAddr};

use actix_web::HttpRequest;

use crate::{
    address::Networks,
    identity::Identity,
    parameter::Parameter,
    policy::{Check, Condition},
};

/// What is known when a decision is made. What is not given does not hold, or leaves the decision open; it lets nobody in.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use auth_runtime::{Decision, Facts, Policy, decide};
///
/// static FROM_INSIDE: Policy = Policy::Network("office");
///
/// // Who calls and from where is not known, and nobody said what `office` is.
/// assert!(!matches!(decide(&FROM_INSIDE, &Facts::new(None)), Decision::Allow));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    pub(super) identity: Option<&'a Identity>,
    /// Seconds since the Unix epoch.
    pub(super) now: Option<u64>,
    pub(super) address: Option<IpAddr>,
    pub(super) networks: Option<&'a Networks>,
    pub(super) owners: Owners<'a>,
    parameters: Parameters<'a>,
    answers: &'a [Answered],
    conditions: Conditions,
}

/// Whose subjects the paths of this application name.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Owners<'a> {
    /// There is only one who vouches for callers.
    #[default]
    OfTheOnlyOne,
    /// This issuer's.
    Of(&'a str),
    /// There are several, and nobody said.
    Unsaid,
}

/// A check that was asked, and what it said.
pub(crate) type Answered = (&'static Check, bool);

/// The parameters of the request's path.
#[derive(Clone, Copy, Debug, Default)]
enum Parameters<'a> {
    #[default]
    None,
    Request(&'a HttpRequest),
    Given(&'a [(&'a str, &'a str)]),
}

/// What the conditions over the handler's arguments say, as far as they were evaluated.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Conditions {
    known: u64,
    held: u64,
}

impl Conditions {
    pub(crate) fn set(&mut self, condition: Condition, holds: bool) {
        // The macro refuses more than fit; one that did not would stay unknown, which denies.
        if let Some(bit) = 1_u64.checked_shl(u32::from(condition.index())) {
            self.known |= bit;
            self.held |= if holds { bit } else { 0 };
        }
    }

    fn get(self, condition: Condition) -> Option<bool> {
        let bit = 1_u64.checked_shl(u32::from(condition.index()))?;
        (self.known & bit != 0).then_some(self.held & bit != 0)
    }
}

impl<'a> Facts<'a> {
    /// Who the caller is; `None` is an anonymous caller.
    #[must_use]
    pub fn new(identity: Option<&'a Identity>) -> Self {
        Self { identity, ..Self::default() }
    }

    /// What time it is, in seconds since the Unix epoch.
    #[must_use]
    pub fn now(self, seconds: u64) -> Self {
        Self { now: Some(seconds), ..self }
    }

    /// Where the request comes from.
    #[must_use]
    pub fn address(self, address: IpAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// The parameters of the path, names and decoded values. One that is asked for and is not among them leaves the decision
    /// open ([`Missing::Parameter`](crate::Missing::Parameter)).
    #[must_use]
    pub fn parameters(self, parameters: &'a [(&'a str, &'a str)]) -> Self {
        Self { parameters: Parameters::Given(parameters), ..self }
    }

    pub(crate) fn of_request(self, request: &'a HttpRequest) -> Self {
        Self { parameters: Parameters::Request(request), ..self }
    }

    pub(crate) fn owners(self, owners: Owners<'a>) -> Self {
        Self { owners, ..self }
    }

    pub(crate) fn located(self, address: Option<IpAddr>, networks: &'a Networks) -> Self {
        Self { address, networks: Some(networks), ..self }
    }

    pub(crate) fn answers(self, answers: &'a [Answered]) -> Self {
        Self { answers, ..self }
    }

    pub(crate) fn conditions(self, conditions: Conditions) -> Self {
        Self { conditions, ..self }
    }

    pub(super) fn answer(&self, check: &Check) -> Option<bool> {
        let (_, held) = self.answers.iter().find(|(asked, _)| asked.is(check))?;
        Some(*held)
    }

    pub(super) fn condition(&self, condition: Condition) -> Option<bool> {
        self.conditions.get(condition)
    }

    /// A parameter as the handler's `web::Path` sees it.
    pub(super) fn parameter(&self, name: &str) -> Parameter<'a> {
        match self.parameters {
            Parameters::None => Parameter::Missing,
            Parameters::Request(request) => Parameter::of(request, name),
            Parameters::Given(parameters) => {
                let mut values = parameters.iter().filter(|(known, _)| *known == name);
                match (values.next(), values.next()) {
                    (None, _) => Parameter::Missing,
                    (Some(_), Some(_)) => Parameter::Ambiguous,
                    (Some((_, value)), None) => Parameter::Text(Cow::Borrowed(value)),
                }
            }
        }
    }
}
