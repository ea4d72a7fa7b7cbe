//! `when(…)`: an expression over the handler's arguments.
//!
//! It is evaluated after extraction and before the handler is called, so it sees the arguments by reference. The names
//! mean what they mean in the handler all the same: each is written as the place it refers to, `doc` as `(*doc)`.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{
    Expr, ExprPath, FieldValue, Pat, PatIdent, PatType, parse_quote_spanned,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

use crate::{
    handler::cfgs,
    mistakes::Mistakes,
    rule::{Leaf, Rule},
    vocabulary::near,
};

/// How many a handler may have: the runtime keeps their answers in one word.
const MOST_CONDITIONS: usize = 64;

/// Reports what is wrong with the conditions of a handler.
pub(crate) fn check(rule: &Rule, arguments: &[&PatType], mistakes: &Mistakes) {
    let conditions = of(rule);
    if let Some(beyond) = conditions.get(MOST_CONDITIONS) {
        mistakes.at(beyond, format!("a handler has at most {MOST_CONDITIONS} conditions: combine some inside one `when(…)`"));
        return;
    }
    let names = Names::of(arguments);
    for condition in conditions {
        let mut finder = Finder { names: &names, bound: BTreeSet::new(), problems: Vec::new() };
        finder.bound = bound_inside(condition);
        finder.visit_expr(condition);
        for name in &finder.bound {
            if names.0.contains(name) {
                finder.problems.push((
                    name.clone(),
                    format!("`{name}` is an argument of the handler and bound again inside `when(…)`: give one of them another name"),
                ));
            }
        }
        for (name, problem) in finder.problems {
            mistakes.at(name, problem);
        }
    }
}

/// The conditions of a rule, in the order of their indices.
pub(crate) fn of(rule: &Rule) -> Vec<&Expr> {
    rule.leaves()
        .into_iter()
        .filter_map(|leaf| match leaf {
            Leaf::When(expression) => Some(expression),
            _ => None,
        })
        .collect()
}

/// The conditions, each as one arm: `0u8 => doc.owner == identity.subject(),`.
pub(crate) fn arms(rule: &Rule, arguments: &[&PatType]) -> TokenStream {
    let names = Names::of(arguments);
    let arms = of(rule).into_iter().enumerate().map(|(index, condition)| {
        let mut condition = condition.clone();
        Places { names: &names }.visit_expr_mut(&mut condition);
        let index = u8::try_from(index).unwrap_or(u8::MAX);
        quote! { #index => #condition, }
    });
    quote! { #(#arms)* }
}

/// The arguments by reference: those that a condition mentions under the user's own pattern.
pub(crate) fn parameters(rule: &Rule, arguments: &[&PatType]) -> TokenStream {
    let mut mentioned = BTreeSet::new();
    for condition in of(rule) {
        mentions(quote!(#condition), &mut mentioned);
    }
    let parameters = arguments.iter().map(|argument| {
        let cfgs = cfgs(&argument.attrs);
        let ty = &argument.ty;
        let mut pattern = (*argument.pat).clone();
        let names = Names::of(&[argument]);
        if names.0.iter().any(|name| mentioned.contains(&name.to_string())) {
            ByReference.visit_pat_mut(&mut pattern);
            quote! { #(#cfgs)* #pattern: &#ty }
        } else {
            quote! { #(#cfgs)* _: &#ty }
        }
    });
    quote! { #(#parameters),* }
}

/// Where the user's tokens say `identity`, if they do: the name has to be theirs, whichever macro wrote it.
pub(crate) fn identity(rule: &Rule) -> Option<Ident> {
    of(rule).into_iter().find_map(|condition| find(quote!(#condition), "identity"))
}

/// Where a condition says `Self`, if one does: then it has to stand directly in its `impl`.
pub(crate) fn mention_of_self(rule: &Rule) -> Option<Ident> {
    of(rule).into_iter().find_map(|condition| find(quote!(#condition), "Self"))
}

/// Whether an argument is called `identity`.
pub(crate) fn names_identity(arguments: &[&PatType]) -> bool {
    Names::of(arguments).0.iter().any(|name| name == "identity")
}

fn find(tokens: TokenStream, wanted: &str) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        proc_macro2::TokenTree::Ident(ident) if ident == wanted => Some(ident),
        proc_macro2::TokenTree::Group(group) => find(group.stream(), wanted),
        _ => None,
    })
}

/// Every word that stands in these tokens, macros included.
fn mentions(tokens: TokenStream, words: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            proc_macro2::TokenTree::Ident(ident) => drop(words.insert(ident.to_string())),
            proc_macro2::TokenTree::Group(group) => mentions(group.stream(), words),
            // `format!("{doc}")`
            proc_macro2::TokenTree::Literal(literal) => {
                let text = literal.to_string();
                words.extend(
                    text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned),
                );
            }
            proc_macro2::TokenTree::Punct(_) => {}
        }
    }
}

/// The names that patterns bind.
struct Names(BTreeSet<Ident>);

impl Names {
    fn of(arguments: &[&PatType]) -> Self {
        let mut names = Bound(BTreeSet::new());
        for argument in arguments {
            names.visit_pat(&argument.pat);
        }
        Self(names.0)
    }
}

struct Bound(BTreeSet<Ident>);

impl<'a> Visit<'a> for Bound {
    fn visit_pat_ident(&mut self, pattern: &'a PatIdent) {
        // `None` in a pattern is no name.
        if pattern.ident.to_string().starts_with(|first: char| !first.is_uppercase()) {
            self.0.insert(pattern.ident.clone());
        }
        visit::visit_pat_ident(self, pattern);
    }
}

/// What closures, `let`s and arms inside an expression bind.
fn bound_inside(expression: &Expr) -> BTreeSet<Ident> {
    let mut bound = Bound(BTreeSet::new());
    bound.visit_expr(expression);
    bound.0
}

/// Looks for names that can only be meant as arguments, and are none.
struct Finder<'a> {
    names: &'a Names,
    bound: BTreeSet<Ident>,
    problems: Vec<(Ident, String)>,
}

impl Finder<'_> {
    /// The operand of a `.`, an operator or an index is a value: no function or type is used like that.
    fn value(&mut self, expression: &Expr) {
        let Some(name) = plain(expression) else { return };
        let text = name.to_string();
        let known = self.names.0.contains(name) || self.bound.contains(name) || text == "identity";
        if known || !text.starts_with(|first: char| first.is_lowercase() || first == '_') {
            return;
        }
        let mut known: Vec<String> = self.names.0.iter().map(ToString::to_string).collect();
        if !known.contains(&"identity".to_owned()) {
            known.push("identity".to_owned());
        }
        let suggestion = near(&text, known.iter().map(String::as_str));
        let list = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        self.problems.push((
            name.clone(),
            format!("`{text}` is no argument of this handler: `when(…)` sees {list}{suggestion}"),
        ));
    }
}

impl<'a> Visit<'a> for Finder<'_> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Field(field) => self.value(&field.base),
            Expr::MethodCall(call) => self.value(&call.receiver),
            Expr::Index(index) => self.value(&index.expr),
            Expr::Unary(unary) => self.value(&unary.expr),
            Expr::Reference(reference) => self.value(&reference.expr),
            Expr::Binary(binary) => {
                self.value(&binary.left);
                self.value(&binary.right);
            }
            _ => {}
        }
        visit::visit_expr(self, expression);
    }
}

/// A name that stands alone.
fn plain(expression: &Expr) -> Option<&Ident> {
    match expression {
        Expr::Path(ExprPath { qself: None, path, .. }) => {
            path.get_ident().filter(|name| *name != "self" && *name != "Self")
        }
        Expr::Group(group) => plain(&group.expr),
        Expr::Paren(paren) => plain(&paren.expr),
        _ => None,
    }
}

/// Writes arguments as the places they refer to.
struct Places<'a> {
    names: &'a Names,
}

impl VisitMut for Places<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if let Expr::Path(_) = expression
            && let Some(name) = plain(expression)
            && self.names.0.contains(name)
        {
            let name = name.clone();
            let span = name.span().resolved_at(proc_macro2::Span::mixed_site());
            *expression = parse_quote_spanned! {span=> (*#name) };
            return;
        }
        visit_mut::visit_expr_mut(self, expression);
    }

    fn visit_field_value_mut(&mut self, field: &mut FieldValue) {
        // `Page { number }` is short for `Page { number: number }`, and a place is no name.
        if field.colon_token.is_none()
            && plain(&field.expr).is_some_and(|name| self.names.0.contains(name))
        {
            field.colon_token = Some(syn::Token![:](proc_macro2::Span::mixed_site()));
        }
        visit_mut::visit_field_value_mut(self, field);
    }
}

/// A pattern for a reference: what it binds is a reference already, and is not changed.
struct ByReference;

impl VisitMut for ByReference {
    fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
        pattern.by_ref = None;
        pattern.mutability = None;
        visit_mut::visit_pat_ident_mut(self, pattern);
    }

    fn visit_pat_mut(&mut self, pattern: &mut Pat) {
        visit_mut::visit_pat_mut(self, pattern);
    }
}
