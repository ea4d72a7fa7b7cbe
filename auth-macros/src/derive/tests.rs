//! What is written for typical enums, to be read in review.
//!
//! After a change that is meant, `UPDATE_EXPECT=1 cargo test -p auth-macros` writes the new text.

use expect_test::{ExpectFile, expect_file};
use proc_macro2::TokenStream;
use quote::quote;

use super::{Derive, derive};

/// The expansion of a derive, formatted.
#[track_caller]
fn check(which: Derive, item: TokenStream, expected: &ExpectFile) {
    let expanded = derive(which, item);
    let file = syn::parse2(expanded).expect("an expansion is Rust");
    expected.assert_eq(&prettyplease::unparse(&file));
}

#[test]
fn roles() {
    check(
        Derive::Role,
        quote! {
            pub enum Role {
                Admin,
                NightShift,
                r#type,
                #[role(rename = "docs:write")]
                Writer,
            }
        },
        &expect_file!["snapshots/roles.rs"],
    );
}

#[test]
fn scopes_with_options() {
    check(
        Derive::Scope,
        quote! {
            #[scope(rename_all = "kebab-case", crate = ::renamed)]
            pub(crate) enum Allowed {
                ReadDocs,
                WriteDocs = 7,
            }
        },
        &expect_file!["snapshots/scopes.rs"],
    );
}

#[test]
fn a_mistake_leaves_the_impls_beside_the_error() {
    check(
        Derive::Role,
        quote! {
            enum Role {
                Admin(u8),
            }
        },
        &expect_file!["snapshots/mistake.rs"],
    );
}
