//! CHECKLIST D9: any combination of predicates gives what its truth table says.

use actix_web::HttpRequest;
use proptest::prelude::*;

use super::{Answered, Decision, Denial, Facts, decide};
use crate::{
    credential::Method,
    identity::{Identity, Verified},
    policy::{Answer, Check, Policy},
    roles::RoleHierarchy,
};

const ROLES: [&str; 3] = ["a", "b", "c"];

fn unasked(_: &HttpRequest, _: &Identity) -> Answer {
    Answer::Ready(Ok(false))
}

static CHECKS: [Check; 3] =
    [Check::new("x", unasked), Check::new("y", unasked), Check::new("z", unasked)];

/// A policy before it is leaked into a constant.
#[derive(Clone, Debug)]
enum Tree {
    Public,
    Authenticated,
    Role(usize),
    Check(usize),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Not(Box<Tree>),
}

impl Tree {
    /// A constant policy, and which check each of its questions is.
    fn leak(&self, places: &mut Vec<(&'static Check, usize)>) -> &'static Policy {
        let policy = Box::leak(Box::new(self.policy()));
        policy.places(self, places);
        policy
    }

    fn policy(&self) -> Policy {
        let list = |trees: &[Self]| Vec::leak(trees.iter().map(Self::policy).collect::<Vec<_>>());
        match self {
            Self::Public => Policy::Public,
            Self::Authenticated => Policy::Authenticated,
            Self::Role(role) => Policy::Role(ROLES[*role]),
            Self::Check(check) => Policy::Check(CHECKS[*check]),
            Self::All(trees) => Policy::All(list(trees)),
            Self::Any(trees) => Policy::Any(list(trees)),
            Self::Not(tree) => Policy::Not(Box::leak(Box::new(tree.policy()))),
        }
    }

    /// Written down independently: false, unknown and true are -1, 0 and 1; AND is the least, OR the greatest.
    fn naive(&self, roles: Option<[bool; 3]>, answers: [Option<bool>; 3]) -> i8 {
        let known = |truth: Option<bool>| truth.map_or(0, |truth| if truth { 1 } else { -1 });
        match self {
            Self::Public => 1,
            Self::Authenticated => known(roles.map(|_| true)),
            Self::Role(role) => known(roles.map(|roles| roles[*role])),
            Self::Check(check) => known(roles.and(answers[*check])),
            Self::All(trees) => trees.iter().map(|it| it.naive(roles, answers)).min().unwrap_or(1),
            Self::Any(trees) => trees.iter().map(|it| it.naive(roles, answers)).max().unwrap_or(-1),
            Self::Not(tree) => -tree.naive(roles, answers),
        }
    }
}

impl Policy {
    /// Notes where in the constant each check stands: an answer belongs to a place.
    fn places(&'static self, tree: &Tree, places: &mut Vec<(&'static Check, usize)>) {
        match (self, tree) {
            (Self::Check(check), Tree::Check(index)) => places.push((check, *index)),
            (Self::All(policies), Tree::All(trees)) | (Self::Any(policies), Tree::Any(trees)) => {
                for (policy, tree) in policies.iter().zip(trees) {
                    policy.places(tree, places);
                }
            }
            (Self::Not(policy), Tree::Not(tree)) => policy.places(tree, places),
            _ => {}
        }
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        1 => Just(Tree::Public),
        1 => Just(Tree::Authenticated),
        4 => (0..3_usize).prop_map(Tree::Role),
        4 => (0..3_usize).prop_map(Tree::Check),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::All),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::Any),
            inner.prop_map(|tree| Tree::Not(Box::new(tree))),
        ]
    })
}

fn identity(held: [bool; 3]) -> Identity {
    let verified = ROLES
        .iter()
        .zip(held)
        .filter(|(_, held)| *held)
        .fold(Verified::new("issuer", "ann"), |verified, (role, _)| verified.role(*role));
    Identity::new(verified, Method::Bearer, &RoleHierarchy::default())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn d9_decisions_follow_the_truth_table(
        tree in trees(),
        roles in any::<Option<[bool; 3]>>(),
        answers in any::<[Option<bool>; 3]>(),
    ) {
        let mut places = Vec::new();
        let policy = tree.leak(&mut places);
        let answered: Vec<Answered> = places
            .iter()
            .filter_map(|(check, index)| Some((*check, answers[*index]?)))
            .collect();
        let identity = roles.map(identity);
        let decision = decide(policy, &Facts::new(identity.as_ref()).answers(&answered));

        match (tree.naive(roles, answers), decision) {
            (1, Decision::Allow) | (-1, Decision::Deny(Denial::Forbidden { .. })) => {}
            // What is unknown is either worth asking, or out of reach because nobody is logged in.
            (0, Decision::Undecided(check)) => {
                prop_assert!(identity.is_some());
                prop_assert!(!answered.iter().any(|(known, _)| std::ptr::eq(*known, check)));
            }
            (0, Decision::Deny(Denial::Unauthenticated)) => prop_assert!(identity.is_none()),
            (expected, decision) => {
                prop_assert!(false, "{policy}: expected {expected}, got {decision:?}");
            }
        }
    }
}

#[test]
fn an_anonymous_caller_is_not_let_in_by_a_negation() {
    static NOT_BANNED: Policy = Policy::Not(&Policy::Role("banned"));
    let decision = decide(&NOT_BANNED, &Facts::new(None));
    assert!(matches!(decision, Decision::Deny(Denial::Unauthenticated)));
}

#[test]
fn a_denial_names_the_part_that_settled_it() {
    static POLICY: Policy = Policy::All(&[
        Policy::Authenticated,
        Policy::Any(&[Policy::Role("a"), Policy::Role("b")]),
        Policy::Role("c"),
    ]);
    let ann = identity([false, false, true]);
    let Decision::Deny(Denial::Forbidden { failed }) = decide(&POLICY, &Facts::new(Some(&ann)))
    else {
        panic!("allowed");
    };
    assert_eq!(failed.to_string(), "(role `a` or role `b`)");
}

#[test]
fn nothing_is_asked_that_could_not_change_the_outcome() {
    static POLICY: Policy =
        Policy::All(&[Policy::Check(Check::new("x", unasked)), Policy::Role("a")]);
    let ann = identity([false; 3]);
    let decision = decide(&POLICY, &Facts::new(Some(&ann)));
    assert!(matches!(decision, Decision::Deny(Denial::Forbidden { .. })));
}
