//! Gathers the attributes of ours that stand on one function: together they make one policy, in any order.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Meta, Path, parse_quote_spanned};

use crate::{
    attribute::{self, Attribute, Rule, Settings},
    mistakes::Mistakes,
    vocabulary::{Vocabulary, Word},
};

/// All attributes of ours on one function. Stacking means AND.
pub(crate) struct Stack {
    /// Outermost first. Never empty.
    pub(crate) rules: Vec<Rule>,
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
            match Attribute::parse(
                word,
                attribute::span_of(attribute),
                arguments(attribute, mistakes),
                mistakes,
            ) {
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
        for attribute in stack {
            settings.or(attribute.settings);
            rules.push(attribute.rule);
        }
        let krate = settings.krate().unwrap_or(krate).clone();
        Some(Self { rules, krate, in_impl: settings.in_impl(), consumed })
    }
}

/// No attribute repeats or contradicts another.
fn agree(stack: &[Attribute], mistakes: &Mistakes) -> bool {
    let mut agree = true;
    let guarded = stack.iter().find(|attribute| !matches!(attribute.rule, Rule::Public));
    for (index, attribute) in stack.iter().enumerate() {
        if let (Rule::Public, Some(other)) = (&attribute.rule, guarded) {
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
        if earlier.clone().any(|earlier| earlier.rule.means_the_same(&attribute.rule)) {
            mistakes.at_span(
                attribute.span,
                format!(
                    "this `#[{}]` stands on the handler already: remove it",
                    attribute.word.word()
                ),
            );
            agree = false;
        }
    }
    agree
}

/// What stands in an inner attribute's parentheses.
fn arguments(attribute: &syn::Attribute, mistakes: &Mistakes) -> TokenStream {
    match &attribute.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(pair) => {
            mistakes.at(pair, "expected parentheses: an attribute's arguments stand in `(…)`");
            TokenStream::new()
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
