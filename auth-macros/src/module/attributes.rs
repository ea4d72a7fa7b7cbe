//! What the attributes on an item of the module say.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{Attribute, Meta, Token, parse::Parser, punctuated::Punctuated};

/// The attributes that `#[cfg_attr(…)]` would bring.
pub(super) fn conditional(attribute: &Attribute) -> Vec<Attribute> {
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

/// `#[cfg(test)]`: in no server, and so nothing that has to be refused.
pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => false,
    })
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
