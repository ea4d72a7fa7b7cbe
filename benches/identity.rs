//! Where should the identity live between guard and handler? `cargo bench -p auth-benches --bench identity`
//!
//! The same policy, the same token, the same extraction, in four ways, interleaved in one run:
//!
//! * `guard alone`: nobody asks who the caller is;
//! * `slot`: the handler asks, and takes it from the slot the guarded handler's future fills while it is polled (what
//!   this crate does);
//! * `extensions`: the guard stores it in the request's extensions, the handler takes it from there;
//! * `verify again`: the handler verifies a second time.
//!
//! Each with a verifier that costs next to nothing, and with a JWT under HS256; the first also where the application's
//! `Auth` can be replaced.

use std::{hint::black_box, time::Instant};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest, HttpResponse, Responder, dev,
    http::header::AUTHORIZATION, test::TestRequest, web,
};
use auth_benches::{argument, run};
use auth_runtime::{
    Auth, Identity, Policy, ReloadableAuth, guard, require_auth,
    testing::TestIssuer,
    verifier::{Verification, Verified, Verifier},
};

const ROUNDS: usize = 41;
const CALLS: u32 = 4_000;

static AUTHENTICATED: Policy = Policy::Authenticated;

#[require_auth]
async fn nobody_asks() -> impl Responder {
    HttpResponse::Ok()
}

#[require_auth]
async fn slot(identity: Identity) -> impl Responder {
    black_box(identity.subject().len());
    HttpResponse::Ok()
}

/// The guard without the attribute, so that the alternatives have the same ground to stand on.
async fn guard_alone(request: HttpRequest) -> HttpResponse {
    match guard(&request, &AUTHENTICATED).await {
        Ok(_) => HttpResponse::Ok().finish(),
        Err(rejection) => rejection.into_response(&request),
    }
}

async fn extensions(request: HttpRequest) -> HttpResponse {
    match guard(&request, &AUTHENTICATED).await {
        Ok(Some(identity)) => request.extensions_mut().insert(identity),
        _ => return HttpResponse::Forbidden().finish(),
    };
    let identity = web::ReqData::<Identity>::from_request(&request, &mut dev::Payload::None).await;
    black_box(identity.map_or(0, |identity| identity.subject().len()));
    HttpResponse::Ok().finish()
}

async fn verify_again(request: HttpRequest) -> HttpResponse {
    if guard(&request, &AUTHENTICATED).await.is_err() {
        return HttpResponse::Forbidden().finish();
    }
    let identity = Identity::from_request(&request, &mut dev::Payload::None).await;
    black_box(identity.map_or(0, |identity| identity.subject().len()));
    HttpResponse::Ok().finish()
}

struct AtOnce;

impl Verifier for AtOnce {
    fn verify(&self, _: &str, _: &HttpRequest) -> Verification {
        Verification::Ready(Ok(Verified::new("i", "ann")))
    }
}

type Variant<'a> = (&'a str, Box<dyn Fn() + 'a>);

fn measure(title: &str, request: &HttpRequest) {
    let variants: [Variant<'_>; 5] = [
        ("guard alone", Box::new(|| drop(run(guard_alone(request.clone()))))),
        ("attribute, nobody asks", Box::new(|| drop(run(nobody_asks(argument(request)))))),
        ("attribute, slot", Box::new(|| drop(run(slot(argument(request)))))),
        ("guard, extensions", Box::new(|| drop(run(extensions(request.clone()))))),
        ("guard, verify again", Box::new(|| drop(run(verify_again(request.clone()))))),
    ];

    let mut times = vec![Vec::new(); variants.len()];
    for _ in 0..ROUNDS {
        for ((_, call), times) in variants.iter().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..CALLS {
                call();
            }
            times.push(start.elapsed() / CALLS);
        }
    }

    println!("\n{title}\n");
    println!("| way | median ns | allocations |");
    println!("|---|---|---|");
    for ((name, call), times) in variants.iter().zip(&mut times) {
        times.sort();
        let allocations = allocation_counter::measure(call).count_total;
        println!("| {name} | {} | {allocations} |", times[ROUNDS / 2].as_nanos());
    }
}

/// What it costs that an `Auth` can be replaced: each call is a request of its own, as in an application.
fn reloadable(auth: &Auth) {
    let handle = ReloadableAuth::new(auth.clone());
    let bearer = || TestRequest::default().insert_header((AUTHORIZATION, "Bearer token"));
    let fixed = || bearer().app_data(auth.clone()).to_http_request();
    let replaceable = || bearer().app_data(handle.clone()).to_http_request();
    let variants: [(&str, &dyn Fn() -> HttpRequest); 2] =
        [("fixed", &fixed), ("replaceable", &replaceable)];
    let call = |request: &HttpRequest| drop(run(slot(argument(request))));

    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for ((_, make), times) in variants.iter().zip(&mut times) {
            // Few enough to stay in the processor's caches.
            let requests: Vec<_> = (0..100).map(|_| make()).collect();
            let start = Instant::now();
            requests.iter().for_each(call);
            times.push(start.elapsed() / 100);
        }
    }

    println!("\nAttribute, slot, each call a new request\n");
    println!("| `Auth` | median ns | allocations |");
    println!("|---|---|---|");
    for ((name, make), times) in variants.iter().zip(&mut times) {
        times.sort();
        let request = make();
        let allocations = allocation_counter::measure(|| call(&request)).count_total;
        println!("| {name} | {} | {allocations} |", times[ROUNDS / 2].as_nanos());
    }
}

fn main() {
    let opaque = Auth::builder().verifier(AtOnce).build().expect("a verifier is enough");
    let request = TestRequest::default()
        .insert_header((AUTHORIZATION, "Bearer token"))
        .app_data(opaque.clone())
        .to_http_request();
    measure("A verifier that costs next to nothing", &request);

    reloadable(&opaque);

    let issuer = TestIssuer::new();
    let token = issuer.token("ann").role("user").mint();
    let request = TestRequest::default()
        .insert_header((AUTHORIZATION, format!("Bearer {token}")))
        .app_data(issuer.auth().expect("the test issuer is complete"))
        .to_http_request();
    measure("A JWT under HS256", &request);
}
