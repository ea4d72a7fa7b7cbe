//! Names of roles and scopes as variants of an enum.

use actix_web::{
    App, Responder, get,
    http::Method,
    scope,
    test::{TestRequest, call_service, init_service},
};
use auth_runtime::{
    Auth, Identity, Role, RoleName, Scope, ScopeName,
    api_key::{ApiKey, ApiKeys, MemoryStore},
    authorize, require_auth,
    testing::{TestIssuer, identity},
    verifier::Verified,
};
use auth_tests::assert_admin_only;

#[derive(Role)]
enum Role {
    Admin,
    NightShift,
    #[role(rename = "docs:write")]
    Writer,
}

/// Everything that other derives and attributes bring along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Role)]
#[role(rename_all = "SCREAMING-KEBAB-CASE")]
#[role(crate = ::auth_runtime)]
#[repr(u8)]
#[non_exhaustive]
#[allow(non_camel_case_types, reason = "the test is about such names")]
enum Decorated {
    #[default]
    ReadOnly = 1,
    /// As in `r#type`.
    r#type = 7,
    #[deprecated]
    HttpV2,
}

/// The derive is no use of it.
#[deprecated]
#[derive(Role)]
enum Old {
    #[deprecated]
    Only,
}

/// In use, so that `#[scope(…)]` below has to be told from it.
#[scope("/x")]
mod routes {
    use super::{Identity, Responder, get, may_read, require_auth};

    #[require_auth]
    #[get("/y")]
    pub(super) async fn reads(identity: Identity) -> impl Responder {
        may_read(&identity).to_string()
    }
}

#[derive(Scope)]
#[scope(rename_all = "kebab-case")]
enum Allowed {
    ReadDocs,
    #[scope(rename = "https://api.example.com/docs.write")]
    Write,
}

fn may_read(identity: &Identity) -> bool {
    identity.has_scope(Allowed::ReadDocs)
}

mod private {
    /// Seen by its parent, as its `name` has to be.
    #[derive(auth_runtime::Role)]
    pub(super) enum Seen {
        Everywhere,
    }

    /// Never asked for its name.
    #[derive(auth_runtime::Scope)]
    pub(super) enum Unasked {
        Only,
    }
}

macro_rules! roles {
    ($name:ident { $($variant:ident = $role:literal),* }, $rule:expr) => {
        #[derive(Role)]
        #[role(rename_all = $rule)]
        enum $name {
            $(#[role(rename = $role)] $variant,)*
            ByRule,
        }
    };
}

roles!(ByMacro { First = "1st", Second = "2nd" }, "camelCase");

/// Variants by the names of what stands in the generated code.
#[derive(Role)]
#[allow(non_camel_case_types, reason = "the test is about such names")]
enum Clashing {
    name,
    role_name,
    str,
    Self_,
}

const ADMIN: &str = Role::Admin.name();
static WRITE: &str = Allowed::Write.name();

#[test]
fn names_follow_their_rule() {
    assert_eq!(ADMIN, "admin");
    assert_eq!(
        [Role::NightShift, Role::Writer].map(|role| role.name()),
        ["night_shift", "docs:write"]
    );
    assert_eq!(Decorated::default().name(), "READ-ONLY");
    assert_eq!(Decorated::r#type.name(), "TYPE");
    assert_eq!(Allowed::ReadDocs.name(), "read-docs");
    assert_eq!(WRITE, "https://api.example.com/docs.write");
    assert_eq!(private::Seen::Everywhere.name(), "everywhere");
    assert_eq!(private::Unasked::Only.scope_name(), "only");
    assert_eq!(
        [ByMacro::First, ByMacro::Second, ByMacro::ByRule].map(|role| role.name()),
        ["1st", "2nd", "byRule"]
    );
    assert_eq!(
        [Clashing::name, Clashing::role_name, Clashing::str, Clashing::Self_]
            .map(|role| role.name()),
        ["name", "role_name", "str", "self_"]
    );
}

#[test]
fn what_is_deprecated_warns_where_it_is_used() {
    #[expect(deprecated, reason = "the test is about it")]
    let names = [Decorated::HttpV2.name(), Old::Only.name()];
    assert_eq!(names, ["HTTP-V2", "only"]);
}

#[test]
fn an_identity_takes_every_kind_of_name() {
    fn held(identity: &Identity, role: impl RoleName, scope: impl ScopeName) -> [bool; 2] {
        [identity.has_role(role), identity.has_scope(scope)]
    }

    let ann = identity(
        Verified::new("https://id.test/", "ann").role("admin").role("READ-ONLY").scope("read-docs"),
    );
    assert_eq!(held(&ann, Role::Admin, Allowed::ReadDocs), [true, true]);
    assert_eq!(held(&ann, &Role::Writer, &Allowed::Write), [false, false]);
    assert_eq!(held(&ann, ADMIN, WRITE), [true, false]);
    assert_eq!(held(&ann, ADMIN.to_owned(), "read-docs".to_owned()), [true, true]);
    assert_eq!(held(&ann, Decorated::ReadOnly, "Read-Docs"), [true, false]);
}

#[actix_web::test]
async fn a_handler_asks_by_variant() {
    use auth_runtime::require_role;

    #[require_role("admin")]
    #[get("/x")]
    async fn asks(identity: Identity) -> impl Responder {
        assert!(identity.has_role(Role::Admin) && !identity.has_role(Role::NightShift));
        "x"
    }
    assert_admin_only(|| asks, Method::GET, "/x").await;
}

#[actix_web::test]
async fn actix_s_scope_is_still_its_own() {
    use actix_web::{App, test};
    use auth_tests::read;

    let issuer = auth_runtime::testing::TestIssuer::new();
    let app =
        test::init_service(App::new().app_data(issuer.auth().unwrap()).service(routes::reads));
    let token = issuer.token("ann").scope("read-docs").mint();
    let request = test::TestRequest::get()
        .uri("/x/y")
        .insert_header(("Authorization", format!("Bearer {token}")));
    let response = test::call_service(&app.await, request.to_request()).await;
    let (status, body) = read(response).await;
    assert_eq!((status.as_u16(), body.as_str()), (200, "true"));
}

#[authorize(role(Role::NightShift) && scope(Allowed::ReadDocs))]
#[get("/typed")]
async fn typed() -> impl Responder {
    "x"
}

#[authorize(acr("mfa") && amr("otp") && amr("pwd") && max_age("5m"))]
#[get("/strong")]
async fn strong() -> impl Responder {
    "x"
}

#[actix_web::test]
async fn typed_names_are_taken_wherever_names_are_given() {
    let issuer = TestIssuer::new();
    let store = MemoryStore::new();
    let (key, stored) = ApiKey::generate("robot").unwrap();
    store.insert(stored.role(Role::NightShift).scope(Allowed::ReadDocs));
    let auth = Auth::builder()
        .issuer(issuer.issuer())
        .api_keys(ApiKeys::new(store))
        .role_implies(Role::Admin, [Role::NightShift])
        .build()
        .unwrap();
    let app = init_service(App::new().app_data(auth).service((typed, strong))).await;
    let ask = async |path: &str, header: (&'static str, String)| {
        let request = TestRequest::get().uri(path).insert_header(header).to_request();
        call_service(&app, request).await.status().as_u16()
    };

    let scoped = || issuer.token("ann").scope(&Allowed::ReadDocs);
    assert_eq!(ask("/typed", scoped().role(Role::Admin).bearer()).await, 200);
    assert_eq!(ask("/typed", scoped().role("night_shift".to_owned()).bearer()).await, 200);
    assert_eq!(ask("/typed", scoped().role(Role::Writer).bearer()).await, 403);
    assert_eq!(ask("/typed", ("x-api-key", key.reveal().to_owned())).await, 200);
    let ann = identity(Verified::new("https://id.test/", "ann").role(Role::Admin).scope("x"));
    assert!(ann.has_role(Role::Admin));

    let recent = || issuer.token("ann").acr("mfa").amr("otp").amr("pwd").just_authenticated();
    assert_eq!(ask("/strong", recent().bearer()).await, 200);
    assert_eq!(ask("/strong", recent().auth_time(1).bearer()).await, 401);
    assert_eq!(ask("/strong", recent().without("amr").amr("otp").bearer()).await, 401);
}
