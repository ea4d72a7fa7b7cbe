//! A guess that one `Auth` had counted was none to another one, whose own limit did not hold any more (Z7).

use std::time::Duration;

use actix_web::{
    App, Responder,
    dev::Service,
    get,
    test::{call_service, init_service},
    web,
};
use auth_runtime::{Auth, IdentityExt, require_auth};
use auth_tests::Tokens;

use crate::get as get_as;

#[require_auth]
#[get("/me")]
async fn me() -> impl Responder {
    "me"
}

#[actix_web::test]
async fn z7_each_auth_counts_for_itself() {
    let limited = |limit| {
        Auth::builder()
            .verifier(Tokens::ready())
            .failed_attempts(limit, Duration::from_secs(60))
            .clock(|| 1_000)
            .build()
            .unwrap()
    };
    let scope = web::scope("/inner").app_data(limited(3)).service(me);
    // A logger around both: it asks the outer one, which has a higher limit.
    let app = App::new().app_data(limited(1_000)).wrap_fn(|request, next| {
        assert!(request.identity().is_none());
        next.call(request)
    });
    let app = init_service(app.service(scope)).await;
    for n in 0..5 {
        let request =
            get_as("/inner/me", &format!("guess{n}")).peer_addr("192.0.2.1:1".parse().unwrap());
        let status = call_service(&app, request.to_request()).await.status().as_u16();
        assert_eq!(status, if n < 3 { 401 } else { 429 }, "{n}");
    }
}
