//! What is a variable at a place in the module. A function of the same name is not meant there.

use proc_macro2::{Delimiter, Ident, TokenTree};

use super::tokens::{after_colons, before};

/// The groups around a place, from the inside.
pub(super) struct Scope<'a> {
    pub(super) outer: Option<&'a Scope<'a>>,
    /// What stands before the place, in the same group.
    pub(super) before: &'a [TokenTree],
}

impl<'a> Scope<'a> {
    /// Whether `name` is a variable or an argument here.
    pub(super) fn binds(&self, name: &Ident) -> bool {
        let head = self.head();
        if let Some(function) = function(head) {
            // It does not see the variables around it.
            return function.iter().any(|token| takes(token, name));
        }
        // A variable is not there yet where it gets its value, as in `let list = resource.get(list);`.
        let statement = after_last(self.before, |token| is_punct(token, ';'));
        let done = before(self.before, statement);
        let mut declared = lets(done).filter(|(conditional, _)| !conditional);
        let mut conditions = lets(head).filter(|(conditional, _)| *conditional);
        declared.any(|(_, rest)| mentions(pattern(rest), name))
            || conditions.any(|(_, rest)| mentions(pattern(rest), name))
            || loops_over(head, name)
            || is_matched(head, name)
            || is_taken(statement, name)
            || self.outer.is_some_and(|outer| outer.binds(name))
    }

    /// The names in how the item begins whose braces stand here.
    pub(super) fn names(&self) -> Vec<Ident> {
        let names = self.head().iter().filter_map(|token| match token {
            TokenTree::Ident(name) => Some(name.clone()),
            _ => None,
        });
        names.collect()
    }

    /// How the item or the expression begins whose braces stand here.
    fn head(&self) -> &'a [TokenTree] {
        let mut rest = self.before;
        let mut head = rest;
        while let [token, after @ ..] = rest {
            let ends = match token {
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                token => is_punct(token, ';'),
            };
            // `if … { } else { }` is one.
            if ends && !matches!(after.first(), Some(TokenTree::Ident(word)) if word == "else") {
                head = after;
            }
            rest = after;
        }
        head
    }
}

/// What follows `fn name`.
fn function(head: &[TokenTree]) -> Option<&[TokenTree]> {
    let position = head.windows(2).position(|pair| match pair {
        [TokenTree::Ident(keyword), TokenTree::Ident(_)] => keyword == "fn",
        _ => false,
    })?;
    head.get(position.saturating_add(2)..)
}

/// Whether these are a function's arguments, and `name` is one.
fn takes(token: &TokenTree, name: &Ident) -> bool {
    let TokenTree::Group(group) = token else { return false };
    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
    let mut arguments = inside.split(|token| is_punct(token, ','));
    group.delimiter() == Delimiter::Parenthesis
        && arguments.any(|argument| {
            let pattern = pattern(argument);
            pattern.len() < argument.len() && mentions(pattern, name)
        })
}

/// What follows every `let`, and whether it is that of an `if` or a `while`.
fn lets(tokens: &[TokenTree]) -> impl Iterator<Item = (bool, &[TokenTree])> {
    tokens.iter().enumerate().filter(|(_, token)| is_word(token, "let")).map(|(index, _)| {
        let (before, from) = tokens.split_at(index);
        let conditional = before.last().is_some_and(|last| {
            is_word(last, "if") || is_word(last, "while") || is_punct(last, '&')
        });
        (conditional, from.get(1..).unwrap_or_default())
    })
}

/// `for name in …`.
fn loops_over(head: &[TokenTree], name: &Ident) -> bool {
    let mut parts = head.split(|token| is_word(token, "for")).skip(1);
    parts.any(|part| {
        let pattern = part.split(|token| is_word(token, "in")).next();
        pattern.is_some_and(|pattern| mentions(pattern, name))
    })
}

/// `Some(name) => …`.
fn is_matched(head: &[TokenTree], name: &Ident) -> bool {
    let arm = after_last(head, |token| is_punct(token, ','));
    let arrow = arm.windows(2).position(|pair| match pair {
        [equals, greater] => is_punct(equals, '=') && is_punct(greater, '>'),
        _ => false,
    });
    arrow.and_then(|arrow| arm.get(..arrow)).is_some_and(|pattern| mentions(pattern, name))
}

/// `|name| …`.
fn is_taken(statement: &[TokenTree], name: &Ident) -> bool {
    let parts: Vec<&[TokenTree]> = statement.split(|token| is_punct(token, '|')).collect();
    // Every other part stands between two of them. What follows the last does not.
    let closed = parts.len().saturating_sub(1);
    parts.iter().take(closed).skip(1).step_by(2).any(|pattern| mentions(pattern, name))
}

/// What stands before `: Type`, `= value` or `else`.
fn pattern(tokens: &[TokenTree]) -> &[TokenTree] {
    let mut rest = tokens;
    loop {
        rest = match rest {
            [TokenTree::Punct(punct), after @ ..] => match (after_colons(rest), punct.as_char()) {
                (Some(after), _) => after,
                (None, ':' | '=') => return before(tokens, rest),
                (None, _) => after,
            },
            [TokenTree::Ident(word), ..] if word == "else" => return before(tokens, rest),
            [_, after @ ..] => after,
            [] => return tokens,
        };
    }
}

fn mentions(tokens: &[TokenTree], name: &Ident) -> bool {
    tokens.iter().any(|token| match token {
        TokenTree::Ident(word) => word == name,
        TokenTree::Group(group) => {
            mentions(&group.stream().into_iter().collect::<Vec<TokenTree>>(), name)
        }
        _ => false,
    })
}

fn after_last(tokens: &[TokenTree], ends: impl Fn(&TokenTree) -> bool) -> &[TokenTree] {
    let last = tokens.iter().rposition(ends).map_or(0, |last| last.saturating_add(1));
    tokens.get(last..).unwrap_or_default()
}

fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}
