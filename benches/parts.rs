//! The parts of a guarded request, each for itself. `cargo bench -p auth-benches --bench parts`
//!
//! Only what the public API reaches. What a request costs as a whole, and beside other crates, is measured in `peers/`.

use std::{
    hint::black_box,
    time::{SystemTime, UNIX_EPOCH},
};

use actix_web::{FromRequest, HttpRequest, dev, http::header::AUTHORIZATION, test::TestRequest};
use auth_benches::run;
use auth_runtime::{
    Algorithm, Auth, AuthBuilder, Claims, Facts, Identity, Issuer, Key, Policy, decide, guard,
};
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use criterion::{Criterion, criterion_group, criterion_main};
use jsonwebtoken::{EncodingKey, Header};
use serde::Deserialize;
use serde_json::json;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

static AUTHENTICATED: Policy = Policy::Authenticated;
static ADMIN: Policy = Policy::role("admin");

/// The last of each is the one that holds, so that all are asked.
static ONE: Policy = Policy::role("user");
static FOUR: Policy = Policy::Any(&[
    Policy::role("a"),
    Policy::All(&[Policy::role("user"), Policy::scope("docs:write")]),
    Policy::role("user"),
]);
static SIXTEEN: Policy = Policy::Any(&[
    Policy::role("a"),
    Policy::role("b"),
    Policy::role("c"),
    Policy::role("d"),
    Policy::role("e"),
    Policy::role("f"),
    Policy::All(&[Policy::role("user"), Policy::scope("docs:write")]),
    Policy::All(&[Policy::role("user"), Policy::scope("docs:admin")]),
    Policy::scope("g"),
    Policy::scope("h"),
    Policy::scope("i"),
    Policy::scope("j"),
    Policy::scope("k"),
    Policy::role("user"),
]);

#[derive(Deserialize)]
struct Tenant {
    tenant: String,
}

/// Keys for one algorithm, made for this run.
fn keys(algorithm: Algorithm) -> (EncodingKey, Key) {
    let random = SystemRandom::new();
    match algorithm {
        Algorithm::HS256 => {
            (EncodingKey::from_secret(SECRET.as_bytes()), Key::secret(algorithm, SECRET))
        }
        Algorithm::RS256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
            let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).expect("DER");
            let private = pem::encode(&pem::Pem::new("PRIVATE KEY", private.as_ref()));
            let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).expect("DER");
            let signing = EncodingKey::from_rsa_pem(private.as_bytes()).expect("PEM");
            (signing, Key::der([algorithm], public.as_ref()))
        }
        Algorithm::ES256 => {
            let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let private = EcdsaKeyPair::generate_pkcs8(kind, &random).expect("a key");
            let pair = EcdsaKeyPair::from_pkcs8(kind, private.as_ref()).expect("a key");
            let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).expect("DER");
            (EncodingKey::from_ec_der(private.as_ref()), Key::der([algorithm], public.as_ref()))
        }
        Algorithm::EdDSA => {
            let private = Ed25519KeyPair::generate_pkcs8v1(&random).expect("a key");
            let pair = Ed25519KeyPair::from_pkcs8(private.as_ref()).expect("a key");
            let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).expect("DER");
            (EncodingKey::from_ed_der(private.as_ref()), Key::der([algorithm], public.as_ref()))
        }
        other => panic!("no keys are made for {other:?}"),
    }
}

fn token(algorithm: Algorithm, key: &EncodingKey) -> String {
    let header = Header { typ: Some("at+jwt".to_owned()), ..Header::new(algorithm) };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let claims = json!({
        "iss": "https://id.example.com/",
        "aud": "api",
        "sub": "user-1",
        "iat": now,
        "exp": now + 3_600,
        "roles": ["user"],
        "scope": "docs:read docs:write",
        "tenant": "acme",
        "name": "A name of usual length",
        "email": "user-1@example.com",
    });
    jsonwebtoken::encode(&header, &claims, key).expect("signed")
}

fn request(auth: Auth, token: Option<&str>) -> HttpRequest {
    let request = TestRequest::default().app_data(auth);
    match token {
        Some(token) => request.insert_header((AUTHORIZATION, format!("Bearer {token}"))),
        None => request,
    }
    .to_http_request()
}

fn auth(key: Key) -> AuthBuilder {
    Auth::builder().issuer(Issuer::new("https://id.example.com/").audience("api").key(key))
}

fn parts(criterion: &mut Criterion) {
    let (signing, key) = keys(Algorithm::HS256);
    let known = token(Algorithm::HS256, &signing);
    let warm = auth(key).build().expect("complete");
    let seen = request(warm.clone(), Some(&known));
    let identity = run(Identity::from_request(&seen, &mut dev::Payload::None)).expect("verified");

    let facts = Facts::new(Some(&identity));
    for (name, policy) in [("1", &ONE), ("4", &FOUR), ("16", &SIXTEEN)] {
        assert!(matches!(decide(policy, &facts), auth_runtime::Decision::Allow));
        criterion.bench_function(&format!("decide/{name} predicates"), |bench| {
            bench.iter(|| decide(black_box(policy), &facts));
        });
    }

    criterion.bench_function("guard/token seen", |bench| {
        assert!(run(guard(&seen, &AUTHENTICATED)).is_ok());
        bench.iter(|| run(guard(&seen, &AUTHENTICATED)).is_ok());
    });
    criterion.bench_function("guard/token seen, role missing", |bench| {
        assert!(run(guard(&seen, &ADMIN)).is_err());
        bench.iter(|| run(guard(&seen, &ADMIN)).is_err());
    });
    criterion.bench_function("guard/no token", |bench| {
        let anonymous = request(warm.clone(), None);
        assert!(run(guard(&anonymous, &AUTHENTICATED)).is_err());
        bench.iter(|| run(guard(&anonymous, &AUTHENTICATED)).is_err());
    });
    criterion.bench_function("extract/Identity", |bench| {
        bench.iter(|| run(Identity::from_request(&seen, &mut dev::Payload::None)).is_ok());
    });
    criterion.bench_function("extract/Claims", |bench| {
        let extract = || run(Claims::<Tenant>::from_request(&seen, &mut dev::Payload::None));
        assert_eq!(extract().expect("it has a tenant").tenant, "acme");
        bench.iter(|| extract().is_ok());
    });

    for algorithm in [Algorithm::HS256, Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let (signing, key) = keys(algorithm);
        let cold = auth(key).token_cache(0, 0).build().expect("complete");
        let unseen = request(cold, Some(&token(algorithm, &signing)));
        criterion.bench_function(&format!("guard/token never seen, {algorithm:?}"), |bench| {
            assert!(run(guard(&unseen, &AUTHENTICATED)).is_ok());
            bench.iter(|| run(guard(&unseen, &AUTHENTICATED)).is_ok());
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(1))
        .sample_size(50);
    targets = parts
}
criterion_main!(benches);
