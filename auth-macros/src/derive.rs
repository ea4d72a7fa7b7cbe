//! `#[derive(Role)]` and `#[derive(Scope)]`: an enum, each variant of which is the name of a role or scope.

mod case;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Data, DataEnum, DataStruct, DataUnion, DeriveInput, Error, Expr, ExprAssign,
    ExprLit, ExprPath, Fields, Generics, Ident, Lit, LitStr, Meta, Path, Token, Variant,
    ext::IdentExt, punctuated::Punctuated,
};

use crate::{
    attribute::ungroup,
    mistakes::Mistakes,
    name::forbidden,
    stack,
    vocabulary::{EnumOption, RenameRule, VariantOption, Vocabulary},
};

/// Which of the two it is.
#[derive(Clone, Copy)]
pub(crate) enum Derive {
    Role,
    Scope,
}

impl Derive {
    fn word(self) -> &'static str {
        match self {
            Self::Role => "Role",
            Self::Scope => "Scope",
        }
    }

    /// What a variant names. The helper attribute is called the same.
    fn noun(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Scope => "scope",
        }
    }

    /// The trait and its method.
    fn names(self) -> (TokenStream, TokenStream) {
        match self {
            Self::Role => (quote! { RoleName }, quote! { role_name }),
            Self::Scope => (quote! { ScopeName }, quote! { scope_name }),
        }
    }
}

/// What the programmer wrote → tokens. Where there are mistakes, the same impls stand beside the errors, so that
/// whoever uses the enum does not hear of it a second time.
pub(crate) fn derive(derive: Derive, item: TokenStream) -> TokenStream {
    let item = match syn::parse2::<DeriveInput>(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let mistakes = Mistakes::new();

    let options = EnumOptions::parse(derive, &item.attrs, &mistakes);
    let rule = options.rename_all.0.unwrap_or(RenameRule::Snake);
    let krate = options.krate.0.unwrap_or_else(stack::default_crate);
    let named = match &item.data {
        Data::Enum(DataEnum { variants, .. }) => {
            no_generics(derive, &item, &mistakes);
            if variants.is_empty() {
                let (enumeration, noun) = (&item.ident, derive.noun());
                mistakes.at(
                    enumeration,
                    format!("`{enumeration}` has no variants: write one for each {noun}"),
                );
            }
            named(derive, rule, variants, &mistakes)
        }
        Data::Struct(DataStruct { struct_token, .. }) => {
            not_an_enum(derive, struct_token, &mistakes)
        }
        Data::Union(DataUnion { union_token, .. }) => not_an_enum(derive, union_token, &mistakes),
    };

    match mistakes.check() {
        Ok(()) => {
            let arms =
                named.iter().map(|Named { variant, name, .. }| quote! { Self::#variant => #name });
            implement(derive, &item, &krate, &quote! { match self { #(#arms,)* } })
        }
        Err(errors) => {
            // Never called: this does not compile. But it has the right type, whatever the item is.
            let implementation = implement(derive, &item, &krate, &quote! { "" });
            quote! { #errors #implementation }
        }
    }
}

/// `name` and the trait. No lint is allowed or expected here: a crate may forbid what it likes.
fn implement(derive: Derive, item: &DeriveInput, krate: &Path, body: &TokenStream) -> TokenStream {
    let DeriveInput { vis, ident, generics, .. } = item;
    // With the user's own span, `#[deprecated]` on the enum would warn about the derive.
    let mut ident = ident.clone();
    ident.set_span(ident.span().resolved_at(Span::call_site()));
    let (parameters, arguments, conditions) = generics.split_for_impl();
    let private = quote! { #krate::__private };
    let (implemented, method) = derive.names();
    let document = format!(" The name of this {}, as tokens hold it.", derive.noun());
    quote! {
        #[automatically_derived]
        impl #parameters #ident #arguments #conditions {
            #[doc = #document]
            #[must_use]
            #vis const fn name(&self) -> &'static #private::str {
                #body
            }
        }

        #[automatically_derived]
        impl #parameters #private::#implemented for #ident #arguments #conditions {
            fn #method(&self) -> &#private::str {
                self.name()
            }
        }
    }
}

/// A variant and its name.
struct Named<'a> {
    variant: &'a Ident,
    name: String,
    /// Where `rename` says so.
    renamed: Option<LitStr>,
}

fn named<'a>(
    derive: Derive,
    rule: RenameRule,
    variants: impl IntoIterator<Item = &'a Variant>,
    mistakes: &Mistakes,
) -> Vec<Named<'a>> {
    let (noun, mut all) = (derive.noun(), Vec::<Named<'_>>::new());
    for variant in variants {
        let Some(named) = Named::new(derive, rule, variant, mistakes) else { continue };
        let Named { variant, name, .. } = &named;
        let same = all.iter().find(|other| other.name == *name);
        if let Some(problem) = problem(noun, name) {
            mistakes.at(
                named.word(),
                match &named.renamed {
                    Some(_) => problem,
                    None => {
                        format!("{problem}; write `#[{noun}(rename = \"…\")]` above `{variant}`")
                    }
                },
            );
        } else if let Some(Named { variant: other, .. }) = same {
            mistakes.at(
                named.word(),
                format!(
                    "`{other}` and `{variant}` are both named `{name}`: write `#[{noun}(rename = \"…\")]` with another name above one of them"
                ),
            );
        }
        all.push(named);
    }
    all
}

impl<'a> Named<'a> {
    /// The name of one variant, or `None` if what the user says about it was not understood.
    fn new(
        derive: Derive,
        rule: RenameRule,
        variant: &'a Variant,
        mistakes: &Mistakes,
    ) -> Option<Self> {
        let Variant { attrs, ident, fields, discriminant: _ } = variant;
        if !matches!(fields, Fields::Unit) {
            let noun = derive.noun();
            mistakes.at(fields, format!("a {noun} is a name without data: write `{ident}` alone"));
        }

        let mut rename = Slot::default();
        let mut understood = true;
        for given in options::<VariantOption>(derive, "a variant", attrs, mistakes) {
            match given.option {
                VariantOption::Rename => match given.text("docs:write", mistakes) {
                    Some(name) => rename.set(name, &given, mistakes),
                    None => understood = false,
                },
            }
        }
        let Slot(renamed) = rename;
        let name = match &renamed {
            Some(name) => name.value(),
            None => rule.apply(&ident.unraw().to_string()),
        };
        understood.then_some(Self { variant: ident, name, renamed })
    }

    /// What the user wrote that makes the name.
    fn word(&self) -> &dyn ToTokens {
        match &self.renamed {
            Some(literal) => literal,
            None => self.variant,
        }
    }
}

/// Why a name could never be met, if so.
fn problem(noun: &str, name: &str) -> Option<String> {
    let parts: Vec<String> = name.split_whitespace().map(|part| format!("`{part}`")).collect();
    match parts.as_slice() {
        // White space alone is no name either.
        [] => forbidden(noun, ""),
        [_] => forbidden(noun, name),
        // In an attribute these would be several names. Here there is one for each variant.
        several => Some(format!(
            "a {noun} has no white space: write a variant for each of {}",
            several.join(", ")
        )),
    }
}

fn no_generics(derive: Derive, item: &DeriveInput, mistakes: &Mistakes) {
    let DeriveInput { ident, generics, .. } = item;
    let Generics { lt_token: _, params, gt_token: _, where_clause } = generics;
    let written =
        if params.is_empty() { where_clause.to_token_stream() } else { generics.to_token_stream() };
    if !written.is_empty() {
        let noun = derive.noun();
        mistakes.at(
            written,
            format!("a {noun} is a name without types: write `{ident}` without generics"),
        );
    }
}

fn not_an_enum<'a>(derive: Derive, keyword: impl ToTokens, mistakes: &Mistakes) -> Vec<Named<'a>> {
    let (word, noun) = (derive.word(), derive.noun());
    let written = keyword.to_token_stream();
    mistakes.at(
        keyword,
        format!(
            "`#[derive({word})]` names the variants of an `enum`, and this is a `{written}`: write an `enum` with a variant for each {noun}"
        ),
    );
    Vec::new()
}

/// What stands on the enum.
#[derive(Default)]
struct EnumOptions {
    rename_all: Slot<RenameRule>,
    krate: Slot<Path>,
}

impl EnumOptions {
    fn parse(derive: Derive, attributes: &[Attribute], mistakes: &Mistakes) -> Self {
        let mut found = Self::default();
        for given in options::<EnumOption>(derive, "an enum", attributes, mistakes) {
            match given.option {
                EnumOption::RenameAll => {
                    if let Some(rule) = given.rule(mistakes) {
                        found.rename_all.set(rule, &given, mistakes);
                    }
                }
                EnumOption::Crate => match &given.value {
                    Expr::Path(ExprPath { qself: None, path, .. }) => {
                        found.krate.set(path.clone(), &given, mistakes);
                    }
                    other => mistakes.at(other, "expected a path: write `crate = ::auth_runtime`"),
                },
            }
        }
        found
    }
}

/// An option that can be given once.
struct Slot<T>(Option<T>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Slot<T> {
    fn set<V: Vocabulary>(&mut self, value: T, given: &Given<V>, mistakes: &Mistakes) {
        if self.0.replace(value).is_some() {
            mistakes.at(&given.key, format!("`{}` is given twice", given.option.word()));
        }
    }
}

/// `key = value`, where the key is one we know.
struct Given<V> {
    option: V,
    key: ExprPath,
    value: Expr,
}

impl<V: Vocabulary> Given<V> {
    /// The value as a string literal. `such_as` is one.
    fn text(&self, such_as: &str, mistakes: &Mistakes) -> Option<LitStr> {
        let option = self.option.word();
        let message = match &self.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => return Some(text.clone()),
            Expr::Path(path) if path.path.get_ident().is_some() => {
                let bare = path.to_token_stream();
                format!("`{option}` takes text in quotes: write `{option} = \"{bare}\"`")
            }
            _ => {
                format!("`{option}` takes text in quotes, such as `{option} = \"{such_as}\"`")
            }
        };
        mistakes.at(&self.value, message);
        None
    }

    /// The value as the name of a rule.
    fn rule(&self, mistakes: &Mistakes) -> Option<RenameRule> {
        let text = self.text(RenameRule::Kebab.word(), mistakes)?;
        let name = text.value();
        let rule = RenameRule::find(&name);
        if rule.is_none() {
            mistakes.at(
                text,
                format!(
                    "unknown rule `{name}` of `{}`: expected {}{}",
                    self.option.word(),
                    RenameRule::expected(),
                    RenameRule::did_you_mean(&name)
                ),
            );
        }
        rule
    }
}

/// What `#[role(…)]` or `#[scope(…)]` says in one place, in however many attributes.
fn options<V: Vocabulary>(
    derive: Derive,
    place: &str,
    attributes: &[Attribute],
    mistakes: &Mistakes,
) -> Vec<Given<V>> {
    let (noun, expected) = (derive.noun(), V::expected());
    let mut found = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(noun)) {
        let Meta::List(list) = &attribute.meta else {
            mistakes.at(
                &attribute.meta,
                format!("`#[{noun}]` says how to name: write `#[{noun}(…)]` with {expected}"),
            );
            continue;
        };
        match list.parse_args_with(Punctuated::<Expr, Token![,]>::parse_terminated) {
            Ok(arguments) => found.extend(
                arguments
                    .into_iter()
                    .filter_map(|argument| option(noun, place, argument, mistakes)),
            ),
            Err(error) => mistakes.push(Error::new(
                error.span(),
                format!("{error} (in `#[{noun}(…)]`: expected {expected})"),
            )),
        }
    }
    found
}

fn option<V: Vocabulary>(
    noun: &str,
    place: &str,
    argument: Expr,
    mistakes: &Mistakes,
) -> Option<Given<V>> {
    let (key, value) = match ungroup(argument) {
        Expr::Assign(ExprAssign { left, right, .. }) => (ungroup(*left), Some(ungroup(*right))),
        other => (other, None),
    };
    let Expr::Path(key) = key else {
        mistakes.at(key, format!("expected {} in `#[{noun}(…)]` on {place}", V::expected()));
        return None;
    };
    let name = key.to_token_stream().to_string().replace(' ', "");
    match (V::find(&name), value) {
        (Some(option), Some(value)) => Some(Given { option, key, value }),
        (Some(option), None) => {
            mistakes.at(key, format!("`{name}` needs a value: write `{}`", option.usage()));
            None
        }
        (None, _) => {
            mistakes.at(
                key,
                format!(
                    "unknown option `{name}` of `#[{noun}]` on {place}: expected {}{}",
                    V::expected(),
                    V::did_you_mean(&name)
                ),
            );
            None
        }
    }
}

#[cfg(test)]
mod tests;
