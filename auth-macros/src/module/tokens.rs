//! What the walk over a module knows of Rust's grammar: how items begin, where they can, and where they end.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
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
        let mut attributes = Vec::new();
        let mut rest = self.attributes;
        while let [TokenTree::Punct(_), TokenTree::Group(group), after @ ..] = rest {
            // `#[$attribute]` of a macro comes wrapped.
            let meta = ungroup(group.stream());
            // What cannot be understood is none of ours and no route.
            attributes
                .extend(Attribute::parse_outer.parse2(quote! { #[#meta] }).unwrap_or_default());
            rest = after;
        }
        attributes
    }
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

/// The last name of `::a::b::c`, and what follows the path.
pub(super) fn path(rest: &[TokenTree]) -> Option<(&Ident, &[TokenTree])> {
    let from = after_colons(rest).unwrap_or(rest);
    let [TokenTree::Ident(name), after @ ..] = from else { return None };
    match after_colons(after) {
        Some([TokenTree::Ident(_), ..]) => path(after),
        _ => Some((name, after)),
    }
}

fn after_colons(rest: &[TokenTree]) -> Option<&[TokenTree]> {
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

/// The arguments of an attribute, each as its words: equal if they are written with the same tokens, trailing commas
/// aside.
pub(super) fn arguments(tokens: TokenStream) -> Vec<Vec<String>> {
    let mut arguments = vec![Vec::new()];
    for token in tokens {
        match (&token, arguments.last_mut()) {
            (TokenTree::Punct(punct), _) if punct.as_char() == ',' => arguments.push(Vec::new()),
            (_, Some(argument)) => words(token, argument),
            (_, None) => {}
        }
    }
    // After a trailing comma, or where there are none.
    arguments.retain(|argument| !argument.is_empty());
    arguments
}

fn words(token: TokenTree, into: &mut Vec<String>) {
    let TokenTree::Group(group) = token else {
        return into.push(token.to_string());
    };
    let (open, close) = match group.delimiter() {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    };
    into.push(open.to_owned());
    for token in group.stream() {
        words(token, into);
    }
    into.pop_if(|last| last == ",");
    into.push(close.to_owned());
}
