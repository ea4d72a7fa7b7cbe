//! The policy in words: the "Authorization" section of the handler's rustdoc.

use proc_macro2::Literal;
use syn::{GenericArgument, LitStr, PatType, PathArguments, PathSegment, Type};

use crate::{
    network::Network,
    rule::{ClaimValue, Kind, Leaf, Name, Rule, compact},
};

/// Line for line.
pub(crate) fn section(rule: &Rule, hides: bool, arguments: &[&PatType]) -> Vec<String> {
    let asks = arguments.iter().fold(Asks::default(), |asks, argument| asks.or(&argument.ty));
    let mut lines = vec![String::new(), "# Authorization".to_owned(), String::new()];
    if rule.is_public() {
        lines.push("Public: anybody may call this, without credentials.".to_owned());
        if asks.for_resource {
            lines.push("Its arguments ask for more: without good credentials the answer is 401, and 403 or 404 for somebody else's resource.".to_owned());
        } else if asks.for_caller {
            lines.push(
                "Its arguments ask for more: without good credentials the answer is 401."
                    .to_owned(),
            );
        } else if asks.who_it_may_be {
            lines.push(
                "Credentials that come all the same have to be good: bad ones are a 401."
                    .to_owned(),
            );
        }
        return lines;
    }
    let requirement = match requirement(rule) {
        Some(words) => words,
        None => "an authenticated caller".to_owned(),
    };
    lines.push(format!("Requires {requirement}."));
    lines.extend([
        String::new(),
        "| status | when | what to do |".to_owned(),
        "|---|---|---|".to_owned(),
    ]);
    lines.extend(statuses(rule, hides, asks).into_iter().map(str::to_owned));
    lines
}

/// What a handler's arguments ask beside the attribute, as far as their types' names tell.
#[derive(Clone, Copy, Default)]
struct Asks {
    /// `Owned<…>`
    for_resource: bool,
    /// `Identity`, `Claims<…>`
    for_caller: bool,
    /// `OptionalIdentity`, `Option<Identity>`
    who_it_may_be: bool,
}

impl Asks {
    fn or(self, ty: &Type) -> Self {
        let Some(last) = last_segment(ty) else {
            return match ty {
                Type::Tuple(tuple) => tuple.elems.iter().fold(self, Self::or),
                _ => self,
            };
        };
        match last.ident.to_string().as_str() {
            "Owned" => Self { for_resource: true, ..self },
            "Identity" | "Claims" => Self { for_caller: true, ..self },
            "OptionalIdentity" => Self { who_it_may_be: true, ..self },
            "Option" => {
                let inner = generic_types(last).fold(Self::default(), Self::or);
                Self {
                    // It denies inside an `Option` too.
                    for_resource: self.for_resource || inner.for_resource,
                    who_it_may_be: self.who_it_may_be || inner.for_caller,
                    ..self
                }
            }
            _ => self,
        }
    }
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

fn generic_types(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    };
    arguments.into_iter().flatten().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Which refusals follow, one row each.
fn statuses(rule: &Rule, hides: bool, asks: Asks) -> Vec<&'static str> {
    if hides {
        return vec![
            "| 404 Not Found | any of this is missing: there is nothing here for such a caller | nothing: whether there is anything stays hidden |",
        ];
    }
    let leaves = rule.leaves();
    let any = |of: fn(&Leaf) -> bool| leaves.iter().any(|leaf| of(leaf));
    let mut rows = Vec::new();
    let about_caller = any(|leaf| !leaf.is_about_address());
    if about_caller || asks.for_resource || asks.for_caller {
        rows.push("| 401 Unauthorized | no token, or one that is invalid or has expired | log in or refresh, then try again |");
    }
    let age = any(|leaf| matches!(leaf, Leaf::MaxAge(_)));
    let (class, method) =
        (any(|leaf| matches!(leaf, Leaf::Acr(_))), any(|leaf| matches!(leaf, Leaf::Amr(_))));
    // RFC 9470 has no parameter for `amr`.
    match (age, class, method) {
        (false, false, false) => {}
        (true, true, _) => rows.push("| 401 Unauthorized, `insufficient_user_authentication` | the authentication is not recent or not strong enough | authenticate anew, as `acr_values` and `max_age` say |"),
        (true, false, true) => rows.push("| 401 Unauthorized, `insufficient_user_authentication` | the authentication is not recent or not strong enough | authenticate anew, as `max_age` and the requirement above say |"),
        (true, false, false) => rows.push("| 401 Unauthorized, `insufficient_user_authentication` | the authentication is not recent enough | authenticate anew, as `max_age` says |"),
        (false, true, _) => rows.push("| 401 Unauthorized, `insufficient_user_authentication` | the authentication is not strong enough | authenticate anew, as `acr_values` says |"),
        (false, false, true) => rows.push("| 401 Unauthorized, `insufficient_user_authentication` | the authentication is not strong enough | authenticate anew, as the requirement above says |"),
    }
    if any(|leaf| matches!(leaf, Leaf::ApiKey)) {
        rows.push(
            "| 401 Unauthorized, `ApiKey` | the caller did not come with an API key | send one |",
        );
    }
    if any(|leaf| matches!(leaf, Leaf::Scope(_))) {
        rows.push("| 403 Forbidden, `insufficient_scope` | the token lacks a scope | get a token with the scopes that `scope` lists |");
    }
    if any(Leaf::is_about_address) {
        rows.push("| 403 Forbidden | the request comes from an address that is not allowed | do not retry from there |");
    }
    if any(|leaf| {
        !matches!(leaf, Leaf::Authenticated | Leaf::Scope(_) | Leaf::ApiKey)
            && !leaf.is_step_up()
            && !leaf.is_about_address()
    }) {
        rows.push("| 403 Forbidden | the caller is known and lacks what is required | do not retry: ask for access |");
    }
    if asks.for_resource {
        rows.push("| 403 Forbidden | the resource is somebody else's, unless that is hidden | do not retry: ask for access |");
        rows.push("| 404 Not Found | there is no such resource, or it is somebody else's and hidden | nothing |");
    }
    if about_caller || asks.for_resource || asks.for_caller {
        rows.push("| 400 Bad Request | repeated credentials | send one `Authorization` line |");
    }
    rows
}

/// The requirement as the object of "requires"; `None` if nothing more than an authenticated caller is.
fn requirement(rule: &Rule) -> Option<String> {
    match &rule.kind {
        Kind::Public | Kind::Leaf(Leaf::Authenticated) => None,
        Kind::Leaf(leaf) => Some(words(leaf)),
        Kind::All(rules) => {
            let parts: Vec<String> = rules
                .iter()
                .filter_map(|rule| {
                    let words = requirement(rule)?;
                    Some(if matches!(rule.kind, Kind::Any(_)) {
                        format!("({words})")
                    } else {
                        words
                    })
                })
                .collect();
            (!parts.is_empty()).then(|| parts.join(" and "))
        }
        Kind::Any(rules) => {
            let parts: Vec<String> = rules
                .iter()
                .map(|rule| {
                    requirement(rule).unwrap_or_else(|| "an authenticated caller".to_owned())
                })
                .collect();
            // A comma keeps the parts of an "and" together.
            let nested = rules.iter().any(|rule| matches!(rule.kind, Kind::All(_)));
            Some(parts.join(if nested { ", or " } else { " or " }))
        }
        Kind::Not(rule) => {
            let words = requirement(rule).unwrap_or_else(|| "an authenticated caller".to_owned());
            let nested = matches!(rule.kind, Kind::All(_) | Kind::Any(_));
            Some(if nested { format!("not ({words})") } else { format!("not {words}") })
        }
    }
}

fn words(leaf: &Leaf) -> String {
    match leaf {
        Leaf::Authenticated => "an authenticated caller".to_owned(),
        Leaf::Role(name) => format!("role {}", named(name)),
        Leaf::Scope(name) => format!("scope {}", named(name)),
        Leaf::Claim { path, value } => {
            let value = match value {
                ClaimValue::Text(text) => format!("{:?}", text.value()),
                ClaimValue::Number(number) => number.to_string(),
                ClaimValue::Flag(flag) => flag.to_string(),
            };
            format!("claim `{}` being `{value}`", path.value())
        }
        Leaf::Owner { parameter, .. } => format!("being the owner of `{}`", parameter.value()),
        Leaf::Address(networks) => {
            let networks: Vec<String> =
                networks.iter().map(Network::text).map(|network| format!("`{network}`")).collect();
            format!("an address in {}", networks.join(" or "))
        }
        Leaf::Network(name) => format!("an address in the network `{}`", name.value()),
        Leaf::ApiKey => "an API key".to_owned(),
        Leaf::Acr(values) => {
            let values: Vec<String> =
                values.iter().map(LitStr::value).map(|value| format!("`{value}`")).collect();
            format!("authentication of the class {}", values.join(" or "))
        }
        Leaf::Amr(method) => format!("authentication by `{}`", method.value()),
        Leaf::MaxAge(age) => format!("authentication within the last {}", age.words()),
        Leaf::Check(path) => match link(path) {
            Some(link) => format!("a yes from [`{0}`](fn@{link})", compact(path)),
            None => format!("a yes from `{}`", compact(path)),
        },
        Leaf::When(expression) => format!("`{}`", compact(expression)),
    }
}

fn named(name: &Name) -> String {
    match name {
        Name::Literal(name) => format!("`{}`", name.value()),
        Name::Path(path) => match link(path) {
            Some(link) => format!("[`{link}`]"),
            None => format!("`{}`", compact(path)),
        },
    }
}

/// A path that rustdoc can follow: without generics and `<T as Trait>`.
fn link(path: &syn::ExprPath) -> Option<String> {
    let plain = path.qself.is_none()
        && path.path.segments.iter().all(|segment| segment.arguments.is_none());
    plain.then(|| compact(path))
}

/// Text as a raw literal, if it can be one: syn reads that at once, and any other letter by letter.
pub(crate) fn literal(text: &str) -> Literal {
    // What cannot be seen in a source, or turns its direction, is better escaped.
    let plain = text.is_ascii() && !text.contains('\r') && !text.contains("\"#");
    let raw = if plain { format!("r#\"{text}\"#").parse().ok() } else { None };
    raw.unwrap_or_else(|| Literal::string(text))
}

#[cfg(test)]
mod tests {
    use quote::ToTokens;
    use syn::{Expr, FnArg, ItemFn, parse_quote};

    use super::*;
    use crate::{expression, mistakes::Mistakes};

    /// The section of a handler like this below `#[authorize(expression)]`.
    fn below(expression: Expr, handler: &ItemFn) -> String {
        let mistakes = Mistakes::new();
        let rule = expression::parse(expression, &mistakes).expect("an expression");
        mistakes.check().expect("no mistake");
        words_of(&rule, handler)
    }

    fn words_of(rule: &Rule, handler: &ItemFn) -> String {
        let arguments: Vec<&PatType> = handler
            .sig
            .inputs
            .iter()
            .filter_map(|input| match input {
                FnArg::Typed(argument) => Some(argument),
                FnArg::Receiver(_) => None,
            })
            .collect();
        section(rule, false, &arguments).join("\n")
    }

    #[test]
    fn an_address_alone_asks_nothing_about_the_caller() {
        let plain = parse_quote!(
            async fn handler() {}
        );
        let text = below(parse_quote!(ip("10.0.0.0/8")), &plain);
        assert!(text.contains("| 403 Forbidden | the request comes from an address"), "{text}");
        assert!(!text.contains("401") && !text.contains("is known"), "{text}");

        let text = below(parse_quote!(network("office") && role("admin")), &plain);
        assert!(text.contains("comes from an address") && text.contains("is known"), "{text}");

        // The handler's own argument does.
        let text = below(
            parse_quote!(network("office")),
            &parse_quote!(
                async fn h(_: Identity) {}
            ),
        );
        assert!(text.contains("| 401 Unauthorized | no token"), "{text}");
    }

    #[test]
    fn a_step_up_names_what_is_asked() {
        let plain = parse_quote!(
            async fn handler() {}
        );
        for (expression, named, others) in [
            (
                parse_quote!(acr("mfa")),
                ["as `acr_values` says", "not strong"],
                ["max_age", "recent"],
            ),
            (parse_quote!(max_age("5m")), ["as `max_age` says", "not recent"], ["acr", "strong"]),
            (
                parse_quote!(amr("otp")),
                ["as the requirement above says", "not strong"],
                ["acr_values", "max_age"],
            ),
            (
                parse_quote!(acr("mfa") && max_age("5m")),
                ["as `acr_values` and `max_age` say", "not recent or not strong"],
                ["amr", "above"],
            ),
        ] {
            let text = below(expression, &plain);
            assert!(named.iter().all(|part| text.contains(part)), "{named:?}: {text}");
            assert!(!others.iter().any(|part| text.contains(part)), "{others:?}: {text}");
        }
    }

    #[test]
    fn a_literal_is_the_text_whatever_stands_in_it() {
        for text in
            ["", "\n# Authorization\n", "a \"b\" \\ c", "ends \"# early", "a\r\nb", "\u{0}", "ü"]
        {
            let literal: LitStr = syn::parse2(literal(text).into_token_stream()).expect("a string");
            assert_eq!(literal.value(), text);
        }
    }

    #[test]
    fn a_check_gives_a_yes() {
        let text = below(
            parse_quote!(!check(a::banned)),
            &parse_quote!(
                async fn handler() {}
            ),
        );
        assert!(text.contains("Requires not a yes from [`a::banned`](fn@a::banned)."), "{text}");
    }

    #[test]
    fn arguments_that_ask_for_more_are_told() {
        let owned = parse_quote!(
            async fn h(a: web::Path<u8>, (b, c): (Json<u8>, auth_runtime::Owned<Doc>)) {}
        );
        let text = below(parse_quote!(authenticated()), &owned);
        assert!(text.contains("| 403 Forbidden | the resource is somebody else's"), "{text}");
        assert!(text.contains("| 404 Not Found | there is no such resource"), "{text}");

        let public = Rule { kind: Kind::Public, tokens: proc_macro2::TokenStream::new() };
        for (handler, part) in [
            (
                parse_quote!(
                    async fn h(a: Option<Identity>) {}
                ),
                "bad ones are a 401",
            ),
            (
                parse_quote!(
                    async fn h(a: OptionalIdentity) {}
                ),
                "bad ones are a 401",
            ),
            (
                parse_quote!(
                    async fn h(a: Option<auth_runtime::Claims<A>>) {}
                ),
                "bad ones are a 401",
            ),
            (
                parse_quote!(
                    async fn h(a: Identity) {}
                ),
                "the answer is 401.",
            ),
            (
                parse_quote!(
                    async fn h(a: Option<Owned<Doc>>) {}
                ),
                "403 or 404",
            ),
            (
                parse_quote!(
                    async fn h(a: web::Json<Identity>) {}
                ),
                "without credentials.",
            ),
        ] {
            let text = words_of(&public, &handler);
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
