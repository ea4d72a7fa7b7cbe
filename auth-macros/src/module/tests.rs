//! What a module may hold, and what becomes of it.

use crate::vocabulary::Word;

/// What becomes of a module with these contents under `#[require_auth]`, without white space.
#[track_caller]
fn attach(content: &str) -> String {
    let module = format!("mod m {{ {content} }}").parse().expect("the content is tokens");
    let expanded = crate::attach(Word::RequireAuth, &"".parse().unwrap(), module).to_string();
    expanded.replace(char::is_whitespace, "")
}

#[test]
fn a_handler_is_found_wherever_an_item_can_stand() {
    let handler = r#"#[doc = "x"] #[get("/")] pub(in super::super) async fn h() -> X<{ 1 }> {}"#;
    for around in [
        "@",
        "#![allow(x)] @",
        "use a::{b, c}; @ struct S { x: fn(u8) }",
        "fn f() -> Vec<{ 1 }> { if a < b { @ } }",
        "fn f() { let x = g(&[{ @ h }]); }",
        "fn f() { select! { x => { @ } } }",
        "fn f() -> [u8; { @ 1 }] { [0] }",
        "const _: () = { @ };",
        "static S: fn() = || { @ };",
        "trait T { @ }",
        "unsafe impl<T: Fn() -> u8, U = u8> T<Item = X> for S<{ 1 }> { @ }",
        "mod a { pub(crate) mod b { impl C { @ } } }",
        "#[cfg(test)] mod tests { proptest! {} @ }",
        "enum E { A = { @ 1 } }",
    ] {
        let expanded = attach(&around.replace('@', handler));
        let added = r#"#[::auth_runtime::require_auth]#[doc="x"]#[get("/")]pub(insuper::super)"#;
        assert_eq!(expanded.matches("::auth_runtime::require_auth").count(), 1, "{around}");
        assert!(expanded.contains(added), "{around}: {expanded}");
    }
}

#[test]
fn a_route_under_a_condition_is_a_route() {
    for attribute in [
        "cfg_attr(test, get(\"/\"))",
        "cfg_attr(true, inline, cfg_attr(all(a, b), actix_web::get(\"/\"),))",
        "cfg_attr(test, auth_runtime::public)",
    ] {
        let expanded = attach(&format!("#[{attribute}] async fn h() {{}}"));
        assert!(expanded.contains("#[::auth_runtime::require_auth]#[cfg_attr"), "{expanded}");
    }
}

#[test]
fn a_macro_call_is_refused_where_only_items_stand() {
    let handler = r#"#[get("/")] async fn h() {}"#;
    for (item, refused) in [
        ("m! {}", true),
        ("::a::b::m!();", true),
        ("#[x] m![];", true),
        ("const X: u8 = { 1 }; m! {}", true),
        ("unsafe impl<T: Fn() -> u8> T<Item = X> for S<{ 1 }> { m! {} }", true),
        ("fn f() -> impl T<Item = X> {} m! {}", true),
        ("fn f() { while a < b {} impl C { m!(); } }", true),
        ("fn f() { mod a { m!(); } }", true),
        ("trait T where X: Y { m!(); }", true),
        ("fn f() -> S<{ 1 }> { m!(); m! {} }", false),
        ("const X: m!() = m!();", false),
        ("type X = m!();", false),
        ("impl !Send for X {}", false),
        ("fn f() -> ! { m!() }", false),
        ("macro_rules! m { () => { n!(); } }", false),
        ("std::thread_local! {}", false),
        ("#[cfg(test)] mod tests { m!(); }", false),
    ] {
        let expanded = attach(&format!("{handler} {item}"));
        assert_eq!(expanded.contains("compile_error"), refused, "{item}: {expanded}");
    }
}

#[test]
fn only_what_can_be_a_handler_has_to_say_so() {
    let handler = r#"#[get("/")] async fn h() {}"#;
    for (item, refused) in [
        ("async fn f() -> impl Responder {}", true),
        ("pub const unsafe async fn f() -> Option<HttpResponse<B>> {}", true),
        ("async fn f() -> Either<web::Json<X>, actix_web::HttpResponse> {}", true),
        ("fn f() -> LocalBoxFuture<'static, HttpResponse> {}", true),
        ("async fn f() -> Result<impl Responder, X> where X: Y {}", true),
        ("fn f() { async fn g() -> HttpResponse {} }", true),
        ("async fn f() -> X<{ 1 }, HttpResponse> {}", true),
        ("async fn f<T: U<V = W>>() -> HttpResponse where T: U<V = W> {}", true),
        ("#[other] async fn f(self) -> HttpResponse {}", true),
        ("async fn f() {} fn c() { web::to(self::f) }", true),
        ("fn c() { web::get().to(move |x| async {}) }", true),
        ("async fn f() -> Result<X, HttpResponse> {}", false),
        ("fn f() -> HttpResponse {}", false),
        ("async fn f(&self) -> HttpResponse {}", false),
        ("async fn f(x: &X) -> HttpResponse {}", false),
        ("async fn f() -> X {}", false),
        ("trait T { async fn f() -> HttpResponse; }", false),
        ("fn c() { web::to(h); web::get().to(other::g) }", false),
    ] {
        let expanded = attach(&format!("{handler} {item}"));
        assert_eq!(expanded.contains("compile_error"), refused, "{item}: {expanded}");
    }
}

#[test]
fn the_same_attribute_is_not_added_twice() {
    for (attribute, added) in [
        ("require_auth", false),
        ("require_auth()", false),
        ("auth_runtime::require_auth(in_impl)", false),
        ("public", false),
        ("require_auth(crate = x)", true),
        ("require_role(\"x\")", true),
        ("other::require_auth", true),
        ("other::public", true),
    ] {
        let expanded = attach(&format!("#[{attribute}] #[get(\"/\")] async fn h() {{}}"));
        assert_eq!(expanded.contains("#[::auth_runtime::require_auth]"), added, "{expanded}");
    }
}
