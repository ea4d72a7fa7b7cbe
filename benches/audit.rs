//! What do events and spans cost where nobody listens? `cargo bench -p auth-benches --bench audit`
//!
//! One guarded handler, with a verifier that costs next to nothing, let in and denied:
//!
//! * `no subscriber`: the application installed none;
//! * `target off`: it installed one, which takes everything but `auth_runtime::decision`;
//! * `info`: one that takes denials and no spans, which is what applications mostly want;
//! * `everything`: one that takes spans and every event, and writes nothing down.
//!
//! A subscriber stays for good, so these come one after the other. Beside them stands what a span and an event like the
//! guard's cost alone, written out here.

use std::{
    hint::black_box,
    sync::atomic::{AtomicU8, Ordering},
    time::Instant,
};

use actix_web::{
    HttpRequest, HttpResponse, Responder, http::header::AUTHORIZATION, test::TestRequest,
};
use auth_benches::{argument, run};
use auth_runtime::{
    Auth, require_auth, require_role,
    verifier::{Verification, Verified, Verifier},
};
use tracing::{
    Event, Level, Metadata, Subscriber, callsite,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};

const ROUNDS: usize = 41;
const CALLS: u32 = 20_000;
const TARGET: &str = "auth_runtime::decision";

#[require_auth]
async fn open_to_ann() -> impl Responder {
    HttpResponse::Ok()
}

#[require_role("admin")]
async fn closed_to_ann() -> impl Responder {
    HttpResponse::Ok()
}

struct AtOnce;

impl Verifier for AtOnce {
    fn verify(&self, _: &str, _: &HttpRequest) -> Verification {
        Verification::Ready(Ok(Verified::new("i", "ann").jti("1")))
    }
}

/// Takes what its mode says, and forgets it.
struct Listener;

/// 0: everything but decisions, 1: up to info, 2: everything.
static MODE: AtomicU8 = AtomicU8::new(0);

impl Subscriber for Listener {
    // What a filter by target and level does: it decides once for each place in the code.
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let takes = match MODE.load(Ordering::SeqCst) {
            0 => metadata.target() != TARGET,
            1 => *metadata.level() <= Level::INFO,
            _ => true,
        };
        if takes { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        black_box(event);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The median, in tenths of nanoseconds, and the allocations of one call.
fn measure(call: &dyn Fn()) -> (u128, u64) {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..CALLS {
            call();
        }
        times.push(start.elapsed().as_nanos() * 10 / u128::from(CALLS));
    }
    times.sort_unstable();
    (times[ROUNDS / 2], allocation_counter::measure(call).count_total)
}

/// What the guard does for its span, and for an event.
fn span_and_event(handler: &str) {
    let span = tracing::debug_span!(target: TARGET, "authorize", handler = %handler);
    span.in_scope(|| {
        tracing::debug!(target: TARGET, handler = %handler, outcome = "granted", "granted");
    });
}

fn main() {
    let auth = Auth::builder().verifier(AtOnce).build().expect("a verifier is enough");
    let request = TestRequest::default()
        .insert_header((AUTHORIZATION, "Bearer token"))
        .app_data(auth)
        .to_http_request();
    let granted = || drop(run(open_to_ann(argument(&request))));
    let denied = || drop(run(closed_to_ann(argument(&request))));
    let alone = || span_and_event(black_box("handler"));
    let calls: [(&str, &dyn Fn()); 3] =
        [("let in", &granted), ("denied", &denied), ("span and event alone", &alone)];

    println!("| subscriber | what | median ns | allocations |");
    println!("|---|---|---|---|");
    for (name, mode) in [
        ("no subscriber", None),
        ("target off", Some(0)),
        ("info", Some(1)),
        ("everything", Some(2)),
    ] {
        if let Some(mode) = mode {
            MODE.store(mode, Ordering::SeqCst);
            // The first time; from then on the same one is asked anew.
            let _ = tracing::subscriber::set_global_default(Listener);
            callsite::rebuild_interest_cache();
        }
        for (what, call) in calls {
            let (time, allocations) = measure(call);
            println!("| {name} | {what} | {}.{} | {allocations} |", time / 10, time % 10);
        }
    }
}
