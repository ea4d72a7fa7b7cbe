//! What an extractor of ours refused in a handler's body said whom the response was for, and so a resource that its 404 hides
//! could be told from one that no handler has (Z4).

use actix_web::{Error, FromRequest, HttpRequest, Responder, dev, get, test::TestRequest};
use auth_runtime::{Denied, Identity, Owned, Resource, require_auth};

use crate::{Extracting, call, marking};

struct Document;

impl Resource for Document {
    type Id = u32;
    type Error = Error;
    const DENIED: Denied = Denied::NotFound;

    async fn load(id: u32, _: &HttpRequest) -> Result<Option<Self>, Error> {
        Ok((id == 7).then_some(Self))
    }

    fn permits(&self, _: &Identity) -> bool {
        false
    }
}

#[require_auth]
#[get("/documents/{id}")]
async fn document(request: HttpRequest) -> Result<impl Responder, Error> {
    Owned::<Document>::extract(&request).await?;
    Ok("document")
}

/// An extractor of the application's own that asks for it only when it is polled.
struct Late;

impl FromRequest for Late {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            Owned::<Document>::extract(&request).await?;
            Ok(Self)
        })
    }
}

#[require_auth]
#[get("/late/{id}")]
async fn late(_: Late) -> impl Responder {
    "document"
}

#[actix_web::test]
async fn z4_a_404_that_hides_something_has_nothing_that_others_have_not() {
    let (auth, key) = marking();
    let auth = auth.build().unwrap();
    for (name, value) in [("cookie", "session=user"), ("x-api-key", &key)] {
        for path in ["/late/7", "/late/8", "/documents/7", "/documents/8"] {
            let request = TestRequest::get().uri(path).insert_header((name, value));
            let response = call(&auth, (document, late), request).await;
            assert_eq!(response.status(), 404);
            assert_eq!(response.headers().len(), 0, "{path}: {:?}", response.headers());
        }
    }
}
