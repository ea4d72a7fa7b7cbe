//! Gathers the attributes of ours that stand on one function: together they make one policy, in any order.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Meta, Path, parse_quote_spanned};

use crate::{
    attribute::{self, Attribute, Settings},
    logic,
    mistakes::Mistakes,
    rule::{Kind, Rule, compact},
    vocabulary::{Vocabulary, Word},
};

/// All attributes of ours on one function. Stacking means AND.
pub(crate) struct Stack {
    /// All of them together.
    pub(crate) rule: Rule,
    /// Every denial is the application's own 404.
    pub(crate) hides: bool,
    /// The runtime's path in the user's crate.
    pub(crate) krate: Path,
    pub(crate) in_impl: bool,
    /// The paths of the inner attributes that were consumed: their imports would look unused.
    pub(crate) consumed: Vec<Path>,
}

impl Stack {
    /// Takes the inner attributes of ours out of `attributes` and puts them on `outermost`.
    ///
    /// They are taken out even if there was a mistake, so that they do not report it a second time.
    pub(crate) fn gather(
        outermost: Option<Attribute>,
        krate: &Path,
        attributes: &mut Vec<syn::Attribute>,
        mistakes: &Mistakes,
    ) -> Option<Self> {
        let mut stack: Vec<Attribute> = outermost.into_iter().collect();
        let mut complete = !stack.is_empty();
        let mut consumed = Vec::new();
        attributes.retain(|attribute| {
            let Some(word) = Word::of(attribute, krate) else {
                return true;
            };
            consumed.push(attribute.path().clone());
            let span = attribute::span_of(attribute);
            let inner = arguments(word, attribute, mistakes)
                .and_then(|arguments| Attribute::parse(word, span, arguments, mistakes));
            match inner {
                Some(inner) => stack.push(inner),
                None => complete = false,
            }
            false
        });

        complete &= agree(&stack, mistakes);
        if !complete {
            return None;
        }

        let mut settings = Settings::default();
        let mut rules = Vec::new();
        let mut spans = Vec::new();
        for attribute in stack {
            settings.or(attribute.settings);
            spans.push(attribute.span);
            // Flat, so that the words read as one requirement.
            match attribute.rule.kind {
                Kind::All(inner) => rules.extend(inner),
                kind => rules.push(Rule { kind, tokens: attribute.rule.tokens }),
            }
        }
        let rule = match <[Rule; 1]>::try_from(rules) {
            Ok([only]) => only,
            Err(rules) => Rule { kind: Kind::All(rules), tokens: TokenStream::new() },
        };
        // Each attribute for itself was looked at; together they may still contradict.
        if let (true, Some(problem), Some(span)) =
            (spans.len() > 1, logic::constant(&rule), spans.first())
        {
            mistakes.at_span(
                *span,
                format!("together with the other attributes of this handler, {problem}"),
            );
            return None;
        }
        let krate = settings.krate().unwrap_or(krate).clone();
        Some(Self { rule, hides: settings.hides(), krate, in_impl: settings.in_impl(), consumed })
    }
}

/// No attribute repeats or contradicts another.
fn agree(stack: &[Attribute], mistakes: &Mistakes) -> bool {
    let mut agree = true;
    let guarded = stack.iter().find(|attribute| !attribute.rule.is_public());
    for (index, attribute) in stack.iter().enumerate() {
        if let (true, Some(other)) = (attribute.rule.is_public(), guarded) {
            mistakes.at_span(
                attribute.span,
                format!(
                    "`#[public]` contradicts `#[{}]` on the same handler: remove one of them",
                    other.word.word()
                ),
            );
            agree = false;
        }
        let earlier = stack.iter().take(index);
        let meaning = attribute.rule.meaning();
        if let Some(same) = earlier.clone().find(|earlier| earlier.rule.meaning() == meaning) {
            let (word, other) = (attribute.word.word(), same.word.word());
            let problem = if word == other {
                format!("this `#[{word}]` stands on the handler already: remove it")
            } else {
                format!("this says the same as `#[{other}]` on this handler: remove one of them")
            };
            mistakes.at_span(attribute.span, problem);
            agree = false;
        }
        agree &= logic::is_contingent(&attribute.rule, mistakes);
    }
    agree
}

/// What stands in an inner attribute's parentheses.
fn arguments(word: Word, attribute: &syn::Attribute, mistakes: &Mistakes) -> Option<TokenStream> {
    match &attribute.meta {
        Meta::Path(_) => Some(TokenStream::new()),
        Meta::List(list) => Some(list.tokens.clone()),
        Meta::NameValue(pair) => {
            let (word, value) = (word.word(), compact(&pair.value));
            mistakes.at(
                pair,
                format!(
                    "an attribute's arguments stand in parentheses: write `#[{word}({value})]`"
                ),
            );
            None
        }
    }
}

/// `::auth_runtime`, unless the outermost attribute says otherwise.
pub(crate) fn default_crate() -> Path {
    parse_quote_spanned!(Span::call_site()=> ::auth_runtime)
}

/// `#[utoipa::path(…)]` below one of ours has to run first, on the signature the user wrote: put it above, and ours
/// directly below it. What comes back here the second time has no `utoipa::path` any more.
pub(crate) fn rotate(
    word: Word,
    krate: &Path,
    arguments: &TokenStream,
    attributes: &mut Vec<syn::Attribute>,
) -> Option<TokenStream> {
    let position = attributes.iter().position(is_utoipa)?;
    let utoipa = attributes.remove(position);
    let word = syn::Ident::new(word.word(), Span::call_site());
    // A path of our own at the user's place resolves where the user's code does.
    let word = quote! { #[#krate::#word(#arguments)] };
    Some(quote! { #utoipa #word })
}

fn is_utoipa(attribute: &syn::Attribute) -> bool {
    let path = attribute.path();
    let mut names = path.segments.iter().map(|segment| segment.ident.to_string());
    names.next().is_some_and(|first| first == "utoipa")
        && names.next().is_some_and(|second| second == "path")
        && names.next().is_none()
}
