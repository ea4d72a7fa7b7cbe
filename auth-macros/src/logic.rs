//! Requirements that nobody can meet, or that everybody meets.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    mistakes::Mistakes,
    rule::{Kind, Leaf, Rule, compact},
};

/// Every assignment of truth values to this many leaves is tried.
const MOST_LEAVES: usize = 10;

/// Reports the innermost parts whose outcome does not depend on anything. `true` if there are none.
pub(crate) fn is_contingent(rule: &Rule, mistakes: &Mistakes) -> bool {
    let parts = match &rule.kind {
        Kind::Public | Kind::Leaf(_) => return true,
        Kind::All(rules) | Kind::Any(rules) => rules.iter().collect::<Vec<_>>(),
        Kind::Not(rule) => vec![&**rule],
    };
    let mut contingent = true;
    for part in parts {
        contingent &= is_contingent(part, mistakes);
    }
    if let Kind::All(rules) | Kind::Any(rules) = &rule.kind {
        contingent &= stand_once(rules, mistakes);
    }
    if contingent && let Some(problem) = constant(rule) {
        mistakes.at(&rule.tokens, problem);
        return false;
    }
    contingent
}

/// Reports what is asked a second time beside the first.
fn stand_once(rules: &[Rule], mistakes: &Mistakes) -> bool {
    let mut known = BTreeSet::new();
    let mut once = true;
    for rule in rules {
        if !known.insert(rule.meaning()) {
            let text = compact(&rule.tokens);
            mistakes.at(&rule.tokens, format!("`{text}` stands here already: remove one of them"));
            once = false;
        }
    }
    once
}

/// Why a requirement's outcome is always the same, if so.
pub(crate) fn constant(rule: &Rule) -> Option<&'static str> {
    let leaves = Leaves::of(rule);
    if leaves.indices.len() > MOST_LEAVES {
        return None;
    }
    let mut outcomes = leaves.worlds().map(|world| leaves.holds(rule, world));
    let first = outcomes.next()?;
    if !outcomes.all(|outcome| outcome == first) {
        return None;
    }
    Some(match (first, leaves.indices.is_empty()) {
        // Nothing but `authenticated()` in it.
        (true, true) => return None,
        (false, true) => {
            "a caller who is not authenticated is asked to be, so this can never hold: write `#[public]` on a handler that is open to everybody"
        }
        (true, false) => {
            "this holds for every authenticated caller, so it checks nothing: write `authenticated()` if that is meant"
        }
        (false, false) => "this can never hold, so nobody could pass: remove what contradicts",
    })
}

/// Leaves that are different questions, each with a bit. `authenticated()` has none: all others are about a caller who is.
struct Leaves {
    indices: BTreeMap<String, usize>,
    /// Bits of `acr` leaves, of which a token has only one value: sets that share no value exclude each other.
    acr: Vec<(usize, Vec<String>)>,
}

impl Leaves {
    fn of(rule: &Rule) -> Self {
        let mut leaves = Self { indices: BTreeMap::new(), acr: Vec::new() };
        for leaf in rule.leaves() {
            if matches!(leaf, Leaf::Authenticated) {
                continue;
            }
            let next = leaves.indices.len();
            let index = *leaves.indices.entry(leaf.meaning()).or_insert(next);
            if let Leaf::Acr(values) = leaf
                && index == next
            {
                leaves.acr.push((index, values.iter().map(syn::LitStr::value).collect()));
            }
        }
        leaves
    }

    /// Every combination of answers that can be.
    fn worlds(&self) -> impl Iterator<Item = u32> {
        let excluded: Vec<u32> = self
            .acr
            .iter()
            .enumerate()
            .flat_map(|(position, (one, values))| {
                let others = self.acr.iter().skip(position + 1);
                others
                    .filter(|(_, others)| !values.iter().any(|value| others.contains(value)))
                    .map(move |(other, _)| 1 << one | 1 << other)
            })
            .collect();
        (0..1_u32 << self.indices.len())
            .filter(move |world| excluded.iter().all(|both| world & both != *both))
    }

    fn holds(&self, rule: &Rule, world: u32) -> bool {
        match &rule.kind {
            Kind::Public => true,
            Kind::Leaf(leaf) => {
                self.indices.get(&leaf.meaning()).is_none_or(|index| world >> index & 1 == 1)
            }
            Kind::All(rules) => rules.iter().all(|rule| self.holds(rule, world)),
            Kind::Any(rules) => rules.iter().any(|rule| self.holds(rule, world)),
            Kind::Not(rule) => !self.holds(rule, world),
        }
    }
}
