//! Secrets have no place in source code, and none in an attribute.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::LitStr;

use crate::mistakes::Mistakes;

/// How credentials begin that nothing else begins like.
const PREFIXES: [&str; 14] = [
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "whsec_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "npm_",
    "-----BEGIN ",
];

/// How credentials begin, and words too: "Basic plan" is a claim and `sk-admin` a role. How many letters that look
/// drawn by lot have to follow.
const DOUBTFUL: [(&str, usize); 5] =
    [("Bearer ", 8), ("Basic ", 8), ("sk-", 16), ("AKIA", 16), ("AIza", 30)];

/// Reports every string that looks like a credential. `false` if there was one.
pub(crate) fn refuse(tokens: &TokenStream, mistakes: &Mistakes) -> bool {
    let mut clean = true;
    for token in tokens.clone() {
        match token {
            TokenTree::Group(group) => clean &= refuse(&group.stream(), mistakes),
            TokenTree::Literal(literal) => {
                let Ok(text) = syn::parse2::<LitStr>(literal.into_token_stream()) else { continue };
                if is_secret(&text.value()) {
                    mistakes.at(
                        text,
                        "this looks like a secret, and source code is no place for one: remove it, and replace it where it is used, since it is in your history now",
                    );
                    clean = false;
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
    clean
}

fn is_secret(text: &str) -> bool {
    let begins = |prefix: &&str| text.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty());
    let doubtful = |(prefix, least): &(&str, usize)| {
        text.strip_prefix(prefix).is_some_and(|rest| rest.len() >= *least && is_drawn_by_lot(rest))
    };
    PREFIXES.iter().any(begins) || DOUBTFUL.iter().any(doubtful) || is_jwt(text)
}

/// One word with digits in it, or with capitals where no word has them.
fn is_drawn_by_lot(text: &str) -> bool {
    let mut letters = text.chars();
    let first = letters.next();
    let later_capital = letters.any(|c| c.is_ascii_uppercase());
    let small = text.contains(|c: char| c.is_ascii_lowercase());
    first.is_some()
        && !text.contains(char::is_whitespace)
        && (text.contains(|c: char| c.is_ascii_digit()) || later_capital && small)
}

/// Three parts, or five where it is encrypted, the first of which is the base64url of `{"`.
fn is_jwt(text: &str) -> bool {
    let dots = text.bytes().filter(|byte| *byte == b'.').count();
    text.starts_with("eyJ") && matches!(dots, 2 | 4)
}

#[cfg(test)]
mod tests {
    use super::is_secret;

    #[test]
    fn credentials_are_known_and_names_are_not() {
        for secret in [
            "sk_live_abc",
            "Bearer 2YotnFZFEjr1zCsicMWpAA",
            "Basic dXNlcjpwYXNzd29yZA==",
            "eyJhbGciOiJub25lIn0.e30.",
            "eyJhbGciOiJkaXIifQ..iv.text.tag",
            "ghp_abc",
            "AKIAIOSFODNN7EXAMPLE",
            "sk-proj-abcdefghijkl0123456789",
            "-----BEGIN KEY",
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        for name in [
            "admin",
            "docs:write",
            "sk",
            "sk-SK",
            "sk-administrators",
            "Basic plan",
            "Basic membership",
            "Bearer Logistics",
            "AKIA",
            "eyJ",
            "bearer",
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
