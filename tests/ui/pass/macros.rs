//! Handlers made by `macro_rules`, whose fragments come wrapped in invisible groups.

use actix_web::{Responder, get, http::Method, web};
use auth_runtime::{require_auth, require_role};
use auth_tests::assert_admin_only;

macro_rules! fragments {
    ($vis:vis $name:ident, $role:literal, $path:literal, $argument:ident: $from:ty, $returns:ty, $body:block) => {
        #[require_role($role)]
        #[get($path)]
        $vis async fn $name($argument: $from) -> $returns $body
    };
}

fragments!(pub(crate) literal, "admin", "/x/{id}", id: web::Path<u32>, String, { id.to_string() });

macro_rules! expression {
    ($name:ident, $role:expr, $value:expr) => {
        #[require_role($role)]
        #[get("/x")]
        async fn $name() -> impl Responder {
            $value
        }
    };
}

expression!(by_expression, "admin", "x");
expression!(by_any, any("admin", "root"), "x");

macro_rules! whole {
    ($item:item) => {
        #[require_auth]
        $item
    };
}

whole! {
    #[require_role("admin")]
    #[get("/x")]
    async fn whole_item() -> impl Responder {
        "x"
    }
}

macro_rules! tokens {
    ($($tokens:tt)*) => {
        #[require_role("admin")]
        #[get("/x")]
        $($tokens)*
    };
}

tokens! {
    async fn by_tokens() -> impl Responder {
        "x"
    }
}

macro_rules! attribute {
    (#[$attribute:meta] $name:ident) => {
        #[$attribute]
        #[get("/x")]
        async fn $name() -> impl Responder {
            "x"
        }
    };
}

attribute!(
    #[require_role("admin")]
    by_meta
);

macro_rules! pattern {
    ($name:ident, $pattern:pat, $used:expr) => {
        #[require_role("admin")]
        #[get("/x/{a}")]
        async fn $name($pattern: (web::Path<u32>, actix_web::HttpRequest)) -> impl Responder {
            $used.to_string()
        }
    };
}

pattern!(by_pattern, (number, _), number);

#[actix_web::test]
async fn handlers_made_by_macros() {
    assert_admin_only(|| literal, Method::GET, "/x/7").await;
    assert_admin_only(|| by_expression, Method::GET, "/x").await;
    assert_admin_only(|| by_any, Method::GET, "/x").await;
    assert_admin_only(|| whole_item, Method::GET, "/x").await;
    assert_admin_only(|| by_tokens, Method::GET, "/x").await;
    assert_admin_only(|| by_meta, Method::GET, "/x").await;
    assert_admin_only(|| by_pattern, Method::GET, "/x/7").await;
}

#[actix_web::test]
async fn handlers_inside_functions() {
    #[require_role("admin")]
    #[get("/x")]
    async fn inside() -> impl Responder {
        "x"
    }

    let outer = {
        #[require_role("admin")]
        async fn inside() -> impl Responder {
            "y"
        }
        || web::resource("/y").to(inside)
    };
    assert_admin_only(|| inside, Method::GET, "/x").await;
    assert_admin_only(outer, Method::GET, "/y").await;
}
