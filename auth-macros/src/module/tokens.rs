//! What the walk over a module knows of Rust's grammar: how items begin, where they can, and where they end.

use proc_macro2::{Delimiter, Group, Ident, TokenTree};
use quote::quote;
use syn::{Attribute, parse::Parser};

use crate::handler::ungroup;

/// Where tokens stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Directly in a module, an `impl` or a `trait`, where there is nothing but items.
    Items,
    /// In a function's body, or anywhere else: items stand among other things.
    Code,
}

/// How an item begins: `#[…] pub async fn name`, `pub(crate) mod name`.
pub(super) struct Head<'a> {
    /// All of it, up to the name.
    pub(super) tokens: &'a [TokenTree],
    attributes: &'a [TokenTree],
    /// From the first word that is no visibility, with everything that follows.
    pub(super) words: &'a [TokenTree],
    pub(super) name: &'a Ident,
}

impl<'a> Head<'a> {
    /// A function, and what follows its name.
    pub(super) fn function(rest: &'a [TokenTree]) -> Option<(Self, &'a [TokenTree])> {
        let unattributed = after_attributes(rest);
        let words = after_visibility(unattributed);
        let attributes = before(rest, unattributed);
        let mut after = words;
        loop {
            match after {
                [TokenTree::Ident(keyword), TokenTree::Ident(name), after @ ..]
                    if keyword == "fn" =>
                {
                    let tokens = before(rest, after);
                    return Some((Self { tokens, attributes, words, name }, after));
                }
                // `const`, `async`, `unsafe`, `extern "C"` and what a later Rust may add.
                [TokenTree::Ident(_) | TokenTree::Literal(_), then @ ..] => after = then,
                _ => return None,
            }
        }
    }

    /// A module, its content, and what follows.
    pub(super) fn module(rest: &'a [TokenTree]) -> Option<(Self, &'a TokenTree, &'a [TokenTree])> {
        let unattributed = after_attributes(rest);
        let words = after_visibility(unattributed);
        let attributes = before(rest, unattributed);
        let [TokenTree::Ident(keyword), TokenTree::Ident(name), from @ ..] = words else {
            return None;
        };
        let [content, after @ ..] = from else { return None };
        let fits = match content {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        };
        let tokens = before(rest, from);
        (keyword == "mod" && fits).then_some((
            Self { tokens, attributes, words, name },
            content,
            after,
        ))
    }

    pub(super) fn attributes(&self) -> Vec<Attribute> {
        attributes(self.attributes)
    }

    /// Its tokens, in two: through the last attribute that is like this, and from there.
    pub(super) fn split_below(
        &self,
        above: impl Fn(&Attribute) -> bool,
    ) -> (&'a [TokenTree], &'a [TokenTree]) {
        let mut below = self.tokens;
        let mut rest = self.attributes;
        while let Some(after) = outer_attribute(rest) {
            if attributes(before(rest, after)).iter().any(&above) {
                let seen = before(self.attributes, after);
                below = self.tokens.get(seen.len()..).unwrap_or_default();
            }
            rest = after;
        }
        (before(self.tokens, below), below)
    }
}

fn attributes(mut rest: &[TokenTree]) -> Vec<Attribute> {
    let mut attributes = Vec::new();
    while let [TokenTree::Punct(_), TokenTree::Group(group), after @ ..] = rest {
        // `#[$attribute]` of a macro comes wrapped.
        let meta = ungroup(group.stream());
        // What cannot be understood is none of ours and no route.
        attributes.extend(Attribute::parse_outer.parse2(quote! { #[#meta] }).unwrap_or_default());
        rest = after;
    }
    attributes
}

/// What surrounds the next token.
pub(super) struct Surroundings {
    /// An item can start here.
    pub(super) start: bool,
    /// What the next braces hold.
    pub(super) inside: Place,
    /// In the head of a function, `impl` or `trait`, and so many `<` deep: braces in there are no body.
    head: Option<usize>,
    /// The last token was `-` or `=`, whose `>` closes nothing.
    arrow: bool,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self { start: true, inside: Place::Code, head: None, arrow: false }
    }
}

impl Surroundings {
    pub(super) fn enter(&mut self, inside: Place) {
        *self = Self { start: false, inside, head: Some(0), arrow: false };
    }

    /// Here starts an `impl` or a `trait`, if so.
    pub(super) fn enter_if_item(&mut self, rest: &[TokenTree]) {
        let words = after_visibility(rest).iter().map_while(|token| match token {
            TokenTree::Ident(word) => Some(word),
            _ => None,
        });
        for word in words {
            if word == "impl" || word == "trait" {
                return self.enter(Place::Items);
            }
        }
    }

    pub(super) fn pass(&mut self, token: &TokenTree) {
        let ends = match token {
            TokenTree::Group(group) => match group.delimiter() {
                Delimiter::Brace => self.head.is_none_or(|depth| depth == 0),
                Delimiter::None => self.start || holds_braces(group),
                _ => false,
            },
            TokenTree::Punct(punct) => {
                let mark = punct.as_char();
                if let Some(depth) = &mut self.head {
                    match mark {
                        '<' => *depth = depth.saturating_add(1),
                        '>' if !self.arrow => *depth = depth.saturating_sub(1),
                        _ => {}
                    }
                }
                mark == ';'
            }
            _ => false,
        };
        if ends {
            *self = Self::default();
        } else {
            self.start = false;
            self.arrow =
                matches!(token, TokenTree::Punct(punct) if matches!(punct.as_char(), '-' | '='));
        }
    }
}

/// The tokens of `all` that stand before its end `rest`.
pub(super) fn before<'a>(all: &'a [TokenTree], rest: &[TokenTree]) -> &'a [TokenTree] {
    all.get(..all.len().saturating_sub(rest.len())).unwrap_or_default()
}

/// What follows `#[…]`.
pub(super) fn outer_attribute(rest: &[TokenTree]) -> Option<&[TokenTree]> {
    let [TokenTree::Punct(pound), TokenTree::Group(group), after @ ..] = rest else { return None };
    (pound.as_char() == '#' && group.delimiter() == Delimiter::Bracket).then_some(after)
}

/// What follows `#![…]`.
pub(super) fn inner_attribute(rest: &[TokenTree]) -> Option<&[TokenTree]> {
    match rest {
        [TokenTree::Punct(pound), TokenTree::Punct(bang), TokenTree::Group(group), after @ ..]
            if pound.as_char() == '#'
                && bang.as_char() == '!'
                && group.delimiter() == Delimiter::Bracket =>
        {
            Some(after)
        }
        _ => None,
    }
}

fn after_attributes(mut rest: &[TokenTree]) -> &[TokenTree] {
    while let Some(after) = outer_attribute(rest) {
        rest = after;
    }
    rest
}

/// What follows `pub`, `pub(…)`, or the invisible group around a `$vis` of a macro.
fn after_visibility(rest: &[TokenTree]) -> &[TokenTree] {
    match rest {
        [TokenTree::Ident(public), TokenTree::Group(group), after @ ..]
            if public == "pub" && group.delimiter() == Delimiter::Parenthesis =>
        {
            after
        }
        [TokenTree::Ident(public), after @ ..] if public == "pub" => after,
        [TokenTree::Group(group), after @ ..] if is_visibility(group) => after,
        _ => rest,
    }
}

fn is_visibility(group: &Group) -> bool {
    let inside: Vec<TokenTree> = ungroup(group.stream()).into_iter().collect();
    let is_public = matches!(inside.first(), None | Some(TokenTree::Ident(_)))
        && after_visibility(&inside).is_empty();
    group.delimiter() == Delimiter::None && is_public
}

/// The names of `::a::b::<T>::c` or `<T>::c`, and what follows the path.
pub(super) fn path(rest: &[TokenTree]) -> Option<(Vec<&Ident>, &[TokenTree])> {
    let mut names = Vec::new();
    let mut from = after_colons(rest).unwrap_or(rest);
    if let Some(after) = after_generics(from) {
        let inside = before(from, after).get(1..).unwrap_or_default();
        names.extend(path(inside).map(|(names, _)| names).unwrap_or_default());
        from = after_colons(after)?;
    }
    loop {
        let [TokenTree::Ident(name), after @ ..] = from else { return None };
        names.push(name);
        let after = after_turbofish(after);
        from = match after_colons(after) {
            Some(next @ [TokenTree::Ident(_), ..]) => next,
            _ => return Some((names, after)),
        };
    }
}

/// What follows `::<…>`, if it is there.
pub(super) fn after_turbofish(rest: &[TokenTree]) -> &[TokenTree] {
    after_colons(rest).and_then(after_generics).unwrap_or(rest)
}

/// What follows `<…>`.
fn after_generics(rest: &[TokenTree]) -> Option<&[TokenTree]> {
    let mut depth = 0_usize;
    let mut arrow = false;
    for (index, token) in rest.iter().enumerate() {
        let mark = match token {
            TokenTree::Punct(punct) => Some(punct.as_char()),
            _ => None,
        };
        match mark {
            Some('<') => depth = depth.saturating_add(1),
            Some('>') if !arrow => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            // Where there is no `<`, it is so at once.
            return rest.get(index.saturating_add(1)..).filter(|_| index > 0);
        }
        arrow = matches!(mark, Some('-' | '='));
    }
    None
}

pub(super) fn after_colons(rest: &[TokenTree]) -> Option<&[TokenTree]> {
    match rest {
        [TokenTree::Punct(one), TokenTree::Punct(two), after @ ..]
            if one.as_char() == ':' && two.as_char() == ':' =>
        {
            Some(after)
        }
        _ => None,
    }
}

/// What follows `macro_rules! name { … }`.
pub(super) fn macro_definition(rest: &[TokenTree]) -> Option<&[TokenTree]> {
    match rest {
        [
            TokenTree::Ident(keyword),
            TokenTree::Punct(bang),
            TokenTree::Ident(_),
            TokenTree::Group(_),
            after @ ..,
        ] if keyword == "macro_rules" && bang.as_char() == '!' => Some(after),
        _ => None,
    }
}

/// `#[get("/")] $item`, where the item came wrapped: the same without the wrapping, if it is so.
pub(super) fn unwrap_item(rest: &[TokenTree]) -> Option<Vec<TokenTree>> {
    let from = after_visibility(after_attributes(rest));
    let [TokenTree::Group(group), after @ ..] = from else { return None };
    let inside: Vec<TokenTree> = ungroup(group.stream()).into_iter().collect();
    let is_item = Head::function(&inside).is_some() || Head::module(&inside).is_some();
    (group.delimiter() == Delimiter::None && is_item)
        .then(|| [before(rest, from), inside.as_slice(), after].concat())
}

/// Whether this is `{ … }` in an invisible group: a `$body:block` of a macro.
fn holds_braces(group: &Group) -> bool {
    let inside = ungroup(group.stream());
    matches!(
        inside.into_iter().last(),
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace
    )
}
