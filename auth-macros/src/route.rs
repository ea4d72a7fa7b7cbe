//! The route attributes that can be seen: which parameters their paths have.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, LitStr, Meta};

use crate::{
    mistakes::Mistakes,
    rule::{Leaf, Rule},
    vocabulary::{RouteWord, Vocabulary, near},
};

/// Whether actix-web's route attributes include this one.
pub(crate) fn is_route(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|last| RouteWord::find(&last.ident.to_string()).is_some())
}

/// Whether this begins like a route attribute, `fetch("/path"`, and has the name of none.
pub(crate) fn is_renamed(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else { return false };
    let path = first_literal(list.tokens.clone()).map(|path| path.value());
    !is_route(attribute) && path.is_some_and(|path| path.is_empty() || path.starts_with('/'))
}

/// Reports every `owner("x")` where a route that can be seen has no `{x}`.
///
/// Where no route can be seen (the attribute stands below it, or there is none) nothing is known, and where the parameter is
/// missing the guard answers 500.
pub(crate) fn check_owners(rule: &Rule, attributes: &[Attribute], mistakes: &Mistakes) {
    let templates: Vec<LitStr> = attributes.iter().filter_map(template).collect();
    for leaf in rule.leaves() {
        let Leaf::Owner { parameter, prefix: false } = leaf else { continue };
        let name = parameter.value();
        let lacking =
            templates.iter().find(|template| !parameters(&template.value()).contains(&name));
        if let Some(template) = lacking {
            let template = template.value();
            let known = parameters(&template);
            let lacks = if known.is_empty() {
                "has no parameter at all".to_owned()
            } else {
                let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
                format!("has no parameter `{name}`, it has {}", known.join(", "))
            };
            let suggestion = near(&name, known.iter().map(String::as_str));
            mistakes.at(
                parameter,
                format!(
                    "the route `{template}` {lacks}: write `{{{name}}}` in its path, or `\"{name}\", prefix` here if it stands in an enclosing `web::scope`{suggestion}"
                ),
            );
        }
    }
}

/// The path of a route attribute, if it has one.
fn template(attribute: &Attribute) -> Option<LitStr> {
    let Meta::List(list) = &attribute.meta else { return None };
    is_route(attribute).then(|| first_literal(list.tokens.clone())).flatten()
}

/// `macro_rules` hands a `$path:literal` over inside an invisible group.
fn first_literal(tokens: TokenStream) -> Option<LitStr> {
    match tokens.into_iter().next()? {
        TokenTree::Group(group) => first_literal(group.stream()),
        token => syn::parse2(token.into()).ok(),
    }
}

/// The names in `/users/{id}/files/{name:[a-z]{2,}}/{tail}*`.
fn parameters(template: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0_u32;
    let mut name = String::new();
    for c in template.chars() {
        match c {
            '{' => {
                depth += 1;
                if depth == 1 {
                    name.clear();
                }
            }
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    let bare = name.split(':').next().unwrap_or_default().trim();
                    names.push(bare.to_owned());
                }
            }
            c if depth > 0 => name.push(c),
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::parameters;

    #[test]
    fn parameters_of_every_spelling_are_found() {
        assert_eq!(parameters("/a/{b}/{c:[a-z]{2,}}-{d}/{e}*"), ["b", "c", "d", "e"]);
        assert!(parameters("/plain").is_empty());
    }
}
