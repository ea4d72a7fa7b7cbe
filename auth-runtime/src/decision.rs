//! Policy and facts → decision. Pure and total: no clock, no request, no panic.
//!
//! Evaluation is three-valued (Kleene): what is not known yet stays unknown through `All`, `Any` and `Not` unless the
//! rest settles the matter. So a request is denied before anything is waited for that could not save it.

use crate::{
    identity::Identity,
    policy::{Check, Policy},
};

/// What is known when a decision is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    identity: Option<&'a Identity>,
    answers: &'a [Answered],
}

/// A check that was asked, and what it said.
pub(crate) type Answered = (&'static Check, bool);

impl<'a> Facts<'a> {
    /// Nothing is known but who the caller is; `None` is an anonymous caller.
    #[must_use]
    pub fn new(identity: Option<&'a Identity>) -> Self {
        Self { identity, answers: &[] }
    }

    /// Adds what checks said.
    #[must_use]
    pub(crate) fn answers(self, answers: &'a [Answered]) -> Self {
        Self { answers, ..self }
    }

    fn answer(&self, check: &Check) -> Option<bool> {
        // The same place in a policy is the same question; two places that share an address ask the same function.
        let (_, held) = self.answers.iter().find(|(asked, _)| std::ptr::eq(*asked, check))?;
        Some(*held)
    }
}

/// What follows from a policy and the facts.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub enum Decision {
    /// Let the request through.
    Allow,
    /// Refuse it, for this reason.
    Deny(Denial),
    /// It hangs on this check: ask it, and decide again.
    Undecided(&'static Check),
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Denial {
    /// The caller is anonymous, and that might be all that is missing: 401.
    Unauthenticated,
    /// The caller is known and this part of the policy does not hold: 403.
    Forbidden {
        /// The outermost part that settled it; [`Display`](std::fmt::Display) says it in words.
        failed: &'static Policy,
    },
}

/// Decides about one request.
///
/// The same policy and facts always give the same decision, with its reason.
///
/// # Examples
///
/// ```
/// use auth_runtime::{Decision, Denial, Facts, Policy, decide};
///
/// static ADMINS: Policy = Policy::Role("admin");
///
/// // Nobody is logged in: 401, not 403.
/// let decision = decide(&ADMINS, &Facts::new(None));
/// assert!(matches!(decision, Decision::Deny(Denial::Unauthenticated)));
///
/// assert!(matches!(decide(&Policy::Public, &Facts::new(None)), Decision::Allow));
/// ```
pub fn decide(policy: &'static Policy, facts: &Facts<'_>) -> Decision {
    match evaluate(policy, facts) {
        Truth::Holds => Decision::Allow,
        Truth::Fails(failed) => Decision::Deny(Denial::Forbidden { failed }),
        Truth::Unknown(Missing::Identity) => Decision::Deny(Denial::Unauthenticated),
        Truth::Unknown(Missing::Answer(check)) => Decision::Undecided(check),
    }
}

/// Kleene's three values; the last two carry their reason.
enum Truth {
    Holds,
    Fails(&'static Policy),
    Unknown(Missing),
}

enum Missing {
    /// Who the caller is. Nothing we could wait for supplies it.
    Identity,
    Answer(&'static Check),
}

fn evaluate(policy: &'static Policy, facts: &Facts<'_>) -> Truth {
    match policy {
        Policy::Public => Truth::Holds,
        Policy::Authenticated => of_identity(facts, |_| Truth::Holds),
        Policy::Role(role) => of_identity(facts, |identity| truth(identity.has_role(role), policy)),
        Policy::Check(check) => of_identity(facts, |_| match facts.answer(check) {
            Some(held) => truth(held, policy),
            None => Truth::Unknown(Missing::Answer(check)),
        }),
        Policy::All(policies) => all(policies, facts),
        Policy::Any(policies) => any(policy, policies, facts),
        Policy::Not(inner) => match evaluate(inner, facts) {
            Truth::Holds => Truth::Fails(policy),
            Truth::Fails(_) => Truth::Holds,
            unknown @ Truth::Unknown(_) => unknown,
        },
    }
}

/// A predicate about the caller is neither true nor false of an anonymous one.
fn of_identity(facts: &Facts<'_>, predicate: impl FnOnce(&Identity) -> Truth) -> Truth {
    facts.identity.map_or(Truth::Unknown(Missing::Identity), predicate)
}

fn truth(holds: bool, policy: &'static Policy) -> Truth {
    if holds { Truth::Holds } else { Truth::Fails(policy) }
}

fn all(policies: &'static [Policy], facts: &Facts<'_>) -> Truth {
    let mut unknown = None;
    for policy in policies {
        match evaluate(policy, facts) {
            Truth::Holds => {}
            Truth::Fails(failed) => return Truth::Fails(failed),
            Truth::Unknown(missing) => unknown = unknown.or(Some(missing)),
        }
    }
    unknown.map_or(Truth::Holds, Truth::Unknown)
}

fn any(whole: &'static Policy, policies: &'static [Policy], facts: &Facts<'_>) -> Truth {
    let mut unknown = None;
    for policy in policies {
        match evaluate(policy, facts) {
            Truth::Holds => return Truth::Holds,
            Truth::Fails(_) => {}
            Truth::Unknown(missing) => unknown = unknown.or(Some(missing)),
        }
    }
    unknown.map_or(Truth::Fails(whole), Truth::Unknown)
}

#[cfg(test)]
mod tests;
