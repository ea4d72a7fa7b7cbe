use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use proptest::prelude::*;

use super::*;
use crate::{
    identity::{Identity, Verified},
    roles::RoleHierarchy,
};

const ISSUER: &str = "https://id.example.com/";
const LIFETIME: u64 = 1_000;

fn identity(verified: Verified) -> Identity {
    Identity::new(verified, &RoleHierarchy::default())
}

fn token(subject: &str, jti: &str, issued_at: u64) -> Identity {
    identity(Verified::new(ISSUER, subject).jti(jti).issued_at(issued_at))
}

/// Revocations whose clock stands where it is set.
fn at(now: &Arc<AtomicU64>) -> Revocations {
    let now = Arc::clone(now);
    Revocations::builder()
        .longest_lifetime(Duration::from_secs(LIFETIME))
        .clock(move || now.load(Ordering::SeqCst))
        .build()
}

fn objection(revocations: &Revocations, identity: &Identity, now: u64) -> Option<Objection> {
    RevocationCheck::from(revocations.clone()).objection(identity, now)
}

#[test]
fn a15_a_token_is_revoked_by_issuer_and_jti_together() {
    let revocations = Revocations::new();
    revocations.revoke_token(ISSUER, "7", 2_000);
    for (issuer, jti, expected) in [
        (ISSUER, Some("7"), Some(Objection::Token)),
        (ISSUER, Some("8"), None),
        (ISSUER, Some("7 "), None),
        (ISSUER, Some(""), None),
        (ISSUER, None, None),
        ("https://id.example.com", Some("7"), None),
    ] {
        let mut verified = Verified::new(issuer, "ann").issued_at(1_000);
        if let Some(jti) = jti {
            verified = verified.jti(jti);
        }
        assert_eq!(
            objection(&revocations, &identity(verified), 1_000),
            expected,
            "{issuer} {jti:?}"
        );
    }
    revocations.restore_token(ISSUER, "7");
    revocations.restore_token(ISSUER, "7");
    assert_eq!(objection(&revocations, &token("ann", "7", 1_000), 1_000), None);
}

#[test]
fn a15_a_subject_is_revoked_up_to_the_later_of_two_times() {
    let revocations = Revocations::new();
    revocations.revoke_subject(ISSUER, "ann", 1_000);
    revocations.revoke_subject(ISSUER, "ann", 900);
    let ask = |identity: &Identity| objection(&revocations, identity, 1_000);
    assert_eq!(ask(&token("ann", "1", 999)), Some(Objection::Subject));
    assert_eq!(ask(&token("ann", "2", 1_000)), None);
    assert_eq!(ask(&token("bob", "3", 999)), None);
    // No `jti` is needed for it, and what does not say when it was issued was issued before any time.
    assert_eq!(
        ask(&identity(Verified::new(ISSUER, "ann").issued_at(999))),
        Some(Objection::Subject)
    );
    assert_eq!(ask(&identity(Verified::new(ISSUER, "ann"))), Some(Objection::Subject));
    assert_eq!(ask(&identity(Verified::new("https://other.example/", "ann"))), None);
    revocations.restore_subject(ISSUER, "ann");
    assert_eq!(objection(&revocations, &token("ann", "1", 999), 1_000), None);
}

#[test]
fn a15_an_issuer_is_revoked_up_to_a_time() {
    let revocations = Revocations::new();
    revocations.revoke_issued_before(ISSUER, 1_000);
    let ask = |identity: &Identity| objection(&revocations, identity, 1_000);
    assert_eq!(ask(&token("ann", "1", 999)), Some(Objection::Issuer));
    assert_eq!(ask(&token("bob", "2", 999)), Some(Objection::Issuer));
    assert_eq!(ask(&identity(Verified::new(ISSUER, "ann"))), Some(Objection::Issuer));
    assert_eq!(ask(&token("ann", "3", 1_000)), None);
    let other = identity(Verified::new("https://other.example/", "ann").issued_at(1));
    assert_eq!(ask(&other), None);
    revocations.restore_issued_before(ISSUER);
    assert_eq!(objection(&revocations, &token("ann", "1", 999), 1_000), None);
}

/// Whoever has the check of a configuration revokes by it.
#[test]
fn a15_a_check_in_memory_takes_back_at_once() {
    let check = RevocationCheck::from(Revocations::new());
    let old = token("ann", "7", 999);
    let asked = || check.objection(&old, 1_000);
    drop(check.revoke_token(ISSUER, "7", 2_000));
    assert_eq!(asked(), Some(Objection::Token));
    drop(check.restore_token(ISSUER, "7"));
    assert_eq!(asked(), None);
    drop(check.revoke_subject(ISSUER, "ann", 1_000));
    assert_eq!(asked(), Some(Objection::Subject));
    drop(check.restore_subject(ISSUER, "ann"));
    assert_eq!(asked(), None);
    drop(check.revoke_issued_before(ISSUER, 1_000));
    assert_eq!(asked(), Some(Objection::Issuer));
    drop(check.restore_issued_before(ISSUER));
    assert_eq!(asked(), None);
}

#[test]
fn an_empty_name_is_a_name() {
    let revocations = Revocations::new();
    revocations.revoke_token(ISSUER, "", 2_000);
    revocations.revoke_subject(ISSUER, "", 2_000);
    assert_eq!(objection(&revocations, &token("ann", "1", 1_000), 1_000), None);
    assert_eq!(objection(&revocations, &token("ann", "", 1_000), 1_000), Some(Objection::Token));
}

#[test]
fn what_could_have_outlived_its_revocation_is_refused() {
    let now = Arc::new(AtomicU64::new(1_000));
    let revocations = at(&now);
    revocations.revoke_subject(ISSUER, "ann", 1_000);
    let old = token("ann", "1", 999);
    for later in [1_000, 1_999, 2_298, 2_299, 2_300, 1 << 40] {
        now.store(later, Ordering::SeqCst);
        revocations.0.drop_what_is_over();
        assert!(objection(&revocations, &old, later).is_some(), "{later}");
    }
    assert_eq!(revocations.0.len(), 0);
    assert_eq!(objection(&revocations, &old, 1 << 40), Some(Objection::TooOld));
}

#[test]
fn what_is_revoked_is_known_to_the_last_second_that_matters() {
    let now = Arc::new(AtomicU64::new(1_000));
    let revocations = at(&now);
    revocations.revoke_token(ISSUER, "7", 2_000);
    revocations.revoke_subject(ISSUER, "ann", 1_000);
    revocations.revoke_issued_before(ISSUER, 1_000);
    // The leeway for a token, and the longest lifetime besides for what it was issued before.
    for (later, left) in [(2_299, 3), (2_300, 0)] {
        now.store(later, Ordering::SeqCst);
        revocations.0.drop_what_is_over();
        assert_eq!(revocations.0.len(), left, "{later}");
    }
    // What nobody revoked is too old in the second in which a revocation of it would be forgotten.
    let bob = token("bob", "8", 1_000);
    assert_eq!(objection(&revocations, &bob, 2_299), None);
    assert_eq!(objection(&revocations, &bob, 2_300), Some(Objection::TooOld));
}

#[test]
fn a_machine_that_lost_the_time_forgets_nothing() {
    let now = Arc::new(AtomicU64::new(u64::MAX));
    let revocations = at(&now);
    revocations.revoke_token(ISSUER, "7", 2_000);
    revocations.revoke_token(ISSUER, "8", u64::MAX);
    revocations.0.drop_what_is_over();
    assert_eq!(revocations.0.len(), 2);
    now.store(store::LATEST - 1, Ordering::SeqCst);
    revocations.0.drop_what_is_over();
    assert_eq!(
        objection(&revocations, &token("ann", "8", store::LATEST - 1), 3),
        Some(Objection::Token)
    );
}

#[test]
fn memory_is_bounded_by_what_still_matters() {
    let now = Arc::new(AtomicU64::new(0));
    let revocations = at(&now);
    let mut most = 0;
    for second in 0..20_000 {
        now.store(second, Ordering::SeqCst);
        revocations.revoke_subject(ISSUER, &format!("subject {second}"), second);
        revocations.revoke_token(ISSUER, &format!("token {second}"), second + 700);
        revocations.revoke_issued_before(&format!("https://{second}.example/"), second);
        most = most.max(revocations.0.len());
    }
    // 1,300 subjects and issuers each and 1,000 tokens matter at any time; twice as many are kept.
    assert!((3_600..7_300).contains(&most), "{most}");
}

#[test]
fn l4_nothing_says_whom_it_was_about() {
    let revocations = Revocations::new();
    revocations.revoke_subject(ISSUER, "ann", 1_000);
    let text = format!("{revocations:?} {:?}", RevocationCheck::from(revocations.clone()));
    assert!(text.contains("entries: 1") && !text.contains("ann"), "{text}");
}

#[test]
fn revoked_by_one_thread_is_refused_by_all() {
    let revocations = Revocations::new();
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let revocations = &revocations;
            scope.spawn(move || {
                for number in 0..2_000 {
                    let jti = format!("{worker}-{number}");
                    let token = token("ann", &jti, 1_000);
                    assert_eq!(objection(revocations, &token, 1_000), None);
                    revocations.revoke_token(ISSUER, &jti, u64::MAX);
                    assert_eq!(objection(revocations, &token, 1_000), Some(Objection::Token));
                }
            });
        }
    });
    assert_eq!(revocations.0.len(), 8_000);
}

#[test]
fn the_check_allocates_nothing_for_what_is_not_revoked() {
    let revocations = Revocations::new();
    let check = RevocationCheck::from(revocations.clone());
    let good = token("ann", "good", 1_000);
    for entries in 0..3 {
        let seen = allocation_counter::measure(|| {
            assert_eq!(check.objection(&good, 1_000), None);
        });
        assert_eq!(seen.count_total, 0, "with {entries} of each kind");
        revocations.revoke_token(ISSUER, &entries.to_string(), u64::MAX);
        revocations.revoke_subject(ISSUER, &entries.to_string(), u64::MAX);
        revocations.revoke_issued_before(ISSUER, 900 + entries);
    }
}

/// Something that happens, about one of a few issuers and names, at one of a few times.
#[derive(Clone, Debug)]
enum Step {
    RevokeToken(u8, u8, u64),
    RevokeSubject(u8, u8, u64),
    RevokeIssuedBefore(u8, u64),
    RestoreToken(u8, u8),
    RestoreSubject(u8, u8),
    RestoreIssuedBefore(u8),
    Wait(u64),
    Drop,
    Ask { issuer: u8, subject: u8, jti: Option<u8>, age: Option<u64>, left: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let few = || 0..3_u8;
    // From the past to far into the future, around the times at which something is dropped.
    let around = || (0..4_000_u64).prop_map(|time| time / 10 * 10);
    let step = prop_oneof![
        1 => (few(), few(), around()).prop_map(|(i, n, t)| Step::RevokeToken(i, n, t)),
        1 => (few(), few(), around()).prop_map(|(i, n, t)| Step::RevokeSubject(i, n, t)),
        1 => (few(), around()).prop_map(|(i, t)| Step::RevokeIssuedBefore(i, t)),
        1 => (few(), few()).prop_map(|(i, n)| Step::RestoreToken(i, n)),
        1 => (few(), few()).prop_map(|(i, n)| Step::RestoreSubject(i, n)),
        1 => few().prop_map(Step::RestoreIssuedBefore),
        1 => (0..500_u64).prop_map(Step::Wait),
        1 => Just(Step::Drop),
        4 => (few(), few(), prop::option::of(few()), prop::option::of(0..1_500_u64), 0..1_500_u64)
            .prop_map(|(issuer, subject, jti, age, left)| Step::Ask { issuer, subject, jti, age, left }),
    ];
    prop::collection::vec(step, 1..60)
}

/// Everything that was ever revoked and not restored. Nothing is dropped from it.
#[derive(Default)]
struct Model {
    tokens: HashMap<(u8, u8), u64>,
    subjects: HashMap<(u8, u8), u64>,
    issuers: HashMap<u8, u64>,
}

fn rise<K: std::hash::Hash + Eq>(times: &mut HashMap<K, u64>, key: K, time: u64) {
    let known = times.entry(key).or_default();
    *known = time.max(*known);
}

proptest! {
    /// The store forgets, and nobody can tell: as long as a token is valid, it is refused or not as if nothing had been
    /// forgotten.
    #[test]
    fn a15_the_store_refuses_what_was_ever_revoked(steps in steps()) {
        let now = Arc::new(AtomicU64::new(1_500));
        let revocations = at(&now);
        let mut model = Model::default();
        let issuer = |issuer: u8| format!("https://{issuer}.example/");
        for step in steps {
            let time = now.load(Ordering::SeqCst);
            match step {
                // An `exp` that is the token's own: a token that is asked about below is over by then.
                Step::RevokeToken(i, n, t) => {
                    revocations.revoke_token(&issuer(i), &n.to_string(), t);
                    rise(&mut model.tokens, (i, n), t);
                }
                Step::RevokeSubject(i, n, t) => {
                    revocations.revoke_subject(&issuer(i), &n.to_string(), t);
                    rise(&mut model.subjects, (i, n), t);
                }
                Step::RevokeIssuedBefore(i, t) => {
                    revocations.revoke_issued_before(&issuer(i), t);
                    rise(&mut model.issuers, i, t);
                }
                Step::RestoreToken(i, n) => {
                    revocations.restore_token(&issuer(i), &n.to_string());
                    model.tokens.remove(&(i, n));
                }
                Step::RestoreSubject(i, n) => {
                    revocations.restore_subject(&issuer(i), &n.to_string());
                    model.subjects.remove(&(i, n));
                }
                Step::RestoreIssuedBefore(i) => {
                    revocations.restore_issued_before(&issuer(i));
                    model.issuers.remove(&i);
                }
                Step::Wait(seconds) => {
                    now.store(time + seconds, Ordering::SeqCst);
                }
                Step::Drop => revocations.0.drop_what_is_over(),
                Step::Ask { issuer: i, subject, jti, age, left } => {
                    let mut verified =
                        Verified::new(issuer(i), subject.to_string()).expires_at(time + left);
                    let issued = age.map(|age| time.saturating_sub(age));
                    if let Some(issued) = issued {
                        verified = verified.issued_at(issued);
                    }
                    if let Some(jti) = jti {
                        verified = verified.jti(jti.to_string());
                    }
                    let refused = objection(&revocations, &identity(verified), time).is_some();

                    // The issuer's word for a name is one token, which is over at the time it was revoked with.
                    let known = jti.and_then(|jti| model.tokens.get(&(i, jti)).copied());
                    let by_name = known.is_some_and(|end| time < end + store::SPARE);
                    let over_and_reused = known.is_some() && !by_name;
                    let times = [model.subjects.get(&(i, subject)), model.issuers.get(&i)];
                    if let Some(issued) = issued {
                        let by_time = times.iter().flatten().any(|time| issued < **time);
                        let too_old = time >= issued + LIFETIME + store::SPARE;
                        if !over_and_reused {
                            prop_assert_eq!(refused, by_name || by_time || too_old);
                        } else if by_time || too_old {
                            prop_assert!(refused);
                        }
                    } else {
                        let remembered = |at: &&u64| time < **at + LIFETIME + store::SPARE;
                        if by_name || times.iter().flatten().any(remembered) {
                            prop_assert!(refused);
                        } else if !over_and_reused && times.iter().all(Option::is_none) {
                            prop_assert!(!refused);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn where_a_configuration_says_the_same_they_are_the_same() {
    let configured = |seconds| {
        Revocations::builder().longest_lifetime(Duration::from_secs(seconds)).configured()
    };
    // Times that no other test configures.
    let (one, other) = (configured(17_001), configured(17_002));
    one.revoke_token(ISSUER, "7", u64::MAX);
    let ann = token("ann", "7", 1_000);
    assert_eq!(objection(&configured(17_001), &ann, 1_000), Some(Objection::Token));
    assert_eq!(objection(&other, &ann, 1_000), None);
    // It ends with the last who has it.
    drop(one);
    assert_eq!(objection(&configured(17_001), &ann, 1_000), None);
}

#[test]
fn l5_whoever_goes_on_hears_of_everything_once_whatever_the_order() {
    let [one, two, three] = [Revocations::new(), Revocations::new(), Revocations::new()];
    let check = |it: &Revocations| RevocationCheck::from(it.clone());
    one.revoke_token(ISSUER, "before", u64::MAX);
    // Round and round: each goes on where another ended.
    for (before, after) in [(&one, &two), (&two, &three), (&three, &one), (&one, &two)] {
        check(after).take_over(&check(before));
    }
    for (jti, by) in [("before", &one), ("1", &one), ("2", &two), ("3", &three)] {
        by.revoke_token(ISSUER, jti, u64::MAX);
        for it in [&one, &two, &three] {
            let found = objection(it, &token("ann", jti, 1_000), 1_000);
            assert_eq!(found, Some(Objection::Token), "{jti}");
        }
    }
    // Revoked again after one of them alone restored it: all know.
    one.restore_token(ISSUER, "1");
    assert_eq!(objection(&three, &token("ann", "1", 1_000), 1_000), None);
    one.revoke_token(ISSUER, "1", u64::MAX);
    assert_eq!(objection(&three, &token("ann", "1", 1_000), 1_000), Some(Objection::Token));
}
