//! An attribute on an inline module: puts it on every handler inside, and refuses what could hide one.
//!
//! Bodies stay token trees, as everywhere: this walks over them, knows an item by its first words, and hands on every
//! other token as it was. Where it is unsure it guards or refuses; nothing is left out in silence.

mod tokens;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Attribute, FnArg, GenericArgument, Meta, Path, PathArguments, PathSegment, ReceiverKind,
    ReturnType, Signature, Token, Type, Visibility,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
    visit::{self, Visit},
};

use self::tokens::{
    Head, Place, Surroundings, arguments, before, inner_attribute, macro_definition,
    outer_attribute, path, unwrap_item,
};
use crate::{
    attribute, finish,
    handler::ungroup,
    mistakes::Mistakes,
    stack::Stack,
    vocabulary::{RouteWord, Setting, Vocabulary, Word},
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
    /// What could hide a handler is somebody else's to refuse here, or no server's.
    quiet: bool,
    /// Something was refused.
    refused: bool,
    /// Functions, and modules that speak for themselves, that say who may call them.
    handlers: Vec<Ident>,
    /// Functions that were left alone.
    helpers: Vec<Ident>,
    /// `h` of every `.to(h)`.
    routed: Vec<Ident>,
    /// How many attributes were added.
    added: usize,
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
            quiet: false,
            refused: false,
            handlers: Vec::new(),
            helpers: Vec::new(),
            routed: Vec::new(),
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
        let content = self.group(group, Place::Items);

        let helpers = std::mem::take(&mut self.helpers);
        for helper in helpers {
            // A name may stand in several modules: if one of them is guarded, that one may be meant.
            if self.routed.contains(&helper) && !self.handlers.contains(&helper) {
                self.refuse_undecided(&helper);
            }
        }
        if self.handlers.is_empty() && !self.refused {
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
    fn group(&mut self, group: &Group, place: Place) -> TokenTree {
        let before = self.added;
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let stream = self.tokens(&tokens, place);
        if self.added == before {
            // A group made anew would lose the places of its two delimiters.
            return group.clone().into();
        }
        let mut with = Group::new(group.delimiter(), stream);
        with.set_span(group.span());
        with.into()
    }

    fn tokens(&mut self, mut rest: &[TokenTree], place: Place) -> TokenStream {
        let mut out = TokenStream::new();
        let mut around = Surroundings::default();
        while let [token, after @ ..] = rest {
            if let Some(unwrapped) = unwrap_item(rest) {
                out.extend(self.tokens(&unwrapped, place));
                return out;
            }
            rest = if let Some((function, after)) = Head::function(rest) {
                if self.guards(&function, after) {
                    out.extend(self.attribute(function.name.span()));
                }
                around.enter(Place::Code);
                out.extend(function.tokens.iter().cloned());
                after
            } else if let Some((nested, content, after)) = Head::module(rest) {
                out.extend(nested.tokens.iter().cloned());
                out.extend([self.nested(&nested, content)]);
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
                        out.extend([self.group(group, inside)]);
                    }
                    other => {
                        self.route(rest);
                        out.extend([other.clone()]);
                    }
                }
                around.pass(token);
                after
            };
        }
        out
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
            if !self.quiet && !is_test(&attributes) {
                if looks_like_a_handler(function, after) {
                    self.refuse_undecided(function.name);
                } else {
                    self.helpers.push(function.name.clone());
                }
            }
            return false;
        }

        self.handlers.push(function.name.clone());
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
    fn nested(&mut self, nested: &Head<'_>, content: &TokenTree) -> TokenTree {
        let attributes = nested.attributes();
        let own: Vec<Word> = self.ours(&attributes).map(|(word, _)| word).collect();
        let quiet = self.quiet || is_test(&attributes);

        let TokenTree::Group(group) = content else {
            if !quiet {
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

        if own.contains(&Word::Public) || (self.word == Word::Public && !own.is_empty()) {
            self.handlers.push(nested.name.clone());
            return content.clone();
        }
        // A module with an attribute of ours refuses for itself.
        let outside = std::mem::replace(&mut self.quiet, quiet || !own.is_empty());
        let content = self.group(group, Place::Items);
        self.quiet = outside;
        content
    }

    /// Refuses `name! { … }` where an item stands: what it makes is not to be seen.
    fn macro_call(&mut self, rest: &[TokenTree]) {
        let Some((name, after)) = path(rest) else { return };
        let [TokenTree::Punct(bang), TokenTree::Group(_), ..] = after else { return };
        if bang.as_char() != '!' || name == "thread_local" || self.quiet {
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

    /// Looks at what `.to(…)` routes to.
    fn route(&mut self, rest: &[TokenTree]) {
        let [TokenTree::Ident(to), TokenTree::Group(group), ..] = rest else { return };
        if to != "to" || group.delimiter() != Delimiter::Parenthesis || self.quiet {
            return;
        }
        let target: Vec<TokenTree> = ungroup(group.stream()).into_iter().collect();
        if let Some(closure) = closure(&target) {
            let attribute = self.word.word();
            self.refuse(
                closure,
                format!(
                    "`#[{attribute}]` cannot guard a closure: write the handler as an `async fn`"
                ),
            );
        }
        if let Some((name, [])) = path(&target) {
            self.routed.push(name.clone());
        }
    }

    fn refuse_undecided(&mut self, name: &Ident) {
        self.refuse(
            name,
            format!(
                "`{name}` looks like a handler, and nothing says who may call it: put `#[require_auth]`, another of these attributes or `#[public]` on it, or move it out of the module"
            ),
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

/// The attributes that `#[cfg_attr(…)]` would bring.
fn conditional(attribute: &Attribute) -> Vec<Attribute> {
    let Meta::List(list) = &attribute.meta else { return Vec::new() };
    if !list.path.is_ident("cfg_attr") {
        return Vec::new();
    }
    let brought =
        list.tokens.clone().into_iter().skip_while(
            |token| !matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','),
        );
    let metas = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(brought.skip(1).collect());
    let attributes = metas.into_iter().flatten().map(|meta| Attribute {
        pound_token: attribute.pound_token,
        style: attribute.style,
        bracket_token: attribute.bracket_token,
        meta,
    });
    attributes.flat_map(|inner| [conditional(&inner), vec![inner]].concat()).collect()
}

fn is_route(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|last| RouteWord::find(&last.ident.to_string()).is_some())
}

/// `#[cfg(test)]`: in no server, and so nothing that has to be refused.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => false,
    })
}

/// Whether a function without any attribute of ours or of a route can only be meant as a handler.
fn looks_like_a_handler(function: &Head<'_>, after: &[TokenTree]) -> bool {
    let mut around = Surroundings::default();
    around.enter(Place::Code);
    let ends = |token: &TokenTree| {
        around.pass(token);
        around.start
    };
    let end = after.iter().position(ends).unwrap_or(after.len());
    if let Some(TokenTree::Punct(_)) = after.get(end) {
        // A trait only declares it; what can be called stands in an `impl`.
        return false;
    }
    let signature = before(function.words, after).iter().chain(after.iter().take(end));
    let signature: TokenStream = signature.cloned().collect();
    let Ok(Signature { asyncness, inputs, output, .. }) = syn::parse2(signature) else {
        // Newer Rust than ours: better refused than left out.
        return after.iter().take(end).cloned().any(mentions_response);
    };
    let mut returns = Returns::default();
    if let ReturnType::Type(_, ty) = &output {
        returns.visit_type(ty);
    }
    returns.response && (asyncness.is_some() || returns.future) && !inputs.iter().any(is_borrowed)
}

/// No extractor is a reference, so a function that takes one is no handler.
fn is_borrowed(argument: &FnArg) -> bool {
    match argument {
        FnArg::Receiver(receiver) => matches!(receiver.kind, ReceiverKind::Reference(..)),
        FnArg::Typed(argument) => matches!(&*argument.ty, Type::Reference(_)),
    }
}

/// What stands in a return type.
#[derive(Default)]
struct Returns {
    response: bool,
    future: bool,
}

impl<'a> Visit<'a> for Returns {
    fn visit_path_segment(&mut self, segment: &'a PathSegment) {
        let name = segment.ident.to_string();
        self.response |= is_response(&segment.ident);
        self.future |= name.ends_with("Future");
        match &segment.arguments {
            // An error that is a response is how helpers leave early; what they return is what counts.
            PathArguments::AngleBracketed(arguments) if name == "Result" => {
                if let Some(GenericArgument::Type(ok)) = arguments.args.first() {
                    self.visit_type(ok);
                }
            }
            _ => visit::visit_path_segment(self, segment),
        }
    }
}

fn is_response(name: &Ident) -> bool {
    ["Responder", "HttpResponse", "HttpResponseBuilder"].iter().any(|known| name == known)
}

fn mentions_response(token: TokenTree) -> bool {
    match token {
        TokenTree::Ident(name) => is_response(&name),
        TokenTree::Group(group) => group.stream().into_iter().any(mentions_response),
        _ => false,
    }
}

/// The first token of a closure, if it is one.
fn closure(tokens: &[TokenTree]) -> Option<&TokenTree> {
    let first = tokens.iter().find(|token| match token {
        TokenTree::Ident(word) => !["async", "move", "static"].iter().any(|known| word == known),
        _ => true,
    });
    match first {
        Some(TokenTree::Punct(punct)) if punct.as_char() == '|' => tokens.first(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
