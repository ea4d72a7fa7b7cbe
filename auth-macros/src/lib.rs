//! The attribute macros of `auth-runtime`, which re-exports and documents them: depend on that crate alone.
//!
//! What happens to `#[require_role("admin")]` stands in the order of the path: `attribute` understands what the programmer
//! wrote, with `expression`, `predicate`, `name`, `network` and `duration` for its parts, and makes a `rule` of it; `stack`
//! gathers the attributes on one function; `handler` takes the function apart; `logic`, `route` and `condition` hold the
//! rule against itself, against the paths and against the arguments; `expand` writes the code and `document` the words;
//! `module` puts the attribute of a module on the functions inside.
//! `mistakes` collects what is wrong on the way, `vocabulary` holds every word. The derive macros for typed names
//! are a path of their own, `derive`.

mod attribute;
mod condition;
mod derive;
mod document;
mod duration;
mod expand;
mod expression;
mod handler;
mod logic;
mod mistakes;
mod module;
mod name;
mod network;
mod predicate;
mod route;
mod rule;
mod secret;
mod stack;
mod vocabulary;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::{
    attribute::Attribute,
    derive::Derive,
    handler::Handler,
    mistakes::Mistakes,
    stack::Stack,
    vocabulary::{Vocabulary, Word},
};

/// Lets only authenticated callers through. Documented at `auth_runtime::require_auth`.
#[proc_macro_attribute]
pub fn require_auth(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    attach(Word::RequireAuth, &arguments.into(), item.into()).into()
}

/// Lets only callers with a role through. Documented at `auth_runtime::require_role`.
#[proc_macro_attribute]
pub fn require_role(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    attach(Word::RequireRole, &arguments.into(), item.into()).into()
}

/// Lets only tokens with a scope through. Documented at `auth_runtime::require_scope`.
#[proc_macro_attribute]
pub fn require_scope(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    attach(Word::RequireScope, &arguments.into(), item.into()).into()
}

/// Lets only the caller through whom a path parameter names. Documented at `auth_runtime::require_owner`.
#[proc_macro_attribute]
pub fn require_owner(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    attach(Word::RequireOwner, &arguments.into(), item.into()).into()
}

/// Lets only clients from certain networks through. Documented at `auth_runtime::require_ip`.
#[proc_macro_attribute]
pub fn require_ip(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    attach(Word::RequireIp, &arguments.into(), item.into()).into()
}

/// Lets only callers with an API key through. Documented at `auth_runtime::require_api_key`.
#[proc_macro_attribute]
pub fn require_api_key(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    attach(Word::RequireApiKey, &arguments.into(), item.into()).into()
}

/// Lets only callers through who authenticated recently or strongly enough. Documented at `auth_runtime::require_step_up`.
#[proc_macro_attribute]
pub fn require_step_up(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    attach(Word::RequireStepUp, &arguments.into(), item.into()).into()
}

/// Lets only callers through for whom an expression holds. Documented at `auth_runtime::authorize`.
#[proc_macro_attribute]
pub fn authorize(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    attach(Word::Authorize, &arguments.into(), item.into()).into()
}

/// Writes down that a handler is open to everybody. Documented at `auth_runtime::public`.
#[proc_macro_attribute]
pub fn public(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    attach(Word::Public, &arguments.into(), item.into()).into()
}

/// Makes an enum of role names. Documented at `auth_runtime::Role`.
#[proc_macro_derive(Role, attributes(role))]
pub fn derive_role(item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive::derive(Derive::Role, item.into()).into()
}

/// Makes an enum of scope names. Documented at `auth_runtime::Scope`.
// actix-web has an attribute macro `scope`, for modules. Below the derive, where a helper stands, the helper wins over
// any import (rustc since 1.42), so one file can use both: tests/ui/pass/typed_names.rs does.
#[proc_macro_derive(Scope, attributes(scope))]
pub fn derive_scope(item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive::derive(Derive::Scope, item.into()).into()
}

/// What the programmer wrote → tokens. Either the guarded function, or errors beside the function as it was.
fn attach(word: Word, arguments: &TokenStream, item: TokenStream) -> TokenStream {
    let item = handler::ungroup(item);
    let mistakes = Mistakes::new();

    let attribute = Attribute::parse(word, Span::call_site(), arguments.clone(), &mistakes);
    let krate = attribute
        .as_ref()
        .and_then(|attribute| attribute.settings.krate().cloned())
        .unwrap_or_else(stack::default_crate);
    let mut handler = match syn::parse2::<Handler>(item.clone()) {
        Ok(handler) => handler,
        Err(error) => {
            if let Ok(module) = syn::parse2(item.clone()) {
                return module::attach(word, attribute, &krate, arguments, module, mistakes);
            }
            mistakes.push(not_a_function(word, &item).unwrap_or(error));
            return finish(mistakes, &item, TokenStream::new);
        }
    };

    if attribute.is_some()
        && let Some(above) = stack::rotate(word, &krate, arguments, &mut handler.attributes)
    {
        return match mistakes.check() {
            Ok(()) => quote! { #above #handler },
            Err(errors) => expand::refused_handler(&handler, &errors),
        };
    }

    let stack = Stack::gather(attribute, &krate, &mut handler.attributes, &mistakes);
    let shape = handler.shape(word, &mistakes);
    if let Some(stack) = &stack {
        route::check_owners(&stack.rule, &handler.attributes, &mistakes);
        if let Some(shape) = &shape {
            condition::check(&stack.rule, &shape.arguments, &mistakes);
        }
    }
    match (mistakes.check(), &shape, &stack) {
        (Err(errors), _, _) => expand::refused_handler(&handler, &errors),
        (Ok(()), Some(shape), Some(stack)) => expand::guarded(&handler, shape, stack),
        // Whatever is missing was reported, so this is never reached; if it were, nothing would be emitted.
        (Ok(()), _, _) => TokenStream::new(),
    }
}

fn finish(
    mistakes: Mistakes,
    item: &impl ToTokens,
    expand: impl FnOnce() -> TokenStream,
) -> TokenStream {
    match mistakes.check() {
        Ok(()) => expand(),
        Err(errors) => expand::refused(item, &errors),
    }
}

/// "This is a `struct`", if the item begins with a word that says so.
fn not_a_function(word: Word, item: &TokenStream) -> Option<syn::Error> {
    let attribute = word.word();
    item.clone().into_iter().find_map(|token| {
        let TokenTree::Ident(keyword) = token else { return None };
        let advice = match keyword.to_string().as_str() {
            "impl" | "trait" => format!("put `#[{attribute}]` on each handler inside it"),
            "struct" | "enum" | "union" | "const" | "static" | "type" | "use" | "macro_rules" => {
                format!("put `#[{attribute}]` on the handler function")
            }
            _ => return None,
        };
        Some(syn::Error::new(
            keyword.span(),
            format!(
                "`#[{attribute}]` guards an `async fn`, and this is {} `{keyword}`: {advice}",
                name::article(&keyword.to_string())
            ),
        ))
    })
}
