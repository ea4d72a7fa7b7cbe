//! Everything was understood: writes the code. Nothing can fail here.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{
    Attribute, GenericParam, Generics, Ident, LitStr, PatType, Path, ext::IdentExt,
    spanned::Spanned,
};

use crate::{
    attribute::{Names, Rule},
    document,
    handler::{Handler, Shape, cfgs},
    stack::Stack,
    vocabulary::{Quantifier, RouteWord, Vocabulary},
};

/// The generated function: it has the user's name, takes the request untouched, and runs the guard before anything else.
///
/// The user's function stands inside it word for word, out of everybody else's reach. Where it says `Self` it has to
/// stay directly in its `impl`, so there it becomes a private neighbour.
pub(crate) fn guarded(handler: &Handler, shape: &Shape<'_>, stack: &Stack) -> TokenStream {
    let Handler { attributes, visibility, signature, body } = handler;
    let Shape { name, generics, arguments, returns, mentions_self } = shape;
    let krate = &stack.krate;
    let private = quote! { #krate::__private };

    let (outer, inner): (Vec<_>, Vec<_>) =
        attributes.iter().partition(|attribute| belongs_outside(attribute));
    let section = document::section(&stack.rules);
    let policy = policy(&stack.rules, &private);
    let label = LitStr::new(&name.unraw().to_string(), Span::call_site());

    let as_neighbour = *mentions_self || stack.in_impl;
    let inner_name = if as_neighbour {
        format_ident!("__auth_runtime_{}", name.unraw())
    } else {
        (*name).clone()
    };
    let callee = if as_neighbour {
        quote! { Self::#inner_name }
    } else {
        quote! { #inner_name }
    };
    let turbofish = turbofish(generics);

    let mut inner_signature = signature.clone();
    inner_signature.ident = inner_name;
    let hidden = as_neighbour.then(|| quote! { #[doc(hidden)] });
    // clippy overlooks that a handler has to be `async` where it is named by a path with parameters or with `Self`.
    let quiet =
        (as_neighbour || turbofish.is_some()).then(|| quote! { #[allow(clippy::unused_async)] });
    let user = quote! { #hidden #quiet #(#inner)* #inner_signature #body };
    let (inside, beside) = if as_neighbour { (None, Some(user)) } else { (Some(user), None) };

    let (parameters, _, conditions) = generics.split_for_impl();
    let checks = checks(arguments, *returns, &private);
    let imports = keep_imports(&stack.consumed);
    // Local names live in the macro's own hygiene: the user's code cannot see them, nor they its variables. Items have no
    // such hygiene, so the names are made of the handler's own: whatever it is called, it is not called this.
    let plain = name.unraw();
    let request = Ident::new(&format!("__{plain}_request"), Span::mixed_site());
    let payload = Ident::new(&format!("__{plain}_payload"), Span::mixed_site());

    quote! {
        #beside
        #(#outer)*
        #(#[doc = #section])*
        // The future holds the request, which stays on its thread: nothing the user could change.
        #[allow(clippy::future_not_send)]
        #visibility fn #name #parameters(
            #request: #private::HttpRequest,
            #payload: #private::Payload,
        ) -> impl #private::Future<Output = #private::HttpResponse>
        #conditions
        {
            #inside
            #imports
            #checks
            #private::call::<_, _>(
                #request,
                #payload,
                const {
                    &#private::Site::new(
                        #policy,
                        #private::module_path!(),
                        #label,
                        #private::file!(),
                        #private::line!(),
                    )
                },
                #callee #turbofish,
            )
        }
    }
}

/// Something is wrong: the function as it was, so that the editor keeps working, beside the errors that keep it from
/// ever running unguarded.
pub(crate) fn refused(item: &impl ToTokens, errors: &TokenStream) -> TokenStream {
    quote! { #errors #item }
}

/// The policy constant.
fn policy(rules: &[Rule], private: &TokenStream) -> TokenStream {
    let rules: Vec<TokenStream> = rules.iter().map(|rule| leaf(rule, private)).collect();
    match rules.as_slice() {
        [only] => only.clone(),
        several => quote! { #private::Policy::All(&[#(#several),*]) },
    }
}

fn leaf(rule: &Rule, private: &TokenStream) -> TokenStream {
    match rule {
        Rule::Public => quote! { #private::Policy::Public },
        Rule::Authenticated => quote! { #private::Policy::Authenticated },
        Rule::Roles(Names { quantifier, names }) => {
            let roles: Vec<TokenStream> =
                names.iter().map(|name| quote! { #private::Policy::Role(#name) }).collect();
            match (roles.as_slice(), quantifier) {
                ([only], _) => only.clone(),
                (several, Some(Quantifier::All)) => {
                    quote! { #private::Policy::All(&[#(#several),*]) }
                }
                (several, _) => quote! { #private::Policy::Any(&[#(#several),*]) },
            }
        }
    }
}

/// Lets rustc say at the user's own type that it is no extractor, or no response.
fn checks(
    arguments: &[&PatType],
    returns: Option<&syn::Type>,
    private: &TokenStream,
) -> TokenStream {
    let extractors = arguments.iter().map(|argument| {
        let ty = &argument.ty;
        let cfgs = cfgs(&argument.attrs);
        let span = ours_at(ty.span());
        quote_spanned! {span=> #(#cfgs)* #private::assert_extractor::<#ty>(); }
    });
    let responder = returns.map(|ty| {
        let span = ours_at(ty.span());
        quote_spanned! {span=> #private::assert_responder::<#ty>(); }
    });
    quote! { #(#extractors)* #responder }
}

/// Our tokens at a user's place: shown there, resolved where our own code is.
fn ours_at(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}

/// `::<T, N>` with the parameters the user's function declares; lifetimes are inferred.
fn turbofish(generics: &Generics) -> Option<TokenStream> {
    let parameters: Vec<&Ident> = generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(&parameter.ident),
            GenericParam::Const(parameter) => Some(&parameter.ident),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    (!parameters.is_empty()).then(|| quote! { ::<#(#parameters),*> })
}

/// What rustc, rustdoc and actix-web look for on the item itself. Everything else acts on the user's own function.
fn belongs_outside(attribute: &Attribute) -> bool {
    let path = attribute.path();
    let is_route =
        path.segments.last().is_some_and(|last| RouteWord::find(&last.ident.to_string()).is_some());
    let is_plain = ["doc", "deprecated", "must_use", "cfg"].iter().any(|name| path.is_ident(name));
    let is_lint =
        ["allow", "expect", "warn", "deny", "forbid"].iter().any(|name| path.is_ident(name));
    is_route || is_plain || is_lint
}

/// An attribute that was consumed leaves its `use` without a user.
fn keep_imports(consumed: &[Path]) -> TokenStream {
    let uses = consumed.iter().map(|path| quote! { #[allow(unused_imports)] use #path as _; });
    quote! { #(#uses)* }
}

#[cfg(test)]
mod tests;
