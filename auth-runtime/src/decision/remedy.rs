//! What a refused client could do: get more scopes, authenticate anew, send an API key. Or nothing.
//!
//! A policy is met in one or more *ways*: each picks a branch of every `Any`. The way that asks least of the client is the
//! one a denial speaks of:
//!
//! 1. a way that the client can go comes before one that it cannot (a missing role, somebody else's resource);
//! 2. then the way that takes the fewest actions: send an API key, authenticate anew, get a token with other scopes;
//! 3. then the one with the fewest scopes, then with the fewest that this token lacks;
//! 4. then the one that was written first.

use super::{Facts, Sign, Truth, evaluate};
use crate::policy::Policy;

/// More ways than this are not compared; the best of them are.
const MOST_WAYS: usize = 256;

/// What the best way asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Remedy {
    /// Something fails that the client cannot change.
    pub(super) hopeless: bool,
    /// The credential has to be an API key, and is not.
    pub(super) api_key: bool,
    /// Whether a step-up part fails; if so, what all of them ask for.
    pub(super) step_up: Option<StepUp>,
    /// Whether a scope is missing.
    pub(super) lacks_scope: bool,
    /// All scopes of the way, held ones included: what a new token has to have.
    pub(super) scopes: Vec<&'static str>,
}

/// How the caller has to authenticate (RFC 9470 §3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepUp {
    acr_values: Vec<&'static str>,
    max_age: Option<u64>,
}

impl StepUp {
    /// Any of these values of `acr` would do; empty if `acr` does not matter.
    #[must_use]
    pub fn acr_values(&self) -> &[&'static str] {
        &self.acr_values
    }

    /// How old, in seconds, the authentication may be.
    #[must_use]
    pub fn max_age(&self) -> Option<u64> {
        self.max_age
    }
}

/// One way to meet a policy. Leaves are bits: those that count, and those of them that fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Way {
    hopeless: bool,
    api_key: bool,
    scopes: u64,
    missing_scopes: u64,
    steps: u64,
    missing_steps: u64,
}

impl Way {
    fn and(self, other: Self) -> Self {
        Self {
            hopeless: self.hopeless || other.hopeless,
            api_key: self.api_key || other.api_key,
            scopes: self.scopes | other.scopes,
            missing_scopes: self.missing_scopes | other.missing_scopes,
            steps: self.steps | other.steps,
            missing_steps: self.missing_steps | other.missing_steps,
        }
    }

    fn rank(&self) -> (bool, u8, u32, u32) {
        let actions = u8::from(self.api_key)
            + u8::from(self.missing_steps != 0)
            + u8::from(self.missing_scopes != 0);
        (self.hopeless, actions, self.scopes.count_ones(), self.missing_scopes.count_ones())
    }
}

/// The leaves met so far: a bit's position is its place in the list.
#[derive(Default)]
struct Leaves {
    scopes: Vec<&'static str>,
    steps: Vec<&'static Policy>,
}

/// The best way to meet a policy that was not met.
pub(super) fn remedy(policy: &'static Policy, facts: &Facts<'_>) -> Remedy {
    let mut leaves = Leaves::default();
    let ways = ways(policy, facts, &mut leaves);
    let Some(best) = ways.iter().min_by_key(|way| way.rank()) else {
        return Remedy { hopeless: true, ..Remedy::default() };
    };
    Remedy {
        hopeless: best.hopeless,
        api_key: best.api_key,
        step_up: (best.missing_steps != 0).then(|| step_up(best.steps, &leaves.steps)),
        lacks_scope: best.missing_scopes != 0,
        scopes: chosen(best.scopes, &leaves.scopes).copied().collect(),
    }
}

fn step_up(chosen_steps: u64, steps: &[&'static Policy]) -> StepUp {
    let mut step_up = StepUp::default();
    for step in chosen(chosen_steps, steps) {
        match step {
            Policy::Acr(values) => step_up.acr_values.extend(*values),
            Policy::MaxAge(age) => {
                let age = age.as_secs();
                step_up.max_age = Some(step_up.max_age.map_or(age, |known| known.min(age)));
            }
            // RFC 9470 has no parameter for `amr`.
            _ => {}
        }
    }
    step_up
}

fn chosen<T>(bits: u64, all: &[T]) -> impl Iterator<Item = &T> {
    all.iter()
        .take(64)
        .enumerate()
        .filter(move |(index, _)| bits >> index & 1 == 1)
        .map(|(_, leaf)| leaf)
}

/// A leaf's bit; beyond the 64th they share the last one, which only makes a remedy less exact.
fn bit<T: PartialEq>(leaf: T, leaves: &mut Vec<T>) -> u64 {
    let index = leaves.iter().position(|known| *known == leaf).unwrap_or_else(|| {
        leaves.push(leaf);
        leaves.len() - 1
    });
    1 << index.min(63)
}

fn ways(policy: &'static Policy, facts: &Facts<'_>, leaves: &mut Leaves) -> Vec<Way> {
    let fails = || !matches!(evaluate(policy, facts, Sign::Plain), Truth::Holds);
    match policy {
        Policy::Scope(name) => {
            let scopes = bit(name.get(), &mut leaves.scopes);
            let missing_scopes = if fails() { scopes } else { 0 };
            vec![Way { scopes, missing_scopes, ..Way::default() }]
        }
        Policy::Acr(_) | Policy::Amr(_) | Policy::MaxAge(_) => {
            let index = leaves.steps.len().min(63);
            leaves.steps.push(policy);
            let steps = 1 << index;
            let missing_steps = if fails() { steps } else { 0 };
            vec![Way { steps, missing_steps, ..Way::default() }]
        }
        Policy::ApiKey => vec![Way { api_key: fails(), ..Way::default() }],
        Policy::All(policies) => policies.iter().fold(vec![Way::default()], |met, policy| {
            let further = ways(policy, facts, leaves);
            let both = met.iter().flat_map(|one| further.iter().map(|other| one.and(*other)));
            prune(both.collect())
        }),
        Policy::Any(policies) => {
            prune(policies.iter().flat_map(|policy| ways(policy, facts, leaves)).collect())
        }
        // What is not known yet may still hold; what is known to fail, and what must not hold and does, stays as it is.
        other => {
            let hopeless =
                matches!(evaluate(other, facts, Sign::Plain), Truth::Fails(_) | Truth::Never(_));
            vec![Way { hopeless, ..Way::default() }]
        }
    }
}

/// Keeps the order, so that what was written first wins a tie.
fn prune(mut ways: Vec<Way>) -> Vec<Way> {
    if ways.len() > MOST_WAYS {
        ways.sort_by_key(Way::rank);
        ways.truncate(MOST_WAYS);
    }
    ways
}
