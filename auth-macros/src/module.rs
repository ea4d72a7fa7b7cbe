//! An attribute on an inline module: puts it on every handler inside, and refuses what could hide one.
//!
//! Bodies stay token trees, as everywhere: this walks over them, knows an item by its first words, and hands on every
//! other token as it was. Where it is unsure it guards or refuses; nothing is left out in silence.

mod attributes;
mod routed;
mod scope;
mod signature;
mod tokens;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Attribute, Meta, Path, Token, Visibility,
    parse::{Parse, ParseStream},
};

use self::{
    attributes::{arguments, conditional, is_test},
    routed::{Kind, Open, Routed, call, closure},
    scope::Scope,
    signature::{Likeness, likeness},
    tokens::{
        Head, Place, Surroundings, before, inner_attribute, macro_definition, outer_attribute,
        path, unwrap_item,
    },
};
use crate::{
    attribute, finish,
    mistakes::Mistakes,
    route::{is_renamed, is_route},
    rule::compact,
    stack::Stack,
    vocabulary::{Setting, Vocabulary, Word},
};

/// The annotated module. What it holds stays a token tree.
#[derive(Clone)]
pub(crate) struct Module {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    mod_token: Token![mod],
    name: Ident,
    /// `{ … }`, or `;` where it stands in another file.
    content: TokenTree,
}

impl Parse for Module {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            attributes: input.call(Attribute::parse_outer)?,
            visibility: input.parse()?,
            mod_token: input.parse()?,
            name: input.parse()?,
            content: input.parse()?,
        })
    }
}

impl ToTokens for Module {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, visibility, mod_token, name, content } = self;
        tokens.extend(quote! { #(#attributes)* #visibility #mod_token #name #content });
    }
}

/// Puts `#[word(arguments)]` on every handler inside.
pub(crate) fn attach(
    word: Word,
    attribute: Option<attribute::Attribute>,
    krate: &Path,
    arguments: &TokenStream,
    module: Module,
    mistakes: Mistakes,
) -> TokenStream {
    // With a mistake it is emitted without the other attributes of ours, which would find the same once more.
    let mut bare = module.clone();
    let stack = Stack::gather(attribute, krate, &mut bare.attributes, &mistakes);
    let krate = stack.as_ref().map_or(krate, |stack| &stack.krate);
    let content = Walk::new(word, krate, arguments, &mistakes).module(&module);
    // Without, they stay on the module and put themselves on the handlers in turn.
    finish(mistakes, &bare, || Module { content, ..module }.to_token_stream())
}

/// One pass over the module's tokens.
struct Walk<'a> {
    word: Word,
    krate: &'a Path,
    arguments: &'a TokenStream,
    mistakes: &'a Mistakes,
    refuses: Refuses,
    /// Something was refused.
    refused: bool,
    /// There is a function that says who may call it, or a module that speaks for itself.
    guarded: bool,
    routed: Routed,
    /// How many attributes were added.
    added: usize,
}

/// Who refuses what could hide a handler.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refuses {
    /// The module that is walked over.
    Us,
    /// A module inside, which has an attribute of ours.
    Theirs,
    /// What stands here is in no server.
    Nobody,
}

impl<'a> Walk<'a> {
    fn new(
        word: Word,
        krate: &'a Path,
        arguments: &'a TokenStream,
        mistakes: &'a Mistakes,
    ) -> Self {
        Self {
            word,
            krate,
            arguments,
            mistakes,
            refuses: Refuses::Us,
            refused: false,
            guarded: false,
            routed: Routed::default(),
            added: 0,
        }
    }

    /// What the annotated module holds, with the attribute on every handler.
    fn module(&mut self, module: &Module) -> TokenTree {
        let attribute = self.word.word();
        let Module { mod_token, name, content, .. } = module;
        let TokenTree::Group(group) = content else {
            self.refuse(
                quote! { #mod_token #name #content },
                format!(
                    "`#[{attribute}]` cannot see into another file: put it on the handlers in the file of `{name}`, or on an inline `mod` there"
                ),
            );
            return content.clone();
        };
        self.routed.enter(Kind::Module(name.clone()), false);
        let content = self.group(group, Place::Items, None);
        self.routed.leave();

        for Open { name, ambiguous } in self.routed.open() {
            self.refuse_open(&name, ambiguous);
        }
        if !self.guarded && !self.refused {
            self.refuse(
                name,
                format!(
                    "`{name}` has no handler inside, so `#[{attribute}]` would guard nothing: put a route attribute or `#[{attribute}]` on its handlers"
                ),
            );
        }
        content
    }

    /// Everything between two delimiters.
    fn group(&mut self, group: &Group, place: Place, outer: Option<&Scope<'_>>) -> TokenTree {
        let before = self.added;
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let stream = self.tokens(&tokens, place, outer);
        if self.added == before {
            // A group made anew would lose the places of its two delimiters.
            return group.clone().into();
        }
        let mut with = Group::new(group.delimiter(), stream);
        with.set_span(group.span());
        with.into()
    }

    fn tokens(
        &mut self,
        all: &[TokenTree],
        place: Place,
        outer: Option<&Scope<'_>>,
    ) -> TokenStream {
        let mut rest = all;
        let mut out = TokenStream::new();
        let mut around = Surroundings::default();
        while let [token, after @ ..] = rest {
            let scope = Scope { outer, before: before(all, rest) };
            if let Some(unwrapped) = unwrap_item(rest) {
                out.extend(self.tokens(&unwrapped, place, Some(&scope)));
                return out;
            }
            rest = if let Some((function, after)) = Head::function(rest) {
                if self.guards(&function, after) {
                    let (above, below) = self.split(&function);
                    out.extend(above.iter().cloned());
                    out.extend(self.attribute(function.name.span()));
                    out.extend(below.iter().cloned());
                } else {
                    out.extend(function.tokens.iter().cloned());
                }
                around.enter(Place::Code);
                after
            } else if let Some((nested, content, after)) = Head::module(rest) {
                out.extend(nested.tokens.iter().cloned());
                out.extend([self.nested(&nested, content, &scope)]);
                around = Surroundings::default();
                after
            } else if let Some(after) = outer_attribute(rest)
                .or_else(|| inner_attribute(rest))
                .or_else(|| macro_definition(rest))
            {
                // None of them holds items, and after each an item can start.
                out.extend(before(rest, after).iter().cloned());
                after
            } else {
                if around.start {
                    if place == Place::Items {
                        self.macro_call(rest);
                    }
                    around.enter_if_item(rest);
                }
                match token {
                    TokenTree::Group(group) => {
                        let inside = match group.delimiter() {
                            Delimiter::Brace => around.inside,
                            Delimiter::None if around.start => place,
                            _ => Place::Code,
                        };
                        out.extend([self.inside(group, inside, &scope)]);
                    }
                    other => {
                        self.routed.import(rest);
                        self.route(rest, &scope);
                        out.extend([other.clone()]);
                    }
                }
                around.pass(token);
                after
            };
        }
        out
    }

    /// A group that is no module.
    fn inside(&mut self, group: &Group, place: Place, scope: &Scope<'_>) -> TokenTree {
        let kind = match (group.delimiter(), place) {
            // What a macro wrapped stands where it stands.
            (Delimiter::None, _) => return self.group(group, place, Some(scope)),
            (_, Place::Items) => Kind::Associated(scope.names()),
            (_, Place::Code) => Kind::Code,
        };
        self.routed.enter(kind, false);
        let tree = self.group(group, place, Some(scope));
        self.routed.leave();
        tree
    }

    /// Whether the attribute belongs on this function. Refuses one that should have said so.
    fn guards(&mut self, function: &Head<'_>, after: &[TokenTree]) -> bool {
        let attributes = function.attributes();
        let ours: Vec<(Word, &Attribute)> = self.ours(&attributes).collect();
        let conditional: Vec<Attribute> = attributes.iter().flat_map(conditional).collect();

        if ours.is_empty()
            && self.ours(&conditional).next().is_none()
            && !attributes.iter().chain(&conditional).any(is_route)
        {
            if self.refuses != Refuses::Nobody && !is_test(&attributes) {
                let renamed = attributes.iter().chain(&conditional).find(|it| is_renamed(it));
                self.without(function, likeness(function, after), renamed);
            }
            return false;
        }

        self.guarded = true;
        self.routed.define(function.name, true);
        if self.word == Word::Public {
            // `#[public]` beside another of ours, under whatever condition, would contradict it.
            ours.is_empty() && self.ours(&conditional).next().is_none()
        } else {
            // An opt-out under a condition does not count: beside ours it becomes an error where the condition holds.
            !ours
                .iter()
                .any(|(word, attribute)| *word == Word::Public || self.is_said_by(*word, attribute))
        }
    }

    /// A function that has neither a route attribute that we know nor one of ours.
    fn without(&mut self, function: &Head<'_>, likeness: Likeness, renamed: Option<&Attribute>) {
        let name = function.name;
        self.routed.define(name, likeness != Likeness::Possible || renamed.is_some());
        if self.refuses != Refuses::Us {
            return;
        }
        let advice = "put `#[require_auth]`, another of these attributes or `#[public]`";
        if let Some(renamed) = renamed {
            let route = compact(&renamed.meta);
            self.refuse(
                &renamed.meta,
                format!(
                    "`#[{route}]` looks like a route attribute under another name, and nothing says who may call `{name}`: write it under its own name, as in `#[get(…)]`, or {advice} below it"
                ),
            );
        } else if likeness == Likeness::Responds {
            self.refuse(
                name,
                format!(
                    "`{name}` looks like a handler, and nothing says who may call it: {advice} on it, or move it out of the module"
                ),
            );
        } else if likeness == Likeness::Extracts {
            self.refuse(
                name,
                format!(
                    "`{name}` takes an extractor as a handler does, and nothing says who may call it: {advice} on it, or take a reference (`&…`) if no route leads to it"
                ),
            );
        }
    }

    /// The tokens above the attribute that is added, and those below.
    ///
    /// It stands at the top, where it finds every route attribute. One under another name it would take for the function's
    /// own, so there it stands below, as the handler's attribute does.
    fn split<'b>(&self, function: &Head<'b>) -> (&'b [TokenTree], &'b [TokenTree]) {
        let all =
            |attribute: &Attribute| [conditional(attribute), vec![attribute.clone()]].concat();
        let routed = function.attributes().iter().flat_map(all).any(|it| is_route(&it));
        function.split_below(|attribute| {
            let renamed = |it: &Attribute| is_renamed(it) && Word::of(it, self.krate).is_none();
            !routed && all(attribute).iter().any(renamed)
        })
    }

    /// Whether a handler's own attribute says everything that the module's does. A second one would be a repetition.
    fn is_said_by(&self, word: Word, attribute: &Attribute) -> bool {
        let theirs = match &attribute.meta {
            Meta::Path(_) => TokenStream::new(),
            Meta::List(list) => list.tokens.clone(),
            Meta::NameValue(_) => return false,
        };
        let (ours, mut theirs) = (arguments(self.arguments.clone()), arguments(theirs));
        let same = theirs == ours || {
            // It says where the handler stands and nothing of who may call it.
            theirs.retain(|argument| argument != &[Setting::InImpl.word()]);
            theirs == ours
        };
        word == self.word && same
    }

    /// `#[::auth_runtime::word(…)]`.
    ///
    /// It has the handler's place, so that what is said of the attribute as a whole (and the line in the policy) is of
    /// the handler; the arguments keep theirs.
    fn attribute(&mut self, handler: Span) -> TokenStream {
        self.added += 1;
        let Self { krate, arguments, .. } = self;
        let word = Ident::new(self.word.word(), Span::call_site());
        let arguments = (!arguments.is_empty()).then(|| quote! { (#arguments) });
        let meta = quote! { #krate::#word #arguments };
        quote_spanned! {handler=> #[#meta] }
    }

    /// A module inside.
    fn nested(&mut self, nested: &Head<'_>, content: &TokenTree, scope: &Scope<'_>) -> TokenTree {
        let attributes = nested.attributes();
        let own: Vec<Word> = self.ours(&attributes).map(|(word, _)| word).collect();
        let refuses = if is_test(&attributes) { Refuses::Nobody } else { self.refuses };

        let TokenTree::Group(group) = content else {
            if refuses == Refuses::Us {
                let (name, attribute) = (nested.name, self.word.word());
                self.refuse(
                    quote! { #name #content },
                    format!(
                        "`#[{attribute}]` cannot see into another file: move `mod {name};` out of this module, and put `#[{attribute}]` on the handlers in its file"
                    ),
                );
            }
            return content.clone();
        };

        let open = own.contains(&Word::Public);
        let apart = open || (self.word == Word::Public && !own.is_empty());
        // A module with an attribute of ours refuses for itself.
        let theirs = !own.is_empty() && refuses == Refuses::Us;
        let outside = (self.refuses, self.added, self.routed.count());
        self.refuses = if theirs { Refuses::Theirs } else { refuses };
        self.guarded |= apart;
        self.routed.enter(Kind::Module(nested.name.clone()), !own.is_empty());
        let with = self.group(group, Place::Items, Some(scope));
        self.routed.leave();
        self.refuses = outside.0;
        if open {
            self.routed.decide_from(outside.2);
        }
        if apart {
            // It was only looked at.
            self.added = outside.1;
            return content.clone();
        }
        with
    }

    /// Refuses `name! { … }` where an item stands: what it makes is not to be seen.
    fn macro_call(&mut self, rest: &[TokenTree]) {
        let Some((names, after)) = path(rest) else { return };
        let [TokenTree::Punct(bang), TokenTree::Group(_), ..] = after else { return };
        let Some(name) = names.last() else { return };
        if bang.as_char() != '!' || *name == "thread_local" || self.refuses != Refuses::Us {
            return;
        }
        let tokens: TokenStream = before(rest, after).iter().cloned().collect();
        let attribute = self.word.word();
        self.refuse(
            tokens,
            format!(
                "`{name}!` may define handlers that `#[{attribute}]` cannot see: move the call out of the module, and put `#[{attribute}]` on the handlers that it defines"
            ),
        );
    }

    /// Looks at what `to(…)` and `.get(…)` route to.
    fn route(&mut self, rest: &[TokenTree], scope: &Scope<'_>) {
        let Some((method, target)) = call(rest) else { return };
        if self.refuses == Refuses::Nobody {
            return;
        }
        if let (Some(closure), Refuses::Us) = (closure(&target), self.refuses) {
            let attribute = self.word.word();
            let otherwise = if method == "to" {
                ""
            } else {
                ", or move it out of the module if it handles no request"
            };
            self.refuse(
                closure,
                format!(
                    "`#[{attribute}]` cannot guard a closure: write the handler as an `async fn`{otherwise}"
                ),
            );
        }
        let Some((path, after)) = path(&target) else { return };
        let whole = match after {
            [] => true,
            [TokenTree::Ident(word), ..] => word == "as",
            _ => false,
        };
        let variable = matches!(path.as_slice(), [name] if scope.binds(name));
        if whole && !variable {
            self.routed.route(&path);
        }
    }

    fn refuse_open(&mut self, name: &Ident, ambiguous: bool) {
        let advice = "put `#[require_auth]`, another of these attributes or `#[public]` on it";
        self.refuse(
            name,
            if ambiguous {
                format!(
                    "a route leads to one of several functions `{name}`, and nothing says who may call this one: {advice}, or write the whole path where the route is made, as in `module::{name}`"
                )
            } else {
                format!(
                    "a route leads to `{name}`, and nothing says who may call it: {advice}, or move it out of the module"
                )
            },
        );
    }

    fn refuse(&mut self, tokens: impl ToTokens, message: String) {
        self.refused = true;
        self.mistakes.at(tokens, message);
    }

    fn ours<'b>(
        &self,
        attributes: &'b [Attribute],
    ) -> impl Iterator<Item = (Word, &'b Attribute)> + use<'a, 'b> {
        let krate = self.krate;
        attributes
            .iter()
            .filter_map(move |attribute| Some((Word::of(attribute, krate)?, attribute)))
    }
}

#[cfg(test)]
mod tests;
