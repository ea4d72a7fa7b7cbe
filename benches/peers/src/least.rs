//! The least that lets in whom it knows, written by hand: what the guard's time is measured against.
//!
//! A token that was seen before is found as the guard finds it, and its role is asked; a handler's arguments are extracted
//! behind that, since whatever decides before extractors stands around them. Nothing else: neither the time is asked nor
//! whether anything was taken back, nobody hears of the decision, a second `Authorization` is not noticed, nothing can be
//! configured, and the handler does not get to know who the caller is.

use std::sync::Arc;

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, Responder, get, http::header::AUTHORIZATION, web,
};

use crate::{
    caches::{Quick, ROOM},
    subjects::{Decoder, no_token, role_missing},
    tokens::{Alg, ROLE},
};

/// Who is known, and who finds out about everybody else.
pub(crate) struct Known {
    decoder: Decoder,
    seen: Quick<Arc<[String]>>,
}

impl Known {
    /// What an application is given.
    pub(crate) fn of(alg: Alg) -> web::Data<Self> {
        web::Data::new(Self { decoder: Decoder::new(alg), seen: Quick::new(ROOM) })
    }

    /// The roles that a token gives its owner.
    fn roles(&self, token: &[u8]) -> Option<Arc<[String]>> {
        self.seen.get(token).or_else(|| self.learn(token))
    }

    #[cold]
    fn learn(&self, token: &[u8]) -> Option<Arc<[String]>> {
        let roles: Arc<[String]> = self.decoder.roles(std::str::from_utf8(token).ok()?)?.into();
        self.seen.insert(token, Arc::clone(&roles));
        Some(roles)
    }
}

#[get("/")]
pub(crate) async fn least(request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let known = request.app_data::<web::Data<Known>>().expect("set by who measures");
    let token = request.headers().get(AUTHORIZATION);
    let token = token.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    let Some(roles) = token.and_then(|token| known.roles(token)) else {
        return no_token();
    };
    if !roles.iter().any(|role| role == ROLE) {
        return role_missing();
    }
    let handler = async || HttpResponse::Ok();
    let Ok(()) = <()>::from_request(&request, &mut payload.into_inner()).await;
    handler().await.respond_to(&request).map_into_boxed_body()
}
