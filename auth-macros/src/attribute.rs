//! Parses what stands between an attribute's parentheses.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{
    Error, Expr, ExprAssign, ExprCall, ExprLit, ExprPath, Lit, LitStr, Path, Token, parse::Parser,
    punctuated::Punctuated, spanned::Spanned,
};

use crate::{
    mistakes::Mistakes,
    vocabulary::{Quantifier, Setting, Vocabulary, Word},
};

/// One of our attributes, understood.
pub(crate) struct Attribute {
    pub(crate) word: Word,
    /// Where to point when the attribute as a whole is wrong.
    pub(crate) span: Span,
    pub(crate) rule: Rule,
    pub(crate) settings: Settings,
}

/// What one attribute requires.
pub(crate) enum Rule {
    Public,
    Authenticated,
    Roles(Names),
}

/// Names and how they combine. Never empty, never repeated, each a valid `scope-token`.
pub(crate) struct Names {
    pub(crate) quantifier: Option<Quantifier>,
    pub(crate) names: Vec<LitStr>,
}

impl Names {
    /// The same for any two spellings of one requirement.
    fn meaning(&self) -> (bool, Vec<String>) {
        let mut names: Vec<String> = self.names.iter().map(LitStr::value).collect();
        names.sort();
        (names.len() > 1 && self.quantifier == Some(Quantifier::Any), names)
    }
}

impl Rule {
    pub(crate) fn means_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Public, Self::Public) | (Self::Authenticated, Self::Authenticated) => true,
            (Self::Roles(one), Self::Roles(two)) => one.meaning() == two.meaning(),
            _ => false,
        }
    }
}

/// `crate = ::path` and `in_impl`.
#[derive(Default)]
pub(crate) struct Settings {
    krate: Slot<Path>,
    in_impl: Slot<()>,
}

impl Settings {
    /// The path under which the user's crate knows the runtime.
    pub(crate) fn krate(&self) -> Option<&Path> {
        self.krate.0.as_ref()
    }

    pub(crate) fn in_impl(&self) -> bool {
        self.in_impl.0.is_some()
    }

    /// Takes over what an inner attribute says. Said in two attributes is fine; the outermost counts.
    pub(crate) fn or(&mut self, inner: Self) {
        self.krate.0 = self.krate.0.take().or(inner.krate.0);
        self.in_impl.0 = self.in_impl.0.take().or(inner.in_impl.0);
    }
}

/// A setting that can be given once.
struct Slot<T>(Option<T>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Slot<T> {
    fn set(&mut self, value: T, setting: Setting, at: &impl ToTokens, mistakes: &Mistakes) {
        if self.0.replace(value).is_some() {
            mistakes.at(at, format!("`{}` is given twice", setting.word()));
        }
    }
}

impl Attribute {
    /// Understands `#[word(arguments)]`, or reports why not.
    pub(crate) fn parse(
        word: Word,
        span: Span,
        arguments: TokenStream,
        mistakes: &Mistakes,
    ) -> Option<Self> {
        let arguments = match Punctuated::<Expr, Token![,]>::parse_terminated.parse2(arguments) {
            Ok(arguments) => arguments,
            Err(error) => {
                mistakes.push(Error::new(
                    error.span(),
                    format!("{error} (in `#[{}]`: expected {})", word.word(), usage(word)),
                ));
                return None;
            }
        };

        let mut settings = Settings::default();
        let mut positional = Vec::new();
        for argument in arguments {
            match ungroup(argument) {
                Expr::Assign(assignment) => settings.assign(word, assignment, mistakes),
                Expr::Path(path) if settings.flag(&path, mistakes) => {}
                other => positional.push(other),
            }
        }

        let rule = match word {
            Word::Public => no_arguments(word, &positional, mistakes).then_some(Rule::Public),
            Word::RequireAuth => {
                no_arguments(word, &positional, mistakes).then_some(Rule::Authenticated)
            }
            Word::RequireRole => names(word, "role", span, positional, mistakes).map(Rule::Roles),
        }?;
        Some(Self { word, span, rule, settings })
    }
}

impl Settings {
    /// `key = value`.
    fn assign(&mut self, word: Word, assignment: ExprAssign, mistakes: &Mistakes) {
        let ExprAssign { left, right, .. } = assignment;
        let key = match ungroup(*left) {
            Expr::Path(path) => path,
            other => return mistakes.at(other, "expected the name of a setting before `=`"),
        };
        let name = key.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match (Setting::find(&name), ungroup(*right)) {
            (Some(Setting::Crate), Expr::Path(ExprPath { qself: None, path, .. })) => {
                self.krate.set(path, Setting::Crate, &key, mistakes);
            }
            (Some(Setting::Crate), other) => {
                mistakes.at(other, "expected a path: write `crate = ::auth_runtime`");
            }
            (Some(Setting::InImpl), _) => {
                mistakes.at(key, "`in_impl` takes no value: write `in_impl`");
            }
            (None, _) => mistakes.at(&key, unknown_setting(word, &key)),
        }
    }

    /// A setting without a value. `false` if it is no setting at all.
    fn flag(&mut self, path: &ExprPath, mistakes: &Mistakes) -> bool {
        let Some(setting) = path.path.get_ident().and_then(|name| Setting::find(&name.to_string()))
        else {
            return false;
        };
        match setting {
            Setting::InImpl => self.in_impl.set((), setting, path, mistakes),
            Setting::Crate => {
                mistakes.at(path, "`crate` needs a path: write `crate = ::auth_runtime`");
            }
        }
        true
    }
}

fn unknown_setting(word: Word, key: &ExprPath) -> String {
    let name = key.path.to_token_stream().to_string().replace(' ', "");
    format!(
        "unknown argument `{name}` of `#[{}]`: expected {}{}",
        word.word(),
        Setting::expected(),
        Setting::did_you_mean(&name),
    )
}

/// What an attribute takes, for messages.
fn usage(word: Word) -> String {
    match word {
        Word::RequireAuth | Word::Public => format!("nothing, {}", Setting::expected()),
        Word::RequireRole => format!("`\"name\"`, {}", Quantifier::expected()),
    }
}

/// `#[require_auth]` and `#[public]` say everything with their name.
fn no_arguments(word: Word, positional: &[Expr], mistakes: &Mistakes) -> bool {
    for argument in positional {
        let message = match argument {
            Expr::Path(path) => unknown_setting(word, path),
            Expr::Lit(_) | Expr::Call(_) if word == Word::RequireAuth => format!(
                "`#[require_auth]` takes no names: write `#[require_role({})]` to ask for a role",
                argument.to_token_stream()
            ),
            _ => format!("`#[{}]` takes no rule: expected {}", word.word(), usage(word)),
        };
        mistakes.at(argument, message);
    }
    positional.is_empty()
}

/// One name, or an explicit `any(…)` or `all(…)` of several.
fn names(
    word: Word,
    noun: &str,
    attribute: Span,
    positional: Vec<Expr>,
    mistakes: &Mistakes,
) -> Option<Names> {
    if positional.len() > 1 {
        several_need_a_quantifier(noun, &positional, mistakes);
        return None;
    }
    let Some(argument) = positional.into_iter().next() else {
        mistakes.at_span(
            attribute,
            format!("`#[{}]` needs a {noun}: write `#[{}(\"admin\")]`", word.word(), word.word()),
        );
        return None;
    };
    match argument {
        Expr::Call(call) => quantified(noun, call, mistakes),
        other => {
            let name = name(noun, &other, mistakes)?;
            Some(Names { quantifier: None, names: vec![name] })
        }
    }
}

fn several_need_a_quantifier(noun: &str, positional: &[Expr], mistakes: &Mistakes) {
    let written: Vec<String> =
        positional.iter().map(|argument| argument.to_token_stream().to_string()).collect();
    let written = written.join(", ");
    let span: TokenStream = positional.iter().flat_map(ToTokens::to_token_stream).collect();
    mistakes.at(
        span,
        format!(
            "several {noun}s do not say whether one is enough: write `any({written})` or `all({written})`"
        ),
    );
}

/// `any("a", "b")` or `all("a", "b")`.
fn quantified(noun: &str, call: ExprCall, mistakes: &Mistakes) -> Option<Names> {
    let function = match *call.func {
        Expr::Path(ref path) => path.path.get_ident().map(ToString::to_string).unwrap_or_default(),
        _ => String::new(),
    };
    let Some(quantifier) = Quantifier::find(&function) else {
        mistakes.at(
            &call.func,
            format!(
                "unknown combination `{}`: expected {}{}",
                call.func.to_token_stream(),
                Quantifier::expected(),
                Quantifier::did_you_mean(&function)
            ),
        );
        return None;
    };
    if call.args.is_empty() {
        let meaning = match quantifier {
            Quantifier::Any => "nobody could pass",
            Quantifier::All => "everybody would pass",
        };
        mistakes.at(
            &call,
            format!("`{function}()` names no {noun}, so {meaning}: write `{function}(\"admin\")`"),
        );
        return None;
    }

    let mut names: Vec<LitStr> = Vec::new();
    let mut complete = true;
    for argument in call.args {
        match name(noun, &ungroup(argument), mistakes) {
            Some(name) if names.iter().any(|known| known.value() == name.value()) => {
                mistakes.at(&name, format!("{noun} `{}` stands twice", name.value()));
                complete = false;
            }
            Some(name) => names.push(name),
            None => complete = false,
        }
    }
    complete.then_some(Names { quantifier: Some(quantifier), names })
}

/// A single name in quotes.
fn name(noun: &str, argument: &Expr, mistakes: &Mistakes) -> Option<LitStr> {
    match argument {
        Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) => {
            let value = name.value();
            if let Some(problem) = forbidden(noun, &value) {
                mistakes.at(name, problem);
                return None;
            }
            Some(name.clone())
        }
        Expr::Path(path) if path.path.get_ident().is_some() => {
            let bare = path.to_token_stream().to_string();
            mistakes.at(path, format!("a {noun} is written in quotes: `\"{bare}\"`"));
            None
        }
        Expr::Binary(binary) => {
            mistakes.at(
                binary,
                format!("expected a {noun} in quotes: combine {noun}s with `any(…)` or `all(…)`"),
            );
            None
        }
        Expr::Call(call) => {
            mistakes
                .at(call, format!("`any` and `all` do not nest here: expected a {noun} in quotes"));
            None
        }
        other => {
            mistakes.at(other, format!("expected a {noun} in quotes, such as `\"admin\"`"));
            None
        }
    }
}

/// Why a name could never be met, if so. RFC 6749 §3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
pub(crate) fn forbidden(noun: &str, name: &str) -> Option<String> {
    if name.is_empty() {
        return Some(format!("a {noun} has a name: `\"\"` is held by nobody"));
    }
    if name.chars().any(char::is_whitespace) {
        let parts: Vec<String> =
            name.split_whitespace().map(|part| format!("\"{part}\"")).collect();
        return Some(if parts.len() > 1 {
            let parts = parts.join(", ");
            format!(
                "a {noun} has no white space: write `any({parts})` or `all({parts})` if these are several"
            )
        } else {
            format!("a {noun} has no white space: write `{}`", parts.concat())
        });
    }
    let wrong = name.chars().find(|c| !matches!(c, '!' | '#'..='[' | ']'..='~'))?;
    Some(format!(
        "`{}` cannot stand in a {noun}: RFC 6749 allows printable ASCII without space, `\"` and `\\`",
        wrong.escape_debug()
    ))
}

/// What `macro_rules` hands over as `$e:expr` or `$l:literal` comes wrapped; parentheses mean nothing either.
pub(crate) fn ungroup(expression: Expr) -> Expr {
    match expression {
        Expr::Group(group) => ungroup(*group.expr),
        Expr::Paren(paren) => ungroup(*paren.expr),
        other => other,
    }
}

/// Where an attribute as a whole is to be pointed at.
pub(crate) fn span_of(attribute: &syn::Attribute) -> Span {
    attribute.path().span()
}
