//! Below `deny = not_found` some refusals were still told: those of our extractors in a handler whose policy needs no
//! identity or in a handler's body, those of a nested guard, and a failing `load` before the decision (Z4, Z5).

use actix_web::{Error, HttpRequest, Responder, error::ErrorGone, get, test::TestRequest, web};
use auth_runtime::{
    Claims, Identity, Owned, Resource, authorize, authorize as allows, require_auth,
    require_role as needs, testing::TestIssuer,
};
use serde::Deserialize;

use crate::{call, get};

#[authorize(ip("192.0.2.0/24") || role("admin"), deny = not_found)]
#[get("/address")]
async fn by_address(identity: Identity) -> impl Responder {
    identity.subject().to_owned()
}

#[derive(Deserialize)]
struct Tenant {
    tenant: String,
}

#[require_auth(deny = not_found)]
#[get("/body")]
async fn in_the_body(request: HttpRequest) -> Result<impl Responder, Error> {
    use actix_web::FromRequest;

    Ok(Claims::<Tenant>::extract(&request).await?.into_inner().tenant)
}

#[require_auth(deny = not_found)]
#[get("/nested")]
#[needs("admin")]
async fn nested() -> impl Responder {
    "nested"
}

#[require_auth(deny = not_found)]
#[get("/of-age/{age}")]
#[allows(when(*age > 17))]
async fn of_age(age: web::Path<u8>) -> impl Responder {
    age.to_string()
}

#[require_auth(deny = not_found)]
#[get("/nested-locked/{id}")]
#[allows(when(found.open))]
async fn nested_locked(found: Owned<Locked>) -> impl Responder {
    found.open.to_string()
}

struct Locked {
    open: bool,
}

impl Resource for Locked {
    type Id = u32;
    type Error = Error;

    async fn load(id: u32, _: &HttpRequest) -> Result<Option<Self>, Error> {
        match id {
            7 => Err(ErrorGone("archived")),
            8 => Ok(Some(Self { open: false })),
            _ => Ok(None),
        }
    }

    fn permits(&self, _: &Identity) -> bool {
        true
    }
}

#[authorize(when(locked.open), deny = not_found)]
#[get("/locked/{id}")]
async fn locked(locked: Owned<Locked>) -> impl Responder {
    locked.open.to_string()
}

#[actix_web::test]
async fn z4_every_refusal_is_hidden() {
    let issuer = TestIssuer::new();
    let auth = issuer.auth().unwrap();
    let bob = issuer.token("bob").mint();
    let from_inside = TestRequest::get().uri("/address").peer_addr("192.0.2.8:1".parse().unwrap());
    for request in [
        from_inside,
        get("/body", &bob),
        get("/nested", &bob),
        get("/of-age/17", &bob),
        get("/of-age/x", &bob),
        get("/nested-locked/7", &bob),
        get("/nested-locked/8", &bob),
        get("/locked/7", &bob),
        get("/locked/8", &bob),
        get("/locked/9", &bob),
    ] {
        let services = (by_address, in_the_body, nested, of_age, nested_locked, locked);
        let response = call(&auth, services, request).await;
        assert_eq!(response.headers().len(), 0, "{:?}", response.headers());
        let path = response.request().path().to_owned();
        let (status, body) = auth_tests::read(response).await;
        assert_eq!((status.as_u16(), &*body), (404, ""), "{path}");
    }
}
