/// The module's own docs.
#[scope("/api")]
#[require_auth]
pub(crate) mod api {
    //! More docs.
    use super::*;
    macro_rules! ten {
        () => {
            #[get("/x")] async fn untouched() {}
        };
    }
    #[::renamed::require_role("admin", crate = ::renamed)]
    /// Lists.
    #[get("/")]
    pub(super) async fn list() -> impl Responder {
        "x"
    }
    #[::renamed::require_role("admin", crate = ::renamed)]
    #[require_scope("x")]
    #[require_role("editor")]
    async fn stacked() -> String {
        String::new()
    }
    #[require_role("admin", crate = ::renamed)]
    async fn the_same() -> String {
        String::new()
    }
    #[::renamed::require_role("admin", crate = ::renamed)]
    #[cfg_attr(feature = "x", post("/x"))]
    async fn conditional() -> String {
        String::new()
    }
    #[public]
    #[get("/health")]
    async fn health() -> &'static str {
        "x"
    }
    async fn helper() -> Result<u32, HttpResponse> {
        Ok(ten!())
    }
    async fn borrows(value: &str) -> HttpResponse {
        respond(value)
    }
    struct Api<const N: usize>;
    impl Api<{ 1 + 1 }> {
        #[::renamed::require_role("admin", crate = ::renamed)]
        #[require_auth]
        async fn associated() -> Result<&'static str> {
            Self::text()
        }
    }
    fn config(cfg: &mut ServiceConfig) {
        if cfg!(feature = "x") {
            #[::renamed::require_role("admin", crate = ::renamed)]
            #[actix_web::get("/inside")]
            async fn inside() -> impl Responder {
                format!("x")
            }
            cfg.service(inside);
        }
        cfg.route("/", web::get().to(stacked));
    }
    #[require_auth]
    mod deeper {
        #[::renamed::require_role("admin", crate = ::renamed)]
        #[routes]
        #[get("/a")]
        async fn a() -> impl Responder {
            "a"
        }
    }
    #[public]
    mod open {
        #[get("/b")]
        async fn b() -> impl Responder {
            "b"
        }
    }
}
