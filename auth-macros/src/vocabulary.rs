//! Every word of the attribute language, once. Lists of what is allowed and suggestions are derived from here.

use std::fmt::Write as _;

use syn::{Attribute, Path};

/// A set of words, each with the one spelling that users write.
pub(crate) trait Vocabulary: Copy + 'static {
    /// All of them, in the order in which messages list them.
    const ALL: &'static [Self];

    /// The word as written.
    fn word(self) -> &'static str;

    /// How a message shows it: the word, with what follows it.
    fn usage(self) -> &'static str {
        self.word()
    }

    /// The member that is spelt like this, exactly.
    fn find(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.word() == word)
    }

    /// "`a`, `b` or `c`".
    fn expected() -> String {
        alternatives(Self::ALL.iter().map(|known| known.usage()))
    }

    /// "; did you mean `require_role`?", or nothing if no word is near.
    fn did_you_mean(wrong: &str) -> String {
        near(wrong, Self::ALL.iter().map(|known| known.word()))
    }
}

/// "; did you mean `this`?", or nothing if no word is near.
pub(crate) fn near<'a>(wrong: &str, words: impl Iterator<Item = &'a str>) -> String {
    let nearest =
        words.map(|word| (distance(wrong, word), word)).min_by_key(|(distance, _)| *distance);
    match nearest {
        Some((distance, word)) if distance <= word.chars().count().div_ceil(3) => {
            format!("; did you mean `{word}`?")
        }
        _ => String::new(),
    }
}

/// The attributes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Word {
    RequireAuth,
    RequireRole,
    RequireScope,
    RequireOwner,
    RequireIp,
    RequireApiKey,
    RequireStepUp,
    Authorize,
    Public,
}

impl Vocabulary for Word {
    const ALL: &'static [Self] = &[
        Self::RequireAuth,
        Self::RequireRole,
        Self::RequireScope,
        Self::RequireOwner,
        Self::RequireIp,
        Self::RequireApiKey,
        Self::RequireStepUp,
        Self::Authorize,
        Self::Public,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::RequireAuth => "require_auth",
            Self::RequireRole => "require_role",
            Self::RequireScope => "require_scope",
            Self::RequireOwner => "require_owner",
            Self::RequireIp => "require_ip",
            Self::RequireApiKey => "require_api_key",
            Self::RequireStepUp => "require_step_up",
            Self::Authorize => "authorize",
            Self::Public => "public",
        }
    }
}

impl Word {
    /// Which of our attributes this is, if it is one of ours: `#[require_auth]`, or a path that starts at our crate.
    ///
    /// `#[other::require_auth]` belongs to somebody else and must not be swallowed.
    pub(crate) fn of(attribute: &Attribute, krate: &Path) -> Option<Self> {
        let path = attribute.path();
        let last = path.segments.last()?;
        let word = Self::find(&last.ident.to_string())?;
        let ours = match path.segments.first() {
            Some(first) if path.segments.len() > 1 => {
                let first = first.ident.to_string();
                first == "auth_runtime"
                    || first == "auth_macros"
                    || krate.segments.first().is_some_and(|own| own.ident == first)
            }
            _ => path.leading_colon.is_none(),
        };
        ours.then_some(word)
    }
}

/// What may stand beside the rule in any attribute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Setting {
    Deny,
    Crate,
    InImpl,
}

impl Vocabulary for Setting {
    const ALL: &'static [Self] = &[Self::Deny, Self::Crate, Self::InImpl];

    fn word(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Crate => "crate",
            Self::InImpl => "in_impl",
        }
    }

    fn usage(self) -> &'static str {
        match self {
            Self::Deny => "deny = not_found",
            Self::Crate => "crate = ::path",
            Self::InImpl => "in_impl",
        }
    }
}

/// What `#[require_step_up(…)]` asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    Acr,
    Amr,
    MaxAge,
}

impl Vocabulary for Step {
    const ALL: &'static [Self] = &[Self::Acr, Self::Amr, Self::MaxAge];

    fn word(self) -> &'static str {
        match self {
            Self::Acr => "acr",
            Self::Amr => "amr",
            Self::MaxAge => "max_age",
        }
    }

    fn usage(self) -> &'static str {
        match self {
            Self::Acr => "acr = \"mfa\"",
            Self::Amr => "amr = \"otp\"",
            Self::MaxAge => "max_age = \"5m\"",
        }
    }
}

/// What can be asked in `#[authorize(…)]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Predicate {
    Authenticated,
    Role,
    Scope,
    Claim,
    Owner,
    Ip,
    Network,
    ApiKey,
    Acr,
    Amr,
    MaxAge,
    Check,
    When,
}

impl Vocabulary for Predicate {
    const ALL: &'static [Self] = &[
        Self::Authenticated,
        Self::Role,
        Self::Scope,
        Self::Claim,
        Self::Owner,
        Self::Ip,
        Self::Network,
        Self::ApiKey,
        Self::Acr,
        Self::Amr,
        Self::MaxAge,
        Self::Check,
        Self::When,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Authenticated => "authenticated",
            Self::Role => "role",
            Self::Scope => "scope",
            Self::Claim => "claim",
            Self::Owner => "owner",
            Self::Ip => "ip",
            Self::Network => "network",
            Self::ApiKey => "api_key",
            Self::Acr => "acr",
            Self::Amr => "amr",
            Self::MaxAge => "max_age",
            Self::Check => "check",
            Self::When => "when",
        }
    }

    fn usage(self) -> &'static str {
        match self {
            Self::Authenticated => "authenticated()",
            Self::Role => "role(\"admin\")",
            Self::Scope => "scope(\"docs:read\")",
            Self::Claim => "claim(\"tenant\", \"acme\")",
            Self::Owner => "owner(\"user_id\")",
            Self::Ip => "ip(\"10.0.0.0/8\")",
            Self::Network => "network(\"office\")",
            Self::ApiKey => "api_key()",
            Self::Acr => "acr(\"mfa\")",
            Self::Amr => "amr(\"otp\")",
            Self::MaxAge => "max_age(\"5m\")",
            Self::Check => "check(path::to::function)",
            Self::When => "when(expression)",
        }
    }
}

/// How several names combine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Quantifier {
    Any,
    All,
}

impl Vocabulary for Quantifier {
    const ALL: &'static [Self] = &[Self::Any, Self::All];

    fn word(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::All => "all",
        }
    }

    fn usage(self) -> &'static str {
        match self {
            Self::Any => "any(\"…\", …)",
            Self::All => "all(\"…\", …)",
        }
    }
}

/// What `#[role(…)]` says on an enum with `#[derive(Role)]`, and `#[scope(…)]` with `#[derive(Scope)]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EnumOption {
    RenameAll,
    Crate,
}

impl Vocabulary for EnumOption {
    const ALL: &'static [Self] = &[Self::RenameAll, Self::Crate];

    fn word(self) -> &'static str {
        match self {
            Self::RenameAll => "rename_all",
            Self::Crate => "crate",
        }
    }

    fn usage(self) -> &'static str {
        match self {
            Self::RenameAll => "rename_all = \"…\"",
            Self::Crate => "crate = ::path",
        }
    }
}

/// What the same attributes say on a variant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum VariantOption {
    Rename,
}

impl Vocabulary for VariantOption {
    const ALL: &'static [Self] = &[Self::Rename];

    fn word(self) -> &'static str {
        match self {
            Self::Rename => "rename",
        }
    }

    fn usage(self) -> &'static str {
        match self {
            Self::Rename => "rename = \"…\"",
        }
    }
}

/// How a variant's identifier becomes a name: the rules that serde has, by the names it gives them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RenameRule {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Vocabulary for RenameRule {
    const ALL: &'static [Self] = &[
        Self::Lower,
        Self::Upper,
        Self::Pascal,
        Self::Camel,
        Self::Snake,
        Self::ScreamingSnake,
        Self::Kebab,
        Self::ScreamingKebab,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Lower => "lowercase",
            Self::Upper => "UPPERCASE",
            Self::Pascal => "PascalCase",
            Self::Camel => "camelCase",
            Self::Snake => "snake_case",
            Self::ScreamingSnake => "SCREAMING_SNAKE_CASE",
            Self::Kebab => "kebab-case",
            Self::ScreamingKebab => "SCREAMING-KEBAB-CASE",
        }
    }
}

/// actix-web's route attributes: these belong on the generated function, where actix looks for them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RouteWord {
    Get,
    Post,
    Put,
    Delete,
    Head,
    Connect,
    Options,
    Trace,
    Patch,
    Query,
    Route,
    Routes,
}

impl Vocabulary for RouteWord {
    const ALL: &'static [Self] = &[
        Self::Get,
        Self::Post,
        Self::Put,
        Self::Delete,
        Self::Head,
        Self::Connect,
        Self::Options,
        Self::Trace,
        Self::Patch,
        Self::Query,
        Self::Route,
        Self::Routes,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Delete => "delete",
            Self::Head => "head",
            Self::Connect => "connect",
            Self::Options => "options",
            Self::Trace => "trace",
            Self::Patch => "patch",
            Self::Query => "query",
            Self::Route => "route",
            Self::Routes => "routes",
        }
    }
}

impl RouteWord {
    /// Whether this is a request's method, after which actix-web names functions that route too: `resource.get(handler)`.
    pub(crate) fn is_method(self) -> bool {
        !matches!(self, Self::Route | Self::Routes)
    }
}

/// "`a`", "`a` or `b`", "`a`, `b` or `c`".
pub(crate) fn alternatives(words: impl ExactSizeIterator<Item = &'static str>) -> String {
    let count = words.len();
    let mut list = String::new();
    for (index, word) in words.enumerate() {
        let separator = match index {
            0 => "",
            _ if index + 1 == count => " or ",
            _ => ", ",
        };
        // Writing to a `String` cannot fail.
        let _ = write!(list, "{separator}`{word}`");
    }
    list
}

/// How many letters have to be put in, taken out, changed or swapped with a neighbour to make one word the other. Case
/// does not count.
///
/// (Optimal string alignment distance; two rows back are kept for the swap.)
#[expect(
    clippy::indexing_slicing,
    reason = "every row is one longer than `to`, and `j` is an index of `to`"
)]
fn distance(from: &str, to: &str) -> usize {
    let [from, to] =
        [from, to].map(|word| word.chars().flat_map(char::to_lowercase).collect::<Vec<char>>());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut best = (above[j] + usize::from(a != b)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_readable() {
        assert_eq!(Setting::expected(), "`deny = not_found`, `crate = ::path` or `in_impl`");
        assert_eq!(alternatives(["a", "b", "c"].into_iter()), "`a`, `b` or `c`");
    }

    #[test]
    fn near_misses_are_suggested_and_far_ones_are_not() {
        assert_eq!(Quantifier::did_you_mean("nay"), "; did you mean `any`?");
        assert_eq!(Setting::did_you_mean("crat"), "; did you mean `crate`?");
        assert_eq!(Setting::did_you_mean("in_implementation"), "");
        assert_eq!(Quantifier::did_you_mean("every"), "");
        assert_eq!(RenameRule::did_you_mean("UPPER_CASE"), "; did you mean `UPPERCASE`?");
        assert_eq!(RenameRule::did_you_mean("camelcase"), "; did you mean `camelCase`?");
    }

    #[test]
    fn every_word_finds_itself() {
        fn check<V: Vocabulary + PartialEq + std::fmt::Debug>() {
            for known in V::ALL {
                assert_eq!(V::find(known.word()), Some(*known));
                assert_eq!(distance(known.word(), known.word()), 0);
            }
        }
        check::<Word>();
        check::<Setting>();
        check::<Step>();
        check::<Predicate>();
        check::<Quantifier>();
        check::<EnumOption>();
        check::<VariantOption>();
        check::<RenameRule>();
        check::<RouteWord>();
    }
}
