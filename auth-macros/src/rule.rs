//! What attributes require, understood: a tree of predicates.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, ExprPath, LitStr};

use crate::{duration::Seconds, network::Network};

/// A requirement. Where it stands in the source is kept, to point at it.
#[derive(Clone)]
pub(crate) struct Rule {
    pub(crate) kind: Kind,
    /// What the user wrote.
    pub(crate) tokens: TokenStream,
}

#[derive(Clone)]
pub(crate) enum Kind {
    Public,
    Leaf(Leaf),
    /// Never empty.
    All(Vec<Rule>),
    /// Never empty.
    Any(Vec<Rule>),
    Not(Box<Rule>),
}

/// A predicate with its arguments, which were found sound.
#[derive(Clone)]
pub(crate) enum Leaf {
    Authenticated,
    Role(Name),
    Scope(Name),
    Claim {
        path: LitStr,
        value: ClaimValue,
    },
    Owner {
        parameter: LitStr,
        /// The parameter stands in the prefix of a scope that no macro can see.
        prefix: bool,
    },
    /// Never empty: the address is in one of them.
    Address(Vec<Network>),
    Network(LitStr),
    ApiKey,
    /// Never empty: `acr` is one of them.
    Acr(Vec<LitStr>),
    Amr(LitStr),
    MaxAge(Seconds),
    Check(ExprPath),
    When(Expr),
}

/// The name of a role or scope.
#[derive(Clone)]
pub(crate) enum Name {
    /// A valid `scope-token`.
    Literal(LitStr),
    /// A constant, or a variant of an enum with `#[derive(Role)]` or `#[derive(Scope)]`.
    Path(ExprPath),
}

/// What a claim has to be.
#[derive(Clone)]
pub(crate) enum ClaimValue {
    Text(LitStr),
    Number(i64),
    Flag(bool),
}

impl Rule {
    pub(crate) fn leaf(leaf: Leaf, tokens: impl ToTokens) -> Self {
        Self { kind: Kind::Leaf(leaf), tokens: tokens.to_token_stream() }
    }

    pub(crate) fn is_public(&self) -> bool {
        matches!(self.kind, Kind::Public)
    }

    /// All leaves, in the order in which they were written.
    pub(crate) fn leaves(&self) -> Vec<&Leaf> {
        match &self.kind {
            Kind::Public => Vec::new(),
            Kind::Leaf(leaf) => vec![leaf],
            Kind::All(rules) | Kind::Any(rules) => rules.iter().flat_map(Self::leaves).collect(),
            Kind::Not(rule) => rule.leaves(),
        }
    }

    /// The same text for any two spellings of one requirement.
    pub(crate) fn meaning(&self) -> String {
        match &self.kind {
            Kind::Public => "public".to_owned(),
            Kind::Leaf(leaf) => leaf.meaning(),
            Kind::All(rules) => joined("all", rules),
            Kind::Any(rules) => joined("any", rules),
            Kind::Not(rule) => format!("not({})", rule.meaning()),
        }
    }
}

fn joined(word: &str, rules: &[Rule]) -> String {
    let mut meanings: Vec<String> = rules.iter().map(Rule::meaning).collect();
    meanings.sort();
    match meanings.as_slice() {
        [only] => only.clone(),
        several => format!("{word}({})", several.join(",")),
    }
}

impl Leaf {
    /// The same text for any two leaves that ask the same.
    pub(crate) fn meaning(&self) -> String {
        match self {
            Self::Authenticated => "authenticated".to_owned(),
            Self::Role(name) => format!("role {}", name.meaning()),
            Self::Scope(name) => format!("scope {}", name.meaning()),
            Self::Claim { path, value } => {
                let value = match value {
                    ClaimValue::Text(text) => format!("{:?}", text.value()),
                    ClaimValue::Number(number) => number.to_string(),
                    ClaimValue::Flag(flag) => flag.to_string(),
                };
                format!("claim {:?} {value}", path.value())
            }
            Self::Owner { parameter, .. } => format!("owner {:?}", parameter.value()),
            Self::Address(networks) => format!("ip {}", sorted(networks.iter().map(Network::text))),
            Self::Network(name) => format!("network {:?}", name.value()),
            Self::ApiKey => "api_key".to_owned(),
            Self::Acr(values) => format!("acr {}", sorted(values.iter().map(LitStr::value))),
            Self::Amr(method) => format!("amr {:?}", method.value()),
            Self::MaxAge(age) => format!("max_age {}", age.seconds),
            Self::Check(path) => format!("check {}", compact(path)),
            Self::When(expression) => format!("when {}", compact(expression)),
        }
    }

    /// Whether this is a question about where a request comes from, which anonymous callers can answer too.
    pub(crate) fn is_about_address(&self) -> bool {
        matches!(self, Self::Address(_) | Self::Network(_))
    }

    pub(crate) fn is_step_up(&self) -> bool {
        matches!(self, Self::Acr(_) | Self::Amr(_) | Self::MaxAge(_))
    }
}

impl Name {
    fn meaning(&self) -> String {
        match self {
            Self::Literal(name) => format!("{:?}", name.value()),
            Self::Path(path) => compact(path),
        }
    }
}

fn sorted(texts: impl Iterator<Item = String>) -> String {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts.join(" ")
}

/// Tokens as text, with the spaces that a person would write.
pub(crate) fn compact(tokens: impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    // What stands in quotes keeps its spaces.
    let mut compact = String::with_capacity(text.len());
    let mut quoted = false;
    let mut escaped = false;
    let letters: Vec<char> = text.chars().collect();
    for (index, c) in letters.iter().enumerate() {
        if quoted {
            quoted = escaped || *c != '"';
            escaped = !escaped && *c == '\\';
            compact.push(*c);
            continue;
        }
        quoted = *c == '"';
        let before = index.checked_sub(1).and_then(|before| letters.get(before)).copied();
        let after = letters.get(index + 1).copied();
        if *c != ' ' || !is_glued(before, after) {
            compact.push(*c);
        }
    }
    compact
}

/// Whether nobody would write a space between these two.
fn is_glued(before: Option<char>, after: Option<char>) -> bool {
    let called = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    match (before, after) {
        (_, Some('.' | ',' | ';' | ')' | ']' | '?' | ':')) | (Some('.' | '(' | '[' | ':'), _) => {
            true
        }
        (_, Some('(' | '[')) => called || before == Some('!'),
        (_, Some('!')) => called,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::compact;

    #[test]
    fn tokens_read_as_a_person_writes_them() {
        for (tokens, text) in [
            (quote!(doc.owner == identity.subject()), "doc.owner == identity.subject()"),
            (quote!(crate::roles::Role::Admin), "crate::roles::Role::Admin"),
            (
                quote!(matches!(a, Kind::B) && x[1] == " . "),
                "matches!(a, Kind::B) && x[1] == \" . \"",
            ),
            (quote!(a == "\"  .  " || b), "a == \"\\\"  .  \" || b"),
        ] {
            assert_eq!(compact(tokens), text);
        }
    }
}
