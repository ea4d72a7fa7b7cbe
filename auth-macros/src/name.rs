//! Names of roles and scopes, and how several combine.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, ExprCall, ExprLit, Lit, LitStr};

use crate::{
    attribute::ungroup,
    mistakes::Mistakes,
    rule::{Kind, Leaf, Name, Rule, compact},
    vocabulary::{Predicate, Quantifier, Setting, Vocabulary, Word, near},
};

/// What the names are names of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noun {
    Role,
    Scope,
}

impl Noun {
    /// What stands between the parentheses of this attribute, if names do.
    pub(crate) fn of(word: Word) -> Option<Self> {
        match word {
            Word::RequireRole => Some(Self::Role),
            Word::RequireScope => Some(Self::Scope),
            _ => None,
        }
    }

    /// The same for a word inside an expression; `any` and `all` stand around what is outside of them.
    fn inside(around: Option<Self>, word: &str) -> Option<Self> {
        match Predicate::find(word) {
            Some(Predicate::Role) => Some(Self::Role),
            Some(Predicate::Scope) => Some(Self::Scope),
            Some(_) => None,
            None => around,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Scope => "scope",
        }
    }

    /// Whether this is the word for one of them, or for several.
    pub(crate) fn is_called(self, word: &str) -> bool {
        word.strip_suffix('s').unwrap_or(word) == self.word()
    }

    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::Role => "admin",
            Self::Scope => "docs:read",
        }
    }

    fn leaf(self, name: Name) -> Leaf {
        match self {
            Self::Role => Leaf::Role(name),
            Self::Scope => Leaf::Scope(name),
        }
    }
}

/// Reports every name with a colon that nobody put quotes around: `docs:read` is no expression, and all that syn says is
/// that it expected a comma. `true` if there is one.
pub(crate) fn unquoted(noun: Option<Noun>, tokens: TokenStream, mistakes: &Mistakes) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = false;
    for argument in
        tokens.split(|token| matches!(token, TokenTree::Punct(it) if it.as_char() == ','))
    {
        if let (Some(noun), Some(name)) = (noun, with_colon(argument)) {
            let tokens: TokenStream = argument.iter().cloned().collect();
            let word = noun.word();
            mistakes.at(tokens, format!("a {word} is written in quotes: `\"{name}\"`"));
            found = true;
            continue;
        }
        let mut before = String::new();
        for token in argument {
            if let TokenTree::Group(group) = token {
                found |= unquoted(Noun::inside(noun, &before), group.stream(), mistakes);
            }
            before = token.to_string();
        }
    }
    found
}

/// `docs:read` and `docs:read-all`, if that is all there is. `docs::read` is a path.
fn with_colon(tokens: &[TokenTree]) -> Option<String> {
    let name: String = tokens
        .iter()
        .map(|token| match token {
            TokenTree::Ident(word) => Some(word.to_string()),
            TokenTree::Literal(number) => Some(number.to_string()),
            TokenTree::Punct(mark) if matches!(mark.as_char(), ':' | '-' | '.' | '/' | '*') => {
                Some(mark.as_char().to_string())
            }
            _ => None,
        })
        .collect::<Option<_>>()?;
    (name.contains(':') && !name.contains("::") && !name.contains('"')).then_some(name)
}

/// One name, or an explicit `any(…)` or `all(…)` of several. `written` is what takes them, `at` where it stands.
pub(crate) fn names(
    noun: Noun,
    written: &str,
    at: Span,
    arguments: Vec<Expr>,
    mistakes: &Mistakes,
) -> Option<Rule> {
    if arguments.len() > 1 {
        several_need_a_quantifier(noun, &arguments, mistakes);
        return None;
    }
    if let [Expr::Array(syn::ExprArray { elems, .. }) | Expr::Tuple(syn::ExprTuple { elems, .. })] =
        arguments.as_slice()
        && elems.len() > 1
    {
        several_need_a_quantifier(noun, &elems.iter().cloned().collect::<Vec<_>>(), mistakes);
        return None;
    }
    let Some(argument) = arguments.into_iter().next() else {
        let (word, example) = (noun.word(), noun.example());
        mistakes.at_span(
            at,
            format!(
                "`{written}` needs a {word}: write `{}`",
                call(written, &format!("\"{example}\""))
            ),
        );
        return None;
    };
    match argument {
        Expr::Call(call) => quantified(noun, call, mistakes),
        other => {
            let name = name(noun, &other, quantify, mistakes)?;
            Some(Rule::leaf(noun.leaf(name), other))
        }
    }
}

/// `#[require_role]` with its arguments is `#[require_role(…)]`, and `role` with them `role(…)`.
fn call(written: &str, arguments: &str) -> String {
    match written.strip_suffix(']') {
        Some(attribute) => format!("{attribute}({arguments})]"),
        None => format!("{written}({arguments})"),
    }
}

fn several_need_a_quantifier(noun: Noun, arguments: &[Expr], mistakes: &Mistakes) {
    // A setting that is nearly spelt right is no name.
    if let Some((setting, suggestion)) = arguments.iter().skip(1).find_map(nearly_a_setting) {
        mistakes.at(
            setting,
            format!(
                "unknown argument `{}`: expected {}{suggestion}",
                compact(setting),
                Setting::expected()
            ),
        );
        return;
    }
    let written: Vec<String> = arguments.iter().map(compact).collect();
    let written = written.join(", ");
    let span: TokenStream = arguments.iter().flat_map(ToTokens::to_token_stream).collect();
    let word = noun.word();
    let advice = if arguments.iter().any(|argument| matches!(argument, Expr::Call(_))) {
        format!(
            "write `#[authorize({word}(…) && {word}(…))]`, since `any` and `all` do not nest here"
        )
    } else {
        format!("write `any({written})` or `all({written})`")
    };
    mistakes.at(span, format!("several {word}s do not say whether one is enough: {advice}"));
}

/// What was meant as one name or a list of them, in the ways in which an attribute takes it.
pub(crate) fn combinations(value: &Expr) -> Vec<String> {
    match value {
        Expr::Array(list) if list.elems.len() > 1 => {
            let names = compact(&list.elems);
            Quantifier::ALL.iter().map(|it| format!("{}({names})", it.word())).collect()
        }
        Expr::Array(list) => vec![compact(&list.elems)],
        other => vec![compact(other)],
    }
}

fn nearly_a_setting(argument: &Expr) -> Option<(&Expr, String)> {
    let Expr::Path(path) = argument else { return None };
    let suggestion = Setting::did_you_mean(&path.path.get_ident()?.to_string());
    (!suggestion.is_empty()).then_some((argument, suggestion))
}

/// `any("a", "b")` or `all("a", "b")`.
fn quantified(noun: Noun, call: ExprCall, mistakes: &Mistakes) -> Option<Rule> {
    let quantifier = quantifier(&call, mistakes)?;
    let (word, noun_word, example) = (quantifier.word(), noun.word(), noun.example());
    if call.args.is_empty() {
        let meaning = match quantifier {
            Quantifier::Any => "nobody could pass",
            Quantifier::All => "everybody would pass",
        };
        mistakes.at(
            &call,
            format!("`{word}()` names no {noun_word}, so {meaning}: write `{word}(\"{example}\")`"),
        );
        return None;
    }

    let tokens = call.to_token_stream();
    let mut rules: Vec<Rule> = Vec::new();
    let mut complete = true;
    for argument in call.args {
        let argument = ungroup(argument);
        let Some(name) = name(noun, &argument, separate, mistakes) else {
            complete = false;
            continue;
        };
        let rule = Rule::leaf(noun.leaf(name), &argument);
        if rules.iter().any(|known| known.meaning() == rule.meaning()) {
            let text = match &argument {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text.value(),
                other => compact(other),
            };
            mistakes.at(&argument, format!("{noun_word} `{text}` stands twice"));
            complete = false;
        }
        rules.push(rule);
    }
    let kind = match quantifier {
        Quantifier::Any => Kind::Any(rules),
        Quantifier::All => Kind::All(rules),
    };
    complete.then_some(Rule { kind, tokens })
}

/// Which of `any` and `all` is called, if one is.
fn quantifier(call: &ExprCall, mistakes: &Mistakes) -> Option<Quantifier> {
    let function = match &*call.func {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string).unwrap_or_default(),
        _ => String::new(),
    };
    let quantifier = Quantifier::find(&function);
    if quantifier.is_none() {
        mistakes.at(
            &call.func,
            format!(
                "unknown combination `{}`: expected {}{}",
                compact(&call.func),
                Quantifier::expected(),
                Quantifier::did_you_mean(&function)
            ),
        );
    }
    quantifier
}

/// A single name: in quotes, or a path to what knows it.
fn name(
    noun: Noun,
    argument: &Expr,
    several: fn(&str) -> String,
    mistakes: &Mistakes,
) -> Option<Name> {
    let word = noun.word();
    match argument {
        Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) => {
            if let Some(problem) = unsound(word, &name.value(), several) {
                mistakes.at(name, problem);
                return None;
            }
            Some(Name::Literal(name.clone()))
        }
        // `admin` is somebody who forgot the quotes; `ADMIN` and `Role::Admin` are a constant and a variant.
        Expr::Path(path) => {
            if let Some(bare) = path.path.get_ident()
                && bare.to_string().starts_with(|first: char| first.is_lowercase())
            {
                mistakes.at(path, format!("a {word} is written in quotes: `\"{bare}\"`"));
                return None;
            }
            Some(Name::Path(path.clone()))
        }
        Expr::Binary(binary) => {
            mistakes.at(
                binary,
                format!("expected a {word} in quotes: combine {word}s with `any(…)` or `all(…)`, or write `#[authorize({word}(…) || {word}(…))]`"),
            );
            None
        }
        Expr::Call(call) => {
            mistakes
                .at(call, format!("`any` and `all` do not nest here: expected a {word} in quotes"));
            None
        }
        Expr::Array(syn::ExprArray { elems, .. }) if !elems.is_empty() => {
            let names = compact(elems);
            mistakes.at(argument, format!("a {word} stands without brackets: write `{names}`"));
            None
        }
        other => {
            mistakes.at(
                other,
                format!("expected a {word} in quotes, such as `\"{}\"`", noun.example()),
            );
            None
        }
    }
}

/// Why a name could never be met, if so; `several` is what to write for more than one.
fn unsound(noun: &str, name: &str, several: fn(&str) -> String) -> Option<String> {
    let parts: Vec<String> = name.split_whitespace().map(|part| format!("\"{part}\"")).collect();
    if parts.len() > 1 {
        let advice = several(&parts.join(", "));
        return Some(format!("{} has no white space: {advice}", one(noun)));
    }
    forbidden(noun, name)
}

fn quantify(names: &str) -> String {
    format!("write `any({names})` or `all({names})` if these are several")
}

/// Where `any` or `all` stands around them already.
fn separate(names: &str) -> String {
    format!("write `{names}` if these are several")
}

/// Why a name could never be met, if so. RFC 6749 §3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
pub(crate) fn forbidden(noun: &str, name: &str) -> Option<String> {
    let visible = name.trim();
    if visible.is_empty() {
        return Some(if name.is_empty() {
            format!("{} has a name: `\"\"` is held by nobody", one(noun))
        } else {
            format!("{} has a name: white space alone is held by nobody", one(noun))
        });
    }
    if name.chars().any(char::is_whitespace) {
        return Some(format!("{} has no white space: write `\"{visible}\"`", one(noun)));
    }
    let wrong = name.chars().find(|c| !matches!(c, '!' | '#'..='[' | ']'..='~'))?;
    // Between backticks these two need no escape.
    let wrong = match wrong {
        '"' | '\\' => wrong.to_string(),
        other => other.escape_debug().to_string(),
    };
    // For the others the reason is that they travel in quotes, with spaces between them.
    let allowed = if matches!(noun, "role" | "scope") { "RFC 6749 allows" } else { "allowed is" };
    Some(format!(
        "`{wrong}` cannot stand in {}: {allowed} printable ASCII without space, `\"` and `\\`",
        one(noun)
    ))
}

/// The noun with its article.
fn one(noun: &str) -> String {
    format!("{} {noun}", article(noun))
}

/// Our words with `u` are spoken with a consonant: a `use`, a `union`.
pub(crate) fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" }
}

/// One value in quotes, or an explicit `any(…)` of several.
pub(crate) fn alternatives(noun: &str, argument: Expr, mistakes: &Mistakes) -> Option<Vec<LitStr>> {
    let Expr::Call(call) = argument else {
        return Some(vec![value(noun, &argument, any_of, mistakes)?]);
    };
    let word = compact(&call.func);
    let quantifier = Quantifier::find(&word);
    if quantifier.is_none() {
        let any = Quantifier::Any;
        mistakes.at(
            &call.func,
            format!(
                "unknown combination `{word}`: expected `{}`{}",
                any.usage(),
                near(&word, [any.word()].into_iter())
            ),
        );
        return None;
    }
    if quantifier == Some(Quantifier::All) {
        mistakes.at(
            &call,
            format!(
                "a token has one `{noun}`, so it cannot be several: write `any({})`",
                compact(&call.args)
            ),
        );
        return None;
    }
    if call.args.is_empty() {
        mistakes.at(
            &call,
            format!("`any()` names no `{noun}`, so nobody could pass: write `any(\"mfa\")`"),
        );
        return None;
    }
    let mut values: Vec<LitStr> = Vec::new();
    let mut complete = true;
    for argument in call.args {
        match value(noun, &ungroup(argument), separate, mistakes) {
            Some(value) if values.iter().any(|known| known.value() == value.value()) => {
                mistakes.at(&value, format!("`{noun}` `{}` stands twice", value.value()));
                complete = false;
            }
            Some(value) => values.push(value),
            None => complete = false,
        }
    }
    complete.then_some(values)
}

fn any_of(values: &str) -> String {
    format!("write `any({values})` if one of them is enough")
}

/// One method in quotes.
pub(crate) fn method(argument: &Expr, mistakes: &Mistakes) -> Option<LitStr> {
    value("amr", argument, methods, mistakes)
}

fn methods(_: &str) -> String {
    "ask for one method in each `amr`".to_owned()
}

/// A value in quotes that could stand in a challenge.
fn value(
    noun: &str,
    argument: &Expr,
    several: fn(&str) -> String,
    mistakes: &Mistakes,
) -> Option<LitStr> {
    let example = if noun == "amr" { "otp" } else { "mfa" };
    let value = text(noun, example, argument, mistakes)?;
    if let Some(problem) = unsound(noun, &value.value(), several) {
        mistakes.at(value, problem);
        return None;
    }
    Some(value)
}

/// Anything in quotes.
pub(crate) fn text(
    noun: &str,
    example: &str,
    argument: &Expr,
    mistakes: &Mistakes,
) -> Option<LitStr> {
    if let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = argument {
        return Some(text.clone());
    }
    let bare = match argument {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        _ => None,
    };
    // `office` is somebody who forgot the quotes, and `OFFICE` a constant.
    let advice = match bare.filter(|bare| bare.starts_with(char::is_lowercase)) {
        Some(bare) => format!("write `\"{bare}\"`"),
        None => format!("such as `\"{example}\"`"),
    };
    let separator = if advice.starts_with("write") { ":" } else { "," };
    mistakes.at(argument, format!("expected {} in quotes{separator} {advice}", one(noun)));
    None
}
