//! What the guard costs over the bare handler. `cargo bench -p auth-benches --bench guard`

use std::{hint::black_box, time::Instant};

use actix_web::{
    HttpRequest, HttpResponse, Responder, http::header::AUTHORIZATION, test::TestRequest, web,
};
use auth_benches::{argument, run};
use auth_runtime::{Auth, require_auth, require_role, testing::TestIssuer};

const ROUNDS: usize = 41;
const CALLS: usize = 2_000;

#[expect(clippy::unused_async, reason = "so are handlers")]
async fn bare() -> impl Responder {
    HttpResponse::Ok()
}

#[require_auth]
async fn guarded() -> impl Responder {
    HttpResponse::Ok()
}

#[require_role("user")]
async fn role() -> impl Responder {
    HttpResponse::Ok()
}

#[require_role("admin")]
async fn other_role() -> impl Responder {
    HttpResponse::Ok()
}

fn request(auth: &Auth, token: Option<&str>) -> HttpRequest {
    let mut request = TestRequest::default().app_data(auth.clone());
    if let Some(token) = token {
        request = request.insert_header((AUTHORIZATION, format!("Bearer {token}")));
    }
    request.to_http_request()
}

type Call<'a> = Box<dyn Fn(&HttpRequest) + 'a>;

#[inline(never)]
fn measured(requests: &[HttpRequest], call: &dyn Fn(&HttpRequest)) {
    for request in requests.iter().cycle().take(20_000) {
        call(request);
    }
}

fn main() {
    let issuer = TestIssuer::new();
    let warm = issuer.auth().expect("complete");
    let cold = Auth::builder().issuer(issuer.issuer()).token_cache(0, 0).build().expect("complete");
    let mint = |n: usize| {
        issuer
            .token(&format!("user-{n}"))
            .role("user")
            .scope("docs:read docs:write")
            .claim("client_id", "web")
            .claim("jti", format!("{n:032x}"))
            .claim("name", "A name of usual length")
            .claim("email", format!("user-{n}@example.com"))
            .mint()
    };
    let token = mint(0);
    println!("token: {} bytes", token.len());
    let same = vec![request(&warm, Some(&token))];
    let many: Vec<_> = (0..10_000).map(|n| request(&warm, Some(&mint(n)))).collect();
    let never = vec![request(&cold, Some(&token))];
    let none = vec![request(&warm, None)];
    for request in &many {
        run(guarded(argument(request)));
    }

    let call_bare: fn(&HttpRequest) = |request| {
        let _ = black_box(run(async { bare().await.respond_to(request).map_into_boxed_body() }));
    };
    let variants: Vec<(&str, &[HttpRequest], Call<'_>)> = vec![
        (
            "bare",
            &same,
            Box::new(move |r| {
                drop(black_box(argument::<(HttpRequest, web::Payload)>(r)));
                call_bare(r);
            }),
        ),
        ("same token", &same, Box::new(|r| drop(black_box(run(guarded(argument(r))))))),
        ("same token, role", &same, Box::new(|r| drop(black_box(run(role(argument(r))))))),
        ("10,000 tokens", &many, Box::new(|r| drop(black_box(run(guarded(argument(r))))))),
        ("cold", &never, Box::new(|r| drop(black_box(run(guarded(argument(r))))))),
        ("no token", &none, Box::new(|r| drop(black_box(run(guarded(argument(r))))))),
        ("wrong role", &same, Box::new(|r| drop(black_box(run(other_role(argument(r))))))),
    ];
    if let Ok(only) = std::env::var("ONLY") {
        for (name, requests, call) in &variants {
            if *name == only {
                measured(requests, call);
            }
        }
        return;
    }
    let mut times = vec![Vec::new(); variants.len()];
    for _ in 0..ROUNDS {
        for ((_, requests, call), times) in variants.iter().zip(&mut times) {
            let start = Instant::now();
            for request in requests.iter().cycle().take(CALLS.max(requests.len())) {
                call(request);
            }
            let calls = u32::try_from(CALLS.max(requests.len())).expect("few");
            times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(calls));
        }
    }
    let mut bare = (0.0, 0);
    for ((name, requests, call), times) in variants.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let allocations = allocation_counter::measure(|| call(&requests[0])).count_total;
        let median = times[ROUNDS / 2];
        if *name == "bare" {
            bare = (median, allocations);
        }
        println!(
            "{name:20} {median:8.0} ns {:8.0} over bare; {allocations} allocations ({} over)",
            median - bare.0,
            allocations - bare.1
        );
    }
}
