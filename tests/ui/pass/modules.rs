//! On an inline module: every handler inside is guarded, in whatever way it stands there.

use actix_web::{
    App, HttpRequest, HttpResponse, Responder, get,
    http::{Method, header::AUTHORIZATION},
    post, scope,
    test::{TestRequest, call_service, init_service},
    web,
};
use auth_runtime::{public, require_auth, require_role};
use auth_tests::{Tokens, ask, assert_admin_only, assert_authenticated, assert_guarded};

/// Everybody gets 200, without a guard having run for an identity.
async fn assert_open<S: actix_web::dev::HttpServiceFactory + 'static>(
    service: impl Fn() -> S,
    path: &str,
) {
    for token in [None, Some("user"), Some("unknown")] {
        let (status, body) = ask(&Tokens::ready(), service(), Method::GET, path, token).await;
        assert_eq!(status, 200, "{path} as {token:?}: {body}");
    }
}

/// The module's own docs.
#[require_role("admin")]
#[allow(clippy::mixed_attributes_style, reason = "the test is about them")]
pub(crate) mod api {
    //! More of them.
    #![allow(clippy::unused_async, reason = "the test is about inner attributes")]

    use actix_web::{HttpResponse, Responder, get, routes};

    /// Docs.
    #[get("/route")]
    pub(crate) async fn route() -> impl Responder {
        "x"
    }

    #[actix_web::post("/by-path")]
    pub(crate) async fn by_path() -> Result<String, actix_web::Error> {
        Ok("x".to_owned())
    }

    #[routes]
    #[get("/one")]
    #[get("/two")]
    pub(crate) async fn several() -> HttpResponse {
        match borrowing("x").await {
            Ok(text) => respond(helper().await, &text),
            Err(response) => response,
        }
    }

    #[cfg_attr(all(), get("/conditional"))]
    pub(crate) async fn conditional() -> impl Responder {
        "x"
    }

    /// Not async and not a handler.
    fn respond(number: u32, text: &str) -> HttpResponse {
        HttpResponse::Ok().body(format!("{number} {text}"))
    }

    async fn helper() -> u32 {
        7
    }

    /// Takes a reference, which no handler can.
    async fn borrowing(text: &str) -> Result<String, HttpResponse> {
        Ok(text.to_owned())
    }

    thread_local! {
        pub(crate) static COUNT: std::cell::Cell<u8> = const { std::cell::Cell::new(7) };
    }

    #[cfg(test)]
    mod tests {
        use super::helper;

        macro_rules! only_here {
            ($name:ident) => {
                #[actix_web::test]
                async fn $name() {
                    assert_eq!(helper().await, 7);
                }
            };
        }

        only_here!(helpers_are_left_alone);
    }
}

#[actix_web::test]
async fn every_handler_of_a_module_is_guarded() {
    assert_admin_only(|| api::route, Method::GET, "/route").await;
    assert_admin_only(|| api::by_path, Method::POST, "/by-path").await;
    assert_admin_only(|| api::several, Method::GET, "/one").await;
    assert_admin_only(|| api::several, Method::GET, "/two").await;
    assert_admin_only(|| api::conditional, Method::GET, "/conditional").await;
    assert_eq!(api::COUNT.get(), 7);
}

#[require_role("admin")]
#[scope("/above")]
mod above_scope {
    use super::*;

    #[get("/x")]
    pub(super) async fn handler() -> impl Responder {
        "x"
    }
}

#[scope("/below")]
#[auth_runtime::require_role("admin")]
mod below_scope {
    use super::*;

    #[get("/x")]
    pub(super) async fn handler() -> impl Responder {
        "x"
    }
}

#[require_auth]
#[scope("/between")]
#[require_role("admin")]
mod around_scope {
    use super::*;

    #[get("/x")]
    pub(super) async fn handler() -> impl Responder {
        "x"
    }
}

#[actix_web::test]
async fn in_every_order_with_scope() {
    assert_admin_only(|| above_scope::handler, Method::GET, "/above/x").await;
    assert_admin_only(|| below_scope::handler, Method::GET, "/below/x").await;
    assert_admin_only(|| around_scope::handler, Method::GET, "/between/x").await;
}

#[require_role(any("admin", "editor"))]
mod stacked {
    use super::*;

    #[require_role("admin")]
    #[get("/x")]
    pub(super) async fn both() -> impl Responder {
        "x"
    }

    #[get("/x")]
    #[require_role("user")]
    pub(super) async fn nobody() -> impl Responder {
        "x"
    }

    #[require_role(any("admin", "editor",))]
    #[get("/x")]
    pub(super) async fn the_same() -> impl Responder {
        "x"
    }

    /// Without a route, known as a handler by its own attribute.
    #[require_auth]
    pub(super) async fn plain() -> impl Responder {
        "x"
    }
}

#[require_auth]
#[require_role("admin")]
mod two_attributes {
    use super::*;

    #[get("/x")]
    pub(super) async fn handler() -> impl Responder {
        "x"
    }

    #[require_auth]
    #[get("/x")]
    pub(super) async fn says_it_again() -> impl Responder {
        "x"
    }
}

#[actix_web::test]
async fn stacking_means_and() {
    assert_admin_only(|| stacked::both, Method::GET, "/x").await;
    let nobody = [("user", 403), ("editor", 403), ("admin", 403)];
    assert_guarded(|| stacked::nobody, Method::GET, "/x", &nobody).await;
    let either = [("user", 403), ("editor", 200), ("admin", 200)];
    assert_guarded(|| stacked::the_same, Method::GET, "/x", &either).await;
    let plain = || web::resource("/x").to(stacked::plain);
    assert_guarded(plain, Method::GET, "/x", &either).await;
    assert_admin_only(|| two_attributes::handler, Method::GET, "/x").await;
    assert_admin_only(|| two_attributes::says_it_again, Method::GET, "/x").await;
}

#[require_auth]
mod with_open_doors {
    use super::*;

    #[public]
    #[get("/open")]
    pub(super) async fn open() -> impl Responder {
        "x"
    }

    #[get("/open-below")]
    #[auth_runtime::public]
    pub(super) async fn open_below() -> impl Responder {
        "x"
    }

    #[get("/closed")]
    pub(super) async fn closed() -> impl Responder {
        "x"
    }

    #[public]
    pub(super) mod lobby {
        use super::*;

        #[get("/lobby")]
        pub(in super::super) async fn open() -> impl Responder {
            "x"
        }

        #[require_role("admin")]
        #[get("/office")]
        pub(in super::super) async fn office() -> impl Responder {
            "x"
        }
    }
}

#[public]
mod site {
    use super::*;

    #[get("/home")]
    pub(super) async fn home() -> impl Responder {
        "x"
    }

    #[require_role("admin")]
    #[get("/own")]
    pub(super) async fn own() -> impl Responder {
        "x"
    }

    #[require_role("admin")]
    pub(super) mod office {
        use super::*;

        #[get("/office")]
        pub(in super::super) async fn handler() -> impl Responder {
            "x"
        }
    }
}

#[actix_web::test]
async fn public_opts_out_and_covers_only_what_says_nothing() {
    assert_open(|| with_open_doors::open, "/open").await;
    assert_open(|| with_open_doors::open_below, "/open-below").await;
    assert_authenticated(|| with_open_doors::closed, Method::GET, "/closed").await;
    assert_open(|| with_open_doors::lobby::open, "/lobby").await;
    assert_admin_only(|| with_open_doors::lobby::office, Method::GET, "/office").await;
    assert_open(|| site::home, "/home").await;
    assert_admin_only(|| site::own, Method::GET, "/own").await;
    assert_admin_only(|| site::office::handler, Method::GET, "/office").await;
}

#[require_role(any("admin", "editor"))]
mod outer {
    pub(super) mod plain {
        pub(in super::super) mod deeper {
            #[actix_web::get("/x")]
            pub(crate) async fn handler() -> &'static str {
                "x"
            }
        }
    }

    #[auth_runtime::require_role("admin")]
    pub(super) mod stricter {
        #[actix_web::get("/x")]
        pub(crate) async fn handler() -> &'static str {
            "x"
        }
    }

    #[auth_runtime::require_role(any("admin", "editor"))]
    pub(super) mod the_same {
        #[actix_web::get("/x")]
        pub(crate) async fn handler() -> &'static str {
            "x"
        }
    }
}

#[actix_web::test]
async fn nested_modules_add_to_the_outer() {
    let either = [("user", 403), ("editor", 200), ("admin", 200)];
    assert_guarded(|| outer::plain::deeper::handler, Method::GET, "/x", &either).await;
    assert_admin_only(|| outer::stricter::handler, Method::GET, "/x").await;
    assert_guarded(|| outer::the_same::handler, Method::GET, "/x", &either).await;
}

#[require_role("admin")]
mod associated {
    use std::fmt::Display;

    use super::*;

    pub(super) struct Api<T, const N: usize>(T);

    impl Api<u8, { 1 + 1 }> {
        #[require_auth]
        pub(super) async fn without_self() -> impl Responder {
            "x"
        }

        #[require_auth]
        pub(super) async fn with_self() -> Result<impl Responder, actix_web::Error> {
            Ok(Self::TEXT)
        }

        const TEXT: &'static str = "x";
    }

    impl<T: Default + Display + 'static> Api<T, 1> {
        #[require_role("admin", in_impl)]
        pub(super) async fn generic() -> impl Responder {
            T::default().to_string()
        }

        pub(super) async fn response(&self) -> HttpResponse {
            actix_web::rt::task::yield_now().await;
            HttpResponse::Ok().body(self.0.to_string())
        }
    }

    #[get("/method")]
    pub(super) async fn calls_a_method() -> impl Responder {
        Api::<u8, 1>(7).response().await
    }
}

#[actix_web::test]
async fn associated_functions() {
    let at = |route: actix_web::Route| web::resource("/x").route(route);
    let without = || at(web::get().to(associated::Api::without_self));
    assert_admin_only(without, Method::GET, "/x").await;
    assert_admin_only(|| at(web::get().to(associated::Api::with_self)), Method::GET, "/x").await;
    let generic = || at(web::get().to(associated::Api::<u8, 1>::generic));
    assert_admin_only(generic, Method::GET, "/x").await;
    assert_admin_only(|| associated::calls_a_method, Method::GET, "/method").await;
}

#[require_role("admin")]
mod configured {
    use super::*;

    pub(super) fn config(cfg: &mut web::ServiceConfig) {
        #[get("/service")]
        async fn service() -> impl Responder {
            vec!["x"; usize::from(cfg!(test))].concat()
        }

        #[require_auth]
        async fn plain() -> impl Responder {
            "x"
        }

        mod deeper {
            #[actix_web::get("/deeper")]
            pub(super) async fn handler() -> &'static str {
                "x"
            }
        }

        cfg.service(service).service(deeper::handler).route("/plain", web::get().to(plain));
        if cfg!(test) {
            #[require_auth]
            async fn in_a_block() -> impl Responder {
                "x"
            }
            cfg.route("/in-a-block", web::get().to(in_a_block));
        }
        cfg.service({
            #[get("/in-an-expression")]
            async fn in_an_expression() -> impl Responder {
                "x"
            }
            in_an_expression
        });
    }
}

#[actix_web::test]
async fn handlers_inside_functions() {
    for path in ["/service", "/plain", "/deeper", "/in-a-block", "/in-an-expression"] {
        let service = || web::scope("").configure(configured::config);
        assert_admin_only(service, Method::GET, path).await;
    }
}

/// What reads like a route, and is none.
#[require_role("admin")]
#[allow(clippy::mixed_attributes_style, reason = "the module has both, as one may")]
mod with_helpers {
    #![allow(clippy::unused_async, reason = "the helpers look as much like handlers as they can")]

    use std::{cell::RefCell, collections::BTreeMap};

    use actix_web::http::header::{ACCEPT, HeaderName};

    use super::*;

    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
    struct Document(u32);

    /// What it was asked for.
    #[derive(Default)]
    struct Client(RefCell<Vec<String>>);

    impl Client {
        fn get(&self, url: String) -> usize {
            self.0.borrow_mut().push(url);
            self.0.borrow().len()
        }

        fn delete(&self, document: &Document) -> usize {
            self.get(document.0.to_string())
        }
    }

    #[get("/helpers/{id}")]
    pub(super) async fn handler(request: HttpRequest, id: web::Path<u32>) -> impl Responder {
        let client = Client::default();
        let loaded = load(*id).await;
        // The names of helpers, here those of variables.
        let document = loaded.clone();
        let documents = BTreeMap::from([(document.clone(), "x"), (Document(8), "y")]);
        let found = documents.get(&document).copied().unwrap_or_default();
        let found = documents.get(&loaded).map_or(found, |_| documents[&document]);
        let found = match address(&request, ACCEPT).await {
            Some(url) => format!("{found}{}", client.get(url)),
            None => found.to_owned(),
        };
        let deleted = by_key(&[loaded], 0).map(|document| client.delete(&document));
        let open = named(documents, Document(8)).await;
        format!("{found}{}{}", deleted.unwrap_or_default(), open.len())
    }

    async fn load(id: u32) -> Document {
        Document(id)
    }

    async fn document() -> Document {
        load(7).await
    }

    async fn url(document: Document) -> String {
        format!("/{}", document.0)
    }

    /// Its argument has the name of a function.
    async fn named(map: BTreeMap<Document, &'static str>, document: Document) -> String {
        let known = [self::document().await].map(|key| map.get(&key).copied());
        map.get(&document).map_or_else(|| known.len().to_string(), ToString::to_string)
    }

    /// A request by reference: no extractor is one.
    async fn address(request: &HttpRequest, name: HeaderName) -> Option<String> {
        let accepted = request.headers().get(name)?;
        Some(url(Document(u32::try_from(accepted.len()).ok()?)).await)
    }

    fn by_key(documents: &[Document], index: usize) -> Option<Document> {
        documents.get(index).or(documents.get(1)).cloned()
    }

    /// Plain values, and nothing that could be a response.
    async fn name(_: String) -> Vec<web::Bytes> {
        Vec::new()
    }

    #[get("/name")]
    pub(super) async fn length() -> impl Responder {
        name(String::new()).await.len().to_string()
    }
}

#[actix_web::test]
async fn helpers_stay_as_they_are() {
    assert_admin_only(|| with_helpers::handler, Method::GET, "/helpers/7").await;
    assert_admin_only(|| with_helpers::length, Method::GET, "/name").await;
}

/// A route is found in whatever way it is made, and so is what says who may call it.
#[require_role("admin")]
mod resources {
    use actix_web::get as fetch;

    use super::*;

    #[require_auth]
    async fn list() -> web::Json<[u8; 1]> {
        web::Json([7])
    }

    #[require_auth]
    async fn generic<T: Default + ToString + 'static>() -> String {
        T::default().to_string()
    }

    mod open {
        #[auth_runtime::public]
        pub(super) async fn list() -> &'static str {
            "x"
        }
    }

    mod helpers {
        pub(super) async fn list() -> Vec<u8> {
            actix_web::rt::task::yield_now().await;
            vec![7]
        }
    }

    /// Ours stands below the route attribute, and the module's beside it.
    #[fetch("/renamed")]
    #[require_auth]
    pub(super) async fn renamed() -> impl Responder {
        helpers::list().await.len().to_string()
    }

    pub(super) fn config(cfg: &mut web::ServiceConfig) {
        cfg.service(web::resource("/list").get(list))
            .service(web::resource("/generic").get(generic::<u8>))
            .route("/turbofish", web::get().to(self::generic::<u8>))
            .service(web::resource("/open").get(open::list));
    }
}

#[actix_web::test]
async fn routes_of_every_kind() {
    let configured = || web::scope("").configure(resources::config);
    for path in ["/list", "/generic", "/turbofish"] {
        assert_admin_only(configured, Method::GET, path).await;
    }
    assert_open(configured, "/open").await;
    assert_admin_only(|| resources::renamed, Method::GET, "/renamed").await;
}

macro_rules! whole {
    ($module:item) => {
        #[require_role("admin")]
        $module
    };
}

whole! {
    mod whole_module {
        #[actix_web::get("/x")]
        pub(super) async fn handler() -> &'static str {
            "x"
        }
    }
}

macro_rules! fragments {
    (
        #[$attribute:meta] $module_visibility:vis $module:ident, $role:expr,
        #[$route:meta] $visibility:vis $name:ident -> $returns:ty $body:block
        $item:item
        $inner:item
    ) => {
        #[$attribute]
        #[require_role($role)]
        $module_visibility mod $module {
            use super::*;

            #[$route]
            $visibility async fn $name() -> $returns $body

            #[post("/item")]
            $item

            $inner
        }
    };
}

fragments! {
    #[scope("/api")]
    pub(crate) by_fragments, "admin",
    #[get("/x")]
    pub(super) handler -> Result<&'static str, actix_web::Error> { Ok("x") }

    pub(super) async fn item() -> impl Responder {
        "x"
    }

    pub(super) mod inner {
        #[actix_web::get("/inner")]
        pub(crate) async fn handler() -> &'static str {
            "x"
        }
    }
}

#[actix_web::test]
async fn modules_made_by_macros() {
    assert_admin_only(|| whole_module::handler, Method::GET, "/x").await;
    assert_admin_only(|| by_fragments::handler, Method::GET, "/api/x").await;
    assert_admin_only(|| by_fragments::item, Method::POST, "/api/item").await;
    assert_admin_only(|| by_fragments::inner::handler, Method::GET, "/inner").await;
}

#[cfg_attr(all(), require_role("admin"))]
#[cfg_attr(any(), require_auth)]
mod by_cfg_attr {
    #[actix_web::get("/x")]
    #[cfg_attr(any(), auth_runtime::public)]
    pub(super) async fn handler() -> &'static str {
        "x"
    }

    #[cfg(any())]
    #[actix_web::get("/x")]
    async fn configured_away(_: ThisTypeDoesNotExist) -> &'static str {
        "x"
    }
}

#[actix_web::test]
async fn with_cfg_and_cfg_attr() {
    assert_admin_only(|| by_cfg_attr::handler, Method::GET, "/x").await;
}

#[require_role("admin")]
mod documented {
    use super::*;

    #[utoipa::path(responses((status = 200)))]
    #[get("/documented/{id}")]
    #[tracing::instrument(skip_all)]
    pub(super) async fn handler(id: web::Path<u32>) -> impl Responder {
        id.to_string()
    }
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(documented::handler))]
struct Api;

#[actix_web::test]
async fn with_other_peoples_attributes_inside() {
    assert_admin_only(|| documented::handler, Method::GET, "/documented/7").await;
    let api = serde_json::to_value(<Api as utoipa::OpenApi>::openapi()).unwrap();
    assert_eq!(api["paths"]["/documented/{id}"]["get"]["parameters"][0]["name"], "id", "{api}");
}

/// Two handlers of one module, in one application.
#[actix_web::test]
async fn a_whole_application() {
    let app = init_service(
        App::new()
            .app_data(Tokens::ready().auth())
            .service(with_open_doors::open)
            .service(with_open_doors::closed),
    )
    .await;
    for (path, token, status) in
        [("/open", None, 200), ("/closed", None, 401), ("/closed", Some("Bearer user"), 200)]
    {
        let mut request = TestRequest::with_uri(path);
        if let Some(token) = token {
            request = request.insert_header((AUTHORIZATION, token));
        }
        let response = call_service(&app, request.to_request()).await;
        assert_eq!(response.status(), status, "{path}");
    }
}
