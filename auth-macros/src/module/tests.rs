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
        ("async fn f() -> web::Json<X> {}", true),
        ("async fn f<T: U>() -> actix_web::Result<Json<T>> {}", true),
        ("async fn f() -> Result<Option<NamedFile>, X> {}", true),
        ("async fn f(x: String) -> (Bytes, StatusCode) {}", true),
        ("fn f() -> Pin<Box<dyn Future<Output = Redirect>>> {}", true),
        ("fn f() -> Ready<Either<X, Y>> {}", true),
        ("async fn f(x: web::Path<u32>) -> X {}", true),
        ("async fn f(web::Json(x): web::Json<X>, y: Y) -> X {}", true),
        ("async fn f(x: Option<Identity>) -> String {}", true),
        ("async fn f((x, y): (Query<X>, web::Bytes)) -> Result<(), X> {}", true),
        ("fn f(x: HttpRequest) -> BoxFuture<'static, X> {}", true),
        ("async fn f() -> Result<X, HttpResponse> {}", false),
        ("async fn f() -> Result<X, web::Json<X>> {}", false),
        ("async fn f() -> Vec<Bytes> {}", false),
        ("async fn f() -> (Bytes, Bytes) {}", false),
        ("async fn f() -> impl Stream<Item = Bytes> {}", false),
        ("fn f() -> web::Json<X> {}", false),
        ("async fn f(x: u32) -> HttpResponse {}", false),
        ("async fn f(x: web::Data<X>) {}", false),
        ("async fn f(x: Identity) -> Result<bool, X> {}", false),
        ("async fn f(x: &web::Data<X>, y: Identity) -> X {}", false),
        ("async fn f(x: web::Data<X>, y: ServiceRequest, z: Next<B>) -> X {}", false),
        ("async fn f(x: Data, y: Bytes, z: Path) -> X {}", false),
        ("fn f(x: web::Path<u32>) -> X {}", false),
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
fn a_route_is_found_in_every_spelling() {
    let items = r#"#[get("/")] async fn h() {} async fn f<T>() -> X {}"#;
    for (route, refused) in [
        ("x.to(f)", true),
        ("x.to(f,)", true),
        ("x.to(&self::f::<u8>)", true),
        ("x.to::<_, (A, B)>((f::<fn() -> A>))", true),
        ("x.to({ f })", true),
        ("x.to(f as fn() -> _)", true),
        ("x.get(f)", true),
        ("x.post(f).put(|| async {})", true),
        ("x.query(f::<u8>)", true),
        ("x.options(async move |y| {})", true),
        ("x.get(h).to(h)", false),
        (r#"x.get("f")"#, false),
        ("x.get(0).delete(f())", false),
        ("x.get(f, y).get(y.f)", false),
        ("x.find(f)", false),
        ("get(f)", false),
    ] {
        let expanded = attach(&format!("{items} fn c() {{ {route}; }}"));
        assert_eq!(expanded.contains("compile_error"), refused, "{route}: {expanded}");
    }
}

#[test]
fn a_variable_is_no_function() {
    let items = r#"#[get("/")] async fn h() {} async fn f() -> X {}"#;
    for (code, refused) in [
        ("fn c(f: &X) { y.get(f) }", false),
        (
            r#"#[put("/")] async fn c<T: Fn(u8)>(Path((f, _)): Y<A, B>) -> Z { { y.get(&f) } }"#,
            false,
        ),
        ("fn c() { let f = x; y.get(f) }", false),
        ("fn c() { let Some(X { f, .. }) = x else { return }; if a { y.get(f) } }", false),
        ("fn c() { if let Some(f) = x { y.get(f) } }", false),
        ("fn c() { while a && let Some(f) = x { y.get(f) } }", false),
        ("fn c() { for (_, f) in x { y.get(f) } }", false),
        ("fn c() { match x { A => 1, Some(f) if a => y.get(f) } }", false),
        ("fn c() { x.map(|f| y.get(f)) }", false),
        ("fn c() { x.map(move |_, f: X| { y.get(f) }) }", false),
        ("fn c() { m!(let f = x; y.get(f)) }", false),
        ("fn c() { y.get(f) }", true),
        ("fn c() { let f = y.get(f); }", true),
        ("fn c() { { let f = x; } y.get(f) }", true),
        ("fn c() { if let Some(f) = x {} y.get(f) }", true),
        ("fn c() { x.map(|f| f); y.get(f) }", true),
        ("fn c() { let x: f = 1; y.get(f) }", true),
        ("fn c() { let f = x; fn d() { y.get(f) } }", true),
        ("fn c(f: X) {} fn d(x: f) { y.get(f) }", true),
        ("fn c(f: X) { y.get(self::f) }", true),
        ("fn c(a: X) { a | y.get(f) | a }", true),
    ] {
        let expanded = attach(&format!("{items} {code}"));
        assert_eq!(expanded.contains("compile_error"), refused, "{code}: {expanded}");
    }
}

#[test]
fn a_guarded_function_excuses_no_other_of_its_name() {
    let items = r#"
        mod a { #[get("/")] async fn f() {} }
        mod b { async fn f() -> X {} mod c { #[public] async fn f() {} } }
        struct A; impl<T> A { #[require_auth] async fn g() {} }
        impl<T> T for B where C: D { async fn g() -> X {} }
        #[require_role("x")] mod d { async fn k() -> X {} }
    "#;
    for (code, refused) in [
        ("fn i() { x.to(a::f).to(b::c::f).to(crate::m::a::f) }", false),
        ("mod i { fn j() { x.to(super::a::f).to(self::super::b::c::f) } }", false),
        ("fn i() { x.to(A::g).to(<A as T>::g).to(A::<u8>::g) }", false),
        ("impl A { fn i() { x.to(Self::h) } async fn h(x: &X) {} }", false),
        ("fn i() { #[public] async fn f() {} x.to(f) }", false),
        ("#[cfg(test)] mod i { fn j() { x.to(b::f) } }", false),
        ("fn i() { x.to(b::f) }", true),
        ("fn i() { x.to(self::b::f) }", true),
        ("fn i() { x.to(crate::m::b::f) }", true),
        ("mod i { fn j() { x.to(super::b::f) } }", true),
        ("mod i { use super::b::f; fn j() { x.to(f) } }", true),
        ("mod i { use super::b as l; fn j() { x.to(l::f) } }", true),
        ("fn i() { use b::{c, f as l}; x.to(l) }", true),
        ("pub use b::{self, f as l}; mod i { fn j() { x.to(super::l) } }", true),
        ("#[public] async fn f() {} fn i() { use {b::{f}}; { x.to(f) } }", true),
        ("#[public] async fn f() {} fn i() { use b::*; x.to(f) }", true),
        ("#[public] async fn f() {} fn i() { use b::c; x.to(f) }", false),
        ("use b::*; #[public] async fn f() {} fn i() { x.to(f) }", false),
        ("fn i() { x.to(B::g) }", true),
        ("fn i() { x.to(<B as T>::g) }", true),
        ("fn i() { #[public] async fn f() {} } fn j() { async fn f() -> X {} x.to(f) }", true),
        ("fn i() { x.to(d::k) }", true),
        (r#"#[require_role("x")] mod i { fn j() { x.to(super::b::f) } }"#, true),
        ("#[public] mod i { fn j() { x.to(super::b::f) } }", true),
        // They refuse for themselves.
        (r#"#[require_role("x")] mod i { async fn f() -> X {} fn j() { x.to(f) } }"#, false),
    ] {
        let expanded = attach(&format!("{items} {code}"));
        assert_eq!(expanded.contains("compile_error"), refused, "{code}: {expanded}");
    }
}

#[test]
fn a_route_attribute_under_another_name_is_refused_or_stays_above() {
    let handler = r#"#[get("/")] async fn h() {}"#;
    for (item, refused) in [
        (r#"#[fetch("/x")] async fn f() {}"#, true),
        (r#"#[a::fetch("", name = "x")] fn f(x: &X) {}"#, true),
        (r#"#[cfg_attr(x, inline, fetch("/x"))] async fn f() {}"#, true),
        (r#"#[other("x")] #[doc = "/x"] #[a(b = "/x")] async fn f() {}"#, false),
        (r#"#[test_case("/x")] #[cfg(test)] async fn f() {}"#, false),
        (r#"#[other("/x")] struct S;"#, false),
    ] {
        let expanded = attach(&format!("{handler} {item}"));
        assert_eq!(expanded.contains("compile_error"), refused, "{item}: {expanded}");
    }
    let expanded = attach(r#"#[a] #[fetch("/x")] #[b] #[require_role("x")] async fn f() {}"#);
    let below = r#"#[a]#[fetch("/x")]#[::auth_runtime::require_auth]#[b]#[require_role("x")]async"#;
    assert!(expanded.contains(below), "{expanded}");
    // With a route that is known, the other attribute is none, and might not keep ours.
    let expanded = attach(r#"#[other("/x")] #[get("/")] async fn f() {}"#);
    assert!(expanded.contains(r#"#[::auth_runtime::require_auth]#[other("/x")]"#), "{expanded}");
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
