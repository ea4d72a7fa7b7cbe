//! What an operator is told of a configuration that could not work.

use std::time::Duration;

use jsonwebtoken::Algorithm;

use super::*;

fn problem(dpop: Dpop) -> String {
    dpop.load().unwrap_err().to_string()
}

#[test]
fn proofs_that_could_not_be_judged_do_not_build() {
    let seconds = Duration::from_secs;
    for (wrong, says) in [
        (Dpop::new(), "add `.origin(\"https://api.example.com\")`"),
        (Dpop::new().origin("api.example.com"), "`api.example.com` is no origin"),
        (dpop().origin("https://api.example.com/v1"), "is no origin"),
        (dpop().path_prefix("api"), "`api` is no prefix"),
        (dpop().algorithms([]), "have no algorithm"),
        (dpop().algorithms([Algorithm::ES256, Algorithm::HS256]), "HS256 cannot sign"),
        (dpop().lifetime(seconds(0)), "1 to 300 s"),
        (dpop().lifetime(seconds(301)), "1 to 300 s"),
        (dpop().leeway(seconds(301)), "1 to 300 s"),
        (dpop().lifetime(Duration::MAX), "1 to 300 s"),
        (dpop().memory(0), "0 DPoP proofs"),
        (dpop().nonces(Nonces::shared([7; 31])), "this one has 31"),
        (dpop().nonces(Nonces::new().lifetime(seconds(0))), "1 to 3600 s"),
        (dpop().nonces(Nonces::new().lifetime(seconds(3_601))), "1 to 3600 s"),
    ] {
        let text = problem(wrong);
        assert!(text.contains(says), "{text}");
    }
    assert!(dpop().lifetime(seconds(300)).leeway(seconds(0)).load().is_ok());
}

#[test]
fn algorithms_are_listed_as_they_are_registered() {
    let all = [
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::EdDSA,
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
    ];
    let listed = dpop().algorithms(all).load().unwrap().algorithms();
    let read: Vec<_> =
        listed.split(' ').map(|name| crate::issuer::algorithm(name).unwrap()).collect();
    assert_eq!(read, all);
    assert_eq!(verifier().algorithms(), "ES256");
}
