//! The policy in words: the "Authorization" section of the handler's rustdoc.

use syn::LitStr;

use crate::{
    attribute::{Names, Rule},
    vocabulary::Quantifier,
};

/// One line per `#[doc]` attribute.
pub(crate) fn section(rules: &[Rule]) -> Vec<String> {
    let mut lines = vec![String::new(), "# Authorization".to_owned(), String::new()];
    if matches!(rules, [Rule::Public]) {
        lines.push("Public: anybody may call this, without credentials.".to_owned());
        return lines;
    }

    let required: Vec<String> = rules.iter().filter_map(requirement).collect();
    if required.is_empty() {
        lines.push("Requires an authenticated caller.".to_owned());
    } else {
        lines.push(format!("Requires an authenticated caller with {}.", required.join(", and ")));
    }
    lines.extend([
        String::new(),
        "| status | when | what to do |".to_owned(),
        "|---|---|---|".to_owned(),
        "| 401 Unauthorized | no token, or one that is invalid or has expired | log in or refresh, then try again |"
            .to_owned(),
    ]);
    if !required.is_empty() {
        lines.push(
            "| 403 Forbidden | the caller is known and lacks what is required | do not retry: ask for access |"
                .to_owned(),
        );
    }
    lines.push(
        "| 400 Bad Request | repeated credentials | send one `Authorization` line |".to_owned(),
    );
    lines
}

fn requirement(rule: &Rule) -> Option<String> {
    match rule {
        Rule::Public | Rule::Authenticated => None,
        Rule::Roles(Names { quantifier, names }) => {
            let names: Vec<String> =
                names.iter().map(LitStr::value).map(|name| format!("`{name}`")).collect();
            Some(match (names.as_slice(), quantifier) {
                ([name], _) => format!("role {name}"),
                (_, Some(Quantifier::All)) => format!("all of the roles {}", names.join(", ")),
                _ => format!("any of the roles {}", names.join(", ")),
            })
        }
    }
}
