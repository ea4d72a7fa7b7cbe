//! CHECKLIST D9: any combination of predicates gives what its truth table says.

use std::{net::IpAddr, time::Duration};

use actix_web::HttpRequest;
use ipnet::{IpNet, Ipv4Net};
use proptest::prelude::*;
use serde_json::{json, value::RawValue};

use super::{
    Answered, Conditions, Decision, Denial, Facts, Missing, Owners, decide, decide_at_once,
};
use crate::{
    credential::Method,
    identity::{Identity, Verified},
    policy::{Answer, Check, ClaimValue, Condition, Policy},
    roles::RoleHierarchy,
};

const ROLES: [&str; 3] = ["a", "b", "c"];
const SCOPES: [&str; 2] = ["r", "w"];
const INSIDE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 1, 2, 3));
const OUTSIDE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const OFFICE: [IpNet; 1] =
    [IpNet::V4(Ipv4Net::new_assert(std::net::Ipv4Addr::new(10, 0, 0, 0), 8))];

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
    Scope(usize),
    Inside,
    Check(usize),
    When(u8),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Not(Box<Tree>),
}

/// What is known, by index.
#[derive(Clone, Copy, Debug)]
struct World {
    caller: Option<([bool; 3], [bool; 2])>,
    /// `None` is an address that nobody can tell.
    inside: Option<bool>,
    answers: [Option<bool>; 3],
    conditions: [Option<bool>; 3],
}

impl Tree {
    fn policy(&self) -> Policy {
        let list = |trees: &[Self]| Vec::leak(trees.iter().map(Self::policy).collect::<Vec<_>>());
        match self {
            Self::Public => Policy::Public,
            Self::Authenticated => Policy::Authenticated,
            Self::Role(role) => Policy::role(ROLES[*role]),
            Self::Scope(scope) => Policy::scope(SCOPES[*scope]),
            Self::Inside => Policy::Address(&OFFICE),
            Self::Check(check) => Policy::Check(CHECKS[*check]),
            Self::When(index) => Policy::When(Condition::new(*index, "when")),
            Self::All(trees) => Policy::All(list(trees)),
            Self::Any(trees) => Policy::Any(list(trees)),
            Self::Not(tree) => Policy::Not(Box::leak(Box::new(tree.policy()))),
        }
    }

    /// Written down independently: false, unknown and true are -1, 0 and 1; AND is the least, OR the greatest.
    fn naive(&self, world: World) -> i8 {
        let known = |truth: Option<bool>| truth.map_or(0, |truth| if truth { 1 } else { -1 });
        match self {
            Self::Public => 1,
            Self::Authenticated => known(world.caller.map(|_| true)),
            Self::Role(role) => known(world.caller.map(|(roles, _)| roles[*role])),
            Self::Scope(scope) => known(world.caller.map(|(_, scopes)| scopes[*scope])),
            Self::Inside => known(world.inside),
            Self::Check(check) => known(world.caller.and(world.answers[*check])),
            Self::When(index) => known(world.caller.and(world.conditions[usize::from(*index)])),
            Self::All(trees) => trees.iter().map(|it| it.naive(world)).min().unwrap_or(1),
            Self::Any(trees) => trees.iter().map(|it| it.naive(world)).max().unwrap_or(-1),
            Self::Not(tree) => -tree.naive(world),
        }
    }
}

impl World {
    /// Every way in which what is not known yet may turn out. (An address that nobody can tell stays so.)
    fn completions(self) -> impl Iterator<Item = Self> {
        (0_u32..1 << 11).filter_map(move |bits| {
            let bit = |n: u32| bits >> n & 1 == 1;
            let complete = |known: [Option<bool>; 3], first: u32| {
                let mut n = first;
                known.map(|known| {
                    n += 1;
                    known.or(Some(bit(n - 1)))
                })
            };
            let anybody = ([bit(6), bit(7), bit(8)], [bit(9), bit(10)]);
            // A known caller is one caller.
            if self.caller.is_some() && bits >> 6 != 0 {
                return None;
            }
            Some(Self {
                caller: self.caller.or(Some(anybody)),
                answers: complete(self.answers, 0),
                conditions: complete(self.conditions, 3),
                ..self
            })
        })
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
        2 => (0..2_usize).prop_map(Tree::Scope),
        2 => Just(Tree::Inside),
        4 => (0..3_usize).prop_map(Tree::Check),
        4 => (0..3_u8).prop_map(Tree::When),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::All),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::Any),
            inner.prop_map(|tree| Tree::Not(Box::new(tree))),
        ]
    })
}

fn worlds() -> impl Strategy<Value = World> {
    (
        any::<Option<([bool; 3], [bool; 2])>>(),
        any::<Option<bool>>(),
        any::<[Option<bool>; 3]>(),
        any::<[Option<bool>; 3]>(),
    )
        .prop_map(|(caller, inside, answers, conditions)| World {
            caller,
            inside,
            answers,
            conditions,
        })
}

fn verified() -> Verified {
    Verified::new("issuer", "ann")
}

fn identity(verified: Verified) -> Identity {
    Identity::new(verified, &RoleHierarchy::default())
}

fn caller((roles, scopes): ([bool; 3], [bool; 2])) -> Identity {
    let held = |names: &[&'static str], held: &[bool]| {
        names.iter().zip(held).filter(|(_, held)| **held).map(|(name, _)| *name).collect::<Vec<_>>()
    };
    let verified = held(&ROLES, &roles).into_iter().fold(verified(), Verified::role);
    identity(held(&SCOPES, &scopes).into_iter().fold(verified, Verified::scope))
}

fn decide_in(
    policy: &'static Policy,
    places: &[(&'static Check, usize)],
    world: World,
) -> Decision {
    let answered: Vec<Answered> =
        places.iter().filter_map(|(check, index)| Some((*check, world.answers[*index]?))).collect();
    let mut conditions = Conditions::default();
    for (index, holds) in (0..).zip(world.conditions) {
        if let Some(holds) = holds {
            conditions.set(Condition::new(index, "when"), holds);
        }
    }
    let identity = world.caller.map(caller);
    let facts = Facts::new(identity.as_ref()).answers(&answered).conditions(conditions);
    let facts = match world.inside {
        Some(true) => facts.address(INSIDE),
        Some(false) => facts.address(OUTSIDE),
        None => facts,
    };
    decide(policy, &facts)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn d9_decisions_follow_the_truth_table(tree in trees(), world in worlds()) {
        let policy: &'static Policy = Box::leak(Box::new(tree.policy()));
        let mut places = Vec::new();
        policy.places(&tree, &mut places);
        let decision = decide_in(policy, &places, world);
        // Who decides at once decides the same, for the same reason.
        if let Some(at_once) = decide_at_once(policy, world.caller.map(caller).as_ref()) {
            prop_assert_eq!(format!("{:?}", at_once), format!("{:?}", decision));
        }

        match (tree.naive(world), &decision) {
            (1, Decision::Allow) => {}
            (-1 | 0, Decision::Deny(denial)) if !matches!(denial, Denial::Unauthenticated { .. }) => {
                // Nothing that could still be found out would have let the request in.
                for further in world.completions() {
                    prop_assert!(tree.naive(further) < 1, "{policy} in {further:?}");
                }
            }
            // What is unknown is either worth finding out, or out of reach because nobody is logged in.
            (0, Decision::Deny(Denial::Unauthenticated { .. })) => prop_assert!(world.caller.is_none()),
            (0, Decision::Undecided(Missing::Check(check))) => {
                prop_assert!(world.caller.is_some());
                let asked = places.iter().find(|(place, _)| std::ptr::eq(*place, *check));
                prop_assert!(asked.is_some_and(|(_, index)| world.answers[*index].is_none()));
            }
            (0, Decision::Undecided(Missing::Arguments(condition))) => {
                prop_assert!(world.caller.is_some());
                prop_assert!(world.conditions[usize::from(condition.index())].is_none());
            }
            (expected, decision) => {
                prop_assert!(false, "{policy}: expected {expected}, got {decision:?}");
            }
        }
    }
}

#[test]
fn one_thing_asked_of_the_caller_is_decided_at_once() {
    static ONE: [Policy; 3] = [Policy::Authenticated, Policy::role("a"), Policy::scope("r")];
    static OTHERS: [Policy; 4] = [
        Policy::Public,
        Policy::All(&[Policy::Authenticated]),
        Policy::Not(&Policy::Authenticated),
        Policy::ApiKey,
    ];
    let (ann, bob) = (identity(verified().role("a").scope("r")), identity(verified()));
    let said = |policy, caller| match decide_at_once(policy, caller) {
        Some(Decision::Allow) => "allowed",
        Some(Decision::Deny(Denial::Forbidden { .. })) => "forbidden",
        Some(Decision::Deny(Denial::Unauthenticated { .. })) => "nobody",
        Some(_) => "something else",
        None => "ask",
    };
    let all = |caller| ONE.each_ref().map(|policy| said(policy, caller));
    assert_eq!(all(Some(&ann)), ["allowed"; 3]);
    // Which scopes a token needs takes more than a look.
    assert_eq!(all(Some(&bob)), ["allowed", "forbidden", "ask"]);
    assert_eq!(all(None), ["nobody", "nobody", "ask"]);
    // Nor is this asked of the caller alone.
    for policy in &OTHERS {
        assert_eq!(said(policy, Some(&ann)), "ask", "{policy}");
    }
}

#[test]
fn an_anonymous_caller_is_not_let_in_by_a_negation() {
    static NOT_BANNED: Policy = Policy::Not(&Policy::role("banned"));
    let decision = decide(&NOT_BANNED, &Facts::new(None));
    assert!(matches!(decision, Decision::Deny(Denial::Unauthenticated { .. })));
}

#[test]
fn a_denial_names_the_part_that_settled_it() {
    static POLICY: Policy = Policy::All(&[
        Policy::Authenticated,
        Policy::Any(&[Policy::role("a"), Policy::role("b")]),
        Policy::role("c"),
    ]);
    let ann = identity(verified().role("c"));
    let Decision::Deny(denial) = decide(&POLICY, &Facts::new(Some(&ann))) else {
        panic!("allowed");
    };
    assert_eq!(denial.to_string(), "this does not hold: (role `a` or role `b`)");
}

#[test]
fn nothing_is_asked_that_could_not_change_the_outcome() {
    static POLICY: Policy =
        Policy::All(&[Policy::Check(Check::new("x", unasked)), Policy::role("a")]);
    let ann = identity(verified());
    let decision = decide(&POLICY, &Facts::new(Some(&ann)));
    assert!(matches!(decision, Decision::Deny(Denial::Forbidden { .. })));
}

#[test]
fn nothing_is_asked_beside_what_will_never_be_known() {
    const OFFICE_ONLY: Policy = Policy::Address(&OFFICE);
    const CHECK: Policy = Policy::Check(Check::new("x", unasked));
    static BOTH: Policy = Policy::All(&[OFFICE_ONLY, CHECK]);
    static NEITHER: Policy = Policy::Not(&Policy::Any(&[OFFICE_ONLY, CHECK]));

    let ann = identity(verified());
    // Nobody can tell the address, so whatever the check says, this does not hold.
    for policy in [&BOTH, &NEITHER] {
        let decision = decide(policy, &Facts::new(Some(&ann)));
        assert!(matches!(decision, Decision::Deny(Denial::Forbidden { .. })), "{decision:?}");
    }
}

#[test]
fn what_is_written_first_is_found_out_first() {
    static CHECKED: Policy = Policy::All(&[
        Policy::When(Condition::new(0, "when")),
        Policy::Check(Check::new("x", unasked)),
        Policy::Check(Check::new("y", unasked)),
    ]);
    let ann = identity(verified());
    let decision = decide(&CHECKED, &Facts::new(Some(&ann)));
    let Decision::Undecided(Missing::Check(check)) = decision else { panic!("{decision:?}") };
    assert_eq!(check.name(), "x");
}

#[test]
fn an_application_that_is_not_set_up_says_so_before_anything_is_asked() {
    const CHECK: Policy = Policy::Check(Check::new("x", unasked));
    static NETWORK: Policy = Policy::All(&[CHECK, Policy::Network("typo")]);
    static OWNER: Policy = Policy::All(&[CHECK, Policy::Owner("user")]);

    let ann = identity(verified());
    for caller in [None, Some(&ann)] {
        let decision = decide(&NETWORK, &Facts::new(caller));
        assert!(matches!(decision, Decision::Undecided(Missing::Network("typo"))), "{decision:?}");
    }
    let decision = decide(&OWNER, &Facts::new(Some(&ann)).owners(Owners::Unsaid));
    assert!(matches!(decision, Decision::Undecided(Missing::Owners)), "{decision:?}");
    let decision = decide(&OWNER, &Facts::new(Some(&ann)));
    assert!(matches!(decision, Decision::Undecided(Missing::Parameter("user"))), "{decision:?}");
}

#[test]
fn a_denial_names_the_first_part_that_will_never_be_known_with_its_negation() {
    static POLICY: Policy = Policy::All(&[Policy::Not(&Policy::Amr("otp")), Policy::Amr("pwd")]);

    let ann = identity(verified());
    let decision = decide(&POLICY, &Facts::new(Some(&ann)));
    let Decision::Deny(denial) = decision else { panic!("{decision:?}") };
    assert!(denial.to_string().ends_with(": not amr `otp`"), "{denial}");
}

#[test]
fn nobody_is_told_to_log_in_where_that_would_not_help() {
    for way in [Policy::ApiKey, Policy::scope("a"), Policy::Acr(&["mfa"])] {
        let parts = Vec::leak(vec![Policy::Address(&OFFICE), way]);
        let policy: &'static Policy = Box::leak(Box::new(Policy::All(parts)));
        let decision = decide(policy, &Facts::new(None).address(OUTSIDE));
        assert!(matches!(decision, Decision::Deny(Denial::Forbidden { .. })), "{decision:?}");
    }
}

fn allows(policy: Policy, facts: &Facts<'_>) -> bool {
    matches!(decide(Box::leak(Box::new(policy)), facts), Decision::Allow)
}

#[test]
fn an_owner_is_whom_the_path_names() {
    let ann = identity(verified());
    let facts = |value: &'static str| {
        let parameters: &[(&str, &str)] = Box::leak(Box::new([("user", value)]));
        allows(Policy::Owner("user"), &Facts::new(Some(&ann)).parameters(parameters))
    };
    assert!(facts("ann"));
    for other in ["bob", "Ann", "ann ", "", "an"] {
        assert!(!facts(other), "{other}");
    }
}

/// Neither an owner nor somebody else.
#[test]
fn nobody_is_known_by_a_parameter_that_is_no_text() {
    let ann = identity(verified());
    let request = actix_web::test::TestRequest::default().param("user", "%ff").to_http_request();
    for policy in [Policy::Owner("user"), Policy::Not(&Policy::Owner("user"))] {
        let words = policy.to_string();
        assert!(!allows(policy, &Facts::new(Some(&ann)).of_request(&request)), "{words}");
    }
}

#[test]
fn an_owner_hangs_on_a_parameter_that_is_there_once() {
    static OWNER: Policy = Policy::Owner("user");
    static OTHER: Policy = Policy::Not(&OWNER);

    let ann = identity(verified());
    for parameters in [[].as_slice(), &[("id", "ann")], &[("user", "ann"), ("user", "ann")]] {
        for policy in [&OWNER, &OTHER] {
            let facts = Facts::new(Some(&ann)).parameters(parameters);
            let decision = decide(policy, &facts);
            let missing = matches!(decision, Decision::Undecided(Missing::Parameter("user")));
            assert!(missing, "{parameters:?}: {decision:?}");
            // Who it is comes first.
            let decision = decide(policy, &Facts::new(None).parameters(parameters));
            assert!(matches!(decision, Decision::Deny(Denial::Unauthenticated { .. })));
        }
    }
}

#[test]
fn claims_are_equal_or_hold_something_equal_and_nothing_is_converted() {
    use ClaimValue::{Flag, Number, Text};

    let claims = json!({
        "text": "acme", "number": 7, "flag": true, "list": ["a", 7, false], "a.b": "dot", "x/y": "slash",
        "deep": {"er": {"est": "down"}}, "null": null,
    });
    let claims = RawValue::from_string(claims.to_string()).unwrap();
    let ann = identity(verified().claims(claims));
    let is =
        |path: &'static str, value| allows(Policy::Claim { path, value }, &Facts::new(Some(&ann)));
    for (path, value) in [
        ("text", Text("acme")),
        ("number", Number(7)),
        ("flag", Flag(true)),
        ("list", Text("a")),
        ("list", Number(7)),
        ("list", Flag(false)),
        ("a.b", Text("dot")),
        ("/x~1y", Text("slash")),
        ("/deep/er/est", Text("down")),
    ] {
        assert!(is(path, value), "{path} {value}");
    }
    for (path, value) in [
        ("text", Text("Acme")),
        ("text", Text("acm")),
        ("number", Text("7")),
        ("flag", Text("true")),
        ("flag", Flag(false)),
        ("list", Text("b")),
        ("deep.er.est", Text("down")),
        ("missing", Text("")),
        ("null", Text("")),
        ("null", Flag(false)),
        ("deep", Text("down")),
    ] {
        assert!(!is(path, value), "{path} {value}");
    }
    // A verifier that hands over no claims, or nonsense.
    let bare = identity(verified());
    let odd = identity(verified().claims(RawValue::from_string("[1]".to_owned()).unwrap()));
    for caller in [bare, odd] {
        let policy = Policy::Claim { path: "text", value: Text("acme") };
        assert!(!allows(policy, &Facts::new(Some(&caller))));
    }
}

#[test]
fn an_authentication_ages() {
    let at = |auth_time: Option<u64>| {
        identity(auth_time.into_iter().fold(verified(), Verified::auth_time))
    };
    for (auth_time, now, young) in [
        (Some(1_000), Some(1_000), true),
        (Some(1_000), Some(1_300), true),
        (Some(1_000), Some(1_301), false),
        (Some(1_060), Some(1_000), true),
        (Some(1_061), Some(1_000), false),
        (Some(u64::MAX), Some(1_000), false),
        (None, Some(1_000), false),
        (Some(1_000), None, false),
    ] {
        let ann = at(auth_time);
        let facts = Facts::new(Some(&ann));
        let facts = now.map_or(facts, |now| facts.now(now));
        assert_eq!(
            allows(Policy::MaxAge(Duration::from_secs(300)), &facts),
            young,
            "{auth_time:?} {now:?}"
        );
    }
}

#[test]
fn strength_is_what_the_token_says() {
    let ann = identity(verified().acr("phr").amr("otp").amr("pwd"));
    let facts = Facts::new(Some(&ann));
    assert!(allows(Policy::Acr(&["mfa", "phr"]), &facts));
    assert!(!allows(Policy::Acr(&["mfa", "ph"]), &facts));
    assert!(!allows(Policy::Acr(&["otp"]), &facts));
    assert!(allows(Policy::Amr("otp"), &facts));
    assert!(!allows(Policy::Amr("phr"), &facts));
    assert!(!allows(Policy::ApiKey, &facts));
    // Of a token that does not say how its owner logged in, the opposite is not known either.
    let bare = identity(verified());
    for unsaid in [Policy::Acr(&["mfa"]), Policy::Amr("otp"), Policy::MaxAge(Duration::ZERO)] {
        let unsaid: &'static Policy = Box::leak(Box::new(unsaid));
        assert!(!allows(Policy::Not(unsaid), &Facts::new(Some(&bare)).now(1_000)), "{unsaid}");
    }
    let key = identity(verified().method(Method::ApiKey));
    assert!(allows(Policy::ApiKey, &Facts::new(Some(&key))));
}

#[test]
fn an_unknown_address_is_in_no_network_and_an_unknown_network_is_a_mistake() {
    let ann = identity(verified());
    assert!(!allows(Policy::Address(&OFFICE), &Facts::new(Some(&ann))));
    assert!(allows(Policy::Address(&OFFICE), &Facts::new(None).address(INSIDE)));
    let mapped: IpAddr = "::ffff:10.1.2.3".parse().unwrap();
    assert!(allows(Policy::Address(&OFFICE), &Facts::new(None).address(mapped)));
    let decision = decide(&Policy::Network("typo"), &Facts::new(Some(&ann)).address(INSIDE));
    assert!(matches!(decision, Decision::Undecided(Missing::Network("typo"))), "{decision:?}");
}

/// What is told to a caller with the scope `a`, in one word.
fn told(policy: Policy) -> String {
    let ann = identity(verified().scope("a"));
    let policy: &'static Policy = Box::leak(Box::new(policy));
    match decide(policy, &Facts::new(Some(&ann)).now(1_000)) {
        Decision::Allow => "allowed".to_owned(),
        Decision::Deny(Denial::InsufficientScope { scopes, .. }) => {
            format!("scope {}", scopes.join(" "))
        }
        Decision::Deny(Denial::StepUp { step_up, .. }) => {
            let age = step_up.max_age().map(|age| format!(" {age}s")).unwrap_or_default();
            format!("step up {}{age}", step_up.acr_values().join(" "))
        }
        Decision::Deny(Denial::NoApiKey { .. }) => "api key".to_owned(),
        Decision::Deny(Denial::Forbidden { .. }) => "forbidden".to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn z1_the_most_helpful_denial_is_told() {
    const A: Policy = Policy::scope("a");
    const B: Policy = Policy::scope("b");
    const C: Policy = Policy::scope("c");
    const D: Policy = Policy::scope("d");
    const ADMIN: Policy = Policy::role("admin");
    const MFA: Policy = Policy::Acr(&["mfa", "phr"]);
    const JUST_NOW: Policy = Policy::MaxAge(Duration::from_secs(60));
    const RECENT: Policy = Policy::MaxAge(Duration::from_secs(300));
    for (policy, expected) in [
        (B, "scope b"),
        // What a new token has to have, with what this one has.
        (Policy::All(&[A, B, C]), "scope a b c"),
        (Policy::Any(&[B, C]), "scope b"),
        (Policy::Any(&[Policy::All(&[B, C]), D]), "scope d"),
        // Both need two; `a` is there already.
        (Policy::Any(&[Policy::All(&[B, C]), Policy::All(&[A, D])]), "scope a d"),
        // One scope serves two parts.
        (Policy::All(&[Policy::Any(&[B, C]), Policy::Any(&[C, D])]), "scope c"),
        // A role cannot be asked for; a scope can.
        (Policy::Any(&[ADMIN, B]), "scope b"),
        (Policy::All(&[ADMIN, B]), "forbidden"),
        // Nor can an address that nobody can tell.
        (Policy::All(&[Policy::Address(&OFFICE), B]), "forbidden"),
        (Policy::Any(&[Policy::All(&[ADMIN, B]), Policy::All(&[C, D])]), "scope c d"),
        (Policy::Not(&A), "forbidden"),
        (Policy::Any(&[Policy::Not(&A), B]), "scope b"),
        // Step-up comes before the rest of the policy.
        (MFA, "step up mfa phr"),
        (Policy::All(&[MFA, ADMIN]), "step up mfa phr"),
        (Policy::All(&[B, MFA, RECENT]), "step up mfa phr 300s"),
        (Policy::All(&[RECENT, JUST_NOW]), "step up  60s"),
        (Policy::Any(&[MFA, ADMIN]), "step up mfa phr"),
        (Policy::Any(&[B, MFA]), "step up mfa phr"),
        // Two scopes are fewer than three, though `a` is there already.
        (Policy::Any(&[Policy::All(&[A, C, D]), Policy::All(&[B, C])]), "scope c b"),
        (Policy::Any(&[Policy::All(&[MFA, B]), C]), "scope c"),
        (Policy::Amr("otp"), "step up "),
        (Policy::ApiKey, "api key"),
        (Policy::All(&[Policy::ApiKey, MFA, B]), "api key"),
        (Policy::Any(&[Policy::ApiKey, ADMIN]), "api key"),
        (Policy::Any(&[]), "forbidden"),
        (ADMIN, "forbidden"),
    ] {
        let words = policy.to_string();
        assert_eq!(told(policy), expected, "{words}");
    }
}

/// Whoever authenticates again for the one must not lose the other.
#[test]
fn a_step_up_asks_for_what_the_token_has_too() {
    static POLICY: Policy =
        Policy::All(&[Policy::Acr(&["mfa"]), Policy::MaxAge(Duration::from_secs(60))]);

    let ann = identity(verified().acr("mfa").auth_time(1));
    let decision = decide(&POLICY, &Facts::new(Some(&ann)).now(1_000));
    let Decision::Deny(Denial::StepUp { step_up, .. }) = decision else { panic!("{decision:?}") };
    assert_eq!((step_up.acr_values(), step_up.max_age()), (["mfa"].as_slice(), Some(60)));
}

#[test]
fn a1_an_anonymous_caller_hears_which_scopes_a_token_needs() {
    const OFFICE_OR_BOTH: Policy = Policy::Any(&[
        Policy::All(&[Policy::Address(&OFFICE), Policy::scope("a")]),
        Policy::All(&[Policy::scope("b"), Policy::scope("c")]),
    ]);

    let told = |policy: Policy| {
        let policy: &'static Policy = Box::leak(Box::new(policy));
        match decide(policy, &Facts::new(None).address(OUTSIDE)) {
            Decision::Deny(Denial::Unauthenticated { scopes, api_key }) => {
                (scopes.join(" "), api_key)
            }
            other => panic!("{other:?}"),
        }
    };
    let text = |text: &str| text.to_owned();
    assert_eq!(told(Policy::scope("a")), (text("a"), false));
    assert_eq!(
        told(const { Policy::All(&[Policy::scope("a"), Policy::scope("b")]) }),
        (text("a b"), false)
    );
    // A role may be enough.
    assert_eq!(
        told(const { Policy::Any(&[Policy::scope("a"), Policy::role("b")]) }),
        (text(""), false)
    );
    assert_eq!(told(Policy::ApiKey), (text(""), true));
    assert_eq!(told(Policy::Any(&[Policy::ApiKey, Policy::Authenticated])), (text(""), false));
    // The way through the office is closed from here.
    assert_eq!(told(OFFICE_OR_BOTH), (text("b c"), false));
}

#[test]
fn many_ways_are_bounded() {
    const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    // 12 alternatives in each of 12 parts: 12^12 ways.
    let any: &'static [Policy] =
        Vec::leak(NAMES.iter().map(|name| Policy::scope(name)).collect::<Vec<_>>());
    let all: &'static [Policy] = Vec::leak((0..12).map(|_| Policy::Any(any)).collect::<Vec<_>>());
    let bob = identity(verified());
    let policy: &'static Policy = Box::leak(Box::new(Policy::All(all)));
    let Decision::Deny(Denial::InsufficientScope { scopes, .. }) =
        decide(policy, &Facts::new(Some(&bob)))
    else {
        panic!("not a denial for scopes");
    };
    assert_eq!(scopes, ["a"]);
    // More leaves than bits.
    let many: &'static [Policy] = Vec::leak(
        (0..200)
            .map(|n| Policy::scope(Box::leak(format!("s{n}").into_boxed_str())))
            .collect::<Vec<_>>(),
    );
    let policy: &'static Policy = Box::leak(Box::new(Policy::All(many)));
    assert!(matches!(
        decide(policy, &Facts::new(Some(&bob))),
        Decision::Deny(Denial::InsufficientScope { .. })
    ));
    // All that have a bit are held, and one that shares the last is not.
    let names = many.iter().take(64).filter_map(|policy| match policy {
        Policy::Scope(name) => Some(name.get()),
        _ => None,
    });
    let holds_most = identity(names.fold(verified(), Verified::scope));
    assert!(matches!(
        decide(policy, &Facts::new(Some(&holds_most))),
        Decision::Deny(Denial::InsufficientScope { .. })
    ));
    // The best way is kept, though it was written behind more than are compared.
    let both: &'static [Policy] = Vec::leak(vec![Policy::scope("a"), Policy::scope("b")]);
    let mut ways: Vec<Policy> = (0..300).map(|_| Policy::All(both)).collect();
    ways.push(Policy::scope("c"));
    let policy: &'static Policy = Box::leak(Box::new(Policy::Any(Vec::leak(ways))));
    let Decision::Deny(Denial::InsufficientScope { scopes, .. }) =
        decide(policy, &Facts::new(Some(&bob)))
    else {
        panic!("not a denial for scopes");
    };
    assert_eq!(scopes, ["c"]);
}
