//! What is written for typical handlers, to be read in review.
//!
//! After a change that is meant, `UPDATE_EXPECT=1 cargo test -p auth-macros` writes the new text.

use expect_test::{ExpectFile, expect_file};
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Block, Stmt, StmtMacro,
    visit_mut::{self, VisitMut},
};

use crate::{attach, vocabulary::Word};

/// The expansion of `#[word(arguments)] item`, formatted.
#[track_caller]
fn check(word: Word, arguments: &TokenStream, item: TokenStream, expected: &ExpectFile) {
    let expanded = attach(word, arguments, item);
    let mut file = syn::parse2(expanded).expect("an expansion is Rust");
    Bodies.visit_file_mut(&mut file);
    expected.assert_eq(&prettyplease::unparse(&file));
}

fn parse_tree(tree: Option<TokenTree>) -> Block {
    syn::parse2(tree.into_token_stream()).expect("braces around Rust")
}

/// Takes the items and the call out of `body! { { items } … { call } }`: there they would not be formatted.
struct Bodies;

impl VisitMut for Bodies {
    fn visit_block_mut(&mut self, block: &mut Block) {
        if let [Stmt::Macro(StmtMacro { mac, .. })] = block.stmts.as_mut_slice()
            && mac.path.segments.last().is_some_and(|name| name.ident == "body")
        {
            let mut between: Vec<TokenTree> = mac.tokens.clone().into_iter().collect();
            let call: Block = parse_tree(between.pop());
            let items: Block = parse_tree(Some(between.remove(0)));
            mac.tokens = between.into_iter().collect();
            let between = block.stmts.pop();
            block.stmts = items.stmts.into_iter().chain(between).chain(call.stmts).collect();
        }
        visit_mut::visit_block_mut(self, block);
    }
}

#[test]
fn a_handler_with_arguments() {
    check(
        Word::RequireAuth,
        &quote!(),
        quote! {
            /// Says who the caller is.
            #[get("/me/{id}")]
            async fn me(identity: Identity, web::Path(id): web::Path<u32>) -> Result<impl Responder, AppError> {
                Ok(identity.subject().to_owned())
            }
        },
        &expect_file!["snapshots/arguments.rs"],
    );
}

#[test]
fn stacked_attributes_around_a_route() {
    check(
        Word::RequireRole,
        &quote!(any("admin", "editor")),
        quote! {
            #[get("/x")]
            #[require_role(all("staff", "auditor"))]
            #[tracing::instrument]
            pub(crate) async fn stacked() -> String {
                String::new()
            }
        },
        &expect_file!["snapshots/stacked.rs"],
    );
}

#[test]
fn an_associated_function_with_generics_under_another_crate_name() {
    check(
        Word::RequireRole,
        &quote!("admin", crate = ::renamed),
        quote! {
            pub async fn of_self<'a, T, const N: usize>(
                #[cfg(feature = "x")] request: HttpRequest,
                mut value: web::Data<Self>,
            ) -> HttpResponse
            where
                T: FromRequest + 'static,
            {
                Self::answer(value)
            }
        },
        &expect_file!["snapshots/associated.rs"],
    );
}

#[test]
fn a_public_handler() {
    check(
        Word::Public,
        &quote!(),
        quote! {
            async fn home() -> &'static str { "home" }
        },
        &expect_file!["snapshots/public.rs"],
    );
}

#[test]
fn utoipa_below_goes_first() {
    check(
        Word::RequireAuth,
        &quote!(),
        quote! {
            #[utoipa::path(responses((status = 200)))]
            #[get("/x")]
            async fn documented() -> &'static str { "x" }
        },
        &expect_file!["snapshots/utoipa.rs"],
    );
}

#[test]
fn a_mistake_leaves_the_handler_beside_the_error() {
    check(
        Word::RequireRole,
        &quote!("admin", "editor"),
        quote! {
            async fn wrong() -> &'static str { "x" }
        },
        &expect_file!["snapshots/mistake.rs"],
    );
}

#[test]
fn a_module_with_everything_that_can_stand_inside() {
    check(
        Word::RequireRole,
        &quote!("admin", crate = ::renamed),
        quote! {
            /// The module's own docs.
            #[scope("/api")]
            #[require_auth]
            pub(crate) mod api {
                //! More docs.
                use super::*;

                macro_rules! ten { () => { #[get("/x")] async fn untouched() {} }; }

                /// Lists.
                #[get("/")]
                pub(super) async fn list() -> impl Responder { "x" }

                #[require_scope("x")]
                #[require_role("editor")]
                async fn stacked() -> String { String::new() }

                #[require_role("admin", crate = ::renamed,)]
                async fn the_same() -> String { String::new() }

                #[cfg_attr(feature = "x", post("/x"))]
                async fn conditional() -> String { String::new() }

                #[public]
                #[get("/health")]
                async fn health() -> &'static str { "x" }

                async fn helper() -> Result<u32, HttpResponse> { Ok(ten!()) }

                async fn borrows(value: &str) -> HttpResponse { respond(value) }

                struct Api<const N: usize>;

                impl Api<{ 1 + 1 }> {
                    #[require_auth]
                    async fn associated() -> Result<&'static str> { Self::text() }
                }

                fn config(cfg: &mut ServiceConfig) {
                    if cfg!(feature = "x") {
                        #[actix_web::get("/inside")]
                        async fn inside() -> impl Responder { format!("x") }
                        cfg.service(inside);
                    }
                    cfg.route("/", web::get().to(stacked));
                }

                #[require_auth]
                mod deeper {
                    #[routes]
                    #[get("/a")]
                    async fn a() -> impl Responder { "a" }
                }

                #[public]
                mod open {
                    #[get("/b")]
                    async fn b() -> impl Responder { "b" }
                }
            }
        },
        &expect_file!["snapshots/module.rs"],
    );
}

#[test]
fn a_public_module() {
    check(
        Word::Public,
        &quote!(),
        quote! {
            mod site {
                #[get("/")]
                async fn home() -> &'static str { "x" }

                #[require_auth]
                #[get("/me")]
                async fn me() -> &'static str { "x" }

                #[require_role("admin")]
                mod admin {
                    #[get("/admin")]
                    async fn admin() -> &'static str { "x" }
                }
            }
        },
        &expect_file!["snapshots/public_module.rs"],
    );
}
