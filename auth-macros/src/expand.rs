//! Everything was understood: writes the code. Nothing can fail here.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{
    Attribute, GenericParam, Generics, Ident, LitStr, PatType, Path, ext::IdentExt,
    spanned::Spanned,
};

use crate::{
    condition, document,
    handler::{Handler, Shape, cfgs},
    network::Network,
    route::is_route,
    rule::{ClaimValue, Kind, Leaf, Name, Rule, compact},
    stack::Stack,
};

/// The generated function: it has the user's name, takes the request untouched, and runs the guard before anything else.
///
/// The user's function stands inside it word for word, out of everybody else's reach. Where it says `Self` it has to
/// stay directly in its `impl`, so there it becomes a private neighbour.
pub(crate) fn guarded(handler: &Handler, shape: &Shape<'_>, stack: &Stack) -> TokenStream {
    let Handler { attributes, visibility, signature, body } = handler;
    let Shape { name, generics, arguments, returns, mentions_self } = shape;
    let private = private(&stack.krate);

    let (outer, inner): (Vec<_>, Vec<_>) =
        attributes.iter().partition(|attribute| belongs_outside(attribute));
    let section = document::section(&stack.rule, stack.hides, arguments).join("\n");
    let section = document::literal(&section);
    let policy = policy(&stack.rule, &name.unraw(), &private);
    let hidden_site = stack.hides.then(|| quote! { .hidden() });
    let label = LitStr::new(&name.unraw().to_string(), Span::call_site());

    // The user's own `Self`: outside an `impl` rustc says so there, once, however often it stands in the code.
    let condition_self = condition::mention_of_self(&stack.rule);
    let as_neighbour = *mentions_self || stack.in_impl || condition_self.is_some();
    let self_word = condition_self.unwrap_or_else(|| Ident::new("Self", Span::call_site()));
    let inner_name = if as_neighbour {
        format_ident!("__auth_runtime_{}", name.unraw())
    } else {
        (*name).clone()
    };
    let callee = if as_neighbour {
        quote! { #self_word::#inner_name }
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
    let neighbour_of = as_neighbour.then_some(&self_word);
    let (conditions, condition_fn) = conditions(handler, shape, stack, neighbour_of, &private);
    let user = quote! { #user #condition_fn };
    let (inside, beside) = if as_neighbour { (None, Some(user)) } else { (Some(user), None) };

    let (parameters, _, bounds) = generics.split_for_impl();
    let checks = checks(arguments, *returns);
    let imports = keep_imports(&stack.consumed);
    // Local names live in the macro's own hygiene: the user's code cannot see them, nor they its variables. Items have no
    // such hygiene, so the names are made of the handler's own: whatever it is called, it is not called this.
    let plain = name.unraw();
    let request = Ident::new(&format!("__{plain}_request"), Span::mixed_site());
    let site = Ident::new(&format!("__{plain}_site"), Span::mixed_site());
    // What is wrong with a type, rustc would say of the function, the call and the future. At one place it says it once.
    let tuple = tuple(handler, arguments, name.span());
    let call = if conditions.is_some() {
        quote_spanned! {name.span()=> #private::call_when::<_, #tuple, _> }
    } else {
        quote_spanned! {name.span()=> #private::call::<_, #tuple> }
    };
    let conditions = conditions.map(|conditions| quote! { , #conditions });
    let future = quote_spanned! {name.span()=>
        impl #private::Future<Output = #private::HttpResponse>
    };

    quote! {
        #beside
        #(#outer)*
        #[doc = #section]
        // The future holds the request, which stays on its thread: nothing the user could change.
        #[allow(clippy::future_not_send)]
        #visibility fn #name #parameters(#request: #private::Incoming) -> #future
        #bounds
        {
            #private::body! {
                { #inside #imports }
                #checks
                #site [#policy] #label [#hidden_site]
                { #call(#request, #site, #callee #turbofish #conditions) }
            }
        }
    }
}

/// Where everything stands that generated code may touch. A path, because each use of a token stream inside another costs
/// a conversation with rustc.
fn private(krate: &Path) -> Path {
    let mut path = krate.clone();
    path.segments.push(Ident::new("__private", Span::call_site()).into());
    path
}

/// Something is wrong: the function as it was, so that the editor keeps working, beside the errors that keep it from
/// ever running unguarded.
pub(crate) fn refused(item: &impl ToTokens, errors: &TokenStream) -> TokenStream {
    quote! { #errors #item }
}

/// The same for a handler. A forgotten `async` was reported, so it stands here: whoever registers the handler would hear
/// of it again.
pub(crate) fn refused_handler(handler: &Handler, errors: &TokenStream) -> TokenStream {
    let Handler { attributes, visibility, signature, body } = handler;
    let mut signature = signature.clone();
    if signature.constness.is_none() && !returns_a_future(&signature.output) {
        signature.asyncness.get_or_insert_default();
    }
    refused(&quote! { #(#attributes)* #visibility #signature #body }, errors)
}

/// `fn handler() -> impl Future<…>` is a handler as it stands.
fn returns_a_future(output: &syn::ReturnType) -> bool {
    let words = output.to_token_stream().to_string();
    words.contains("Future") || words.contains("Ready")
}

/// The function that evaluates the conditions over the arguments, and how it is called.
fn conditions(
    handler: &Handler,
    shape: &Shape<'_>,
    stack: &Stack,
    neighbour_of: Option<&Ident>,
    private: &Path,
) -> (Option<TokenStream>, Option<TokenStream>) {
    if condition::of(&stack.rule).is_empty() {
        return (None, None);
    }
    let plain = shape.name.unraw();
    let name = format_ident!("__{plain}_conditions");
    let index = Ident::new(&format!("__{plain}_index"), Span::mixed_site());
    let identity = condition::identity(&stack.rule)
        .unwrap_or_else(|| Ident::new(&format!("__{plain}_identity"), Span::mixed_site()));
    // An argument that is called `identity` is the identity the user means.
    let arguments = condition::parameters(&stack.rule, &shape.arguments);
    let identity = if condition::names_identity(&shape.arguments) {
        Ident::new(&format!("__{plain}_identity"), Span::mixed_site())
    } else {
        identity
    };
    let arms = condition::arms(&stack.rule, &shape.arguments);
    let (parameters, _, bounds) = shape.generics.split_for_impl();
    let hidden = neighbour_of.map(|_| quote! { #[doc(hidden)] });
    let cfg = handler.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    let turbofish = turbofish(shape.generics);
    let beside = neighbour_of.map(|self_word| quote! { #self_word:: });
    let call = quote! { #beside #name };
    let function = quote! {
        #hidden
        #(#cfg)*
        // Arguments are seen by reference, which is ours to get right and not the user's to hear about.
        #[allow(
            unused_variables,
            unused_parens,
            clippy::too_many_arguments,
            clippy::trivially_copy_pass_by_ref,
            clippy::ptr_arg,
            clippy::ref_option,
            clippy::explicit_auto_deref,
            clippy::borrow_deref_ref,
            clippy::needless_borrow,
            clippy::match_like_matches_macro,
            clippy::extra_unused_type_parameters,
            clippy::extra_unused_lifetimes
        )]
        fn #name #parameters(#index: #private::u8, #identity: &#private::Identity, #arguments) -> #private::bool
        #bounds
        {
            match #index {
                #arms
                _ => false,
            }
        }
    };
    (Some(quote! { #call #turbofish }), Some(function))
}

/// The policy constant.
pub(crate) fn policy(rule: &Rule, handler: &Ident, private: &Path) -> TokenStream {
    Policies { handler, private, conditions: 0 }.policy(rule)
}

/// Writes the policy constant. Every reference is a constant of its own: what a `const fn` makes is not promoted to one
/// inside another call. Conditions are numbered in the order in which they stand.
struct Policies<'a> {
    /// Names are made of the handler's own, so that they are nobody's constants.
    handler: &'a Ident,
    private: &'a Path,
    conditions: u8,
}

impl Policies<'_> {
    fn policy(&mut self, rule: &Rule) -> TokenStream {
        let private = self.private;
        match &rule.kind {
            Kind::Public => quote! { #private::Policy::Public },
            Kind::Leaf(leaf) => self.leaf(leaf),
            Kind::All(rules) => {
                let rules = rules.iter().map(|rule| self.policy(rule)).collect::<Vec<_>>();
                one_or(rules, |rules| quote! { #private::Policy::All(const { &[#(#rules),*] }) })
            }
            Kind::Any(rules) => {
                let rules = rules.iter().map(|rule| self.policy(rule)).collect::<Vec<_>>();
                one_or(rules, |rules| quote! { #private::Policy::Any(const { &[#(#rules),*] }) })
            }
            Kind::Not(rule) => {
                let rule = self.policy(rule);
                quote! { #private::Policy::Not(const { &#rule }) }
            }
        }
    }

    fn leaf(&mut self, leaf: &Leaf) -> TokenStream {
        let private = self.private;
        match leaf {
            Leaf::Authenticated => quote! { #private::Policy::Authenticated },
            Leaf::Role(Name::Literal(name)) => quote! { #private::Policy::role(#name) },
            Leaf::Role(Name::Path(path)) => {
                let name = typed(path, &format_ident!("role_name"), private);
                quote! { #private::Policy::Role(#name) }
            }
            Leaf::Scope(Name::Literal(name)) => quote! { #private::Policy::scope(#name) },
            Leaf::Scope(Name::Path(path)) => {
                let name = typed(path, &format_ident!("scope_name"), private);
                quote! { #private::Policy::Scope(#name) }
            }
            Leaf::Claim { path, value } => {
                let value = match value {
                    ClaimValue::Text(text) => quote! { Text(#text) },
                    ClaimValue::Number(number) => quote! { Number(#number) },
                    ClaimValue::Flag(flag) => quote! { Flag(#flag) },
                };
                quote! { #private::Policy::Claim { path: #path, value: #private::ClaimValue::#value } }
            }
            Leaf::Owner { parameter, prefix: _ } => quote! { #private::Policy::Owner(#parameter) },
            Leaf::Address(networks) => {
                let networks = networks.iter().map(|network| address(network, private));
                quote! { #private::Policy::Address(const { &[#(#networks),*] }) }
            }
            Leaf::Network(name) => quote! { #private::Policy::Network(#name) },
            Leaf::ApiKey => quote! { #private::Policy::ApiKey },
            Leaf::Acr(values) => quote! { #private::Policy::Acr(&[#(#values),*]) },
            Leaf::Amr(method) => quote! { #private::Policy::Amr(#method) },
            Leaf::MaxAge(age) => {
                let seconds = age.seconds;
                quote! { #private::Policy::MaxAge(#private::Duration::from_secs(#seconds)) }
            }
            Leaf::Check(path) => {
                let name = compact(path);
                let span = ours_at(path.span());
                let plain = self.handler;
                let request = Ident::new(&format!("__{plain}_request"), Span::mixed_site());
                let identity = Ident::new(&format!("__{plain}_identity"), Span::mixed_site());
                let ask = quote_spanned! {span=> #private::ask(#path, #identity, #request) };
                quote! {
                    #private::Policy::Check(#private::Check::by_path(#name, |#request, #identity| #ask))
                }
            }
            Leaf::When(expression) => {
                let text = compact(expression);
                let index = self.conditions;
                self.conditions = self.conditions.saturating_add(1);
                quote! { #private::Policy::When(#private::Condition::new(#index, #text)) }
            }
        }
    }
}

/// `All` and `Any` of one are that one.
fn one_or(
    policies: Vec<TokenStream>,
    several: impl FnOnce(Vec<TokenStream>) -> TokenStream,
) -> TokenStream {
    match <[TokenStream; 1]>::try_from(policies) {
        Ok([only]) => only,
        Err(policies) => several(policies),
    }
}

/// A name that a constant or a variant knows. What it is, rustc checks, under the user's own word.
fn typed(path: &syn::ExprPath, function: &Ident, private: &Path) -> TokenStream {
    let span = ours_at(path.span());
    let name = quote_spanned! {span=> #private::#function(&#path) };
    quote! { #private::Name::typed(|| #name) }
}

fn address(network: &Network, private: &Path) -> TokenStream {
    let prefix = network.prefix;
    match network.address {
        std::net::IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            quote! {
                #private::IpNet::V4(#private::Ipv4Net::new_assert(#private::Ipv4Addr::new(#a, #b, #c, #d), #prefix))
            }
        }
        std::net::IpAddr::V6(address) => {
            let bits = u128::from(address);
            quote! {
                #private::IpNet::V6(#private::Ipv6Net::new_assert(#private::Ipv6Addr::from_bits(#bits), #prefix))
            }
        }
    }
}

/// The arguments' types, which spare rustc the search for them among all the sizes that a handler can have. Where more than
/// the signature says what they are, they are inferred: rustc takes an argument's `#[cfg]` away after us, and an attribute
/// that we do not know may write another function.
fn tuple(handler: &Handler, arguments: &[&PatType], span: Span) -> TokenStream {
    let certain = arguments.iter().all(|argument| argument.attrs.is_empty())
        && handler.attributes.iter().all(belongs_outside);
    if !certain {
        // At the same place as the rest of the call: elsewhere rustc would say once more what is wrong with a type.
        return quote_spanned! {span=> _ };
    }
    let types = arguments.iter().map(|argument| &argument.ty);
    quote_spanned! {span=> (#(#types,)*) }
}

/// The types of which rustc shall say, at the user's own word, that they are no extractor, or no response.
fn checks(arguments: &[&PatType], returns: Option<&syn::Type>) -> TokenStream {
    let extractors = arguments.iter().map(|argument| {
        let ty = &argument.ty;
        let cfgs = cfgs(&argument.attrs);
        quote! { #(#cfgs)* [#ty] }
    });
    let responder = returns.map(|ty| quote! { -> [#ty] });
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
    let is_plain = ["doc", "deprecated", "must_use", "cfg"].iter().any(|name| path.is_ident(name));
    let is_lint =
        ["allow", "expect", "warn", "deny", "forbid"].iter().any(|name| path.is_ident(name));
    is_route(attribute) || is_plain || is_lint
}

/// An attribute that was consumed leaves its `use` without a user.
fn keep_imports(consumed: &[Path]) -> TokenStream {
    let uses = consumed.iter().map(|path| quote! { #[allow(unused_imports)] use #path as _; });
    quote! { #(#uses)* }
}

#[cfg(test)]
mod tests;
