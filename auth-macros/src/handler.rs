//! Takes the annotated function apart, and says why it cannot be guarded.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Attribute, FnArg, Generics, Ident, PatType, ReturnType, Safety, Signature, Type, Visibility,
    parse::{Parse, ParseStream},
    visit::Visit,
};

use crate::{
    mistakes::Mistakes,
    vocabulary::{Vocabulary, Word},
};

/// actix-web implements `Handler` and `FromRequest` for tuples up to this size.
const MOST_ARGUMENTS: usize = 16;

/// The annotated function. The body stays a token tree: only rustc reads it, so its errors are rustc's own.
pub(crate) struct Handler {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: TokenTree,
}

impl Parse for Handler {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let handler = Self {
            attributes: input.call(Attribute::parse_outer)?,
            visibility: input.parse()?,
            signature: input.parse()?,
            body: input.parse()?,
        };
        match &handler.body {
            TokenTree::Group(group)
                if matches!(group.delimiter(), Delimiter::Brace | Delimiter::None) =>
            {
                Ok(handler)
            }
            other => {
                Err(syn::Error::new(other.span(), "expected the body of the function: `{ … }`"))
            }
        }
    }
}

impl ToTokens for Handler {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, visibility, signature, body } = self;
        for attribute in attributes {
            attribute.to_tokens(tokens);
        }
        visibility.to_tokens(tokens);
        signature.to_tokens(tokens);
        body.to_tokens(tokens);
    }
}

/// What expansion needs of a function that can be guarded.
pub(crate) struct Shape<'a> {
    pub(crate) name: &'a Ident,
    pub(crate) generics: &'a Generics,
    pub(crate) arguments: Vec<&'a PatType>,
    /// `None` where the type cannot be named (`impl Responder`).
    pub(crate) returns: Option<&'a Type>,
    /// Whether `Self` stands in it, so that it must stay directly inside its `impl`.
    pub(crate) mentions_self: bool,
}

impl Handler {
    /// Reports everything that keeps this function from being guarded.
    pub(crate) fn shape(&self, word: Word, mistakes: &Mistakes) -> Option<Shape<'_>> {
        let attribute = word.word();
        // Field by field: a part that a later version of Rust adds must be thought about here.
        let Signature {
            constness,
            asyncness,
            safety,
            abi,
            fn_token,
            ident,
            generics,
            paren_token: _,
            inputs,
            variadic,
            output,
        } = &self.signature;
        let mut fits = true;
        let mut refuse = |tokens: &dyn ToTokens, message: String| {
            mistakes.at(tokens.to_token_stream(), message);
            fits = false;
        };

        if asyncness.is_none() {
            refuse(
                fn_token,
                format!("`#[{attribute}]` guards an `async fn`: write `async fn {ident}`"),
            );
        }
        if let Some(constness) = constness {
            refuse(constness, "a handler cannot be `const`: remove it".to_owned());
        }
        if !matches!(safety, Safety::Default) {
            refuse(
                safety,
                "a handler cannot be `unsafe`: actix-web calls it from safe code".to_owned(),
            );
        }
        if let Some(abi) = abi {
            refuse(abi, "a handler cannot be `extern`: remove it".to_owned());
        }
        if let Some(variadic) = variadic {
            refuse(variadic, "a handler cannot be variadic".to_owned());
        }

        let mut arguments = Vec::new();
        for input in inputs {
            match input {
                FnArg::Receiver(receiver) => refuse(
                    receiver,
                    "a handler has no `self`: take shared state as `web::Data<…>`".to_owned(),
                ),
                FnArg::Typed(argument) => {
                    if let Some(hidden) = find_impl_trait(&argument.ty) {
                        refuse(
                            hidden,
                            "the type of a handler's argument must be named: declare a type parameter instead of `impl Trait`"
                                .to_owned(),
                        );
                    }
                    arguments.push(argument);
                }
            }
        }
        // Arguments under `#[cfg]` may go away; rustc says so itself if they do not.
        let certain = arguments.iter().filter(|argument| !has_cfg(&argument.attrs)).count();
        if certain > MOST_ARGUMENTS {
            refuse(
                inputs,
                format!(
                    "a handler takes at most {MOST_ARGUMENTS} arguments, this one {certain}: group extractors in a tuple, `(a, b): (A, B)`"
                ),
            );
        }

        let returns = match output {
            ReturnType::Default => {
                refuse(
                    ident,
                    format!(
                        "`{ident}` returns nothing that could be a response: add `-> impl Responder`"
                    ),
                );
                None
            }
            ReturnType::Type(_, ty) => find_impl_trait(ty).is_none().then_some(&**ty),
        };

        let mentions_self = contains_self(self.signature.to_token_stream())
            || mentions_self(self.body.to_token_stream());
        fits.then_some(Shape { name: ident, generics, arguments, returns, mentions_self })
    }
}

pub(crate) fn cfgs(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"))
}

fn has_cfg(attributes: &[Attribute]) -> bool {
    cfgs(attributes).next().is_some()
}

/// The first `impl Trait` inside a type.
fn find_impl_trait(ty: &Type) -> Option<&syn::TypeImplTrait> {
    struct Finder<'a>(Option<&'a syn::TypeImplTrait>);
    impl<'a> Visit<'a> for Finder<'a> {
        fn visit_type_impl_trait(&mut self, found: &'a syn::TypeImplTrait) {
            self.0.get_or_insert(found);
        }
    }
    let mut finder = Finder(None);
    finder.visit_type(ty);
    finder.0
}

/// Whether `Self` stands anywhere in the signature.
fn contains_self(signature: TokenStream) -> bool {
    signature.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == "Self",
        TokenTree::Group(group) => contains_self(group.stream()),
        _ => false,
    })
}

/// Whether `Self` stands in the body and means the `impl` around the function.
///
/// A nested item has a `Self` of its own (or none), so its header and body are passed over.
fn mentions_self(body: TokenStream) -> bool {
    let mut tokens = body.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "Self" => return true,
            TokenTree::Ident(word) => {
                let named = matches!(tokens.peek(), Some(TokenTree::Ident(_)));
                let item = match word.to_string().as_str() {
                    "impl" => true,
                    // `fn(…)` is a type and `union` may be a variable; an item has a name.
                    "fn" | "trait" | "struct" | "enum" | "union" | "mod" => named,
                    _ => false,
                };
                if item {
                    pass_over_item(&mut tokens);
                }
            }
            TokenTree::Group(group) if mentions_self(group.stream()) => return true,
            _ => {}
        }
    }
    false
}

fn pass_over_item(tokens: &mut impl Iterator<Item = TokenTree>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
            TokenTree::Punct(punct) if punct.as_char() == ';' => return,
            _ => {}
        }
    }
}

/// `macro_rules` hands an `$item:item` over inside an invisible group.
pub(crate) fn ungroup(tokens: TokenStream) -> TokenStream {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::None => {
            ungroup(Group::stream(&group))
        }
        _ => tokens,
    }
}
