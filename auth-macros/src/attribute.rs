//! Parses what stands between an attribute's parentheses.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{
    Error, Expr, ExprAssign, ExprCall, ExprLit, ExprPath, Lit, Path, Token, parse::Parser,
    punctuated::Punctuated, spanned::Spanned,
};

use crate::{
    duration::Seconds,
    expression,
    mistakes::Mistakes,
    name::{self, Noun},
    predicate,
    rule::{Kind, Leaf, Rule, compact},
    secret,
    vocabulary::{Predicate, Quantifier, Setting, Step, Vocabulary, Word, alternatives, near},
};

/// One of our attributes, understood.
pub(crate) struct Attribute {
    pub(crate) word: Word,
    /// Where to point when the attribute as a whole is wrong.
    pub(crate) span: Span,
    pub(crate) rule: Rule,
    pub(crate) settings: Settings,
}

/// `deny = not_found`, `crate = ::path` and `in_impl`.
#[derive(Default)]
pub(crate) struct Settings {
    /// What was written, to point at it.
    hides: Slot<TokenStream>,
    krate: Slot<Path>,
    in_impl: Slot<()>,
}

impl Settings {
    /// Whether every denial is the application's own 404.
    pub(crate) fn hides(&self) -> bool {
        self.hides.0.is_some()
    }

    /// The path under which the user's crate knows the runtime.
    pub(crate) fn krate(&self) -> Option<&Path> {
        self.krate.0.as_ref()
    }

    pub(crate) fn in_impl(&self) -> bool {
        self.in_impl.0.is_some()
    }

    /// Takes over what an inner attribute says. Said in two attributes is fine; the outermost counts.
    pub(crate) fn or(&mut self, inner: Self) {
        self.hides.0 = self.hides.0.take().or(inner.hides.0);
        self.krate.0 = self.krate.0.take().or(inner.krate.0);
        self.in_impl.0 = self.in_impl.0.take().or(inner.in_impl.0);
    }
}

/// What can be given once.
struct Slot<T>(Option<T>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Slot<T> {
    fn set(&mut self, value: T, word: &str, at: &impl ToTokens, mistakes: &Mistakes) {
        if self.0.replace(value).is_some() {
            mistakes.at(at, format!("`{word}` is given twice"));
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
        if !secret::refuse(&arguments, mistakes) {
            return None;
        }
        let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
        let arguments = match parser.parse2(arguments.clone()) {
            Ok(arguments) => arguments,
            Err(_) if name::unquoted(Noun::of(word), arguments, mistakes) => return None,
            // syn knows of lists only.
            Err(error) if word == Word::Authorize && error.to_string() == "expected `,`" => {
                let message = "nothing says how these combine: write `&&` or `||` between predicates, and `!` before one for \"not\"";
                mistakes.push(Error::new(error.span(), message));
                return None;
            }
            Err(error) => {
                mistakes.push(Error::new(
                    error.span(),
                    format!("{error} (in `#[{}]`: expected {})", word.word(), usage(word)),
                ));
                return None;
            }
        };

        let mut settings = Settings::default();
        let mut steps = Steps::default();
        let mut positional = Vec::new();
        let known = mistakes.count();
        for argument in arguments {
            match ungroup(argument) {
                Expr::Assign(assignment) => {
                    assign(word, assignment, &mut settings, &mut steps, mistakes);
                }
                Expr::Path(path) if settings.flag(&path, mistakes) => {}
                Expr::Call(call) if let Some(setting) = called_setting(&call) => {
                    mistakes.at(
                        &call,
                        format!("`{}` is a setting: write `{}`", setting.word(), setting.usage()),
                    );
                }
                other => positional.push(other),
            }
        }
        // What would be missing now is what was not understood.
        if positional.is_empty() && mistakes.count() > known {
            return None;
        }

        let rule = rule(word, span, positional, steps, mistakes)?;
        if let (true, Some(hides)) = (rule.is_public(), &settings.hides.0) {
            mistakes.at(hides, "`#[public]` denies nobody: remove `deny = not_found`");
            return None;
        }
        Some(Self { word, span, rule, settings })
    }
}

/// What the attribute requires, from everything that is no setting.
fn rule(
    word: Word,
    span: Span,
    positional: Vec<Expr>,
    steps: Steps,
    mistakes: &Mistakes,
) -> Option<Rule> {
    let written = format!("#[{}]", word.word());
    let at: TokenStream = positional.iter().flat_map(ToTokens::to_token_stream).collect();
    let at = if at.is_empty() { at_attribute(word, span) } else { at };
    match word {
        Word::Public => no_arguments(word, &positional, mistakes)
            .then(|| Rule { kind: Kind::Public, tokens: at }),
        Word::RequireAuth => {
            no_arguments(word, &positional, mistakes).then(|| Rule::leaf(Leaf::Authenticated, at))
        }
        Word::RequireApiKey => {
            no_arguments(word, &positional, mistakes).then(|| Rule::leaf(Leaf::ApiKey, at))
        }
        Word::RequireRole => name::names(Noun::Role, &written, span, positional, mistakes),
        Word::RequireScope => name::names(Noun::Scope, &written, span, positional, mistakes),
        Word::RequireOwner => {
            predicate::owner(&positional, &at, mistakes).map(|leaf| Rule::leaf(leaf, at))
        }
        Word::RequireIp => {
            predicate::addresses(&positional, &at, mistakes).map(|leaf| Rule::leaf(leaf, at))
        }
        Word::RequireStepUp => steps.rule(span, &positional, mistakes),
        Word::Authorize => match <[Expr; 1]>::try_from(positional) {
            Ok([expression]) => expression::parse(expression, mistakes),
            Err(several) if several.is_empty() => {
                mistakes.at_span(
                    span,
                    format!(
                        "`#[authorize]` needs an expression: write `#[authorize({})]`",
                        Predicate::Role.usage()
                    ),
                );
                None
            }
            Err(_) => {
                mistakes.at(at, "several expressions do not say how they combine: write `&&` or `||` between them");
                None
            }
        },
    }
}

/// The attribute's own name, to point at where it has no arguments.
fn at_attribute(word: Word, span: Span) -> TokenStream {
    syn::Ident::new(word.word(), span).into_token_stream()
}

/// What `#[require_step_up(…)]` was told.
#[derive(Default)]
struct Steps {
    acr: Slot<Option<Rule>>,
    amr: Slot<Option<Rule>>,
    max_age: Slot<Option<Rule>>,
}

impl Steps {
    fn set(&mut self, step: Step, key: &ExprPath, value: Expr, mistakes: &Mistakes) {
        let tokens = value.to_token_stream();
        let leaf = match step {
            Step::Acr => name::alternatives("acr", value, mistakes).map(Leaf::Acr),
            Step::Amr => name::method(&value, mistakes).map(Leaf::Amr),
            Step::MaxAge => predicate::max_age(&value, mistakes),
        };
        let rule = leaf.map(|leaf| Rule::leaf(leaf, tokens));
        let slot = match step {
            Step::Acr => &mut self.acr,
            Step::Amr => &mut self.amr,
            Step::MaxAge => &mut self.max_age,
        };
        slot.set(rule, step.word(), key, mistakes);
    }

    fn rule(self, span: Span, positional: &[Expr], mistakes: &Mistakes) -> Option<Rule> {
        for argument in positional {
            let meant = match argument {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if Seconds::parse(text).is_ok() => {
                    Step::MaxAge
                }
                Expr::Call(call) => Step::find(&compact(&call.func)).unwrap_or(Step::Acr),
                _ => Step::Acr,
            };
            mistakes.at(
                argument,
                format!("`#[require_step_up]` takes arguments by name: write `{}`", meant.usage()),
            );
        }
        let given = [self.acr.0, self.amr.0, self.max_age.0].into_iter().flatten();
        // One that was given and not understood was reported.
        let rules: Vec<Rule> = given.collect::<Option<_>>()?;
        if !positional.is_empty() {
            return None;
        }
        let tokens: TokenStream = rules.iter().flat_map(|rule| rule.tokens.clone()).collect();
        match <[Rule; 1]>::try_from(rules) {
            Ok([only]) => Some(only),
            Err(none) if none.is_empty() => {
                mistakes.at_span(
                    span,
                    format!(
                        "`#[require_step_up]` needs what to ask for: write {} between its parentheses",
                        Step::expected()
                    ),
                );
                None
            }
            Err(several) => Some(Rule { kind: Kind::All(several), tokens }),
        }
    }
}

/// `key = value`.
fn assign(
    word: Word,
    assignment: ExprAssign,
    settings: &mut Settings,
    steps: &mut Steps,
    mistakes: &Mistakes,
) {
    let written = assignment.to_token_stream();
    let ExprAssign { left, right, .. } = assignment;
    let key = match ungroup(*left) {
        Expr::Path(path) => path,
        other => return mistakes.at(other, "expected the name of a setting before `=`"),
    };
    let name = key.path.get_ident().map(ToString::to_string).unwrap_or_default();
    if word == Word::RequireStepUp
        && let Some(step) = Step::find(&name)
    {
        return steps.set(step, &key, ungroup(*right), mistakes);
    }
    match (Setting::find(&name), ungroup(*right)) {
        (Some(Setting::Deny), Expr::Path(value)) if value.path.is_ident("not_found") => {
            settings.hides.set(written, "deny", &key, mistakes);
        }
        (Some(Setting::Deny), other) => {
            mistakes
                .at(other, "denials are answered as they are, or hidden: write `deny = not_found`");
        }
        (Some(Setting::Crate), Expr::Path(ExprPath { qself: None, path, .. })) => {
            settings.krate.set(path, "crate", &key, mistakes);
        }
        (Some(Setting::Crate), other) => {
            mistakes.at(other, "expected a path: write `crate = ::auth_runtime`");
        }
        (Some(Setting::InImpl), _) => {
            mistakes.at(key, "`in_impl` takes no value: write `in_impl`");
        }
        (None, value) if Noun::of(word).is_some_and(|noun| noun.is_called(&name)) => {
            let word = word.word();
            let ways: Vec<_> = name::combinations(&value)
                .iter()
                .map(|names| format!("`#[{word}({names})]`"))
                .collect();
            mistakes.at(written, format!("names stand alone: write {}", ways.join(" or ")));
        }
        (None, value) if word == Word::Authorize && Predicate::find(&name).is_some() => {
            let value = compact(value);
            mistakes.at(written, format!("`{name}` is a predicate: write `{name}({value})`"));
        }
        (None, _) => mistakes.at(&key, unknown_setting(word, &key)),
    }
}

/// `deny(not_found)`, by somebody who takes a setting for a call.
fn called_setting(call: &ExprCall) -> Option<Setting> {
    Setting::find(&compact(&call.func))
}

impl Settings {
    /// A setting without a value. `false` if it is no setting at all.
    fn flag(&mut self, path: &ExprPath, mistakes: &Mistakes) -> bool {
        if path.path.is_ident("not_found") {
            mistakes.at(path, "`not_found` is what `deny` answers: write `deny = not_found`");
            return true;
        }
        if let Some(word) = path.path.get_ident().filter(|word| *word == "deny_not_found") {
            let usage = Setting::Deny.usage();
            mistakes.at(path, format!("unknown argument `{word}`: write `{usage}`"));
            return true;
        }
        let Some(setting) = path.path.get_ident().and_then(|name| Setting::find(&name.to_string()))
        else {
            return false;
        };
        match setting {
            Setting::InImpl => self.in_impl.set((), "in_impl", path, mistakes),
            Setting::Deny => {
                mistakes.at(path, "`deny` needs what to answer: write `deny = not_found`");
            }
            Setting::Crate => {
                mistakes.at(path, "`crate` needs a path: write `crate = ::auth_runtime`");
            }
        }
        true
    }
}

fn unknown_setting(word: Word, key: &ExprPath) -> String {
    let name = compact(key);
    let steps = if word == Word::RequireStepUp { Step::ALL } else { &[] };
    let (mut words, mut usages) = (Vec::new(), Vec::new());
    for step in steps {
        words.push(step.word());
        usages.push(step.usage());
    }
    for setting in settings(word) {
        words.push(setting.word());
        usages.push(setting.usage());
    }
    format!(
        "unknown argument `{name}` of `#[{}]`: expected {}{}",
        word.word(),
        alternatives(usages.into_iter()),
        near(&name, words.into_iter())
    )
}

/// The settings that an attribute takes: `#[public]` denies nobody, so it says nothing of how.
fn settings(word: Word) -> Vec<Setting> {
    let all = Setting::ALL.iter().copied();
    all.filter(|setting| (word, *setting) != (Word::Public, Setting::Deny)).collect()
}

/// What an attribute takes, for messages.
fn usage(word: Word) -> String {
    match word {
        Word::RequireAuth | Word::RequireApiKey | Word::Public => {
            let settings = settings(word).into_iter().map(Setting::usage).collect::<Vec<_>>();
            format!("nothing, {}", alternatives(settings.into_iter()))
        }
        Word::RequireRole | Word::RequireScope => format!("`\"name\"`, {}", Quantifier::expected()),
        Word::RequireOwner => "`\"parameter\"` or `\"parameter\", prefix`".to_owned(),
        Word::RequireIp => "networks, such as `\"10.0.0.0/8\", \"::1\"`".to_owned(),
        Word::RequireStepUp => Step::expected(),
        Word::Authorize => {
            format!("predicates combined with `&&`, `||` and `!`: {}", Predicate::expected())
        }
    }
}

/// Some attributes say everything with their name.
fn no_arguments(word: Word, positional: &[Expr], mistakes: &Mistakes) -> bool {
    for argument in positional {
        let message = match argument {
            Expr::Path(path) => unknown_setting(word, path),
            Expr::Lit(_) if word == Word::RequireApiKey => predicate::no_key("#[require_api_key]"),
            Expr::Call(call) if Predicate::find(&compact(&call.func)).is_some() => format!(
                "`#[{}]` takes no rule: write `#[authorize({})]`",
                word.word(),
                compact(call)
            ),
            Expr::Lit(_) | Expr::Call(_) if word == Word::RequireAuth => format!(
                "`#[require_auth]` takes no names: write `#[require_role({})]` to ask for a role",
                compact(argument)
            ),
            _ => format!("`#[{}]` takes no rule: expected {}", word.word(), usage(word)),
        };
        mistakes.at(argument, message);
    }
    positional.is_empty()
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
