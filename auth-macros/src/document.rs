//! The policy in words: the "Authorization" section of the handler's rustdoc.

use syn::LitStr;

use crate::{
    network::Network,
    rule::{ClaimValue, Kind, Leaf, Name, Rule, compact},
};

/// One line per `#[doc]` attribute.
pub(crate) fn section(rule: &Rule, hides: bool) -> Vec<String> {
    let mut lines = vec![String::new(), "# Authorization".to_owned(), String::new()];
    if rule.is_public() {
        lines.push("Public: anybody may call this, without credentials.".to_owned());
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
    lines.extend(statuses(rule, hides).into_iter().map(str::to_owned));
    lines
}

/// Which refusals follow, one row each.
fn statuses(rule: &Rule, hides: bool) -> Vec<&'static str> {
    if hides {
        return vec![
            "| 404 Not Found | any of this is missing: there is nothing here for such a caller | nothing: whether there is anything stays hidden |",
        ];
    }
    let leaves = rule.leaves();
    let any = |of: fn(&Leaf) -> bool| leaves.iter().any(|leaf| of(leaf));
    let mut rows = Vec::new();
    if any(|leaf| !leaf.is_about_address()) {
        rows.push("| 401 Unauthorized | no token, or one that is invalid or has expired | log in or refresh, then try again |");
    }
    if any(Leaf::is_step_up) {
        rows.push("| 401 Unauthorized, `insufficient_user_authentication` | the authentication is not recent or not strong enough | authenticate anew, as `acr_values` and `max_age` say |");
    }
    if any(|leaf| matches!(leaf, Leaf::ApiKey)) {
        rows.push(
            "| 401 Unauthorized, `ApiKey` | the caller did not come with an API key | send one |",
        );
    }
    if any(|leaf| matches!(leaf, Leaf::Scope(_))) {
        rows.push("| 403 Forbidden, `insufficient_scope` | the token lacks a scope | get a token with the scopes that `scope` lists |");
    }
    if any(|leaf| {
        !matches!(leaf, Leaf::Authenticated | Leaf::Scope(_) | Leaf::ApiKey) && !leaf.is_step_up()
    }) {
        rows.push("| 403 Forbidden | the caller is known and lacks what is required | do not retry: ask for access |");
    }
    if any(|leaf| !leaf.is_about_address()) {
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
            Some(link) => format!("[`{0}`](fn@{link}) saying so", compact(path)),
            None => format!("`{}` saying so", compact(path)),
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
