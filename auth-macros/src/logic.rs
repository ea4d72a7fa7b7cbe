//! Requirements that nobody can meet, or that everybody meets.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    mistakes::Mistakes,
    rule::{Kind, Leaf, Rule, compact},
};

/// Every assignment of truth values to this many leaves is tried.
const MOST_LEAVES: usize = 16;

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
    let mut leaves = Leaves::default();
    let shape = leaves.shape(rule);
    if leaves.indices.len() > MOST_LEAVES {
        return None;
    }
    let mut outcomes = leaves.worlds().map(|world| shape.holds(world));
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

/// A rule with bits for leaves, quick to evaluate.
enum Shape {
    Always,
    Leaf(usize),
    All(Vec<Shape>),
    Any(Vec<Shape>),
    Not(Box<Shape>),
}

impl Shape {
    fn holds(&self, world: u32) -> bool {
        match self {
            Self::Always => true,
            Self::Leaf(index) => world >> index & 1 == 1,
            Self::All(shapes) => shapes.iter().all(|shape| shape.holds(world)),
            Self::Any(shapes) => shapes.iter().any(|shape| shape.holds(world)),
            Self::Not(shape) => !shape.holds(world),
        }
    }
}

/// Leaves that are different questions, each with a bit. `authenticated()` has none: all others are about a caller who is.
#[derive(Default)]
struct Leaves {
    indices: BTreeMap<String, usize>,
    /// Bits of `acr` leaves, and the values of which a token has one.
    acr: Vec<(usize, BTreeSet<String>)>,
    /// Bits of `max_age` leaves, and their seconds.
    ages: Vec<(usize, u64)>,
}

impl Leaves {
    fn shape(&mut self, rule: &Rule) -> Shape {
        match &rule.kind {
            Kind::Public | Kind::Leaf(Leaf::Authenticated) => Shape::Always,
            Kind::Leaf(leaf) => Shape::Leaf(self.index(leaf)),
            Kind::All(rules) => Shape::All(rules.iter().map(|rule| self.shape(rule)).collect()),
            Kind::Any(rules) => Shape::Any(rules.iter().map(|rule| self.shape(rule)).collect()),
            Kind::Not(rule) => Shape::Not(Box::new(self.shape(rule))),
        }
    }

    fn index(&mut self, leaf: &Leaf) -> usize {
        let next = self.indices.len();
        let index = *self.indices.entry(leaf.meaning()).or_insert(next);
        if index == next {
            match leaf {
                Leaf::Acr(values) => {
                    self.acr.push((index, values.iter().map(syn::LitStr::value).collect()));
                }
                Leaf::MaxAge(age) => self.ages.push((index, age.seconds)),
                _ => {}
            }
        }
        index
    }

    /// Every combination of answers that can be.
    fn worlds(&self) -> impl Iterator<Item = u32> {
        // A token has one `acr`: sets that share no value exclude each other, and a set holds with each of its subsets. Who
        // authenticated within five minutes did so within ten.
        let mut never_both: Vec<u32> = Vec::new();
        let mut implied: Vec<(usize, usize)> = Vec::new();
        for (one, values) in &self.acr {
            for (other, others) in &self.acr {
                if one < other && values.is_disjoint(others) {
                    never_both.push(1 << one | 1 << other);
                }
                if one != other && values.is_subset(others) {
                    implied.push((*one, *other));
                }
            }
        }
        for (one, age) in &self.ages {
            implied.extend(
                self.ages.iter().filter(|(_, older)| age < older).map(|(other, _)| (*one, *other)),
            );
        }
        (0..1_u32 << self.indices.len()).filter(move |world| {
            let bit = |index: usize| world >> index & 1 == 1;
            never_both.iter().all(|both| world & both != *both)
                && implied.iter().all(|(one, other)| !bit(*one) || bit(*other))
        })
    }
}
