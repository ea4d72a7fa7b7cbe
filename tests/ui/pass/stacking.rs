//! D3: stacked attributes mean AND, in any order, with one guard.

use actix_web::{Responder, get, http::Method};
use auth_runtime::{require_auth, require_role};
use auth_tests::{Tokens, ask, assert_admin_only, assert_guarded};

/// Used below another attribute of ours only: its import must not look unused.
mod imported_for_an_inner_attribute {
    use actix_web::Responder;
    use auth_runtime::{require_auth, require_role};

    #[require_auth]
    #[require_role("admin")]
    pub(super) async fn handler() -> impl Responder {
        "x"
    }
}

#[require_auth]
#[require_role("admin")]
#[get("/x")]
async fn both_above() -> impl Responder {
    "x"
}

#[require_role("admin")]
#[get("/x")]
#[require_auth]
async fn around() -> impl Responder {
    "x"
}

#[get("/x")]
#[require_auth]
#[require_role("admin")]
async fn both_below() -> impl Responder {
    "x"
}

#[require_role(any("admin", "editor"))]
#[require_auth]
#[require_role("admin")]
#[get("/x")]
async fn three() -> impl Responder {
    "x"
}

#[require_role(any("admin"))]
#[get("/x")]
async fn trailing_commas() -> impl Responder {
    "x"
}

#[require_role(all("admin",))]
#[require_auth()]
#[get("/x")]
async fn more_trailing_commas() -> impl Responder {
    "x"
}

#[actix_web::test]
async fn d3_stacking_means_and_in_any_order() {
    assert_admin_only(|| both_above, Method::GET, "/x").await;
    assert_admin_only(|| around, Method::GET, "/x").await;
    assert_admin_only(|| both_below, Method::GET, "/x").await;
    assert_admin_only(|| three, Method::GET, "/x").await;
    assert_admin_only(|| trailing_commas, Method::GET, "/x").await;
    assert_admin_only(|| more_trailing_commas, Method::GET, "/x").await;
    let inner = || actix_web::web::resource("/x").to(imported_for_an_inner_attribute::handler);
    assert_admin_only(inner, Method::GET, "/x").await;
}

#[require_role(any("admin", "editor"))]
#[get("/x")]
async fn any() -> impl Responder {
    "x"
}

#[require_role("editor")]
#[require_role("admin")]
#[get("/x")]
async fn two_roles() -> impl Responder {
    "x"
}

#[require_role(all("editor", "admin"))]
#[get("/x")]
async fn all() -> impl Responder {
    "x"
}

#[actix_web::test]
async fn d3_any_is_or_and_all_is_and() {
    assert_guarded(|| any, Method::GET, "/x", &[("user", 403), ("editor", 200), ("admin", 200)])
        .await;
    let nobody = [("user", 403), ("editor", 403), ("admin", 403)];
    assert_guarded(|| two_roles, Method::GET, "/x", &nobody).await;
    assert_guarded(|| all, Method::GET, "/x", &nobody).await;
}

mod by_path {
    use actix_web::{Responder, get};

    #[auth_runtime::require_auth]
    #[::auth_runtime::require_role("admin")]
    #[get("/x")]
    pub(super) async fn handler() -> impl Responder {
        "x"
    }
}

#[actix_web::test]
async fn d4_attributes_by_path() {
    assert_admin_only(|| by_path::handler, Method::GET, "/x").await;
}

mod under_another_name {
    use actix_web::{Responder, get};
    use auth_runtime::{require_auth, require_role as needs};

    #[needs("admin")]
    #[get("/x")]
    pub(super) async fn alone() -> impl Responder {
        "x"
    }

    /// Not recognized as one of ours, so it becomes a second guard inside the first.
    #[require_auth]
    #[get("/x")]
    #[needs("admin")]
    pub(super) async fn nested() -> impl Responder {
        "x"
    }
}

#[actix_web::test]
async fn d4_an_attribute_under_another_name_still_guards() {
    assert_admin_only(|| under_another_name::alone, Method::GET, "/x").await;
    for (token, status) in [(None, 401), (Some("user"), 403), (Some("admin"), 200)] {
        let service = under_another_name::nested;
        let (got, _) = ask(&Tokens::ready(), service, Method::GET, "/x", token).await;
        assert_eq!(got.as_u16(), status);
    }
}
